"""Print made level, its paper white, and small pictures large enough to be read."""

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.page import Gray

PAPER_WINDOW = 1 / 12            # of the page's width: some paper shows in it
MAX_SKEW_DEG = 3.0
SKEW_STEPS_DEG = (0.25, 0.05)
SKEW_WIDTH_PX = 600              # lines of text show their angle at this width
SMALLEST_SIDE_PX = 8             # a picture of a few pixels makes Tesseract fail


def flatten(gray: Gray, window_px: int) -> Gray:
    """The page on white paper: the local paper level goes to 255, ink keeps its share of it.

    Args:
        gray: (H, W) uint8, 0 = ink.
        window_px: side of the window in which some paper shows; several times the height of a line.
    """
    kernel = np.ones((window_px | 1, window_px | 1), np.uint8)
    small = cv2.resize(gray, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.morphologyEx(cv2.medianBlur(small.astype(np.uint8), 3), cv2.MORPH_CLOSE, kernel[::4, ::4])
    level = cv2.resize(cv2.blur(paper, (9, 9)), gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.divide(gray, np.maximum(level, 1).astype(np.uint8), scale=255).astype(np.uint8, copy=False)


def skew_deg(gray: Gray) -> float:
    """The angle by which lines of print rise to the right, within 3 degrees, to a twentieth of one.

    The angle at which the sums of ink along rows differ most from row to row (projection profiles: W. Postl,
    "Detection of linear oblique structures and skew scan in digitized documents", ICPR 1986).
    """
    scale = min(1.0, SKEW_WIDTH_PX / gray.shape[1])
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    calm = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((9, 9), np.uint8))   # no portraits, bands, shadows
    best = 0.0
    for step, reach in zip(SKEW_STEPS_DEG, (MAX_SKEW_DEG, SKEW_STEPS_DEG[0]), strict=True):
        angles = best + np.arange(-reach, reach + step / 2, step)
        best = float(max(angles, key=lambda angle: _sharpness(calm, float(angle))))
    return best


def _sharpness(ink: NDArray[np.generic], angle_deg: float) -> float:
    profile = rotated(np.asarray(ink, np.uint8), -angle_deg, paper=0).sum(axis=1, dtype=np.float64)
    return float((np.diff(profile) ** 2).sum())


def rotated(gray: Gray, angle_deg: float, paper: int = 255) -> Gray:
    """The page turned about its middle, counterclockwise; what comes in from outside is `paper`."""
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    turned = cv2.warpAffine(gray, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=paper)
    return turned.astype(np.uint8, copy=False)


def straight(gray: Gray) -> Gray:
    """The page with its lines of print level."""
    return rotated(gray, -skew_deg(gray))


def evened(gray: Gray) -> Gray:
    """The page with level lines on white paper: what all reading begins with."""
    level = straight(gray)
    return flatten(level, round(PAPER_WINDOW * level.shape[1]))


def padded(gray: Gray) -> Gray:
    """The picture with its last row and column repeated until no side is too small for OCR."""
    lacking = [max(0, SMALLEST_SIDE_PX - side) for side in gray.shape]
    return cv2.copyMakeBorder(gray, 0, lacking[0], 0, lacking[1], cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
