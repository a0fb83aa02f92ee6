import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from docpipe.cards.fonts import MRZ_FAMILY, families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.ocr.tesseract import Tesseract
from tests.conftest import installed


@pytest.fixture(scope="session")
def engine():
    """Tesseract with English, or a skip that says what to install."""
    return installed(Tesseract)


@pytest.fixture(scope="session")
def drawn(installed_fonts):
    """Draws a synthetic card at 300 dpi."""

    def draw(layout, seed):
        return draw_card(seed, load_layout(layout), families_of("train"), 300)

    return draw


@pytest.fixture(scope="session")
def plain_zone(installed_fonts):
    """Draws the lines of a zone, and nothing else, in OCR-B on a white card at 300 dpi: (H, W) uint8."""
    font = ImageFont.truetype(installed_fonts[MRZ_FAMILY].regular, 48)

    def draw(lines, width_px):
        card = Image.new("L", (width_px, round(0.7 * width_px)), 255)
        for row, line in enumerate(lines):
            for place, character in enumerate(line):
                left = (width_px - 30 * len(line)) / 2 + 30 * place          # ten an inch
                top = card.height - 60 * (len(lines) - row) - 40
                ImageDraw.Draw(card).text((left, top), character, fill=0, font=font)
        return np.asarray(card).copy()

    return draw
