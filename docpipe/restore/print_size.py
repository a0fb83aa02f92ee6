"""Print size: how tall the glyphs on a page are, measured on the page itself."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.page import Dpi, Gray

Boxes = NDArray[np.float32]
"""(N, 4): left, top, width and height of connected components, in pixels."""


def glyph_height(gray: Gray, dpi: Dpi | None = None) -> float | None:
    """Middle height of the glyphs of dark print on a page.

    The page is looked at on a pyramid of halved copies, each for the octave of glyph heights that it
    shows at 10 to 20 pixels (smaller ones at full size). On each level the black top-hat (closing less
    page; Serra, Image Analysis and Mathematical Morphology, 1982) leaves dark marks thinner than print
    can be, without shading, photos and borders; what stands above the noise is split by the threshold
    of Otsu (IEEE Trans. SMC 9(1), 1979); and connected components count as glyphs where at least
    `RUN_GLYPHS` of similar height stand side by side on one line, as characters do and dirt does not.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        dpi: resolution as the file states it. A hint: glyphs that it would make smaller than
            `SMALLEST_PRINT_MM` are dropped, but only while they are less than half of all.

    Returns:
        Mean of the middle half of the heights of the glyphs' ink, in pixels (a median that does not
        jump where capitals and small letters are equally many): between the x-height and the height of
        capitals in mixed text, the height of capitals where all are capitals. None where no line of
        dark print is found: blank pages, photos, light print on dark.
    """
    found = [(boxes[:, 3] * scale, weight) for boxes, scale, weight in _glyphs_of_all_sizes(gray)]
    ...
