"""A recogniser learns to read rendered lines; later stages ask it what restored print says."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from docpipe.models import Recogniser
from docpipe.models.recogniser import BLANK
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.config import TrainConfig
from docpipe.train.reading import text_loss
from docpipe.train.running import (
    Meter,
    Place,
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
    stacked,
    to_device,
    trained,
)  # fmt: skip
from docpipe.train.text_lines import RenderedLines
from docpipe.train.weights import RECOGNISER_FILE, save_network

_CHECK_SEED = 1_000_003


def train_recogniser(config: TrainConfig, folder: Path, *, device: str = "cpu", tell: Tell = silent) -> nn.Module:
    """Train a recogniser, from the start or from the folder's checkpoint; it needs the fonts of the cards.

    Args:
        config: of the stage; of `cards` and `network` it uses nothing.
        folder: of the run; gets the log, the checkpoint and at the end the weights.
        device: "cpu" or "cuda".
        tell: called after every logged step; the figure of a check is `characters_right`, a share.

    Returns:
        The recogniser, in evaluation mode, on the CPU.

    Raises:
        InputError: there is no recipe that may be learnt from.
        MissingToolError: a font is not installed, or there is no GPU.
    """
    place = join(device)
    recipe = load_training_recipe(config.recipe)
    prepare(config)
    recogniser = Recogniser()
    settle(recogniser, place)
    optimiser = adam(recogniser, config)
    parts = {"recogniser": recogniser, "optimiser": optimiser}
    begun = resume(folder, parts)
    reading = trained(recogniser, place, config)
    lines = RenderedLines(recipe, config.seed, config.steps * config.batch * place.world)
    held = stacked(RenderedLines(recipe, _CHECK_SEED, config.checked), range(config.checked))

    meter = Meter(config, folder, place, begun, tell)
    for step, (line, labels, lengths), waited in batches(lines, config, place, begun):
        meter.waited(waited)
        recogniser.train()
        with autocast(config, place):
            says = reading(line)
        loss = text_loss(says, labels, lengths)
        descend(loss, recogniser, optimiser, learning_rate(config, step), config.clip_norm)
        meter.note(step, {"loss": loss}, parts, lambda: _check(recogniser, held, place))
    recogniser.cpu().eval()
    if place.is_first:
        save_network(recogniser, folder / RECOGNISER_FILE, "recogniser")
    return recogniser


@torch.no_grad()
def _check(recogniser: nn.Module, held: list[Tensor], place: Place) -> Mapping[str, float]:
    recogniser.eval()
    wrong = characters = 0
    for line, labels, length in zip(*held, strict=True):
        truth = labels[: int(length)].tolist()
        wrong += _distance(best_path(recogniser(to_device(line[None], place))[:, 0]), truth)
        characters += len(truth)
    return {"characters_right": 1 - wrong / characters}


def best_path(says: Tensor) -> list[int]:
    """What a line most likely says: the best label of each column, repeats and blanks taken out.

    Args:
        says: (columns, 1 + characters) log probabilities.
    """
    best = torch.unique_consecutive(says.argmax(dim=1)).tolist()
    return [label for label in best if label != BLANK]


def _distance(read: list[int], truth: list[int]) -> int:
    """Levenshtein distance."""
    row = list(range(len(truth) + 1))
    for i, label in enumerate(read, 1):
        before, row[0] = row[0], i
        for j, wanted in enumerate(truth, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (label != wanted))
    return row[-1]
