"""A card printed from an identity, a layout and a style: its pixels, and the truth of every field on it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from docpipe.cards.background import Rgb8, braid, draw_curves, paint_background
from docpipe.cards.fonts import MRZ_FAMILY, FontFiles, find_fonts, font_sha256
from docpipe.cards.identity import STATES, Identity, draw_identity, mrz_lines
from docpipe.cards.layout import Box, FieldBox, Layout, MrzBox
from docpipe.cards.portrait import draw_emblem, draw_portrait, draw_signature
from docpipe.cards.style import Rgb, Style, draw_style, rgb
from docpipe.cards.text import Rect, around, fitting_cap, put_grid_line, put_line
from docpipe.page import Page

MM_PER_INCH = 25.4
CAP_SHARE = 0.6                  # height of capitals as a share of their box
LABEL_CAP_SHARE = 0.62
SIDE_LABEL_CAP_SHARE = 0.42      # labels beside their value have a box as high as its
LEAST_LABEL_SHARE = 0.85         # of the size that labels would like to have
MRZ_PITCH_MM = 2.54              # ten characters an inch (ISO 1073-2, size I; ICAO Doc 9303 part 3, 4.4)
HEADER_BRAID_MM = 1.1
MICROTEXT_CAP_MM, MICROTEXT_FROM_EDGE_MM = 0.35, 1.4
LID: Rgb = (250, 250, 249)
EDGE: Rgb = (206, 206, 208)
SUPPORTED_DPI = (100, 1200)

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Printed = tuple[str, str, str, Rect]     # name, value, characters on the card, where their ink is on the card
Affine = NDArray[np.float64]             # (2, 3), pixels to pixels


@dataclass(frozen=True, slots=True)
class FieldTruth:
    """What one field says.

    Args:
        name: a field of `Identity`, "document_code", or "mrz_1" to "mrz_3", from the top.
        value: the value itself: dates as ISO 8601, names in their own case.
        printed: the characters on the card; lines are parted by a line feed.
        quad: corners of the ink in pixels (x, y), clockwise from the upper left one of the upright card.
    """

    name: str
    value: str
    printed: str
    quad: Quad

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The upright box around the ink: left, top, right, bottom in pixels, the last two not included."""
        corners = np.array(self.quad)
        left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
        right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Card:
    """A clean scan of one synthetic card.

    Args:
        pixels: (H, W, 3) uint8 RGB, the scanner's lid around the card included.
        dpi: pixels per inch.
        truth: every printed field, in reading order, MRZ last.
        identity: who is on it.
        layout: the layout's name.
        style: how it is printed.
        fonts: family -> SHA-256 of the font files that were used.
    """

    pixels: Rgb8
    dpi: int
    truth: tuple[FieldTruth, ...]
    identity: Identity
    layout: str
    style: Style
    fonts: dict[str, tuple[str, ...]]

    def page(self, source: str = "") -> Page:
        """The card as a page: gray (ITU-R BT.601) to read and restore, with the colours beside it."""
        gray = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        return Page(gray, dpi=(self.dpi, self.dpi), source=source, samples=self.pixels)

    def truth_record(self) -> dict[str, dict[str, Any]]:
        """The truth as one JSON object: field -> value, printed, box, quad."""
        return {
            field.name: {"value": field.value, "printed": field.printed, "box": field.box, "quad": field.quad}
            for field in self.truth
        }

    def provenance(self) -> dict[str, Any]:
        """What must be known to draw the same card again, as one JSON object."""
        return {
            "layout": self.layout,
            "dpi": self.dpi,
            "style": asdict(self.style),
            "locale": self.identity.locale,
            "fonts": self.fonts,
            "faker": version("Faker"),
            "pillow": version("Pillow"),
        }


def draw_card(seed: int, layout: Layout, families: Sequence[str], dpi: int) -> Card:
    """Draw identity and style from one seed, and print the card.

    Args:
        seed: the split it belongs to is `identity.split_of_seed(seed)`.
        layout: which card.
        families: value fonts to choose from, such as `fonts.families_of("train")`.
        dpi: resolution of the scan.
    """
    of_identity, of_style = np.random.default_rng(seed).spawn(2)
    return render_card(draw_identity(of_identity), layout, draw_style(of_style, layout, families), dpi)


def render_card(identity: Identity, layout: Layout, style: Style, dpi: int) -> Card:
    """Print one card and lay it on the scanner.

    Args:
        identity: whose card it is.
        layout: which fields stand where.
        style: everything else that varies; the same arguments give the same pixels.
        dpi: resolution of the scan; 200 to 400 is what scanners are set to.

    Raises:
        ValueError: `dpi` is outside 100 to 1200.
        MissingToolError: a font family is not installed.
    """
    if not SUPPORTED_DPI[0] <= dpi <= SUPPORTED_DPI[1]:
        raise ValueError(f"dpi is {dpi}; it must be from {SUPPORTED_DPI[0]} to {SUPPORTED_DPI[1]}")
    px_per_mm = dpi / MM_PER_INCH
    families = [style.value_family, style.label_family, *([MRZ_FAMILY] if layout.mrz else [])]
    fonts = find_fonts(dict.fromkeys(families))
    paper = Image.fromarray(_preprinted(layout, style, px_per_mm))
    press = _Press(ImageDraw.Draw(paper), identity, layout, style, fonts, px_per_mm)
    _print_header(press)
    _print_microtext(press)
    _print_labels(press)
    printed = [_print_value(press, field) for field in layout.fields]
    if layout.mrz:
        printed += _print_mrz(press, layout.mrz)
    pixels, to_scan = _lay_on_glass(paper, layout, style, px_per_mm)
    truth = tuple(FieldTruth(name, value, text, _moved(ink, to_scan)) for name, value, text, ink in printed)
    return Card(pixels, dpi, truth, identity, layout.name, style, _hashes(fonts))


@dataclass(frozen=True, slots=True)
class _Press:
    """What every printing step needs: the sheet to draw on, what is printed, and how."""

    draw: ImageDraw.ImageDraw
    identity: Identity
    layout: Layout
    style: Style
    fonts: dict[str, FontFiles]
    px_per_mm: float

    def rect(self, box_mm: Box) -> Rect:
        return _rect(box_mm, self.px_per_mm)

    @property
    def value_fonts(self) -> FontFiles:
        return self.fonts[self.style.value_family]

    @property
    def label_fonts(self) -> FontFiles:
        return self.fonts[self.style.label_family]

    def label(self, key: str) -> str:
        """A label in the languages of the style."""
        texts, style = self.layout.labels[key], self.style
        if style.second_language and texts[style.second_language] != texts[style.language]:
            return f"{texts[style.language]} / {texts[style.second_language]}"
        return texts[style.language]


def _preprinted(layout: Layout, style: Style, px_per_mm: float) -> Rgb8:
    """The card with all that is not text."""
    of_paper, of_header, of_portrait, of_signature = np.random.default_rng(style.seed).spawn(4)
    width, height = (round(side * px_per_mm) for side in layout.size_mm)
    card = paint_background(height, width, px_per_mm, style.hues, of_paper)
    _draw_header(card, layout, style, px_per_mm, of_header)
    left, top, right, bottom = (round(side) for side in _rect(layout.portrait_mm, px_per_mm))
    card[top:bottom, left:right] = draw_portrait(bottom - top, right - left, style.gray_portrait, of_portrait)
    left_mm, top_mm, width_mm, height_mm = layout.signature_mm
    stroke = draw_signature(width_mm * px_per_mm, height_mm * px_per_mm, of_signature)
    start = np.array([left_mm, top_mm + height_mm / 2]) * px_per_mm
    draw_curves(card, [start + stroke], style.ink, thickness_px=max(1, round(0.25 * px_per_mm)))
    return card


def _draw_header(
    card: Rgb8, layout: Layout, style: Style, px_per_mm: float, rng: np.random.Generator
) -> None:
    left, top, right, bottom = _rect(layout.header_mm, px_per_mm)
    dark, pale = _header_colours(style)
    if style.header_band:
        card[round(top) : round(bottom), round(left) : round(right)] = dark
    lace = braid(layout.header_mm[2], HEADER_BRAID_MM, rng) * px_per_mm + [left, bottom]
    draw_curves(card, lace, rgb(style.hues[1], saturation=0.4, value=0.7))
    left, top, right, bottom = _rect(layout.emblem_mm, px_per_mm)
    centre, radius = ((left + right) / 2, (top + bottom) / 2), (right - left) / 2
    draw_emblem(card, centre, radius, pale if style.header_band else dark, rng)


def _header_colours(style: Style) -> tuple[Rgb, Rgb]:
    return rgb(style.hues[0], saturation=0.55, value=0.36), rgb(style.hues[0], saturation=0.06, value=0.98)


def _print_header(press: _Press) -> None:
    """Name of the state beside the arms, name of the document at the right edge."""
    layout, style = press.layout, press.style
    ink = _header_colours(style)[style.header_band]
    left, top, width, height = layout.header_mm
    after_arms = layout.emblem_mm[0] + layout.emblem_mm[2] + 1.8
    half = (left + width - after_arms) / 2 - 3
    cap_px = 0.34 * height * press.px_per_mm
    state = layout.labels["state"][style.language].format(state=STATES[press.identity.issuing_state])
    box = press.rect((after_arms, top, half, height))
    put_line(press.draw, state.upper(), box, press.label_fonts.bold, cap_px, ink)
    box = press.rect((left + width - 3 - half, top, half, height))
    title = press.label(layout.document).upper()
    put_line(press.draw, title, box, press.label_fonts.regular, cap_px, ink, to_right=True)


def _print_microtext(press: _Press) -> None:
    """Print that looks like a line at the foot of the card: the state's name, over and over."""
    width_mm, height_mm = press.layout.size_mm
    left_mm = press.layout.corner_mm
    length_mm = width_mm - 2 * left_mm
    box = press.rect((left_mm, height_mm - MICROTEXT_FROM_EDGE_MM, length_mm, 2 * MICROTEXT_CAP_MM))
    characters = int(length_mm / MICROTEXT_CAP_MM)       # a capital is about as wide as high
    text = (f"{STATES[press.identity.issuing_state].upper()} " * characters)[:characters]
    cap_px = MICROTEXT_CAP_MM * press.px_per_mm
    pale = rgb(press.style.hues[0], saturation=0.4, value=0.66)
    put_line(press.draw, text, box, press.label_fonts.regular, cap_px, pale)


def _print_labels(press: _Press) -> None:
    """All labels in one size: the longest decides, down to a limit from which it shrinks alone."""
    colon = ":" if press.layout.label_colon else ""
    labelled = [(field, field.label_mm) for field in press.layout.fields if field.label_mm]
    texts = [press.label(field.name) + colon for field, _ in labelled]
    boxes = [press.rect(label_mm) for _, label_mm in labelled]
    font_file = press.label_fonts.regular
    first, (_, top_mm, _, height_mm) = labelled[0]
    beside = top_mm + height_mm > first.value_mm[1]
    cap_share = SIDE_LABEL_CAP_SHARE if beside else LABEL_CAP_SHARE
    largest_px = cap_share * height_mm * press.px_per_mm
    widths_px = [right - left for left, _, right, _ in boxes]
    fitting_px = fitting_cap(zip(texts, widths_px, strict=True), font_file, largest_px)
    cap_px = max(LEAST_LABEL_SHARE * largest_px, fitting_px)
    for text, box in zip(texts, boxes, strict=True):
        put_line(press.draw, text, box, font_file, cap_px, press.style.label_ink)


def _print_value(press: _Press, field: FieldBox) -> Printed:
    value, printed = _texts(field.name, press.identity, press.style)
    lines = printed.split("\n") if field.lines > 1 else [printed.replace("\n", ", ")]
    bold = field.bold or press.style.value_bold
    font_file = press.value_fonts.bold if bold else press.value_fonts.regular
    cap_px = CAP_SHARE * field.value_mm[3] / field.lines * press.style.value_scale * press.px_per_mm
    boxes = [press.rect(box) for box in _rows(field.value_mm, field.lines)]
    inked = around(
        put_line(press.draw, line, box, font_file, cap_px, press.style.ink)
        for line, box in zip(lines, boxes, strict=False)       # an address may have fewer lines than its box
    )
    return field.name, value, "\n".join(lines), inked


def _texts(name: str, identity: Identity, style: Style) -> tuple[str, str]:
    """The value of a field, and what is printed for it."""
    if name == "document_code":
        return "P", "P"
    value = getattr(identity, name)
    if isinstance(value, date):
        return value.isoformat(), style.print_date(value)
    if name == "height_cm":
        return str(value), f"{value} cm"
    return value, value.upper() if style.upper else value


def _print_mrz(press: _Press, mrz: MrzBox) -> list[Printed]:
    lines = mrz_lines(press.identity, mrz.kind)
    font_file, pitch_px = press.fonts[MRZ_FAMILY].regular, MRZ_PITCH_MM * press.px_per_mm
    printed = []
    for number, (line, box) in enumerate(zip(lines, _rows(mrz.box_mm, len(lines)), strict=True), start=1):
        inked = put_grid_line(press.draw, line, press.rect(box), font_file, pitch_px, press.style.ink)
        printed.append((f"mrz_{number}", line, line, inked))
    return printed


def _rows(box_mm: Box, count: int) -> list[Box]:
    """A box cut into rows of equal height, from the top."""
    left, top, width, height = box_mm
    return [(left, top + row * height / count, width, height / count) for row in range(count)]


def _lay_on_glass(paper: Image.Image, layout: Layout, style: Style, px_per_mm: float) -> tuple[Rgb8, Affine]:
    """The scan: the card with its round corners on the lid, a little askew; and the map from card to scan."""
    margin = round(style.margin_mm * px_per_mm)
    scan = Image.new("RGB", (paper.width + 2 * margin, paper.height + 2 * margin), LID)
    corner, edge = layout.corner_mm * px_per_mm, (0, 0, paper.width - 1, paper.height - 1)
    outline = Image.new("L", paper.size, 0)
    ImageDraw.Draw(outline).rounded_rectangle(edge, corner, fill=255)
    ImageDraw.Draw(paper).rounded_rectangle(edge, corner, outline=EDGE, width=max(1, round(0.12 * px_per_mm)))
    scan.paste(paper, (margin, margin), outline)
    middle = scan.width / 2, scan.height / 2
    turn = np.asarray(cv2.getRotationMatrix2D(middle, style.skew_deg, 1.0), np.float64)
    pixels = cv2.warpAffine(np.asarray(scan), turn, scan.size, flags=cv2.INTER_CUBIC, borderValue=LID)
    to_scan = turn.copy()
    to_scan[:, 2] += turn[:, :2] @ [margin, margin]
    return pixels.astype(np.uint8), to_scan


def _moved(ink: Rect, to_scan: Affine) -> Quad:
    left, top, right, bottom = ink
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    moved = corners @ to_scan[:, :2].T + to_scan[:, 2]
    first, second, third, fourth = ((float(x), float(y)) for x, y in moved)
    return first, second, third, fourth


def _rect(box_mm: Box, px_per_mm: float) -> Rect:
    left, top, width, height = (side * px_per_mm for side in box_mm)
    return left, top, left + width, top + height


def _hashes(fonts: dict[str, FontFiles]) -> dict[str, tuple[str, ...]]:
    return {
        family: tuple(font_sha256(path) for path in sorted({pair.regular, pair.bold}))
        for family, pair in fonts.items()
    }
