"""The starter library: patterns that are made by rule, a number of each kind. No picture of anything goes into it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from docpipe.noise import made_lines, made_spots
from docpipe.noise.base import MM_PER_INCH, Range
from docpipe.noise.fields import Field, to_gray
from docpipe.noise.made_spots import SIDE_PX
from docpipe.noise.patterns import NEUTRAL, Combine, Entry, Library, Pattern, make_entry, write_patterns
from docpipe.page import Gray

ORIGIN = "made by rule, docpipe patterns generate"
LICENCE = "CC0-1.0"
DEFAULT_EACH, DEFAULT_SEED = 17, 1      # what the shipped library was made with
GRAY_STEP = 2                           # patches are stored in steps of two grey levels: half the bytes, none seen


class Maker(NamedTuple):
    """How patterns of one kind are made."""

    combine: Combine
    size_mm: Range      # how large a patch is on paper
    cover: Callable[[np.random.Generator], Field]


GENERATORS: dict[str, Maker] = {
    "crease": Maker("add", (8, 40), made_lines.crease),
    "dirt": Maker("darken", (4, 30), made_spots.dirt),
    "drip": Maker("multiply", (6, 35), made_spots.drip),
    "edge_wear": Maker("lighten", (6, 25), made_lines.edge_wear),
    "fingerprint": Maker("multiply", (14, 20), made_spots.fingerprint),
    "fold": Maker("add", (10, 40), made_lines.fold),
    "foxing": Maker("multiply", (5, 25), made_spots.foxing),
    "hair": Maker("darken", (6, 25), made_lines.hair),
    "ring": Maker("multiply", (25, 60), made_spots.ring),
    "rust": Maker("multiply", (12, 35), made_spots.rust),
    "scratch": Maker("lighten", (5, 35), made_lines.scratch),
    "scuff": Maker("darken", (5, 20), made_lines.scuff),
    "smudge": Maker("multiply", (4, 30), made_spots.smudge),
    "specks": Maker("darken", (4, 20), made_spots.specks),
    "splash": Maker("multiply", (4, 25), made_spots.splash),
    "stain": Maker("multiply", (4, 40), made_spots.dried_stain),
    "streak": Maker("darken", (8, 30), made_lines.streak),
    "tide_mark": Maker("multiply", (12, 50), made_spots.tide_mark),
    "toner": Maker("darken", (4, 18), made_spots.toner),
}


def generate_pattern(kind: str, rng: np.random.Generator) -> Pattern:
    """Make one pattern.

    Args:
        kind: a key of `GENERATORS`.
        rng: what it looks like, and its size.

    Returns:
        A pattern with a patch of (160, 160) uint8.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in GENERATORS:
        raise ValueError(f"kind is {kind!r}; it is one of {list(GENERATORS)}")
    maker = GENERATORS[kind]
    cover = maker.cover(rng) * _vignette()
    neutral = NEUTRAL[maker.combine]
    reach = {"multiply": -255, "darken": -255, "lighten": 255, "add": 127}[maker.combine]
    steps = np.rint(cover * (reach / GRAY_STEP))
    dpi = round(SIDE_PX / rng.uniform(*maker.size_mm) * MM_PER_INCH, 1)
    return Pattern(to_gray(neutral + GRAY_STEP * steps), maker.combine, dpi)


def generate_library(folder: Path, *, each: int = DEFAULT_EACH, seed: int = DEFAULT_SEED) -> Library:
    """Write a library of patterns made by rule: the same seed, the same bytes.

    Args:
        folder: where it goes; patterns that are there stay.
        each: patterns of every kind.
        seed: 0 or more.

    Raises:
        OutputError: the folder cannot be written to.
    """
    return write_patterns(folder, _made(each, seed))


def _made(each: int, seed: int) -> Iterator[tuple[Entry, Gray]]:
    for place, kind in enumerate(GENERATORS):
        for number in range(each):
            pattern = generate_pattern(kind, np.random.default_rng([seed, place, number]))
            yield make_entry(pattern, kind=kind, origin=ORIGIN, licence=LICENCE), pattern.gray


def _vignette() -> Field:
    """Fade to nothing at the edges of the patch."""
    ramp = np.clip((1 - np.abs(np.linspace(-1, 1, SIDE_PX, dtype=np.float32))) * 6, 0, 1)
    return np.outer(ramp, ramp)
