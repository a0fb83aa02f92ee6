"""Staples: the wire that holds sheets together, or the two holes and the dent that it left when it was pulled."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, rough_field, to_gray
from docpipe.page import Gray, Page

GLINT = 0.5             # of the darkness: the round wire throws some light back along its middle
SHADOW_SHARE = 0.5      # of the darkness: the wire stands off the paper
DENT_SHARE = 0.2        # of the darkness: where the wire was pressed in
TORN_SHARE = 0.3        # of the darkness: fibres around a hole
KINDS = ("wire", "holes")


def staples(gray: Gray, *, count: int, what: str, darkness: float, length_px: float, wire_px: float,
            angle_rad: float, seed: int) -> Gray:
    """Staple the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many staples.
        what: "wire" for staples that are there, "holes" for pulled ones.
        darkness: share of the light lost on the wire or in the holes, 0 (none) to 1 (black).
        length_px: of the wire's back.
        wire_px: its thickness.
        angle_rad: its direction, 0 along the width; no two staples lie quite alike.
        seed: where they are.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("darkness", darkness, 0, 1)
    check("length_px", length_px, 1)
    check("wire_px", wire_px, 0.1)
    if what not in KINDS:
        raise ValueError(f"what is {what!r}; it is one of {list(KINDS)}")
    rng = np.random.default_rng(seed)
    lost = np.zeros(gray.shape, np.float32)
    for _ in range(count):
        x_px, y_px = rng.random(2) * gray.shape[::-1]
        across, along = distances(gray.shape, x_px, y_px, angle_rad + rng.normal(0, 0.15))
        if what == "wire":
            one = _wire(across, along, length_px, wire_px)
        else:
            one = _holes(across, along, length_px, wire_px, rng)
        lost = np.maximum(lost, one)
    return to_gray(gray * (1 - np.float32(darkness) * lost))


def _wire(across: Field, along: Field, length_px: float, wire_px: float) -> Field:
    """Share of the darkness on every pixel: a dark bar, a glint along its middle, a shadow at one side."""
    half_px = np.float32(wire_px / 2)
    within = np.clip(np.float32(length_px / 2) - np.abs(along) + np.float32(0.5), 0, 1)
    bar = np.clip(half_px - np.abs(across) + np.float32(0.5), 0, 1)
    glint = np.float32(GLINT) * np.exp(-((across / half_px + np.float32(0.3)) ** 2) * 4)
    off_px = np.maximum(across - half_px, 0) / np.float32(1.5 * wire_px)
    shadow = np.float32(SHADOW_SHARE) * np.exp(-off_px) * (across > 0)
    wire: Field = within * np.maximum(bar * (1 - glint), shadow)
    return wire


def _holes(across: Field, along: Field, length_px: float, wire_px: float, rng: np.random.Generator) -> Field:
    """Share of the darkness on every pixel: two torn holes, and the dent between them."""
    ragged = (rough_field(across.shape, 0.6 * wire_px, rng) - np.float32(0.5)) * np.float32(0.8 * wire_px)
    from_hole = np.hypot(across, np.abs(along) - np.float32(length_px / 2)) + ragged
    hole = np.clip(np.float32(0.75 * wire_px) - from_hole + np.float32(0.5), 0, 1)
    torn = np.float32(TORN_SHARE) * np.exp(-np.maximum(from_hole, 0) / np.float32(1.2 * wire_px))
    between = np.clip(np.float32(length_px / 2) - np.abs(along) + np.float32(0.5), 0, 1)
    dent = np.float32(DENT_SHARE) * between * np.exp(-((across / np.float32(wire_px)) ** 2))
    left: Field = np.maximum(np.maximum(hole, torn), dent)
    return left


@dataclass(frozen=True, slots=True)
class Staples(Noise):
    """Office staples: wire of half a millimetre, a back of 8 (No 10) to 13 mm (24/6)."""

    darkness: Range = (0.3, 1.0)
    count: Counts = (1, 3)
    what: Choices = KINDS
    length_mm: Range = (8.0, 13.0)
    wire_mm: Range = (0.4, 0.75)
    angle_deg: Range = (0.0, 180.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0}

    def _change(self, page: Page, *, darkness: float, count: int, what: str, length_mm: float, wire_mm: float,
                angle_deg: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return staples(page.pixels, count=count, what=what, darkness=darkness, length_px=length_mm * mm_px,
                       wire_px=max(wire_mm * mm_px, 0.1), angle_rad=float(np.deg2rad(angle_deg)), seed=seed)
