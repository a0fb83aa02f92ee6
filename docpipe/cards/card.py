"""What drawing gives back: the pixels of a scan, and the truth of every field on it."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.cards.background import Rgb8
from docpipe.cards.identity import Identity
from docpipe.cards.style import Style
from docpipe.page import Page

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Affine = NDArray[np.float64]             # (2, 3), pixels to pixels


@dataclass(frozen=True, slots=True)
class FieldTruth:
    """What one field says.

    Args:
        name: a field of `Identity`, "document_code", or "mrz_1" to "mrz_3", from the top.
        value: the value itself: dates as ISO 8601, names in their own case.
        printed: the characters on the card; lines are parted by a line feed.
        quad: corners of the ink in pixels (x, y), clockwise from the upper left one of the upright card.
    """

    name: str
    value: str
    printed: str
    quad: Quad

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The upright box around the ink: left, top, right, bottom in pixels, the last two not included."""
        corners = np.array(self.quad)
        left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
        right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Scan:
    """Pixels with their truth.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        dpi: pixels per inch.
        truth: every printed field, in reading order; MRZ last.
    """

    pixels: Rgb8
    dpi: int
    truth: tuple[FieldTruth, ...]

    def page(self, source: str = "") -> Page:
        """The scan as a page: gray (ITU-R BT.601) to read and restore, with the colours beside it."""
        gray = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        return Page(gray, dpi=(self.dpi, self.dpi), source=source, samples=self.pixels)

    def truth_record(self) -> dict[str, dict[str, Any]]:
        """The truth as one JSON object: field -> value, printed, box, quad."""
        return {
            field.name: {"value": field.value, "printed": field.printed, "box": field.box, "quad": field.quad}
            for field in self.truth
        }


@dataclass(frozen=True, slots=True)
class Card(Scan):
    """A clean scan of one synthetic card, the scanner's lid around the card included.

    Args:
        identity: who is on it.
        layout: the layout's name.
        style: how it is printed.
        fonts: family -> SHA-256 of the font files that were used.
    """

    identity: Identity
    layout: str
    style: Style
    fonts: dict[str, tuple[str, ...]]

    def provenance(self) -> dict[str, Any]:
        """What must be known to draw the same card again, as one JSON object."""
        return {
            "layout": self.layout,
            "dpi": self.dpi,
            "style": asdict(self.style),
            "locale": self.identity.locale,
            "fonts": self.fonts,
            "faker": version("Faker"),
            "pillow": version("Pillow"),
        }


def moved(quad: Quad, move: Affine) -> Quad:
    """The corners where an affine map of pixels takes them."""
    corners = np.array(quad) @ move[:, :2].T + move[:, 2]
    first, second, third, fourth = ((float(x), float(y)) for x, y in corners)
    return first, second, third, fourth
