"""Print size: found at any scale and under any dirt, and not found where there is no print."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from docpipe.restore import print_size
from docpipe.restore.print_size import glyph_height


def page_of(height_px, lines=("UTOPIA IDENTITY CARD 0123456789", "QUILLFEATHER MIRA OTTILIE 1984")):
    """Capitals and digits of a known height, and the page: the height is measured on one letter."""
    font = ImageFont.load_default(height_px / 0.7)
    _, top, _, bottom = font.getbbox("E")
    image = Image.new("L", (round(height_px * 28), round(height_px * 2 * (2 * len(lines) + 1))), 250)
    for i, line in enumerate(2 * lines):
        ImageDraw.Draw(image).text((height_px, height_px * (0.5 + 2 * i)), line, fill=20, font=font)
    return np.asarray(image).copy(), bottom - top


@pytest.mark.parametrize("height_px", [7, 9, 14, 22, 40, 80, 140])
def test_the_height_of_capitals_is_found(height_px):
    page, truth = page_of(height_px)
    assert glyph_height(page) == pytest.approx(truth, rel=0.15)


DIRT = {
    "shading": lambda page, rng: page * np.linspace(1, 0.3, page.shape[1]),
    "noise": lambda page, rng: page + rng.normal(0, 25, page.shape),
    "salt and pepper": lambda page, rng: np.where(
        rng.random(page.shape) < 0.04, rng.choice([0, 255], page.shape), page
    ),
    "faint ink": lambda page, rng: 200 + page * 0.2,
    "dark border": lambda page, rng: np.pad(page, 150, constant_values=5),
    "binarised": lambda page, rng: np.where(page < 128, 0, 255),
    "specks": lambda page, rng: page * (cv2.dilate((rng.random(page.shape) < 0.001) * 1.0, np.ones((4, 4))) == 0),
    "lines": lambda page, rng: page * (np.arange(page.shape[1]) % 97 > 2),
    "stain": lambda page, rng: page * (1 - 0.6 * cv2.circle(np.zeros(page.shape), (300, 100), 90, 1, -1)),
}


@pytest.mark.parametrize("kind", sorted(DIRT))
def test_dirt_hardly_moves_it(kind):
    page, truth = page_of(26)
    dirty = np.clip(DIRT[kind](page.astype(float), np.random.default_rng(5)), 0, 255).astype(np.uint8)
    assert glyph_height(dirty) == pytest.approx(truth, rel=0.15)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_it_is_found_on_pages_that_lie_on_their_side_or_head(turns):
    page, truth = page_of(26)
    shaded = (page * np.linspace(1, 0.4, page.shape[1])).astype(np.uint8)
    assert glyph_height(np.ascontiguousarray(np.rot90(shaded, turns))) == pytest.approx(truth, rel=0.15)


def test_it_is_found_among_bleed_through_and_grain():
    page, truth = page_of(26, lines=("UTOPIA IDENTITY CARD 0123456789",) * 5)
    rng = np.random.default_rng(3)
    blotches = cv2.GaussianBlur(rng.normal(0, 1, page.shape), (0, 0), 3)
    ground = 170 + 28 * blotches / blotches.std() + rng.normal(0, 8, page.shape)
    dirty = np.minimum(ground, page * 0.7 + 25).clip(0, 255).astype(np.uint8)
    assert glyph_height(dirty) == pytest.approx(truth, rel=0.3)


@settings(max_examples=25)
@given(scale=st.floats(0.35, 6))
def test_it_scales_with_the_page(scale):
    page, truth = page_of(20)
    scaled = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    assert glyph_height(scaled) == pytest.approx(truth * scale, rel=0.15)


@pytest.mark.parametrize(
    "page",
    [
        np.full((1, 1), 255, np.uint8),
        np.full((600, 900), 255, np.uint8),
        np.zeros((600, 900), np.uint8),
        np.tile(np.linspace(0, 255, 900).astype(np.uint8), (600, 1)),
        np.random.default_rng(2).normal(180, 25, (600, 900)).clip(0, 255).astype(np.uint8),
        cv2.circle(np.full((600, 900), 230, np.uint8), (450, 300), 200, 60, -1),
    ],
    ids=["one pixel", "white", "black", "ramp", "noise", "disc"],
)
def test_a_page_without_print_has_none(page):
    assert glyph_height(page) is None


@pytest.mark.parametrize("dpi", [1, 72, 300, 600, 72_000])
@pytest.mark.parametrize("height_px", [9, 40, 140])
def test_a_false_dpi_does_not_hide_print(height_px, dpi):
    page, truth = page_of(height_px)
    assert glyph_height(page, (dpi, dpi)) == pytest.approx(truth, rel=0.15)


def test_a_true_dpi_drops_what_is_too_large_for_print():
    page, truth = page_of(30)
    blots = np.full((900, page.shape[1]), 250, np.uint8)
    for left in range(60, page.shape[1] - 150, 160):
        cv2.rectangle(blots, (left, 300), (left + 90, 500), 10, 18)
    both = np.vstack([page, blots])
    assert glyph_height(both, (100, 100)) == pytest.approx(truth, rel=0.15)


def test_print_on_a_huge_page_is_found():
    page, truth = page_of(60)
    huge = np.full((7000, 7000), 250, np.uint8)
    huge[500 : 500 + page.shape[0], 500 : 500 + page.shape[1]] = page
    assert glyph_height(huge) == pytest.approx(truth, rel=0.15)


def test_a_few_headings_do_not_hide_the_small_print_of_a_huge_page():
    page, truth = page_of(17, lines=("UTOPIA IDENTITY CARD 0123456789",) * 12)
    heading, _ = page_of(60)
    huge = np.full((6000, 6000), 250, np.uint8)
    for top in range(500, 5000, page.shape[0] + 20):
        huge[top : top + page.shape[0], 500 : 500 + page.shape[1]] = page
    huge[100 : 100 + heading.shape[0] // 2, 500 : 500 + heading.shape[1]] = heading[: heading.shape[0] // 2]
    assert glyph_height(huge) == pytest.approx(truth, rel=0.15)


@given(sizes=st.lists(st.integers(6, 400), min_size=1, max_size=40), scale=st.floats(0.05, 4))
def test_the_median_is_that_of_numpy_bit_for_bit(sizes, scale):
    heights = np.array(sizes) / scale
    assert print_size._median(heights) == float(np.median(heights))


@pytest.mark.parametrize("dots_down", [200, 255, 256, 257, 400])
def test_more_components_than_narrow_labels_can_tell_apart_are_all_found(dots_down):
    ink = np.zeros((2 * dots_down, 512), np.uint8)
    ink[::2, ::2] = 1                                              # 256 dots in a row of them
    boxes = print_size._components(ink)
    assert np.array_equal(boxes, cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:])
    assert len(boxes) == 256 * dots_down


def test_measuring_loads_no_masked_arrays():
    """`np.median` does, which takes as long as half of OpenCV's import."""
    code = (
        "import sys, numpy as np; from docpipe.restore.print_size import glyph_height\n"
        "glyph = np.full((24, 16), 255, np.uint8); glyph[4:20, 4:12] = 0\n"
        "print(glyph_height(np.tile(glyph, (9, 30))), 'numpy.ma' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "16.0 False"
