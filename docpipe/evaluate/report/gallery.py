"""Before and after: pictures of cards, and what OCR read from each version. Personal data, all of it."""

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from docpipe.errors import InputError
from docpipe.evaluate.findings import CardResult, FieldReading, Findings, Outcome
from docpipe.evaluate.report.wording import readable
from docpipe.imageio import open_scan
from docpipe.page import Gray

LONGEST_SIDE_PX = 900
WEBP_QUALITY = 50                # print stays legible; 20 to 200 kB a scan, most where there is grain


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that lies in the page itself.

    Args:
        uri: data URI of a WebP.
        width: in pixels; `height` likewise.
    """

    uri: str = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ShownCard:
    """One card of the gallery.

    Args:
        file: name of the scan.
        about: id, layout and noise.
        raw: the scan as it came in; None where it was not read. `cleaned` likewise.
        readings: raw and cleaned, field by field.
    """

    file: str
    about: str
    raw: Picture | None
    cleaned: Picture | None
    readings: tuple[tuple[FieldReading, FieldReading], ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Cards of one outcome.

    Args:
        cards: that are shown.
        of: how many there are.
    """

    cards: tuple[ShownCard, ...]
    of: int


def gallery(findings: Findings, outcome: Outcome, limit: int | None = None) -> Gallery:
    """The cards of an outcome, in the order of the findings: the first ones, not picked.

    Args:
        findings: of scans that still lie where they were read, with their names.
        outcome: whose cards.
        limit: how many are shown, at least 0; None for all.

    Raises:
        InputError: a scan is missing or damaged that was not when it was read.
    """
    cards = [card for card in findings.cards if card.outcome == outcome]
    raw, cleaned = Path(findings.raw), Path(findings.cleaned)
    return Gallery(tuple(_shown(card, raw, cleaned) for card in cards[:limit]), of=len(cards))


def picture(pixels: Gray) -> Picture:
    """A page, no side longer than `LONGEST_SIDE_PX`."""
    height, width = pixels.shape
    scale = min(1.0, LONGEST_SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])[1]
    return Picture(f"data:image/webp;base64,{b64encode(encoded.tobytes()).decode()}", *size)


def _shown(card: CardResult, raw: Path, cleaned: Path) -> ShownCard:
    noise = ", ".join(map(readable, card.strata.get("noise", ())))
    return ShownCard(
        card.known_file,
        about=f"{card.id}; {card.layout}; {noise}" if noise else f"{card.id}; {card.layout}",
        raw=None if card.raw.problem else picture(_first_page(raw / card.known_file)),
        cleaned=None if card.cleaned.problem else picture(_first_page(cleaned / card.known_file)),
        readings=tuple(zip(card.raw.fields, card.cleaned.fields, strict=True)),
    )


def _first_page(scan: Path) -> Gray:
    try:
        with open_scan(scan.read_bytes()) as opened:
            return opened.read(0).pixels
    except OSError as unreadable:
        raise InputError(
            f"{scan} cannot be read: {unreadable.strerror}", "bring the scan back, or leave out --with-images"
        ) from unreadable
    except InputError as damaged:
        raise InputError(f"{scan}: {damaged.problem}", damaged.hint) from damaged
