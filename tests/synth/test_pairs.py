"""Pairs: the same bytes whatever the workers, and truth and provenance beside them."""

import json
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from docpipe.cards.fonts import MRZ_FAMILY, families_of, find_fonts
from docpipe.errors import InputError, MissingToolError, OutputError
from docpipe.noise import NOISES
from docpipe.page import Page
from docpipe.synth import draw_pair, layout_and_lead, write_pairs


def missing_fonts() -> str:
    try:
        find_fonts([*families_of("train"), *families_of("test"), *families_of("val"), MRZ_FAMILY])
    except MissingToolError as error:
        return f"{error}; {error.hint}"
    return ""


pytestmark = pytest.mark.skipif(bool(missing_fonts()), reason=missing_fonts())


ONE_NOISE = 'about = "a"\nsource = "s"\nlicence = "MIT"\neffects = [1, 1]\n[[noise]]\nkind = '


@pytest.fixture
def still(tmp_path):
    """A recipe that moves no ink."""
    recipe = tmp_path / "still.toml"
    recipe.write_text(ONE_NOISE + '"jpeg"\n')
    return recipe


@pytest.fixture
def moving(tmp_path):
    """A recipe that moves ink, and does nothing else."""
    recipe = tmp_path / "moving.toml"
    recipe.write_text(ONE_NOISE + '"rotation"\nseverity = [1, 1]\n')
    return recipe


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_neither_workers_nor_another_process_change_a_byte(tmp_path):
    for workers in (1, 2, 4):                                   # four of them take four pairs at a time
        write_pairs(tmp_path / f"{workers} workers", 14, seed=3, workers=workers, dpi=(200, 250))
    code = f"""
from pathlib import Path
from docpipe.synth import write_pairs
write_pairs(Path({str(tmp_path / "elsewhere")!r}), 14, seed=3, dpi=(200, 250))
"""
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": "7"}, check=True)
    first, *others = (contents(folder) for folder in sorted(tmp_path.iterdir()))
    assert len(first) == 2 * 14 + 2 and len(others) == 3
    assert all(other == first for other in others)


def test_a_folder_holds_clean_noisy_truth_and_provenance(tmp_path):
    told = []
    write_pairs(tmp_path, 3, seed=4, tell=told.append)
    assert told == [1, 2, 3]
    truths, pairs = ([json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
                     for name in ("truth.jsonl", "pairs.jsonl"))  # fmt: skip
    assert [truth["layout"] for truth in truths] == ["national", "national_b", "residence_permit"]
    for truth, pair in zip(truths, pairs, strict=True):
        paths = [tmp_path / part / truth["file"] for part in ("clean", "noisy")]
        with Image.open(paths[0]) as clean, Image.open(paths[1]) as noisy:
            assert clean.size == noisy.size and clean.mode == noisy.mode == "L"
            assert round(clean.info["dpi"][0]) == pair["dpi"]
        assert {"value", "printed", "box", "quad"} <= truth["fields"]["document_number"].keys()
        assert pair["split"] == "train" and pair["fonts"]
        assert 0 <= pair["severity"] <= 1


def test_pairs_take_their_leads_and_layouts_in_turn(tmp_path):
    write_pairs(tmp_path, 4, seed=4, layouts=("td3", "national"), leads=("jpeg", "stains"))
    truths, pairs = ([json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
                     for name in ("truth.jsonl", "pairs.jsonl"))  # fmt: skip
    assert [truth["layout"] for truth in truths] == ["td3", "national", "national", "td3"]
    for pair, lead in zip(pairs, ["jpeg", "stains"] * 2, strict=True):
        assert lead in [noise["kind"] for noise in pair["noises"]]


@given(layouts=st.integers(1, 12), leads=st.integers(1, 40))
def test_in_a_full_cycle_every_lead_meets_every_layout_once_and_any_beginning_is_balanced(layouts, leads):
    names = [str(number) for number in range(layouts)], [str(number) for number in range(leads)]
    turns = [layout_and_lead(number, *names) for number in range(layouts * leads)]
    assert len(set(turns)) == len(turns)
    for place, most in ((0, layouts), (1, 1)):
        counts = Counter(dict.fromkeys(names[place], 0))
        for turn in turns:
            counts[turn[place]] += 1
            assert max(counts.values()) - min(counts.values()) <= most


def test_without_leads_layouts_simply_take_turns():
    assert [layout_and_lead(number, "abc", None) for number in range(7)] == [(layout, None) for layout in "abcabca"]


def test_provenance_is_enough_to_make_the_noise_again(still):
    pair = draw_pair(5, recipe=still, seed=2, split="train")
    page = Page(pair.clean, (pair.dpi, pair.dpi))
    for noise in json.loads(json.dumps(pair.provenance["noises"])):
        kind, severity = noise.pop("kind"), noise.pop("severity")
        assert 0 <= severity <= 1
        page = NOISES[kind]().apply(page, noise)
    assert np.array_equal(page.pixels, pair.noisy)


def test_where_noise_moves_ink_the_target_and_the_truth_move_along(still, moving):
    before, after = (draw_pair(3, recipe=recipe, seed=2, split="train") for recipe in (still, moving))
    assert not np.array_equal(after.clean, before.clean)
    assert np.abs(after.noisy.astype(int) - after.clean).mean() < 0.2, "a warp alone: noisy is the target"
    for name, field in after.truth["fields"].items():
        was = before.truth["fields"][name]
        assert field["value"] == was["value"] and field["quad"] != was["quad"]
        corners = np.array(field["quad"])
        left, top, right, bottom = field["box"]
        assert np.allclose(np.floor(corners.min(axis=0)), (left, top))
        assert np.allclose(np.ceil(corners.max(axis=0)), (right, bottom))
        ink = ink_around(before.clean, was["box"])
        assert ink_around(after.clean, field["box"]) == pytest.approx(ink, rel=0.25), "the box is not where the ink is"


def ink_around(gray, box):
    left, top, right, bottom = box
    return (gray[top:bottom, left:right] < 100).sum() + 30


def test_splits_share_neither_identities_nor_fonts():
    seen = {}
    for split in ("train", "val", "test"):
        pairs = [draw_pair(number, recipe="starter", seed=2, split=split) for number in range(6)]
        seen[split] = {pair.truth["fields"]["document_number"]["value"] for pair in pairs}
    assert not seen["train"] & seen["val"] and not seen["train"] & seen["test"] and not seen["val"] & seen["test"]
    assert not set(families_of("train")) & set(families_of("test"))


def test_a_folder_that_holds_pairs_is_left_alone(tmp_path):
    (tmp_path / "truth.jsonl").touch()
    with pytest.raises(OutputError, match="already"):
        write_pairs(tmp_path, 1)


def test_a_recipe_that_is_none_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError):
        write_pairs(tmp_path / "new", 1, recipe="nothing")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("wrong", "error", "named"), [
    ({"layouts": ("td1", "td9")}, InputError, "td9"),
    ({"layouts": ()}, ValueError, "at least one"),
    ({"leads": ()}, ValueError, "at least one"),
    ({"leads": ("jpeg", "rain")}, ValueError, "leads holds rain; the recipe starter holds faded_ink, "),
])
def test_layouts_and_leads_that_are_none_are_refused_before_anything_is_written(tmp_path, wrong, error, named):
    with pytest.raises(error, match=named):
        write_pairs(tmp_path / "new", 1, **wrong)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("number", "seed"), [(-1, 1), (0, 1000), (100_000, 1)])
def test_numbers_beyond_a_series_are_refused(number, seed):
    with pytest.raises(ValueError, match="seed"):
        draw_pair(number, recipe="starter", seed=seed, split="train")


def test_cards_are_copied_onto_sheets_front_and_back_with_their_truth(tmp_path):
    pair = draw_pair(3, recipe="starter", seed=6, split="train", layouts=("td1",), sheets=True, dpi=(150, 150))
    a4 = {round(side * 150 / 25.4) for side in (210, 297)}
    assert set(pair.clean.shape) == set(pair.noisy.shape) == a4 and pair.dpi == 150
    fields = pair.truth["fields"]
    assert {"document_number", "card_2.mrz_1"} <= fields.keys()
    left, top, right, bottom = fields["card_2.mrz_1"]["box"]
    assert pair.clean[top:bottom, left:right].min() < pair.clean.max() - 100, "the zone of the back is where it is said"
    assert [card["layout"] for card in pair.provenance["cards"]] == ["td1", "td1_back"]


def test_pairs_are_drawn_on_a_layout_that_a_user_wrote(still, tmp_path):
    own = tmp_path / "library.toml"
    own.write_text("""
about = "A library card."
size_mm = [85.6, 54.0]
corner_mm = 3.0
document = "library_card"
labels.library_card.en = "Library card"
labels.surname.en = "Reader"
[[field]]
name = "surname"
label_mm = [4.0, 10.0, 30.0, 2.0]
value_mm = [4.0, 12.0, 50.0, 4.0]
""")
    pair = draw_pair(0, recipe=str(still), seed=6, split="train", layouts=(str(own),), dpi=(150, 150))
    assert pair.truth["layout"] == "library" and list(pair.truth["fields"]) == ["surname"]
    left, top, right, bottom = pair.truth["fields"]["surname"]["box"]
    assert pair.clean[top:bottom, left:right].min() < 110, "its value is printed where it says"


@pytest.mark.parametrize("dpi", [150, 600])
def test_resolution_is_within_what_is_asked_for(dpi):
    assert draw_pair(0, recipe="starter", seed=6, split="train", dpi=(dpi, dpi)).dpi == dpi
