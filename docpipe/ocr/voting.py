"""One value out of several looks at it: what most agree on, and what some letters are known to be misread as."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from docpipe.ocr.folding import fold
from docpipe.ocr.mending import Mending
from docpipe.ocr.schema import Field
from docpipe.ocr.values import Reading

LEAST_ALIKE = 0.6                # characters that two looks at a value have in common, or neither is believed
MOST_UNLIKE = 2                  # characters in which a look at a number may differ from what most others saw
READ_AS: Mapping[str, str] = {"C": "0", "G": "36", "J": "4", "L": "1", "T": "17", "Z": "27"}
"""Letters of a number -> digits that they are often read as. In 134 restored cards of the split val 34 looks at such a
letter saw one of its digits, and 2 looks at one of these digits (a 1) its letter (a T)."""


def said(field: Field, texts: Sequence[str]) -> Reading:
    """The value that most looks agree on but for marks and case; of several, the first.

    IJ is often read as a U, and a U never as IJ: one look that reads IJ says what the others mean; so does one that
    reads a letter in the place of a digit that it is often read as, of a number of known alphabet and length. What one
    look saw, and no other saw anything like, is no value: dirt is read as letters, too, as others every time. The
    calendar vouches for a date; one in fewer digits is believed only where no text says a whole one.

    Args:
        field: whose value it is.
        texts: what each look read; empty where it read nothing.

    Returns:
        The value, which of its characters were put right, and whether two looks saw it alike but for marks, case and
        such letters; empty where none is to be believed.
    """
    readings = [reading for text in texts if (reading := field.read(text)).value]
    whole = _agreed(field.name, readings)
    if field.kind == "date":
        return whole if whole.value else _agreed(field.name, [field.read_short(text) for text in texts])
    if not _is_vouched_for(whole.value, texts):
        return Reading()
    has_known_form = field.kind == "number" and field.alphabet and field.length
    return _with_letters(field, whole, readings) if has_known_form else whole


def _is_vouched_for(value: str, texts: Sequence[str]) -> bool:
    """Whether two looks saw about the same as a value; one of them is its own."""
    seen = [fuzz.ratio(_comparable(value), _comparable(text)) for text in texts if text]
    return sum(alike >= 100 * LEAST_ALIKE for alike in seen) > 1


def _comparable(text: str) -> str:
    """Folded; where nothing is left of it, as of letters that are not Latin, as they are."""
    return fold(text) or "".join(character for character in text.casefold() if character.isalnum())


def _agreed(name: str, readings: Sequence[Reading]) -> Reading:
    read = [reading for reading in readings if reading.value]
    if not read:
        return Reading()
    counts = Counter(_joined(reading.value) for reading in read)
    best = max(read, key=lambda reading: counts[_joined(reading.value)])
    best = replace(best, sure=counts[_joined(best.value)] > 1)
    with_ij = [one for one in read if "IJ" in one.value and _joined(one.value) == _joined(best.value)]
    if not with_ij or "IJ" in best.value:
        return best
    told = (Mending(name, match.start() + 1, "IJ", "U", "IJ") for match in re.finditer("IJ", with_ij[0].value))
    return replace(best, value=with_ij[0].value, mended=_in_order(*with_ij[0].mended, *told))


def _joined(value: str) -> str:
    return _comparable(value.replace("IJ", "U"))


def _with_letters(field: Field, best: Reading, readings: Sequence[Reading]) -> Reading:
    """A number with the letters of its alphabet that looks saw which read about the same, and had nothing put right."""
    witnesses = [one.value for one in readings if not one.mended and _differ(one.value, best.value) <= MOST_UNLIKE]
    characters, told = list(best.value), []
    for place, digit in enumerate(best.value):
        seen = Counter(one[place] for one in witnesses if digit in READ_AS.get(one[place], ""))
        if seen:
            characters[place] = seen.most_common(1)[0][0]
            told.append(Mending(field.name, place + 1, "seen once", digit, characters[place]))
    places = {one.position for one in told}
    as_before = [one for one in best.mended if one.position not in places]
    return replace(best, value="".join(characters), mended=_in_order(*as_before, *told)) if told else best


def _differ(one: str, other: str) -> int:
    """In how many characters; all, where one is longer."""
    return sum(a != b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else len(one) + len(other)


def _in_order(*mended: Mending) -> tuple[Mending, ...]:
    return tuple(sorted(mended, key=lambda one: one.position))
