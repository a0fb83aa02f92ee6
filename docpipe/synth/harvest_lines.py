"""Lines that cross a page: streaks of a drum and folds do, rules, underlines and the strokes of letters do not."""

import cv2
import numpy as np

from docpipe.synth.harvest_shapes import Mask, closed, disc, fitted, grown, opened, square, without

LINE_MM = 7.0                                # no letter on a card has a straight stroke of such a length
TURNS_DEG = (-6, -4, -2, 0, 2, 4, 6)
SEEN_PX_PER_MM, SEEN_FILLED = 4.0, 0.2       # they are looked for on a coarser copy; share of its pixels
RUN_MM = 1.5                                 # more than any stroke of print is wide
GAP_MM, SHARE, FROM_EDGE_MM = 30.0, 0.6, 2.0


def crossing_lines(strokes: Mask, width_mm: float, mm_px: float) -> Mask:
    """The straight lines among strokes that cross the page, roughly along one of its sides.

    Gaps left aside, they run over most of the page and from one of its edges.

    Args:
        strokes: (H, W), 1 where a stroke is.
        width_mm: of the widest line.
        mm_px: pixels a millimetre.
    """
    along, down, coarse_px = _straight(strokes, width_mm, mm_px)
    level, upright = (fitted(_crossing(straight, side, coarse_px), strokes.shape) & strokes
                      for straight, side in ((along, 1), (down, 0)))
    return _runs(level, 0, mm_px) | _runs(upright, 90, mm_px)


def long_lines(strokes: Mask, width_mm: float, mm_px: float) -> Mask:
    """The straight lines among strokes that are too long for a letter, whether they cross the page or not.

    Args:
        strokes: (H, W), 1 where a stroke is.
        width_mm: of the widest line.
        mm_px: pixels a millimetre.
    """
    along, down, coarse_px = _straight(strokes, width_mm, mm_px)
    bridge = square(1 + 2 * round(LINE_MM / 4 * coarse_px))      # where a letter lies on a line, it is no narrow one
    found = closed(along, bridge[:1]) | closed(down, bridge[:, :1])
    return fitted(found, strokes.shape) & strokes


def _straight(strokes: Mask, width_mm: float, mm_px: float) -> tuple[Mask, Mask, float]:
    """Straight lines of `LINE_MM` along the page and down the page, on a coarser copy; its pixels a millimetre."""
    shrink = min(1.0, SEEN_PX_PER_MM / mm_px)         # so coarse that a rough fold is straight
    joined = grown(strokes, square(3)).astype(np.float32)
    coarse = cv2.resize(joined, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    seen, coarse_px = np.asarray(coarse > SEEN_FILLED, np.uint8), shrink * mm_px
    narrow = without(seen, opened(seen, disc(width_mm * coarse_px / 2)))
    along, down = np.zeros_like(seen), np.zeros_like(seen)
    for turn_deg in TURNS_DEG:
        along |= opened(narrow, _line(round(LINE_MM * coarse_px), turn_deg))
        down |= opened(narrow, _line(round(LINE_MM * coarse_px), 90 + turn_deg))
    return along, down, coarse_px


def _runs(line: Mask, upright_deg: float, mm_px: float) -> Mask:
    """A line without what sticks out of it, as letters do that stand on it."""
    found = np.zeros_like(line)
    for turn_deg in TURNS_DEG:
        found |= opened(line, _line(round(RUN_MM * mm_px), upright_deg + turn_deg))
    return found & line                               # OpenCV takes what lies beyond the page for a line


def _crossing(straight: Mask, side: int, mm_px: float) -> Mask:
    gap = round(GAP_MM * mm_px)
    bridge = np.ones((3, gap) if side == 1 else (gap, 3), np.uint8)
    count, labels = cv2.connectedComponents(grown(straight, bridge), connectivity=8)
    places = np.nonzero(straight)
    numbers = np.asarray(labels, np.int32)[places]
    first, last = np.full(count, straight.shape[side]), np.zeros(count, np.int64)
    np.minimum.at(first, numbers, places[side])
    np.maximum.at(last, numbers, places[side])
    page_side, at_edge = straight.shape[side], FROM_EDGE_MM * mm_px
    crosses = (last - first >= SHARE * page_side) & ((first <= at_edge) | (last >= page_side - at_edge))
    found = np.zeros_like(straight)
    found[places] = crosses[numbers]
    return found


def _line(length_px: int, turn_deg: float) -> Mask:
    """A line one pixel wide, in a box that fits it."""
    reach = (length_px - 1) / 2 * np.array([np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))])
    ends = np.rint(np.abs(reach).max() + np.outer([-1, 1], reach)).astype(int)
    ends -= ends.min(axis=0)
    line = np.zeros(ends.max(axis=0)[::-1] + 1, np.uint8)
    cv2.line(line, ends[0].tolist(), ends[1].tolist(), 1)
    return line
