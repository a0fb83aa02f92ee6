"""Where scans come from, and what became of them: the provenance of drawn pairs, and the ledger of their cleaning."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.evaluate.records import read_records

PAIRS_NAME = "pairs.jsonl"
LEDGER_NAME = ".docpipe-ledger.sqlite"
SEVERITY_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """One line of pairs.jsonl: how a scan was made.

    Args:
        file: name of the scan.
        card: the seed that the card was drawn from, or what its clean scan is known by; else the file's name. Files of
            one card are several draws of it.
        strata: group -> strata that the scan belongs to; "noise" holds each kind of noise on it, and "severity" its
            fifth, or, where severity is not recorded, "noises on the card" their number.
    """

    file: str
    card: int | str
    strata: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_origins(path: Path) -> dict[str, Origin]:
    """The origin of every scan in a pairs.jsonl, by name of file.

    Raises:
        InputError: the file is missing, empty, or a line is not such a record.
    """
    origins = read_records(path, _origin, of="a pair", needs="file and noises, each with its kind")
    return {origin.file: origin for origin in origins}


def _origin(record: Any) -> Origin:
    kinds = tuple(dict.fromkeys(str(noise["kind"]) for noise in record["noises"]))
    if "severity" in record:
        strength = {"severity": (_fifth(float(record["severity"])),)}
    else:
        strength = {"noises on the card": (str(len(record["noises"])),)}
    card = record.get("card_seed", record.get("card", record["file"]))
    return Origin(str(record["file"]), card, {"noise": kinds, **strength})


def _fifth(severity: float) -> str:
    if not 0 <= severity <= 1:
        raise ValueError(f"severity is {severity}; it is from 0 to 1")
    number = min(int(severity * SEVERITY_CLASSES), SEVERITY_CLASSES - 1)
    return f"{number / SEVERITY_CLASSES:.1f}-{(number + 1) / SEVERITY_CLASSES:.1f}"


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What the ledger says of the first page of a scan, which is the one that is judged.

    Args:
        choice: "restored" or "original".
        seconds: that the page took from reading to writing, beside whatever else the machine did.
        model: that cleaned it, with all that changes pages beside it: name, version and hash of the network, what ran
            it, the gate, and the version of the code around them. Empty where the ledger does not say.
    """

    choice: str
    seconds: float
    model: str = ""


def read_cleanings(cleaned: Path) -> dict[str, Cleaning]:
    """How each scan was cleaned, by name of file.

    Args:
        cleaned: folder of cleaned scans; empty is the answer where no ledger of the cleaning lies in it.

    Raises:
        InputError: the ledger is in use, damaged, or none.
    """
    ledger = cleaned / LEDGER_NAME
    if not ledger.is_file():
        return {}
    # A ledger without a journal is complete; opened as immutable, nothing is written beside it, not even a lock.
    mode = "mode=ro" if ledger.with_name(f"{LEDGER_NAME}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?{mode}", uri=True, timeout=0)) as database:
            database.text_factory = os.fsdecode                  # names need not be UTF-8
            query = "select output, choice, seconds, settings from pages where page = 0 and status = 'done'"
            return {
                output: Cleaning(choice, seconds, _model(settings))
                for output, choice, seconds, settings in database.execute(query)
            }
    except sqlite3.Error as unusable:
        raise InputError(
            f"the ledger {ledger} cannot be read: {unusable}", "wait until the cleaning has ended, or move it away"
        ) from unusable


def _model(settings: str) -> str:
    """Of the settings that a ledger keeps, what restored the page; behind it stands how it was read and written."""
    return settings.partition(";")[0]
