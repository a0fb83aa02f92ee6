"""A card printed from an identity, a layout and a style, and laid on the scanner."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from docpipe.cards.artwork import preprinted
from docpipe.cards.background import Rgb8
from docpipe.cards.card import Affine, Card, FieldTruth, moved
from docpipe.cards.elements import draw_above
from docpipe.cards.fonts import MRZ_FAMILY, FontFiles, find_fonts, font_sha256
from docpipe.cards.identity import Identity, draw_identity
from docpipe.cards.job import Job
from docpipe.cards.layout import Layout
from docpipe.cards.press import print_text
from docpipe.cards.style import Rgb, Style, draw_style

MM_PER_INCH = 25.4
LID: Rgb = (250, 250, 249)
EDGE: Rgb = (206, 206, 208)
EDGE_MM = 0.12
SUPPORTED_DPI = (100, 1200)


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
        dpi: resolution of the scan; 150 to 600 is what scanners are set to.

    Raises:
        ValueError: `dpi` is outside 100 to 1200.
        MissingToolError: a font family, or the library that draws a barcode of the layout, is not installed.
    """
    if not SUPPORTED_DPI[0] <= dpi <= SUPPORTED_DPI[1]:
        raise ValueError(f"dpi is {dpi}; it must be from {SUPPORTED_DPI[0]} to {SUPPORTED_DPI[1]}")
    job = Job(identity, layout, style, dpi / MM_PER_INCH)
    families = [style.value_family, style.label_family, *([MRZ_FAMILY] if layout.mrz else [])]
    fonts = find_fonts(dict.fromkeys(families))
    paper = Image.fromarray(preprinted(job))
    printed = print_text(paper, job, fonts)
    finished = np.array(paper)
    draw_above(finished, job)
    pixels, to_scan = _lay_on_glass(Image.fromarray(finished), job)
    truth = []
    for one in printed:
        left, top, right, bottom = one.ink
        quad = moved(((left, top), (right, top), (right, bottom), (left, bottom)), to_scan)
        truth.append(FieldTruth(one.name, one.value, one.text, quad))
    return Card(pixels, dpi, tuple(truth), identity, layout.name, style, _hashes(fonts))


def _lay_on_glass(paper: Image.Image, job: Job) -> tuple[Rgb8, Affine]:
    """The scan: the card with its round corners on the lid, a little askew; and the map from card to scan."""
    margin = round(job.style.margin_mm * job.px_per_mm)
    scan = Image.new("RGB", (paper.width + 2 * margin, paper.height + 2 * margin), LID)
    corner, edge = job.layout.corner_mm * job.px_per_mm, (0, 0, paper.width - 1, paper.height - 1)
    outline = Image.new("L", paper.size, 0)
    ImageDraw.Draw(outline).rounded_rectangle(edge, corner, fill=255)
    ImageDraw.Draw(paper).rounded_rectangle(edge, corner, outline=EDGE, width=job.line_px(EDGE_MM))
    scan.paste(paper, (margin, margin), outline)
    middle = scan.width / 2, scan.height / 2
    turn = np.asarray(cv2.getRotationMatrix2D(middle, job.style.skew_deg, 1.0), np.float64)
    pixels = cv2.warpAffine(np.asarray(scan), turn, scan.size, flags=cv2.INTER_CUBIC, borderValue=LID)
    to_scan = turn.copy()
    to_scan[:, 2] += turn[:, :2] @ [margin, margin]
    return pixels.astype(np.uint8), to_scan


def _hashes(fonts: dict[str, FontFiles]) -> dict[str, tuple[str, ...]]:
    return {
        family: tuple(font_sha256(path) for path in sorted({pair.regular, pair.bold}))
        for family, pair in fonts.items()
    }
