"""Pairs on the fly: crops of clean cards, and the same crops with noise drawn on them."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from docpipe.errors import InputError
from docpipe.noise.base import px_per_mm
from docpipe.noise.moved import moved_page
from docpipe.noise.recipe import Recipe
from docpipe.page import Gray, Page
from docpipe.restore.print_size import glyph_height
from docpipe.restore.scale import resample

VALIDATION_SHARE = 0.1
FINEST = 2.0
_USUAL_GLYPH_MM = 2.0
_MISJUDGED = (0.85, 1.2)    # heights of glyphs are measured on noisy pages
TRUTH, PAIRS = "truth.jsonl", "pairs.jsonl"
_DRAW_THEM = "docpipe synth --cards 500 -o FOLDER"
_PLAIN_MODES = ("L", "RGB")

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class CleanCard:
    """A clean page, and where its print lies.

    Args:
        page: gray.
        boxes: (left, top, right, bottom) of the fields, in pixels.
        texts: what is printed in each box; lines are parted by a line feed.
    """

    page: Page
    boxes: tuple[Box, ...] = ()
    texts: tuple[str, ...] = field(default=(), repr=False)


def require_cards(place: Path) -> None:
    """Look whether a folder or a pack may hold cards to learn from, without reading them.

    Raises:
        InputError: there is no `truth.jsonl`, the file is no pack, or the cards were drawn for testing.
    """
    root = _root_of(place)
    if root is None or not (root / TRUTH).is_file():
        raise InputError(f"{place} holds no cards", _DRAW_THEM)
    try:
        drawn = _records(root / PAIRS) if (root / PAIRS).exists() else []
        for_testing = any(one.get("split") == "test" for one in drawn)
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"{place} holds no cards ({error})", _DRAW_THEM) from error
    if for_testing:
        raise InputError(f"{place} holds cards that were drawn for testing", f"draw others: {_DRAW_THEM}")


def _root_of(place: Path) -> Path | zipfile.Path | None:
    """Of a folder or a pack; None for a file that is no pack."""
    if not place.is_file():
        return place
    return zipfile.Path(place) if zipfile.is_zipfile(place) else None


class CleanCards:
    """The clean pages of a folder or a pack that `docpipe synth` wrote, in memory, gray.

    Cards of the split test, whose identities, fonts and layouts nothing may learn from, are refused.

    Args:
        place: a folder with `truth.jsonl` and `clean/`, or a zip file of the same.

    Raises:
        InputError: it is neither, or was drawn for testing.
    """

    def __init__(self, place: Path) -> None:
        require_cards(place)
        root = _root_of(place) or place
        try:
            self.cards = [_card(root, line) for line in _records(root / TRUTH)]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise InputError(f"{place} holds no cards ({error})", _DRAW_THEM) from error
        if len(self.cards) < 2:
            raise InputError(f"{place} holds {len(self.cards)} cards; training needs at least 2")

    def split(self) -> tuple[list[CleanCard], list[CleanCard]]:
        """Cards to learn from, and cards to check on."""
        checked = max(1, round(VALIDATION_SHARE * len(self.cards)))
        return self.cards[:-checked], self.cards[-checked:]


def _records(file: Path | zipfile.Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _card(root: Path | zipfile.Path, truth: dict[str, Any]) -> CleanCard:
    fields = truth.get("fields", {}).values()
    page = _read((root / "clean" / truth["file"]).read_bytes(), truth["file"])
    if "dpi" in truth:  # a pack says it here, as WebP cannot
        page = Page(page.pixels, (float(truth["dpi"]),) * 2)
    return CleanCard(page, tuple(tuple(box["box"]) for box in fields), tuple(box.get("printed", "") for box in fields))


def _read(data: bytes, name: str) -> Page:
    """With Pillow alone, as our own PNG and WebP need no more: a server that only trains has no PDF packages."""
    with Image.open(BytesIO(data)) as picture:
        if picture.mode not in _PLAIN_MODES:
            raise ValueError(f"{name} is of mode {picture.mode}")
        dpi = picture.info.get("dpi")
        return Page(np.asarray(picture.convert("L")), (float(dpi[0]), float(dpi[1])) if dpi else None)


class CropPairs(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of (noisy, clean) crops; number i is the same pair in every process and at every time.

    Args:
        cards: clean ones.
        recipe: what is drawn on them.
        seed: with the number of a pair it decides all that is drawn.
        crop_px: side of the crops.
        count: how many pairs there are.
        first: number of the first one: where a resumed run goes on.
        scale: (smallest, largest) factor by which a crop is resized, above 0; without `glyph_px`.
        glyph_px: (smallest, largest) height of glyphs that the network shall know. A crop is drawn at any size up to
            `FINEST` times that, where its noise falls on it, and is then brought to it, as a page is that is cleaned.
        on_print: share of crops whose middle lies on a printed field, 0 to 1. Most of a card is bare paper.
        noisy_targets: the second of a pair is the same crop under another draw of noise, not the clean one; noise that
            moves ink is left out of both.
    """

    def __init__(
        self, cards: list[CleanCard], recipe: Recipe, seed: int, crop_px: int, count: int, first: int = 0, *,
        scale: Sequence[float] = (0.7, 1.3), glyph_px: Sequence[float] = (), on_print: float = 0.0,
        noisy_targets: bool = False,
    ) -> None:  # fmt: skip
        # Two draws would move the ink to two places.
        self._cards, self._recipe, self._seed = cards, recipe.without_warps if noisy_targets else recipe, seed
        self._glyph_px, self._heights = glyph_px, [_glyph_height(card) for card in cards] if glyph_px else []
        self._crop_px, self._count, self._first = crop_px, count, first
        self._scale, self._on_print, self._noisy_targets = scale, on_print, noisy_targets

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """(noisy, clean), each (1, crop_px, crop_px) float32 in [0, 1]; where the noise moves ink, it does in both."""
        rng = np.random.default_rng([self._seed, self._first + index])
        number = int(rng.integers(len(self._cards)))
        on_print = rng.random() < self._on_print
        drawn, finer = self._sizes(number, rng)
        clean = _crop(self._cards[number], round(self._crop_px * finer), rng, scale=drawn, on_print=on_print)
        noisy, _, applied = self._recipe.apply(clean, rng)
        target = self._recipe.apply(clean, rng).page if self._noisy_targets else moved_page(clean, applied)
        size = (self._crop_px, self._crop_px)
        return to_tensor(resample(noisy.pixels, size)), to_tensor(resample(target.pixels, size))

    def _sizes(self, number: int, rng: np.random.Generator) -> tuple[float, float]:
        """The factor by which a card is resized before noise falls on it, and the one by which it is shrunk after."""
        if not self._glyph_px:
            return rng.uniform(self._scale[0], self._scale[1]), 1.0
        wanted = rng.uniform(self._glyph_px[0], self._glyph_px[1]) * rng.uniform(*_MISJUDGED) / self._heights[number]
        finer = max(1.0, min(rng.uniform(0.7, FINEST), 1 / wanted))
        return wanted * finer, finer


def _glyph_height(card: CleanCard) -> float:
    height = glyph_height(card.page.pixels, card.page.dpi)
    return height or _USUAL_GLYPH_MM * px_per_mm(card.page)


def _crop(card: CleanCard, side: int, rng: np.random.Generator, *, scale: float, on_print: bool) -> Page:
    """A crop, resized; small cards are continued with paper."""
    page = card.page
    reach = round(side / scale)
    height, width = page.pixels.shape
    x_px, y_px = int(rng.integers(width)), int(rng.integers(height))
    if on_print and card.boxes:
        x0, y0, x1, y1 = card.boxes[int(rng.integers(len(card.boxes)))]
        x_px, y_px = int(rng.integers(x0, x1 + 1)), int(rng.integers(y0, y1 + 1))
    top = min(max(y_px - reach // 2, 0), max(height - reach, 0))
    left = min(max(x_px - reach // 2, 0), max(width - reach, 0))
    cut = page.pixels[top : top + reach, left : left + reach]
    missing = [(0, reach - length) for length in cut.shape]
    if any(after for _, after in missing):
        cut = np.pad(cut, missing, mode="edge")
    by = cv2.INTER_AREA if reach > side else cv2.INTER_CUBIC
    pixels: Gray = cv2.resize(cut, (side, side), interpolation=by).astype(np.uint8, copy=False)
    dpi = page.dpi[0] * side / reach if page.dpi else None
    return Page(pixels, (dpi, dpi) if dpi else None)


def to_tensor(gray: NDArray[np.uint8]) -> Tensor:
    """(H, W) uint8 to (1, H, W) float32 in [0, 1]."""
    return torch.from_numpy(gray.astype(np.float32) / np.float32(255))[None]
