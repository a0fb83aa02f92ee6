"""Photon noise: light comes in grains, and reading them out adds some more: bright places are noisier than dark."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check
from docpipe.noise.fields import to_gray
from docpipe.page import Gray, Page


def photon_noise(gray: Gray, *, shot_variance: float, read_variance: float, seed: int) -> Gray:
    """Count the photons of a page, with an amplifier that adds noise of its own.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        shot_variance: at white, where black is 0 and white is 1: one over the number of photons that make white.
        read_variance: of what the amplifier adds everywhere.
        seed: of the grain.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a variance is below 0.

    Source: the Poissonian-Gaussian model of Foi, Trimeche, Katkovnik and Egiazarian (2008), with their normal
    approximation: variance = shot_variance * light + read_variance.
    """
    check("shot_variance", shot_variance, 0)
    check("read_variance", read_variance, 0)
    grain = np.random.default_rng(seed).standard_normal(gray.shape, dtype=np.float32)
    light = np.arange(256) / 255
    deviation = 255 * np.sqrt(shot_variance * light + read_variance)
    return to_gray(gray + grain * deviation.astype(np.float32)[gray])


@dataclass(frozen=True, slots=True)
class PhotonNoise(Noise):
    """From a scanner (500 photons make white) to a phone at night (17)."""

    shot_variance: Range = (0.002, 0.06)
    read_variance: Range = (0.0001, 0.005)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"shot_variance": 0.0, "read_variance": 0.0}

    def _change(self, page: Page, *, shot_variance: float, read_variance: float, seed: int) -> Gray:
        return photon_noise(page.pixels, shot_variance=shot_variance, read_variance=read_variance, seed=seed)
