"""The gate as a network: how legible print is in both versions of a page, and which of the two to keep."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docpipe.errors import ModelError
from docpipe.page import Gray
from docpipe.restore.engine import Device
from docpipe.restore.gate_card import load_gate_files
from docpipe.restore.onnx_engine import open_session

INPUT, OUTPUT = "pages", "map"
BLOCK_PX = 32
"""Side of the blocks that the network judges, in pixels."""

_STRIP_PX = 32 * BLOCK_PX

Map = NDArray[np.float32]
"""(3, h, w) float32, 0 to 1, a pixel a block: the share of print, its legibility as scanned, and restored."""


class Legibility:
    """A network that judges both versions of a page, block by block.

    It maps one input `pages`, (1, 2, H, W) float32 in [0, 1], 0 = ink, 1 = paper, as scanned and restored, to one
    output `map`, (1, 3, H / 32, W / 32) logits; see `Map`. H and W are multiples of 32.

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
            raise ModelError(f"{folder}: the gate has {names} where this version needs [{INPUT}] and [{OUTPUT}]",
                             hint="calibrate it again with this version, or clean with --no-gate")  # fmt: skip

    def of_pages(self, original: Gray, restored: Gray) -> tuple[float, float]:
        """The legibility of print on a page as scanned and on its restored version.

        Args:
            original: (H, W) uint8, 0 = ink, 255 = paper.
            restored: the same shape.
        """
        return pooled(self.map(original, restored))

    def map(self, original: Gray, restored: Gray) -> Map:
        """The legibility of both versions block by block; what lacks of the last blocks is filled up by reflection."""
        strips = [self._run(strip) for strip in _strips(original, restored)]
        return np.concatenate(strips, axis=1)

    def _run(self, strip: NDArray[np.float32]) -> Map:
        try:
            (logits,) = self._session.run([OUTPUT], {INPUT: strip})
        except Exception as error:  # ONNX Runtime's own exception classes share no base below this one
            raise ModelError(f"the gate in {self._folder} failed on {strip.shape[2:]}: {error}") from error
        wanted = (1, 3, strip.shape[2] // BLOCK_PX, strip.shape[3] // BLOCK_PX)
        if logits.shape != wanted or logits.dtype != np.float32:
            raise ModelError(f"the gate in {self._folder} made {logits.shape} {logits.dtype} of {strip.shape}")
        shares: Map = 1 / (1 + np.exp(-logits[0]))
        return shares


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
        self._legibility = Legibility(network, folder, device=device, threads=threads)

    @property
    def fingerprint(self) -> str:
        """Changes with the weights, the calibration and the threshold."""
        return self.card.fingerprint

    @property
    def threshold(self) -> float:
        """The restored version is kept where the score reaches this."""
        return self.card.calibration.threshold

    def score(self, original: Gray, restored: Gray) -> float:
        """Probability that `restored` is the version that OCR reads, where it reads just one of the two."""
        return self.card.calibration.probability(*self._legibility.of_pages(original, restored))


def pooled(legibility: Map) -> tuple[float, float]:
    """The legibility of both versions of a page: as scanned and restored."""
    raise NotImplementedError


def _strips(original: Gray, restored: Gray) -> Iterator[NDArray[np.float32]]:
    """Both versions as the network takes them, (1, 2, h, w) float32, strip by strip: a page may be large."""
    for top in range(0, len(original), _STRIP_PX):
        both = np.stack([page[top : top + _STRIP_PX] for page in (original, restored)])
        missing = [(0, 0), *((0, -length % BLOCK_PX) for length in both.shape[1:])]
        if any(after for _, after in missing):
            both = np.pad(both, missing, mode="reflect")
        yield (both.astype(np.float32) / np.float32(255))[None]
