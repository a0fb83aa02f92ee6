"""The command `docpipe`: arguments in, one library call, lines out. Data on stdout, words on stderr."""

import gc
import io
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from docpipe.cli_learning import compare, evaluate, synth
from docpipe.cli_models import models
from docpipe.cli_patterns import patterns
from docpipe.cli_train import calibrate, export, train
from docpipe.cores import usable_cores
from docpipe.errors import DocpipeError, ExitCode, InputError, OutputError, UsageError

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
        except BrokenPipeError:
            ctx.exit(int(ExitCode.READER_GONE))


@click.group(cls=DocpipeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="docpipe-ocr")
def main() -> None:
    """Restore dirty scans before OCR reads them.

    \b
    docpipe clean scans/    clean a folder into scans-cleaned/
    docpipe doctor          see what is installed and what works
    docpipe evaluate        count how many more cards pass OCR
    docpipe compare         hold two evaluations against each other
    docpipe models          see which model is in service, promote one, roll back
    docpipe patterns        see, make and harvest patches of noise for training
    """


@main.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--out", metavar="PATH", help="Output folder or file.  [default: NAME-cleaned]")
@click.option("--engine", "engine_name", default="onnx", show_default=True,
              help="onnx runs a network, openvino the same through OpenVINO (an extra), division evens out paper and "
                   "light without one.")
@click.option("--model", "named", metavar="FOLDER|NAME[@VERSION]",
              help="For an engine that runs a network; compact-int8 is the shipped one in less time.  [default: the "
                   "one in service, see docpipe models]")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True,
              help="Where a network runs.")
@click.option("--careful", is_flag=True,
              help="Keep the scan where OCR most likely reads it as it is: half as many cards break, and a fifth fewer "
                   "are rescued. For the shipped model.")
@click.option("--no-gate", is_flag=True,
              help="Restore every page, even where the model's gate would keep the original.")
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
    sources: tuple[str, ...], out: str | None, engine_name: str, named: str | None, device: "Device",
    careful: bool, no_gate: bool, jobs: int | None, colour: str, bilevel: bool, rasterise: bool, max_pixels: int,
    force: bool, verify: bool, ledger: Path | None, dry_run: bool, as_json: bool, quiet: bool, verbose: bool,
) -> None:
    """Clean scans for OCR: files, folders, glob patterns, or - for standard input.

    Reads PNG, JPEG, TIFF, WebP, BMP and PDF, and writes the same. Inputs are never touched. A second run goes
    on where the first one ended.

    \b
    docpipe clean scans/                        into scans-cleaned/
    docpipe clean scan.tif                      into scan-cleaned.tif
    docpipe clean a/ 'b/*.png' -o out/          several sources into one folder
    docpipe clean scans/ --model compact-int8   in two thirds of the time
    docpipe clean scans/ --json > pages.jsonl   one line a page, for programs
    docpipe clean - -o - < in.png > out.png     in a pipe
    """
    # Read when NumPy is loaded, whose linear algebra is not used here: its threads would spin for a tenth of a second.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Late, here and below: `--help` must not load OpenCV.
    from docpipe.clean import Batch, BatchOptions, PageOptions, keep_freed_memory, plan_jobs
    from docpipe.console import Reporter
    from docpipe.imageio import ReadOptions
    from docpipe.registry import Registry
    from docpipe.restore import NETWORK_ENGINES, ready_restorer

    keep_freed_memory()
    read = ReadOptions(max_pixels=max_pixels, keep_colour=colour == "keep", rasterise=rasterise)
    page_options = PageOptions(read, bilevel=bilevel)
    plan = None if _is_pipe(sources, out) else plan_jobs(sources, Path(out) if out else None)

    cores = usable_cores()
    at_once = min(jobs or cores, len(plan.jobs)) if plan else 1
    threads = max(1, cores // at_once)
    model = Path(named) if named is not None else None
    if engine_name in NETWORK_ENGINES:
        registry = Registry.of_environment()
        model = registry.folder_of(named) if named is not None else registry.in_service().folder
    restorer = ready_restorer(
        engine_name, model=model, device=device, threads=threads, gated=not no_gate, careful=careful
    )
    gc.freeze()     # what is loaded by now stays: it is looked through for garbage neither between pages nor at the end

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

    is_there = ledger_path is not None and ledger_path.exists()
    with Ledger(ledger_path if is_there else None, read_only=is_there) as ledger:
        worklist = batch.worklist(plan.jobs, ledger)
    for report in worklist.spared:
        click.echo(f"{shown(report.job.source)}: {report.record.pages[0].reason}")
    to_do = [work.job for work in worklist.to_do]
    for job in to_do:
        click.echo(f"{shown(job.source)}{f': {job.problem}' if job.problem else f' -> {shown(job.output)}'}")
    click.echo(f"{len(to_do)} of {len(plan.jobs)} scans to clean, the others are done; nothing was written", err=True)


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


for command in (synth, train, export, calibrate, evaluate, compare, models, patterns):
    main.add_command(command)
