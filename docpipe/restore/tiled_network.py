"""The network of a model folder over pages of any size, whichever library computes it."""

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from docpipe.errors import ModelError
from docpipe.page import Gray
from docpipe.restore.model_card import ModelCard
from docpipe.restore.tiles import Tensor, restore_tiled, smaller_tile

INPUT, OUTPUT = "page", "restored"
"""A network maps one input to one output, both (B, 1, H, W) float32 in [0, 1], 0 = ink, 1 = paper; height and width
are free multiples of the card's stride."""

# Libraries say it in words alone: ONNX Runtime's arena; the C++ library; OpenVINO; CUDA, cuDNN and cuBLAS.
_NO_MEMORY = re.compile(
    "failed to allocate|can.t alloc|bad.alloc|broken promise|out of memory|alloc_failed", re.IGNORECASE
)
_PORT = "{}: tensor(float) of rank 4"

_log = logging.getLogger(__name__)


class TiledNetwork:
    """Runs a network over pages, tile by tile. Safe to share between threads, if `compute` is.

    Where memory does not do for a tile, on a GPU or on a CPU, the page goes on with smaller ones, which takes longer,
    and the log says so once. The next page tries large ones again.

    Args:
        card: of the model.
        compute: (1, 1, H, W) float32, as `INPUT`, to the same of `OUTPUT`; raises what its library raises.
    """

    def __init__(self, card: ModelCard, compute: Callable[[Tensor], Tensor]) -> None:
        self._card, self._compute = card, compute
        self._told: set[int] = set()

    def restore(self, gray: Gray) -> Gray:
        """Restore one page: (H, W) uint8 to a new array of the same shape.

        Raises:
            MemoryError: there is not enough for the smallest tile.
            ModelError: the network fails for another reason.
        """
        stride, overlap_px, tile_px = self._card.stride, self._card.overlap_px, self._card.tile_px
        while True:
            try:
                return restore_tiled(gray, self._run, tile_px=tile_px, stride=stride, overlap_px=overlap_px)
            except MemoryError:
                smaller = smaller_tile(tile_px, stride=stride, overlap_px=overlap_px)
                if smaller is None:
                    raise
                if smaller not in self._told:
                    _log.warning("not enough memory for tiles of %d pixels a side: going on with %d", tile_px, smaller)
                    self._told.add(smaller)
                tile_px = smaller

    def _run(self, tile: Tensor) -> Tensor:
        try:
            restored = self._compute(tile)
        except Exception as error:  # ONNX Runtime's and OpenVINO's own exceptions share no base below this one
            if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
                raise MemoryError from error
            raise ModelError(f"{self._card.name} failed on a tile of {tile.shape[2:]}: {last_line(error)}") from error
        if restored.shape != tile.shape or restored.dtype != np.float32:
            raise ModelError(f"{self._card.name} made {restored.shape} {restored.dtype} of a tile {tile.shape}")
        return restored


def last_line(error: Exception) -> str:
    """What a library says went wrong; in the lines above it OpenVINO tells where in its own code."""
    return next((line for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)


def check_ports(folder: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Refuse a network that takes or gives something else.

    Args:
        folder: that it comes from, for messages.
        inputs: what it takes, each in the words of `port`.
        outputs: what it gives.

    Raises:
        ModelError: it is not one page in and one out.
    """
    for wanted, found in ((INPUT, inputs), (OUTPUT, outputs)):
        if list(found) != [_PORT.format(wanted)]:
            raise ModelError(
                f"{folder}: the network has {', '.join(found) or 'nothing'} where this version needs "
                f"{_PORT.format(wanted)}",
                hint="export the model again with this version",
            )


def port(name: str, element: str, rank: int | None) -> str:
    """An input or output in words.

    Args:
        name: of it.
        element: type of its elements, as ONNX calls it: "float" is float32.
        rank: how many axes it has; None: any number.
    """
    return f"{name}: tensor({element}) of rank {'any' if rank is None else rank}"
