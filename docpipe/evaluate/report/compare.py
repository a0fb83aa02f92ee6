"""Two cleanings of the same cards, card by card: whose gain is it, and is it more than chance?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from docpipe.errors import InputError
from docpipe.evaluate.findings import CardResult, Findings
from docpipe.evaluate.report.wording import counted, p_value, percent, percent_interval, points, points_interval
from docpipe.evaluate.uplift import Interval, Table, bootstrap_net_clustered, mcnemar_p, tabulate, wilson

BOOTSTRAP_SEED = 0
DIFFERENT_RULES = "the two reports judged by different rules", "evaluate both with the same truth and schema"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The cards that both reports have, by whether they pass cleaned.

    Args:
        both: cards that pass in both.
        only_first: ids of the cards that pass in the first report only; `only_second` likewise.
        neither: cards that pass in none.
        left_out: cards that only one of the reports has.
        net: rate of the second minus rate of the first, -1 to 1.
        net_interval: by bootstrap over cards, at 95 %; draws of one card are kept together.
        p: McNemar, exact, two-sided.
        other_schema: cards that both have, and whose schema differs, or was found in one of them alone.
        models_first: that cleaned the scans of the first report; empty where it does not say. `models_second` likewise.
    """

    both: int
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    neither: int
    left_out: int
    net: float
    net_interval: Interval
    p: float
    other_schema: int = 0
    models_first: tuple[str, ...] = ()
    models_second: tuple[str, ...] = ()


def compare_findings(first: Findings, second: Findings) -> Comparison:
    """Hold the cleaned verdicts of two evaluations against each other.

    Where schemas are found out from the scans, the cleaned one may tell a schema that the raw one does not: with one
    cleaning and not with the other. Such a card failed where no schema fits, and that is a gain of the other cleaning.

    Raises:
        InputError: they have no card in common, judged by different rules, were read by different OCR, or do not agree
            on which cards of the same schema pass raw.
    """
    in_both = first.schemas.keys() & second.schemas.keys()
    if first.has_truth != second.has_truth or any(first.schemas[name] != second.schemas[name] for name in in_both):
        raise InputError(*DIFFERENT_RULES)
    if dict(first.engines) != dict(second.engines):
        raise InputError("the two reports were read by different OCR", "evaluate both with the same --ocr, here")
    of_second = {card.id: card for card in second.cards}
    shared = [(card, of_second[card.id]) for card in first.cards if card.id in of_second]
    if not shared:
        raise InputError(
            "the two reports have no card in common", "a card is known by its raw scan: evaluate both against the same"
        )
    same_schema = [(one, other) for one, other in shared if one.schema == other.schema]
    if not same_schema and all(one.schema and other.schema for one, other in shared):
        raise InputError(*DIFFERENT_RULES)
    if unlike := sum(one.raw.passes is not other.raw.passes for one, other in same_schema):
        raise InputError(
            f"of {unlike} of {len(same_schema)} cards only one report says that they pass raw",
            "evaluate both against the same raw scans, with the same docpipe",
        )
    table = _cleaned_table(shared)
    draws: dict[str, list[tuple[CardResult, CardResult]]] = defaultdict(list)
    for one, other in shared:
        draws[one.card].append((one, other))
    return Comparison(
        both=table.both,
        only_first=tuple(one.id for one, other in shared if one.cleaned.passes and not other.cleaned.passes),
        only_second=tuple(one.id for one, other in shared if other.cleaned.passes and not one.cleaned.passes),
        neither=table.neither,
        left_out=len(first.cards) + len(second.cards) - 2 * len(shared),
        net=table.absolute_uplift,
        net_interval=bootstrap_net_clustered([_cleaned_table(some) for some in draws.values()], seed=BOOTSTRAP_SEED),
        p=mcnemar_p(table.rescued, table.broken),
        other_schema=len(shared) - len(same_schema),
        models_first=tuple(first.models),
        models_second=tuple(second.models),
    )


def _cleaned_table(shared: Sequence[tuple[CardResult, CardResult]]) -> Table:
    """Who passes cleaned: the first report stands where raw does in an evaluation, the second where cleaned does."""
    return tabulate([one.cleaned.passes for one, _ in shared], [other.cleaned.passes for _, other in shared])


def comparison_as_text(comparison: Comparison, first: str, second: str) -> str:
    """The comparison for a person; `first` and `second` are the names of the reports."""
    both, only_first = comparison.both, len(comparison.only_first)
    only_second, neither = len(comparison.only_second), comparison.neither
    cards = both + only_first + only_second + neither
    lines = [
        f"1  {first}{_cleaned_by(comparison.models_first)}",
        f"2  {second}{_cleaned_by(comparison.models_second)}",
        "",
        "                2 passes  2 fails",
        f"1 passes        {both:>8}  {only_first:>7}",
        f"1 fails         {only_second:>8}  {neither:>7}",
        "",
        _rate_line("1", both + only_first, cards),
        _rate_line("2", both + only_second, cards),
        f"2 - 1    {points(comparison.net)}  [{points_interval(comparison.net_interval)}]  (bootstrap)",
        f"McNemar  p {p_value(comparison.p)}  (exact, two-sided; {only_second} pass in 2 only, {only_first} in 1 only)",
    ]
    if comparison.other_schema:
        unlike = counted(comparison.other_schema, "card")
        lines += ["", f"{unlike} judged by another schema in each report, or by none in one, where it fails."]
    if comparison.left_out:
        lines += ["", f"{counted(comparison.left_out, 'card')} that only one of the reports has are left out."]
    return "\n".join(lines)


def _cleaned_by(models: Sequence[str]) -> str:
    return f"  (cleaned by {' and '.join(models)})" if models else ""


def _rate_line(name: str, passed: int, cards: int) -> str:
    interval = percent_interval(wilson(passed, cards))
    return f"{name:<8} {percent(passed / cards)}  [{interval}]  ({passed} of {counted(cards, 'card')} pass; Wilson)"
