"""Which cards are judged, and what they should say: those of a truth, or all that lie in both folders."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os.path import normpath
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.evaluate.records import read_records
from docpipe.ocr.dates import read_date
from docpipe.ocr.schema import Field, Schema, load_schema
from docpipe.ocr.values import read_number

FORMS: Mapping[str, tuple[Callable[[str], str], str]] = {
    "date": (read_date, "write it as 1974-08-12; where all is in numbers, a day in front is followed by the month"),
    "number": (read_number, "it has letters from A to Z and digits; what else stands between them does not count"),
}
"""Kinds of fields that are compared as they are read -> what reads them, and how they are to be written."""


@dataclass(frozen=True, slots=True)
class TrueCard:
    """One line of the truth.

    Args:
        file: name of the scan, the same in every folder.
        layout: of the card; names its schema where none is given. Empty where the truth does not say.
        values: true value by name of field; lines of a machine readable zone are `mrz_1` and so on.
    """

    file: str
    layout: str
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One card to be read.

    Args:
        file: name of the scan, the same in both folders.
        layout: of the card, where the truth names it; else the schema.
        schema: what is read; None until it is found out from the scans, and where none fits.
        true: what the fields should say, by name; None without truth.
    """

    file: str
    layout: str
    schema: Schema | None
    true: Mapping[str, str] | None = field(default=None, repr=False)


def read_truth(path: Path) -> list[TrueCard]:
    """The cards of a truth.jsonl: a line each, with `file`, `fields` and, unless a schema is given for all, `layout`.

    A field is a text, or an object with the text as its `value`, as `docpipe synth` writes it.

    Raises:
        InputError: the file is missing, empty, or a line is not such a record; the line is named, never shown.
    """
    return read_records(path, _true_card, of="a card", needs="file, layout, fields, each of them a text")


def _true_card(record: Any) -> TrueCard:
    values = {name: _text(entry["value"] if isinstance(entry, dict) else entry)
              for name, entry in record["fields"].items()}  # fmt: skip
    return TrueCard(_text(record["file"]), _text(record.get("layout", "")), values)


def _text(value: Any) -> str:
    """A value as it stands in quotes: a bare number has lost its zeros, and a null is no value."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text")
    return value


def cases_of(cards: Sequence[TrueCard], schema: str | None = None) -> list[Case]:
    """The cards of a truth, each with its schema.

    Args:
        cards: the truth.
        schema: name or file of one schema for all cards; by default each layout has its own.

    Raises:
        InputError: there is no such schema, a scan is named twice, or a card lacks its layout or what the schema
            requires, or has a value that cannot be one. The line and the field are named, no value is shown.
    """
    twice = [file for file, count in Counter(normpath(card.file) for card in cards).items() if count > 1]
    if twice:
        raise InputError(f"the truth names {len(twice)} scans twice, such as {twice[0]}", "one line a scan")
    if schema is None and (bare := [line for line, card in enumerate(cards, 1) if not card.layout]):
        raise InputError(f"line {bare[0]} of the truth has no layout", "add it, or name one for all with --schema")
    schemas = {layout: load_schema(schema or layout) for layout in dict.fromkeys(card.layout for card in cards)}
    cases = []
    for line, card in enumerate(cards, 1):
        of_card = schemas[card.layout]
        cases.append(Case(card.file, card.layout or of_card.name, of_card, true_values(card, of_card, line)))
    return cases


def true_values(card: TrueCard, schema: Schema, line: int) -> dict[str, str]:
    """What the fields of a schema should say, as they are read from a scan.

    Fields of the zone are as the zone of the truth says them; dates and numbers are brought into the form in which they
    are read, or no reading would ever be right.

    Args:
        card: one line of the truth.
        schema: of the card.
        line: its number, for messages.

    Returns:
        All required fields, and of the others those that the truth knows.

    Raises:
        InputError: the truth lacks a required field, or lines of the zone, or has a date, a number or a line of the
            zone that cannot be one.
    """
    from docpipe.ocr.mrz_reader import fields_of

    try:
        values = dict(card.values)
        if schema.mrz:
            values |= fields_of(schema.mrz, _zone_lines(card, schema.mrz, line))
        wanted = [(one, values[one.name]) for one in schema.fields if one.required or one.name in values]
    except KeyError as missing:
        raise InputError(
            f"line {line} of the truth lacks {missing.args[0]}, which schema {schema.name} needs",
            hint="choose the schema of the card with --schema",
        ) from missing
    return {one.name: _as_read(one, value, line) for one, value in wanted}


def _zone_lines(card: TrueCard, kind: str, line: int) -> list[str]:
    from docpipe.mrz import CHARACTERS, FILLER, FORMATS, wrong_checks

    form = FORMATS[kind]
    lines = []
    for name in (f"mrz_{number}" for number in range(1, form.line_count + 1)):
        lines.append(card.values[name])
        if len(lines[-1]) != form.width or not set(lines[-1]) <= set(CHARACTERS + FILLER):
            raise InputError(
                f"line {line} of the truth: {name} is no line of a {kind} zone",
                f"it has {form.width} characters: A to Z, 0 to 9 and {FILLER}",
            )
    if wrong := wrong_checks(kind, lines):
        raise InputError(
            f"line {line} of the truth: check digits of the zone do not agree ({', '.join(wrong)})",
            "compare its lines with the card",
        )
    return lines


def _as_read(one: Field, value: str, line: int) -> str:
    """The value in the form in which `docpipe.ocr.values` reads it; an empty one says that the field is empty."""
    if one.kind not in FORMS or not value:
        return value
    read, form = FORMS[one.kind]
    normal = read(value)
    if not normal:
        raise InputError(f"line {line} of the truth: {one.name} is no {one.kind}", form)
    if one.read(value).value != normal:
        raise InputError(
            f"line {line} of the truth: {one.name} is none that the schema reads, which no reading could equal",
            "compare it with the card, and the field's alphabet and length in the schema with both",
        )
    return normal


def check_scans(folder: Path, cases: Sequence[Case]) -> None:
    """Refuse a folder in which scans of cards are missing.

    Raises:
        InputError: it lacks some; their number and one of them.
    """
    missing = [case.file for case in cases if not (folder / case.file).is_file()]
    if missing:
        raise InputError(
            f"{folder} lacks {len(missing)} scans, such as {missing[0]}",
            hint="it needs the same names as the other folders, those of the truth where there is one",
        )


def with_counterpart(files: Sequence[str], cleaned: Path) -> list[str]:
    """Those of some scans that have their counterpart in `cleaned`, by name.

    Raises:
        InputError: none has.
    """
    paired = [file for file in files if (cleaned / file).is_file()]
    if not paired:
        raise InputError(
            f"none of the {len(files)} scans has its counterpart in {cleaned}, such as {files[0]}",
            hint="cleaned scans have the names of the raw ones",
        )
    return paired


def scans_below(folder: Path, but_not: Sequence[Path] = ()) -> list[str]:
    """The scans below a folder, at any depth, by name.

    Args:
        folder: of scans.
        but_not: other folders: those that lie below this one hold no scans of it.
    """
    from docpipe.imageio import SUFFIXES

    top = folder.resolve()
    others = {other for one in but_not if top in (other := one.resolve()).parents}
    return [
        str(path.relative_to(top))
        for path in sorted(top.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file() and others.isdisjoint(path.parents)
    ]


def unnamed(files: Sequence[str], cases: Sequence[Case]) -> list[str]:
    """Those of some scans that are no case."""
    named = {normpath(case.file) for case in cases}
    return [file for file in files if file not in named]


def cases_of_folders(
    raw: Path, cleaned: Path, schema: Schema | None, *, but_not: Sequence[Path] = ()
) -> tuple[list[Case], int]:
    """The scans below `raw`, at any depth, that have their counterpart in `cleaned`, by name.

    Args:
        raw: folder of the scans as they came in.
        cleaned: folder of the same names, cleaned.
        schema: of all cards; None for cards that have to tell it themselves.
        but_not: other folders whose scans are no raw ones, should they lie below `raw`.

    Returns:
        The cases, without truth, and the number of scans that have no counterpart.

    Raises:
        InputError: there is no scan, or none with a counterpart.
    """
    from docpipe.imageio import SUFFIXES

    files = scans_below(raw, [cleaned, *but_not])
    if not files:
        raise InputError(f"there is no scan in {raw}", hint=f"docpipe reads {' '.join(SUFFIXES)}")
    paired = with_counterpart(files, cleaned)
    layout = schema.name if schema else ""
    return [Case(file, layout, schema) for file in paired], len(files) - len(paired)
