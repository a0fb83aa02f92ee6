"""Judging scans: the fields of each card are read and held against the truth; on all cores, one process each.

Field values and OCR text stay inside this module: what leaves it are names of files and fields, counts, right or
wrong; and the values that were read only where a caller asks for them.
"""

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from docpipe.errors import InputError
from docpipe.evaluate.cases import Case
from docpipe.evaluate.findings import CardReading, FieldReading
from docpipe.evaluate.text_errors import text_errors
from docpipe.ocr.schema import Field
from docpipe.page import Gray

if TYPE_CHECKING:
    from docpipe.ocr.extract import Extraction

CARDS_AT_ONCE = 4                # handed to a process in one go


def read_cases(
    raw: Path, cleaned: Path, cases: Sequence[Case], *, with_values: bool = False, workers: int | None = None
) -> Iterator[tuple[CardReading, CardReading]]:
    """Read every card in both folders.

    Args:
        raw: folder of the scans as they came in.
        cleaned: folder of the same names, cleaned.
        cases: the cards, at least one.
        with_values: keep what was read.
        workers: processes, at least 1; None for one a usable core.

    Yields:
        How the raw and the cleaned scan were read, in the order of `cases`. A scan that cannot be opened does not end
        it: a batch of thousands has a few, and they cannot pass.

    Raises:
        MissingToolError: Tesseract is not installed.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(workers or cores, len(cases))
    read = partial(_read_both, raw=raw, cleaned=cleaned, with_values=with_values)
    if workers == 1:
        yield from map(read, cases)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        yield from pool.map(read, cases, chunksize=CARDS_AT_ONCE)


def _read_both(case: Case, *, raw: Path, cleaned: Path, with_values: bool) -> tuple[CardReading, CardReading]:
    return (
        read_scan(raw / case.file, case, with_values=with_values),
        read_scan(cleaned / case.file, case, with_values=with_values),
    )


def read_scan(scan: Path, case: Case, *, with_values: bool = False) -> CardReading:
    """Read one version of a card: the first page of a scan.

    A field is right when it says what the truth says. Without truth it is right when it was found and is valid by its
    own rules; the check digits vouch for the zone as a whole, so its fields are right only on a card that is valid.
    """
    import cv2

    from docpipe.ocr.extract import Extraction, extract
    from docpipe.ocr.tesseract import Tesseract

    cv2.setNumThreads(1)         # one process a core
    try:
        gray = _first_page(scan)
    except InputError as unreadable:
        nothing = Extraction({}, valid=False)
        return CardReading(_fields(nothing, case, with_values), False, 0, 0.0, problem=unreadable.problem)
    begun = perf_counter()
    read = extract(gray, case.schema, Tesseract())
    seconds = perf_counter() - begun
    return CardReading(_fields(read, case, with_values), read.valid, read.mended, seconds)


def _first_page(scan: Path) -> Gray:
    from docpipe.imageio import open_scan

    try:
        with open_scan(scan.read_bytes()) as opened:
            return opened.read(0).pixels
    except OSError as unreadable:
        raise InputError(f"cannot be read: {unreadable.strerror}") from unreadable


def _fields(read: "Extraction", case: Case, with_values: bool) -> tuple[FieldReading, ...]:
    """Of every field of the schema, or of those that the truth knows."""
    return tuple(
        _field(one, read, case.true, with_values)
        for one in case.schema.fields
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
