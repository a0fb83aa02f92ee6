"""Highlighter: someone marked lines of print; in gray the ink is a veil, darker where strokes overlap."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, to_gray, wobble
from docpipe.noise.motion_blur import motion_blur
from docpipe.page import Gray, Page

STROKES_A_LINE = 2      # at most: to and back
RIM_MM = 0.35           # ink pools along the edge of a stroke
BLEED_MM = 0.12         # ... and bleeds this far into the paper
SMEARED_SHARE = 0.7     # of the print's ink that the wet marker drags along


def stroke(shape: tuple[int, int], x_px: float, y_px: float, *, width_px: float, length_px: float, angle_rad: float,
           mm_px: float, rng: np.random.Generator) -> Field:
    """Draw one stroke of a chisel tip.

    Args:
        shape: of the page.
        x_px: column of its middle.
        y_px: row of its middle.
        width_px: of the tip.
        length_px: of the stroke.
        angle_rad: its direction, 0 along the width.
        mm_px: pixels a millimetre.
        rng: where the uneven edges and the streaks of the felt come from.

    Returns:
        `shape` float32, the ink on each pixel: 0 beside the stroke, at most 1, most along its edges.
    """
    across, along = distances(shape, x_px, y_px, angle_rad)
    uneven = np.float32(0.08 * width_px)
    upper, lower = (uneven * wobble(along, 2.5 * mm_px, rng) for _ in range(2))
    slant = np.float32(rng.uniform(-0.5, 0.5))                       # of the tip, seen at both ends
    end = np.abs(along + slant * across) + np.float32(0.4 * mm_px) * wobble(across, 0.6 * mm_px, rng)
    inside = np.minimum(np.float32(width_px / 2) - np.maximum(across + upper, lower - across),
                        np.float32(length_px / 2) - end)
    cover = np.clip(inside / np.float32(max(BLEED_MM * mm_px, 1)) + np.float32(0.5), 0, 1)
    pooled = np.exp(-np.maximum(inside, 0) / np.float32(RIM_MM * mm_px))
    felt = np.float32(0.72) + np.float32(0.08) * wobble(across, 0.3 * mm_px, rng)
    inked: Field = cover * (felt + np.float32(0.2) * pooled)
    return inked


def highlighter(gray: Gray, *, count: int, darkness: float, width_px: float, length_px: float, smear_px: float,
                slant_rad: float, mm_px: float, seed: int) -> Gray:
    """Mark lines of the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many lines are marked; where there is print, on print.
        darkness: share of the light that the ink takes where it is thickest, 0 (none) to 1 (black). Yellow ink
            takes a tenth, blue the half; a scanner with light of one colour may see nearly black.
        width_px: of the tip.
        length_px: of the longest stroke.
        smear_px: how far the wet tip drags the ink of the print.
        slant_rad: how far the strokes are from level.
        mm_px: pixels a millimetre.
        seed: which lines are marked, and how evenly.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("darkness", darkness, 0, 1)
    check("width_px", width_px, 0)
    check("smear_px", smear_px, 0)
    rng = np.random.default_rng(seed)
    height, width = gray.shape
    print_by_row = np.abs(cv2.Scharr(gray, cv2.CV_64F, 1, 0)).mean(axis=1) + 1       # upright edges: letters
    light = np.ones(gray.shape, np.float32)
    for line_y_px in rng.choice(height, count, p=print_by_row / print_by_row.sum()):
        line_px, line_x_px = rng.uniform(0.4, 1) * length_px, rng.random() * width
        for _ in range(int(rng.integers(1, STROKES_A_LINE + 1))):
            x_px, y_px = rng.normal(line_x_px, 0.15 * line_px), rng.normal(line_y_px, 0.3 * width_px)
            angle_rad = slant_rad + rng.normal(0, 0.01)
            reach_px = width_px + line_px * abs(np.sin(angle_rad))
            top, bottom = (int(np.clip(y_px + way * reach_px, 0, height)) for way in (-1, 1))
            light[top:bottom] *= 1 - np.float32(darkness) * stroke(
                (bottom - top, width), x_px, y_px - top, width_px=width_px, length_px=line_px,
                angle_rad=angle_rad, mm_px=mm_px, rng=rng)
    dragged = np.minimum(gray, motion_blur(gray, length_px=smear_px, angle_rad=slant_rad))
    wet = SMEARED_SHARE * (light < 1)
    return to_gray((gray + wet * (dragged.astype(np.float32) - gray)) * light)


@dataclass(frozen=True, slots=True)
class Highlighter(Noise):
    """A few lines marked, some of them twice."""

    darkness: Range = (0.1, 0.85)
    smear_mm: Range = (0.0, 1.6)
    count: Counts = (2, 8)
    width_mm: Range = (2.5, 6.0)
    length_mm: Range = (20.0, 80.0)
    slant_deg: Range = (-4.0, 4.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0, "smear_mm": 0.0}

    def _change(self, page: Page, *, darkness: float, smear_mm: float, count: int, width_mm: float,
                length_mm: float, slant_deg: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return highlighter(page.pixels, count=count, darkness=darkness, width_px=width_mm * mm_px,
                           length_px=length_mm * mm_px, smear_px=smear_mm * mm_px,
                           slant_rad=np.deg2rad(slant_deg), mm_px=mm_px, seed=seed)
