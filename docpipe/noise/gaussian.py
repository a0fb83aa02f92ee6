"""Gaussian noise: the grain of a sensor that had too little light."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check
from docpipe.noise.fields import to_gray
from docpipe.page import Gray, Page


def gaussian(gray: Gray, *, variance: float, seed: int) -> Gray:
    """Add a normally distributed value to every pixel.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        variance: of what is added, where black is 0 and white is 1.
        seed: of the grain.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `variance` is below 0.
    """
    check("variance", variance, 0)
    grain = np.random.default_rng(seed).standard_normal(gray.shape, dtype=np.float32)
    return to_gray(gray + grain * np.float32(255 * variance**0.5))


@dataclass(frozen=True, slots=True)
class Gaussian(Noise):
    """A standard deviation of 18 to 72 grey levels."""

    variance: Range = (0.005, 0.08)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"variance": 0.0}

    def _change(self, page: Page, *, variance: float, seed: int) -> Gray:
        return gaussian(page.pixels, variance=variance, seed=seed)
