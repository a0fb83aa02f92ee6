"""One card to be printed: what every printing step needs to know."""

from dataclasses import dataclass

import numpy as np

from docpipe.cards.identity import Identity
from docpipe.cards.layout import Box, Layout
from docpipe.cards.style import Style
from docpipe.cards.text import Rect

STREAMS = ("paper", "header", "portrait", "signature", "elements")


@dataclass(frozen=True, slots=True)
class Job:
    """Whose card, which one, printed how, and at which size.

    Args:
        identity: the holder.
        layout: what stands where.
        style: all that varies between two cards of the same holder.
        px_per_mm: of the scan.
    """

    identity: Identity
    layout: Layout
    style: Style
    px_per_mm: float

    def rect(self, box_mm: Box) -> Rect:
        """A box in pixels."""
        left, top, width, height = (side * self.px_per_mm for side in box_mm)
        return left, top, left + width, top + height

    def whole_rect(self, box_mm: Box) -> tuple[int, int, int, int]:
        """A box in whole pixels: left, top, right, bottom, the last two not included."""
        left, top, right, bottom = (round(side) for side in self.rect(box_mm))
        return left, top, right, bottom

    def line_px(self, width_mm: float) -> int:
        """How thick a line of that width is drawn: at least one pixel."""
        return max(1, round(width_mm * self.px_per_mm))

    def stream(self, name: str, number: int = 0) -> np.random.Generator:
        """A generator for one of `STREAMS`, the same whatever else is drawn on the card."""
        return np.random.default_rng([self.style.seed, STREAMS.index(name), number])
