"""Where values stand: beside their labels or below them, as most labels of a card tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.ocr.engine import Box, Word
from docpipe.ocr.labels import WORD_GAP, follows, same_row
from docpipe.ocr.pose import ASIDE_MM, Pose
from docpipe.ocr.schema import BoxMm
from docpipe.page import Gray

REACH = 30.0                     # label heights that a value may be wide
BESIDE_BY_LABEL = 1.4            # height of print beside a label, by the label's
LARGEST_BESIDE = 2.2             # label heights; what is larger is a picture that OCR took for print
FARTHEST_BELOW = 4.0             # label heights between the middles of a label and of the value below it
COLON = 0.3                      # of the print's height: what is narrower and stands alone is the label's colon
LARGEST_DOT = 0.5                # of the label's height, of a colon close before the value
CAPITALS = 0.63                  # height of capitals, by that of the print
SPARSE_ROW = 0.15                # of the ink of the densest row: what a row between lines may have
LEAST_CAPITALS = 0.6             # of the usual height; what is lower is a stroke, not a line of print
PRINT_BY_BOX = 0.95              # height of print, by that of the box that a schema gives its line
MARGIN = 0.35                    # of the print's height, around it


@dataclass(frozen=True, slots=True)
class Place:
    """Where the value of a label stands.

    Args:
        area: in pixels; its row of print, from where it may begin to where it must have ended.
        print_px: about how high its print is.
    """

    area: Box
    print_px: float


def value_places(labels: Mapping[str, Box], words: Sequence[Word]) -> dict[str, Place]:
    """Where the values of labels stand, by name of field: beside all labels, or below all of them.

    Args:
        labels: their boxes, all of one height.
        words: all that was read on the page, labels included.
    """
    beside = {name: _beside(label, labels) for name, label in labels.items()}
    alone = [name for name, place in beside.items() if not _printed_in(place, labels[name], words)]
    below = [(labels[name], word.box) for name in alone if (word := _first_below(labels[name], words))]
    if 2 * len(below) <= len(labels):
        return beside
    step_px = float(np.median([_middle_row(value) - _middle_row(label) for label, value in below]))
    print_px = float(np.median([_height(value) for _, value in below]))
    return {name: _below(label, labels, words, step_px, print_px) for name, label in labels.items()}


def place_by_pose(pose: Pose, value_mm: BoxMm, words: Sequence[Word]) -> Place:
    """Where the value of a field stands on a card that lies so, moved onto the row of what was read there.

    Args:
        pose: of the card.
        value_mm: of the field.
        words: all that was read on the page.
    """
    left, top, right, bottom = pose.box(value_mm)
    print_px = PRINT_BY_BOX * (bottom - top)
    middle = (top + bottom) / 2
    margin = round(MARGIN * print_px)
    aside_px = ASIDE_MM * pose.px_per_mm
    begins = [
        word.box
        for word in words
        if abs(word.box[0] - left) < aside_px
        and abs(_middle_row(word.box) - middle) < aside_px
        and abs(_height(word.box) - print_px) < 0.5 * print_px
    ]
    if begins:
        nearest = min(begins, key=lambda box: abs(_middle_row(box) - middle))
        left, middle = min(left, nearest[0]), _middle_row(nearest)
    return Place((left - margin, round(middle - print_px / 2), right + margin, round(middle + print_px / 2)), print_px)


def text_at(place: Place, page: Sequence[Word]) -> str:
    """What one reading of the page says at a place: its words up to the first wide gap."""
    ordered = sorted(_words_in(place, page), key=lambda word: word.box[0])
    kept = ordered[:1]
    for before, after in pairwise(ordered):
        if not follows(before, after):
            break
        kept.append(after)
    return " ".join(word.text for word in kept)


def strip_at(place: Place, flat: Gray) -> Gray:
    """The print at a place with a margin around, up to its first wide gap; empty where the page ends before it."""
    left, top, right, bottom = (max(0, side) for side in place.area)
    margin = round(MARGIN * place.print_px)
    core = flat[top:bottom, left:right]
    if not core.size:
        return core
    inked = np.flatnonzero((core < _dark(core)).any(axis=0))
    gaps = np.flatnonzero(np.diff(inked) > WORD_GAP * place.print_px)
    pieces = [piece for piece in np.split(inked, gaps + 1) if len(piece)]
    if len(pieces) > 1 and pieces[0][-1] - pieces[0][0] < COLON * place.print_px:
        pieces = pieces[1:]
    elif pieces:
        pieces[0] = _after_colon(core < _dark(core), pieces[0])
    if pieces:
        left, right = left + max(0, int(pieces[0][0]) - margin), left + int(pieces[0][-1]) + margin
    return _without_neighbours(flat[max(0, top - margin) : bottom + margin, left:right])


def _without_neighbours(strip: Gray) -> Gray:
    """The strip without what reaches into it from the rows above and below."""
    ink = (strip < _dark(strip)).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    tops, heights = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    reaches_in = ((tops == 0) | (tops + heights == len(strip))) & (heights < len(strip) / 2)
    reaches_in[0] = False                        # the paper
    with_edges = cv2.dilate(reaches_in[parts].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(with_edges, 255, strip).astype(np.uint8)


def cap_height(strip: Gray, place: Place) -> float:
    """Height of the capitals in a strip in pixels: of its rows of ink, or what is usual where they end nowhere."""
    usual_px = CAPITALS * place.print_px
    ink = (strip < _dark(strip)).sum(axis=1)
    middle = len(ink) // 2
    bare = np.flatnonzero(ink < SPARSE_ROW * ink.max())
    above, below = bare[bare < middle], bare[bare > middle]
    measured_px = float(below[0] - above[-1] - 1) if len(above) and len(below) else 0.0
    return measured_px if measured_px > LEAST_CAPITALS * usual_px else usual_px


def _after_colon(ink: NDArray[np.bool_], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """The inked columns without a colon at their beginning: two dots above each other, which OCR takes for a digit."""
    first, *others = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    rows = np.flatnonzero(ink[:, first].any(axis=1))
    dots = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    largest_px = LARGEST_DOT * len(ink)
    if others and len(dots) == 2 and max(len(first), len(dots[0]), len(dots[1])) < largest_px:
        return np.concatenate(others)
    return columns


def _beside(label: Box, labels: Mapping[str, Box]) -> Place:
    height = _height(label)
    return Place((label[2] + height // 4, label[1], _next_label(label, labels), label[3]), BESIDE_BY_LABEL * height)


def _below(
    label: Box, labels: Mapping[str, Box], words: Sequence[Word], step_px: float, print_px: float
) -> Place:
    """The place one step below a label, moved onto the word that was read there: it tells row and beginning best."""
    left, middle = label[0], _middle_row(label) + step_px
    word = _first_below(label, words)
    if word and abs(_middle_row(word.box) - middle) < print_px:
        left, middle = min(left, word.box[0]), _middle_row(word.box)
    top, bottom = round(middle - print_px / 2), round(middle + print_px / 2)
    return Place((left - round(MARGIN * print_px), top, _next_label(label, labels), bottom), print_px)


def _first_below(label: Box, words: Sequence[Word]) -> Word | None:
    """The nearest word below a label that stands under some of it."""
    farthest = _middle_row(label) + FARTHEST_BELOW * _height(label)
    under = [word for word in words if word.box[0] < label[2] and word.box[2] > label[0]]
    below = [word for word in under if label[3] <= _middle_row(word.box) < farthest]
    return min(below, key=lambda word: _middle_row(word.box), default=None)


def _words_in(place: Place, words: Sequence[Word]) -> list[Word]:
    left, _, right, _ = place.area
    return [word for word in words if same_row(place.area, word.box) and left <= _middle(word) < right]


def _printed_in(place: Place, label: Box, words: Sequence[Word]) -> list[Word]:
    """The words at a place that are no larger than a value beside `label` may be."""
    return [word for word in _words_in(place, words) if _height(word.box) <= LARGEST_BESIDE * _height(label)]


def _next_label(label: Box, labels: Mapping[str, Box]) -> int:
    """Where the next label to the right begins, or as far as a value reaches."""
    reach = label[2] + round(REACH * _height(label))
    return min([other[0] for other in labels.values() if same_row(label, other) and other[0] > label[2]] + [reach])


def _dark(gray: Gray) -> float:
    return (255 + float(np.percentile(gray, 2))) / 2


def _middle(word: Word) -> float:
    return (word.box[0] + word.box[2]) / 2


def _middle_row(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _height(box: Box) -> int:
    return box[3] - box[1]
