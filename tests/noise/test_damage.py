"""What single effects of paper, copiers, light and sensors promise, beside the contract of all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.noise.drum_marks import drum_marks
from docpipe.noise.edge_shadow import edge_shadow
from docpipe.noise.fixed_pattern import fixed_pattern
from docpipe.noise.glare import SOURCES, glare
from docpipe.noise.grease_stains import grease_stains
from docpipe.noise.moire import moire
from docpipe.noise.photon_noise import photon_noise
from docpipe.noise.puddle import puddle
from docpipe.noise.punch_holes import punch_holes
from docpipe.noise.recopied import recopied, toner_curve
from docpipe.noise.scribble import scribble
from docpipe.noise.staples import staples
from docpipe.noise.water_stains import water_stains

PAPER = np.full((300, 300), 235, np.uint8)
MM_PX = 10.0


def printed():
    page = PAPER.copy()
    page[::12, 20:-20] = 30
    return page


def test_drum_marks_return_at_every_turn_in_the_same_column():
    tall = np.full((900, 200), 235, np.uint8)
    marked = drum_marks(tall, count=1, strength=1, size_px=12, turn_px=250, light=False, mm_px=MM_PX, seed=3)
    dark = (marked < 200).any(axis=1)
    begins = np.flatnonzero(dark[1:] & ~dark[:-1])
    assert len(begins) >= 3 and np.abs(np.diff(begins) - 250).max() <= 2
    columns = [np.flatnonzero((marked[begin:begin + 30] < 200).any(axis=0)).mean() for begin in begins]
    assert np.ptp(columns) < 2


def test_a_mark_without_toner_takes_ink_and_leaves_paper_alone():
    page = printed()
    marked = drum_marks(page, count=6, strength=1, size_px=25, turn_px=250, light=True, mm_px=MM_PX, seed=0)
    assert (marked >= page).all() and (marked > page + 50).any()
    assert np.abs(marked.astype(int) - page)[page == 235].max() <= 1


@given(darkness=st.floats(0, 1), turns=st.integers(1, 40), seed=st.integers(0, 99))
@settings(max_examples=30)
def test_a_scribble_never_takes_more_light_than_its_ink(darkness, turns, seed):
    drawn = scribble(PAPER, turns=turns, darkness=darkness, pen_px=4, length_px=150, height_px=40, angle_rad=0.2,
                     seed=seed)
    assert (drawn <= PAPER).all() and drawn.min() >= np.floor(235 * (1 - darkness))


def test_more_turns_cover_more_of_the_same_place():
    covered = [np.mean([scribble(PAPER, turns=turns, darkness=1, pen_px=3, length_px=120, height_px=50, angle_rad=0,
                                 seed=seed) < 200 for seed in range(10)]) for turns in (3, 10, 40)]
    assert covered == sorted(covered) and covered[2] > 2 * covered[0]


@given(radius_px=st.floats(0, 120), ragged=st.floats(0, 1.2), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_a_puddle_is_dry_at_the_edges_of_its_patch_and_wet_inside(radius_px, ragged, seed):
    outside = puddle(radius_px, ragged, np.random.default_rng(seed))
    assert outside.dtype == np.float32 and outside.shape[0] == outside.shape[1]
    if radius_px > 10:
        assert min(outside[0].min(), outside[-1].min(), outside[:, 0].min(), outside[:, -1].min()) > 0
        middle = len(outside) // 2
        assert outside[middle, middle] < 0


def test_water_lets_ink_run_and_leaves_a_line_that_is_darker_than_what_it_surrounds():
    page = printed()
    only_run = water_stains(page, count=1, darkness=0, radius_px=120, run_px=4, seed=2)
    assert only_run[(page == 235) & (only_run != page)].min() < 230, "ink has run onto paper"
    assert only_run.mean() == pytest.approx(page.mean(), abs=2), "ink moves, it does not come or go"
    dry = water_stains(PAPER, count=1, darkness=0.5, radius_px=100, run_px=0, seed=2)
    stained = dry[dry < 230]
    assert np.quantile(stained, 0.02) < np.median(stained) - 10


def test_grease_darkens_ink_and_paper_by_the_same_share_and_what_is_soaked_no_further():
    paper, gray = PAPER, np.full_like(PAPER, 120)
    drops = {"count": 3, "depth": 0.4, "radius_px": 60, "mm_px": MM_PX, "seed": 1}
    on_paper, on_gray = (grease_stains(page, **drops) / page for page in (paper, gray))
    assert np.abs(on_paper - on_gray).max() < 0.01
    many = grease_stains(paper, **{**drops, "count": 60})
    assert many.min() >= np.floor(235 * 0.6)


@pytest.mark.parametrize("lid", [0, 255])
def test_a_hole_shows_the_lid_and_is_as_large_as_the_punch(lid):
    page = np.full((1500, 1500), 128, np.uint8)        # large, so that the hole lies well inside
    punched = punch_holes(page, count=1, diameter_px=60, lid=lid, mm_px=MM_PX, seed=8)
    seen = punched < 40 if lid == 0 else punched > 180
    assert np.pi * 30**2 * 0.75 < seen.sum() < np.pi * 30**2 * 1.15
    if lid == 255:
        assert 128 < punched[punched > 128].min() < 200, "the edge throws its shadow on the lid"


def test_a_pulled_staple_leaves_two_holes_as_far_apart_as_it_was_long():
    for seed in range(6):
        page = np.full((500, 500), 235, np.uint8)
        pulled = staples(page, count=1, what="holes", darkness=1, length_px=120, wire_px=6, angle_rad=0.3, seed=seed)
        rows, columns = np.nonzero(pulled < 60)
        if len(rows) < 60 or min(rows.min(), columns.min()) < 5 or max(rows.max(), columns.max()) > 494:
            continue                                        # it hangs over the edge of the page
        points = np.stack([columns, rows], axis=1)
        apart = np.linalg.norm(points[:, None] - points[None], axis=2).max()
        assert 115 < apart < 140
        break
    else:
        pytest.fail("no staple lay on the page as a whole")


def test_a_staple_has_a_glint_along_its_wire():
    page = np.full((400, 400), 235, np.uint8)
    stapled = staples(page, count=1, what="wire", darkness=1, length_px=150, wire_px=12, angle_rad=0, seed=4)
    dark = stapled < 60
    assert dark.any() and ((stapled > 60) & (stapled < 180)).sum() > 0.3 * dark.sum()


@given(depth=st.floats(0, 1), sides=st.integers(1, 2), seed=st.integers(0, 99))
@settings(max_examples=30)
def test_an_edge_throws_its_shadow_at_the_edge_only(depth, sides, seed):
    shaded = edge_shadow(PAPER, depth=depth, width_px=10, sides=sides, mm_px=MM_PX, seed=seed)
    assert (shaded <= PAPER).all() and (shaded[100:200, 100:200] == 235).all()
    edges = [shaded[0].mean(), shaded[-1].mean(), shaded[:, 0].mean(), shaded[:, -1].mean()]
    assert sum(edge < 235 * (1 - 0.3 * depth) - 1 for edge in edges) <= sides


@pytest.mark.parametrize("source", SOURCES)
def test_the_brighter_the_lamp_the_less_of_the_print_is_seen(source):
    page = printed()
    shown = [np.mean([glare(page, brightness=brightness, source=source, size_px=120, angle_rad=0.5, seed=seed).std()
                      for seed in range(6)]) for brightness in (0, 0.4, 1.2)]
    assert shown[0] > shown[1] > shown[2]


def test_fringes_of_moire_are_as_wide_as_asked_for():
    lit = moire(np.full((400, 400), 255, np.uint8), depth=0.5, fringe_px=25, bend=0, angle_rad=0, seed=1)
    down = lit.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(down - down.mean()))
    assert spectrum.argmax() == 400 / 25
    assert lit.min() >= 255 * 0.5 - 1


@pytest.mark.parametrize("tone", [64, 128, 192])
def test_photon_noise_grows_with_the_light_on_top_of_what_reading_adds(tone):
    page = np.full((300, 300), tone, np.uint8)
    added = photon_noise(page, shot_variance=0.01, read_variance=0.001, seed=2) / 255 - tone / 255
    assert added.var() == pytest.approx(0.01 * tone / 255 + 0.001, rel=0.06)
    assert abs(added.mean()) < 0.002


def test_a_fixed_pattern_is_the_same_in_every_line_and_as_strong_as_asked_for():
    page = np.full((40, 4000), 128, np.uint8)
    lined = fixed_pattern(page, strength=0.05, module_px=300, seed=1)
    assert (lined == lined[:1]).all()
    expected = 0.05 * np.hypot(128, 255 / 2) * np.sqrt(1 + 0.5**2 + 0.7**2)
    assert lined[0].std() == pytest.approx(expected, rel=0.3)


@given(hardening=st.floats(0, 5), exposure=st.floats(0.05, 0.95))
def test_toner_keeps_the_order_of_tones_and_black_and_white(hardening, exposure):
    copied = toner_curve(np.arange(256, dtype=np.uint8)[None], hardening=hardening, exposure=exposure)[0]
    assert (np.diff(copied.astype(int)) >= 0).all() and (copied[0], copied[255]) == (0, 255)
    assert copied[round(255 * exposure)] == pytest.approx(255 * exposure, abs=4 * (1 + hardening))


def test_every_copy_of_a_copy_is_further_from_the_original():
    page = printed()
    page[60:200, 60:200] = np.linspace(60, 220, 140).astype(np.uint8)
    far = [np.abs(recopied(page, copies=copies, wear=0.6, exposure=0.55, mm_px=MM_PX, seed=1).astype(int) - page).mean()
           for copies in range(6)]
    assert far[0] == 0 and far == sorted(far) and far[5] > 1.5 * far[1]


@pytest.mark.parametrize("call", [
    lambda: drum_marks(PAPER, count=1, strength=2, size_px=1, turn_px=9, light=False, mm_px=8, seed=0),
    lambda: scribble(PAPER, turns=0, darkness=1, pen_px=1, length_px=1, height_px=1, angle_rad=0, seed=0),
    lambda: water_stains(PAPER, count=1, darkness=1, radius_px=9, run_px=-1, seed=0),
    lambda: grease_stains(PAPER, count=1, depth=2, radius_px=9, mm_px=8, seed=0),
    lambda: punch_holes(PAPER, count=1, diameter_px=9, lid=300, mm_px=8, seed=0),
    lambda: staples(PAPER, count=1, what="glue", darkness=1, length_px=9, wire_px=2, angle_rad=0, seed=0),
    lambda: edge_shadow(PAPER, depth=0.5, width_px=9, sides=3, mm_px=8, seed=0),
    lambda: glare(PAPER, brightness=1, source="moon", size_px=9, angle_rad=0, seed=0),
    lambda: moire(PAPER, depth=0.5, fringe_px=1, bend=0, angle_rad=0, seed=0),
    lambda: photon_noise(PAPER, shot_variance=-1, read_variance=0, seed=0),
    lambda: fixed_pattern(PAPER, strength=-1, module_px=9, seed=0),
    lambda: toner_curve(PAPER, hardening=1, exposure=1),
    lambda: recopied(PAPER, copies=1, wear=2, exposure=0.5, mm_px=8, seed=0),
])
def test_a_value_that_makes_no_sense_is_refused_with_the_allowed_range(call):
    with pytest.raises(ValueError, match=r" is .*; it (must be|is one of) "):
        call()
