"""The ablation: rows differ in what they say and in nothing else, and nothing is trained or judged twice."""

import json
import shutil
from dataclasses import asdict, replace

import cv2
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from docpipe.errors import ExitCode, InputError
from docpipe.noise.patterns import load_patterns
from docpipe.noise.recipe import built_in_recipes, load_recipe
from docpipe.train.data import CleanCards
from docpipe.train.run_folder import LOG, load_checkpoint, read_config
from eval.ablation import __main__ as command
from eval.ablation import judging, rows, training
from eval.ablation.__main__ import Judging, run
from eval.ablation.judging import Reader, judged, restorer_of
from eval.ablation.rows import BASE, Options, Row, base_of, recipe_without, rows_of
from eval.ablation.table import Outcome, compared, header, table
from eval.ablation.training import fingerprint, held_crops, minutes_trained, noise_left, trained_run
from tests.restore.small_gate import write_gate


@pytest.fixture
def options(tmp_path, cards, monkeypatch):
    """Networks that train in a second, and weights that nobody opens."""
    small = rows.CONFIG.read_text().replace("[16, 32, 48, 64]", "[8, 12]").replace("[32, 64, 128]", "[8, 16]")
    (tmp_path / "small.toml").write_text(small.replace("checked = 128", "checked = 4"))
    monkeypatch.setattr(rows, "CONFIG", tmp_path / "small.toml")
    return Options(4, 2, 64, 7, cards, "starter")


@pytest.fixture
def with_text(options, tmp_path):
    (tmp_path / "recogniser.safetensors").write_bytes(b"weights")
    return replace(options, recogniser=tmp_path / "recogniser.safetensors")


@pytest.fixture
def how(tmp_path, cards):
    """Cards to be judged, and a reader that calls dark pages right and counts what it is asked."""
    folder = tmp_path / "judged"
    shutil.copytree(cards / "clean", folder / "noisy")
    shutil.copy(cards / "truth.jsonl", folder)
    asked = []

    def read(scans, truth):
        asked.append(scans)
        files = [json.loads(line)["file"] for line in truth.read_text().splitlines()]
        return {file: bool(cv2.imread(str(scans / file), cv2.IMREAD_GRAYSCALE).mean() < 200) for file in files}

    return Judging(folder, Reader("a stub", "stub-1", read), 1), asked


def by_name(options, tmp_path):
    return {row.name: row for row in rows_of(options, tmp_path / "recipes")}


def differing(one, other):
    return {name for name, value in asdict(one).items() if value != asdict(other)[name]}


@pytest.mark.parametrize(("name", "values"), [
    ("without pasted patterns", {"recipe"}), ("without wrong thresholds", {"recipe"}),
    ("with the text term", {"text_weight", "recogniser"}), ("another seed", {"seed"}),
])  # fmt: skip
def test_a_row_differs_from_the_base_in_exactly_one_thing(with_text, tmp_path, name, values):
    found = by_name(with_text, tmp_path)
    assert list(found[name].chain.stages) == ["pixels"] and not found[name].not_run and found[name].gate is None
    assert differing(found[BASE].chain.stages["pixels"], found[name].chain.stages["pixels"]) == values


@pytest.mark.parametrize(("name", "kinds"), [
    ("without pasted patterns", {"paste"}), ("without wrong thresholds", {"binarise", "adaptive_binarise"}),
])  # fmt: skip
def test_a_recipe_lacks_the_kinds_that_are_left_out_and_nothing_else(options, tmp_path, name, kinds):
    row = by_name(options, tmp_path)[name]
    whole, part = load_recipe("starter"), load_recipe(row.chain.stages["pixels"].recipe)
    assert part == replace(whole, steps=tuple(step for step in whole.steps if step.kind not in kinds))
    assert set(whole.kinds) - set(part.kinds) == kinds and all(f"no {kind}" in row.differs for kind in kinds)


@given(recipe=st.sampled_from(built_in_recipes()), data=st.data())
def test_any_recipe_comes_back_from_its_text_without_the_kinds_that_are_left_out(tmp_path_factory, recipe, data):
    whole = load_recipe(recipe)
    least = max(1, whole.effects[0])
    kinds = data.draw(st.sets(st.sampled_from(whole.kinds), max_size=len(whole.kinds) - least))
    path = tmp_path_factory.mktemp("recipe") / "part.toml"
    path.write_text(recipe_without(recipe, kinds))
    assert load_recipe(path) == replace(whole, steps=tuple(step for step in whole.steps if step.kind not in kinds))


def test_patterns_of_ones_own_are_left_out_with_those_that_ship(options, tmp_path):
    library = load_patterns("starter").folder
    own = tmp_path / "own.toml"
    own.write_text(f'about = "a"\nsource = "é \\"b\\""\nlicence = "MIT"\nbase = "starter"\nspread = 0.25\n'
                   f'[[more]]\nkind = "paste"\nlibrary = ["{library}"]\n')  # fmt: skip
    row = by_name(replace(options, recipe=str(own)), tmp_path)["without pasted patterns"]
    whole, part = load_recipe(own), load_recipe(row.chain.stages["pixels"].recipe)
    assert whole.kinds.count("paste") == 2 and "paste" not in part.kinds
    assert (part.about, part.source, part.spread) == ("a", 'é "b"', 0.25)


def test_a_recipe_without_such_noise_leaves_the_row_out(options, tmp_path):
    row = by_name(replace(options, recipe="awgn"), tmp_path)["without wrong thresholds"]
    assert row.not_run == "the recipe holds no binarise or adaptive_binarise" and row.chain is None


def test_an_adversarial_stage_takes_its_steps_from_the_pixels(options, tmp_path):
    found = by_name(replace(options, steps=360), tmp_path)
    base, stages = found[BASE].chain.stages["pixels"], found["with adversarial stage"].chain.stages
    assert {label: config.steps for label, config in stages.items()} == {
        "pixels": 216, "critic": 54, "adversarial": 90
    }  # fmt: skip
    assert differing(base, stages["pixels"]) == {"steps", "check_every"}
    assert (stages["adversarial"].start_from, stages["critic"].start_from) == ("pixels", "pixels")


@given(steps=st.integers(3, 5000))
def test_every_row_has_the_same_number_of_steps(steps, tmp_path_factory, cards):
    found = rows_of(Options(steps, 2, 64, 7, cards, "starter"), tmp_path_factory.mktemp("recipes"))
    assert {row.chain.steps for row in found if row.chain} == {steps}


def test_without_a_recogniser_and_a_gate_two_rows_say_why_they_are_not_run(options, tmp_path):
    found = by_name(options, tmp_path)
    assert found[BASE].chain.stages["pixels"].text_weight == 0 and "no text term" in found[BASE].differs
    assert [name for name, row in found.items() if row.not_run] == ["with the text term", "with a gate"]
    assert "no recogniser" in found["with the text term"].not_run and "no gate" in found["with a gate"].not_run


def test_all_rows_go_on_from_given_weights(options, tmp_path):
    (tmp_path / "given.safetensors").write_bytes(b"weights")
    options = replace(options, start_from=tmp_path / "given.safetensors")
    chains = [row.chain for row in by_name(options, tmp_path).values() if row.chain]
    assert {chain.stages["pixels"].start_from for chain in chains} == {str(options.start_from)}
    reader = Reader("a stub", "", lambda scans, truth: {})
    goes_on = " ".join(header(options, base_of(options), 3, reader))
    scratch = " ".join(header(replace(options, start_from=None), base_of(options), 3, reader))
    assert "All go on from" in goes_on and "All start from scratch" in scratch and "than raw scans" in scratch


def test_the_folder_of_a_run_changes_with_its_values_and_with_its_files(options, tmp_path):
    before = fingerprint(by_name(options, tmp_path)[BASE].chain)
    assert before == fingerprint(by_name(options, tmp_path)[BASE].chain)
    weights = tmp_path / "given.safetensors"
    told = {before, fingerprint(by_name(replace(options, batch=3), tmp_path)[BASE].chain)}
    for content in (b"one", b"two"):
        weights.write_bytes(content)
        told.add(fingerprint(by_name(replace(options, start_from=weights), tmp_path)[BASE].chain))
    assert len(told) == 4


def chain_of_base(options, tmp_path):
    return by_name(options, tmp_path)[BASE].chain


@pytest.mark.slow
def test_a_row_is_trained_once(options, tmp_path, monkeypatch):
    chain = chain_of_base(options, tmp_path)
    first = trained_run(chain, tmp_path / "runs")
    assert load_checkpoint(first)["step"] == 4
    monkeypatch.setattr(training, "run_chain", lambda *args, **names: pytest.fail("it is trained again"))
    monkeypatch.setattr(training, "export", lambda *args, **names: pytest.fail("it is exported again"))
    assert trained_run(chain, tmp_path / "runs") == first


@pytest.mark.slow
def test_a_row_that_was_stopped_goes_on_from_its_last_check(options, tmp_path):
    chain = chain_of_base(options, tmp_path)

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained_run(chain, tmp_path / "runs", stop)
    told = []
    run = trained_run(chain, tmp_path / "runs", told.append)
    assert [progress.step for progress in told] == [4], "the first check, at step 2, is not made again"
    assert [path.name for path in run.parent.iterdir()] == ["001-ablation"]


@pytest.mark.slow
def test_noise_left_is_what_the_base_logs_and_minutes_count_a_step_once(options, tmp_path):
    base = base_of(options)
    run = trained_run(chain_of_base(options, tmp_path), tmp_path / "runs")
    lines = [json.loads(line) for line in (run / LOG).read_text().splitlines()]
    left = noise_left(run, held_crops(base))
    assert left == pytest.approx((lines[-1]["left"], lines[-1]["fine_left"]), rel=1e-4)
    seconds = sum(2 * 2 / line["crops_per_second"] for line in lines)
    assert minutes_trained(run) == pytest.approx(seconds / 60)
    with (run / LOG).open("a") as log:
        log.write(json.dumps(lines[-1]) + "\n")
    assert minutes_trained(run) == pytest.approx(seconds / 60), "a step that was made twice counts once"


@pytest.mark.slow
def test_a_second_run_trains_and_reads_nothing_and_says_the_same(options, how, tmp_path, monkeypatch):
    judging_how, asked = how
    lines = run(options, tmp_path, judging_how)
    trained = [row for row in rows_of(options, tmp_path / "recipes") if row.chain]
    assert len(asked) == len(trained) + 1 == len(set(asked)), "the scans as they are, and those of every trained row"
    told = " ".join(line.strip() for line in lines)
    for row in trained:
        assert any(line.startswith(f"{row.name} ") for line in lines) and f"{row.name}: {row.differs} [" in told
    assert sum("not run: " in line for line in lines) == 2

    monkeypatch.setattr(training, "run_chain", lambda *args, **names: pytest.fail("a row is trained again"))
    again = run(options, tmp_path, judging_how)
    assert again == lines and len(asked) == len(trained) + 1


@pytest.mark.slow
def test_rows_of_other_mixtures_are_checked_on_the_crops_of_the_base(options, tmp_path):
    base, other = (by_name(options, tmp_path)[name] for name in (BASE, "without wrong thresholds"))
    runs = [trained_run(row.chain, tmp_path / "runs") for row in (base, other)]
    crops = held_crops(base_of(options))
    own = held_crops(read_config(runs[1])[0])
    assert not (own.noisy == crops.noisy).all() and noise_left(runs[1], crops) != noise_left(runs[1], own)


@pytest.mark.slow
def test_a_row_with_the_same_model_and_reader_is_judged_once_and_another_reader_judges_anew(options, how, tmp_path):
    judging_how, asked = how
    restorer = restorer_of(trained_run(chain_of_base(options, tmp_path), tmp_path / "runs") / "model", None)
    first = judged(judging_how.cards, judging_how.reader, restorer, 1)
    assert judged(judging_how.cards, judging_how.reader, restorer, 1) == first and len(asked) == 1
    judged(judging_how.cards, replace(judging_how.reader, key="stub-2"), restorer, 1)
    judged(judging_how.cards, judging_how.reader, None, 1)
    assert len(asked) == 3 and asked[2] == judging_how.cards / "noisy"


@pytest.mark.slow
@pytest.mark.parametrize("of_the_base", [True, False])
def test_a_gate_is_asked_only_where_it_was_calibrated_for_the_bases_model(options, how, tmp_path, of_the_base):
    judging_how, asked = how
    base = trained_run(chain_of_base(options, tmp_path), tmp_path / "runs")
    gate = tmp_path / "gate"
    shutil.copytree(base / "model", gate)
    other = {"model": {"name": "other", "version": "1", "sha256": 64 * "0"}}
    write_gate(gate, **({} if of_the_base else other))
    lines = run(replace(options, gate=gate), tmp_path, judging_how)
    row = next(line for line in lines if line.startswith("with a gate"))
    assert ("not run: the gate in" in row and "for another model" in row) is not of_the_base
    assert sum("+gate-" in str(scans) for scans in asked) == of_the_base
    assert any(line.startswith("with a gate: the base's own model") for line in lines) is of_the_base


def verdicts(*passed):
    return {f"{number}.png": passes for number, passes in enumerate(passed)}


def test_the_table_counts_against_raw_and_against_the_base():
    raw, base = verdicts(True, True, False, False, False), verdicts(True, False, True, True, False)
    other = verdicts(False, False, False, False, True)
    told = table(raw, [
        Outcome(Row(BASE, "all of it"), base, (0.5, 0.75), 3.0),
        Outcome(Row("without it", "no it"), other, (0.6, 0.8), 2.5, "f00d"),
        Outcome(Row("with that", ""), not_run="there is none"),
    ])  # fmt: skip
    cells = [line.split() for line in told]
    assert cells[2][:5] == ["base", "3.0", "0.500", "0.750", "3"] and cells[2][-2:] == ["2", "1"]
    assert cells[3][2:6] == ["2.5", "0.600", "0.800", "1"]
    assert cells[3][-6:] == ["1", "2", "1", "3", "0.62", "0.62"], "rescued, broken, gained, lost, p and p after Holm"
    assert told[4] == f"{'with that':<25} not run: there is none"
    assert told[-2:] == ["base: all of it", "without it: no it [f00d]"]


def test_cards_that_only_one_row_was_judged_on_are_no_pairs():
    with pytest.raises(KeyError):
        compared(verdicts(True, True), verdicts(True))


def test_weights_and_steps_that_cannot_be_are_refused_before_anything_is_drawn(tmp_path):
    for wrong in (["--start-from", str(tmp_path / "none")], ["--steps", "2"], ["--judged", "0"]):
        ended = CliRunner().invoke(command.main, [*wrong, "--work", str(tmp_path / "work")])
        assert ended.exit_code == ExitCode.USAGE
    assert not (tmp_path / "work").exists()


def test_the_command_prints_what_a_run_found_and_ends_as_docpipe_does(options, how, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "ocr_reader", lambda jobs: how[0].reader)
    monkeypatch.setattr(command, "drawn_cards", lambda folder, count, **names: None)
    monkeypatch.setattr(command, "run", lambda options, work, how: [str(options.steps), how.cards.name])
    arguments = ["--cards", str(options.cards), "--work", str(tmp_path), "--judged", "2"]
    ended = CliRunner().invoke(command.main, [*arguments, "--steps", "5"])
    assert (ended.exit_code, ended.output.split()) == (0, ["5", "judged-2"])

    def fail(options, work, how):
        raise InputError("no cards", hint="draw some")

    monkeypatch.setattr(command, "run", fail)
    ended = CliRunner().invoke(command.main, arguments)
    assert ended.exit_code == ExitCode.BAD_INPUT and "error: no cards" in ended.output


@pytest.mark.slow
def test_judged_cards_are_of_the_split_val_and_drawn_once(installed_fonts, tmp_path):
    for _ in range(2):
        judging.drawn_cards(tmp_path / "cards", 2, jobs=1, tell=lambda done: None)
    drawn = [json.loads(line) for line in (tmp_path / "cards" / "pairs.jsonl").read_text().splitlines()]
    assert [(one["split"], one["recipe"], one["seed"]) for one in drawn] == [("val", "worn", judging.SEED)] * 2
    assert len(CleanCards(tmp_path / "cards").cards) == 2
