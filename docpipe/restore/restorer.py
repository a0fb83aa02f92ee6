"""One page from scan to restored: measure the print, bring it to the engine's scale, restore, gate."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from docpipe.page import Dpi, Gray
from docpipe.restore.engine import Engine
from docpipe.restore.engines import load_engine, load_gate
from docpipe.restore.gate import Gate
from docpipe.restore.print_size import SMALLEST_PAGE_PX, glyph_height
from docpipe.restore.scale import bring_back, resample, scale_into

Choice = Literal["restored", "original"]

# Counts up when print size, scale or the rules below come to give other pages.
_VERSION = 5
_OPENCV_NO_MEMORY = -4
# A page on which no pixel moves by more than this many grey levels is left as it was.
UNCHANGED_LEVELS = 1
# Where dirt hides all print, a page is looked at again once it is restored at this size: a quarter of its pixels, and
# print of most sizes is small enough for a network there.
_SECOND_LOOK = 0.5
_EVEN_LEVELS = 3    # a page whose grays lie no farther apart at that size is bare paper


@dataclass(frozen=True, slots=True)
class Restored:
    """A page after restoring.

    Args:
        pixels: (H, W) uint8, 0 = ink, 255 = paper: the restored page, or the original where it was kept.
        choice: which of the two `pixels` is.
        score: what the gate gave the restored version, 0 to 1; None where no gate was asked.
        reason: why the original was kept; empty for a restored page.
        glyph_px: median glyph height measured on the page, or, where dirt hides all print, on what restoring makes of
            it; None where no print was found.
        scale: factor by which the page was resampled for the engine.
    """

    pixels: Gray
    choice: Choice
    score: float | None = None
    reason: str = ""
    glyph_px: float | None = None
    scale: float = 1.0


class Restorer:
    """Restores pages with one engine, and a gate where there is one. Safe to share between threads."""

    def __init__(self, engine: Engine, gate: Gate | None = None) -> None:
        self.engine = engine
        self.gate = gate

    @property
    def fingerprint(self) -> str:
        """Changes whenever a page would come out differently."""
        gate = f"+{self.gate.fingerprint}" if self.gate else ""
        return f"{self.engine.fingerprint}{gate}+restore-{_VERSION}"

    def restore(self, gray: Gray, dpi: Dpi | None = None) -> Restored:
        """Restore one page, or keep it where there is no print, nothing to change, or the gate says so.

        Args:
            gray: (H, W) uint8, 0 = ink, 255 = paper; not written to.
            dpi: resolution as the file states it; a hint, never trusted over the page itself.

        Raises:
            MemoryError: there is not enough for this page.
        """
        try:
            return self._restore(gray, dpi)
        except cv2.error as error:
            if error.code == _OPENCV_NO_MEMORY:
                raise MemoryError from error
            raise

    def _restore(self, gray: Gray, dpi: Dpi | None) -> Restored:
        glyph_px = glyph_height(gray, dpi) or self._height_below_dirt(gray, dpi)
        if glyph_px is None:
            return Restored(gray, "original", reason="no print found")
        scale = scale_into(glyph_px, self.engine.glyph_range)
        height, width = gray.shape
        scaled = resample(gray, (max(1, round(height * scale)), max(1, round(width * scale))))
        scaled_restored = self.engine.restore(scaled, glyph_px * scale)
        restored = bring_back(gray, scaled, scaled_restored)
        if _largest_change(gray, restored) <= UNCHANGED_LEVELS:
            return Restored(gray, "original", reason="nothing to change", glyph_px=glyph_px, scale=scale)
        if self.gate is None:
            return Restored(restored, "restored", glyph_px=glyph_px, scale=scale)
        score = self.gate.score(scaled, scaled_restored)
        if score < self.gate.threshold:
            return Restored(gray, "original", score, "the gate prefers the original", glyph_px, scale)
        return Restored(restored, "restored", score, glyph_px=glyph_px, scale=scale)

    def _height_below_dirt(self, gray: Gray, dpi: Dpi | None) -> float | None:
        """The glyph height that shows once the page is restored: of faint, dithered or broken print."""
        if self.engine.glyph_range is None:
            return None
        height, width = (round(side * _SECOND_LOOK) for side in gray.shape)
        if min(height, width) < SMALLEST_PAGE_PX:
            return None
        smaller = resample(gray, (height, width))
        if np.ptp(smaller) <= _EVEN_LEVELS:
            return None
        cleaned = self.engine.restore(smaller, self.engine.glyph_range[1])
        found = glyph_height(cleaned, dpi and (dpi[0] * _SECOND_LOOK, dpi[1] * _SECOND_LOOK))
        return found and found / _SECOND_LOOK


def restore_page(
    array: Gray, dpi: float | Dpi | None = None, *, engine: Engine | None = None, gate: Gate | None = None
) -> Restored:
    """Restore one page that is already in memory.

    Args:
        array: (H, W) uint8, 0 = ink, 255 = paper; not written to.
        dpi: resolution, one number or (horizontal, vertical), if known; only a hint.
        engine: what restores; the default engine, with the gate of its model, if None.
        gate: what keeps the original where it serves OCR better; for an `engine` of your own.

    Returns:
        The restored page, or the original where that serves OCR better, and which of the two it is.

    Raises:
        ValueError: `array` is not a gray page of at least one pixel.
    """
    if array.ndim != 2 or array.dtype != np.uint8 or array.size == 0:
        raise ValueError(f"array is {array.shape} {array.dtype}; it must be a gray page: (H, W) uint8")
    both = (float(dpi), float(dpi)) if isinstance(dpi, int | float) else dpi
    if engine is None:
        engine, gate = load_engine(), gate or load_gate()
    return Restorer(engine, gate).restore(array, both)


def _largest_change(before: Gray, after: Gray) -> int:
    return int(cv2.norm(before, after, cv2.NORM_INF))    # without a page of differences
