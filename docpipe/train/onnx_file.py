"""Writing a network as ONNX: float32, float16, or int8 by static quantisation."""

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import Tensor, nn

from docpipe.models import GateStatistics
from docpipe.page import Gray
from docpipe.restore.onnx_gate import INPUT as GATE_INPUT
from docpipe.restore.onnx_gate import OUTPUT as GATE_OUTPUT
from docpipe.restore.tiled_network import INPUT, OUTPUT

PRECISIONS = ("fp32", "fp16", "int8")
_OPSET = 17
_CALIBRATION_PX = 256
_WILD = 3.0


def write_onnx(network: nn.Module, path: Path, precision: str, pages: list[Gray]) -> None:
    """Write a network with free batch, height and width; pages come and go as float32 whatever its precision.

    Args:
        network: in evaluation mode, its normalisation folded.
        path: of the ONNX file.
        precision: one of `PRECISIONS`.
        pages: noisy pages of training that int8 is calibrated on; small ones are filled up by reflection.

    Raises:
        ValueError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; it must be one of {', '.join(PRECISIONS)}")
    if precision == "int8":
        _write_int8(network, path, pages)
    else:
        _trace(_Half(network) if precision == "fp16" else network, path)


class _Half(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.half()

    def forward(self, page: Tensor) -> Tensor:
        restored: Tensor = self.network(page.half())
        return restored.float()


class _Crops(CalibrationDataReader):  # type: ignore[misc] # the library has no types
    """Crops of pages, one after the other."""

    def __init__(self, crops: list[NDArray[np.float32]]) -> None:
        self._crops = iter(crops)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input, None after the last."""
        crop = next(self._crops, None)
        return None if crop is None else {INPUT: crop}


def _cut(pages: list[Gray]) -> Iterator[NDArray[np.float32]]:
    side = _CALIBRATION_PX
    for page in pages:
        missing = [(0, max(0, side - length)) for length in page.shape]
        page = np.pad(page, missing, mode="reflect")
        for top in range(0, page.shape[0] - side + 1, side):
            for left in range(0, page.shape[1] - side + 1, side):
                yield page[None, None, top : top + side, left : left + side].astype(np.float32) / np.float32(255)


def _tame(network: nn.Module, crops: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """The crops on which no convolution leaves its usual range by far; at least half of all.

    On a few crops in a hundred a layer may run a hundred times as far below zero as on others, and the ReLU after it
    makes nothing of that. Ranges that hold them would leave int8 two or three steps for all the rest.
    """
    peaks: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda _layer, _given, made: peaks.append(made.abs().amax()))
        for layer in network.modules() if isinstance(layer, nn.Conv2d)
    ]  # fmt: skip
    with torch.no_grad():
        for crop in crops:
            network(torch.from_numpy(crop))
    for hook in hooks:
        hook.remove()
    of_crops = torch.stack(peaks).view(len(crops), len(hooks))
    usual = of_crops.median(dim=0).values.clamp(min=1e-6)
    farthest = (of_crops / usual).amax(dim=1)
    limit = max(_WILD, float(farthest.median()))
    return [crop for crop, far in zip(crops, farthest, strict=True) if far <= limit]


def _write_int8(network: nn.Module, path: Path, pages: list[Gray]) -> None:
    """Convolutions alone, but for the first and the last: the page passes the network's last sum unrounded.

    What the first rounds away is lost to all others; in float32 these two cost next to nothing, and halve the error.
    Weights have 7 bits: on processors without VNNI sums of 8-bit products overflow.
    """
    crops = _Crops(_tame(network, list(_cut(pages))))
    logging.getLogger().addFilter(_is_no_advice)
    try:
        with TemporaryDirectory() as scratch:
            whole = Path(scratch) / "float32.onnx"
            _trace(network, whole)
            convolutions = [node.name for node in onnx.load(whole).graph.node if node.op_type == "Conv"]
            quantize_static(
                whole, path, crops, quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"],
                nodes_to_exclude=[convolutions[0], convolutions[-1]],
                per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            )  # fmt: skip
    finally:
        logging.getLogger().removeFilter(_is_no_advice)


def _is_no_advice(record: logging.LogRecord) -> bool:
    """The library tells the root logger to pre-process a network that has no need of it."""
    return "pre-processing" not in record.getMessage()


def write_gate_onnx(path: Path) -> None:
    """Write a gate's network with free batch, height and width, as float32."""
    _trace(GateStatistics(), path, GATE_INPUT, GATE_OUTPUT, channels=2)


def _trace(
    network: nn.Module, path: Path, given: str = INPUT, made: str = OUTPUT, *, channels: int = 1
) -> None:
    free = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # The exporter by tracing is on its way out in torch, but its successor needs one more package and
        # makes a larger graph of the same layers.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (torch.zeros(1, channels, 64, 64),),
            str(path),
            input_names=[given],
            output_names=[made],
            dynamic_axes={given: free, made: free},
            opset_version=_OPSET,
            dynamo=False,
        )
