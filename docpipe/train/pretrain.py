"""Stage 1: a generator learns pixels. A plain loop; it resumes exactly where its last checkpoint stands."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from docpipe.errors import MissingToolError, UsageError
from docpipe.models import GENERATORS
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.config import TrainConfig
from docpipe.train.data import CleanCards, CropPairs
from docpipe.train.losses import error_left, pixel_loss
from docpipe.train.run_folder import append_log, load_checkpoint, load_weights, save_checkpoint, write_sheet

_CHECK_SEED = 1_000_003
_LOG_EVERY = 50
_CLIP_NORM = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: `left` and `fine_left` are shares of the noise, see `losses.error_left`."""

    step: int
    steps: int
    loss: float
    crops_per_second: float
    data_wait: float
    left: float | None = None
    fine_left: float | None = None


def pretrain(
    config: TrainConfig, folder: Path, *, device: str = "cpu", tell: Callable[[Progress], None] = lambda _progress: None
) -> nn.Module:
    """Train a generator on pixels, from the start or from the folder's checkpoint.

    Args:
        config: of the run.
        folder: of the run; gets the log, the checkpoint and a sample sheet at every check.
        device: "cpu" or "cuda".
        tell: called after every logged step.

    Returns:
        The network with its averaged weights, in evaluation mode, on the CPU.

    Raises:
        InputError: there are no cards to learn from, no recipe that may be learnt from, or the weights to start from
            are not of this network.
        UsageError: there is no such network.
        MissingToolError: `device` is "cuda", and torch has none.
    """
    if config.network not in GENERATORS:
        raise UsageError(f"there is no network {config.network!r}", hint=f"known: {', '.join(GENERATORS)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise MissingToolError("torch cannot use a GPU here", hint="see `nvidia-smi`, or use --device cpu")
    recipe = load_training_recipe(config.recipe)
    cv2.setNumThreads(1)  # before anything is drawn: OpenCV's threads do not survive the fork of the workers
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    learnt, checked = CleanCards(Path(config.cards)).split()
    checks = CropPairs(checked, recipe, _CHECK_SEED, config.crop_px, config.checked, scale=config.scale)
    held = tuple(torch.stack(side) for side in zip(*(checks[i] for i in range(config.checked)), strict=True))

    model = GENERATORS[config.network](widths=config.widths)
    if config.start_from:
        load_weights(model, Path(config.start_from))
    model.to(device)
    # Much faster for small networks on a CPU; torch's type stubs lack this overload.
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model).requires_grad_(False)
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4)
    begun = _resume(folder, model, average, optimiser)

    count, first = (config.steps - begun) * config.batch, begun * config.batch
    pairs = CropPairs(
        learnt, recipe, config.seed, config.crop_px, count, first, scale=config.scale, on_print=config.on_print
    )
    waited, timed, at = 0.0, time.perf_counter(), begun
    for step, (noisy, clean), wait in _timed(_batches(pairs, config), begun + 1):
        waited += wait
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(config, step)
        noisy, clean = (side.to(device, memory_format=torch.channels_last) for side in (noisy, clean))
        with torch.autocast(device, torch.bfloat16, enabled=config.precision == "bfloat16"):
            restored = model(noisy)
        loss = pixel_loss(restored.float(), clean, config.edge_weight, config.ink_weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), _CLIP_NORM)
        optimiser.step()
        _follow(average, model, min(config.average, step / (step + 10)))

        is_check = step % config.check_every == 0 or step == config.steps
        if step % _LOG_EVERY == 0 or is_check:
            seconds = time.perf_counter() - timed
            left = _check(average, held, device, folder / f"samples-{step:06}.png") if is_check else (None, None)
            progress = Progress(
                step, config.steps, loss.item(), (step - at) * config.batch / seconds, waited / seconds, *left
            )
            append_log(
                folder, step=step, loss=progress.loss, lr=learning_rate(config, step), left=progress.left,
                fine_left=progress.fine_left, crops_per_second=progress.crops_per_second, data_wait=progress.data_wait,
            )  # fmt: skip
            if is_check:
                save_checkpoint(
                    folder,
                    {
                        "step": step,
                        "model": model.state_dict(),
                        "average": average.state_dict(),
                        "optimiser": optimiser.state_dict(),
                    },
                )
            tell(progress)
            waited, timed, at = 0.0, time.perf_counter(), step
    average.cpu().eval()
    return average


def learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, constant, then 1 - square root down to nothing (Haegele et al., NeurIPS 2024).

    Until the fall begins nothing depends on the length of the run, so a run may be made longer while it goes on.
    """
    if step <= config.warmup:
        return config.learning_rate * step / config.warmup
    falling = config.cooldown * config.steps
    return config.learning_rate * (1 - math.sqrt(max(0.0, 1 - (config.steps - step) / falling)))


def _resume(folder: Path, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    if not (folder / "checkpoint.pt").exists():
        return 0
    state = load_checkpoint(folder)
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def _batches(pairs: CropPairs, config: TrainConfig) -> Iterator[tuple[Tensor, Tensor]]:
    return iter(
        DataLoader(
            pairs,
            batch_size=config.batch,
            num_workers=config.workers,
            prefetch_factor=8 if config.workers else None,
            multiprocessing_context="fork" if config.workers else None,
        )
    )


def _timed(
    batches: Iterator[tuple[Tensor, Tensor]], first: int
) -> Iterator[tuple[int, tuple[Tensor, Tensor], float]]:
    """Number each batch, and say how many seconds the step waited for it."""
    step = first
    while True:
        began = time.perf_counter()
        batch = next(batches, None)
        if batch is None:
            return
        yield step, batch, time.perf_counter() - began
        step += 1


@torch.no_grad()
def _follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    for kept, new in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)
    # Running means of the normalisation belong to the weights that they were taken with, so they are averaged too.
    for kept_buffer, new_buffer in zip(average.buffers(), model.buffers(), strict=True):
        if kept_buffer.is_floating_point():
            kept_buffer.lerp_(new_buffer, 1 - decay)
        else:
            kept_buffer.copy_(new_buffer)


@torch.no_grad()
def _check(average: nn.Module, held: tuple[Tensor, ...], device: str, sheet: Path) -> tuple[float, float]:
    average.eval()
    noisy, clean = held
    restored = torch.cat([average(part.to(device)).float().cpu() for part in torch.split(noisy, 16)]).clamp(0, 1)
    write_sheet(sheet, noisy, restored, clean)
    return error_left(restored, noisy, clean)
