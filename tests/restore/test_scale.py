"""Scale: how pages are brought to the size of print that a network knows, and back."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.restore.scale import bring_back, resample, scale_into


@pytest.fixture
def fine():
    """A page with lines of one pixel, which no half-sized page can hold."""
    page = np.full((120, 160), 230, np.uint8)
    page[20:100:4, 20:140] = 40
    return page


def shrunk(page):
    return resample(page, (page.shape[0] // 2, page.shape[1] // 2))


def test_a_page_that_restoring_left_alone_comes_back_as_sharp_as_it_was(fine):
    small = shrunk(fine)
    assert np.abs(bring_back(fine, small, small).astype(int) - fine).max() <= 1
    assert np.abs(resample(small, fine.shape).astype(int) - fine).max() > 50, "resampled alone it is not"


def test_a_shadow_that_is_taken_off_takes_no_detail_with_it(fine):
    small = shrunk(fine)
    shadow = np.linspace(0, 60, small.shape[1]).astype(np.uint8)
    back = bring_back(fine, small, cv2.add(small, np.broadcast_to(shadow, small.shape)))
    assert np.ptp(back[20:100, 60].astype(int)) > 0.9 * np.ptp(fine[20:100, 60].astype(int))


def test_detail_that_restoring_took_for_dirt_stays_away():
    grain = np.random.default_rng(1).normal(0, 60, (120, 160))
    page = np.clip(200 + grain, 0, 255).astype(np.uint8)
    white = np.full((60, 80), 235, np.uint8)
    assert np.array_equal(bring_back(page, shrunk(page), white), np.full_like(page, 235))


@given(st.integers(8, 40), st.integers(8, 40), st.integers(0, 2**32 - 1))
def test_a_page_of_the_same_size_or_of_a_larger_one_comes_back_as_it_was_restored(height, width, seed):
    page, restored = np.random.default_rng(seed).integers(0, 256, (2, height, width), np.uint8)
    assert np.array_equal(bring_back(page, page, restored), restored)
    large = resample(restored, (2 * height, 2 * width))
    assert np.array_equal(bring_back(page, resample(page, large.shape), large), resample(large, page.shape))


@pytest.mark.parametrize(("glyph_px", "scale"), [(4, 2), (2, 3), (8, 1), (17, 1), (34, 0.5)])
def test_print_is_brought_into_its_range_and_no_farther(glyph_px, scale):
    assert scale_into(glyph_px, (8, 17)) == scale
    assert scale_into(glyph_px, None) == 1
