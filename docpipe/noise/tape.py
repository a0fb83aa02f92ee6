"""Tape: a strip of clear adhesive tape on the card, yellowed, with air under it, glossy edges and torn ends."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, rough_field, to_gray, wobble
from docpipe.page import Gray, Page

AIR_GRAY = 225          # air between tape and card scatters light: it looks silvery
TOOTH_MM = 1.1          # of the blade that the tape is torn on
EDGE_MM = 0.25          # width of the bright line that a cut edge draws, and of the dirt beside it
BUBBLE_MM = (0.3, 1.6)  # radius


def strip(shape: tuple[int, int], x_px: float, y_px: float, *, width_px: float, length_px: float, angle_rad: float,
          mm_px: float, rng: np.random.Generator) -> Field:
    """Measure how far inside a strip of tape each pixel lies.

    Args:
        shape: of the page.
        x_px: column of its middle.
        y_px: row of its middle.
        width_px: of the strip.
        length_px: of the strip, before its ends are torn.
        angle_rad: its direction, 0 along the width.
        mm_px: pixels a millimetre.
        rng: where the torn ends come from.

    Returns:
        `shape` float32, distance to the nearest edge in pixels; below 0 outside.
    """
    across, along = distances(shape, x_px, y_px, angle_rad)
    tooth_px = np.float32(TOOTH_MM * mm_px)
    teeth = np.abs((across / tooth_px) % 1 - np.float32(0.5)) * tooth_px
    torn = teeth + np.float32(1.5 * mm_px) * np.abs(wobble(across, 4 * mm_px, rng))
    inside: Field = np.minimum(np.float32(width_px / 2) - np.abs(across),
                               np.float32(length_px / 2) - np.abs(along) - torn)
    return inside


def bubbles(shape: tuple[int, int], count: int, mm_px: float, rng: np.random.Generator) -> Field:
    """Trap bubbles of air: domes that are lit on the side of the lamp and shaded on the other.

    Returns:
        `shape` float32, about -1 (shaded) to 1 (lit), 0 where there is none.
    """
    relief = np.zeros(shape, np.float32)
    lamp_rad = rng.uniform(0, 2 * np.pi)
    for _ in range(count):
        (y_px, x_px), radius_px = rng.random(2) * shape, rng.uniform(*BUBBLE_MM) * mm_px
        top, left = max(0, int(y_px - radius_px)), max(0, int(x_px - radius_px))
        window = relief[top:int(y_px + radius_px) + 2, left:int(x_px + radius_px) + 2]
        towards, aside = distances(window.shape, x_px - left, y_px - top, lamp_rad)
        dome = np.hypot(towards, aside) / np.float32(radius_px)          # 0 in the middle, 1 on the rim
        window += np.where(dome < 1, dome**2 * towards / np.float32(radius_px), 0)
    return relief


def tape(gray: Gray, *, count: int, darkness: float, haze: float, gloss: float, width_px: float, length_px: float,
         angle_rad: float, mm_px: float, seed: int) -> Gray:
    """Stick strips of tape on the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many strips; each lies nearly at a right angle to the one before.
        darkness: share of the light that yellowed glue takes, 0 (none) to 1 (black).
        haze: share of the contrast that is lost where the tape has come off the card, 0 (none) to 1 (all).
        gloss: brightness of edges, bubbles and the lamp's reflection, 0 (matt) to 1 (white).
        width_px: of a strip.
        length_px: of the longest strip.
        angle_rad: direction of the first strip, 0 along the width.
        mm_px: pixels a millimetre.
        seed: where the strips lie, and where there is air under them.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("darkness", darkness, 0, 1)
    check("haze", haze, 0, 1)
    check("gloss", gloss, 0, 1)
    check("width_px", width_px, 0)
    rng = np.random.default_rng(seed)
    taped = gray.astype(np.float32)
    for number in range(count):
        y_px, x_px = rng.random(2) * gray.shape
        inside = strip(gray.shape, x_px, y_px, width_px=width_px, length_px=length_px * rng.uniform(0.6, 1),
                       angle_rad=angle_rad + number * rng.normal(np.pi / 2, 0.2), mm_px=mm_px, rng=rng)
        taped = _under_tape(taped, inside, darkness, haze, gloss, mm_px, rng)
    return to_gray(taped)


def _under_tape(page: Field, inside: Field, darkness: float, haze: float, gloss: float, mm_px: float,
                rng: np.random.Generator) -> Field:
    """What is seen through one strip: glue takes light, air scatters it, the surface reflects the lamp."""
    cover = np.clip(inside + np.float32(0.5), 0, 1)
    glue = np.float32(0.8) + np.float32(0.2) * rough_field(page.shape, 8 * mm_px, rng)
    edge_px = np.float32(max(EDGE_MM * mm_px, 1))
    dirt = np.exp(-np.abs(inside + edge_px) / edge_px) * np.float32(0.8)          # sticks just outside the edge
    seen = page * (1 - np.float32(darkness) * np.maximum(cover * glue, dirt))

    air = np.clip((rough_field(page.shape, 7 * mm_px, rng) - np.float32(rng.uniform(0.35, 0.55))) * 12, 0, 1)
    seen += np.float32(haze) * cover * air * (AIR_GRAY - seen)

    edge = np.exp(-np.abs(inside - edge_px) / (edge_px / 2))
    sheen = np.clip(rough_field(page.shape, 14 * mm_px, rng) * 4 - np.float32(2.5), 0, 1) * np.float32(0.5)
    trapped = bubbles(page.shape, round(page.size / mm_px**2 * rng.uniform(0.005, 0.04)), mm_px, rng)
    reflected: Field = seen + np.float32(255 * gloss) * cover * (np.maximum(edge, sheen) * np.float32(0.6) + trapped)
    return reflected


@dataclass(frozen=True, slots=True)
class Tape(Noise):
    """One to three strips, from fresh and well pressed to old and lifting."""

    darkness: Range = (0.05, 0.55)
    haze: Range = (0.1, 0.9)
    gloss: Range = (0.1, 0.9)
    count: Counts = (1, 3)
    width_mm: Range = (12.0, 38.0)
    length_mm: Range = (40.0, 120.0)
    angle_deg: Range = (0.0, 180.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0, "haze": 0.0, "gloss": 0.0}

    def _change(self, page: Page, *, darkness: float, haze: float, gloss: float, count: int, width_mm: float,
                length_mm: float, angle_deg: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return tape(page.pixels, count=count, darkness=darkness, haze=haze, gloss=gloss, width_px=width_mm * mm_px,
                    length_px=length_mm * mm_px, angle_rad=np.deg2rad(angle_deg), mm_px=mm_px, seed=seed)
