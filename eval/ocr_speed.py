"""How fast cards are read: by every OCR engine that is installed, on all usable cores; and what the cache spares."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from time import perf_counter

import click

from docpipe.cores import usable_cores
from docpipe.errors import MissingToolError
from docpipe.evaluate.cases import Case, cases_of, read_truth
from docpipe.evaluate.scan_pool import ScanPool
from docpipe.ocr.engine import Engine
from docpipe.ocr.engines import OCR_ENGINES, load_ocr
from docpipe.synth import write_pairs
from eval.record import keep

KINDS = {"raw": "noisy", "clean": "clean"}  # and the folders of the suite they lie in


@click.command()
@click.option("--cards", "count", type=click.IntRange(2, 100_000), default=48, show_default=True)
@click.option("--recipe", default="worn", show_default=True, help="Noise on the raw cards.")
@click.option("--seed", default=7, show_default=True)
@click.option("--keep", "keep_as", help="Name under eval/results/.  [default: print only]")
def main(count: int, recipe: str, seed: int, keep_as: str | None) -> None:
    """Print seconds a card and cards a second, raw and clean, and how long an evaluation takes, and takes again."""
    cores = usable_cores()
    lines = [
        f"{count} cards of recipe {recipe}, split test, seed {seed}; {cores} processes, one a core",
        "s a card: in its process, from pixels to fields. cards a second: of all processes, once they are started.",
        "evaluate: the whole command on raw and clean cards, with --cache empty at first, and then again.",
        "",
        f"{'':<10} {'raw':^24}  {'clean':^24}  {'evaluate':^24}",
        f"{'':<10}" + 2 * f" {'s a card':>9} {'cards a second':>15} " + f" {'first s':>8} {'again s':>8} {'share':>7}",
    ]
    described = []
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "suite")
        write_pairs(suite, count, recipe=recipe, seed=seed, split="test", workers=cores)
        cases = cases_of(read_truth(suite / "truth.jsonl"))
        for name in OCR_ENGINES[1:]:  # without "auto", which is one of the others
            try:
                engine = load_ocr(name)
            except MissingToolError as missing:
                described.append(f"{name}: {missing.problem}")
                continue
            described.append(engine.description)
            figures = [figure for kind in KINDS.values() for figure in speed(engine, suite / kind, cases, cores)]
            first, again = (evaluate(suite, name, Path(folder, f"cache-{name}")) for _ in range(2))
            lines.append(
                f"{name:<10}" + " {:9.2f} {:15.2f}  {:9.2f} {:15.2f} ".format(*figures)
                + f" {first:8.1f} {again:8.1f} {100 * again / first:5.1f} %"
            )  # fmt: skip
    lines += ["", *described]
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)


def speed(engine: Engine, folder: Path, cases: Sequence[Case], cores: int) -> tuple[float, float]:
    """Mean seconds a card in its process, and cards a second of all processes together."""
    with ScanPool(engine, cores) as pool:
        started = [pool.ask(folder / case.file, case.schema) for case in cases[: 2 * cores]]  # models are loaded now
        for asked in started:
            asked.answer()
        began = perf_counter()
        reads = [asked.answer() for asked in [pool.ask(folder / case.file, case.schema) for case in cases]]
        seconds = perf_counter() - began
    problems = [read.problem for read in reads if read.problem]
    if problems:
        sys.exit(f"{folder.name}, {engine.description}: {len(problems)} cards were not read; the first: {problems[0]}")
    return fmean(read.seconds for read in reads), len(reads) / seconds


def evaluate(suite: Path, ocr: str, cache: Path) -> float:
    """Seconds that the command takes as a user runs it."""
    where = ["--raw", suite / "noisy", "--cleaned", suite / "clean", "--truth", suite / "truth.jsonl"]
    command = [sys.executable, "-m", "docpipe", "evaluate", *map(str, where), "--ocr", ocr, "--cache", str(cache)]
    began = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


if __name__ == "__main__":
    main()
