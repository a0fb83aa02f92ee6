"""The ceiling: what the same cards reach without any noise, and how much of the way there cleaning went."""

from collections.abc import Sequence
from pathlib import Path

from docpipe.evaluate.findings import CardResult, Ceiling
from docpipe.evaluate.strata import BOOTSTRAP_SEED, by_card, table_of
from docpipe.evaluate.uplift import bootstrap_share_clustered, share_of_possible, wilson


def ceiling_of(cards: Sequence[CardResult], folder: Path) -> Ceiling:
    """The figures of cards that were read without noise too.

    Args:
        cards: at least one; draws of one card are kept together in the bootstrap.
        folder: where the scans without noise lie.
    """
    passed = sum(bool(card.passes_clean) for card in cards)
    share = share_of_possible(table_of(cards), passed / len(cards))
    interval = None
    if share is not None:
        drawn = by_card(cards)
        tables = [table_of(draws) for draws in drawn]
        clean = [sum(bool(card.passes_clean) for card in draws) for draws in drawn]
        interval = bootstrap_share_clustered(tables, clean, seed=BOOTSTRAP_SEED)
    return Ceiling(str(folder), passed, passed / len(cards), wilson(passed, len(cards)), share, interval)
