"""Speckle: grain that grows with the light, so paper is grainy and ink is calm."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check
from docpipe.noise.fields import to_gray
from docpipe.page import Gray, Page


def speckle(gray: Gray, *, variance: float, seed: int) -> Gray:
    """Multiply every pixel by one plus a normally distributed value.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        variance: of that value.
        seed: of the grain.

    Returns:
        (H, W) uint8, a new array. Black stays black.

    Raises:
        ValueError: `variance` is below 0.
    """
    check("variance", variance, 0)
    grain = np.random.default_rng(seed).standard_normal(gray.shape, dtype=np.float32)
    return to_gray(gray * (1 + grain * np.float32(variance**0.5)))


@dataclass(frozen=True, slots=True)
class Speckle(Noise):
    """A standard deviation of 7 to 45 percent of the light."""

    variance: Range = (0.005, 0.2)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"variance": 0.0}

    def _change(self, page: Page, *, variance: float, seed: int) -> Gray:
        return speckle(page.pixels, variance=variance, seed=seed)
