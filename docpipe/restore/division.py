"""Provisional."""
import cv2
import numpy as np

from docpipe.page import Gray


class Division:
    name = "division"
    fingerprint = "division-0"
    glyph_range = None

    def restore(self, gray: Gray, glyph_px: float) -> Gray:
        side = int(glyph_px * 2) | 1
        paper = cv2.GaussianBlur(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), (side, side), 0)
        return cv2.divide(gray, np.maximum(paper, 64), scale=255).astype(np.uint8)
