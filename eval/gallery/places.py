"""Where the fields of a card stand, and whether the reader looks for them there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from docpipe.mrz import FILLER, FORMATS, MrzFormat, Span
from docpipe.ocr.engine import Box, Engine
from docpipe.ocr.geometry import evened, rotated, skew_deg
from docpipe.ocr.labels import find_labels, label_boxes, page_reads, same_row, small_print
from docpipe.ocr.places import value_places
from docpipe.ocr.schema import Schema
from docpipe.ocr.zone import find_zone
from docpipe.page import Gray

OFF_HEIGHTS = 3.0                # of its row, by which a value's place may begin elsewhere than on the clean card


def true_boxes(fields: Mapping[str, Any], schema: Schema) -> dict[str, Box]:
    """The boxes of the required fields of a card in pixels; of a field of the zone, its stretch of the line.

    A surname there ends behind the fillers that end it, given names with the line: letters read into fillers count.

    Args:
        fields: of the card in truth.jsonl, each with its `box` and `value`; lines of the zone are `mrz_1` and so on.
        schema: of the card.
    """
    boxes: dict[str, Box] = {}
    for one in schema.required:
        if one.kind != "zone" or schema.mrz is None:
            left, top, right, bottom = fields[one.name]["box"]
        else:
            form = FORMATS[schema.mrz]
            lines = [fields[f"mrz_{number}"]["value"] for number in range(1, form.line_count + 1)]
            span = _span_of(one.name, form, lines)
            begin, top, end, bottom = fields[f"mrz_{span.line + 1}"]["box"]
            left, right = (round(begin + (end - begin) * place / form.width) for place in (span.start, span.end))
        boxes[one.name] = (left, top, right, bottom)
    return boxes


def _span_of(name: str, form: MrzFormat, lines: Sequence[str]) -> Span:
    """The stretch of a zone that a field takes; a zone keeps both names in one."""
    if name not in ("surname", "given_names"):
        return form.fields[name]
    both = form.fields["name"]
    surname, fillers, _ = both.of(lines).partition(2 * FILLER)
    middle = both.start + len(surname + fillers)
    return replace(both, end=middle) if name == "surname" else replace(both, start=middle)


def misplaced(restored: Gray, clean: Gray, schema: Schema, engine: Engine) -> dict[str, Box | None]:
    """The required fields that the reader does not look for where it does on the clean card.

    A field is missed with its label, or, if it is of the zone, with the zone. One that has no place on the clean card
    either is not counted.

    Args:
        restored: the card after cleaning, (H, W) uint8, 0 = ink.
        clean: the same card without noise, of that shape.
        schema: of the card.
        engine: reads labels.

    Returns:
        By name the box of the field's label on the clean card made level, as `levelled` makes it; None for the zone.
    """
    (wanted, labels), (found, _) = (_areas(gray, schema, engine) for gray in (clean, restored))
    missed = [name for name, area in wanted.items() if name not in found or not _same_place(found[name], area)]
    return {name: labels.get(name) for name in missed}


def levelled(clean: Gray, versions: Sequence[Gray]) -> list[Gray]:
    """Versions of a card turned until the lines of the clean one are level."""
    angle = skew_deg(clean)
    return [rotated(gray, -angle) for gray in versions]


def _same_place(one: Box, other: Box) -> bool:
    return same_row(one, other) and abs(one[0] - other[0]) < OFF_HEIGHTS * (other[3] - other[1])


def _areas(gray: Gray, schema: Schema, engine: Engine) -> tuple[dict[str, Box], dict[str, Box]]:
    """Where the reader looks for required fields, and their labels, by the steps of docpipe.ocr.extract.

    Fields of a zone are looked for anywhere on the page, where there is one.
    """
    flat = evened(gray)
    areas: dict[str, Box] = {}
    if schema.mrz and find_zone(flat, FORMATS[schema.mrz]) is not None:
        page = (0, 0, flat.shape[1], flat.shape[0])
        areas = {one.name: page for one in schema.required if one.kind == "zone"}
    labelled = [one for one in schema.fields if one.kind != "zone"]
    if not labelled:
        return areas, {}
    reads = page_reads(flat, engine)
    hits = find_labels([phrase for read in reads for phrase in read], labelled)
    if any(one.required and one.name not in hits for one in labelled):
        hits = find_labels([phrase for read in [*reads, small_print(flat, engine)] for phrase in read], labelled)
    labels = label_boxes(hits)
    places = value_places(labels, [word for read in reads for phrase in read for word in phrase.words])
    return areas | {one.name: places[one.name].area for one in schema.required if one.name in places}, labels
