"""Tiles: a page of any size through a network, in bounded memory, without visible seams."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from docpipe.page import Gray

Tensor = NDArray[np.float32]
"""(1, 1, H, W) float32 in [0, 1], 0 = ink, 1 = paper."""

BLEND_PX = 16


def restore_tiled(
    gray: Gray, network: Callable[[Tensor], Tensor], *, tile_px: int, stride: int, overlap_px: int
) -> Gray:
    """Run a network over a page tile by tile.

    Tiles start at multiples of `stride`, so that a network with down-sampling sees each of them on the grid
    on which it would see the whole page. What a tile says of the `overlap_px` pixels next to an inner edge
    is thrown away, because there the network lacked context; the next `BLEND_PX` are blended linearly into
    the neighbour. Sizes that are no multiple of `stride` are filled up by reflection.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        network: (1, 1, h, w) float32 in [0, 1] to the same shape; h and w are multiples of `stride`.
        tile_px: largest side of a tile; the memory needed grows with its square and with the page's width.
        stride: what the network's input sizes must be a multiple of.
        overlap_px: distance from an edge, in pixels, at which its effect on the result has died away.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `stride` is under 1, `overlap_px` negative, or `tile_px` too small to leave a middle.
    """
    check_tiling(tile_px=tile_px, stride=stride, overlap_px=overlap_px)
    height, width = gray.shape
    tops, tile_height = _origins(height, tile_px, stride, overlap_px)
    lefts, tile_width = _origins(width, tile_px, stride, overlap_px)
    down = _weights(tops, tile_height, overlap_px)
    across = _weights(lefts, tile_width, overlap_px)

    restored = np.empty_like(gray)
    strip = np.zeros((tile_height, lefts[-1] + tile_width), np.float32)  # rows tops[i] to tops[i] + tile_height
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            tile = _cut(gray, top, left, tile_height, tile_width)
            weight = down[i][:, None] * across[j][None, :]
            strip[:, left : left + tile_width] += weight * network(tile)[0, 0]
        finished = (tops[i + 1] if i + 1 < len(tops) else top + tile_height) - top
        rows = restored[top : top + finished]
        rows[:] = np.rint(np.clip(strip[: len(rows), :width], 0, 1) * 255)
        strip[:-finished] = strip[finished:]
        strip[-finished:] = 0
    return restored


def check_tiling(*, tile_px: int, stride: int, overlap_px: int) -> None:
    """Refuse tiles that leave no middle.

    Raises:
        ValueError: see `restore_tiled`.
    """
    if stride < 1 or overlap_px < 0:
        raise ValueError(f"stride is {stride} (at least 1), overlap_px is {overlap_px} (at least 0)")
    smallest = 2 * overlap_px + 2 * BLEND_PX + stride
    if tile_px < smallest:
        raise ValueError(f"tile_px is {tile_px}; with this stride and overlap it must be at least {smallest}")


def _origins(length: int, tile_px: int, stride: int, overlap_px: int) -> tuple[list[int], int]:
    """Where tiles start along one side, evenly spread, and how long they are: all multiples of `stride`."""
    padded = -(-length // stride) * stride
    tile = min(tile_px // stride * stride, padded)
    farthest_step = max((tile - 2 * overlap_px - BLEND_PX) // stride * stride, stride)
    steps = -(-(padded - tile) // farthest_step)
    return [(padded - tile) * i // max(steps, 1) // stride * stride for i in range(steps + 1)], tile


def _weights(origins: list[int], tile: int, overlap_px: int) -> list[NDArray[np.float32]]:
    """The share of each tile in the result along one side: (tile,) each; at every pixel they sum to 1."""
    rise = np.clip((np.arange(tile, dtype=np.float32) - overlap_px + 1) / BLEND_PX, 0, 1)
    raw = []
    total = np.zeros(origins[-1] + tile, np.float32)
    for i, origin in enumerate(origins):
        weight = np.ones(tile, np.float32)
        if i > 0:
            weight *= rise
        if i + 1 < len(origins):
            weight *= rise[::-1]
        raw.append(weight)
        total[origin : origin + tile] += weight
    return [weight / total[origin : origin + tile] for origin, weight in zip(origins, raw, strict=True)]


def _cut(gray: Gray, top: int, left: int, height: int, width: int) -> Tensor:
    tile = gray[top : top + height, left : left + width]
    missing = (height - tile.shape[0], width - tile.shape[1])
    if any(missing):
        tile = np.pad(tile, ((0, missing[0]), (0, missing[1])), mode="reflect")
    return (tile.astype(np.float32) / np.float32(255))[None, None]
