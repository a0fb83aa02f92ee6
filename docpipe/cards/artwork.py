"""The card before its text is printed: background, header, portrait, signature, and what lies beneath the text."""

import numpy as np

from docpipe.cards.background import Rgb8, braid, draw_curves, paint_background
from docpipe.cards.elements import draw_beneath
from docpipe.cards.job import Job
from docpipe.cards.layout import Box
from docpipe.cards.portrait import draw_emblem, draw_portrait, draw_signature
from docpipe.cards.style import Rgb, Style, rgb

HEADER_BRAID_MM = 1.1
PEN_MM = 0.25


def preprinted(job: Job) -> Rgb8:
    """The card with all that is not text, but for what lies over the text: (H, W, 3) uint8 RGB."""
    layout = job.layout
    width, height = (round(side * job.px_per_mm) for side in layout.size_mm)
    card = paint_background(height, width, job.px_per_mm, job.style.hues, job.stream("paper"))
    draw_beneath(card, job)
    if layout.header_mm:
        _draw_header(card, job, layout.header_mm)
    if layout.emblem_mm:
        _draw_arms(card, job, layout.emblem_mm)
    if layout.portrait_mm:
        left, top, right, bottom = job.whole_rect(layout.portrait_mm)
        photo = draw_portrait(bottom - top, right - left, job.style.gray_portrait, job.stream("portrait"))
        card[top:bottom, left:right] = photo
    if layout.signature_mm:
        _sign(card, job, layout.signature_mm)
    return card


def header_colours(style: Style) -> tuple[Rgb, Rgb]:
    """A dark and a pale colour: on a band the text of the header is pale, else dark."""
    return rgb(style.hues[0], saturation=0.55, value=0.36), rgb(style.hues[0], saturation=0.06, value=0.98)


def _draw_header(card: Rgb8, job: Job, header_mm: Box) -> None:
    left, top, right, bottom = job.whole_rect(header_mm)
    if job.style.header_band:
        card[top:bottom, left:right] = header_colours(job.style)[0]
    lace = braid(header_mm[2], HEADER_BRAID_MM, job.stream("header")) * job.px_per_mm + [left, bottom]
    draw_curves(card, lace, rgb(job.style.hues[1], saturation=0.4, value=0.7))


def _draw_arms(card: Rgb8, job: Job, emblem_mm: Box) -> None:
    left, top, right, bottom = job.rect(emblem_mm)
    dark, pale = header_colours(job.style)
    on_band = job.layout.header_mm is not None and job.style.header_band
    centre, radius = ((left + right) / 2, (top + bottom) / 2), (right - left) / 2
    draw_emblem(card, centre, radius, pale if on_band else dark, job.stream("header", 1))


def _sign(card: Rgb8, job: Job, signature_mm: Box) -> None:
    left_mm, top_mm, width_mm, height_mm = signature_mm
    stroke = draw_signature(width_mm * job.px_per_mm, height_mm * job.px_per_mm, job.stream("signature"))
    start = np.array([left_mm, top_mm + height_mm / 2]) * job.px_per_mm
    draw_curves(card, [start + stroke], job.style.ink, thickness_px=job.line_px(PEN_MM))
