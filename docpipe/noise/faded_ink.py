"""Faded ink: sun, wear or an empty cartridge brings print closer to the colour of its paper."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import paper_under, smooth_field, to_gray
from docpipe.page import Gray, Page


def faded_ink(gray: Gray, *, loss: float, patchiness: float, patch_px: float, mm_px: float,
              seed: int) -> Gray:
    """Bleach the ink, more in some places than in others.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        loss: share of the contrast to the paper lost where it is worst, 0 (none) to 1 (all).
        patchiness: 0 to fade the page evenly, 1 to leave some places untouched.
        patch_px: size of those places.
        mm_px: pixels a millimetre.
        seed: where they are.

    Returns:
        (H, W) uint8, a new array. No pixel is darker than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("loss", loss, 0, 1)
    check("patchiness", patchiness, 0, 1)
    rng = np.random.default_rng(seed)
    lost = np.float32(loss) * (1 - np.float32(patchiness) * smooth_field(gray.shape, patch_px, rng))
    ink = np.maximum(paper_under(gray, mm_px), gray) - gray
    return gray + to_gray(ink * lost)


@dataclass(frozen=True, slots=True)
class FadedInk(Noise):
    """Old thermal paper, worn cards, toner at its end."""

    loss: Range = (0.1, 0.9)
    patchiness: Range = (0.0, 1.0)
    patch_mm: Range = (1.0, 20.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"loss": 0.0}

    def _change(self, page: Page, *, loss: float, patchiness: float, patch_mm: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return faded_ink(page.pixels, loss=loss, patchiness=patchiness, patch_px=patch_mm * mm_px,
                         mm_px=mm_px, seed=seed)
