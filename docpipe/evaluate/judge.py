"""Judging scans: the fields of each card are read and held against the truth; on all cores, one process each.

Field values and OCR text stay inside this module: what leaves it are names of files and fields, counts, right or
wrong; and the values that were read only where a caller asks for them.
"""

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from docpipe.cores import usable_cores
from docpipe.errors import InputError
from docpipe.evaluate.cases import Case
from docpipe.evaluate.findings import NO_SCHEMA, CardReading, FieldReading
from docpipe.evaluate.text_errors import text_errors
from docpipe.ocr.engine import Engine
from docpipe.ocr.engines import DEFAULT_OCR, load_ocr
from docpipe.ocr.schema import Field, load_schema
from docpipe.page import Gray

if TYPE_CHECKING:
    from docpipe.ocr.extract import Extraction

CARDS_AT_ONCE = 4                # handed to a process in one go


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
    from docpipe.ocr.cache import CachedEngine  # late: it loads OpenCV

    engine = load_ocr(ocr)
    return CachedEngine(engine, cache) if cache is not None else engine


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
    """Read every card in both folders.

    Args:
        raw: folder of the scans as they came in.
        cleaned: folder of the same names, cleaned.
        cases: the cards, at least one.
        ocr: what reads, and `cache`: as for `ready_ocr`, which says what they raise.
        cache: see `ocr`.
        with_values: keep what was read.
        workers: processes, at least 1; None for one a usable core.

    Yields:
        Each case, in order, and how its raw and its cleaned scan were read. A case without a schema comes back with the
        one that fits its raw scan, or else its cleaned one; both are read by it. A scan that cannot be read does not
        end it: a batch of thousands has a few, and they cannot pass.
    """
    workers = min(workers or usable_cores(), len(cases))
    read = partial(_read_both, raw=raw, cleaned=cleaned, ocr=ocr, cache=cache, with_values=with_values)
    if workers == 1:
        yield from map(read, cases)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        yield from pool.map(read, cases, chunksize=CARDS_AT_ONCE)


def _read_both(
    case: Case, *, raw: Path, cleaned: Path, ocr: str, cache: Path | None, with_values: bool
) -> tuple[Case, CardReading, CardReading]:
    scans = raw / case.file, cleaned / case.file
    if case.schema is None:
        case = _with_schema(case, scans, ready_ocr(ocr, cache))
    # A folder that is held against itself is read once.
    read = {scan: read_scan(scan, case, ocr=ocr, cache=cache, with_values=with_values) for scan in dict.fromkeys(scans)}
    before, after = (read[scan] for scan in scans)
    return case, before, after


def _with_schema(case: Case, scans: Sequence[Path], engine: Engine) -> Case:
    """The case with the schema that fits the first scan that any fits."""
    from docpipe.ocr.detect import detect_schema

    for scan in scans:
        try:
            name = detect_schema(_first_page(scan), engine)
        except InputError:       # reading it says so again, and is heard
            continue
        if name:
            return replace(case, layout=name, schema=load_schema(name))
    return case


def read_scan(
    scan: Path, case: Case, *, ocr: str = DEFAULT_OCR, cache: Path | None = None, with_values: bool = False
) -> CardReading:
    """Read one version of a card: the first page of a scan.

    A field is right when it says what the truth says. Without truth it is right when it was found and is valid by its
    own rules; the check digits vouch for the zone as a whole, so its fields are right only on a card that is valid.

    Args:
        scan: the file.
        case: what is read; without a schema nothing is.
        ocr: what reads, and `cache`: as for `ready_ocr`, which says what they raise.
        cache: see `ocr`.
        with_values: keep what was read.
    """
    from docpipe.ocr.extract import Extraction, extract

    unread = _fields(Extraction({}, valid=False), case, with_values)
    try:
        gray = _first_page(scan)
    except InputError as unreadable:
        return CardReading(unread, False, (), 0.0, problem=unreadable.problem)
    if case.schema is None:
        return CardReading(unread, False, (), 0.0, problem=NO_SCHEMA)
    engine = ready_ocr(ocr, cache)
    begun = perf_counter()
    read = extract(gray, case.schema, engine)
    seconds = perf_counter() - begun
    mended = read.mended if with_values else tuple(one.without_characters() for one in read.mended)
    return CardReading(_fields(read, case, with_values), read.valid, mended, seconds)


def _first_page(scan: Path) -> Gray:
    import cv2

    from docpipe.imageio import open_scan

    cv2.setNumThreads(1)         # one process a core
    try:
        with open_scan(scan.read_bytes()) as opened:
            return opened.read(0).pixels
    except OSError as unreadable:
        raise InputError(f"cannot be read: {unreadable.strerror}") from unreadable


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
        is_valid = value != "" and (one.kind != "zone" or read.valid)
        return FieldReading(one.name, one.required, is_valid, value=shown)
    truth = true[one.name]
    # A name is printed in capitals or not as the layout likes: case says nothing of how well it was read.
    is_name = one.kind == "name"
    errors = text_errors(value.casefold(), truth.casefold()) if is_name else text_errors(value, truth)
    return FieldReading(
        one.name, one.required, one.same(value, truth),
        errors.char_edits, errors.chars, errors.word_edits, errors.words, shown,
    )  # fmt: skip
