"""What every format offers: headers, decoding page by page, and a sink that writes the format again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from docpipe.page import Dpi, Samples


@dataclass(frozen=True, slots=True)
class PageHeader:
    """What a page says of itself before anything is decoded.

    Args:
        width: pixels across, upright.
        height: pixels down, upright.
        bits: 1, 8 or 16 a sample, as the page is given back; 2 and 4 bits count as 8, 12 as 16.
        colour: whether it can hold colour; a palette of grays cannot.
        dpi: upright, as stated; None where nothing, or nothing above 0, is stated.
        orientation: how the stored pixels lie, from 1 (upright) to 8, as in EXIF.
    """

    width: int
    height: int
    bits: int
    colour: bool
    dpi: Dpi | None
    orientation: int = 1


class PageSink(Protocol):
    """Writes pages in order, in the source's format and with its metadata."""

    def add(self, index: int, samples: Samples, bilevel: bool) -> None:
        """Write new samples, upright, for page `index`; with 1 bit where `bilevel`."""

    def keep(self, index: int) -> None:
        """Write page `index` as it was."""

    def finish(self) -> None:
        """Write what comes after the last page."""


class PageSource(Protocol):
    """An opened file of one format."""

    @property
    def headers(self) -> Sequence[PageHeader]:
        """One a page."""

    def decode(self, index: int, colour: bool) -> Samples:
        """Samples as stored, not yet upright: RGB only if asked for and there is colour, else gray."""

    def sink(self, stream: BinaryIO) -> PageSink:
        """Start writing."""

    def close(self) -> None:
        """Give back what the decoder holds."""


def stored_dpi(horizontal: float, vertical: float) -> Dpi | None:
    """A resolution as it stands in a header; nothing above 0 says nothing."""
    return (float(horizontal), float(vertical)) if horizontal > 0 and vertical > 0 else None


def upright_header(
    width: int, height: int, bits: int, colour: bool, dpi: Dpi | None, orientation: int
) -> PageHeader:
    """The header of a page whose size and resolution are given as stored."""
    if orientation >= 5:  # the stored rows are columns
        width, height = height, width
        dpi = dpi and (dpi[1], dpi[0])
    return PageHeader(width, height, bits, colour, dpi, orientation)
