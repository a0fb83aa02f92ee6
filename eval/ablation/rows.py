"""The rows: a base, and others that differ from it in exactly one thing, all of them trained for as many steps."""

import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docpipe.noise.paste import Paste
from docpipe.noise.recipe import BUILT_IN, STEP_TABLES, Recipe, load_recipe
from docpipe.train.chain import Chain, load_chain
from docpipe.train.config import TrainConfig

CONFIG = Path(__file__).with_name("ablation.toml")
BASE = "base"
THRESHOLDS = ("binarise", "adaptive_binarise")
TEXT_WEIGHT = 0.01
CHECKS = 3              # a run; each leaves a checkpoint, from which one that was stopped goes on


@dataclass(frozen=True, slots=True)
class Options:
    """What all rows share.

    Args:
        steps: of the optimiser, of all stages of a row together.
        batch: crops a step.
        crop_px: side of the crops.
        seed: of everything that is drawn.
        cards: to learn from, a folder or a pack.
        recipe: of the noise, a name or a TOML file.
        start_from: weights that every row goes on from; None for networks that know nothing.
        recogniser: weights of what judges text; None leaves the row with the text term out.
        gate: folder with a gate for the base's model; None for none.
    """

    steps: int
    batch: int
    crop_px: int
    seed: int
    cards: Path
    recipe: str
    start_from: Path | None = None
    recogniser: Path | None = None
    gate: Path | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Args:
        name: as in the table.
        differs: from the base, in words.
        chain: what trains its network; None where it takes the base's, or is not run.
        gate: folder of the gate that it asks; None where it asks none.
        not_run: why not; empty where it is.
    """

    name: str
    differs: str
    chain: Chain | None = None
    gate: Path | None = None
    not_run: str = ""


def rows_of(options: Options, recipes: Path) -> list[Row]:
    """The base first, then every row that differs from it.

    Args:
        options: what they share.
        recipes: folder that gets the recipes without some kinds of noise.

    Raises:
        InputError: there is no such recipe.
        UsageError: a value is outside its range.
    """
    staged = _staged(options)
    base = base_of(options)
    recipe = load_recipe(options.recipe)
    pasting = [step.kind for step in recipe.steps if isinstance(step.noise, Paste)]
    pixels, critic, game = staged.stages.values()
    stages = f"{pixels.steps} steps of pixels, {critic.steps} of the critic alone, {game.steps} of both in turns"
    return [
        Row(BASE, f"pixels alone, the whole recipe {Path(options.recipe).stem}, no text term, no gate", _alone(base)),
        _without("without pasted patterns", pasting, recipe, base, recipes),
        _without("without wrong thresholds", THRESHOLDS, recipe, base, recipes),
        _with_text(base, options.recogniser),
        Row("with adversarial stage", f"{stages}, instead of all of pixels", staged),
        _with_gate(options),
        Row("another seed", f"seed {base.seed + 1}: nothing but chance, for measuring the others by",
            _alone(replace(base, seed=base.seed + 1))),
    ]  # fmt: skip


def base_of(options: Options) -> TrainConfig:
    """The one stage of the base: all steps go to pixels.

    Raises:
        UsageError: a value is outside its range.
    """
    return _with_steps(_staged(options).stages["pixels"], options.steps)


def _staged(options: Options) -> Chain:
    """The stages of the config at these options, as many steps as all of them have to share."""
    plan = load_chain(CONFIG)
    steps = {label: max(1, options.steps * config.steps // plan.steps) for label, config in plan.stages.items()}
    steps["pixels"] += options.steps - sum(steps.values())
    stages = {}
    for label, config in plan.stages.items():
        own: dict[str, Any] = {"start_from": str(options.start_from or "")} if label == "pixels" else {}
        stages[label] = _with_steps(replace(
            config, cards=str(options.cards), recipe=options.recipe, seed=options.seed, batch=options.batch,
            crop_px=options.crop_px, **own,
        ), steps[label])  # fmt: skip
    return Chain(plan.name, stages)


def _with_steps(config: TrainConfig, steps: int) -> TrainConfig:
    return replace(config, steps=steps, check_every=-(-steps // CHECKS))


def _alone(config: TrainConfig) -> Chain:
    return Chain(config.name, {config.stage: config})


def _without(name: str, kinds: Sequence[str], recipe: Recipe, base: TrainConfig, recipes: Path) -> Row:
    """The base without some kinds of noise."""
    left_out = [kind for kind in dict.fromkeys(kinds) if kind in recipe.kinds]
    if not left_out:
        return Row(name, "", not_run=f"the recipe holds no {' or '.join(kinds) or 'patterns'}")
    path = recipes / f"{Path(base.recipe).stem}-without-{'-'.join(left_out)}.toml"
    recipes.mkdir(parents=True, exist_ok=True)
    path.write_text(recipe_without(base.recipe, left_out), encoding="utf-8")
    before, after = (sum(step.chance for step in one.steps) for one in (recipe, load_recipe(path)))
    differs = f"no {', no '.join(left_out)}; nothing comes instead: chances add up to {after:.2f}, not to {before:.2f}"
    return Row(name, differs, _alone(replace(base, recipe=str(path))))


def _with_text(base: TrainConfig, recogniser: Path | None) -> Row:
    name = "with the text term"
    if recogniser is None:
        return Row(name, "", not_run="no recogniser to judge text (--recogniser FILE)")
    judged = replace(base, recogniser=str(recogniser), text_weight=TEXT_WEIGHT)
    return Row(name, f"text_weight {TEXT_WEIGHT:g}", _alone(judged))


def _with_gate(options: Options) -> Row:
    if options.gate is None:
        return Row("with a gate", "", not_run="no gate; it takes one calibrated for the base's model (--gate FOLDER)")
    return Row("with a gate", "the base's own model; the gate keeps pages as scanned", gate=options.gate)


def recipe_without(recipe: str, kinds: Collection[str]) -> str:
    """A recipe as TOML, without some kinds of noise, and with all that it takes from its base.

    Args:
        recipe: name of a built-in one, or a TOML file, that `docpipe.noise.recipe.load_recipe` reads.
        kinds: of its noises.
    """
    built_in = BUILT_IN / f"{recipe}.toml"
    table = tomllib.loads((built_in if built_in.is_file() else Path(recipe)).read_text(encoding="utf-8"))
    if "base" in table:
        table = tomllib.loads((BUILT_IN / f"{table.pop('base')}.toml").read_text(encoding="utf-8")) | table
    for name in STEP_TABLES:
        if name in table:
            table[name] = [entry for entry in table[name] if entry["kind"] not in kinds]
    return _as_toml(table)


def _as_toml(recipe: Mapping[str, Any]) -> str:
    """Texts, numbers and lists of them are written in TOML as in JSON."""
    lines = _assignments({key: value for key, value in recipe.items() if key not in STEP_TABLES})
    for name in STEP_TABLES:
        for entry in recipe.get(name, []):
            lines += ["", f"[[{name}]]", *_assignments(entry)]
    return "\n".join(lines) + "\n"


def _assignments(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
