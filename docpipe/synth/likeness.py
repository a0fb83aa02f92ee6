"""Near-duplicates: a fingerprint of how a patch looks, which small changes leave nearly as it is."""

from collections.abc import Iterable

import cv2
import numpy as np

from docpipe.page import Gray

SIDE_PX, KEPT = 32, 8       # the patch is made so small, and so many of its lowest frequencies each way count
MOST_BITS_APART = 8         # of 64; two patches that have nothing in common are 32 apart


def look_of(gray: Gray) -> int:
    """64 bits, one a low frequency of the patch: set where it is above the median of them all.

    Source: the perceptual hash of Zauner (2010), a discrete cosine transform against its median.
    """
    small = cv2.resize(gray, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:KEPT, :KEPT].ravel()
    return int("".join("1" if bit else "0" for bit in low > np.median(low)), 2)


def is_like_one_of(look: int, others: Iterable[int]) -> bool:
    """Whether at most `MOST_BITS_APART` bits tell it from another one."""
    return any((look ^ other).bit_count() <= MOST_BITS_APART for other in others)
