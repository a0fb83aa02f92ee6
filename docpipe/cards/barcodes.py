"""Barcodes as dark and light modules: QR codes by OpenCV, PDF417 by pdf417gen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.errors import MissingToolError

Modules = NDArray[np.bool_]
"""(rows, columns), True = dark; without the quiet zone."""

QUIET_MODULES = {"qr": 4, "pdf417": 2}
"""How many light modules must surround a code (ISO/IEC 18004 and ISO/IEC 15438)."""

PDF417_ROW = 3                   # modules that a row is high, at least
PDF417_SECURITY = 2              # eight codewords of error correction
PDF417_MOST_COLUMNS = 30


def barcode(kind: str, text: str, shape: float) -> Modules:
    """A barcode that says `text`.

    Args:
        kind: "qr" or "pdf417".
        text: what a reader gives back.
        shape: height of the place by its width; PDF417 takes as few columns as let it fit there.

    Raises:
        ValueError: a PDF417 code of that shape cannot hold the text.
        MissingToolError: pdf417gen is not installed.
    """
    return _qr(text) if kind == "qr" else _pdf417(text, shape)


def draw_barcode(height: int, width: int, modules: Modules, quiet: int) -> NDArray[np.float32]:
    """Cover of ink, 0 to 1: (height, width); modules that fall between pixels share them.

    Args:
        height: in pixels.
        width: in pixels.
        modules: (rows, columns).
        quiet: light modules around the code.
    """
    dark = np.pad(modules, quiet).astype(np.float32)
    rows, columns = dark.shape
    finer = -(-height // rows) * rows, -(-width // columns) * columns           # whole pixels to a module
    grown = cv2.resize(dark, finer[::-1], interpolation=cv2.INTER_NEAREST)
    return cv2.resize(grown, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)


def _qr(text: str) -> Modules:
    dark = cv2.QRCodeEncoder.create().encode(text) == 0
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return np.asarray(dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _pdf417(text: str, shape: float) -> Modules:
    try:
        from pdf417gen import encode, render_image
    except ImportError as missing:
        raise MissingToolError(
            "pdf417gen, which draws the barcodes of synthetic cards, is not installed",
            hint="pip install 'docpipe-ocr[synth]'",
        ) from missing
    for columns in range(1, PDF417_MOST_COLUMNS + 1):
        try:
            codes = encode(text, columns=columns, security_level=PDF417_SECURITY)
        except ValueError:               # in so many columns it takes more rows, or fewer, than a code may have
            continue
        modules: Modules = np.asarray(render_image(codes, scale=1, ratio=1, padding=0).convert("L")) == 0
        rows, width = modules.shape
        if rows * PDF417_ROW <= shape * width:
            return modules
    raise ValueError(f"a PDF417 code of {len(text)} characters does not fit where height / width is {shape:.2f}")
