import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from docpipe.page import Page


def drawn_card(width=420, height=260):
    """A card that is small enough for many effects a second: a tint of waves, a photo, six lines of print."""
    image = Image.new("L", (width, height), 235)
    draw = ImageDraw.Draw(image)
    for y in range(0, height, 6):
        draw.line([(x, y + 3 * np.sin(x / 25)) for x in range(0, width, 6)], fill=218)
    draw.rectangle((20, 40, 110, 150), fill=140)
    draw.ellipse((40, 55, 90, 120), fill=80)
    font = ImageFont.load_default(22)
    for row, words in enumerate(("UTOPIA", "EMMA LOUISE", "03.12.1985", "K4829017X")):
        draw.text((130, 12 + 40 * row), words, fill=25, font=font)
    draw.text((20, 185), "IDUTOK4829017X9<<<<<<<<", fill=15, font=font)
    draw.text((20, 220), "8512036F3108170UTO<<<<4", fill=15, font=font)
    pixels = np.array(image)
    pixels.flags.writeable = False  # an effect that writes in place fails
    return pixels


@pytest.fixture(scope="session")
def card():
    return Page(drawn_card(), dpi=(300.0, 300.0), source="card.png")
