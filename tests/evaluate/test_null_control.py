import numpy as np
import pytest

from docpipe.evaluate.null_control import null_control


def test_the_page_moves_by_one_pixel_and_gains_three_levels_without_overflow():
    gray = np.random.default_rng(1).integers(0, 256, (20, 30), np.uint8)
    before = gray.copy()
    moved = null_control(gray)
    assert moved.dtype == np.uint8 and moved.shape == gray.shape and np.array_equal(gray, before)
    assert np.array_equal(moved[:, 1:].astype(int), np.minimum(gray[:, :-1].astype(int) + 3, 255))


@pytest.mark.parametrize("shape", [(1, 1), (5, 1)])
def test_the_narrowest_page_has_a_null_control_too(shape):
    assert null_control(np.zeros(shape, np.uint8)).tolist() == np.full(shape, 3).tolist()
