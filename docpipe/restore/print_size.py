"""Provisional."""
import cv2
import numpy as np

from docpipe.page import Dpi, Gray


def glyph_height(gray: Gray, dpi: Dpi | None = None) -> float | None:
    scale = min(1.0, 2000 / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else gray
    if min(small.shape) < 16:
        return None
    ink = cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 51, 20)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    w, h = stats[1:, 2], stats[1:, 3]
    ok = (h >= 5) & (h < 200) & (w < 5 * h) & (h < 6 * w)
    return float(np.median(h[ok]) / scale) if ok.sum() >= 8 else None
