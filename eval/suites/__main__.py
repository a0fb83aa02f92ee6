"""All suites, as one command: pages are made, held against the lock, prepared in every way, read, and judged."""

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import click

from docpipe.console import progress_bar
from docpipe.cores import usable_cores
from docpipe.errors import DocpipeError, UsageError
from docpipe.ocr.engines import load_ocr
from eval.gallery.ink import pages_without_ink
from eval.record import RESULTS, commit_and_day, keep
from eval.suites import lock
from eval.suites.reading import Verdict, judge, reader_hash
from eval.suites.suite import OCR, SECOND_OCR, SECOND_PAGES, Suite, SuitePage, pages_of, suites_of
from eval.suites.tables import Judged, changes, fields_table, ink_table, rows_of, strata_tables, ways_table
from eval.suites.ways import CONTROLS, ENGINES, PEERS, fingerprint, require_programs

RESULTS_TABLE = "suites.csv"


@dataclass(frozen=True)
class Run:
    """What a run does: where its pages lie, which model it judges, how much of everything."""

    work: Path
    model: Path | None
    jobs: int
    quick: bool
    peers: bool


@dataclass(frozen=True)
class Place:
    """Where the pages of a suite lie, and the stamp under which verdicts on them are kept."""

    folder: Path
    stamp: str


@click.command()
@click.option("--quick", is_flag=True, help="The first pages of every suite, in 8 minutes; for a look, not for --keep.")
@click.option("--suite", "chosen", multiple=True, help="Only this one; may be given several times.  [default: all]")
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="Model folder.  [default: the shipped one]")
@click.option("--no-peers", is_flag=True, help="Without the peers of docpipe and the second engine.")
@click.option("--data", envvar="DOCPIPE_DATA", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with id-cards/ and receipts/; without it their suites are left out.  "
                   "[default: $DOCPIPE_DATA]")  # fmt: skip
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench/suites"), show_default=True)
@click.option("--jobs", default=usable_cores(), show_default=True, help="Processes.")
@click.option("--keep", "keep_as", metavar="NAME",
              help="Keep what is printed as NAME.txt in eval/results/, and its figures as rows of suites.csv there.")
@click.option("--write-lock", is_flag=True, help="Make the suites anew and write eval/suites.lock; judge nothing.")
def main(
    quick: bool, chosen: tuple[str, ...], model: Path | None, no_peers: bool, data: Path | None, work: Path, jobs: int,
    keep_as: str | None, write_lock: bool,
) -> None:  # fmt: skip
    """Judge docpipe and its peers on the suites of eval/suites.lock; a run that was stopped goes on where it was.

    \b
    python -m eval.suites --quick
    python -m eval.suites --keep suites
    python -m eval.suites --suite cards --model runs/001-compact/model --no-peers
    """
    try:
        suites = suites_of(data)
        if unknown := set(chosen) - {suite.name for suite in suites}:
            raise UsageError(f"there is no suite {', '.join(sorted(unknown))}", "id-cards and receipts need --data")
        suites = [suite for suite in suites if not chosen or suite.name in chosen]
        run = Run(work, model, jobs, quick, not no_peers and not quick)
        if quick and (keep_as or write_lock):
            raise UsageError("a quick run keeps nothing and writes no lock", "leave out --quick")
        if write_lock:
            if chosen or data is None:
                raise UsageError("a lock holds all suites", hint="set DOCPIPE_DATA, and leave out --suite")
            lock.write_lock({suite.name: _described(suite, run) for suite in suites})
            click.echo(f"-> {lock.LOCK}", err=True)
            return
        _judge_all(suites, run, keep_as)
    except DocpipeError as error:
        click.echo(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), err=True)
        raise SystemExit(error.exit_code) from error


def _judge_all(suites: Sequence[Suite], run: Run, keep_as: str | None) -> None:
    if run.peers:
        require_programs()
    lines = [
        f"lock {lock.lock_hash()}; {load_ocr(OCR).description}; reader {reader_hash(OCR)}",
        f"docpipe: {fingerprint('docpipe', run.model)}; division: {fingerprint('division', None)}",
        *([f"peers: {', '.join(fingerprint(way, None) for way in ('unpaper', 'imagemagick'))}"] if run.peers else []),
    ]
    if missing := {"id-cards", "receipts"} - {suite.name for suite in suites}:
        lines.append(f"not judged: {', '.join(sorted(missing))}")
    rows: list[dict[str, object]] = []
    begun = monotonic()
    for suite in suites:
        folder, pages = _made(suite, run)
        place = Place(folder, lock.check(suite, folder, pages, quick=run.quick))
        judged = _judged(suite, place, pages, run)
        rows += rows_of(judged)
        lines += ["", *ways_table(judged), *changes(judged)]
        if suite.name == "cards":
            with progress_bar(f"{suite.name}: ink", "pages", len(pages)) as tell:
                gone = pages_without_ink(pages, folder, jobs=run.jobs, tell=tell)
            lines += ["", *strata_tables(judged, folder), "", *ink_table(judged, gone)]
            if run.peers:
                second = _by_second_engine(suite, place, pages, run)
                rows += rows_of(second)
                lines += ["", *ways_table(second)]
        if suite.counts == "fields":
            lines += ["", *fields_table(judged)]
    minutes = (monotonic() - begun) / 60
    lines += ["", f"{minutes:.0f} minutes with {run.jobs} processes, without what a run before had judged"]
    if keep_as:
        keep(keep_as, lines)
        _keep_rows(rows, fingerprint("docpipe", run.model))
    else:
        print("\n".join(lines))


def _described(suite: Suite, run: Run) -> dict[str, object]:
    shutil.rmtree(run.work / suite.name, ignore_errors=True)
    folder, pages = _made(suite, run)
    quick = pages[: suite.quick.pages]
    full = lock.describe(suite, folder, pages)
    return {**lock.words(suite), "full": full, "quick": lock.describe(suite, folder, quick)}


def _made(suite: Suite, run: Run) -> tuple[Path, list[SuitePage]]:
    """The pages of a suite, made where they are not there yet; a quick run has the first ones in its own folder."""
    folder = run.work / (f"{suite.name}-quick" if run.quick else suite.name)
    sizes = suite.quick if run.quick else suite.full
    if not (folder / "truth.jsonl").exists():
        click.echo(f"making {sizes.pages} pages of {suite.name}", err=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        suite.make(folder, sizes.pages, run.jobs)
    return folder, pages_of(suite, folder)[: sizes.pages]


def _judged(suite: Suite, place: Place, pages: list[SuitePage], run: Run) -> Judged:
    sizes = suite.quick if run.quick else suite.full

    def by_file(way: str, some: Sequence[SuitePage]) -> dict[str, Verdict]:
        with progress_bar(f"{suite.name}: {way}", "pages", len(some)) as tell:
            return _judge(place, some, way, OCR, run, tell)

    clean: dict[str, Verdict] = {}
    if suite.name != "clean" and suite.counts == "cards":
        once = {page.clean: page for page in reversed(pages)}
        found = by_file("clean", list(once.values()))
        clean = {page.file: found[once[page.clean].file] for page in pages}
    counted = [page for page in pages if not suite.from_data or not clean or clean[page.file].passes]
    ways = {way: by_file(way, counted) for way in (*CONTROLS, *ENGINES)}
    if run.peers:
        of_peers = {page.file for page in pages[: sizes.peers]}
        part = [page for page in counted if page.file in of_peers]
        ways |= {f"{way}, part": {page.file: ways[way][page.file] for page in part} for way in ("raw", *ENGINES)}
        ways |= {way: by_file(way, part) for way in PEERS}
    ceiling = {page.file: clean[page.file] for page in counted} if clean else {}
    left_out = len({page.card for page in pages}) - len({page.card for page in counted})
    return Judged(suite, {page.file: page for page in counted}, ways, ceiling, left_out)


def _by_second_engine(suite: Suite, place: Place, pages: Sequence[SuitePage], run: Run) -> Judged:
    some = pages[:SECOND_PAGES]
    found = {}
    for way in ("raw", "docpipe", "careful", "clean"):
        with progress_bar(f"{suite.name}: {way}, {SECOND_OCR}", "pages", len(some)) as tell:
            found[way] = _judge(place, some, way, SECOND_OCR, run, tell)
    clean = found.pop("clean")
    about = f"its first pages, read by an engine on which nothing is tuned: {load_ocr(SECOND_OCR).description}"
    named = replace(suite, name=f"{suite.name}, {SECOND_OCR}", about=about)
    return Judged(named, {page.file: page for page in some}, found, clean)


def _judge(
    place: Place, pages: Sequence[SuitePage], way: str, ocr: str, run: Run, tell: Callable[[int], None]
) -> dict[str, Verdict]:
    found = judge(pages, place.folder, place.stamp, way=way, ocr=ocr, model=run.model, jobs=run.jobs, tell=tell)
    return {verdict.page: verdict for verdict in found}


def _keep_rows(rows: Sequence[dict[str, object]], model: str) -> None:
    """Add rows to the table of results; one of another lock is begun anew."""
    path = RESULTS / RESULTS_TABLE
    commit, day = commit_and_day()
    head = {"lock": lock.lock_hash(), "reader": reader_hash(OCR), "commit": commit, "day": day, "model": model}
    old: list[dict[str, str]] = []
    if path.exists():
        with path.open(newline="") as file:
            old = [row for row in csv.DictReader(file) if row["lock"] == head["lock"]]
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [*head, *rows[0]], lineterminator="\n")
        table.writeheader()
        table.writerows(old)
        table.writerows({**head, **{key: _short(value) for key, value in row.items()}} for row in rows)


def _short(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


if __name__ == "__main__":
    main()
