"""Strata: the paired figures of cards that have something in common, corrected for looking at many of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from docpipe.evaluate.findings import CardResult, Stratum
from docpipe.evaluate.uplift import Interval, Table, bootstrap_net_clustered, holm, mcnemar_p, tabulate

BOOTSTRAP_SEED = 0
FEWEST_CARDS = 20        # on fewer, the Wilson interval of a pass rate may be wider than 40 points: it says nothing


def strata_of(
    cards: Sequence[CardResult],
    by_engine: Mapping[str, Sequence[CardResult]] = MappingProxyType({}),
) -> tuple[Stratum, ...]:
    """The figures of every stratum, group by group; a card counts in each stratum that it belongs to.

    Args:
        cards: with their strata.
        by_engine: OCR engine -> the same cards as it read them; each is a stratum of the group "engine".

    Returns:
        Groups in the order in which the cards name them, the strata of each by number or name, and then the engines as
        they come; `p_holm` is corrected over all of them.
    """
    members: dict[str, dict[str, list[CardResult]]] = defaultdict(lambda: defaultdict(list))
    for card in cards:
        for group, names in card.strata.items():
            in_group = members[group]                    # also where this card is in none of its strata
            for name in names:
                in_group[name].append(card)
    places = [(group, name) for group, names in members.items() for name in sorted(names, key=_by_number_or_name)]
    places += [("engine", engine) for engine in by_engine]
    members["engine"] = {engine: list(read) for engine, read in by_engine.items()}
    tables = [table_of(members[group][name]) for group, name in places]
    p_values = [mcnemar_p(table.rescued, table.broken) for table in tables]
    return tuple(
        Stratum(group, name, table, net_interval(members[group][name]), p, p_holm)
        for (group, name), table, p, p_holm in zip(places, tables, p_values, holm(p_values), strict=True)
    )


def worst_of(strata: Sequence[Stratum]) -> Stratum | None:
    """The stratum with the lowest absolute uplift among those of at least `FEWEST_CARDS`; of equals the first."""
    large = [stratum for stratum in strata if stratum.table.cards >= FEWEST_CARDS]
    return min(large, key=lambda stratum: stratum.table.absolute_uplift, default=None)


def table_of(cards: Sequence[CardResult]) -> Table:
    """The 2x2 table of at least one card."""
    return tabulate([card.raw.passes for card in cards], [card.cleaned.passes for card in cards])


def net_interval(cards: Sequence[CardResult]) -> Interval:
    """The interval of the absolute uplift, at 95 %, by bootstrap.

    Args:
        cards: at least one; draws of one card are kept together.
    """
    return bootstrap_net_clustered([table_of(draws) for draws in by_card(cards)], seed=BOOTSTRAP_SEED)


def by_card(cards: Sequence[CardResult]) -> list[list[CardResult]]:
    """Draws of one card together."""
    draws: dict[str, list[CardResult]] = defaultdict(list)
    for card in cards:
        draws[card.card].append(card)
    return list(draws.values())


def _by_number_or_name(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (0, name)
