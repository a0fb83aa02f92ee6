"""Warps move ink, and whatever was measured on the clean page goes with it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.noise import NOISES
from docpipe.noise.feed_slip import slipped_sources
from docpipe.noise.moved import moved_page, moved_points
from docpipe.noise.paper_curl import curled_sources
from docpipe.noise.perspective import perspective_sources
from docpipe.noise.recipe import Applied, load_recipe
from docpipe.noise.rotation import rotated_sources
from docpipe.noise.warp import Warp
from docpipe.page import Page

WARPS = sorted(kind for kind in NOISES if NOISES[kind].moves_ink)
DPI = (300.0, 300.0)
MM_PX = 300 / 25.4


def dotted(points, shape=(300, 480)):
    """A white page with a soft black dot at every point."""
    rows, columns = np.indices(shape)
    ink = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18) for x, y in points)
    return Page((255 - 255 * np.clip(ink, 0, 1)).astype(np.uint8), DPI)


def dots_of(page, around):
    """Where the dots lie near these points: centres of gravity of ink."""
    found = []
    for x, y in np.rint(around).astype(int):
        ink = 255.0 - page.pixels[y - 12:y + 13, x - 12:x + 13]
        rows, columns = np.indices(ink.shape)
        found.append((x - 12 + (ink * columns).sum() / ink.sum(), y - 12 + (ink * rows).sum() / ink.sum()))
    return np.array(found)


DOTS = np.array([(60, 50), (240, 60), (420, 50), (70, 150), (250, 150), (410, 160), (60, 245), (235, 250), (415, 240)])


def test_the_warps_are_those_that_say_so():
    assert WARPS == ["feed_slip", "paper_curl", "perspective", "rotation"]
    assert all(issubclass(NOISES[kind], Warp) for kind in WARPS)


@pytest.mark.parametrize("kind", WARPS)
def test_points_land_where_their_ink_lands(kind):
    page = dotted(DOTS)
    for seed in range(4):
        noise = NOISES[kind]().at(1)
        parameters = noise.draw(np.random.default_rng(seed))
        moved = noise.move(DOTS.astype(float), page, parameters)
        seen = dots_of(noise.apply(page, parameters), moved)
        assert np.abs(seen - moved).max() < 0.25
        assert np.linalg.norm(moved - DOTS, axis=1).max() > 2, "hardly anything moved"


@pytest.mark.parametrize("kind", WARPS)
@given(seed=st.integers(0, 2**32 - 1), severity=st.floats(0, 1))
@settings(max_examples=20)
def test_moving_points_undoes_looking_up_their_sources(kind, seed, severity):
    page = Page(np.empty((300, 480), np.uint8), DPI)
    noise = NOISES[kind]().at(severity)
    parameters = noise.draw(np.random.default_rng(seed))
    moved = noise.move(DOTS.astype(float), page, parameters)
    assert np.abs(noise._sources(moved, page, **parameters) - DOTS).max() < 0.01


@pytest.mark.parametrize("kind", WARPS)
def test_ink_moves_by_about_a_millimetre_at_most(kind):
    page = Page(np.empty((650, 1010), np.uint8), DPI)       # a card
    corners = np.array([(0, 0), (1009, 0), (0, 649), (1009, 649), (500, 300)], float)
    for seed in range(20):
        parameters = NOISES[kind]().at(1).draw(np.random.default_rng(seed))
        shift_mm = np.linalg.norm(NOISES[kind]().move(corners, page, parameters) - corners, axis=1) / MM_PX
        assert shift_mm.max() < 1.6


@pytest.mark.parametrize("kind", WARPS)
def test_a_warp_moves_as_many_millimetres_at_any_resolution(kind):
    parameters = NOISES[kind]().at(1).draw(np.random.default_rng(2))
    shifts = []
    for times in (1, 2):
        page = Page(np.empty((300 * times, 480 * times), np.uint8), (150.0 * times, 150.0 * times))
        points = (DOTS + 0.5) * times - 0.5
        shifts.append((NOISES[kind]().move(points, page, parameters) - points) / times)
    assert np.abs(shifts[0] - shifts[1]).max() < 0.35


def test_a_page_and_its_points_follow_all_warps_of_a_recipe_and_nothing_else(card):
    starter = load_recipe("starter")
    warping = replace(starter, steps=tuple(step for step in starter.steps if step.kind in (*WARPS, "jpeg", "dust")),
                      effects=(4, 6), untouched=0.0)
    page = dotted(DOTS)
    for seed in range(5):
        applied = warping.apply(page, np.random.default_rng(seed)).applied
        warps = [noise for noise in applied if noise.kind in WARPS]
        assert len(warps) >= 2
        moved = moved_page(page, applied)
        assert np.array_equal(moved.pixels, moved_page(page, warps).pixels)
        where = moved_points(DOTS, applied, page)
        assert np.abs(dots_of(moved, where) - where).max() < 0.4


def test_the_noisy_page_lies_on_the_moved_one(card):
    """What a model learns: no pixel of the target is off its noisy one."""
    applied = tuple(Applied(kind, 0.6, NOISES[kind]().at(0.6).draw(np.random.default_rng(4)))
                    for kind in ("rotation", "uneven_light", "perspective"))
    noisy = card
    for noise in applied:
        noisy = NOISES[noise.kind]().apply(noisy, noise.parameters)
    def offset(target):
        likeness = cv2.matchTemplate(noisy.pixels, target.pixels[80:180, 130:300], cv2.TM_CCOEFF_NORMED)
        return likeness.max(), np.unravel_index(likeness.argmax(), likeness.shape)
    alike, where = offset(moved_page(card, applied))
    assert where == (80, 130) and alike > 0.9
    assert offset(card)[0] < alike


def test_without_warps_page_and_points_are_as_they_were(card):
    applied = [Applied("jpeg", 1.0, {"quality": 10})]
    assert moved_page(card, applied) is card
    assert np.array_equal(moved_points(DOTS, applied, card), DOTS)


def test_a_quarter_turn_is_clockwise():
    page = Page(np.empty((101, 101), np.uint8), DPI)
    right = np.array([(100.0, 50.0)])
    assert rotated_sources(np.array([(50.0, 100.0)]), page.pixels.shape, angle_rad=np.pi / 2) == pytest.approx(right)


def test_a_curled_edge_moves_most_and_the_far_edge_hardly_at_all():
    edges = np.array([(0.0, 0.0), (999.0, 0.0)])
    sources = curled_sources(edges, (600, 1000), shift_px=10, reach_px=100, edge="left")
    near, far = np.linalg.norm(sources - edges, axis=1)
    assert near == pytest.approx(10) and far < 0.01
    assert (sources[0] > edges[0]).all(), "risen paper is seen larger: its ink came from nearer to the middle"


@given(slip_px=st.floats(0, 20), seed=st.integers(0, 99))
def test_slipping_rollers_move_ink_along_the_feed_only_and_keep_the_order_of_lines(slip_px, seed):
    down = np.stack([np.full(400, 7.0), np.arange(400.0)], axis=1)
    sources = slipped_sources(down, slip_px=slip_px, period_px=16 * slip_px + 1, axis=1, seed=seed)
    assert (sources[:, 0] == 7).all()
    assert (np.diff(sources[:, 1]) > 0).all() and np.abs(sources - down).max() <= slip_px + 1e-9


@pytest.mark.parametrize("call", [
    lambda points: perspective_sources(points, (9, 9), corner_px=-1, seed=0),
    lambda points: curled_sources(points, (9, 9), shift_px=5, reach_px=9, edge="left"),
    lambda points: curled_sources(points, (9, 9), shift_px=1, reach_px=9, edge="middle"),
    lambda points: slipped_sources(points, slip_px=1, period_px=10, axis=0, seed=0),
])
def test_a_move_that_would_tear_the_page_is_refused_with_the_allowed_range(call):
    with pytest.raises(ValueError, match=r" is .*; it (must be|is one of) "):
        call(np.zeros((1, 2)))
