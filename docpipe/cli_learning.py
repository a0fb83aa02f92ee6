"""The commands of the learning half but training: draw cards, evaluate, compare. Each says which extra it needs."""

import json
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import click

from docpipe.cores import usable_cores
from docpipe.errors import ExitCode, UsageError
from docpipe.extras import needs_extra
from docpipe.ocr.engines import DEFAULT_OCR, OCR_ENGINES


class FiniteRange(click.FloatRange):
    """A number between two ends; nan, which every comparison lets through, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Turn text into the number, or end with a usage error."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


@click.command()
@click.option("--cards", "count", type=click.IntRange(1, 100_000), help="How many synthetic cards.")
@click.option("--from", "sources", multiple=True, metavar="SCANS",
              help="Draw noise on these clean scans instead: a file, a folder or a pattern; may be given again.")
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
@click.option("--pack", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the clean cards alone into one file of at most 30 MB, to train on elsewhere.")
@click.option("--recipe", default="starter", show_default=True, help="Noise recipe: a name or a TOML file.")
@click.option("--seed", type=click.IntRange(0, 999), default=1, show_default=True, help="Of the series.")
@click.option("--split", type=click.Choice(["train", "val", "test"]), default="train", show_default=True,
              help="Whose identities and value fonts.")
@click.option("--layout", "layouts", multiple=True, metavar="NAME|FILE",
              help="Layout of the cards, a name or a TOML file of your own; given again, they are taken in turn.  "
                   "[default: all that are for training]")
@click.option("--sheets", is_flag=True, help="Copy the cards, fronts with their backs, onto A4 pages.")
@click.option("--dpi", nargs=2, type=click.IntRange(100, 1200), default=(200, 400), show_default=True,
              metavar="LEAST MOST", help="Resolution of the cards.")
@click.option("--draws", type=click.IntRange(1, 1000), default=1, show_default=True,
              help="Noisy versions of every page of --from.")
@click.option("-w", "--workers", type=click.IntRange(1, 256), help="Processes.  [default: one a core]")
def synth(
    count: int | None, sources: tuple[str, ...], out: Path | None, pack: Path | None, recipe: str, seed: int,
    split: Any, layouts: tuple[str, ...], sheets: bool, dpi: tuple[int, int], draws: int, workers: int | None,
) -> None:
    """Draw pairs to learn from: clean/, noisy/ (same names), truth.jsonl and pairs.jsonl (provenance).

    All persons on synthetic cards are invented. The same seed gives the same bytes, whatever the number of workers.

    \b
    docpipe synth --cards 500 -o cards/
    docpipe synth --cards 300 --split test --seed 7 --recipe my.toml -o suite/
    docpipe synth --cards 40 --layout national --layout my-card.toml -o cards/
    docpipe synth --cards 50 --sheets --dpi 150 300 --recipe photocopy -o sheets/
    docpipe synth --from clean_scans/ --draws 5 --recipe archive -o pairs/
    docpipe synth --cards 90 --pack cards.zip
    """
    if bool(count) == bool(sources):
        raise UsageError("give --cards COUNT for synthetic cards, or --from SCANS for your own")
    if (out is None) == (pack is None):
        raise UsageError("give -o FOLDER for pairs, or --pack FILE for clean cards alone")
    if dpi[0] > dpi[1]:
        raise UsageError(f"--dpi is {dpi[0]} {dpi[1]}; the lower one comes first")
    if pack and (sources or sheets or layouts):
        raise UsageError("--pack holds synthetic cards alone, of all layouts", "leave out --from, --sheets, --layout")
    if sources and layouts:
        raise UsageError("--layout is of synthetic cards, and --from takes scans", "leave out one of them")
    workers = workers or usable_cores()
    with needs_extra("synth"):
        from docpipe.cards.layout import LAYOUTS
        from docpipe.console import progress_bar
        from docpipe.synth import write_pairs
        from docpipe.synth.pack import write_pack
    if sources:
        assert out is not None
        _draw_on_scans(sources, out, recipe, seed, draws, workers)
        return
    assert count is not None
    with progress_bar("drawing", "cards", count) as tell:
        if pack:
            held = write_pack(pack, count, seed=seed, workers=workers, tell=tell)
            click.echo(f"{held} clean cards -> {pack}", err=True)
            return
        assert out is not None
        write_pairs(
            out, count, recipe=recipe, seed=seed, split=split, layouts=layouts or LAYOUTS, sheets=sheets, dpi=dpi,
            workers=workers, tell=tell,
        )  # fmt: skip
    click.echo(f"{count} pairs -> {out}", err=True)


def _draw_on_scans(sources: tuple[str, ...], out: Path, recipe: str, seed: int, draws: int, workers: int) -> None:
    from docpipe.clean import plan_jobs
    from docpipe.console import progress_bar
    from docpipe.synth import ScanDrawn, write_pairs_from

    scans = [Path(str(job.source)) for job in plan_jobs(sources, out).jobs]
    done, failed = 0, 0
    with progress_bar("drawing", "scans", len(scans)) as tell:

        def show(drawn: ScanDrawn) -> None:
            nonlocal done, failed
            done += 1
            tell(done)
            if drawn.problem:
                failed += 1
                click.echo(f"error: {drawn.scan}: {drawn.problem}\nhint:  {drawn.hint}", err=True)

        count = write_pairs_from(scans, out, draws=draws, recipe=recipe, seed=seed, workers=workers, tell=show)
    click.echo(f"{count} pairs of {len(scans) - failed} of {len(scans)} scans -> {out}", err=True)
    if failed:
        raise SystemExit(int(ExitCode.SOME_PAGES_FAILED))


@click.command()
@click.option("--raw", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Folder of the scans as they came in.")
@click.option("--cleaned", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Folder of the same scans, cleaned.")
@click.option("--clean", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Folder of the same cards without any noise: what cleaning can reach at most.")
@click.option("--null", is_flag=True,
              help="Read the raw scans again, moved by one pixel and a little brighter: how many cards flip by chance.")
@click.option("--truth", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="What the cards say, a JSON line each, as above; without it fields are judged by their own rules.")
@click.option("--pairs", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Provenance, for figures by noise.  [default: pairs.jsonl beside the truth]")
@click.option("--schema",
              help="Name or TOML file of a field schema.  [default: by each card's layout; without truth, what fits]")
@click.option("--ocr", type=click.Choice(OCR_ENGINES), default=[DEFAULT_OCR], show_default=True, multiple=True,
              help="What reads. auto: tesserocr where it is installed, else the program tesseract. Given again, the "
                   "cards are read by each: the first gives the figures, the others stand beside it.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Keep what OCR read in this folder, so that no scan is read twice: personal data, mode 0700.")
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False),
              help="Folder for report.html, report.pdf, report.json, cards.csv and names.csv.")
@click.option("--with-images", is_flag=True, help="Show cards, their names and readings in the report: personal data.")
@click.option("--gallery", type=click.IntRange(0), default=24, show_default=True,
              help="Rescued cards that are shown; broken ones all are.")
@click.option("--typing-minutes", type=FiniteRange(0, min_open=True), default=2.0, show_default=True,
              help="To type one card in, for the report's calculation.")
@click.option("--typing-cost", type=FiniteRange(0, min_open=True),
              help="Of one card typed in, in any currency, for the same.")
@click.option("--machine-cost", type=FiniteRange(0, min_open=True),
              help="Of one hour of machine time, in the same currency.")
@click.option("--fail-under", type=FiniteRange(-100, 100), metavar="POINTS",
              help="End with code 7 where the absolute uplift is lower, in percentage points.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Processes.  [default: one a core]")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a card, by its id, then one with the figures.")
def evaluate(
    raw: Path, cleaned: Path, clean: Path | None, null: bool, truth: Path | None, pairs: Path | None,
    schema: str | None, ocr: tuple[str, ...], cache: Path | None, out: Path | None, with_images: bool, gallery: int,
    typing_minutes: float, typing_cost: float | None, machine_cost: float | None, fail_under: float | None,
    jobs: int | None, as_json: bool,
) -> None:
    """Count how many cards pass OCR raw and cleaned: every required field right against the truth.

    Prints the figures, or with -o writes a report. Without a truth a field counts as right where check digits, dates
    and formats are. No value of any field is printed or reported unless --with-images asks for it, and no name of a
    scan: cards go by an id, and names.csv beside the report says whose it is. --cache keeps what was read.

    A line of the truth, which `docpipe synth` writes and anyone can:

    \b
    {"file": "a/1.png", "layout": "national", "fields": {"surname": "Lindqvist", "date_of_birth": "1974-08-12", ...}}

    file is the name below --raw. layout is the schema, by its name or its TOML file; with --schema it may be left out.
    fields has all that the schema requires, and what else is known: dates as 1974-08-12 (12.08.1974 will do, the day
    before the month), numbers with blanks or without, names with capitals or without. For a schema with a machine
    readable zone give its lines as they are printed, mrz_1, mrz_2 and, if there is one, mrz_3: its fields come from
    them. A card of the truth whose cleaned scan is missing fails; a raw scan that it does not name is left out.

    \b
    docpipe evaluate --raw noisy/ --cleaned noisy-cleaned/ --truth truth.jsonl
    docpipe evaluate --raw noisy/ --cleaned noisy-cleaned/ --truth truth.jsonl -o report/
    docpipe evaluate --raw noisy/ --cleaned noisy-cleaned/ --truth truth.jsonl --clean clean/ --null -o report/
    docpipe evaluate --raw noisy/ --cleaned noisy-cleaned/ --truth truth.jsonl --json > cards.jsonl
    docpipe evaluate --raw scans/ --cleaned scans-cleaned/ --schema td1 -o report/ --fail-under 0
    docpipe evaluate --raw scans/ --cleaned scans-cleaned/ --cache ~/.cache/docpipe -o report/
    """
    if with_images and out is None:
        raise UsageError("--with-images needs a folder for the report", hint="name one with -o")
    with needs_extra("eval"):
        from docpipe.console import progress_bar
        from docpipe.evaluate.evaluation import evaluate as evaluate_folders
        from docpipe.evaluate.evaluation import find_cases
        from docpipe.evaluate.report import Prices, as_json_lines, as_text, write_report

    cases, _left_out = find_cases(raw, cleaned, truth=truth, schema=schema, clean=clean)
    times_read = len(ocr) + (clean is not None) + null
    with progress_bar("reading", "cards", times_read * len(cases)) as tell:
        findings = evaluate_folders(
            raw, cleaned, truth=truth, schema=schema, clean=clean, null=null, pairs=pairs, ocr=ocr, cache=cache,
            with_values=with_images, workers=jobs, tell=tell,
        )
    if out:
        prices = Prices(typing_minutes, typing_cost, machine_cost)
        write_report(findings, out, with_images=with_images, rescued_shown=gallery, prices=prices)
        click.echo(f"-> {out / 'report.html'}", err=True)
    if as_json:
        for line in as_json_lines(findings, with_names=with_images):
            click.echo(line)
    elif not out:
        click.echo(as_text(findings))
    # Not a hundred times the share, which rounds: 29 cards of 100 are 29 points.
    points = 100 * (findings.table.rescued - findings.table.broken) / findings.table.cards
    if fail_under is not None and points < fail_under:
        click.echo(f"the absolute uplift is {points:+.1f} points, under the {fail_under:g} asked for", err=True)
        raise SystemExit(int(ExitCode.UPLIFT_TOO_LOW))


@click.command()
@click.argument("first", metavar="REPORT", type=click.Path(path_type=Path, exists=True))
@click.argument("second", metavar="REPORT", type=click.Path(path_type=Path, exists=True))
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, with the ids of the cards that differ.")
def compare(first: Path, second: Path, as_json: bool) -> None:
    """Compare two cleanings of the same cards: who passes in one report and not in the other.

    A REPORT is a folder that `docpipe evaluate -o` wrote, or its report.json.

    \b
    docpipe compare report-before/ report-after/
    docpipe compare report-before/ report-after/ --json
    """
    with needs_extra("eval"):
        from docpipe.evaluate.report import compare_findings, comparison_as_text, load_findings
    comparison = compare_findings(load_findings(first), load_findings(second))
    if as_json:
        click.echo(json.dumps(asdict(comparison)))
    else:
        click.echo(comparison_as_text(comparison, click.format_filename(first), click.format_filename(second)))
