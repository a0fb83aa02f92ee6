"""Where a card lies on its page, told by labels and values that can be read: they stand as far apart as on the card."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from docpipe.ocr.engine import Box
from docpipe.ocr.folding import fold
from docpipe.ocr.labels import Hit, Phrase, runs_of_words
from docpipe.ocr.schema import BoxMm, Field

LEAST_LIKENESS = 0.5             # of a reading to a label: less says nothing
LONGEST_RUN = 5                  # words of a label or a value
READINGS_A_LABEL = 6             # the likest; one of them is the label, if it was read at all
READINGS_A_VALUE = 12            # dates and numbers that may be the value: a card has a few, a page of noise any number
ASIDE_MM = 1.3                   # from where a label begins to where the pose has it, in either direction
LEAST_APART_MM = 8.0             # of two labels that tell the scale
CARD_OF_PAGE = (0.7, 1.02)       # width of a card, in that of its page
VALUE_LIKENESS = 0.6             # of what can be a date or number of the card: three of them are as good as two labels
OFF_PAGE_MM = 3.0                # that a card may reach beyond the page
LEAST_SUPPORT = 1.5              # likenesses of the labels and values that agree, added up

_Row = tuple[int, float, float, float, float, float]     # which, likeness, x and y in px, x and y in mm


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a card lies on a level page.

    Args:
        px_per_mm: its scale.
        left: of the card's upper left corner in pixels, and its `top`; a corner may lie outside the page.
        support: likenesses of the labels and values that stand where it has them, added up.
    """

    px_per_mm: float
    left: float
    top: float
    support: float

    def box(self, box_mm: BoxMm) -> Box:
        """What has been given in mm of the card, in pixels of the page."""
        left, top, width, height = box_mm
        sides = (left, top, left + width, top + height)
        starts = (self.left, self.top, self.left, self.top)
        left_px, top_px, right_px, bottom_px = (
            round(start + self.px_per_mm * side) for start, side in zip(starts, sides, strict=True)
        )
        return left_px, top_px, right_px, bottom_px

    def has_at(self, print_px: Box, place_mm: BoxMm) -> bool:
        """Whether print of the page begins where it has that place of the card."""
        (x, y), (x_mm, y_mm) = _at(print_px), _at_of(place_mm)
        aside = max(abs(self.left + self.px_per_mm * x_mm - x), abs(self.top + self.px_per_mm * y_mm - y))
        return aside < ASIDE_MM * self.px_per_mm


@dataclass(frozen=True, slots=True)
class _Readings:
    """What may be labels of one language, or values: n readings, several of which may be taken for the same one.

    Args:
        which: (n,) int, a number for each label and each value.
        likeness: (n,) float, 0 to 1.
        at_px: (n, 2) float, x of the left edge and y of the middle.
        at_mm: (n, 2) float, the same of the label or value on the card.
    """

    which: NDArray[np.intp]
    likeness: NDArray[np.float64]
    at_px: NDArray[np.float64]
    at_mm: NDArray[np.float64]


def find_pose(
    phrases: Sequence[Phrase], labels: Mapping[str, Hit], fields: Sequence[Field], size_mm: tuple[float, float],
    page_px: tuple[int, int],
) -> Pose | None:  # fmt: skip
    """The pose that most labels and values agree with, or None where too few do.

    Any two readings that may be a label or a value each tell a scale and a place (a similarity without rotation, since
    pages are levelled before); of all these the one counts that has most of them where something like them was read
    (the idea of RANSAC: Fischler and Bolles, Communications of the ACM 24, 1981; here all pairs are tried).

    Args:
        phrases: of all readings of the page.
        labels: those that were found, by field. Where the pose has them elsewhere, and they outweigh what speaks for
            it, the card is another one than its places say, and there is none.
        fields: those without places in mm tell nothing.
        size_mm: width and height of the card.
        page_px: height and width of the page; the card lies on it, and takes most of its width.
    """
    scales = tuple(share * page_px[1] / size_mm[0] for share in CARD_OF_PAGE)
    runs = runs_of_words(phrases, LONGEST_RUN)
    values = [row for number, field in enumerate(fields) for row in _value_rows(number, field, runs)]
    languages = dict.fromkeys(language for field in fields for language in field.labels)
    tables = [
        [row for number, field in enumerate(fields) for row in _label_rows(number, field, language, runs)] + values
        for language in languages
    ]
    poses = [pose for rows in tables if len(rows) > 1 for pose in _best_pose(_readings(rows), scales)]
    best = max(poses, key=lambda pose: pose.support, default=None)
    if best is None or best.support < LEAST_SUPPORT or not _lies_on_page(best, size_mm, page_px):
        return None
    known = [(labels[field.name], field.label_mm) for field in fields if field.label_mm and field.name in labels]
    against = sum(hit.likeness for hit, label_mm in known if not best.has_at(hit.box, label_mm))
    return best if against <= best.support else None


def _lies_on_page(pose: Pose, size_mm: tuple[float, float], page_px: tuple[int, int]) -> bool:
    left, top, right, bottom = pose.box((0.0, 0.0, *size_mm))
    over = OFF_PAGE_MM * pose.px_per_mm
    return min(left, top) > -over and right < page_px[1] + over and bottom < page_px[0] + over


def _label_rows(number: int, field: Field, language: str, runs: Sequence[tuple[Phrase, str]]) -> Iterator[_Row]:
    """What is likest to the label of a field, if its place is known."""
    if field.label_mm is None or language not in field.labels:
        return
    label = fold(field.labels[language])
    rated = [(run, fuzz.ratio(label, text, score_cutoff=100 * LEAST_LIKENESS) / 100) for run, text in runs]
    likest = sorted((pair for pair in rated if pair[1]), key=lambda pair: -pair[1])[:READINGS_A_LABEL]
    for run, likeness in likest:
        yield 2 * number, likeness, *_at(run.box), *_at_of(field.label_mm)


def _value_rows(number: int, field: Field, runs: Sequence[tuple[Phrase, str]]) -> Iterator[_Row]:
    """What can be the value of a field, if it is one that not any print can be: a date, or a number of one length."""
    is_telling = field.kind == "date" or (field.kind == "number" and field.length and len(set(field.length)) == 1)
    if field.value_mm is None or not is_telling:
        return
    readings = ((run, field.read(run.text)) for run, _ in runs)
    boxes = dict.fromkeys(run.box for run, reading in readings if reading.value and not reading.mended)
    for box in list(boxes)[:READINGS_A_VALUE]:
        yield 2 * number + 1, VALUE_LIKENESS, *_at(box), *_at_of(field.value_mm)


def _readings(rows: Sequence[_Row]) -> _Readings:
    table = np.array(rows, np.float64)
    return _Readings(table[:, 0].astype(np.intp), table[:, 1], table[:, 2:4], table[:, 4:6])


def _at(box: Box) -> tuple[float, float]:
    return box[0], (box[1] + box[3]) / 2


def _at_of(box_mm: BoxMm) -> tuple[float, float]:
    left, top, _, height = box_mm
    return left, top + height / 2


def _best_pose(readings: _Readings, scales: Sequence[float]) -> list[Pose]:
    """At most one."""
    one, other = np.triu_indices(len(readings.which), 1)
    apart_mm = readings.at_mm[other] - readings.at_mm[one]
    apart_px = readings.at_px[other] - readings.at_px[one]
    squared = np.maximum((apart_mm**2).sum(axis=1), 1e-9)
    scale = (apart_mm * apart_px).sum(axis=1) / squared
    aside_px = np.abs(apart_px - scale[:, None] * apart_mm).max(axis=1)
    fits = (squared >= LEAST_APART_MM**2) & (scale > scales[0]) & (scale < scales[1]) & (aside_px < ASIDE_MM * scale)
    if not fits.any():
        return []
    scale, one, other = scale[fits], one[fits], other[fits]
    middle_px, middle_mm = ((places[one] + places[other]) / 2 for places in (readings.at_px, readings.at_mm))
    origin = middle_px - scale[:, None] * middle_mm
    expected = origin[:, None] + scale[:, None, None] * readings.at_mm[None]
    near = (np.abs(expected - readings.at_px[None]) < ASIDE_MM * scale[:, None, None]).all(axis=2)
    rated = np.where(near, readings.likeness, 0.0)
    support = np.zeros(len(scale))
    for number in np.unique(readings.which):
        support += rated[:, readings.which == number].max(axis=1)
    best = int(support.argmax())
    return [_fitted(readings, near[best], float(support[best]))]


def _fitted(readings: _Readings, near: NDArray[np.bool_], support: float) -> Pose:
    """The pose that has the readings `near` it least aside, by least squares, weighed by their likeness."""
    weight = readings.likeness[near][:, None]
    mm, px = readings.at_mm[near], readings.at_px[near]
    middle_mm, middle_px = (weight * mm).sum(axis=0) / weight.sum(), (weight * px).sum(axis=0) / weight.sum()
    spread = float((weight * (mm - middle_mm) ** 2).sum())
    scale = float((weight * (mm - middle_mm) * (px - middle_px)).sum()) / spread
    left, top = middle_px - scale * middle_mm
    return Pose(scale, float(left), float(top), support)
