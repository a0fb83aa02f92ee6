"""What a training run is made of, read from TOML and written beside the run as JSON."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from docpipe.errors import UsageError


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. Paths are relative to the folder that the command runs in.

    Args:
        name: of the run and of the model that it makes.
        cards: folder of clean cards as `docpipe synth` writes it (its `clean/` and `truth.jsonl`).
        network: a key of `docpipe.models.GENERATORS`.
        widths: channels at each level of the network.
        recipe: name or path of the noise recipe.
        seed: of everything that is drawn.
        steps: optimiser steps.
        batch: crops a step.
        crop_px: side of the crops; a multiple of the network's stride.
        learning_rate: its peak; it rises over `warmup` steps and falls to a hundredth along a cosine.
        warmup: steps.
        edge_weight: weight of the difference of gradients beside that of pixels.
        average: decay of the moving average of the weights, which is what is checked and exported.
        check_every: steps between checks; each writes a checkpoint and a sample sheet.
        checked: validation crops.
        workers: processes that draw crops, 0 for the one that trains; their number changes nothing but the speed.
        threads: of torch on the CPU; one where the machine does something else beside.
    """

    name: str
    cards: str
    network: str = "compact"
    widths: tuple[int, ...] = (24, 48, 64, 96)
    recipe: str = "starter"
    seed: int = 1
    steps: int = 20_000
    batch: int = 16
    crop_px: int = 192
    learning_rate: float = 1.5e-3
    warmup: int = 200
    edge_weight: float = 1.0
    average: float = 0.998
    check_every: int = 500
    checked: int = 128
    workers: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "crop_px", "check_every", "checked", "threads"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 <= self.average < 1 or self.learning_rate <= 0:
            raise UsageError(f"average is {self.average} (0 to under 1), learning_rate {self.learning_rate} (above 0)")
        if self.crop_px % 2 ** len(self.widths):
            raise UsageError(f"crop_px is {self.crop_px}; it must be a multiple of {2 ** len(self.widths)}")


def load_config(path: Path, changes: dict[str, str] | None = None) -> TrainConfig:
    """Read a config, with some of its values changed.

    Args:
        path: a TOML file whose keys are the fields of TrainConfig.
        changes: key -> TOML value, as in {"steps": "100"}.

    Raises:
        UsageError: the file cannot be read, or holds a key or value that is none.
    """
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    for key, text in (changes or {}).items():
        try:
            values |= tomllib.loads(f"{key} = {text}")
        except ValueError:
            values[key] = text  # a bare word, as people type it
    known = {field.name for field in fields(TrainConfig)}
    if unknown := values.keys() - known:
        raise UsageError(f"{path}: unknown {', '.join(sorted(unknown))}", hint=f"known: {', '.join(sorted(known))}")
    if "widths" in values:
        values["widths"] = tuple(values["widths"])
    try:
        return TrainConfig(**values)
    except TypeError as error:
        raise UsageError(f"{path}: {error}") from error
