"""What a person sees while a batch runs: progress, errors as they come, the summary; and JSON for programs."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import click

from docpipe.clean import FileReport, Plan, shown
from docpipe.errors import ExitCode, OutputError

if TYPE_CHECKING:
    from rich.progress import Progress


class Reporter:
    """Counts and shows how files come out. Use it as a context: the progress bar lives inside.

    Args:
        plan: what the batch is to do.
        quiet: say nothing but errors.
        verbose: one line a page.
        as_json: one JSON line a page on stdout.
    """

    def __init__(self, plan: Plan, *, quiet: bool = False, verbose: bool = False, as_json: bool = False) -> None:
        self._plan = plan
        self._quiet, self._verbose, self._as_json = quiet, verbose, as_json
        self._began = time.monotonic()
        self.files = self.failed = 0
        self._done_before = self._restored = self._kept = self._kept_by_gate = 0
        self._bar = None if quiet else _bar("cleaning", "scans", len(plan.jobs), stays=False)

    def __enter__(self) -> "Reporter":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, line: str) -> None:
        """One line on stderr, above the progress bar where there is one."""
        if self._bar is None:
            click.echo(line, err=True)
        else:
            self._bar.console.print(line, markup=False, soft_wrap=True)

    def add(self, report: FileReport) -> None:
        """Count and show one file."""
        self.files += 1
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0])
        if report.failed:
            self.failed += 1
            self._say_failure(report)
        elif report.was_done:
            self._done_before += 1
        else:
            restored = sum(page.choice == "restored" for page in report.record.pages)
            self._restored += restored
            self._kept += len(report.record.pages) - restored
            # A page has a score only where the gate was asked.
            self._kept_by_gate += sum(
                page.choice == "original" and page.score is not None for page in report.record.pages
            )
        if self._verbose and not report.failed:
            self._say_pages(report)
        if self._as_json:
            _print(json_lines(report))

    def sum_up(self, *, stopped: bool) -> None:
        """The closing lines: what came of it, where it is, how to go on."""
        if self._quiet:
            return
        seconds = time.monotonic() - self._began
        pages = self._restored + self._kept
        parts = [
            f"{_counted(pages, 'page')} cleaned in {seconds:.1f} s: "
            f"{self._restored} restored, {self._kept} kept as scanned"
            + (f" ({self._kept_by_gate} of them by the gate)" if self._kept_by_gate else "")
        ]
        if self._done_before:
            parts.append(f"{_counted(self._done_before, 'scan')} done before")
        if self.failed:
            parts.append(f"{_counted(self.failed, 'scan')} failed, each named above")
        if self._plan.ignored:
            parts.append(f"{_counted(self._plan.ignored, 'other file')} ignored")
        click.echo("; ".join(parts), err=True)
        if pages or self._done_before:
            click.echo(f"-> {shown(self._plan.where)}", err=True)
        if stopped:
            left = len(self._plan.jobs) - self.files
            click.echo(f"stopped: {_counted(left, 'scan')} left; the same command goes on from here", err=True)

    def _say_failure(self, report: FileReport) -> None:
        for page in report.record.pages:
            if page.status == "failed":
                self.say(f"error: {shown(report.job.source)}: {page.reason}")
        if report.hint:
            self.say(f"hint:  {report.hint}")

    def _say_pages(self, report: FileReport) -> None:
        for page in report.record.pages:
            number = f" page {page.page + 1}" if len(report.record.pages) > 1 else ""
            how = "done before" if report.was_done else page.reason or page.choice
            self.say(f"{shown(report.job.source)}{number}: {how}, {page.seconds:.2f} s")


@contextmanager
def progress_bar(doing: str, things: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where that is a terminal; give it how many things are done."""
    bar = _bar(doing, things, total, stays=True)
    if bar is None:
        yield lambda _done: None
        return
    with bar:
        yield lambda done: bar.update(bar.task_ids[0], completed=done)


def _bar(doing: str, things: str, total: int, *, stays: bool) -> "Progress | None":
    """A bar with one task, not yet shown; None where stderr is no terminal, and nobody would see it."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console  # late: a start without a terminal has no use for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn(things), TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False), transient=not stays,
    )  # fmt: skip
    bar.add_task("", total=total)
    return bar


def json_lines(report: FileReport) -> Iterator[str]:
    """One JSON object a page: source, output, status, and all that the ledger keeps of the page."""
    for page in report.record.pages:
        line = asdict(page)
        line["page"] = page.page + 1
        line["status"] = "done before" if report.was_done else page.status
        paths = {"source": str(report.job.source), "output": str(report.job.output)}
        yield json.dumps(paths | line | ({"hint": report.hint} if report.failed else {}))


def _print(lines: Iterable[str]) -> None:
    """Some lines on stdout.

    Raises:
        BrokenPipeError: nobody reads them any more.
        OutputError: they cannot be written.
    """
    try:
        for line in lines:
            click.echo(line)
    except OSError as error:
        # Python flushes what it could not write once more at the end, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise OutputError(
            f"standard output cannot be written: {error.strerror}",
            hint="what is done stays done, a second run goes on from there",
        ) from error


@contextmanager
def finish_on_signal(stop: Event, say: Callable[[str], None]) -> Iterator[None]:
    """Ctrl-C, or SIGTERM from a scheduler, sets `stop`; a second one ends the process at once."""

    def finish(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(ExitCode.INTERRUPTED)  # outputs appear whole or not at all, so nothing breaks
        stop.set()
        say("stopping: scans in work are being finished (once more to stop at once)")

    before = {number: signal.signal(number, finish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
