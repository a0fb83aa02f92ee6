"""The last look at a patch before it is kept: whatever can be read on it, or stands in a row, rejects it."""

from collections.abc import Sequence

import cv2
import numpy as np

from docpipe.noise.fields import to_gray
from docpipe.ocr.engine import SPARSE, Engine
from docpipe.page import Gray
from docpipe.synth.harvest_shapes import components, stands_in_rows

READ_CONFIDENCE = 30.0                  # 0 to 100; a sure reading is 80 and more
READ_PX_PER_MM = (8.0, 20.0)            # capitals of 4 mm, and of 1.5 mm, get the 30 pixels that are read best
GLYPH_MM = (0.5, 7.0)                   # height of print
SEEN_CONTRASTS = (0.16, 0.3)            # of the page, which may have a background of fine lines
KEPT_CONTRASTS = (0.04, 0.08, 0.16)     # of the patch, from which that has gone
ROW_GRAINS = 3.0                        # below so many standard deviations of the grain nothing can be told


def shows_a_row(gray: Gray, mm_px: float, contrasts: Sequence[float]) -> bool:
    """Whether three or more components of the size of glyphs stand in a row, dark on light or light on dark.

    Args:
        gray: (h, w) uint8, the page where the patch was cut, or the patch itself.
        mm_px: pixels a millimetre.
        contrasts: shares of light by which a glyph may stand out; one row at one of them is enough.
    """
    light = gray.astype(np.float32) / max(1.0, float(np.percentile(gray, 90)))
    side = 2 * round(1.25 * mm_px) + 1
    relief = light - cv2.blur(light, (side, side))
    fine = light - cv2.medianBlur(light, 3)
    grain = 1.25 * float(np.mean(np.abs(fine)))               # a median would be 0 on flat paper
    for contrast in contrasts:
        for sign in (1, -1):
            ink = (sign * relief > max(contrast, ROW_GRAINS * grain)).astype(np.uint8)
            _, boxes = components(ink)
            longest = boxes[:, 2:4].max(axis=1, initial=0)
            glyphs = boxes[(longest >= GLYPH_MM[0] * mm_px) & (longest <= GLYPH_MM[1] * mm_px)]
            if stands_in_rows(glyphs).any():
                return True
    return False


def legible(engine: Engine, patches: Sequence[tuple[Gray, float]]) -> list[bool]:
    """Whether OCR sees any letter or digit on each of some patches, at any of four rotations and two sizes.

    Args:
        engine: what reads; nothing of what it reads is kept.
        patches: pixels as they were on the page, and their pixels a millimetre.

    Returns:
        One answer a patch.
    """
    pictures = [np.ascontiguousarray(np.rot90(view, turn)) for seen, mm_px in patches
                for view in _views(seen, mm_px) for turn in range(4)]
    is_read = [any(word.confidence > READ_CONFIDENCE and any(map(str.isalnum, word.text)) for word in words)
               for words in engine.words(pictures, SPARSE)]
    each = 4 * len(READ_PX_PER_MM)
    return [any(is_read[first:first + each]) for first in range(0, len(is_read), each)]


def _views(seen: Gray, mm_px: float) -> list[Gray]:
    """A patch with all the contrast there can be, at the sizes at which it is read."""
    low, high = np.percentile(seen, (0.5, 99.5))
    stretched = to_gray((seen.astype(np.float32) - low) * (255 / max(1.0, high - low)))
    return [cv2.resize(stretched, None, fx=wanted / mm_px, fy=wanted / mm_px, interpolation=cv2.INTER_CUBIC
                       ).astype(np.uint8, copy=False) for wanted in READ_PX_PER_MM]
