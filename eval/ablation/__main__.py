"""The command: rows are trained one after the other, judged on the same cards, and held against the base."""

from dataclasses import dataclass
from pathlib import Path

import click

from docpipe.cards.layout import LAYOUTS
from docpipe.console import progress_bar
from docpipe.cores import usable_cores
from docpipe.errors import DocpipeError, ModelError
from docpipe.synth import write_pairs
from docpipe.train.check import Held
from docpipe.train.data import TRUTH
from docpipe.train.running import Progress
from eval.ablation.judging import Reader, drawn_cards, judged, ocr_reader, restorer_of
from eval.ablation.rows import BASE, Options, Row, base_of, rows_of
from eval.ablation.table import Outcome, header, table
from eval.ablation.training import (
    MODEL,
    commit_of,
    held_crops,
    minutes_trained,
    noise_left,
    trained_run,
)  # fmt: skip
from eval.record import keep

LEARNT_CARDS, LEARNT_SEED = 240, 971     # drawn where no cards are named
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

@dataclass(frozen=True, slots=True)
class Judging:
    """On what and by what rows are judged: a folder of cards, a reader, and how many pages at once."""

    cards: Path
    reader: Reader
    jobs: int


@click.command()
@click.option("--steps", type=click.IntRange(min=3), default=360, show_default=True,
              help="Of the optimiser, in every row: all its stages together.")
@click.option("--batch", type=click.IntRange(min=1), default=8, show_default=True, help="Crops a step.")
@click.option("--crop", "crop_px", type=click.IntRange(min=16), default=256, show_default=True,
              help="Side of the crops, in pixels.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of all that training draws.")
@click.option("--cards", type=click.Path(exists=True, path_type=Path),
              help=f"Folder or pack of cards to learn from.  [default: {LEARNT_CARDS} that are drawn]")
@click.option("--recipe", default="starter", show_default=True, help="Of the noise: a name or a TOML file.")
@click.option("--start-from", type=FILE, help="Weights of the compact network that every row goes on from.")
@click.option("--recogniser", type=FILE, help="Weights of a recogniser, for the row with the text term.")
@click.option("--gate", type=FOLDER, help="Folder with a gate that was calibrated for the base's model.")
@click.option("--judged", "count", type=click.IntRange(min=1), default=200, show_default=True,
              help="Cards that are read.")
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench/ablation"), show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=min(2, usable_cores()), show_default=True,
              help="Processes that draw and read cards. Training takes one core.")
@click.option("--keep", "keep_as", metavar="NAME", help="Keep it as eval/results/NAME.txt.  [default: print only]")
def main(
    steps: int, batch: int, crop_px: int, seed: int, cards: Path | None, recipe: str, start_from: Path | None,
    recogniser: Path | None, gate: Path | None, count: int, work: Path, jobs: int, keep_as: str | None,
) -> None:  # fmt: skip
    """Train the compact network several times at an equal small budget, one thing left out or added each time, and read
    cards with each.

    The budget that is set takes about 3 minutes a row on one core, 7 with the text term. A run that was stopped goes on
    where it was: what is trained is not trained again, what is judged not judged again.

    \b
    python -m eval.ablation --keep ablation
    python -m eval.ablation --start-from eval/results/compact-4/model.safetensors \\
        --recogniser runs/001-recogniser/recogniser.safetensors --keep ablation
    """
    try:
        learnt = cards or _learnt_cards(work / "learnt", jobs)
        options = Options(steps, batch, crop_px, seed, learnt, recipe, start_from, recogniser, gate)
        how = Judging(work / f"judged-{count}", ocr_reader(jobs), jobs)
        with progress_bar("drawing", "cards to be judged", count) as tell:
            drawn_cards(how.cards, count, jobs=jobs, tell=tell)
        lines = run(options, work, how)
    except DocpipeError as error:
        click.echo(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), err=True)
        raise SystemExit(error.exit_code) from error
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)


def _learnt_cards(folder: Path, jobs: int) -> Path:
    if not (folder / TRUTH).exists():
        with progress_bar("drawing", "cards to learn from", LEARNT_CARDS) as tell:
            write_pairs(folder, LEARNT_CARDS, seed=LEARNT_SEED, layouts=LAYOUTS, workers=jobs, tell=tell)
    return folder


def run(options: Options, work: Path, how: Judging) -> list[str]:
    """Train and judge every row; what they came to as lines, the budget in front.

    Args:
        options: what the rows share.
        work: folder of recipes and runs.
        how: they are judged.

    Raises:
        DocpipeError: a row cannot be trained or judged; all that is done stays.
    """
    base = base_of(options)
    raw = judged(how.cards, how.reader, None, how.jobs)
    crops = held_crops(base)
    runs: dict[str, Path] = {}
    outcomes = []
    for row in rows_of(options, work / "recipes"):
        click.echo(row.name, err=True)
        if row.chain is not None:
            runs[row.name] = trained_run(row.chain, work / "runs", _tell)
        outcomes.append(_outcome(row, runs, crops, how))
    commits = ", ".join(dict.fromkeys(commit_of(run) for run in runs.values()))
    where = [f"Runs: {work / 'runs'}, trained at commit {commits}.", f"The base's model: {runs[BASE] / MODEL}"]
    return [*header(options, base, len(raw), how.reader), *where, "", *table(raw, outcomes)]


def _outcome(row: Row, runs: dict[str, Path], crops: Held, how: Judging) -> Outcome:
    if row.not_run:
        return Outcome(row, not_run=row.not_run)
    run = runs.get(row.name)
    try:
        restorer = restorer_of((run or runs[BASE]) / MODEL, row.gate)
    except ModelError as error:
        if row.gate is None:
            raise
        return Outcome(row, not_run=error.problem)
    verdicts = judged(how.cards, how.reader, restorer, how.jobs)
    if run is None:
        return Outcome(row, verdicts)
    return Outcome(row, verdicts, noise_left(run, crops), minutes_trained(run), run.parent.name)


def _tell(progress: Progress) -> None:
    if progress.figures:
        click.echo(f"  {progress.stage}, step {progress.step} of {progress.steps}: loss {progress.loss:.4f}, "
                   f"{progress.crops_per_second:.0f} crops/s", err=True)


if __name__ == "__main__":
    main()
