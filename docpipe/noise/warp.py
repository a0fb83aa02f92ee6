"""Warps: noises that move the ink. What says where the ink went moves clean pages and points along with it."""

from abc import abstractmethod
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.noise.base import Noise, Parameters
from docpipe.noise.fields import Field
from docpipe.page import Gray, Page

Points = NDArray[np.float64]
"""(N, 2) float64, x and y in pixels; the middle of the first pixel is (0, 0)."""

ROUNDS = 20         # each brings a moved point at least twice as close
BAND_ROWS = 64      # that are worked out at a time: a sheet at 600 dpi need not fit into memory as points


class Warp(Noise):
    """A noise that moves ink by a millimetre or so. A subclass says where the ink of every place came from."""

    __slots__ = ()
    moves_ink: ClassVar[bool] = True

    @abstractmethod
    def _sources(self, points: Points, page: Page, *args: Any, **parameters: Any) -> Points:
        """Say where the ink that lies at `points` after the move lay before it. The move is continuous and gentle:
        neighbours come apart, or together, by less than half of their distance. The ink of `page` does not count.
        """

    def _change(self, page: Page, *_: Any, **parameters: Any) -> Gray:
        x, y = self.sources(page, parameters)
        moved = cv2.remap(page.pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)

    def sources(self, page: Page, parameters: Parameters) -> tuple[Field, Field]:
        """Say for every pixel where its ink lay before the move.

        Args:
            page: its shape and resolution count, not its ink.
            parameters: as for `apply`.

        Returns:
            Columns and rows, (H, W) float32 each, as `cv2.remap` takes them.
        """
        height, width = page.pixels.shape
        came_from = np.empty((2, height, width), np.float32)
        for top in range(0, height, BAND_ROWS):
            band = came_from[:, top:top + BAND_ROWS]
            rows, columns = np.indices(band.shape[1:], np.float64)
            points = np.stack([columns.ravel(), rows.ravel() + top], axis=1)
            band[:] = self._sources(points, page, **parameters).T.reshape(band.shape)
        return came_from[0], came_from[1]

    def move(self, points: Points, page: Page, parameters: Parameters) -> Points:
        """Say where points of a page lie after the move.

        Args:
            points: (N, 2) x and y in pixels.
            page: before or after the move: its shape and resolution count, not its ink.
            parameters: as for `apply`.

        Returns:
            (N, 2) float64, right to a hundredth of a pixel; they may lie outside the page.
        """
        before = np.asarray(points, np.float64)
        after = before
        for _ in range(ROUNDS):     # a fixed point of: after = before + (after - sources(after))
            after = before + after - self._sources(after, page, **parameters)
        return after
