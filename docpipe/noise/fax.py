"""Fax: two tones, coarse lines, and a telephone line that spoils some of them."""

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.page import Gray, Page

DOTS_PER_MM = 8.04                                  # along a line
LINES_PER_MM = {"standard": 3.85, "fine": 7.7}      # from line to line
BURST = 4               # a crackle on the telephone line spoils so many lines in a row, on average
LARGEST_SLIP_MM = 2.0   # by which the rest of a spoilt line is off


def fax(gray: Gray, *, threshold: float, spoilt_share: float, resolution: str, mm_px: float, seed: int) -> Gray:
    """Send the page by fax.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        threshold: what is darker turns black, the rest white; 0 to 255.
        spoilt_share: of the lines, 0 (none) to 1 (all).
        resolution: "standard" or "fine"; a page that is coarser already stays as coarse as it is.
        mm_px: pixels a millimetre.
        seed: which lines are spoilt, and how.

    Returns:
        (H, W) uint8, a new array of 0 and 255.

    Raises:
        ValueError: a parameter is outside its range.

    Source: ITU-T T.4 (group 3): its resolutions, and its one-dimensional code, in which an error shifts all runs up
    to the end of its line; a receiver may also repeat the line before.
    """
    check("threshold", threshold, 0, 255)
    check("spoilt_share", spoilt_share, 0, 1)
    if resolution not in LINES_PER_MM:
        raise ValueError(f"resolution is {resolution!r}; it is one of {list(LINES_PER_MM)}")
    height, width = gray.shape
    columns = max(1, round(width * min(1.0, DOTS_PER_MM / mm_px)))
    rows = max(1, round(height * min(1.0, LINES_PER_MM[resolution] / mm_px)))
    sent = np.where(cv2.resize(gray, (columns, rows), interpolation=cv2.INTER_AREA) < threshold, 0, 255)
    received = sent.astype(np.uint8)
    _spoil(received, spoilt_share, np.random.default_rng(seed))
    return np.asarray(cv2.resize(received, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def _spoil(lines: Gray, share: float, rng: np.random.Generator) -> None:
    """Spoil a share of the lines, in place."""
    lots = rng.random(len(lines))                   # drawn for all lines, so that a larger share spoils more of them
    begins = np.repeat(rng.random(len(lines) // BURST + 1), BURST)[:len(lines)]
    repeated = rng.random(len(lines)) < 0.5
    where = rng.integers(lines.shape[1], size=len(lines))
    reach = max(1, round(LARGEST_SLIP_MM * DOTS_PER_MM))
    slips = rng.integers(-reach, reach + 1, len(lines))
    for row in np.flatnonzero(0.5 * lots + 0.5 * begins < _quantile(share)):
        if repeated[row] and row > 0:
            lines[row] = lines[row - 1]
        else:
            lines[row, where[row]:] = np.roll(lines[row], slips[row])[where[row]:]


def _quantile(share: float) -> float:
    """The value under which a mean of two evenly drawn numbers lies with this chance."""
    return sqrt(share / 2) if share < 0.5 else 1 - sqrt((1 - share) / 2)


@dataclass(frozen=True, slots=True)
class Fax(Noise):
    """From a clean line to one that crackles; two tones and coarse lines come with every strength."""

    spoilt_share: Range = (0.0, 0.3)
    threshold: Range = (90.0, 200.0)
    resolution: Choices = tuple(LINES_PER_MM)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"spoilt_share": 0.0}

    def _change(self, page: Page, *, spoilt_share: float, threshold: float, resolution: str, seed: int) -> Gray:
        return fax(page.pixels, threshold=threshold, spoilt_share=spoilt_share, resolution=resolution,
                   mm_px=px_per_mm(page), seed=seed)
