"""What lies under print and noise: paper, and portraits; seen from so far that no letter can be told."""

import cv2
import numpy as np

from docpipe.noise.fields import Field
from docpipe.page import Gray
from docpipe.synth.harvest_shapes import Mask, closed, disc, fitted, grown, square

MAP_PX_PER_MM = 2.0
STROKE_MM = 2.0              # no stroke of print is wider
LIT_MM = 4.0                 # what is lighter than the paper is narrower: the lit side of a fold
GROUND_MM = 17.0             # what is darker and narrower is no ground of its own; larger than any patch
UNEVEN_PAPER = 0.04          # share of light by which two grounds differ
PORTRAIT_SIDE_MM, PORTRAIT_MARGIN_MM = 8.0, 5.0
PORTRAIT_GROUND_MM = 36.0
PORTRAIT_TONE, PORTRAIT_SPREAD = 0.06, 0.2   # shares of light: against the paper, and within
PORTRAIT_FILLED = 0.6                        # share of a window that is not paper


def paper_light(gray: Gray, mm_px: float) -> Field:
    """Estimate the paper: print goes, then what is narrow and bright, then what is dark and fits into a patch.

    The edges of grounds that are larger, such as a card on a scanner's lid, stay where they are.

    Returns:
        (H, W) float32, 1 to 255.

    Source: alternating sequential filters of mathematical morphology (Serra, 1988).
    """
    calm = cv2.morphologyEx(_without_print(gray, mm_px), cv2.MORPH_OPEN, disc(LIT_MM * MAP_PX_PER_MM / 2))
    paper = cv2.GaussianBlur(_filled(np.asarray(calm, np.uint8), GROUND_MM).astype(np.float32), (0, 0), MAP_PX_PER_MM)
    return np.asarray(cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32).clip(1)


def where_grounds_meet(paper: Field, mm_px: float) -> Mask:
    """1 at the edges of cards and sheets: what is paper there cannot be told."""
    small = cv2.resize(paper, _map_size(paper.shape, mm_px), interpolation=cv2.INTER_AREA)
    around = disc(MAP_PX_PER_MM)
    meets = 1 - cv2.erode(small, around) / cv2.dilate(small, around) > UNEVEN_PAPER
    return fitted(grown(meets.astype(np.uint8), disc(1.5 * MAP_PX_PER_MM)), paper.shape)


def portraits(gray: Gray, mm_px: float) -> Mask:
    """Mask what may be a portrait: a large area that is not paper, with tones within it that differ much.

    A stain has one tone within its rim; a face has hair, skin and clothes.

    Returns:
        (H, W) uint8, 1 on such areas and around them.
    """
    calm = _without_print(gray, mm_px)
    tone = 1 - calm.astype(np.float32) / np.maximum(_filled(calm, PORTRAIT_GROUND_MM), 1)
    area = closed((tone > PORTRAIT_TONE).astype(np.uint8), disc(MAP_PX_PER_MM))
    inner = cv2.erode(area, disc(MAP_PX_PER_MM)) > 0
    side = 2 * round(PORTRAIT_SIDE_MM * MAP_PX_PER_MM / 2) + 1
    darkest = cv2.dilate(np.where(inner, tone, 0).astype(np.float32), square(side))
    lightest = cv2.erode(np.where(inner, tone, 1).astype(np.float32), square(side))
    is_filled = cv2.blur(area.astype(np.float32), (side, side)) > PORTRAIT_FILLED
    found = (is_filled & (darkest - lightest > PORTRAIT_SPREAD)).astype(np.uint8)
    masked = grown(found, square(side + 2 * round(PORTRAIT_MARGIN_MM * MAP_PX_PER_MM)))
    return fitted(closed(masked, square(side)), gray.shape)      # a cheek is as flat as paper


def _without_print(gray: Gray, mm_px: float) -> Gray:
    """The page at `MAP_PX_PER_MM`, with everything filled in that is dark and as narrow as a stroke."""
    small = cv2.resize(gray, _map_size(gray.shape, mm_px), interpolation=cv2.INTER_AREA)
    return _filled(np.asarray(cv2.medianBlur(small, 3), np.uint8), STROKE_MM)


def _filled(small: Gray, width_mm: float) -> Gray:
    """Lighten what is dark and narrower than a width; what lies beside the map is as dark as its edge."""
    shape = disc(width_mm * MAP_PX_PER_MM / 2)
    reach = shape.shape[0]
    wide = np.pad(small, reach, mode="edge")
    return closed(wide, shape)[reach:-reach, reach:-reach]


def _map_size(shape: tuple[int, ...], mm_px: float) -> tuple[int, int]:
    """Width and height of a page at `MAP_PX_PER_MM`."""
    return max(1, round(shape[1] * MAP_PX_PER_MM / mm_px)), max(1, round(shape[0] * MAP_PX_PER_MM / mm_px))
