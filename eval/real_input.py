"""Real scans in, real scans out: sizes, formats, bit depths, pages and dpi come back as designed.

The check opens inputs and outputs with Pillow alone, so that it does not believe our own reading of them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import click
from PIL import Image, ImageOps

from eval.record import keep

FOLDERS = ("receipts", "scans", "id-cards")
MODES = {"default": [], "colour": ["--colour", "keep"], "bilevel": ["--bilevel"]}
GRAY = {"1": "L", "L": "L", "P": "L", "RGB": "L", "RGBA": "L", "LA": "L", "CMYK": "L", "I;16": "I;16", "I;16B": "I;16"}


@click.command()
@click.option("--data", envvar="DOCPIPE_DATA", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with receipts/, scans/ and id-cards/.  [default: $DOCPIPE_DATA]")  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Keep the cleaned scans here, to look at them.")
def main(data: Path | None, out: Path | None) -> None:
    """Clean everything in $DOCPIPE_DATA in three ways and check each output. Exit code 1 where one is wrong."""
    if data is None:
        sys.exit("DOCPIPE_DATA is not set: it names the folder with the real scans")
    lines = [f"{'folder':<10} {'options':<9} {'files':>5} {'restored':>8} {'kept':>5} {'refused':>7} {'wrong':>5}"]
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        for folder in FOLDERS:
            for mode, options in MODES.items():
                target = (out or Path(temporary)) / mode / folder
                pages = clean(data / folder, target, options)
                complaints = [complaint for page in pages for complaint in check(page, mode)]
                counts = Counter(page["choice"] or "refused" for page in pages)
                files = len({page["source"] for page in pages})
                lines.append(
                    f"{folder:<10} {mode:<9} {files:5} {counts['restored']:8} {counts['original']:5} "
                    f"{counts['refused']:7} {len(complaints):5}"
                )
                wrong += [f"{mode}: {complaint}" for complaint in complaints]
                wrong += [f"{mode}: {folder} was not taken whole"] * (files != expected_files(data / folder))
                refused = [page for page in pages if page["status"] == "failed"]
                lines += [f"  refused: {Path(page['source']).name}: {page['reason']}" for page in refused]
    keep("real_input", [*lines, *(wrong or ["every output is as designed"])])
    sys.exit(1 if wrong else 0)


def clean(source: Path, target: Path, options: list[str]) -> list[dict]:
    """Run the command; its JSON lines."""
    docpipe = Path(sys.executable).with_name("docpipe")
    command = [str(docpipe), "clean", str(source), "-o", str(target), "--force", "--json", "--quiet", *options]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode not in (0, 6):
        sys.exit(f"docpipe ended with exit code {ended.returncode}")
    return [json.loads(line) for line in ended.stdout.splitlines()]


def expected_files(folder: Path) -> int:
    """How many scans lie in a folder."""
    return sum(path.suffix != ".jsonl" for _, _, names in os.walk(folder) for path in map(Path, names))


def check(page: dict, mode: str) -> list[str]:
    """What is wrong with one page of an output, in words."""
    if page["status"] == "failed":
        return [] if page["reason"] else [f"{page['source']}: refused without a reason"]
    name = Path(page["source"]).name
    with Image.open(page["source"]) as before, Image.open(page["output"]) as after:
        complaints = []
        for what, wanted, found in (
            ("format", before.format, after.format),
            ("pages", getattr(before, "n_frames", 1), getattr(after, "n_frames", 1)),
        ):
            if wanted != found:
                complaints.append(f"{name}: {what} {wanted} became {found}")
        before.seek(page["page"] - 1)
        after.seek(page["page"] - 1)
        wanted_mode = expected_mode(before, page, mode)
        for what, wanted, found in (
            ("size", ImageOps.exif_transpose(before).size, after.size),
            ("mode", wanted_mode, after.mode),
            ("dpi", stated_dpi(before), stated_dpi(after)),
        ):
            if wanted != found:
                complaints.append(f"{name}: {what} {wanted} became {found}")
    is_whole_file_kept = page["choice"] == "original" and getattr(before, "n_frames", 1) == 1
    if is_whole_file_kept and Path(page["source"]).read_bytes() != Path(page["output"]).read_bytes():
        complaints.append(f"{name}: kept, but not byte for byte")
    return complaints


def expected_mode(before: Image.Image, page: dict, mode: str) -> str:
    """Pillow's mode of a page after cleaning, as designed."""
    if page["choice"] == "original" or (mode == "bilevel" and before.mode == "1"):
        return before.mode
    if mode == "colour" and before.mode in ("RGB", "RGBA", "P", "CMYK"):
        return "RGB"
    if before.mode == "RGB" and before.format == "TIFF" and before.tag_v2.get(258, (8,))[0] == 16:
        return "I;16"  # Pillow shows 16-bit colour as 8-bit colour
    return GRAY[before.mode]


def stated_dpi(image: Image.Image) -> tuple[float, float] | None:
    """Resolution as the file states it, to a tenth of a pixel an inch (PNG counts in whole pixels a metre)."""
    dpi = image.info.get("dpi")
    return None if dpi is None else (round(float(dpi[0]), 1), round(float(dpi[1]), 1))


if __name__ == "__main__":
    main()
