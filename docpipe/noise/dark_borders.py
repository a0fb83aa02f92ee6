"""Dark borders: the lid was open, or the page lay askew, and the edge of the scan is black."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, shade
from docpipe.page import Gray, Page

SIDES = ("left", "right", "top", "bottom")
WOBBLE_KNOTS = 12


def dark_borders(gray: Gray, *, darkness: float, width_px: float, slant: float, sides: int,
                 seed: int) -> Gray:
    """Blacken the page along some of its edges.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        darkness: share of the light lost, 0 (none) to 1 (black).
        width_px: of the border where it is widest.
        slant: by how much a border is narrower at its thin end, as a share of its width, 0 to 1.
        sides: how many edges, 1 to 4.
        seed: which edges, and how they waver.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("darkness", darkness, 0, 1)
    check("width_px", width_px, 0)
    check("slant", slant, 0, 1)
    check("sides", sides, 1, 4)
    rng = np.random.default_rng(seed)
    light = np.ones(gray.shape, np.float32)
    for side in rng.permutation(SIDES)[:sides]:
        # every border is drawn as a left one, on a view of the light that is turned to suit
        view = light if side in ("left", "right") else light.T
        view = view[:, ::-1] if side in ("right", "bottom") else view
        covered = _left_border(view.shape, width_px * rng.uniform(0.3, 1), slant, rng)
        view *= 1 - np.float32(darkness) * covered
    return shade(gray, light)


def _left_border(shape: tuple[int, ...], width_px: float, slant: float, rng: np.random.Generator) -> Field:
    """Cover a strip at the left edge: `shape` float32, 1 = covered."""
    height, width = shape
    narrowing = np.linspace(0, slant, height) if rng.integers(2) else np.linspace(slant, 0, height)
    knots = rng.uniform(-0.06, 0.06, (WOBBLE_KNOTS, 1))
    wobble = np.asarray(cv2.resize(knots, (1, height), interpolation=cv2.INTER_CUBIC)).reshape(height)
    reach_px = (width_px * (1 - narrowing + wobble)).astype(np.float32)
    softness_px = np.float32(rng.uniform(1, 5))
    return np.clip((reach_px[:, None] - np.arange(width, dtype=np.float32)) / softness_px, 0, 1)


@dataclass(frozen=True, slots=True)
class DarkBorders(Noise):
    """Up to the margin of a card: what lies under a wider border cannot be given back."""

    darkness: Range = (0.5, 1.0)
    width_mm: Range = (0.3, 3.5)
    slant: Range = (0.0, 1.0)
    sides: Counts = (1, 4)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"width_mm": 0.0}

    def _change(self, page: Page, *, darkness: float, width_mm: float, slant: float, sides: int,
                seed: int) -> Gray:
        return dark_borders(page.pixels, darkness=darkness, width_px=width_mm * px_per_mm(page), slant=slant,
                            sides=sides, seed=seed)
