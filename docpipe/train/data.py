"""Pairs on the fly: crops of clean cards, and the same crops with noise drawn on them."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from docpipe.errors import InputError
from docpipe.imageio import open_scan
from docpipe.noise.recipe import Recipe
from docpipe.page import Gray, Page

VALIDATION_SHARE = 0.1
_FARTHEST_SHRINK, _FARTHEST_GROWTH = 0.7, 1.3


class CleanCards:
    """The clean pages of a folder that `docpipe synth` wrote, in memory, gray.

    Args:
        folder: holds `truth.jsonl` and `clean/`.

    Raises:
        InputError: it does not.
    """

    def __init__(self, folder: Path) -> None:
        try:
            lines = (folder / "truth.jsonl").read_text().splitlines()
            files = [folder / "clean" / json.loads(line)["file"] for line in lines]
            self.pages = [_read(file) for file in files]
        except (OSError, ValueError, KeyError) as error:
            hint = "docpipe synth --cards 500 -o FOLDER"
            raise InputError(f"{folder} holds no cards ({error})", hint) from error
        if len(self.pages) < 2:
            raise InputError(f"{folder} holds {len(self.pages)} cards; training needs at least 2")

    def split(self) -> tuple[list[Page], list[Page]]:
        """Cards to learn from, and cards to check on."""
        checked = max(1, round(VALIDATION_SHARE * len(self.pages)))
        return self.pages[:-checked], self.pages[-checked:]


def _read(path: Path) -> Page:
    with open_scan(path.read_bytes()) as scan:
        page = scan.read(0)
    return Page(page.pixels, page.dpi)


class CropPairs(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of (noisy, clean) crops; number i is the same pair in every process and at every time.

    Args:
        pages: clean cards.
        recipe: what is drawn on them.
        seed: with the number of a pair it decides all that is drawn.
        crop_px: side of the crops.
        count: how many pairs there are.
        first: number of the first one: where a resumed run goes on.
    """

    def __init__(self, pages: list[Page], recipe: Recipe, seed: int, crop_px: int, count: int, first: int = 0) -> None:
        self._pages, self._recipe, self._seed = pages, recipe, seed
        self._crop_px, self._count, self._first = crop_px, count, first

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """(noisy, clean), each (1, crop_px, crop_px) float32 in [0, 1]."""
        rng = np.random.default_rng([self._seed, self._first + index])
        clean = _crop(self._pages[int(rng.integers(len(self._pages)))], self._crop_px, rng)
        noisy, _ = self._recipe.apply(clean, rng)
        return _tensor(noisy.pixels), _tensor(clean.pixels)


def _crop(page: Page, side: int, rng: np.random.Generator) -> Page:
    """A crop at a scale of its own, so that print of all sizes is seen; small cards are continued with paper."""
    scale = rng.uniform(_FARTHEST_SHRINK, _FARTHEST_GROWTH)
    reach = round(side / scale)
    height, width = page.pixels.shape
    top, left = (int(rng.integers(max(length - reach, 0) + 1)) for length in (height, width))
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
