"""Tiles: a page of any size through a network, in bounded memory, without visible seams."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from docpipe.page import Gray

Tensor = NDArray[np.float32]
"""(1, 1, H, W) float32 in [0, 1], 0 = ink, 1 = paper."""

BLEND_PX = 16
_MORE_THAN_OF_SQUARES = 3  # times as many tiles along a side as squares would take are tried
# A tile of a large page may hold a sixth of it: a network takes 100 to 170 bytes for each pixel of a tile, which is a
# few times what is held for the page itself, and the larger a tile, the less of it is thrown away at its edges.
_TILES_A_PAGE, _LARGER_AT_MOST = 6, 4


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
        tile_px: side of the square that a tile holds no more pixels than; of a page of more than 6 such squares, a
            sixth of the page, up to four squares. The memory needed grows with the pixels of a tile and with the
            page's width.
        stride: what the network's input sizes must be a multiple of.
        overlap_px: distance from an edge, in pixels, at which its effect on the result has died away.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `stride` is under 1, `overlap_px` negative, or `tile_px` too small to leave a middle.
    """
    check_tiling(tile_px=tile_px, stride=stride, overlap_px=overlap_px)
    width = gray.shape[1]
    (tops, tile_height), (lefts, tile_width) = _grid(gray.shape, tile_px, stride, overlap_px)
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
        rows[:] = _levels(strip[: len(rows), :width])
        strip[:-finished] = strip[finished:]
        strip[-finished:] = 0
    return restored


def _levels(strip: NDArray[np.float32]) -> NDArray[np.float32]:
    """From [0, 1] to whole grey levels, in place: copies of a strip would be the most that a large page needs."""
    np.clip(strip, 0, 1, out=strip)
    np.multiply(strip, 255, out=strip)
    return np.rint(strip, out=strip)


def check_tiling(*, tile_px: int, stride: int, overlap_px: int) -> None:
    """Refuse tiles that leave no middle.

    Raises:
        ValueError: see `restore_tiled`.
    """
    if stride < 1 or overlap_px < 0:
        raise ValueError(f"stride is {stride} (at least 1), overlap_px is {overlap_px} (at least 0)")
    smallest = _smallest_tile(stride, overlap_px)
    if tile_px < smallest:
        raise ValueError(f"tile_px is {tile_px}; with this stride and overlap it must be at least {smallest}")


def smaller_tile(tile_px: int, *, stride: int, overlap_px: int) -> int | None:
    """The next smaller `tile_px` where memory did not do for this one: of half its pixels.

    Args:
        tile_px: that was too large.
        stride: as for `restore_tiled`.
        overlap_px: as for `restore_tiled`.

    Returns:
        None where a smaller one would keep less than a 25th of what is computed, and save next to no memory.
    """
    smallest = max(-(-(2 * overlap_px + BLEND_PX) * 5 // 4), _smallest_tile(stride, overlap_px))
    return max(math.isqrt(tile_px**2 // 2), smallest) if tile_px > smallest else None


def _smallest_tile(stride: int, overlap_px: int) -> int:
    return 2 * overlap_px + 2 * BLEND_PX + stride


def _grid(
    size: tuple[int, int], tile_px: int, stride: int, overlap_px: int
) -> tuple[tuple[list[int], int], tuple[list[int], int]]:
    """Where tiles start and how long they are, down and across: of all grids the one whose tiles hold fewest pixels.

    Squares would not do: a page a little wider than a square takes two of them, which lie nearly upon each other.
    """
    height, width = (-(-side // stride) * stride for side in size)
    most_px = tile_px**2 * min(max(1, height * width / (_TILES_A_PAGE * tile_px**2)), _LARGER_AT_MOST)
    middle = tile_px // stride * stride - 2 * overlap_px - BLEND_PX
    most_rows, most_columns = (_MORE_THAN_OF_SQUARES * -(-side // middle) for side in (height, width))
    found = []
    for rows in range(1, most_rows + 1):
        tall = _tile_length(height, rows, stride, overlap_px)
        for columns in range(1, most_columns + 1):
            wide = _tile_length(width, columns, stride, overlap_px)
            if tall * wide <= most_px:
                found.append((rows * columns * tall * wide, rows, columns, tall, wide))
                break
    _, rows, columns, tall, wide = min(found)
    return (_origins(height, tall, rows, stride), tall), (_origins(width, wide, columns, stride), wide)


def _tile_length(length: int, count: int, stride: int, overlap_px: int) -> int:
    """The least with which `count` tiles, evenly spread, overlap enough; a multiple of `stride`, as `length` is."""
    if count == 1:
        return length
    tile = -(-(length + (count - 1) * (2 * overlap_px + BLEND_PX)) // count // stride) * stride
    while -((tile - length) // stride // (count - 1)) * stride > tile - 2 * overlap_px - BLEND_PX:
        tile += stride
    return min(tile, length)


def _origins(length: int, tile: int, count: int, stride: int) -> list[int]:
    return [(length - tile) * i // max(count - 1, 1) // stride * stride for i in range(count)]


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
