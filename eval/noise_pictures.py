"""Pictures of every effect for docs/noise.md: one region of a card, with the effect weak, medium and strong."""

from dataclasses import fields, replace
from pathlib import Path

import click
import cv2
import numpy as np

from docpipe.cards.fonts import families_of
from docpipe.cards.identity import SPLIT_SEEDS
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.noise import NOISES
from docpipe.noise.base import Noise, Range
from docpipe.noise.recipe import load_recipe
from docpipe.page import Page

FOLDER = Path(__file__).parents[1] / "docs" / "noise"
SEVERITIES = (0.25, 0.6, 1.0)
DPI = 220
LEFT_MM, TOP_MM, WIDTH_MM, HEIGHT_MM = 24.0, 6.0, 40.0, 22.0        # of the region, on the scan of a card
CARD_NUMBER = 12
QUALITY = 55
GAP_PX = 6
SEED = 3
# Where that one puts an effect beyond the region, or shows it in a form that is not typical.
SEEDS = {
    "pen_strokes": 6, "stains": 1, "scribble": 1, "paste": 7, "punch_holes": 7, "staples": 0, "recopied": 7, "dust": 0,
    "edge_shadow": 4, "moire": 2, "glare": 6, "fax": 7,
}  # fmt: skip


@click.command()
@click.option("-o", "--out", default=FOLDER, type=click.Path(path_type=Path), help="Folder for the pictures.")
@click.option("--only", multiple=True, type=click.Choice(sorted(NOISES)), help="Kinds to draw.  [default: all]")
@click.option("--recipe", help="Draw twelve cards of a recipe instead, on one sheet.")
def main(out: Path, only: tuple[str, ...], recipe: str | None) -> None:
    """Write KIND.jpg for every kind of noise, and print their names and bytes."""
    out.mkdir(parents=True, exist_ok=True)
    card = clean_card()
    if recipe is not None:
        write(out / f"{Path(recipe).stem}.jpg", sheet_of(recipe, card))
        return
    left, top, width, height = (round(mm * DPI / 25.4) for mm in (LEFT_MM, TOP_MM, WIDTH_MM, HEIGHT_MM))
    region = Page(np.ascontiguousarray(card.pixels[top : top + height, left : left + width]), card.dpi)
    total = 0
    for kind in only or NOISES:
        shown = [at(NOISES[kind](), severity)(region, np.random.default_rng(SEEDS.get(kind, SEED))).pixels
                 for severity in SEVERITIES]  # fmt: skip
        total += write(out / f"{kind}.jpg", side_by_side(shown))
    print(f"{total / 1e6:.2f} MB in {out}")


def clean_card() -> Page:
    """A card of the training split as the other pictures show it."""
    seed = SPLIT_SEEDS["train"].start + CARD_NUMBER
    return draw_card(seed, load_layout("td1"), families_of("train"), DPI).page()


def at(noise: Noise, severity: float) -> Noise:
    """The noise at a severity; one that has no weak form is shown from one end of its ranges to the other."""
    if noise.harmless:
        return noise.at(severity)
    within = {}
    for field in fields(noise):
        if field.type == Range:
            low, high = getattr(noise, field.name)
            within[field.name] = (low + severity * (high - low),) * 2
    return replace(noise, **within)


def side_by_side(shown: list[np.ndarray]) -> np.ndarray:
    """Pictures in a row, with white between them."""
    gap = np.full((shown[0].shape[0], GAP_PX), 255, np.uint8)
    return np.hstack([part for one in shown for part in (one, gap)][:-1])


def sheet_of(name: str, card: Page) -> np.ndarray:
    """Twelve draws of a recipe, three in a row."""
    recipe = load_recipe(name)
    drawn = [recipe.apply(card, np.random.default_rng(seed)).page.pixels for seed in range(12)]
    return np.vstack([side_by_side(drawn[start : start + 3]) for start in range(0, 12, 3)])


def write(path: Path, picture: np.ndarray) -> int:
    """Write a JPEG, and give the bytes it took."""
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(path.name, path.stat().st_size)
    return path.stat().st_size


if __name__ == "__main__":
    main()
