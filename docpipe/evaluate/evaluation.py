"""One evaluation from end to end: which cards there are, how they are read, and what comes of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from docpipe.errors import InputError, UsageError
from docpipe.evaluate.cases import (
    Case,
    cases_of,
    cases_of_folders,
    check_scans,
    read_truth,
    scans_below,
    unnamed,
    with_counterpart,
)
from docpipe.evaluate.ceiling import ceiling_of
from docpipe.evaluate.field_figures import field_figures
from docpipe.evaluate.findings import NO_SCHEMA, CardReading, CardResult, Findings
from docpipe.evaluate.judge import read_cases, ready_ocr
from docpipe.evaluate.null_control import write_null_scans
from docpipe.evaluate.provenance import PAIRS_NAME, Cleaning, Origin, read_cleanings, read_origins
from docpipe.evaluate.raw_scans import ids_of, pages_of
from docpipe.evaluate.strata import net_interval, strata_of, table_of, worst_of
from docpipe.evaluate.uplift import Table, mcnemar_p, tabulate, wilson
from docpipe.ocr.engines import DEFAULT_OCR
from docpipe.ocr.mending import RULES
from docpipe.ocr.schema import Schema, load_schema

RIGHT = {True: "say what the truth says", False: "are valid by their own rules: check digits, dates, formats"}


def evaluate(
    raw: Path,
    cleaned: Path,
    *,
    truth: Path | None,
    schema: str | None,
    clean: Path | None = None,
    null: bool = False,
    pairs: Path | None = None,
    ocr: Sequence[str] = (DEFAULT_OCR,),
    cache: Path | None = None,
    with_values: bool = False,
    workers: int | None = None,
    tell: Callable[[int], None] = lambda _done: None,
) -> Findings:
    """Read every card raw and cleaned, and count how many more pass.

    A scan that cannot be opened, or that no schema fits, fails, raw or cleaned, and its `CardReading.problem` says why:
    one of thousands should not end the evaluation, and leaving it out would flatter the other version. So does a card
    of the truth whose cleaned scan is missing, for a cleaning that loses scans is no better for it.

    Args:
        raw: folder of the scans as they came in.
        cleaned: folder of the same scans, cleaned, under the same names.
        truth: truth.jsonl of the cards. Without it every scan in `raw` that has its counterpart in `cleaned` is read,
            and its fields are judged by their own rules.
        schema: name or file of one schema for all cards. None stands for that of each card's layout where there is a
            truth; where there is none, for the shipped one that fits its raw scan, or else its cleaned one.
        clean: folder of the same cards without any noise, under the same names: the ceiling of what cleaning can reach.
        null: read the null control of the raw scans too: how many cards flip by a change that means nothing. It lies in
            a temporary folder meanwhile, for this user alone.
        pairs: provenance of the scans; by default the pairs.jsonl beside the truth, where there is one.
        ocr: what reads, each one of `docpipe.ocr.engines.OCR_ENGINES`. All figures are of the first; with several, each
            has a stratum of all cards in the group "engine".
        cache: folder in which what OCR read is kept for the next evaluation: personal data, for this user alone (mode
            0700). What it holds already is not read again.
        with_values: keep what was read in the findings.
        workers: processes, at least 1; None for one a usable core.
        tell: called after each card with how many are done. There are `len(find_cases(...)[0])` of them for each
            engine, as many again to be read without noise, and at most as many for the null control.

    Raises:
        UsageError: there is no such engine, or two of them are the same.
        InputError: a raw scan that the truth names is missing, or all cleaned ones are; not one can be read; or the
            truth, the schema, the provenance, the ledger of the cleaning or the file in the cache cannot be used.
        OutputError: the cache is open to other users, or cannot be written.
        MissingToolError: the engine is not installed.
    """
    engines = _engines(ocr, cache)
    cases, left_out = find_cases(raw, cleaned, truth=truth, schema=schema, clean=clean)
    origins = _origins_of(cases, truth, pairs)
    cleanings = read_cleanings(cleaned)
    reader = _Reader(cache, workers, tell)
    readings = reader.read(raw, cleaned, cases, ocr[0], with_values=with_values)
    cases = [case for case, _, _ in readings]                    # now with the schemas that were found out
    without_noise = reader.read(clean, clean, cases, ocr[0]) if clean else []
    passes_clean = {case.file: reading.passes for case, reading, _ in without_noise}
    ids = ids_of(raw, [case.file for case in cases])
    first_draws = _first_draws(ids, origins)
    cards = [
        CardResult(
            ids[case.file], first_draws[origins[case.file].card], case.layout, case.schema.name if case.schema else "",
            {"layout": (case.layout,) if case.layout else (), **origins[case.file].strata},
            before, after, _choice(cleanings.get(case.file)), passes_clean.get(case.file), case.file,
            pages_of(raw / case.file) if before.problem in ("", NO_SCHEMA) else 1,      # what crashed is left alone
        )
        for case, before, after in readings
    ]  # fmt: skip
    moved = _null_control(reader, raw, cases, cards, ocr[0]) if null else None
    first, *others = engines
    by_engine = {first: cards}
    for name, engine in zip(others, ocr[1:], strict=True):
        read = reader.read(raw, cleaned, cases, engine)
        by_engine[name] = [
            replace(card, raw=before, cleaned=after) for card, (_, before, after) in zip(cards, read, strict=True)
        ]
    return _findings(
        by_engine,
        [cleanings[case.file] for case in cases if case.file in cleanings],
        raw=raw,
        cleaned=cleaned,
        engines=engines,
        schemas={case.schema.name: _pass_rule(case.schema, truth is not None) for case in cases if case.schema},
        has_truth=truth is not None,
        clean=clean,
        is_cached=cache is not None,
        left_out=left_out,
        is_drawn=any(origin.strata for origin in origins.values()),
        null=moved,
    )


class _Reader:
    """Reads the cards of two folders, and tells how many are done of all that it was given."""

    def __init__(self, cache: Path | None, workers: int | None, tell: Callable[[int], None]) -> None:
        self._cache, self._workers, self._tell, self._done = cache, workers, tell, 0

    def read(
        self, before: Path, after: Path, cases: Sequence[Case], engine: str, *, with_values: bool = False
    ) -> list[tuple[Case, CardReading, CardReading]]:
        readings = []
        for reading in read_cases(
            before, after, cases, ocr=engine, cache=self._cache, with_values=with_values, workers=self._workers
        ):
            readings.append(reading)
            self._done += 1
            self._tell(self._done)
        return readings


def find_cases(
    raw: Path, cleaned: Path, *, truth: Path | None, schema: str | None, clean: Path | None = None
) -> tuple[list[Case], int]:
    """The cards that `evaluate` will read, and the number of raw scans that it leaves out; nothing is decoded.

    With a truth, all cards that it names are read, those too whose cleaned scan is missing, and raw scans that it does
    not name are left out. Without one, those are that have no cleaned counterpart.

    Raises:
        InputError: a raw scan that the truth names is missing, or one without noise, or all cleaned ones are, or the
            truth or the schema cannot be used.
    """
    others = [clean] if clean else []
    if truth is not None:
        cases = cases_of(read_truth(truth), schema)
        check_scans(raw, cases)
        with_counterpart([case.file for case in cases], cleaned)
        left_out = len(unnamed(scans_below(raw, but_not=[cleaned, *others]), cases))
    else:
        cases, left_out = cases_of_folders(raw, cleaned, load_schema(schema) if schema else None, but_not=others)
    for folder in others:
        check_scans(folder, cases)
    return cases, left_out


def _null_control(
    reader: _Reader, raw: Path, cases: Sequence[Case], cards: Sequence[CardResult], engine: str
) -> Table:
    """Raw scans against their null control; a scan that could not be opened fails both times."""
    opened = [case for case, card in zip(cases, cards, strict=True) if card.raw.problem in ("", NO_SCHEMA)]
    passes = {}
    if opened:
        with TemporaryDirectory(prefix="docpipe-null-") as folder:               # for this user alone
            write_null_scans(raw, [case.file for case in opened], Path(folder))
            moved = reader.read(Path(folder), Path(folder), opened, engine)
        passes = {case.file: reading.passes for case, reading, _ in moved}
    return tabulate([card.raw.passes for card in cards], [passes.get(case.file, False) for case in cases])


def _origins_of(cases: Sequence[Case], truth: Path | None, pairs: Path | None) -> dict[str, Origin]:
    if pairs is None and truth is not None and truth.with_name(PAIRS_NAME).is_file():
        pairs = truth.with_name(PAIRS_NAME)
    known = read_origins(pairs) if pairs is not None else {}
    if known and not any(case.file in known for case in cases):
        raise InputError(f"{pairs} knows none of the {len(cases)} scans", "name the pairs.jsonl of these scans")
    return {case.file: known.get(case.file, Origin(case.file, card=case.file)) for case in cases}


def _first_draws(ids: Mapping[str, str], origins: Mapping[str, Origin]) -> dict[int | str, str]:
    """Card -> id of the first of its draws: what pairs know a card by may be the name of a scan."""
    first: dict[int | str, str] = {}
    for file, card_id in ids.items():
        first.setdefault(origins[file].card, card_id)
    return first


def _pass_rule(schema: Schema, has_truth: bool) -> str:
    return f"{', '.join(one.name for one in schema.required)} {RIGHT[has_truth]}"


def _engines(ocr: Sequence[str], cache: Path | None) -> dict[str, str]:
    """Name -> version and data, of every engine, which are all made ready before the first scan is read."""
    engines: dict[str, str] = {}
    for one in ocr:
        name, _, version = ready_ocr(one, cache).description.partition(" ")
        if name in engines:
            raise UsageError(f"the cards would be read by {name} twice", "name each engine once; auto is one of them")
        engines[name] = version
    return engines


def _findings(
    by_engine: Mapping[str, Sequence[CardResult]],
    cleanings: Sequence[Cleaning],
    *,
    raw: Path,
    cleaned: Path,
    engines: Mapping[str, str],
    schemas: Mapping[str, str],
    has_truth: bool,
    clean: Path | None,
    is_cached: bool,
    left_out: int,
    is_drawn: bool,
    null: Table | None,
) -> Findings:
    cards = next(iter(by_engine.values()))
    readings = [reading for card in cards for reading in (card.raw, card.cleaned)]
    seconds = [reading.seconds for reading in readings if not reading.problem]
    if not seconds:
        raise InputError(
            f"none of the {len(readings)} scans can be read; {cards[0].file}: {readings[0].problem}",
            "mend what is said of this scan, then try again: the others may have the same fault",
        )
    table = table_of(cards)
    strata = strata_of(cards, by_engine if len(by_engine) > 1 else {})
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
        absolute_interval=net_interval(cards),
        relative_uplift=table.relative_uplift,
        p=mcnemar_p(table.rescued, table.broken),
        false_accepts_raw=_false_accepts([card.raw for card in cards]) if has_truth else None,
        false_accepts_cleaned=_false_accepts([card.cleaned for card in cards]) if has_truth else None,
        strata=strata,
        worst=worst_of(strata),
        fields=field_figures(cards),
        choices=dict(Counter(one.choice for one in cleanings)),
        cleaning_seconds=fmean(one.seconds for one in cleanings) if cleanings else None,
        ocr_seconds=None if is_cached else fmean(seconds),
        mended_raw=_by_rule([card.raw for card in cards]),
        mended_cleaned=_by_rule([card.cleaned for card in cards]),
        cards=tuple(cards),
        ceiling=ceiling_of(cards, clean) if clean else None,
        left_out=left_out,
        several_pages=sum(card.pages > 1 for card in cards),
        models=dict(Counter(one.model for one in cleanings if one.model)),
        is_drawn=is_drawn,
        null=null,
    )


def _choice(cleaning: Cleaning | None) -> str | None:
    return cleaning.choice if cleaning else None


def _by_rule(readings: Sequence[CardReading]) -> dict[str, int]:
    """Characters put right in zones and labelled fields, by what told."""
    counts = Counter(one.rule for reading in readings for one in reading.mended)
    return {rule: counts[rule] for rule in RULES}


def _false_accepts(readings: Sequence[CardReading]) -> int:
    """Cards that seem right by themselves, and are not."""
    return sum(reading.valid and not reading.passes for reading in readings)
