"""Real scans from outside the project: what goes through unchanged comes out unchanged."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.imageio.drawn import opened, read, rewritten

FOLDER = Path(os.environ.get("DOCPIPE_DATA", "")) / "scans"
SCANS = sorted(FOLDER.iterdir()) if "DOCPIPE_DATA" in os.environ else []


@pytest.mark.skipif(not SCANS, reason="DOCPIPE_DATA names no folder with scans/")
@pytest.mark.parametrize("path", SCANS, ids=lambda path: path.name)
def test_real_scans_keep_size_resolution_and_pixels(path):
    data = path.read_bytes()
    out = rewritten(data, keep_colour=True)
    before, after = opened(data), opened(out)
    assert (after.format, after.size, after.info.get("dpi")) == (before.format, before.size, before.info.get("dpi"))
    change = np.abs(read(out)[0].pixels.astype(int) - read(data)[0].pixels)
    assert change.mean() < 1 if before.format == "JPEG" else change.max() == 0
