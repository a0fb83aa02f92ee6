"""Feed slip: the rollers of a feeder pull unevenly, and lines of the scan lie too close or too far apart."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Range, check, px_per_mm
from docpipe.noise.warp import Points, Warp
from docpipe.page import Page

LEAST_PERIODS = 16      # of a slip, so that print is squeezed or stretched by a third at the most


def slipped_sources(points: Points, *, slip_px: float, period_px: float, axis: int, seed: int) -> Points:
    """Where the ink came from on a page that was fed unevenly.

    Args:
        points: (N, 2) x and y in pixels, on the scan.
        slip_px: how far print moves at the most.
        period_px: round a typical roller, 16 or more times `slip_px`.
        axis: 0 where the paper is fed along x, 1 along y.
        seed: of the rollers and their play.

    Returns:
        (N, 2) float64, on the page before.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("slip_px", slip_px, 0)
    check("period_px", period_px, max(LEAST_PERIODS * slip_px, 1e-9))
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(3))                  # three rollers, each round at its own pace
    waves = rng.uniform(0.8, 2.5, 3) * period_px
    starts = rng.uniform(0, 2 * np.pi, 3)
    play = (np.sin(2 * np.pi * points[:, axis, None] / waves + starts) * shares).sum(axis=1)
    sources = points.copy()
    sources[:, axis] -= slip_px * play
    return sources


@dataclass(frozen=True, slots=True)
class FeedSlip(Warp):
    """Worn rollers, or a hand that held the sheet back."""

    slip_mm: Range = (0.1, 0.8)
    period_mm: Range = (13.0, 50.0)
    along: Choices = ("height", "width")
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"slip_mm": 0.0}

    def _sources(self, points: Points, page: Page, *, slip_mm: float, period_mm: float,
                 along: str, seed: int) -> Points:
        return slipped_sources(points, slip_px=slip_mm * px_per_mm(page), period_px=period_mm * px_per_mm(page),
                               axis=1 if along == "height" else 0, seed=seed)
