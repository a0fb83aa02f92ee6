"""The report in order, from what decides to how it was measured."""

from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report.blocks import Document
from docpipe.evaluate.report.cost import Prices, time_and_cost
from docpipe.evaluate.report.figures import choices, false_accepts, fields, mended_characters, statistics, strata
from docpipe.evaluate.report.headline import headline
from docpipe.evaluate.report.method import method, this_run
from docpipe.evaluate.report.wording import counted


def document(findings: Findings, prices: Prices) -> Document:
    """What the web page and the PDF both show."""
    cards = counted(findings.table.cards, "card")
    return Document(
        title=f"Uplift of {cards}",
        about=f"{findings.raw} → {findings.cleaned}, {cards}, {findings.made[:16].replace('T', ' ')}",
        headline=headline(findings),
        sections=(
            strata(findings), fields(findings), false_accepts(findings), mended_characters(findings), choices(findings),
            time_and_cost(findings, prices), statistics(findings), method(findings), this_run(findings),
        ),
    )  # fmt: skip
