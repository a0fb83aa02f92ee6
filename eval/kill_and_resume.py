"""Kill a batch with SIGKILL at random moments, again and again; then compare with an undisturbed run."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import cv2
import numpy as np

from docpipe.clean.discover import LEDGER_NAME
from eval.record import keep

EXAMPLES = Path(__file__).parent.parent / "examples" / "scans"


@click.command()
@click.option("--scans", default=1500, show_default=True, help="Scans in the batch.")
@click.option("--kills", default=20, show_default=True, help="How many times it is killed in mid-batch.")
@click.option("--jobs", default=2, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Of the moments at which it is killed.")
def main(scans: int, kills: int, jobs: int, seed: int) -> None:
    """Exit code 1 where anything differs, half a file was seen, or more was begun twice than was in flight."""
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_scans(folder / "scans", scans)
        subprocess.run(command(folder, "undisturbed", jobs), check=True, capture_output=True)
        expected = contents(folder / "undisturbed")
        assert len(expected) == scans, "the undisturbed run is not whole"

        halves = begun_twice = in_flight = killed = 0
        while killed < kills:
            if not run_and_kill(folder, jobs, moments):
                sys.exit(f"the batch ended after {killed} kills; try more --scans")
            killed += 1
            halves += sum(expected[path] != data for path, data in contents(folder / "killed").items())
            in_flight += begun(folder)[1]
        subprocess.run(command(folder, "killed", jobs), check=True, capture_output=True)
        begun_twice = begun(folder)[0]
        found = contents(folder / "killed")
        leftovers = list((folder / "killed").rglob("*.part"))

    differ = sum(found.get(path) != data for path, data in expected.items()) + len(found.keys() - expected.keys())
    keep("kill_and_resume", [
        f"scans {scans}, jobs {jobs}, killed in mid-batch {killed} times",
        f"outputs that differ from the undisturbed run: {differ}",
        f"half files seen under a final name: {halves}",
        f"temporary files left at the end: {len(leftovers)}",
        f"scans begun more than once, counted each time: {begun_twice}; in flight when killed: {in_flight}",
    ])  # fmt: skip
    if differ or halves or leftovers or begun_twice > in_flight:
        sys.exit("FAILED")


def make_scans(folder: Path, count: int) -> None:
    """Turn the examples into `count` different scans, half PNG and half JPEG."""
    folder.mkdir()
    cards = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(EXAMPLES.glob("*.[jp][pn]g"))]
    for number in range(count):
        card = cards[number % len(cards)]
        darker = np.clip(card.astype(np.int16) - number % 50, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number:04}.{'png' if number % 2 else 'jpg'}"), darker)


def command(folder: Path, out: str, jobs: int) -> list[str]:
    """The batch, into `out`."""
    docpipe = Path(sys.executable).with_name("docpipe")
    return [str(docpipe), "clean", str(folder / "scans"), "-o", str(folder / out), "--jobs", str(jobs), "--quiet"]


def run_and_kill(folder: Path, jobs: int, moments: random.Random) -> bool:
    """Start the batch, wait for its first new output and a random moment more, kill it. False if it ended first."""
    before = len(contents(folder / "killed"))
    batch = subprocess.Popen(command(folder, "killed", jobs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(names(folder / "killed")) <= before and batch.poll() is None:
        time.sleep(0.005)
    time.sleep(moments.uniform(0, 0.3))
    batch.send_signal(signal.SIGKILL)
    return batch.wait() == -signal.SIGKILL


def names(folder: Path) -> list[Path]:
    """Outputs under their final names."""
    return [path for path in folder.glob("*") if not path.name.startswith(".docpipe-")]


def contents(folder: Path) -> dict[str, bytes]:
    """Every output under a final name."""
    return {path.name: path.read_bytes() for path in names(folder)}


def begun(folder: Path) -> tuple[int, int]:
    """(starts beyond the first, scans begun and not ended), read from a copy so that the ledger stays as it is."""
    with tempfile.TemporaryDirectory() as name:
        for path in (folder / "killed").glob(f"{LEDGER_NAME}*"):
            shutil.copy(path, name)
        database = sqlite3.connect(Path(name) / LEDGER_NAME)
        query = "select coalesce(sum(starts - 1), 0), coalesce(sum(status = 'started'), 0) from pages where page = 0"
        (row,) = database.execute(query)
        database.close()
    return row


if __name__ == "__main__":
    main()
