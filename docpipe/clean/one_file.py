"""One scan file from its bytes to its output: read, restore every page, write under a temporary name, rename."""

import hashlib
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from docpipe.clean.discover import Job
from docpipe.clean.files import appearing_whole, exists, look_at, read_whole
from docpipe.clean.ledger import FileRecord, PageResult, Stamp
from docpipe.clean.memory import MemoryBudget, memory_needed
from docpipe.clean.paths import Place, Resolve, real_place
from docpipe.errors import DocpipeError, InputError, OutputError, StorageError
from docpipe.imageio import ReadOptions, ScanWriter, open_scan
from docpipe.restore import Restored, Restorer

_NO_MEMORY = ("does not fit into memory", "use fewer --jobs, or split it into smaller files")
# Counts up when reading or writing comes to give other files.
_VERSION = 2


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What decides how the pages of a file come out.

    Args:
        read: limits and colour for reading.
        bilevel: pages that come in with 1 bit go out with 1 bit.
    """

    read: ReadOptions = field(default_factory=ReadOptions)
    bilevel: bool = False

    @property
    def fingerprint(self) -> str:
        """Changes whenever a page would come out differently."""
        read = self.read
        return f"output-{_VERSION},colour={read.keep_colour:d},bilevel={self.bilevel:d},rasterise={read.rasterise:d}"


@dataclass(frozen=True, slots=True)
class FileReport:
    """How a file came out.

    Args:
        job: the file and its output.
        record: its pages; a single failed one where the file could not be cleaned.
        hint: what to try, where it failed.
        was_done: the output was there already.
    """

    job: Job
    record: FileRecord
    hint: str = ""
    was_done: bool = False

    @property
    def failed(self) -> bool:
        """Whether no output was made this time."""
        return not self.record.is_done


def clean_stream(
    data: bytes, stream: BinaryIO, restorer: Restorer, options: PageOptions, budget: MemoryBudget | None = None
) -> list[PageResult]:
    """Clean one scan from memory into a stream.

    Args:
        data: the whole file.
        stream: where the output goes, from its current position; seekable and readable. Where every page
            is kept it receives `data`, byte for byte.
        restorer: restores each page.
        options: how pages are read and written.
        budget: bounds the memory that several threads need at once.

    Returns:
        How each page came out.

    Raises:
        InputError: the scan, or one of its pages, cannot be read. A file with a page missing would pass for
            whole, so the others are not written either.
    """
    with ExitStack() as stack:
        scan = stack.enter_context(open_scan(data, options.read))
        if budget is not None:
            stack.enter_context(budget.hold(max(memory_needed(header) for header in scan.headers)))
        results: list[PageResult] = []
        writer: ScanWriter | None = None
        for index in range(scan.page_count):
            began = time.perf_counter()
            page = scan.read(index)
            restored = restorer.restore(page.pixels, page.dpi)
            if restored.choice == "restored" and writer is None:
                writer = stack.enter_context(ScanWriter(scan, stream, bilevel=options.bilevel))
                for earlier in range(index):
                    writer.keep(earlier)
            if writer is not None and restored.choice == "restored":
                writer.add(page, restored.pixels)
            elif writer is not None:
                writer.keep(index)
            results.append(_result(index, restored, time.perf_counter() - began))
        if writer is None:
            stream.write(data)
    return results


def clean_file(
    job: Job, restorer: Restorer, options: PageOptions, budget: MemoryBudget, known: FileRecord | None = None,
    resolve: Resolve = Path.resolve,
) -> FileReport:
    """Clean one file. Its output appears under its name whole or not at all.

    Args:
        job: what to read and where to write.
        restorer: restores each page.
        options: how pages are read and written.
        budget: shared by all threads.
        known: what the ledger knows; an output that was made of the same content in the same way stays.
        resolve: resolves the folder of the input.

    Returns:
        The report; a file that cannot be read or written is reported as failed.

    Raises:
        OutputError: there is no place left to write to.
        StorageError: the place of the input or of the output went away.
    """
    began = time.perf_counter()
    stamp = Stamp(source=source_of(job, resolve), settings=settings_of(restorer, options))
    try:
        if job.problem:
            raise InputError(job.problem, job.hint)
        data, stamp = _read(job.source, stamp)
        if known is not None and holds(known, stamp, job.output):
            return FileReport(job, replace(known, stamp=replace(stamp, out_size=known.stamp.out_size)), was_done=True)
        with appearing_whole(job.output) as stream:
            pages = clean_stream(data, stream, restorer, options, budget)
            out_size = stream.seek(0, os.SEEK_END)
    except (OutputError, StorageError):
        raise
    except (DocpipeError, MemoryError) as error:
        problem, hint = (error.problem, error.hint) if isinstance(error, DocpipeError) else _NO_MEMORY
        if known is not None and exists(job.output):
            hint = "; ".join(filter(None, [hint, "the output of its earlier version is still there"]))
        failed = PageResult(0, "failed", reason=problem, seconds=time.perf_counter() - began)
        return FileReport(job, FileRecord(stamp, [failed]), hint)
    return FileReport(job, FileRecord(replace(stamp, out_size=out_size), pages))


def settings_of(restorer: Restorer, options: PageOptions) -> str:
    """Changes whenever a page would come out differently."""
    return f"{restorer.fingerprint};{options.fingerprint}"


def source_of(job: Job, resolve: Resolve = Path.resolve) -> str:
    """The path of the input as the ledger keeps it: another input may come to have the same output."""
    return str(real_place(job.source, resolve))


def holds(known: FileRecord, stamp: Stamp, output: Place) -> bool:
    """Whether `output` is there and was made, whole, of the content and with the settings in `stamp`."""
    wanted = (known.stamp.content, known.stamp.settings) == (stamp.content, stamp.settings)
    try:
        return wanted and known.is_done and look_at(output)[0] == known.stamp.out_size
    except OSError:
        return False


def _read(source: Place, stamp: Stamp) -> tuple[bytes, Stamp]:
    try:
        data, size, mtime_ns = read_whole(source)
    except MemoryError as error:
        raise InputError(*_NO_MEMORY) from error
    content = hashlib.sha256(data).hexdigest()
    return data, replace(stamp, content=content, size=size, mtime_ns=mtime_ns)


def _result(index: int, restored: Restored, seconds: float) -> PageResult:
    return PageResult(
        index,
        "done",
        choice=restored.choice,
        reason=restored.reason,
        glyph_px=restored.glyph_px,
        scale=restored.scale,
        score=restored.score,
        seconds=seconds,
    )
