import pytest

from docpipe.cards.fonts import PACKAGES, families_of, find_fonts
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.errors import MissingToolError
from docpipe.ocr.tesseract import Tesseract


@pytest.fixture(scope="session")
def engine():
    """Tesseract with English, or a skip that says what to install."""
    try:
        return Tesseract()
    except MissingToolError as missing:
        pytest.skip(f"{missing.problem}; {missing.hint}")


@pytest.fixture(scope="session")
def drawn():
    """Draws a synthetic card at 300 dpi."""
    try:
        find_fonts(PACKAGES)
    except MissingToolError as missing:
        pytest.skip(f"{missing.problem}; {missing.hint}")

    def draw(layout, seed):
        return draw_card(seed, load_layout(layout), families_of("train"), 300)

    return draw
