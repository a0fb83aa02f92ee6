"""Cards of all layouts, clean to barely readable, on one sheet for the eye; with real scans beside them if wanted."""

import sys
from dataclasses import replace
from pathlib import Path

import click
import cv2
import numpy as np

from docpipe.cards.fonts import families_of
from docpipe.cards.identity import SPLIT_SEEDS
from docpipe.cards.layout import SHIPPED_LAYOUTS, load_layout
from docpipe.cards.render import draw_card
from docpipe.imageio import open_scan
from docpipe.noise.recipe import load_recipe
from docpipe.page import Gray, Page

SEVERITIES = (0.2, 0.5, 0.9)
DPI = 200
CELL_PX = (340, 250)        # width and height: a card of 86 x 54 mm keeps about half of its pixels each way
GAP_PX, COLUMNS = 4, 10
QUALITY = 70
PAGE_PX = (420, 560)        # of a real scan


@click.command()
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="PNG or JPEG to write.")
@click.option("--cards", default=60, show_default=True, help="How many, an equal share at each severity.")
@click.option("--seed", default=960, show_default=True)
@click.option("--recipe", default="starter", show_default=True, help="Noise recipe: a name or a TOML file.")
@click.option("--scale", default=1.0, show_default=True, help="Size of the sheet; below 1 for one that travels.")
@click.option("--beside", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of real scans: ten of them below ten cards. Such a sheet stays at home.")
def main(out: Path, cards: int, seed: int, recipe: str, scale: float, beside: Path | None) -> None:
    """Draw cards of all layouts in turn, a third of them at each of three severities."""
    if beside is None:
        cells = [cell(noisy_card(number, cards, seed, recipe), CELL_PX) for number in range(cards)]
    else:
        scans = sorted(path for path in beside.iterdir() if path.is_file())
        real = scans[:: max(1, len(scans) // COLUMNS)][:COLUMNS]
        cells = [cell(noisy_card(number, COLUMNS, seed, recipe), PAGE_PX) for number in range(COLUMNS)]
        cells += [cell(first_page(path).pixels, PAGE_PX) for path in real]
    sheet = in_rows(cells)
    if scale != 1:
        sheet = cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if out.suffix in (".jpg", ".jpeg") else []
    if not cv2.imwrite(str(out), sheet, quality):
        sys.exit(f"{out} cannot be written")
    print(f"{out}: {len(cells)} cells, {out.stat().st_size} bytes")


def noisy_card(number: int, cards: int, seed: int, name: str) -> Gray:
    """Card `number` of so many, with noises of the recipe at the severity of its third of the sheet."""
    layout = load_layout(SHIPPED_LAYOUTS[number % len(SHIPPED_LAYOUTS)])
    card = draw_card(SPLIT_SEEDS["train"].start + seed * 100_000 + number, layout, families_of("train"), DPI).page()
    severity = SEVERITIES[number * len(SEVERITIES) // cards]
    recipe = replace(load_recipe(name), untouched=0.0, severity=(severity, severity))
    return recipe.apply(Page(card.pixels, card.dpi), np.random.default_rng([seed, number])).page.pixels


def first_page(path: Path) -> Page:
    """The first page of a scan, gray."""
    with open_scan(path.read_bytes()) as opened:
        return opened.read(0)


def cell(gray: Gray, size_px: tuple[int, int]) -> Gray:
    """A picture as large as it fits into a cell, white around it."""
    scale = min(size_px[0] / gray.shape[1], size_px[1] / gray.shape[0])
    shown = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[: size_px[1], : size_px[0]]
    filled = np.full((size_px[1] + GAP_PX, size_px[0] + GAP_PX), 255, np.uint8)
    filled[: shown.shape[0], : shown.shape[1]] = shown
    return filled


def in_rows(cells: list[Gray]) -> Gray:
    """Cells side by side, `COLUMNS` in a row."""
    filled = cells + [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
    return np.vstack([np.hstack(filled[first : first + COLUMNS]) for first in range(0, len(filled), COLUMNS)])


if __name__ == "__main__":
    main()
