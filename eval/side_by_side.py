"""Sheets of scans and their cleaned versions side by side, for the eye."""

from pathlib import Path

import click
import cv2
import numpy as np

from docpipe.imageio import open_scan

WIDTH, HEIGHT = 900, 700


@click.command()
@click.argument("before", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder for the sheets.")
@click.option("--rows", default=2, show_default=True, help="Scans on a sheet.")
@click.option("--limit", default=20, show_default=True, help="Scans in all, evenly spread.")
def main(before: Path, after: Path, out: Path, rows: int, limit: int) -> None:
    """Write sheet-00.png, sheet-01.png, ... with BEFORE on the left and AFTER on the right."""
    pairs = [(path, after / path.relative_to(before)) for path in sorted(before.rglob("*"))]
    pairs = [(left, right) for left, right in pairs if left.is_file() and right.is_file()]
    chosen = [pairs[i] for i in np.linspace(0, len(pairs) - 1, min(limit, len(pairs)), dtype=int)]
    out.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(chosen), rows)):
        sheet = np.vstack([np.hstack([panel(left), panel(right)]) for left, right in chosen[start : start + rows]])
        cv2.imwrite(str(out / f"sheet-{number:02}.png"), sheet)
        print(out / f"sheet-{number:02}.png", *(left.name for left, _ in chosen[start : start + rows]))


def panel(path: Path) -> np.ndarray:
    """The upper part of the first page of a scan at a readable size, on a gray panel."""
    with open_scan(path.read_bytes()) as scan:
        pixels = scan.read(0).pixels
    scale = min(1.0, (WIDTH - 10) / pixels.shape[1])
    pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[: HEIGHT - 10]
    sheet = np.full((HEIGHT, WIDTH), 128, np.uint8)
    sheet[5 : 5 + pixels.shape[0], 5 : 5 + pixels.shape[1]] = pixels
    return sheet


if __name__ == "__main__":
    main()
