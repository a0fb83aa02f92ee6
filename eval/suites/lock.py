"""The lock: what the suites are, down to the pixels. A figure is worth something only where the pages stood still."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.imageio import open_scan
from docpipe.noise.recipe import load_recipe
from eval.suites.suite import CARDS_SEED, CLEAN_SEED, DRAWS, ID_CARDS_SEED, RECIPE, Suite, SuitePage, schemas_of

LOCK = Path(__file__).parents[1] / "suites.lock"
# They decide what a card looks like, to the pixel.
DRAWN_BY = ("numpy", "opencv-python-headless", "pillow", "faker", "scipy")


def describe(suite: Suite, folder: Path, pages: Sequence[SuitePage]) -> dict[str, Any]:
    """What a suite is, as it stands in the lock.

    Args:
        suite: the suite.
        folder: its pages, all of a full run.
        pages: the same.
    """
    schemas = repr([asdict(schema) for schema in schemas_of(suite)])
    truths = json.dumps([[page.file, dict(page.true)] for page in pages])
    return {
        "about": suite.about,
        "passes": suite.rule,
        "pages": len(pages),
        "schemas": _sha256(schemas.encode()),
        "truth": _sha256(truths.encode()),
        "images": images_hash(folder, pages),
        "images of a quick run": images_hash(folder, pages[: suite.quick.pages]),
    }


def definitions() -> dict[str, Any]:
    """What holds for all suites."""
    return {
        "seeds": {"cards": CARDS_SEED, "clean": CLEAN_SEED, "id-cards": ID_CARDS_SEED},
        "draws of an id-card": DRAWS,
        "recipe": {"name": RECIPE, "sha256": load_recipe(RECIPE).fingerprint},
        "drawn by": {name: version(name) for name in DRAWN_BY},
    }


def images_hash(folder: Path, pages: Sequence[SuitePage]) -> str:
    """SHA-256 over shape and pixels of all pages, noisy and clean, in their order; whatever compresses the files."""
    total = hashlib.sha256()
    paths = [folder / "noisy" / page.file for page in pages]
    paths += [folder / "clean" / name for name in dict.fromkeys(page.clean for page in pages if page.clean)]
    for path in paths:
        with open_scan(path.read_bytes()) as scan:
            pixels = scan.read(0).pixels
        total.update(repr(pixels.shape).encode())
        total.update(pixels.tobytes())
    return total.hexdigest()


def read_lock() -> dict[str, Any]:
    """The lock as it is committed.

    Raises:
        InputError: there is none.
    """
    if not LOCK.exists():
        raise InputError(f"{LOCK} is missing", "it is part of the repository; --write-lock makes another one")
    lock: dict[str, Any] = json.loads(LOCK.read_text())
    return lock


def lock_hash() -> str:
    """The start of the lock's own hash, which every row of the results carries."""
    return _sha256(LOCK.read_bytes())[:12]


def write_lock(described: dict[str, dict[str, Any]]) -> None:
    """Make a lock. The table of results begins anew with it."""
    LOCK.write_text(json.dumps({**definitions(), "suites": described}, indent=1) + "\n")


def check(suite: Suite, folder: Path, pages: Sequence[SuitePage], *, quick: bool) -> None:
    """Refuse pages that are not those of the lock.

    Raises:
        InputError: it names what differs, and the versions that drew the pages of the lock and these.
    """
    locked = read_lock()
    of_suite = locked["suites"].get(suite.name)
    if of_suite is None:
        raise InputError(f"suite {suite.name} is not in {LOCK.name}", "--write-lock writes it")
    key = "images of a quick run" if quick else "images"
    found = {key: images_hash(folder, pages)}
    if not quick:
        found = describe(suite, folder, pages)
    differing = [name for name, value in found.items() if of_suite[name] != value]
    if differing:
        versions = {name: version(name) for name in DRAWN_BY if version(name) != locked["drawn by"].get(name)}
        raise InputError(
            f"suite {suite.name} is not that of {LOCK.name}: {', '.join(differing)} differ"
            + (f"; other versions here: {versions}" if versions else ""),
            f"remove {folder} to have it made again, or install the versions that the lock names",
        )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
