"""docs/noise.md shows every effect, and says of each what holds for it."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from docpipe.noise import NOISES, TEST_ONLY
from docpipe.noise.recipe import built_in_recipes
from eval.noise_pictures import GAP_PX

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "noise.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))


def test_every_effect_has_its_section_in_the_order_in_which_effects_happen():
    assert list(SECTIONS) == list(NOISES)


@pytest.mark.parametrize("kind", NOISES)
def test_a_section_says_something_shows_a_picture_and_names_what_is_special(kind):
    said = SECTIONS[kind].partition("![")[0].split()
    assert len(said) >= 5, "one sentence at least"
    assert f"(noise/{kind}.jpg)" in SECTIONS[kind]
    with Image.open(DOCS / "noise" / f"{kind}.jpg") as picture:
        assert picture.width > 3 * picture.height and picture.mode == "L"
    assert ("For testing only." in " ".join(said)) == (kind in TEST_ONLY)
    assert ("**Moves ink.**" in " ".join(said)) == NOISES[kind].moves_ink


@pytest.mark.parametrize("kind", NOISES)
def test_a_picture_shows_its_effect_within_the_region(kind):
    with Image.open(DOCS / "noise" / f"{kind}.jpg") as picture:
        gray = np.asarray(picture, np.int16)
    width = (gray.shape[1] - 2 * GAP_PX) // 3
    weak, strong = gray[:, :width], gray[:, -width:]
    assert (np.abs(strong - weak) > 30).mean() > 0.005, "it lies elsewhere, or can hardly be seen"


def test_all_pictures_together_stay_small_and_none_is_left_over():
    pictures = list((DOCS / "noise").iterdir())
    assert {path.stem for path in pictures} == set(NOISES)
    assert sum(path.stat().st_size for path in pictures) < 2_000_000


def test_every_built_in_recipe_is_explained():
    assert set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) == set(built_in_recipes())
