"""Characters that were read as others and put right: where they stand, and what told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Rule = Literal["digit", "letter", "position", "second look", "check digit", "alphabet", "left out", "name", "IJ",
               "seen once"]  # fmt: skip

RULES: Mapping[Rule, str] = {
    "digit": "a letter was read where only a digit can stand",
    "letter": "a digit was read where only a letter can stand",
    "position": "an O was read in a number with which its check digit does not agree, and taken for a 0",
    "second look": "a second look saw what the first did not: a check digit agrees with it, or it is a G taken for a 6",
    "check digit": "a look-alike was put in its place, so that a check digit agrees",
    "alphabet": "a letter was read that a labelled field cannot have, and taken for the digit that it looks like",
    "left out": "beside it stood a character that a labelled field cannot have, and that looks like no digit",
    "name": "what was read in a labelled name is what OCR makes of another letter, such as a small l of a capital I",
    "IJ": "most looks at a labelled field read U and one IJ, which is often read as U, and never the other way round",
    "seen once": "most looks at a labelled number read a digit, and one a letter often read as it (C as 0, G as "
                 "3 or 6, J as 4, L as 1, T as 1 or 7, Z as 2 or 7), and hardly ever the other way round",
}
"""What told that a character was read as another -> in words."""


@dataclass(frozen=True, slots=True)
class Mending:
    """One character that was put right.

    Args:
        line: of the zone, from 1; of a field that is announced by a label, its name.
        position: in the line, or in the value of the field, from 1.
        rule: what told.
        read: what was read, one character or several; personal data, as is `mended`. None where it is not to be known.
        mended: the character that was put in its place, or IJ.
    """

    line: int | str
    position: int
    rule: Rule
    read: str | None = field(default=None, repr=False)
    mended: str | None = field(default=None, repr=False)

    def without_characters(self) -> "Mending":
        """Where and by which rule, and no more."""
        return replace(self, read=None, mended=None)
