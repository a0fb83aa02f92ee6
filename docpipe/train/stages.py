"""The table of stages, and running one of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from torch import nn

from docpipe.models import GENERATORS
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.adversarial import train_adversarial
from docpipe.train.config import TrainConfig
from docpipe.train.critic import train_critic
from docpipe.train.data import require_cards
from docpipe.train.pretrain import make_unlearnt, pretrain
from docpipe.train.recogniser import train_recogniser
from docpipe.train.running import Tell, join, silent
from docpipe.train.vgg import load_vgg
from docpipe.train.weights import (
    CRITIC_FILE,
    GENERATOR_FILE,
    RECOGNISER_FILE,
    load_network,
    load_weights,
    make_network,
)  # fmt: skip

STAGES: Mapping[str, Callable[..., nn.Module]] = {
    "pixels": pretrain,
    "distil": pretrain,
    "noise2noise": pretrain,
    "critic": train_critic,
    "adversarial": train_adversarial,
    "recogniser": train_recogniser,
}

LEAVES: Mapping[str, Sequence[str]] = {
    "pixels": (GENERATOR_FILE,),
    "distil": (GENERATOR_FILE,),
    "noise2noise": (GENERATOR_FILE,),
    "critic": (CRITIC_FILE,),
    "adversarial": (GENERATOR_FILE, CRITIC_FILE),
    "recogniser": (RECOGNISER_FILE,),
}
"""The files that each stage leaves behind for others; the first is what it is run for."""


def require_ready(config: TrainConfig, device: str, earlier: Collection[str] = ()) -> None:
    """Refuse what cannot begin, before a folder is made for it.

    Args:
        config: of the stage.
        device: "cpu" or "cuda".
        earlier: labels of the stages before it; weights that are one of these are not there yet.

    Raises:
        InputError: there are no cards, no recipe that may be learnt from, or weights that are missing or of another
            network.
        UsageError: there is no such network, or the crops do not fit it.
        MissingToolError: something is not installed, or there is no GPU.
    """
    join(device)
    load_training_recipe(config.recipe)
    if config.stage == "recogniser":
        return
    require_cards(Path(config.cards))
    generator = make_unlearnt(config)
    if config.start_from and config.start_from not in earlier:
        load_weights(generator, Path(config.start_from))
    for named, known in ((config.teacher, GENERATORS), (config.recogniser, ("recogniser",))):
        if named and named not in earlier:
            load_network(Path(named), known)
    if config.vgg_weight:
        load_vgg(Path(config.vgg))
    if config.stage in ("critic", "adversarial"):
        critic = make_network(config.critic, config.critic_widths)
        if config.critic_from and config.critic_from not in earlier:
            load_weights(critic, Path(config.critic_from))


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
