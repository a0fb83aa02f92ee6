"""The commands that train a network and write it as a model folder."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from docpipe.errors import UsageError
from docpipe.extras import needs_extra

if TYPE_CHECKING:
    from docpipe.train.running import Progress, Tell


@click.command()
@click.argument("config_path", metavar="[CONFIG]", required=False, type=click.Path(path_type=Path))
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE",
              help="Change a value of the config, of all stages or of one: STAGE.KEY=VALUE.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--resume", type=click.Path(path_type=Path), metavar="RUN", help="Go on with this run.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--dry-run", is_flag=True, help="Print the config and see whether it could begin; train nothing.")
def train(
    config_path: Path | None, changes: tuple[str, ...], runs: Path, resume: Path | None, device: str, dry_run: bool
) -> None:
    """Train a network on pairs that are drawn on the fly; a numbered run comes of it.

    A CONFIG is a TOML file, or the name of one that ships. It may be a chain of stages: pixels, critic, adversarial,
    distil and others. On several GPUs, or machines that share a disk, start it with torchrun.

    \b
    docpipe synth --cards 600 -o runs/cards
    docpipe train compact
    docpipe train compact --set steps=100 --set threads=2
    docpipe train teacher --set adversarial.pixel_weight=100 --device cuda
    docpipe train --resume runs/001-compact --set steps=60000
    torchrun --nproc-per-node 8 -m docpipe train teacher --device cuda
    """
    from docpipe.train.chain import load_chain
    from docpipe.train.config import find_config

    changed = _as_changes(changes)
    if (config_path is None) == (resume is None):
        raise UsageError("give a CONFIG, or --resume RUN, which has its own", hint="change it with --set KEY=VALUE")
    if dry_run and resume:
        raise UsageError("--dry-run prints a CONFIG; that of a run is its config.json")
    chain = load_chain(find_config(config_path), changed) if config_path else None
    if dry_run and chain:
        stages = {label: asdict(config) for label, config in chain.stages.items()}
        click.echo(json.dumps(next(iter(stages.values())) if chain.is_one else stages, indent=1))
    with needs_extra("train"):
        from docpipe.train.chain_run import new_chain_run, require_chain_ready, resume_chain_run, run_chain
        from docpipe.train.run_folder import alone_in
        from docpipe.train.running import join
    place = join(device)
    if chain is not None:
        require_chain_ready(chain, device)
        if dry_run:
            return
        folder = place.agree(partial(new_chain_run, runs, chain))
    else:
        assert resume is not None
        folder = resume
    with alone_in(folder) if place.is_first else nullcontext():
        chain = chain or place.agree(partial(resume_chain_run, folder, changed, device=device))
        with _told(chain.steps) as tell:
            try:
                run_chain(chain, folder, place, tell=tell)
            except KeyboardInterrupt:
                click.echo(f"{folder} goes on from its last check: docpipe train --resume {folder}", err=True)
                raise
    if place.is_first:
        click.echo(f"-> {folder}", err=True)


def _as_changes(changes: tuple[str, ...]) -> dict[str, str]:
    """KEY=VALUE -> VALUE by KEY."""
    if malformed := [change for change in changes if "=" not in change]:
        raise UsageError(f"--set {malformed[0]} is not KEY=VALUE")
    return dict(change.split("=", 1) for change in changes)


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Model folder to write.")
@click.option("--version", "model_version", default="1", show_default=True, help="Of this training of the model.")
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8"]), default="fp32", show_default=True,
              help="Of the network's arithmetic: fp16 for GPUs, int8 for CPUs.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE",
              help="Change what is not in the weights: cards, name, glyph_px.")  # fmt: skip
def export(run: Path, out: Path, model_version: str, precision: str, changes: tuple[str, ...]) -> None:
    """Write the network of a training run as a model folder for `docpipe clean --engine onnx --model`.

    \b
    docpipe export runs/001-compact -o models/compact
    docpipe export runs/001-compact -o models/compact-int8 --precision int8
    docpipe export brought/ -o models/compact --set cards=runs/cards.zip        # a run from elsewhere
    docpipe export runs/001-compact -o models/fast --set glyph_px='[8, 17]'     # large print is read at a smaller size
    """
    with needs_extra("train"):
        from docpipe.train.export import export as export_run
    card = export_run(run, out, version=model_version, precision=precision, changes=_as_changes(changes))
    click.echo(f"{card['name']} {card['version']}, {card['overlap_px']} px overlap -> {out}", err=True)


@click.command()
@click.option("--model", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Folder of the model that restored the cards.")
@click.option("--raw", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Folder of validation cards as scanned.")
@click.option("--cleaned", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Folder of the same cards, cleaned with --no-gate.")
@click.option("--truth", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True,
              help="What the cards say, a JSON line each, as for docpipe evaluate.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True,
              help="Folder for gate.onnx and gate.json: the model's own, or another to look at first.")
@click.option("--broken-limit", type=click.FloatRange(0, 1), default=0.02, show_default=True,
              help="Share of the cards that pass as scanned which may be broken.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Keep what OCR read in this folder, so that no scan is read twice: personal data, mode 0700.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Processes.  [default: one a core]")
def calibrate(
    model: Path, raw: Path, cleaned: Path, truth: Path, out: Path, broken_limit: float, cache: Path | None,
    jobs: int | None,
) -> None:
    """Write a gate beside a model, fitted to cards that OCR reads: from then on it decides which pages are kept.

    The cards are of validation: never those that anything is measured on.

    \b
    docpipe synth --cards 1000 --split val --recipe worn --seed 5 -o val/
    docpipe clean val/noisy -o val/cleaned --model models/compact --no-gate
    docpipe calibrate --model models/compact --raw val/noisy --cleaned val/cleaned \\
        --truth val/truth.jsonl -o models/compact
    """
    with needs_extra("train"):
        from docpipe.train.gate_export import Verdict, export_gate
    with needs_extra("eval"):
        from docpipe.console import progress_bar
        from docpipe.evaluate.evaluation import find_cases
        from docpipe.evaluate.judge import read_cases

    cases, _left_out = find_cases(raw, cleaned, truth=truth, schema=None)
    verdicts = []
    with progress_bar("reading", "cards", len(cases)) as tell:
        for case, before, after in read_cases(raw, cleaned, cases, cache=cache, workers=jobs):
            verdicts.append(Verdict(case.file, before.passes, after.passes))
            tell(len(verdicts))
    card = export_gate(out, model=model, raw=raw, restored=cleaned, verdicts=verdicts, broken_limit=broken_limit)
    figures = card["figures"]
    click.echo(
        f"of {figures['cards']} cards {figures['rescued']} rescued and {figures['broken']} broken, "
        f"{figures['kept']} kept as scanned; without the gate {figures['rescued_without_gate']} and "
        f"{figures['broken_without_gate']} -> {out}", err=True,
    )


@contextmanager
def _told(steps: int) -> "Iterator[Tell]":
    """A bar over the steps of all stages, with throughput and time left, where stderr is a terminal; a line a check."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from docpipe.train.config import LONG_DATA_WAIT, LOW_GENERATOR_SHARE

    of_the_first = os.environ.get("RANK", "0") == "0"
    bar = Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"),
        TextColumn("{task.fields[speed]}"), TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False), disable=not (sys.stderr.isatty() and of_the_first),
    )  # fmt: skip
    training = bar.add_task("training", total=steps, speed="")
    waits: list[float] = []

    def tell(progress: "Progress") -> None:
        speed = f"{progress.crops_per_second:.0f} crops/s, {progress.data_wait:.0%} waiting"
        bar.update(training, description=progress.stage, completed=progress.earlier + progress.step, speed=speed)
        if progress.figures:
            figures = ", ".join(f"{name} {value:.3f}" for name, value in progress.figures.items())
            at = f"{progress.stage}, step {progress.step}"
            click.echo(f"{at}: loss {progress.loss:.4f}, {figures}; {speed}", err=True)
        share = progress.figures.get("generator_share", 1.0)
        if progress.step == progress.steps and share < LOW_GENERATOR_SHARE:
            click.echo(f"warning: the generator got {share:.0%} of the steps of this stage and has hardly learnt; see "
                       "critic_threshold, critic_steps_at_most, critic_steps and generator_steps", err=True)
        waits.append(progress.data_wait)
        if progress.step == progress.steps:
            if (waited := sum(waits) / len(waits)) > LONG_DATA_WAIT:
                click.echo(f"warning: the steps of this stage waited {waited:.0%} of their time for crops; with more "
                           "workers other processes draw them beside", err=True)
            waits.clear()

    with bar:
        yield tell
