"""Dither: a scanner or printer of two tones that shows grays as dots, in a fixed order or by passing errors on."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from docpipe.noise.base import Choices, Noise, Range, check, px_per_mm
from docpipe.page import Gray, Page

METHODS = ("ordered", "error_diffusion")


def bayer(order: int) -> Gray:
    """Thresholds of Bayer's matrix of side 2**order, between 0 and 255.

    Returns:
        (2**order, 2**order) uint8; ink is printed where a page is not lighter than its threshold.

    Source: Bayer, An optimum method for two-level rendition of continuous-tone pictures (1973).
    """
    rank = np.zeros((1, 1), int)
    for _ in range(order):
        rank = np.block([[4 * rank, 4 * rank + 2], [4 * rank + 3, 4 * rank + 1]])
    return np.floor((rank + 0.5) * 255 / rank.size).astype(np.uint8)


def dither(gray: Gray, *, dot_px: float, method: str) -> Gray:
    """Show the page in black and white dots.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        dot_px: side of a dot; dots finer than a pixel are as large as one.
        method: "ordered" (a matrix of Bayer of 8 x 8 dots) or "error_diffusion" (Floyd and Steinberg).

    Returns:
        (H, W) uint8, a new array of 0 and 255.

    Raises:
        ValueError: a parameter is outside its range.

    Source: Bayer (1973); Floyd and Steinberg, An adaptive algorithm for spatial grey scale (1976).
    """
    check("dot_px", dot_px, 0)
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it is one of {list(METHODS)}")
    height, width = gray.shape
    coarser = max(dot_px, 1.0)
    columns, rows = max(1, round(width / coarser)), max(1, round(height / coarser))
    tones = cv2.resize(gray, (columns, rows), interpolation=cv2.INTER_AREA)
    if method == "ordered":
        matrix = bayer(3)
        thresholds = np.tile(matrix, (rows // len(matrix) + 1, columns // len(matrix) + 1))[:rows, :columns]
        dots = np.where(tones > thresholds, np.uint8(255), np.uint8(0))
    else:
        dots = np.array(Image.fromarray(tones).convert("1", dither=Image.Dither.FLOYDSTEINBERG).convert("L"))
    return np.asarray(cv2.resize(dots, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


@dataclass(frozen=True, slots=True)
class Dither(Noise):
    """Dots of 300 to 120 an inch. There is no weak form of it."""

    dot_mm: Range = (0.085, 0.21)
    method: Choices = METHODS

    def _change(self, page: Page, *, dot_mm: float, method: str) -> Gray:
        return dither(page.pixels, dot_px=dot_mm * px_per_mm(page), method=method)
