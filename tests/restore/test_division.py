"""Division: paper goes to white, ink stays dark, and what is white already stays as it is."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.restore.division import Division, divide_by_paper
from docpipe.restore.print_size import glyph_height


def shaded(page, left, right):
    """A light that falls off from one side to the other."""
    return (page * np.linspace(left, right, page.shape[1])).astype(np.uint8)


@pytest.mark.parametrize(("left", "right"), [(1.0, 0.4), (0.5, 0.5), (0.35, 0.9)])
def test_paper_goes_to_white_and_ink_stays_dark(printed, left, right):
    page = printed(ink=20)
    divided = divide_by_paper(shaded(page, left, right), glyph_px=17)
    assert np.percentile(divided[page == 255], 5) > 225
    assert np.median(divided[page == 20]) < 60


def test_faint_ink_keeps_its_share_of_the_paper(printed):
    divided = divide_by_paper(shaded(printed(ink=153), 0.9, 0.5), glyph_px=17)
    assert 140 < np.percentile(divided, 1) < 175  # 153 / 255 of white


def test_broad_stains_go(printed):
    page = printed()
    stain = np.ones(page.shape, np.float32)
    cv2.circle(stain, (page.shape[1] // 2, page.shape[0] // 2), 60, 0.6, -1)
    stained = (page * cv2.GaussianBlur(stain, (0, 0), 6)).astype(np.uint8)
    divided = divide_by_paper(stained, glyph_px=17)
    before, after = (np.median(gray[(page == 255) & (stain < 0.7)]) for gray in (stained, divided))
    assert before < 170 and after > 240


@pytest.mark.parametrize("glyph_px", [6, 17, 60])
def test_a_page_of_black_and_white_stays_as_it_is(printed, glyph_px):
    page = np.where(printed() < 128, 0, 255).astype(np.uint8)
    assert np.abs(divide_by_paper(page, glyph_px=glyph_px).astype(int) - page).max() <= 1


def test_a_clean_page_is_not_touched(printed):
    page = printed(ink=40, paper=246)
    divided = divide_by_paper(page, glyph_px=17)
    assert np.array_equal(divided, page) and divided is not page


def test_large_black_areas_stay_dark(printed):
    page = np.pad(printed(), 120, constant_values=12)
    divided = divide_by_paper(page, glyph_px=17)
    assert divided[:60].max() < 60 and divided[:, :60].max() < 60


def test_blank_noise_gains_no_contrast():
    noisy = np.clip(np.random.default_rng(1).normal(150, 6, (400, 600)), 0, 255).astype(np.uint8)
    divided = divide_by_paper(noisy, glyph_px=20)
    assert divided.std() < 2 * noisy.std()


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    glyph_px=st.floats(1, 200),
    seed=st.integers(0, 5),
)
def test_shape_stays_and_no_pixel_gets_darker(height, width, glyph_px, seed):
    gray = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    gray.setflags(write=False)
    divided = divide_by_paper(gray, glyph_px=glyph_px)
    assert divided.shape == gray.shape and divided.dtype == np.uint8
    assert (divided >= gray).all()


def test_threads_do_not_change_the_result(printed):
    page = cv2.resize(shaded(printed(), 1, 0.4), None, fx=4, fy=4)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = Division().restore(page, 68)
        cv2.setNumThreads(4)
        assert np.array_equal(Division().restore(page, 68), one)
    finally:
        cv2.setNumThreads(before)


def test_the_result_hardly_depends_on_the_resolution(printed):
    """The same page at twice the dpi comes out the same, but for resampling."""
    page = shaded(printed(height_px=40), 1, 0.4)
    double = cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    single, large = (divide_by_paper(gray, glyph_px=glyph_height(gray)) for gray in (page, double))
    halved = cv2.resize(large, page.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(single.astype(int) - halved).mean() < 4


@pytest.mark.parametrize("glyph_px", [0, -3])
def test_a_print_size_that_is_none_is_refused(glyph_px):
    with pytest.raises(ValueError, match="above 0"):
        divide_by_paper(np.zeros((9, 9), np.uint8), glyph_px=glyph_px)
