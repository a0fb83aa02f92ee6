"""Placeholders: a portrait of nobody, a signature of no name, the arms of no state."""

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.cards.background import Rgb8, draw_curves
from docpipe.cards.style import Rgb

Pair = tuple[float, float]
Head = tuple[Pair, Pair]                 # middle and half axes of the face, in pixels of the drawing

SKINS: tuple[Rgb, ...] = ((242, 209, 184), (229, 186, 152), (203, 152, 116), (164, 114, 82), (141, 98, 72))
HAIRS: tuple[Rgb, ...] = ((38, 30, 26), (78, 52, 36), (122, 84, 50), (176, 140, 92), (150, 146, 142))
CLOTHES: tuple[Rgb, ...] = ((44, 52, 70), (70, 70, 74), (96, 44, 50), (60, 82, 74), (120, 124, 134))
DRAWN_HEIGHT = 240       # the portrait is drawn this high and resized: a photo has no more detail than that


def draw_portrait(height: int, width: int, gray: bool, rng: np.random.Generator) -> Rgb8:
    """A head and shoulders that belong to nobody: (height, width, 3) uint8 RGB, plain background."""
    drawn_width = round(DRAWN_HEIGHT * width / height)
    face = np.full((DRAWN_HEIGHT, drawn_width, 3), int(rng.integers(205, 236)), np.uint8)
    skin, hair, cloth = (table[rng.integers(len(table))] for table in (SKINS, HAIRS, CLOTHES))
    middle = drawn_width / 2 + rng.normal(0, 2), DRAWN_HEIGHT * rng.uniform(0.44, 0.48)
    head = middle, (DRAWN_HEIGHT * rng.uniform(0.165, 0.19), DRAWN_HEIGHT * rng.uniform(0.235, 0.26))
    _draw_hair_behind(face, head, hair, rng)
    _draw_shoulders(face, head, skin, cloth, rng)
    _oval(face, head, (0, 0), (1, 1), skin)
    _draw_features(face, head, skin, hair, rng)
    _draw_fringe(face, head, hair, rng)
    photo = _light(cv2.GaussianBlur(face, (0, 0), 1.6).astype(np.uint8), rng)
    if gray:
        photo[:] = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[:, :, None]
    how = cv2.INTER_AREA if height < DRAWN_HEIGHT else cv2.INTER_CUBIC
    return cv2.resize(photo, (width, height), interpolation=how).astype(np.uint8)


def draw_signature(length_px: float, height_px: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """One pen stroke: (P, 2) x and y in pixels, from 0 to about `length_px` and around height 0."""
    time = np.linspace(0, 1, 260)
    heights = [1.0, *rng.uniform(0.15, 0.75, 6), 0.05]       # a tall initial, an end that runs out
    envelope = np.interp(time, np.linspace(0, 1, len(heights)), heights)
    phase = 2 * np.pi * rng.uniform(5, 10) * (time + 0.06 * np.sin(2 * np.pi * time * rng.uniform(1, 3)))
    slow = np.sin(rng.uniform(0.35, 0.65) * phase + rng.uniform(0, 6))
    across = envelope * (np.sin(phase) + 0.5 * slow) / 1.5
    along = time + rng.uniform(0.03, 0.07) * np.cos(phase) - rng.uniform(0.02, 0.06) * across
    rise = rng.uniform(-0.25, 0.05) * (time - 0.5)
    return np.stack([along * length_px, (across + rise) * height_px / 2], axis=-1)


def draw_emblem(
    image: Rgb8, centre_px: tuple[float, float], radius_px: float, colour: Rgb, rng: np.random.Generator
) -> None:
    """Invented arms: a star between rays, in two rings."""
    centre = np.array(centre_px)
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    thickness = max(1, round(radius_px / 14))
    draw_curves(image, [centre + ring * radius_px, centre + ring * radius_px * 0.82], colour,
                closed=True, thickness_px=thickness)
    points = int(rng.integers(5, 9))
    rays = ring[:: 72 // (2 * points), None] * np.array([0.58, 0.74])[:, None] * radius_px
    draw_curves(image, centre + rays, colour, thickness_px=thickness)
    spike = np.where(np.arange(2 * points) % 2, rng.uniform(0.18, 0.3), 0.52)[:, None] * radius_px
    turn = np.pi * np.arange(2 * points) / points - np.pi / 2
    star = centre + spike * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    cv2.fillPoly(image, [np.round(star * 16).astype(np.int32)], colour, cv2.LINE_AA, shift=4)


def _draw_hair_behind(face: Rgb8, head: Head, hair: Rgb, rng: np.random.Generator) -> None:
    _oval(face, head, (0, -0.14), (1.14, 1.05), hair)
    length = rng.choice([0.0, 0.25, 0.6], p=[0.5, 0.25, 0.25])
    if length:
        _oval(face, head, (0, length), (1.25, 1.0), hair)


def _draw_shoulders(face: Rgb8, head: Head, skin: Rgb, cloth: Rgb, rng: np.random.Generator) -> None:
    _oval(face, head, (0, 2.02), (rng.uniform(2.0, 2.5), 0.8), cloth)
    _oval(face, head, (0, 1.08), (0.56, 0.42), _darker(skin, 0.84))


def _draw_features(face: Rgb8, head: Head, skin: Rgb, hair: Rgb, rng: np.random.Generator) -> None:
    shade = _darker(skin, 0.65)
    apart, eye_line = rng.uniform(0.4, 0.46), rng.uniform(-0.1, -0.02)
    for side in (-1, 1):
        _oval(face, head, (side, eye_line + 0.08), (0.1, 0.17), shade)             # ear
        _oval(face, head, (side * apart, eye_line), (0.2, 0.085), shade)
        _oval(face, head, (side * apart, eye_line), (0.17, 0.06), (236, 232, 228))
        _oval(face, head, (side * apart, eye_line), (0.075, 0.06), (44, 36, 32))
        _oval(face, head, (side * apart, eye_line - 0.17), (0.25, 0.035), hair)    # brow
    _oval(face, head, (0, 0.3), (0.16, 0.05), shade)
    _oval(face, head, (0.09, 0.14), (0.05, 0.18), shade)
    red, green, blue = _darker(skin, 0.6)
    _oval(face, head, (0, 0.56), (rng.uniform(0.28, 0.38), 0.06), (int(red * 1.35), green, blue))


def _draw_fringe(face: Rgb8, head: Head, hair: Rgb, rng: np.random.Generator) -> None:
    """Hair over the forehead: the part of an oval above a slanting hair line."""
    (x, y), (_, half_height) = head
    line, slant = y - half_height * rng.uniform(0.5, 0.72), half_height * rng.uniform(-0.14, 0.14)
    right = face.shape[1]
    above = np.array([[0, 0], [right, 0], [right, line + slant], [x, line - abs(slant)], [0, line - slant]])
    forehead, skull = np.zeros((2, *face.shape[:2]), np.uint8)
    cv2.fillPoly(forehead, [np.round(above).astype(np.int32)], 255)
    _oval(skull, head, (0, -0.1), (1.12, 1.08), 255)
    face[(forehead & skull) > 0] = hair


def _oval(image: NDArray[np.uint8], head: Head, at: Pair, half: Pair, colour: Rgb | int) -> None:
    """A filled ellipse; its middle `at` and its half axes are counted in half axes of the head."""
    (x, y), (half_width, half_height) = head
    middle = round(16 * (x + at[0] * half_width)), round(16 * (y + at[1] * half_height))
    axes = round(16 * half[0] * half_width), round(16 * half[1] * half_height)
    cv2.ellipse(image, middle, axes, 0, 0, 360, colour, -1, cv2.LINE_AA, shift=4)


def _darker(colour: Rgb, share: float) -> Rgb:
    red, green, blue = colour
    return int(red * share), int(green * share), int(blue * share)


def _light(face: Rgb8, rng: np.random.Generator) -> Rgb8:
    """Light from one side and from above, and the grain of a photo."""
    height, width = face.shape[:2]
    side = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * rng.uniform(-0.14, 0.14)
    above = np.linspace(0.05, -0.1, height, dtype=np.float32)[:, None, None]
    grain = rng.normal(0, 2.0, (height, width, 1)).astype(np.float32)
    return np.clip(face * (1 + side + above) + grain, 0, 255).astype(np.uint8)
