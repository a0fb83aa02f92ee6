"""The text of a card: header, microprint, labels, values and machine readable zone, and where their ink is."""

from dataclasses import dataclass
from datetime import date

from PIL import Image, ImageDraw

from docpipe.cards.artwork import header_colours
from docpipe.cards.fonts import MRZ_FAMILY, FontFiles
from docpipe.cards.identity import STATES, mrz_lines
from docpipe.cards.job import Job
from docpipe.cards.layout import Box, FieldBox, MrzBox
from docpipe.cards.style import rgb
from docpipe.cards.text import Rect, around, fitting_cap, put_grid_line, put_line

CAP_SHARE = 0.6                  # height of capitals as a share of their box
LABEL_CAP_SHARE = 0.62
SIDE_LABEL_CAP_SHARE = 0.42      # labels beside their value have a box as high as its
LEAST_LABEL_SHARE = 0.85         # of the size that labels would like to have
HEADER_CAP_SHARE = 0.34
HEADER_EDGE_MM, ARMS_GAP_MM = 3.0, 1.8
MRZ_PITCH_MM = 2.54              # ten characters an inch (ISO 1073-2, size I; ICAO Doc 9303 part 3, 4.4)
MICROTEXT_CAP_MM, MICROTEXT_FROM_EDGE_MM = 0.35, 1.4


@dataclass(frozen=True, slots=True)
class Printed:
    """One line of the truth: field, its value, its characters on the card, and where their ink is on the card."""

    name: str
    value: str
    text: str
    ink: Rect


def print_text(paper: Image.Image, job: Job, fonts: dict[str, FontFiles]) -> list[Printed]:
    """Print all text into `paper`.

    Args:
        paper: RGB, the card without its text.
        job: what is printed.
        fonts: files by family, of all families that the style names, and of the zone's where there is one.

    Returns:
        Every field in the order of the layout, then the lines of the zone.
    """
    press = _Press(ImageDraw.Draw(paper), job, fonts)
    if job.layout.header_mm:
        _print_header(press, job.layout.header_mm)
    _print_microtext(press)
    _print_labels(press)
    printed = [_print_value(press, field) for field in job.layout.fields]
    return printed + (_print_mrz(press, job.layout.mrz) if job.layout.mrz else [])


@dataclass(frozen=True, slots=True)
class _Press:
    """Where the text of one job is drawn, and with which fonts."""

    draw: ImageDraw.ImageDraw
    job: Job
    fonts: dict[str, FontFiles]

    @property
    def value_fonts(self) -> FontFiles:
        return self.fonts[self.job.style.value_family]

    @property
    def label_fonts(self) -> FontFiles:
        return self.fonts[self.job.style.label_family]

    def label(self, key: str) -> str:
        """A label in the languages of the style."""
        texts, style = self.job.layout.labels[key], self.job.style
        if style.second_language and texts[style.second_language] != texts[style.language]:
            return f"{texts[style.language]} / {texts[style.second_language]}"
        return texts[style.language]


def _print_header(press: _Press, header_mm: Box) -> None:
    """Name of the state on the left, name of the document on the right, both beside the arms."""
    job, layout, style = press.job, press.job.layout, press.job.style
    ink = header_colours(style)[style.header_band]
    _, top, _, height = header_mm
    start, stop = _room_beside_arms(header_mm, layout.emblem_mm)
    half = (stop - start - HEADER_EDGE_MM) / 2
    cap_px = HEADER_CAP_SHARE * height * job.px_per_mm
    state = layout.labels["state"][style.language].format(state=STATES[job.identity.issuing_state])
    box = job.rect((start, top, half, height))
    put_line(press.draw, state.upper(), box, press.label_fonts.bold, cap_px, ink)
    box = job.rect((stop - half, top, half, height))
    title = press.label(layout.document).upper()
    put_line(press.draw, title, box, press.label_fonts.regular, cap_px, ink, to_right=True)


def _room_beside_arms(header_mm: Box, emblem_mm: Box | None) -> tuple[float, float]:
    """From where to where in mm a header is free, its arms being in its left or in its right half."""
    left, _, width, _ = header_mm
    start, stop = left + HEADER_EDGE_MM, left + width - HEADER_EDGE_MM
    if emblem_mm is None:
        return start, stop
    arms_left, _, arms_width, _ = emblem_mm
    if arms_left + arms_width / 2 < left + width / 2:
        return arms_left + arms_width + ARMS_GAP_MM, stop
    return start, arms_left - ARMS_GAP_MM


def _print_microtext(press: _Press) -> None:
    """Print that looks like a line at the foot of the card: the state's name, over and over."""
    job = press.job
    width_mm, height_mm = job.layout.size_mm
    left_mm = job.layout.corner_mm
    length_mm = width_mm - 2 * left_mm
    box = job.rect((left_mm, height_mm - MICROTEXT_FROM_EDGE_MM, length_mm, 2 * MICROTEXT_CAP_MM))
    characters = int(length_mm / MICROTEXT_CAP_MM)       # a capital is about as wide as high
    text = (f"{STATES[job.identity.issuing_state].upper()} " * characters)[:characters]
    cap_px = MICROTEXT_CAP_MM * job.px_per_mm
    pale = rgb(job.style.hues[0], saturation=0.4, value=0.66)
    put_line(press.draw, text, box, press.label_fonts.regular, cap_px, pale)


def _print_labels(press: _Press) -> None:
    """All labels in one size: the longest decides, down to a limit from which it shrinks alone."""
    job = press.job
    colon = ":" if job.layout.label_colon else ""
    labelled = [(field, field.label_mm) for field in job.layout.fields if field.label_mm]
    texts = [press.label(field.name) + colon for field, _ in labelled]
    boxes = [job.rect(label_mm) for _, label_mm in labelled]
    font_file = press.label_fonts.regular
    first, (_, top_mm, _, height_mm) = labelled[0]
    beside = top_mm + height_mm > first.value_mm[1]
    cap_share = SIDE_LABEL_CAP_SHARE if beside else LABEL_CAP_SHARE
    largest_px = cap_share * height_mm * job.px_per_mm
    widths_px = [right - left for left, _, right, _ in boxes]
    fitting_px = fitting_cap(zip(texts, widths_px, strict=True), font_file, largest_px)
    cap_px = max(LEAST_LABEL_SHARE * largest_px, fitting_px)
    for text, box in zip(texts, boxes, strict=True):
        put_line(press.draw, text, box, font_file, cap_px, job.style.label_ink)


def _print_value(press: _Press, field: FieldBox) -> Printed:
    job, style = press.job, press.job.style
    value, printed = _texts(field.name, job)
    lines = printed.split("\n") if field.lines > 1 else [printed.replace("\n", ", ")]
    bold = field.bold or style.value_bold
    font_file = press.value_fonts.bold if bold else press.value_fonts.regular
    cap_px = CAP_SHARE * field.value_mm[3] / field.lines * style.value_scale * job.px_per_mm
    boxes = [job.rect(box) for box in _rows(field.value_mm, field.lines)]
    inked = around(
        put_line(press.draw, line, box, font_file, cap_px, style.ink)
        for line, box in zip(lines, boxes, strict=False)       # an address may have fewer lines than its box
    )
    return Printed(field.name, value, "\n".join(lines), inked)


def _texts(name: str, job: Job) -> tuple[str, str]:
    """The value of a field, and what is printed for it."""
    if name == "document_code":
        assert job.layout.mrz, "the layout was checked"
        return job.layout.mrz.code, job.layout.mrz.code
    value = getattr(job.identity, name)
    if isinstance(value, date):
        return value.isoformat(), job.style.print_date(value)
    if name == "height_cm":
        return str(value), f"{value} cm"
    return value, value.upper() if job.style.upper else value


def _print_mrz(press: _Press, mrz: MrzBox) -> list[Printed]:
    job = press.job
    lines = mrz_lines(job.identity, mrz.kind, mrz.document_code)
    font_file, pitch_px = press.fonts[MRZ_FAMILY].regular, MRZ_PITCH_MM * job.px_per_mm
    printed = []
    for number, (line, box) in enumerate(zip(lines, _rows(mrz.box_mm, len(lines)), strict=True), start=1):
        inked = put_grid_line(press.draw, line, job.rect(box), font_file, pitch_px, job.style.ink)
        printed.append(Printed(f"mrz_{number}", line, line, inked))
    return printed


def _rows(box_mm: Box, count: int) -> list[Box]:
    """A box cut into rows of equal height, from the top."""
    left, top, width, height = box_mm
    return [(left, top + row * height / count, width, height / count) for row in range(count)]
