"""A batch of cards: what the whole command spends beyond its parts, and whether it keeps the cores busy."""

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from time import process_time
from typing import NamedTuple, TypeVar

from docpipe.clean import keep_freed_memory
from docpipe.cores import usable_cores
from docpipe.imageio import Scan, ScanWriter, open_scan
from docpipe.page import Gray, Page
from docpipe.restore import ready_restorer
from docpipe.restore.print_size import glyph_height
from docpipe.restore.scale import bring_back, resample, scale_into
from eval.bench import scans
from eval.bench.measure import Ran, clean_command, run
from eval.bench.report import Goal, Run

OVER_PARTS = Goal("docpipe clean, processor seconds over engine + decode + encode, each alone", 1.05)
ONE_AT_A_TIME = Goal("the same, one file at a time on one core", 1.05)
SIDE_BY_SIDE = Goal("docpipe clean beside its parts on the same cores, processor seconds over theirs", 1.05)
OVER_NETWORK = Goal("the same, if the network alone is the engine", 1.05)
BUSY = Goal("docpipe clean, share of both cores that is busy, of what the host gave", 95, " %", at_least=True)
# The batch is handed what restores a page: a network, and what brings print to its size and back. Decoding begins at
# the bytes of a file, whose checksums are looked at when it is opened.
DECODE, NETWORK, AROUND, ENCODE = "decode", "network", "print size and scale", "encode"
PARTS = (DECODE, NETWORK, AROUND, ENCODE)

T = TypeVar("T")


class Way(NamedTuple):
    """How the scans are shared out."""

    processes: int
    at_once: int        # files in work at once in each process
    threads: int        # that the network has for one file
    is_default: bool = False

    @property
    def cores(self) -> int:
        """That can be busy."""
        return self.processes * self.at_once * self.threads

    @property
    def name(self) -> str:
        """As the table has it."""
        return f"{self.processes} x {self.at_once} x {self.threads}"


def ways(cores: int) -> list[Way]:
    """The default, which takes a file a core, first; the others with one file at a time in a process."""
    one_at_a_time = [(1, 1, 1), (cores, 1, 1), (1, 1, cores)] if cores > 1 else []
    return [Way(1, cores, 1, is_default=True), *(Way(*numbers) for numbers in one_at_a_time)]


class Turn(NamedTuple):
    """Processor seconds over all cards."""

    whole: Mapping[Way, float]
    parts: Counter[str]


def batch(bench: Run) -> None:
    """Print every way of using the cores; then processor seconds of the whole and of its parts, in two ways.

    Each alone, one after the other: the goal's words, but what a machine gives in one minute differs from what it
    gives in the next by a tenth. At the same time on the same cores: a batch still differs by a hundredth from the
    next. So many of both are made.
    """
    count = bench.amounts.cards
    default, *others = ways(usable_cores())
    singly = Way(1, 1, 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = scans.write_cards(folder / "scans", count)
        megabytes = sum(path.stat().st_size for path in paths) / 1e6
        ran = {way: _clean(folder, paths, way, bench.model) for way in (default, *others)}
        alone = [_each_alone(folder, paths, (default, singly), bench.model) for _ in range(bench.amounts.batches)]
        beside = [_side_by_side(folder, paths, default, bench.model) for _ in range(bench.amounts.batches)]
    bench.report.say(
        f"{count} cards of {scans.CARD_PX[1]} x {scans.CARD_PX[0]}, {megabytes / count:.2f} MB each as PNG",
        f"{'processes x files x threads':<32} {'clock s':>9} {'cards/s':>8} {'processor s':>12} {'stolen s':>9} "
        f"{'busy':>8} {'MB':>6}",
        *(_line(way, ran[way], count, "  the default" * way.is_default) for way in ran),
    )
    bench.report.judge(BUSY, _busy(default, ran[default]))
    bench.report.say(
        f"processor seconds over all cards, medians of {len(beside)} turns; of the parts, a page in one thread:",
        f"engine: {NETWORK}, {AROUND}, which is what the batch is handed",
        *_seconds("one after the other, the parts on one core", alone),
        *_seconds("at the same time on the same cores", beside),
    )
    of_goals = (OVER_PARTS, default, alone), (ONE_AT_A_TIME, singly, alone), (SIDE_BY_SIDE, default, beside)
    for goal, way, turns in of_goals:
        bench.report.judge(goal, median(turn.whole[way] / turn.parts.total() for turn in turns))
    over_network = [turn.whole[default] / (turn.parts.total() - turn.parts[AROUND]) for turn in beside]
    bench.report.judge(OVER_NETWORK, median(over_network))


def _seconds(how: str, turns: Sequence[Turn]) -> Iterator[str]:
    yield f"{how}: " + "; ".join(f"{part} {median(turn.parts[part] for turn in turns):.1f}" for part in PARTS)
    for way in turns[0].whole:
        ratios = ", ".join(f"{turn.whole[way] / turn.parts.total():.3f}" for turn in turns)
        seconds = median(turn.whole[way] for turn in turns)
        yield f"  docpipe clean {way.name}, its start included {seconds:.1f}; over its parts turn by turn {ratios}"


def _line(way: Way, ran: Ran, count: int, remark: str) -> str:
    clock, processors = ran.spent
    busy = _busy(way, ran)
    return (f"{way.name:<32} {clock:9.1f} {count / clock:8.2f} {processors:12.1f} {ran.stolen:9.1f} {busy:6.1f} % "
            f"{ran.peak_mb:6.0f}" + remark)  # fmt: skip


def _busy(way: Way, ran: Ran) -> float:
    """Per cent of the cores that the way is to use, but for what the host took from them."""
    return 100 * ran.spent.processors / (ran.spent.clock * way.cores - ran.stolen)


def _clean(folder: Path, paths: Sequence[Path], way: Way, model: Path | None, *, look: bool = True) -> Ran:
    """Clean all scans in a way. Several processes have a share of them each, and cores of their own."""
    usable = sorted(os.sched_getaffinity(0))
    commands, cores = [], []
    for number in range(way.processes):
        share = folder / f"share-{number}"
        share.mkdir()
        for path in paths[number :: way.processes]:
            (share / path.name).hardlink_to(path)
        options = ["--quiet"] if way.is_default else ["--quiet", "--jobs", str(way.at_once)]
        commands.append(clean_command(share, folder / f"out-{number}", *options, model=model))
        first = number * way.at_once * way.threads
        cores.append(usable[first : first + way.at_once * way.threads])
    ran = run(*commands, cores=cores, look=look)
    for number in range(way.processes):
        shutil.rmtree(folder / f"share-{number}")
        shutil.rmtree(folder / f"out-{number}")
    return ran


def _side_by_side(folder: Path, paths: Sequence[Path], way: Way, model: Path | None) -> Turn:
    """Processor seconds of `docpipe clean`, and of every part, shared out among a process a core.

    None is held on a core: a process that is has its caches to itself more than one that is not, by a hundredth.
    """
    processes = usable_cores()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        shares = [pool.submit(_parts, paths[number::processes], model) for number in range(processes)]
        command = clean_command(paths[0].parent, folder / "whole", "--quiet", model=model)
        process = os.posix_spawn(command[0], command, os.environ)
        _, status, used = os.wait4(process, 0)
        parts = sum((Counter(share.result()) for share in shares), Counter())
    shutil.rmtree(folder / "whole")
    if status:
        sys.exit(f"docpipe clean ended with {os.waitstatus_to_exitcode(status)}")
    return Turn({way: used.ru_utime + used.ru_stime}, parts)


def _each_alone(folder: Path, paths: Sequence[Path], whole: Sequence[Way], model: Path | None) -> Turn:
    """Processor seconds of every part on one core, then of `docpipe clean` in some ways."""
    core = min(os.sched_getaffinity(0))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=os.sched_setaffinity, initargs=(0, {core})) as pool:
        parts = Counter(pool.submit(_parts, paths, model).result())
    return Turn({way: _clean(folder, paths, way, model, look=False).spent.processors for way in whole}, parts)


def _parts(paths: Sequence[Path], model: Path | None) -> dict[str, float]:
    """Processor seconds of every part, over some scans, in one thread, with memory kept as `docpipe clean` keeps it."""
    keep_freed_memory()
    restorer = ready_restorer("onnx", model=model, device="cpu", threads=1)
    spent = dict.fromkeys(PARTS, 0.0)

    def step(name: str, call: Callable[[], T]) -> T:
        began = process_time()
        made = call()
        spent[name] += process_time() - began
        return made

    for path in paths:
        with step(DECODE, partial(open_scan, path.read_bytes())) as scan:
            page = step(DECODE, partial(scan.read, 0))
            glyph_px = step(AROUND, partial(glyph_height, page.pixels, page.dpi))
            assert glyph_px is not None, "a card without print"
            scale = scale_into(glyph_px, restorer.engine.glyph_range)
            size = tuple(round(side * scale) for side in page.pixels.shape)
            scaled = step(AROUND, partial(resample, page.pixels, size))
            restored = step(NETWORK, partial(restorer.engine.restore, scaled, glyph_px * scale))
            restored = step(AROUND, partial(bring_back, page.pixels, scaled, restored))
            step(ENCODE, partial(_encode, scan, page, restored))
    return spent


def _encode(scan: Scan, page: Page, restored: Gray) -> None:
    with ScanWriter(scan, BytesIO()) as writer:
        writer.add(page, restored)
