"""Judging scans: the fields of each card are read and held against the truth.

Field values and OCR text go no further than this module and those it reads with: what leaves it are names of files and
fields, counts, right or wrong; and the values that were read only where a caller asks for them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from docpipe.cores import usable_cores
from docpipe.evaluate.cases import Case
from docpipe.evaluate.findings import NO_SCHEMA, CardReading, FieldReading
from docpipe.evaluate.kept_scans import KeptScans
from docpipe.evaluate.scan_pool import Asked, ScanPool
from docpipe.evaluate.scans import ScanRead, read_by
from docpipe.evaluate.text_errors import text_errors
from docpipe.ocr.cache import Answers, CachedEngine
from docpipe.ocr.engine import Engine
from docpipe.ocr.engines import DEFAULT_OCR, load_ocr
from docpipe.ocr.schema import Field, load_schema

if TYPE_CHECKING:
    from docpipe.ocr.extract import Extraction

CARDS_AHEAD = 32                 # are asked for before the one that is due is answered: a slow scan holds up no reader


@lru_cache(maxsize=1)
def ready_ocr(ocr: str, cache: Path | None) -> Engine:
    """What reads, made ready once a process.

    Args:
        ocr: one of `docpipe.ocr.engines.OCR_ENGINES`.
        cache: folder of what was read before; None for none.

    Raises:
        UsageError: there is no such engine.
        MissingToolError: the engine is not installed.
        OutputError: the cache is open to other users, or cannot be written.
        InputError: the file in it is no cache.
    """
    engine = load_ocr(ocr)
    return CachedEngine(engine, Answers(cache)) if cache is not None else engine


def read_cases(
    raw: Path,
    cleaned: Path,
    cases: Sequence[Case],
    *,
    ocr: str = DEFAULT_OCR,
    cache: Path | None = None,
    with_values: bool = False,
    workers: int | None = None,
) -> Iterator[tuple[Case, CardReading, CardReading]]:
    """Read every card in both folders, in processes beside this one.

    Args:
        raw: folder of the scans as they came in.
        cleaned: folder of the same names, cleaned.
        cases: the cards, at least one.
        ocr: what reads, and `cache`: as for `ready_ocr`, which says what they raise.
        cache: see `ocr`. What it knows is not read again, and where it knows everything no process is started.
        with_values: keep what was read.
        workers: processes that read, at least 1; None for one a usable core. One is a process beside this one too.

    Yields:
        Each case, in order, and how its raw and its cleaned scan were read. A case without a schema comes back with the
        one that fits its raw scan, or else its cleaned one; both are read by it. A scan that cannot be read, and one
        that OCR crashes on or does not come to an end with, does not end it: a batch of thousands has a few, and they
        cannot pass.
    """
    engine = ready_ocr(ocr, cache)
    kept = KeptScans(Answers(cache), engine.description) if cache is not None else None
    with ScanPool(engine, min(workers or usable_cores(), 2 * len(cases)), kept=kept) as pool:
        decided = _with_schemas(_with_schemas(cases, raw, pool), cleaned, pool)
        folders = dict.fromkeys((raw, cleaned))          # one that is held against itself is read once
        asked = _answered(decided, lambda case: [pool.ask(folder / case.file, case.schema) for folder in folders])
        for case, reads in asked:
            before, after = (_judged(read, case, with_values) for read in (reads[0], reads[-1]))
            yield case, before, after


def _with_schemas(cases: Iterable[Case], folder: Path, pool: ScanPool) -> Iterator[Case]:
    """The cases; one without a schema with that which fits its scan in a folder, if any does."""
    for case, reads in _answered(
        cases, lambda case: [] if case.schema else [pool.ask(folder / case.file, None)]
    ):
        name = reads[0].schema if reads else None
        yield replace(case, layout=name, schema=load_schema(name)) if name else case


def _answered(
    cases: Iterable[Case], ask: Callable[[Case], list[Asked]]
) -> Iterator[tuple[Case, list[ScanRead]]]:
    """Each case, in order, with the answers to what is asked about it; others are asked about meanwhile."""
    due: deque[tuple[Case, list[Asked]]] = deque()
    for asked_case in cases:
        due.append((asked_case, ask(asked_case)))
        while due and (len(due) > CARDS_AHEAD or all(asked.done for asked in due[0][1])):
            case, all_asked = due.popleft()
            yield case, [asked.answer() for asked in all_asked]
    for case, all_asked in due:
        yield case, [asked.answer() for asked in all_asked]


def read_scan(
    scan: Path, case: Case, *, ocr: str = DEFAULT_OCR, cache: Path | None = None, with_values: bool = False
) -> CardReading:
    """Read one version of a card in this process, which a crash of OCR would end: the first page of a scan.

    A field is right when it says what the truth says. Without truth it is right when it was found and is valid by its
    own rules; the check digits vouch for the zone as a whole, so its fields are right only on a card that is valid,
    and if they hold nothing that such a field cannot say, least of all a character that was not read.

    Args:
        scan: the file.
        case: what is read; without a schema nothing is.
        ocr: what reads, and `cache`: as for `ready_ocr`, which says what they raise.
        cache: see `ocr`.
        with_values: keep what was read.
    """
    return _judged(read_by(scan, ready_ocr(ocr, cache), case.schema), case, with_values)


def _judged(read: ScanRead, case: Case, with_values: bool) -> CardReading:
    if read.found is None:
        from docpipe.ocr.extract import Extraction  # late: it loads OpenCV

        nothing = _fields(Extraction({}, valid=False), case, with_values)
        return CardReading(nothing, False, (), 0.0, problem=read.problem or NO_SCHEMA)
    found = read.found
    mended = found.mended if with_values else tuple(one.without_characters() for one in found.mended)
    return CardReading(_fields(found, case, with_values), found.valid, mended, read.seconds)


def _fields(read: "Extraction", case: Case, with_values: bool) -> tuple[FieldReading, ...]:
    """Of every field of the schema, or of those that the truth knows."""
    return tuple(
        _field(one, read, case.true, with_values)
        for one in (case.schema.fields if case.schema else ())
        if case.true is None or one.name in case.true
    )


def _field(one: Field, read: "Extraction", true: Mapping[str, str] | None, with_values: bool) -> FieldReading:
    value = read.values.get(one.name, "")
    shown = value if with_values else None
    if true is None:
        is_valid = one.may_be(value) and (one.kind != "zone" or read.valid)
        return FieldReading(one.name, one.required, is_valid, value=shown)
    truth = true[one.name]
    # A name is printed in capitals or not as the layout likes: case says nothing of how well it was read.
    is_name = one.kind == "name"
    errors = text_errors(value.casefold(), truth.casefold()) if is_name else text_errors(value, truth)
    return FieldReading(
        one.name, one.required, one.same(value, truth),
        errors.char_edits, errors.chars, errors.word_edits, errors.words, shown,
    )  # fmt: skip
