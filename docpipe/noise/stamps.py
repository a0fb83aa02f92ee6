"""Stamps: a rubber stamp, a ring with words, badly inked; its colour is a gray here."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, rough_field, shade, windows
from docpipe.page import Gray, Page

RING_WORDS = ("REGISTRY OFFICE", "CITY ADMINISTRATION", "CIVIL AFFAIRS", "CERTIFIED COPY", "POST OFFICE")
MIDDLE_WORDS = ("COPY", "PAID", "VALID", "RECEIVED", "SEEN", "No 17", "12 MAR", "30 SEP")
STRIP_PX = 48           # height of the letters before they are bent into the ring
WORK_PX = 320           # a stamp is soft: larger ones are made at this size and enlarged


def stamp_face(diameter_px: int, rng: np.random.Generator) -> Field:
    """Cut one rubber stamp.

    Args:
        diameter_px: of the outer ring.
        rng: chooses the words and the weight of the rings.

    Returns:
        (diameter, diameter) float32, 1 where the rubber prints, 0 elsewhere.
    """
    side = min(max(diameter_px, 8), WORK_PX)
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    radius, angle = cv2.cartToPolar(np.tile(ramp, (side, 1)), np.tile(ramp[:, None], (1, side)))
    strip = _words(f"{rng.choice(RING_WORDS)} * {rng.choice(RING_WORDS)} * ", STRIP_PX)
    around = angle * np.float32(strip.shape[1] / (2 * np.pi))
    down = (np.float32(0.93) - radius) * np.float32(STRIP_PX / 0.24)         # the words lie at .69 to .93
    face = np.asarray(cv2.remap(strip, around, down, cv2.INTER_LINEAR, borderValue=0), np.float32)
    pixel = 2 / side
    for ring, half_width in ((0.97, rng.uniform(0.01, 0.03)), (0.64, rng.uniform(0.006, 0.02))):
        face = np.maximum(face, np.clip((half_width - np.abs(radius - ring)) / pixel + 0.5, 0, 1))
    middle = _words(str(rng.choice(MIDDLE_WORDS)), max(4, round(0.17 * side)))[:, :round(0.56 * side)]
    on_face, in_middle = windows(face.shape, middle.shape, side // 2, side // 2)
    face[on_face] = np.maximum(face[on_face], middle[in_middle])
    return np.asarray(cv2.resize(face, (diameter_px, diameter_px)), np.float32)


def _words(words: str, height_px: int) -> Field:
    """Print words as one line, cropped to its width: (height, W) float32, 1 = ink."""
    font = ImageFont.load_default(0.85 * height_px)
    strip = Image.new("L", (max(1, round(font.getlength(words))), height_px))
    ImageDraw.Draw(strip).text((0, height_px / 2), words, fill=255, font=font, anchor="lm")
    return np.asarray(strip, np.float32) / np.float32(255)


def stamp(gray: Gray, *, darkness: float, diameter_px: float, wear: float, angle_deg: float, mm_px: float,
          seed: int) -> Gray:
    """Stamp the page once.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        darkness: share of the light that the ink takes, 0 (none) to 1 (black).
        diameter_px: of the stamp.
        wear: 0 for a full print, 1 for one of which half is missing.
        angle_deg: how far the stamp is turned.
        mm_px: pixels a millimetre.
        seed: where the stamp hits, its words, and where ink is missing.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("darkness", darkness, 0, 1)
    check("diameter_px", diameter_px, 1)
    check("wear", wear, 0, 1)
    rng = np.random.default_rng(seed)
    side = round(diameter_px)
    face = stamp_face(side, rng)
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle_deg, 1)
    turned = np.asarray(cv2.warpAffine(face, turn, (side, side)), np.float32)
    grain = 0.5 * rough_field(face.shape, side / 3, rng) + 0.5 * rough_field(face.shape, 0.4 * mm_px, rng)
    inked = turned * np.clip((grain - np.float32(0.5 * wear)) * 8, 0, 1) * (np.float32(0.6) + 0.4 * grain)
    y_px, x_px = rng.integers(gray.shape)
    on_page, on_stamp = windows(gray.shape, inked.shape, int(x_px), int(y_px))
    light = np.ones(gray.shape, np.float32)
    light[on_page] -= np.float32(darkness) * inked[on_stamp]
    return shade(gray, light)


@dataclass(frozen=True, slots=True)
class Stamps(Noise):
    """One stamp, anywhere on the page, at any angle."""

    darkness: Range = (0.2, 0.8)
    diameter_mm: Range = (18.0, 40.0)
    wear: Range = (0.2, 0.9)
    angle_deg: Range = (0.0, 360.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0}

    def _change(self, page: Page, *, darkness: float, diameter_mm: float, wear: float, angle_deg: float,
                seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return stamp(page.pixels, darkness=darkness, diameter_px=diameter_mm * mm_px, wear=wear,
                     angle_deg=angle_deg, mm_px=mm_px, seed=seed)
