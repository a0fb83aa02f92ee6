"""Recopied: a copy of a copy of a copy. Each is a little softer, harder in tone and dirtier than the one before."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.defocus import defocus
from docpipe.noise.streaks import streaks
from docpipe.noise.toner_specks import toner_specks
from docpipe.page import Gray, Page

# of one copy on a copier of wear 1
BLUR_MM = 0.11          # radius of the disc into which its lens spreads a point
HARDENING = 1.3         # by how much more than 1 it stretches contrasts
SPECKS_PER_CM2 = 12.0
SPECK_MM = 0.08
STREAKS_PER_CM = 0.4
STREAK_DARKNESS = 0.3
STREAK_MM = 0.1


def toner_curve(gray: Gray, *, hardening: float, exposure: float) -> Gray:
    """Copy the tones of a page as toner does: pale ones to white, dark ones to black.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        hardening: 0 keeps all tones; at 1 contrasts around `exposure` are twice as strong.
        exposure: the tone that is kept, above 0 and below 1, where black is 0 and white is 1.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.

    Source: the S-shaped discharge and development curve of electrophotography, as a power of the odds of a tone.
    """
    check("hardening", hardening, 0)
    check("exposure", exposure, 0.01, 0.99)
    tone = np.arange(1, 255) / 255
    odds = tone / (1 - tone)
    hardened = odds * (odds * (1 - exposure) / exposure) ** hardening
    levels = np.concatenate([[0], np.rint(255 * hardened / (1 + hardened)), [255]]).astype(np.uint8)
    return levels[gray]


def recopied(gray: Gray, *, copies: int, wear: float, exposure: float, mm_px: float, seed: int) -> Gray:
    """Copy the page, and then the copies.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        copies: how often.
        wear: of the copiers, 0 (they change nothing) to 1.
        exposure: the tone that they keep, as a share of white; paler ones turn white, darker ones black.
        mm_px: pixels a millimetre.
        seed: of their dirt, and how differently they are set.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("copies", copies, 0)
    check("wear", wear, 0, 1)
    rng = np.random.default_rng(seed)
    specks = SPECKS_PER_CM2 * wear * gray.size / (10 * mm_px) ** 2
    copy = gray.copy()
    for _ in range(copies):
        set_to = float(np.clip(exposure + rng.normal(0, 0.05), 0.05, 0.95))
        of_specks, of_streaks = (int(one) for one in rng.integers(2**32, size=2))
        copy = defocus(copy, radius_px=BLUR_MM * wear * mm_px)
        copy = toner_curve(copy, hardening=HARDENING * wear, exposure=set_to)
        copy = toner_specks(copy, count=round(specks), darkness=1, size_px=SPECK_MM * mm_px, clumping=0.3,
                            seed=of_specks)
        copy = streaks(copy, count=max(1, round(STREAKS_PER_CM * gray.shape[1] / (10 * mm_px))),
                       darkness=STREAK_DARKNESS * wear, width_px=STREAK_MM * mm_px, seed=of_streaks)
    return copy


@dataclass(frozen=True, slots=True)
class Recopied(Noise):
    """One to five copies, on copiers from well kept to worn."""

    wear: Range = (0.1, 1.0)
    copies: Counts = (1, 5)
    exposure: Range = (0.4, 0.72)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"wear": 0.0}

    def _change(self, page: Page, *, wear: float, copies: int, exposure: float, seed: int) -> Gray:
        return recopied(page.pixels, copies=copies, wear=wear, exposure=exposure, mm_px=px_per_mm(page), seed=seed)
