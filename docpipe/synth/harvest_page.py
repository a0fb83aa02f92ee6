"""What is on a page: paper, print, and the noise between them. All of it measured on the page itself.

In doubt a thing counts as print: print that is taken for noise would carry personal data along.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from docpipe.noise.fields import Field
from docpipe.page import Gray
from docpipe.synth.harvest_ground import paper_light, portraits, where_grounds_meet
from docpipe.synth.harvest_lines import LINE_MM, crossing_lines, long_lines
from docpipe.synth.harvest_rows import in_rows_of
from docpipe.synth.harvest_shapes import (
    FEWEST_IN_A_ROW,
    Mask,
    chosen,
    closed,
    components,
    disc,
    grown,
    opened,
    stands_in_rows,
    without,
)

# Shares of the paper's light, where no unit is named.
LEAST_SOFT, SOFT_GRAINS = 0.035, 1.5         # soft noise is stronger than this, and than so much of the page's grain
LEAST_SPECK, SPECK_GRAINS = 0.15, 5.0
FINE_MM = 0.7                                # wider than the lines of a printed background
INK = 0.06, 0.12                             # of a stroke against what is around it: on calm paper, on any
AROUND_MM = 2.5
PALE, WORD_GAP_MM = 0.025, 6.0               # of faded print, which is told by its rows alone
DARKER = 0.2, 0.3
SOLID = 0.45                                 # ink, where it is so dark on more than a stroke
STREAK_MM, FOLD_MM, FOLD = 1.2, 3.0, 0.2     # widths; what is wider and as dark is print that lies on it
PRINT_MARGIN_MM, RIM_OF_PAGE_MM = 4.0, 1.5   # a row may go on with a letter that a stain or a line hides
DOT_MARGIN_MM = 0.7                          # more would take the specks between two lines, too
TINY_MM, SPECK_MM, GRAIN_MM2 = 0.25, 0.8, 0.1         # larger ones may be letters, or parts of them
FAINT = 0.4                                  # the rim of a stain is fainter than the ink of a pen
SPOT_FILLED, RIM_MM = 0.85, 6.0              # of its hull; smaller rims may be the letter O
LARGE_MM, RIM_WIDTH_MM, RIM_SHARE = 4.0, 1.2, 0.8     # an area that is no print; its rim; how much of a stroke is on it


@dataclass(frozen=True, slots=True)
class PageMaps:
    """A page taken apart.

    Args:
        lost: (H, W) float32, the share of the paper's light that noise takes away: 0 on bare paper, below 0 where it
            is lighter than the paper around. The fine lines of a printed background are left out.
        paper: (H, W) float32, what the page would be without ink and noise.
        noise: where something is that is neither paper nor print, specks and lines included.
        lines: the streaks and folds among it that cross the page.
        forbidden: print and what may be its dots, with a margin, portraits, the rim of the page, and where the paper
            cannot be told.
    """

    lost: Field
    paper: Field
    noise: Mask
    lines: Mask
    forbidden: Mask


def take_apart(gray: Gray, mm_px: float) -> PageMaps:
    """Tell paper, print, portraits and noise.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper; at least 10 mm each way.
        mm_px: pixels a millimetre, from 3 to 12.
    """
    paper = paper_light(gray, mm_px)
    lost = (1 - gray / paper).astype(np.float32)
    fine = np.abs(lost - cv2.GaussianBlur(lost, (0, 0), 0.5 * mm_px))
    grain = float(np.median(fine)) / 0.6745              # a standard deviation that print does not raise

    streaks, lines, printed, dots = _lines_and_print(lost, grain, mm_px)
    forbidden = grown(printed, disc(PRINT_MARGIN_MM * mm_px)) | grown(dots, disc(DOT_MARGIN_MM * mm_px))
    forbidden |= portraits(gray, mm_px) | where_grounds_meet(paper, mm_px)
    rim = max(1, round(RIM_OF_PAGE_MM * mm_px))
    forbidden[:rim], forbidden[-rim:], forbidden[:, :rim], forbidden[:, -rim:] = 1, 1, 1, 1

    soft = _soft(lost, mm_px)
    small = streaks | (fine > max(LEAST_SPECK, SPECK_GRAINS * grain))
    kept = np.where(grown(small, disc(0.15 * mm_px)) > 0, lost, soft)
    noise = small | (np.abs(soft) > max(LEAST_SOFT, SOFT_GRAINS * grain))
    return PageMaps(kept, paper, without(noise, forbidden), without(lines, forbidden), forbidden)


def _lines_and_print(lost: Field, grain: float, mm_px: float) -> tuple[Mask, Mask, Mask, Mask]:
    """Streaks; streaks and folds; print; what may be the dots of print."""
    relief = _relief(lost, np.ones(lost.shape, np.uint8), mm_px)
    strokes = (relief > min(max(INK[0], 2 * grain), INK[1])).astype(np.uint8)
    dark = (relief > FOLD).astype(np.uint8)
    glyphs = _glyphs(strokes, mm_px)                     # a line of text may run off the page, too
    near, across = disc(0.3 * mm_px), disc(0.6 * mm_px)
    streaks = without(crossing_lines(strokes, STREAK_MM, mm_px), glyphs)
    faint = without(strokes, grown(without(dark, streaks), near))
    lines = streaks | without(crossing_lines(faint, FOLD_MM, mm_px), glyphs)
    ink = without(strokes, grown(lines, near)) | without(dark, grown(streaks, near))
    ink |= closed(ink, across) & grown(lines, near)      # a letter that lines cut to pieces is a letter
    solid = opened((lost > SOLID).astype(np.uint8), disc(0.6 * mm_px))
    printed = _print(ink, lost, mm_px) | solid | _pale_rows(lost, grown(lines, near), grain, mm_px)
    for level in DARKER:                                 # letters that run into the rim of a stain part from it here
        printed |= _print(ink & (relief > level).astype(np.uint8), lost, mm_px)
    dots = in_rows_of(glyphs, ink)
    for level in DARKER:                                 # and letters that run into one another
        dots |= in_rows_of(_glyphs((lost > level).astype(np.uint8), mm_px), ink)
    return streaks, lines, printed, dots


def _relief(lost: Field, counts: Mask, mm_px: float) -> Field:
    """How far everything is from the mean of what counts around it."""
    side = 2 * round(AROUND_MM * mm_px / 2) + 1
    total, share = (cv2.blur(one.astype(np.float32), (side, side)) for one in (lost * counts, counts))
    return np.asarray(np.abs(lost - total / np.maximum(share, 1 / side**2)), np.float32)


def _pale_rows(lost: Field, lines: Mask, grain: float, mm_px: float) -> Mask:
    """Rows of glyphs that are paler than ink, also where lines run through them.

    The lines, as dark as they are, do not count in what is around a glyph, and those that are as pale as glyphs are
    taken out of them: either would hide the row. A glyph on a line needs no others, as the line may hide them.
    """
    relief = _relief(lost, 1 - lines, mm_px)
    pale = without((relief > max(PALE, 2 * grain)).astype(np.uint8), lines)
    lines = lines | long_lines(pale, STREAK_MM, mm_px)
    pieces, beside = without(pale, lines), grown(lines, disc(0.3 * mm_px))
    rows = _glyphs(pieces, mm_px) | _glyphs(pieces, mm_px, fewest=1) & beside
    return closed(rows, disc(WORD_GAP_MM / 2 * mm_px))


def _soft(lost: Field, mm_px: float) -> Field:
    """What is left without the fine lines of a printed background, and without the grain of the paper."""
    calm = cv2.morphologyEx(cv2.GaussianBlur(lost, (0, 0), 0.1 * mm_px), cv2.MORPH_OPEN, disc(FINE_MM * mm_px / 2))
    soft = cv2.GaussianBlur(calm, (0, 0), 0.15 * mm_px)
    return np.asarray(soft - np.median(soft), np.float32)        # opening grain makes it lighter everywhere


def _glyphs(strokes: Mask, mm_px: float, *, fewest: int = FEWEST_IN_A_ROW) -> Mask:
    """The strokes of the size of glyphs that stand in rows of so many or more."""
    labels, boxes = components(strokes)
    longest, shortest = boxes[:, 2:4].max(axis=1, initial=0), boxes[:, 2:4].min(axis=1, initial=2**30)
    is_glyph = (longest > SPECK_MM * mm_px) & (longest <= LINE_MM * mm_px) & (longest <= 8 * shortest)
    is_glyph[is_glyph] = stands_in_rows(boxes[is_glyph], fewest)
    return chosen(labels, is_glyph)


def _print(strokes: Mask, lost: Field, mm_px: float) -> Mask:
    """Strokes that are, or may be, print or pen: all but single specks, spots, and the rims of stains."""
    labels, boxes = components(strokes)
    longest = boxes[:, 2:4].max(axis=1, initial=0)
    is_speck = longest <= SPECK_MM * mm_px
    in_rows = longest > TINY_MM * mm_px                  # of hundreds of grains some always stand in rows
    in_rows[in_rows] = stands_in_rows(boxes[in_rows])
    is_print = ~is_speck | in_rows
    outlines = _outlines(lost, mm_px)
    for number in np.flatnonzero(~is_speck & ~in_rows):
        left, top, width, height, pixels = boxes[number]
        window = np.s_[top:top + height, left:left + width]
        own = (labels[window] == number + 1).astype(np.uint8)
        is_print[number] = pixels >= GRAIN_MM2 * mm_px**2 and not _is_spot(own, lost[window], outlines[window], mm_px)
    return chosen(labels, is_print)


def _outlines(lost: Field, mm_px: float) -> Mask:
    """A band along the outlines of all that is dark and larger than print: where a stain has its rim."""
    dark = (cv2.GaussianBlur(lost, (0, 0), 0.3 * mm_px) > LEAST_SOFT).astype(np.uint8)
    large = opened(dark, disc(LARGE_MM * mm_px / 2))
    inside = np.asarray(cv2.erode(large, disc(RIM_WIDTH_MM * mm_px)), np.uint8)
    return without(grown(large, disc(0.6 * mm_px)), inside)


def _is_spot(own: Mask, lost: Field, outlines: Mask, mm_px: float) -> bool:
    """Whether a component is no letter: a faint round spot, or the faint rim of something that is dark within."""
    if np.percentile(lost[own > 0], 90) > FAINT:
        return False
    if outlines[own > 0].mean() > RIM_SHARE:
        return True
    contours, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros(own.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.vstack(contours)), 1)
    if max(own.shape) <= 2 * min(own.shape) and own.sum() > SPOT_FILLED * hull.sum():
        return True
    if min(own.shape) < RIM_MM * mm_px:
        return False
    within = without(hull, grown(own, disc(0.8 * mm_px))) > 0
    return bool(within.any() and np.percentile(lost[within], 25) > LEAST_SOFT)
