"""What the loops of all stages share: where they run, the batches, the schedule, the average, the log."""

import atexit
import gc
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from docpipe.errors import MissingToolError
from docpipe.train.config import TrainConfig
from docpipe.train.muon import MuonAndAdam
from docpipe.train.run_folder import append_log, cut_log, has_checkpoint, load_checkpoint, save_checkpoint

LOG_EVERY = 50
Optimiser = torch.optim.Optimizer | MuonAndAdam


class Place(NamedTuple):
    """Where a process trains: alone, or as one of several that torchrun started."""

    device: str
    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run's folder."""
        return self.rank == 0

    def mean(self, value: Tensor) -> float:
        """The mean of a number over all processes, so that all of them decide alike."""
        value = value.detach().clone()
        if self.world > 1:
            distributed.all_reduce(value)
        return float(value) / self.world

    def agree(self, make: Callable[[], Any]) -> Any:
        """What `make` returns in the first process, in all of them."""
        values = [make() if self.is_first else None]
        if self.world > 1:
            distributed.broadcast_object_list(values)
        return values[0]


def join(device: str) -> Place:
    """Find this process's place; under torchrun, meet the others.

    Args:
        device: "cpu" or "cuda".

    Raises:
        MissingToolError: `device` is "cuda", and torch has none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise MissingToolError("torch cannot use a GPU here", hint="see `nvidia-smi`, or use --device cpu")
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Place(device)
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
        atexit.register(_leave)
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    return Place(device, distributed.get_rank(), world)


def _leave() -> None:
    """Leave the others before Python ends: a thread of the group that asks for Python's lock after that aborts."""
    gc.collect()    # networks that still hold the group keep its threads
    distributed.destroy_process_group()


def prepare(config: TrainConfig) -> None:
    """Set threads and seed; before anything is drawn: OpenCV's threads do not survive the fork of the workers."""
    cv2.setNumThreads(1)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    torch.backends.cudnn.benchmark = True  # all crops are of one size


def settle(module: nn.Module, place: Place) -> None:
    """Move a network to its device, channels last: much faster for small networks on a CPU, and for bfloat16."""
    module.to(place.device)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # an overload that the stubs lack


def to_training(network: nn.Module, config: TrainConfig) -> None:
    """Put a network into training mode, all but its normalisation where that is frozen."""
    network.train()
    for part in network.modules():
        if config.frozen_norm and isinstance(part, nn.BatchNorm2d):
            part.eval()


def trained(module: nn.Module, place: Place, config: TrainConfig) -> nn.Module:
    """The same network as its training calls it: compiled where asked for, its gradients averaged over processes."""
    if config.compile:
        module = torch.compile(module)  # type: ignore[assignment]
    return DistributedDataParallel(module) if place.world > 1 else module


def autocast(config: TrainConfig, place: Place) -> torch.autocast:
    """bfloat16 where the config asks for it."""
    return torch.autocast(place.device, torch.bfloat16, enabled=config.precision == "bfloat16")


def _leave_the_parents_threads_alone(_worker: int) -> None:
    """Forget what libraries of the parent want done when its threads end.

    A forked worker would do it, too, without those threads: beside Prefect's it ends with code 1 and takes the training
    with it.
    """
    threading._threading_atexits.clear()  # type: ignore[attr-defined]


def batches(
    pairs: Dataset[tuple[Tensor, ...]], config: TrainConfig, place: Place, begun: int
) -> Iterator[tuple[int, list[Tensor], float]]:
    """(step, batch on the device, seconds waited for it) from step `begun` + 1 to the last.

    A pair has the same number however many processes share the work of a step, and draw its pairs.
    """
    starts = ((step * place.world + place.rank) * config.batch for step in range(begun, config.steps))
    loader = DataLoader(
        pairs,
        batch_sampler=[list(range(start, start + config.batch)) for start in starts],
        num_workers=config.workers,
        prefetch_factor=8 if config.workers else None,
        multiprocessing_context="fork" if config.workers else None,
        worker_init_fn=_leave_the_parents_threads_alone if config.workers else None,
        pin_memory=place.device == "cuda",
    )
    iterator = iter(loader)
    for step in range(begun + 1, config.steps + 1):
        began = time.perf_counter()
        batch = next(iterator)
        waited = time.perf_counter() - began
        torch.manual_seed(config.seed * 1_000_003 + step)  # a resumed run drops out what the whole one does
        yield step, [to_device(part, place) for part in batch], waited


def to_device(part: Tensor, place: Place) -> Tensor:
    """A batch on the device; pages channels last."""
    if part.dim() != 4:
        return part.to(place.device, non_blocking=True)
    return part.to(place.device, non_blocking=True, memory_format=torch.channels_last)


def learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, then by `config.schedule`.

    "flat": constant, then 1 - square root down to nothing (Haegele et al., NeurIPS 2024); until the fall begins
    nothing depends on the length of the run, so a run may be made longer while it goes on. "cosine": half a
    cosine down to nothing (Loshchilov and Hutter, ICLR 2017).
    """
    if step <= config.warmup:
        return config.learning_rate * step / config.warmup
    if config.schedule == "cosine":
        done = (step - config.warmup) / max(1, config.steps - config.warmup)
        return config.learning_rate * (1 + math.cos(math.pi * min(done, 1))) / 2
    falling = config.cooldown * config.steps
    return config.learning_rate * (1 - math.sqrt(max(0.0, 1 - (config.steps - step) / falling)))


def adam(module: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """The optimiser of one network."""
    beta1, beta2 = config.betas
    return torch.optim.AdamW(module.parameters(), lr=config.learning_rate, betas=(beta1, beta2), weight_decay=1e-4)


def descend(loss: Tensor, module: nn.Module, optimiser: Optimiser, rate: float, clip_norm: float) -> None:
    """One step of the optimiser."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(module.parameters(), clip_norm)
    optimiser.step()


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move a moving average of weights towards them."""
    for kept, new in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)
    # Running means of the normalisation belong to the weights that they were taken with, so they are averaged too.
    for kept_buffer, new_buffer in zip(average.buffers(), model.buffers(), strict=True):
        if kept_buffer.is_floating_point():
            kept_buffer.lerp_(new_buffer, 1 - decay)
        else:
            kept_buffer.copy_(new_buffer)


def resume(folder: Path, parts: Mapping[str, Any]) -> int:
    """Give each part the state that the folder's checkpoint holds.

    Args:
        folder: of the run.
        parts: name -> a network, an optimiser, or what else has a `state_dict`.

    Returns:
        The step that the checkpoint stands at, 0 without one.
    """
    if not has_checkpoint(folder):
        return 0
    state = load_checkpoint(folder)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a stage stands: `figures` are those of a check, empty between checks; `earlier` counts steps of the stages
    before it in its chain.
    """

    step: int
    steps: int
    loss: float
    crops_per_second: float
    data_wait: float
    figures: Mapping[str, float] = field(default_factory=dict)
    stage: str = ""
    earlier: int = 0


Tell = Callable[[Progress], None]


class Meter:
    """Says when to log and when to check, and how fast it went since it was last asked.

    Args:
        config: of the stage.
        folder: of the run.
        place: only the first process writes and tells.
        begun: the step that the run goes on from.
        tell: called after every logged step.
    """

    def __init__(self, config: TrainConfig, folder: Path, place: Place, begun: int, tell: Tell) -> None:
        self._config, self._folder, self._place, self._tell = config, folder, place, tell
        if place.is_first:
            cut_log(folder, begun)
        self._board = _open_board(folder, begun) if place.is_first else None
        self._at, self._since, self._waited = begun, time.perf_counter(), 0.0

    def waited(self, seconds: float) -> None:
        """Count time that a step waited for its batch."""
        self._waited += seconds

    def note(
        self, step: int, losses: Mapping[str, Tensor], parts: Mapping[str, Any],
        check: Callable[[], Mapping[str, float]],
    ) -> None:
        """Where the step is one to log or to check: write a log line, at a check a checkpoint too, and tell.

        Args:
            step: that was just done.
            losses: name -> value; the first is the one that is told.
            parts: what a checkpoint holds, as in `resume`.
            check: makes the figures of a check.
        """
        is_check = step % self._config.check_every == 0 or step == self._config.steps
        if not self._place.is_first or not (is_check or step % LOG_EVERY == 0):
            return
        values = {name: value.item() for name, value in losses.items()}  # waits for the GPU, so before the clock
        seconds = time.perf_counter() - self._since
        crops = (step - self._at) * self._config.batch * self._place.world
        figures = check() if is_check else {}
        progress = Progress(
            step, self._config.steps, next(iter(values.values())), crops / seconds, self._waited / seconds, figures,
            self._config.stage,
        )
        line = {
            **values, "lr": learning_rate(self._config, step), **figures,
            "crops_per_second": progress.crops_per_second, "data_wait": progress.data_wait,
        }  # fmt: skip
        append_log(self._folder, step=step, **line)
        if self._board is not None:
            for name, value in line.items():
                self._board.add_scalar(name, value, step)
            self._board.flush()
        if is_check:
            state = {name: part.state_dict() for name, part in parts.items()}
            save_checkpoint(self._folder, {"step": step, **state})
        self._tell(progress)
        self._at, self._since, self._waited = step, time.perf_counter(), 0.0


def _open_board(folder: Path, begun: int) -> Any:
    """TensorBoard's writer where it is installed; the log holds the same."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:
        return None
    return SummaryWriter(str(folder / "events"), purge_step=begun + 1)


def silent(_progress: Progress) -> None:
    """Tell nobody."""


def stacked(pairs: Dataset[tuple[Tensor, ...]], numbers: Sequence[int]) -> list[Tensor]:
    """Some pairs of a set as one batch."""
    return [torch.stack(side) for side in zip(*(pairs[number] for number in numbers), strict=True)]
