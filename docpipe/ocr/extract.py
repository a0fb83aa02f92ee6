"""Reading the fields of a card: from its zone, or beside and below the labels that announce them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import cv2
import numpy as np

from docpipe.ocr.engine import Engine
from docpipe.ocr.geometry import evened
from docpipe.ocr.labels import find_labels, label_boxes, page_reads, small_print
from docpipe.ocr.mending import Mending
from docpipe.ocr.mrz_reader import fields_of, read_zone
from docpipe.ocr.places import cap_height, strip_at, text_at, value_places
from docpipe.ocr.schema import Field, Schema, fold
from docpipe.page import Gray

CLOSE_CAPS_PX = {"date": (30, 40), "name": (30, 40), "text": (30, 40, 20), "number": (17, 20, 28, 38)}
"""By kind of field: heights of capitals in the close looks at a value. Numbers may be in OCR-A, which is read when
small."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was read from one card.

    Args:
        values: value by name of field; fields that were not found are absent. Personal data: not for logs.
        valid: every required field was found, those of the zone say what such a field may say (names of letters only,
            dates of the calendar), and every check digit of the zone agrees.
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
    labelled = [field for field in schema.fields if field.kind != "zone"]
    if labelled:
        values |= _read_by_labels(flat, labelled, engine)
    names = {field.name for field in schema.fields}
    found = {name: value for name, value in values.items() if name in names and value}
    agrees = not schema.mrz or (reading is not None and not reading.wrong)
    valid = agrees and all(field.may_be(found.get(field.name, "")) for field in schema.required)
    return Extraction(found, valid, reading.mended if reading else ())


def _read_by_labels(flat: Gray, fields: Sequence[Field], engine: Engine) -> dict[str, str]:
    pages = page_reads(flat, engine)
    found = find_labels([phrase for page in pages for phrase in page], fields)
    if any(field.required and field.name not in found for field in fields):
        found = find_labels([phrase for page in [*pages, small_print(flat, engine)] for phrase in page], fields)
    labels = label_boxes(found)
    words = [[word for phrase in page for word in phrase.words] for page in pages]
    places = value_places(labels, [word for page in words for word in page])
    read: dict[str, list[str]] = {field.name: [] for field in fields}
    for field in fields:
        if field.name in places:
            read[field.name] += [field.value_of(text_at(places[field.name], page)) for page in words]
    strips = {name: strip for name, place in places.items() if (strip := strip_at(place, flat)).size}
    caps_px = {name: cap_height(strip, places[name]) for name, strip in strips.items()}
    for alphabet in {field.readable: None for field in fields}:
        chosen = [field for field in fields if field.readable == alphabet and field.name in strips]
        asked = [(field, cap_px) for field in chosen for cap_px in CLOSE_CAPS_PX[field.kind]]
        pictures = [_close_up(strips[field.name], cap_px / caps_px[field.name]) for field, cap_px in asked]
        for (field, _), text in zip(asked, engine.lines(pictures, alphabet=alphabet), strict=True):
            read[field.name].append(field.value_of(text))
    return {name: _agreed(values) for name, values in read.items()}


def _agreed(values: Sequence[str]) -> str:
    """The value that most readings agree on but for marks and case; of several, the one read first, without limits.

    IJ is often read as a U, and a U never as IJ: one reading with IJ says what the others mean.
    """
    counts = Counter(_joined(value) for value in values if value)
    best = max((value for value in values if value), key=lambda value: counts[_joined(value)], default="")
    agreeing = [value for value in values if _joined(value) == _joined(best)]
    return max(agreeing, key=lambda value: "IJ" in value, default="")


def _joined(value: str) -> str:
    return fold(value.replace("IJ", "U"))


def _close_up(strip: Gray, scale: float) -> Gray:
    """The strip at the size that OCR likes, on a white margin."""
    resized = cv2.resize(strip, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(resized, 10, 10, 20, 20, cv2.BORDER_CONSTANT, value=255).astype(np.uint8, copy=False)
