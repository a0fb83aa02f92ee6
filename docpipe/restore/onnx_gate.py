"""The gate: statistics of both versions of a page through ONNX Runtime, and which of the two to keep.

Half of what restoring breaks looks flawless: OCR reads good print wrongly now and then, in either version. So the gate
asks whether restoring is needed. The network's own page stands in for the clean one, which nobody has: where the print
of the scan is like it, OCR most likely reads the scan, and the scan stays.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from docpipe.errors import ModelError
from docpipe.page import Gray
from docpipe.restore.engine import Device
from docpipe.restore.gate_card import load_gate_files
from docpipe.restore.onnx_engine import open_session

INPUT, OUTPUT = "pages", "blocks"
BLOCK_PX = 32
"""Side of the blocks that the network measures, in pixels."""

CHANNELS = ("both", "scanned", "restored", "strokes", "gray", "dark", "ink")
"""Means over a block: products of the fine detail of the scan and of the restored page (`both`, `scanned`,
`restored`); then, of the restored page, the share of strokes, of middle gray, of dark, and the fourth power of the ink
of strokes."""

_STRIP_PX = 32 * BLOCK_PX
_PRINTED = 0.15  # share of strokes from which on a block is printed
_FEWEST_BLOCKS = 3  # so many, the most printed ones, count in any case; and so many are the worst

Blocks = NDArray[np.float32]
"""(7, h, w) float32, a pixel a block."""


class Statistics(NamedTuple):
    """What the gate knows of a page.

    Args:
        alike: correlation of the fine detail of both versions, a mean over printed blocks, weighted by strokes.
        alike_worst: the same, a mean over the three worst printed blocks.
        gray: middle gray on the restored page, as a share of its dark pixels: print that is neither there nor gone.
        sharpness: of its strokes: logarithm of the mean fourth power of their ink.
    """

    alike: float
    alike_worst: float
    gray: float
    sharpness: float


class Meter:
    """The network that measures both versions of a page, block by block.

    It maps one input `pages`, (1, 2, H, W) float32 in [0, 1], 0 = ink, 1 = paper, as scanned and restored, to one
    output `blocks`, (1, 7, H / 32, W / 32) float32; see `CHANNELS`. H and W are multiples of 32.

    Args:
        network: an ONNX file.
        folder: that it comes from, for messages.
        device: where it runs.
        threads: CPU threads, 0 for all cores.

    Raises:
        ModelError: it is no such network.
        MissingToolError: `device` asks for a GPU that cannot be used here.
    """

    def __init__(self, network: bytes, folder: Path, *, device: Device = "auto", threads: int = 0) -> None:
        self._folder = folder
        self._session = open_session(network, device, threads, folder)
        names = [[node.name for node in nodes] for nodes in (self._session.get_inputs(), self._session.get_outputs())]
        if names != [[INPUT], [OUTPUT]]:
            raise ModelError(
                f"{folder}: the gate takes {names[0]} and makes {names[1]}, not [{INPUT!r}] and [{OUTPUT!r}]",
                hint="calibrate it again with this version, or clean with --no-gate",
            )

    def measure(self, original: Gray, restored: Gray) -> Statistics:
        """The statistics of a page.

        Args:
            original: (H, W) uint8, 0 = ink, 255 = paper, at the scale at which the engine saw it.
            restored: the same shape.
        """
        return summed_up(self.blocks(original, restored))

    def blocks(self, original: Gray, restored: Gray) -> Blocks:
        """Both versions block by block; what lacks of the last blocks is filled up by reflection."""
        return np.concatenate([self._run(strip) for strip in _strips(original, restored)], axis=1)

    def _run(self, strip: NDArray[np.float32]) -> Blocks:
        try:
            (blocks,) = self._session.run([OUTPUT], {INPUT: strip})
        except Exception as error:  # ONNX Runtime's own exception classes share no base below this one
            raise ModelError(f"the gate in {self._folder} failed on {strip.shape[2:]}: {error}") from error
        wanted = (1, len(CHANNELS), strip.shape[2] // BLOCK_PX, strip.shape[3] // BLOCK_PX)
        if blocks.shape != wanted or blocks.dtype != np.float32:
            raise ModelError(f"the gate in {self._folder} made {blocks.shape} {blocks.dtype} of {strip.shape}")
        return blocks[0]  # type: ignore[no-any-return]


class OnnxGate:
    """The gate of a model folder. Safe to share between threads.

    Args:
        folder: holds `gate.onnx` and `gate.json`.
        device: where the network runs.
        threads: CPU threads for one page, 0 for all cores.

    Raises:
        ModelError: one of the two is missing, damaged or not what this version runs.
        MissingToolError: `device` asks for a GPU that cannot be used here.
    """

    def __init__(self, folder: Path, *, device: Device = "auto", threads: int = 0) -> None:
        self.card, network = load_gate_files(folder)
        self.meter = Meter(network, folder, device=device, threads=threads)

    @property
    def fingerprint(self) -> str:
        """Changes with the network, the calibration and the threshold."""
        return self.card.fingerprint

    @property
    def threshold(self) -> float:
        """The restored version is kept where the score reaches this."""
        return self.card.calibration.threshold

    def score(self, original: Gray, restored: Gray) -> float:
        """Probability that restoring is needed: that OCR fails on `original`, where it reads at least one of both."""
        return self.card.calibration.probability(self.meter.measure(original, restored))


def summed_up(blocks: Blocks) -> Statistics:
    """The statistics of a page from those of its blocks."""
    of = dict(zip(CHANNELS, blocks.reshape(len(CHANNELS), -1).astype(np.float64), strict=True))
    most = np.sort(of["strokes"])[-_FEWEST_BLOCKS:]
    printed = of["strokes"] >= min(_PRINTED, most[0])
    strokes = of["strokes"][printed]
    alike = (of["both"] / np.sqrt(of["scanned"] * of["restored"] + 1e-7))[printed]
    return Statistics(
        alike=float((alike * strokes).sum() / (strokes.sum() + 1e-9)),
        alike_worst=float(np.sort(alike)[:_FEWEST_BLOCKS].mean()),
        gray=float(of["gray"].mean() / (of["dark"].mean() + 1e-3)),
        sharpness=float(np.log(of["ink"][printed].sum() / (strokes.sum() + 1e-9) + 1e-5)),
    )


def _strips(original: Gray, restored: Gray) -> Iterator[NDArray[np.float32]]:
    """Both versions as the network takes them, (1, 2, h, w) float32, strip by strip: a page may be large."""
    for top in range(0, len(original), _STRIP_PX):
        both = np.stack([page[top : top + _STRIP_PX] for page in (original, restored)])
        missing = [(0, 0), *((0, -length % BLOCK_PX) for length in both.shape[1:])]
        if any(after for _, after in missing):
            both = np.pad(both, missing, mode="reflect")
        yield (both.astype(np.float32) / np.float32(255))[None]
