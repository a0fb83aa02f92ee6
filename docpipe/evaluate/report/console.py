"""What the command prints: the figures for a person, or lines of JSON for programs. No values of fields."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace

from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report.wording import wrong_fields
from docpipe.evaluate.summary import Summary
from docpipe.evaluate.summary import as_text as summary_as_text

WITHOUT_TRUTH = "There was no truth: fields are held against their own rules instead (check digits, dates, formats)."


def as_text(findings: Findings) -> str:
    """The 2x2 table, rates, difference and p."""
    text = summary_as_text(_summary(findings))
    return text if findings.has_truth else f"{text}\n{WITHOUT_TRUTH}"


def as_json_lines(findings: Findings) -> Iterator[str]:
    """A line for each card, then one with the figures."""
    for card in findings.cards:
        yield json.dumps(
            {
                "file": card.file, "layout": card.layout, "schema": card.schema, "outcome": card.outcome,
                "raw": card.raw.passes, "cleaned": card.cleaned.passes, "choice": card.choice,
                "wrong_raw": wrong_fields(card.raw), "wrong_cleaned": wrong_fields(card.cleaned), "strata": card.strata,
            }
        )  # fmt: skip
    figures = asdict(replace(findings, cards=()))
    del figures["cards"]
    yield json.dumps(figures)


def _summary(findings: Findings) -> Summary:
    return Summary(
        table=findings.table,
        raw_rate=findings.raw_rate,
        raw_interval=findings.raw_interval,
        cleaned_rate=findings.cleaned_rate,
        cleaned_interval=findings.cleaned_interval,
        absolute_uplift=findings.absolute_uplift,
        absolute_interval=findings.absolute_interval,
        relative_uplift=findings.relative_uplift,
        mcnemar_p=findings.p,
        wrong_raw=dict(Counter(name for card in findings.cards for name in wrong_fields(card.raw))),
        wrong_cleaned=dict(Counter(name for card in findings.cards for name in wrong_fields(card.cleaned))),
    )
