"""Field schemas: which fields a card has, how they are announced, and what a right value looks like; TOML files."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.mrz import FORMATS
from docpipe.ocr.look_alikes import AS_DIGIT
from docpipe.ocr.zone_values import ZONE_VALUES, is_zone_value

SCHEMAS = ("driving_licence", "national", "national_b", "residence_permit", "td1", "td1_back", "td2", "td3")
MONTH_NAMES = (
    "january januar janvier enero gennaio janeiro januari styczen stycznia",
    "february februar fevrier febrero febbraio fevereiro februari luty lutego",
    "march marz maerz mars marzo marco maart mrt marzec marca",
    "april avril abril aprile kwiecien kwietnia",
    "may mai mayo maggio maio mei maj maja",
    "june juni juin junio giugno junho czerwiec czerwca",
    "july juli juillet julio luglio julho lipiec lipca",
    "august aout agosto augustus augusti sierpien sierpnia",
    "september septembre septiembre settembre setembro wrzesien wrzesnia",
    "october oktober octobre octubre ottobre outubro pazdziernik pazdziernika",
    "november novembre noviembre novembro listopad listopada",
    "december dezember decembre diciembre dicembre dezembro grudzien grudnia",
)
"""January to December as `fold` leaves them, in the languages of the labels: en de fr es it pt nl pl sv."""

SHORTEST_MONTH = 3               # letters: AUG
PARTICLES = ("l", "la", "las", "le", "les", "li", "lo", "los")
UNMARKED = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "æ": "ae",
                          "Æ": "AE", "œ": "oe", "Œ": "OE", "ß": "ss", "þ": "th", "Þ": "TH", "ı": "i"})  # fmt: skip


MISREAD_LETTERS = (
    (r"(?<=[A-Z])\|", "I"),
    ("@", "Ø"),
    (r"(?<=[NI])C?G(?=[AÃ]O\b)", "Ç"),
    (r"ic?é\b", "ić"),
)
"""What the English model makes of letters in names, some of which it has not."""


def fold(text: str) -> str:
    """Letters and digits alone, without case and diacritics: what is left when names are compared.

    >>> fold("Groß-Łęcki")
    'grosslecki'
    """
    plain = unicodedata.normalize("NFKD", text.translate(UNMARKED))
    return "".join(character for character in plain.casefold() if character.isascii() and character.isalnum())


def read_date(text: str) -> str:
    """A printed date as ISO 8601; empty where it is none.

    Where all is in numbers, a year in front is followed by month and day (1974-08-12), and else the day stands before
    the month (12.08.1974, 12/08/1974, 12081974), each in two digits. A month in letters may be cut to three of them
    and stand anywhere (12 AUG 1974, 12 août 1974, August 12, 1974, 12 AUG/AOU 1974). Years have four digits: of
    two, only a zone can tell which century is meant.

    >>> read_date("12 AUG 1974"), read_date("31.02.1974")
    ('1974-08-12', '')
    """
    parts = [fold(part) for part in re.findall(r"[^\W\d_]+|\d+", unicodedata.normalize("NFKC", text))]
    numbers = [part for part in parts if part.isdigit()]
    months = {month for part in parts if (month := _month(part))}
    digits = "".join(numbers)                    # OCR may part them anywhere
    if len(digits) not in (5, 6, 8) or (len(digits) < 8 and len(months) != 1):
        return ""
    year_first = len(numbers[0]) == 4
    year, rest = (digits[:4], digits[4:]) if year_first else (digits[-4:], digits[:-4])
    if len(digits) < 8:
        month, day = months.pop(), int(rest)
    else:
        month, day = (int(rest[:2]), int(rest[2:])) if year_first else (int(rest[2:]), int(rest[:2]))
    try:
        return date(int(year), month, day).isoformat()
    except ValueError:
        return ""


def _month(word: str) -> int | None:
    """1 to 12 for a month's name or its beginning; None where it is none, or could be two (JUI)."""
    if len(word) < SHORTEST_MONTH:
        return None
    begun = [number for number, names in enumerate(MONTH_NAMES, 1) if f" {word}" in f" {names}"]
    return begun[0] if len(begun) == 1 else None


def read_number(text: str) -> str:
    """Letters and digits of a number, in capitals."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def read_name(text: str) -> str:
    """A name or place: what stands around it is taken off, blanks are single, and no word begins with a small l.

    >>> read_name(": llona  de la Cruz,"), read_name("RICCIOTT| |"), read_name("@degard")
    ('Ilona de la Cruz', 'RICCIOTTI', 'Ødegard')
    """
    for pattern, letter in MISREAD_LETTERS:
        text = re.sub(pattern, letter, text)
    kept = "".join(character if character.isalpha() or character in " -'’." else " " for character in text)
    words = ["I" + word[1:] if word[0] == "l" and word not in PARTICLES else word for word in kept.split()]
    return " ".join(words).strip(" -'’.")


def read_text(text: str) -> str:
    """Any line of print: blanks are single, and the marks that part it from its label are taken off.

    >>> read_text(": Graz,  24-12-1991")
    'Graz, 24-12-1991'
    """
    return " ".join(text.split()).strip(" :;.,-")


ASCII_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALPHABETS = {"date": "0123456789./-ABCDEFGJLMNOPRSTUVY", "number": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
             "name": ASCII_LETTERS + "-", "text": ASCII_LETTERS + "0123456789.,/-"}
"""By kind of field: what OCR may read close up. Without marks on letters: names are compared without them, and the
English model takes ć for é, but for c where it has no é."""

READERS: Mapping[str, Callable[[str], str]] = {
    "date": read_date, "number": read_number, "name": read_name, "text": read_text
}  # fmt: skip
"""By kind of field: from what OCR read to the value; empty where it cannot be one."""


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

    def value_of(self, text: str) -> str:
        """The value that a piece of text says, empty where it cannot be one of this field."""
        value = READERS[self.kind](text)
        if self.alphabet:
            value = "".join(one if one in self.alphabet else AS_DIGIT.get(one, "") for one in value)
        if self.length and not self.length[0] <= len(value) <= self.length[1]:
            return ""
        return value

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
