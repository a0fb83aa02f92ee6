"""The null control: a change that means nothing, to show how many cards flip by chance."""

import numpy as np

from docpipe.page import Gray

SHIFT_PX, BRIGHTER_LEVELS = 1, 3


def null_control(gray: Gray) -> Gray:
    """Shift a page to the right by one pixel, and make it three grey levels brighter.

    OCR is not a smooth function of its input: cards near the edge pass or fail by such a change alone. An uplift that
    is no larger than that of the null control is no effect.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper; not written to.

    Returns:
        (H, W) uint8; the first column is repeated at the left edge.
    """
    shifted = np.concatenate([gray[:, :SHIFT_PX], gray[:, :-SHIFT_PX]], axis=1) if gray.shape[1] > SHIFT_PX else gray
    brighter: Gray = np.minimum(shifted, 255 - BRIGHTER_LEVELS) + np.uint8(BRIGHTER_LEVELS)
    return brighter
