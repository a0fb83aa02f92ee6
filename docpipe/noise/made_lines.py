"""Lines made by rule: scratches, streaks, hairs, folds, each as a cover on a square patch.

A cover is 0 to 1; those of folds and creases are -1 (all light lost) to 1.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.noise.fields import Field, distances, rough_field, smooth_field, wandering_line
from docpipe.noise.made_spots import SIDE_PX

_SHAPE = (SIDE_PX, SIDE_PX)


def scratch(rng: np.random.Generator) -> Field:
    """Scratch a card: a few thin lines, nearly parallel, which the light catches."""
    cover = np.zeros(_SHAPE, np.uint8)
    line = _through_the_middle(0.9, 0.4, rng)
    for _ in range(int(rng.integers(1, 6))):
        part = line[int(rng.integers(0, 20)):int(rng.integers(22, 41))] + rng.normal(0, 6, 2)
        _draw(cover, part, int(rng.integers(120, 256)), int(rng.integers(1, 3)))
    return cover.astype(np.float32) / 255 * (0.4 + 0.6 * smooth_field(_SHAPE, 10, rng))


def scuff(rng: np.random.Generator) -> Field:
    """Rub a surface: a bundle of short strokes, all one way, pale and dense."""
    cover = np.zeros(_SHAPE, np.float32)
    heading = rng.uniform(0, np.pi) + rng.normal(0, 0.06, int(rng.integers(20, 90)))
    for angle in heading:
        stroke = np.zeros(_SHAPE, np.uint8)
        at, half = rng.normal(SIDE_PX / 2, SIDE_PX / 7, 2), rng.uniform(0.05, 0.2) * SIDE_PX
        ends = at + np.outer([-half, half], [np.cos(angle), np.sin(angle)])
        _draw(stroke, ends, int(rng.integers(40, 200)), int(rng.integers(1, 3)))
        cover = np.maximum(cover, stroke.astype(np.float32) / 255)
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.7), np.float32)


def streak(rng: np.random.Generator) -> Field:
    """Dirt on a drum: upright lines of unequal darkness that come and go, the first one the darkest."""
    cover = np.zeros(_SHAPE, np.float32)
    x = np.arange(SIDE_PX, dtype=np.float32)[None, :]
    for number in range(int(rng.integers(1, 6))):
        at = SIDE_PX / 2 + (0 if number == 0 else rng.normal(0, SIDE_PX / 8))
        half = 0.6 * np.exp(rng.normal(0.3, 0.6))
        across = np.clip(half + 0.5 - np.abs(x - np.float32(at)), 0, 1)
        along = np.clip(1.8 * rough_field((SIDE_PX, 1), SIDE_PX / 3, rng), 0.05, 1)
        cover = np.maximum(cover, across * along * np.float32(1 if number == 0 else rng.uniform(0.15, 0.8)))
    return np.asarray(cover * rng.uniform(0.4, 1), np.float32)


def hair(rng: np.random.Generator) -> Field:
    """Lose a hair on the glass: one long thin curve, or a tuft of short fibres; parts lie out of focus."""
    cover = np.zeros(_SHAPE, np.uint8)
    if rng.random() < 0.6:
        _draw(cover, _through_the_middle(rng.uniform(0.8, 1.6), rng.uniform(0.5, 4), rng), 255, 1)
    else:
        for _ in range(int(rng.integers(2, 9))):
            fibre = _through_the_middle(rng.uniform(0.1, 0.5), 3.0, rng)
            _draw(cover, fibre + rng.normal(0, SIDE_PX / 8, 2), int(rng.integers(120, 256)), 1)
    sharp = cover.astype(np.float32) / 255
    out_of_focus = np.clip(2 * smooth_field(_SHAPE, 50, rng) - 0.5, 0, 1)
    return np.asarray((1 - out_of_focus) * sharp + out_of_focus * cv2.GaussianBlur(sharp, (0, 0), 1.3), np.float32)


def fold(rng: np.random.Generator) -> Field:
    """Fold paper once: light falls off on one side of the line, and the other side catches it."""
    rough = rough_field(_SHAPE, 12, rng) - np.float32(0.5)
    across, _ = distances(_SHAPE, SIDE_PX / 2, SIDE_PX / 2, rng.normal(0, 0.05))
    return _relief(across + np.float32(rng.uniform(1, 4)) * rough, rng.uniform(3, 22), rng.uniform(0.25, 0.8), rng)


def crease(rng: np.random.Generator) -> Field:
    """Crumple paper: short ridges that meet, each lit on one side."""
    relief = np.zeros(_SHAPE, np.float32)
    middle = SIDE_PX / 2 + rng.normal(0, SIDE_PX / 12, 2)
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(3, 7)), endpoint=False) + rng.uniform(0, 2):
        turned = angle + rng.normal(0, 0.35)
        across, along = distances(_SHAPE, middle[0], middle[1], turned)
        across += np.float32(6) * (rough_field(_SHAPE, 30, rng) - np.float32(0.5))
        reach = rng.uniform(0.2, 0.42) * SIDE_PX
        there = np.clip(along / 6, 0, 1) * np.clip((reach - along) / 15, 0, 1)
        relief += there * _relief(across, rng.uniform(2, 9), rng.uniform(0.2, 0.6), rng)
    return np.asarray(relief.clip(-1, 1), np.float32)


def edge_wear(rng: np.random.Generator) -> Field:
    """Rub an edge: fibres laid bare along a line, ragged on both of its sides."""
    across, along = distances(_SHAPE, SIDE_PX / 2, SIDE_PX / 2, rng.normal(0, 0.06))
    width = rng.uniform(3, 16) * (0.3 + 1.2 * rough_field((1, SIDE_PX), 25, rng))
    ragged = np.abs(across) - width - 9 * (smooth_field(_SHAPE, 3, rng) - 0.5)
    worn = np.clip(-ragged / 3, 0, 1) * np.clip(2.2 * rough_field(_SHAPE, 20, rng) - 0.3, 0, 1)
    return np.asarray(worn * np.clip((0.95 - np.abs(along) / SIDE_PX * 2) * 5, 0, 1), np.float32)


def _relief(across: Field, reach_px: float, strength: float, rng: np.random.Generator) -> Field:
    """Shade on one side of a line and half as much light on the other, uneven along it."""
    side = np.clip(across / np.float32(2), -1, 1) * np.exp(np.abs(across) / np.float32(-reach_px))
    uneven = 0.6 + 0.4 * rough_field(_SHAPE, 40, rng)
    return np.asarray(strength * uneven * np.where(side > 0, 0.5 * side, side), np.float32)


def _through_the_middle(length: float, bend_rad: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A wandering line whose centre of gravity is that of the patch; its length is in sides of the patch."""
    line = wandering_line(np.zeros(2), length * SIDE_PX, bend_rad, rng)
    centred: NDArray[np.float64] = line + SIDE_PX / 2 - line.mean(axis=0)
    return centred


def _draw(cover: NDArray[np.uint8], points: NDArray[np.float64], value: int, thickness_px: int) -> None:
    cv2.polylines(cover, [np.rint(16 * points).astype(np.int32)], False, value, thickness_px, cv2.LINE_AA, 4)
