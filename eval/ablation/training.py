"""Training a row, once: its run and its model lie in a folder that is named by all that they depend on."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from docpipe.noise.recipe import load_training_recipe
from docpipe.restore.model_card import CARD_NAME
from docpipe.train.chain import Chain
from docpipe.train.chain_run import (
    folder_to_export,
    new_chain_run,
    require_chain_ready,
    run_chain,
    stage_folders,
)  # fmt: skip
from docpipe.train.check import Held
from docpipe.train.config import TrainConfig
from docpipe.train.data import TRUTH, CleanCards
from docpipe.train.export import export
from docpipe.train.learnt_patterns import patterns_of
from docpipe.train.losses import error_left
from docpipe.train.run_folder import CHAIN, CONFIG, LOG, read_config
from docpipe.train.running import Place, Tell, silent
from docpipe.train.weights import GENERATOR_FILE, load_network

PLACE = Place("cpu")
MODEL = "model"
FILES = ("start_from", "recogniser")

SIZE_OF_PRINT = {"glyph_px": "[8, 16]"}     # as the network that ships has it


def trained_run(chain: Chain, place: Path, tell: Tell = silent) -> Path:
    """The run of a chain, its network exported to `model/` in it; one that is whole is not touched.

    Args:
        chain: what to train.
        place: folder of such runs; one that was stopped goes on from its last check.
        tell: called after every logged step.

    Raises:
        UsageError, InputError, MissingToolError: it cannot be trained, as in `require_chain_ready`.
    """
    require_chain_ready(chain, PLACE.device)
    runs = place / fingerprint(chain)
    known = sorted(runs.glob("[0-9]*-*"))
    if known and (known[-1] / MODEL / CARD_NAME).exists():
        return known[-1]
    run = known[-1] if known else new_chain_run(runs, chain)
    run_chain(chain, run, PLACE, tell=tell)
    shutil.rmtree(run / MODEL, ignore_errors=True)
    export(run, run / MODEL, version="1", changes=SIZE_OF_PRINT)
    return run


def fingerprint(chain: Chain) -> str:
    """Changes with every value of a chain, and with the content of every file that it learns from."""
    told = json.dumps([[label, _told(config)] for label, config in chain.stages.items()])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _told(config: TrainConfig) -> dict[str, object]:
    cards = Path(config.cards)
    files = {name: Path(getattr(config, name)) for name in FILES}
    return {
        **asdict(config),
        "cards": _hash_of(cards / TRUTH if cards.is_dir() else cards),
        "recipe": [load_training_recipe(config.recipe).fingerprint, patterns_of(config.recipe)],
        **{name: _hash_of(path) for name, path in files.items() if path.is_file()},
    }


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def held_crops(config: TrainConfig) -> Held:
    """The crops that a run of this config checks itself on; those of one row serve all."""
    _, checked = CleanCards(Path(config.cards)).split()
    return Held(checked, load_training_recipe(config.recipe), config)


def noise_left(run: Path, crops: Held) -> tuple[float, float]:
    """What the network of a run leaves of the noise of some crops, as a share of it: of all, and of fine detail."""
    network = load_network(folder_to_export(run) / GENERATOR_FILE)
    return error_left(crops.restored(network, PLACE).clamp(0, 1), crops.noisy, crops.clean)


def minutes_trained(run: Path) -> float:
    """By the logs of all stages, whose clock stands still while a stage checks itself."""
    seconds = 0.0
    for stage in _stages(run):
        batch, before = read_config(stage)[0].batch, 0
        for step, line in _log(stage).items():
            seconds += (step - before) * batch / line["crops_per_second"]
            before = step
    return seconds / 60


def commit_of(run: Path) -> str:
    """The start of the commit that a run was started from, "-changed" where files differed from it."""
    about = run / CHAIN if (run / CHAIN).exists() else run / CONFIG
    head, *changed = json.loads(about.read_text())["commit"].split("-")
    return "-".join([head[:10], *changed])


def _stages(run: Path) -> list[Path]:
    return stage_folders(run) if (run / CHAIN).exists() else [run]


def _log(stage: Path) -> dict[int, dict[str, float]]:
    """Lines by step; a step that a stopped run made twice counts once."""
    lines = map(json.loads, (stage / LOG).read_text().splitlines())
    return {line["step"]: line for line in lines}
