"""Pairs on the fly: crops of clean cards, and the same crops with noise drawn on them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from docpipe.errors import InputError
from docpipe.imageio import open_scan
from docpipe.noise.moved import moved_page
from docpipe.noise.recipe import Recipe
from docpipe.page import Gray, Page

VALIDATION_SHARE = 0.1
_DRAW_THEM = "docpipe synth --cards 500 -o FOLDER"


Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class CleanCard:
    """A clean page, and where its print lies.

    Args:
        page: gray.
        boxes: (left, top, right, bottom) of the fields, in pixels.
    """

    page: Page
    boxes: tuple[Box, ...] = ()


def require_cards(folder: Path) -> None:
    """Look whether a folder may hold cards, without reading them.

    Raises:
        InputError: it holds no `truth.jsonl`.
    """
    if not (folder / "truth.jsonl").is_file():
        raise InputError(f"{folder} holds no cards", _DRAW_THEM)


class CleanCards:
    """The clean pages of a folder that `docpipe synth` wrote, in memory, gray.

    Args:
        folder: holds `truth.jsonl` and `clean/`.

    Raises:
        InputError: it does not.
    """

    def __init__(self, folder: Path) -> None:
        try:
            lines = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
            self.cards = [CleanCard(_read(folder / "clean" / line["file"]), _boxes(line)) for line in lines]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{folder} holds no cards ({error})", _DRAW_THEM) from error
        if len(self.cards) < 2:
            raise InputError(f"{folder} holds {len(self.cards)} cards; training needs at least 2")

    def split(self) -> tuple[list[CleanCard], list[CleanCard]]:
        """Cards to learn from, and cards to check on."""
        checked = max(1, round(VALIDATION_SHARE * len(self.cards)))
        return self.cards[:-checked], self.cards[-checked:]


def _boxes(truth: dict[str, Any]) -> tuple[Box, ...]:
    return tuple(tuple(field["box"]) for field in truth.get("fields", {}).values())


def _read(path: Path) -> Page:
    with open_scan(path.read_bytes()) as scan:
        page = scan.read(0)
    return Page(page.pixels, page.dpi)


class CropPairs(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of (noisy, clean) crops; number i is the same pair in every process and at every time.

    Args:
        cards: clean ones.
        recipe: what is drawn on them.
        seed: with the number of a pair it decides all that is drawn.
        crop_px: side of the crops.
        count: how many pairs there are.
        first: number of the first one: where a resumed run goes on.
        scale: (smallest, largest) factor by which a crop is resized, above 0.
        on_print: share of crops whose middle lies on a printed field, 0 to 1. Most of a card is bare paper.
    """

    def __init__(
        self, cards: list[CleanCard], recipe: Recipe, seed: int, crop_px: int, count: int, first: int = 0, *,
        scale: Sequence[float] = (0.7, 1.3), on_print: float = 0.0,
    ) -> None:  # fmt: skip
        self._cards, self._recipe, self._seed = cards, recipe, seed
        self._crop_px, self._count, self._first = crop_px, count, first
        self._scale, self._on_print = scale, on_print

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """(noisy, clean), each (1, crop_px, crop_px) float32 in [0, 1]; where the noise moves ink, it does in both."""
        rng = np.random.default_rng([self._seed, self._first + index])
        card = self._cards[int(rng.integers(len(self._cards)))]
        on_print, scale = rng.random() < self._on_print, rng.uniform(self._scale[0], self._scale[1])
        clean = _crop(card, self._crop_px, rng, scale=scale, on_print=on_print)
        noisy, _, applied = self._recipe.apply(clean, rng)
        return _tensor(noisy.pixels), _tensor(moved_page(clean, applied).pixels)


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


def _tensor(gray: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(gray.astype(np.float32) / np.float32(255))[None]
