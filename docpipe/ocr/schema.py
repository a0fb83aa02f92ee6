"""Field schemas: which fields a card has, how they are announced, and what a right value looks like; TOML files."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.mrz import FORMATS
from docpipe.ocr.dates import read_short_date
from docpipe.ocr.folding import fold, says_the_same
from docpipe.ocr.values import READERS, Reading, reading_of, within
from docpipe.ocr.zone_values import ZONE_VALUES, is_zone_value

SCHEMAS = ("driving_licence", "national", "national_b", "residence_permit", "td1", "td1_back", "td2", "td3")
ASCII_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALPHABETS = {"date": "0123456789./-ABCDEFGJLMNOPRSTUVY", "number": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
             "name": ASCII_LETTERS + "-", "text": ASCII_LETTERS + "0123456789.,/-"}
"""By kind of field: what OCR may read close up. Without marks on letters: names are compared without them, and the
English model takes ć for é, but for c where it has no é."""

EXAMPLE = "compare it with docpipe/ocr/schemas/national.toml"
Key = tuple[Callable[[Any], bool], str]
BoxMm = tuple[float, float, float, float]
"""Left, top, width, height; in mm from the upper left corner of the card."""

PLACE_IN_MM = "left, top, width and height in mm of the card, such as [23.6, 8.4, 38.0, 3.7]"
YEARS_AHEAD = 50                 # that a card may still be valid, where its year of expiry has two digits


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a card.

    Args:
        name: after ICAO Doc 9303, as in the truth.
        kind: a key of `READERS`; of fields of the zone, "zone".
        required: a card passes only if it is right.
        labels: what announces it, by language; fields of the zone have none.
        alphabet: the only characters its values have; empty for no limit.
        length: of the value in characters, least and most; None for any.
        label_mm: box of the label's line on the card; None where nobody measured it. `value_mm`: of the value's first
            line, capitals filling some six tenths of its height.
    """

    name: str
    kind: str
    required: bool = False
    labels: Mapping[str, str] = dataclass_field(default_factory=dict)
    alphabet: str = ""
    length: tuple[int, int] | None = None
    label_mm: BoxMm | None = None
    value_mm: BoxMm | None = None

    @property
    def readable(self) -> str:
        """The characters that OCR may read where the value stands."""
        return self.alphabet or ALPHABETS[self.kind]

    def read(self, text: str) -> Reading:
        """The value that a piece of text says, empty where it cannot be one of this field."""
        characters = READERS[self.kind](text)
        if self.alphabet:
            characters = within(characters, self.alphabet)
        if self.length and not self.length[0] <= len(characters) <= self.length[1]:
            return Reading()
        return reading_of(self.name, characters)

    def read_short(self, text: str) -> Reading:
        """The date that a piece of text says in fewer digits than `read` asks for; empty for fields of other kinds.

        A year in two digits is the last that puts a date of expiry no more than `YEARS_AHEAD` years after this one,
        and any other date not after today.
        """
        if self.kind != "date":
            return Reading()
        today = date.today()
        latest = date(today.year + YEARS_AHEAD, 12, 31) if self.name == "date_of_expiry" else today
        return Reading(read_short_date(text, latest))

    def may_be(self, value: str) -> bool:
        """Whether a value that was read can be one of this field: it was found, and in a zone says what fields may."""
        return is_zone_value(self.name, value) if self.kind == "zone" else value != ""

    def same(self, read: str, truth: str) -> bool:
        """Whether a value read is the true one; names and texts are compared without case, marks and blanks."""
        return says_the_same(read, truth) if self.kind in ("name", "text") else read == truth


@dataclass(frozen=True, slots=True)
class Schema:
    """What is read from one kind of card.

    Args:
        name: the file's name without its ending.
        about: one sentence.
        fields: what is looked for.
        mrz: format of the zone that fields of kind "zone" come from; None where there is none.
        size_mm: width and height of the card; None where the places of its fields are not known.
    """

    name: str
    about: str
    fields: tuple[Field, ...]
    mrz: str | None = None
    size_mm: tuple[float, float] | None = None

    @property
    def required(self) -> tuple[Field, ...]:
        """The fields that must be right for the card to pass."""
        return tuple(field for field in self.fields if field.required)


def load_schema(name: str | Path) -> Schema:
    """Read a schema by the name of a shipped one, or from a file of the user's.

    Raises:
        InputError: there is no such schema, or its file is not one.
    """
    source = files(__package__) / "schemas" / f"{name}.toml" if name in SCHEMAS else Path(name)
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise InputError(
            f"there is no schema {str(name)!r}", hint=f"shipped are {', '.join(SCHEMAS)}; or give a TOML file"
        ) from missing
    except OSError as unreadable:
        raise InputError(
            f"schema {str(name)!r} cannot be read: {unreadable.strerror}",
            hint=f"shipped are {', '.join(SCHEMAS)}; or give a TOML file",
        ) from unreadable
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise InputError(f"schema {str(name)!r} is not TOML: {broken}", hint=EXAMPLE) from broken
    try:
        return _schema(Path(name).stem, table)
    except ValueError as wrong:
        raise InputError(f"schema {str(name)!r} does not fit: {wrong}", hint=EXAMPLE) from wrong


def _schema(name: str, table: Mapping[str, Any]) -> Schema:
    """Dataclasses from the file's tables.

    Raises:
        ValueError: what does not fit, and what would.
    """
    _check(table, SCHEMA_KEYS, needed=("about", "field"), of="the schema")
    for place, entry in enumerate(table["field"], 1):
        _check(entry, FIELD_KEYS, needed=("name", "kind"), of=f"field {place}")
    fields = tuple(Field(**_with_tuples(entry)) for entry in table["field"])
    size_mm = tuple(table["size_mm"]) if "size_mm" in table else None
    schema = Schema(name, table["about"], fields, table.get("mrz"), size_mm)
    if not schema.required:
        raise ValueError("no field is required, so every card would pass")
    names = [field.name for field in fields]
    for field in fields:
        if names.count(field.name) > 1:
            raise ValueError(f"{names.count(field.name)} fields are called {field.name!r}")
        if field.kind == "zone" and schema.mrz is None:
            raise ValueError(f"{field.name} comes from a zone, but mrz is not set")
        if field.kind == "zone" and field.name not in ZONE_VALUES:
            raise ValueError(f"a zone has no field {field.name!r}; it has {', '.join(ZONE_VALUES)}")
        if field.kind != "zone" and not field.labels:
            raise ValueError(f"{field.name} has no labels that announce it")
        if (field.label_mm or field.value_mm) and not size_mm:
            raise ValueError(f"{field.name} has a place in mm, but size_mm of the card is not set")
        for box in filter(None, (field.label_mm, field.value_mm)):
            if size_mm and (box[0] + box[2] > size_mm[0] or box[1] + box[3] > size_mm[1]):
                raise ValueError(f"{field.name} has a place in mm beyond the card, whose size_mm is {list(size_mm)}")
    return schema


def _check(table: Mapping[str, Any], keys: Mapping[str, Key], *, needed: Sequence[str], of: str) -> None:
    """Whether a table has the keys it needs, no unknown ones, and under each what can stand there."""
    for key in needed:
        if key not in table:
            raise ValueError(f"{of} has no {key}")
    for key, value in table.items():
        if key not in keys:
            raise ValueError(f"{of} has {key!r}; known are {', '.join(keys)}")
        fits, wanted = keys[key]
        if not fits(value):
            raise ValueError(f"{key} of {of} is {value!r}; it must be {wanted}")


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(one, dict) for one in value)


def _are_labels(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(label, str) and fold(label) for label in value.values())


def _is_alphabet(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_length(value: Any) -> bool:
    are_two = isinstance(value, list) and [type(one) for one in value] == [int, int]
    return are_two and 1 <= value[0] <= value[1]


def _are_mm(count: int) -> Callable[[Any], bool]:
    """Whether a value is so many lengths in mm, the last two above 0."""
    return lambda value: (
        isinstance(value, list)
        and len(value) == count
        and all(type(one) in (int, float) and isfinite(one) for one in value)
        and min(value) >= 0
        and min(value[-2:]) > 0
    )


SCHEMA_KEYS: Mapping[str, Key] = {
    "about": (lambda value: isinstance(value, str), "a sentence"),
    "mrz": (lambda value: value in tuple(FORMATS), f"one of {', '.join(FORMATS)}"),
    "size_mm": (_are_mm(2), "width and height of the card in mm, such as [85.6, 53.98]"),
    "field": (_are_tables, "tables, each begun with [[field]]"),
}
FIELD_KEYS: Mapping[str, Key] = {
    "name": (lambda value: isinstance(value, str) and value != "", "a name"),
    "kind": (lambda value: value in ("zone", *READERS), f"one of zone, {', '.join(READERS)}"),
    "required": (lambda value: isinstance(value, bool), "true or false"),
    "labels": (_are_labels, "labels in Latin script by language, such as {en = 'Surname'}"),
    "alphabet": (_is_alphabet, "the characters, in quotes"),
    "length": (_is_length, "the least and the most characters, such as [9, 9]"),
    "label_mm": (_are_mm(4), PLACE_IN_MM),
    "value_mm": (_are_mm(4), PLACE_IN_MM),
}
"""What may stand in a file, by key: whether a value fits, and what would."""


def _with_tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
