"""How many fields Tesseract finds before and after: foreign cards under five kinds of dirt, and real receipts.

A first, coarse look at an engine: a field counts as found where its letters and digits stand, in a row, anywhere in the
text of the page. Paired: a field found only after cleaning is gained, one found only before is lost.
"""

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import click
import cv2
import numpy as np
import pytesseract

from docpipe.evaluate.null_control import null_control
from docpipe.restore import Restorer, load_engine
from eval.record import keep

_ENGINES = ("onnx", "division")
SHORTEST = 4  # letters and digits; shorter values are found by chance


def uneven_light(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light falls off in one direction to between 15 and 60 %."""
    rows, columns = np.mgrid[0 : page.shape[0], 0 : page.shape[1]]
    angle = rng.uniform(0, 2 * np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    return page * (1 - rng.uniform(0.4, 0.85) * (along - along.min()) / np.ptp(along))


def cast_shadow(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One side lies in shadow, with a sharp or a soft edge."""
    light = np.ones(page.shape, np.float32)
    light[:, : int(page.shape[1] * rng.uniform(0.2, 0.8))] = rng.uniform(0.25, 0.6)
    return page * cv2.GaussianBlur(light, (0, 0), rng.uniform(3, 40))


def stains(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Three even stains with a soft edge."""
    height, width = page.shape
    for _ in range(3):
        stain = np.zeros(page.shape, np.float32)
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = (int(rng.uniform(60, 250)), int(rng.uniform(50, 180)))
        cv2.ellipse(stain, centre, axes, rng.uniform(0, 180), 0, 360, 1, -1)
        page = page * (1 - cv2.GaussianBlur(stain, (0, 0), rng.uniform(1, 6)) * rng.uniform(0.15, 0.6))
    return page


def faded(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uneven light, and 12 to 40 % of the contrast left."""
    left = rng.uniform(0.12, 0.4)
    return 230 * (1 - left) + uneven_light(page, rng) * left


def sensor_noise(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uneven light, then Gaussian noise of 8 to 35 grey levels."""
    return uneven_light(page, rng) + rng.normal(0, rng.uniform(8, 35), page.shape)


DIRT: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "uneven light": uneven_light,
    "cast shadow": cast_shadow,
    "stains": stains,
    "faded": faded,
    "sensor noise": sensor_noise,
}


@dataclass(frozen=True)
class Case:
    """A page to read: its file, its values, and the dirt to lay on it."""

    path: Path
    values: tuple[str, ...]
    dirt: str | None
    seed: int


@click.command()
@click.option("--data", envvar="DOCPIPE_DATA", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with id-cards/ and receipts/.  [default: $DOCPIPE_DATA]")  # fmt: skip
@click.option("--limit", default=1000, show_default=True, help="Pages of each folder at most.")
def main(data: Path | None, limit: int) -> None:
    """Print fields found raw, by the null control (one pixel right, three levels brighter) and by each engine."""
    if data is None:
        sys.exit("DOCPIPE_DATA is not set: it names the folder with the real scans")
    os.environ["OMP_THREAD_LIMIT"] = "1"
    cards = [(data / "id-cards", truth, kind) for truth in truths(data / "id-cards")[:limit] for kind in DIRT]
    receipts = [(data / "receipts", truth, None) for truth in truths(data / "receipts")[:limit]]
    cases = [
        Case(folder / truth["file"], values(truth), kind, seed)
        for seed, (folder, truth, kind) in enumerate(cards + receipts)
    ]
    counts: dict[str, dict[str, np.ndarray]] = defaultdict(lambda: defaultdict(lambda: np.zeros(4, int)))
    with Pool() as pool:
        for case, found in pool.imap_unordered(read_all, cases):
            for way, after in found.items():
                before = found["raw"]
                gained, lost = (after & ~before).sum(), (before & ~after).sum()
                counts[case.dirt or "receipts"][way] += (len(after), after.sum(), gained, lost)
    ways = ("null", *_ENGINES)
    lines = [" | ".join([f"{'pages':<14} {'fields':>6} {'raw':>5}", *(f"{way:>8} gained  lost" for way in ways)])]
    for kind in [*DIRT, "receipts"]:
        fields, raw, _, _ = counts[kind]["raw"]
        found_by = (f"{found:8} {gained:6} {lost:5}" for _, found, gained, lost in (counts[kind][way] for way in ways))
        lines.append(" | ".join([f"{kind:<14} {fields:6} {raw:5}", *found_by]))
    version = str(pytesseract.get_tesseract_version()).splitlines()[0]
    engines = ", ".join(load_engine(name).fingerprint for name in _ENGINES)
    keep("fields_found", [f"Tesseract {version}, eng; {engines}", *lines])


def truths(folder: Path) -> list[dict]:
    """The truth of every page of a folder."""
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]


def values(truth: dict) -> tuple[str, ...]:
    """The values that are long enough not to be found by chance, bare."""
    bared = (bare(str(value)) for name, value in truth.items() if name != "file")
    return tuple(value for value in bared if len(value) >= SHORTEST)


def bare(text: str) -> str:
    """Letters and digits only, in capitals."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def read_all(case: Case) -> tuple[Case, dict[str, np.ndarray]]:
    """Which values are found in each version of a page."""
    cv2.setNumThreads(1)
    page = cv2.imread(str(case.path), cv2.IMREAD_GRAYSCALE)
    if case.dirt:
        dirty = DIRT[case.dirt](page.astype(np.float32), np.random.default_rng(case.seed))
        page = np.clip(dirty, 0, 255).astype(np.uint8)
    versions = {
        "raw": page,
        "null": null_control(page),
        **{name: Restorer(load_engine(name, threads=1)).restore(page).pixels for name in _ENGINES},
    }
    return case, {way: found(version, case.values) for way, version in versions.items()}


def found(page: np.ndarray, wanted: tuple[str, ...]) -> np.ndarray:
    """For each value, whether Tesseract read it."""
    text = bare(pytesseract.image_to_string(page, lang="eng"))
    return np.array([value in text for value in wanted], bool)


if __name__ == "__main__":
    main()
