"""Judging scans: the fields of each card are read and held against the truth; on all cores, one process each.

Field values and OCR text stay inside this module: what leaves it are names of files and fields, right or wrong.
"""

import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from docpipe.errors import InputError
from docpipe.ocr.schema import Schema, load_schema

CARDS_AT_ONCE = 4                # handed to a process in one go


@dataclass(frozen=True, slots=True)
class TrueCard:
    """One line of the truth.

    Args:
        file: name of the scan, the same in every folder.
        layout: of the card; names its schema where none is given.
        values: true value by name of field.
    """

    file: str
    layout: str
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one card was read twice.

    Args:
        file: name of the scan.
        layout: of the card.
        wrong_raw: required fields that were not read right from the raw scan.
        wrong_cleaned: likewise from the cleaned scan.
    """

    file: str
    layout: str
    wrong_raw: tuple[str, ...]
    wrong_cleaned: tuple[str, ...]

    @property
    def raw(self) -> bool:
        """The raw scan passes: every required field is right."""
        return not self.wrong_raw

    @property
    def cleaned(self) -> bool:
        """The cleaned scan passes."""
        return not self.wrong_cleaned


def read_truth(path: Path) -> list[TrueCard]:
    """The cards of a truth.jsonl.

    Raises:
        InputError: the file is missing, empty, or a line is not such a record; the line is named, never shown.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise InputError(f"{path} cannot be read", "name a truth.jsonl, as `docpipe synth` writes it") from unreadable
    cards = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            values = {name: str(entry["value"]) for name, entry in record["fields"].items()}
            cards.append(TrueCard(str(record["file"]), str(record["layout"]), values))
        except (ValueError, KeyError, TypeError, AttributeError):
            # Not chained: the cause would show the line, which holds personal data.
            raise InputError(f"{path}: line {number} is no record of a card", "it needs file, layout, fields") from None
    if not cards:
        raise InputError(f"{path} names no card", "name a truth.jsonl, as `docpipe synth` writes it")
    return cards


def judge_folders(
    raw: Path, cleaned: Path, cards: Sequence[TrueCard], *, schema: str | None = None, workers: int | None = None
) -> Iterator[Verdict]:
    """Read every card in both folders.

    Args:
        raw: folder of the scans as they came in.
        cleaned: folder of the same names, cleaned.
        cards: the truth.
        schema: name or file of one schema for all cards; by default each layout has its own.
        workers: processes, at least 1; None for one a usable core.

    Yields:
        Verdicts, in the order of `cards`.

    Raises:
        InputError: a scan or schema is missing or unreadable.
        MissingToolError: Tesseract is not installed.
    """
    _check(raw, cleaned, cards)
    schemas = {layout: load_schema(schema or layout) for layout in dict.fromkeys(card.layout for card in cards)}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(workers or cores, len(cards))
    judge = partial(_judge_both, raw=raw, cleaned=cleaned, schemas=schemas)
    if workers == 1:
        yield from map(judge, cards)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        yield from pool.map(judge, cards, chunksize=CARDS_AT_ONCE)


def _check(raw: Path, cleaned: Path, cards: Iterable[TrueCard]) -> None:
    for folder in (raw, cleaned):
        missing = [card.file for card in cards if not (folder / card.file).is_file()]
        if missing:
            raise InputError(
                f"{folder} lacks {len(missing)} scans of the truth, such as {missing[0]}",
                hint="both folders need the names that the truth has",
            )


def _judge_both(card: TrueCard, *, raw: Path, cleaned: Path, schemas: Mapping[str, Schema]) -> Verdict:
    schema = schemas[card.layout]
    return Verdict(
        card.file,
        card.layout,
        wrong_raw=wrong_fields(raw / card.file, card, schema),
        wrong_cleaned=wrong_fields(cleaned / card.file, card, schema),
    )


def wrong_fields(scan: Path, card: TrueCard, schema: Schema) -> tuple[str, ...]:
    """Names of the required fields that are not read right from one scan, its first page.

    Raises:
        InputError: the scan is missing or unreadable, or the truth lacks a required field.
    """
    import cv2

    from docpipe.imageio import open_scan
    from docpipe.ocr.extract import extract
    from docpipe.ocr.tesseract import Tesseract

    cv2.setNumThreads(1)         # one process a core
    true = true_values(card, schema)
    try:
        with open_scan(scan.read_bytes()) as opened:
            gray = opened.read(0).pixels
    except OSError as unreadable:
        raise InputError(f"{scan} cannot be read: {unreadable.strerror}") from unreadable
    except InputError as damaged:
        raise InputError(f"{scan}: {damaged.problem}", damaged.hint) from damaged
    read = extract(gray, schema, Tesseract()).values
    return tuple(one.name for one in schema.required if not one.same(read.get(one.name, ""), true[one.name]))


def true_values(card: TrueCard, schema: Schema) -> dict[str, str]:
    """What the required fields should say: fields of the zone as the zone of the truth says them.

    Raises:
        InputError: the truth lacks a required field, or lines of the zone.
    """
    from docpipe.mrz import FORMATS
    from docpipe.ocr.mrz_reader import fields_of

    try:
        values = dict(card.values)
        if schema.mrz:
            lines = [card.values[f"mrz_{number}"] for number in range(1, FORMATS[schema.mrz].line_count + 1)]
            values |= fields_of(schema.mrz, lines)
        return {one.name: values[one.name] for one in schema.required}
    except KeyError as missing:
        raise InputError(
            f"the truth of {card.file} lacks {missing.args[0]}, which schema {schema.name} needs",
            hint="choose the schema of the card with --schema",
        ) from missing
