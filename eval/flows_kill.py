"""Kill a flow run, a worker, and both, in mid-batch with SIGKILL; run again; compare with an undisturbed run."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import httpx

from eval.flows_loopback import OVER, Loopback, dask_cluster, program, wait_for
from eval.kill_and_resume import contents, make_scans, names
from eval.record import keep

# The heartbeat is looked for 90 s, and the server looks every few seconds.
SILENCE = 240


@click.command()
@click.option("--scans", default=120, show_default=True, help="Scans in the inbox of each part.")
@click.option("--only", type=click.Choice(["run", "worker", "both", "dask"]), help="One of the four.")
def main(scans: int, only: str | None) -> None:
    """Exit code 1 where an output differs, is missing or half, or a dead run stays RUNNING."""
    victims = {"run": the_run, "worker": the_worker, "both": both, "dask": None}
    with tempfile.TemporaryDirectory() as name:
        inbox, expected = Path(name) / "inbox", Path(name) / "expected"
        make_scans(inbox, scans)
        subprocess.run([program("docpipe"), "clean", str(inbox), "-o", str(expected), "--quiet"], check=True)
        lines = []
        for part in [only] if only else victims:
            folder = Path(name) / part
            folder.mkdir()
            kill = victims[part]
            lines.append(killed(part, folder, inbox, contents(expected), kill) if kill
                         else killed_on_dask(folder, inbox, contents(expected)))  # fmt: skip
    keep("flows_kill", [f"scans {scans} in each part", *lines])


def the_run(_worker: subprocess.Popen[bytes], pid: int) -> None:
    """Kill the process of the flow run."""
    os.kill(pid, signal.SIGKILL)


def the_worker(worker: subprocess.Popen[bytes], _pid: int) -> None:
    """Kill the worker; the run is a process of its own and goes on."""
    os.kill(worker.pid, signal.SIGKILL)


def both(worker: subprocess.Popen[bytes], pid: int) -> None:
    """Kill the worker first, so that nobody is left to tell of the run."""
    os.kill(worker.pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)


def killed(
    part: str, folder: Path, inbox: Path, expected: dict[str, bytes],
    kill: Callable[[subprocess.Popen[bytes], int], None],
) -> str:
    """One part: kill in mid-batch, see what becomes of the run, run again with a new worker, compare."""
    out = folder / "out"
    with Loopback(folder) as loopback:
        worker = loopback.worker()
        loopback.deploy({"clean-scans": {"inbox": str(inbox), "out": str(out), "chunk": 4}})
        start(loopback)
        wait_for(lambda: len(names(out)) > len(expected) / 3, "the first third of the outputs")
        done = len(names(out))
        kill(worker, flow_process(folder))
        at = time.monotonic()
        halves = sum(expected.get(name) != data for name, data in contents(out).items())
        first = wait_for(lambda: over(loopback, 0), f"the end of the killed run ({part})", SILENCE)
        seconds = time.monotonic() - at
        if part != "run":
            loopback.worker()
        start(loopback)
        second = wait_for(lambda: over(loopback, 1), "the second run", SILENCE)
    what = f"killed at {done} outputs, run {first['state_type']} after {seconds:.0f} s"
    return line(part, what, second, out, expected, halves)


def killed_on_dask(folder: Path, inbox: Path, expected: dict[str, bytes]) -> str:
    """One of two Dask workers is killed; the run goes on with the other."""
    out = folder / "out"
    with Loopback(folder) as loopback, dask_cluster(loopback, workers=2) as (address, workers):
        loopback.worker()
        loopback.deploy({"clean-scans": {"inbox": str(inbox), "out": str(out), "chunk": 4, "dask": address}})
        start(loopback)
        wait_for(lambda: len(names(out)) > len(expected) / 3, "the first third of the outputs")
        done = len(names(out))
        os.kill(workers[0].pid, signal.SIGKILL)
        halves = sum(expected.get(name) != data for name, data in contents(out).items())
        run = wait_for(lambda: over(loopback, 0), "the run", SILENCE)
    return line("one of two Dask workers", f"killed at {done} outputs, no second run", run, out, expected, halves)


def start(loopback: Loopback) -> None:
    """Run the deployment now."""
    loopback.run("prefect", "deployment", "run", "clean-scans/clean-scans")


def over(loopback: Loopback, number: int) -> dict[str, Any] | None:
    """Run `number`, once it has ended."""
    try:
        runs = loopback.runs("clean-scans")
    except httpx.HTTPError:
        return None
    return runs[number] if len(runs) > number and runs[number]["state_type"] in OVER else None


def flow_process(folder: Path) -> int:
    """The process that runs the flow: started in this folder, by the worker, with Prefect's engine."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command, place = (path / "cmdline").read_bytes(), (path / "cwd").readlink()
        except OSError:  # it ended meanwhile, or is another user's
            continue
        if command.endswith(b"-m\0prefect.engine\0") and folder in (place, *place.parents):
            return int(path.name)
    sys.exit("FAILED: no process runs the flow")


def line(
    part: str, what: str, run: dict[str, Any], out: Path, expected: dict[str, bytes], halves: int
) -> str:
    """What came of one part; ends the script where it is not what it must be."""
    found = contents(out)
    differ = sum(found.get(name) != data for name, data in expected.items()) + len(found.keys() - expected.keys())
    parts = len(list(out.rglob("*.part")))
    text = (
        f"{part}: {what}; at last {run['state_type']} ({run['state']['message']}); outputs that differ {differ}, half "
        f"{halves}, temporary files left {parts}"
    )
    if run["state_type"] != "COMPLETED" or differ or halves or parts:
        sys.exit(f"FAILED: {text}")
    return text


if __name__ == "__main__":
    main()
