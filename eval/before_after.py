"""Sheets of judged cards before and after, rescued ones and broken ones, chosen by rule and not by looks."""

import json
from itertools import islice
from pathlib import Path

import click
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from docpipe.evaluate.cases import read_truth
from docpipe.restore import load_engine
from eval.uplift import Wrong, noise_kinds, verdicts_of

PROJECT = Path(__file__).parent.parent
WIDTH, MARGIN, TEXT_PX, QUALITY = 620, 12, 16, 82
WANTED = {"rescued": 5, "broken": 3, "fails both times": 3, "passes both times": 1}
INK, LINE = (40, 40, 40), (200, 200, 200)


@click.command()
@click.argument("suite", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="Model folder.  [default: the shipped one]")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=PROJECT / "docs", show_default=False)
def main(suite: Path, model: Path | None, out: Path) -> None:
    """Write cards-rescued.jpg, cards-broken.jpg, ... from a SUITE that `python -m eval.uplift` has judged.

    Of each outcome the first cards in the order of the suite are shown, twelve in all.
    """
    fingerprint = load_engine("onnx", model=model).fingerprint
    before, after = verdicts(suite / "noisy"), verdicts(suite / fingerprint)
    kinds = noise_kinds(suite / "pairs.jsonl")
    files = [card.file for card in read_truth(suite / "truth.jsonl")]
    for outcome, count in WANTED.items():
        chosen = list(islice((file for file in files if outcome_of(before[file], after[file]) == outcome), count))
        rows = [
            row(
                cv2.imread(str(suite / "noisy" / file), cv2.IMREAD_GRAYSCALE),
                cv2.imread(str(suite / fingerprint / file), cv2.IMREAD_GRAYSCALE),
                f"{file}   {', '.join(kinds[file])}   wrong fields: {len(before[file])}, then {len(after[file])}",
            )
            for file in chosen
        ]
        if rows:
            path = out / f"cards-{outcome.replace(' ', '-')}.jpg"
            Image.fromarray(np.vstack(rows)).save(path, quality=QUALITY, optimize=True)
            print(path, *chosen)


def verdicts(folder: Path) -> Wrong:
    """What `eval.uplift` found wrong, by file."""
    lines = verdicts_of(folder).read_text().splitlines()
    return {line["file"]: tuple(line["wrong"]) for line in map(json.loads, lines)}


def outcome_of(before: tuple[str, ...], after: tuple[str, ...]) -> str:
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
