"""`docpipe patterns`: libraries of noise patterns: harvest them from scans, make them by rule, look at them."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from docpipe.errors import ExitCode
from docpipe.extras import needs_extra
from docpipe.ocr.engines import OCR_ENGINES

STARTER = "starter"      # as docpipe.noise.patterns calls it, which would bring OpenCV along


@click.group()
def patterns() -> None:
    """Make and see libraries of noise patterns, which recipes paste on cards.

    A library is a folder with an index and one small PNG a pattern. The one that ships is called starter.

    \b
    docpipe patterns list
    docpipe patterns show starter -o sheet.png
    docpipe patterns harvest scans/ -o patterns/ours
    docpipe patterns generate -o patterns/made --each 50 --seed 7
    """


@patterns.command("list")
@click.argument("library", metavar="[LIB]", default=STARTER)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a pattern: all that the index says of it.")
def list_(library: str, as_json: bool) -> None:
    """List the patterns of a library, the shipped one by default.

    \b
    docpipe patterns list
    docpipe patterns list patterns/ours --json
    """
    from docpipe.noise.patterns import load_patterns  # late, here and below: `--help` must not load OpenCV

    found = load_patterns(library).entries
    for entry in found:
        if as_json:
            click.echo(json.dumps(asdict(entry)))
        else:
            click.echo(f"{entry.id:<26} {entry.combine:<9} {entry.dpi:6g} dpi  {entry.split:<6} {entry.licence:<12} "
                       f"{entry.origin}")
    click.echo(f"{len(found)} patterns in {library}", err=True)


@patterns.command()
@click.argument("library_or_id", metavar="LIB|ID", default=STARTER)
@click.option("--library", default=STARTER, show_default=True, metavar="LIB", help="Where an ID is looked for.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="PNG to write.")
def show(library_or_id: str, library: str, out: Path) -> None:
    """Draw a contact sheet of a library, or one pattern, as it looks on paper and on gray.

    \b
    docpipe patterns show starter -o sheet.png
    docpipe patterns show patterns/ours -o sheet.png
    docpipe patterns show stain-0a1b2c3d4e5f --library patterns/ours -o stain.png
    """
    from docpipe.noise.patterns import KINDS, load_patterns
    from docpipe.synth.contact_sheet import write_sheet

    is_id = library_or_id.split("-")[0] in KINDS and not Path(library_or_id).exists()
    found = load_patterns(library if is_id else library_or_id)
    shown = [library_or_id] if is_id else [entry.id for entry in found.entries]
    write_sheet(out, found, shown)
    click.echo(f"{len(shown)} patterns -> {out}", err=True)


@patterns.command()
@click.argument("scans", nargs=-1, required=True, metavar="SCANS...")
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="LIB",
              help="Library to make or to add to; sheet.png in it shows all that it holds.")
@click.option("--origin", default="own scans", show_default=True,
              help="Where the scans come from; stands beside every pattern, so name nobody.")
@click.option("--licence", default="NOASSERTION", show_default=True, help="Of the patterns, as an SPDX identifier.")
@click.option("--dpi", type=click.IntRange(76, 1200), help="Of scans that state none.  [default: as if they were A4]")
@click.option("--ocr", type=click.Choice(OCR_ENGINES), default="tesseract", show_default=True,
              help="What must not be able to read a patch. The program survives its own crashes on noise.")
@click.option("--rasterise", is_flag=True, help="Accept PDFs that carry text; it becomes part of the picture.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a scan on stdout.")
def harvest(scans: tuple[str, ...], out: Path, origin: str, licence: str, dpi: int | None, ocr: str, rasterise: bool,
            as_json: bool) -> None:
    """Cut patches of noise out of noisy SCANS, for recipes to paste on cards.

    No print comes along: patches are at most 15 mm, keep away from print and from what may be a portrait, and are
    thrown away where OCR sees a letter or a digit, or where glyphs seem to stand in a row. Look at sheet.png before
    you share a library.

    \b
    docpipe patterns harvest scans/ -o patterns/ours
    docpipe patterns harvest a.pdf b.tif -o patterns/ours --origin "office copier" --licence CC0-1.0
    docpipe patterns harvest scans/ -o patterns/ours --json > harvested.jsonl
    """
    with needs_extra("eval"):
        from docpipe.ocr.engines import load_ocr

        engine = load_ocr(ocr)
    from docpipe.clean import plan_jobs
    from docpipe.console import progress_bar
    from docpipe.imageio import ReadOptions
    from docpipe.noise.patterns import load_patterns
    from docpipe.synth.contact_sheet import write_sheet
    from docpipe.synth.harvest import harvest as harvest_scans

    paths = [Path(str(job.source)) for job in plan_jobs(scans, out).jobs]
    kept = failed = 0
    reports = harvest_scans(paths, out, engine, origin=origin, licence=licence, dpi=dpi,
                            options=ReadOptions(rasterise=rasterise))
    with progress_bar("harvesting", "scans", len(paths)) as tell:
        for done, report in enumerate(reports, 1):
            tell(done)
            kept += report.kept
            failed += bool(report.error)
            if report.error:
                click.echo(f"error: {report.source}: {report.error}\nhint:  {report.hint}", err=True)
            if as_json:
                click.echo(json.dumps(asdict(report)))
    if kept:
        library = load_patterns(out)
        write_sheet(out / "sheet.png", library, [entry.id for entry in library.entries])
    click.echo(f"{kept} patterns from {len(paths) - failed} of {len(paths)} scans -> {out}", err=True)
    if failed:
        raise SystemExit(int(ExitCode.BAD_INPUT if failed == len(paths) == 1 else ExitCode.SOME_PAGES_FAILED))


@patterns.command()
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="LIB",
              help="Library to make or to add to.")
@click.option("--each", type=click.IntRange(1, 10_000), default=17, show_default=True, help="Patterns of every kind.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, other patterns.")
def generate(out: Path, each: int, seed: int) -> None:
    """Make patterns by rule; the defaults make the library that ships. The same seed gives the same bytes.

    \b
    docpipe patterns generate -o patterns/
    docpipe patterns generate -o patterns/made --each 50 --seed 7
    """
    from docpipe.noise.starter import generate_library

    library = generate_library(out, each=each, seed=seed)
    click.echo(f"{len(library.entries)} patterns -> {out}", err=True)
