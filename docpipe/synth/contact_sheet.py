"""A contact sheet: the patterns of a library side by side, each as it looks on paper, for the eye."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from docpipe.errors import InputError, OutputError
from docpipe.noise.paste import paste
from docpipe.noise.patterns import Library, Pattern
from docpipe.page import Gray

CELL_PX, CAPTION_PX, GAP_PX, COLUMNS = 160, 16, 4, 10
PAPER, DARK = 232, 96       # under patterns that darken, and under those that lighten


def write_sheet(path: Path, library: Library, ids: Sequence[str]) -> None:
    """Draw patterns in rows, each fitted into its cell, its id below.

    Args:
        path: a PNG.
        library: holds them.
        ids: at least one.

    Raises:
        InputError: the library holds no such pattern, or there is nothing to show.
        OutputError: the PNG cannot be written.
    """
    if not ids:
        raise InputError(f"{library.folder} holds no pattern", "harvest some: docpipe patterns harvest SCANS -o LIB")
    cells = [_cell(library.pattern(pattern_id), pattern_id) for pattern_id in ids]
    blank = np.full_like(cells[0], 255)
    columns = min(COLUMNS, len(cells))
    cells += [blank] * (-len(cells) % columns)
    rows = [np.hstack(cells[first:first + columns]) for first in range(0, len(cells), columns)]
    try:
        Image.fromarray(np.vstack(rows)).save(path, "PNG")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}", "name another place with -o") from error


def _cell(pattern: Pattern, caption: str) -> Gray:
    ground = np.full((CELL_PX, CELL_PX), DARK if pattern.combine == "lighten" else PAPER, np.uint8)
    middle = CELL_PX // 2
    shown = paste(ground, pattern, x_px=middle, y_px=middle, size_px=CELL_PX - 2, turn_deg=0, density=1)
    below = np.full((CAPTION_PX, CELL_PX), 255, np.uint8)
    cv2.putText(below, caption, (1, CAPTION_PX - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, 0, 1, cv2.LINE_AA)
    cell: Gray = np.pad(np.vstack([shown, below]), GAP_PX // 2, constant_values=255)
    return cell
