"""What a training run is made of, read from TOML and written beside the run as JSON."""

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from docpipe.errors import UsageError

PRECISIONS = ("float32", "bfloat16")
_ACCEPTED: dict[Any, Any] = {str: str, int: int, float: (int, float), tuple[int, ...]: tuple, tuple[float, ...]: tuple}
_IN_WORDS: dict[Any, str] = {
    str: "a text", int: "a whole number", float: "a number", tuple[int, ...]: "a list of whole numbers",
    tuple[float, ...]: "a list of two numbers",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. Paths are relative to the folder that the command runs in.

    Args:
        name: of the run and of the model that it makes.
        cards: folder of clean cards as `docpipe synth` writes it (its `clean/` and `truth.jsonl`).
        network: a key of `docpipe.models.GENERATORS`.
        widths: channels at each level of the network.
        start_from: a file model.safetensors of an earlier run of the same network, whose weights this one goes on from;
            empty for a network that knows nothing.
        recipe: name or path of the noise recipe.
        seed: of everything that is drawn.
        steps: optimiser steps.
        batch: crops a step.
        crop_px: side of the crops; a multiple of the network's stride.
        scale: crops are drawn at a size between these factors, so that print of many sizes is seen.
        on_print: share of crops whose middle lies on a printed field; the others lie anywhere on the card.
        learning_rate: its peak; it rises over `warmup` steps, stays, and falls over the last share `cooldown`.
        warmup: steps.
        cooldown: 0 to 1.
        edge_weight: weight of the difference of gradients beside that of pixels.
        ink_weight: by how much more pixels on and around strokes count.
        average: decay of the moving average of the weights, which is what is checked and exported.
        check_every: steps between checks; each writes a checkpoint and a sample sheet.
        checked: validation crops.
        workers: processes that draw crops, 0 for the one that trains; their number changes nothing but the speed.
        threads: of torch on the CPU; one where the machine does something else beside.
        precision: of the network's arithmetic, "float32" or "bfloat16"; losses and weights are always float32.
    """

    name: str
    cards: str
    network: str = "compact"
    widths: tuple[int, ...] = (24, 48, 64, 96)
    start_from: str = ""
    recipe: str = "starter"
    seed: int = 1
    steps: int = 20_000
    batch: int = 16
    crop_px: int = 192
    scale: tuple[float, ...] = (0.7, 1.3)
    on_print: float = 0.7
    learning_rate: float = 1.5e-3
    warmup: int = 200
    cooldown: float = 0.3
    edge_weight: float = 1.0
    ink_weight: float = 0.0
    average: float = 0.998
    check_every: int = 500
    checked: int = 128
    workers: int = 0
    threads: int = 1
    precision: str = "float32"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, _ACCEPTED[field.type]):
                raise UsageError(f"{field.name} is {value!r}; it must be {_IN_WORDS[field.type]}")
        if len(self.widths) < 2 or not all(isinstance(width, int) and width > 0 for width in self.widths):
            raise UsageError(f"widths is {list(self.widths)}; it must be two whole numbers above 0, or more")
        if self.seed < 0 or self.workers < 0:
            raise UsageError(f"seed is {self.seed}, workers {self.workers}; neither can be below 0")
        for name in ("steps", "batch", "crop_px", "check_every", "checked", "threads"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 <= self.average < 1 or self.learning_rate <= 0:
            raise UsageError(f"average is {self.average} (0 to under 1), learning_rate {self.learning_rate} (above 0)")
        if not 0 <= self.on_print <= 1 or not 0 < self.cooldown <= 1:
            raise UsageError(f"on_print is {self.on_print} (0 to 1), cooldown {self.cooldown} (above 0 to 1)")
        if len(self.scale) != 2 or not all(isinstance(end, int | float) for end in self.scale):
            raise UsageError(f"scale is {list(self.scale)}; it must be two numbers")
        if not 0 < self.scale[0] <= self.scale[1]:
            raise UsageError(f"scale is {list(self.scale)}; it must be two factors above 0, the smaller first")
        if self.precision not in PRECISIONS:
            raise UsageError(f"precision is {self.precision}; it must be one of {', '.join(PRECISIONS)}")
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
    return _config(values | _parsed(changes or {}), str(path))


def change_config(config: TrainConfig, changes: dict[str, str]) -> TrainConfig:
    """A config with some of its values changed, as in `load_config`.

    Raises:
        UsageError: a key or value is none.
    """
    return _config(asdict(config) | _parsed(changes), "--set")


def _parsed(changes: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, text in changes.items():
        try:
            values |= tomllib.loads(f"{key} = {text}")
        except ValueError:
            values[key] = text  # a bare word, as people type it
    return values


def _config(values: dict[str, Any], where: str) -> TrainConfig:
    known = {field.name for field in fields(TrainConfig)}
    if unknown := values.keys() - known:
        raise UsageError(f"{where}: unknown {', '.join(sorted(unknown))}", hint=f"known: {', '.join(sorted(known))}")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    try:
        return TrainConfig(**values)
    except TypeError as error:
        raise UsageError(f"{where}: {error}") from error
