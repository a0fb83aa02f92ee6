"""A small inbox, and an engine that costs nothing."""

import time
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from docpipe.restore import Restorer


@dataclass
class Brighten:
    """Makes every page that has print a little brighter; notes how many pages it was given."""

    by: int = 20
    pause: float = 0
    name: str = "brighten"
    glyph_range: None = None
    calls: list = field(default_factory=list)

    @property
    def fingerprint(self):
        return f"brighten-{self.by}"

    def restore(self, gray, glyph_px):
        self.calls.append(gray.shape)
        time.sleep(self.pause)
        return np.minimum(gray, 255 - self.by) + np.uint8(self.by)


@pytest.fixture
def engine():
    return Brighten()


@pytest.fixture
def restorer(engine):
    return Restorer(engine)


@pytest.fixture
def inbox(tmp_path, printed):
    """`scans/` with five pages of print, and the folder itself."""
    (tmp_path / "scans").mkdir()
    for number in range(5):
        Image.fromarray(printed(paper=200 + number)).save(tmp_path / "scans" / f"{number}.png", dpi=(300, 300))
    return tmp_path
