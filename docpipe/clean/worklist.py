"""What is left of a batch, and in which pieces it is handed out. The ledger decides; one process writes it.

Files may be cleaned by threads, processes or other machines: chunks go out, reports come back, and only who made the
worklist notes them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from docpipe.clean.discover import Job
from docpipe.clean.files import exists, look_at, remove_parts
from docpipe.clean.ledger import FileRecord, Ledger, PageResult, Stamp
from docpipe.clean.memory import MemoryBudget
from docpipe.clean.one_file import FileReport, PageOptions, clean_file, holds, source_of
from docpipe.clean.paths import Resolve, resolve_once, shown
from docpipe.restore import Restorer


@dataclass(frozen=True, slots=True)
class Work:
    """A file to clean, and what the ledger knows of it: an output that is as it must be stays."""

    job: Job
    known: FileRecord | None = None


class Worklist:
    """The files of a batch, told apart by what is to be done with them.

    Args:
        jobs: all files of the batch.
        ledger: knows what is done.
        settings: fingerprint of engine and page options, see `settings_of`.
        force: do again what is done.
        verify: hash every input again, even where size and time of modification are unchanged.

    Raises:
        OutputError: the ledger cannot be used.
        StorageError: an object store cannot be reached.
    """

    def __init__(
        self, jobs: Sequence[Job], ledger: Ledger, settings: str, *, force: bool = False, verify: bool = False
    ) -> None:
        self._ledger = ledger
        self.done: list[Job] = []
        """Files whose output was there already; they may be very many, so what is known of them stays in the ledger."""
        self.spared: list[FileReport] = []
        """Files that fail because they would overwrite what is not ours; heard of by the ledger, it would be ours."""
        self.to_do: list[Work] = []
        """In the order of the jobs."""
        self._resolve = resolve_once()
        self._begun = ledger.begun()
        for job in jobs:
            record = None if force else ledger.find(job.output, self._resolve)
            if record is not None and not verify and looks_done(job, record, settings, self._resolve):
                self.done.append(job)
            elif ledger.is_kept and not force and record is None and exists(job.output):
                self.spared.append(_spared(job))
            else:
                self.to_do.append(Work(job, record))

    def done_before(self) -> Iterator[FileReport]:
        """A report of each file in `done`, taken from the ledger one at a time."""
        for job in self.done:
            record = self._ledger.find(job.output, self._resolve)
            assert record is not None, "a row that was there is gone, and nobody but this batch writes to the ledger"
            yield FileReport(job, record, was_done=True)

    def remove_parts(self) -> None:
        """Clear what killed runs, and workers of this one, left half written; while none of it is in work."""
        remove_parts(self._begun)

    def begin(self, work: Work) -> None:
        """Note that a file is handed out."""
        self._ledger.start(work.job.output, self._resolve)
        self._begun.append(work.job.output)

    def end(self, report: FileReport) -> None:
        """Note what came back of it."""
        self._ledger.finish(report.job.output, report.record, self._resolve)

    def chunks(self, most: int, workers: int = 1) -> Iterator[tuple[Work, ...]]:
        """The files that are left, some at a time, each chunk begun when it is taken.

        Chunks grow smaller towards the end, so that all workers end at about the same time.

        Args:
            most: files in a chunk, at least 1.
            workers: that take chunks, at least 1.

        Raises:
            ValueError: one of them is below 1.

        Source: guided self-scheduling of C. D. Polychronopoulos and D. J. Kuck, IEEE Transactions on Computers 36
            (1987), with half a worker's share in the place of a whole one.
        """
        if most < 1 or workers < 1:
            raise ValueError(f"most is {most} and workers is {workers}; each must be at least 1")
        first = 0
        while first < len(self.to_do):
            size = min(most, math.ceil((len(self.to_do) - first) / (2 * workers)))
            chunk = tuple(self.to_do[first : first + size])
            first += size
            for work in chunk:
                self.begin(work)
            yield chunk


def clean_chunk(
    chunk: Sequence[Work], restorer: Restorer, options: PageOptions, budget: MemoryBudget
) -> list[FileReport]:
    """Clean some files one after the other, in any process on any machine that reaches them.

    Args:
        chunk: of a worklist.
        restorer: restores each page.
        options: how pages are read and written.
        budget: shared by all threads of the process.

    Returns:
        A report of each file, for `Worklist.end`.

    Raises:
        OutputError: there is no place left to write to.
        StorageError: the place of inputs or outputs went away.
    """
    return [clean_file(work.job, restorer, options, budget, work.known) for work in chunk]


def looks_done(job: Job, record: FileRecord, settings: str, resolve: Resolve) -> bool:
    """Whether the output is there and its input looks as it did, judged without reading either."""
    if job.problem:
        return False
    try:
        size, mtime_ns = look_at(job.source)
    except OSError:
        return False
    was = record.stamp
    untouched = (source_of(job, resolve), size, mtime_ns) == (was.source, was.size, was.mtime_ns)
    return untouched and holds(record, replace(was, settings=settings), job.output)


def _spared(job: Job) -> FileReport:
    reason = f"its output {shown(job.output)} is there already, and the ledger does not know it"
    failed = FileRecord(Stamp(), [PageResult(0, "failed", reason=reason)])
    return FileReport(job, failed, "move it away, or overwrite it with --force")
