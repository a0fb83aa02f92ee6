"""The ceiling: what the same cards reach without any noise, and how much of the way there cleaning went."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from docpipe.evaluate.findings import CardResult, Ceiling
from docpipe.evaluate.strata import BOOTSTRAP_SEED, table_of
from docpipe.evaluate.uplift import bootstrap_share_clustered, share_of_possible, wilson


def ceiling_of(cards: Sequence[CardResult], drawn_from: Mapping[str, int | str], folder: Path) -> Ceiling:
    """The figures of cards that were read without noise too.

    Args:
        cards: at least one.
        drawn_from: file -> the card it is a draw of; draws of one card are kept together in the bootstrap.
        folder: where the scans without noise lie.
    """
    draws: dict[int | str, list[CardResult]] = defaultdict(list)
    for card in cards:
        draws[drawn_from[card.file]].append(card)
    passed = sum(bool(card.passes_clean) for card in cards)
    share = share_of_possible(table_of(cards), passed / len(cards))
    interval = None
    if share is not None:
        tables = [table_of(some) for some in draws.values()]
        clean = [sum(bool(card.passes_clean) for card in some) for some in draws.values()]
        interval = bootstrap_share_clustered(tables, clean, seed=BOOTSTRAP_SEED)
    return Ceiling(str(folder), passed, passed / len(cards), wilson(passed, len(cards)), share, interval)
