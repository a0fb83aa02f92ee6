"""How long the command takes to start: `docpipe --help` against an empty Python, and one card from start to end."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from eval.record import keep

CARD = Path(__file__).parent.parent / "examples" / "scans"


@click.command()
@click.option("--runs", default=15, show_default=True, help="Counted runs of each command, in turn.")
@click.option("--card", default=None, type=click.Path(exists=True, path_type=Path), help="Scan to clean.")
@click.option("--keep", "keep_as", metavar="NAME", help="Keep it as eval/results/NAME.txt.  [default: print only]")
def main(runs: int, card: Path | None, keep_as: str | None) -> None:
    """Print median wall seconds of whole processes; the commands take turns, so that drift hits all of them."""
    card = card or min(CARD.glob("*.png"))
    docpipe = str(Path(sys.executable).with_name("docpipe"))
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "empty Python": [sys.executable, "-c", "pass"],
            "docpipe --help": [docpipe, "--help"],
            "import cv2, onnxruntime": [sys.executable, "-c", "import cv2, onnxruntime"],
            "docpipe clean, one card": [docpipe, "clean", str(card), "-o", folder, "--force", "--quiet"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for counted in [False] + [True] * runs:  # the first round only warms the disk cache
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                if counted:
                    seconds[name].append(time.perf_counter() - began)
    empty = statistics.median(seconds["empty Python"])
    lines = [f"{card.name}, {runs} runs", f"{'command':<26} {'median s':>9} {'min':>6} {'max':>6} {'over empty':>11}"]
    for name, all_seconds in seconds.items():
        median = statistics.median(all_seconds)
        lines.append(
            f"{name:<26} {median:9.3f} {min(all_seconds):6.3f} {max(all_seconds):6.3f} {median - empty:11.3f}"
        )
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)


if __name__ == "__main__":
    main()
