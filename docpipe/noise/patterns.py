"""Patterns: patches of noise to be laid over a page, and the libraries that hold them.

A library is a folder: `index.jsonl` with one pattern a line, and beside it `ID.png`, 8 bit gray, for each.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from docpipe.errors import InputError, OutputError
from docpipe.page import Gray

Combine = Literal["multiply", "darken", "lighten", "add"]
Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

NEUTRAL: dict[Combine, int] = {"multiply": 255, "darken": 255, "lighten": 0, "add": 128}
"""The gray of a patch that leaves the page as it is."""

KINDS: dict[str, str] = {
    "crease": "crumpled paper: short ridges, lit and shaded",
    "dirt": "rubbed-in grains on a pale ground",
    "drip": "a drop that ran down",
    "edge_wear": "fibres laid bare where an edge was rubbed",
    "fingerprint": "ridges of a finger",
    "fold": "a line, lit on one side and shaded on the other",
    "foxing": "round brown spots of old paper",
    "hair": "a hair or a fibre on the glass",
    "ring": "what a cup leaves",
    "rust": "a staple or a paper clip that rusted",
    "scratch": "thin lines that the light catches",
    "scuff": "short parallel rub marks",
    "smudge": "wiped ink or grease",
    "specks": "a cluster of dust or ink spots",
    "splash": "a drop that burst, and its spray",
    "stain": "a dried drop, often with a rim",
    "streak": "a line of dirt on a drum or on the glass",
    "tide_mark": "the edge of water that has dried",
    "toner": "a cloud of fine toner",
}
"""What a pattern may be."""

STARTER = "starter"     # the library that ships
INDEX_NAME = "index.jsonl"
_SPLIT_SHARES: tuple[tuple[Split, int], ...] = (("train", 80), ("val", 90), ("test", 100))   # per cent, added up
_PATCHES_KEPT = 1024    # decoded, in the memory of a process


@dataclass(frozen=True, slots=True)
class Pattern:
    """A patch of noise.

    Args:
        gray: (h, w) uint8; at its edges it is `NEUTRAL[combine]`, or they would show.
        combine: how it meets the page: multiplied with it, the darker of the two, the lighter of the two,
            or added as the difference to 128.
        dpi: pixels an inch; with them the patch has a size in millimetres.
    """

    gray: Gray
    combine: Combine
    dpi: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index says of a pattern.

    Args:
        id: its kind and the start of its hash; the file is `ID.png`.
        kind: a key of `KINDS`.
        combine: a key of `NEUTRAL`.
        dpi: above 0.
        origin: where it comes from, in words; names nobody.
        licence: as an SPDX identifier, such as "CC0-1.0".
        sha256: of the pixels, rows from the top.
        split: who may see it; given by `split_of`.
    """

    id: str
    kind: str
    combine: Combine
    dpi: float
    origin: str
    licence: str
    sha256: str
    split: Split

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {', '.join(KINDS)}")
        if self.combine not in NEUTRAL:
            raise ValueError(f"combine is {self.combine!r}; it must be one of {', '.join(NEUTRAL)}")
        if not 10 <= self.dpi <= 10_000:
            raise ValueError(f"dpi is {self.dpi}; it must be from 10 to 10000")
        if self.id != _id_of(self.kind, self.sha256):
            raise ValueError(f"id is {self.id!r}; by its kind and hash it is {_id_of(self.kind, self.sha256)!r}")
        if self.split != split_of(self.sha256):
            raise ValueError(f"split is {self.split!r}; by its hash it is {split_of(self.sha256)!r}")


class Library:
    """A library that was read; patches are decoded as they are asked for. Made by `load_patterns`.

    Args:
        folder: holds the patches.
        entries: what the index says.
    """

    def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
        self.folder = folder
        self.entries = tuple(entries)
        self._by_id = {entry.id: entry for entry in entries}

    def some(self, *, split: str, kinds: Iterable[str]) -> list[Entry]:
        """The entries of a split that are of one of some kinds, in the order of the index."""
        wanted = frozenset(kinds)
        return [entry for entry in self.entries if entry.split == split and entry.kind in wanted]

    def pattern(self, pattern_id: str) -> Pattern:
        """Read a pattern; each process decodes it once.

        Raises:
            InputError: there is no such pattern, its file is missing, or it is not the one that the index means.
        """
        if pattern_id not in self._by_id:
            raise InputError(f"{self.folder} holds no pattern {pattern_id!r}", f"docpipe patterns list {self.folder}")
        return _read_pattern(self.folder, self._by_id[pattern_id])


def split_of(sha256: str) -> Split:
    """Whether a pattern is for training, validation or testing: 80, 10 and 10 % of all, by its hash alone.

    Raises:
        ValueError: it is no SHA-256 in hexadecimal.
    """
    if len(sha256) != 64:
        raise ValueError(f"sha256 has {len(sha256)} digits; it must have 64")
    lot = int(sha256, 16) % 100
    return next(split for split, below in _SPLIT_SHARES if lot < below)


def make_entry(pattern: Pattern, *, kind: str, origin: str, licence: str) -> Entry:
    """What the index is to say of a pattern.

    Raises:
        ValueError: its kind or its dpi is none that a library holds.
    """
    sha256 = _hash_of(pattern.gray)
    return Entry(_id_of(kind, sha256), kind, pattern.combine, pattern.dpi, origin, licence, sha256, split_of(sha256))


def library_folder(library: str | Path) -> Path:
    """The folder of a library: that of the shipped one for "starter", else the path itself."""
    if str(library) != STARTER:
        return Path(library)
    package = Path(str(files("docpipe")))
    installed = package / "patterns"
    return installed if installed.is_dir() else package.parent / "patterns"     # in a checkout it lies beside


def load_patterns(library: str | Path) -> Library:
    """Read the index of a library; each process reads it once, and again when it has changed.

    Args:
        library: "starter", which ships, or a folder.

    Raises:
        InputError: there is none, or a line of its index is not that of a pattern.
    """
    folder = library_folder(library)
    try:
        status = (folder / INDEX_NAME).stat()
    except OSError as error:
        raise InputError(f"there is no library of patterns {str(library)!r}",
                         f"name {STARTER}, or a folder that docpipe patterns harvest -o made") from error
    return _load(folder, status.st_mtime_ns, status.st_size)


def write_patterns(folder: Path, patterns: Iterable[tuple[Entry, Gray]]) -> Library:
    """Add patterns to a library, which is made where there is none. What it holds already is not written twice.

    Raises:
        InputError: the index that is there is damaged.
        OutputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        entries = {entry.id: entry for entry in _entries_of(folder)}
        for entry, gray in patterns:
            (folder / f"{entry.id}.png").write_bytes(_png(gray, entry.dpi))
            entries[entry.id] = entry
        lines = "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries.values())
        part = folder / f".{INDEX_NAME}.part"
        part.write_text(lines, encoding="utf-8")
        part.replace(folder / INDEX_NAME)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}", "make room, or name another -o") from error
    return load_patterns(folder)


def _entries_of(folder: Path) -> tuple[Entry, ...]:
    return load_patterns(folder).entries if (folder / INDEX_NAME).exists() else ()


@lru_cache(maxsize=16)
def _load(folder: Path, _mtime_ns: int, _size: int) -> Library:
    try:
        lines = (folder / INDEX_NAME).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{folder / INDEX_NAME} cannot be read", "it must be text in UTF-8") from error
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(_parse_entry(json.loads(line)))
        except ValueError as error:
            raise InputError(f"{folder / INDEX_NAME}, line {number}: {error}",
                             "mend the line, or remove it: its patch is left alone then") from error
    return Library(folder, entries)


def _parse_entry(table: Any) -> Entry:
    """One line of an index.

    Raises:
        ValueError: it is not that of a pattern.
    """
    known = {field.name for field in fields(Entry)}
    if not isinstance(table, dict) or set(table) != known:
        raise ValueError(f"it must be an object with the keys {', '.join(sorted(known))}")
    for name, value in table.items():
        if not isinstance(value, (int, float) if name == "dpi" else str):
            raise ValueError(f"{name} is of the wrong type")
    return Entry(**table)


@lru_cache(maxsize=_PATCHES_KEPT)
def _read_pattern(folder: Path, entry: Entry) -> Pattern:
    path = folder / f"{entry.id}.png"
    try:
        with Image.open(path, formats=["PNG"]) as image:
            gray = np.asarray(image)
    except (OSError, SyntaxError) as error:      # a damaged PNG is a syntax error to Pillow
        raise InputError(f"{path} cannot be read", "restore it, or remove its line from the index") from error
    if gray.dtype != np.uint8 or gray.ndim != 2 or _hash_of(gray) != entry.sha256:
        raise InputError(f"{path} is not the patch that the index means", "restore it, or remove its line")
    gray.flags.writeable = False                 # it is shared by all that ask
    return Pattern(gray, entry.combine, entry.dpi)


def _hash_of(gray: Gray) -> str:
    height, width = gray.shape
    return hashlib.sha256(b"%d %d " % (height, width) + gray.tobytes()).hexdigest()


def _id_of(kind: str, sha256: str) -> str:
    return f"{kind}-{sha256[:12]}"


def _png(gray: Gray, dpi: float) -> bytes:
    stream = BytesIO()
    Image.fromarray(gray).save(stream, "PNG", dpi=(dpi, dpi), optimize=True)
    return stream.getvalue()
