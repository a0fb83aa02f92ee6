"""The command `docpipe`: arguments in, one library call, lines out. Data on stdout, words on stderr."""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from docpipe.errors import DocpipeError, ExitCode, InputError, MissingToolError, OutputError, UsageError
from docpipe.ocr.engines import DEFAULT_OCR, OCR_ENGINES

if TYPE_CHECKING:
    from docpipe.clean import Batch, PageOptions, Plan
    from docpipe.console import Reporter
    from docpipe.restore import Device, Restorer

PIPE = "-"


class DocpipeGroup(click.Group):
    """Shows every error that was raised on purpose as two lines, and ends with its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DocpipeError as error:
            click.echo(f"error: {error}", err=True)
            if error.hint:
                click.echo(f"hint:  {error.hint}", err=True)
            ctx.exit(int(error.exit_code))
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(int(ExitCode.INTERRUPTED))


@click.group(cls=DocpipeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="docpipe-ocr")
def main() -> None:
    """Restore dirty scans before OCR reads them.

    \b
    docpipe clean scans/    clean a folder into scans-cleaned/
    docpipe doctor          see what is installed and what works
    docpipe evaluate        count how many more cards pass OCR
    docpipe compare         hold two evaluations against each other
    """


@main.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--out", metavar="PATH", help="Output folder or file.  [default: NAME-cleaned]")
@click.option("--engine", "engine_name", default="onnx", show_default=True,
              help="onnx runs a network, division evens out paper and light without one.")
@click.option("--model", type=click.Path(path_type=Path), help="Model folder for the onnx engine.  [default: shipped]")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True,
              help="Where a network runs.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Files in work at once.  [default: one a core]")
@click.option("--colour", type=click.Choice(["gray", "keep"]), default="gray", show_default=True,
              help="Give back gray pages, or keep their colour.")
@click.option("--bilevel", is_flag=True, help="Pages that come in with 1 bit go out with 1 bit.")
@click.option("--rasterise", is_flag=True, help="Accept PDFs that carry text; it becomes part of the picture.")
@click.option("--max-pixels", type=click.IntRange(1), default=200_000_000, show_default=True,
              help="Refuse larger pages before they are decoded.")
@click.option("--force", is_flag=True, help="Clean again what is done.")
@click.option("--verify", is_flag=True, help="Hash every input again, even where it looks untouched.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Ledger file.  [default: in the output folder]")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a page on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="One line a page.")
def clean(
    sources: tuple[str, ...], out: str | None, engine_name: str, model: Path | None, device: "Device",
    jobs: int | None, colour: str, bilevel: bool, rasterise: bool, max_pixels: int, force: bool, verify: bool,
    ledger: Path | None, dry_run: bool, as_json: bool, quiet: bool, verbose: bool,
) -> None:
    """Clean scans for OCR: files, folders, glob patterns, or - for standard input.

    Reads PNG, JPEG, TIFF, WebP, BMP and PDF, and writes the same. Inputs are never touched. A second run goes
    on where the first one ended.

    \b
    docpipe clean scans/                        into scans-cleaned/
    docpipe clean scan.tif                      into scan-cleaned.tif
    docpipe clean a/ 'b/*.png' -o out/          several sources into one folder
    docpipe clean scans/ --json > pages.jsonl   one line a page, for programs
    docpipe clean - -o - < in.png > out.png     in a pipe
    """
    # Late, here and below: `--help` must not load OpenCV.
    import cv2

    from docpipe.clean import Batch, BatchOptions, PageOptions, plan_jobs
    from docpipe.console import Reporter
    from docpipe.imageio import ReadOptions
    from docpipe.restore import Restorer, load_engine

    read = ReadOptions(max_pixels=max_pixels, keep_colour=colour == "keep", rasterise=rasterise)
    page_options = PageOptions(read, bilevel=bilevel)
    plan = None if _is_pipe(sources, out) else plan_jobs(sources, Path(out) if out else None)

    cores = _usable_cores()
    at_once = min(jobs or cores, len(plan.jobs)) if plan else 1
    threads = max(1, cores // at_once)
    cv2.setNumThreads(threads)
    restorer = Restorer(load_engine(engine_name, model=model, device=device, threads=threads))

    if plan is None:
        if dry_run or as_json or ledger:
            raise UsageError("--dry-run, --json and --ledger do not go with -", hint="save the scan to a file first")
        _clean_pipe(out or PIPE, restorer, page_options)
        return
    batch = Batch(restorer, page_options, BatchOptions(jobs=at_once, force=force, verify=verify))
    if dry_run:
        _show_what_would_be_done(batch, plan, ledger or plan.ledger)
        return
    reporter = Reporter(plan, quiet=quiet, verbose=verbose, as_json=as_json)
    raise SystemExit(int(_clean_batch(batch, plan, ledger or plan.ledger, reporter)))


def _is_pipe(sources: tuple[str, ...], out: str | None) -> bool:
    if PIPE in sources and (len(sources) > 1 or out is None):
        raise UsageError("- stands for one scan and needs a place for it", hint="docpipe clean - -o OUT, or -o -")
    if out == PIPE and PIPE not in sources:
        raise UsageError("-o - needs - as its source", hint="docpipe clean - -o - < in.png > out.png")
    return PIPE in sources


def _clean_pipe(out: str, restorer: "Restorer", options: "PageOptions") -> None:
    from docpipe.clean import appearing_whole, clean_stream

    cleaned = io.BytesIO()
    try:
        clean_stream(sys.stdin.buffer.read(), cleaned, restorer, options)
    except InputError as error:
        raise InputError(f"standard input {error}", error.hint) from error
    try:
        if out == PIPE:
            sys.stdout.buffer.write(cleaned.getbuffer())
            sys.stdout.buffer.flush()
        else:
            with appearing_whole(Path(out)) as stream:
                stream.write(cleaned.getbuffer())
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror}", "name another place with -o") from error


def _clean_batch(batch: "Batch", plan: "Plan", ledger_path: Path | None, reporter: "Reporter") -> ExitCode:
    from docpipe.clean import Ledger
    from docpipe.console import finish_on_signal

    with Ledger(ledger_path) as ledger, finish_on_signal(batch.stop, reporter.say), reporter:
        for report in batch.run(plan.jobs, ledger):
            reporter.add(report)
    stopped = batch.stop.is_set() and reporter.files < len(plan.jobs)
    reporter.sum_up(stopped=stopped)
    if stopped:
        return ExitCode.INTERRUPTED
    if reporter.failed == len(plan.jobs) == 1:
        return ExitCode.BAD_INPUT
    return ExitCode.SOME_PAGES_FAILED if reporter.failed else ExitCode.OK


def _show_what_would_be_done(batch: "Batch", plan: "Plan", ledger_path: Path | None) -> None:
    from docpipe.clean import Ledger, shown

    known = {}
    if ledger_path and ledger_path.exists():
        with Ledger(ledger_path, read_only=True) as ledger:
            known = ledger.files()
    to_do = list(batch.to_do(plan.jobs, known))
    for job in to_do:
        click.echo(f"{shown(job.source)}{f': {job.problem}' if job.problem else f' -> {shown(job.output)}'}")
    click.echo(f"{len(to_do)} of {len(plan.jobs)} scans to clean, the others are done; nothing was written", err=True)


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON on stdout.")
def doctor(as_json: bool) -> None:
    """Say what is installed, which engines and languages work, and what is missing for what.

    \b
    docpipe doctor
    docpipe doctor --json
    """
    from docpipe.doctor import examine, report

    findings = examine()
    click.echo(json.dumps([asdict(finding) for finding in findings], indent=1) if as_json else report(findings))
    if any(finding.state == "broken" for finding in findings):
        raise SystemExit(int(ExitCode.MISSING_TOOL))


@main.command()
@click.option("--cards", "count", type=click.IntRange(1, 100_000), required=True, help="How many pairs.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--recipe", default="starter", show_default=True, help="Noise recipe: a name or a TOML file.")
@click.option("--seed", type=click.IntRange(0, 999), default=1, show_default=True, help="Of the series.")
@click.option("--split", type=click.Choice(["train", "val", "test"]), default="train", show_default=True,
              help="Whose identities and value fonts.")
@click.option("-w", "--workers", type=click.IntRange(1, 256), help="Processes.  [default: one a core]")
def synth(count: int, out: Path, recipe: str, seed: int, split: Any, workers: int | None) -> None:
    """Draw synthetic cards: clean/, noisy/ (same names), truth.jsonl and pairs.jsonl (provenance).

    All persons are invented. The same seed gives the same bytes, whatever the number of workers.

    \b
    docpipe synth --cards 500 -o cards/
    docpipe synth --cards 300 --split test --seed 7 --recipe my.toml -o suite/
    """
    with _needs_extra("synth"):
        from docpipe.console import progress_bar
        from docpipe.synth import write_pairs
    with progress_bar("drawing", "cards", count) as tell:
        write_pairs(out, count, recipe=recipe, seed=seed, split=split, workers=workers or _usable_cores(), tell=tell)
    click.echo(f"{count} pairs -> {out}", err=True)


@main.command()
@click.argument("config_path", metavar="[CONFIG]", required=False, type=click.Path(path_type=Path))
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a value of the config.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--resume", type=click.Path(path_type=Path), metavar="RUN", help="Go on with this run.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--dry-run", is_flag=True, help="Print the config; train nothing.")
def train(
    config_path: Path | None, changes: tuple[str, ...], runs: Path, resume: Path | None, device: str, dry_run: bool
) -> None:
    """Train a network on pairs that are drawn on the fly; a numbered run comes of it.

    \b
    docpipe synth --cards 600 -o runs/cards
    docpipe train docpipe/train/configs/compact.toml
    docpipe train docpipe/train/configs/compact.toml --set steps=100 --set threads=2
    docpipe train --resume runs/001-compact --set steps=60000
    """
    from docpipe.train.config import load_config

    if malformed := [change for change in changes if "=" not in change]:
        raise UsageError(f"--set {malformed[0]} is not KEY=VALUE")
    changed = dict(change.split("=", 1) for change in changes)
    if (config_path is None) == (resume is None):
        raise UsageError("give a CONFIG, or --resume RUN, which has its own", hint="change it with --set KEY=VALUE")
    if dry_run and resume:
        raise UsageError("--dry-run prints a CONFIG; that of a run is its config.json")
    config = load_config(config_path, changed) if config_path else None
    if dry_run and config:
        click.echo(json.dumps(asdict(config), indent=1))
        return
    with _needs_extra("train"):
        from docpipe.console import progress_bar
        from docpipe.train.data import require_cards
        from docpipe.train.pretrain import Progress, pretrain
        from docpipe.train.run_folder import new_run, resume_run
    if config:
        require_cards(Path(config.cards))  # before a folder is made for a run that cannot begin
        folder = new_run(runs, config)
    else:
        assert resume is not None
        folder, config = resume, resume_run(resume, changed)
    with progress_bar("training", "steps", config.steps) as tell:

        def show(progress: Progress) -> None:
            tell(progress.step)
            if progress.left is not None:
                click.echo(
                    f"step {progress.step}: {progress.left:.3f} of the noise left, {progress.fine_left:.3f} of its "
                    f"fine detail; {progress.crops_per_second:.0f} crops/s, {progress.data_wait:.0%} waiting", err=True,
                )

        try:
            pretrain(config, folder, device=device, tell=show)
        except KeyboardInterrupt:
            click.echo(f"{folder} goes on from its last check: docpipe train --resume {folder}", err=True)
            raise
    click.echo(f"-> {folder}", err=True)


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Model folder to write.")
@click.option("--version", "model_version", default="1", show_default=True, help="Of this training of the model.")
def export(run: Path, out: Path, model_version: str) -> None:
    """Write the network of a training run as a model folder for `docpipe clean --engine onnx --model`.

    \b
    docpipe export runs/001-compact -o models/compact
    """
    with _needs_extra("train"):
        from docpipe.train.export import export as export_run
    card = export_run(run, out, version=model_version)
    click.echo(f"{card['name']} {card['version']}, {card['overlap_px']} px overlap -> {out}", err=True)


@main.command()
@click.option("--raw", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Folder of the scans as they came in.")
@click.option("--cleaned", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Folder of the same scans, cleaned.")
@click.option("--truth", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="truth.jsonl of the cards; without it fields are judged by their own rules.")
@click.option("--pairs", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Provenance, for figures by noise.  [default: pairs.jsonl beside the truth]")
@click.option("--schema",
              help="Name or TOML file of a field schema.  [default: by each card's layout; without truth, what fits]")
@click.option("--ocr", type=click.Choice(OCR_ENGINES), default=DEFAULT_OCR, show_default=True,
              help="What reads. auto: tesserocr where it is installed, else the program tesseract.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Keep what OCR read in this folder, so that no scan is read twice: personal data, mode 0700.")
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False),
              help="Folder for report.html, report.pdf, report.json and cards.csv.")
@click.option("--with-images", is_flag=True, help="Show cards and readings in the report: personal data.")
@click.option("--gallery", type=click.IntRange(0), default=24, show_default=True,
              help="Rescued cards that are shown; broken ones all are.")
@click.option("--typing-minutes", type=click.FloatRange(0, min_open=True), default=2.0, show_default=True,
              help="To type one card in, for the report's calculation.")
@click.option("--typing-cost", type=click.FloatRange(0, min_open=True),
              help="Of one card typed in, in any currency, for the same.")
@click.option("--fail-under", type=click.FloatRange(-100, 100), metavar="POINTS",
              help="End with code 7 where the absolute uplift is lower, in percentage points.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Processes.  [default: one a core]")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a card, then one with the figures.")
def evaluate(
    raw: Path, cleaned: Path, truth: Path | None, pairs: Path | None, schema: str | None, ocr: str,
    cache: Path | None, out: Path | None, with_images: bool, gallery: int, typing_minutes: float,
    typing_cost: float | None, fail_under: float | None, jobs: int | None, as_json: bool,
) -> None:
    """Count how many cards pass OCR raw and cleaned: every required field right against the truth.

    Prints the figures, or with -o writes a report. Without a truth a field counts as right where check digits, dates
    and formats are. No value of any field is printed or reported unless --with-images asks for it; --cache keeps
    what was read.

    \b
    docpipe evaluate --raw noisy/ --cleaned noisy-cleaned/ --truth truth.jsonl
    docpipe evaluate --raw noisy/ --cleaned noisy-cleaned/ --truth truth.jsonl -o report/
    docpipe evaluate --raw noisy/ --cleaned noisy-cleaned/ --truth truth.jsonl --json > cards.jsonl
    docpipe evaluate --raw scans/ --cleaned scans-cleaned/ --schema td1 -o report/ --fail-under 0
    docpipe evaluate --raw scans/ --cleaned scans-cleaned/ --cache ~/.cache/docpipe -o report/
    """
    if with_images and out is None:
        raise UsageError("--with-images needs a folder for the report", hint="name one with -o")
    with _needs_extra("eval"):
        from docpipe.console import progress_bar
        from docpipe.evaluate.evaluation import evaluate as evaluate_folders
        from docpipe.evaluate.evaluation import find_cases
        from docpipe.evaluate.report import Typing, as_json_lines, as_text, write_report

    cases, _left_out = find_cases(raw, cleaned, truth=truth, schema=schema)
    with progress_bar("reading", "cards", len(cases)) as tell:
        findings = evaluate_folders(
            raw, cleaned, truth=truth, schema=schema, pairs=pairs, ocr=ocr, cache=cache,
            with_values=with_images, workers=jobs, tell=tell,
        )
    if out:
        typing = Typing(typing_minutes, typing_cost)
        write_report(findings, out, with_images=with_images, rescued_shown=gallery, typing=typing)
        click.echo(f"-> {out / 'report.html'}", err=True)
    if as_json:
        for line in as_json_lines(findings):
            click.echo(line)
    elif not out:
        click.echo(as_text(findings))
    # Not a hundred times the share, which rounds: 29 cards of 100 are 29 points.
    points = 100 * (findings.table.rescued - findings.table.broken) / findings.table.cards
    if fail_under is not None and points < fail_under:
        click.echo(f"the absolute uplift is {points:+.1f} points, under the {fail_under:g} asked for", err=True)
        raise SystemExit(int(ExitCode.UPLIFT_TOO_LOW))


@main.command()
@click.argument("first", metavar="REPORT", type=click.Path(path_type=Path, exists=True))
@click.argument("second", metavar="REPORT", type=click.Path(path_type=Path, exists=True))
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, with the names of the cards that differ.")
def compare(first: Path, second: Path, as_json: bool) -> None:
    """Compare two cleanings of the same cards: who passes in one report and not in the other.

    A REPORT is a folder that `docpipe evaluate -o` wrote, or its report.json.

    \b
    docpipe compare report-before/ report-after/
    docpipe compare report-before/ report-after/ --json
    """
    with _needs_extra("eval"):
        from docpipe.evaluate.report import compare_findings, comparison_as_text, load_findings
    comparison = compare_findings(load_findings(first), load_findings(second))
    if as_json:
        click.echo(json.dumps(asdict(comparison)))
    else:
        click.echo(comparison_as_text(comparison, click.format_filename(first), click.format_filename(second)))


@contextmanager
def _needs_extra(extra: str) -> Iterator[None]:
    """Say which extra is missing where an import fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        hint = f"pip install 'docpipe-ocr[{extra}]'"
        raise MissingToolError(f"this command needs {error.name}, which is not installed", hint) from error
