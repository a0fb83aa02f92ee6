"""Plant stains, streaks and folds on synthetic cards, harvest them, and hold what came against what was planted."""

import sys
from collections import Counter
from dataclasses import replace

import click
import numpy as np

from docpipe.cards.fonts import families_of
from docpipe.cards.layout import LAYOUTS, load_layout
from docpipe.cards.render import draw_card
from docpipe.noise import NOISES
from docpipe.noise.base import MM_PER_INCH
from docpipe.ocr.engines import OCR_ENGINES, load_ocr
from docpipe.page import Page
from docpipe.synth.harvest import harvest_page
from docpipe.synth.harvest_patch import Patch
from eval.record import keep

DPI = 200                   # what pages are harvested at: boxes need no scaling
LID_MM = 25                 # of the scanner's glass around a card
PLANTED = ("stains", "streaks", "folds")
ENOUGH, SHARE = 0.8, 2 / 3
LEAST_SPREAD = 1e-3         # share of the light: a planted patch that is flatter holds nothing to correlate with


@click.command()
@click.option("--cards", default=60, show_default=True, help="Of each kind of noise.")
@click.option("--seed", default=1, show_default=True)
@click.option("--ocr", type=click.Choice(OCR_ENGINES), default="auto", show_default=True)
def main(cards: int, seed: int, ocr: str) -> None:
    """Exit code 1 where fewer than two thirds of the harvested patterns correlate with what was planted at .8."""
    engine = load_ocr(ocr)
    rejected = Counter[str]()
    lines, every = [], []
    for planted in PLANTED:
        alike: list[float] = []
        for number in range(cards):
            rng = np.random.default_rng([seed, number])
            layout = load_layout(LAYOUTS[number % len(LAYOUTS)])
            card = draw_card(seed * 1000 + number, layout, families_of("train"), DPI).page()
            page = replace(card, pixels=np.pad(card.pixels, round(LID_MM / MM_PER_INCH * DPI), mode="edge"))
            noisy = NOISES[planted]().at(rng.uniform(0.4, 1))(page, rng)
            kept, because = harvest_page(noisy, engine)
            rejected += because
            alike += [likeness(patch, page, noisy) for patch in kept]
        lines.append(_line(planted, cards, alike))
        every += alike
    keep("harvest_finds", [
        f"seed {seed}; {engine.description.split(',')[0]}",
        *lines, _line("all", cards * len(PLANTED), every),
        f"{rejected['row']} patches rejected for a row of glyphs, {rejected['read']} because OCR read something",
    ])  # fmt: skip
    if not every or np.mean(np.array(every) >= ENOUGH) < SHARE:
        sys.exit("FAILED")


def likeness(patch: Patch, page: Page, noisy: Page) -> float:
    """Correlation of a pattern with the light that the planted noise took away, or added, in the same place."""
    left, top, right, bottom = patch.box
    before, after = (one.pixels[top:bottom, left:right].astype(float) for one in (page, noisy))
    planted = after / np.maximum(before, 1)
    if planted.std() < LEAST_SPREAD:
        return 0.0
    return float(np.corrcoef(planted.ravel(), patch.pattern.gray.ravel().astype(float))[0, 1])


def _line(name: str, cards: int, alike: list[float]) -> str:
    share = np.mean(np.array(alike) >= ENOUGH) if alike else 0
    middle = np.median(alike) if alike else 0
    return f"{name:<8} {cards:4} cards, {len(alike):4} patterns, {share:4.0%} at {ENOUGH} or more, median {middle:.2f}"


if __name__ == "__main__":
    main()
