"""A gate's few numbers: from the legibility of both versions of a page to a probability, and where it decides.

Each version passes OCR with a probability that rises with its legibility (Platt, 1999: a logistic curve over a score).
Both curves are fitted to all cards, of which about half pass; cards that restoring breaks would be too few to fit
anything to. Where just one version passes, the odds that it is the restored one are those of its passing over those of
the original's (Bradley and Terry, Biometrika 1952): that is the gate's probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docpipe.errors import InputError
from docpipe.restore.gate_card import Calibration

_NEWTON_STEPS = 50
_RIDGE = 1.0
"""Of the slopes, over legibilities of spread 1: it keeps them finite where a few cards are told apart without fault."""


@dataclass(frozen=True, slots=True)
class JudgedCard:
    """A card that OCR has read in both versions.

    Args:
        as_scanned: legibility of the page as scanned.
        restored: of the restored version.
        passes_raw: OCR reads it as scanned.
        passes_restored: OCR reads the restored version.
    """

    as_scanned: float
    restored: float
    passes_raw: bool
    passes_restored: bool


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a threshold comes to.

    Args:
        threshold: the restored version is kept from this probability on.
        rescued: cards that fail raw and pass as the gate leaves them.
        broken: cards that pass raw and fail as the gate leaves them.
        kept: cards whose original stays.
    """

    threshold: float
    rescued: int
    broken: int
    kept: int


def fit(cards: Sequence[JudgedCard]) -> tuple[float, float, float]:
    """Bias and slopes of a calibration: see `Calibration`.

    Raises:
        InputError: all cards pass, or all fail, in one of the two versions.
    """
    offset_raw, slope_raw = _logistic([card.as_scanned for card in cards], [card.passes_raw for card in cards])
    offset, slope = _logistic([card.restored for card in cards], [card.passes_restored for card in cards])
    return offset - offset_raw, min(0.0, -slope_raw), max(0.0, slope)


def _logistic(legibility: Sequence[float], passes: Sequence[bool]) -> tuple[float, float]:
    """Offset and slope of log odds, by Newton's method."""
    if all(passes) or not any(passes):
        raise InputError(
            f"{sum(passes)} of {len(passes)} cards pass OCR in one version: nothing can be fitted to that",
            hint="take more cards, with noise of which OCR reads about half",
        )
    measured, wanted = np.asarray(legibility), np.asarray(passes, float)
    middle, spread = measured.mean(), max(float(measured.std()), 1e-9)
    given = np.stack([np.ones_like(measured), (measured - middle) / spread], axis=1)     # (cards, 2)
    ridge = np.diag([0.0, _RIDGE])
    weights = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(given @ weights, -30, 30)))
        slope = given.T @ (wanted - chance) - ridge @ weights
        bend = (given * (chance * (1 - chance))[:, None]).T @ given + ridge
        weights = weights + np.linalg.solve(bend, slope)
    return float(weights[0] - weights[1] * middle / spread), float(weights[1] / spread)


def operating_points(scores: NDArray[np.float64], cards: Sequence[JudgedCard]) -> list[OperatingPoint]:
    """What every threshold that makes a difference comes to, the lowest first.

    Args:
        scores: (N,) the gate's probability of each card.
        cards: of the same order.
    """
    rescued = np.array([card.passes_restored and not card.passes_raw for card in cards])
    broken = np.array([card.passes_raw and not card.passes_restored for card in cards])
    points = []
    for threshold in [0.0, *_between(np.unique(scores)), 1.0]:
        keeps = scores >= threshold
        points.append(
            OperatingPoint(threshold, int(rescued[keeps].sum()), int(broken[keeps].sum()), int((~keeps).sum()))
        )
    return points


def _between(scores: NDArray[np.float64]) -> list[float]:
    """The middles between neighbours: a threshold that no card of the calibration lies on."""
    return list(map(float, (scores[1:] + scores[:-1]) / 2))


def choose(points: Sequence[OperatingPoint], passing_raw: int, broken_limit: float) -> OperatingPoint:
    """The point of most rescued cards that breaks no more than a share of those that pass raw; in doubt the higher.

    Args:
        points: as `operating_points` gives them.
        passing_raw: cards that pass raw.
        broken_limit: share of them that may be broken, 0 to 1.

    Raises:
        ValueError: `broken_limit` is no share.
    """
    if not 0 <= broken_limit <= 1:
        raise ValueError(f"broken_limit is {broken_limit}; it is a share, from 0 to 1")
    harmless = [point for point in points if point.broken <= broken_limit * passing_raw]
    return max(harmless, key=lambda point: (point.rescued, -point.broken, point.threshold))


def calibrate(cards: Sequence[JudgedCard], broken_limit: float) -> tuple[Calibration, OperatingPoint]:
    """Fit a gate's numbers, and choose where it decides.

    Args:
        cards: of validation, never those that anything is measured on.
        broken_limit: as for `choose`.

    Raises:
        InputError: as in `fit`.
        ValueError: as in `choose`.
    """
    numbers = fit(cards)
    scores = scores_of(Calibration(*numbers, threshold=0.0), cards)
    point = choose(operating_points(scores, cards), sum(card.passes_raw for card in cards), broken_limit)
    return Calibration(*numbers, threshold=point.threshold), point


def scores_of(calibration: Calibration, cards: Sequence[JudgedCard]) -> NDArray[np.float64]:
    """(N,) the gate's probability of each card."""
    return np.array([calibration.probability(card.as_scanned, card.restored) for card in cards])
