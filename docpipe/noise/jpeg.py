"""JPEG: strong compression leaves blocks, and ringing around letters."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import Counts, Noise, check
from docpipe.page import Gray, Page

LOSSLESS = 100


def jpeg(gray: Gray, *, quality: int) -> Gray:
    """Compress a page and open it again.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        quality: 1 (worst) to 99 on the scale of the Independent JPEG Group; 100 stands for no compression.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `quality` is outside [1, 100].
    """
    check("quality", quality, 1, LOSSLESS)
    if quality == LOSSLESS:
        return gray.copy()
    _, coded = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


@dataclass(frozen=True, slots=True)
class Jpeg(Noise):
    """From a mail attachment to a messenger that has passed it on five times."""

    quality: Counts = (5, 90)
    harmless: ClassVar = {"quality": LOSSLESS}

    def _change(self, page: Page, *, quality: int) -> Gray:
        return jpeg(page.pixels, quality=quality)
