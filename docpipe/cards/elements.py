"""What stands on a card beside its text: chip, barcodes, ghost portrait, rosette, and the hologram over the print."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from docpipe.cards.background import LINE_MM, Rgb8, draw_curves, rosette
from docpipe.cards.barcodes import QUIET_MODULES, barcode, draw_barcode
from docpipe.cards.identity import mrz_lines
from docpipe.cards.job import Job
from docpipe.cards.layout import WHOLE_ZONE, ElementBox
from docpipe.cards.portrait import draw_portrait
from docpipe.cards.style import Rgb, rgb

CHIP_METALS: tuple[Rgb, ...] = ((214, 184, 112), (226, 200, 138), (198, 200, 204))
CHIP_GAP_MM, CHIP_CORNER_MM = 0.22, 1.6
CHIP_INNER = (0.34, 0.66)                # of its width: where the contacts on both sides end
LABEL_PAPER = 246                        # gray level of the white that a barcode is printed on
GHOST_DEPTH = 0.55                       # share of the light that the darkest of a ghost takes
HOLOGRAM_DEPTH = 0.2                     # of a hologram's colour in what lies under it: print must stay readable
GRATING_MM = 0.9

Draw = Callable[[Rgb8, Job, ElementBox, np.random.Generator], None]


def draw_beneath(card: Rgb8, job: Job) -> None:
    """Draw into `card`, (H, W, 3) uint8 RGB, the elements that the text is printed on."""
    _draw_all(card, job, BENEATH)


def draw_above(card: Rgb8, job: Job) -> None:
    """Draw into `card`, (H, W, 3) uint8 RGB, the elements that lie over the text."""
    _draw_all(card, job, ABOVE)


def _draw_all(card: Rgb8, job: Job, drawn: dict[str, Draw]) -> None:
    for number, element in enumerate(job.layout.elements):
        rng = job.stream("elements", number)
        if rng.random() < element.chance and element.kind in drawn:
            drawn[element.kind](card, job, element, rng)


def _chip(card: Rgb8, job: Job, element: ElementBox, rng: np.random.Generator) -> None:
    """A contact plate: eight contacts around a field (ISO/IEC 7816-2), parted by grooves."""
    left, top, right, bottom = job.whole_rect(element.box_mm)
    metal = CHIP_METALS[rng.integers(len(CHIP_METALS))]
    groove = tuple(round(level * 0.55) for level in metal)
    plate = Image.fromarray(card[top:bottom, left:right])
    width, height = plate.width - 1, plate.height - 1
    pen, thick = ImageDraw.Draw(plate), job.line_px(CHIP_GAP_MM)
    corner = CHIP_CORNER_MM * job.px_per_mm
    pen.rounded_rectangle((0, 0, width, height), corner, fill=metal, outline=groove, width=thick)
    first, second = (share * width for share in CHIP_INNER)
    for quarter in (0.25, 0.5, 0.75):
        pen.line([(0, quarter * height), (first, quarter * height)], fill=groove, width=thick)
        pen.line([(second, quarter * height), (width, quarter * height)], fill=groove, width=thick)
    pen.line([(first, 0), (first, height)], fill=groove, width=thick)
    pen.line([(second, 0), (second, height)], fill=groove, width=thick)
    pen.line([(first, 0.25 * height), (second, 0.25 * height)], fill=groove, width=thick)
    card[top:bottom, left:right] = np.asarray(plate)


def _barcode(card: Rgb8, job: Job, element: ElementBox, rng: np.random.Generator) -> None:
    """Black on a white label; a QR code as large as its box lets it be square."""
    left, top, right, bottom = job.whole_rect(element.box_mm)
    width, height = right - left, bottom - top
    if element.kind == "qr":
        width = height = min(width, height)
    modules = barcode(element.kind, _payload(job, element), height / width)
    ink = draw_barcode(height, width, modules, QUIET_MODULES[element.kind])[:, :, None]
    black = int(rng.integers(10, 50))
    card[top : top + height, left : left + width] = np.round(LABEL_PAPER - (LABEL_PAPER - black) * ink)


def _payload(job: Job, element: ElementBox) -> str:
    zone = job.layout.mrz
    said = [
        "\n".join(mrz_lines(job.identity, zone.kind, zone.document_code)) if zone and name == WHOLE_ZONE
        else str(getattr(job.identity, name))
        for name in element.says
    ]  # fmt: skip
    return "\n".join(said)


def _ghost(card: Rgb8, job: Job, element: ElementBox, rng: np.random.Generator) -> None:
    """The portrait once more, small, pale and in one colour, as if engraved into the background."""
    left, top, right, bottom = job.whole_rect(element.box_mm)
    face = draw_portrait(bottom - top, right - left, True, job.stream("portrait"))[:, :, 0].astype(np.float32)
    dark = np.clip(1 - face / np.median(face[: len(face) // 8]), 0, 1)[:, :, None]      # the wall behind it vanishes
    tint = np.array(rgb(job.style.hues[0], saturation=0.4, value=0.6), np.float32) / 255
    light = 1 - GHOST_DEPTH * dark * (1 - tint * float(rng.uniform(0.3, 0.9)))
    card[top:bottom, left:right] = np.round(card[top:bottom, left:right] * light)


def _rosette(card: Rgb8, job: Job, element: ElementBox, rng: np.random.Generator) -> None:
    left, top, width, height = element.box_mm
    centre = np.array([left + width / 2, top + height / 2])
    line = rgb(float(rng.choice(job.style.hues)), saturation=float(rng.uniform(0.15, 0.3)), value=0.88)
    curves = (centre + rosette(min(width, height) / 2, rng)) * job.px_per_mm
    draw_curves(card, curves, line, closed=True, thickness_px=job.line_px(LINE_MM))


def _hologram(card: Rgb8, job: Job, element: ElementBox, rng: np.random.Generator) -> None:
    """A round patch of foil that lets the print through: colours of a grating, faint enough to read through."""
    left, top, right, bottom = job.whole_rect(element.box_mm)
    down, across = np.mgrid[-1 : 1 : (bottom - top) * 1j, -1 : 1 : (right - left) * 1j]
    distance, angle = np.hypot(down, across), np.arctan2(down, across)
    hue = (distance * rng.uniform(0.5, 1.5) + angle / np.pi * rng.integers(1, 3) + rng.random()) % 1
    shine = _colours(hue)
    rings = element.box_mm[3] / 2 / GRATING_MM
    grating = 0.5 + 0.5 * np.sin(2 * np.pi * rings * distance + rng.integers(5, 13) * angle)
    edge = np.clip((1 - distance) * rings * 2, 0, 1)
    share = (HOLOGRAM_DEPTH * edge * (0.35 + 0.65 * grating))[:, :, None]
    beneath = card[top:bottom, left:right]
    card[top:bottom, left:right] = np.round(beneath + share * (shine - beneath))


def _colours(hue: NDArray[np.float64]) -> NDArray[np.float32]:
    """(H, W, 3) RGB of the light colours of a hue from 0 to 1."""
    hsv = np.stack([360 * hue, np.full_like(hue, 0.45), np.full_like(hue, 0.95)], axis=-1).astype(np.float32)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32) * 255


BENEATH: dict[str, Draw] = {
    "chip": _chip, "ghost": _ghost, "pdf417": _barcode, "qr": _barcode, "rosette": _rosette,
}  # fmt: skip
ABOVE: dict[str, Draw] = {"hologram": _hologram}
