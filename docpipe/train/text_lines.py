"""Lines of text for the recogniser: rendered anew from fonts, or cut from cards, where their truth is known."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.utils.data import Dataset

from docpipe.cards.fonts import MRZ_FAMILY, families_of, find_fonts
from docpipe.cards.text import put_line
from docpipe.errors import InputError
from docpipe.models.recogniser import ALPHABET, LINE_PX
from docpipe.noise.recipe import Recipe
from docpipe.page import Gray, Page
from docpipe.train.data import CleanCard, to_tensor

LINE_WIDTH_PX = 640
LONGEST = 48
"""Characters of a line at most: those of a machine-readable zone are 44."""

_CAP_PX = (11, 30)
_MRZ_SHARE, _NOISY_SHARE = 0.25, 0.5
_LETTERS, _DIGITS, _MRZ = ALPHABET[10:62], ALPHABET[:10], ALPHABET[:36] + "<"


def labels_of(text: str) -> list[int]:
    """Numbers of the characters that the recogniser knows, from 1; marks are taken off, the rest is left out."""
    plain = (unicodedata.normalize("NFD", character)[0] for character in text)
    return [ALPHABET.index(character) + 1 for character in plain if character in ALPHABET]


class RenderedLines(Dataset[tuple[Tensor, ...]]):
    """Random words, numbers and zone lines in the fonts of training, half of them with noise.

    Number i is the same line in every process. (line, labels, length): (1, 64, 640) float32 in [0, 1], (48,) int64,
    () int64.

    Args:
        recipe: of the noise.
        seed: of the series.
        count: lines.

    Raises:
        MissingToolError: a font is not installed.
    """

    def __init__(self, recipe: Recipe, seed: int, count: int) -> None:
        self._recipe, self._seed, self._count = recipe, seed, count
        fonts = find_fonts([*families_of("train"), MRZ_FAMILY])
        self._mrz_file = fonts[MRZ_FAMILY].regular
        self._files = [file for family in families_of("train") for file in (fonts[family].regular, fonts[family].bold)]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng([self._seed, index])
        is_mrz = rng.random() < _MRZ_SHARE
        text = _zone_line(rng) if is_mrz else _words(rng)
        file = self._mrz_file if is_mrz else self._files[int(rng.integers(len(self._files)))]
        page = _draw(text, file, rng)
        if rng.random() < _NOISY_SHARE:
            page = self._recipe.apply(page, rng).page
        return to_tensor(page.pixels), *_padded(labels_of(text))


class CardLines(Dataset[tuple[Tensor, ...]]):
    """Printed lines of cards under noise: number i is the same in every process.

    (noisy, inside, paper, labels, length): (1, 64, 640) float32, 0 = ink, 1 = paper; the same shape, 1 where the line
    itself lies, 0 around it; () float32, the gray of the paper; (48,) int64; () int64.

    Args:
        cards: with boxes and what is printed in them.
        recipe: what is drawn on them.
        seed: of the series.
        count: lines.

    Raises:
        InputError: no card has a line that can be read.
    """

    def __init__(self, cards: Sequence[CleanCard], recipe: Recipe, seed: int, count: int) -> None:
        self._recipe, self._seed, self._count = recipe.without_warps, seed, count     # a line stays in its place
        self._lines = [
            (card.page, box, text)
            for card in cards for box, text in zip(card.boxes, card.texts, strict=True) if _is_line(box, text)
        ]  # fmt: skip
        if not self._lines:
            raise InputError("no card has a line of text that could be read",
                             hint="draw cards: docpipe synth --cards 500 -o FOLDER; or set text_weight to 0")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng([self._seed, 1, index])
        page, (left, top, right, bottom), text = self._lines[int(rng.integers(len(self._lines)))]
        fits = 0.97 * LINE_WIDTH_PX / (right - left)
        scale = min(fits, rng.uniform(*_CAP_PX) / (bottom - top))
        to_line = np.array([[scale, 0, LINE_WIDTH_PX / 2 - scale * (left + right) / 2],
                            [0, scale, LINE_PX / 2 - scale * (top + bottom) / 2]])
        by = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        line = cv2.warpAffine(page.pixels, to_line, (LINE_WIDTH_PX, LINE_PX), flags=by, borderMode=cv2.BORDER_REPLICATE)
        dpi = page.dpi[0] * scale if page.dpi else None
        clean = Page(line.astype(np.uint8, copy=False), (dpi, dpi) if dpi else None)
        inside = np.zeros((1, LINE_PX, LINE_WIDTH_PX), np.float32)
        half_px = scale * (bottom - top) / 2 + 3
        inside[:, max(0, round(LINE_PX / 2 - half_px)) : round(LINE_PX / 2 + half_px)] = 1
        paper = np.float32(np.median(clean.pixels) / 255)
        noisy = self._recipe.apply(clean, rng).page
        return to_tensor(noisy.pixels), torch.from_numpy(inside), torch.tensor(paper), *_padded(labels_of(text))


def _is_line(box: tuple[int, int, int, int], text: str) -> bool:
    left, top, right, bottom = box
    one_line = "\n" not in text and 0 < len(labels_of(text)) <= LONGEST
    return one_line and right > left and bottom > top and right - left > bottom - top


def _padded(labels: list[int]) -> tuple[Tensor, Tensor]:
    row = torch.zeros(LONGEST, dtype=torch.int64)
    row[: len(labels)] = torch.tensor(labels)
    return row, torch.tensor(len(labels))


def _words(rng: np.random.Generator) -> str:
    """One to four words or numbers: no language, so that the recogniser reads shapes and guesses nothing."""
    made = []
    for _ in range(int(rng.integers(1, 5))):
        letters = _DIGITS if rng.random() < 0.3 else _LETTERS
        word = "".join(rng.choice(list(letters), int(rng.integers(1, 10))))
        made.append((word, word.upper(), word.title(), f"{word}{rng.choice(list('.,-/'))}")[int(rng.integers(4))])
    return " ".join(made)[:LONGEST]


def _zone_line(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list(_MRZ), int(rng.integers(20, 45)), p=[0.8 / 36] * 36 + [0.2]))


def _draw(text: str, file: Path, rng: np.random.Generator) -> Page:
    paper, ink = int(rng.integers(170, 256)), int(rng.integers(0, 90))
    picture = Image.new("RGB", (LINE_WIDTH_PX, LINE_PX), (paper,) * 3)
    cap_px, left = rng.uniform(*_CAP_PX), rng.uniform(2, 40)
    middle = LINE_PX / 2 + rng.uniform(-5, 5)
    box = (left, middle - 20, LINE_WIDTH_PX - 4, middle + 20)
    put_line(ImageDraw.Draw(picture), text, box, file, cap_px, (ink,) * 3)
    gray: Gray = np.asarray(picture.convert("L"))
    blurred = cv2.GaussianBlur(gray, (0, 0), rng.uniform(0.3, 0.9)).astype(np.uint8, copy=False)
    return Page(blurred, (300.0, 300.0))
