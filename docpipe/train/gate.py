"""The gate's network learns how legible print is on crops as they are, and as a model restores them.

Which whole pages a model breaks cannot be learnt: they are a few in a hundred. Of crops with noise drawn on them there
is no end, and the clean one beside says what became of the print. What the verdicts of OCR on whole pages then decide
are a few numbers (`docpipe.train.calibration`).
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits

from docpipe.errors import UsageError
from docpipe.models.gate import BLOCK_PX
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.check import Held
from docpipe.train.config import TrainConfig
from docpipe.train.data import CleanCards
from docpipe.train.draws import draws_of
from docpipe.train.losses import fine_detail, strokes
from docpipe.train.pretrain import make_generator
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
    to_device,
    trained,
)  # fmt: skip
from docpipe.train.weights import GATE_FILE, make_network, save_network

_PRINTED = 0.15
"""From this share of strokes on, a block counts as printed where a check looks at it."""


def require_blocks(crop_px: int) -> None:
    """Refuse crops that are not of whole blocks.

    Raises:
        UsageError: they are not.
    """
    if crop_px % BLOCK_PX:
        raise UsageError(f"crop_px is {crop_px}; for a gate it must be a multiple of {BLOCK_PX}")


def train_gate(config: TrainConfig, folder: Path, *, device: str = "cpu", tell: Tell = silent) -> nn.Module:
    """Train a gate's network beside a generator that stands still, from the start or from the folder's checkpoint.

    Args:
        config: of the stage; `start_from` names the generator's weights.
        folder: of the run; gets the log, the checkpoint and at the end the weights.
        device: "cpu" or "cuda".
        tell: called after every logged step; the figures of a check are those of `agreement`.

    Returns:
        The network, in evaluation mode, on the CPU.

    Raises:
        InputError, UsageError, MissingToolError: as in `pretrain`.
    """
    place = join(device)
    recipe = load_training_recipe(config.recipe)
    prepare(config)
    require_blocks(config.crop_px)
    generator = make_generator(config).eval().requires_grad_(False)
    gate = make_network("gate", config.gate_widths)
    learnt, checked = CleanCards(Path(config.cards)).split()
    held = Held(checked, recipe, config)
    settle(generator, place)
    settle(gate, place)
    optimiser = adam(gate, config)
    parts = {"gate": gate, "optimiser": optimiser}
    begun = resume(folder, parts)
    judging = trained(gate, place, config)

    pairs = draws_of(config, learnt, recipe, place)
    meter = Meter(config, folder, place, begun, tell)
    for step, (noisy, clean, *_), waited in batches(pairs, config, place, begun):
        meter.waited(waited)
        gate.train()
        with autocast(config, place), torch.no_grad():
            restored = generator(noisy).float().clamp(0, 1)
        with autocast(config, place):
            logits = judging(torch.cat([noisy, restored], dim=1)).float()
        loss = gate_loss(logits, legibility(noisy, restored, clean))
        descend(loss, gate, optimiser, learning_rate(config, step), config.clip_norm)
        meter.note(step, {"loss": loss}, parts, lambda: _check(gate, held, generator, place))
    gate.cpu().eval()
    if place.is_first:
        save_network(gate, folder / GATE_FILE, "gate", config.gate_widths)
    return gate


@torch.no_grad()
def legibility(noisy: Tensor, restored: Tensor, clean: Tensor) -> Tensor:
    """What a gate learns of each block: how much print there is, and how alike its fine detail is to the clean one's.

    Alike is a correlation: brightness, contrast and slow shading, which OCR does not mind, change nothing.

    Args:
        noisy: (B, 1, H, W) float32 in [0, 1]; H and W multiples of `BLOCK_PX`.
        restored: the same shape.
        clean: the same shape.

    Returns:
        (B, 3, H / 32, W / 32) in [0, 1]: the share of strokes, and the legibility of both versions.
    """
    printed = avg_pool2d(strokes(clean), BLOCK_PX)
    detail = fine_detail(clean)
    return torch.cat([printed, *(_alike(fine_detail(page), detail) for page in (noisy, restored))], dim=1)


def _alike(detail: Tensor, clean: Tensor) -> Tensor:
    both, own, true = (avg_pool2d(product, BLOCK_PX) for product in (detail * clean, detail * detail, clean * clean))
    return (both / (own * true + 1e-7).sqrt()).clamp(0, 1)


def gate_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy: of the print over all blocks, and of the legibility where there is print.

    Args:
        logits: (B, 3, h, w), as `LegibilityMap` makes them.
        target: the same shape, as `legibility` makes it.
    """
    losses = binary_cross_entropy_with_logits(logits, target, reduction="none")
    printed = target[:, :1]
    return losses[:, 0].mean() + (losses[:, 1:] * printed).sum() / (2 * printed.sum() + 1)


@torch.no_grad()
def agreement(logits: Tensor, target: Tensor) -> dict[str, float]:
    """How well a gate sees, over printed blocks: correlations of what it says with what is true.

    Args:
        logits: as for `gate_loss`.
        target: the same shape.

    Returns:
        "as_scanned", "restored", and "gain" of the difference of both; 0 where there is nothing to compare.
    """
    says = logits.sigmoid()
    printed = target[:, 0] > _PRINTED
    (scanned, made), (true_scanned, true_made) = ((of[:, 1][printed], of[:, 2][printed]) for of in (says, target))
    return {
        "as_scanned": _correlation(scanned, true_scanned),
        "restored": _correlation(made, true_made),
        "gain": _correlation(made - scanned, true_made - true_scanned),
    }


def _correlation(first: Tensor, second: Tensor) -> float:
    if len(first) < 2:
        return 0.0
    return float(torch.corrcoef(torch.stack([first, second])).nan_to_num()[0, 1])


@torch.no_grad()
def _check(gate: nn.Module, held: Held, generator: nn.Module, place: Place) -> dict[str, float]:
    gate.eval()
    restored = held.restored(generator, place).clamp(0, 1)
    logits = gate(to_device(torch.cat([held.noisy, restored], dim=1), place)).float().cpu()
    return agreement(logits, legibility(held.noisy, restored, held.clean))
