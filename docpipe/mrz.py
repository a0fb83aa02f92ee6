"""The machine readable zone: its formats, its check digits, and building its lines.

Source: ICAO Doc 9303, part 3 (character set, transliteration, check digits), part 4 (TD3), part 5 (TD1) and
part 6 (TD2). Nothing but the standard library is loaded, so that who reads MRZ lines can share the tables.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle

FILLER = "<"
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What an MRZ may hold beside the filler; the position of a character is its value for the check digit."""

WEIGHTS = (7, 3, 1)

TRANSLITERATION = {
    "Ä": "AE", "Å": "AA", "Æ": "AE", "Ð": "D", "Đ": "D", "Ħ": "H", "Ĳ": "IJ", "ĸ": "Q", "Ŀ": "L", "Ł": "L",
    "Ŋ": "N", "Ö": "OE", "Ø": "OE", "Œ": "OE", "ẞ": "SS", "Þ": "TH", "Ŧ": "T", "Ü": "UE",
}  # fmt: skip
"""Upper-case letters that are more than a base letter with marks; of two recommended spellings, the first."""

DROPPED = "'’ʼ`´."
SEPARATORS = " -‐‑–,/"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one MRZ line: characters `start` to `end` (not included) of line `line`, all from 0."""

    line: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of characters."""
        return self.end - self.start

    def of(self, lines: Sequence[str]) -> str:
        """The characters that stand there."""
        return lines[self.line][self.start : self.end]


@dataclass(frozen=True, slots=True)
class Check:
    """One check digit: where it stands, and which stretches it covers, in order."""

    digit: Span
    covers: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class MrzFormat:
    """One of ICAO's formats. The checks are in the order in which they are computed."""

    line_count: int
    width: int
    fields: Mapping[str, Span]
    checks: Mapping[str, Check]


FORMATS: Mapping[str, MrzFormat] = {
    "td1": MrzFormat(
        line_count=3,
        width=30,
        fields={
            "document_code": Span(0, 0, 2),
            "issuing_state": Span(0, 2, 5),
            "document_number": Span(0, 5, 14),
            "optional": Span(0, 15, 30),
            "date_of_birth": Span(1, 0, 6),
            "sex": Span(1, 7, 8),
            "date_of_expiry": Span(1, 8, 14),
            "nationality": Span(1, 15, 18),
            "optional_2": Span(1, 18, 29),
            "name": Span(2, 0, 30),
        },
        checks={
            "document_number": Check(Span(0, 14, 15), (Span(0, 5, 14),)),
            "date_of_birth": Check(Span(1, 6, 7), (Span(1, 0, 6),)),
            "date_of_expiry": Check(Span(1, 14, 15), (Span(1, 8, 14),)),
            "composite": Check(
                Span(1, 29, 30), (Span(0, 5, 30), Span(1, 0, 7), Span(1, 8, 15), Span(1, 18, 29))
            ),
        },
    ),
    "td2": MrzFormat(
        line_count=2,
        width=36,
        fields={
            "document_code": Span(0, 0, 2),
            "issuing_state": Span(0, 2, 5),
            "name": Span(0, 5, 36),
            "document_number": Span(1, 0, 9),
            "nationality": Span(1, 10, 13),
            "date_of_birth": Span(1, 13, 19),
            "sex": Span(1, 20, 21),
            "date_of_expiry": Span(1, 21, 27),
            "optional": Span(1, 28, 35),
        },
        checks={
            "document_number": Check(Span(1, 9, 10), (Span(1, 0, 9),)),
            "date_of_birth": Check(Span(1, 19, 20), (Span(1, 13, 19),)),
            "date_of_expiry": Check(Span(1, 27, 28), (Span(1, 21, 27),)),
            "composite": Check(Span(1, 35, 36), (Span(1, 0, 10), Span(1, 13, 20), Span(1, 21, 35))),
        },
    ),
    "td3": MrzFormat(
        line_count=2,
        width=44,
        fields={
            "document_code": Span(0, 0, 2),
            "issuing_state": Span(0, 2, 5),
            "name": Span(0, 5, 44),
            "document_number": Span(1, 0, 9),
            "nationality": Span(1, 10, 13),
            "date_of_birth": Span(1, 13, 19),
            "sex": Span(1, 20, 21),
            "date_of_expiry": Span(1, 21, 27),
            "optional": Span(1, 28, 42),
        },
        checks={
            "document_number": Check(Span(1, 9, 10), (Span(1, 0, 9),)),
            "date_of_birth": Check(Span(1, 19, 20), (Span(1, 13, 19),)),
            "date_of_expiry": Check(Span(1, 27, 28), (Span(1, 21, 27),)),
            "optional": Check(Span(1, 42, 43), (Span(1, 28, 42),)),
            "composite": Check(Span(1, 43, 44), (Span(1, 0, 10), Span(1, 13, 20), Span(1, 21, 43))),
        },
    ),
}


def check_digit(text: str) -> str:
    """The check digit of some MRZ characters: weights 7, 3, 1 repeated, sum modulo 10.

    Raises:
        ValueError: `text` holds something other than A-Z, 0-9 and the filler.

    >>> check_digit("520727")
    '3'
    """
    if set(text) - set(CHARACTERS + FILLER):
        raise ValueError("the text holds a character that an MRZ has not; only A-Z, 0-9 and < are allowed")
    values = (0 if character == FILLER else CHARACTERS.index(character) for character in text)
    return str(sum(value * weight for value, weight in zip(values, cycle(WEIGHTS), strict=False)) % 10)


def transliterate(text: str) -> str:
    """Write a name or number as an MRZ does: A-Z and digits, one filler between its parts.

    Raises:
        ValueError: a character has no Latin transliteration.

    >>> transliterate("Groß-Øster d’Ångström")
    'GROSS<OESTER<DAANGSTROEM'
    """
    composed = unicodedata.normalize("NFC", text).replace("ß", "ẞ").upper()
    letters = "".join(_letters(character) for character in composed)
    return FILLER.join(part for part in letters.split(FILLER) if part)


def _letters(character: str) -> str:
    if character in DROPPED:
        return ""
    if character in SEPARATORS:
        return FILLER
    if character in TRANSLITERATION:
        return TRANSLITERATION[character]
    base = unicodedata.normalize("NFD", character)[0]
    if base not in CHARACTERS:
        raise ValueError(f"U+{ord(character):04X} has no transliteration here; only Latin script has")
    return base


def name_field(surname: str, given_names: str, width: int) -> str:
    """Surname, two fillers, given names, cut or filled to `width` characters.

    A name that is too long ends in a letter, which tells a reader that it was cut, and keeps at least one
    letter of the given names (Doc 9303 part 3, section 4.6).

    >>> name_field("Eriksson", "Anna Maria", 30)
    'ERIKSSON<<ANNA<MARIA<<<<<<<<<<'
    """
    primary, secondary = transliterate(surname), transliterate(given_names)
    if not secondary:
        return _cut(primary, width).ljust(width, FILLER)
    primary = _cut(primary, width - 3)
    return (primary + 2 * FILLER + _cut(secondary, width - len(primary) - 2)).ljust(width, FILLER)


def _cut(parts: str, width: int) -> str:
    """At most `width` characters, the last a letter: the longest part gives way where it is a filler."""
    while len(parts) > width and parts[width - 1] == FILLER:
        longest = max(parts[:width].split(FILLER), key=len)
        if len(longest) == 1:
            break
        parts = parts.replace(longest, longest[:-1], 1)
    return parts[:width].rstrip(FILLER)


def build_mrz(
    kind: str,
    *,
    document_code: str,
    issuing_state: str,
    surname: str,
    given_names: str,
    document_number: str,
    nationality: str,
    date_of_birth: date,
    sex: str,
    date_of_expiry: date,
    optional: str = "",
    optional_2: str = "",
) -> tuple[str, ...]:
    """The lines of the zone, check digits included.

    Args:
        kind: a key of `FORMATS`.
        document_code: one or two letters, such as "P", "I" or "ID".
        issuing_state: three letters.
        surname: in any Latin script; it is transliterated.
        given_names: likewise; may be empty.
        document_number: letters and digits. In TD1 and TD2 more than nine run on into `optional`.
        nationality: three letters.
        date_of_birth: of its year, the zone keeps the last two digits.
        date_of_expiry: likewise.
        sex: "F", "M" or "X" (unspecified, printed as a filler).
        optional: in TD3 the personal number.
        optional_2: TD1 only.

    Returns:
        Three lines of 30 characters (td1), two of 36 (td2) or two of 44 (td3).

    Raises:
        ValueError: `kind` is unknown, or a value does not fit its field.
    """
    if kind not in FORMATS:
        raise ValueError(f"MRZ format is {kind!r}; known are {', '.join(FORMATS)}")
    fields = FORMATS[kind].fields
    number, number_digit, optional = _split_number(
        transliterate(document_number), transliterate(optional), kind
    )
    values = {
        "document_code": transliterate(document_code),
        "issuing_state": transliterate(issuing_state),
        "name": name_field(surname, given_names, fields["name"].length),
        "document_number": number,
        "nationality": transliterate(nationality),
        "date_of_birth": f"{date_of_birth:%y%m%d}",
        "sex": "" if sex == "X" else transliterate(sex),
        "date_of_expiry": f"{date_of_expiry:%y%m%d}",
        "optional": optional,
        "optional_2": transliterate(optional_2),
    }
    if "optional_2" not in fields and values.pop("optional_2"):
        raise ValueError(f"{kind} has no second optional field")
    lines = [FILLER * FORMATS[kind].width] * FORMATS[kind].line_count
    for name, span in fields.items():
        if len(values[name]) > span.length:
            raise ValueError(f"{name} has {len(values[name])} characters; {kind} takes up to {span.length}")
        _write(lines, span, values[name].ljust(span.length, FILLER))
    for name, check in FORMATS[kind].checks.items():
        covered = "".join(span.of(lines) for span in check.covers)
        _write(lines, check.digit, number_digit if name == "document_number" else check_digit(covered))
    return tuple(lines)


def _split_number(number: str, optional: str, kind: str) -> tuple[str, str, str]:
    """The number as far as it fits, its check digit, and the optional field (Doc 9303 part 5, 4.2.4)."""
    room = FORMATS[kind].fields["document_number"].length
    if len(number) <= room:
        return number, check_digit(number), optional
    if kind == "td3":
        raise ValueError(f"the document number has {len(number)} characters; td3 takes up to {room}")
    overflow = number[room:] + check_digit(number)
    return number[:room], FILLER, f"{overflow}{FILLER}{optional}" if optional else overflow


def _write(lines: list[str], span: Span, text: str) -> None:
    line = lines[span.line]
    lines[span.line] = line[: span.start] + text + line[span.end :]


def wrong_checks(kind: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Names of the check digits that disagree with what they cover; empty if all are right.

    Args:
        kind: a key of `FORMATS`.
        lines: as many lines, of the width, as the format has.

    Raises:
        ValueError: the number of lines, their width or a character is not that of the format.
    """
    form = FORMATS[kind]
    if [len(line) for line in lines] != [form.width] * form.line_count:
        raise ValueError(f"{kind} has {form.line_count} lines of {form.width} characters; these do not")
    wrong = []
    for name, check in form.checks.items():
        covered, digit = "".join(span.of(lines) for span in check.covers), check.digit.of(lines)
        if name == "document_number" and digit == FILLER:      # the number runs on into the optional field
            overflow = form.fields["optional"].of(lines).split(FILLER)[0]
            covered, digit = covered + overflow[:-1], overflow[-1:]
        if digit != check_digit(covered) and not _may_be_empty(name, covered, digit):
            wrong.append(name)
    return tuple(wrong)


def _may_be_empty(name: str, covered: str, digit: str) -> bool:
    """TD3 lets the issuer leave out the check digit of an empty personal number (Doc 9303 part 4, 4.2.2)."""
    return name == "optional" and digit == FILLER and not covered.strip(FILLER)
