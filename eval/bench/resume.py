"""Going on: a second run over what is done, and the ledger as it grows."""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from docpipe.clean import FileRecord, Ledger, PageOptions, PageResult, Stamp, settings_of
from docpipe.clean.discover import LEDGER_NAME
from docpipe.clean.paths import resolve_once
from docpipe.registry import Registry
from docpipe.restore import ready_restorer
from eval.bench import scans
from eval.bench.measure import clean_command, resident_mb
from eval.bench.report import Goal, Run

SECOND_RUN = Goal("a second run over finished pages", 10, " s")
_DRAWN = 50                 # different scans; the others are links to them
_WRITTEN = 1_000            # rows, the last of every size, by the clock


def resume(bench: Run) -> None:
    """Print seconds of the second run, and seconds per thousand rows of the ledger at several sizes."""
    count = bench.amounts.finished_pages
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = _finish(folder, count, bench.model)
        bench.report.say(f"{count} finished pages of {size / 1e6:.2f} MB, input and output each:")
        seconds = _again(folder, count, bench.model)
        bench.report.judge(SECOND_RUN, seconds)
        verified = _again(folder, count, bench.model, "--verify")
        bench.report.say(f"the same with --verify, which reads and hashes every input: {verified:.1f} s")
    bench.report.say(
        "the ledger, seconds for a thousand rows; written: a file begun and ended; looked up: one by one, as by a run",
        f"{'rows':>10} {'written':>9} {'looked up':>10} {'MB held by what was looked up':>31}",
    )
    with tempfile.TemporaryDirectory() as name:
        for line in _curve(Path(name), bench.amounts.ledger_rows):
            bench.report.say(line)


def _finish(folder: Path, count: int, model: Path | None) -> int:
    """Make scans, outputs and a ledger as a run leaves them; bytes of the smallest scan.

    Files are links to a few, which nothing that looks at size and time alone can tell from files of their own.
    """
    source, out = folder / "scans", folder / "out"
    drawn = scans.write_cards(folder / "drawn", _DRAWN)
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in drawn]
    source.mkdir()
    out.mkdir()
    model = model or Registry.of_environment().in_service().folder
    settings = settings_of(ready_restorer("onnx", model=model, device="cpu"), PageOptions())
    with Ledger(out / LEDGER_NAME) as ledger:
        for number in range(count):
            scan, output = (place / f"{number:06}.png" for place in (source, out))
            for path in (scan, output):
                path.hardlink_to(drawn[number % _DRAWN])
            status = scan.stat()
            size, content = status.st_size, hashes[number % _DRAWN]
            stamp = Stamp(str(scan), content, settings, size, status.st_mtime_ns, out_size=size)
            ledger.start(output)
            ledger.finish(output, FileRecord(stamp, [PageResult(0, "done", choice="restored", seconds=0.2)]))
    return min(path.stat().st_size for path in drawn)


def _again(folder: Path, count: int, model: Path | None, *options: str) -> float:
    """Seconds of a run that finds everything done."""
    command = clean_command(folder / "scans", folder / "out", *options, model=model)
    began = perf_counter()
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = perf_counter() - began
    if f"{count} scans done before" not in ended.stderr:
        sys.exit(f"the second run did not find everything done: {ended.stderr}")
    return seconds


def _curve(folder: Path, sizes: Sequence[int]) -> Iterator[str]:
    """A line for each size of the ledger, which grows from one to the next a file at a time."""
    record = FileRecord(
        Stamp(str(folder / "scans" / "000000.png"), "0" * 64, "settings", 200_000, 1, 200_000),
        [PageResult(0, "done", choice="restored", seconds=0.2)],
    )
    rows = 0
    with Ledger(folder / LEDGER_NAME) as ledger:
        for size in sizes:
            while rows < size:
                began = perf_counter()
                for number in range(rows, min(rows + _WRITTEN, size)):
                    ledger.start(folder / f"{number:07}.png")
                    ledger.finish(folder / f"{number:07}.png", record)
                some, rows = min(_WRITTEN, size - rows), min(rows + _WRITTEN, size)
                written = (perf_counter() - began) * 1000 / some
            before, began = resident_mb(os.getpid()), perf_counter()
            resolve = resolve_once()
            for number in range(rows):
                ledger.find(folder / f"{number:07}.png", resolve)
            looked_up = (perf_counter() - began) * 1000 / rows
            held = resident_mb(os.getpid()) - before
            yield f"{size:10} {written:9.3f} {looked_up:10.4f} {held:31.0f}"
