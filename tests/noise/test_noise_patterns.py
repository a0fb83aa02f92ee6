import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.errors import InputError
from docpipe.noise.paste import Paste, paste, pick
from docpipe.noise.patterns import (
    INDEX_NAME,
    KINDS,
    NEUTRAL,
    SPLITS,
    Pattern,
    library_folder,
    load_patterns,
    make_entry,
    split_of,
    write_patterns,
)
from docpipe.noise.recipe import load_recipe
from docpipe.noise.starter import DEFAULT_EACH, DEFAULT_SEED, GENERATORS, generate_library, generate_pattern
from docpipe.page import Page

PAGE = np.tile(np.linspace(0, 255, 90).astype(np.uint8), (70, 1))
PAGE.flags.writeable = False
MOST_BYTES = 6_000_000


@pytest.fixture
def small(tmp_path):
    """A library of two stains and a fold, all in one split or another."""
    made = [(kind, generate_pattern(kind, np.random.default_rng(seed))) for seed, kind in
            enumerate(("stain", "stain", "fold"))]
    return write_patterns(tmp_path / "small", [(make_entry(pattern, kind=kind, origin="a test", licence="CC0-1.0"),
                                                pattern.gray) for kind, pattern in made])


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_a_pattern_shows_something_and_fades_out_before_its_edges(kind):
    for seed in range(10):
        pattern = generate_pattern(kind, np.random.default_rng(seed))
        neutral = NEUTRAL[pattern.combine]
        assert pattern.gray.dtype == np.uint8
        for edge in (pattern.gray[0], pattern.gray[-1], pattern.gray[:, 0], pattern.gray[:, -1]):
            assert (edge == neutral).all()
        assert np.abs(pattern.gray.astype(int) - neutral).max() > 15


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_the_same_seed_makes_the_same_pattern_and_another_one_another(kind):
    first, again, other = (generate_pattern(kind, np.random.default_rng(seed)).gray for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_kind_of_pattern_that_nobody_makes_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="stain"):
        generate_pattern("blood", np.random.default_rng(0))


def test_every_kind_can_be_made_and_none_imitates_a_family_that_is_for_testing_only():
    assert set(GENERATORS) == set(KINDS)
    assert not set(KINDS) & {"tape", "halftone", "hologram_reflection", "highlighter"}


def test_the_shipped_library_is_large_free_small_and_in_every_split():
    starter = load_patterns("starter")
    assert len(starter.entries) >= 200 and {entry.licence for entry in starter.entries} == {"CC0-1.0"}
    assert {entry.kind for entry in starter.entries} == set(KINDS)
    assert {entry.split for entry in starter.entries} == set(SPLITS)
    folder = library_folder("starter")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES
    assert {path.stem for path in folder.glob("*.png")} == {entry.id for entry in starter.entries}
    for entry in starter.entries:
        pattern = starter.pattern(entry.id)
        edges = np.concatenate([pattern.gray[[0, -1]].ravel(), pattern.gray[:, [0, -1]].ravel()])
        assert (edges == NEUTRAL[pattern.combine]).all()


def test_the_rule_makes_the_same_bytes_again_and_the_library_that_ships(tmp_path):
    generate_library(tmp_path / "first", each=2)
    generate_library(tmp_path / "again", each=2)
    contents = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "again")]
    assert contents[0] == contents[1]
    starter = load_patterns("starter")
    for place, kind in enumerate(GENERATORS):
        made = generate_pattern(kind, np.random.default_rng([DEFAULT_SEED, place, 0])).gray
        shipped = starter.pattern(starter.entries[place * DEFAULT_EACH].id).gray
        # Another version of OpenCV may round another way; another rule shows.
        assert np.abs(made.astype(int) - shipped).mean() < 1, kind


def test_splits_follow_from_the_hash_alone_and_have_their_shares():
    splits = [split_of(f"{lot:064x}") for lot in range(1000)]
    assert [splits.count(split) for split in ("train", "val", "test")] == [800, 100, 100]


@pytest.mark.parametrize("change, said", [
    ({"kind": "tape"}, "kind is 'tape'"), ({"combine": "screen"}, "combine is 'screen'"), ({"dpi": 0}, "dpi is 0"),
    ({"id": "../../x"}, "id is"), ({"sha256": "ab"}, "id is"), ({"dpi": "200"}, "dpi is of the wrong type"),
    ({"colour": "red"}, "keys"),
])
def test_an_entry_that_makes_no_sense_is_refused_with_its_line(small, change, said):
    index = small.folder / INDEX_NAME
    lines = index.read_text().splitlines()
    index.write_text("\n".join([lines[0], json.dumps(json.loads(lines[1]) | change), lines[2]]))
    with pytest.raises(InputError, match=f"line 2: .*{said}"):
        load_patterns(small.folder)


def test_a_pattern_that_was_moved_to_another_split_is_refused(small):
    index = small.folder / INDEX_NAME
    moved = [json.loads(line) for line in index.read_text().splitlines()]
    moved[0]["split"] = "val" if moved[0]["split"] != "val" else "test"
    index.write_text("".join(json.dumps(line) + "\n" for line in moved))
    with pytest.raises(InputError, match="line 1: split is"):
        load_patterns(small.folder)


def test_an_index_that_is_no_json_is_refused_with_its_line(small):
    (small.folder / INDEX_NAME).write_text("{}{\n")
    with pytest.raises(InputError, match="line 1"):
        load_patterns(small.folder)


def test_a_patch_that_is_missing_or_is_another_one_is_refused(small, tmp_path):
    first, second, _ = (entry.id for entry in small.entries)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(small.folder, elsewhere)
    (elsewhere / f"{first}.png").unlink()
    (elsewhere / f"{second}.png").write_bytes((small.folder / f"{first}.png").read_bytes())
    library = load_patterns(elsewhere)
    for pattern_id, said in ((first, "cannot be read"), (second, "is not the patch"), ("stain-0", "holds no pattern")):
        with pytest.raises(InputError, match=said):
            library.pattern(pattern_id)


def test_a_library_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match="no library of patterns"):
        load_patterns(tmp_path / "nothing")


def test_a_library_that_grows_is_read_again_and_keeps_what_it_had(small):
    more = generate_pattern("ring", np.random.default_rng(5))
    grown = write_patterns(small.folder, [(make_entry(more, kind="ring", origin="a test", licence="MIT"), more.gray)])
    assert grown.entries[:3] == small.entries and grown.entries[3].kind == "ring"
    assert np.array_equal(grown.pattern(grown.entries[3].id).gray, more.gray)


@given(seed=st.integers(0, 2**32 - 1), split=st.sampled_from(SPLITS))
def test_only_patterns_of_the_split_are_picked(seed, split):
    assert split_of(next(entry.sha256 for entry in load_patterns("starter").entries
                         if entry.id == pick("starter", dirt="any", split=split, seed=seed))) == split


def test_what_is_drawn_names_the_pattern_and_the_record_stays_true_when_the_library_grows(small, card):
    kinds = {entry.split: entry.kind for entry in small.entries}
    split = next(iter(kinds))
    noise = Paste(library=(str(small.folder),), split=(split,))
    parameters = noise.draw(np.random.default_rng(1))
    before = noise.apply(card, parameters).pixels
    assert parameters["pattern"] in {entry.id for entry in small.entries if entry.split == split}
    generate_library(small.folder, each=1, seed=9)
    assert np.array_equal(noise.apply(card, parameters).pixels, before)


def test_a_pattern_has_on_paper_the_size_that_its_resolution_gives_it(small):
    flat = Pattern(np.full((50, 100), 100, np.uint8), "darken", 254.0)                 # 10 mm wide
    entry = make_entry(flat, kind="stain", origin="a test", licence="CC0-1.0")
    write_patterns(small.folder, [(entry, flat.gray)])
    page = Page(np.full((900, 900), 255, np.uint8), dpi=(127.0, 127.0))                # 5 pixels a millimetre
    drawn = {"library": str(small.folder), "dirt": "any", "split": "train", "scale": 1.5, "density": 1.0,
             "turn_deg": 0.0, "seed": 3, "pattern": entry.id}
    rows, columns = np.nonzero(Paste().apply(page, drawn).pixels < 200)
    assert np.ptp(columns) + 1 == pytest.approx(75, abs=2) and np.ptp(rows) + 1 == pytest.approx(37, abs=2)


def test_a_recipe_with_a_library_that_is_not_there_or_lacks_a_kind_is_refused(small, tmp_path):
    recipe = tmp_path / "mine.toml"
    head = 'about = "a"\nsource = "b"\nlicence = "MIT"\neffects = [0, 1]\n[[noise]]\nkind = "paste"\n'
    for keys, said in ((f'library = ["{tmp_path / "nothing"}"]', "no library of patterns"),
                       (f'library = ["{small.folder}"]\ndirt = ["ring"]', "holds no pattern of kind ring"),
                       ('split = ["exam"]', "split is"), ('dirt = ["tape"]', "dirt is")):
        recipe.write_text(head + keys)
        with pytest.raises(InputError, match=said):
            load_recipe(recipe)
    recipe.write_text(head + 'library = ["starter"]\ndirt = ["stain", "fold"]\nsplit = ["train", "val"]')
    assert load_recipe(recipe).kinds == ("paste",)


def test_the_training_recipe_pastes_training_patterns_of_the_shipped_library():
    (noise,) = [step.noise for step in load_recipe("starter").steps if step.kind == "paste"]
    assert (noise.library, noise.split) == (("starter",), ("train",))


@pytest.mark.parametrize("combine", sorted(NEUTRAL))
@given(size=st.floats(1, 200), turn=st.floats(-360, 360), density=st.floats(0, 1))
@settings(max_examples=20)
def test_a_neutral_patch_leaves_the_page_as_it_is(combine, size, turn, density):
    plain = Pattern(np.full((20, 30), NEUTRAL[combine], np.uint8), combine, 100.0)
    pasted = paste(PAGE, plain, x_px=5, y_px=60, size_px=size, turn_deg=turn, density=density)
    assert np.array_equal(pasted, PAGE)


@pytest.mark.parametrize("combine, value, expected", [
    ("multiply", 128, lambda page: np.rint(page * (128 / 255))),
    ("darken", 100, lambda page: np.minimum(page, 100)),
    ("lighten", 100, lambda page: np.maximum(page, 100)),
    ("add", 108, lambda page: np.clip(page.astype(int) - 20, 0, 255)),
])
def test_a_patch_meets_the_page_the_way_it_says(combine, value, expected):
    pattern = Pattern(np.full((400, 400), value, np.uint8), combine, 300.0)
    pasted = paste(PAGE, pattern, x_px=45, y_px=35, size_px=400, turn_deg=0, density=1)
    assert np.array_equal(pasted, expected(PAGE))


def test_half_of_what_is_multiplied_twice_is_the_whole_of_it():
    stain = Pattern(np.full((400, 400), 90, np.uint8), "multiply", 300.0)
    how = {"x_px": 45, "y_px": 35, "size_px": 400, "turn_deg": 0}
    half = paste(PAGE, stain, density=0.5, **how)
    twice, whole = paste(half, stain, density=0.5, **how), paste(PAGE, stain, density=1, **how)
    assert np.abs(twice.astype(int) - whole).max() <= 1
    assert (half <= PAGE - 0.6 * (PAGE - whole.astype(float)) + 1).all(), "no blend of both, which would take half"


@pytest.mark.parametrize("size_px", [40, 8])
def test_a_patch_covers_its_size_around_its_place_and_nothing_else(size_px):
    pasted = paste(np.full((100, 100), 255, np.uint8), Pattern(np.zeros((20, 40), np.uint8), "darken", 100.0),
                   x_px=50, y_px=40, size_px=size_px, turn_deg=0, density=1)
    rows, columns = np.nonzero(pasted < 128)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == pytest.approx((size_px / 2, size_px), abs=2)
    assert rows.mean() == pytest.approx(40, abs=1.5) and columns.mean() == pytest.approx(50, abs=1.5)


def test_a_patch_beside_the_page_is_refused():
    with pytest.raises(ValueError, match="x_px is 90"):
        paste(PAGE, generate_pattern("dirt", np.random.default_rng(0)), x_px=90, y_px=0, size_px=9,
              turn_deg=0, density=1)
