"""What OCR read, kept on disk for the next run: personal data, so only where the user asks, and for the user alone."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from docpipe.errors import DocpipeError, InputError, OutputError
from docpipe.ocr.engine import LINE, Engine, Word
from docpipe.page import Gray

FILE_NAME = "ocr.sqlite"
TABLE = "CREATE TABLE IF NOT EXISTS answers (asked BLOB PRIMARY KEY, answer TEXT NOT NULL)"
WAIT_SECONDS = 60.0              # for another process that writes
OTHERS = 0o077                   # whatever group and world may do

Asked = tuple[str, int, str]
"""Method, layout mode and alphabet."""


class CachedEngine:
    """An engine that does not read the same picture twice.

    Answers are kept in a SQLite file in `folder` under the SHA-256 of what was asked: the picture, its layout and
    alphabet, and what reads. Several processes may use one folder, each with an object of its own; an object serves
    the thread that made it.

    Args:
        engine: reads what is not known yet.
        folder: made where it is missing, for this user alone (mode 0700).
        description: of the engine, its version and language: answers of another are never taken.

    Raises:
        OutputError: the folder is open to other users, or cannot be written.
        InputError: the file in it is no cache.
    """

    def __init__(self, engine: Engine, folder: Path, description: str) -> None:
        self._engine = engine
        self._description = description
        self._file = _private_file(folder)
        self._database = sqlite3.connect(self._file, timeout=WAIT_SECONDS)
        try:
            with self._database_errors():
                self._database.execute(TABLE)
        except DocpipeError:
            self._database.close()
            raise

    def words(self, pictures: Sequence[Gray], mode: int, *, alphabet: str = "") -> list[list[Word]]:
        """The words on each of some pictures; as `docpipe.ocr.engine.Engine` says."""

        def read(some: Sequence[Gray]) -> list[list[tuple[Any, ...]]]:
            found = self._engine.words(some, mode, alphabet=alphabet)
            return [[(word.text, *word.box, word.confidence) for word in words] for words in found]

        answers = self._answers(pictures, ("words", mode, alphabet), read)
        return [[Word(text, (*box,), confidence) for text, *box, confidence in words] for words in answers]

    def lines(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[str]:
        """The text of each of some pictures of one line, its words parted by one blank."""
        asked = ("lines", LINE, alphabet)
        return self._answers(pictures, asked, lambda some: self._engine.lines(some, alphabet=alphabet))

    def characters(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[list[tuple[str, float]]]:
        """The characters on each of some pictures of one line, each with the x of its middle in pixels."""
        asked = ("characters", LINE, alphabet)
        answers = self._answers(pictures, asked, lambda some: self._engine.characters(some, alphabet=alphabet))
        return [[(character, middle) for character, middle in line] for line in answers]

    def close(self) -> None:
        """Let go of the file; what was read is in it already."""
        self._database.close()

    def _answers(
        self, pictures: Sequence[Gray], asked: Asked, read: Callable[[Sequence[Gray]], Sequence[Any]]
    ) -> list[Any]:
        keys = [self._key(picture, asked) for picture in pictures]
        with self._database_errors():
            rows = [self._database.execute("SELECT asked, answer FROM answers WHERE asked = ?", (key,)) for key in keys]
            known = {key: json.loads(answer) for row in rows for key, answer in row}
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in known}
        if new:
            found = dict(zip(new, read(list(new.values())), strict=True))
            with self._database_errors(), self._database:
                written = [(key, json.dumps(answer)) for key, answer in found.items()]
                self._database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", written)
            known |= found
        return [known[key] for key in keys]

    def _key(self, picture: Gray, asked: Asked) -> bytes:
        said = json.dumps([self._description, *asked, *picture.shape])
        return hashlib.sha256(said.encode() + np.ascontiguousarray(picture, np.uint8).tobytes()).digest()

    @contextmanager
    def _database_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:            # full, locked or read-only
            raise OutputError(f"OCR cache {self._file}: {error}", "make room, or choose another --cache") from error
        except sqlite3.DatabaseError as error:
            raise InputError(f"{self._file} is no OCR cache", "remove it, or choose another --cache") from error


def _private_file(folder: Path) -> Path:
    """The file of the cache, in a folder that only this user can enter; both made where they are missing."""
    file = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & OTHERS:
            raise OutputError(
                f"{folder} is open to other users, and OCR results are personal data",
                hint=f"chmod 700 {folder}, or name a folder that does not exist yet",
            )
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))     # SQLite gives its journal the same mode
    except OSError as error:
        raise OutputError(f"OCR cache {file}: {error.strerror}", "choose another --cache") from error
    return file
