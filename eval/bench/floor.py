"""The floor under a network: its operations and bytes, against a matrix product and a copy on the same machine."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from math import prod
from pathlib import Path
from time import process_time

import numpy as np
import onnx
from onnx import TensorProto, helper, shape_inference

from docpipe.page import Gray
from docpipe.restore.tiled_network import INPUT
from eval.bench.onnx_session import as_tile, open_session

_FLOAT_BYTES = 4
_PRODUCT_SIDE = 1024
_COPIED_FLOATS = 16_000_000
_KINDS_SHOWN = 5
# Runs inside the convolution or sum before it, and hands nothing on through memory.
_FUSED = ("Relu", "Constant", "Reshape", "Unsqueeze", "Squeeze")


def floor(network: Path, gray: Gray, rounds: int) -> list[str]:
    """Lines on what a network needs at least for a page, and what it takes.

    Args:
        network: an ONNX file with free height and width, all of its work in convolutions.
        gray: the page, which goes through in one piece.
        rounds: turns that count; the fastest is taken, for it was disturbed least.
    """
    page = as_tile(gray)
    operations, handed_on = needs(network, page.shape)
    session = open_session(network)
    product, copy = _product(), _copy()
    seconds: dict[str, list[float]] = {"network": [], "product": [], "copy": []}
    for _ in range(rounds + 1):
        seconds["network"].append(_timed(lambda: session.run(None, {INPUT: page})))
        seconds["product"].append(_timed(product))
        seconds["copy"].append(_timed(copy))
    best = {name: min(some[1:]) for name, some in seconds.items()}
    a_second = 2 * _PRODUCT_SIDE**3 / best["product"]
    bytes_a_second = 2 * _FLOAT_BYTES * _COPIED_FLOATS / best["copy"]
    by_operations, by_bytes = operations / a_second, handed_on / bytes_a_second
    least = max(by_operations, by_bytes)
    return [
        f"floor of the network on {page.shape[3]} x {page.shape[2]}, one thread, processor time, fastest of {rounds} "
        "turns:",
        f"  {operations / 1e9:.1f} thousand million operations; a matrix product of {_PRODUCT_SIDE} does "
        f"{a_second / 1e9:.0f} a second: {1000 * by_operations:.0f} ms",
        f"  {handed_on / 1e6:.0f} MB from layer to layer; a copy moves {bytes_a_second / 1e6:.0f} MB a second: "
        f"{1000 * by_bytes:.0f} ms",
        f"  the network takes {1000 * best['network']:.0f} ms, {best['network'] / least:.2f} of its floor; by kind of "
        f"layer: {_by_kind(network, page)}",
    ]


def needs(network: Path, shape: tuple[int, ...]) -> tuple[int, int]:
    """Floating-point operations of the convolutions, and bytes that layers read and write, weights included.

    Args:
        network: an ONNX file.
        shape: of its input.
    """
    model = onnx.load(str(network))
    for side, value in zip(model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        side.dim_value = value
    graph = shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
              for value in (*graph.value_info, *graph.input, *graph.output)}  # fmt: skip
    shapes |= {weights.name: list(weights.dims) for weights in graph.initializer}
    operations = handed_on = 0
    for node in graph.node:
        if node.op_type == "Conv":
            weights, made = shapes[node.input[1]], shapes[node.output[0]]
            operations += 2 * prod(weights) * prod(made[2:])
        if node.op_type not in _FUSED:
            handed_on += _FLOAT_BYTES * sum(prod(shapes[name]) for name in (*node.input, *node.output))
    return operations, handed_on


def _by_kind(network: Path, page: np.ndarray) -> str:
    """Shares of the kinds of layers, as ONNX Runtime's own profile of three runs has them."""
    with tempfile.TemporaryDirectory() as folder:
        session = open_session(network, profile=Path(folder, "profile"))
        for _ in range(3):
            session.run(None, {INPUT: page})
        events = json.loads(Path(session.end_profiling()).read_text())
    spent: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and "op_name" in event["args"]:
            spent[event["args"]["op_name"]] += event["dur"]
    whole = spent.total()
    return ", ".join(f"{kind} {100 * part / whole:.0f} %" for kind, part in spent.most_common(_KINDS_SHOWN))


def _product() -> Callable[[], object]:
    """A product of two square matrices in ONNX Runtime, one thread."""
    side = [_PRODUCT_SIDE] * 2
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, side) for name in ("left", "right", "made")]
    node = helper.make_node("MatMul", ["left", "right"], ["made"])
    graph = helper.make_graph([node], "product", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = open_session(model.SerializeToString())
    rng = np.random.default_rng(0)
    given = {name: rng.random(side, dtype=np.float32) for name in ("left", "right")}
    return lambda: session.run(None, given)


def _copy() -> Callable[[], object]:
    there, here = np.zeros(_COPIED_FLOATS, np.float32), np.ones(_COPIED_FLOATS, np.float32)
    return lambda: np.copyto(there, here)


def _timed(call: Callable[[], object]) -> float:
    began = process_time()
    call()
    return process_time() - began
