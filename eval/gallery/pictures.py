"""The picture of a result: the card clean, as scanned and cleaned, and below each the place of a field enlarged."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from docpipe.ocr.engine import Box
from docpipe.page import Gray

CELL_PX, GAP_PX, HEAD_PX, TEXT_PX = 560, 10, 26, 17
DETAIL_ASPECT = 4                # width of the enlarged place by its height
AROUND_HEIGHTS = 1.0             # of the field, that show on each side of it at least
INK, MARK = (40, 40, 40), (200, 40, 30)
HEADS = ("clean", "as scanned", "cleaned")
SIZES = ((1.0, 75), (1.0, 60), (1.0, 45), (0.8, 45), (0.65, 40))
"""Scale and quality of a JPEG, tried in turn until it is small enough."""


def picture(versions: Sequence[Gray], boxes: Sequence[Box]) -> Image.Image:
    """Three versions of a card side by side.

    Args:
        versions: clean, noisy and restored, (H, W) uint8 of one shape.
        boxes: of the fields that are marked on the card; the place of the first is enlarged.
    """
    height, width = versions[0].shape
    scale = CELL_PX / width
    card_px, detail_px = round(height * scale), CELL_PX // DETAIL_ASPECT
    sheet = Image.new("RGB", (3 * CELL_PX + 4 * GAP_PX, HEAD_PX + card_px + detail_px + 2 * GAP_PX), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.truetype("DejaVuSans.ttf", TEXT_PX)
    rows, columns = detail_of(boxes[0], (height, width))
    for place, (head, gray) in enumerate(zip(HEADS, versions, strict=True)):
        left = GAP_PX + place * (CELL_PX + GAP_PX)
        draw.text((left, 3), head, fill=INK, font=font)
        sheet.paste(_resized(gray, (CELL_PX, card_px)), (left, HEAD_PX))
        for box in boxes:
            x0, y0, x1, y1 = (round(side * scale) for side in box)
            draw.rectangle((left + x0 - 2, HEAD_PX + y0 - 2, left + x1 + 2, HEAD_PX + y1 + 2), outline=MARK)
        sheet.paste(_resized(gray[rows, columns], (CELL_PX, detail_px)), (left, HEAD_PX + card_px + GAP_PX))
    return sheet


def detail_of(box: Box, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the place around a field, at `DETAIL_ASPECT` as much of it as the page holds."""
    left, top, right, bottom = box
    around = 2 * AROUND_HEIGHTS * (bottom - top)
    wanted = max(bottom - top + around, (right - left + around) / DETAIL_ASPECT)
    height = min(wanted, shape[0], shape[1] / DETAIL_ASPECT)
    rows = _centred((top + bottom) / 2, height, shape[0])
    return rows, _centred((left + right) / 2, DETAIL_ASPECT * height, shape[1])


def _centred(middle: float, length: float, limit: int) -> slice:
    """A stretch around a place, moved to lie within the page."""
    whole = min(round(length), limit)
    start = min(max(0, round(middle - length / 2)), limit - whole)
    return slice(start, start + whole)


def _resized(gray: Gray, size: tuple[int, int]) -> Image.Image:
    by = cv2.INTER_AREA if size[0] < gray.shape[1] else cv2.INTER_CUBIC
    return Image.fromarray(cv2.resize(gray, size, interpolation=by).astype(np.uint8, copy=False))


def as_jpeg(sheet: Image.Image, largest_bytes: int) -> bytes:
    """The picture as a JPEG of the best of `SIZES` that is not larger, or of the last of them."""
    for scale, quality in SIZES:
        small = sheet.resize((round(sheet.width * scale), round(sheet.height * scale)), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        small.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= largest_bytes:
            break
    return file.getvalue()
