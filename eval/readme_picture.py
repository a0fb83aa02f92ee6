"""The picture on the README's first screen: a synthetic card before and after, and what Tesseract reads in each."""

from pathlib import Path

import click
import cv2
import numpy as np
import pytesseract
from PIL import Image, ImageDraw, ImageFont

from docpipe.restore import Restorer, load_engine
from docpipe.synth import draw_pair

PROJECT = Path(__file__).parent.parent
WIDTH, MARGIN, TEXT_PX, QUALITY = 640, 20, 18, 85
GREEN, GRAY = (20, 110, 60), (90, 90, 90)


@click.command()
@click.option("--number", default=56, show_default=True, help="Of the card, in a series of recipe worn.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=PROJECT / "docs" / "before-after.jpg")
def main(number: int, out: Path) -> None:
    """Draw the picture into docs/."""
    gray = draw_pair(number, recipe="worn", seed=7, split="test").noisy
    restored = Restorer(load_engine()).restore(gray).pixels
    reads = [read(gray), read(restored)]
    height = round(gray.shape[0] * WIDTH / gray.shape[1])
    lines = max(len(read) for read in reads)
    sheet = Image.new("RGB", (2 * WIDTH + 3 * MARGIN, height + 4 * MARGIN + (lines + 1) * (TEXT_PX + 7)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.truetype("DejaVuSans.ttf", TEXT_PX)
    for column, (title, pixels, words) in enumerate(
        zip(("as scanned: Tesseract reads", "after docpipe: Tesseract reads"), (gray, restored), reads, strict=True)
    ):
        left = MARGIN + column * (WIDTH + MARGIN)
        sheet.paste(Image.fromarray(cv2.resize(pixels, (WIDTH, height), interpolation=cv2.INTER_AREA)), (left, MARGIN))
        draw.rectangle((left, MARGIN, left + WIDTH - 1, MARGIN + height - 1), outline=(200, 200, 200))
        top = height + 2 * MARGIN
        draw.text((left, top), title, fill=GRAY, font=font)
        for row, line in enumerate(words or ["(nothing)"]):
            is_new = column == 1 and line not in reads[0]
            place = (left, top + (row + 1) * (TEXT_PX + 7))
            draw.text(place, line, fill=GREEN if is_new else "black", font=font)
    sheet.save(out, quality=QUALITY, optimize=True)
    print(f"{out}: {len(reads[0])} lines before, {len(reads[1])} after")


def read(gray: np.ndarray) -> list[str]:
    """The lines of text that Tesseract reads, those with under two letters or digits left out."""
    text = pytesseract.image_to_string(gray, lang="eng")
    return [line.strip() for line in text.splitlines() if sum(map(str.isalnum, line)) >= 2]


if __name__ == "__main__":
    main()
