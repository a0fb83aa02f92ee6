"""The batch: several files at once in bounded memory, with a ledger that lets the next run go on."""

import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from docpipe.clean.discover import Job
from docpipe.clean.ledger import Ledger
from docpipe.clean.memory import MEMORY_IN_WORK, MemoryBudget
from docpipe.clean.one_file import FileReport, PageOptions, clean_file, settings_of
from docpipe.clean.paths import resolve_once
from docpipe.clean.worklist import Worklist
from docpipe.restore import Restorer


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
            StorageError: a place went away; likewise.
        """
        worklist = self.worklist(jobs, ledger)
        worklist.remove_parts()
        yield from worklist.done_before()
        yield from worklist.spared
        yield from self._run(worklist)

    def worklist(self, jobs: list[Job], ledger: Ledger) -> Worklist:
        """What is left to do of `jobs`."""
        settings = settings_of(self.restorer, self.page_options)
        return Worklist(jobs, ledger, settings, force=self.options.force, verify=self.options.verify)

    def _run(self, worklist: Worklist) -> Iterator[FileReport]:
        budget, resolve = MemoryBudget(MEMORY_IN_WORK), resolve_once()
        in_work: set[Future[FileReport]] = set()
        with ThreadPoolExecutor(self.options.jobs, thread_name_prefix="clean") as pool:
            try:
                for work in worklist.to_do:
                    if self.stop.is_set():
                        break
                    worklist.begin(work)
                    how = self.restorer, self.page_options, budget, work.known, resolve
                    in_work.add(pool.submit(clean_file, work.job, *how))
                    if len(in_work) > self.options.jobs:
                        yield from _ended(in_work, worklist)
                while in_work:
                    yield from _ended(in_work, worklist)
            finally:
                # Where an error ends the batch, or the consumer leaves early: what gets finished is noted.
                _drain(in_work, worklist)


def _ended(in_work: set[Future[FileReport]], worklist: Worklist) -> Iterator[FileReport]:
    ended, _ = wait(in_work, return_when=FIRST_COMPLETED)
    for future in ended:
        in_work.remove(future)
        report = future.result()
        worklist.end(report)
        yield report


def _drain(in_work: set[Future[FileReport]], worklist: Worklist) -> None:
    begun = [future for future in in_work if not future.cancel()]
    wait(begun)
    for future in begun:
        if future.exception() is None:
            report = future.result()
            worklist.end(report)
