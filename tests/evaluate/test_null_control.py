import cv2
import numpy as np
import pytest

from docpipe.errors import OutputError
from docpipe.evaluate.null_control import null_control, write_null_scans


def test_the_page_moves_by_one_pixel_and_gains_three_levels_without_overflow():
    gray = np.random.default_rng(1).integers(0, 256, (20, 30), np.uint8)
    before = gray.copy()
    moved = null_control(gray)
    assert moved.dtype == np.uint8 and moved.shape == gray.shape and np.array_equal(gray, before)
    assert np.array_equal(moved[:, 1:].astype(int), np.minimum(gray[:, :-1].astype(int) + 3, 255))


@pytest.mark.parametrize("shape", [(1, 1), (5, 1)])
def test_the_narrowest_page_has_a_null_control_too(shape):
    assert null_control(np.zeros(shape, np.uint8)).tolist() == np.full(shape, 3).tolist()


def test_controls_of_scans_lie_under_their_names_and_a_scan_that_is_gone_is_said(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    (raw / "in").mkdir(parents=True)
    page = np.random.default_rng(1).integers(0, 256, (40, 60), np.uint8)
    cv2.imwrite(str(raw / "in" / "1.tif"), page)
    write_null_scans(raw, ["in/1.tif"], out)
    assert np.array_equal(cv2.imdecode(np.fromfile(out / "in" / "1.tif", np.uint8), 0), null_control(page))
    with pytest.raises(OutputError, match="cannot be made: No such file"):
        write_null_scans(raw, ["gone.png"], out)
