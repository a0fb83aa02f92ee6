"""Effects that leave black and white only: thresholds, dithers, faxes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.noise import NOISES
from docpipe.noise.adaptive_binarise import adaptive_binarise
from docpipe.noise.dither import bayer, dither
from docpipe.noise.fax import fax
from docpipe.page import Page

TWO_TONES = ("adaptive_binarise", "binarise", "dither", "fax")
RAMP = np.tile(np.linspace(0, 255, 256).astype(np.uint8), (64, 1))
MM_PX = 300 / 25.4


@pytest.mark.parametrize("kind", TWO_TONES)
def test_two_tones_are_black_and_white(kind, card):
    for seed in range(5):
        noisy = NOISES[kind]()(card, np.random.default_rng(seed)).pixels
        assert set(np.unique(noisy)) == {0, 255}


@pytest.mark.parametrize("kind", TWO_TONES)
def test_a_page_of_two_tones_without_grays_is_still_read(kind, card):
    noise = NOISES[kind]()
    printed = np.full((240, 240), 255, np.uint8)
    printed[60:180, 80:160] = 0
    for seed in range(3):
        noisy = noise(Page(printed, dpi=(300.0, 300.0)), np.random.default_rng(seed)).pixels
        edges = np.abs(noisy.astype(int) - printed) > 0
        assert edges.mean() < 0.3, "a black block on white paper is gone"


def test_an_adaptive_threshold_reads_print_in_the_shade_that_a_global_one_loses():
    page = np.linspace(60, 250, 300)[None, :].repeat(100, axis=0)
    page[:, ::20] *= 0.5
    adapted = adaptive_binarise(page.astype(np.uint8), window_px=15, darker=0.2)
    assert (adapted[:, 20:-20:20] == 0).all() and (adapted[:, 30:-20:20] == 255).all()


def test_a_window_smaller_than_a_stroke_leaves_its_outline_only():
    page = np.full((100, 100), 240, np.uint8)
    page[30:70, 30:70] = 40
    hollow, whole = (adaptive_binarise(page, window_px=window, darker=0.1) for window in (5, 95))
    assert hollow[50, 50] == 255 and hollow[31, 50] == 0
    assert whole[50, 50] == 0


@given(share=st.floats(0, 0.9), more=st.floats(0, 0.1))
@settings(max_examples=30)
def test_the_darker_it_must_be_the_less_is_black(share, more):
    some, less = (adaptive_binarise(RAMP, window_px=21, darker=darker) for darker in (share, share + more))
    assert (less >= some).all()


def test_an_even_page_is_paper_however_dark_it_is():
    assert (adaptive_binarise(np.full((30, 30), 90, np.uint8), window_px=9, darker=0.01) == 255).all()


@pytest.mark.parametrize("method", ["ordered", "error_diffusion"])
@given(tone=st.integers(0, 255), dot_px=st.sampled_from([0, 1, 2, 3, 4]))     # dots of a pixel and a half are uneven
@settings(max_examples=30)
def test_dots_keep_the_tone_as_seen_from_afar(method, tone, dot_px):
    dotted = dither(np.full((128, 128), tone, np.uint8), dot_px=dot_px, method=method)
    assert dotted.mean() == pytest.approx(tone, abs=10)


def test_bayer_ranks_every_dot_once_and_spreads_neighbours():
    matrix = bayer(3)
    assert len(np.unique(matrix)) == 64
    assert bayer(1).tolist() == [[31, 159], [223, 95]]


def test_the_two_dithers_differ_in_order(card):
    tint = np.full((64, 64), 128, np.uint8)
    ordered = dither(tint, dot_px=1, method="ordered")
    assert np.array_equal(ordered[:, :-8], ordered[:, 8:])
    gray = np.tile(np.linspace(100, 160, 64).astype(np.uint8), (64, 1))
    diffused = dither(gray, dot_px=1, method="error_diffusion")
    assert not np.array_equal(diffused[:, :-8], diffused[:, 8:])


def test_coarser_dots_are_coarser():
    dots = [dither(np.full((120, 120), 128, np.uint8), dot_px=dot, method="ordered") for dot in (1, 3)]
    changes = [(one[:, 1:] != one[:, :-1]).mean() for one in dots]
    assert changes[0] > 2 * changes[1] > 0


def test_a_fax_is_as_coarse_as_the_standard_says(card):
    sent = fax(card.pixels, threshold=128, spoilt_share=0, resolution="standard", mm_px=MM_PX, seed=0)
    rows = 1 + (sent[1:] != sent[:-1]).any(axis=1).sum()
    assert rows <= np.ceil(3.85 * card.pixels.shape[0] / MM_PX)
    fine = fax(card.pixels, threshold=128, spoilt_share=0, resolution="fine", mm_px=MM_PX, seed=0)
    assert 1 + (fine[1:] != fine[:-1]).any(axis=1).sum() > 1.4 * rows


def test_a_page_coarser_than_a_fax_keeps_its_own_pixels():
    page = np.random.default_rng(0).integers(0, 256, (40, 60)).astype(np.uint8)
    sent = fax(page, threshold=100, spoilt_share=0, resolution="standard", mm_px=3.0, seed=0)
    assert np.array_equal(sent, np.where(page < 100, 0, 255))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_about_the_share_of_lines_that_was_asked_for_is_spoilt_and_often_in_a_row(share):
    page = np.where(np.random.default_rng(1).random((900, 60)) < 0.5, 0, 255).astype(np.uint8)
    sent = fax(page, threshold=128, spoilt_share=share, resolution="fine", mm_px=3.0, seed=5)
    spoilt = (sent != page).any(axis=1)
    assert spoilt.mean() == pytest.approx(share, abs=0.06)
    assert spoilt[1:][spoilt[:-1]].mean() > share * 1.02, "errors come in bursts"


def test_the_stronger_the_fax_the_more_lines_are_spoilt_and_none_at_severity_0(card):
    def change(severity):
        noise = NOISES["fax"](threshold=(128.0, 128.0), resolution=("fine",)).at(severity)
        clean = NOISES["fax"](threshold=(128.0, 128.0), resolution=("fine",)).at(0)
        return np.mean([noise(card, np.random.default_rng(seed)).pixels
                        != clean(card, np.random.default_rng(seed)).pixels for seed in range(20)])
    changes = [change(severity) for severity in (0, 0.5, 1)]
    assert changes[0] == 0 < changes[1] < changes[2]


@pytest.mark.parametrize("call", [
    lambda: adaptive_binarise(RAMP, window_px=5, darker=2),
    lambda: dither(RAMP, dot_px=-1, method="ordered"),
    lambda: dither(RAMP, dot_px=1, method="random"),
    lambda: fax(RAMP, threshold=128, spoilt_share=2, resolution="fine", mm_px=8, seed=0),
    lambda: fax(RAMP, threshold=128, spoilt_share=0, resolution="superb", mm_px=8, seed=0),
])
def test_a_value_that_makes_no_sense_is_refused_with_the_allowed_range(call):
    with pytest.raises(ValueError, match=r" is .*; it (must be|is one of) "):
        call()
