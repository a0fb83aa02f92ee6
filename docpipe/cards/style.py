"""How one card is printed: everything that varies between two cards of the same layout and holder."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from docpipe.cards.layout import Layout

Rgb = tuple[int, int, int]

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DATE_FORMATS = {
    "12.08.1974": lambda day: f"{day:%d.%m.%Y}",
    "12/08/1974": lambda day: f"{day:%d/%m/%Y}",
    "12-08-1974": lambda day: f"{day:%d-%m-%Y}",
    "12 08 1974": lambda day: f"{day:%d %m %Y}",
    "1974-08-12": lambda day: f"{day:%Y-%m-%d}",
    "12 AUG 1974": lambda day: f"{day.day:02d} {MONTHS[day.month - 1]} {day.year}",
}
"""Ways to print a date, each under what it makes of 12 August 1974."""

INK_HUES = {"blue": 0.62, "green": 0.4, "brown": 0.07, "violet": 0.78}
SKEW_DEG = (-1.2, 1.2)
COLOURED_INK = 0.3               # share of the cards whose values are not printed in black


@dataclass(frozen=True, slots=True)
class Style:
    """One way to print a card. Colours are RGB, 0 to 255.

    Args:
        seed: of what is drawn without a name of its own: guilloche, portrait, signature, arms.
        value_family: font family of the values; `label_family` of labels and header.
        value_bold: all values in the bold face, whatever the layout says.
        value_scale: size of the values as a share of the layout's, 0.9 to 1.08.
        upper: values in capitals.
        language: of labels and header; `second_language` stands behind a stroke, None for one language.
        date_format: a key of `DATE_FORMATS`.
        ink: colour of values and MRZ; `label_ink` that of labels.
        hues: of the two tints that the background runs between, 0 to 1.
        header_band: the header is white on a dark band instead of dark on the background.
        gray_portrait: the portrait is engraved in gray.
        margin_mm: scanner lid left around the card.
        skew_deg: the card lies turned by so much on the glass, counterclockwise.
    """

    seed: int
    value_family: str
    label_family: str
    value_bold: bool
    value_scale: float
    upper: bool
    language: str
    second_language: str | None
    date_format: str
    ink: Rgb
    label_ink: Rgb
    hues: tuple[float, float]
    header_band: bool
    gray_portrait: bool
    margin_mm: float
    skew_deg: float

    def print_date(self, day: date) -> str:
        """The date as this card prints it."""
        return DATE_FORMATS[self.date_format](day)


def draw_style(
    rng: np.random.Generator, layout: Layout, families: Sequence[str], languages: Sequence[str] | None = None
) -> Style:
    """Draw a style for a card of `layout`, its fonts from `families`; its labels in one or two of `languages`.

    Without `languages` all that the layout speaks are meant.
    """
    spoken = languages or layout.languages
    language = str(rng.choice(spoken))
    two_languages = layout.bilingual and language != "en" and "en" in spoken
    hue = float(rng.random())
    return Style(
        seed=int(rng.integers(2**32)),
        value_family=str(rng.choice(families)),
        label_family=str(rng.choice(families)),
        value_bold=bool(rng.random() < 0.25),
        value_scale=float(rng.uniform(0.9, 1.08)),
        upper=bool(rng.random() < 0.75),
        language=language,
        second_language="en" if rng.random() < 0.5 and two_languages else None,
        date_format=str(rng.choice(list(DATE_FORMATS))),
        ink=_draw_ink(rng),
        label_ink=rgb(hue, saturation=0.6, value=0.42),
        hues=(hue, (hue + float(rng.uniform(-0.2, 0.2))) % 1),
        header_band=bool(rng.random() < 0.45),
        gray_portrait=bool(rng.random() < 0.6),
        margin_mm=float(rng.uniform(1.5, 6.0)),
        skew_deg=float(np.clip(rng.normal(0, 0.5), *SKEW_DEG)),
    )


def _draw_ink(rng: np.random.Generator) -> Rgb:
    """Black, a little bluish, or a colour dark enough to be taken for black in gray."""
    if rng.random() < COLOURED_INK:
        hue = INK_HUES[str(rng.choice(list(INK_HUES)))]
        return rgb(hue, saturation=float(rng.uniform(0.5, 0.8)), value=float(rng.uniform(0.16, 0.36)))
    darkness = int(rng.integers(10, 60))
    return darkness, darkness, darkness + int(rng.integers(0, 16))


def rgb(hue: float, *, saturation: float, value: float) -> Rgb:
    """A colour given by hue, saturation and value, each from 0 to 1."""
    red, green, blue = (round(255 * share) for share in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue
