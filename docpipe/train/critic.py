"""A critic learns to tell restored pages from clean ones, while the generator that restores them stands still."""

from pathlib import Path

import torch
from torch import Tensor, nn

from docpipe.noise.recipe import load_training_recipe
from docpipe.train.check import Held
from docpipe.train.config import TrainConfig
from docpipe.train.data import CleanCards
from docpipe.train.draws import draws_of
from docpipe.train.losses import critic_loss
from docpipe.train.pretrain import make_generator
from docpipe.train.running import (
    Meter,
    Tell,
    adam,
    autocast,
    batches,
    descend,
    join,
    learning_rate,
    prepare,
    resume,
    settle,
    silent,
    trained,
)  # fmt: skip
from docpipe.train.weights import CRITIC_FILE, make_network, save_network


def train_critic(config: TrainConfig, folder: Path, *, device: str = "cpu", tell: Tell = silent) -> nn.Module:
    """Train a critic against a generator that has learnt pixels, from the start or from the folder's checkpoint.

    Args:
        config: of the stage; `start_from` names the generator's weights.
        folder: of the run; gets the log, the checkpoint and at the end the weights.
        device: "cpu" or "cuda".
        tell: called after every logged step; the figure of a check is `auc`.

    Returns:
        The critic, in evaluation mode, on the CPU.

    Raises:
        InputError, UsageError, MissingToolError: as in `pretrain`.
    """
    place = join(device)
    recipe = load_training_recipe(config.recipe)
    prepare(config)
    generator = make_generator(config).eval().requires_grad_(False)
    critic = make_network(config.critic, config.critic_widths)
    learnt, checked = CleanCards(Path(config.cards)).split()
    held = Held(checked, recipe, config)
    settle(generator, place)
    settle(critic, place)
    optimiser = adam(critic, config)
    parts = {"critic": critic, "optimiser": optimiser}
    begun = resume(folder, parts)
    judging = trained(critic, place, config)

    pairs = draws_of(config, learnt, recipe, place)
    meter = Meter(config, folder, place, begun, tell)
    for step, (noisy, clean, *_), waited in batches(pairs, config, place, begun):
        meter.waited(waited)
        critic.train()
        with autocast(config, place):
            with torch.no_grad():
                restored = generator(noisy)
            logits = judge_both(judging, critic, clean, restored, noisy)
        loss = critic_loss(*logits, config.gan_loss)
        descend(loss, critic, optimiser, learning_rate(config, step), config.clip_norm)

        meter.note(step, {"loss": loss}, parts, lambda: {"auc": held.auc(critic, generator, place)})
    critic.cpu().eval()
    if place.is_first:
        save_network(critic, folder / CRITIC_FILE, config.critic, config.critic_widths)
    return critic


def judge_both(
    judging: nn.Module, critic: nn.Module, clean: Tensor, restored: Tensor, noisy: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits of clean and of restored pages, in one pass: (B, 1, h, w) float32 each.

    Args:
        judging: the critic as its training calls it.
        critic: the critic itself.
        clean: (B, 1, H, W).
        restored: the same shape.
        noisy: what it was made of.
    """
    pages, beside = torch.cat([clean, restored.to(clean.dtype)]), torch.cat([noisy, noisy])
    shown = torch.cat([pages, beside], dim=1) if critic.sees_noisy else pages
    real, fake = judging(shown).float().chunk(2)
    return real, fake
