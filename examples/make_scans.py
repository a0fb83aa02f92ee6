"""Draw the example scans: a dozen dirty scans of invented ID cards, in the formats that scanners write.

Same script, same pixels: every page draws its dirt from a generator seeded with the name of its file.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from invented_cards import MIRA, PELLAM, SOLVEY, TARVO, Person, card_back, driving_licence, identity_card
from PIL import Image
from scan_dirt import (
    A6_COPY,
    CROPPED,
    LID_OPEN,
    LOOSE,
    PAPER_COPY,
    Bed,
    Dirt,
    coffee_stain,
    defocused,
    edge_shadow,
    faded_ink,
    folded,
    lay,
    luma,
    photocopied,
    salt_and_pepper,
    sensor_noise,
    uneven_light,
    wrong_threshold,
    yellowed,
)


@dataclass(frozen=True)
class Sheet:
    """One page of a scan: which card, how it lies, and what dirties it, in this order."""

    card: Callable[[Person], Image.Image]
    person: Person
    bed: Bed = CROPPED
    dirt: list[Dirt] = field(default_factory=list)


@dataclass(frozen=True)
class Scan:
    """One file: its name, its samples ("1", "L", "I;16" or "RGB", as Pillow calls them), dpi, and pages."""

    name: str
    mode: str
    dpi: int
    pages: list[Sheet]
    options: dict[str, Any] = field(default_factory=dict)


SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6      # orientation: a viewer has to turn the stored pixels clockwise
EPOCH = time.gmtime(0)    # a PDF without the time of day in it comes out the same twice

heavy_noise = partial(sensor_noise, sigma=0.04)

SCANS = [
    Scan("clean.png", "L", 300, [Sheet(identity_card, MIRA)]),
    Scan("coffee-stain.png", "RGB", 200,
         [Sheet(identity_card, TARVO, LOOSE, [coffee_stain, partial(uneven_light, depth=0.35)])]),
    Scan("edge-shadow-16bit.png", "I;16", 200,
         [Sheet(driving_licence, MIRA, CROPPED, [edge_shadow, sensor_noise])]),
    Scan("dark border, tray Ä.png", "L", 300,
         [Sheet(identity_card, SOLVEY, LID_OPEN, [uneven_light])]),
    Scan("branch-office/salt-and-pepper.png", "L", 300,
         [Sheet(identity_card, PELLAM, CROPPED, [uneven_light, salt_and_pepper])]),
    Scan("low-quality.jpg", "L", 300,
         [Sheet(driving_licence, TARVO, LOOSE, [uneven_light, sensor_noise])], {"quality": 9}),
    Scan("yellowed-sideways.jpg", "RGB", 300,
         [Sheet(card_back, MIRA, CROPPED, [yellowed, uneven_light])], {"quality": 80, "exif": SIDEWAYS}),
    Scan("wrong-threshold.tif", "1", 300,
         [Sheet(identity_card, PELLAM, CROPPED, [uneven_light, heavy_noise, wrong_threshold])],
         {"compression": "group4"}),
    Scan("three-cards.tif", "L", 200,
         [Sheet(identity_card, MIRA, CROPPED, [faded_ink, uneven_light]),
          Sheet(card_back, MIRA, CROPPED, [photocopied]),
          Sheet(driving_licence, SOLVEY, PAPER_COPY, [folded])],
         {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}}),     # predictor: differences along rows
    Scan("folded-noisy.webp", "RGB", 300,                 # without dpi: WebP has no place for it
         [Sheet(driving_licence, PELLAM, PAPER_COPY, [folded, heavy_noise])], {"quality": 85}),
    Scan("blurred.bmp", "L", 150,
         [Sheet(identity_card, SOLVEY, CROPPED, [defocused, uneven_light, sensor_noise])]),
    Scan("photocopy.pdf", "L", 200,
         [Sheet(driving_licence, TARVO, A6_COPY, [photocopied])],
         {"creationDate": EPOCH, "modDate": EPOCH}),
]


def draw_page(scan: Scan, index: int) -> Image.Image:
    """Draw one page of a scan, in the samples of its file."""
    sheet = scan.pages[index]
    rng = np.random.default_rng([index, *scan.name.encode()])
    page = lay(sheet.card(sheet.person), sheet.bed, scan.dpi)
    for soil in sheet.dirt:
        page = soil(page, rng, scan.dpi / 25.4)
    if "exif" in scan.options:
        page = np.rot90(page)
    if scan.mode == "I;16":                                     # 12 of 16 bits, as scanners deliver them
        gray = np.clip(luma(page)[:, :, 0], 0, 1)
        return Image.fromarray(np.round(gray * 4095).astype(np.uint16) * 16)
    eight_bit = np.round(np.clip(page, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(eight_bit).convert(scan.mode)


def write_scan(scan: Scan, folder: Path) -> None:
    """Draw all pages of a scan and write its file."""
    path = folder / scan.name
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = [draw_page(scan, index) for index in range(len(scan.pages))]
    options = {"dpi": (scan.dpi, scan.dpi), **scan.options}
    if others:
        options |= {"save_all": True, "append_images": others}
    first.save(path, **options)


@click.command()
@click.option("-o", "--out", type=click.Path(file_okay=False, path_type=Path), show_default=True,
              default=Path(__file__).parent / "scans", help="Folder to write to.")
def main(out: Path) -> None:
    """Draw the example scans.

    python examples/make_scans.py -o /tmp/scans
    """
    for scan in SCANS:
        write_scan(scan, out)
    click.echo(f"{len(SCANS)} scans written to {out}", err=True)


if __name__ == "__main__":
    main()
