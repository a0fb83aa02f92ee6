"""Reading the fields of a card: from its zone, or beside and below the labels that announce them."""

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
from docpipe.ocr.places import cap_height, place_by_pose, strip_at, text_at, value_places
from docpipe.ocr.pose import find_pose
from docpipe.ocr.schema import Field, Schema
from docpipe.ocr.values import Reading
from docpipe.ocr.voting import said
from docpipe.page import Gray

CLOSE_CAPS_PX = {"date": (30, 40), "name": (30, 40), "text": (30, 40, 20), "number": (17, 20, 28, 38)}
"""By kind of field: heights of capitals in the close looks at a value. Numbers may be in OCR-A, which is read when
small."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was read from one card.

    Args:
        values: value by name of field; fields that were not found are absent. Personal data: not for logs.
        valid: every required field was found and may say what it says (names of letters only, dates of the calendar),
            every check digit of the zone agrees with what a look saw, and what none of them covers was seen alike by
            two looks.
        mended: characters that were read as others and put right: those of the zone, then those of labelled fields.
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
    zone = read_zone(flat, schema.mrz, engine) if schema.mrz else None
    labelled = [field for field in schema.fields if field.kind != "zone"]
    readings = _read_by_labels(flat, labelled, schema.size_mm, engine) if labelled else {}
    values = fields_of(zone.kind, zone.lines) if zone else {}
    values |= {name: reading.value for name, reading in readings.items()}
    found = {field.name: values[field.name] for field in schema.fields if values.get(field.name)}
    agrees = not schema.mrz or (zone is not None and not zone.wrong)
    unsure = {*(zone.unsure if zone else ())} - readings.keys()
    unsure |= {name for name, reading in readings.items() if not reading.sure}
    valid = agrees and all(
        field.may_be(found.get(field.name, "")) and field.name not in unsure for field in schema.required
    )
    mended = [*(zone.mended if zone else ()), *(one for reading in readings.values() for one in reading.mended)]
    return Extraction(found, valid, tuple(mended))


def _read_by_labels(
    flat: Gray, fields: Sequence[Field], size_mm: tuple[float, float] | None, engine: Engine
) -> dict[str, Reading]:
    pages = page_reads(flat, engine)
    phrases = [phrase for page in pages for phrase in page]
    found = find_labels(phrases, fields)
    if any(field.required and field.name not in found for field in fields):
        phrases += small_print(flat, engine)
        found = find_labels(phrases, fields)
    words = [[word for phrase in page for word in phrase.words] for page in pages]
    all_words = [word for page in words for word in page]
    places = value_places(label_boxes(found), all_words)
    if size_mm and (pose := find_pose(phrases, found, fields, size_mm, flat.shape)):
        known = {field.name: field.value_mm for field in fields if field.value_mm}
        places |= {name: place_by_pose(pose, value_mm, all_words) for name, value_mm in known.items()}
    texts: dict[str, list[str]] = {field.name: [] for field in fields}
    for name, place in places.items():
        texts[name] += [text_at(place, page) for page in words]
    strips = {name: strip for name, place in places.items() if (strip := strip_at(place, flat)).size}
    caps_px = {name: cap_height(strip, places[name]) for name, strip in strips.items()}
    for alphabet in {field.readable: None for field in fields}:
        chosen = [field for field in fields if field.readable == alphabet and field.name in strips]
        asked = [(field, cap_px) for field in chosen for cap_px in CLOSE_CAPS_PX[field.kind]]
        pictures = [_close_up(strips[field.name], cap_px / caps_px[field.name]) for field, cap_px in asked]
        for (field, _), text in zip(asked, engine.lines(pictures, alphabet=alphabet), strict=True):
            texts[field.name].append(text)
    return {field.name: said(field, texts[field.name]) for field in fields}


def _close_up(strip: Gray, scale: float) -> Gray:
    """The strip at the size that OCR likes, on a white margin."""
    resized = cv2.resize(strip, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(resized, 10, 10, 20, 20, cv2.BORDER_CONSTANT, value=255).astype(np.uint8, copy=False)
