"""What every OCR engine gives: words, lines and characters with the places where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from docpipe.page import Gray

SPARSE, BLOCK, LINE = 11, 6, 7
"""How a picture is laid out, numbered as Tesseract numbers its page segmentation modes: scattered words, one block,
one line. An engine that finds print by itself takes SPARSE and BLOCK for the same."""

LONGEST_S = 60
"""After so many seconds an engine may give a picture up; a card takes one or two, a page of mere specks may take ten
minutes."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, the last two not included."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was read: its text, where it stands, and how sure the engine is, 0 to 100."""

    text: str
    box: Box
    confidence: float


class Engine(Protocol):
    """Reads print. One page at a time and one thread a page: who has many pages starts many processes.

    Pictures are (H, W) uint8, 0 = ink; capitals of 30 to 40 pixels are read best. Every method answers with one
    entry a picture, in their order, and an empty one where nothing was read, or within `LONGEST_S` nothing came of it.
    """

    @property
    def description(self) -> str:
        """What reads: its name in `docpipe.ocr.engines.OCR_ENGINES`, a blank, then its version and data.

        Engines of one description read the same from the same picture.
        """
        ...

    def words(self, pictures: Sequence[Gray], mode: int, *, alphabet: str = "") -> list[list[Word]]:
        """The words on each of some pictures.

        Args:
            pictures: what is read.
            mode: how they are laid out: SPARSE, BLOCK or LINE.
            alphabet: the only characters that may be read; empty for all.
        """
        ...

    def lines(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[str]:
        """The text of each of some pictures of one line, its words parted by one blank."""
        ...

    def characters(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[list[tuple[str, float]]]:
        """The characters on each of some pictures of one line, each with the x of its middle in pixels."""
        ...
