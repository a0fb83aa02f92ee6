"""Networks as trainings left them, as files that ONNX Runtime runs; and the pairs that they are measured on."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor, nn

from docpipe.errors import InputError
from docpipe.noise.recipe import load_recipe
from docpipe.page import Gray
from docpipe.restore.model_card import CARD_NAME
from docpipe.restore.tiled_network import INPUT, OUTPUT
from docpipe.synth import write_pairs
from docpipe.train.chain_run import stage_folders
from docpipe.train.data import CleanCards, CropPairs
from docpipe.train.export import WEIGHTS_NAME, folded
from docpipe.train.onnx_file import write_onnx
from docpipe.train.run_folder import CHAIN, CONFIG, read_config
from docpipe.train.running import stacked
from docpipe.train.weights import GENERATOR_FILE, load_weights, make_network

CORES = 2
SEED = 960          # of the cards and of the crops
CROP_PX = 256
ON_PRINT = 0.7
AT_ONCE = 8


@dataclass(frozen=True)
class Trained:
    """A network that something was learnt by.

    Args:
        name: a key of `docpipe.models.GENERATORS`.
        network: in evaluation mode, with its weights.
        stage: the stage of training that it comes out of, in a chain by its label; or the model that was exported.
        recipe: of the noise that it learnt from.
        place: folder of the run, of the chain or of the model.
        steps: of that stage.
    """

    name: str
    network: nn.Module
    stage: str
    recipe: str
    place: Path
    steps: int


def trained_in(place: Path) -> list[Trained]:
    """The networks of a run of one stage, of every stage of a chain that made one, or of a model folder.

    Raises:
        InputError: the folder holds no network that can be measured.
    """
    if (place / CHAIN).exists():
        stages = [folder for folder in stage_folders(place) if (folder / GENERATOR_FILE).exists()]
        if not stages:
            raise InputError(f"no stage of {place} has made a network yet", hint="let it run to its end")
        return [replace(_trained(folder), stage=folder.name.split("-", 1)[1], place=place) for folder in stages]
    return [_trained(place)]


def _trained(place: Path) -> Trained:
    weights = next((place / name for name in (GENERATOR_FILE, WEIGHTS_NAME) if (place / name).exists()), None)
    if weights is None:
        raise InputError(f"{place} holds neither {GENERATOR_FILE} nor {WEIGHTS_NAME}",
                         hint="name a run that came to its end, or a model folder of `docpipe export`")
    if (place / CONFIG).exists():
        config, _ = read_config(place)
        name, widths, stage, recipe = config.network, config.widths, config.stage, config.recipe
        steps = config.steps
    else:
        try:
            card = json.loads((place / CARD_NAME).read_text())
            name, widths, recipe = card["network"]["name"], card["network"]["widths"], card["recipe"]["name"]
            stage, steps = f"model {card['name']} {card['version']}", card["steps"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{place} has neither a {CONFIG} nor a card that says which network it is") from error
    network = make_network(name, widths)
    load_weights(network, weights)
    return Trained(name, network.eval(), stage, recipe, place, steps)


Run = Callable[[np.ndarray], np.ndarray]


def open_network(path: Path) -> Run:
    """An ONNX file on two cores: (B, 1, H, W) float32 to the same."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = CORES
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda pages: session.run([OUTPUT], {INPUT: pages})[0]


def write_network(network: nn.Module, path: Path, precision: str, pages: list[Gray]) -> None:
    """Write what `docpipe export` would write.

    Args:
        network: in evaluation mode.
        path: of the ONNX file.
        precision: "fp32", "fp16" or "int8".
        pages: noisy ones that int8 is calibrated on.
    """
    write_onnx(folded(network), path, precision, pages)


def restored(run: Run, noisy: Tensor) -> Tensor:
    """Crops after a network, in [0, 1]: (B, 1, H, W) float32."""
    parts = [torch.from_numpy(run(part.numpy())) for part in torch.split(noisy, AT_ONCE)]
    return torch.cat(parts).clamp(0, 1)


def drawn_crops(recipe: str, cards: int, crops: int) -> tuple[Tensor, Tensor]:
    """(noisy, clean) crops of cards of the split "val", whose identities and fonts nothing learns from.

    Args:
        recipe: of the noise; its patterns are those of the split, too.
        cards: that are drawn; layouts come in turn.
        crops: of 256 pixels a side, at the cards' own size, seven in ten on print.
    """
    with tempfile.TemporaryDirectory() as folder:
        clean = _drawn(folder, recipe, cards, "val").cards
    pairs = CropPairs(clean, load_recipe(recipe).of_split("val"), SEED, CROP_PX, crops, scale=(1, 1), on_print=ON_PRINT)
    noisy, target = stacked(pairs, range(crops))
    return noisy, target


def drawn_pages(recipe: str, cards: int) -> list[Gray]:
    """Noisy pages of the split "train", to calibrate int8 on."""
    noise = load_recipe(recipe).of_split("train")
    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        return [noise.apply(card.page, rng).page.pixels for card in _drawn(folder, recipe, cards, "train").cards]


def _drawn(folder: str, recipe: str, cards: int, split: Literal["train", "val"]) -> CleanCards:
    write_pairs(Path(folder, split), cards, recipe=recipe, seed=SEED, split=split)
    return CleanCards(Path(folder, split))
