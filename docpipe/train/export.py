"""From a run to a model folder: weights averaged, normalisation folded, ONNX written, parity and reach measured."""

import copy
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from docpipe.errors import ModelError, OutputError
from docpipe.models import GENERATORS
from docpipe.noise.recipe import load_recipe
from docpipe.page import Gray
from docpipe.restore.model_card import CARD_FORMAT, CARD_NAME, NETWORK_NAME
from docpipe.restore.onnx_engine import INPUT, OUTPUT, OnnxEngine
from docpipe.restore.tiles import restore_tiled
from docpipe.train.data import CleanCards
from docpipe.train.run_folder import LOG, load_checkpoint, read_config

WEIGHTS_NAME = "model.safetensors"
LARGEST_DIFFERENCE = 1 / 255
_OPSET = 17
_TILE_PX = 1024
_REACHES_PX = (16, 32, 48, 64, 96, 128, 160, 192)
_UNSEEN_SHARE, _ONE_LEVEL = 0.001, 1.0
_PARITY_SEED = 77
_PARITY_PAGES = 4
# What the crops of training showed, in glyph heights of the cards of `docpipe synth`.
_GLYPH_RANGE = (8.0, 48.0)


def export(run: Path, folder: Path, *, version: str, licence: str = "MIT") -> dict[str, Any]:
    """Write the averaged network of a run as a model folder.

    Args:
        run: the run's folder, with a checkpoint.
        folder: gets `model.onnx`, `model.safetensors` and `card.json`; must not hold a model yet.
        version: of this training of the model.
        licence: SPDX expression of the weights.

    Returns:
        The card.

    Raises:
        InputError: the run has no checkpoint.
        OutputError: the folder holds a model already.
        ModelError: ONNX Runtime and torch differ by more than 1/255 anywhere on test crops.
    """
    if (folder / CARD_NAME).exists():
        raise OutputError(f"{folder} holds a model already", hint="choose another -o")
    config, commit = read_config(run)
    state = load_checkpoint(run)
    network = GENERATORS[config.network](widths=config.widths)
    network.load_state_dict(state["average"])
    network.eval()
    pages = _noisy_cards(Path(config.cards), config.recipe)

    folder.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), folder / WEIGHTS_NAME)
    (folder / WEIGHTS_NAME).chmod(0o644)  # as readable as the files beside it
    _write_onnx(folded(network), folder / NETWORK_NAME)
    lines = map(json.loads, (run / LOG).read_text().splitlines())
    figures = next(line for line in lines if line["step"] == state["step"])
    card: dict[str, Any] = {
        "format": CARD_FORMAT,
        "name": config.name,
        "version": version,
        "network": {"name": config.network, "widths": config.widths},
        "stride": network.stride,
        "overlap_px": reach_px(network, pages),
        "tile_px": _TILE_PX,
        "glyph_range": _GLYPH_RANGE,
        "recipe": {"name": config.recipe, "sha256": load_recipe(config.recipe).fingerprint},
        "steps": state["step"],
        "commit": commit,
        "figures": {key: figures[key] for key in ("left", "fine_left")},
        "licence": licence,
        "sha256": hashlib.sha256((folder / NETWORK_NAME).read_bytes()).hexdigest(),
    }
    (folder / CARD_NAME).write_text(json.dumps(card, indent=1) + "\n")
    difference = parity(network, folder, pages)
    if difference > LARGEST_DIFFERENCE:
        (folder / CARD_NAME).unlink()
        raise ModelError(f"ONNX Runtime and torch differ by {difference * 255:.2f} grey levels")
    return card


def folded(network: nn.Module) -> nn.Module:
    """A copy of a network in evaluation mode, its batch normalisation folded into the convolutions before it."""
    network = copy.deepcopy(network)
    for parent in network.modules():
        if not isinstance(parent, nn.Sequential):
            continue
        for index in range(len(parent) - 1):
            convolution, normalisation = parent[index], parent[index + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                parent[index] = fuse_conv_bn_eval(convolution, normalisation)
                parent[index + 1] = nn.Identity()
    return network


def reach_px(network: nn.Module, pages: list[Gray]) -> int:
    """How far from a tile's edge the result is still disturbed by what the tile does not see.

    Measured by perturbation: everything beyond a line is replaced by white, and the changes on this side of it are
    looked at; 99.9 % of the pixels farther away than the reach change by no more than one grey level.

    Args:
        network: in evaluation mode.
        pages: noisy pages, at least 512 pixels a side.
    """
    line = 256
    changes = []
    for page in pages:
        whole = torch.from_numpy(page[:512, :512].astype(np.float32) / np.float32(255))[None, None]
        cut = whole.clone()
        cut[..., line:] = 1
        with torch.no_grad():
            changes.append((network(whole) - network(cut)).abs()[0, 0, :, :line].numpy() * 255)
    for reach in _REACHES_PX:
        beyond = np.concatenate([change[:, : line - reach] for change in changes])
        if np.mean(beyond > _ONE_LEVEL) <= _UNSEEN_SHARE:
            return reach
    return _REACHES_PX[-1]


def parity(network: nn.Module, folder: Path, pages: list[Gray]) -> float:
    """The largest difference, in [0, 1], between torch and ONNX Runtime over some pages."""
    engine = OnnxEngine(folder, device="cpu")

    def run(tile: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        with torch.no_grad():
            restored: np.ndarray[Any, np.dtype[np.float32]] = network(torch.from_numpy(tile)).numpy()
        return restored

    card = engine.card
    largest = 0
    for page in pages:
        ours = restore_tiled(page, run, tile_px=card.tile_px, stride=card.stride, overlap_px=card.overlap_px)
        theirs = engine.restore(page, 20)
        largest = max(largest, int(np.abs(ours.astype(np.int16) - theirs).max()))
    return largest / 255


def _noisy_cards(cards: Path, recipe: str) -> list[Gray]:
    _, checked = CleanCards(cards).split()
    rng = np.random.default_rng(_PARITY_SEED)
    noise = load_recipe(recipe)
    return [noise.apply(card.page, rng).page.pixels for card in checked[:_PARITY_PAGES]]


def _write_onnx(network: nn.Module, path: Path) -> None:
    free = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # The exporter by tracing is on its way out in torch, but its successor needs one more package and
        # makes a larger graph of the same layers.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (torch.zeros(1, 1, 64, 64),),
            str(path),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: free, OUTPUT: free},
            opset_version=_OPSET,
            dynamo=False,
        )
