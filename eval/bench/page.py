"""Where the time of one page goes, step by step, and how near the network comes to what this machine can do."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any
from unittest.mock import patch

from docpipe.clean import Job, Ledger, MemoryBudget, PageOptions, clean_file, files, one_file
from docpipe.imageio import pixels as imageio_pixels
from docpipe.imageio import scan
from docpipe.imageio.single import SinglePicture, SingleSink
from docpipe.page import Gray
from docpipe.restore import SHIPPED_MODEL, Restorer, ready_restorer, restorer, tiles
from docpipe.restore.model_card import NETWORK_NAME
from docpipe.restore.tiled_network import TiledNetwork
from eval.bench import scans
from eval.bench.report import Run

Step = tuple[str, Any, str]

# Step, and the function that does it. What another step does inside of it counts for that one alone.
STEPS: Sequence[Step] = (
    ("read and hash", one_file, "_read"),
    ("open", one_file, "open_scan"),
    ("decode", SinglePicture, "decode"),
    ("grayscale", imageio_pixels, "gray8"),
    ("grayscale", scan, "gray8"),
    ("print size", restorer, "glyph_height"),
    ("resample", restorer, "resample"),
    ("tensor", tiles, "_cut"),
    ("model", TiledNetwork, "_run"),
    ("tiles to page", TiledNetwork, "restore"),
    ("bring back", restorer, "bring_back"),
    ("unchanged?", restorer, "_largest_change"),
    ("encode", SingleSink, "add"),
    ("rename", files.Path, "replace"),
    ("ledger", Ledger, "start"),
    ("ledger", Ledger, "finish"),
)
REST = "all else"
# Name, dpi, margin. Print larger than the network is to see is resampled, and brought back.
PAGES = (("300 dpi", 300, False), ("with margin", 300, True), ("600 dpi", 600, False))


def page(bench: Run) -> None:
    """Print milliseconds and shares of every step for a card as it is, scanned with a margin, and at 600 dpi.

    Then the floor under the network.
    """
    ready = ready_restorer("onnx", model=bench.model, device="cpu", threads=1)
    steps = list(STEPS) + ([("gate", type(ready.gate), "score")] if ready.gate else [])
    cards = [scans.card(dpi=dpi, margin=margin) for _, dpi, margin in PAGES]
    found = [
        _medians(ready, pixels, dpi, steps, bench.amounts.rounds)
        for pixels, (_, dpi, _) in zip(cards, PAGES, strict=True)
    ]
    totals = [sum(seconds.values()) for seconds in found]
    bench.report.say(
        f"one card from file to file, one thread, processor time in ms, medians of {bench.amounts.rounds} turns",
        f"{'':<14}" + "".join(f"{name:>14} {'share':>8}" for name, *_ in PAGES),
        f"{'':<14}" + "".join(f"{f'{pixels.shape[1]} x {pixels.shape[0]}':>14} {'':8}" for pixels in cards).rstrip(),
    )
    for name in [*dict.fromkeys(name for name, *_ in steps), REST]:
        columns = [
            f"{1000 * seconds[name]:14.1f} {100 * seconds[name] / total:6.1f} %"
            for seconds, total in zip(found, totals, strict=True)
        ]
        bench.report.say(f"{name:<14}" + "".join(columns))
    bench.report.say(f"{'together':<14}" + "".join(f"{1000 * total:14.1f} {'':8}" for total in totals).rstrip())
    if ready.gate is None:
        bench.report.say("there is no gate")
    try:
        from eval.bench.floor import floor  # late: it takes onnx, which cleaning does without
    except ModuleNotFoundError as error:
        bench.report.say(f"floor of the network: not measured ({error})")
        return
    bench.report.say(*floor((bench.model or SHIPPED_MODEL) / NETWORK_NAME, scans.card(), bench.amounts.rounds))


def _medians(ready: Restorer, pixels: Gray, dpi: int, steps: Sequence[Step], rounds: int) -> dict[str, float]:
    """Seconds of each step of a card, from its file to its output; of the rest under `REST`."""
    turns = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job = Job(folder / "card.png", folder / "out.png")
        scans.write(folder / "card.png", pixels, dpi)
        budget = MemoryBudget(10**9)
        with Ledger(folder / "ledger.sqlite") as ledger:
            for _ in range(rounds + 1):
                stopwatch = Stopwatch()
                with stopwatch.watching(steps), stopwatch.step(REST):
                    ledger.start(job.output)
                    report = clean_file(job, ready, PageOptions(), budget)
                    ledger.finish(job.output, report.record)
                assert not report.failed, "the card was not cleaned"
                turns.append(stopwatch.seconds)
    return {step: median(turn.get(step, 0.0) for turn in turns[1:]) for step in {REST, *(name for name, *_ in steps)}}


class Stopwatch:
    """Processor seconds of steps, each without those inside of it; in one thread, the engine's own not counted."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside: list[float] = []

    @contextmanager
    def watching(self, steps: Sequence[Step]) -> Iterator[None]:
        """While the context is open every call of the functions is a step.

        A function that stands for two steps is each of them in turn.
        """
        names: dict[tuple[Any, str], list[str]] = {}
        for name, owner, function in steps:
            names.setdefault((owner, function), []).append(name)
        with ExitStack() as stack:
            for (owner, function), turns in names.items():
                stack.enter_context(patch.object(owner, function, self._around(getattr(owner, function), turns)))
            yield

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step."""
        self._inside.append(0.0)
        began = process_time()
        try:
            yield
        finally:
            whole = process_time() - began
            self.seconds[name] = self.seconds.get(name, 0.0) + whole - self._inside.pop()
            if self._inside:
                self._inside[-1] += whole

    def _around(self, function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
        turns = cycle(names)

        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.step(next(turns)):
                return function(*args, **kwargs)

        return watched
