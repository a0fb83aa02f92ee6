"""The ledger: what a batch has done, so that the next run does only what is left.

One SQLite file, one writer. A row says that work on a page was begun or how it ended; it is written when the
output is already under its final name, so a killed run redoes at most the pages that were in flight.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

from docpipe.clean.paths import Place, Resolve, Url, real_path, resolved
from docpipe.errors import OutputError

Status = Literal["started", "done", "failed"]
LEDGER_VERSION = 1
_APPLICATION_ID = 0x646F6370  # "docp" in ASCII, so that `file` and we know our own


@dataclass(frozen=True, slots=True)
class Stamp:
    """What ties an output to the input it was made of.

    Args:
        source: path of the input file.
        content: sha256 of the input file, hexadecimal; empty where it could not be read.
        settings: fingerprint of the engine and of the options that change pixels.
        size: of the input file in bytes.
        mtime_ns: modification time of the input file.
        out_size: of the output file in bytes.
    """

    source: str = ""
    content: str = ""
    settings: str = ""
    size: int = 0
    mtime_ns: int = 0
    out_size: int = 0


@dataclass(frozen=True, slots=True)
class PageResult:
    """How work on one page stands.

    Args:
        page: position in its file, from 0.
        status: "started", "done" or "failed".
        choice: "restored" or "original"; empty where the page is not done.
        reason: why the original was kept, or why the page failed.
        glyph_px: median glyph height; None where no print was found.
        scale: factor by which the page was resampled for the engine.
        score: what the gate said; None where no gate was asked.
        seconds: spent on the page.
    """

    page: int
    status: Status
    choice: str = ""
    reason: str = ""
    glyph_px: float | None = None
    scale: float = 1.0
    score: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the ledger knows of one file."""

    stamp: Stamp
    pages: list[PageResult]

    @property
    def is_done(self) -> bool:
        """Whether every page came out."""
        return all(page.status == "done" for page in self.pages)


_STAMP = [field.name for field in fields(Stamp)]
_RESULT = [field.name for field in fields(PageResult)]
_COLUMNS = [*_STAMP, *_RESULT]
_stamp_values, _result_values = attrgetter(*_STAMP), attrgetter(*_RESULT)
_SCHEMA = f"""
create table pages (
    output text not null, page integer not null,
    source text not null default '', content text not null default '',
    settings text not null default '', size integer not null default 0,
    mtime_ns integer not null default 0, out_size integer not null default 0,
    status text not null, choice text not null default '', reason text not null default '',
    glyph_px real, scale real not null default 1, score real, seconds real not null default 0,
    starts integer not null default 0, updated real not null,
    primary key (output, page)
) without rowid;
pragma application_id = {_APPLICATION_ID};
pragma user_version = {LEDGER_VERSION};
"""
# Names are bound as bytes and cast: they need not be UTF-8.
_START = """
insert into pages (output, page, status, starts, updated) values (cast(? as text), 0, 'started', 1, ?)
on conflict do update set status = 'started', starts = starts + 1, updated = excluded.updated
"""
_FINISH = f"""
insert into pages (output, {", ".join(_COLUMNS)}, updated)
values (cast(? as text), cast(? as text), {", ".join("?" * (len(_COLUMNS) - 1))}, ?)
on conflict do update set {", ".join(f"{name} = excluded.{name}" for name in [*_COLUMNS, "updated"])}
"""  # noqa: S608 (our own names)
_FIND = f"""
select {", ".join(_COLUMNS)} from pages where output = cast(? as text) order by page
"""  # noqa: S608 (our own names)
_FILES = f"select output, {', '.join(_COLUMNS)} from pages order by output, page"  # noqa: S608 (our own names)
_BEGUN = "select output from pages where page = 0 and status = 'started'"
_FORGET = "delete from pages where output = cast(? as text) and page >= ?"


class Ledger:
    """The pages of one or more output folders, keyed by output (relative to the ledger, or an address) and page.

    Args:
        path: the SQLite file; made, with its folder, where it does not exist. None to remember nothing.
        read_only: look, do not touch: for `--dry-run`. The file must exist.

    Raises:
        OutputError: the file is in use by another batch, no ledger, of a later version, or not writable.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self.path = path or Path(":memory:")
        self.is_kept = path is not None
        self._folder = resolved(self.path.parent)
        with self._errors():
            if path is not None and not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}" if path else ":memory:"
            self._database = sqlite3.connect(address, uri=True, isolation_level=None, timeout=0)
        try:
            with self._errors():
                self._prepare(read_only)
        except BaseException:
            self._database.close()
            raise

    def _prepare(self, read_only: bool) -> None:
        # Names that are not UTF-8 go in and out as the bytes that they are.
        self._database.text_factory = os.fsdecode
        if not read_only:
            self._database.execute("begin exclusive")
        ((version,),) = self._database.execute("pragma user_version")
        ((application,),) = self._database.execute("pragma application_id")
        ((tables,),) = self._database.execute("select count(*) from sqlite_master")
        is_ours = application == _APPLICATION_ID
        if (tables > 0 and not is_ours) or version > LEDGER_VERSION:
            what = "a ledger of a later docpipe" if is_ours else "not a ledger of docpipe"
            raise OutputError(f"{self.path} is {what}", hint="name another file with --ledger")
        if not read_only:
            self._database.execute("commit")
            # From here on the lock is held until the process ends, however it ends: a second batch is refused.
            self._database.execute("pragma locking_mode = exclusive")
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = normal")
            self._database.executescript(f"begin exclusive; {_SCHEMA if version == 0 else ''} commit;")

    def find(self, output: Place, resolve: Resolve = Path.resolve) -> FileRecord | None:
        """What is known of an output; None where it was never begun.

        Args:
            output: the file that was, or is to be, made.
            resolve: resolves its folder.
        """
        with self._errors():
            rows = self._database.execute(_FIND, (self._key(output, resolve),)).fetchall()
        if not rows:
            return None
        return FileRecord(_stamp(rows[0]), [_result(row) for row in rows])

    def begun(self) -> list[Place]:
        """The `real_place` of each output that work was begun on, and how it ended was never noted."""
        with self._errors():
            return [self._place(output) for (output,) in self._database.execute(_BEGUN)]

    def files(self) -> dict[Place, FileRecord]:
        """All that is known, by the `real_place` of each output; about 1 KB of memory a page, see `find` for one."""
        files: dict[Place, FileRecord] = {}
        with self._errors():
            for output, *row in self._database.execute(_FILES):
                files.setdefault(self._place(output), FileRecord(_stamp(row), [])).pages.append(_result(row))
        return files

    def start(self, output: Place, resolve: Resolve = Path.resolve) -> None:
        """Note that work on a file begins. The row of its first page stands for all of them."""
        with self._errors():
            self._database.execute(_START, (self._key(output, resolve), time.time()))

    def finish(self, output: Place, record: FileRecord, resolve: Resolve = Path.resolve) -> None:
        """Note how each page of a file ended, in one transaction. Pages that the file no longer has go."""
        key, now = self._key(output, resolve), time.time()
        source, *stamp = _stamp_values(record.stamp)
        rows = [(key, os.fsencode(source), *stamp, *_result_values(page), now) for page in record.pages]
        with self._errors():
            self._database.execute("begin")
            self._database.executemany(_FINISH, rows)
            self._database.execute(_FORGET, (key, len(record.pages)))
            self._database.execute("commit")

    def close(self) -> None:
        """Fold the journal into the file and let go of it."""
        self._database.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _key(self, output: Place, resolve: Resolve = Path.resolve) -> bytes:
        if isinstance(output, Url):
            return output.text.encode()          # no relative path holds the :// of an address
        return os.fsencode(os.path.relpath(real_path(output, resolve), self._folder))

    def _place(self, key: str) -> Place:
        return Url(key) if "://" in key else Path(os.path.normpath(self._folder / key))

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if "locked" in str(error):
                raise OutputError(
                    f"{self.path} is in use by another batch", hint="wait until that has ended"
                ) from error
            raise OutputError(
                f"the ledger {self.path} cannot be used: {error}",
                hint="check space and rights there, or name another --ledger",
            ) from error
        except OSError as error:
            raise OutputError(
                f"{path_of(error, self.path)}: {error.strerror}", hint="name a writable place with -o or --ledger"
            ) from error


def _stamp(row: Sequence[Any]) -> Stamp:
    return Stamp(*row[: len(_STAMP)])


def _result(row: Sequence[Any]) -> PageResult:
    return PageResult(*row[len(_STAMP) :])


def path_of(error: OSError, otherwise: Path) -> str:
    """The path that an operating-system error speaks of."""
    return os.fsdecode(error.filename) if error.filename is not None else str(otherwise)
