"""What single effects promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.noise import NOISES
from docpipe.noise.bands import bands
from docpipe.noise.binarise import binarise
from docpipe.noise.brightness import brightness
from docpipe.noise.broken_ink import broken_ink
from docpipe.noise.contrast import contrast
from docpipe.noise.defocus import defocus
from docpipe.noise.faded_ink import faded_ink
from docpipe.noise.fields import paper_under, rough_field, smooth_field, windows, wobble
from docpipe.noise.gamma import gamma
from docpipe.noise.gaussian import gaussian
from docpipe.noise.gutter_shadow import gutter_shadow
from docpipe.noise.halftone import halftone
from docpipe.noise.highlighter import highlighter
from docpipe.noise.hologram_reflection import hologram_reflection
from docpipe.noise.ink_spread import ink_spread
from docpipe.noise.jpeg import jpeg
from docpipe.noise.low_resolution import low_resolution
from docpipe.noise.motion_blur import motion_blur
from docpipe.noise.salt_and_pepper import salt_and_pepper
from docpipe.noise.speckle import speckle
from docpipe.noise.stains import stain
from docpipe.noise.streaks import streaks
from docpipe.noise.tape import strip, tape
from docpipe.noise.toner_specks import toner_specks
from docpipe.page import Page

ONLY_DARKEN = ("bands", "bleed_through", "cast_shadow", "dark_borders", "dust", "edge_shadow", "grease_stains",
               "gutter_shadow", "highlighter", "ink_spread", "moire", "pen_strokes", "scribble", "stains", "stamps",
               "staples", "streaks", "toner_specks", "uneven_light")
ONLY_LIGHTEN = ("broken_ink", "faded_ink", "glare")
GRAY = np.full((200, 200), 128, np.uint8)
WHITE = np.full((120, 160), 255, np.uint8)
PX_PER_MM = 300 / 25.4


@pytest.mark.parametrize("kind", ONLY_DARKEN)
def test_dirt_and_shadow_make_no_pixel_lighter(kind, card):
    for seed in range(5):
        noisy = NOISES[kind]().at(1)(card, np.random.default_rng(seed))
        assert (noisy.pixels <= card.pixels).all()


@pytest.mark.parametrize("kind", ONLY_LIGHTEN)
def test_lost_ink_makes_no_pixel_darker(kind, card):
    for seed in range(5):
        noisy = NOISES[kind]().at(1)(card, np.random.default_rng(seed))
        assert (noisy.pixels >= card.pixels).all()


@pytest.mark.parametrize("kind", ("defocus", "gutter_shadow", "ink_spread", "motion_blur"))
def test_a_length_in_mm_covers_twice_the_pixels_at_twice_the_resolution(kind):
    parameters = NOISES[kind]().draw(np.random.default_rng(11))
    squares = np.where(np.indices((8, 8)).sum(axis=0) % 2, 235, 60).astype(np.uint8)
    changes = []
    for times in (1, 2):
        pixels = np.kron(squares, np.ones((32 * times, 32 * times), np.uint8))
        noisy = NOISES[kind]().apply(Page(pixels, dpi=(200.0 * times, 200.0 * times)), parameters)
        changes.append(np.abs(noisy.pixels.astype(int) - pixels).mean())
    assert changes[0] > 1 and changes[1] == pytest.approx(changes[0], rel=0.2)


@pytest.mark.parametrize("kind", ["folds", "glare", "grease_stains", "highlighter", "hologram_reflection", "paste",
                                  "pen_strokes", "punch_holes", "scribble", "stains", "stamps", "staples", "tape",
                                  "water_stains"])
def test_single_things_land_all_over_the_page(kind):
    sheet = Page(np.full((300, 300), 235, np.uint8), dpi=(100.0, 100.0))
    touched = [NOISES[kind]().at(1)(sheet, np.random.default_rng(seed)).pixels != 235 for seed in range(60)]
    quarters = np.mean(touched, axis=0).reshape(2, 150, 2, 150).mean(axis=(1, 3))
    assert quarters.min() > 0.4 * quarters.max() > 0, quarters


@given(depth=st.floats(0, 1), width_px=st.floats(0.5, 500))
def test_gutter_shadow_only_darkens_and_fades_away_from_the_spine(depth, width_px):
    paper = np.full((2, 64), 255, np.uint8)
    left = gutter_shadow(paper, depth=depth, width_px=width_px)
    assert (left <= paper).all() and (np.diff(left[0].astype(int)) >= 0).all()
    assert np.array_equal(gutter_shadow(paper, depth=depth, width_px=width_px, on_right=True), left[:, ::-1])


@given(count=st.integers(1, 30), darkness=st.floats(0, 1), width_px=st.floats(0, 20), seed=st.integers(0, 99))
def test_streaks_never_take_more_light_than_their_darkness(count, darkness, width_px, seed):
    streaked = streaks(WHITE, count=count, darkness=darkness, width_px=width_px, seed=seed)
    assert (streaked <= WHITE).all() and streaked.min() >= np.floor(255 * (1 - darkness))


def test_bands_repeat_at_their_period_and_are_the_same_across_the_page():
    banded = bands(np.full((400, 30), 255, np.uint8), depth=0.5, period_px=20, sharpness=2, seed=1)
    assert (banded == banded[:, :1]).all()
    spectrum = np.abs(np.fft.rfft(banded[:, 0] - banded[:, 0].mean()))
    assert spectrum[5:].argmax() + 5 == pytest.approx(400 / 20, rel=0.15)


def test_toner_specks_are_as_many_as_asked_for_and_leave_the_rest_of_the_page_alone():
    paper = np.full((800, 800), 255, np.uint8)
    specked = toner_specks(paper, count=40, darkness=1, size_px=6, clumping=0, seed=2)
    touched = int((specked < 255).sum())
    assert touched > 40 * 6**2 / 3 and touched < 40 * 6**2 * 6


def test_a_dried_drop_is_darkest_at_its_rim_and_dry_at_the_edges_of_its_patch():
    for seed in range(10):
        drop = stain(60, rim=1.0, rng=np.random.default_rng(seed))
        assert drop.min() >= 0 and drop.max() <= 1
        assert max(drop[0].max(), drop[-1].max(), drop[:, 0].max(), drop[:, -1].max()) < 0.02
        middle = drop[len(drop) // 2 - 8:len(drop) // 2 + 8, len(drop) // 2 - 8:len(drop) // 2 + 8]
        assert drop.max() > 1.3 * middle.max()


def test_fading_everything_leaves_the_paper():
    page = np.full((200, 200), 220, np.uint8)
    page[80:90, 40:160] = 30
    bare = faded_ink(page, loss=1, patchiness=0, patch_px=20, mm_px=PX_PER_MM, seed=0)
    assert np.abs(bare.astype(int) - 220).max() <= 2


@given(share=st.floats(0, 1))
@settings(max_examples=20)
def test_broken_ink_loses_about_the_share_that_was_asked_for(share):
    page = np.full((256, 256), 255, np.uint8)
    page[::16] = page[1::16] = 0
    broken = broken_ink(page, share=share, hole_px=2.5, mm_px=PX_PER_MM, seed=4)
    lost_share = broken[page == 0].mean() / 255
    assert lost_share == pytest.approx(share, abs=0.12)


@given(width_px=st.floats(0, 5), more_px=st.floats(0, 3))
@settings(max_examples=30)
def test_ink_spreads_further_the_further_it_may(width_px, more_px):
    page = WHITE.copy()
    page[60, 80] = 0
    near, far = (ink_spread(page, width_px=width) for width in (width_px, width_px + more_px))
    assert (far.astype(int) <= near.astype(int) + 1).all()


@given(radius_px=st.floats(0, 8), length_px=st.floats(0, 15), angle=st.floats(0, 3.2))
@settings(max_examples=30)
def test_blur_keeps_light_and_place(radius_px, length_px, angle):
    page = np.full((61, 61), 0, np.uint8)
    page[28:33, 28:33] = 250
    moved = motion_blur(page, length_px=length_px, angle_rad=angle)
    for blurred in (defocus(page, radius_px=radius_px), moved):
        light = blurred.astype(float)
        assert light.sum() == pytest.approx(page.sum(), rel=0.06)
        rows, columns = np.indices(page.shape)
        assert (light * rows).sum() / light.sum() == pytest.approx(30, abs=0.1)
        assert (light * columns).sum() / light.sum() == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize("variance", [0.005, 0.02, 0.08])
def test_gaussian_noise_has_the_variance_that_it_says(variance):
    added = gaussian(GRAY, variance=variance, seed=3) / 255.0 - 128 / 255
    # .08 is cut off at black and white
    assert added.var() == pytest.approx(variance, rel=0.05 if variance < 0.05 else 0.25)
    assert abs(added.mean()) < 0.01


def test_speckle_has_the_variance_that_it_says_and_leaves_black_alone():
    factor = speckle(GRAY, variance=0.04, seed=3) / 128
    assert factor.var() == pytest.approx(0.04, rel=0.05)
    assert not speckle(np.zeros((50, 50), np.uint8), variance=0.2, seed=3).any()


@pytest.mark.parametrize("share", [0.02, 0.07])
def test_salt_and_pepper_hits_its_share_of_pixels_half_of_them_white(share):
    noisy = salt_and_pepper(GRAY, share=share, seed=1)
    assert (noisy == 0).mean() == pytest.approx(share / 2, rel=0.25)
    assert (noisy == 255).mean() == pytest.approx(share / 2, rel=0.25)
    assert set(np.unique(noisy)) == {0, 128, 255}


@given(threshold=st.floats(0, 255))
def test_binarising_gives_black_and_white_alone(threshold):
    ramp = np.arange(256, dtype=np.uint8)[None]
    black_and_white = binarise(ramp, threshold=threshold)
    assert set(np.unique(black_and_white)) <= {0, 255}
    assert ((black_and_white == 0) == (ramp < threshold)).all()


@given(shift=st.floats(-255, 255), kept=st.floats(0, 1), towards=st.floats(0, 255),
       exponent=st.floats(0.1, 10))
def test_tone_curves_never_swap_dark_and_light(shift, kept, towards, exponent):
    ramp = np.arange(256, dtype=np.uint8)[None]
    for changed in (brightness(ramp, shift=shift), contrast(ramp, kept=kept, towards=towards),
                    gamma(ramp, exponent=exponent)):
        assert (np.diff(changed[0].astype(int)) >= 0).all()


def test_gamma_keeps_black_and_white():
    ends = np.array([[0, 255]], np.uint8)
    assert np.array_equal(gamma(ends, exponent=2.5), ends)


def test_contrast_of_nothing_is_a_plain_page():
    assert (contrast(np.arange(256, dtype=np.uint8)[None], kept=0, towards=200) == 200).all()


def test_a_page_coarser_than_the_pixels_asked_for_is_left_alone(card):
    noise = NOISES["low_resolution"](pixel_mm=(0.2, 0.2))
    fax = Page(card.pixels, dpi=(100.0, 100.0))
    assert np.array_equal(noise(fax, np.random.default_rng(0)).pixels, card.pixels)


def test_low_resolution_takes_fine_detail_and_leaves_coarse_shapes():
    fine, coarse = (np.tile(np.repeat(np.uint8([0, 255]), width), (128, 64 // width)) for width in (1, 16))
    assert low_resolution(fine, factor=4).std() < 10
    assert low_resolution(coarse, factor=4).std() > 100


def test_worse_jpeg_quality_is_worse(card):
    errors = [np.abs(jpeg(card.pixels, quality=quality).astype(int) - card.pixels).mean()
              for quality in (100, 80, 40, 10)]
    assert errors[0] == 0 and errors == sorted(errors)


@given(tone=st.integers(0, 255), cell_px=st.floats(1, 12), angle_rad=st.floats(0, 1.6))
@settings(max_examples=30)
def test_a_screen_of_dots_keeps_the_tone_seen_from_afar_and_black_and_white_as_they_are(tone, cell_px, angle_rad):
    screened = halftone(np.full((200, 200), tone, np.uint8), cell_px=cell_px, dot_gain=0, angle_rad=angle_rad)
    assert screened.mean() == pytest.approx(tone, abs=0 if tone in (0, 255) else 8)


def test_dots_stand_where_the_screen_says():
    screened = halftone(GRAY, cell_px=8, dot_gain=0, angle_rad=0).astype(float)
    assert screened.std() > 60
    inner = screened[8:-8, 8:-8]
    assert np.abs(inner[8:] - inner[:-8]).max() <= 1 and np.abs(inner[:, 8:] - inner[:, :-8]).max() <= 1


def test_dots_finer_than_the_pixels_leave_grays_and_a_little_moire():
    fine, coarse = (halftone(GRAY, cell_px=cell_px, dot_gain=0, angle_rad=0.3).std() for cell_px in (1, 4))
    assert fine < 10 < 60 < coarse


@given(gain=st.floats(0, 0.25))
@settings(max_examples=20)
def test_dots_gain_as_much_as_is_said_where_they_cover_half(gain):
    screened = halftone(np.full((200, 200), 127, np.uint8), cell_px=5, dot_gain=gain, angle_rad=0.4)
    assert 1 - screened.mean() / 255 == pytest.approx(0.5 + gain, abs=0.02)


@pytest.mark.parametrize("dpi", [150, 200, 300, 400, 600])
def test_dots_of_a_screen_can_be_seen_at_every_resolution(dpi):
    plain = Page(GRAY, dpi=(dpi, dpi))
    weak, strong = (NOISES["halftone"]().at(severity)(plain, np.random.default_rng(0)).pixels.std()
                    for severity in (0.25, 1))
    assert weak > 4 and strong > 40, "a gray that is darker all over is no screen"


MARKED = {"width_px": 20, "length_px": 120, "slant_rad": 0.0, "mm_px": 8.0}


@given(darkness=st.floats(0, 1), seed=st.integers(0, 99))
@settings(max_examples=30)
def test_one_stroke_never_takes_more_light_than_its_ink_and_a_second_one_darkens_further(darkness, seed):
    once = highlighter(WHITE, count=1, darkness=darkness, smear_px=0, seed=seed, **MARKED)
    assert once.min() >= np.floor(255 * (1 - darkness) ** 2), "a line is marked to and back, at most"
    many = highlighter(WHITE, count=8, darkness=darkness, smear_px=0, seed=seed, **MARKED)
    assert many.mean() <= once.mean() + 0.5


def test_lines_of_print_are_marked_more_often_than_bare_paper():
    page = np.full((400, 200), 255, np.uint8)
    page[180:220, 20:180:6] = 20
    marked = np.mean([highlighter(page, count=1, darkness=1, smear_px=0, seed=seed, **MARKED) < page
                      for seed in range(40)], axis=0)
    assert marked[180:220].mean() > 4 * marked[:150].mean()


def test_a_wet_marker_drags_ink_along_its_stroke_and_nowhere_else():
    page = np.full((100, 300), 255, np.uint8)
    page[:, 150:154] = 0
    marks = {**MARKED, "length_px": 900}
    dry, wet = (highlighter(page, count=2, darkness=0.2, smear_px=smear_px, seed=1, **marks) for smear_px in (0, 16))
    touched = dry < page
    assert (wet <= dry).all() and (wet < dry).any()
    assert not (wet < dry)[~touched].any()


def test_a_strip_of_tape_is_as_large_as_it_should_be_and_shorter_at_its_torn_ends():
    for seed in range(10):
        inside = strip((300, 600), 300, 150, width_px=80, length_px=400, angle_rad=0.0, mm_px=10.0,
                       rng=np.random.default_rng(seed))
        rows, columns = np.nonzero(inside > 0)
        assert 78 <= np.ptp(rows) <= 80 and 360 <= np.ptp(columns) <= 400
        ends = [row.nonzero()[0].max() for row in inside[115:186] > 0]
        assert np.ptp(ends) > 3, "cut straight"


CLEAR = {"count": 1, "darkness": 0.0, "haze": 0.0, "gloss": 0.0, "width_px": 60, "length_px": 150, "angle_rad": 0.4,
         "mm_px": 5.0, "seed": 3}


def test_glue_darkens_air_takes_contrast_and_gloss_reaches_white():
    page = np.tile(np.uint8([40, 40, 40, 220, 220, 220]), (200, 40))
    assert np.array_equal(tape(page, **CLEAR), page)
    yellowed = tape(page, **{**CLEAR, "darkness": 0.4})
    assert (yellowed <= page).all() and yellowed.min() >= 23
    hazy = tape(page, **{**CLEAR, "haze": 1.0})
    assert (hazy >= page).all() and 220 <= hazy[hazy > page].max() <= 225
    assert tape(page, **{**CLEAR, "gloss": 1.0}).max() == 255


@pytest.mark.parametrize("pattern", ["rosette", "stripes"])
def test_a_foil_throws_more_light_the_brighter_it_is_and_saturates_at_its_lines(pattern):
    black = np.zeros((240, 240), np.uint8)
    foil = {"count": 1, "pattern": pattern, "size_px": 400, "line_px": 10, "angle_rad": 0.3}
    thrown = [np.mean([hologram_reflection(black, brightness=brightness, seed=seed, **foil) for seed in range(8)])
              for brightness in (0, 0.3, 0.6, 1)]
    assert thrown[0] == 0 and thrown == sorted(thrown) and thrown[-1] > 20
    over_gray = [hologram_reflection(GRAY, brightness=1, seed=seed, **foil) for seed in range(8)]
    assert any((lit == 255).any() for lit in over_gray) and any((lit < 128).any() for lit in over_gray)


def test_an_uneven_edge_swings_within_its_bounds_and_without_jumps():
    edge = wobble(np.arange(-5000, 5000, dtype=np.float32)[None], 20, np.random.default_rng(0))
    assert -1 <= edge.min() < -0.9 and 0.9 < edge.max() <= 1
    assert np.abs(np.diff(edge)).max() <= 2 / 20 + 1e-3


@pytest.mark.parametrize("field", [smooth_field, rough_field])
@pytest.mark.parametrize("cell_px", [0.3, 1, 7.5, 1000])
def test_random_fields_stay_between_0_and_1(field, cell_px):
    values = field((50, 90), cell_px, np.random.default_rng(0))
    assert values.shape == (50, 90) and values.dtype == np.float32
    assert 0 <= values.min() < values.max() <= 1.0001


def test_the_paper_under_a_line_of_print_is_the_paper_around_it():
    page = np.full((300, 300), 210, np.uint8)
    page[140:160:4, 30:270] = 20
    assert np.abs(paper_under(page, PX_PER_MM).astype(int) - 210).max() <= 2


@given(height=st.integers(1, 30), width=st.integers(1, 30),
       patch=st.tuples(st.integers(1, 50), st.integers(1, 50)),
       at=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)))
def test_a_patch_lies_on_the_page_with_the_part_that_is_cut_to_fit(height, width, patch, at):
    x_px, y_px = int(at[0] * width), int(at[1] * height)
    on_page, in_patch = windows((height, width), patch, x_px, y_px)
    page, part = np.zeros((height, width))[on_page], np.zeros(patch)[in_patch]
    assert page.shape == part.shape and page.size > 0
    assert on_page[0].start - in_patch[0].start == y_px - patch[0] // 2


@pytest.mark.parametrize("call", [
    lambda: gutter_shadow(GRAY, depth=1.5, width_px=3),
    lambda: streaks(GRAY, count=0, darkness=0.5, width_px=3, seed=0),
    lambda: gaussian(GRAY, variance=-1, seed=0),
    lambda: salt_and_pepper(GRAY, share=2, seed=0),
    lambda: jpeg(GRAY, quality=0),
    lambda: low_resolution(GRAY, factor=0.5),
    lambda: low_resolution(GRAY, factor=2, enlarged_by="magic"),
    lambda: defocus(GRAY, radius_px=-1),
    lambda: binarise(GRAY, threshold=300),
    lambda: contrast(GRAY, kept=float("nan"), towards=0),
    lambda: halftone(GRAY, cell_px=5, dot_gain=2, angle_rad=0),
    lambda: halftone(GRAY, cell_px=0.5, dot_gain=0, angle_rad=0),
    lambda: highlighter(GRAY, count=1, darkness=2, smear_px=0, seed=0, **MARKED),
    lambda: tape(GRAY, **{**CLEAR, "haze": -1}),
    lambda: hologram_reflection(GRAY, count=1, brightness=2, pattern="rosette", size_px=9, line_px=2, angle_rad=0,
                                seed=0),
    lambda: hologram_reflection(GRAY, count=1, brightness=1, pattern="star", size_px=9, line_px=2, angle_rad=0,
                                seed=0),
])
def test_a_value_that_makes_no_sense_is_refused_with_the_allowed_range(call):
    with pytest.raises(ValueError, match=r" is .*; it (must be|is one of) "):
        call()
