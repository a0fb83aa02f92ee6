"""Recipes: which noises a page gets, how likely and how strong. Data only: a new scanner is a new file."""

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from docpipe.errors import InputError
from docpipe.noise import NOISES, TEST_ONLY
from docpipe.noise.base import Counts, Noise, Parameters, Range, check, check_pair
from docpipe.noise.paste import Paste
from docpipe.noise.patterns import Split
from docpipe.page import Page

BUILT_IN = files("docpipe.noise") / "data"
RECIPE_KEYS: dict[str, type | tuple[type, ...]] = {
    "about": str, "source": str, "licence": str, "untouched": (int, float), "effects": list, "severity": list,
    "spread": (int, float), "noise": list, "more": list, "instead": list}
STEP_TABLES = ("noise", "more", "instead")
LEAST_CHANCE = 1e-6     # a noise that never comes is left out of the file
TRIAL_PAGE = Page(np.tile(np.linspace(0, 255, 32).astype(np.uint8), (32, 1)))


class Step(NamedTuple):
    """One noise of a recipe."""

    kind: str       # a key of `NOISES`
    chance: float   # above 0, at most 1
    noise: Noise
    severity: Range | None = None   # drawn from here, whatever that of the page; None: around that of the page


class Applied(NamedTuple):
    """One noise that a page got. `NOISES[kind]().apply(page, parameters)` puts it on again."""

    kind: str
    severity: float     # 0 to 1
    parameters: Parameters


class Touched(NamedTuple):
    """A page that a recipe was applied to."""

    page: Page
    severity: float     # how bad the page is made, 0 (left as it was) to 1; its noises lie around it
    applied: tuple[Applied, ...]    # in this order; enough to do it again


@dataclass(frozen=True, slots=True)
class Recipe:
    """A mixture of noises.

    Args:
        about: what it imitates.
        source: where its figures come from.
        licence: of the file.
        steps: in the order in which they are applied.
        untouched: share of pages that stay as they are.
        effects: least and most noises on a page that is touched.
        severity: a page is as bad as a number drawn uniformly from this range, within 0 to 1.
        spread: how far the severity of one noise may lie from that of its page: 0 for pages that are equally
            bad in everything, 1 for noises that know nothing of each other.
    """

    about: str
    source: str
    licence: str
    steps: tuple[Step, ...]
    untouched: float = 0.0
    effects: Counts = (1, 5)
    severity: Range = (0.0, 1.0)
    spread: float = 0.3

    def __post_init__(self) -> None:
        check("untouched", self.untouched, 0, 1)
        check("spread", self.spread, 0, 1)
        check_pair("severity", self.severity)
        check("the lower severity", self.severity[0], 0, 1)
        check("the higher severity", self.severity[1], 0, 1)
        check_pair("effects", self.effects)
        check("the least number of effects", self.effects[0], 0, len(self.steps))
        check("the largest number of effects", self.effects[1], 1)
        for step in self.steps:
            check(f"the chance of {step.kind}", step.chance, LEAST_CHANCE, 1)
            for severity in step.severity or ():
                check(f"the severity of {step.kind}", severity, 0, 1)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that it holds, defaults and bases included, in hexadecimal."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Its families of noise, in the order in which they are applied."""
        return tuple(step.kind for step in self.steps)

    @property
    def without_warps(self) -> "Recipe":
        """The same without the noises that move ink, for where it has to stay in its place."""
        steps = tuple(step for step in self.steps if not step.noise.moves_ink)
        return replace(self, steps=steps, effects=(min(self.effects[0], len(steps)), self.effects[1]))

    def of_split(self, split: Split) -> "Recipe":
        """The same with patterns of one split alone, so that none that was learnt from is tested on.

        Args:
            split: "train", "val" or "test".

        Raises:
            InputError: a library holds no such pattern.
        """
        steps = tuple(step._replace(noise=step.noise.of_split(split)) if isinstance(step.noise, Paste) else step
                      for step in self.steps)
        return replace(self, steps=steps)

    def apply(self, page: Page, rng: np.random.Generator, *, lead: str | None = None) -> Touched:
        """Make a page noisy.

        Args:
            page: a page, or a crop of one with its dpi; it is left as it is.
            rng: all that is left to chance.
            lead: a kind that is put on this page for certain, one of its `effects`; the others still come by
                chance. A page with a lead is never left untouched.

        Returns:
            The noisy page. Where `applied` holds a warp, its ink lies elsewhere: `moved_page` of
            docpipe.noise.moved moves the clean page along, and `moved_points` what was measured on it.

        Raises:
            ValueError: the recipe holds no noise of the kind `lead`.
        """
        severity, applied = self.draw(rng, lead=lead)
        for noise in applied:
            page = NOISES[noise.kind]().apply(page, noise.parameters)
        return Touched(page, severity, applied)

    def draw(self, rng: np.random.Generator, *, lead: str | None = None) -> tuple[float, tuple[Applied, ...]]:
        """Draw what a page gets, as `apply` does: its severity, and its noises in their order.

        Raises:
            ValueError: the recipe holds no noise of the kind `lead`.
        """
        if lead is not None and lead not in self.kinds:
            raise ValueError(f"lead is {lead!r}; it must be one of {', '.join(self.kinds)}")
        stays = rng.random() < self.untouched     # drawn even where a lead decides: the draws that follow are the same
        if stays and lead is None:
            return 0.0, ()
        page_severity = rng.uniform(*self.severity)
        around = max(0, page_severity - self.spread), min(1, page_severity + self.spread)
        applied = []
        for step in self._pick(rng, lead):
            severity = rng.uniform(*(step.severity or around))
            applied.append(Applied(step.kind, severity, step.noise.at(severity).draw(rng)))
        return page_severity, tuple(applied)

    def _pick(self, rng: np.random.Generator, lead: str | None) -> list[Step]:
        """Choose noises by their chances; where too few or too many come, the likeliest fill up or stay."""
        lots = rng.random(len(self.steps)) / [step.chance for step in self.steps]     # under 1: it comes
        if lead is not None:
            lots[self.kinds.index(lead)] = -1                                         # before all others
        number = int(np.clip((lots < 1).sum(), *self.effects))
        return [self.steps[place] for place in sorted(np.argsort(lots)[:number])]


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Read a recipe.

    Args:
        name_or_path: the name of a built-in recipe, such as "starter", or a TOML file. A file whose `base` names
            a built-in recipe needs to say only what differs from it; its [[noise]] entries replace those of the
            base, its [[more]] entries join them, its [[instead]] entries each take the place of those of their kind,
            and all come in the order of `NOISES`.

    Raises:
        InputError: there is no such recipe, it is not TOML, or it holds a key, a noise or a value that
            docpipe does not know.
    """
    try:
        return _parse_text(_read(name_or_path))
    except (tomllib.TOMLDecodeError, ValueError) as err:
        raise InputError(str(err), "docpipe/noise/data/starter.toml shows how a recipe is written") from err


@lru_cache(maxsize=16)
def _parse_text(text: str) -> Recipe:
    """Every pair asks for its recipe: a text is parsed once."""
    table = tomllib.loads(text)
    return parse_recipe(_over_base(table) if "base" in table else table)


def load_training_recipe(name_or_path: str | Path) -> Recipe:
    """Read a recipe that something is to learn from: a model, a starter pattern, a calibration.

    Raises:
        InputError: as in `load_recipe` and `Recipe.of_split`; or the recipe holds a family of noise that is for testing
            only.
    """
    recipe = load_recipe(name_or_path).of_split("train")
    if held_back := TEST_ONLY.intersection(recipe.kinds):
        raise InputError(f"recipe {str(name_or_path)!r} holds {', '.join(sorted(held_back))}: for testing only",
                         "train on another recipe, such as starter; what is measured on must not be learnt from")
    return recipe


def _read(name_or_path: str | Path) -> str:
    path = Path(name_or_path)
    built_in = BUILT_IN / f"{name_or_path}.toml"
    if path.suffix == ".toml" and path.is_file():
        return path.read_text(encoding="utf-8")
    if path.name == str(name_or_path) and built_in.is_file():
        return built_in.read_text(encoding="utf-8")
    raise InputError(f"there is no recipe {str(name_or_path)!r}",
                     f"name a .toml file or one of: {', '.join(built_in_recipes())}")


def _over_base(table: dict[str, Any]) -> dict[str, Any]:
    """A table laid over that of its base, a built-in recipe: what it does not say is as it is there."""
    if table["base"] not in built_in_recipes():
        raise InputError(f"base is {table['base']!r}, which is no built-in recipe",
                         f"name one of: {', '.join(built_in_recipes())}")
    base = tomllib.loads(_read(table["base"]))
    if "base" in base:
        raise InputError(f"base is {table['base']!r}, which has a base itself", f"name {base['base']!r} as the base")
    return base | {key: value for key, value in table.items() if key != "base"}


def built_in_recipes() -> list[str]:
    """Names that `load_recipe` knows."""
    return sorted(Path(entry.name).stem for entry in BUILT_IN.iterdir() if entry.name.endswith(".toml"))


def parse_recipe(table: dict[str, Any]) -> Recipe:
    """Build a recipe from a TOML table.

    Raises:
        InputError: a key or a noise is not known, or one is missing.
        ValueError: a value makes no sense.
    """
    _refuse_unknown("a recipe", table, RECIPE_KEYS)
    missing = {"about", "source", "licence", "noise"} - set(table)
    if missing:
        raise InputError(f"the recipe does not say {', '.join(sorted(missing))}",
                         "about, source, licence and at least one [[noise]] are needed")
    for key, value in table.items():
        if not isinstance(value, RECIPE_KEYS[key]):
            raise ValueError(f"{key} is {value!r}, which is of the wrong type")
    settings: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value
                                for key, value in table.items() if key not in STEP_TABLES}
    instead = [_parse_step(entry) for entry in table.get("instead", [])]
    replaced = {step.kind for step in instead}
    steps = [_parse_step(entry) for entry in [*table["noise"], *table.get("more", [])]]
    if absent := replaced - {step.kind for step in steps}:
        raise ValueError(f"instead names {', '.join(sorted(absent))}, which the base does not hold")
    if "more" in table or instead:
        order = list(NOISES)
        steps = sorted([*(step for step in steps if step.kind not in replaced), *instead],
                       key=lambda step: order.index(step.kind))
    return Recipe(steps=tuple(steps), **settings)


def _parse_step(entry: Any) -> Step:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in NOISES:
        raise InputError(f"there is no noise of kind {kind!r}", f"known: {', '.join(NOISES)}")
    known = {field.name: field.type for field in fields(NOISES[kind])}
    _refuse_unknown(f"the noise {kind}", entry, ["kind", "chance", "severity", *known])
    try:
        noise = NOISES[kind](**{name: _as_field(entry[name], known[name]) for name in known if name in entry})
        for end in (0, -1):  # a range that cannot be applied shows here, not in the middle of a training
            noise.apply(TRIAL_PAGE, {name: getattr(noise, name)[end] for name in known})
        severity = _as_field(entry["severity"], Range) if "severity" in entry else None
        if severity is not None:
            check_pair("severity", severity)
    except ValueError as err:
        raise ValueError(f"{kind}: {err}") from err
    return Step(kind, entry.get("chance", 1.0), noise, severity)


def _as_field(value: Any, field_type: Any) -> tuple[Any, ...]:
    """Turn a TOML list into the tuple that a noise takes; `[0, 1]` may stand for `[0.0, 1.0]`."""
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not a list")
    return tuple(float(end) if field_type == Range and isinstance(end, int) else end for end in value)


def _refuse_unknown(what: str, table: dict[str, Any], known: Iterable[str]) -> None:
    unknown = [key for key in table if key not in known]
    if unknown:
        raise InputError(f"{what} has no key {', '.join(map(repr, unknown))}", f"known: {', '.join(known)}")
