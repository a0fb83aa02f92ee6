"""The batch: several files at once in bounded memory, with a ledger that lets the next run go on."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from docpipe.clean.discover import Job
from docpipe.clean.ledger import FileRecord, Ledger, PageResult, Stamp
from docpipe.clean.memory import MemoryBudget
from docpipe.clean.one_file import FileReport, PageOptions, clean_file, holds, remove_parts, settings_of, source_of
from docpipe.clean.paths import real_path, shown
from docpipe.restore import Restorer

# Enough for two gray A3 pages at 600 dpi.
MEMORY_IN_WORK = 1_200_000_000


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How a batch runs; nothing here changes a pixel.

    Args:
        jobs: files in work at once, at least 1.
        force: redo what is done.
        verify: read and hash every input again, even where size and time of modification are unchanged.
    """

    jobs: int = 1
    force: bool = False
    verify: bool = False

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ValueError(f"jobs is {self.jobs}; it must be at least 1")


class Batch:
    """Cleans files with one restorer and notes each in a ledger.

    Reading, restoring and writing overlap because several threads each take one file from start to end; the
    heavy parts of all three run outside Python's lock. Only the thread that iterates writes to the ledger.

    Args:
        restorer: restores each page.
        page_options: how pages are read and written.
        options: how the batch runs.
    """

    def __init__(
        self, restorer: Restorer, page_options: PageOptions | None = None, options: BatchOptions | None = None
    ) -> None:
        self.restorer = restorer
        self.page_options = page_options or PageOptions()
        self.options = options or BatchOptions()
        self.stop = threading.Event()
        """Set it from anywhere: files in work are finished, no other is begun."""

    def run(self, jobs: list[Job], ledger: Ledger) -> Iterator[FileReport]:
        """Clean `jobs`, and report each file as it ends; first come those that were done already.

        Raises:
            OutputError: there is no place left to write to; files in work are finished first.
        """
        known = ledger.files()
        _remove_parts(known)
        to_do = list(self.to_do(jobs, known))
        left = {id(job) for job in to_do}
        for job in jobs:
            if id(job) not in left:
                yield FileReport(job, known[real_path(job.output)], was_done=True)
        yield from self._run(to_do, known, ledger)

    def to_do(self, jobs: list[Job], known: dict[Path, FileRecord]) -> Iterator[Job]:
        """Those of `jobs` whose output is missing or whose input or settings look different from last time."""
        for job in jobs:
            record = known.get(real_path(job.output))
            if record is None or not self._looks_done(job, record):
                yield job

    def _run(self, jobs: list[Job], known: dict[Path, FileRecord], ledger: Ledger) -> Iterator[FileReport]:
        budget = MemoryBudget(MEMORY_IN_WORK)
        in_work: set[Future[FileReport]] = set()
        with ThreadPoolExecutor(self.options.jobs, thread_name_prefix="clean") as pool:
            try:
                for job in jobs:
                    if self.stop.is_set():
                        break
                    record = None if self.options.force else known.get(real_path(job.output))
                    if ledger.is_kept and not self.options.force and record is None and os.path.lexists(job.output):
                        yield _spared(job)
                        continue
                    ledger.start(job.output)
                    in_work.add(pool.submit(clean_file, job, self.restorer, self.page_options, budget, record))
                    if len(in_work) > self.options.jobs:
                        yield from _ended(in_work, ledger)
                while in_work:
                    yield from _ended(in_work, ledger)
            finally:
                # Where an error ends the batch, or the consumer leaves early: what gets finished is noted.
                _drain(in_work, ledger)

    def _looks_done(self, job: Job, record: FileRecord) -> bool:
        """Judged without reading input or output."""
        if self.options.force or self.options.verify or job.problem:
            return False
        try:
            status = job.source.stat()
        except OSError:
            return False
        was = record.stamp
        untouched = (source_of(job), status.st_size, status.st_mtime_ns) == (was.source, was.size, was.mtime_ns)
        wanted = replace(record.stamp, settings=settings_of(self.restorer, self.page_options))
        return untouched and holds(record, wanted, job.output)


def _spared(job: Job) -> FileReport:
    """The report of a file that would overwrite what is not ours; the ledger hears nothing of it, or it would be."""
    reason = f"its output {shown(job.output)} is there already, and the ledger does not know it"
    failed = FileRecord(Stamp(), [PageResult(0, "failed", reason=reason)])
    return FileReport(job, failed, "move it away, or overwrite it with --force")


def _ended(in_work: set[Future[FileReport]], ledger: Ledger) -> Iterator[FileReport]:
    ended, _ = wait(in_work, return_when=FIRST_COMPLETED)
    for future in ended:
        in_work.remove(future)
        report = future.result()
        ledger.finish(report.job.output, report.record)
        yield report


def _drain(in_work: set[Future[FileReport]], ledger: Ledger) -> None:
    begun = [future for future in in_work if not future.cancel()]
    wait(begun)
    for future in begun:
        if future.exception() is None:
            report = future.result()
            ledger.finish(report.job.output, report.record)


def _remove_parts(known: dict[Path, FileRecord]) -> None:
    """Clear what a killed run left half written."""
    for output, record in known.items():
        if any(page.status == "started" for page in record.pages):
            remove_parts(output)
