"""From what OCR read to the value of a field, by kind of field, and which of its characters were put right."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from docpipe.ocr.dates import read_date
from docpipe.ocr.look_alikes import AS_DIGIT
from docpipe.ocr.mending import Mending, Rule

PARTICLES = ("l", "la", "las", "le", "les", "li", "lo", "los")
MISREAD_LETTERS = (
    (r"(?<=[A-Z])\|", "I"),
    ("@", "Ø"),
    (r"(?<=[NI])C?G(?=[AÃ]O\b)", "Ç"),
    (r"(?<=i)c?é\b", "ć"),
)
"""What the English model makes of letters in names, some of which it has not."""

AROUND_NAMES = " -'’."


@dataclass(frozen=True, slots=True, repr=False)
class Character:
    """One character of a value, what OCR read in its place, and what told that it is another; None where none did."""

    value: str
    read: str
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a field by one look or several; empty where nothing was read that can be one.

    Args:
        value: personal data: not for logs.
        mended: characters of it that were put right, in order.
        sure: of several looks, two saw it alike, but for what was put right.
    """

    value: str = field(default="", repr=False)
    mended: tuple[Mending, ...] = ()
    sure: bool = False


def text_of(characters: Sequence[Character]) -> str:
    """What the characters say."""
    return "".join(one.value for one in characters)


def read_number(text: str) -> str:
    """Letters and digits of a number, in capitals."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def read_text(text: str) -> str:
    """Any line of print: blanks are single, and the marks that part it from its label are taken off.

    >>> read_text(": Graz,  24-12-1991")
    'Graz, 24-12-1991'
    """
    return " ".join(text.split()).strip(" :;.,-")


def name_characters(text: str) -> list[Character]:
    """A name or place: what stands around it is taken off, blanks are single, and no word begins with a small l.

    >>> text_of(name_characters(": llona  de la Cruz,")), text_of(name_characters("@degard"))
    ('Ilona de la Cruz', 'Ødegard')
    """
    characters = _as_read(text)
    for pattern, letter in MISREAD_LETTERS:
        characters = _replaced(characters, pattern, letter)
    found: list[Character] = []
    for stands_between, run in groupby(characters, key=lambda one: not _may_stand_in_name(one.value)):
        if not stands_between:
            word = list(run)
            if word[0].value == "l" and text_of(word) not in PARTICLES:
                word[0] = Character("I", "l", "name")
            found += [*([Character(" ", " ")] if found else []), *word]
    value = text_of(found)
    return found[len(value) - len(value.lstrip(AROUND_NAMES)) : len(value.rstrip(AROUND_NAMES))]


def within(characters: Sequence[Character], alphabet: str) -> list[Character]:
    """The characters in an alphabet: others are taken for the digits that they look like, or left out.

    >>> [(one.value, one.read, one.rule) for one in within(_as_read("1EO"), "0123456789")]
    [('1', '1E', 'left out'), ('0', 'O', 'alphabet')]
    """
    found: list[Character] = []
    before = ""                      # what was left out ahead of the first character that stays
    for one in characters:
        digit = AS_DIGIT.get(one.value)
        if one.value in alphabet:
            found.append(one)
        elif digit and digit in alphabet:
            found.append(Character(digit, one.read, "alphabet"))
        elif found:
            found[-1] = Character(found[-1].value, found[-1].read + one.read, "left out")
        else:
            before += one.read
    if before and found:
        found[0] = Character(found[0].value, before + found[0].read, "left out")
    return found


def reading_of(name: str, characters: Sequence[Character]) -> Reading:
    """The value that the characters of the field called `name` say, and which of them were put right."""
    placed = enumerate(characters, 1)
    mended = tuple(Mending(name, place, one.rule, one.read, one.value) for place, one in placed if one.rule)
    return Reading(text_of(characters), mended)


def _as_read(text: str) -> list[Character]:
    return [Character(one, one) for one in text]


def _replaced(characters: list[Character], pattern: str, letter: str) -> list[Character]:
    """A letter in place of whatever matches the pattern."""
    found, done = [], 0
    for match in re.finditer(pattern, text_of(characters)):
        read = "".join(one.read for one in characters[match.start() : match.end()])
        found += [*characters[done : match.start()], Character(letter, read, "name")]
        done = match.end()
    return found + characters[done:]


def _may_stand_in_name(character: str) -> bool:
    return character.isalpha() or character in "-'’."


READERS: Mapping[str, Callable[[str], list[Character]]] = {
    "date": lambda text: _as_read(read_date(text)),
    "number": lambda text: _as_read(read_number(text)),
    "name": name_characters,
    "text": lambda text: _as_read(read_text(text)),
}
"""By kind of field: from what OCR read to the value; empty where it cannot be one."""
