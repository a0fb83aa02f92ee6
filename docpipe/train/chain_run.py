"""Running a chain: each stage is a run of its own, in a folder inside the chain's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from docpipe.errors import InputError, UsageError
from docpipe.train.chain import Chain, change_chain, make_chain
from docpipe.train.config import TrainConfig
from docpipe.train.learnt_patterns import note_patterns, noted_patterns, patterns_of
from docpipe.train.run_folder import (
    CHAIN,
    changed_run,
    commit,
    has_checkpoint,
    load_checkpoint,
    new_folder,
    new_run,
    read_config,
    require_fits_checkpoint,
    resume_run,
    unfinished_run,
    write_config,
    write_json,
)  # fmt: skip
from docpipe.train.running import Place, Progress, Tell, silent
from docpipe.train.stages import LEAVES, require_ready, run_stage
from docpipe.train.weights import CRITIC_FILE, GENERATOR_FILE, RECOGNISER_FILE, make_network

_REFERENCES: Mapping[str, str] = {
    "start_from": GENERATOR_FILE,
    "critic_from": CRITIC_FILE,
    "teacher": GENERATOR_FILE,
    "recogniser": RECOGNISER_FILE,
}
"""Values that may be the label of an earlier stage, and what of that stage they then stand for."""


def require_chain_ready(chain: Chain, device: str) -> None:
    """Refuse what cannot begin, before a folder is made for it.

    Raises:
        UsageError: a stage names neither an earlier one nor a file; or as in `stages.require_ready`.
        InputError, MissingToolError: as in `stages.require_ready`.
    """
    earlier: list[str] = []
    for label, config in chain.stages.items():
        for name in _REFERENCES:
            wanted = getattr(config, name)
            if wanted and wanted not in earlier and not Path(wanted).is_file():
                raise UsageError(f"{name} of the stage {label} is {wanted!r}, neither an earlier stage nor a file",
                                 hint=f"earlier stages: {', '.join(earlier) or 'none'}")
            if wanted in earlier and _REFERENCES[name] not in LEAVES[chain.stages[wanted].stage]:
                raise UsageError(f"{name} of the stage {label} is {wanted!r}, a stage that leaves no such network",
                                 hint=f"{name} takes the {Path(_REFERENCES[name]).stem} of a stage")
        require_ready(config, device, earlier)
        _require_same_networks(chain, label, earlier)
        earlier.append(label)


def _require_same_networks(chain: Chain, label: str, earlier: Sequence[str]) -> None:
    config = chain.stages[label]
    for name, network, widths in (("start_from", "network", "widths"), ("critic_from", "critic", "critic_widths")):
        wanted = getattr(config, name)
        if wanted not in earlier:
            continue
        one, other = ((getattr(it, network), getattr(it, widths)) for it in (chain.stages[wanted], config))
        if one != other and _shapes(*one) != _shapes(*other):
            raise UsageError(f"{name} of the stage {label} is {wanted!r}, and their networks differ",
                             hint=f"give both the same {network} and {widths}")


def _shapes(name: str, widths: Sequence[int]) -> dict[str, Any]:
    return {key: value.shape for key, value in make_network(name, widths).state_dict().items()}


def new_chain_run(runs: Path, chain: Chain) -> Path:
    """Make the next folder, NUMBER-NAME: that of the stage where there is but one, else of the chain."""
    if chain.is_one:
        return new_run(runs, next(iter(chain.stages.values())))
    folder = new_folder(runs, chain.name)
    _write(folder, chain, commit(), [])
    return folder


def resume_chain_run(folder: Path, changes: Mapping[str, str], *, device: str = "cpu") -> Chain:
    """The chain of a run that goes on, some of its values changed; the changes are kept beside it.

    What is refused leaves the folder as it was.

    Raises:
        InputError: the folder is not that of a run; or as in `require_chain_ready`.
        UsageError: a key or value is none, or does not fit what has been learnt; or as in `require_chain_ready`.
        MissingToolError: as in `require_chain_ready`.
    """
    if not (folder / CHAIN).exists():
        config = changed_run(folder, dict(changes))
        chain = Chain(config.name, {config.stage: config})
        require_chain_ready(chain, device)
        resume_run(folder, dict(changes))
        return chain
    old, started_from, resumed = _read(folder)
    chain = change_chain(old, changes)
    for label, config in chain.stages.items():
        require_fits_checkpoint(_folder_of(chain, label, folder), old.stages[label], config)
    _require_nothing_stale(chain, folder)
    require_chain_ready(chain, device)
    _write(folder, chain, started_from, [*resumed, {"changes": dict(changes), "commit": commit()}])
    return chain


def unfinished_chain_run(runs: Path, chain: Chain) -> Path | None:
    """The latest run of just this chain that came to a check, and was stopped before its last step; None without.

    One that began on other patterns of noise is none, as with a run of one stage.

    Raises:
        InputError: a folder there looks like that of a run, and cannot be read.
    """
    if chain.is_one:
        return unfinished_run(runs, next(iter(chain.stages.values())))
    for folder in sorted(runs.glob("[0-9]*-*"), reverse=True):
        if not (folder / CHAIN).is_file() or list(_read(folder)[0].stages.items()) != list(chain.stages.items()):
            continue
        stages = [(config, _folder_of(chain, label, folder)) for label, config in chain.stages.items()]
        if not has_checkpoint(stages[0][1]) or all(_is_done(*stage) for stage in stages):
            continue
        begun = [(config, path) for config, path in stages if path.exists()]
        if all(noted_patterns(path) == patterns_of(config.recipe) for config, path in begun):
            return folder
    return None


def run_chain(chain: Chain, folder: Path, place: Place, *, tell: Tell = silent) -> None:
    """Run all stages that are not done yet, each from the start or from its checkpoint.

    Args:
        chain: what to run.
        folder: as `new_chain_run` made it.
        place: of this process.
        tell: called after every logged step of a stage.
    """
    if chain.is_one:
        run_stage(next(iter(chain.stages.values())), folder, device=place.device, tell=tell)
        return
    earlier = 0
    for label in chain.stages:
        config, stage_folder = _resolved(chain, label, folder), _folder_of(chain, label, folder)
        if not place.agree(partial(_is_done, config, stage_folder)):
            if place.is_first:
                _begin(stage_folder, config)
            run_stage(config, stage_folder, device=place.device, tell=partial(_tell_of_chain, tell, earlier))
        earlier += config.steps


def _begin(folder: Path, config: TrainConfig) -> None:
    """The folder of a stage that starts, or that goes on with what its run changed."""
    if has_checkpoint(folder):
        old, _ = read_config(folder)
        changes = {name: json.dumps(value) for name, value in asdict(config).items() if value != getattr(old, name)}
        resume_run(folder, changes)
        return
    folder.mkdir(exist_ok=True)
    write_config(folder, {**asdict(config), "commit": commit(), "resumed": []})
    note_patterns(folder, config.recipe)


def folder_to_export(run: Path) -> Path:
    """The run itself, or of a chain's run the folder of the last stage that has made a generator.

    Raises:
        InputError: there is no such stage yet.
    """
    if not (run / CHAIN).exists():
        return run
    made = [folder for folder in stage_folders(run) if (folder / GENERATOR_FILE).exists()]
    if not made:
        raise InputError(f"no stage of {run} has made a network yet", hint=f"docpipe train --resume {run}")
    return made[-1]


def stage_folders(run: Path) -> list[Path]:
    """The folders of the stages that a chain's run has begun, by their numbers: 10 comes after 9."""
    folders = [path for path in run.glob("[0-9]*-*") if path.is_dir()]
    return sorted(folders, key=lambda folder: int(folder.name.split("-")[0]))


def _folder_of(chain: Chain, label: str, folder: Path) -> Path:
    return folder / f"{list(chain.stages).index(label) + 1}-{label}"


def _require_nothing_stale(chain: Chain, folder: Path) -> None:
    """Refuse to learn on in a stage where a later one has begun with what it left."""
    for label, config in chain.stages.items():
        own = _folder_of(chain, label, folder)
        if has_checkpoint(own) and load_checkpoint(own)["step"] >= config.steps:
            continue
        for later, other in chain.stages.items():
            begun_with = [getattr(other, name) for name in _REFERENCES]
            if label in begun_with and has_checkpoint(_folder_of(chain, later, folder)):
                raise UsageError(f"{label} cannot learn on: {later} has begun with what it left",
                                 hint="begin another run with these steps: docpipe train CONFIG --set ...")


def _resolved(chain: Chain, label: str, folder: Path) -> TrainConfig:
    """A stage's config with files in the place of labels."""
    config = chain.stages[label]
    named = {name: getattr(config, name) for name in _REFERENCES}
    files: dict[str, Any] = {
        name: str(_folder_of(chain, wanted, folder) / _REFERENCES[name])
        for name, wanted in named.items() if wanted in chain.stages
    }  # fmt: skip
    return replace(config, **files)


def _tell_of_chain(tell: Tell, earlier: int, progress: Progress) -> None:
    tell(replace(progress, earlier=earlier))


def _is_done(config: TrainConfig, folder: Path) -> bool:
    if not has_checkpoint(folder) or not (folder / LEAVES[config.stage][0]).exists():
        return False
    return bool(load_checkpoint(folder)["step"] >= config.steps)


def _read(folder: Path) -> tuple[Chain, str, list[dict[str, object]]]:
    """The chain of a run, the commit that it started from, and its resumptions."""
    try:
        kept = json.loads((folder / CHAIN).read_text())
        return make_chain(kept["stages"], {}, CHAIN), kept["commit"], kept["resumed"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder} is no training run ({error})", "name a folder such as runs/001-teacher") from error


def _write(folder: Path, chain: Chain, started_from: str, resumed: list[dict[str, object]]) -> None:
    stages = {label: asdict(config) for label, config in chain.stages.items()}
    write_json(folder / CHAIN, {"name": chain.name, "commit": started_from, "resumed": resumed, "stages": stages})
