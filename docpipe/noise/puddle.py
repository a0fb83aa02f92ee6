"""Puddle: the outline of something wet on paper, for stains of water and of grease. No noise of its own."""

import cv2
import numpy as np

from docpipe.noise.fields import Field, rough_field

WORK_PX = 160       # a puddle is soft: larger ones are made at this size and enlarged
REACH = 1.5         # of the patch, in radii


def puddle(radius_px: float, ragged: float, rng: np.random.Generator) -> Field:
    """Spread one puddle.

    Args:
        radius_px: of a puddle without dents.
        ragged: how far its outline strays from an ellipse, in radii.
        rng: where its shape comes from.

    Returns:
        (N, N) float32: how far outside the outline a pixel lies, in radii; below 0 inside, above 0 at the edges.
    """
    side = max(3, round(2 * REACH * radius_px))
    work = min(side, WORK_PX)
    ramp = np.linspace(-REACH, REACH, work, dtype=np.float32)
    x, y = ramp[None, :], ramp[:, None]
    narrow = np.float32(rng.uniform(0.8, 1.3))
    dents = rough_field((work, work), work / 3, rng) - np.float32(0.5)
    outside = np.hypot(narrow * x, y) - 1 + np.float32(ragged) * dents
    # dry at the edges of the patch, however ragged it is
    outside += 8 * np.maximum(0, np.maximum(np.abs(x), np.abs(y)) - np.float32(0.85 * REACH))
    return np.asarray(cv2.resize(outside, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
