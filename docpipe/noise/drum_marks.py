"""Drum marks: a nick in the drum of a copier, or in one of its rollers, prints its spot again at every turn."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import paper_under, to_gray
from docpipe.page import Gray, Page

CORNERS = 16
SUBPIXEL_BITS = 4  # OpenCV draws polygons in sixteenths of a pixel


def drum_marks(gray: Gray, *, count: int, strength: float, size_px: float, turn_px: float, light: bool, mm_px: float,
               seed: int) -> Gray:
    """Print the nicks of a drum down the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many nicks the drum has.
        strength: share of the light that a dark mark takes, or of the ink that a light one leaves out, 0 to 1.
        size_px: of a typical mark; scratches are longer.
        turn_px: way of the paper during one turn of the drum, above 0.
        light: marks without toner, which are seen in the ink only, instead of marks of toner.
        mm_px: pixels a millimetre.
        seed: where the nicks are, and their shapes.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`; where `light`, none is darker.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("strength", strength, 0, 1)
    check("size_px", size_px, 0)
    check("turn_px", turn_px, 1)
    rng = np.random.default_rng(seed)
    height, width = gray.shape
    cover = np.zeros(gray.shape, np.uint8)
    for _ in range(count):
        nick = _outline(size_px, rng)
        x_px, first_px = rng.random() * width, rng.random() * min(turn_px, height)
        inked = rng.uniform(0.5, 1)
        for y_px in np.arange(first_px, height + size_px, turn_px):
            corners = np.rint((nick + np.array([x_px, y_px])) * 2**SUBPIXEL_BITS).astype(np.int32)
            tone = round(255 * inked * rng.uniform(0.8, 1))         # no two turns print alike
            cv2.fillPoly(cover, [corners], tone, cv2.LINE_AA, SUBPIXEL_BITS)
    marked = cv2.GaussianBlur(cover, (0, 0), max(0.04 * mm_px, 0.3)) * np.float32(strength / 255)
    if light:
        ink = np.maximum(paper_under(gray, mm_px), gray) - gray
        return gray + to_gray(ink * marked)
    return to_gray(gray * (1 - marked))


def _outline(size_px: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Corners of a nick around (0, 0); some are scratches along the way of the paper."""
    angle = np.arange(CORNERS) * (2 * np.pi / CORNERS)
    reach_px = size_px / 2 * np.exp(rng.normal(0, 0.5)) * rng.uniform(0.6, 1.3, CORNERS)
    longer = np.exp(abs(rng.normal(0, 0.35)))
    outline: NDArray[np.float64] = reach_px * np.array([np.cos(angle) / longer, np.sin(angle) * longer])
    return outline.T


@dataclass(frozen=True, slots=True)
class DrumMarks(Noise):
    """Rollers of 8 mm (a turn is 25 mm) to drums of 30 mm (94 mm); a small card often shows one turn only."""

    strength: Range = (0.2, 1.0)
    count: Counts = (1, 6)
    size_mm: Range = (0.4, 2.5)
    turn_mm: Range = (25.0, 94.0)
    mark: Choices = ("dark", "light")
    along: Choices = ("height", "width")
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"strength": 0.0}

    def _change(self, page: Page, *, strength: float, count: int, size_mm: float, turn_mm: float, mark: str,
                along: str, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        gray = page.pixels if along == "height" else np.ascontiguousarray(page.pixels.T)
        marked = drum_marks(gray, count=count, strength=strength, size_px=size_mm * mm_px, turn_px=turn_mm * mm_px,
                            light=mark == "light", mm_px=mm_px, seed=seed)
        return marked if along == "height" else np.ascontiguousarray(marked.T)
