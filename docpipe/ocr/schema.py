"""Field schemas: which fields a card has, how they are announced, and what a right value looks like; TOML files."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.mrz import FORMATS
from docpipe.ocr.dates import read_short_date
from docpipe.ocr.folding import fold
from docpipe.ocr.values import READERS, Reading, reading_of, within
from docpipe.ocr.zone_values import ZONE_VALUES, is_zone_value

SCHEMAS = ("driving_licence", "national", "national_b", "residence_permit", "td1", "td1_back", "td2", "td3")
ASCII_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALPHABETS = {"date": "0123456789./-ABCDEFGJLMNOPRSTUVY", "number": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
             "name": ASCII_LETTERS + "-", "text": ASCII_LETTERS + "0123456789.,/-"}
"""By kind of field: what OCR may read close up. Without marks on letters: names are compared without them, and the
English model takes ć for é, but for c where it has no é."""

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
    """

    name: str
    kind: str
    required: bool = False
    labels: Mapping[str, str] = dataclass_field(default_factory=dict)
    alphabet: str = ""
    length: tuple[int, int] | None = None

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
        return fold(read) == fold(truth) if self.kind in ("name", "text") else read == truth


@dataclass(frozen=True, slots=True)
class Schema:
    """What is read from one kind of card.

    Args:
        name: the file's name without its ending.
        about: one sentence.
        fields: what is looked for.
        mrz: format of the zone that fields of kind "zone" come from; None where there is none.
    """

    name: str
    about: str
    fields: tuple[Field, ...]
    mrz: str | None = None

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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise InputError(f"schema {str(name)!r} is not TOML: {broken}") from broken
    try:
        return _schema(Path(name).stem, table)
    except (KeyError, TypeError, ValueError) as wrong:
        raise InputError(
            f"schema {str(name)!r} does not fit: {wrong}", hint="compare it with docpipe/ocr/schemas/national.toml"
        ) from wrong


def _schema(name: str, table: dict[str, Any]) -> Schema:
    """Dataclasses from the file's tables: an unknown or missing key is a TypeError that names it."""
    fields = tuple(Field(**_with_tuples(entry)) for entry in table.pop("field"))
    schema = Schema(name=name, fields=fields, **table)
    if schema.mrz is not None and schema.mrz not in FORMATS:
        raise ValueError(f"mrz is {schema.mrz!r}; known are {', '.join(FORMATS)}")
    if not schema.required:
        raise ValueError("no field is required, so every card would pass")
    for field in fields:
        if field.kind not in ("zone", *READERS):
            raise ValueError(f"kind of {field.name} is {field.kind!r}; known are zone, {', '.join(READERS)}")
        if field.kind == "zone" and schema.mrz is None:
            raise ValueError(f"{field.name} comes from a zone, but mrz is not set")
        if field.kind == "zone" and field.name not in ZONE_VALUES:
            raise ValueError(f"a zone has no field {field.name!r}; it has {', '.join(ZONE_VALUES)}")
        if field.kind != "zone" and not field.labels:
            raise ValueError(f"{field.name} has no labels that announce it")
    return schema


def _with_tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
