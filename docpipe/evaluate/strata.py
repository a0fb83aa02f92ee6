"""Strata: the paired figures of cards that have something in common, corrected for looking at many of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from docpipe.evaluate.findings import ENGINES, FIELDS, CardReading, CardResult, FieldReading, Stratum
from docpipe.evaluate.uplift import Interval, Table, bootstrap_net_clustered, holm, mcnemar_p, tabulate

BOOTSTRAP_SEED = 0
FEWEST_CARDS = 20        # on fewer, the Wilson interval of a pass rate may be wider than 40 points: it says nothing


def strata_of(
    cards: Sequence[CardResult],
    by_engine: Mapping[str, Sequence[CardResult]] = MappingProxyType({}),
) -> tuple[Stratum, ...]:
    """The figures of every stratum, group by group; a card counts in each stratum that it belongs to.

    Each field of each schema is a stratum of the group "field", as in "surname of td1": its cards are those that have
    the field, and pass where it is right.

    Args:
        cards: with their strata.
        by_engine: OCR engine -> the same cards as it read them; each is a stratum of the group "engine".

    Returns:
        Groups in the order in which the cards name them, the strata of each by number or name, then fields and engines
        as they come; `p_holm` is corrected over all of them.
    """
    members: dict[str, dict[str, list[CardResult]]] = defaultdict(lambda: defaultdict(list))
    for card in cards:
        for group, names in card.strata.items():
            in_group = members[group]                    # also where this card is in none of its strata
            for name in names:
                in_group[name].append(card)
    places = [(group, name) for group, names in members.items() for name in sorted(names, key=_by_number_or_name)]
    for group, of_group in ((FIELDS, _by_field(cards)), (ENGINES, by_engine)):
        places += [(group, name) for name in of_group]
        members[group] = {name: list(some) for name, some in of_group.items()}
    tables = [table_of(members[group][name]) for group, name in places]
    p_values = [mcnemar_p(table.rescued, table.broken) for table in tables]
    return tuple(
        Stratum(group, name, table, net_interval(members[group][name]), p, p_holm)
        for (group, name), table, p, p_holm in zip(places, tables, p_values, holm(p_values), strict=True)
    )


def _by_field(cards: Sequence[CardResult]) -> dict[str, list[CardResult]]:
    """Field -> the cards that have it, as if nothing else had to be right."""
    of_field: dict[str, list[CardResult]] = defaultdict(list)
    for card in cards:
        for raw, cleaned in zip(card.raw.fields, card.cleaned.fields, strict=True):
            alone = replace(card, raw=_alone(card.raw, raw), cleaned=_alone(card.cleaned, cleaned))
            of_field[f"{raw.name} of {card.schema}"].append(alone)
    return of_field


def _alone(reading: CardReading, field: FieldReading) -> CardReading:
    """It passes where the field is right, be it that of an unread scan: an empty truth is met there too."""
    return replace(reading, fields=(replace(field, required=True),), problem="")


def worst_of(strata: Sequence[Stratum]) -> Stratum | None:
    """The stratum with the lowest absolute uplift among those of at least `FEWEST_CARDS`; of equals the first.

    Engines are none to be named: each has all cards, and the first of them is the figure for all.
    """
    large = [one for one in strata if one.group != ENGINES and one.table.cards >= FEWEST_CARDS]
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
