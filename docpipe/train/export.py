"""From a run to a model folder: weights averaged, normalisation folded, ONNX written, parity and reach measured."""

import copy
import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from docpipe.errors import InputError, ModelError, OutputError, UsageError
from docpipe.noise.recipe import load_training_recipe
from docpipe.page import Gray
from docpipe.restore.model_card import CARD_FORMAT, CARD_NAME, NETWORK_NAME
from docpipe.restore.onnx_engine import OnnxEngine
from docpipe.restore.tiles import restore_tiled
from docpipe.train.chain_run import folder_to_export
from docpipe.train.config import TrainConfig, change_config
from docpipe.train.data import CleanCard, CleanCards
from docpipe.train.learnt_patterns import noted_patterns, patterns_of
from docpipe.train.onnx_file import write_onnx
from docpipe.train.run_folder import LOG, has_checkpoint, load_checkpoint, read_config
from docpipe.train.weights import GENERATOR_FILE, load_weights, make_network, save_network

WEIGHTS_NAME = "model.safetensors"
LARGEST_DIFFERENCES = {"fp32": 1.0, "fp16": 0.5, "int8": 2.0}
"""Between torch and ONNX Runtime, in grey levels: at any pixel for fp32, in the mean for what rounds on purpose."""
MAY_DIFFER = ("cards", "name", "glyph_px")
"""What of a run's config is not in the weights: where cards are, the model's name, and to which size of print pages are
brought, which may be a part of what the network learnt."""

_log = logging.getLogger(__name__)
_TILE_PX = 1024
_SEEN_PX = 512  # a multiple of every network's stride
_REACHES_PX = (16, 32, 48, 64, 96, 128, 160, 192)
_UNSEEN_SHARE, _ONE_LEVEL = 0.001, 1.0
_PARITY_SEED = 77
_PARITY_PAGES, _CALIBRATION_PAGES = 4, 12
# What the crops of training showed, in glyph heights of the cards of `docpipe synth`.
_GLYPH_RANGE = (8.0, 48.0)


def export(
    run: Path, folder: Path, *, version: str, licence: str = "MIT", precision: str = "fp32",
    changes: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write the averaged network of a run as a model folder.

    Args:
        run: the run's folder, with a checkpoint; of a chain, the last stage that made a generator is taken. Of a run
            that was brought home from elsewhere config, log and `generator.safetensors` are enough.
        folder: gets `model.onnx`, `model.safetensors` and `card.json`, all of them or none; must not hold files yet.
        version: of this training of the model.
        licence: SPDX expression of the weights.
        precision: "fp32", "fp16" for GPUs, or "int8", calibrated on cards of the run under its own noise.
        changes: values of `MAY_DIFFER` that are others than in the run's config, as {"cards": "runs/cards.zip"}.

    Returns:
        The card.

    Raises:
        InputError: the run has no checkpoint, or there are no cards where its config says.
        UsageError: another value is to be changed.
        OutputError: the folder holds files already.
        ModelError: ONNX Runtime and torch differ by more on test pages than `LARGEST_DIFFERENCES` allows.
    """
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} holds files already", hint="choose another -o")
    run = folder_to_export(run)
    config, commit = read_config(run)
    if refused := (changes or {}).keys() - MAY_DIFFER:
        raise UsageError(f"{', '.join(sorted(refused))} cannot be changed after the training",
                         hint=f"of a run that is exported these can: {', '.join(MAY_DIFFER)}")
    config = change_config(config, dict(changes or {}))
    network, figures = _averaged(run, config)
    learnt, checked = CleanCards(Path(config.cards)).split()
    pages = _noisy(checked[:_PARITY_PAGES], config.recipe)

    card: dict[str, Any] = {
        "format": CARD_FORMAT,
        "name": config.name,
        "version": version,
        "network": {"name": config.network, "widths": config.widths, "precision": precision},
        "stride": network.stride,
        "overlap_px": reach_px(network, pages),
        "tile_px": _TILE_PX,
        "glyph_range": config.glyph_px or _GLYPH_RANGE,
        "recipe": {"name": config.recipe, "sha256": load_training_recipe(config.recipe).fingerprint},
        "patterns": noted_patterns(run) or patterns_of(config.recipe),
        "steps": figures["step"],
        "commit": commit,
        "figures": {key: figures[key] for key in ("left", "fine_left", "psnr", "ssim") if key in figures},
        "licence": licence,
    }
    with _whole_or_not_at_all(folder) as scratch:
        save_network(network, scratch / WEIGHTS_NAME, config.network, config.widths)
        calibrated_on = _noisy(learnt[:_CALIBRATION_PAGES], config.recipe)
        write_onnx(folded(network), scratch / NETWORK_NAME, precision, calibrated_on)
        card["sha256"] = hashlib.sha256((scratch / NETWORK_NAME).read_bytes()).hexdigest()
        (scratch / CARD_NAME).write_text(json.dumps(card, indent=1) + "\n")
        largest, mean = parity(network, scratch, pages)
        if (largest if precision == "fp32" else mean) > LARGEST_DIFFERENCES[precision]:
            raise ModelError(f"ONNX Runtime and torch differ by {largest:.2f} grey levels, {mean:.2f} in the mean")
    return card


def _averaged(run: Path, config: TrainConfig) -> tuple[nn.Module, dict[str, Any]]:
    """The network of a run in evaluation mode, and the line of its log that says how good it is.

    Where there is no checkpoint, the weights that a stage leaves at its end are of the last line.
    """
    network = make_network(config.network, config.widths).eval()
    if (run / GENERATOR_FILE).exists() and not has_checkpoint(run):
        load_weights(network, run / GENERATOR_FILE)
        return network, _logged(run)[-1]
    state = load_checkpoint(run)
    if "average" not in state:
        raise InputError(f"{run} is the run of a {config.stage}, which restores nothing", "export a generator's stage")
    network.load_state_dict(state["average"])
    return network, next(line for line in _logged(run) if line["step"] == state["step"])


def _logged(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / LOG).read_text().splitlines()]


@contextmanager
def _whole_or_not_at_all(folder: Path) -> Iterator[Path]:
    """A folder beside the one that is wanted, which takes its place where nothing is raised."""
    folder = folder.resolve()
    scratch = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(scratch, ignore_errors=True)      # of an export that was killed
    scratch.mkdir(parents=True)
    try:
        yield scratch
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


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
    looked at; 99.9 % of the pixels farther away than the reach change by no more than one grey level. Where that is
    not so at 192 pixels either, these are given back, and a warning is logged: pages that lie in one tile do not mind.

    Args:
        network: in evaluation mode.
        pages: noisy pages; small ones are filled up by reflection.
    """
    line = _SEEN_PX // 2
    changes = []
    for page in pages:
        missing = [(0, max(0, _SEEN_PX - length)) for length in page.shape]
        seen = np.pad(page, missing, mode="reflect")[:_SEEN_PX, :_SEEN_PX]
        whole = torch.from_numpy(seen.astype(np.float32) / np.float32(255))[None, None]
        cut = whole.clone()
        cut[..., line:] = 1
        with torch.no_grad():
            changes.append((network(whole) - network(cut)).abs()[0, 0, :, :line].numpy() * 255)
    for reach in _REACHES_PX:
        beyond = np.concatenate([change[:, : line - reach] for change in changes])
        disturbed = float(np.mean(beyond > _ONE_LEVEL))
        if disturbed <= _UNSEEN_SHARE:
            return reach
    _log.warning(
        "%d px of overlap are not enough, %.1f %% of the pixels farther away change: where tiles meet, seams may show",
        reach, 100 * disturbed,
    )  # fmt: skip
    return reach


def parity(network: nn.Module, folder: Path, pages: list[Gray]) -> tuple[float, float]:
    """The largest and the mean difference, in grey levels, between torch and ONNX Runtime over some pages."""
    engine = OnnxEngine(folder, device="cpu")

    def run(tile: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        with torch.no_grad():
            restored: np.ndarray[Any, np.dtype[np.float32]] = network(torch.from_numpy(tile)).numpy()
        return restored

    card = engine.card
    differences = []
    for page in pages:
        ours = restore_tiled(page, run, tile_px=card.tile_px, stride=card.stride, overlap_px=card.overlap_px)
        differences.append(np.abs(ours.astype(np.int16) - engine.restore(page, 20)))
    return float(max(part.max() for part in differences)), float(np.mean([part.mean() for part in differences]))


def _noisy(cards: list[CleanCard], recipe: str) -> list[Gray]:
    rng = np.random.default_rng(_PARITY_SEED)
    noise = load_training_recipe(recipe)
    return [noise.apply(card.page, rng).page.pixels for card in cards]
