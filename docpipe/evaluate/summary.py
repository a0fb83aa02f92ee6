"""The figures of one evaluation, as numbers and as lines for a person. No field values: names and counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from docpipe.evaluate.findings import CardResult, FieldFigures, FieldReading
from docpipe.evaluate.judge import Verdict
from docpipe.evaluate.text_errors import error_rate
from docpipe.evaluate.uplift import Interval, Table, bootstrap_net, mcnemar_p, tabulate, wilson

BOOTSTRAP_SEED = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What an evaluation found; rates and uplift from -1 to 1, intervals at 95 %.

    Args:
        table: cards by verdict.
        raw_rate: share that passes raw, with its Wilson interval; `cleaned_rate` likewise.
        absolute_uplift: cleaned rate minus raw rate, with its bootstrap interval.
        relative_uplift: the same as a share of the raw rate; None where nothing passes raw.
        mcnemar_p: exact, two-sided.
        wrong_raw: how often each required field was wrong raw; `wrong_cleaned` likewise.
    """

    table: Table
    raw_rate: float
    raw_interval: Interval
    cleaned_rate: float
    cleaned_interval: Interval
    absolute_uplift: float
    absolute_interval: Interval
    relative_uplift: float | None
    mcnemar_p: float
    wrong_raw: dict[str, int]
    wrong_cleaned: dict[str, int]


def summarise(verdicts: Sequence[Verdict]) -> Summary:
    """The figures of at least one verdict."""
    table = tabulate([verdict.raw for verdict in verdicts], [verdict.cleaned for verdict in verdicts])
    return Summary(
        table=table,
        raw_rate=table.raw_rate,
        raw_interval=wilson(table.both + table.broken, table.cards),
        cleaned_rate=table.cleaned_rate,
        cleaned_interval=wilson(table.both + table.rescued, table.cards),
        absolute_uplift=table.absolute_uplift,
        absolute_interval=bootstrap_net(table, seed=BOOTSTRAP_SEED),
        relative_uplift=table.relative_uplift,
        mcnemar_p=mcnemar_p(table.rescued, table.broken),
        wrong_raw=dict(Counter(name for verdict in verdicts for name in verdict.wrong_raw)),
        wrong_cleaned=dict(Counter(name for verdict in verdicts for name in verdict.wrong_cleaned)),
    )


def as_text(summary: Summary) -> str:
    """The figures for a person."""
    table = summary.table
    low, high = (100 * side for side in summary.absolute_interval)
    relative = "-" if summary.relative_uplift is None else f"{100 * summary.relative_uplift:+.1f} % of the raw rate"
    return "\n".join(
        [
            "                 cleaned passes  cleaned fails",
            f"raw passes       {table.both:>14}  {table.broken:>13}   (broken)",
            f"raw fails        {table.rescued:>14}  {table.neither:>13}",
            "                      (rescued)",
            "",
            _rate_line("raw", table.both + table.broken, table.cards, summary.raw_interval),
            _rate_line("cleaned", table.both + table.rescued, table.cards, summary.cleaned_interval),
            f"net       {100 * summary.absolute_uplift:+.1f} points  [{low:+.1f}, {high:+.1f}]  (absolute; bootstrap)",
            f"          {relative}  (relative)",
            f"McNemar  p = {summary.mcnemar_p:.3g}  (exact, two-sided; {table.rescued} rescued, {table.broken} broken)",
            "",
            "A card passes when every required field is right against the truth. Intervals are at 95 %.",
        ]
    )


def _rate_line(name: str, passed: int, cards: int, interval: Interval) -> str:
    low, high = (100 * side for side in interval)
    return f"{name:<8}  {100 * passed / cards:.1f} %  [{low:.1f}, {high:.1f}]  ({passed} of {cards} pass; Wilson)"


def field_figures(cards: Sequence[CardResult]) -> tuple[FieldFigures, ...]:
    """The figures of every field of every schema, in the order in which the cards have them."""
    read: dict[tuple[str, str], list[tuple[FieldReading, FieldReading]]] = {}
    for card in cards:
        for raw, cleaned in zip(card.raw.fields, card.cleaned.fields, strict=True):
            read.setdefault((card.schema, raw.name), []).append((raw, cleaned))
    return tuple(_figures(schema, pairs) for (schema, _), pairs in read.items())


def _figures(schema: str, pairs: Sequence[tuple[FieldReading, FieldReading]]) -> FieldFigures:
    raw, cleaned = zip(*pairs, strict=True)
    return FieldFigures(
        schema=schema,
        name=raw[0].name,
        required=raw[0].required,
        cards=len(pairs),
        right_raw=sum(one.right for one in raw),
        right_cleaned=sum(one.right for one in cleaned),
        cer_raw=_character_error_rate(raw),
        cer_cleaned=_character_error_rate(cleaned),
        wer_raw=_word_error_rate(raw),
        wer_cleaned=_word_error_rate(cleaned),
    )


def _character_error_rate(readings: Sequence[FieldReading]) -> float | None:
    return error_rate([one.char_edits or 0 for one in readings], [one.chars or 0 for one in readings])


def _word_error_rate(readings: Sequence[FieldReading]) -> float | None:
    return error_rate([one.word_edits or 0 for one in readings], [one.words or 0 for one in readings])
