"""Invented ID cards, drawn as they are printed: persons, layouts, machine-readable zone.

Persons, numbers and the state are invented ("Utopia" is the specimen state of ICAO Doc 9303).
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import click
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

CARD_MM = (85.60, 53.98)  # ID-1, ISO/IEC 7810
CORNER_MM = 3.18
DRAWN_DPI = 600           # cards are drawn finer than they are scanned, as print is
PX = DRAWN_DPI / 25.4     # pixels per millimetre of the drawn card

SANS, BOLD, MONO = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"
Colour = tuple[int, int, int]
INK, LABEL_INK, RED_INK = (28, 28, 36), (84, 92, 118), (158, 36, 40)


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
