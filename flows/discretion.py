"""What Prefect hears of a run names no scan: page ids in its place, and messages kept in a folder on this machine."""

import fcntl
import hashlib
import json
import os
import secrets
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from docpipe.errors import DocpipeError, StorageError

PRIVATE_NAME = ".docpipe-private"
ERRORS_NAME, IDS_NAME = "errors.log", "page-ids.jsonl"


class RunError(Exception):
    """A run ended early. What it says may be shown to anybody."""


def private_folder(beside: Path) -> Path:
    """The folder `.docpipe-private` in `beside`, for this user alone (mode 0700), made where it is missing."""
    folder = beside / PRIVATE_NAME
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def discreet(private: Path) -> Iterator[None]:
    """Let errors out without what they say, which may name a scan; that goes to `errors.log` in `private`.

    Raises:
        RunError: in the place of any other error: of what kind, where in the code, and where to read the rest.
    """
    try:
        yield
    except RunError:
        raise
    except Exception as error:  # whatever it is, Prefect would show it
        log = private / ERRORS_NAME
        hint = f"\nhint: {error.hint}" if isinstance(error, DocpipeError) and error.hint else ""
        with open(log, "a", encoding="utf-8", errors="backslashreplace", opener=for_this_user) as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{traceback.format_exc()}{hint}\n\n")
        raise RunError(f"{_kind_and_place(error)}; what it says is in {log}") from None


@contextmanager
def discreet_worker() -> Iterator[None]:
    """The same for a task, which may run on another machine: what the error says is dropped.

    Raises:
        StorageError: a place went away, which is worth another try.
        RunError: in the place of any other error.
    """
    try:
        yield
    except StorageError:
        raise StorageError("the place of the scans or of their outputs went away") from None
    except Exception as error:  # as above
        raise RunError(_kind_and_place(error)) from None


def _kind_and_place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


class PageIds:
    """Ids in the place of names. Who has the file in the private folder knows which scan is meant; nobody else does.

    An id is a hash under a key that is drawn once and stays in that file: without the key a name cannot be guessed
    and tried. Only names that were told of are in the file. Several runs may share it, and any of them may be killed:
    each writes under a lock, and a line that a kill cut short is passed over.

    Args:
        private: the private folder.
    """

    def __init__(self, private: Path) -> None:
        self._path = private / IDS_NAME
        with self._locked() as file:
            records = _records(file.read())
            key = next((record["key"] for record in records if "key" in record), None)
            if key is None:
                key = secrets.token_hex(16)
                _append(file, {"key": key})
        self._key = bytes.fromhex(key)
        self._told = {record["id"] for record in records if "id" in record}

    def of(self, name: str) -> str:
        """The id of a name: 12 hexadecimal digits, the same in every run. It is not noted."""
        return hashlib.blake2b(os.fsencode(name), key=self._key, digest_size=6).hexdigest()

    def tell(self, name: str) -> str:
        """The id of a name that is about to be told of, noted in the file."""
        page_id = self.of(name)
        if page_id not in self._told:
            with self._locked() as file:
                _append(file, {"id": page_id, "name": name})
            self._told.add(page_id)
        return page_id

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        with open(self._path, "a+b", opener=for_this_user) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file


def _records(lines: bytes) -> list[dict[str, str]]:
    records = []
    for line in lines.splitlines():
        with suppress(ValueError):  # cut short
            records.append(json.loads(line))
    return records


def _append(file: BinaryIO, record: dict[str, str]) -> None:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(end - 1, 0))
    before = b"\n" if file.read() not in (b"", b"\n") else b""  # the last line was cut short
    file.write(before + json.dumps(record).encode() + b"\n")


def for_this_user(path: str, flags: int) -> int:
    """An opener for files that nobody else may read (mode 0600)."""
    return os.open(path, flags, 0o600)
