"""The null control: a change that means nothing, to show how many cards flip by chance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from docpipe.errors import OutputError
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


def write_null_scans(raw: Path, files: Sequence[str], folder: Path) -> None:
    """Write the null control of the first page of every scan, as PNG whatever its name ends with.

    Args:
        raw: folder of the scans.
        files: their names below it; all of them can be opened.
        folder: gets the same names.

    Raises:
        InputError: a scan is damaged.
        OutputError: a scan is gone, or there is no room for its control.
    """
    import cv2  # late: help pages need not wait for it

    from docpipe.imageio import open_scan

    try:
        for file in files:
            with open_scan((raw / file).read_bytes()) as scan:
                moved = null_control(scan.read(0).pixels)
            place = folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(cv2.imencode(".png", moved)[1].tobytes())
    except OSError as error:
        raise OutputError(
            f"the null control cannot be made: {error.strerror}", "make room for temporary files, or leave out --null"
        ) from error
