"""Uplift: paired statistics of the same cards read raw and read cleaned. Pure functions of verdicts.

A card passes or fails twice, so what counts are the cards that changed: `rescued` (failed raw, pass cleaned) and
`broken` (the reverse). Differences of rates are in points (percentage points, absolute uplift); relative uplift is
the same difference as a share of the raw rate.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054         # standard normal quantile at 0.975
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Table:
    """The 2x2 table of paired verdicts: numbers of cards.

    Args:
        both: pass raw and cleaned.
        rescued: fail raw, pass cleaned.
        broken: pass raw, fail cleaned.
        neither: fail both times.
    """

    both: int
    rescued: int
    broken: int
    neither: int

    @property
    def cards(self) -> int:
        """All cards."""
        return self.both + self.rescued + self.broken + self.neither

    @property
    def raw_rate(self) -> float:
        """Share of cards that pass raw, 0 to 1."""
        return (self.both + self.broken) / self.cards

    @property
    def cleaned_rate(self) -> float:
        """Share of cards that pass cleaned, 0 to 1."""
        return (self.both + self.rescued) / self.cards

    @property
    def absolute_uplift(self) -> float:
        """Cleaned rate minus raw rate, -1 to 1: (rescued - broken) / cards. Times 100: points."""
        return (self.rescued - self.broken) / self.cards

    @property
    def relative_uplift(self) -> float | None:
        """The absolute uplift as a share of the raw rate; None where no card passes raw."""
        return self.absolute_uplift / self.raw_rate if self.raw_rate else None


def tabulate(raw: Sequence[bool], cleaned: Sequence[bool]) -> Table:
    """The table of verdicts, one of each for every card, in the same order.

    Raises:
        ValueError: there is no card, or the two differ in length.
    """
    if not raw or len(raw) != len(cleaned):
        raise ValueError(f"{len(raw)} raw and {len(cleaned)} cleaned verdicts are no pairs; at least one is needed")
    pairs = [(bool(before), bool(after)) for before, after in zip(raw, cleaned, strict=True)]
    return Table(
        both=pairs.count((True, True)),
        rescued=pairs.count((False, True)),
        broken=pairs.count((True, False)),
        neither=pairs.count((False, False)),
    )


def wilson(passed: int, cards: int, z: float = Z_95) -> Interval:
    """The score interval of a rate: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).

    Args:
        passed: 0 to `cards`.
        cards: n, at least 1.
        z: standard normal quantile; the default gives 95 %.

    Returns:
        Low and high, within [0, 1].

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not 0 <= passed <= cards or cards < 1:
        raise ValueError(f"{passed} of {cards} cards; passed must be from 0 to cards, and cards at least 1")
    share, spread = passed / cards, z * z / cards
    middle = share + spread / 2
    half = z * sqrt(share * (1 - share) / cards + spread / (4 * cards))
    low = 0.0 if passed == 0 else (middle - half) / (1 + spread)
    high = 1.0 if passed == cards else (middle + half) / (1 + spread)
    return low, high


def mcnemar_p(rescued: int, broken: int) -> float:
    """Two-sided exact McNemar test: 2 P(X <= min(rescued, broken)), at most 1, for X ~ Binomial(rescued + broken, 1/2).

    Only cards that changed count; without an effect each is as likely rescued as broken. It takes the cards as
    independent, so several draws of one card make p too small; the clustered bootstrap then says more.

    Returns:
        The p-value; 1 where no card changed.

    Source: Q. McNemar, Psychometrika 12 (1947); the exact form is the sign test of the discordant pairs.
    """
    if min(rescued, broken) < 0:
        raise ValueError(f"rescued is {rescued} and broken is {broken}; neither can be below 0")
    changed = rescued + broken
    tail = sum(comb(changed, count) for count in range(min(rescued, broken) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def bootstrap_net(table: Table, *, seed: int, draws: int = 10_000, level: float = 0.95) -> Interval:
    """Percentile interval of the absolute uplift: cards are drawn again with replacement, pairs kept together.

    To draw cards is to draw the table's four counts from a multinomial distribution, which is what is done, after one
    rescued and one broken card were added. Without these two the interval would be far too narrow where few cards
    changed: it would hold the true difference in a third to nine tenths of all cases. Beside hundreds of cards they do
    not show.

    Args:
        table: what was found.
        seed: the same seed gives the same interval.
        draws: number of tables drawn, at least 100.
        level: of the interval, between 0 and 1.

    Source: B. Efron and R. J. Tibshirani, "An introduction to the bootstrap" (1993), chapter 13; the two cards as in
        D. G. Bonett and R. M. Price, Journal of Educational and Behavioral Statistics 37 (2012).
    """
    kinds = Counter({(1, 0): table.both + table.neither, (1, 1): table.rescued, (1, -1): table.broken})
    return _bootstrap(kinds, seed, draws, level)


def bootstrap_net_clustered(
    tables: Sequence[Table], *, seed: int, draws: int = 10_000, level: float = 0.95
) -> Interval:
    """Percentile interval of the absolute uplift where a card was drawn several times: whole cards are drawn again.

    Several noisy draws of one card tend to pass or fail together; drawn one by one they would make the interval too
    narrow. With one draw of every card this is `bootstrap_net`; here, too, one rescued and one broken card are added,
    each with as many draws as cards have on average. Where the draws of a card pass and fail on their own, the interval
    is then wider than it had to be.

    Args:
        tables: of each card, its draws; at least one, none of them empty.
        seed: the same seed gives the same interval, whatever the order of `tables`.
        draws: number of sets of cards drawn, at least 100.
        level: of the interval, between 0 and 1.

    Source: A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application" (1997), section 3.8.
    """
    if not tables or not all(table.cards for table in tables):
        raise ValueError(f"{len(tables)} tables, some of them empty; at least one is needed, with a card in each")
    return _bootstrap(Counter((table.cards, table.rescued - table.broken) for table in tables), seed, draws, level)


def bootstrap_share_clustered(
    tables: Sequence[Table], clean: Sequence[int], *, seed: int, draws: int = 10_000, level: float = 0.95
) -> Interval | None:
    """Percentile interval of `share_of_possible`, over cards as in `bootstrap_net_clustered`, with the two added cards.

    Without any noise both of these pass.

    Args:
        tables: of each card, its draws; at least one, none of them empty.
        clean: of each card, how many of its draws pass without any noise.
        seed: the same seed gives the same interval, whatever the order of the cards.
        draws: number of sets of cards drawn, at least 100.
        level: of the interval, between 0 and 1.

    Returns:
        None where the interval would leave out fewer sets than those in which clean cards gain nothing: a share of
        nothing is none, and so many of them leave the true share without bounds.
    """
    possible = [passes - table.both - table.broken for passes, table in zip(clean, tables, strict=True)]
    nets = [table.rescued - table.broken for table in tables]
    size = round(sum(table.cards for table in tables) / len(tables))
    kinds = sorted(Counter([*zip(possible, nets, strict=True), (size, size), (0, -size)]).items())
    gains = _drawn([count for _, count in kinds], seed, draws, level) @ np.array([kind for kind, _ in kinds])
    shares = gains[gains[:, 0] > 0]
    if len(gains) - len(shares) > (1 - level) / 2 * draws:
        return None
    return _middle(shares[:, 1] / shares[:, 0], level)


def _bootstrap(clusters: Counter[tuple[int, int]], seed: int, draws: int, level: float) -> Interval:
    """Of clusters, counted by (number of cards, number of cards rescued minus broken), and the two that are added."""
    size = _mean_size(clusters)
    kinds = sorted((clusters + Counter([(size, size), (size, -size)])).items())
    sizes, nets = np.array([kind for kind, _ in kinds]).T
    drawn = _drawn([count for _, count in kinds], seed, draws, level)
    return _middle((drawn @ nets) / (drawn @ sizes), level)


def _mean_size(clusters: Counter[tuple[int, int]]) -> int:
    """Cards a cluster, rounded."""
    return round(sum(size * count for (size, _), count in clusters.items()) / clusters.total())


def _drawn(counts: Sequence[int], seed: int, draws: int, level: float) -> NDArray[np.int_]:
    """(draws, kinds): how many clusters of each kind every set holds, drawn with replacement."""
    if draws < 100 or not 0 < level < 1:
        raise ValueError(f"draws is {draws} and level is {level}; at least 100 draws, and a level between 0 and 1")
    shares = np.asarray(counts) / np.sum(counts)
    return np.random.default_rng(seed).multinomial(int(np.sum(counts)), shares, size=draws)


def _middle(values: NDArray[np.float64], level: float) -> Interval:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def share_of_possible(table: Table, clean_rate: float) -> float | None:
    """The absolute uplift as a share of the largest that could be had: (cleaned - raw) / (clean - raw).

    Args:
        table: what was found.
        clean_rate: share of the same cards that passes without any noise, 0 to 1: the ceiling.

    Returns:
        1 where cleaning makes up for all of the noise, below 0 where it harms; None where the ceiling is no higher
        than the raw rate, so that there is nothing to gain.

    Source: R. R. Hake's normalised gain, American Journal of Physics 66 (1998), with the clean rate for the full score.
    """
    if not 0 <= clean_rate <= 1:
        raise ValueError(f"clean_rate is {clean_rate}; it is a share of cards, from 0 to 1")
    possible = clean_rate - table.raw_rate
    return table.absolute_uplift / possible if possible > 0 else None


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of several tests, corrected so that the chance of any false alarm among them stays below the level.

    The smallest is multiplied by the number of tests, the next by one less, and so on; none falls below the one before.

    Args:
        p_values: each from 0 to 1.

    Returns:
        Corrected p-values, at most 1, in the order given.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
        (1979).
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError(f"p-values are {list(p_values)}; each is from 0 to 1")
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected
