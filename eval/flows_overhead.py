"""What Prefect costs: the same scans by `docpipe clean` and by the flow, in turns, with a server on loopback."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from eval.flows_loopback import Loopback, program
from eval.kill_and_resume import contents, make_scans
from eval.record import keep

FLOW = "import sys; from flows.clean_scans import clean_scans; clean_scans(*sys.argv[1:3], engine=sys.argv[3])"


@click.command()
@click.option("--scans", default=2000, show_default=True, help="Scans, one page each.")
@click.option("--rounds", default=4, show_default=True, help="Turns; each way gets every scan once.")
@click.option("--engine", default="division", show_default=True, help="The cheaper, the more Prefect weighs.")
def main(scans: int, rounds: int, engine: str) -> None:
    """Wall clock and processor time of both ways, start-up included; exit code 1 where an output differs."""
    spent = {"docpipe clean": [0.0, 0.0], "the flow": [0.0, 0.0], "start-up of the flow": [0.0, 0.0]}
    with tempfile.TemporaryDirectory() as name, Loopback(Path(name)) as loopback:
        folder = Path(name)
        for number in range(rounds):
            make_scans(folder / "inbox", scans // rounds)
            command = [program("docpipe"), "clean", str(folder / "inbox"), "-o", str(folder / "by-command")]
            command += ["--engine", engine, "--quiet"]
            flow = [sys.executable, "-c", FLOW, str(folder / "inbox"), str(folder / "by-flow"), engine]
            ways = [("docpipe clean", command), ("the flow", flow)]
            for way, arguments in ways if number % 2 else reversed(ways):
                add(spent[way], measure(arguments, loopback))
            add(spent["start-up of the flow"], measure(flow, loopback))           # nothing is left to do
            if contents(folder / "by-command") != contents(folder / "by-flow"):
                sys.exit("FAILED: the outputs differ")
            for part in ("inbox", "by-command", "by-flow"):
                shutil.rmtree(folder / part)
    (wall, cpu), (flow_wall, flow_cpu), (start_wall, start_cpu) = spent.values()
    keep(f"flows_overhead_{engine}", [
        f"scans {scans}, engine {engine}, in {rounds} rounds, in turns",
        "processor time is that of the process that cleans, without the server's",
        *(f"{way}: {seconds:.1f} s on the clock, {processor:.1f} s of processors"
          for way, (seconds, processor) in spent.items()),
        f"flow over command: {flow_wall / wall:.3f} on the clock, {flow_cpu / cpu:.3f} of processors",
        f"without start-up, once a run: {(flow_wall - start_wall) / wall:.3f} on the clock, "
        f"{(flow_cpu - start_cpu) / cpu:.3f} of processors",
    ])  # fmt: skip


def measure(command: list[str], loopback: Loopback) -> tuple[float, float]:
    """Seconds on the clock, and of processors."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=loopback.folder, env=loopback.environment)
    wall, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used


def add(total: list[float], some: tuple[float, float]) -> None:
    """Sum up."""
    total[0] += some[0]
    total[1] += some[1]


if __name__ == "__main__":
    main()
