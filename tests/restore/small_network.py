"""A small network, made here: blurs by 3 x 3, so that a test can compute what must come out."""

import hashlib
import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def blur_model(input_name="page", output_name="restored", rank=4):
    kernel = numpy_helper.from_array(np.full((1, 1, 3, 3), 1 / 9, np.float32), "kernel")
    node = helper.make_node("Conv", [input_name, "kernel"], [output_name], pads=[1, 1, 1, 1])
    shape = ["batch", 1, "height", "width"][:rank]
    graph = helper.make_graph(
        [node],
        "blur",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, shape)],
        [kernel],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_model(folder, model, **changes):
    network = model.SerializeToString()
    card = {
        "format": 1,
        "name": "blur",
        "version": "1",
        "stride": 4,
        "overlap_px": 4,
        "tile_px": 64,
        "glyph_range": [8, 40],
        "licence": "CC0-1.0",
        "sha256": hashlib.sha256(network).hexdigest(),
    } | changes
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(network)
    (folder / "card.json").write_text(json.dumps({k: v for k, v in card.items() if v is not None}))
    return folder
