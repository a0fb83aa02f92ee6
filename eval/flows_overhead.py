"""What Prefect costs: the same scans by `docpipe clean` and by the flow, in turns, with a server on loopback."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import click

from eval.flows_loopback import Loopback, program
from eval.kill_and_resume import contents, make_scans
from eval.record import keep

FLOW = "import sys; from flows.clean_scans import clean_scans; clean_scans(*sys.argv[1:3], engine=sys.argv[3])"
WARM_UP_SCANS = 4


class Spent(NamedTuple):
    """Seconds on the clock, of processors in the process that cleans, and of processors in the server meanwhile."""

    clock: float
    cleaning: float
    server: float

    @property
    def processors(self) -> float:
        """All that was used."""
        return self.cleaning + self.server


@click.command()
@click.option("--scans", default=2000, show_default=True, help="Scans, one page each.")
@click.option("--rounds", default=2, show_default=True, help="Turns; each way gets every scan once.")
@click.option("--engine", default="onnx", show_default=True, help="The cheaper, the more Prefect weighs.")
def main(scans: int, rounds: int, engine: str) -> None:
    """Both ways over the same scans, the one that begins changing; exit code 1 where an output differs.

    Before it is counted each way runs over a few scans. A start of the flow is measured by running it where nothing
    is left to do.
    """
    command, flow, starts = [], [], []
    with tempfile.TemporaryDirectory() as name, Loopback(Path(name)) as loopback:
        one_round(loopback, engine, WARM_UP_SCANS, flow_first=False)
        for number in range(rounds):
            by_command, by_flow, start = one_round(loopback, engine, scans // rounds, flow_first=number % 2 == 0)
            command.append(by_command)
            flow.append(by_flow)
            starts.append(start)
    by_round = ", ".join(f"{theirs.clock / ours.clock:.3f}" for ours, theirs in zip(command, flow, strict=True))
    keep(f"flows_overhead_{engine}", [
        f"scans {scans}, engine {engine}, in {rounds} rounds, in turns, after a warm-up that is not counted",
        line("docpipe clean", total(command)),
        line("the flow", total(flow)),
        line(f"of it {rounds} starts", total(starts)),
        ratio("starts included", total(flow), total(command)) + f"; on the clock by round: {by_round}",
        ratio(f"all {scans} scans in one run, without the other starts", one_start(flow, starts), total(command)),
    ])  # fmt: skip


def one_round(loopback: Loopback, engine: str, scans: int, *, flow_first: bool) -> tuple[Spent, Spent, Spent]:
    """`docpipe clean`, the flow, and a start of the flow, all on one inbox."""
    inbox, by_command, by_flow = (loopback.folder / name for name in ("inbox", "by-command", "by-flow"))
    make_scans(inbox, scans)
    command = [program("docpipe"), "clean", str(inbox), "-o", str(by_command), "--engine", engine, "--quiet"]
    flow = [sys.executable, "-c", FLOW, str(inbox), str(by_flow), engine]
    if flow_first:
        of_flow, of_command = measure(flow, loopback), measure(command, loopback)
    else:
        of_command, of_flow = measure(command, loopback), measure(flow, loopback)
    start = measure(flow, loopback)                                                   # nothing is left to do
    if contents(by_command) != contents(by_flow):
        sys.exit("FAILED: the outputs differ")
    for folder in (inbox, by_command, by_flow):
        shutil.rmtree(folder)
    return of_command, of_flow, start


def measure(command: list[str], loopback: Loopback) -> Spent:
    """Run a program to its end."""
    before, server, began = os.times(), loopback.processor_seconds(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=loopback.folder, env=loopback.environment)
    clock, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(clock, used, loopback.processor_seconds() - server)


def total(rounds: list[Spent]) -> Spent:
    """Of all rounds."""
    return Spent(*(sum(part) for part in zip(*rounds, strict=True)))


def one_start(flow: list[Spent], starts: list[Spent]) -> Spent:
    """The flow over all scans with one start in the place of one a round."""
    more = (len(starts) - 1) / len(starts)
    return Spent(*(whole - more * start for whole, start in zip(total(flow), total(starts), strict=True)))


def line(what: str, spent: Spent) -> str:
    """What was spent on something."""
    return (
        f"{what}: {spent.clock:.1f} s on the clock, {spent.cleaning:.1f} s of processors where it cleans, "
        f"{spent.server:.1f} s in the server meanwhile"
    )


def ratio(what: str, flow: Spent, command: Spent) -> str:
    """Flow over command."""
    return (
        f"flow over command, {what}: {flow.clock / command.clock:.3f} on the clock, "
        f"{flow.processors / command.processors:.3f} of processors"
    )


if __name__ == "__main__":
    main()
