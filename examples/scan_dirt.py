"""What happens to a card on its way into a file: how it lies on the glass, and what dirties it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from invented_cards import CARD_MM, CORNER_MM, PX
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.float32]
"""(H, W, 3) RGB reflectance, 0 = black, 1 = white."""


@dataclass(frozen=True)
class Bed:
    """What is scanned around the card: size of the page, where the card lies, and what is behind it."""

    size_mm: tuple[float, float] = CARD_MM
    at_mm: tuple[float, float] = (0.0, 0.0)
    tilt_deg: float = 0.0
    reflectance: float = 0.96


CROPPED = Bed()
LOOSE = Bed((87.6, 56.4), (0.8, 1.7), 0.5, 0.9)
LID_OPEN = Bed((96.0, 63.0), (6.4, 3.2), 1.6, 0.07)
A6_COPY = Bed((105.0, 148.0), (10.5, 31.0), -1.1, 0.97)
PAPER_COPY = Bed((93.0, 61.0), (3.2, 3.9), 0.8, 0.97)


def lay(card: Image.Image, bed: Bed, dpi: int) -> Pixels:
    """Scan the card at `dpi`: turned, with round corners, casting a thin shadow on what is behind it."""
    scale = dpi / 25.4
    card_px = (round(CARD_MM[0] * scale), round(CARD_MM[1] * scale))
    page_px = (round(bed.size_mm[0] * scale), round(bed.size_mm[1] * scale))
    shape = Image.new("L", card.size)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, card.width - 1, card.height - 1), CORNER_MM * PX, 255)
    sheet = np.dstack([np.asarray(card), np.asarray(shape)]).astype(np.float32) / 255
    sheet = cv2.GaussianBlur(cv2.resize(sheet, card_px, interpolation=cv2.INTER_AREA), (0, 0), 0.5)
    turn = cv2.getRotationMatrix2D((0, 0), bed.tilt_deg, 1)
    turn[:, 2] = np.multiply(bed.at_mm, scale)
    sheet = cv2.warpAffine(sheet, turn, page_px, flags=cv2.INTER_CUBIC)
    colour, inside = sheet[:, :, :3], sheet[:, :, 3:]
    shadow = cv2.GaussianBlur(np.roll(inside, round(0.3 * scale), axis=0), (0, 0), 0.35 * scale)[:, :, None]
    return colour * inside + bed.reflectance * (1 - 0.3 * shadow) * (1 - inside)


Dirt = Callable[[Pixels, np.random.Generator, float], Pixels]


def luma(page: Pixels) -> NDArray[np.float32]:
    """Weigh the colours as ITU-R BT.601 does: (H, W, 1)."""
    return page @ np.array([[0.299], [0.587], [0.114]], np.float32)


def smooth_field(rng: np.random.Generator, page: Pixels, size_px: float) -> NDArray[np.float32]:
    """Draw soft clouds of about the given size: (H, W, 1), mean about 0, mostly within -2 to 2."""
    height, width = page.shape[:2]
    grid = rng.standard_normal((int(height / size_px) + 4, int(width / size_px) + 4)).astype(np.float32)
    clouds = cv2.resize(grid, None, fx=size_px, fy=size_px, interpolation=cv2.INTER_CUBIC)
    return clouds[:height, :width, None]


def places_mm(page: Pixels, px_per_mm: float) -> tuple[NDArray[np.float32], ...]:
    """Return how far every pixel lies from the left and from the top: two arrays (H, W, 1)."""
    down, across = np.indices((*page.shape[:2], 1), dtype=np.float32)[:2] / px_per_mm
    return across, down


def uneven_light(page: Pixels, rng: np.random.Generator, px_per_mm: float, depth: float = 0.55) -> Pixels:
    """Light the page from one corner: the opposite corner lacks `depth` of the light."""
    across, down = places_mm(page, px_per_mm)
    from_left, from_top = rng.integers(2, size=2)
    far = np.hypot(across / across.max() - from_left, down / down.max() - from_top) / np.sqrt(2)
    clouds = smooth_field(rng, page, 30 * px_per_mm)
    return page * np.clip(1.02 - depth * far**1.3 + 0.04 * clouds, 0.1, 1)


def edge_shadow(page: Pixels, rng: np.random.Generator, px_per_mm: float) -> Pixels:
    """Darken towards the left edge, which does not lie flat on the glass, and blur it there."""
    across, down = places_mm(page, px_per_mm)
    lift = np.exp(-across / (13 + 5 * down / down.max()))
    clouds = 1 + 0.15 * smooth_field(rng, page, 12 * px_per_mm)
    blurred = cv2.GaussianBlur(page, (0, 0), 0.12 * px_per_mm)
    return (page + (blurred - page) * lift) * np.clip(1 - 0.82 * lift * clouds, 0.05, 1)


def yellowed(page: Pixels, rng: np.random.Generator, px_per_mm: float) -> Pixels:
    """Age the paper: yellow all over, browner towards the edges and in blotches."""
    across, down = places_mm(page, px_per_mm)
    to_edge = np.minimum.reduce([across, across.max() - across, down, down.max() - down])
    blotches = smooth_field(rng, page, 9 * px_per_mm) + 0.5 * smooth_field(rng, page, 2.5 * px_per_mm)
    age = np.clip(0.55 + 0.75 * np.exp(-to_edge / 5) + 0.13 * blotches, 0, 2)
    return page * np.exp(-age * np.array([0.13, 0.27, 0.72], np.float32))


def coffee_stain(page: Pixels, rng: np.random.Generator, px_per_mm: float) -> Pixels:
    """Put a mug down twice and spill some drops; coffee dries darkest at the rim."""
    across, down = places_mm(page, px_per_mm)
    density = np.zeros_like(across)
    mugs = [(0.68, 0.62, 21.0, 0.55), (0.61, 0.50, 21.0, 0.22)]
    drops = [(*rng.uniform(0.05, 0.95, 2), rng.uniform(0.7, 2.6), 0.5) for _ in range(9)]
    for left, top, radius_mm, strength in mugs + drops:
        right_of, below = across - left * across.max(), down - top * down.max()
        angle = np.arctan2(below, right_of)
        wobble = sum(rng.normal(0, 0.005) * np.cos(n * angle + rng.uniform(0, 6)) for n in range(2, 7))
        inwards = radius_mm * (1 + wobble) - np.hypot(right_of, below)
        wet = np.clip(inwards / 0.15, 0, 1)
        rim = 1.3 * np.exp(-np.abs(inwards - 0.3) / 0.35) + 0.55 * np.exp(-np.abs(inwards) / 2.0)
        patchy = np.clip(0.85 + 0.3 * np.sin(angle + rng.uniform(0, 6)), 0.2, 1.2)
        density += strength * wet * (rim * patchy + 0.42)
    density *= 1 + 0.12 * smooth_field(rng, page, 1.5 * px_per_mm)
    return page * np.exp(-density * np.array([0.5, 0.85, 1.35], np.float32))


def photocopied(page: Pixels, rng: np.random.Generator, px_per_mm: float) -> Pixels:
    """Copy in black toner: hard contrast, a gray veil, streaks along the feed, specks of stray toner."""
    gray = 0.10 + 0.80 / (1 + np.exp(-9 * (luma(page) - 0.58)))
    height, width = page.shape[:2]
    along_feed = smooth_field(rng, page, 20 * px_per_mm)
    for _ in range(9):
        from_centre = np.arange(width, dtype=np.float32)[None, :, None] - rng.uniform(0, width)
        profile = np.exp(-((from_centre / (rng.uniform(0.06, 0.45) * px_per_mm)) ** 2))
        gray = gray * (1 - rng.uniform(0.15, 0.6) * profile * np.clip(0.8 + 0.5 * along_feed, 0, 1))
    toner = np.zeros((height, width), np.uint8)
    for _ in range(int(0.12 * height * width / px_per_mm**2)):
        centre = (int(rng.uniform(0, width) * 16), int(rng.uniform(0, height) * 16))
        radii_mm = np.clip(rng.lognormal(-2.9, 0.6) * rng.uniform(0.6, 1.6, 2), 0.03, 0.4)
        axes = (int(radii_mm[0] * px_per_mm * 16), int(radii_mm[1] * px_per_mm * 16))
        cv2.ellipse(toner, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA, shift=4)
    gray = gray * (1 - 0.85 * toner[:, :, None] / 255)
    return np.repeat(gray, 3, axis=2)


def folded(page: Pixels, rng: np.random.Generator, px_per_mm: float) -> Pixels:
    """Fold in four and open again: the two sides of a crease face the lamp differently, ink cracks on it."""
    across, down = places_mm(page, px_per_mm)
    for from_crease in (across - 0.46 * across.max() - 0.05 * down, down - 0.55 * down.max() + 0.03 * across):
        from_crease = from_crease + 0.10 * smooth_field(rng, page, 3 * px_per_mm)
        shade = np.where(from_crease < 0, 0.48 * np.exp(from_crease / 7), 0.14 * np.exp(-from_crease / 2.5))
        flaking = smooth_field(rng, page, 3 * px_per_mm) + smooth_field(rng, page, 0.3 * px_per_mm)
        bare = np.clip(flaking, 0, 1) * np.exp(-((from_crease / 0.2) ** 2))
        page = page * (1 - shade) * (1 - 0.3 * np.exp(-((from_crease / 0.12) ** 2)))
        page = page + (0.85 - page) * bare
    return page


def faded_ink(page: Pixels, rng: np.random.Generator, px_per_mm: float) -> Pixels:
    """Bleach the print by the sun: about a third of the contrast is left, less in places."""
    left = np.clip(0.31 + 0.08 * smooth_field(rng, page, 14 * px_per_mm), 0.12, 0.6)
    return 0.93 - (0.93 - page) * left


def sensor_noise(page: Pixels, rng: np.random.Generator, _px_per_mm: float, sigma: float = 0.008) -> Pixels:
    """Add Gaussian noise, the same on all three colours, as an amplifier does."""
    return page + rng.normal(0, sigma, (*page.shape[:2], 1)).astype(np.float32)


def salt_and_pepper(page: Pixels, rng: np.random.Generator, _px_per_mm: float) -> Pixels:
    """Let 4 in 100 pixels drop out to black or white."""
    chance = rng.random((*page.shape[:2], 1))
    return np.where(chance < 0.02, 0, np.where(chance > 0.98, 1, page)).astype(np.float32)


def defocused(page: Pixels, _rng: np.random.Generator, px_per_mm: float) -> Pixels:
    """Blur as a lens out of focus."""
    return cv2.GaussianBlur(page, (0, 0), 0.14 * px_per_mm)


def wrong_threshold(page: Pixels, _rng: np.random.Generator, _px_per_mm: float) -> Pixels:
    """Turn black and white at one level for the whole page, at which its dark corner turns black."""
    return np.repeat(luma(page) > 0.57, 3, axis=2).astype(np.float32)
