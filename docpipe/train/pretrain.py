"""A generator learns pixels: from clean pages, from a teacher, or from noisy targets alone.

A plain loop; it resumes exactly where its last checkpoint stands.
"""

import copy
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from docpipe.errors import UsageError
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.check import Held
from docpipe.train.config import PIXEL_STAGES, TrainConfig
from docpipe.train.data import CleanCards
from docpipe.train.draws import draws_of
from docpipe.train.losses import pixel_loss
from docpipe.train.muon import MuonAndAdam
from docpipe.train.reading import Judges
from docpipe.train.run_folder import has_checkpoint
from docpipe.train.running import (
    Meter,
    Place,
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
from docpipe.train.weights import GENERATOR_FILE, load_network, load_weights, make_network, save_network


def pretrain(config: TrainConfig, folder: Path, *, device: str = "cpu", tell: Tell = silent) -> nn.Module:
    """Train a generator on pixels, from the start or from the folder's checkpoint.

    "distil" aims between the clean page and what a teacher makes of the noisy one (Hinton et al., 2015).
    "noise2noise" never sees a clean page (Lehtinen et al., ICML 2018); with squared differences it learns the mean of
    all noisy pages, so the noise should be one that does not darken or lighten on the whole.

    Args:
        config: of the stage.
        folder: of the run; gets the log, the checkpoint and a sample sheet at every check, and at the end the weights.
        device: "cpu" or "cuda".
        tell: called after every logged step.

    Returns:
        The network with its averaged weights, in evaluation mode, on the CPU.

    Raises:
        InputError: there are no cards to learn from, no recipe that may be learnt from, or the weights to start from
            are not of this network.
        UsageError: there is no such network, the crops do not fit it, or the stage is none of `PIXEL_STAGES`.
        MissingToolError: `device` is "cuda", and torch has none; or the network needs what is not installed.
    """
    if config.stage not in PIXEL_STAGES:
        raise UsageError(f"stage is {config.stage!r}; it must be one of {', '.join(PIXEL_STAGES)}")
    place = join(device)
    recipe = load_training_recipe(config.recipe)
    prepare(config)
    # A checkpoint brings all weights: nothing is read or fetched that it would overwrite.
    model = make_unlearnt(replace(config, encoder_weights="")) if has_checkpoint(folder) else make_generator(config)
    learnt, checked = CleanCards(Path(config.cards)).split()
    held = Held(checked, recipe, config)
    teacher = load_network(Path(config.teacher)) if config.stage == "distil" else None
    judges = Judges(config, place)
    for network in (model, teacher):
        if network is not None:
            settle(network, place)
    to_training(model, config)
    average = copy.deepcopy(model).requires_grad_(False)
    optimiser = MuonAndAdam(model, config) if config.optimiser == "muon" else adam(model, config)
    parts = {"model": model, "average": average, "optimiser": optimiser}
    begun = resume(folder, parts)
    restore = trained(model, place, config)

    pairs = draws_of(config, learnt, recipe, place)
    meter = Meter(config, folder, place, begun, tell)
    for step, (noisy, target, *lines), waited in batches(pairs, config, place, begun):
        meter.waited(waited)
        with autocast(config, place):
            restored = restore(noisy).float()
        loss = pixel_loss(restored, target, config.pixel_weights)
        if teacher is not None:
            taught = pixel_loss(restored, _taught(teacher, noisy, config, place), config.pixel_weights)
            loss = torch.lerp(loss, taught, config.teacher_share)
        loss = loss + judges.loss(model, restored, target, lines)
        descend(loss, model, optimiser, learning_rate(config, step), config.clip_norm)
        follow(average, model, min(config.average, step / (step + 10)))

        sheet = folder / f"samples-{step:06}.png"
        meter.note(step, {"loss": loss}, parts, partial(held.figures, average, place, sheet))
    average.cpu().eval()
    if place.is_first:
        save_network(average, folder / GENERATOR_FILE, config.network, config.widths)
    return average


def make_generator(config: TrainConfig) -> nn.Module:
    """The network of a config, with the weights that it starts from.

    Raises:
        InputError: the weights to start from are not of this network.
        UsageError, MissingToolError: as in `make_unlearnt`.
    """
    model = make_unlearnt(config)
    if config.start_from:
        load_weights(model, Path(config.start_from))
    return model


def make_unlearnt(config: TrainConfig) -> nn.Module:
    """The network of a config, before it starts from anything but encoder weights, and those only where they stay.

    Raises:
        UsageError: there is no such network, or the crops do not fit it.
        InputError: the encoder weights cannot be read, or belong to another network.
        MissingToolError: the network needs what is not installed, or encoder weights that cannot be fetched.
    """
    model = make_network(config.network, config.widths, "" if config.start_from else config.encoder_weights)
    if config.crop_px % int(model.stride):  # type: ignore[arg-type]
        raise UsageError(f"crop_px is {config.crop_px}; for {config.network} it must be a multiple of {model.stride}")
    return model


@torch.no_grad()
def _taught(teacher: nn.Module, noisy: Tensor, config: TrainConfig, place: Place) -> Tensor:
    with autocast(config, place):
        taught: Tensor = teacher(noisy).float()
    return taught.clamp(0, 1)
