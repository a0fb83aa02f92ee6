"""Blocks of a JPEG file: what looks like a speck, and is eight pixels of the file that were stored as one."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.page import Gray

BLOCK_PX = 8
GRID_SHARE = 0.19            # of the steps on a page; 1/8 lie on the lines by chance, and .17 of those of some print
BLOCK_SHARE = 0.75           # of the steps of a patch, by height; faint dirt stored coarsely has .7, specks .3

Slice = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the blocks of a page begin: the first column and the first row that are a multiple of eight from it."""

    left: int
    top: int


def grid_of(gray: Gray) -> Grid | None:
    """Find the blocks of a page, however it came: a TIFF may hold what once was a JPEG.

    Args:
        gray: (H, W) uint8, the page at the resolution of its file.

    Returns:
        None where steps of light fall on no columns, or on no rows, that are eight apart more than on others.

    Source: the steps between and within blocks of Fan and de Queiroz (2003).
    """
    firsts = []
    for turned in (gray, gray.T):
        steps = (_steps(turned) > 0).sum(axis=0)
        lots = np.bincount(np.arange(steps.size) % BLOCK_PX, weights=steps, minlength=BLOCK_PX)
        first = int(lots.argmax())
        if lots[first] <= GRID_SHARE * lots.sum():
            return None
        firsts.append(first)
    return Grid(*firsts)


def is_of_blocks(gray: Gray, window: Slice, grid: Grid) -> bool:
    """Whether most of the light that comes or goes within a window does so where one block ends and the next begins.

    Args:
        gray: (H, W) uint8, the page at the resolution of its file.
        window: rows and columns of it.
        grid: that of the page.
    """
    rows, columns = window
    on_lines = total = 0.0
    for turned, side, first in ((gray[window], columns, grid.left), (gray[window].T, rows, grid.top)):
        steps = _steps(turned).sum(axis=0)
        on_lines += float(steps[(np.arange(steps.size) + side.start) % BLOCK_PX == first].sum())
        total += float(steps.sum())
    return on_lines > BLOCK_SHARE * total


def _steps(gray: Gray) -> NDArray[np.int16]:
    """(H, W) how much each pixel differs from the one left of it, 0 where a step beside it is as high."""
    step = np.zeros(gray.shape, np.int16)
    step[:, 1:] = cv2.absdiff(np.ascontiguousarray(gray[:, 1:]), np.ascontiguousarray(gray[:, :-1]))
    beside = np.zeros_like(step)
    beside[:, :-1] = step[:, 1:]
    beside[:, 1:] = np.maximum(beside[:, 1:], step[:, :-1])
    return np.where(step > beside, step, 0).astype(np.int16)
