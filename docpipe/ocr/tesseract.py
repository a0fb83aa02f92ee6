"""Tesseract: the only door to pytesseract. Pictures in, words or characters with their boxes out.

Pictures are handed over in a folder that only this user can read, and that is gone when the call ends.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from docpipe.errors import MissingToolError
from docpipe.ocr.engine import LINE, LONGEST_S, Word
from docpipe.ocr.geometry import padded
from docpipe.page import Gray

try:
    import pytesseract
except ImportError as missing:
    raise MissingToolError(
        "pytesseract, which reads with Tesseract, is not installed", hint="pip install 'docpipe-ocr[eval]'"
    ) from missing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tesseract:
    """One way to ask Tesseract.

    Args:
        language: of the model, such as "eng".

    Raises:
        MissingToolError: the program or the language is not installed.
    """

    language: str = "eng"

    def __post_init__(self) -> None:
        if shutil.which(pytesseract.pytesseract.tesseract_cmd) is None:
            raise MissingToolError("tesseract is not installed", hint="apt install tesseract-ocr")
        if self.language not in _languages(os.environ.get("TESSDATA_PREFIX", "")):
            package = f"tesseract-ocr-{self.language.replace('_', '-')}"
            raise MissingToolError(
                f"tesseract lacks the language {self.language!r}", hint=f"apt install {package}"
            )

    @property
    def description(self) -> str:
        """What reads: version, language, and sha256 (its start) and size of the language data.

        As in "tesseract 5.3.0, eng 1a2b3c4d (4.1 MB)". Tesseract 4 does not say where its data lie: no hash, no size.
        """
        return _description(self.language, os.environ.get("TESSDATA_PREFIX", ""))

    def words(self, pictures: Sequence[Gray], mode: int, *, alphabet: str = "") -> list[list[Word]]:
        """The words on each of some pictures, read in one run of the program.

        Args:
            pictures: each (H, W) uint8, 0 = ink; capitals of 30 to 40 pixels are read best.
            mode: how a picture is laid out: SPARSE, BLOCK or LINE.
            alphabet: the only characters that may be read; empty for all.

        Returns:
            One list a picture; empty for one on which Tesseract crashes or takes longer than `LONGEST_S`.
        """
        return _surviving(lambda some: self._words(some, mode, alphabet), pictures)

    def _words(self, pictures: Sequence[Gray], mode: int, alphabet: str) -> list[list[Word]]:
        found: list[list[Word]] = [[] for _ in pictures]
        columns = self._run(pytesseract.image_to_data, pictures, mode, alphabet, output_type="dict")
        for place, text in enumerate(columns.get("text", ())):
            left, top, width, height = (int(columns[name][place]) for name in ("left", "top", "width", "height"))
            if text.strip():
                box = (left, top, left + width, top + height)
                word = Word(text.strip(), box, float(columns["conf"][place]))
                found[int(columns["page_num"][place]) - 1].append(word)
        return found

    def lines(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[str]:
        """The text of each of some pictures of one line, its words parted by one blank."""
        return [" ".join(word.text for word in words) for words in self.words(pictures, LINE, alphabet=alphabet)]

    def characters(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[list[tuple[str, float]]]:
        """The characters on each of some pictures of one line, each with the x of its middle in pixels."""
        return _surviving(lambda some: self._characters(some, alphabet), pictures)

    def _characters(self, pictures: Sequence[Gray], alphabet: str) -> list[list[tuple[str, float]]]:
        found: list[list[tuple[str, float]]] = [[] for _ in pictures]
        columns = self._run(pytesseract.image_to_boxes, pictures, LINE, alphabet, output_type="dict")
        for place, text in enumerate(columns.get("char", ())):
            middle = (int(columns["left"][place]) + int(columns["right"][place])) / 2
            found[int(columns["page"][place])].append((str(text), middle))
        return found

    def _run(self, ask, pictures: Sequence[Gray], mode: int, alphabet: str, **options):  # type: ignore[no-untyped-def]
        if not pictures:
            return {}
        with TemporaryDirectory(prefix="docpipe-") as folder:
            listing = Path(folder, "pictures.txt")
            paths = [Path(folder, f"{place}.pgm") for place in range(len(pictures))]
            for path, picture in zip(paths, pictures, strict=True):
                path.write_bytes(_pgm(picture))
            listing.write_text("".join(f"{path}\n" for path in paths))
            # pytesseract parts this as a shell does, and an alphabet may hold blanks and quotes.
            config = f"--psm {mode}" + (f" -c tessedit_char_whitelist={shlex.quote(alphabet)}" if alphabet else "")
            return ask(str(listing), lang=self.language, config=config, timeout=LONGEST_S, **options)


def _surviving(read: Callable[[Sequence[Gray]], list[list[T]]], pictures: Sequence[Gray]) -> list[list[T]]:
    """Read some pictures; one on which Tesseract crashes or hangs holds nothing, the others are read all the same.

    Tesseract 5.3.0 dies of a floating point exception on some pictures of mere noise, and on others it ponders for
    minutes how thousands of specks are laid out.
    """
    try:
        return read(pictures)
    except RuntimeError as error:
        crashed = isinstance(error, pytesseract.TesseractError) and error.status < 0
        if not crashed and "timeout" not in str(error):  # it ended by itself and said why
            raise
        if len(pictures) == 1:
            return [[]]
        return [found for picture in pictures for found in _surviving(read, [picture])]


def _pgm(picture: Gray) -> bytes:
    """A picture in the simplest format there is (netpbm's PGM)."""
    whole = padded(picture)
    height, width = whole.shape
    return b"P5 %d %d 255\n" % (width, height) + np.ascontiguousarray(whole, np.uint8).tobytes()


@lru_cache(maxsize=4)
def _languages(tessdata: str) -> frozenset[str]:  # noqa: ARG001  (another folder, another answer)
    return frozenset(pytesseract.get_languages(config=""))


@lru_cache(maxsize=4)
def _description(language: str, tessdata: str) -> str:  # noqa: ARG001  (another folder, another answer)
    version = f"tesseract {pytesseract.get_tesseract_version()}, {language}"
    listing = [pytesseract.pytesseract.tesseract_cmd, "--list-langs"]
    said = subprocess.run(listing, capture_output=True, text=True, check=True)
    folder = re.search(r'"(.+)"', said.stdout)
    if folder is None:
        return version
    data = Path(folder[1], f"{language}.traineddata").read_bytes()
    return f"{version} {hashlib.sha256(data).hexdigest()[:8]} ({len(data) / 1e6:.1f} MB)"


def _use_one_thread() -> None:
    """Tesseract's own threads cost more than they bring (twice the time for a card); this reaches its child only."""
    pytesseract.pytesseract.environ = {**os.environ, "OMP_THREAD_LIMIT": "1"}


_use_one_thread()
