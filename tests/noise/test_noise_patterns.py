import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.noise.paste import paste
from docpipe.noise.patterns import GENERATORS, NEUTRAL, Pattern, generate_pattern

PAGE = np.tile(np.linspace(0, 255, 90).astype(np.uint8), (70, 1))
PAGE.flags.writeable = False


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_a_pattern_shows_something_and_fades_out_before_its_edges(kind):
    for seed in range(10):
        pattern = generate_pattern(kind, np.random.default_rng(seed))
        neutral = NEUTRAL[pattern.combine]
        assert pattern.gray.dtype == np.uint8
        for edge in (pattern.gray[0], pattern.gray[-1], pattern.gray[:, 0], pattern.gray[:, -1]):
            assert (edge == neutral).all()
        assert np.abs(pattern.gray.astype(int) - neutral).max() > 30


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_the_same_seed_makes_the_same_pattern_and_another_one_another(kind):
    first, again, other = (generate_pattern(kind, np.random.default_rng(seed)).gray for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_kind_of_pattern_that_nobody_makes_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="stain"):
        generate_pattern("blood", np.random.default_rng(0))


@pytest.mark.parametrize("combine", sorted(NEUTRAL))
@given(size=st.floats(1, 200), turn=st.floats(-360, 360), opacity=st.floats(0, 1))
@settings(max_examples=20)
def test_a_neutral_patch_leaves_the_page_as_it_is(combine, size, turn, opacity):
    plain = Pattern(np.full((20, 30), NEUTRAL[combine], np.uint8), combine)
    pasted = paste(PAGE, plain, x_px=5, y_px=60, size_px=size, turn_deg=turn, opacity=opacity)
    assert np.array_equal(pasted, PAGE)


@pytest.mark.parametrize("combine, value, expected", [
    ("multiply", 128, lambda page: np.rint(page * (128 / 255))),
    ("darken", 100, lambda page: np.minimum(page, 100)),
    ("lighten", 100, lambda page: np.maximum(page, 100)),
    ("add", 108, lambda page: np.clip(page.astype(int) - 20, 0, 255)),
])
def test_a_patch_meets_the_page_the_way_it_says(combine, value, expected):
    pattern = Pattern(np.full((400, 400), value, np.uint8), combine)
    pasted = paste(PAGE, pattern, x_px=45, y_px=35, size_px=400, turn_deg=0, opacity=1)
    assert np.array_equal(pasted, expected(PAGE))


def test_a_patch_covers_its_size_around_its_place_and_nothing_else():
    pasted = paste(np.full((100, 100), 255, np.uint8), Pattern(np.zeros((10, 20), np.uint8), "darken"),
                   x_px=50, y_px=40, size_px=40, turn_deg=0, opacity=1)
    rows, columns = np.nonzero(pasted < 128)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == pytest.approx((20, 40), abs=2)
    assert rows.mean() == pytest.approx(40, abs=1.5) and columns.mean() == pytest.approx(50, abs=1.5)


def test_a_patch_beside_the_page_is_refused():
    with pytest.raises(ValueError, match="x_px is 90"):
        paste(PAGE, generate_pattern("dirt", np.random.default_rng(0)), x_px=90, y_px=0, size_px=9,
              turn_deg=0, opacity=1)
