"""Reading the fields of a card: from its zone, or beside and below the labels that announce them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.ocr.engine import Box, Engine, Word
from docpipe.ocr.geometry import evened
from docpipe.ocr.labels import Phrase, find_labels, follows, page_reads, same_row
from docpipe.ocr.mending import Mending
from docpipe.ocr.mrz_reader import fields_of, read_zone
from docpipe.ocr.schema import Field, Schema, fold
from docpipe.page import Gray

CLOSE_CAPS_PX = {"date": (28, 38), "name": (28, 38, 20), "text": (28, 38, 20), "number": (28, 38, 20, 17)}
"""By kind of field: heights of capitals in the close looks at a value. Numbers may be in OCR-A, which is read when small
(right on 34 of 49 cards, on 11 without the small looks)."""

SPARSE_ROW = 0.15                # of the ink of the densest row: what a row between lines may have
REACH = 30.0                     # label heights that a value is looked for beside its label


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was read from one card.

    Args:
        values: value by name of field; fields that were not found are absent. Personal data: not for logs.
        valid: every required field was found, and every check digit of the zone agrees.
        mended: characters of the zone that were read as others, and corrected.
    """

    values: Mapping[str, str] = dataclass_field(repr=False)
    valid: bool
    mended: tuple[Mending, ...] = ()


def extract(gray: Gray, schema: Schema, engine: Engine) -> Extraction:
    """Read the fields of one card.

    Args:
        gray: (H, W) uint8, 0 = ink, one card that fills most of the page, upright.
        schema: what is looked for.
        engine: reads.

    Returns:
        Values, and whether they are valid by themselves; whether they are right only the truth can say.
    """
    flat = evened(gray)
    values: dict[str, str] = {}
    reading = read_zone(flat, schema.mrz, engine) if schema.mrz else None
    if reading:
        values |= fields_of(reading.kind, reading.lines)
    beside_labels = [field for field in schema.fields if field.kind != "zone"]
    if beside_labels:
        values |= _read_beside_labels(flat, beside_labels, engine)
    names = {field.name for field in schema.fields}
    found = {name: value for name, value in values.items() if name in names and value}
    agrees = not schema.mrz or (reading is not None and not reading.wrong)
    return Extraction(
        found, agrees and all(field.name in found for field in schema.required), reading.mended if reading else ()
    )


def _read_beside_labels(flat: Gray, fields: Sequence[Field], engine: Engine) -> dict[str, str]:
    pages = page_reads(flat, engine)
    labels = find_labels([phrase for page in pages for phrase in page], fields)
    read: dict[str, list[str]] = {field.name: [] for field in fields}
    for field in fields:
        if field.name in labels:
            for page in pages:
                read[field.name].append(_value_of(page, labels, field))
    strips = {field.name: _beside(labels[field.name], labels, flat) for field in fields if field.name in labels}
    close = {name: strip for name, strip in strips.items() if strip}
    for alphabet in {field.readable: None for field in fields}:
        chosen = [field for field in fields if field.readable == alphabet and field.name in close]
        asked = [(field, cap_px) for field in chosen for cap_px in CLOSE_CAPS_PX[field.kind]]
        pictures = [_close_up(flat, close[field.name], cap_px) for field, cap_px in asked]
        for (field, _), text in zip(asked, engine.lines(pictures, alphabet=alphabet), strict=True):
            read[field.name].append(field.value_of(text))
    return {name: _agreed(values) for name, values in read.items()}


def _agreed(values: Sequence[str]) -> str:
    """The value that most readings agree on but for marks and case; of several, the one read first, without limits."""
    counts = Counter(fold(value) for value in values if value)
    return max((value for value in values if value), key=lambda value: counts[fold(value)], default="")


def _value_of(page: Sequence[Phrase], labels: dict[str, Box], field: Field) -> str:
    """What one reading of the page says beside the field's label, or below where nothing is beside it."""
    label = labels[field.name]
    stop = _next_label(label, labels)
    words = [word for phrase in page for word in phrase.words]
    beside = [word for word in words if same_row(label, word.box) and label[2] <= _middle(word) < stop]
    height = label[3] - label[1]
    if not beside:
        column = (label[0], label[3] + height, label[2], label[3] + 2 * height)
        beside = [word for word in words if same_row(column, word.box) and label[0] - height < _middle(word) < stop]
    ordered = sorted(beside, key=lambda word: word.box[0])
    kept = ordered[:1]
    for before, after in pairwise(ordered):
        if not follows(before, after):
            break
        kept.append(after)
    return field.value_of(" ".join(word.text for word in kept))


def _middle(word: Word) -> float:
    return (word.box[0] + word.box[2]) / 2


def _next_label(label: Box, labels: dict[str, Box]) -> int:
    """Where the next label to the right begins, or as far as a value reaches."""
    reach = label[2] + round(REACH * (label[3] - label[1]))
    return min([other[0] for other in labels.values() if same_row(label, other) and other[0] > label[2]] + [reach])


def _beside(label: Box, labels: dict[str, Box], flat: Gray) -> Box | None:
    """The strip beside a label, up to the first wide gap in its print; None for a label at the edge of the page."""
    height = label[3] - label[1]
    top, bottom = max(0, label[1] - height // 2), min(flat.shape[0], label[3] + height // 2)
    left, right = label[2] + height // 4, min(_next_label(label, labels), flat.shape[1])
    core = flat[label[1] : label[3], left:right]
    if not core.size:
        return None
    inked = np.flatnonzero((core < _dark(core)).any(axis=0))
    pieces = [piece for piece in np.split(inked, np.flatnonzero(np.diff(inked) > 2 * height) + 1) if len(piece)]
    if len(pieces) > 1 and pieces[0][-1] - pieces[0][0] < 0.4 * height:       # the label's colon
        pieces = pieces[1:]
    elif pieces:
        pieces[0] = _after_colon(core < _dark(core), pieces[0])
    if pieces:
        left, right = left + max(0, int(pieces[0][0]) - height // 2), left + int(pieces[0][-1]) + height // 2
    return left, top, right, bottom


def _after_colon(ink: NDArray[np.bool_], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """The inked columns without a colon at their beginning: two dots above each other, which OCR takes for a digit."""
    first, *others = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    rows = np.flatnonzero(ink[:, first].any(axis=1))
    dots = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    largest_px = 0.5 * len(ink)
    if others and len(dots) == 2 and max(len(first), len(dots[0]), len(dots[1])) < largest_px:
        return np.concatenate(others)
    return columns


def _dark(gray: Gray) -> float:
    return (255 + float(np.percentile(gray, 2))) / 2


def _close_up(flat: Gray, box: Box, cap_px: float) -> Gray:
    """The strip at the size that OCR likes, on a white margin."""
    left, top, right, bottom = box
    strip = flat[top:bottom, left:right]
    scale = cap_px / _cap_height(strip)
    resized = cv2.resize(strip, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(resized, 10, 10, 20, 20, cv2.BORDER_CONSTANT, value=255).astype(np.uint8, copy=False)


def _cap_height(strip: Gray) -> float:
    """Height of the capitals in a strip that is twice as high as its label: of its rows of ink, or what is usual."""
    ink = (strip < _dark(strip)).sum(axis=1)
    usual = len(ink) / 2.4
    middle = len(ink) // 2
    bare = np.flatnonzero(ink < SPARSE_ROW * ink.max())
    above, below = bare[bare < middle], bare[bare > middle]
    if not len(above) or not len(below):
        return usual
    measured = float(below[0] - above[-1] - 1)
    return measured if 0.6 * usual < measured else usual
