"""Patterns: patches of dirt to be pasted on a page. These are made by rule; a library may hold real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from docpipe.noise.fields import Field, rough_field, smooth_field, to_gray, wandering_line
from docpipe.noise.stains import stain
from docpipe.page import Gray

Combine = Literal["multiply", "darken", "lighten", "add"]

NEUTRAL: dict[Combine, int] = {"multiply": 255, "darken": 255, "lighten": 0, "add": 128}
"""The gray of a patch that leaves the page as it is."""

SIDE_PX = 192   # of the patches made here: dirt is soft, and is scaled to the page


@dataclass(frozen=True, slots=True)
class Pattern:
    """A patch of dirt.

    Args:
        gray: (h, w) uint8; at its edges it should be `NEUTRAL[combine]`, or they will show.
        combine: how it meets the page: multiplied with it, the darker of the two, the lighter of the two,
            or added as the difference to 128.
    """

    gray: Gray
    combine: Combine


def generate_pattern(kind: str, rng: np.random.Generator) -> Pattern:
    """Make one pattern.

    Args:
        kind: a key of `GENERATORS`.
        rng: what it looks like.

    Returns:
        A pattern with a patch of (192, 192) uint8.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in GENERATORS:
        raise ValueError(f"kind is {kind!r}; it is one of {list(GENERATORS)}")
    combine, cover = GENERATORS[kind]
    strength = cover(rng) * _vignette()
    towards = 255 if combine == "lighten" else 0
    return Pattern(to_gray(NEUTRAL[combine] + strength * (towards - NEUTRAL[combine])), combine)


def _vignette() -> Field:
    """Fade to nothing at the edges of the patch."""
    ramp = np.clip((1 - np.abs(np.linspace(-1, 1, SIDE_PX, dtype=np.float32))) * 6, 0, 1)
    return np.outer(ramp, ramp)


def _blob(rng: np.random.Generator) -> Field:
    """Outline something irregular: 1 well inside, 0 outside."""
    ramp = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)
    narrow = np.float32(rng.uniform(1, 2.5))
    distance = np.sqrt((narrow * ramp[:, None]) ** 2 + ramp**2)
    dents = rough_field((SIDE_PX, SIDE_PX), SIDE_PX / 3, rng)
    blob: Field = np.clip(1.1 - distance - 0.8 * dents, 0, 1)
    return blob


def _stain(rng: np.random.Generator) -> Field:
    drop = stain(SIDE_PX / 2.8, rng.uniform(0, 1), rng)
    return np.asarray(cv2.resize(drop, (SIDE_PX, SIDE_PX)), np.float32)


def _smudge(rng: np.random.Generator) -> Field:
    """Wipe a finger over wet ink: soft, drawn out one way, with a grain of skin."""
    grain = smooth_field((SIDE_PX, SIDE_PX), 5, rng)
    wiped = cv2.blur(grain, (1, int(rng.integers(9, 61))))
    return np.asarray(_blob(rng) * (0.3 + 1.4 * wiped).clip(0, 1), np.float32)


def _dirt(rng: np.random.Generator) -> Field:
    """Rub in dirt: grains of every gray on a pale ground, dense in the middle and single at the rim."""
    shape = (SIDE_PX, SIDE_PX)
    blob = _blob(rng)
    grain = 0.65 * smooth_field(shape, 2.5, rng) + 0.35 * smooth_field(shape, 9, rng)
    level = np.float32(rng.uniform(0.7, 0.9)) - np.float32(0.55) * blob
    grains = np.clip((grain - level) * 3, 0, 1) * rough_field(shape, 30, rng)
    return np.asarray(np.maximum(np.float32(1.3) * grains, np.float32(0.25) * blob).clip(0, 1), np.float32)


def _scratch(rng: np.random.Generator) -> Field:
    """Scratch a card: a few thin lines, nearly parallel, which the light catches."""
    cover = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    line = wandering_line(np.full(2, SIDE_PX / 2), 0.9 * SIDE_PX, 0.4, rng)
    line += SIDE_PX / 2 - line.mean(axis=0)
    for _ in range(int(rng.integers(1, 6))):
        part = line[int(rng.integers(0, 20)):int(rng.integers(22, 41))] + rng.normal(0, 6, 2)
        cv2.polylines(cover, [np.rint(part * 16).astype(np.int32)], False, int(rng.integers(120, 256)),
                      int(rng.integers(1, 3)), cv2.LINE_AA, 4)
    return cover.astype(np.float32) / 255 * (0.4 + 0.6 * smooth_field(cover.shape, 10, rng))


GENERATORS: dict[str, tuple[Combine, Callable[[np.random.Generator], Field]]] = {
    "stain": ("multiply", _stain),
    "smudge": ("multiply", _smudge),
    "dirt": ("darken", _dirt),
    "scratch": ("lighten", _scratch),
}
