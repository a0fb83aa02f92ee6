"""How many clean cards pass OCR: what the reader loses where there is nothing to clean.

The cards are drawn with identities and value fonts that no training saw, on all layouts, those for testing only
included. A field that fails is named, never its value.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import click
import cv2

from docpipe.cards.fonts import families_of
from docpipe.cards.identity import SPLIT_SEEDS
from docpipe.cards.layout import SHIPPED_LAYOUTS, load_layout
from docpipe.cards.render import draw_card
from docpipe.evaluate.cases import TrueCard, cases_of
from docpipe.evaluate.uplift import wilson
from docpipe.ocr.detect import detect_schema
from docpipe.ocr.engine import Engine
from docpipe.ocr.engines import load_ocr
from docpipe.ocr.extract import extract
from eval.record import keep

OCR = "tesserocr"
FIRST_SEED = SPLIT_SEEDS["test"].start + 97_000_000     # beyond all pairs; moved when the reader learnt of it


@dataclass(frozen=True)
class Verdict:
    """One card: which required fields were not read right, and whether it told its schema."""

    layout: str
    dpi: int
    wrong: tuple[str, ...]
    detected: bool


@click.command()
@click.option("--cards", "count", default=60, show_default=True, help="Cards of each layout at each resolution.")
@click.option("--dpi", "resolutions", multiple=True, type=int, default=(200, 300, 400), show_default=True)
@click.option("--layout", "layouts", multiple=True, type=click.Choice(SHIPPED_LAYOUTS), default=SHIPPED_LAYOUTS)
@click.option("--jobs", default=len(os.sched_getaffinity(0)), show_default=True, help="Processes.")
@click.option("--keep", "keep_as", help="Name under eval/results/.  [default: print only]")
def main(count: int, resolutions: tuple[int, ...], layouts: tuple[str, ...], jobs: int, keep_as: str | None) -> None:
    """Print pass rates of clean cards by layout and resolution, and which fields failed."""
    wanted = [(number, layout, dpi) for layout in layouts for dpi in resolutions for number in range(count)]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        verdicts = pool.map(judge, wanted, chunksize=4)
    lines = [
        f"clean cards of the test split, {count} of each layout at each resolution; {load_ocr(OCR).description}",
        "",
        *table(verdicts, layouts, resolutions),
        "",
        *failures(verdicts),
    ]
    if keep_as:
        keep(keep_as, lines)
    else:
        print("\n".join(lines))


def judge(wanted: tuple[int, str, int]) -> Verdict:
    """Draw one card, and read it; the same number is the same person in every layout, at every resolution."""
    number, layout, dpi = wanted
    cv2.setNumThreads(1)
    card = draw_card(FIRST_SEED + number, load_layout(layout), families_of("test"), dpi)
    truth = {field.name: field.value for field in card.truth}
    [case] = cases_of([TrueCard(f"{layout}-{number}", layout, truth)])
    gray, engine = card.page().pixels, ready_ocr()
    read = extract(gray, case.schema, engine).values
    required = case.schema.required
    told = case.schema.mrz or layout                 # cards with a zone are told by its format
    wrong = tuple(one.name for one in required if not one.same(read.get(one.name, ""), case.true[one.name]))
    return Verdict(layout, dpi, wrong, detect_schema(gray, engine) == told)


@cache
def ready_ocr() -> Engine:
    """What reads, once a process."""
    return load_ocr(OCR)


def table(verdicts: Sequence[Verdict], layouts: Sequence[str], resolutions: Sequence[int]) -> Iterator[str]:
    """One line for each layout and resolution, for each layout, and for all."""
    yield f"{'layout':<16} {'dpi':>7} {'cards':>6} {'pass':>5} {'rate, 95 % (Wilson)':>22} {'schema told':>12}"
    for layout in layouts:
        of_layout = [verdict for verdict in verdicts if verdict.layout == layout]
        for dpi in resolutions:
            yield row(layout, str(dpi), [verdict for verdict in of_layout if verdict.dpi == dpi])
        yield row(layout, "all", of_layout)
    yield row("all", "all", verdicts)


def row(layout: str, dpi: str, verdicts: Sequence[Verdict]) -> str:
    """Cards that pass, their rate, and cards that tell their schema."""
    passed = sum(not verdict.wrong for verdict in verdicts)
    low, high = (100 * side for side in wilson(passed, len(verdicts)))
    rate = f"{100 * passed / len(verdicts):.1f} %  [{low:5.1f}, {high:5.1f}]"
    told = sum(verdict.detected for verdict in verdicts)
    return f"{layout:<16} {dpi:>7} {len(verdicts):6} {passed:5} {rate:>22} {told:12}"


def failures(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How often each field failed, by layout."""
    wrong = Counter((verdict.layout, field) for verdict in verdicts for field in verdict.wrong)
    yield "required fields that were not read right, and on how many cards:" if wrong else "every field was read right"
    for (layout, field), count in sorted(wrong.items()):
        yield f"{layout:<16} {field:<18} {count:3}"


if __name__ == "__main__":
    main()
