"""Spots made by rule: what was spilt, rubbed in or pressed on paper, each as a cover of 0 to 1 on a square patch."""

import cv2
import numpy as np

from docpipe.noise.fields import Field, rough_field, smooth_field
from docpipe.noise.stains import stain

SIDE_PX = 160   # of a patch: dirt is soft, and is scaled to the page
_SHAPE = (SIDE_PX, SIDE_PX)


def dried_stain(rng: np.random.Generator) -> Field:
    """Let a drop dry: coffee, tea, grease."""
    drop = stain(SIDE_PX / 2.8, rng.uniform(0, 1), rng)
    return np.asarray(cv2.resize(drop, _SHAPE), np.float32)


def smudge(rng: np.random.Generator) -> Field:
    """Wipe a finger over wet ink: soft, drawn out one way, with a grain of skin."""
    wiped = cv2.blur(smooth_field(_SHAPE, 5, rng), (1, int(rng.integers(9, 61))))
    return np.asarray(_blob(rng) * (0.3 + 1.4 * wiped).clip(0, 1), np.float32)


def dirt(rng: np.random.Generator) -> Field:
    """Rub in dirt: grains of every gray on a pale ground, dense in the middle and single at the rim."""
    blob = _blob(rng)
    grain = 0.65 * smooth_field(_SHAPE, 2.5, rng) + 0.35 * smooth_field(_SHAPE, 9, rng)
    level = np.float32(rng.uniform(0.7, 0.9)) - np.float32(0.55) * blob
    grains = np.clip((grain - level) * 3, 0, 1) * rough_field(_SHAPE, 30, rng)
    return np.asarray(np.maximum(np.float32(1.3) * grains, np.float32(0.25) * blob).clip(0, 1), np.float32)


def ring(rng: np.random.Generator) -> Field:
    """Put down a wet cup: one or two thin circles, darker where it stood longer, with gaps."""
    cover = np.zeros(_SHAPE, np.float32)
    for _ in range(int(rng.integers(1, 3))):
        radius, angle = polar(rng.uniform(-0.06, 0.06, 2))
        radius += np.float32(0.05) * (rough_field(_SHAPE, 50, rng) - np.float32(0.5))
        off_px = np.abs(radius - np.float32(rng.uniform(0.6, 0.74)))
        leaning = 0.55 + 0.45 * np.cos(angle - rng.uniform(0, 6.3))
        gaps = np.clip(2.2 * rough_field(_SHAPE, 45, rng) - 0.4, 0, 1)
        cover = np.maximum(cover, np.exp(-((off_px / rng.uniform(0.015, 0.05)) ** 2)) * leaning * gaps)
    return np.asarray(rng.uniform(0.6, 1) * cover / cover.max(), np.float32)


def splash(rng: np.random.Generator) -> Field:
    """Let a drop burst: a ragged middle, and spray that flies out and gets smaller."""
    cover = np.zeros(_SHAPE, np.uint8)
    middle, head = SIDE_PX / 2, rng.uniform(0.12, 0.26) * SIDE_PX
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(9, 22))) + rng.uniform(0, 0.3):
        reach = head * rng.uniform(0.5, 1.5)
        tip = middle + reach * np.array([np.cos(angle), np.sin(angle)])
        _line(cover, np.array([[middle, middle], tip]), thickness_px=int(rng.integers(3, max(4, round(head / 2)))))
    for _ in range(int(rng.integers(10, 60))):
        angle, reach = rng.uniform(0, 2 * np.pi), head + rng.exponential(0.16 * SIDE_PX)
        at = middle + reach * np.array([np.cos(angle), np.sin(angle)])
        size = max(0.6, rng.exponential(3.0) * head / (reach + 1))
        axes = round(16 * size * rng.uniform(1, 2.2)), round(16 * size)
        cv2.ellipse(cover, _fixed(at), axes, np.rad2deg(angle), 0, 360, 255, -1, cv2.LINE_AA, 4)
    cv2.circle(cover, _fixed(np.full(2, middle)), round(16 * 0.8 * head), 255, -1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.6, 1.6)).astype(np.float32) / 255
    return np.asarray(soft * (0.5 + 0.5 * rough_field(_SHAPE, 30, rng)), np.float32)


def drip(rng: np.random.Generator) -> Field:
    """Let a drop run: a narrow path that fades upwards and a heavy, rimmed head."""
    y, x = np.meshgrid(np.linspace(-1, 1, SIDE_PX), np.linspace(-1, 1, SIDE_PX), indexing="ij")
    path = 0.12 * np.sin(2.5 * y + rng.uniform(0, 6)) * rng.uniform(0.2, 1)
    width = rng.uniform(0.05, 0.11) * (0.7 + 0.6 * rough_field(_SHAPE, 30, rng))
    end = rng.uniform(0.3, 0.55)
    run = np.clip((width - np.abs(x - path)) / 0.03, 0, 1) * np.clip((end - y) * 9, 0, 1)
    run *= np.clip((y + 1) / rng.uniform(0.5, 1.4), 0, 1)
    outside = np.hypot((x - path) / rng.uniform(0.13, 0.2), (y - end) / rng.uniform(0.2, 0.3)) - 1
    head = np.clip(-outside / 0.25, 0, 1) * 0.6 + 0.4 * np.exp(-((outside + 0.12) / 0.1) ** 2)
    uneven = 0.6 + 0.4 * rough_field(_SHAPE, 25, rng)
    return np.asarray(np.maximum(0.6 * run, head) * uneven, np.float32)


def tide_mark(rng: np.random.Generator) -> Field:
    """Let water dry: nothing but its edge, sharp to the outside, and a breath of dirt within."""
    radius, _ = polar()
    outside = radius - 0.78 + 0.55 * (rough_field(_SHAPE, SIDE_PX / 2.2, rng) - 0.5) + 0.05
    width = rng.uniform(0.02, 0.07)
    edge = np.exp(-np.maximum(-outside / width, 5 * outside / width))
    within = 0.12 * np.clip(-outside / 0.1, 0, 1) * rough_field(_SHAPE, 20, rng)
    return np.asarray(np.maximum(edge * (0.3 + 0.7 * rough_field(_SHAPE, 35, rng)), within) * rng.uniform(0.5, 0.9),
                      np.float32)


def foxing(rng: np.random.Generator) -> Field:
    """Let paper age: soft round spots of many sizes, each darker in its middle."""
    cover = np.zeros(_SHAPE, np.float32)
    y, x = np.indices(_SHAPE, np.float32)
    for _ in range(int(rng.integers(6, 30))):
        at = rng.normal(SIDE_PX / 2, SIDE_PX / 5, 2)
        size = min(14.0, 2 + rng.exponential(4.0))
        spot = np.exp(-(((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * size**2)))
        cover = np.maximum(cover, np.float32(rng.uniform(0.3, 0.9)) * spot)
    return np.asarray(cover * (0.7 + 0.3 * smooth_field(_SHAPE, 6, rng)), np.float32)


def fingerprint(rng: np.random.Generator) -> Field:
    """Press a greasy finger down: ridges around a core, worn away in parts.

    Source: the zero-pole model of ridge flow (Sherlock and Monro, 1993), with one loop and one delta.
    """
    y, x = np.meshgrid(np.linspace(-1, 1, SIDE_PX), np.linspace(-1, 1, SIDE_PX), indexing="ij")
    core, delta = rng.uniform(-0.15, 0.15, 2), np.array([rng.uniform(0.35, 0.6), 0.75])
    flow = 0.5 * (np.arctan2(y - core[1], x - core[0]) - np.arctan2(y - delta[1], x - delta[0]))
    ridges = rng.random(_SHAPE).astype(np.float32)
    period_px = rng.uniform(6.5, 9)
    for _ in range(6):          # noise that is filtered along the flow again and again becomes ridges
        ridges = _along_flow(ridges, flow, period_px)
    oval = np.clip(1.25 - np.hypot(x / 0.68, y / 0.86) - 0.6 * (rough_field(_SHAPE, 40, rng) - 0.4), 0, 1)
    pressed = np.clip(1.6 * rough_field(_SHAPE, 35, rng) - 0.15, 0, 1)
    return np.asarray(np.clip(oval * 3, 0, 1) * pressed * ridges * rng.uniform(0.6, 0.95), np.float32)


def rust(rng: np.random.Generator) -> Field:
    """Let a staple or a paper clip rust: the outline of the wire, bleeding into the paper."""
    wire = np.zeros(_SHAPE, np.uint8)
    half = rng.uniform(0.3, 0.38) * SIDE_PX
    if rng.random() < 0.5:                                   # a staple: a bar and the pits of its legs
        bar = SIDE_PX / 2 + np.array([[-half, rng.normal(0, 2)], [half, rng.normal(0, 2)]])
        _line(wire, bar, thickness_px=3)
        for leg in bar:
            cv2.circle(wire, _fixed(leg), round(16 * rng.uniform(3, 6)), 255, -1, cv2.LINE_AA, 4)
    else:                                                    # a paper clip: three bends of one wire
        inner = rng.uniform(0.14, 0.3) * half
        bends = [(-0.6, -1), (0.9, -1), (1, 0), (0.9, 1), (-0.9, 1), (-1, 0.1), (-0.9, -0.6), (0.5, -0.6), (0.5, 0.5),
                 (-0.5, 0.5)]
        _line(wire, SIDE_PX / 2 + np.array(bends) * (half, inner), thickness_px=2)
    solid = wire.astype(np.float32) / 255
    bled = cv2.GaussianBlur(solid, (0, 0), rng.uniform(3, 8))
    eaten = np.clip(2 * rough_field(_SHAPE, 18, rng) - 0.3, 0, 1)
    return np.asarray(np.clip(0.8 * solid * eaten + 1.3 * bled * (0.4 + rough_field(_SHAPE, 25, rng)), 0, 1)
                      * rng.uniform(0.6, 1), np.float32)


def specks(rng: np.random.Generator) -> Field:
    """Scatter dust: hard little grains, most of them tiny, around one place."""
    cover = np.zeros(_SHAPE, np.uint8)
    spread = rng.uniform(0.1, 0.24) * SIDE_PX
    for _ in range(int(rng.integers(8, 90))):
        axes = np.rint(16 * np.clip(rng.exponential(1.1, 2), 0.5, 4)).astype(int).tolist()
        cv2.ellipse(cover, _fixed(rng.normal(SIDE_PX / 2, spread, 2)), axes, rng.uniform(0, 180), 0, 360,
                    int(rng.integers(90, 256)), -1, cv2.LINE_AA, 4)
    return np.asarray(cover / np.float32(255), np.float32)


def toner(rng: np.random.Generator) -> Field:
    """Let toner escape: a haze of single particles, dense in the middle, with clots in it."""
    blob = _blob(rng) ** 1.5
    particles = (rng.random(_SHAPE) < 0.35 * blob).astype(np.float32) * rng.uniform(0.4, 1, _SHAPE).astype(np.float32)
    clots = np.clip((smooth_field(_SHAPE, 3, rng) - 0.85) * 8, 0, 1) * np.clip(3 * blob, 0, 1)
    return np.asarray(np.clip(cv2.GaussianBlur(particles, (0, 0), 0.7) * 1.6 + clots, 0, 1), np.float32)


def polar(off: np.ndarray | tuple[float, float] = (0.0, 0.0)) -> tuple[Field, Field]:
    """Distance (1 at the sides of the patch) and angle of every pixel, seen from the middle or from beside it."""
    ramp = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)
    x, y = ramp[None, :] - np.float32(off[0]), ramp[:, None] - np.float32(off[1])
    return np.asarray(np.hypot(x, y), np.float32), np.asarray(np.arctan2(y, x), np.float32)


def _along_flow(ridges: Field, flow: np.ndarray, period_px: float) -> Field:
    """Keep what swings with a period across the flow: 16 Gabor filters, each where the flow has its direction."""
    turns = 16
    nearest = np.rint(flow / np.pi * turns).astype(int) % turns
    swung = np.zeros(_SHAPE, np.float32)
    for turn in range(turns):
        kernel = cv2.getGaborKernel((21, 21), 4, np.pi * turn / turns + np.pi / 2, period_px, 1, 0)
        swung = np.where(nearest == turn, cv2.filter2D(ridges - np.float32(0.5), -1, kernel - kernel.mean()), swung)
    ridged: Field = (1 / (1 + np.exp(-swung / (0.3 * swung.std() + 1e-6)))).astype(np.float32)
    return ridged


def _blob(rng: np.random.Generator) -> Field:
    """Outline something irregular: 1 well inside, 0 outside."""
    ramp = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)
    narrow = np.float32(rng.uniform(1, 2.5))
    distance = np.sqrt((narrow * ramp[:, None]) ** 2 + ramp**2)
    dents = rough_field(_SHAPE, SIDE_PX / 3, rng)
    return np.asarray(np.clip(1.1 - distance - 0.8 * dents, 0, 1), np.float32)


def _fixed(at: np.ndarray) -> tuple[int, int]:
    """A place in sixteenths of a pixel, as OpenCV draws it with a shift of 4."""
    x, y = np.rint(16 * at).astype(int).tolist()
    return x, y


def _line(cover: np.ndarray, points: np.ndarray, thickness_px: int) -> None:
    cv2.polylines(cover, [np.rint(16 * points).astype(np.int32)], False, 255, thickness_px, cv2.LINE_AA, 4)
