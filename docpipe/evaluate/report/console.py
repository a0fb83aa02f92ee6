"""What the command prints: the figures for a person, or lines of JSON for programs. No values of fields."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

from docpipe.evaluate.findings import Ceiling, Findings
from docpipe.evaluate.report.headline import is_beyond_null, reservations, worst_stratum
from docpipe.evaluate.report.wording import wrong_fields
from docpipe.evaluate.uplift import Interval, Table

RIGHT = {True: "right against the truth", False: "valid by its own rules (check digits, dates, formats)"}
"""What a field must be where there is a truth, and where there is none."""


def as_text(findings: Findings) -> str:
    """The 2x2 table, rates, share of the possible uplift, difference, p, the worst stratum, and what was left out."""
    table = findings.table
    low, high = (100 * side for side in findings.absolute_interval)
    relative = "-" if findings.relative_uplift is None else f"{100 * findings.relative_uplift:+.1f} % of the raw rate"
    return "\n".join(
        [
            "                 cleaned passes  cleaned fails",
            f"raw passes       {table.both:>14}  {table.broken:>13}   (broken)",
            f"raw fails        {table.rescued:>14}  {table.neither:>13}",
            "                      (rescued)",
            "",
            _rate_line("raw", table.both + table.broken, table.cards, findings.raw_interval),
            _rate_line("cleaned", table.both + table.rescued, table.cards, findings.cleaned_interval),
            *(_ceiling_lines(findings.ceiling, table.cards) if findings.ceiling else []),
            f"net       {100 * findings.absolute_uplift:+.1f} points  [{low:+.1f}, {high:+.1f}]  (absolute; bootstrap)",
            f"          {relative}  (relative)",
            f"McNemar  p = {findings.p:.3g}  (exact, two-sided; {table.rescued} rescued, {table.broken} broken)",
            *(["          too small, for some cards are several draws of one: the interval decides"]
              if findings.has_draws else []),
            *(_null_lines(findings, findings.null) if findings.null else []),
            "worst     {}  ({})".format(*worst_stratum(findings.worst)),
            "",
            f"A card passes when every required field is {RIGHT[findings.has_truth]}. Intervals are at 95 %.",
            f"Read by {_engines(findings.engines)}.",
            *reservations(findings),
        ]
    )


def _null_lines(findings: Findings, null: Table) -> list[str]:
    points, changed = f"{100 * null.absolute_uplift:+.1f} points", f"{null.rescued} rescued, {null.broken} broken"
    line = f"null      {points}  ({changed} by a change that means nothing)"
    return [line] if is_beyond_null(findings) else [line, "          cleaning moves no more cards than that: no effect"]


def _engines(engines: Mapping[str, str]) -> str:
    first, *others = (f"{name} {version}" for name, version in engines.items())
    return f"{first}, whose figures these are; then by {' and '.join(others)}" if others else first


def _ceiling_lines(ceiling: Ceiling, cards: int) -> list[str]:
    rate = _rate_line("clean", ceiling.passed, cards, ceiling.rate_interval)
    if ceiling.share is None:
        return [rate, "possible  nothing to gain: without noise no more cards pass than raw"]
    ends = "too few cards for an interval"
    if ceiling.share_interval:
        ends = "{:.1f}, {:.1f}".format(*(100 * side for side in ceiling.share_interval))
    return [rate, f"possible  {100 * ceiling.share:.1f} %  [{ends}]  (share of the possible uplift; bootstrap)"]


def _rate_line(name: str, passed: int, cards: int, interval: Interval) -> str:
    low, high = (100 * side for side in interval)
    return f"{name:<8}  {100 * passed / cards:.1f} %  [{low:.1f}, {high:.1f}]  ({passed} of {cards} pass; Wilson)"


def as_json_lines(findings: Findings, *, with_names: bool = False) -> Iterator[str]:
    """A line for each card, by its id, then one with the figures.

    Args:
        findings: to be told.
        with_names: say the name of each scan too: personal data.
    """
    for card in findings.cards:
        name = {"file": card.file} if with_names else {}
        yield json.dumps(
            {
                "id": card.id, **name, "layout": card.layout, "schema": card.schema, "outcome": card.outcome,
                "raw": card.raw.passes, "cleaned": card.cleaned.passes, "clean": card.passes_clean,
                "choice": card.choice, "pages": card.pages,
                "wrong_raw": wrong_fields(card.raw), "wrong_cleaned": wrong_fields(card.cleaned),
                "problem_raw": card.raw.problem, "problem_cleaned": card.cleaned.problem, "strata": card.strata,
            }
        )  # fmt: skip
    figures = asdict(replace(findings, cards=()))
    del figures["cards"]
    yield json.dumps(figures)
