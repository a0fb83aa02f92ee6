"""Text errors: how far what was read is from the truth, in characters and in words.

Texts are compared in Unicode's composed form (NFC), and a character is what a reader takes for one: an extended
grapheme cluster. Marks count: a name may be right, because they are forgiven there, and still have edits.

Rates are edits over length, each summed over cards first. An empty truth adds no length, and every character that was
read where there is none adds an edit; so a rate may exceed 1, and without any length there is no rate.

Source: Unicode Standard Annex 15 (normalisation) and 29 (grapheme clusters); V. I. Levenshtein, "Binary codes capable
of correcting deletions, insertions and reversals" (1966).
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import regex
from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class TextErrors:
    """Edits (insertions, deletions and exchanges) that turn a reading into the truth, and the length of the truth."""

    char_edits: int
    chars: int
    word_edits: int
    words: int


def text_errors(read: str, truth: str) -> TextErrors:
    """Compare a reading with its truth; an empty reading misses all of it.

    >>> text_errors("ANA MARIA", "ANNA MARIA")
    TextErrors(char_edits=1, chars=10, word_edits=1, words=2)
    >>> text_errors("X", "")
    TextErrors(char_edits=1, chars=0, word_edits=1, words=0)
    """
    read, truth = (unicodedata.normalize("NFC", text) for text in (read, truth))
    characters_read, characters = graphemes(read), graphemes(truth)
    words_read, words = read.split(), truth.split()
    return TextErrors(
        char_edits=Levenshtein.distance(characters_read, characters),
        chars=len(characters),
        word_edits=Levenshtein.distance(words_read, words),
        words=len(words),
    )


def graphemes(text: str) -> list[str]:
    r"""The characters as a reader counts them.

    >>> len(graphemes("z\u0307o\u0301\u0142w"))
    4
    """
    found: list[str] = regex.findall(r"\X", text)
    return found


def error_rate(edits: Iterable[int], lengths: Iterable[int]) -> float | None:
    """Edits over length, summed over all texts; None where the truths are all empty, or there is none."""
    length = sum(lengths)
    return sum(edits) / length if length else None
