"""A chain of stages, read from TOML; each knows earlier ones by name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from docpipe.errors import UsageError
from docpipe.train.config import TrainConfig, make_config, parsed, read_toml


@dataclass(frozen=True, slots=True)
class Chain:
    """Stages in the order in which they run.

    Args:
        name: of the run.
        stages: label -> config. Where a config names weights, a label stands for what that stage leaves behind.
    """

    name: str
    stages: Mapping[str, TrainConfig]

    @property
    def steps(self) -> int:
        """Of all stages together."""
        return sum(config.steps for config in self.stages.values())

    @property
    def is_one(self) -> bool:
        """Whether there is but one stage, whose run needs no folder inside another."""
        return len(self.stages) == 1


def load_chain(path: Path, changes: Mapping[str, str] | None = None) -> Chain:
    """Read a config of one stage or of several.

    Args:
        path: a TOML file: the fields of TrainConfig, and, for several stages, a [[stage]] table for each with the
            fields that differ in it. A stage's `label` is the name of its `stage` unless it says another.
        changes: key -> TOML value for all stages, LABEL.key for one of them.

    Raises:
        UsageError: the file cannot be read, or holds a key or value that is none, or a label twice.
    """
    values = read_toml(path)
    tables = values.pop("stage", "pixels")
    if isinstance(tables, str):
        tables = [{"stage": tables}]
    stages: dict[str, Mapping[str, Any]] = {}
    for table in tables:
        label = table.pop("label", table.get("stage", "pixels"))
        if label in stages:
            raise UsageError(f"{path}: two stages are called {label!r}", hint="give one of them another label")
        stages[label] = values | table
    return make_chain(stages, changes or {}, str(path))


def change_chain(chain: Chain, changes: Mapping[str, str]) -> Chain:
    """A chain with some of its values changed, as in `load_chain`.

    Raises:
        UsageError: a key or value is none.
    """
    return make_chain({label: asdict(config) for label, config in chain.stages.items()}, changes, "--set")


def make_chain(stages: Mapping[str, Mapping[str, Any]], changes: Mapping[str, str], where: str) -> Chain:
    """A chain of values as TOML or JSON hold them; `where` says where they stand.

    Raises:
        UsageError: a key or value is none, or there is no stage.
    """
    if not stages:
        raise UsageError(f"{where} holds no stage")
    configs = {}
    for label, values in stages.items():
        own = {key: text for key, text in changes.items() if "." not in key}
        own |= {key.removeprefix(f"{label}."): text for key, text in changes.items() if key.startswith(f"{label}.")}
        configs[label] = make_config({**values, **parsed(own)}, where)
    if strangers := {key.split(".")[0] for key in changes if "." in key} - configs.keys():
        raise UsageError(f"no stage is called {', '.join(sorted(strangers))}", hint=f"known: {', '.join(configs)}")
    return Chain(next(iter(configs.values())).name, configs)
