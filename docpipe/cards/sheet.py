"""Sheets: one or two cards, such as front and back, copied onto an A4 page that may lie any way round."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.cards.card import Affine, Card, FieldTruth, Scan, moved
from docpipe.cards.identity import draw_identity
from docpipe.cards.layout import Layout
from docpipe.cards.render import LID, MM_PER_INCH, render_card
from docpipe.cards.style import SKEW_DEG, draw_style

A4_MM = (210.0, 297.0)
EDGE_MM = 6.0                    # copiers leave so much of a page blank
TURNS_DEG = (0, 90, 180, 270)
TURN_CHANCES = (0.4, 0.2, 0.2, 0.2)
PAPER_TONES = (214, 250)         # gray level of copied paper
TONER_TONES = (0, 45)            # gray level of copied black
MOST_CARDS = 2
SECOND = "card_2."


@dataclass(frozen=True, slots=True)
class Placing:
    """How cards were copied.

    Args:
        corners_mm: left and top of each scan on the upright page, its margin included.
        turn_deg: how far the whole page is turned, counterclockwise: one of `TURNS_DEG`.
        paper: gray level that white becomes.
        toner: gray level that black becomes.
    """

    corners_mm: tuple[tuple[float, float], ...]
    turn_deg: int
    paper: int
    toner: int


@dataclass(frozen=True, slots=True)
class Sheet(Scan):
    """A copied A4 page with one or two cards: gray, but in three channels as a card.

    The truth holds the fields of both cards, moved along; names of the second card's begin with "card_2.".

    Args:
        cards: as they were before they were copied.
        placing: how they were copied.
    """

    cards: tuple[Card, ...]
    placing: Placing

    def provenance(self) -> dict[str, Any]:
        """What must be known to draw the same sheet again, as one JSON object."""
        return {"placing": asdict(self.placing), "cards": [card.provenance() for card in self.cards]}


def draw_sheet(seed: int, layouts: Sequence[Layout], families: Sequence[str], dpi: int) -> Sheet:
    """Draw one holder's card, or both sides of it, and copy them.

    Args:
        seed: the split it belongs to is `identity.split_of_seed(seed)`. The holder is that of `draw_card`.
        layouts: one, or two such as "td1" and "td1_back": printed alike, each laid askew in its own way.
        families: value fonts to choose from, such as `fonts.families_of("train")`.
        dpi: resolution of the scan.

    Raises:
        ValueError: there are not one or two layouts, they share no language, they do not fit on the page, or `dpi`
            is outside 100 to 1200.
        MissingToolError: a font family, or the library that draws a barcode of a layout, is not installed.
    """
    _check_count(layouts)
    of_identity, of_style, of_placing = np.random.default_rng(seed).spawn(3)
    identity = draw_identity(of_identity)
    shared = [language for language in layouts[0].languages if language in layouts[-1].languages]
    if not shared:
        raise ValueError(f"layouts {layouts[0].name} and {layouts[-1].name} share no language")
    style = draw_style(of_style, layouts[0], families, shared)
    styles = [
        replace(
            style, skew_deg=float(of_placing.uniform(*SKEW_DEG)),
            second_language=style.second_language if layout.bilingual else None,
        )
        for layout in layouts
    ]  # fmt: skip
    cards = [render_card(identity, layout, style, dpi) for layout, style in zip(layouts, styles, strict=True)]
    return lay_on_sheet(cards, draw_placing(of_placing, cards))


def draw_placing(rng: np.random.Generator, cards: Sequence[Card]) -> Placing:
    """Draw where one or two cards lie, the first above the second, and how the page is turned and copied.

    Raises:
        ValueError: there are not one or two cards, or they do not fit on the page.
    """
    _check_count(cards)
    sizes_mm = [tuple(side * MM_PER_INCH / card.dpi for side in card.pixels.shape[1::-1]) for card in cards]
    free_mm = A4_MM[1] - 2 * EDGE_MM - sum(height for _, height in sizes_mm)
    widest_mm = max(width for width, _ in sizes_mm)
    if free_mm < 0 or widest_mm > A4_MM[0] - 2 * EDGE_MM:
        raise ValueError(f"cards of {sizes_mm} mm do not fit on a page of {A4_MM} mm above each other")
    gaps_mm = free_mm * rng.dirichlet([2.0] * (len(cards) + 1))
    corners, top_mm = [], EDGE_MM
    for (width, height), gap_mm in zip(sizes_mm, gaps_mm, strict=False):      # the last gap is below the last card
        top_mm += float(gap_mm)
        corners.append((float(rng.uniform(EDGE_MM, A4_MM[0] - EDGE_MM - width)), top_mm))
        top_mm += height
    return Placing(
        corners_mm=tuple(corners),
        turn_deg=int(rng.choice(TURNS_DEG, p=TURN_CHANCES)),
        paper=int(rng.integers(*PAPER_TONES)),
        toner=int(rng.integers(*TONER_TONES)),
    )


def lay_on_sheet(cards: Sequence[Card], placing: Placing) -> Sheet:
    """Copy one or two cards onto an A4 page, of the same holder or of two.

    Raises:
        ValueError: there are not one or two cards, their resolutions differ, the placing is for another number of
            them or has another turn, or a card lies beyond the page's edge.
    """
    _check_count(cards)
    dpi = cards[0].dpi
    if {card.dpi for card in cards} != {dpi} or len(placing.corners_mm) != len(cards):
        raise ValueError(f"{[card.dpi for card in cards]} dpi on {len(placing.corners_mm)} places; "
                         "cards need one resolution, and each its place")
    if placing.turn_deg not in TURNS_DEG:
        raise ValueError(f"turn_deg is {placing.turn_deg}; a page is turned by one of {TURNS_DEG}")
    width, height = (round(side * dpi / MM_PER_INCH) for side in A4_MM)
    light = np.ones((height, width), np.float32)                       # share of the paper's light
    to_turned = _turn(placing.turn_deg, height, width)
    truth: list[FieldTruth] = []
    for number, (card, corner_mm) in enumerate(zip(cards, placing.corners_mm, strict=True)):
        left, top = (round(side * dpi / MM_PER_INCH) for side in corner_mm)
        copied = _light(card)
        place = light[top : top + copied.shape[0], left : left + copied.shape[1]]
        if min(left, top) < 0 or place.shape != copied.shape:
            raise ValueError(f"corners_mm are {placing.corners_mm}; card {number + 1} lies beyond the page's edge")
        place *= copied
        to_page: Affine = to_turned.copy()
        to_page[:, 2] += to_turned[:, :2] @ [left, top]
        prefix = SECOND if number else ""
        truth += [replace(one, name=prefix + one.name, quad=moved(one.quad, to_page)) for one in card.truth]
    gray = np.round(placing.toner + (placing.paper - placing.toner) * light).astype(np.uint8)
    turned = np.rot90(gray, placing.turn_deg // 90)
    pixels = np.repeat(turned[:, :, None], 3, axis=2)
    return Sheet(pixels, dpi, tuple(truth), tuple(cards), placing)


def _check_count(cards: Sequence[Card] | Sequence[Layout]) -> None:
    if not 1 <= len(cards) <= MOST_CARDS:
        raise ValueError(f"there are {len(cards)} cards; a sheet takes 1 to {MOST_CARDS}")


def _light(card: Card) -> NDArray[np.float32]:
    """(H, W) share of the light that a card gives back, 0 to 1; the scanner's lid around it gives all."""
    lid = int(cv2.cvtColor(np.array([[LID]], np.uint8), cv2.COLOR_RGB2GRAY)[0, 0])
    return np.minimum(card.page().pixels.astype(np.float32) / lid, 1)


def _turn(turn_deg: int, height: int, width: int) -> Affine:
    """The map of places on an upright page of `height` x `width` pixels to places on the turned one."""
    return np.array({
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, 1, 0], [-1, 0, width]],
        180: [[-1, 0, width], [0, -1, height]],
        270: [[0, -1, height], [1, 0, 0]],
    }[turn_deg], np.float64)  # fmt: skip
