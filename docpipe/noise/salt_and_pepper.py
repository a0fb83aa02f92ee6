"""Salt and pepper: dead and stuck pixels, and bits lost on the way."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check
from docpipe.page import Gray, Page


def salt_and_pepper(gray: Gray, *, share: float, seed: int) -> Gray:
    """Turn some pixels white and as many black.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        share: of the pixels, half of it for each colour, 0 (none) to 1 (all).
        seed: which pixels.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `share` is outside [0, 1].
    """
    check("share", share, 0, 1)
    lot = np.random.default_rng(seed).random(gray.shape, dtype=np.float32)
    noisy = gray.copy()
    noisy[lot < share / 2] = 0
    noisy[lot >= 1 - share / 2] = 255
    return noisy


@dataclass(frozen=True, slots=True)
class SaltAndPepper(Noise):
    """One pixel in fifty to one in fourteen."""

    share: Range = (0.02, 0.07)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"share": 0.0}

    def _change(self, page: Page, *, share: float, seed: int) -> Gray:
        return salt_and_pepper(page.pixels, share=share, seed=seed)
