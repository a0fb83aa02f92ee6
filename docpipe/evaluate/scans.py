"""One scan read: opened, and its fields extracted, or the schema found that fits it. What a reader's process runs.

What was read is personal data: it goes to the one who judges it and, where the user asks for that, to the cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from docpipe.errors import InputError
from docpipe.ocr.engine import Engine
from docpipe.ocr.schema import Schema
from docpipe.page import Gray

if TYPE_CHECKING:
    from docpipe.ocr.extract import Extraction


@dataclass(frozen=True, slots=True)
class ScanRead:
    """What a reader made of one scan.

    Args:
        problem: why it could not be read; then nothing else is known. Empty for every other scan.
        schema: name of the shipped one that fits, where that was asked; None where none does.
        found: its fields, where they were asked for.
        seconds: that OCR took.
    """

    problem: str = ""
    schema: str | None = None
    found: "Extraction | None" = field(default=None, repr=False)
    seconds: float = 0.0

    @staticmethod
    def of_record(record: Mapping[str, Any]) -> "ScanRead":
        """From what `dataclasses.asdict` makes of one, by way of JSON."""
        from docpipe.ocr.extract import Extraction
        from docpipe.ocr.mending import Mending

        found = None
        if record["found"]:
            mended = tuple(Mending(**one) for one in record["found"]["mended"])
            found = Extraction(**{**record["found"], "mended": mended})
        return ScanRead(**{**record, "found": found})


def read_by(scan: Path, engine: Engine, schema: Schema | None) -> ScanRead:
    """Read the first page of a scan.

    Args:
        scan: the file; one that cannot be opened is a problem of its own, and raises nothing.
        engine: reads.
        schema: what is looked for; None to find out which of the shipped ones fits.
    """
    from docpipe.ocr.detect import detect_schema  # late: they load OpenCV, and help pages need not wait for it
    from docpipe.ocr.extract import extract

    try:
        gray = _first_page(scan)
    except InputError as unreadable:
        return ScanRead(unreadable.problem)
    begun = perf_counter()
    if schema is None:
        return ScanRead(schema=detect_schema(gray, engine), seconds=perf_counter() - begun)
    found = extract(gray, schema, engine)
    return ScanRead(found=found, seconds=perf_counter() - begun)


def _first_page(scan: Path) -> Gray:
    import cv2

    from docpipe.imageio import open_scan

    cv2.setNumThreads(1)         # one process a core
    try:
        with open_scan(scan.read_bytes()) as opened:
            return opened.read(0).pixels
    except OSError as unreadable:
        raise InputError(f"cannot be read: {unreadable.strerror}") from unreadable
