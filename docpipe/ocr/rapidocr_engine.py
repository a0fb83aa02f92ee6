"""RapidOCR: the only door to it. A second engine, on which nothing here is tuned: a gain that it shares is real.

It runs the PP-OCR networks (Cui et al., "PaddleOCR 3.0 Technical Report", 2025) that lie in its wheel: one finds
lines of print, one reads them. They know no alphabet to keep to, so what they read is put into it afterwards.
"""

import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import cv2
import numpy as np

from docpipe.errors import MissingToolError
from docpipe.ocr.engine import Word
from docpipe.ocr.geometry import padded
from docpipe.page import Gray

try:
    import rapidocr
except ImportError as missing:
    raise MissingToolError("rapidocr is not installed", hint="pip install 'docpipe-ocr[rapidocr]'") from missing

LEAST_SCORE = 0.5                # of a line, 0 to 1: below it RapidOCR itself takes what it found for no print
SETTINGS = {
    "Global.log_level": "critical",          # it would log what it takes for mistakes of its caller
    "Global.use_cls": False,                 # pages come upright
    "Global.text_score": LEAST_SCORE,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}

_kept = threading.local()        # of each thread: its reader, which changes its own settings with every call


@dataclass(frozen=True, slots=True)
class RapidOcr:
    """RapidOCR on one thread. The first call of a thread loads the networks in one to two seconds; it keeps them."""

    @property
    def description(self) -> str:
        """What reads, and of which version."""
        return f"rapidocr {metadata.version('rapidocr')}"

    def words(self, pictures: Sequence[Gray], mode: int, *, alphabet: str = "") -> list[list[Word]]:  # noqa: ARG002
        """The words on each of some pictures; print is found by itself, so `mode` changes nothing."""
        return [list(_words(picture, alphabet)) for picture in pictures]

    def lines(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[str]:
        """The text of each of some pictures of one line, its words parted by one blank."""
        texts = (("".join(character for character, _ in word) for word in _line(one, alphabet)) for one in pictures)
        return [" ".join(text) for text in texts]

    def characters(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[list[tuple[str, float]]]:
        """The characters on each of some pictures of one line, each with the x of its middle in pixels."""
        return [[placed for word in _line(picture, alphabet) for placed in word] for picture in pictures]


def _words(picture: Gray, alphabet: str) -> Iterator[Word]:
    found = _reader()(_colour(picture), use_det=True, use_rec=True, return_word_box=True)
    for line in found.word_results if found.txts else ():
        for text, score, corners in line:
            if kept := within(text, alphabet):
                (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
                yield Word(kept, (int(left), int(top), int(right), int(bottom)), 100 * float(score))


def _line(picture: Gray, alphabet: str) -> list[list[tuple[str, float]]]:
    """The words of one line; of each, its characters and the x of their middles."""
    found = _reader()(_colour(picture), use_det=False, use_rec=True, return_word_box=True)
    if not found.txts or found.scores[0] < LEAST_SCORE:
        return []
    line = found.word_results[0]
    step_px = picture.shape[1] / line.line_txt_len               # the network looks at columns of the line
    words = [
        [(kept, (column + 0.5) * step_px) for one, column in zip(*word, strict=True) if (kept := within(one, alphabet))]
        for word in zip(line.words, line.word_cols, strict=True)
    ]
    return [word for word in words if word]


def within(text: str, alphabet: str) -> str:
    """The text in the characters of an alphabet: without marks or in capitals where it has only those; others fall out.

    >>> within("Lęcki 7", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    'LECKI'
    """
    return "".join(_within(character, alphabet) for character in text) if alphabet else text


def _within(character: str, alphabet: str) -> str:
    base = unicodedata.normalize("NFD", character)[0]
    return next((one for one in (character, base, base.upper()) if one in alphabet), "")


def _colour(picture: Gray) -> Any:
    return cv2.cvtColor(padded(picture), cv2.COLOR_GRAY2BGR)


def _reader() -> Any:
    """This thread's reader; what it answers with depends on its arguments."""
    if not hasattr(_kept, "reader"):
        _kept.reader = rapidocr.RapidOCR(params=SETTINGS)
    return _kept.reader
