"""Tesseract inside this process: the only door to tesserocr. No program is started and no picture written to disk.

The wheel of tesserocr holds a libtesseract of its own, which may be newer than the installed program, and reads with
the program's models.
"""

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from docpipe.errors import MissingToolError
from docpipe.ocr.engine import LINE, LONGEST_S, Word
from docpipe.ocr.geometry import padded
from docpipe.page import Gray

try:
    import tesserocr
except ImportError as missing:
    raise MissingToolError("tesserocr is not installed", hint="pip install 'docpipe-ocr[eval]'") from missing

TESSDATA_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",       # Debian, Ubuntu
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tesseract/tessdata",             # Fedora
    "/usr/share/tessdata",                       # Arch, Alpine
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
"""Where models are looked for when TESSDATA_PREFIX names no folder."""


class _Kept(threading.local):
    """Of each thread: its readers, by folder and language. A reader serves one thread."""

    def __init__(self) -> None:
        self.readers: dict[tuple[str, str], tesserocr.PyTessBaseAPI] = {}


_kept = _Kept()


@dataclass(frozen=True, slots=True)
class TesserOcr:
    """Tesseract as a library: reads as `Tesseract` does, without the start of a program for every call.

    The first call of a thread loads the model, about 0.1 s; the thread keeps it.

    Args:
        language: of the model, such as "eng".

    Raises:
        MissingToolError: no model of the language is installed.
    """

    language: str = "eng"

    def __post_init__(self) -> None:
        _tessdata(self.language, os.environ.get("TESSDATA_PREFIX", ""))

    @property
    def description(self) -> str:
        """What reads: versions, language, and sha256 (its start) and size of the language data."""
        return _description(self.language, os.environ.get("TESSDATA_PREFIX", ""))

    def words(self, pictures: Sequence[Gray], mode: int, *, alphabet: str = "") -> list[list[Word]]:
        """The words on each of some pictures.

        Args:
            pictures: each (H, W) uint8, 0 = ink; capitals of 30 to 40 pixels are read best.
            mode: how a picture is laid out: SPARSE, BLOCK or LINE.
            alphabet: the only characters that may be read; empty for all.

        Returns:
            One list a picture; empty for one that takes longer than `LONGEST_S`. A picture on which Tesseract crashes
            ends this process: who has many of them reads in processes of their own (`docpipe.evaluate.scan_pool`).
        """
        return [list(_words(reader.GetTSVText(0))) if reader else [] for reader in self._read(pictures, mode, alphabet)]

    def lines(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[str]:
        """The text of each of some pictures of one line, its words parted by one blank."""
        return [" ".join(word.text for word in words) for words in self.words(pictures, LINE, alphabet=alphabet)]

    def characters(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[list[tuple[str, float]]]:
        """The characters on each of some pictures of one line, each with the x of its middle in pixels."""
        read = self._read(pictures, LINE, alphabet)
        return [list(_characters(reader.GetBoxText(0))) if reader else [] for reader in read]

    def _read(self, pictures: Sequence[Gray], mode: int, alphabet: str) -> Iterator["tesserocr.PyTessBaseAPI | None"]:
        """This thread's reader, once for each picture, which it has read then; None for one that took too long."""
        reader = _reader(self.language)
        reader.SetPageSegMode(mode)
        reader.SetVariable("tessedit_char_whitelist", alphabet)
        for picture in pictures:
            whole = np.ascontiguousarray(padded(picture), np.uint8)
            height, width = whole.shape
            reader.SetImageBytes(whole.tobytes(), width, height, 1, width)
            # Asked for its text, a reader that was stopped would begin again, and without a limit.
            yield reader if reader.Recognize(round(1000 * LONGEST_S)) else None
            reader.Clear()


def _words(table: str) -> Iterator[Word]:
    """Words from Tesseract's tab separated table: level, five numbers, left, top, width, height, confidence, text."""
    for row in table.splitlines():
        *numbers, text = row.split("\t")
        if text.strip():
            left, top, width, height = map(int, numbers[6:10])
            yield Word(text.strip(), (left, top, left + width, top + height), float(numbers[10]))


def _characters(table: str) -> Iterator[tuple[str, float]]:
    """Characters from Tesseract's box file: character, left, bottom, right, top, page."""
    for row in table.splitlines():
        character, left, _, right, _, _ = row.rsplit(" ", 5)
        yield character, (int(left) + int(right)) / 2


def _be_quiet() -> None:
    """Leptonica, below Tesseract, tells stderr what it stumbles over in a picture: nothing that a user could mend."""
    tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)


def _reader(language: str) -> "tesserocr.PyTessBaseAPI":
    folder = _tessdata(language, os.environ.get("TESSDATA_PREFIX", ""))
    if (folder, language) not in _kept.readers:
        _kept.readers[folder, language] = tesserocr.PyTessBaseAPI(path=folder, lang=language)
    return _kept.readers[folder, language]


@lru_cache(maxsize=4)
def _description(language: str, named: str) -> str:
    version = tesserocr.tesseract_version().split("\n")[0].removeprefix("tesseract ")
    data = Path(_tessdata(language, named), f"{language}.traineddata").read_bytes()
    model = f"{language} {hashlib.sha256(data).hexdigest()[:8]} ({len(data) / 1e6:.1f} MB)"
    return f"tesserocr {tesserocr.__version__} with Tesseract {version}, {model}"


@lru_cache(maxsize=4)
def _tessdata(language: str, named: str) -> str:
    """The folder that holds the language's model."""
    folders = [named] if named else TESSDATA_FOLDERS
    for folder in folders:
        if Path(folder, f"{language}.traineddata").is_file():
            return folder
    package = f"tesseract-ocr-{language.replace('_', '-')}"
    raise MissingToolError(
        f"tesserocr finds no Tesseract model of the language {language!r}",
        hint=f"apt install {package}, or set TESSDATA_PREFIX to a folder of models",
    )


_be_quiet()
