"""report.json: findings as they are, to be loaded again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from docpipe.errors import InputError
from docpipe.evaluate.findings import CardReading, CardResult, Ceiling, FieldFigures, FieldReading, Findings, Stratum
from docpipe.evaluate.uplift import Interval, Table
from docpipe.ocr.mending import Mending

FILE = "report.json"
FORMAT = 4                       # raised when an older docpipe could no longer read the file


def without_personal_data(findings: Findings) -> Findings:
    """The same findings, with no value of any field and no name of a scan in them."""
    cards = (replace(card, raw=_blank(card.raw), cleaned=_blank(card.cleaned), file=None) for card in findings.cards)
    return replace(findings, cards=tuple(cards))


def holds_personal_data(findings: Findings) -> bool:
    """Whether any value that was read, or the name of any scan, is in there."""
    readings = [reading for card in findings.cards for reading in (card.raw, card.cleaned)]
    values = (one.value for reading in readings for one in reading.fields)
    characters = (one.read for reading in readings for one in reading.mended)
    names = (card.file for card in findings.cards)
    return any(one is not None for one in (*values, *characters, *names))


def as_json(findings: Findings) -> str:
    """The whole of the findings."""
    about = {"format": FORMAT, "holds_personal_data": holds_personal_data(findings)}
    return json.dumps(about | asdict(findings), indent=1) + "\n"


def load_findings(path: Path) -> Findings:
    """Read a report.json.

    Args:
        path: the file, or the folder of its report.

    Raises:
        InputError: there is no such file, it is no report, or one of a newer docpipe. The message shows nothing of it.
    """
    file = path / FILE if path.is_dir() else path
    hint = f"name a folder that `docpipe evaluate -o` wrote, or its {FILE}"
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except OSError as unreadable:
        raise InputError(f"{file} cannot be read: {unreadable.strerror}", hint) from unreadable
    except ValueError:
        # Not chained, here and below: the cause may show personal data.
        raise InputError(f"{file} is no report", hint) from None
    try:
        written_as = record.pop("format")
        if written_as != FORMAT:
            raise InputError(f"{file} is of format {written_as:d}; this docpipe reads {FORMAT}", "use the same version")
        del record["holds_personal_data"]
        return _findings(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(f"{file} is no report", hint) from None


def _blank(reading: CardReading) -> CardReading:
    fields = tuple(replace(one, value=None) for one in reading.fields)
    return replace(reading, fields=fields, mended=tuple(one.without_characters() for one in reading.mended))


def _findings(record: dict[str, Any]) -> Findings:
    intervals = {name: _interval(record[name]) for name in ("raw_interval", "cleaned_interval", "absolute_interval")}
    parts = {
        "table": Table(**record["table"]),
        "strata": tuple(_stratum(one) for one in record["strata"]),
        "worst": _stratum(record["worst"]) if record["worst"] else None,
        "ceiling": _ceiling(record["ceiling"]) if record["ceiling"] else None,
        "null": Table(**record["null"]) if record["null"] else None,
        "fields": tuple(FieldFigures(**one) for one in record["fields"]),
        "cards": tuple(_card(one) for one in record["cards"]),
    }
    return Findings(**record | intervals | parts)


def _stratum(record: Mapping[str, Any]) -> Stratum:
    parts = {"table": Table(**record["table"]), "absolute_interval": _interval(record["absolute_interval"])}
    return Stratum(**{**record, **parts})


def _ceiling(record: Mapping[str, Any]) -> Ceiling:
    share_interval = _interval(record["share_interval"]) if record["share_interval"] else None
    return Ceiling(**{**record, "rate_interval": _interval(record["rate_interval"]), "share_interval": share_interval})


def _card(record: Mapping[str, Any]) -> CardResult:
    strata = {group: tuple(names) for group, names in record["strata"].items()}
    readings = {version: _reading(record[version]) for version in ("raw", "cleaned")}
    return CardResult(**{**record, **readings, "strata": strata})


def _reading(record: Mapping[str, Any]) -> CardReading:
    parts = {
        "fields": tuple(FieldReading(**one) for one in record["fields"]),
        "mended": tuple(Mending(**one) for one in record["mended"]),
    }
    return CardReading(**{**record, **parts})


def _interval(ends: list[float]) -> Interval:
    low, high = ends
    return low, high
