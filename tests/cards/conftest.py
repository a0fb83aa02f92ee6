import pytest

from docpipe.cards.fonts import PACKAGES, find_fonts
from docpipe.errors import MissingToolError


@pytest.fixture(scope="session")
def installed_fonts():
    """For tests that print: the families of the cards, all installed."""
    try:
        return find_fonts(PACKAGES)
    except MissingToolError as missing:
        pytest.skip(f"{missing.problem}; {missing.hint}")
