"""Paste: dirt from a pattern, laid over the page."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import cv2
import numpy as np

from docpipe.errors import InputError
from docpipe.noise.base import (
    ANY_SEED,
    MM_PER_INCH,
    Choices,
    Counts,
    Noise,
    Parameters,
    Range,
    check,
    check_words,
    px_per_mm,
)
from docpipe.noise.fields import Field, to_gray, windows
from docpipe.noise.patterns import KINDS, NEUTRAL, SPLITS, STARTER, Combine, Entry, Pattern, Split, load_patterns
from docpipe.page import Gray, Page

ANY_KIND = "any"


def paste(gray: Gray, pattern: Pattern, *, x_px: int, y_px: int, size_px: float, turn_deg: float,
          density: float) -> Gray:
    """Lay one pattern over a page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        pattern: what to lay over it.
        x_px: column of the page on which the middle of the pattern lies.
        y_px: row of the page on which the middle of the pattern lies.
        size_px: length of the longer side of the pattern on the page.
        turn_deg: by how much it is turned.
        density: how much of the dirt lies there, 0 (none) to 1 (as it is). What is multiplied takes light as a layer of
            that share of its thickness does (Beer's law); the others are as far from neutral as that.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("size_px", size_px, 1)
    check("density", density, 0, 1)
    check("x_px", x_px, 0, gray.shape[1] - 1)
    check("y_px", y_px, 0, gray.shape[0] - 1)
    neutral = NEUTRAL[pattern.combine]
    patch = _turned(pattern.gray, size_px / max(pattern.gray.shape), turn_deg, neutral)
    on_page, in_patch = windows(gray.shape, patch.shape, x_px, y_px)
    pasted = gray.copy()
    dirt = _thinned(patch[in_patch], density, pattern.combine)
    pasted[on_page] = _combined(gray[on_page], dirt, pattern.combine)
    return pasted


def _thinned(patch: Field, density: float, combine: Combine) -> Field:
    share, neutral = np.float32(density), np.float32(NEUTRAL[combine])
    if combine == "multiply":
        passed = np.maximum(patch, 1) / neutral     # of no light at all no layer lets any through
        return np.asarray(neutral * passed**share, np.float32)
    return neutral + share * (patch - neutral)


def _turned(patch: Gray, scale: float, turn_deg: float, neutral: int) -> Field:
    """Scale and turn a patch; the canvas grows so that nothing is cut off."""
    if scale < 0.5:                              # warping samples: a thin line would come out in dashes
        size = tuple(max(1, round(side * scale)) for side in patch.shape)
        patch = np.asarray(cv2.resize(patch, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        scale = 1.0
    height, width = patch.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, scale)
    reach_x, reach_y = np.abs(turn[:, :2]) @ (width, height)
    canvas = max(1, round(reach_x)), max(1, round(reach_y))
    turn[:, 2] += (canvas[0] - width) / 2, (canvas[1] - height) / 2
    turned = cv2.warpAffine(patch.astype(np.float32), turn, canvas, flags=cv2.INTER_LINEAR, borderValue=neutral)
    return np.asarray(turned, np.float32)


def _combined(under: Gray, patch: Field, combine: Combine) -> Gray:
    match combine:
        case "multiply":
            return to_gray(under * patch / 255)
        case "darken":
            return to_gray(np.minimum(under, patch))
        case "lighten":
            return to_gray(np.maximum(under, patch))
        case "add":
            return to_gray(under + patch - NEUTRAL["add"])


@dataclass(frozen=True, slots=True)
class Paste(Noise):
    """One pattern a time, from a library: the shipped one, or folders that hold one.

    What is drawn holds one value a field and `pattern`, the id of what is pasted. Its size on paper is that which its
    resolution gives it, times `scale`.
    """

    library: Choices = (STARTER,)
    dirt: Choices = (ANY_KIND,)             # or keys of `KINDS`, of each of which every library must hold one
    split: Choices = ("train",)             # what a model learns from is not what it is tested on
    scale: Range = (0.6, 1.6)
    density: Range = (0.2, 1.0)
    turn_deg: Range = (0.0, 360.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"density": 0.0}

    def _check_words(self, name: str, given: Choices, default: Any) -> None:  # noqa: ARG002
        match name:
            case "dirt":
                check_words(name, given, (ANY_KIND, *KINDS))
            case "split":
                check_words(name, given, SPLITS)
            case "library":
                _check_libraries(given)

    def of_split(self, split: Split) -> Self:
        """The same with patterns of one split alone.

        Raises:
            InputError: a library holds no pattern of that split and of these kinds.
        """
        for library in self.library:
            for dirt in self.dirt:
                if not _some(library, dirt=dirt, split=split):
                    raise InputError(f"library {library!r} holds no pattern of kind {dirt} in the split {split}",
                                     "harvest more, or name another library")
        return replace(self, split=(split,))

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw one value from every field, and the pattern."""
        drawn = Noise.draw(self, rng)
        library, dirt, split = (str(drawn[name]) for name in ("library", "dirt", "split"))
        return drawn | {"pattern": pick(library, dirt=dirt, split=split, seed=int(drawn["seed"]))}

    def _change(self, page: Page, *, library: str, dirt: str, split: str, scale: float, density: float,
                turn_deg: float, seed: int, pattern: str = "") -> Gray:
        # A record names its pattern: it stays true when the library gets more of them.
        picked = pattern or pick(library, dirt=dirt, split=split, seed=seed)
        patch = load_patterns(library).pattern(picked)
        size_px = scale * max(patch.gray.shape) / patch.dpi * MM_PER_INCH * px_per_mm(page)
        y_px, x_px = np.random.default_rng(seed).integers(page.pixels.shape)
        return paste(page.pixels, patch, x_px=int(x_px), y_px=int(y_px), size_px=max(1.0, size_px),
                     turn_deg=turn_deg, density=density)


def pick(library: str, *, dirt: str, split: str, seed: int) -> str:
    """The id of one pattern of a library: the same for the same seed, each as likely as the next.

    Args:
        library: "starter", or a folder.
        dirt: its kind, a key of `KINDS`, or "any".
        split: "train", "val" or "test"; a pattern of another split is never picked.
        seed: 0 or more.

    Raises:
        InputError: there is no such library.
        ValueError: it holds no such pattern.
    """
    some = _some(library, dirt=dirt, split=split)
    if not some:
        raise ValueError(f"library is {library!r}, which holds no pattern of kind {dirt} in the split {split}")
    return some[int(np.random.default_rng([seed, len(some)]).integers(len(some)))].id


def _some(library: str, *, dirt: str, split: str) -> list[Entry]:
    return load_patterns(library).some(split=split, kinds=KINDS if dirt == ANY_KIND else (dirt,))


def _check_libraries(given: Choices) -> None:
    if not given:
        raise ValueError("library is []; it must name one")
    for library in given:
        try:
            load_patterns(library)
        except InputError as error:
            raise ValueError(f"library is {library!r}: {error.problem}") from error
