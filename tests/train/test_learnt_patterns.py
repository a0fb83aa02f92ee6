"""A model's card says which patterns of noise it learnt from, and a run does not change them on its way unsaid."""

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="training needs torch (pip install 'docpipe-ocr[train]')")
from docpipe.noise.patterns import load_patterns, write_patterns
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.chain import Chain
from docpipe.train.chain_run import new_chain_run, run_chain, unfinished_chain_run
from docpipe.train.export import export
from docpipe.train.learnt_patterns import note_patterns, noted_patterns, patterns_of
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import new_run, resume_run
from docpipe.train.running import Place

RECIPE = """
about = "starter, with patterns of a library"
source = "a test"
licence = "CC0-1.0"
base = "starter"

[[more]]
kind = "paste"
chance = 0.5
library = ['{library}']
"""


@pytest.fixture
def grow(tmp_path):
    """Put so many patterns more into `harvested/`, which lies beside a recipe."""
    starter = load_patterns("starter")
    left = iter([entry for entry in starter.entries if entry.split == "train"])

    def put(count):
        entries = [replace(next(left), origin="scans of the inbox", licence="NOASSERTION") for _ in range(count)]
        write_patterns(tmp_path / "harvested", [(entry, starter.pattern(entry.id).gray) for entry in entries])

    put(3)
    return put


@pytest.fixture
def pasting(config, grow, tmp_path):
    """A config whose recipe pastes from that library."""
    (tmp_path / "recipe.toml").write_text(RECIPE.format(library=tmp_path / "harvested"))
    return replace(config, recipe=str(tmp_path / "recipe.toml"))


def test_what_is_told_of_a_library_changes_with_what_it_holds_and_names_no_folder_above_it(pasting, grow, tmp_path):
    starter, before = patterns_of(pasting.recipe)
    assert starter["library"] == "starter"
    assert before.items() >= {"library": "harvested", "patterns": 3, "licence": ["NOASSERTION"]}.items()
    assert before["origin"] == ["scans of the inbox"] and str(tmp_path) not in str(before)
    fingerprint = load_training_recipe(pasting.recipe).fingerprint
    grow(1)
    still, after = patterns_of(pasting.recipe)
    assert still == starter and after["patterns"] == 4 and after["sha256"] != before["sha256"]
    assert load_training_recipe(pasting.recipe).fingerprint == fingerprint, "the recipe alone would not tell"


def test_a_run_that_goes_on_with_other_patterns_has_learnt_from_both(pasting, grow, tmp_path):
    run = new_run(tmp_path / "runs", pasting)
    starter, before = noted_patterns(run)
    grow(1)
    resume_run(run, {})
    note_patterns(run, pasting.recipe)
    assert noted_patterns(run) == [starter, before, patterns_of(pasting.recipe)[1]]


@pytest.mark.slow
def test_the_card_says_what_was_learnt_from_and_not_what_came_later(pasting, grow, tmp_path):
    run = new_run(tmp_path / "runs", pasting)
    learnt = patterns_of(pasting.recipe)
    pretrain(pasting, run)
    grow(1)
    assert export(run, tmp_path / "model", version="1")["patterns"] == learnt


@pytest.mark.slow
@pytest.mark.parametrize("stages", [["pixels"], ["pixels", "more"]], ids=["one stage", "a chain"])
def test_a_stopped_run_is_not_gone_on_with_when_its_patterns_have_changed(pasting, grow, tmp_path, stages):
    chain = Chain("tiny", dict.fromkeys(stages, pasting))
    run = new_chain_run(tmp_path / "runs", chain)

    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_chain(chain, run, Place("cpu"), tell=stop)
    assert unfinished_chain_run(tmp_path / "runs", chain) == run
    grow(1)
    assert unfinished_chain_run(tmp_path / "runs", chain) is None
