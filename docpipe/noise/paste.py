"""Paste: dirt from a pattern, laid over the page."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, to_gray, windows
from docpipe.noise.patterns import NEUTRAL, Combine, Pattern, generate_pattern
from docpipe.page import Gray, Page


def paste(gray: Gray, pattern: Pattern, *, x_px: int, y_px: int, size_px: float, turn_deg: float,
          opacity: float) -> Gray:
    """Lay one pattern over a page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        pattern: what to lay over it.
        x_px: column of the page on which the middle of the pattern lies.
        y_px: row of the page on which the middle of the pattern lies.
        size_px: length of the longer side of the pattern on the page.
        turn_deg: by how much it is turned.
        opacity: 0 (not seen) to 1 (as it is).

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("size_px", size_px, 1)
    check("opacity", opacity, 0, 1)
    check("x_px", x_px, 0, gray.shape[1] - 1)
    check("y_px", y_px, 0, gray.shape[0] - 1)
    neutral = NEUTRAL[pattern.combine]
    patch = _turned(pattern.gray, size_px / max(pattern.gray.shape), turn_deg, neutral)
    on_page, in_patch = windows(gray.shape, patch.shape, x_px, y_px)
    pasted = gray.copy()
    pasted[on_page] = _combined(gray[on_page], neutral + np.float32(opacity) * (patch[in_patch] - neutral),
                                pattern.combine)
    return pasted


def _turned(patch: Gray, scale: float, turn_deg: float, neutral: int) -> Field:
    """Scale and turn a patch; the canvas grows so that nothing is cut off."""
    height, width = patch.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, scale)
    reach_x, reach_y = np.abs(turn[:, :2]) @ (width, height)
    canvas = max(1, round(reach_x)), max(1, round(reach_y))
    turn[:, 2] += (canvas[0] - width) / 2, (canvas[1] - height) / 2
    turned = cv2.warpAffine(patch.astype(np.float32), turn, canvas, flags=cv2.INTER_AREA, borderValue=neutral)
    return np.asarray(turned, np.float32)


def _combined(under: Gray, patch: Field, combine: Combine) -> Gray:
    match combine:
        case "multiply":
            return to_gray(under * patch / 255)
        case "darken":
            return to_gray(np.minimum(under, patch))
        case "lighten":
            return to_gray(np.maximum(under, patch))
        case "add":
            return to_gray(under + patch - NEUTRAL["add"])


@dataclass(frozen=True, slots=True)
class Paste(Noise):
    """One pattern a time, made by rule."""

    dirt: Choices = ("stain", "smudge", "dirt", "scratch")
    opacity: Range = (0.2, 1.0)
    size_mm: Range = (4.0, 35.0)
    turn_deg: Range = (0.0, 360.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"opacity": 0.0}

    def _change(self, page: Page, *, dirt: str, opacity: float, size_mm: float, turn_deg: float,
                seed: int) -> Gray:
        rng = np.random.default_rng(seed)
        pattern = generate_pattern(dirt, rng)
        y_px, x_px = rng.integers(page.pixels.shape)
        return paste(page.pixels, pattern, x_px=int(x_px), y_px=int(y_px), size_px=size_mm * px_per_mm(page),
                     turn_deg=turn_deg, opacity=opacity)
