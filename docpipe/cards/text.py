"""Lines of text set into boxes, and where their ink ended up."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from PIL import ImageDraw, ImageFont

from docpipe.cards.style import Rgb

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

SIZE_STEP_PX = 0.25      # sizes are rounded down to this, so that the cache of fonts is hit


def put_line(
    draw: ImageDraw.ImageDraw,
    text: str,
    box: Rect,
    font_file: Path,
    cap_px: float,
    ink: Rgb,
    *,
    to_right: bool = False,
) -> Rect:
    """Print one line in the middle of the height of `box`, from its left edge or up to its right one.

    Args:
        draw: of an RGB picture.
        text: one line; it is set smaller where it is wider than the box.
        box: left, top, right, bottom in pixels.
        font_file: the face.
        cap_px: height of its capitals in pixels.
        ink: colour of the text.
        to_right: end at the right edge of the box.

    Returns:
        The rectangle around the ink.
    """
    left, top, right, bottom = box
    font = _font_of_cap(font_file, cap_px)
    while font.getlength(text) > right - left:        # hinted widths do not shrink in proportion
        cap_px *= (right - left) / font.getlength(text) * 0.99
        font = _font_of_cap(font_file, cap_px)
    start = right - font.getlength(text) if to_right else left
    return _put(draw, text, (start, (top + bottom + cap_px) / 2), font, ink)


def fitting_cap(texts_and_widths: Iterable[tuple[str, float]], font_file: Path, cap_px: float) -> float:
    """The height of capitals, `cap_px` or less, at which every text fits the width in pixels beside it."""
    font = _font_of_cap(font_file, cap_px)
    return cap_px * min(1.0, *(0.99 * width / font.getlength(text) for text, width in texts_and_widths))


def put_grid_line(
    draw: ImageDraw.ImageDraw, text: str, box: Rect, font_file: Path, pitch_px: float, ink: Rgb
) -> Rect:
    """Print one line of a fixed-pitch face, its characters exactly `pitch_px` apart, whatever the hinting."""
    left, top, _, bottom = box
    font = font_at(font_file, pitch_px / _advance_share(font_file))
    baseline = (top + bottom + _cap_share(font_file) * font.size) / 2
    return around(
        _put(draw, character, (left + place * pitch_px, baseline), font, ink)
        for place, character in enumerate(text)
    )


def around(rects: Iterable[Rect]) -> Rect:
    """The rectangle around all of `rects`."""
    lefts, tops, rights, bottoms = zip(*rects, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


@lru_cache(maxsize=1024)
def font_at(font_file: Path, size_px: float) -> ImageFont.FreeTypeFont:
    """The face at a size, laid out by FreeType alone: the result must not depend on Raqm being there."""
    return ImageFont.truetype(font_file, size_px, layout_engine=ImageFont.Layout.BASIC)


def _put(
    draw: ImageDraw.ImageDraw, text: str, at: tuple[float, float], font: ImageFont.FreeTypeFont, ink: Rgb
) -> Rect:
    draw.text(at, text, fill=ink, font=font, anchor="ls")
    x, y = at
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    return x + left, y + top, x + right, y + bottom


def _font_of_cap(font_file: Path, cap_px: float) -> ImageFont.FreeTypeFont:
    size_px = cap_px / _cap_share(font_file)
    return font_at(font_file, max(SIZE_STEP_PX, size_px // SIZE_STEP_PX * SIZE_STEP_PX))


@lru_cache(maxsize=256)
def _cap_share(font_file: Path) -> float:
    """Height of a capital H as a share of the size."""
    return -font_at(font_file, 500).getbbox("H", anchor="ls")[1] / 500


@lru_cache(maxsize=256)
def _advance_share(font_file: Path) -> float:
    return font_at(font_file, 500).getlength("0") / 500
