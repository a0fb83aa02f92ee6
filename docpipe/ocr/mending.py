"""Characters of a zone that were read as others and put right: where they stand, and what told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Rule = Literal["digit", "letter", "position", "check digit"]

RULES: Mapping[Rule, str] = {
    "digit": "a letter was read where only a digit can stand",
    "letter": "a digit was read where only a letter can stand",
    "position": "an O was read in a number with which its check digit does not agree, and taken for a 0",
    "check digit": "a look-alike was put in its place, so that a check digit agrees",
}
"""What told that a character was read as another -> in words."""


@dataclass(frozen=True, slots=True)
class Mending:
    """One character that was put right.

    Args:
        line: of the zone, from 1.
        position: in the line, from 1.
        rule: what told.
        read: the character that was read; personal data, as is `mended`. None where it is not to be known.
        mended: the character that was put in its place.
    """

    line: int
    position: int
    rule: Rule
    read: str | None = field(default=None, repr=False)
    mended: str | None = field(default=None, repr=False)

    def without_characters(self) -> "Mending":
        """Where and by which rule, and no more."""
        return replace(self, read=None, mended=None)
