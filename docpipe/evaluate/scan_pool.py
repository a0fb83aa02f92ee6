"""Scans read by processes beside this one: a scan that kills its reader, or keeps it for ever, costs itself alone.

OCR engines are C and C++ before pictures that nobody has shown them: now and then they crash, and over a page of specks
they may ponder for many minutes. What dies with a process is the one scan that it had in hand; another takes its place.
"""

import multiprocessing
import signal
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from docpipe.errors import MissingToolError
from docpipe.evaluate.findings import NO_SCAN
from docpipe.evaluate.kept_scans import KeptScans
from docpipe.evaluate.scans import ScanRead, read_by
from docpipe.ocr.engine import Engine
from docpipe.ocr.schema import Schema

try:
    from pebble import ProcessExpired, ProcessPool
except ImportError as missing:
    raise MissingToolError(
        "pebble, which lets an evaluation outlive a crash of OCR, is not installed",
        hint="pip install 'docpipe-ocr[eval]'",
    ) from missing

LONGEST_S = 240.0                # for one scan; engines give up one picture after 60 s, and may meet several on it


class ScanPool:
    """Processes that read scans, started when the first scan is asked for that is not known already.

    Use it as a context: at its end readers are stopped, whatever they have in hand.

    Args:
        engine: reads; it is sent to the processes, so it must survive pickling.
        workers: processes, at least 1. One is a process beside this one too.
        kept: what was read before, and what will have been; None for none.
    """

    def __init__(self, engine: Engine, workers: int, *, kept: KeptScans | None = None) -> None:
        self._engine, self._kept = engine, kept
        # Spawned, not forked: this process has threads, and their locks would be copied as they stand.
        self._pool = ProcessPool(workers, context=multiprocessing.get_context("spawn"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def ask(self, scan: Path, schema: Schema | None) -> "Asked":
        """Have a scan read as `docpipe.evaluate.scans.read_by` reads it, while this process goes on.

        Raises:
            OutputError: the cache cannot be read; InputError: it is none.
        """
        key = self._kept.key(scan, schema) if self._kept else None
        known = self._kept.find(key) if self._kept and key else None
        if known is None and not scan.is_file():
            known = ScanRead(NO_SCAN)
        if known:
            future: Future[ScanRead] = Future()
            future.set_result(known)
            return Asked(future)
        future = self._pool.schedule(read_by, args=(scan, self._engine, schema), timeout=LONGEST_S)
        return Asked(future, self._kept, key)


@dataclass(frozen=True, slots=True)
class Asked:
    """A scan that is being read."""

    future: Future[ScanRead]
    kept: KeptScans | None = None
    key: bytes | None = None

    @property
    def done(self) -> bool:
        """`answer` need not wait."""
        return self.future.done()

    def answer(self) -> ScanRead:
        """What was read. A scan that its reader did not outlive has a problem that says so, and is not kept as read.

        Raises:
            OutputError: the cache cannot be written; InputError: it is none.
        """
        try:
            read = self.future.result()
        except TimeoutError:
            return ScanRead(f"not read within {LONGEST_S:g} s")
        except ProcessExpired as died:
            return ScanRead(f"OCR crashed on it ({_how(died.exitcode)})")
        if self.kept and self.key:
            self.kept.keep(self.key, read)
        return read


def _how(exit_code: int) -> str:
    """What ended a process: the name of the signal, as in "SIGSEGV", or the code it ended with."""
    return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
