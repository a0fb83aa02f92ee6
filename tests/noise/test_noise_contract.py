"""What every noise promises, the day it is listed."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from itertools import pairwise
from multiprocessing import get_context

import cv2
import numpy as np
import pytest

from docpipe.noise import NOISES
from docpipe.noise.base import Choices, Counts, Range, px_per_mm
from docpipe.page import Page

KINDS = sorted(NOISES)
WITHOUT_WEAK_FORM = {"adaptive_binarise", "binarise", "dither", "fax"}
SEEN_AT_0 = {*WITHOUT_WEAK_FORM, "halftone"}       # the finest screen is a screen


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_pixels_and_the_page_keeps_its_shape(kind, card):
    noise = NOISES[kind]()
    first, again = (noise(card, np.random.default_rng(7)) for _ in range(2))
    assert (first.pixels.shape, first.pixels.dtype) == (card.pixels.shape, np.uint8)
    assert (first.dpi, first.source) == (card.dpi, card.source)
    assert np.array_equal(first.pixels, again.pixels), "same seed, different page"
    assert not np.shares_memory(first.pixels, card.pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_the_recorded_parameters_alone_give_the_same_pixels(kind, card):
    noise = NOISES[kind]()
    parameters = noise.draw(np.random.default_rng(3))
    from_record = json.loads(json.dumps(parameters))
    noisy, again = noise.apply(card, parameters), NOISES[kind]().apply(card, from_record)
    assert np.array_equal(noisy.pixels, again.pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_lies_in_the_ranges(kind):
    noise = NOISES[kind]()
    for seed in range(20):
        drawn = noise.draw(np.random.default_rng(seed))
        names = [field.name for field in fields(noise)]
        assert list(drawn)[:len(names)] == names, "one value a field; what follows from them may stand behind"
        for field in fields(noise):
            value, allowed = drawn[field.name], getattr(noise, field.name)
            assert value in allowed if field.type == Choices else allowed[0] <= value <= allowed[1]


@pytest.mark.parametrize(("kind", "strength", "named"), [
    ("gaussian", "variance", (0.005, 0.08)),
    ("speckle", "variance", (0.005, 0.2)),
    ("salt_and_pepper", "share", (0.02, 0.07)),
    ("binarise", "threshold", (40, 220)),
])
def test_noises_of_sensors_and_thresholds_have_the_ranges_that_the_documents_name(kind, strength, named):
    assert getattr(NOISES[kind](), strength) == named


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_of_a_kind_that_a_recipe_can_set(kind):
    assert all(field.type in (Range, Counts, Choices) for field in fields(NOISES[kind]))
    names = {field.name for field in fields(NOISES[kind])}
    assert set(NOISES[kind].harmless) <= names
    assert not names & {"kind", "chance", "severity"}, "these stand beside the fields, in recipes and in records"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - SEEN_AT_0))
def test_severity_0_leaves_the_page_as_it_is(kind, card):
    for seed in range(3):
        noisy = NOISES[kind]().at(0)(card, np.random.default_rng(seed))
        assert np.array_equal(noisy.pixels, card.pixels)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - WITHOUT_WEAK_FORM))
def test_change_grows_with_severity(kind, card):
    def change(severity):
        noise = NOISES[kind]().at(severity)
        return np.mean([cv2.absdiff(noise(card, np.random.default_rng(seed)).pixels, card.pixels).mean()
                        for seed in range(20)])

    changes = [change(severity) for severity in (0, 0.25, 0.5, 0.75, 1)]
    assert changes[-1] > 0.1, "at full severity it can hardly be seen"
    for weaker, stronger in pairwise(changes):
        assert stronger >= 0.98 * weaker, changes


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not NOISES[kind].moves_ink])
def test_ink_stays_in_place_unless_the_noise_says_that_it_moves(kind, card):
    noisy = NOISES[kind]().at(0.5)(card, np.random.default_rng(2))
    likeness = cv2.matchTemplate(noisy.pixels, card.pixels[4:-4, 4:-4], cv2.TM_CCOEFF_NORMED)
    assert np.unravel_index(likeness.argmax(), likeness.shape) == (4, 4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (7, 5), (256, 256)])
@pytest.mark.parametrize("kind", KINDS)
def test_crops_of_any_size_work(kind, shape, card):
    crop = Page(np.resize(card.pixels, shape), dpi=(300.0, 300.0))
    for seed in range(3):
        assert NOISES[kind]()(crop, np.random.default_rng(seed)).pixels.shape == shape


@pytest.mark.parametrize("dpi", [None, (72.0, 72.0), (1200.0, 1200.0), (1.0, 1.0)])
@pytest.mark.parametrize("kind", KINDS)
def test_any_stated_resolution_works(kind, dpi, card):
    noisy = NOISES[kind]()(replace(card, dpi=dpi), np.random.default_rng(1))
    assert noisy.pixels.shape == card.pixels.shape


@pytest.mark.parametrize("dpi, expected", [(None, 300), ((200.0, 200.0), 200), ((100.0, 200.0), 150),
                                           ((1.0, 1.0), 300), ((90000.0, 90000.0), 300)])
def test_a_page_without_a_plausible_resolution_counts_as_300_dpi(dpi, expected):
    assert px_per_mm(Page(np.zeros((2, 2), np.uint8), dpi=dpi)) * 25.4 == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan")])
def test_a_severity_outside_0_to_1_is_refused(kind, severity):
    with pytest.raises(ValueError, match="severity"):
        NOISES[kind]().at(severity)


@pytest.mark.parametrize("kind", KINDS)
def test_a_range_that_is_upside_down_or_endless_is_refused(kind):
    for field in fields(NOISES[kind]):
        wrong_values = [("no such word",), ()] if field.type == Choices else [(2, 1), (0, float("inf")), (1,)]
        for wrong in wrong_values:
            with pytest.raises(ValueError, match=field.name):
                NOISES[kind](**{field.name: wrong})


def test_samples_that_show_the_page_without_noise_are_dropped(card):
    deep = replace(card, samples=card.pixels.astype(np.uint16) * 257)
    assert NOISES["gaussian"]()(deep, np.random.default_rng(0)).samples is None


def _noisy_sum(kind):
    pixels = np.linspace(0, 255, 64 * 64).astype(np.uint8).reshape(64, 64)
    return kind, NOISES[kind]()(Page(pixels), np.random.default_rng(5)).pixels.tobytes()


@pytest.mark.slow
def test_a_worker_process_makes_the_same_pixels():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert dict(pool.map(_noisy_sum, KINDS)) == dict(map(_noisy_sum, KINDS))
