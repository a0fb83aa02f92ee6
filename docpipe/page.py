"""Page and Gray: the types that cross the borders between the parts of docpipe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
"""(H, W) uint8, 0 = ink, 255 = paper."""

Samples = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W) gray or (H, W, 3) RGB, uint8 or uint16, full range: 0 = black."""

Dpi = tuple[float, float]
"""Resolution (horizontal, vertical) in pixels per inch, exactly as the file states it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a scan, upright as a viewer shows it.

    Args:
        pixels: what is restored and what OCR reads: (H, W) uint8, 0 = ink, 255 = paper.
        dpi: resolution as the file states it, absurd values included; None where it states none.
        source: the name that messages use.
        index: position of the page in its file, from 0.
        samples: the page at the depth and colour in which it is to be given back, where that is
            more than `pixels` holds: (H, W) uint16 or (H, W, 3) uint8 or uint16. None otherwise.
    """

    pixels: Gray
    dpi: Dpi | None = None
    source: str = ""
    index: int = 0
    samples: Samples | None = None


def apply_change(samples: Samples, before: Gray, after: Gray) -> Samples:
    """Carry the change between two gray versions of a page over to its full samples.

    The change of the gray value is added to every channel: chroma stays as it was (in the sense of
    ITU-R BT.601, where luma is a weighted sum of R, G and B and chroma their differences to it)
    unless a channel reaches the end of its range, and so do the low bits of what was not changed.

    Args:
        samples: (H, W) or (H, W, 3), uint8 or uint16.
        before: (H, W) uint8, the gray page that was restored.
        after: (H, W) uint8, its restored version.

    Returns:
        A new array like `samples`, clipped to its range.
    """
    top = int(np.iinfo(samples.dtype).max)
    change = (after.astype(np.int32) - before) * (top // 255)
    if samples.ndim == 3:
        change = change[:, :, None]
    changed = np.clip(samples + change, 0, top)
    return changed.astype(np.uint16) if top > 255 else changed.astype(np.uint8)
