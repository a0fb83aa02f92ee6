"""Fixed pattern: every cell of a scanner's row is a little brighter or darker, and draws its line down the page."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, to_gray
from docpipe.page import Gray, Page

MODULE_MM = 27.0        # a contact sensor is a row of chips, about as wide as this each
TAPS = 4                # cells are read out in turn by so many amplifiers
# How much of the strength lies in what repeats or steps, beside the cells themselves.
TAP_SHARE, MODULE_SHARE = 0.5, 0.7


def fixed_pattern(gray: Gray, *, strength: float, module_px: float, seed: int) -> Gray:
    """See the page through a row of unequal cells.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        strength: standard deviation of the cells' gain, as a share; that of their offsets is half of it, of white.
        module_px: width of one chip of cells.
        seed: of the cells, their amplifiers and the joints of the chips.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.

    Source: photo response and dark signal non-uniformity as in EMVA 1288, in one row.
    """
    check("strength", strength, 0)
    check("module_px", module_px, 1)
    rng = np.random.default_rng(seed)
    gain = (1 + strength * _row(gray.shape[1], module_px, rng)).astype(np.float32)
    offset = (255 * strength / 2 * _row(gray.shape[1], module_px, rng)).astype(np.float32)
    seen: Field = gray * gain + offset
    return to_gray(seen)


def _row(width: int, module_px: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(width,) how far each cell is off."""
    columns = np.arange(width)
    chip = ((columns + rng.random() * module_px) / module_px).astype(int)
    off: NDArray[np.float64] = rng.normal(size=width)
    off += TAP_SHARE * rng.normal(size=TAPS)[columns % TAPS]
    off += MODULE_SHARE * rng.normal(size=int(chip[-1]) + 1)[chip]
    return off


@dataclass(frozen=True, slots=True)
class FixedPattern(Noise):
    """From a calibration that has aged to one that was never made; a camera shows it in rows as well."""

    strength: Range = (0.01, 0.1)
    lines: Choices = ("columns", "rows")
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"strength": 0.0}

    def _change(self, page: Page, *, strength: float, lines: str, seed: int) -> Gray:
        gray = page.pixels if lines == "columns" else page.pixels.T
        lined = fixed_pattern(gray, strength=strength, module_px=MODULE_MM * px_per_mm(page), seed=seed)
        return lined if lines == "columns" else np.ascontiguousarray(lined.T)
