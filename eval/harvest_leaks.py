"""Plant what must never leave a page, harvest the page, and count what came along."""

import sys
from collections import Counter
from dataclasses import dataclass

import click
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from docpipe.cards.fonts import MRZ_FAMILY, PACKAGES, find_fonts
from docpipe.cards.portrait import draw_portrait
from docpipe.noise import NOISES
from docpipe.noise.base import MM_PER_INCH
from docpipe.noise.patterns import NEUTRAL
from docpipe.ocr.engines import OCR_ENGINES, load_ocr
from docpipe.page import Gray, Page
from docpipe.synth.harvest import harvest_page
from docpipe.synth.harvest_patch import Patch
from eval.record import keep

DPI = 200.0                             # what pages are harvested at: boxes need no scaling
MM_PX = DPI / MM_PER_INCH
CELL_MM, COLUMNS, ROWS = (56, 44), 3, 4
KINDS = ("digits", "MRZ", "Latin", "Arabic", "portrait")
NOISES_OVER = ("stains", "streaks", "folds", "dust", "toner_specks", "paste", "pen_strokes")
ARABIC_FAMILY = "DejaVu Sans"
WORDS = {
    "Latin": ("Anna", "Kowalska", "O'Neill", "Müller", "Žižka", "Lima", "Ng", "Eriksson", "Utopia", "van Dijk"),
    "Arabic": ("محمد", "ليلى", "عبد الله", "فاطمة", "القاهرة", "يوسف", "حسن", "بغداد"),
}
INK_SEEN = 10                           # grey levels: fainter ink of a plant does not count as carried along
PATTERN_SEEN = 5                        # grey levels: where a pattern is nearer to neutral it shows nothing


@dataclass(frozen=True)
class Plant:
    """Something personal on a page."""

    kind: str
    ink: Gray       # (H, W) of the whole page, 1 where it lies


@click.command()
@click.option("--plants", default=500, show_default=True, help="How many, over all kinds.")
@click.option("--seed", default=1, show_default=True)
@click.option("--ocr", type=click.Choice(OCR_ENGINES), default="auto", show_default=True)
def main(plants: int, seed: int, ocr: str) -> None:
    """Exit code 1 where a harvested pattern shows ink of a plant."""
    engine = load_ocr(ocr)
    planted, leaked, rejected = Counter[str](), Counter[str](), Counter[str]()
    pages = patterns = 0
    while planted.total() < plants:
        page, on_it = noisy_page(np.random.default_rng([seed, pages]), min(COLUMNS * ROWS, plants - planted.total()))
        kept, because = harvest_page(page, engine)
        rejected.update(because)
        pages, patterns = pages + 1, patterns + len(kept)
        for plant in on_it:
            planted[plant.kind] += 1
            leaked[plant.kind] += any(shows(patch, plant) for patch in kept)
    shaped = "shaped" if features.check("raqm") else "unshaped: Pillow has no Raqm"
    keep("harvest_leaks", [
        f"seed {seed}; {engine.description.split(',')[0]}; Arabic in {ARABIC_FAMILY}, {shaped}",
        f"{pages} pages, {patterns} patterns harvested, {rejected['row']} patches rejected for a row of glyphs, "
        f"{rejected['read']} because OCR read something",
        *(f"{kind:<9} {planted[kind]:4} planted, {leaked[kind]:3} leaked" for kind in KINDS),
        f"all       {planted.total():4} planted, {leaked.total():3} leaked",
    ])  # fmt: skip
    if leaked.total():
        sys.exit("FAILED")


def noisy_page(rng: np.random.Generator, count: int) -> tuple[Page, list[Plant]]:
    """A page with one plant in each of its first `count` cells, and several noises over it."""
    width, height = round(CELL_MM[0] * COLUMNS * MM_PX), round(CELL_MM[1] * ROWS * MM_PX)
    gray = np.full((height, width), rng.integers(215, 256), np.uint8)
    plants = []
    for cell in range(count):
        kind = KINDS[cell % len(KINDS)]
        middle = ((cell % COLUMNS + 0.5) * CELL_MM[0] * MM_PX, (cell // COLUMNS + 0.5) * CELL_MM[1] * MM_PX)
        before = gray.copy()
        stick(gray, drawn(kind, rng), middle, rng)
        plants.append(Plant(kind, (cv2.absdiff(gray, before) > INK_SEEN).astype(np.uint8)))
    page = Page(gray, dpi=(DPI, DPI))
    for name in rng.choice(NOISES_OVER, 3, replace=False):
        page = NOISES[str(name)]().at(rng.uniform(0.3, 1))(page, rng)
    grain = rng.normal(0, rng.uniform(0, 4), gray.shape)
    return Page(np.clip(page.pixels + grain, 0, 255).astype(np.uint8), dpi=page.dpi), plants


def drawn(kind: str, rng: np.random.Generator) -> Gray:
    """One plant on white: (h, w) uint8."""
    if kind == "portrait":
        tall = round(rng.uniform(12, 36) * MM_PX)
        return draw_portrait(tall, round(0.78 * tall), True, rng)[:, :, 0]
    family = {"MRZ": MRZ_FAMILY, "Arabic": ARABIC_FAMILY}.get(kind) or str(rng.choice([*PACKAGES]))
    font = ImageFont.truetype(find_fonts([family])[family].regular, rng.uniform(1.6, 6) * MM_PX)
    if kind in WORDS:
        text = " ".join(rng.choice(WORDS[kind], int(rng.integers(1, 3))))
    elif kind == "digits":
        text = "".join(map(str, rng.integers(0, 10, int(rng.integers(1, 10)))))
    else:
        text = "".join(rng.choice([*"ABCDEFGHIKLMNOPRSTUVXYZ0123456789<<<<<<"], 18))
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 255)
    ink = round(255 * (1 - rng.uniform(0.08, 0.95)))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=ink, font=font)
    return np.asarray(image)


def stick(gray: Gray, plant: Gray, middle: tuple[float, float], rng: np.random.Generator) -> None:
    """Multiply a plant into a page, turned by a quarter or none and a little askew."""
    turned = np.ascontiguousarray(np.rot90(plant, int(rng.integers(4))))
    most = min(CELL_MM) * 0.9 * MM_PX
    scale = min(1.0, most / max(turned.shape))
    height, width = turned.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), rng.normal(0, 1.5), scale)
    turn[:, 2] += middle[0] - width / 2, middle[1] - height / 2
    laid = cv2.warpAffine(turned, turn, gray.shape[::-1], flags=cv2.INTER_LINEAR, borderValue=255)
    gray[:] = np.rint(gray * (laid / 255.0)).astype(np.uint8)


def shows(patch: Patch, plant: Plant) -> bool:
    """Whether a pattern lets any ink of the plant be seen."""
    left, top, right, bottom = patch.box
    ink = plant.ink[top:bottom, left:right] > 0
    seen = np.abs(patch.pattern.gray.astype(int) - NEUTRAL[patch.pattern.combine]) > PATTERN_SEEN
    return bool((ink & seen).any())


if __name__ == "__main__":
    main()
