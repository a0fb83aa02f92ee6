"""Patches of noise cut out of a page: boxes of at most 15 mm that hold noise and nothing else."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.noise.fields import Field, to_gray
from docpipe.noise.patterns import NEUTRAL, Combine, Pattern
from docpipe.page import Gray
from docpipe.synth.harvest_page import PageMaps
from docpipe.synth.harvest_shapes import Mask, closed, components, grown, square

LARGEST_MM = 15.0
WINDOWS_MM = (15.0, 11.0, 8.0)     # what does not fit as a whole is cut into pieces, the largest first
MARGIN_MM, FADE_MM, SPREAD_MM = 1.0, 0.7, 0.5
FOLD_WIDTH_MM = 1.5                     # wider lines count as folds
LEAST_DARKNESS_MM2 = 0.12               # light lost in all: a speck of a third of a millimetre does
LEAST_PEAK = 0.08                       # share of the light at its darkest
MOST_A_PAGE = 60

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, the last two not included."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Noise that was cut out.

    Args:
        pattern: what is kept of it: neutral at its edges.
        kind: a key of `docpipe.noise.patterns.KINDS`.
        box: where it was on the page that was taken apart.
        seen: the page in this box as it was, for those who look whether anything can be read there.
    """

    pattern: Pattern
    kind: str
    box: Box
    seen: Gray = field(repr=False)


def cut_patches(gray: Gray, maps: PageMaps, mm_px: float) -> list[Patch]:
    """Cut the noise out of a page, the strongest first.

    Args:
        gray: (H, W) uint8, the page.
        maps: what is on it.
        mm_px: pixels a millimetre.

    Returns:
        At most `MOST_A_PAGE` patches that do not overlap, each at most 15 mm, none of them touching print.
    """
    weight: Field = np.abs(maps.lost) * np.float32(maps.noise)
    boxes = _clear_boxes(weight, maps, mm_px)
    chosen: list[Box] = []
    for box in sorted(boxes, key=lambda box: -float(weight[_inside(box)].sum())):
        if len(chosen) < MOST_A_PAGE and not any(_overlap(box, other) for other in chosen):
            chosen.append(box)
    patches = [_patch(gray, maps, box, mm_px) for box in chosen]
    return [patch for patch in patches if _shows_something(patch.pattern)]


def _clear_boxes(weight: Field, maps: PageMaps, mm_px: float) -> list[Box]:
    """Boxes that hold enough noise and nothing that is forbidden."""
    forbidden, dark = (np.asarray(cv2.integral(one), np.float64) for one in (maps.forbidden, weight))
    side = 2 * max(1, round(0.7 * mm_px)) + 1
    _, groups = components(closed(maps.noise, square(side)))
    margin, largest = round(MARGIN_MM * mm_px), int(LARGEST_MM * mm_px)
    least = LEAST_DARKNESS_MM2 * mm_px**2
    found: list[Box] = []
    for left, top, width, height, _ in groups.tolist():
        box = _clipped((left - margin, top - margin, left + width + margin, top + height + margin), weight.shape)
        if _sum(dark, box) < least:
            continue
        if max(box[2] - box[0], box[3] - box[1]) <= largest and _sum(forbidden, box) == 0:
            found.append(box)
        else:
            found.extend(_pieces(box, dark, forbidden, mm_px, least))
    return [box for box in found if weight[_inside(box)].max() >= LEAST_PEAK]


def _pieces(box: Box, dark: NDArray[np.float64], forbidden: NDArray[np.float64], mm_px: float, least: float
            ) -> list[Box]:
    """Windows within a box that touch nothing forbidden; large ones first, small ones where those do not fit."""
    pieces: list[Box] = []
    for side_mm in WINDOWS_MM:
        side = int(side_mm * mm_px)
        width, height = min(side, box[2] - box[0]), min(side, box[3] - box[1])
        clear = [window for window in _windows(box, width, height)
                 if _sum(forbidden, window) == 0 and _sum(dark, window) >= least * (side_mm / LARGEST_MM)]
        for window in sorted(clear, key=lambda window: -_sum(dark, window)):
            if not any(_overlap(window, other) for other in pieces):
                pieces.append(window)
    return pieces


def _windows(box: Box, width: int, height: int) -> list[Box]:
    step_x, step_y = max(1, width // 4), max(1, height // 4)
    return [(left, top, left + width, top + height)
            for top in range(box[1], box[3] - height + 1, step_y) for left in range(box[0], box[2] - width + 1, step_x)]


def _patch(gray: Gray, maps: PageMaps, box: Box, mm_px: float) -> Patch:
    window = _inside(box)
    noise = maps.noise[window]
    side = 2 * round(SPREAD_MM * mm_px) + 1                  # soft noise goes on where it is too faint to be told
    near = cv2.GaussianBlur(grown(noise, square(side)).astype(np.float32), (0, 0), side / 4)
    lost = (maps.lost[window] - _level(maps.lost[window], noise, mm_px)) * near * _fade(noise.shape, FADE_MM * mm_px)
    darker, lighter = (float(np.clip(side * lost, 0, None).sum()) for side in (1, -1))
    combine: Combine = "add" if lighter > 0.3 * darker else "multiply"
    kept = to_gray(128 - lost * maps.paper[window]) if combine == "add" else to_gray(255 * (1 - np.maximum(lost, 0)))
    kind = _kind(noise, maps.lines[window], lost, mm_px, two_sided=combine == "add")
    return Patch(Pattern(kept, combine, round(mm_px * 25.4, 1)), kind, box, np.ascontiguousarray(gray[window]))


def _level(lost: Field, noise: Mask, mm_px: float) -> float:
    """What lies all around a piece that was cut from something larger is its ground: it would show as a square."""
    rim = np.ones(lost.shape, bool)
    width = max(1, round(FADE_MM * mm_px))
    rim[width:-width, width:-width] = False
    return float(np.median(lost[rim] * noise[rim]))


def _shows_something(pattern: Pattern) -> bool:
    away = np.abs(pattern.gray.astype(np.int16) - NEUTRAL[pattern.combine])
    return float(np.percentile(away, 99)) >= 255 * LEAST_PEAK


def _kind(noise: Mask, lines: Mask, lost: Field, mm_px: float, *, two_sided: bool) -> str:
    """Name what was found, by its shape."""
    _, parts = components(closed(noise, square(3)))
    largest = parts[parts[:, 4].argmax()] if len(parts) else np.zeros(5, np.int32)
    long, short = max(largest[2:4]), max(1, min(largest[2:4]))
    if long <= 1.0 * mm_px:
        return "specks"
    if two_sided:
        return "fold" if long >= 2.5 * short or lines.any() else "crease"
    rows, columns = (np.flatnonzero(lines.any(axis=axis)) for axis in (1, 0))
    reach = max(np.ptp(rows), np.ptp(columns)) if lines.any() else 0
    if reach > 0.7 * max(noise.shape) or long >= 5 * short:
        return "streak" if noise.sum() < FOLD_WIDTH_MM * mm_px * max(noise.shape) else "fold"
    edge = cv2.morphologyEx(noise, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    sharp = np.hypot(cv2.Sobel(lost, -1, 1, 0, scale=1 / 8), cv2.Sobel(lost, -1, 0, 1, scale=1 / 8)) * mm_px
    return "stain" if edge.any() and float(np.median(sharp[edge])) > 0.25 else "smudge"


def _fade(shape: tuple[int, ...], fade_px: float) -> Field:
    """1 in the middle, 0 at the edges."""
    rows, columns = (np.clip(np.minimum(np.arange(side), np.arange(side)[::-1]) / fade_px, 0, 1) for side in shape)
    return np.outer(rows, columns).astype(np.float32)


def _sum(integral: NDArray[np.float64], box: Box) -> float:
    left, top, right, bottom = box
    return float(integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left])


def _inside(box: Box) -> tuple[slice, slice]:
    return slice(box[1], box[3]), slice(box[0], box[2])


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _clipped(box: Box, shape: tuple[int, ...]) -> Box:
    return max(0, int(box[0])), max(0, int(box[1])), min(shape[1], int(box[2])), min(shape[0], int(box[3]))
