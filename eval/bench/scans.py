"""The scans that the bench is measured on: cards of docpipe, with the grain of a sensor."""

import sys
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from docpipe.cards.fonts import families_of
from docpipe.cards.identity import SPLIT_SEEDS
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.noise.photon_noise import photon_noise
from docpipe.page import Gray

CARD_PX = (638, 1011)       # ID-1, 85.6 x 54 mm, at 300 dpi
DPI = 300
SEED = 97_000               # of the cards
DRAWN = 8                   # different cards; each scan of them has a grain of its own
LEAST_BYTES = 200_000       # of a scan as PNG
SMALL_PX = (160, 256)
_SHOT_VARIANCE, _READ_VARIANCE = 0.004, 0.0004   # 250 photons make white: a phone indoors


@cache
def _clean_card(number: int, dpi: int, margin: bool = False) -> Gray:
    """A card, with or without the margin that scans have around it."""
    layout = load_layout(("td1", "national")[number % 2])
    clean = draw_card(SPLIT_SEEDS["test"].start + SEED + number, layout, families_of("test"), dpi).page().pixels
    if margin:
        return clean
    height, width = (round(side * dpi / DPI) for side in CARD_PX)
    top, left = (clean.shape[0] - height) // 2, (clean.shape[1] - width) // 2
    return clean[top : top + height, left : left + width]


def scanned(page: Gray, seed: int) -> Gray:
    """A page with grain."""
    return photon_noise(page, shot_variance=_SHOT_VARIANCE, read_variance=_READ_VARIANCE, seed=seed)


def card(number: int = 0, *, dpi: int = DPI, margin: bool = False) -> Gray:
    """Scan `number` of a series: without a margin (638, 1011) uint8 at 300 dpi."""
    return scanned(_clean_card(number % DRAWN, dpi, margin), number)


def small_page(number: int) -> Gray:
    """A piece of a card, with print."""
    height, width = SMALL_PX
    top, left = CARD_PX[0] // 3, CARD_PX[1] // 3
    return scanned(_clean_card(number % DRAWN, DPI)[top : top + height, left : left + width], number)


def big_page(shape: tuple[int, int]) -> Gray:
    """A sheet full of cards, print at the size that it has on a card: nothing can be gained by shrinking it."""
    rows, columns = (-(-side // of_card) for side, of_card in zip(shape, CARD_PX, strict=True))
    sheet = np.tile(_clean_card(0, DPI), (rows, columns))[: shape[0], : shape[1]]
    for top in range(0, shape[0], CARD_PX[0]):      # in strips, for grain takes 20 bytes a pixel
        sheet[top : top + CARD_PX[0]] = scanned(sheet[top : top + CARD_PX[0]], top)
    return sheet


def write(path: Path, page: Gray, dpi: int = DPI) -> int:
    """Write a page as PNG; its size in bytes."""
    Image.fromarray(page).save(path, dpi=(dpi, dpi))
    return path.stat().st_size


def write_cards(folder: Path, count: int) -> list[Path]:
    """Write so many scans of cards, no two of them alike."""
    folder.mkdir()
    paths = [folder / f"{number:06}.png" for number in range(count)]
    sizes = [write(path, card(number)) for number, path in enumerate(paths)]
    if min(sizes) < LEAST_BYTES:
        sys.exit(f"a scan has {min(sizes)} bytes; the bench is about scans of {LEAST_BYTES} or more")
    return paths
