"""Generator, critic and teacher, each of them known beforehand: who learns goes where it shall, who does not stays."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from docpipe.errors import UsageError
from docpipe.models import judge
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.adversarial import train_adversarial
from docpipe.train.check import Held
from docpipe.train.data import CleanCards
from docpipe.train.losses import critic_loss
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import load_checkpoint
from docpipe.train.running import Place
from docpipe.train.weights import load_network, make_network, save_network

WIDTHS, CRITIC_WIDTHS = (8, 12), (8, 16)
HERE = Place("cpu")
KINDS = ("bce", "hinge", "least_squares")
STILL = 1e-9
"""A ratio of learning rates at which a critic stays as it is."""


def darkening(path, by):
    """Write a network that makes each page darker by a share of the scale of grays; returns its path as text."""
    torch.manual_seed(4)
    network = make_network("compact", WIDTHS)
    torch.nn.init.constant_(network.leave[0].bias, -by)
    save_network(network, path, "compact", WIDTHS)
    return str(path)


@pytest.fixture
def learns_fast(config):
    return replace(config, steps=40, check_every=40, learning_rate=2e-2, average=0.5, mse_weight=1.0, edge_weight=0.0)


@pytest.fixture
def game(learns_fast, tmp_path):
    """An adversarial stage between a network that changes nothing and a critic that a seed made."""
    torch.manual_seed(5)
    save_network(make_network("patch", CRITIC_WIDTHS), tmp_path / "critic.safetensors", "patch", CRITIC_WIDTHS)
    return replace(
        learns_fast, stage="adversarial", start_from=darkening(tmp_path / "begun.safetensors", 0.0), critic="patch",
        critic_widths=CRITIC_WIDTHS, critic_from=str(tmp_path / "critic.safetensors"), critic_threshold=0.0,
    )  # fmt: skip


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def held(config):
    """Validation crops, noisy and clean."""
    _, checked = CleanCards(Path(config.cards)).split()
    return Held(checked, load_training_recipe(config.recipe), replace(config, checked=16))


def error(network, held):
    return float((held.restored(network, HERE) - held.clean).abs().mean())


def generator_of(folder):
    """The generator itself as the checkpoint keeps it, not its average."""
    network = make_network("compact", WIDTHS)
    network.load_state_dict(load_checkpoint(folder)["model"])
    return network.eval()


def same(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("stage", ["pixels", "noise2noise"])
def test_a_generator_heads_for_the_target(learns_fast, held, run, tmp_path, stage):
    begun = replace(learns_fast, stage=stage, start_from=darkening(tmp_path / "begun.safetensors", 0.4))
    before = error(load_network(Path(begun.start_from)), held)
    assert error(pretrain(begun, run), held) < before / 2


@pytest.mark.parametrize(("teacher_share", "darker_by"), [(1.0, 0.4), (0.0, 0.0)])
def test_a_student_heads_for_the_page_of_its_teacher_as_far_as_that_has_a_share(
    learns_fast, held, run, tmp_path, teacher_share, darker_by
):
    teacher = darkening(tmp_path / "teacher.safetensors", 0.4)
    begun = replace(learns_fast, stage="distil", teacher=teacher, teacher_share=teacher_share)
    restored = held.restored(pretrain(begun, run), HERE)
    assert float((held.clean - restored).median()) == pytest.approx(darker_by, abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_heads_for_pages_that_the_critic_takes_for_clean(game, held, run, kind):
    plays = replace(game, gan_loss=kind, pixel_weight=0.0, critic_rate_ratio=STILL, generator_steps=4)
    train_adversarial(plays, run)
    critic = load_network(run / "critic.safetensors")
    before, after = (
        judge(critic, held.restored(network, HERE), held.noisy).mean()
        for network in (load_network(Path(game.start_from)), generator_of(run))
    )
    assert after > before + 0.1


def test_a_generator_in_the_game_heads_for_the_clean_page_by_the_weight_of_pixels(game, held, run, tmp_path):
    start_from = darkening(tmp_path / "dark.safetensors", 0.4)
    plays = replace(game, start_from=start_from, pixel_weight=1000.0, critic_rate_ratio=STILL, generator_steps=4)
    before = error(load_network(Path(start_from)), held)
    train_adversarial(plays, run)
    assert error(generator_of(run), held) < before / 2


def test_a_critic_learns_to_tell_pages_apart_in_its_turn(game, held, run, tmp_path):
    start_from = darkening(tmp_path / "dark.safetensors", 0.4)
    train_adversarial(replace(game, start_from=start_from, critic_steps=99, learning_rate=2e-3), run)
    assert held.auc(load_network(run / "critic.safetensors"), load_network(Path(start_from)), HERE) > 0.9


def test_a_generator_stands_still_in_the_turn_of_the_critic(game, run):
    train_adversarial(replace(game, steps=4, critic_steps=99), run)
    assert same(load_file(game.start_from), load_checkpoint(run)["model"]), "means of its normalisation included"
    assert not same(load_file(game.critic_from), load_checkpoint(run)["critic"])


@pytest.mark.parametrize("critic", ["patch", "attention"])
def test_a_critic_stands_still_in_the_turn_of_the_generator(game, tmp_path, critic):
    after = {}
    for steps in (1, 4):
        (tmp_path / str(steps)).mkdir()
        plays = replace(game, critic=critic, critic_from="", steps=steps, check_every=99, generator_steps=99)
        train_adversarial(plays, tmp_path / str(steps))
        after[steps] = load_checkpoint(tmp_path / str(steps))
    assert same(after[1]["critic"], after[4]["critic"]), "its spectral norm included"
    assert not same(after[1]["model"], after[4]["model"])


def test_a_critic_that_stays_blind_gives_way_and_the_share_of_the_generator_is_told(game, run):
    told = []
    blind = replace(game, steps=8, check_every=4, critic_threshold=1e-9, critic_steps_at_most=3)
    train_adversarial(blind, run, tell=told.append)
    assert [progress.figures["generator_share"] for progress in told] == [0.25, 0.25]


def test_the_share_of_the_generator_is_that_of_the_whole_stage_after_a_resumption(game, run):
    class KilledError(Exception):
        pass

    def kill(progress):
        raise KilledError

    fair = replace(game, steps=8, check_every=4)
    with pytest.raises(KilledError):
        train_adversarial(replace(fair, critic_steps=3), run, tell=kill)
    told = []
    train_adversarial(fair, run, tell=told.append)
    assert [progress.figures["generator_share"] for progress in told] == [3 / 8], "one of four, then two of four"


@pytest.mark.parametrize("kind", KINDS)
def test_a_threshold_that_a_blind_critic_meets_is_refused(game, kind):
    logits = torch.linspace(-3, 3, 6001)
    blind = min(critic_loss(logit, logit, kind).item() for logit in logits)
    with pytest.raises(UsageError, match=f"critic_threshold is .* blind .* must be under {blind:.3g}"):
        replace(game, gan_loss=kind, critic_threshold=blind + 1e-4)
    assert replace(game, gan_loss=kind, critic_threshold=blind - 1e-4).critic_threshold
