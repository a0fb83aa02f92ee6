from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from docpipe.errors import InputError
from docpipe.noise import NOISES, TEST_ONLY
from docpipe.noise.patterns import load_patterns, write_patterns
from docpipe.noise.recipe import Recipe, built_in_recipes, load_recipe, load_training_recipe
from docpipe.page import Page

BOOK = """
about   = "Bound book on a flatbed: dark spine."
source  = "nobody's"
licence = "CC0-1.0"
effects = [0, 2]
[[noise]]
kind = "gutter_shadow"
chance = 0.7
depth = [0, 0.6]
side = ["left"]
[[noise]]
kind = "jpeg"
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "book.toml"
        path.write_text(text, encoding="utf-8")
        return path
    return write


@pytest.fixture(scope="module")
def starter():
    return load_recipe("starter")


@pytest.fixture(scope="module")
def thousand(starter):
    page = Page(np.tile(np.linspace(0, 255, 24).astype(np.uint8), (24, 1)))
    return [starter.apply(page, np.random.default_rng(seed)).applied for seed in range(1000)]


def test_the_same_seed_makes_the_same_page_and_leaves_the_input_alone(starter, card):
    for seed in range(10):
        first, again = (starter.apply(card, np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(first.page.pixels, again.page.pixels)
        assert first[1:] == again[1:]


def test_what_was_applied_makes_the_same_page_again(starter, card):
    for seed in range(15):
        touched = starter.apply(card, np.random.default_rng(seed))
        replayed = card
        for noise in touched.applied:
            replayed = NOISES[noise.kind]().apply(replayed, noise.parameters)
        assert np.array_equal(touched.page.pixels, replayed.pixels)


def test_the_starter_leaves_a_tenth_untouched_and_the_rest_get_one_to_six_noises(thousand):
    counts = Counter(len(applied) for applied in thousand)
    assert 70 < counts[0] < 130
    assert set(counts) == {0, 1, 2, 3, 4, 5, 6} and all(counts[number] > 60 for number in range(1, 7))


def test_every_noise_of_the_starter_comes_and_thresholds_on_about_every_seventh_page(thousand, starter):
    kinds = Counter(noise.kind for applied in thousand for noise in applied)
    assert set(kinds) == set(NOISES) - TEST_ONLY == set(starter.kinds)
    assert 110 < kinds["binarise"] + kinds["adaptive_binarise"] < 180


def test_noises_come_in_the_order_of_the_recipe_and_never_twice(thousand, starter):
    order = [step.kind for step in starter.steps]
    for applied in thousand:
        places = [order.index(noise.kind) for noise in applied]
        assert places == sorted(set(places))


def test_strengths_are_spread_evenly_over_their_ranges(starter, card):
    grainy = replace(starter, steps=tuple(step for step in starter.steps if step.kind == "gaussian"),
                     effects=(1, 1), untouched=0.0)
    crop = Page(card.pixels[:8, :8])
    variances = [grainy.apply(crop, np.random.default_rng(seed)).applied[0].parameters["variance"]
                 for seed in range(600)]
    quarters, _ = np.histogram(variances, bins=4, range=(0, 0.08))
    assert quarters.min() > 90, quarters


def test_without_spread_all_noises_of_a_page_are_equally_severe(starter, card):
    even = replace(starter, severity=(0.5, 0.5), spread=0.0, effects=(5, 5), untouched=0.0)
    touched = even.apply(card, np.random.default_rng(1))
    assert {touched.severity} == {noise.severity for noise in touched.applied} == {0.5}
    for noise in touched.applied:
        for name in NOISES[noise.kind].harmless:
            assert noise.parameters[name] == getattr(NOISES[noise.kind]().at(0.5), name)[0]


def test_each_noise_is_as_severe_as_recorded_and_lies_around_its_page(starter, card):
    for seed in range(30):
        touched = starter.apply(card, np.random.default_rng(seed))
        for noise in touched.applied:
            assert 0 <= noise.severity <= 1 and abs(noise.severity - touched.severity) <= starter.spread
            as_severe = NOISES[noise.kind]().at(noise.severity)
            drawn = as_severe.draw(np.random.default_rng(0))
            assert all(noise.parameters[name] == drawn[name] for name in as_severe.harmless)


def test_a_noise_may_have_a_severity_of_its_own(write, card):
    own = load_recipe(write(BOOK.replace("chance = 0.7", "severity = [0.9, 1.0]").replace("[0, 2]", "[2, 2]")))
    crop = Page(card.pixels[:8, :8])
    shadows, jpegs = zip(*(own.apply(crop, np.random.default_rng(seed)).applied for seed in range(60)), strict=True)
    assert min(noise.severity for noise in shadows) >= 0.9 and max(noise.severity for noise in shadows) <= 1
    assert min(noise.severity for noise in jpegs) < 0.3


@pytest.mark.parametrize(("kind", "strength", "low", "high"), [
    ("gaussian", "variance", 0.005, 0.08),
    ("speckle", "variance", 0.005, 0.2),
    ("salt_and_pepper", "share", 0.02, 0.07),
])
def test_the_classical_recipe_draws_each_noise_of_sensors_evenly_from_its_range_one_a_page(kind, strength, low, high):
    crop, recipe, drawn = Page(np.full((4, 4), 200, np.uint8)), load_recipe("classical"), []
    for seed in range(900):
        applied = recipe.apply(crop, np.random.default_rng(seed)).applied
        assert len(applied) <= 1
        drawn += [noise.parameters[strength] for noise in applied if noise.kind == kind]
    assert 220 < len(drawn) < 320, "a tenth is untouched, the rest is a third each"
    assert low * 0.99 < min(drawn) and max(drawn) <= high
    quarters, _ = np.histogram(drawn, bins=4, range=(low, high))
    assert quarters.min() > 0.6 * len(drawn) / 4, quarters


def test_one_page_in_ten_is_left_untouched_by_every_recipe_to_learn_from_but_worn():
    for name in sorted(set(built_in_recipes()) - {"trial", "worn"}):
        assert load_training_recipe(name).untouched == 0.1, name


@pytest.mark.parametrize("name", built_in_recipes())
def test_noises_of_a_built_in_recipe_come_in_the_order_in_which_they_happen(name):
    kinds = load_recipe(name).kinds
    assert list(kinds) == [kind for kind in NOISES if kind in kinds]


@pytest.mark.parametrize(("name", "holds"), [
    ("photocopy", {"recopied", "drum_marks", "streaks", "toner_specks"}),
    ("phone", {"recopied", "perspective", "glare", "photon_noise", "jpeg"}),
    ("archive", {"stains", "water_stains", "pen_strokes", "scribble", "faded_ink"}),
    ("fax", {"recopied", "fax"}),
    ("thresholds", {"binarise", "adaptive_binarise", "dither", "uneven_light"}),
    ("awgn", {"gaussian"}),
])
def test_a_recipe_holds_what_its_name_says(name, holds):
    assert holds <= set(load_recipe(name).kinds)


def test_drawing_and_applying_agree(starter, card):
    for seed in range(5):
        drawn = starter.draw(np.random.default_rng(seed))
        assert starter.apply(card, np.random.default_rng(seed))[1:] == drawn


def test_an_untouched_page_has_severity_0(starter, card):
    touched = replace(starter, untouched=1.0).apply(card, np.random.default_rng(0))
    assert touched.page is card and touched[1:] == (0.0, ())


def test_a_lead_is_on_every_page_and_the_others_still_come_by_chance(starter, card):
    crop, counts, kinds = Page(card.pixels[:8, :8]), Counter(), Counter()
    for seed in range(400):
        applied = starter.apply(crop, np.random.default_rng(seed), lead="gutter_shadow").applied
        counts[len(applied)] += 1
        kinds.update(noise.kind for noise in applied)
    assert kinds["gutter_shadow"] == 400
    assert set(counts) == {1, 2, 3, 4, 5, 6} and counts.most_common(1)[0][1] < 200
    assert set(kinds) == set(starter.kinds)


def test_a_lead_takes_the_only_place_there_is(starter, card):
    single = replace(starter, effects=(1, 1))
    for seed in range(30):
        (noise,) = single.apply(card, np.random.default_rng(seed), lead="jpeg").applied
        assert noise.kind == "jpeg"


def test_a_lead_that_the_recipe_does_not_hold_is_refused_by_name(starter, card):
    with pytest.raises(ValueError, match=r"lead is 'rain'; it must be one of faded_ink, "):
        starter.apply(card, np.random.default_rng(0), lead="rain")


def test_a_recipe_sets_ranges_and_leaves_the_others_as_they_are(write):
    shadow, compression = load_recipe(write(BOOK)).steps
    assert (shadow.kind, shadow.chance, shadow.noise) == (
        "gutter_shadow", 0.7, NOISES["gutter_shadow"](depth=(0.0, 0.6), side=("left",)))
    assert (compression.chance, compression.noise) == (1.0, NOISES["jpeg"]())


def test_the_families_for_testing_only_are_in_the_recipe_of_suites_and_in_no_other_built_in_one(starter):
    assert TEST_ONLY == {"tape", "halftone", "hologram_reflection", "highlighter"} < set(NOISES)
    holding = [name for name in built_in_recipes() if TEST_ONLY & set(load_recipe(name).kinds)]
    assert holding == ["trial"]


def test_suites_are_drawn_from_all_families_each_in_its_place_and_evenly_over_all_severities(starter):
    trial = load_recipe("trial")
    assert trial.kinds == tuple(NOISES)
    assert set(starter.steps) < set(trial.steps)
    assert (trial.severity, trial.untouched) == ((0.0, 1.0), 0.0)


@pytest.mark.parametrize("kind", sorted(TEST_ONLY))
def test_a_recipe_that_holds_a_family_for_testing_only_cannot_be_learnt_from(write, kind):
    held = write(f'about = "a"\nsource = "s"\nlicence = "MIT"\n[[noise]]\nkind = "jpeg"\n[[noise]]\nkind = "{kind}"\n')
    assert load_recipe(held).kinds == ("jpeg", kind)
    with pytest.raises(InputError, match=f"holds {kind}: for testing only"):
        load_training_recipe(held)


def test_recipes_that_are_learnt_from_are_those_that_are_drawn_with():
    for name in ("starter", "worn"):
        assert load_training_recipe(name) == load_recipe(name)


@pytest.mark.parametrize("found, written, problem, hint", [
    ('kind = "jpeg"', 'kind = "gpeg"', "no noise of kind 'gpeg'", "fax, jpeg"),
    ("chance = 0.7", "chances = 0.7", "the noise gutter_shadow has no key 'chances'", "depth, width_mm"),
    ("licence =", "license =", "a recipe has no key 'license'", "licence"),
    ('licence = "CC0-1.0"', "", "does not say licence", "about"),
    ("depth = [0, 0.6]", "depth = [0, 6]", "gutter_shadow: depth is 6.0; it must be from 0 to 1", ""),
    ("depth = [0, 0.6]", "depth = [0.6, 0]", "gutter_shadow: depth is", ""),
    ("depth = [0, 0.6]", "depth = 0.6", "gutter_shadow: 0.6 is not a list", ""),
    ("depth = [0, 0.6]", 'depth = ["a", "b"]', "gutter_shadow: ", ""),
    ('["left"]', '["top"]', "gutter_shadow: side is ['top']; it must be some of ['left', 'right']", ""),
    ("chance = 0.7", "chance = 7", "the chance of gutter_shadow is 7; it must be from 1e-06 to 1", ""),
    ("effects = [0, 2]", "effects = [3, 4]", "the least number of effects is 3", ""),
    ("effects = [0, 2]", "effects = [0, 0]", "the largest number of effects is 0; it must be 1 or more", ""),
    ("effects = [0, 2]", "effects = 2", "effects is 2, which is of the wrong type", ""),
    ("effects = [0, 2]", "effects = [2]", "effects is [2]; it must be two numbers, the lower one first", ""),
    ("effects = [0, 2]", "severity = [0, 2]", "the higher severity is 2; it must be from 0 to 1", ""),
    ("chance = 0.7", 'chance = "often"', "the chance of gutter_shadow is often", ""),
    ("depth = [0, 0.6]", "depth = [0, 0.3, 0.6]", "gutter_shadow: depth is", ""),
    ("effects = [0, 2]", "effects = [", "Invalid", ""),
    ("chance = 0.7", "severity = [0.5, 2]", "the severity of gutter_shadow is 2.0; it must be from 0 to 1", ""),
    ("chance = 0.7", "severity = [0.5, 0.2]", "gutter_shadow: severity is [0.5, 0.2]; it must be two numbers", ""),
    ("chance = 0.7", "severity = 0.5", "gutter_shadow: 0.5 is not a list", ""),
    ("[[noise]]", "[[noises]]", "a recipe has no key 'noises'", "noise"),
    ('kind = "jpeg"', 'kind = ["jpeg"]', "no noise of kind", ""),
])
def test_a_mistake_in_a_recipe_is_named_with_what_would_be_right(write, found, written, problem, hint):
    assert found in BOOK
    with pytest.raises(InputError) as caught:
        load_recipe(write(BOOK.replace(found, written)))
    assert problem in caught.value.problem and hint in caught.value.hint


@pytest.mark.parametrize("name", ["begginer", "missing.toml", "../noise/data/starter"])
def test_a_recipe_that_is_not_there_is_named_with_those_that_are(name):
    with pytest.raises(InputError) as caught:
        load_recipe(name)
    assert name in caught.value.problem and "starter" in caught.value.hint


def test_a_recipe_needs_no_file(card):
    recipe = Recipe("about", "source", "licence", steps=load_recipe("starter").steps[:2], effects=(2, 2))
    touched = recipe.apply(card, np.random.default_rng(0))
    assert [noise.kind for noise in touched.applied] == ["faded_ink", "broken_ink"]
    assert not np.array_equal(touched.page.pixels, card.pixels)


def test_a_recipe_over_a_base_says_only_what_differs(write, starter):
    worn = load_recipe(write('about = "a"\nsource = "s"\nlicence = "MIT"\nbase = "starter"\nseverity = [0.5, 1.0]\n'))
    assert worn.severity == (0.5, 1.0)
    assert worn.fingerprint != starter.fingerprint == load_recipe("starter").fingerprint
    assert (worn.steps, worn.untouched, worn.effects) == (starter.steps, starter.untouched, starter.effects)


def test_more_noises_join_those_of_the_base_where_they_happen_to_a_page(write, starter):
    text = 'about = "a"\nsource = "s"\nlicence = "MIT"\nbase = "starter"\n[[more]]\nkind = "tape"\nchance = 0.5\n'
    taped = load_recipe(write(text))
    assert [kind for kind in taped.kinds if kind != "tape"] == list(starter.kinds)
    assert taped.kinds[taped.kinds.index("tape") - 1] == "staples"


def test_a_noise_takes_the_place_of_that_of_its_kind(write, starter):
    text = 'about = "a"\nsource = "s"\nlicence = "MIT"\nbase = "starter"\n[[instead]]\nkind = "{}"\nchance = 0.5\n'
    dithered = load_recipe(write(text.format("dither")))
    assert dithered.kinds == starter.kinds
    assert [step.kind for step in dithered.steps if step not in starter.steps] == ["dither"]
    with pytest.raises(InputError, match="tape, which the base does not hold"):
        load_recipe(write(text.format("tape")))


@pytest.mark.parametrize("base", ["worn", "no-such"])
def test_a_base_is_a_built_in_recipe_without_a_base(write, base):
    with pytest.raises(InputError, match=base):
        load_recipe(write(f'about = "a"\nsource = "s"\nlicence = "MIT"\nbase = "{base}"\n'))


def test_a_recipe_without_warps_keeps_all_else_and_moves_nothing():
    recipe = load_recipe("starter")
    standing = recipe.without_warps
    assert set(recipe.kinds) - set(standing.kinds) == {"rotation", "perspective", "paper_curl", "feed_slip"}
    assert replace(standing, steps=recipe.steps) == recipe


def test_patterns_of_one_split_are_never_pasted_where_another_is_asked_for(tmp_path):
    recipe = load_recipe("starter").of_split("test")
    assert [step.noise.split for step in recipe.steps if step.kind == "paste"] == [("test",)]
    splits = {entry.id: entry.split for entry in load_patterns("starter").entries}
    page = Page(np.full((200, 300), 230, np.uint8), dpi=(300, 300))
    pasted = [
        noise.parameters["pattern"]
        for seed in range(40)
        for noise in recipe.apply(page, np.random.default_rng(seed), lead="paste").applied
        if noise.kind == "paste"
    ]
    assert len(set(pasted)) > 5 and {splits[pattern] for pattern in pasted} == {"test"}
    (tmp_path / "recipe.toml").write_text('base = "starter"\n[[more]]\nkind = "paste"\nsplit = ["test"]\n')
    learnt = load_training_recipe(tmp_path / "recipe.toml")
    assert {step.noise.split for step in learnt.steps if step.kind == "paste"} == {("train",)}


def test_a_library_without_a_pattern_of_the_split_is_refused(tmp_path):
    entries = [entry for entry in load_patterns("starter").entries if entry.split == "train"][:3]
    write_patterns(tmp_path / "ours", [(entry, load_patterns("starter").pattern(entry.id).gray) for entry in entries])
    ours = f'base = "starter"\n[[more]]\nkind = "paste"\nlibrary = ["{tmp_path}/ours"]\n'
    (tmp_path / "recipe.toml").write_text(ours)
    assert load_training_recipe(tmp_path / "recipe.toml")
    with pytest.raises(InputError, match="no pattern of kind any in the split test"):
        load_recipe(tmp_path / "recipe.toml").of_split("test")
