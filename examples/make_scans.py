"""Draw the example scans: a dozen dirty scans of invented ID cards, in the formats that scanners write.

Persons, numbers and the state are invented ("Utopia" is the specimen state of ICAO Doc 9303). Same script,
same pixels: every page draws its dirt from a generator seeded with the name of its file.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.float32]
"""(H, W, 3) RGB reflectance, 0 = black, 1 = white."""

CARD_MM = (85.60, 53.98)  # ID-1, ISO/IEC 7810
CORNER_MM = 3.18
DRAWN_DPI = 600           # cards are drawn finer than they are scanned, as print is
PX = DRAWN_DPI / 25.4     # pixels per millimetre of the drawn card

SANS, BOLD, MONO = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"
Colour = tuple[int, int, int]
INK, LABEL_INK, RED_INK = (28, 28, 36), (84, 92, 118), (158, 36, 40)


# ---- what is printed -------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Person:
    """An invented holder, and the dates and numbers of the invented card."""

    surname: str
    given_names: str
    sex: str
    born: date
    birthplace: str
    number: str
    issued: date
    expires: date
    address: str


MIRA = Person(
    "QUILLFEATHER", "MIRA OTTILIE", "F", date(1984, 3, 17), "AMAUROT",
    "UK4718203", date(2019, 6, 4), date(2029, 6, 3), "12 LANTERN ROW, 40213 AMAUROT")
TARVO = Person(
    "BRAMBLEWICK", "TARVO JENS", "M", date(1971, 11, 29), "NETHERQUAY",
    "UT9053617", date(2021, 2, 15), date(2031, 2, 14), "7 HERON STAIRS, 51870 NETHERQUAY")
SOLVEY = Person(
    "ØRRENDAL", "SÓLVEY ANNIKE", "F", date(1996, 8, 5), "HYTHLODAY",
    "UX2286940", date(2017, 9, 21), date(2027, 9, 20), "88 TANNERS' WHARF, 30655 HYTHLODAY")
PELLAM = Person(
    "VAN DER SPIEGELMOOR", "PELLAM", "M", date(1959, 1, 12), "ANYDER FERRY",
    "UA6640158", date(2015, 12, 1), date(2025, 11, 30), "3 MILLRACE LANE, 62904 ANYDER FERRY")


@cache
def font(name: str, size_mm: float) -> ImageFont.FreeTypeFont:
    """Load a DejaVu font from wherever the system keeps its fonts; `size_mm` is the height of its em."""
    try:
        return ImageFont.truetype(name, round(size_mm * PX), layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        raise click.ClickException(f"no font {name} found; try: apt install fonts-dejavu-core") from None


def put(card: Image.Image, x_mm: float, y_mm: float, words: str, size_mm: float, name: str = SANS,
        ink: Colour = INK) -> None:
    """Print one line of words, its left end and baseline at the given place."""
    ImageDraw.Draw(card).text((x_mm * PX, y_mm * PX), words, ink, font(name, size_mm), anchor="ls")


def put_field(card: Image.Image, x_mm: float, y_mm: float, label: str, value: str) -> None:
    """Print a small label with its value below."""
    put(card, x_mm, y_mm, label, 1.75, ink=LABEL_INK)
    put(card, x_mm, y_mm + 3.4, value, 2.95, BOLD)


def day(when: date) -> str:
    """Print a date as the cards do."""
    return f"{when:%d.%m.%Y}"


def guilloche_card(paper: Colour, lines: Colour, bar: Colour, bar_mm: tuple[float, ...]) -> Image.Image:
    """Print the background: interlaced waves, a rosette, and a plain bar (left, top, right, bottom)."""
    width, height = (round(side * PX) for side in CARD_MM)
    canvas = np.full((height, width, 3), paper, np.uint8)
    along = np.linspace(0, 1, 700)
    curves = []
    for band, phase in np.ndindex(6, 7):
        swing = np.sin(2 * np.pi * (4 * along + phase / 7)) * np.cos(2 * np.pi * (1.5 * along + band / 6))
        curves.append((along * width, (band + 0.5 + 0.75 * swing) * height / 6))
    turn = 2 * np.pi * along
    for phase in range(14):
        radius = height * (0.26 + 0.12 * np.cos(9 * turn + 2 * np.pi * phase / 14))
        curves.append((width * 0.66 + radius * np.cos(turn), height * 0.53 + radius * np.sin(turn)))
    for across, down in curves:
        points = np.stack([across, down], axis=1) * 16        # 4 fractional bits, see `shift`
        cv2.polylines(canvas, [points.astype(np.int32)], False, lines, 2, cv2.LINE_AA, shift=4)
    card = Image.fromarray(canvas)
    ImageDraw.Draw(card).rectangle([edge * PX for edge in bar_mm], bar)
    return card


def put_portrait(card: Image.Image, x_mm: float, y_mm: float, width_mm: float, hair: int, skin: int) -> None:
    """Paste a silhouette where the photograph goes; `hair` and `skin` are gray values."""
    shot = np.tile(np.linspace(205, 170, 200, dtype=np.float32), (256, 1))
    for centre, axes, from_deg, gray in [
        ((100, 104), (54, 70), 0, hair), ((100, 276), (92, 84), 0, hair // 2 + 20),     # hair, shoulders
        ((100, 196), (24, 36), 0, skin - 25), ((100, 116), (44, 58), 0, skin),          # neck, face
        ((100, 72), (48, 30), 180, hair),                                               # fringe
    ]:
        cv2.ellipse(shot, centre, axes, 0, from_deg, 360, gray, -1)
    photograph = Image.fromarray(cv2.GaussianBlur(shot, (0, 0), 2.6).astype(np.uint8))
    size = (round(width_mm * PX), round(1.28 * width_mm * PX))
    card.paste(photograph.resize(size), (round(x_mm * PX), round(y_mm * PX)))


def put_signature(card: Image.Image, x_mm: float, y_mm: float, person: Person) -> None:
    """Scribble a signature: swinging motions that drift to the right."""
    rng = np.random.default_rng(list(person.number.encode()))
    along = np.linspace(0, 1, 300)
    across, down = x_mm + 19 * along, np.full_like(along, y_mm)
    for _ in range(4):
        swing = 2 * np.pi * rng.uniform(1, 9) * along + rng.uniform(0, 6)
        across += 0.5 * np.cos(swing)
        down += rng.uniform(0.5, 1.2) * (1.1 - 0.7 * along) * np.sin(swing)
    points = [tuple(point) for point in (np.stack([across, down], axis=1) * PX).tolist()]
    ImageDraw.Draw(card).line(points, (36, 44, 96), round(0.28 * PX), "curve")


# ---- the layouts -----------------------------------------------------------------------------------------

def identity_card(person: Person) -> Image.Image:
    """Front of the identity card: portrait on the left, fields in two columns."""
    card = guilloche_card((240, 246, 244), (203, 223, 222), (196, 216, 226), (0, 0, CARD_MM[0], 8.6))
    put(card, 4.2, 6.1, "UTOPIA", 4.6, BOLD, (30, 58, 98))
    put(card, 27.5, 5.9, "IDENTITY CARD", 3.3, BOLD, (30, 58, 98))
    put(card, 63.0, 6.0, person.number, 3.3, MONO, RED_INK)
    put_portrait(card, 4.2, 12.2, 23.0, hair=70, skin=172)
    put_signature(card, 6.0, 47.8, person)
    put(card, 4.2, 52.0, "Signature of holder", 1.55, ink=LABEL_INK)
    put_field(card, 31.5, 13.4, "Surname", person.surname)
    put_field(card, 31.5, 20.4, "Given names", person.given_names)
    put_field(card, 31.5, 27.4, "Date of birth", day(person.born))
    put_field(card, 57.0, 27.4, "Sex", person.sex)
    put_field(card, 65.5, 27.4, "Nationality", "UTO")
    put_field(card, 31.5, 34.4, "Place of birth", person.birthplace)
    put_field(card, 31.5, 41.4, "Date of issue", day(person.issued))
    put_field(card, 57.0, 41.4, "Date of expiry", day(person.expires))
    put(card, 31.5, 50.4, "Ministry of the Interior, Amaurot", 1.75, ink=LABEL_INK)
    return card


def driving_licence(person: Person) -> Image.Image:
    """Front of the driving licence: numbered fields, portrait on the right."""
    card = guilloche_card((250, 238, 238), (234, 208, 214), (168, 110, 134), (0, 0, 2.6, CARD_MM[1]))
    put(card, 6.0, 6.6, "DRIVING LICENCE", 4.2, BOLD, (116, 36, 70))
    put(card, 52.0, 6.5, "REPUBLIC OF UTOPIA", 2.6, SANS, (116, 36, 70))
    for row, (label, value) in enumerate([
        ("1.", person.surname), ("2.", person.given_names),
        ("3.", f"{day(person.born)}  {person.birthplace}"), ("4a.", day(person.issued)),
        ("4b.", day(person.expires)), ("4c.", "LICENSING OFFICE"),
        ("5.", person.number), ("8.", person.address),
    ]):
        put(card, 6.0, 13.2 + 4.6 * row, label, 2.0, ink=LABEL_INK)
        put(card, 11.4, 13.2 + 4.6 * row, value, 2.7)
    put_portrait(card, 62.2, 10.4, 19.5, hair=44, skin=150)
    put(card, 62.2, 39.8, "9.", 2.0, ink=LABEL_INK)
    put(card, 66.0, 39.8, "AM  B  BE", 2.7)
    put_signature(card, 61.0, 50.4, person)
    return card


def card_back(person: Person) -> Image.Image:
    """Back of the identity card: address and office above a machine readable zone of type TD1."""
    card = guilloche_card((244, 244, 236), (220, 222, 204), (250, 250, 247), (0, 28.8, *CARD_MM))
    put_field(card, 4.2, 5.2, "Address", person.address)
    put_field(card, 4.2, 12.6, "Height", "178 cm")
    put_field(card, 26.0, 12.6, "Colour of eyes", "GREY")
    put_field(card, 52.0, 12.6, "Date of issue", day(person.issued))
    put_field(card, 4.2, 20.0, "Authority", "REGISTRY OFFICE 4, AMAUROT")
    put(card, 65.5, 23.4, "UTOPIA", 3.4, BOLD, (98, 104, 66))
    for row, line in enumerate(mrz_lines(person)):
        for column, letter in enumerate(line):                 # one by one: 10 characters an inch
            put(card, 4.7 + 2.54 * column, 36.4 + 5.9 * row, letter, 3.5, MONO)
    return card


def check_digit(characters: str) -> str:
    """Sum up characters as ICAO Doc 9303-3, section 4.9, has it: weights 7, 3, 1; A is 10; `<` is 0."""
    values = (0 if character == "<" else int(character, 36) for character in characters)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def mrz_lines(person: Person) -> tuple[str, str, str]:
    """Write the machine readable zone of a TD1 card (ICAO Doc 9303-5): three lines of 30 characters."""
    born, expires = f"{person.born:%y%m%d}", f"{person.expires:%y%m%d}"
    first = f"I<UTO{person.number}{check_digit(person.number)}".ljust(30, "<")
    second = f"{born}{check_digit(born)}{person.sex}{expires}{check_digit(expires)}UTO".ljust(29, "<")
    second += check_digit(first[5:] + second[:7] + second[8:15] + second[18:])
    names = f"{person.surname}<<{person.given_names}".replace(" ", "<")
    return first, second, names.ljust(30, "<")[:30]


# ---- how it lies on the glass ----------------------------------------------------------------------------

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


# ---- dirt: (page, generator, pixels per mm) -> page ------------------------------------------------------

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


# ---- the dozen -------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Sheet:
    """One page of a scan: which card, how it lies, and what dirties it, in this order."""

    card: Callable[[Person], Image.Image]
    person: Person
    bed: Bed = CROPPED
    dirt: list[Dirt] = field(default_factory=list)


@dataclass(frozen=True)
class Scan:
    """One file: its name, its samples ("1", "L", "I;16" or "RGB", as Pillow calls them), dpi, and pages."""

    name: str
    mode: str
    dpi: int
    pages: list[Sheet]
    options: dict[str, Any] = field(default_factory=dict)


SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6      # orientation: a viewer has to turn the stored pixels clockwise
EPOCH = time.gmtime(0)    # a PDF without the time of day in it comes out the same twice

heavy_noise = partial(sensor_noise, sigma=0.04)

SCANS = [
    Scan("clean.png", "L", 300, [Sheet(identity_card, MIRA)]),
    Scan("coffee-stain.png", "RGB", 200,
         [Sheet(identity_card, TARVO, LOOSE, [coffee_stain, partial(uneven_light, depth=0.35)])]),
    Scan("edge-shadow-16bit.png", "I;16", 200,
         [Sheet(driving_licence, MIRA, CROPPED, [edge_shadow, sensor_noise])]),
    Scan("dark border, tray Ä.png", "L", 300,
         [Sheet(identity_card, SOLVEY, LID_OPEN, [uneven_light])]),
    Scan("branch-office/salt-and-pepper.png", "L", 300,
         [Sheet(identity_card, PELLAM, CROPPED, [uneven_light, salt_and_pepper])]),
    Scan("low-quality.jpg", "L", 300,
         [Sheet(driving_licence, TARVO, LOOSE, [uneven_light, sensor_noise])], {"quality": 9}),
    Scan("yellowed-sideways.jpg", "RGB", 300,
         [Sheet(card_back, MIRA, CROPPED, [yellowed, uneven_light])], {"quality": 80, "exif": SIDEWAYS}),
    Scan("wrong-threshold.tif", "1", 300,
         [Sheet(identity_card, PELLAM, CROPPED, [uneven_light, heavy_noise, wrong_threshold])],
         {"compression": "group4"}),
    Scan("three-cards.tif", "L", 200,
         [Sheet(identity_card, MIRA, CROPPED, [faded_ink, uneven_light]),
          Sheet(card_back, MIRA, CROPPED, [photocopied]),
          Sheet(driving_licence, SOLVEY, PAPER_COPY, [folded])],
         {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}}),     # predictor: differences along rows
    Scan("folded-noisy.webp", "RGB", 300,                 # without dpi: WebP has no place for it
         [Sheet(driving_licence, PELLAM, PAPER_COPY, [folded, heavy_noise])], {"quality": 85}),
    Scan("blurred.bmp", "L", 150,
         [Sheet(identity_card, SOLVEY, CROPPED, [defocused, uneven_light, sensor_noise])]),
    Scan("photocopy.pdf", "L", 200,
         [Sheet(driving_licence, TARVO, A6_COPY, [photocopied])],
         {"creationDate": EPOCH, "modDate": EPOCH}),
]


def draw_page(scan: Scan, index: int) -> Image.Image:
    """Draw one page of a scan, in the samples of its file."""
    sheet = scan.pages[index]
    rng = np.random.default_rng([index, *scan.name.encode()])
    page = lay(sheet.card(sheet.person), sheet.bed, scan.dpi)
    for soil in sheet.dirt:
        page = soil(page, rng, scan.dpi / 25.4)
    if "exif" in scan.options:
        page = np.rot90(page)
    if scan.mode == "I;16":                                     # 12 of 16 bits, as scanners deliver them
        gray = np.clip(luma(page)[:, :, 0], 0, 1)
        return Image.fromarray(np.round(gray * 4095).astype(np.uint16) * 16)
    eight_bit = np.round(np.clip(page, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(eight_bit).convert(scan.mode)


def write_scan(scan: Scan, folder: Path) -> None:
    """Draw all pages of a scan and write its file."""
    path = folder / scan.name
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = [draw_page(scan, index) for index in range(len(scan.pages))]
    options = {"dpi": (scan.dpi, scan.dpi), **scan.options}
    if others:
        options |= {"save_all": True, "append_images": others}
    first.save(path, **options)


@click.command()
@click.option("-o", "--out", type=click.Path(file_okay=False, path_type=Path), show_default=True,
              default=Path(__file__).parent / "scans", help="Folder to write to.")
def main(out: Path) -> None:
    """Draw the example scans.

    python examples/make_scans.py -o /tmp/scans
    """
    for scan in SCANS:
        write_scan(scan, out)
    click.echo(f"{len(SCANS)} scans written to {out}", err=True)


if __name__ == "__main__":
    main()
