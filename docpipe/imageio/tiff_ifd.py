"""The directories (IFDs) of TIFF and EXIF, read and written tag by tag so that nothing is lost on the way.

Source: TIFF Revision 6.0 (Adobe, 1992); BigTIFF as libtiff describes it; EXIF 2.32 for nested directories.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from docpipe.errors import InputError
from docpipe.imageio.damage import UnreadableError

_TYPE_SIZES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip
_INTEGERS = {1: "B", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q", 18: "Q"}
_RATIONAL, _SHORT, _LONG, _LONG8 = 5, 3, 4, 16
_NESTED = {34665, 34853, 40965}  # EXIF, GPS and interoperability directories
_MOST_PAGES = 100_000  # a chain that is longer runs in a circle or is noise


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file writes numbers: byte order "<" or ">", and BigTIFF's wide offsets or not."""

    order: str = "<"
    big: bool = False

    @property
    def offset(self) -> str:
        """The format of an offset; values of up to its size stand in the entry itself."""
        return "Q" if self.big else "I"

    @property
    def entries(self) -> str:
        """The format of the number of entries."""
        return "Q" if self.big else "H"

    @property
    def entry_size(self) -> int:
        """Bytes of one entry: tag, type, count, value."""
        return 20 if self.big else 12


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a tag, in the byte order of its file; or a directory of its own."""

    type: int
    payload: bytes
    nested: "Ifd | None" = None

    def integers(self, order: str) -> tuple[int, ...]:
        """The value as whole numbers; empty if it is of another type."""
        if self.type not in _INTEGERS:
            return ()
        count = len(self.payload) // _TYPE_SIZES[self.type]
        return struct.unpack(f"{order}{count}{_INTEGERS[self.type]}", self.payload)

    def ratio(self, order: str) -> float:
        """The first value of a rational tag; 0 if it is none."""
        if self.type != _RATIONAL or len(self.payload) < 8:
            return 0.0
        over, under = struct.unpack_from(f"{order}II", self.payload)
        return over / under if under else 0.0


Ifd = dict[int, Entry]


def integers(values: Sequence[int], layout: Layout) -> Entry:
    """An entry of whole numbers, in the narrowest type that TIFF readers expect for them."""
    wide = _LONG8 if max(values) > 0xFFFFFFFF else _LONG
    kind = wide if max(values) > 0xFFFF else _SHORT
    return Entry(kind, struct.pack(f"{layout.order}{len(values)}{_INTEGERS[kind]}", *values))


def read_layout(data: bytes) -> tuple[Layout, int]:
    """The layout of a TIFF or EXIF block, and the offset of its first directory."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        raise UnreadableError("is damaged (no TIFF header)")
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    if version == 43:
        return Layout(order, big=True), struct.unpack_from(f"{order}Q", data, 8)[0]
    return Layout(order), struct.unpack_from(f"{order}I", data, 4)[0]


def read_pages(data: bytes) -> tuple[Layout, list[Ifd]]:
    """All directories of the main chain of a TIFF file."""
    layout, offset = read_layout(data)
    pages: list[Ifd] = []
    seen = set()
    while offset:
        if offset in seen or len(pages) == _MOST_PAGES:
            raise UnreadableError("is damaged (its list of pages runs in a circle)")
        seen.add(offset)
        if offset >= len(data):
            raise UnreadableError(f"is cut short after page {len(pages)}" if pages else "is cut short")
        ifd, offset = read_ifd(data, offset, layout)
        pages.append(ifd)
    return layout, pages


def read_ifd(data: bytes, offset: int, layout: Layout, depth: int = 0) -> tuple[Ifd, int]:
    """One directory and the offset of the next one, 0 for none. Entries that point nowhere are left out."""
    (count,) = struct.unpack_from(layout.order + layout.entries, data, offset)
    offset += struct.calcsize(layout.entries)
    inline = struct.calcsize(layout.offset)
    ifd: Ifd = {}
    if offset + count * layout.entry_size > len(data):
        raise UnreadableError("is cut short")
    for at in range(offset, offset + count * layout.entry_size, layout.entry_size):
        tag, kind, length = struct.unpack_from(f"{layout.order}HH{layout.offset}", data, at)
        size = _TYPE_SIZES.get(kind, 0) * length
        value_at = at + layout.entry_size - inline
        if size > inline:
            (value_at,) = struct.unpack_from(layout.order + layout.offset, data, value_at)
        if size == 0 or value_at + size > len(data):
            continue
        entry = Entry(kind, data[value_at : value_at + size])
        if tag in _NESTED:
            if depth < 2 and (where := entry.integers(layout.order)) and 0 < where[0] < len(data):
                ifd[tag] = Entry(kind, b"", read_ifd(data, where[0], layout, depth + 1)[0])
        else:
            ifd[tag] = entry
    end = offset + count * layout.entry_size
    if end + inline > len(data):  # some programs leave out the last link, which would be 0
        return ifd, 0
    return ifd, struct.unpack_from(layout.order + layout.offset, data, end)[0]


class IfdWriter:
    """Writes a TIFF or EXIF block: pages of tags and data, each linked to the one before.

    Args:
        stream: seekable; the block starts at its current position.
        layout: tags are given in its byte order.
    """

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self._stream, self._layout = stream, layout
        self._base = stream.tell()
        stream.write({"<": b"II", ">": b"MM"}[layout.order])
        if layout.big:
            stream.write(struct.pack(f"{layout.order}HHH", 43, 8, 0))
        else:
            stream.write(struct.pack(f"{layout.order}H", 42))
        self._link_at = stream.tell()
        stream.write(self._packed(0))

    def append(self, ifd: Ifd, offsets_tag: int = 0, blocks: Sequence[bytes | memoryview] = ()) -> None:
        """Write the next page: its blocks of pixels, then its tags, `offsets_tag` saying where they lie."""
        if blocks:
            offsets = []
            for block in blocks:
                self._align()
                offsets.append(self._here())
                self._stream.write(block)
            ifd = {**ifd, offsets_tag: self._offsets(offsets)}
        start = self._write(ifd)
        end = self._stream.tell()
        self._stream.seek(self._link_at)
        self._stream.write(self._packed(start))
        self._stream.seek(end)
        self._link_at = end - struct.calcsize(self._layout.offset)

    def _write(self, ifd: Ifd) -> int:
        layout = self._layout
        inline = struct.calcsize(layout.offset)
        table = []
        for tag, stated in sorted(ifd.items()):
            entry = stated if stated.nested is None else self._offsets([self._write(stated.nested)])
            payload = entry.payload
            length = len(payload) // _TYPE_SIZES[entry.type]
            if len(payload) > inline:
                self._align()
                where = self._here()
                self._stream.write(payload)
                payload = self._packed(where)
            head = struct.pack(f"{layout.order}HH{layout.offset}", tag, entry.type, length)
            table.append(head + payload.ljust(inline, b"\0"))
        self._align()
        start = self._here()
        self._stream.write(struct.pack(layout.order + layout.entries, len(table)))
        self._stream.write(b"".join(table) + self._packed(0))
        return start

    def _offsets(self, offsets: Sequence[int]) -> Entry:
        kind = _LONG8 if self._layout.big else _LONG
        return Entry(kind, b"".join(self._packed(offset) for offset in offsets))

    def _packed(self, offset: int) -> bytes:
        if offset > 0xFFFFFFFF and not self._layout.big:
            raise InputError("would grow beyond the 4 GB that TIFF can hold", "split it into smaller files")
        return struct.pack(self._layout.order + self._layout.offset, offset)

    def _here(self) -> int:
        return self._stream.tell() - self._base

    def _align(self) -> None:
        if self._here() % 2:
            self._stream.write(b"\0")
