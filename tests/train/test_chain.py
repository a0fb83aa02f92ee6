"""The whole chain at tiny size: a generator learns, a critic sees, the two play, a small network learns from them."""

import json
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError, UsageError
from docpipe.restore.onnx_engine import OnnxEngine
from docpipe.train.adversarial import Turns
from docpipe.train.chain import load_chain
from docpipe.train.chain_run import (
    folder_to_export,
    new_chain_run,
    require_chain_ready,
    resume_chain_run,
    run_chain,
    stage_folders,
)  # fmt: skip
from docpipe.train.export import export
from docpipe.train.run_folder import load_checkpoint
from docpipe.train.running import Place
from docpipe.train.stages import STAGES, run_stage
from docpipe.train.weights import load_network, make_network, save_network

GRAIN = """
about = "grain"
source = "made for this test"
licence = "MIT"
effects = [1, 1]
severity = [0.5, 1.0]
[[noise]]
kind = "gaussian"
"""
CHAIN = """
name = "tiny"
widths = [12, 16]
critic_widths = [16, 32]
critic = "patch"
batch = 8
crop_px = 64
warmup = 5
check_every = 1000
checked = 24
average = 0.95
mse_weight = 1.0
l1_weight = 0.0
edge_weight = 0.0

[[stage]]
stage = "pixels"
steps = 110
learning_rate = 4e-3

[[stage]]
stage = "critic"
start_from = "pixels"
steps = 40
learning_rate = 1e-2

[[stage]]
stage = "adversarial"
start_from = "pixels"
critic_from = "critic"
betas = [0.0, 0.99]
learning_rate = 2e-4
steps = 20

[[stage]]
stage = "distil"
teacher = "adversarial"
widths = [8, 12]
steps = 10
"""
KILLED_AFTER_STEP_3 = """
import os, signal, sys
from docpipe.cli import main
from docpipe.train import pretrain

steps = []
follow = pretrain.follow

def dies(*arguments):
    follow(*arguments)
    steps.append(1)
    if len(steps) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

pretrain.follow = dies
main(sys.argv[1:])
"""
SHORT = {"steps": "4", "batch": "2", "crop_px": "32", "check_every": "2", "checked": "4", "warmup": "1"}
HERE = Place("cpu")


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "grain.toml").write_text(GRAIN)
    return tmp_path / "grain.toml"


@pytest.fixture
def chain_file(cards, recipe, tmp_path):
    (tmp_path / "chain.toml").write_text(f'cards = "{cards}"\nrecipe = "{recipe}"\n{CHAIN}')
    return tmp_path / "chain.toml"


def figures(folder, key):
    """The last value of a figure in a stage's log."""
    return [line[key] for line in map(json.loads, (folder / "log.jsonl").read_text().splitlines()) if key in line][-1]


class KilledError(Exception):
    pass


def kill_at(step):
    def tell(progress):
        if progress.step == step:
            raise KilledError

    return tell


@pytest.mark.slow
def test_the_whole_chain_restores_sees_through_plays_and_hands_on(chain_file, tmp_path):
    chain = load_chain(chain_file)
    require_chain_ready(chain, "cpu")
    run = new_chain_run(tmp_path / "runs", chain)
    run_chain(chain, run, HERE)
    pixels, critic, adversarial, distil = (run / name for name in ("1-pixels", "2-critic", "3-adversarial", "4-distil"))
    assert figures(pixels, "psnr") > figures(pixels, "psnr_noisy") + 3
    assert figures(critic, "auc") > 0.9
    assert figures(adversarial, "psnr") > figures(adversarial, "psnr_noisy") + 3
    assert 0 < figures(adversarial, "generator_share") < 1
    assert figures(distil, "psnr") > figures(distil, "psnr_noisy")
    card = export(run, tmp_path / "model", version="1")
    assert card["network"]["widths"] == (8, 12), "the last network of the chain"
    assert OnnxEngine(tmp_path / "model", device="cpu").card.name == "tiny"


@pytest.mark.slow
def test_a_chain_killed_in_every_stage_ends_with_the_weights_of_one_that_was_not(chain_file, tmp_path):
    turns = {"adversarial.critic_threshold": "0", "adversarial.critic_steps": "3"}  # it dies in the middle of a turn
    chain = load_chain(chain_file, {**SHORT, **turns, "critic.critic": "attention", "adversarial.critic": "attention"})
    whole, killed = (new_chain_run(tmp_path / "runs", chain) for _ in range(2))
    run_chain(chain, whole, HERE)
    for _ in chain.stages:  # each time it dies in the middle of a stage, then goes on to the middle of the next
        with pytest.raises(KilledError):
            run_chain(resume_chain_run(killed, {}), killed, HERE, tell=kill_at(2))
    run_chain(resume_chain_run(killed, {}), killed, HERE)
    for path in whole.glob("*/*.safetensors"):
        theirs = load_file(killed / path.relative_to(whole))
        assert all(torch.equal(value, theirs[name]) for name, value in load_file(path).items()), path.name


@pytest.mark.slow
def test_a_chain_killed_between_two_checks_goes_on_by_command_to_the_same_weights(chain_file, tmp_path):
    short = [part for key, value in SHORT.items() for part in ("--set", f"{key}={value}")]
    command = ["train", str(chain_file), *short, "--runs"]
    assert CliRunner().invoke(main, [*command, str(tmp_path / "whole")]).exit_code == ExitCode.OK
    died = subprocess.run([sys.executable, "-c", KILLED_AFTER_STEP_3, *command, str(tmp_path / "killed")],
                          capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    whole, killed = (tmp_path / name / "001-tiny" for name in ("whole", "killed"))
    assert load_checkpoint(killed / "1-pixels")["step"] == 2
    ended = CliRunner().invoke(main, ["train", "--resume", str(killed)])
    assert ended.exit_code == ExitCode.OK, ended.output
    names = sorted(path.relative_to(whole) for path in whole.glob("*/*.safetensors"))
    assert len(names) == 5, "a network a stage, and the critic of the third"
    for name in names:
        theirs = load_file(killed / name)
        assert all(torch.equal(value, theirs[key]) for key, value in load_file(whole / name).items()), name


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bce", "hinge", "least_squares"])
def test_every_kind_of_game_moves_the_generator(chain_file, tmp_path, kind):
    changes = {"adversarial.gan_loss": kind, "adversarial.critic_threshold": "0", "critic": "patch_conditional"}
    chain = load_chain(chain_file, {**SHORT, **changes})
    run = new_chain_run(tmp_path / "runs", chain)
    run_chain(chain, run, HERE)
    before, after = (load_file(run / name / "generator.safetensors") for name in ("1-pixels", "3-adversarial"))
    assert any(not torch.equal(value, after[name]) for name, value in before.items())


def test_the_critic_keeps_its_turn_until_it_sees_well():
    turns = Turns(threshold=0.65, critic_steps=1, critic_steps_at_most=9, generator_steps=2)
    seen = []
    for loss in (0.7, 0.66, 0.6, 9.0, 9.0, 0.5, 0.1):
        seen.append(turns.whose)
        turns.step(loss)
    assert seen == ["critic"] * 3 + ["generator"] * 2 + ["critic", "generator"]
    assert turns.generator_share == 3 / 7


def turns_taken(turns, steps, loss):
    seen = []
    for _ in range(steps):
        seen.append(turns.whose)
        turns.step(loss)
    return seen


def test_a_critic_that_never_sees_well_gives_way():
    turns = Turns(threshold=0.65, critic_steps=1, critic_steps_at_most=4, generator_steps=1)
    assert turns_taken(turns, 10, loss=0.66) == (["critic"] * 4 + ["generator"]) * 2


def test_turns_of_fixed_length_are_fixed():
    turns = Turns(threshold=0, critic_steps=3, critic_steps_at_most=2, generator_steps=1)
    assert turns_taken(turns, 8, loss=0.0) == (["critic"] * 3 + ["generator"]) * 2


@pytest.mark.slow
def test_noisy_targets_alone_take_noise_away(cards, recipe, config, tmp_path):
    blind = replace(
        config, stage="noise2noise", recipe=str(recipe), widths=(12, 16), steps=120, batch=8, crop_px=64, checked=24,
        warmup=5, check_every=1000, learning_rate=4e-3, average=0.95, mse_weight=1.0, l1_weight=0.0, edge_weight=0.0,
    )
    run_stage(blind, tmp_path)
    assert figures(tmp_path, "psnr") > figures(tmp_path, "psnr_noisy") + 3


def test_weights_say_which_network_they_are_for(chain_file, tmp_path):
    chain = load_chain(chain_file, {**SHORT, "pixels.network": "dncnn", "widths": "[6]"})
    run_stage(chain.stages["pixels"], tmp_path)
    network = load_network(tmp_path / "generator.safetensors")
    assert type(network).__name__ == "DnCnn" and not network.training
    assert not any(weight.requires_grad for weight in network.parameters())


def test_a_chain_is_refused_before_a_folder_is_made_for_it(chain_file, tmp_path):
    for changes, complaint in (
        ({"critic.start_from": "nothing"}, "start_from of the stage critic is 'nothing'"),
        ({"pixels.crop_px": "30"}, "crop_px is 30"),
        ({"critic.critic": "foo"}, "no network 'foo'"),
        ({"pixels.network": "dncnn", "pixels.widths": "[6]"}, "start_from of the stage critic is 'pixels', and their"),
        ({"critic.critic_widths": "[8, 16]"}, "critic_from of the stage adversarial is 'critic', and their networks"),
        ({"distil.teacher": "critic"}, "teacher of the stage distil is 'critic', a stage that leaves no such network"),
        ({"adversarial.start_from": "critic"}, "start_from of the stage adversarial is 'critic', a stage that leaves"),
        ({"adversarial.critic_from": "pixels"}, "critic_from of the stage adversarial is 'pixels', a stage that"),
    ):
        command = ["train", str(chain_file), "--runs", str(tmp_path / "runs")]
        for key, value in changes.items():
            command += ["--set", f"{key}={value}"]
        ended = CliRunner().invoke(main, command)
        assert ended.exit_code == ExitCode.USAGE and complaint in ended.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"gan.steps": "3"}, "no stage is called gan"), ({"critic.start_from": '""'}, "start_from is empty"),
        ({"distil.teacher": '""'}, "teacher is empty"), ({"gan_loss": "wasserstein"}, "gan_loss is 'wasserstein'"),
        ({"text_weight": "0.1"}, "recogniser is empty"), ({"vgg_weight": "0.1"}, "vgg is empty"),
        ({"schedule": "stairs"}, "schedule is 'stairs'"),
        ({"compile": "1"}, "compile is 1"), ({"pixels.betas": "[0.9]"}, "betas is"),
    ],
)  # fmt: skip
def test_a_value_of_a_stage_that_makes_no_sense_is_named(chain_file, changes, complaint):
    with pytest.raises(UsageError, match=complaint.replace("[", r"\[")):
        load_chain(chain_file, changes)


def test_a_dry_run_prints_every_stage_and_makes_nothing(chain_file, tmp_path):
    command = ["train", str(chain_file), "--dry-run", "--runs", str(tmp_path / "runs"), "--set", "critic.steps=9"]
    ended = CliRunner().invoke(main, command)
    stages = json.loads(ended.stdout)
    assert ended.exit_code == ExitCode.OK and list(stages) == ["pixels", "critic", "adversarial", "distil"]
    assert stages["critic"]["steps"] == 9 and stages["pixels"]["steps"] == 110
    assert not (tmp_path / "runs").exists()


def test_weights_of_another_kind_of_network_are_refused_before_a_folder_is_made(chain_file, config, tmp_path):
    critic, generator = tmp_path / "critic.safetensors", tmp_path / "generator.safetensors"
    save_network(make_network("patch", (4, 8)), critic, "patch", (4, 8))
    save_network(make_network("compact", (8, 12)), generator, "compact", (8, 12))
    for changes, complaint in (
        ([f"distil.teacher={critic}"], "are those of patch"),
        ([f"recogniser={generator}", "text_weight=0.1"], "are those of compact"),
    ):
        sets = [part for change in changes for part in ("--set", change)]
        ended = CliRunner().invoke(main, ["train", str(chain_file), "--dry-run", *sets])
        assert ended.exit_code == ExitCode.BAD_INPUT and complaint in ended.stderr.splitlines()[0]


@pytest.mark.parametrize("also", [{}, {"truth.jsonl": "{}\n", "pairs.jsonl": '{"split": "test"}\n'}])
def test_a_zip_that_is_no_pack_to_learn_from_is_refused_before_a_folder_is_made(chain_file, also, tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for name, text in {"notes.txt": "no cards", **also}.items():
            archive.writestr(name, text)
    cards = f"cards={tmp_path / 'other.zip'}"
    ended = CliRunner().invoke(main, ["train", str(chain_file), "--dry-run", "--set", cards])
    complaint = "drawn for testing" if also else "holds no cards"
    assert ended.exit_code == ExitCode.BAD_INPUT and complaint in ended.stderr.splitlines()[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_ends_in_one_line_and_leaves_no_folder(chain_file, tmp_path):
    begun = new_chain_run(tmp_path / "begun", load_chain(chain_file))
    kept = (begun / "chain.json").read_text()
    for arguments in ([str(chain_file), "--runs", str(tmp_path / "runs")], ["--resume", str(begun)]):
        ended = CliRunner().invoke(main, ["train", *arguments, "--device", "cuda"])
        error, hint = ended.stderr.splitlines()
        assert ended.exit_code == ExitCode.MISSING_TOOL and not ended.stdout
        assert error == "error: torch cannot use a GPU here" and "--device cpu" in hint
    assert not (tmp_path / "runs").exists() and (begun / "chain.json").read_text() == kept


def test_a_change_reaches_one_stage_or_all(chain_file):
    chain = load_chain(chain_file, {"steps": "7", "critic.steps": "9", "cards": "elsewhere"})
    assert [config.steps for config in chain.stages.values()] == [7, 9, 7, 7] and chain.steps == 30
    assert {config.cards for config in chain.stages.values()} == {"elsewhere"}


def test_two_stages_need_two_labels(chain_file):
    text = chain_file.read_text() + '\n[[stage]]\nstage = "distil"\nteacher = "pixels"\n'
    chain_file.write_text(text)
    with pytest.raises(UsageError, match="two stages are called 'distil'"):
        load_chain(chain_file)
    chain_file.write_text(text + 'label = "again"\n')
    assert list(load_chain(chain_file).stages)[-2:] == ["distil", "again"]


def test_every_stage_of_the_config_is_in_the_table(config):
    for stage in STAGES:
        needs = {"start_from": "a", "teacher": "b"}
        assert replace(config, stage=stage, **needs).stage == stage
    with pytest.raises(UsageError, match=", ".join(STAGES)):
        replace(config, stage="none")


def test_a_chain_without_a_network_yet_is_not_exported(chain_file, tmp_path):
    run = new_chain_run(tmp_path / "runs", load_chain(chain_file))
    with pytest.raises(InputError, match="no stage"):
        export(run, tmp_path / "model", version="1")


def test_of_a_chain_of_ten_stages_the_tenth_is_exported(tmp_path):
    (tmp_path / "chain.json").touch()
    (tmp_path / "3-notes.txt").touch()
    names = ["1-pixels", "2-critic", "9-distil", "10-again"]
    for name in names:
        (tmp_path / name).mkdir()
        if name != "2-critic":
            (tmp_path / name / "generator.safetensors").touch()
    assert [folder.name for folder in stage_folders(tmp_path)] == names
    assert folder_to_export(tmp_path).name == "10-again"


def test_the_command_runs_a_chain_and_goes_on_with_it(chain_file, tmp_path):
    short = [part for key, value in {**SHORT, "steps": "2"}.items() for part in ("--set", f"{key}={value}")]
    begun = CliRunner().invoke(main, ["train", str(chain_file), "--runs", str(tmp_path / "runs"), *short])
    assert begun.exit_code == ExitCode.OK, begun.output
    run = tmp_path / "runs" / "001-tiny"
    longer = CliRunner().invoke(main, ["train", "--resume", str(run), "--set", "distil.steps=3"])
    assert longer.exit_code == ExitCode.OK, longer.output
    assert load_checkpoint(run / "4-distil")["step"] == 3 and load_checkpoint(run / "1-pixels")["step"] == 2
    assert json.loads((run / "chain.json").read_text())["resumed"][0]["changes"] == {"distil.steps": "3"}
