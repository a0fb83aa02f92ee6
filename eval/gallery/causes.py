"""Why a field is wrong: what became of its print, letter by letter, measured against the clean card."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.ocr.engine import Box
from docpipe.page import Gray

STROKE = 0.6                     # of the darkest print's darkness on the clean card: darker is stroke
BARE = 0.25                      # of the same: paler is paper
LETTER_HEIGHTS = 0.8             # width of the window in which one letter shows, in heights of the field
LEAST_STROKES = 0.4              # of the median window's strokes; windows with less hold no letter
FAINT_STROKE, CLEAR_STROKE = 0.33, 0.5       # darkness of a stroke, by that of the field's median one before cleaning
DARK_PAPER = 0.4                 # darkness of dirt on paper, by that of the field's median stroke after cleaning
LEAST_CONTRAST = 0.3             # of a median stroke, by the clean card's: below it every grain would be dirt

WIPED = 0.2                      # share of a letter's strokes that were clear and are faint after cleaning
COULD_BE_SEEN = 1.5              # how far a letter stands out that there was to be wiped
GONE_INK = 0.33                  # darkness of a letter before cleaning, by what it has on the clean card
HARDLY_SEEN = 3.0                # how far a letter stands out that paper's noise drowns when it is as pale as that
GONE_STROKES = 0.2               # share of a letter's strokes that are faint beside the field's others
DIRT = 0.04                      # share of the paper around a letter that is dark after cleaning
FLAWLESS = 4.5                   # how far every letter stands out after cleaning; clean ones do by 6 to 10


@dataclass(frozen=True, slots=True)
class Traces:
    """What became of the letters of a field: of each measure, that of its worst letter.

    Print "stands out" by the distance of the means of strokes and paper in standard deviations (d' of signal detection
    theory, Green and Swets 1966).

    Args:
        ink_before: mean darkness of strokes before cleaning; 1 is that of the field on the clean card.
        gone_before: share of strokes that are faint before cleaning.
        seen_before: how far strokes stand out from paper before cleaning.
        wiped: share of strokes that were clear before cleaning and are faint after it.
        dirt_after: share of the paper that is dark after cleaning.
        seen_after: how far strokes stand out from paper after cleaning.
        is_placed: the reader looks for the field where it stands.
    """

    ink_before: float
    gone_before: float
    seen_before: float
    wiped: float
    dirt_after: float
    seen_after: float
    is_placed: bool = True


NOT_FOUND = "its place is not found"
INK_GONE = "ink is gone before cleaning"
CAUSES: Mapping[str, Callable[[Traces], bool]] = {
    "the network wiped print": lambda found: found.wiped >= WIPED,
    INK_GONE: lambda found: found.gone_before >= GONE_STROKES or (
        found.ink_before < GONE_INK and found.seen_before < HARDLY_SEEN and found.seen_after < FLAWLESS
    ),
    NOT_FOUND: lambda found: not found.is_placed,
    "noise is left over print": lambda found: found.dirt_after >= DIRT,
    "print is flawless, OCR wavers": lambda found: found.seen_after >= FLAWLESS,
    "print was worn before cleaning, and still is": lambda found: found.seen_before < FLAWLESS,
    "cleaning wore print": lambda _found: True,
}
"""Every cause and what it is told by; the first that fits is the one."""


def cause_of(traces: Traces) -> str:
    """The first of `CAUSES` that fits."""
    return next(cause for cause, fits in CAUSES.items() if fits(traces))


def is_ink_gone(clean: Gray, noisy: Gray, box: Box) -> bool:
    """Whether a letter of a field can no longer be seen before anybody cleans; arguments as for `traces_of`."""
    return CAUSES[INK_GONE](traces_of(clean, noisy, noisy, box))


def traces_of(clean: Gray, noisy: Gray, restored: Gray, box: Box, *, is_placed: bool = True) -> Traces:
    """Measure the print of one field.

    Args:
        clean: the card without noise, (H, W) uint8, 0 = ink.
        noisy: the same card as scanned, of that shape.
        restored: the same after cleaning, of that shape.
        box: of the field, in pixels; its height is about that of the print.
        is_placed: as `eval.gallery.places.misplaced` tells it.

    Raises:
        ValueError: nothing is printed there on the clean card.
    """
    left, top, right, bottom = max(0, box[0]), max(0, box[1]), box[2], box[3]
    height = bottom - top
    rows = slice(max(0, top - height // 3), bottom + height // 3)
    columns = slice(max(0, left - height // 3), right + height // 3)
    crops = [gray[rows, columns].astype(np.float32) for gray in (clean, noisy, restored)]
    inside = np.zeros(crops[0].shape, bool)
    inside[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start] = True
    strokes, paper = _strokes_and_paper(crops[0], inside, height)
    if not strokes.any() or not paper.any():
        raise ValueError(f"nothing is printed on the clean card at {box}")
    of_clean, before, after = (_darkness(crop, paper, height) for crop in crops)
    full = float(of_clean[strokes].mean())
    before, after = before / full, after / full
    median_before, median_after = (max(LEAST_CONTRAST, float(np.median(one[strokes]))) for one in (before, after))
    letters = [_letter(strokes, paper, window, before, after, median_before, median_after)
               for window in _windows(strokes, height)]  # fmt: skip
    inks, gones, seens_before, wipeds, dirts, seens_after = zip(*letters, strict=True)
    return Traces(min(inks), max(gones), min(seens_before), max(wipeds), max(dirts), min(seens_after), is_placed)


def _strokes_and_paper(
    clean: NDArray[np.float32], inside: NDArray[np.bool_], height: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the field's strokes are, and where paper is bare of all print; rims of letters are neither."""
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (height | 1, height | 1))
    darkness = cv2.morphologyEx(clean, cv2.MORPH_BLACKHAT, window)
    darkest = float(np.percentile(darkness[inside], 98))
    inked = (darkness > BARE * darkest).astype(np.uint8)
    return (darkness > STROKE * darkest) & inside, cv2.dilate(inked, np.ones((3, 3), np.uint8)) == 0


def _darkness(crop: NDArray[np.float32], paper: NDArray[np.bool_], height: int) -> NDArray[np.float32]:
    """By how much pixels are darker than the paper around them, grain of a pixel evened out."""
    weight = paper.astype(np.float32)
    level = cv2.GaussianBlur(crop * weight, (0, 0), height) / np.maximum(cv2.GaussianBlur(weight, (0, 0), height), 1e-3)
    return cv2.GaussianBlur(level - crop, (0, 0), max(0.5, height / 30)).astype(np.float32, copy=False)


def _windows(strokes: NDArray[np.bool_], height: int) -> list[slice]:
    """Overlapping columns about as wide as a letter, of the field's columns that hold one."""
    width = max(4, round(LETTER_HEIGHTS * height))
    inked = np.flatnonzero(strokes.any(axis=0))
    starts = range(int(inked[0]), max(int(inked[0]), int(inked[-1]) + 1 - width) + 1, max(1, width // 2))
    windows = [slice(start, start + width) for start in starts]
    counts = [int(strokes[:, window].sum()) for window in windows]
    least = LEAST_STROKES * float(np.median([count for count in counts if count]))
    return [window for window, count in zip(windows, counts, strict=True) if count >= least]


def _letter(
    strokes: NDArray[np.bool_], paper: NDArray[np.bool_], window: slice, before: NDArray[np.float32],
    after: NDArray[np.float32], median_before: float, median_after: float,
) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    """The measures of one window, in the order of `Traces`."""
    inked, bare = strokes[:, window], paper[:, window]
    ink_before, ink_after = before[:, window][inked], after[:, window][inked]
    paper_before, paper_after = before[:, window][bare], after[:, window][bare]
    seen = _stands_out(ink_before, paper_before)
    was_clear, is_faint = ink_before > CLEAR_STROKE * median_before, ink_after < FAINT_STROKE * median_before
    wiped = float((was_clear & is_faint).mean()) if seen >= COULD_BE_SEEN else 0.0
    return (
        float(ink_before.mean()),
        float((ink_before < FAINT_STROKE * median_before).mean()),
        seen,
        wiped,
        float((paper_after > DARK_PAPER * median_after).mean()) if paper_after.size else 0.0,
        _stands_out(ink_after, paper_after),
    )


def _stands_out(ink: NDArray[np.float32], paper: NDArray[np.float32]) -> float:
    """How far strokes stand out, as `Traces` says; beside level paper where none shows."""
    middle, spread = (float(paper.mean()), float(paper.var())) if paper.size else (0.0, 0.0)
    return (float(ink.mean()) - middle) / float(np.sqrt((float(ink.var()) + spread) / 2 + 1e-3))
