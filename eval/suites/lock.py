"""The lock: what the suites are, down to the pixels. A figure is worth something only where the pages stood still."""

import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.evaluate.provenance import read_origins
from docpipe.imageio import open_scan
from docpipe.noise.recipe import load_recipe
from docpipe.ocr import folding
from docpipe.ocr.schema import Field
from eval.suites import reading
from eval.suites.suite import (
    ANYWHERE,
    CARDS_SEED,
    CLEAN_SEED,
    DRAWS,
    ID_CARDS_SEED,
    OCR,
    RECIPE,
    SECOND_OCR,
    SECOND_PAGES,
    Suite,
    SuitePage,
    bare,
    schemas_of,
)

LOCK = Path(__file__).parents[1] / "suites.lock"
# What they call right, is right.
PASS_RULE = (Field.same, folding, reading._read, reading.Verdict.passes.fget, bare)
# They decide what a card looks like, to the pixel.
DRAWN_BY = ("numpy", "opencv-python-headless", "pillow", "faker", "scipy")


def describe(suite: Suite, folder: Path, pages: Sequence[SuitePage]) -> dict[str, Any]:
    """What some pages of a suite are, as it stands in the lock.

    Args:
        suite: the suite.
        folder: of its pages.
        pages: those of a full run, or of a quick one.
    """
    truths = json.dumps([[page.file, page.layout, dict(page.true)] for page in pages])
    return {
        "pages": len(pages),
        **_noise(folder / "pairs.jsonl", pages),
        "truth": _sha256(truths.encode()),
        "schemas": _sha256(repr([asdict(schema) for schema in schemas_of(suite)]).encode()),
        "images": images_hash(folder, pages),
    }


def _noise(pairs: Path, pages: Sequence[SuitePage]) -> dict[str, Any]:
    """What the tables by noise are counted from, and how many pages the rarest has; of drawn pages only."""
    if not pairs.exists():
        return {}
    origins = read_origins(pairs)
    strata = [(page.file, origins[page.file].strata) for page in pages]
    found = Counter(kind for _, groups in strata for kind in groups["noise"])
    rarest = {"rarest noise": min(found.values())} if found else {}
    return {"noise": _sha256(json.dumps(strata).encode()), **rarest}


def words(suite: Suite) -> dict[str, Any]:
    """What holds for a suite beside its pages."""
    return {"about": suite.about, "passes": suite.rule, "pages of peers": suite.full.peers}


def definitions() -> dict[str, Any]:
    """What holds for all suites."""
    return {
        "seeds": {"cards": CARDS_SEED, "clean": CLEAN_SEED, "id-cards": ID_CARDS_SEED},
        "draws of an id-card": DRAWS,
        "engine": OCR,
        "second engine": {"name": SECOND_OCR, "cards": SECOND_PAGES},
        "segmentation of receipts": ANYWHERE,
        "recipe": {"name": RECIPE, "sha256": load_recipe(RECIPE).fingerprint},
        "code of the pass rule": _sha256("".join(inspect.getsource(one) for one in PASS_RULE).encode()),
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


def write_lock(described: Mapping[str, Mapping[str, Any]]) -> None:
    """Make a lock of suites, each with what it is in words, and its pages in a full and in a quick run.

    The table of results begins anew with it.
    """
    LOCK.write_text(json.dumps({**definitions(), "suites": described}, indent=1) + "\n")


def check(suite: Suite, folder: Path, pages: Sequence[SuitePage], *, quick: bool) -> str:
    """Refuse pages that are not those of the lock, and rules that are not its.

    Returns:
        A stamp of these pages, under which verdicts on them are kept.

    Raises:
        InputError: it names what differs, and the versions that drew the pages of the lock and these.
    """
    locked = read_lock()
    if suite.name not in locked["suites"]:
        raise InputError(f"suite {suite.name} is not in {LOCK.name}", "--write-lock writes it")
    found = {**definitions(), **words(suite), **describe(suite, folder, pages)}
    of_suite = locked["suites"][suite.name]
    expected = {**locked, **of_suite, **of_suite["quick" if quick else "full"]}
    differing = [name for name in found if name != "drawn by" and found[name] != expected.get(name)]
    if differing:
        here, there = found["drawn by"], locked["drawn by"]
        others = [name for name in here if here[name] != there.get(name)]
        versions = ", ".join(f"{name} {here[name]} for {there.get(name)}" for name in others)
        raise InputError(
            f"suite {suite.name} is not that of {LOCK.name}: {', '.join(differing)} not as there"
            + (f"; other versions here: {versions}" if versions else ""),
            f"remove {folder} to have its pages made again, or install the versions that the lock names",
        )
    return _sha256(json.dumps(found).encode())[:12]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
