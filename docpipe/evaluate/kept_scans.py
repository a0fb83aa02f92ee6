"""What was read from whole scans, kept beside the answers of OCR: a second evaluation neither opens nor reads them.

An entry is found by all that it depends on: the bytes of the file, the schema, the code that opens and reads scans,
the libraries below it, and the OCR engine with its data. Where any of these is another, the scan is read again; what is
kept of the engine's answers then still spares the time of OCR itself.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from docpipe.evaluate.scans import ScanRead
from docpipe.ocr.cache import Answers
from docpipe.ocr.engine import LONGEST_S
from docpipe.ocr.schema import Schema

CODE = ("imageio", "ocr", "evaluate/scans.py", "mrz.py", "page.py")
"""What of docpipe opens and reads scans, the shipped schemas with it."""

LIBRARIES = ("numpy", "onnxruntime", "opencv-python-headless", "Pillow", "pypdfium2")


@dataclass(frozen=True, slots=True)
class KeptScans:
    """Scans that were read before.

    Args:
        answers: where they are kept.
        engine: description of what read them.
    """

    answers: Answers
    engine: str

    def key(self, scan: Path, schema: Schema | None) -> bytes | None:
        """What the reading of a scan by a schema is found by; None for a file that cannot be read."""
        try:
            content = hashlib.sha256(scan.read_bytes()).hexdigest()
        except OSError:
            return None
        said = json.dumps(["scan", content, asdict(schema) if schema else None, self.engine, reader_hash()])
        return hashlib.sha256(said.encode()).digest()

    def find(self, key: bytes) -> ScanRead | None:
        """What was read, or None."""
        record = self.answers.known([key]).get(key)
        return ScanRead.of_record(record) if record else None

    def keep(self, key: bytes, read: ScanRead) -> None:
        """Keep what was read; a scan on which the engine may have given up is read again."""
        if read.seconds < LONGEST_S:
            self.answers.keep({key: asdict(read)})


@cache
def reader_hash() -> str:
    """Of the code and the libraries that decide what is read from a scan, all but the engine."""
    hashed = hashlib.sha256()
    top = files("docpipe")
    for name in CODE:
        for path in _sources(top / name):
            hashed.update(path.read_bytes())
    hashed.update(json.dumps({name: metadata.version(name) for name in LIBRARIES}).encode())
    return hashed.hexdigest()


def _sources(place: Traversable) -> Iterator[Traversable]:
    """A file, or all code and schemas below a folder, by name."""
    if place.is_file():
        if place.name.endswith((".py", ".toml")):
            yield place
        return
    for inner in sorted(place.iterdir(), key=lambda inner: inner.name):
        yield from _sources(inner)
