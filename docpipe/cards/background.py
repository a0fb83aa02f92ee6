"""What stands behind the print of a card: tint, guilloche and rosettes, all far paler than any text."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.cards.style import Rgb, rgb

Rgb8 = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

FRACTION_BITS = 4        # cv2 takes coordinates in sixteenths of a pixel
STEP_MM = 0.35           # between the points of a curve
LINE_MM = 0.09           # width of the lines of guilloche and rosettes


def paint_background(
    height: int, width: int, px_per_mm: float, hues: tuple[float, float], rng: np.random.Generator
) -> Rgb8:
    """A printed card without its data: (height, width, 3) uint8 RGB.

    The curves are sums of two sines with a shared, slowly varying amplitude, and hypotrochoids: the figures
    that a geometric lathe, the classical source of guilloche, engraves.
    """
    finer = math.ceil(1 / (LINE_MM * px_per_mm))          # a line is a pixel wide at least: a coarse card is shrunk
    card = _engrave(height * finer, width * finer, px_per_mm * finer, hues, rng)
    return cv2.resize(card, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _engrave(
    height: int, width: int, px_per_mm: float, hues: tuple[float, float], rng: np.random.Generator
) -> Rgb8:
    card = _tint(height, width, hues, rng)
    for hue in hues:
        line = rgb(hue, saturation=float(rng.uniform(0.1, 0.24)), value=float(rng.uniform(0.87, 0.94)))
        _draw_waves(card, px_per_mm, line, rng)
    for hue in rng.permutation(hues)[: rng.integers(1, 3)]:
        line = rgb(float(hue), saturation=float(rng.uniform(0.14, 0.3)), value=float(rng.uniform(0.85, 0.93)))
        _draw_rosette(card, px_per_mm, line, rng)
    return card


def _tint(height: int, width: int, hues: tuple[float, float], rng: np.random.Generator) -> Rgb8:
    """Iris print: one pale tint running into another, with a light middle."""
    saturation = float(rng.uniform(0.05, 0.16))
    ends = np.array([rgb(hue, saturation=saturation, value=0.97) for hue in hues], np.float32)     # (2, 3)
    middle = ends.mean(axis=0) * 0.4 + 255 * 0.6
    corners = np.stack([ends, rng.permutation(ends)])                                              # (2, 2, 3)
    grid = np.insert(corners, 1, middle, axis=1).astype(np.uint8)                                  # (2, 3, 3)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _draw_waves(card: Rgb8, px_per_mm: float, colour: Rgb, rng: np.random.Generator) -> None:
    """A field of parallel waves from edge to edge, standing across or upright."""
    height_mm, width_mm = card.shape[0] / px_per_mm, card.shape[1] / px_per_mm
    upright = rng.random() < 0.3
    along_mm, across_mm = (height_mm, width_mm) if upright else (width_mm, height_mm)
    gap_mm = rng.uniform(0.8, 1.8)
    along = np.arange(-1, along_mm + 1, STEP_MM)                                # (P,)
    lines = np.arange(-8, across_mm + 8, gap_mm)[:, None]                       # (N, 1)
    drift = rng.uniform(-0.15, 0.15) * np.arange(len(lines))[:, None]           # phase from line to line
    first, second = rng.uniform(14, 40), rng.uniform(5, 14)                     # wavelengths in mm
    swell = 1 + 0.8 * np.sin(2 * np.pi * along / rng.uniform(40, 90) + rng.uniform(0, 6))
    wave = rng.uniform(1, 4) * np.sin(2 * np.pi * along / first + drift)
    wave = wave + rng.uniform(0.3, 1.2) * np.sin(2 * np.pi * along / second - 2 * drift)
    across = lines + swell * wave                                               # (N, P)
    axes = np.broadcast_arrays(across, along) if upright else np.broadcast_arrays(along, across)
    draw_curves(card, np.stack(axes, axis=-1) * px_per_mm, colour, thickness_px=_line_px(px_per_mm))


def _draw_rosette(card: Rgb8, px_per_mm: float, colour: Rgb, rng: np.random.Generator) -> None:
    """Nested closed curves with petals, each a little smaller and turned against the one before."""
    height_mm, width_mm = card.shape[0] / px_per_mm, card.shape[1] / px_per_mm
    centre_mm = np.array([rng.uniform(0.3, 0.9) * width_mm, rng.uniform(0.35, 0.65) * height_mm])
    radius_mm = rng.uniform(0.2, 0.38) * height_mm
    curves = (centre_mm + rosette(radius_mm, rng)) * px_per_mm
    draw_curves(card, curves, colour, closed=True, thickness_px=_line_px(px_per_mm))


def _line_px(px_per_mm: float) -> int:
    return max(1, round(LINE_MM * px_per_mm))


def rosette(radius_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Curves of a rosette around the origin: (N, P, 2) in mm.

    Two sets of petals turn against each other from the outer curve to the inner one.
    """
    angle = np.linspace(0, 2 * np.pi, max(90, int(2 * np.pi * radius_mm / STEP_MM)), endpoint=False)
    count = int(rng.integers(12, 22))
    petals = int(rng.integers(6, 15))
    size = np.linspace(0.82, rng.uniform(0.2, 0.45), count)[:, None] * radius_mm
    turn = np.linspace(0, 2 * np.pi * rng.uniform(0.5, 1.5), count)[:, None]
    bulge = rng.uniform(0.1, 0.2)
    there = size * (1 + bulge * np.sin(petals * angle + turn))
    back = size * (1 + bulge * np.sin(petals * angle - turn))
    radius = np.concatenate([there, back])
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def braid(length_mm: float, thickness_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A band of intertwined sines: (N, P, 2) in mm, lying along the first axis around height 0."""
    along = np.arange(0, length_mm + STEP_MM, STEP_MM / 2)
    strands = 2 * np.pi * np.arange(int(rng.integers(4, 8)))[:, None] / 5
    wavelength_mm = rng.uniform(2.5, 6)
    across = thickness_mm / 2 * np.sin(2 * np.pi * along / wavelength_mm + strands)
    return np.stack(np.broadcast_arrays(along, across), axis=-1)


def draw_curves(image: Rgb8, curves_px: NDArray[np.float64] | Sequence[NDArray[np.float64]], colour: Rgb,
                *, closed: bool = False, thickness_px: int = 1) -> None:
    """Draw curves, each (P, 2) as x and y in pixels, into `image`, smoothly."""
    points = [np.round(curve * 2**FRACTION_BITS).astype(np.int32) for curve in curves_px]
    cv2.polylines(image, points, closed, colour, thickness_px, cv2.LINE_AA, shift=FRACTION_BITS)
