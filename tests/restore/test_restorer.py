"""One page: print size, scale, engine, gate, and when the original is kept."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import docpipe
from docpipe.errors import UsageError
from docpipe.restore import Restorer, load_engine, restore_page
from docpipe.restore.scale import LARGEST_SCALE, resample, scale_into


@dataclass
class Darken:
    """An engine whose work is easily recognised, and that notes what it was given."""

    by: int = 40
    glyph_range: tuple[float, float] | None = None
    name: str = "darken"
    fingerprint: str = "darken-1"
    seen: tuple = ()

    def restore(self, gray, glyph_px):
        self.seen = (gray.shape, glyph_px)
        return np.maximum(gray, self.by) - np.uint8(self.by)


@dataclass
class Fixed:
    """A gate that always says the same."""

    says: float
    threshold: float = 0.5
    fingerprint: str = "fixed-1"

    def score(self, original, restored):
        assert original.shape == restored.shape
        return self.says


def test_a_page_with_print_is_restored(printed):
    gray = printed()
    restored = Restorer(Darken()).restore(gray)
    assert restored.choice == "restored" and restored.score is None and restored.reason == ""
    assert np.array_equal(restored.pixels, np.maximum(gray, 40) - 40)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (300, 300)])
def test_a_page_without_print_stays_as_it_is(shape):
    blank = np.full(shape, 255, np.uint8)
    for engine in (Darken(), Darken(glyph_range=(8, 16))):
        restored = Restorer(engine).restore(blank)
        assert (restored.choice, restored.reason) == ("original", "no print found")
        assert restored.pixels is blank


@dataclass
class Strengthen:
    """An engine that makes faint print dark, and counts the pixels that it was given."""

    glyph_range: tuple[float, float] | None = (8, 16)
    name: str = "strengthen"
    fingerprint: str = "strengthen-1"
    pixels: int = 0

    def restore(self, gray, glyph_px):
        self.pixels += gray.size
        return np.clip(20 * gray.astype(int) - 19 * 255, 0, 255).astype(np.uint8)


def test_a_page_whose_print_shows_only_once_it_is_restored_is_restored(printed):
    faint = printed(30, ink=245)
    by_itself = Restorer(Darken()).restore(printed(30)).glyph_px
    assert Restorer(Darken()).restore(faint).reason == "no print found"
    restored = Restorer(Strengthen()).restore(faint, (300, 300))
    assert restored.choice == "restored" and restored.glyph_px == pytest.approx(by_itself, rel=0.15)
    assert restored.scale == pytest.approx(16 / restored.glyph_px) and restored.pixels.min() < 30


def test_what_shows_no_print_when_it_is_restored_either_is_kept_and_was_restored_at_half_its_size_alone(printed):
    blank = np.full((300, 420), 250, np.uint8)
    blank[100:200, 100:300] = 244
    for page, pixels in ((blank, blank.size / 4), (np.full_like(blank, 250), 0)):
        engine = Strengthen()
        assert Restorer(engine).restore(page).reason == "no print found" and engine.pixels == pixels
    of_no_size = Strengthen(glyph_range=None)
    assert Restorer(of_no_size).restore(printed(30, ink=245)).reason == "no print found" and of_no_size.pixels == 0


def test_a_page_that_hardly_changes_stays_as_it_is(printed):
    restored = Restorer(Darken(by=1)).restore(printed())
    assert (restored.choice, restored.reason) == ("original", "nothing to change")


@pytest.mark.parametrize(("says", "choice"), [(0.2, "original"), (0.5, "restored"), (0.9, "restored")])
def test_the_gate_decides(printed, says, choice):
    gray = printed()
    restored = Restorer(Darken(), Fixed(says)).restore(gray)
    assert (restored.choice, restored.score) == (choice, says)
    assert np.array_equal(restored.pixels, gray) == (choice == "original")


def test_the_engine_sees_print_in_its_range_and_the_page_keeps_its_size(printed):
    gray = printed(height_px=60)
    engine = Darken(glyph_range=(8, 20))
    restored = Restorer(engine).restore(gray)
    shape, glyph_px = engine.seen
    assert 19 < glyph_px <= 20.01 and shape[0] < gray.shape[0]
    assert restored.pixels.shape == gray.shape and restored.scale < 1


def test_engine_and_gate_both_count_in_the_fingerprint():
    alone, gated = Restorer(Darken()).fingerprint, Restorer(Darken(), Fixed(1)).fingerprint
    assert alone.startswith("darken-1+restore-") and gated.startswith("darken-1+fixed-1+restore-")


def test_an_array_in_hand_is_restored_by_the_default_engine(printed):
    gray = (printed() * 0.6).astype(np.uint8)
    gray.setflags(write=False)
    restored = docpipe.restore_page(gray, dpi=300)
    assert restored.choice == "restored" and np.median(restored.pixels) > np.median(gray)


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((0, 4), np.uint8)]
)
def test_what_is_no_gray_page_is_refused(array):
    with pytest.raises(ValueError, match="gray page"):
        restore_page(array)


@pytest.mark.parametrize(
    "options",
    [
        {"name": "magic"},
        {"name": "division", "device": "cuda"},
        {"name": "division", "model": "somewhere"},
    ],
)
def test_engines_that_cannot_be_had_are_refused_with_a_hint(options):
    with pytest.raises(UsageError) as refused:
        load_engine(**options)
    assert refused.value.hint


@given(
    glyph_px=st.floats(0.5, 500),
    smallest=st.floats(2, 50),
    width=st.floats(1, 10),
)
def test_print_outside_the_range_is_brought_to_its_nearer_end(glyph_px, smallest, width):
    largest = smallest * width
    scaled = glyph_px * scale_into(glyph_px, (smallest, largest))
    assert scaled <= largest * 1.001
    assert scaled >= smallest * 0.999 or scaled == pytest.approx(glyph_px * LARGEST_SCALE)
    if smallest <= glyph_px <= largest:
        assert scaled == glyph_px


@given(height=st.integers(1, 60), width=st.integers(1, 60), scale=st.floats(0.1, 4))
def test_resampling_gives_the_size_asked_for_and_keeps_flat_paper_flat(height, width, scale):
    paper = np.full((height, width), 201, np.uint8)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    resampled = resample(paper, size)
    assert resampled.shape == size and (resampled == 201).all()
