"""Sheets of judged cards before and after, rescued ones and broken ones, chosen by rule and not by looks."""

from collections.abc import Sequence
from pathlib import Path

import click
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from docpipe.cores import usable_cores
from docpipe.evaluate.provenance import read_origins
from eval.suites.__main__ import OCR
from eval.suites.lock import check
from eval.suites.reading import judge
from eval.suites.suite import SuitePage, pages_of, suites_of
from eval.suites.ways import load_way

PROJECT = Path(__file__).parent.parent
WIDTH, MARGIN, TEXT_PX, QUALITY = 620, 12, 16, 82
WANTED = {"rescued": 5, "broken": 3, "fails both times": 3, "passes both times": 1}
INK, LINE = (40, 40, 40), (200, 200, 200)


@click.command()
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="Model folder.  [default: the shipped one]")
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench/suites"), show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=PROJECT / "docs", show_default=False)
def main(model: Path | None, work: Path, out: Path) -> None:
    """Write cards-rescued.jpg, cards-broken.jpg, ... from the suite `cards`; what is not judged yet is judged first.

    Of each outcome the first cards in the order of the suite are shown, twelve in all.
    """
    suite, folder = suites_of(None)[0], work / "cards"
    pages = pages_of(suite, folder)
    stamp = check(suite, folder, pages, quick=False)
    kinds = {file: origin.strata["noise"] for file, origin in read_origins(folder / "pairs.jsonl").items()}
    before, after = (wrong_fields(pages, folder, stamp, way, model) for way in ("raw", "docpipe"))
    restore = load_way("docpipe", model)
    for outcome, count in WANTED.items():
        chosen = [page.file for page in pages if outcome_of(before[page.file], after[page.file]) == outcome]
        rows = [
            row(
                gray := cv2.imread(str(folder / "noisy" / file), cv2.IMREAD_GRAYSCALE), restore(gray),
                f"{file}   {', '.join(kinds[file])}   wrong fields: {before[file]}, then {after[file]}",
            )
            for file in chosen[:count]
        ]  # fmt: skip
        if rows:
            path = out / f"cards-{outcome.replace(' ', '-')}.jpg"
            Image.fromarray(np.vstack(rows)).save(path, quality=QUALITY, optimize=True)
            print(path, *chosen[:count])


def wrong_fields(
    pages: Sequence[SuitePage], folder: Path, stamp: str, way: str, model: Path | None
) -> dict[str, int]:
    """How many required fields were read wrong, by file."""
    verdicts = judge(pages, folder, stamp, way=way, ocr=OCR, model=model, jobs=usable_cores())
    return {verdict.page: sum(not right for right in verdict.right.values()) for verdict in verdicts}


def outcome_of(before: int, after: int) -> str:
    """One of `WANTED`."""
    if before:
        return "fails both times" if after else "rescued"
    return "broken" if after else "passes both times"


def row(before: np.ndarray, after: np.ndarray, caption: str) -> np.ndarray:
    """A card before and after, under its caption."""
    height = round(before.shape[0] * WIDTH / before.shape[1])
    sheet = Image.new("RGB", (2 * WIDTH + 3 * MARGIN, height + TEXT_PX + 3 * MARGIN), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN // 2), caption, fill=INK, font=ImageFont.truetype("DejaVuSans.ttf", TEXT_PX))
    top = TEXT_PX + 2 * MARGIN
    for column, pixels in enumerate((before, after)):
        left = MARGIN + column * (WIDTH + MARGIN)
        small = cv2.resize(pixels, (WIDTH, height), interpolation=cv2.INTER_AREA)
        sheet.paste(Image.fromarray(small), (left, top))
        draw.rectangle((left, top, left + WIDTH - 1, top + height - 1), outline=LINE)
    return np.asarray(sheet)


if __name__ == "__main__":
    main()
