"""One value out of several looks at it: what most agree on, and what some letters are known to be misread as."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from docpipe.ocr.folding import fold
from docpipe.ocr.mending import Mending, Rule
from docpipe.ocr.schema import Field
from docpipe.ocr.values import Reading

LEAST_ALIKE = 0.6                # characters that two looks at a value have in common, or neither is believed
MISREAD_AS: Mapping[str, tuple[Rule, Mapping[str, str]]] = {
    "name": ("IJ", {"IJ": "U"}),
    "text": ("IJ", {"IJ": "U"}),
    "number": ("seen once", {"C": "0", "L": "1", "Z": "2", "G": "6", "T": "7"}),
}
"""By kind of field, what is often read as something else and hardly ever the other way round, and as what. In numbers
of 134 restored cards of the split val 25 looks at such a letter saw its digit, and none at such a digit its letter."""


def said(field: Field, texts: Sequence[str]) -> Reading:
    """The value that most looks agree on but for marks and case; of several, the first.

    One look that reads what is often misread, such as an IJ, says what the others mean. What one look saw, and no other
    saw anything like, is no value: dirt is read as letters, too, as others every time. For a date the calendar vouches;
    one in fewer digits is believed only where no text says a whole one.

    Args:
        field: whose value it is.
        texts: what each look read; empty where it read nothing.

    Returns:
        The value, and which of its characters were put right; empty where none is to be believed.
    """
    whole = _agreed(field, [field.read(text) for text in texts])
    if field.kind == "date":
        return whole if whole.value else _agreed(field, [field.read_short(text) for text in texts])
    return whole if _is_vouched_for(whole.value, texts) else Reading()


def _is_vouched_for(value: str, texts: Sequence[str]) -> bool:
    """Whether two looks saw about the same as a value; one of them is its own."""
    return sum(fuzz.ratio(fold(value), fold(text)) >= 100 * LEAST_ALIKE for text in texts if text) > 1


def _agreed(field: Field, readings: Sequence[Reading]) -> Reading:
    read = [reading for reading in readings if reading.value]
    if not read:
        return Reading()
    rule, misread_as = MISREAD_AS.get(field.kind, ("IJ", {}))
    counts = Counter(_misread(reading.value, misread_as) for reading in read)
    best = max(read, key=lambda reading: counts[_misread(reading.value, misread_as)])
    alike = [one for one in read if _misread(one.value, misread_as) == _misread(best.value, misread_as)]
    sharpest = max(alike, key=lambda one: _misreadable(one.value, misread_as))
    if _misreadable(sharpest.value, misread_as) == _misreadable(best.value, misread_as):
        return best
    told = [
        Mending(field.name, place + 1, rule, wrong, right)
        for right, wrong in misread_as.items()
        for place in range(len(sharpest.value))
        if sharpest.value.startswith(right, place) and (rule == "IJ" or best.value[place] == wrong)
    ]
    return Reading(sharpest.value, tuple(sorted((*sharpest.mended, *told), key=lambda one: one.position)))


def _misreadable(value: str, misread_as: Mapping[str, str]) -> int:
    return sum(value.count(one) for one in misread_as)


def _misread(value: str, misread_as: Mapping[str, str]) -> str:
    """The value with everything that is often misread as it is misread, without marks, case and blanks."""
    for right, wrong in misread_as.items():
        value = value.replace(right, wrong)
    return fold(value)
