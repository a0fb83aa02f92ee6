"""The numbered folder of a run: its config, its log, its checkpoint, its sample sheets."""

import errno
import fcntl
import json
import os
import pickle
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from docpipe.errors import InputError, OutputError, UsageError
from docpipe.train.config import TrainConfig, change_config
from docpipe.train.learnt_patterns import note_patterns, noted_patterns, patterns_of

CONFIG, CHAIN, LOG, CHECKPOINT, LOCK = "config.json", "chain.json", "log.jsonl", "checkpoint.pt", "lock"
_HELD, _NO_LOCKS = {errno.EACCES, errno.EAGAIN}, {errno.ENOLCK, errno.EOPNOTSUPP}
_OF_THE_CHECKPOINT = ("stage", "network", "widths", "critic", "critic_widths", "optimiser")


def new_run(runs: Path, config: TrainConfig) -> Path:
    """Make the next folder, NUMBER-NAME, and write the config and the commit into it."""
    folder = new_folder(runs, config.name)
    write_config(folder, {**asdict(config), "commit": commit(), "resumed": []})
    note_patterns(folder, config.recipe)
    return folder


def new_folder(runs: Path, name: str) -> Path:
    """Make the next folder, NUMBER-NAME."""
    numbers = [int(path.name.split("-")[0]) for path in runs.glob("[0-9]*-*")]
    folder = runs / f"{max(numbers, default=0) + 1:03}-{name}"
    folder.mkdir(parents=True)
    return folder


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder of a run, or of a chain's run, while training there.

    It is free again however the process ends. On a file system without locks nothing is held.

    Raises:
        UsageError: another process holds it.
        OutputError: nothing may be written there.
    """
    if not any((folder / name).is_file() for name in (CONFIG, CHAIN)):      # whoever reads the run says so
        yield
        return
    try:
        lock = (folder / LOCK).open("a")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written to: {error.strerror}", "train on in a copy of it") from error
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)    # a lock that its children do not inherit
        except OSError as error:
            if error.errno in _HELD:
                raise UsageError(f"another process trains in {folder}", hint="wait until that has ended") from error
            if error.errno not in _NO_LOCKS:
                raise
        yield


def unfinished_run(runs: Path, config: TrainConfig) -> Path | None:
    """The latest run of just this config that came to a check, and was stopped before its last step; None without.

    One that began on other patterns of noise is none: what its card would say of them would not be all.
    """
    for folder in sorted(runs.glob("[0-9]*-*"), reverse=True):
        if not (folder / CONFIG).is_file() or not has_checkpoint(folder):
            continue
        if read_config(folder)[0] != config or noted_patterns(folder) != patterns_of(config.recipe):
            continue
        if load_checkpoint(folder)["step"] < config.steps:
            return folder
    return None


def changed_run(folder: Path, changes: dict[str, str]) -> TrainConfig:
    """The config of a run that shall go on, some of its values changed; nothing is written yet.

    Raises:
        InputError: the folder is not that of a run.
        UsageError: a key or value is none, or does not fit the checkpoint.
    """
    config, _ = read_config(folder)
    changed = change_config(config, changes)
    require_fits_checkpoint(folder, config, changed)
    return changed


def require_fits_checkpoint(folder: Path, old: TrainConfig, new: TrainConfig) -> None:
    """Refuse changes that a run's checkpoint does not fit, if it has one.

    Raises:
        UsageError: the stage, the networks or the optimiser are others, or it stands behind the last step already.
    """
    if not has_checkpoint(folder):
        return
    if changed := [name for name in _OF_THE_CHECKPOINT if getattr(old, name) != getattr(new, name)]:
        raise UsageError(f"{', '.join(changed)} cannot be changed any more: {folder} has a checkpoint",
                         hint="begin another run with it: docpipe train CONFIG --set ...")
    step = load_checkpoint(folder)["step"]
    if new.steps < step:
        raise UsageError(f"steps is {new.steps}, and {folder} stands at {step} already")


def resume_run(folder: Path, changes: dict[str, str]) -> TrainConfig:
    """The config of a run that goes on, some of its values changed; when and what is kept beside it.

    Raises:
        InputError, UsageError: as in `changed_run`.
    """
    config = changed_run(folder, changes)
    kept = json.loads((folder / CONFIG).read_text())
    step = load_checkpoint(folder)["step"] if has_checkpoint(folder) else 0
    here = {"step": step, "changes": changes, "commit": commit()}
    write_config(folder, {**kept, **asdict(config), "resumed": [*kept.get("resumed", []), here]})
    note_patterns(folder, config.recipe)
    return config


def write_config(folder: Path, values: Mapping[str, Any]) -> None:
    """Write the config of a run, its commit and its resumptions."""
    write_json(folder / CONFIG, values)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """One JSON object, a line a value."""
    path.write_text(json.dumps(values, indent=1) + "\n")


def read_config(folder: Path) -> tuple[TrainConfig, str]:
    """The config of a run, and the commit that it started from.

    Raises:
        InputError: the folder is not that of a run.
    """
    try:
        values = json.loads((folder / CONFIG).read_text())
        started_from = values.pop("commit")
        values.pop("resumed", None)
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        return TrainConfig(**values), started_from
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder} is no training run ({error})", "name a folder such as runs/001-compact") from error


def cut_log(folder: Path, step: int) -> None:
    """Take off the log what came after `step`: a run that goes on from there logs it again.

    Raises:
        InputError: a line of it is damaged.
    """
    log = folder / LOG
    if not log.exists():
        return
    lines = [line for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
    try:
        kept = [line for line in lines if json.loads(line)["step"] <= step]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{log} is damaged ({error})", hint="take the damaged line out of it") from error
    part = folder / f"{LOG}.part"
    part.write_text("".join(kept))
    part.replace(log)


def append_log(folder: Path, **values: Any) -> None:
    """One JSON line."""
    with (folder / LOG).open("a") as log:
        log.write(json.dumps(values) + "\n")


def has_checkpoint(folder: Path) -> bool:
    """Whether a run there has come to its first check."""
    return (folder / CHECKPOINT).exists()


def save_checkpoint(folder: Path, state: Mapping[str, Any]) -> None:
    """Write all that a resumed run needs; whole or not at all."""
    part = folder / f"{CHECKPOINT}.part"
    torch.save(dict(state), part)
    part.replace(folder / CHECKPOINT)


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """Read it again; nothing in it can execute code.

    Raises:
        InputError: there is none.
    """
    try:
        state: dict[str, Any] = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{folder} holds no checkpoint yet", hint="let it run to its first check") from error
    except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(f"{folder / CHECKPOINT} is damaged", hint="train anew, or bring back a copy of it") from error
    return state


def write_sheet(path: Path, noisy: Tensor, restored: Tensor, clean: Tensor, rows: int = 8) -> None:
    """Noisy, restored and clean crops side by side, a row each.

    Args:
        path: a PNG file.
        noisy: (B, 1, H, W) float32 in [0, 1].
        restored: the same shape.
        clean: the same shape.
        rows: crops to show.
    """
    columns = [torch.cat(list(crops[:rows, 0].clamp(0, 1)), dim=0) for crops in (noisy, restored, clean)]
    sheet = torch.cat(columns, dim=1).mul(255).round().to(torch.uint8).cpu().numpy()
    cv2.imwrite(os.fspath(path), np.ascontiguousarray(sheet))


def commit() -> str:
    """The commit of the code, "-changed" where files differ from it; "unknown" outside a checkout."""
    folder = Path(__file__).parent
    commands = (["git", "rev-parse", "HEAD"], ["git", "status", "--porcelain", "--untracked-files=no"])
    try:
        head, status = (
            subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
            for command in commands
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}-changed" if status else head
