"""Generator against critic, in turns: who does not learn stands still, running means and dropout included."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from docpipe.models import judge
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.check import Held
from docpipe.train.config import TrainConfig
from docpipe.train.critic import judge_both
from docpipe.train.data import CleanCards
from docpipe.train.draws import draws_of
from docpipe.train.losses import adversarial_loss, critic_loss, pixel_loss
from docpipe.train.pretrain import make_generator
from docpipe.train.reading import Judges
from docpipe.train.running import (
    Meter,
    Tell,
    adam,
    autocast,
    batches,
    descend,
    follow,
    join,
    learning_rate,
    prepare,
    resume,
    settle,
    silent,
    to_training,
    trained,
)  # fmt: skip
from docpipe.train.weights import CRITIC_FILE, GENERATOR_FILE, load_weights, make_network, save_network

_OF_TURNS = ("whose", "done", "critic_total", "generator_total")


@dataclass(slots=True)
class Turns:
    """Whose turn it is. The critic begins.

    Args:
        threshold: the critic's turn ends when its loss is below this; 0 for turns of fixed length.
        critic_steps: length of its turn where that is fixed.
        critic_steps_at_most: length at which its turn ends where it is not.
        generator_steps: length of the generator's.
    """

    threshold: float
    critic_steps: int
    critic_steps_at_most: int
    generator_steps: int
    whose: str = "critic"
    done: int = 0
    critic_total: int = 0
    generator_total: int = 0

    @property
    def generator_share(self) -> float:
        """Of all steps so far, those of the generator; 0 before the first."""
        return self.generator_total / max(1, self.critic_total + self.generator_total)

    def step(self, loss: float) -> None:
        """Count a step of the one whose turn it is, and pass the turn where it is over.

        Args:
            loss: of the one whose turn it is.
        """
        self.done += 1
        if self.whose == "generator":
            self.generator_total += 1
            over = self.done >= self.generator_steps
        else:
            self.critic_total += 1
            longest = self.critic_steps_at_most if self.threshold else self.critic_steps
            over = self.done >= longest or loss < self.threshold
        if over:
            self.whose, self.done = "critic" if self.whose == "generator" else "generator", 0

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {name: getattr(self, name) for name in _OF_TURNS}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        for name, value in state.items():
            setattr(self, name, value)


def train_adversarial(config: TrainConfig, folder: Path, *, device: str = "cpu", tell: Tell = silent) -> nn.Module:
    """Train a generator and its critic against each other, from the start or from the folder's checkpoint.

    The loss of the generator is the critic's plus `pixel_weight` times that of the pixels. A step is one step of the
    one or of the other. The losses stay about level while the pages change: look at the sample sheets.

    Args:
        config: of the stage; `start_from` names the generator's weights, `critic_from` the critic's, if any.
        folder: of the run; gets the log, the checkpoint and a sample sheet at every check, and at the end the weights.
        device: "cpu" or "cuda".
        tell: called after every logged step.

    Returns:
        The generator with its averaged weights, in evaluation mode, on the CPU.

    Raises:
        InputError, UsageError, MissingToolError: as in `pretrain`.

    Source: the super-resolution lesson of fastai (2019); Goodfellow et al., NeurIPS 2014; hinge, Lim and Ye 2017;
    least squares, Mao et al., ICCV 2017.
    """
    place = join(device)
    recipe = load_training_recipe(config.recipe)
    prepare(config)
    generator = make_generator(config)
    critic = make_network(config.critic, config.critic_widths)
    if config.critic_from:
        load_weights(critic, Path(config.critic_from))
    learnt, checked = CleanCards(Path(config.cards)).split()
    held = Held(checked, recipe, config)
    judges = Judges(config, place)
    settle(generator, place)
    settle(critic, place)
    average = copy.deepcopy(generator).requires_grad_(False)
    generator_adam, critic_adam = adam(generator, config), adam(critic, config)
    turns = Turns(config.critic_threshold, config.critic_steps, config.critic_steps_at_most, config.generator_steps)
    parts = {
        "model": generator, "average": average, "critic": critic, "optimiser": generator_adam,
        "critic_optimiser": critic_adam, "turns": turns,
    }  # fmt: skip
    begun = resume(folder, parts)
    restore, judging = trained(generator, place, config), trained(critic, place, config)

    pairs = draws_of(config, learnt, recipe, place)
    meter = Meter(config, folder, place, begun, tell)
    for step, (noisy, clean, *lines), waited in batches(pairs, config, place, begun):
        meter.waited(waited)
        whose, rate = turns.whose, learning_rate(config, step)
        if whose == "critic":
            generator.eval().requires_grad_(False)
            critic.train().requires_grad_(True)
            with autocast(config, place):
                with torch.no_grad():
                    restored = generator(noisy)
                logits = judge_both(judging, critic, clean, restored, noisy)
            loss = critic_loss(*logits, config.gan_loss)
            descend(loss, critic, critic_adam, config.critic_rate_ratio * rate, config.clip_norm)
        else:
            critic.eval().requires_grad_(False)
            generator.requires_grad_(True)
            to_training(generator, config)
            with autocast(config, place):
                restored = restore(noisy)
                fake = judge(critic, restored.to(clean.dtype), noisy)
            pixels = pixel_loss(restored.float(), clean, config.pixel_weights)
            pixels = pixels + judges.loss(generator, restored.float(), clean, lines)
            loss = adversarial_loss(fake.float(), config.gan_loss) + config.pixel_weight * pixels
            descend(loss, generator, generator_adam, rate, config.clip_norm)
            follow(average, generator, config.average)
        turns.step(place.mean(loss))

        sheet = folder / f"samples-{step:06}.png"
        figures = partial(held.figures, average, place, sheet, critic)
        meter.note(step, {f"{whose}_loss": loss}, parts, partial(_with_share, figures, turns.generator_share))
    average.cpu().eval()
    if place.is_first:
        save_network(average, folder / GENERATOR_FILE, config.network, config.widths)
        save_network(critic, folder / CRITIC_FILE, config.critic, config.critic_widths)
    return average


def _with_share(figures: Callable[[], dict[str, float]], share: float) -> dict[str, float]:
    return {**figures(), "generator_share": share}
