"""Rows of print go on: dots and dashes may stand far from the letters, and be too few for a row of their own."""

import numpy as np
from numpy.typing import NDArray

from docpipe.synth.harvest_shapes import (
    AT_ONCE,
    FEWEST_IN_A_ROW,
    Boxes,
    Mask,
    chosen,
    components,
    count_beside,
    without,
)

# In heights of a letter: the resolution of a scan may be stated wrongly, or not at all.
ROW_REACH = 12.0             # of a form: from the label to its colon, from an item to its price
ABOVE_AND_BELOW = 0.2        # a comma hangs below the line
SMALLEST = 0.08              # of a dot


def in_rows_of(glyphs: Mask, strokes: Mask) -> Mask:
    """Small strokes that stand where a row of glyphs goes on, however specks may look.

    Args:
        glyphs: (H, W), strokes that stand in rows.
        strokes: (H, W), these and others.

    Returns:
        (H, W), those of the others that are no larger than the letters of a row and lie between its top and bottom.
    """
    labels, boxes = components(without(strokes, glyphs))
    _, letters = components(glyphs)
    along, down = count_beside(letters), count_beside(_turned(letters))
    found = _goes_on(boxes, letters[along >= down])
    found |= _goes_on(_turned(boxes), _turned(letters[down >= along]))
    return chosen(labels, found)


def _goes_on(boxes: Boxes, letters: Boxes) -> NDArray[np.bool_]:
    """Which boxes lie on the line of so many letters as a row has."""
    first_x, first_y, letter_width, height = letters[:, :4].astype(np.float32).T
    spare = ABOVE_AND_BELOW * height
    found = np.zeros(len(boxes), bool)
    for first in range(0, len(boxes), AT_ONCE):                  # bounds the memory that comparing takes
        here = slice(first, first + AT_ONCE)
        left, top, wide, tall = boxes[here, :4].astype(np.float32).T[:, :, None]
        is_dot = (wide <= height) & (np.maximum(wide, tall) >= SMALLEST * height)
        on_line = (top >= first_y - spare) & (top + tall <= first_y + height + spare)
        away = np.maximum(first_x - (left + wide), left - (first_x + letter_width))
        found[here] = (is_dot & on_line & (away <= ROW_REACH * height)).sum(axis=1) >= FEWEST_IN_A_ROW
    return found


def _turned(boxes: Boxes) -> Boxes:
    return boxes[:, [1, 0, 3, 2, 4]]
