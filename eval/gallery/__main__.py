"""The worst results of a judged suite, told from its kept verdicts, each with its cause and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from PIL import Image

from docpipe.errors import DocpipeError
from docpipe.evaluate.provenance import PAIRS_NAME
from docpipe.evaluate.records import read_records
from docpipe.ocr.engines import load_ocr
from eval.gallery.causes import NOT_FOUND, cause_of, traces_of
from eval.gallery.ink import read_gray
from eval.gallery.page import Drawn, Exhibit, as_markdown, as_text, counted, read_seen
from eval.gallery.pictures import as_jpeg, picture
from eval.gallery.places import levelled, misplaced, true_boxes
from eval.gallery.worst import RULE, Result, kept_verdicts, worst_first
from eval.record import origin
from eval.suites import lock
from eval.suites.reading import reader_hash
from eval.suites.suite import OCR, pages_of, suites_of
from eval.suites.ways import fingerprint, load_way

SEEN = Path(__file__).parents[1] / "gallery_seen.toml"
SHOWN = 20
LARGEST_BYTES = 125_000          # of a picture: twenty make 2.5 MB
Record = Mapping[str, Any]
Shown = tuple[Exhibit, Image.Image]


@click.command()
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.md",
              help="Write the page, and its pictures into the folder FILE beside it.")  # fmt: skip
@click.option("--count", default=SHOWN, show_default=True, type=click.IntRange(1), help="How many results.")
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="Model folder.  [default: the shipped one]")
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench/suites"), show_default=True)
@click.option("--reader", help="Reader of the verdicts, as the head of suites.txt names it.  [default: this code's]")
@click.option("--docpipe", "judged", help="What cleaned for the verdicts, as there.  [default: this code and model]")
def main(
    write: Path | None, count: int, model: Path | None, work: Path, reader: str | None, judged: str | None
) -> None:
    """Show the worst results on the suite `cards`, from the verdicts that `python -m eval.suites` kept.

    \b
    python -m eval.gallery
    python -m eval.gallery --write docs/gallery.md

    Nothing is judged anew; only the cards that are shown are restored and looked at again.
    """
    try:
        _show(write, count, model, work, reader or reader_hash(OCR), judged or fingerprint("docpipe", model))
    except DocpipeError as error:
        click.echo(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), err=True)
        raise SystemExit(error.exit_code) from error


def _show(write: Path | None, count: int, model: Path | None, work: Path, reader: str, judged: str) -> None:
    suite, folder = suites_of(None)[0], work / "cards"
    pages = pages_of(suite, folder)[: suite.full.pages]
    verdicts = folder / "verdicts" / lock.check(suite, folder, pages, quick=False)
    ways = [f"raw-{fingerprint('raw', None)}", f"docpipe-{judged}", "clean"]
    raw, cleaned, clean = (kept_verdicts(verdicts / f"{reader}-{OCR}-{way}.jsonl") for way in ways)
    known = [page for page in pages if page.file in raw.keys() & cleaned.keys() & clean.keys()]
    results = worst_first(known, raw, cleaned, clean)
    seen = read_seen(SEEN, {"lock": lock.lock_hash(), "docpipe": judged})
    truths, made = _records(folder / "truth.jsonl", "file, fields"), _records(folder / PAIRS_NAME, "file, noises")
    shown = [
        _exhibited(result, folder, truths[result.page.file], made[result.page.file], model)
        for result in results[:count]
    ]
    exhibits = [replace(exhibit, seen=(seen or {}).get(exhibit.card, "")) for exhibit, _ in shown]
    notes = [f"lock {lock.lock_hash()}; {load_ocr(OCR).description}; reader {reader}", f"docpipe: {judged}"]
    if (now := fingerprint("docpipe", model)) != judged:
        notes.append(f"pictures: {now}, which is not what was judged")
    if len(known) < len(pages):
        notes.append(f"{len(pages) - len(known)} of {len(pages)} cards have no verdict and are left out")
    counts = counted(results, exhibits)
    print("\n".join([*notes, "", RULE, "", *counts, *as_text(exhibits)]))
    if seen is None:
        click.echo(f"{SEEN.name} is about other results and left out", err=True)
    if write:
        sheets = [sheet for _, sheet in shown]
        _write(write, exhibits, sheets, [*origin().splitlines(), *notes], counts)


def _exhibited(result: Result, folder: Path, truth: Record, made: Record, model: Path | None) -> Shown:
    """A result with its causes, and its picture."""
    page = result.page
    clean, noisy = (read_gray(folder / kind / page.file) for kind in ("clean", "noisy"))
    restored = load_way("docpipe", model)(noisy)
    versions = [clean, noisy, restored]
    boxes = true_boxes(truth["fields"], page.schema)
    lost = misplaced(restored, clean, page.schema, load_ocr(OCR))
    causes: dict[str, list[str]] = {}
    for name in result.fields:
        cause = cause_of(traces_of(*versions, boxes[name], is_placed=name not in lost))
        if cause == NOT_FOUND and (label := lost[name]):
            cause += f" (of its label: {cause_of(traces_of(*levelled(clean, versions), label))})"
        causes.setdefault(cause, []).append(name)
    drawn = Drawn(made["severity"], tuple((noise["kind"], noise["severity"]) for noise in made["noises"]))
    framed = list(dict.fromkeys(boxes[name] for name in result.fields))
    return Exhibit(result, drawn, causes), picture(versions, framed)


def _records(path: Path, needs: str) -> dict[str, Record]:
    """The lines of a file by the card they are about."""
    return {record["file"]: record for record in read_records(path, dict, of="a card", needs=needs)}


def _write(page: Path, exhibits: Sequence[Exhibit], sheets: Sequence[Image.Image], origin: Sequence[str],
           counts: Sequence[str]) -> None:  # fmt: skip
    """The page, and its pictures in a folder of its name; those of a run before are replaced."""
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9].jpg"):
        old.unlink()
    files = [folder / f"{rank:02}.jpg" for rank in range(1, len(sheets) + 1)]
    for file, sheet in zip(files, sheets, strict=True):
        file.write_bytes(as_jpeg(sheet, LARGEST_BYTES))
    page.write_text(as_markdown(exhibits, [f"{folder.name}/{file.name}" for file in files], origin, counts))
    total = sum(file.stat().st_size for file in files)
    click.echo(f"-> {page}, {len(files)} pictures in {folder}, {total / 1e6:.2f} MB", err=True)


if __name__ == "__main__":
    main()
