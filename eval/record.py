"""Results as text that can be traced: which commit, when, on what machine, by which command."""

import csv
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def keep(name: str, lines: list[str]) -> None:
    """Print the lines of a result, and keep them in `eval/results/NAME.txt` under a line on their origin."""
    print(write(name, lines), end="")


def write(name: str, lines: list[str]) -> str:
    """Keep the lines of a result as `keep` does; the text as it was kept."""
    text = "\n".join([origin(), *lines]) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.txt").write_text(text)
    return text


def keep_table(name: str, header: list[str], rows: list[list[object]]) -> None:
    """Keep the rows behind a result in `eval/results/NAME.csv`."""
    with (RESULTS / f"{name}.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def origin() -> str:
    """Command, commit, date and machine."""
    started = Path(sys.argv[0])
    module = started.parent.name if started.stem == "__main__" else started.stem
    commit, day = commit_and_day()
    machine = f"{len(os.sched_getaffinity(0))} cores {platform.machine()}, Python {platform.python_version()}"
    return f"# python -m eval.{' '.join([module, *sys.argv[1:]])}\n# commit {commit}, {day}, {machine}"


def commit_and_day() -> tuple[str, str]:
    """The commit of the code, "with changes" where files differ from it, and today's date."""
    commit = _git("rev-parse", "--short=10", "HEAD") or "unknown commit"
    status = _git("status", "--porcelain", "--untracked-files=no", "--", ":(top,exclude)eval/results")
    return commit + (" with changes" if status else ""), datetime.now(UTC).date().isoformat()


def _git(*arguments: str) -> str:
    folder = Path(__file__).parent
    ended = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return ended.stdout.strip()
