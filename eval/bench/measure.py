"""Clocks: of calls that take turns, of programs with their children, and of the memory that these hold."""

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

_LOOK_EVERY_S = 0.02
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Spent(NamedTuple):
    """Seconds on the clock, and of all processors, children included."""

    clock: float
    processors: float


class Ran(NamedTuple):
    """Programs that came to their ends: what they spent, the most memory they held, and what they printed.

    `stolen` are seconds of all processors that a virtual machine's host gave to others meanwhile.
    """

    spent: Spent
    peak_mb: float
    stdout: str
    stolen: float = 0.0


def in_turns(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Spent]:
    """Medians over rounds in which every way has its turn, so that drift hits all of them; the first does not count."""
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for counted in [False] + [True] * rounds:
        for name, way in ways.items():
            took = timed(way)
            if counted:
                spent[name].append(took)
    return {name: Spent(*map(median, zip(*some, strict=True))) for name, some in spent.items()}


def timed(call: Callable[[], object]) -> Spent:
    """Seconds of one call."""
    used, began = _of_this_process() + _of_children(), perf_counter()
    call()
    return Spent(perf_counter() - began, _of_this_process() + _of_children() - used)


def _of_this_process() -> float:
    """Processor seconds of all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _of_children() -> float:
    """Processor seconds of the children that it waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stolen_seconds() -> float:
    """Of all processors since the machine started: steal time, the eighth figure of /proc/stat (proc_stat(5))."""
    of_all = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(of_all[8]) / os.sysconf("SC_CLK_TCK")


def run(*commands: Sequence[str], cores: Sequence[Collection[int]] = (), look: bool = True) -> Ran:
    """Run programs, all at the same time, to their ends. None may print more than a pipe holds, but the only one.

    Args:
        commands: program and arguments of each.
        cores: that each may use; all where none are given.
        look: at their memory, for which they now and then leave a core, and find its cache filled with other things.

    Raises:
        CalledProcessError: one ended with another exit code than 0.
    """
    before, stolen_before, began = _of_children(), stolen_seconds(), perf_counter()
    started = [_started(command, mine or os.sched_getaffinity(0)) for command, mine in zip_longest(commands, cores)]
    with PeakMemory([process.pid for process in started] if look else []) as memory:
        said = [process.communicate() for process in started]
    spent = Spent(perf_counter() - began, _of_children() - before)  # without this process, which looks at memory
    for process, (stdout, stderr) in zip(started, said, strict=True):
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args, stdout, stderr)
    return Ran(spent, memory.peak_mb, "".join(stdout for stdout, _ in said), stolen_seconds() - stolen_before)


def _started(command: Sequence[str], cores: Collection[int]) -> subprocess.Popen[str]:
    """A program on some cores, which it inherits from this process."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        os.sched_setaffinity(0, before)


class PeakMemory:
    """The most memory that processes and all below them held together while the context was open.

    Args:
        processes: their ids. They are looked at again and again.
    """

    def __init__(self, processes: Sequence[int]) -> None:
        self.peak_mb = 0.0
        self._processes = processes
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._watch.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            self.peak_mb = max(self.peak_mb, sum(map(resident_mb, self._processes)))


def resident_mb(process: int) -> float:
    """Megabytes in memory of a process and of all below it; 0 where it has ended."""
    total = 0.0
    with suppress(OSError):  # it may end at any moment
        total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES / 1e6
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            total += sum(resident_mb(int(child)) for child in children.read_text().split())
    return total


def clean_command(source: Path, out: Path, *options: str, model: Path | None = None) -> list[str]:
    """`docpipe clean` as a person calls it."""
    docpipe = str(Path(sys.executable).with_name("docpipe"))
    of_model = ["--model", str(model)] if model else []
    return [docpipe, "clean", str(source), "-o", str(out), "--device", "cpu", *of_model, *options]
