"""What OCR read, kept on disk for the next run: personal data, so only where the user asks, and for the user alone."""

import hashlib
import inspect
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from docpipe.errors import InputError, OutputError
from docpipe.ocr.engine import LINE, LONGEST_S, Engine, Word
from docpipe.page import Gray

FILE_NAME = "ocr.sqlite"
TABLE = "CREATE TABLE IF NOT EXISTS answers (asked BLOB PRIMARY KEY, answer TEXT NOT NULL)"
WAIT_SECONDS = 60.0              # for another process that writes
OTHERS = 0o077                   # whatever group and world may do

Asked = tuple[str, int, str]
"""Method, layout mode and alphabet."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers on disk, each under the SHA-256 of all that it depends on.

    They lie in a SQLite file in `folder`. It is open only while it is asked, so threads and processes may share the
    folder: a writer waits for another one (https://www.sqlite.org/lockingv3.html), which a network drive may not allow.

    Args:
        folder: made where it is missing, for this user alone (mode 0700).

    Raises:
        OutputError: the folder is open to other users, or cannot be written; from every method too.
        InputError: the file in it is no cache; from every method too.
    """

    folder: Path

    def __post_init__(self) -> None:
        with self._opened():
            pass                 # refused at once, not at the first question

    def known(self, keys: Iterable[bytes]) -> dict[bytes, Any]:
        """The answers that are there, by key."""
        with self._opened() as database:
            rows = [database.execute("SELECT asked, answer FROM answers WHERE asked = ?", (key,)) for key in keys]
            return {key: json.loads(answer) for row in rows for key, answer in row}

    def keep(self, answers: Mapping[bytes, Any]) -> None:
        """Keep answers, of whatever JSON knows, by key."""
        with self._opened() as database:
            written = [(key, json.dumps(answer)) for key, answer in answers.items()]
            database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", written)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The database, for one transaction."""
        file = _private_file(self.folder)
        try:
            with closing(sqlite3.connect(file, timeout=WAIT_SECONDS)) as database, database:
                database.execute(TABLE)
                yield database
        except sqlite3.OperationalError as error:            # full, locked or read-only
            raise OutputError(f"OCR cache {file}: {error}", "make room, or choose another --cache") from error
        except sqlite3.DatabaseError as error:
            raise InputError(f"{file} is no OCR cache", "remove it, or choose another --cache") from error


@dataclass(frozen=True, slots=True)
class CachedEngine:
    """An engine that does not read the same picture twice.

    An answer belongs to the picture, its layout and alphabet, and what reads: the engine as it describes itself, and
    the code that stands before it. What took the engine as long as it may take to give a picture up is not kept: a
    faster or less busy machine may read that picture.

    Args:
        engine: reads what is not known yet; answers of an engine of another description are never taken.
        answers: what is known.
    """

    engine: Engine
    answers: Answers

    @property
    def description(self) -> str:
        """That of the engine."""
        return self.engine.description

    def words(self, pictures: Sequence[Gray], mode: int, *, alphabet: str = "") -> list[list[Word]]:
        """The words on each of some pictures; as `docpipe.ocr.engine.Engine` says."""

        def read(some: Sequence[Gray]) -> list[list[tuple[Any, ...]]]:
            found = self.engine.words(some, mode, alphabet=alphabet)
            return [[(word.text, *word.box, word.confidence) for word in words] for words in found]

        answers = self._answers(pictures, ("words", mode, alphabet), read)
        return [[Word(text, (*box,), confidence) for text, *box, confidence in words] for words in answers]

    def lines(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[str]:
        """The text of each of some pictures of one line, its words parted by one blank."""
        asked = ("lines", LINE, alphabet)
        return self._answers(pictures, asked, lambda some: self.engine.lines(some, alphabet=alphabet))

    def characters(self, pictures: Sequence[Gray], *, alphabet: str = "") -> list[list[tuple[str, float]]]:
        """The characters on each of some pictures of one line, each with the x of its middle in pixels."""
        asked = ("characters", LINE, alphabet)
        answers = self._answers(pictures, asked, lambda some: self.engine.characters(some, alphabet=alphabet))
        return [[(character, middle) for character, middle in line] for line in answers]

    def _answers(
        self, pictures: Sequence[Gray], asked: Asked, read: Callable[[Sequence[Gray]], Sequence[Any]]
    ) -> list[Any]:
        reader = f"{self.description}, {_code_of(type(self.engine))}"
        keys = [_key(reader, asked, picture) for picture in pictures]
        known = self.answers.known(keys)
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in known}
        if new:
            begun = perf_counter()
            found = dict(zip(new, read(list(new.values())), strict=True))
            if perf_counter() - begun < LONGEST_S:
                self.answers.keep(found)
            known |= found
        return [known[key] for key in keys]


@cache
def _code_of(engine: type) -> str:
    """Hash of the code that hands pictures to an engine and takes its answers."""
    own = inspect.getsource(sys.modules[engine.__module__])
    padding = (files(__package__) / "geometry.py").read_text(encoding="utf-8")
    return hashlib.sha256((own + padding).encode()).hexdigest()


def _key(reader: str, asked: Asked, picture: Gray) -> bytes:
    said = json.dumps([reader, *asked, *picture.shape])
    return hashlib.sha256(said.encode() + np.ascontiguousarray(picture, np.uint8).tobytes()).digest()


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
