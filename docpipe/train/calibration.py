"""A gate's few numbers: from the statistics of a page to the chance that restoring is needed, and where it decides.

A logistic curve (Platt, 1999) is fitted to all cards that OCR reads in one of the two versions at least: it tells those
that fail as scanned, and are rescued, from those that pass as scanned, and may be broken. Cards that are broken would
be too few to fit anything to; and half of them are chance: OCR reads good print wrongly now and then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docpipe.errors import InputError
from docpipe.restore.gate_card import Calibration
from docpipe.restore.onnx_gate import Statistics

_NEWTON_STEPS = 50
_RIDGE = 2.0
"""Of the slopes, over statistics of spread 1: it keeps them finite where a few cards are told apart without fault."""


@dataclass(frozen=True, slots=True)
class JudgedCard:
    """A card that OCR has read in both versions.

    Args:
        statistics: of its page.
        passes_raw: OCR reads it as scanned.
        passes_restored: OCR reads the restored version.
    """

    statistics: Statistics
    passes_raw: bool
    passes_restored: bool

    @property
    def is_rescued(self) -> bool:
        """It passes restored only."""
        return self.passes_restored and not self.passes_raw

    @property
    def is_broken(self) -> bool:
        """It passes as scanned only."""
        return self.passes_raw and not self.passes_restored


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


def fit(cards: Sequence[JudgedCard]) -> tuple[float, tuple[float, ...]]:
    """Bias and slopes of a calibration.

    Raises:
        InputError: no card passes as scanned, or none is rescued.
    """
    told = [card for card in cards if card.passes_raw or card.is_rescued]
    needed = np.array([card.is_rescued for card in told], float)                    # (cards,)
    if not 0 < needed.sum() < len(needed):
        raise InputError(
            f"of {len(cards)} cards {int(needed.sum())} are rescued and {int(len(needed) - needed.sum())} pass as "
            "scanned: nothing can be fitted to that",
            hint="take more cards, with noise under which OCR reads about half",
        )
    measured = np.array([card.statistics for card in told])                         # (cards, statistics)
    middle, spread = measured.mean(axis=0), measured.std(axis=0) + 1e-9
    weights = _logistic((measured - middle) / spread, needed)
    slopes = weights[1:] / spread
    return float(weights[0] - slopes @ middle), tuple(map(float, slopes))


def _logistic(measured: NDArray[np.float64], needed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offset and slopes of log odds, by Newton's method."""
    given = np.concatenate([np.ones((len(measured), 1)), measured], axis=1)
    ridge = np.diag([0.0] + [_RIDGE] * measured.shape[1])
    weights = np.zeros(given.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(given @ weights, -30, 30)))
        slope = given.T @ (needed - chance) - ridge @ weights
        bend = (given * (chance * (1 - chance))[:, None]).T @ given + ridge
        weights = weights + np.linalg.solve(bend, slope)
    return weights


def operating_points(scores: NDArray[np.float64], cards: Sequence[JudgedCard]) -> list[OperatingPoint]:
    """What every threshold that makes a difference comes to, the lowest first.

    Args:
        scores: (N,) the gate's probability of each card.
        cards: of the same order.
    """
    rescued = np.array([card.is_rescued for card in cards])
    broken = np.array([card.is_broken for card in cards])
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
    bias, slopes = fit(cards)
    scores = scores_of(Calibration(bias, slopes, threshold=0.0), cards)
    point = choose(operating_points(scores, cards), sum(card.passes_raw for card in cards), broken_limit)
    return Calibration(bias, slopes, point.threshold), point


def scores_of(calibration: Calibration, cards: Sequence[JudgedCard]) -> NDArray[np.float64]:
    """(N,) the gate's probability of each card."""
    return np.array([calibration.probability(card.statistics) for card in cards])
