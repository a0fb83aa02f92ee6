"""One evaluation from end to end: which cards there are, how they are read, and what comes of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path

from docpipe.errors import InputError, UsageError
from docpipe.evaluate.cases import Case, cases_of, cases_of_folders, check_scans, read_truth
from docpipe.evaluate.field_figures import field_figures
from docpipe.evaluate.findings import CardReading, CardResult, Findings
from docpipe.evaluate.judge import read_cases
from docpipe.evaluate.provenance import PAIRS_NAME, Origin, read_choices, read_origins
from docpipe.evaluate.strata import net_interval, strata_of, table_of, worst_of
from docpipe.evaluate.uplift import mcnemar_p, wilson
from docpipe.ocr.schema import Schema, load_schema

RIGHT = {True: "say what the truth says", False: "are valid by their own rules: check digits, dates, formats"}


def evaluate(
    raw: Path,
    cleaned: Path,
    *,
    truth: Path | None,
    schema: str | None,
    pairs: Path | None = None,
    with_values: bool = False,
    workers: int | None = None,
    tell: Callable[[int], None] = lambda _done: None,
) -> Findings:
    """Read every card raw and cleaned, and count how many more pass.

    A scan that cannot be opened fails, raw or cleaned, and its `CardReading.problem` says why: one of thousands should
    not end the evaluation, and leaving it out would flatter the other version.

    Args:
        raw: folder of the scans as they came in.
        cleaned: folder of the same scans, cleaned, under the same names.
        truth: truth.jsonl of the cards. Without it every scan in `raw` that has its counterpart in `cleaned` is read,
            and its fields are judged by their own rules.
        schema: name or file of one schema for all cards; with truth None stands for that of each card's layout.
        pairs: provenance of the scans; by default the pairs.jsonl beside the truth, where there is one.
        with_values: keep what was read in the findings.
        workers: processes, at least 1; None for one a usable core.
        tell: called after each card with how many are done; `len(find_cases(...)[0])` is how many there are.

    Raises:
        UsageError: there is neither truth nor schema.
        InputError: a scan that the truth names is missing, not one can be opened, or the truth, the schema, the
            provenance or the ledger of the cleaning cannot be used.
        MissingToolError: Tesseract is not installed.
    """
    from docpipe.ocr.tesseract import Tesseract  # late: it loads OpenCV

    engines = {"tesseract": Tesseract().description}
    cases, left_out = find_cases(raw, cleaned, truth=truth, schema=schema)
    origins = _origins_of(cases, truth, pairs)
    choices = read_choices(cleaned)
    cards: list[CardResult] = []
    readings = read_cases(raw, cleaned, cases, with_values=with_values, workers=workers)
    for case, (before, after) in zip(cases, readings, strict=True):
        strata = {"layout": (case.layout,), **origins[case.file].strata}
        cards.append(
            CardResult(case.file, case.layout, case.schema.name, strata, before, after, choices.get(case.file))
        )
        tell(len(cards))
    return _findings(
        cards,
        raw=raw,
        cleaned=cleaned,
        engines=engines,
        schemas={case.schema.name: _pass_rule(case.schema, truth is not None) for case in cases},
        has_truth=truth is not None,
        drawn_from={file: origin.card for file, origin in origins.items()},
        left_out=left_out,
    )


def find_cases(raw: Path, cleaned: Path, *, truth: Path | None, schema: str | None) -> tuple[list[Case], int]:
    """The cards that `evaluate` will read, and the number of raw scans that it leaves out; nothing is decoded.

    Raises:
        UsageError: there is neither truth nor schema.
        InputError: a scan that the truth names is missing, or the truth or the schema cannot be used.
    """
    if truth is not None:
        cases = cases_of(read_truth(truth), schema)
        check_scans(raw, cleaned, [case.file for case in cases])
        return cases, 0
    if schema is None:
        raise UsageError("without truth a schema must say what is read", hint="name one with --schema, or give --truth")
    return cases_of_folders(raw, cleaned, load_schema(schema))


def _origins_of(cases: Sequence[Case], truth: Path | None, pairs: Path | None) -> dict[str, Origin]:
    if pairs is None and truth is not None and truth.with_name(PAIRS_NAME).is_file():
        pairs = truth.with_name(PAIRS_NAME)
    known = read_origins(pairs) if pairs is not None else {}
    if known and not any(case.file in known for case in cases):
        raise InputError(f"{pairs} knows none of the {len(cases)} scans", "name the pairs.jsonl of these scans")
    return {case.file: known.get(case.file, Origin(case.file, card=case.file)) for case in cases}


def _pass_rule(schema: Schema, has_truth: bool) -> str:
    return f"{', '.join(one.name for one in schema.required)} {RIGHT[has_truth]}"


def _findings(
    cards: Sequence[CardResult],
    *,
    raw: Path,
    cleaned: Path,
    engines: Mapping[str, str],
    schemas: Mapping[str, str],
    has_truth: bool,
    drawn_from: Mapping[str, int | str],
    left_out: int,
) -> Findings:
    readings = [reading for card in cards for reading in (card.raw, card.cleaned)]
    seconds = [reading.seconds for reading in readings if not reading.problem]
    if not seconds:
        raise InputError(f"none of the {len(readings)} scans can be opened; {cards[0].file}: {readings[0].problem}")
    table = table_of(cards)
    strata = strata_of(cards, drawn_from)
    return Findings(
        raw=str(raw),
        cleaned=str(cleaned),
        made=datetime.now().astimezone().isoformat(timespec="seconds"),
        docpipe=metadata.version("docpipe-ocr"),
        engines=engines,
        schemas=schemas,
        has_truth=has_truth,
        table=table,
        raw_rate=table.raw_rate,
        raw_interval=wilson(table.both + table.broken, table.cards),
        cleaned_rate=table.cleaned_rate,
        cleaned_interval=wilson(table.both + table.rescued, table.cards),
        absolute_uplift=table.absolute_uplift,
        absolute_interval=net_interval(cards, drawn_from),
        relative_uplift=table.relative_uplift,
        p=mcnemar_p(table.rescued, table.broken),
        false_accepts_raw=_false_accepts([card.raw for card in cards]) if has_truth else None,
        false_accepts_cleaned=_false_accepts([card.cleaned for card in cards]) if has_truth else None,
        strata=strata,
        worst=worst_of(strata),
        fields=field_figures(cards),
        choices=dict(Counter(card.choice for card in cards if card.choice is not None)),
        ocr_seconds=sum(seconds) / len(seconds),
        mended=sum(reading.mended for reading in readings),
        cards=tuple(cards),
        left_out=left_out,
    )


def _false_accepts(readings: Sequence[CardReading]) -> int:
    """Cards that seem right by themselves, and are not."""
    return sum(reading.valid and not reading.passes for reading in readings)
