"""What every noise has in common: ranges to draw from, a draw, and a page changed by what was drawn."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import inf, isfinite
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np

from docpipe.page import Gray, Page

Range = tuple[float, float]
"""A strength, a length or an angle is drawn uniformly between the two, both ends included."""

Counts = tuple[int, int]
"""A whole number is drawn between the two, both ends included."""

Choices = tuple[str, ...]
"""One of these words is drawn."""

ANY_SEED: Counts = (0, 2**32 - 1)
"""For effects that scatter things: the seed is a drawn parameter, so the parameters alone give the pixels."""

Parameters = dict[str, float | int | str]
"""What was drawn, one value a field: fit for JSON, and enough to make the same pixels again."""

MM_PER_INCH = 25.4
UNSTATED_DPI = 300.0
PLAUSIBLE_DPI = (50.0, 2400.0)


@dataclass(frozen=True, slots=True)
class Noise(ABC):
    """A family of noise. A subclass lists its ranges as fields and changes a page by one value from each.

    Every field is annotated `Range`, `Counts` or `Choices`, ends in `_mm` or `_deg` where it has a unit,
    and is what a recipe may set.
    """

    moves_ink: ClassVar[bool] = False
    """True for warps: the clean target must move with the ink."""

    harmless: ClassVar[Mapping[str, float]] = {}
    """The fields that make the effect strong, and the value of each at which the effect is gone."""

    def __post_init__(self) -> None:
        for field in fields(self):
            given: tuple[Any, ...] = getattr(self, field.name)
            if field.type == Choices:
                self._check_words(field.name, given, field.default)
            else:
                check_pair(field.name, given)

    def _check_words(self, name: str, given: Choices, default: Any) -> None:
        """Refuse a word that a field of choices does not know; by default it knows those of its default."""
        check_words(name, given, default)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw one value from every field."""
        drawn: Parameters = {}
        for field in fields(self):
            allowed: tuple[Any, ...] = getattr(self, field.name)
            if field.type == Choices:
                drawn[field.name] = str(allowed[int(rng.integers(len(allowed)))])
            elif field.type == Counts:
                drawn[field.name] = int(rng.integers(allowed[0], allowed[1] + 1))
            else:
                drawn[field.name] = float(rng.uniform(*allowed))
        return drawn

    def apply(self, page: Page, parameters: Parameters) -> Page:
        """Give the page with this noise on it: the same parameters always make the same pixels.

        The samples of the page are dropped: they show the page without the noise.

        Raises:
            ValueError: a parameter is outside the range in which the effect makes sense.
        """
        return replace(page, pixels=self._change(page, **parameters), samples=None)

    def __call__(self, page: Page, rng: np.random.Generator) -> Page:
        """Draw, then apply."""
        return self.apply(page, self.draw(rng))

    def at(self, severity: float) -> Self:
        """Fix how strong the effect is; places, angles and the like are still drawn.

        Args:
            severity: 0 leaves the page as it is, 1 is the strong end of every range in `harmless`, and
                between them strength grows in a straight line. An effect with nothing in `harmless`
                is the same at every severity.
        """
        check("severity", severity, 0, 1)
        fixed = {}
        for name, gone in self.harmless.items():
            worst = max(getattr(self, name), key=lambda end: abs(end - gone))
            strength = gone + severity * (worst - gone)
            fixed[name] = (strength, strength)
        return replace(self, **fixed)

    @abstractmethod
    def _change(self, page: Page, *args: Any, **parameters: Any) -> Gray:
        """Turn millimetres into pixels and call the pure function; parameters are named like the fields."""


def px_per_mm(page: Page) -> float:
    """Pixels a millimetre, from the stated resolution; 300 dpi where none, or an absurd one, is stated."""
    dpi = sum(page.dpi) / 2 if page.dpi else UNSTATED_DPI
    low, high = PLAUSIBLE_DPI
    return (dpi if low <= dpi <= high else UNSTATED_DPI) / MM_PER_INCH


def check(name: str, value: float, low: float, high: float = inf) -> None:
    """Refuse a parameter that makes no sense.

    Raises:
        ValueError: `value` is not between `low` and `high`, both included.
    """
    if not isinstance(value, Real) or not low <= value <= high:
        allowed = f"from {low:g} to {high:g}" if high < inf else f"{low:g} or more"
        raise ValueError(f"{name} is {value}; it must be {allowed}")


def check_words(name: str, given: Choices, known: Choices) -> None:
    """Refuse words that nobody knows.

    Raises:
        ValueError: `given` is empty, or holds what is not in `known`.
    """
    if not given or not set(given) <= set(known):
        raise ValueError(f"{name} is {list(given)}; it must be some of {list(known)}")


def check_pair(name: str, pair: tuple[Any, ...]) -> None:
    """Refuse what is no range.

    Raises:
        ValueError: `pair` is not two finite numbers, the lower one first.
    """
    numbers = len(pair) == 2 and all(isinstance(end, Real) and isfinite(end) for end in pair)
    if not numbers or pair[0] > pair[1]:
        raise ValueError(f"{name} is {list(pair)}; it must be two numbers, the lower one first")
