"""Pairs from a user's own clean scans: the same noise, on pages that nobody drew."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from docpipe.errors import InputError
from docpipe.imageio import ReadOptions, open_scan
from docpipe.noise.moved import moved_page
from docpipe.noise.recipe import load_recipe
from docpipe.page import Page
from docpipe.synth.folder import in_order, pair_folder, write_images


@dataclass(frozen=True, slots=True)
class ScanDrawn:
    """What came of one scan.

    Args:
        scan: the file.
        lines: of truth.jsonl and pairs.jsonl, for every pair that was drawn from it.
        problem: why it, or a page of it, could not be read; empty for all others.
        hint: what to try then.
    """

    scan: Path
    lines: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    hint: str = ""


def write_pairs_from(
    scans: Sequence[Path],
    folder: Path,
    *,
    draws: int = 1,
    recipe: str = "starter",
    seed: int = 1,
    options: ReadOptions | None = None,
    workers: int = 1,
    tell: Callable[[ScanDrawn], None] = lambda _drawn: None,
) -> int:
    """Put noise on clean scans: the same bytes for any number of workers.

    What a page gets depends on the seed, on the content of its file and on its number in there, not on names or on
    other scans.

    Args:
        scans: files of any format that docpipe reads; pages that state no resolution count as 300 dpi.
        folder: gets `clean/` and `noisy/` with the same names, `truth.jsonl` (names of files only: what stands on the
            pages is not known) and `pairs.jsonl` (provenance).
        draws: noisy versions of every page.
        recipe: name or path of the noise recipe.
        seed: of the noise.
        options: how scans are read.
        workers: processes.
        tell: called after each scan; a scan that cannot be read has a `problem`, and the others go on.

    Returns:
        How many pairs were written.

    Raises:
        OutputError: the folder holds pairs already, or cannot be written.
        InputError: there is no such recipe, or not one scan can be read.
        ValueError: `draws` is below 1.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; it must be at least 1")
    load_recipe(recipe)  # before anything is written
    draw = partial(_draw, folder=folder, draws=draws, recipe=recipe, seed=seed, options=options or ReadOptions())
    count = 0
    with pair_folder(folder) as add:
        for drawn in in_order(draw, enumerate(scans), workers):
            for truth, provenance in drawn.lines:
                add(truth, provenance)
            count += len(drawn.lines)
            tell(drawn)
        if not count:
            raise InputError(f"none of the {len(scans)} scans can be read", "each is named above with its reason")
    return count


def _draw(
    numbered: tuple[int, Path], *, folder: Path, draws: int, recipe: str, seed: int, options: ReadOptions
) -> ScanDrawn:
    number, scan = numbered
    lines = []
    try:
        data = scan.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        with open_scan(data, options) as opened:
            for index in range(opened.page_count):
                page = opened.read(index)
                for draw in range(draws):
                    name = f"{number:05}-{index + 1:03}-{draw + 1:02}.png"
                    rng = np.random.default_rng([seed, int(digest[:16], 16), index, draw])
                    about = _write_pair(folder, name, page, recipe, rng)
                    known = {"file": name, "card": f"{digest[:16]}-{index + 1}", "source": scan.name, "seed": seed}
                    lines.append((json.dumps({"file": name, "fields": {}}), json.dumps(known | about)))
    except OSError as error:
        return ScanDrawn(scan, tuple(lines), f"cannot be read: {error.strerror}", "look at its permissions")
    except InputError as error:
        return ScanDrawn(scan, tuple(lines), error.problem, error.hint)
    return ScanDrawn(scan, tuple(lines))


def _write_pair(
    folder: Path, name: str, page: Page, recipe: str, rng: np.random.Generator
) -> dict[str, object]:
    clean = Page(page.pixels, page.dpi)
    noisy, severity, applied = load_recipe(recipe).apply(clean, rng)
    write_images(folder, name, moved_page(clean, applied).pixels, noisy.pixels, page.dpi[0] if page.dpi else None)
    noises = [{"kind": noise.kind, "severity": noise.severity, **noise.parameters} for noise in applied]
    return {"recipe": recipe, "severity": severity, "noises": noises}
