"""Edge shadow: the edge of a card, or of a sheet that does not lie flat, throws the lamp's shadow along itself."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, shade, wobble
from docpipe.page import Gray, Page

SIDES = ("left", "right", "top", "bottom")
WAVE_MM = 15.0          # a lifted edge rises and falls about this often
UNEVEN_SHARE = 0.6      # of the width: where the edge nearly touches the glass the shadow is thin


def edge_shadow(gray: Gray, *, depth: float, width_px: float, sides: int, mm_px: float, seed: int) -> Gray:
    """Shade the page along some of its edges.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        depth: share of the light lost at the edge, 0 (none) to 1 (black).
        width_px: distance at which the loss has fallen to 1/e of `depth`, where the edge is highest.
        sides: how many edges, 1 or 2: a lamp reaches the others.
        mm_px: pixels a millimetre.
        seed: which edges, and how they wave.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("depth", depth, 0, 1)
    check("width_px", width_px, 0.01)
    check("sides", sides, 1, 2)
    rng = np.random.default_rng(seed)
    light = np.ones(gray.shape, np.float32)
    first = int(rng.integers(len(SIDES)))
    for side in (SIDES[first], SIDES[(first + 2) % len(SIDES)])[:sides]:        # the second one at right angles
        # every shadow is thrown from the left, on a view of the light that is turned to suit
        view = light if side in ("left", "right") else light.T
        view = view[:, ::-1] if side in ("right", "bottom") else view
        view *= 1 - np.float32(depth) * _from_left(view.shape, width_px, mm_px, rng)
    return shade(gray, light)


def _from_left(shape: tuple[int, ...], width_px: float, mm_px: float, rng: np.random.Generator) -> Field:
    """Full shade at the left edge, none far from it: `shape` float32 in [0, 1]."""
    down = np.arange(shape[0], dtype=np.float32)[:, None]
    height = 1 - np.float32(UNEVEN_SHARE) * (np.float32(0.5) + np.float32(0.5) * wobble(down, WAVE_MM * mm_px, rng))
    reach = np.arange(shape[1], dtype=np.float32) / (np.float32(width_px) * height)
    return np.asarray(np.exp(-reach) * (np.float32(0.5) + np.float32(0.5) * height), np.float32)


@dataclass(frozen=True, slots=True)
class EdgeShadow(Noise):
    """From the thickness of a card (0.8 mm) to a dog-eared sheet."""

    depth: Range = (0.1, 0.85)
    width_mm: Range = (0.4, 5.0)
    sides: Counts = (1, 2)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, width_mm: float, sides: int, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return edge_shadow(page.pixels, depth=depth, width_px=max(width_mm * mm_px, 0.01), sides=sides, mm_px=mm_px,
                           seed=seed)
