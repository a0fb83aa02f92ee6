"""cards.csv: one line a card, ids and outcomes, no values; names.csv: which scan an id stands for."""

import csv
import io
from collections.abc import Iterable

from docpipe.evaluate.findings import CardReading, Findings
from docpipe.evaluate.report.wording import wrong_fields

COLUMNS = ("id", "layout", "schema", "outcome", "wrong_raw", "wrong_cleaned", "problem_raw", "problem_cleaned",
           "mended_raw", "mended_cleaned", "choice", "passes_clean")  # fmt: skip
PASSES = {True: "yes", False: "no", None: ""}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cards_csv(findings: Findings) -> str:
    """The table.

    Columns: `COLUMNS`, then one for each other group of strata. `wrong_raw` and `wrong_cleaned` name the required
    fields that keep the card from passing, `problem_raw` and `problem_cleaned` say why a scan was not read, and
    `mended_raw` and `mended_cleaned` list the characters that were put right: line of the zone or name of the labelled
    field, position (both numbers from 1) and rule, as in "2:14 digit" or "surname:3 name". `passes_clean` is empty
    where the card was not read without noise. Several entries of one cell stand between semicolons. A cell that a
    spreadsheet would take for a formula begins with an apostrophe.
    """
    groups = tuple(dict.fromkeys(group for card in findings.cards for group in card.strata if group not in COLUMNS))
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow((*COLUMNS, *map(_cell, groups)))
    for card in findings.cards:
        writer.writerow(
            [
                card.id, _cell(card.layout), _cell(card.schema), card.outcome,
                _listed(wrong_fields(card.raw)), _listed(wrong_fields(card.cleaned)),
                _cell(card.raw.problem), _cell(card.cleaned.problem),
                _listed(_places(card.raw)), _listed(_places(card.cleaned)),
                card.choice or "", PASSES[card.passes_clean],
                *(_listed(card.strata.get(group, ())) for group in groups),
            ]
        )  # fmt: skip
    return lines.getvalue()


def names_csv(findings: Findings) -> str:
    """Id -> name of the scan, one line a card, in the order of the cards: personal data.

    Raises:
        ValueError: the findings hold no names.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("id", "file"))
    for card in findings.cards:
        writer.writerow((card.id, _cell(card.known_file)))
    return lines.getvalue()


def _places(reading: CardReading) -> Iterable[str]:
    # The rule keeps a spreadsheet from taking a place for a time of day.
    return (f"{one.line}:{one.position} {one.rule}" for one in reading.mended)


def _listed(names: Iterable[str]) -> str:
    return _cell(";".join(names))


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
