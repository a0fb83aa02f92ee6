"""Near-duplicates: patches that look alike once they are laid over one another, shifted, turned, mirrored or scaled."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from docpipe.noise.fields import Field
from docpipe.noise.patterns import NEUTRAL, Pattern

SIDE_PX, WITHIN_SPREADS = 64, 5.0       # what is compared: so large a square around the middle of a patch
FAINT = 0.1                             # of the strongest light lost: what is fainter does not tell where the middle is
SHIFTS_PX = (-2, -1, 0, 1, 2)
LEAST_CORRELATION = 0.96                # of .95 more stains of different origin would be taken for one
MOST_TIMES_LARGER = 2.0                 # a smudge of 10 mm is not what pasting makes of a speck


@dataclass(frozen=True, slots=True)
class Look:
    """How a patch looks, wherever in its box it lies and however strong it is.

    Args:
        picture: (`SIDE_PX`, `SIDE_PX`) float32, the light lost, of mean 0 and length 1.
        spread_mm: root mean square distance of the light lost from its middle.
    """

    picture: Field = field(repr=False)
    spread_mm: float


def look_of(pattern: Pattern) -> Look:
    """The look of a pattern."""
    lost = np.float32(NEUTRAL[pattern.combine]) - pattern.gray.astype(np.float32)
    weight = np.abs(lost)
    weight = np.maximum(weight - FAINT * weight.max(), 1e-6)
    rows, columns = np.indices(lost.shape)
    row, column = (float(np.average(places, weights=weight)) for places in (rows, columns))
    spread = max(0.5, float(np.sqrt(np.average((rows - row) ** 2 + (columns - column) ** 2, weights=weight))))
    scale = SIDE_PX / (WITHIN_SPREADS * spread)
    calm = cv2.GaussianBlur(lost, (0, 0), 0.5 / scale) if scale < 1 else lost      # warping samples
    middle = (SIDE_PX - 1) / 2
    move = np.array([[scale, 0, middle - scale * column], [0, scale, middle - scale * row]])
    picture = cv2.warpAffine(calm, move, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)
    return Look(_normed(np.asarray(picture, np.float32)), spread / pattern.dpi * 25.4)


def is_like_one_of(look: Look, others: Sequence[Look]) -> bool:
    """Whether one of others correlates with a look at `LEAST_CORRELATION` or more, and is of about its size."""
    sized = [other.picture.ravel() for other in others
             if 1 / MOST_TIMES_LARGER < other.spread_mm / look.spread_mm < MOST_TIMES_LARGER]
    return bool(sized) and float((np.stack(sized) @ _views(look.picture).T).max()) >= LEAST_CORRELATION


def _views(picture: Field) -> Field:
    """(200, `SIDE_PX`²) a picture in each of eight ways to turn and mirror it, and shifted a little."""
    ways = [np.rot90(mirrored, turns) for mirrored in (picture, picture[:, ::-1]) for turns in range(4)]
    return np.stack([_normed(np.roll(way, (down, right), (0, 1))).ravel()
                     for way in ways for down in SHIFTS_PX for right in SHIFTS_PX])


def _normed(picture: Field) -> Field:
    flat = picture - picture.mean()
    return np.asarray(flat / max(1e-6, float(np.linalg.norm(flat))), np.float32)
