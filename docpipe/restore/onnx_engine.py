"""Restoring with a network through ONNX Runtime: the only file that imports it."""

import logging
import re
from pathlib import Path

import numpy as np
import onnxruntime as ort

from docpipe.errors import MissingToolError, ModelError
from docpipe.page import Gray
from docpipe.restore.engine import Device
from docpipe.restore.model_card import load_model
from docpipe.restore.tiles import Tensor, restore_tiled, smaller_tile

INPUT, OUTPUT = "page", "restored"
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# ONNX Runtime says it in words alone: its arena, on every device; the C++ library; CUDA, cuDNN and cuBLAS.
_NO_MEMORY = re.compile("failed to allocate|bad_alloc|bad allocation|out of memory|alloc_failed", re.IGNORECASE)

_log = logging.getLogger(__name__)


class OnnxEngine:
    """Runs the network of a model folder over pages, tile by tile.

    Where memory does not do for a tile, on a GPU or on a CPU, it goes on with smaller ones, and says so in the log.

    The network maps one input `page` to one output `restored`, both (B, 1, H, W) float32 in [0, 1], 0 = ink,
    1 = paper; height and width are free multiples of the card's stride.

    Args:
        folder: the model folder.
        device: "cuda", "cpu", or "auto" for a GPU where ONNX Runtime can use one.
        threads: CPU threads for one page, 0 for all cores.

    Raises:
        ModelError: the folder or the network is not what this version runs.
        MissingToolError: `device` is "cuda", and ONNX Runtime cannot use a GPU here.
    """

    name = "onnx"

    def __init__(self, folder: Path, *, device: Device = "auto", threads: int = 0) -> None:
        self.card, network = load_model(folder)
        self._session = open_session(network, device, threads, folder)
        self._check_signature(folder)
        self._tile_px = self.card.tile_px

    @property
    def fingerprint(self) -> str:
        """Model and provider: a GPU rounds otherwise than a CPU."""
        return f"{self.card.fingerprint}-{self._session.get_providers()[0].removesuffix('ExecutionProvider')}"

    @property
    def glyph_range(self) -> tuple[float, float]:
        """Print sizes that the network was trained on."""
        return self.card.glyph_range

    def restore(self, gray: Gray, glyph_px: float) -> Gray:  # noqa: ARG002 (the page comes at the right scale)
        """Restore one page: (H, W) uint8 to a new array of the same shape.

        Raises:
            MemoryError: there is not enough for the smallest tile.
            ModelError: the network fails for another reason.
        """
        stride, overlap_px = self.card.stride, self.card.overlap_px
        while True:
            tile_px = self._tile_px
            try:
                return restore_tiled(gray, self._run, tile_px=tile_px, stride=stride, overlap_px=overlap_px)
            except MemoryError:
                smaller = smaller_tile(tile_px, stride=stride, overlap_px=overlap_px)
                if smaller is None:
                    raise
                _log.warning("not enough memory for tiles of %d pixels a side: going on with %d", tile_px, smaller)
                self._tile_px = min(self._tile_px, smaller)     # another thread may have gone lower

    def _run(self, tile: Tensor) -> Tensor:
        try:
            (restored,) = self._session.run([OUTPUT], {INPUT: tile})
        except Exception as error:  # ONNX Runtime's own exception classes share no base below this one
            if _NO_MEMORY.search(str(error)):
                raise MemoryError from error
            raise ModelError(f"{self.card.name} failed on a tile of {tile.shape[2:]}: {error}") from error
        if restored.shape != tile.shape or restored.dtype != np.float32:
            raise ModelError(f"{self.card.name} made {restored.shape} {restored.dtype} of a tile {tile.shape}")
        return restored  # type: ignore[no-any-return]

    def _check_signature(self, folder: Path) -> None:
        for wanted, found in ((INPUT, self._session.get_inputs()), (OUTPUT, self._session.get_outputs())):
            named = [f"{node.name}: {node.type} of rank {len(node.shape)}" for node in found]
            if named != [f"{wanted}: tensor(float) of rank 4"]:
                raise ModelError(
                    f"{folder}: the network has {', '.join(named) or 'nothing'} where this version needs "
                    f"{wanted}: tensor(float) of rank 4",
                    hint="export the model again with this version",
                )


def usable_devices() -> list[Device]:
    """Where networks can run with the ONNX Runtime that is installed."""
    return ["cpu", "cuda"] if _CUDA in ort.get_available_providers() else ["cpu"]


def _providers(device: Device) -> list[str]:
    has_gpu = "cuda" in usable_devices()
    if device == "cuda" and not has_gpu:
        raise MissingToolError(
            "ONNX Runtime cannot use a GPU here",
            hint="pip uninstall onnxruntime && pip install onnxruntime-gpu, or use --device cpu",
        )
    return [_CUDA, _CPU] if has_gpu and device != "cpu" else [_CPU]


def open_session(network: bytes, device: Device, threads: int, folder: Path) -> ort.InferenceSession:
    """Make a network ready.

    Args:
        network: an ONNX file.
        device: as for `OnnxEngine`.
        threads: CPU threads, 0 for all cores.
        folder: that it comes from, for messages.

    Raises:
        ModelError: ONNX Runtime cannot load it.
        MissingToolError: as for `OnnxEngine`.
    """
    providers = _providers(device)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False  # takes two thirds more memory for pages of all sizes, and saves no time
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait leave the cores alone
    options.log_severity_level = 4  # errors come as exceptions
    try:
        session = ort.InferenceSession(network, options, providers=providers)
    except Exception as error:  # as above
        raise ModelError(f"{folder}: ONNX Runtime cannot load the network: {error}") from error
    if _CUDA in providers and session.get_providers()[0] != _CUDA:
        raise MissingToolError(
            "the GPU could not be started", hint="see `nvidia-smi`, or use --device cpu"
        )
    return session
