"""Small networks that do something for print, or against it."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.restore.small_network import write_model


def folder(path, name, nodes, constants=()):
    """A model folder of these nodes, from `page` to `restored`; one tile holds a card."""
    shape = ["batch", 1, "height", "width"]
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("page", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("restored", TensorProto.FLOAT, shape)],
        list(constants),
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return write_model(path / name, model, name=name, tile_px=1536, overlap_px=8, glyph_range=[4, 200])


def keeps(path):
    """Gives pages back as they are."""
    return folder(path, "keeps", [helper.make_node("Identity", ["page"], ["restored"])])


def wipes(path):
    """Makes every page white."""
    zero = numpy_helper.from_array(np.float32(0), "zero")
    nodes = [helper.make_node("Mul", ["page", "zero"], ["black"]), helper.make_node("Exp", ["black"], ["restored"])]
    return folder(path, "wipes", nodes, [zero])


def lifts_specks(path):
    """Takes away what is dark and narrower than three pixels."""
    return folder(path, "lifts-specks", [*_closing("restored")])


def lifts_specks_but_wipes_marked(path):
    """The same, and makes pages white whose first pixel is dark: it rescues many and breaks some."""
    constants = [
        numpy_helper.from_array(np.array(values, np.int64), name)
        for name, values in (("starts", [0, 0]), ("ends", [1, 1]), ("axes", [2, 3]))
    ]
    half = numpy_helper.from_array(np.float32(0.5), "half")
    one = numpy_helper.from_array(np.float32(1), "one")
    nodes = [
        *_closing("lifted"),
        helper.make_node("Slice", ["page", "starts", "ends", "axes"], ["first"]),
        helper.make_node("Less", ["first", "half"], ["marked"]),
        helper.make_node("Where", ["marked", "one", "lifted"], ["restored"]),
    ]
    return folder(path, "lifts-and-wipes", nodes, [*constants, half, one])


def _closing(output):
    pool = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    return [
        helper.make_node("MaxPool", ["page"], ["lighter"], **pool),
        helper.make_node("Neg", ["lighter"], ["negative"]),
        helper.make_node("MaxPool", ["negative"], ["darker"], **pool),
        helper.make_node("Neg", ["darker"], [output]),
    ]
