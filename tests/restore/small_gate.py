"""A small gate, made here: it measures strokes everywhere, and how alike both versions are by their first pixel."""

import hashlib
import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Of the channels, the product of both versions comes from the scan: 1 where it is white, 0 where it is black.
OF_THE_SCAN = [[1, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]
ALWAYS = [0, 1, 1, 1, 0, 1, 1]


def gate_network(output="blocks", channels=7):
    weights = np.array(OF_THE_SCAN[:channels], np.float32)[:, :, None, None]
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["pages"], ["means"], kernel_shape=[32, 32], strides=[32, 32]),
            helper.make_node("Conv", ["means", "weights", "bias"], [output]),
        ],
        "gate",
        [helper.make_tensor_value_info("pages", TensorProto.FLOAT, [1, 2, "height", "width"])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, channels, "rows", "columns"])],
        [numpy_helper.from_array(weights, "weights"),
         numpy_helper.from_array(np.array(ALWAYS[:channels], np.float32), "bias")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_gate(folder, network=None, **changes):
    """Beside the model of a folder: a gate that keeps the original where the scan is bright."""
    data = (network or gate_network()).SerializeToString()
    model = json.loads((folder / "card.json").read_text())
    card = {
        "format": 1,
        "bias": 5.0,
        "slopes": {"alike": -10.0, "alike_worst": 0.0, "gray": 0.0, "sharpness": 0.0},
        "threshold": 0.5,
        "model": {"name": model["name"], "version": model["version"], "sha256": model["sha256"]},
        "licence": "CC0-1.0",
        "sha256": hashlib.sha256(data).hexdigest(),
    } | changes
    (folder / "gate.onnx").write_bytes(data)
    (folder / "gate.json").write_text(json.dumps({key: value for key, value in card.items() if value is not None}))
    return folder
