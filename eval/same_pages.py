"""Whether docpipe still gives the pages that it gave at another commit: cleaned by both, and held together."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.imageio import SUFFIXES, open_scan
from docpipe.restore import SHIPPED_MODEL
from docpipe.restore.model_card import CARD_NAME
from eval.bench import scans
from eval.record import keep

PROJECT = Path(__file__).parent.parent
EXAMPLES = PROJECT / "examples" / "scans"
DPIS = (200, 300, 400, 600)


@click.command()
@click.option("--before", metavar="COMMIT", required=True, help="Its code runs the model of today.")
@click.option("--glyph-px", type=(int, int), metavar="LEAST MOST",
              help="Heights of glyphs that pages are brought into.  [default: the model's]")  # fmt: skip
@click.option("--cards", default=60, show_default=True, help="Cards with grain, beside the example scans.")
@click.option("--scans", "more", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A folder of other scans.")  # fmt: skip
@click.option("--keep", "keep_as", metavar="NAME", help="Keep it as eval/results/NAME.txt.  [default: print only]")
def main(before: str, glyph_px: tuple[int, int] | None, cards: int, more: Path | None, keep_as: str | None) -> None:
    """Exit code 1 where a pixel moves by more than one grey level: what makes docpipe faster must not change pages.

    Commits that did not yet bring large print to a smaller size, and its detail back, are compared at a range of
    glyph heights that leaves pages at the size that they have.

    \b
    python -m eval.same_pages --before cb7f2d0
    python -m eval.same_pages --before 12ac6247bb --glyph-px 4 400
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cards(folder / "pages", cards)
        for source in filter(None, (EXAMPLES, more)):
            write_pages(folder / "pages", source)
        model = model_with(glyph_px, folder / "model")
        with code_of(before, folder / "code") as code:
            clean(folder / "pages", folder / "before", model, code)
        clean(folder / "pages", folder / "after", model, PROJECT)
        pages = sorted(path.name for path in (folder / "pages").iterdir())
        moved = [grey_levels_moved(folder / "before" / page, folder / "after" / page) for page in pages]
    samples = np.sum(moved, axis=0)                                                 # (256,) by grey levels
    most = int(np.flatnonzero(samples).max())
    lines = [
        f"{len(pages)} pages, {samples.sum() / 1e6:.1f} million pixels, cleaned at commit {before} and now",
        *(f"moved by {level}: {samples[level]}" for level in np.flatnonzero(samples)),
        f"pages on which anything moved: {sum(bool(page[1:].any()) for page in moved)}",
    ]
    if keep_as is None:
        print("\n".join(lines))
    else:
        keep(keep_as, lines)
    if most > 1:
        sys.exit("FAILED")


def write_cards(folder: Path, count: int) -> None:
    """Cards with the grain of a sensor, of all resolutions in turn, with and without the margin of a scan."""
    folder.mkdir()
    for number in range(count):
        dpi, margin = DPIS[number % len(DPIS)], number // len(DPIS) % 2 == 0
        scans.write(folder / f"card-{number:03}.png", scans.card(number, dpi=dpi, margin=margin), dpi)


def write_pages(folder: Path, source: Path) -> None:
    """The first pages of scans as gray PNG, so that no codec stands between what both commits make of them."""
    for path in sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES):
        with open_scan(path.read_bytes()) as scan:
            page = scan.read(0)
        name = "-".join(path.relative_to(source).parts)
        scans.write(folder / f"{name}.png", page.pixels, *(page.dpi or [])[:1])


def model_with(glyph_px: tuple[int, int] | None, folder: Path) -> Path:
    """The shipped model, copied, with another range of glyph heights where one is given."""
    shutil.copytree(SHIPPED_MODEL, folder)
    if glyph_px is not None:
        card = json.loads((folder / CARD_NAME).read_text())
        (folder / CARD_NAME).write_text(json.dumps(card | {"glyph_range": glyph_px}))
    return folder


@contextmanager
def code_of(commit: str, folder: Path) -> Iterator[Path]:
    """A checkout of `commit`, for as long as the context is open."""
    git = ["git", "-C", str(PROJECT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def clean(pages: Path, out: Path, model: Path, code: Path) -> None:
    """`docpipe clean` by the code in a folder."""
    command = [sys.executable, "-m", "docpipe", "clean", str(pages), "-o", str(out), "--model", str(model), "--quiet"]
    subprocess.run(command, check=True, cwd=code, env=os.environ | {"PYTHONPATH": str(code)})


def grey_levels_moved(before: Path, after: Path) -> NDArray[np.int64]:
    """(256,): how many pixels differ by 0, 1, 2, ... grey levels."""
    pages = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in (before, after)]
    return np.bincount(cv2.absdiff(*pages).ravel(), minlength=256)


if __name__ == "__main__":
    main()
