"""Pages that are drawn, not downloaded."""

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image, ImageDraw, ImageFont

from docpipe.cards.fonts import PACKAGES, find_fonts
from docpipe.errors import MissingToolError

settings.register_profile("untimed", deadline=None)      # how fast a machine is says nothing about the code
settings.load_profile("untimed")

LINES = ("Surname  ERIKSSON", "Given names  ANNA MARIA", "Document no.  L898902C3", "Valid until  2012-04-15")


def installed(find):
    """What `find` finds; where a font or a program is not installed, a skip that says how to install it."""
    try:
        return find()
    except MissingToolError as missing:
        pytest.skip(f"{missing.problem}; {missing.hint}")


@pytest.fixture(scope="session")
def installed_fonts():
    """For tests that print: the families of the cards, all installed."""
    return installed(lambda: find_fonts(PACKAGES))


@pytest.fixture
def printed():
    """Draws a small page of print: (H, W) uint8, 0 = ink, 255 = paper."""

    def draw(height_px: int = 26, paper: int = 255, ink: int = 0):
        font = ImageFont.load_default(height_px)
        line_px = round(height_px * 1.6)
        image = Image.new("L", (height_px * 16, line_px * (len(LINES) + 1)), paper)
        for i, line in enumerate(LINES):
            ImageDraw.Draw(image).text((height_px, line_px * i + height_px // 2), line, fill=ink, font=font)
        return np.asarray(image).copy()

    return draw
