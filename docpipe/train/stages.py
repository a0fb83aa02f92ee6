"""The table of stages, and running one of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import nn

from docpipe.noise.recipe import load_training_recipe
from docpipe.train.adversarial import train_adversarial
from docpipe.train.config import TrainConfig
from docpipe.train.critic import train_critic
from docpipe.train.data import require_cards
from docpipe.train.pretrain import make_unlearnt, pretrain
from docpipe.train.recogniser import train_recogniser
from docpipe.train.running import Tell, join, silent
from docpipe.train.vgg import load_vgg
from docpipe.train.weights import CRITIC_FILE, GENERATOR_FILE, RECOGNISER_FILE, make_network

STAGES: Mapping[str, Callable[..., nn.Module]] = {
    "pixels": pretrain,
    "distil": pretrain,
    "noise2noise": pretrain,
    "critic": train_critic,
    "adversarial": train_adversarial,
    "recogniser": train_recogniser,
}

LEAVES: Mapping[str, str] = {
    "pixels": GENERATOR_FILE,
    "distil": GENERATOR_FILE,
    "noise2noise": GENERATOR_FILE,
    "critic": CRITIC_FILE,
    "adversarial": GENERATOR_FILE,
    "recogniser": RECOGNISER_FILE,
}
"""The file that each stage leaves behind for others."""


def require_ready(config: TrainConfig, device: str) -> None:
    """Refuse what cannot begin, before a folder is made for it.

    Raises:
        InputError: there are no cards, no recipe that may be learnt from, or no weights of VGG where they are needed.
        UsageError: there is no such network, or the crops do not fit it.
        MissingToolError: something is not installed, or there is no GPU.
    """
    join(device)
    load_training_recipe(config.recipe)
    if config.stage != "recogniser":
        require_cards(Path(config.cards))
        make_unlearnt(config)
        if config.vgg_weight:
            load_vgg(Path(config.vgg))
    if config.stage in ("critic", "adversarial"):
        make_network(config.critic, config.critic_widths)


def run_stage(config: TrainConfig, folder: Path, *, device: str = "cpu", tell: Tell = silent) -> nn.Module:
    """Run one stage, from the start or from the folder's checkpoint; what it raises is in `STAGES`' functions.

    Args:
        config: of the stage.
        folder: of the run.
        device: "cpu" or "cuda".
        tell: called after every logged step.

    Returns:
        The network that it makes, in evaluation mode, on the CPU.
    """
    return STAGES[config.stage](config, folder, device=device, tell=tell)
