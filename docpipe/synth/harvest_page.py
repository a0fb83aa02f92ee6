"""What is on a page: paper, print, portraits, and the noise between them. All of it measured on the page itself.

In doubt a thing counts as print: print that is taken for noise would carry personal data along.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.noise.fields import Field
from docpipe.page import Gray

Mask = NDArray[np.uint8]
"""(H, W) uint8, 0 or 1."""

STROKE_MM = 2.0              # no stroke of print is wider
LIT_MM = 4.0                 # what is lighter than the paper is narrower: the lit side of a fold
GROUND_MM = 17.0             # what is darker and narrower is no ground of its own; larger than any patch
UNEVEN_PAPER = 0.04          # share of light by which two grounds differ
LEAST_LOST, NOISE_SIGMAS = 0.035, 3.0        # share of the light, and of the grain of this page
LEAST_SPECK = 0.15                           # share of the light: a background of fine lines is fainter
INK_CONTRAST = 0.06, 0.12                    # of a stroke against what is around it: on calm paper, on any
STROKE_WINDOW_MM = 2.5
SOLID = 0.45                                 # share of the light: ink, where it is so much on more than a stroke
FAINT_CONTRAST = 0.4                         # the rim of a stain is fainter than the ink of a pen
SPECK_MM, GRAIN_MM2 = 0.8, 0.1               # larger ones may be letters, or parts of them
SPOT_FILLED, RIM_MM = 0.85, 6.0              # of its hull; smaller rims may be the letter O
LARGE_MM, RIM_WIDTH_MM, RIM_SHARE = 4.0, 1.2, 0.8     # an area that is no print; its rim; how much of a stroke is on it
LINE_MM = 7.0                                # no letter on a card has a straight stroke of such a length
STREAK_MM, FOLD_MM, FOLD_CONTRAST = 1.2, 3.0, 0.2     # widths; what is wider and as dark is print that lies on it
LINE_TURNS_DEG = (-6, -4, -2, 0, 2, 4, 6)
LINE_PX_PER_MM, LINE_PX_FILLED = 4.0, 0.2    # lines are looked for on a coarser copy; share of its pixels
LINE_GAP_MM, LINE_SHARE, LINE_FROM_EDGE_MM = 30.0, 0.6, 2.0    # a streak or a fold crosses the page; a rule does not
PRINT_MARGIN_MM = 1.0
PORTRAIT_SIDE_MM, PORTRAIT_MARGIN_MM = 8.0, 3.0
PORTRAIT_GROUND_MM = 36.0
PORTRAIT_TONE, PORTRAIT_SPREAD = 0.06, 0.2   # shares of light: against the paper, and within
PORTRAIT_FILLED = 0.6                        # share of a window that is not paper
MAP_PX_PER_MM = 2.0


@dataclass(frozen=True, slots=True)
class PageMaps:
    """A page taken apart.

    Args:
        lost: (H, W) float32, the share of the paper's light that is missing on a pixel: 0 on bare paper, below 0
            where it is lighter than the paper around.
        paper: (H, W) float32, what the page would be without ink and noise.
        noise: where something is that is neither paper nor print, specks and lines included.
        lines: the long straight lines among it.
        forbidden: print with a margin, portraits, the rim of the page, and where the paper cannot be told.
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
    fine = lost - cv2.GaussianBlur(lost, (0, 0), 0.5 * mm_px)
    grain = float(np.median(np.abs(fine))) / 0.6745            # a robust standard deviation
    level = max(LEAST_LOST, NOISE_SIGMAS * grain)

    relief = np.abs(lost - _around(lost, mm_px))
    strokes = (relief > min(max(INK_CONTRAST[0], 2 * grain), INK_CONTRAST[1])).astype(np.uint8)
    dark = (relief > FOLD_CONTRAST).astype(np.uint8)
    streaks = _lines(strokes, STREAK_MM, mm_px)
    folds = _lines(strokes & ~_thick(dark & ~streaks & 1, 0.3 * mm_px) & 1, FOLD_MM, mm_px)
    lines = (streaks | folds) & ~_glyphs(strokes, mm_px) & 1           # a line of text may run off the page, too
    solid = cv2.morphologyEx((lost > SOLID).astype(np.uint8), cv2.MORPH_OPEN, _disc(0.6 * mm_px))
    beside = _thick(lines, 0.3 * mm_px)
    ink = strokes & (~beside | (dark & ~_thick(streaks & lines, 0.3 * mm_px))) & 1
    printed = _print(ink, lost, mm_px) | solid
    forbidden = _thick(printed, PRINT_MARGIN_MM * mm_px) | portraits(gray, mm_px) | _untold(paper, mm_px)
    rim = max(1, round(1.5 * mm_px))
    forbidden[:rim], forbidden[-rim:], forbidden[:, :rim], forbidden[:, -rim:] = 1, 1, 1, 1

    soft = cv2.GaussianBlur(lost, (0, 0), 0.15 * mm_px)
    noise = ((np.abs(soft) > level) | (np.abs(fine) > max(LEAST_SPECK, 5 * grain)) | (lines > 0)).astype(np.uint8)
    return PageMaps(lost, paper, noise & ~forbidden & 1, lines & ~forbidden & 1, forbidden)


def paper_light(gray: Gray, mm_px: float) -> Field:
    """Estimate the paper: print goes, then what is narrow and bright, then what is dark and fits into a patch.

    The edges of grounds that are larger, such as a card on a scanner's lid, stay where they are.

    Returns:
        (H, W) float32, 1 to 255.

    Source: alternating sequential filters of mathematical morphology (Serra, 1988).
    """
    height, width = gray.shape
    paper = _closed(cv2.morphologyEx(_without_print(gray, mm_px), cv2.MORPH_OPEN, _disc(LIT_MM * MAP_PX_PER_MM / 2)),
                    GROUND_MM)
    smooth = cv2.GaussianBlur(paper.astype(np.float32), (0, 0), MAP_PX_PER_MM)
    grown = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(grown, 1), np.float32)


def portraits(gray: Gray, mm_px: float) -> Mask:
    """Mask what may be a portrait: a large area that is not paper, with tones within it that differ much.

    A stain has one tone within its rim; a face has hair, skin and clothes.

    Returns:
        (H, W) uint8, 1 on such areas and around them.
    """
    calm = _without_print(gray, mm_px)
    ground = np.maximum(_closed(calm, PORTRAIT_GROUND_MM), 1)
    tone = 1 - calm.astype(np.float32) / ground
    area = cv2.morphologyEx((tone > PORTRAIT_TONE).astype(np.uint8), cv2.MORPH_CLOSE, _disc(MAP_PX_PER_MM))
    inner = cv2.erode(area, _disc(MAP_PX_PER_MM)) > 0
    side = 2 * round(PORTRAIT_SIDE_MM * MAP_PX_PER_MM / 2) + 1
    window = np.ones((side, side), np.uint8)
    darkest = cv2.dilate(np.where(inner, tone, 0).astype(np.float32), window)
    lightest = cv2.erode(np.where(inner, tone, 1).astype(np.float32), window)
    is_filled = cv2.blur(area.astype(np.float32), (side, side)) > PORTRAIT_FILLED
    found = (is_filled & (darkest - lightest > PORTRAIT_SPREAD)).astype(np.uint8)
    margin = 2 * round(PORTRAIT_MARGIN_MM * MAP_PX_PER_MM)
    masked = cv2.dilate(found, np.ones((side + margin, side + margin), np.uint8))
    return cv2.resize(masked, gray.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.uint8)


def stands_in_rows(boxes: NDArray[np.int32], *, fewest: int = 3) -> NDArray[np.bool_]:
    """Which components have others of their height beside them, on one line or in one column: as glyphs have.

    Args:
        boxes: (N, 5) left, top, width, height, area.
        fewest: so many make a row.

    Returns:
        (N,) bool.
    """
    found = np.zeros(len(boxes), bool)
    for turned in (boxes, boxes[:, [1, 0, 3, 2, 4]]):
        left, top, width, height = turned[:, :4].astype(np.float32).T
        bottom, middle = top + height, left + width / 2
        for first in range(0, len(boxes), 256):              # bounds the memory that comparing takes
            here = slice(first, first + 256)
            taller = np.maximum(height[here, None], height)
            alike = np.minimum(height[here, None], height) > 0.55 * taller
            same_line = np.abs(bottom[here, None] - bottom) < 0.35 * taller
            near = np.abs(middle[here, None] - middle) < 2.5 * taller
            found[here] |= (alike & same_line & near).sum(axis=1) >= fewest
    return found


def components(mask: Mask) -> NDArray[np.int32]:
    """(N, 5) left, top, width, height, area of each connected component."""
    return cv2.connectedComponentsWithStats(mask, connectivity=8)[2][1:].astype(np.int32, copy=False)


def _around(lost: Field, mm_px: float) -> Field:
    """The mean in a window that is wider than a stroke."""
    side = 2 * round(STROKE_WINDOW_MM * mm_px / 2) + 1
    return np.asarray(cv2.blur(lost, (side, side)), np.float32)


def _lines(strokes: Mask, width_mm: float, mm_px: float) -> Mask:
    """The straight lines of at most a width that cross the page, roughly along one of its sides."""
    shrink = min(1.0, LINE_PX_PER_MM / mm_px)         # so coarse that a rough fold is straight
    joined = cv2.dilate(strokes, np.ones((3, 3), np.uint8)).astype(np.float32)
    coarse = cv2.resize(joined, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    seen, coarse_px = (coarse > LINE_PX_FILLED).astype(np.uint8), shrink * mm_px
    narrow = seen & ~cv2.morphologyEx(seen, cv2.MORPH_OPEN, _disc(width_mm * coarse_px / 2)) & 1
    found = np.zeros_like(seen)
    for side, upright_deg in ((1, 0), (0, 90)):
        straight = np.zeros_like(seen)
        for turn_deg in LINE_TURNS_DEG:
            kernel = _line_kernel(round(LINE_MM * coarse_px), upright_deg + turn_deg)
            straight |= cv2.morphologyEx(narrow, cv2.MORPH_OPEN, kernel)
        found |= _crossing(straight, side, coarse_px)
    return cv2.resize(found, strokes.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.uint8) & strokes


def _crossing(straight: Mask, side: int, mm_px: float) -> Mask:
    """The lines that, gaps left aside, run over most of the page and from one of its edges."""
    gap = round(LINE_GAP_MM * mm_px)
    bridge = np.ones((3, gap) if side == 1 else (gap, 3), np.uint8)
    count, labels = cv2.connectedComponents(cv2.dilate(straight, bridge), connectivity=8)
    places = np.nonzero(straight)
    first, last = np.full(count, straight.shape[side]), np.zeros(count, np.int64)
    np.minimum.at(first, labels[places], places[side])
    np.maximum.at(last, labels[places], places[side])
    page_side, at_edge = straight.shape[side], LINE_FROM_EDGE_MM * mm_px
    crosses = (last - first >= LINE_SHARE * page_side) & ((first <= at_edge) | (last >= page_side - at_edge))
    return (crosses[labels] & (straight > 0)).astype(np.uint8)


def _glyphs(strokes: Mask, mm_px: float) -> Mask:
    """The strokes of the size of glyphs that stand in rows."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    boxes = stats[1:].astype(np.int32)
    longest, shortest = boxes[:, 2:4].max(axis=1, initial=0), boxes[:, 2:4].min(axis=1, initial=10**6)
    is_glyph = (longest > SPECK_MM * mm_px) & (longest <= LINE_MM * mm_px) & (longest <= 8 * shortest)
    is_glyph[is_glyph] = stands_in_rows(boxes[is_glyph])
    return np.concatenate([[False], is_glyph])[labels].astype(np.uint8)


def _print(strokes: Mask, lost: Field, mm_px: float) -> Mask:
    """Strokes that are, or may be, print or pen: all but single specks and the faint rims of what is dark within."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    boxes = stats[1:].astype(np.int32)
    in_rows = stands_in_rows(boxes)
    is_speck = boxes[:, 2:4].max(axis=1, initial=0) <= SPECK_MM * mm_px
    is_print = ~is_speck | in_rows
    outlines = _outlines(lost, mm_px)
    for number in np.nonzero(~is_speck & ~in_rows)[0]:
        left, top, width, height, pixels = boxes[number]
        window = np.s_[top:top + height, left:left + width]
        own = (labels[window] == number + 1).astype(np.uint8)
        is_print[number] = pixels >= GRAIN_MM2 * mm_px**2 and not _is_spot(own, lost[window], outlines[window], mm_px)
    return np.concatenate([[False], is_print])[labels].astype(np.uint8)


def _outlines(lost: Field, mm_px: float) -> Mask:
    """A band along the outlines of all that is dark and larger than print: where a stain has its rim."""
    dark = (cv2.GaussianBlur(lost, (0, 0), 0.3 * mm_px) > LEAST_LOST).astype(np.uint8)
    large = cv2.morphologyEx(dark, cv2.MORPH_OPEN, _disc(LARGE_MM * mm_px / 2))
    return _thick(large, 0.6 * mm_px) & ~cv2.erode(large, _disc(RIM_WIDTH_MM * mm_px)) & 1


def _is_spot(own: Mask, lost: Field, outlines: Mask, mm_px: float) -> bool:
    """Whether a component is no letter: a faint round spot, or the faint rim of something that is dark within."""
    if np.percentile(lost[own > 0], 90) > FAINT_CONTRAST:
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
    within = (hull > 0) & (_thick(own, 0.8 * mm_px) == 0)
    return bool(within.any() and np.percentile(lost[within], 25) > LEAST_LOST)


def _untold(paper: Field, mm_px: float) -> Mask:
    """Where two grounds meet: what is paper there cannot be told."""
    small = cv2.resize(paper, _map_size(paper.shape, mm_px), interpolation=cv2.INTER_AREA)
    around = _disc(MAP_PX_PER_MM)
    meets = (1 - cv2.erode(small, around) / cv2.dilate(small, around) > UNEVEN_PAPER).astype(np.uint8)
    untold = cv2.dilate(meets, _disc(1.5 * MAP_PX_PER_MM))
    return cv2.resize(untold, paper.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.uint8)


def _without_print(gray: Gray, mm_px: float) -> Gray:
    """The page at `MAP_PX_PER_MM`, with everything filled in that is dark and as narrow as a stroke."""
    small = cv2.resize(gray, _map_size(gray.shape, mm_px), interpolation=cv2.INTER_AREA)
    return _closed(cv2.medianBlur(small, 3), STROKE_MM)


def _closed(small: Gray, width_mm: float) -> Gray:
    """Fill what is dark and narrower than a width, on a map; what lies beside the page counts as dark."""
    disc = _disc(width_mm * MAP_PX_PER_MM / 2)
    reach = disc.shape[0]
    wide = cv2.copyMakeBorder(small, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc)
    return closed[reach:-reach, reach:-reach].astype(np.uint8, copy=False)


def _thick(mask: Mask, by_px: float) -> Mask:
    return cv2.dilate(mask, _disc(by_px)).astype(np.uint8, copy=False)


def _disc(radius_px: float) -> Mask:
    side = 2 * max(1, round(radius_px)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8, copy=False)


def _line_kernel(length: int, turn_deg: float) -> Mask:
    kernel = np.zeros((length, length), np.uint8)
    reach = (length - 1) / 2 * np.array([np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))])
    ends = np.rint((length - 1) / 2 + np.outer([-1, 1], reach)).astype(int).tolist()
    cv2.line(kernel, ends[0], ends[1], 1)
    used = np.s_[np.flatnonzero(kernel.any(axis=1))[0]:, np.flatnonzero(kernel.any(axis=0))[0]:]
    cropped = kernel[used]
    return cropped[:np.flatnonzero(cropped.any(axis=1))[-1] + 1, :np.flatnonzero(cropped.any(axis=0))[-1] + 1]


def _map_size(shape: tuple[int, ...], mm_px: float) -> tuple[int, int]:
    """Width and height of a page at `MAP_PX_PER_MM`."""
    return max(1, round(shape[1] * MAP_PX_PER_MM / mm_px)), max(1, round(shape[0] * MAP_PX_PER_MM / mm_px))
