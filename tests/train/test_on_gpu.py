"""The run of 25 minutes on a GPU: its clock, what it refuses, and that what comes home can be used there."""

import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from docpipe.errors import ExitCode, InputError, UsageError
from docpipe.registry import Registry
from docpipe.restore.onnx_engine import OnnxEngine
from docpipe.train.chain import Chain, load_chain
from docpipe.train.chain_run import new_chain_run, run_chain
from docpipe.train.export import export
from docpipe.train.run_folder import load_checkpoint
from docpipe.train.running import Place, Progress, silent
from eval import train_on_gpu
from eval.brought_home import bring_home, export_where_possible
from eval.networks import logged_in
from eval.trained import trained_in

HERE = Place("cpu")
TINY = ["--tiny", "--set", "threads=1"]


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(train_on_gpu, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


@pytest.fixture
def run(config, cards, tmp_path):
    """A chain's run, the cards of which are no longer where they were."""
    shutil.copytree(cards, tmp_path / "there")
    config = replace(config, cards=str(tmp_path / "there"), name="compact")
    chain = Chain("compact", {"pixels": config, "distil": replace(config, seed=2, widths=(4, 8))})
    folder = new_chain_run(tmp_path / "runs", chain)
    run_chain(chain, folder, HERE)
    (tmp_path / "there").rename(tmp_path / "here")
    return folder


def ended(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train_on_gpu", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        train_on_gpu.main()
    return end.value.code, capsys.readouterr().err.splitlines()


def test_what_comes_home_without_onnx_is_exported_there(run, tmp_path, monkeypatch, capsys):
    home = tmp_path / "home"
    bring_home(run, home, "cpu", 1.0)
    with monkeypatch.context() as blocked:
        blocked.setitem(sys.modules, "docpipe.train.export", None)      # as where it finds no onnx
        export_where_possible(run, home)
    assert "no export" in capsys.readouterr().out
    assert {path.name for path in home.iterdir()} == {
        "about.json", "log.jsonl", "curves.png", "samples.jpg", "config.json", "patterns.json", "generator.safetensors",
    }  # fmt: skip
    (one,) = trained_in(home)
    left = load_file(run / "2-distil/generator.safetensors")
    assert all(torch.equal(left[name], weight) for name, weight in one.network.state_dict().items())
    assert [(network, label) for network, label, *_ in logged_in(home)] == [("compact", "pixels *")]

    with pytest.raises(InputError, match="holds no cards"):
        export(home, tmp_path / "model", version="7")
    card = export(home, tmp_path / "model", version="7", changes={"cards": str(tmp_path / "here")})
    assert card["steps"] == 4 and card["figures"]["psnr"] > 0 and card["patterns"]
    assert OnnxEngine(tmp_path / "model", device="cpu").card.name == "compact"


def test_where_it_can_be_exported_the_model_comes_home_under_the_version_after_what_ships(run, tmp_path, capsys):
    home = tmp_path / "home"
    bring_home(run, home, "cpu", 1.0)
    export_where_possible(run, home)
    assert "holds no cards" in capsys.readouterr().out and (home / "about.json").exists()
    (tmp_path / "here").rename(tmp_path / "there")
    for _ in range(2):
        bring_home(run, home, "cpu", 1.0)
        export_where_possible(run, home)
        assert {path.name for path in home.iterdir()} == {
            "about.json", "log.jsonl", "curves.png", "samples.jpg", "card.json", "model.onnx", "model.safetensors",
        }  # fmt: skip
    card = OnnxEngine(home, device="cpu").card
    assert card.version == Registry(None).next_version("compact") and trained_in(home)


def test_a_stage_that_was_made_longer_is_not_done(run, config):
    assert train_on_gpu.is_done(config, run / "2-distil")
    assert not train_on_gpu.is_done(replace(config, steps=5), run / "2-distil")
    assert not train_on_gpu.is_done(config, run / "3-none")


def test_what_a_network_learnt_from_is_not_changed_at_its_export(run, tmp_path):
    with pytest.raises(UsageError, match="recipe cannot be changed"):
        export(run, tmp_path / "model", version="1", changes={"recipe": "worn"})


def test_a_trial_times_the_turns_of_generator_and_critic_alike(cards, tmp_path, monkeypatch, clock):
    tried = []

    def run_chain(chain, folder, place, tell):
        for label, config in chain.stages.items():
            tried.append(config)
            tell(Progress(60, 60, 1.0, crops_per_second=config.batch / 0.1, data_wait=0.0, stage=label))
        clock.seconds += 60

    monkeypatch.setattr(train_on_gpu, "run_chain", run_chain)
    chain = load_chain(train_on_gpu.CONFIG, {"cards": str(cards), "adversarial.critic_steps": "5"})
    stages = train_on_gpu.fitted(chain, tmp_path / "trial", HERE, 100.0 + 25 * 60, False).stages
    assert {(config.critic_threshold, config.critic_steps) for config in tried} == {(0, 1)}
    assert stages["adversarial"].critic_threshold == 0.65 and stages["adversarial"].critic_steps == 5
    seconds = sum(config.steps for config in stages.values()) * 0.1
    assert 0.98 * 0.88 * 24 * 60 < seconds <= 0.88 * 24 * 60
    with pytest.raises(UsageError, match="all the time"):
        train_on_gpu.fitted(chain, tmp_path / "trial", HERE, clock.seconds + 1, False)


def watched(clock, spans, steps, seconds_a_step, check_every=100, log_every=50):
    """The step and the length at which a stage is stopped; None where it comes to its end."""
    watch = train_on_gpu.Watch(spans, silent)
    for step in range(log_every, steps + 1, log_every):
        clock.seconds += log_every * seconds_a_step(step)
        figures = {"psnr": 1.0} if step % check_every == 0 else {}
        try:
            watch.look(Progress(step, steps, 1.0, 1.0, 0.0, figures, "pixels"))
        except train_on_gpu.TooSlowError as slow:
            return step, slow.steps
    return None


def test_a_stage_that_would_end_too_late_is_made_as_short_as_fits(clock):
    spans = {"pixels": (100.0, 1100.0)}
    assert watched(clock, spans, 1000, lambda step: 1.04) is None, "a little late is no matter"
    clock.seconds = 100.0
    assert watched(clock, spans, 1000, lambda step: 2.0) == (100, 100 + 400), "800 of 1000 seconds are left"
    clock.seconds = 1200.0
    assert watched(clock, spans, 1000, lambda step: 1.0) == (100, 100), "its time is over"


def test_a_stage_that_comes_to_no_further_check_in_time_ends_at_the_one_before(clock):
    slow = watched(clock, {"pixels": (100.0, 1100.0)}, 1000, lambda step: 0.5 if step <= 500 else 20.0, check_every=500)
    assert slow == (550, 500)


def test_the_shares_of_stages_that_are_done_go_to_the_others():
    spans = train_on_gpu.spans_of(["adversarial", "distil"], 0.0, 1000.0)
    assert spans["adversarial"] == (0.0, pytest.approx(880 * 30 / 58)) and spans["distil"][1] == pytest.approx(880)
    assert spans["distil"][0] == spans["adversarial"][1] and train_on_gpu.spans_of([], 0.0, 9.0) == {}


@pytest.mark.slow
def test_a_chain_that_is_out_of_time_ends_every_stage_at_its_first_check_and_comes_home(cards, tmp_path, capsys):
    chain = load_chain(train_on_gpu.CONFIG, {"cards": str(cards), **train_on_gpu.TINY, "steps": "60"})
    folder = new_chain_run(tmp_path / "runs", chain)
    seen = []

    def tell(progress):
        if progress.figures:
            bring_home(folder, tmp_path / "home", "cpu", 1.0)
            seen.append((progress.stage, (tmp_path / "home/generator.safetensors").exists()))

    train_on_gpu.run_within(chain, folder, HERE, 0.0, tell)
    assert seen == [("pixels", False), ("critic", False), ("adversarial", False), ("distil", True)]
    assert {load_checkpoint(stage)["step"] for stage in folder.glob("[0-9]-*")} == {3}
    assert len(list(folder.glob("*/*.safetensors"))) == 5, "a network a stage, and the critic of the third"
    assert export(folder, tmp_path / "model", version="1")["steps"] == 3


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--pack", "nowhere.zip"], ExitCode.BAD_INPUT, "nowhere.zip holds no cards"),
        (["--set", "no_such=1"], ExitCode.USAGE, "unknown no_such"),
        (["--set", "seed"], ExitCode.USAGE, "--set seed is not KEY=VALUE"),
        (["--set", "distil.steps=9"], ExitCode.USAGE, "follow from the clock"),
    ],
)
def test_what_cannot_begin_ends_in_one_line_and_leaves_nothing(
    cards, tmp_path, monkeypatch, capsys, arguments, code, complaint
):
    places = ["--pack", cards, "-o", tmp_path / "home", "--work", tmp_path / "work"]
    found, lines = ended(capsys, monkeypatch, *places, *TINY, *arguments)
    assert found == code and lines[0].startswith("error: ") and complaint in lines[0]
    assert all(line.startswith("hint:  ") for line in lines[1:]) and not list(tmp_path.iterdir())


def test_a_run_is_not_gone_on_with_under_other_values(cards, tmp_path, monkeypatch, capsys):
    values = {"cards": str(cards), **train_on_gpu.TINY, "threads": "1"}
    folder = new_chain_run(tmp_path / "work", load_chain(train_on_gpu.CONFIG, values))
    kept = (folder / "chain.json").read_text()
    places = ["--pack", cards, "-o", tmp_path / "home", "--work", tmp_path / "work"]
    code, (error, hint) = ended(capsys, monkeypatch, *places, *TINY, "--set", "critic.seed=9")
    assert code == ExitCode.USAGE and error.endswith("was begun with other values of critic.seed")
    shutil.copytree(cards, tmp_path / "others")
    code, (error, hint) = ended(capsys, monkeypatch, *places, *TINY, "--pack", tmp_path / "others")
    assert code == ExitCode.USAGE and "pixels.cards, critic.cards, adversarial.cards and 1 more" in error
    assert "--work" in hint and (folder / "chain.json").read_text() == kept


def test_a_folder_of_other_things_is_not_written_over(cards, tmp_path, monkeypatch, capsys):
    (tmp_path / "config.json").touch()
    code, lines = ended(capsys, monkeypatch, "--pack", cards, "-o", tmp_path, "--work", tmp_path / "work", *TINY)
    assert code == ExitCode.BAD_INPUT and "holds other files" in lines[0]
