"""A model folder: `model.onnx` and the card that says what it is. A mismatch is refused by name."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docpipe.errors import ModelError
from docpipe.restore.card_file import read_matched
from docpipe.restore.tiles import check_tiling

CARD_NAME = "card.json"
NETWORK_NAME = "model.onnx"
CARD_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is needed to run a model, and what identifies it.

    Args:
        name: of the model, such as "compact".
        version: of this training of it, such as "1".
        stride: the network's input sizes must be multiples of this.
        overlap_px: distance from a tile's edge at which its effect has died away (see `tiles`).
        tile_px: side of the square that bounds how many pixels a tile holds (see `tiles`).
        glyph_range: (smallest, largest) median glyph height in pixels that it was trained on.
        licence: SPDX expression of the weights.
        sha256: of `model.onnx`, in hexadecimal.
    """

    name: str
    version: str
    stride: int
    overlap_px: int
    tile_px: int
    glyph_range: tuple[float, float]
    licence: str
    sha256: str

    @property
    def fingerprint(self) -> str:
        """Name, version and 16 digits of a hash of all that pixels depend on: the network, tiles and sizes of print."""
        decides = repr((self.sha256, self.stride, self.overlap_px, self.tile_px, self.glyph_range))
        return f"{self.name}-{self.version}-{hashlib.sha256(decides.encode()).hexdigest()[:16]}"


def load_model(folder: Path) -> tuple[ModelCard, bytes]:
    """Read a model folder and check that card and network belong together.

    Args:
        folder: holds `card.json` and `model.onnx`.

    Returns:
        The card, and the bytes of the network exactly as they were checked.

    Raises:
        ModelError: something is missing, not readable, of an unknown format, or does not match its hash.
    """
    return read_matched(
        folder / CARD_NAME, folder / NETWORK_NAME, _checked,
        missing=f"a model folder holds {CARD_NAME} and {NETWORK_NAME}", damaged="copy the model folder again, whole",
    )  # fmt: skip


def _checked(card: dict[str, Any], path: Path) -> ModelCard:
    if card.get("format") != CARD_FORMAT:
        raise ModelError(
            f"{path} has format {card.get('format')!r}; this docpipe reads format {CARD_FORMAT}",
            hint="export the model again with this version, or install the version that made it",
        )
    smallest, largest = (float(height) for height in card["glyph_range"])
    if not 0 < smallest <= largest:
        raise ValueError(f"glyph_range is {card['glyph_range']}; it must be two sizes above 0, smaller first")
    stride, overlap_px, tile_px = int(card["stride"]), int(card["overlap_px"]), int(card["tile_px"])
    check_tiling(tile_px=tile_px, stride=stride, overlap_px=overlap_px)
    return ModelCard(
        name=str(card["name"]),
        version=str(card["version"]),
        stride=stride,
        overlap_px=overlap_px,
        tile_px=tile_px,
        glyph_range=(smallest, largest),
        licence=str(card["licence"]),
        sha256=str(card["sha256"]),
    )
