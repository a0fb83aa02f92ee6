"""Scan: a scanned file of any format, read page by page; ScanWriter: the same file with restored pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from docpipe.errors import InputError
from docpipe.imageio.damage import name_of, reading
from docpipe.imageio.formats import Format, sniff
from docpipe.imageio.pixels import bands, gray8, upright
from docpipe.imageio.single import Picture, SinglePicture
from docpipe.imageio.source import PageHeader, PageSource
from docpipe.page import Gray, Page, Samples, apply_change

_Reader = Callable[[bytes, "ReadOptions"], PageSource]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How scans are read.

    Args:
        max_pixels: the largest page that is decoded, in pixels; above 0.
        keep_colour: fill Page.samples with RGB where the scan has colour.
        rasterise: accept a PDF that carries text or form fields, which become pixels.
    """

    max_pixels: int = 200_000_000
    keep_colour: bool = False
    rasterise: bool = False

    def __post_init__(self) -> None:
        if self.max_pixels < 1:
            raise ValueError(f"max_pixels is {self.max_pixels}; it must be at least 1")


class Scan:
    """An opened scan; made by `open_scan`. A context manager; used by one thread at a time.

    Args:
        data: the whole file.
        file_format: what it is.
        source: how it is read.
        options: limits and colour.
    """

    def __init__(self, data: bytes, file_format: Format, source: PageSource, options: ReadOptions) -> None:
        self.data = data
        self.format = file_format
        self.source = source
        self._options = options

    @property
    def page_count(self) -> int:
        """At least 1."""
        return len(self.headers)

    @property
    def headers(self) -> Sequence[PageHeader]:
        """What each page says of itself; nothing is decoded for it."""
        return self.source.headers

    def read(self, index: int) -> Page:
        """Decode one page.

        Args:
            index: from 0.

        Returns:
            The page, upright, its `source` left empty.

        Raises:
            InputError: the page is damaged, or of a kind that docpipe does not read.
        """
        header = self.headers[index]
        with reading(self.name_of(index)):
            samples = upright(self.source.decode(index, self._options.keep_colour), header.orientation)
            pixels = gray8(samples)
        more = samples.ndim == 3 or samples.dtype == np.uint16
        return Page(pixels, header.dpi, index=index, samples=samples if more else None)

    def name_of(self, index: int) -> str:
        """What messages call a page."""
        return name_of(index, self.page_count, self.format)

    def close(self) -> None:
        """Give back what the decoder holds."""
        self.source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ScanWriter:
    """Writes a scan again, page by page, in its own format. A context manager: leaving it completes the file.

    Args:
        scan: where format, metadata and kept pages come from; open until the writer is done.
        stream: where the file goes; seekable.
        bilevel: pages that came in with 1 bit go out with 1 bit.
    """

    def __init__(self, scan: Scan, stream: BinaryIO, *, bilevel: bool = False) -> None:
        self._scan, self._bilevel = scan, bilevel
        self._sink = scan.source.sink(stream)
        self._written = 0

    def add(self, page: Page, restored: Gray) -> None:
        """Write the next page with restored pixels, in the depth and colour of `page`.

        Args:
            page: as `Scan.read` gave it.
            restored: (H, W) uint8, its restored version.

        Raises:
            ValueError: it is not the next page, or `restored` has another size.
        """
        if page.index != self._written:
            raise ValueError(f"page {page.index} is written where page {self._written} is due")
        if restored.shape != page.pixels.shape:
            raise ValueError(f"restored is {restored.shape}; the page is {page.pixels.shape}")
        samples: Samples = np.ascontiguousarray(restored)
        if page.samples is not None:
            samples = _changed(page.samples, page.pixels, restored)
        bilevel = self._bilevel and self._scan.headers[page.index].bits == 1
        self._sink.add(page.index, samples, bilevel)
        self._written += 1

    def keep(self, index: int) -> None:
        """Write the next page as it was: full depth and colour, nothing decoded.

        Raises:
            ValueError: it is not the next page.
        """
        if index != self._written:
            raise ValueError(f"page {index} is kept where page {self._written} is due")
        with reading(self._scan.name_of(index)):
            self._sink.keep(index)
        self._written += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return  # what is there is not whole and must not look so
        if self._written != self._scan.page_count:
            raise ValueError(f"{self._written} of {self._scan.page_count} pages were written")
        self._sink.finish()


def open_scan(data: bytes, options: ReadOptions | None = None) -> Scan:
    """Open a scan from memory: tell its format by its content and read its headers.

    Args:
        data: the whole file.
        options: limits and colour.

    Returns:
        The scan, nothing decoded yet.

    Raises:
        InputError: it is nothing docpipe reads, damaged, encrypted, an animation, a PDF with text, or has a
            page of more than `options.max_pixels` pixels.
    """
    options = options or ReadOptions()
    file_format = sniff(data)
    read = _reader(file_format)
    with reading(f"the {file_format} file"):
        source = read(data, options)
    try:
        for index, header in enumerate(source.headers):
            _check_size(header, name_of(index, len(source.headers), file_format), options.max_pixels)
    except InputError:
        source.close()
        raise
    return Scan(data, file_format, source, options)


def _reader(file_format: Format) -> _Reader:
    """What opens files of a format; each is loaded for the first of its files: the first page need not wait for all."""
    match file_format:
        case Format.PNG:
            from docpipe.imageio.png import PngFile

            return _single(PngFile)
        case Format.JPEG:
            from docpipe.imageio.jpeg import JpegFile

            return _single(JpegFile)
        case Format.WEBP:
            from docpipe.imageio.webp import WebpFile

            return _single(WebpFile)
        case Format.BMP:
            from docpipe.imageio.bmp import BmpFile

            return _single(BmpFile)
        case Format.TIFF:
            from docpipe.imageio.tiff import TiffFile

            return lambda data, _options: TiffFile(data)
        case Format.PDF:
            from docpipe.imageio.pdf import PdfFile

            return lambda data, options: PdfFile(data, options.rasterise)


def _single(picture: Callable[[bytes], Picture]) -> _Reader:
    return lambda data, _options: SinglePicture(data, picture(data))


def _check_size(header: PageHeader, name: str, max_pixels: int) -> None:
    width, height = header.width, header.height
    if width < 1 or height < 1:
        raise InputError(f"{name} has no pixels ({width} x {height})", "scan or copy it again")
    if width * height > max_pixels:
        raise InputError(
            f"{name} is {width} x {height} pixels, more than the {max_pixels} allowed",
            "if that size is right, raise --max-pixels",
        )


def _changed(samples: Samples, before: Gray, after: Gray) -> Samples:
    """`apply_change` in bands of rows, which bounds the memory its sums take."""
    changed = np.empty_like(samples)
    for rows in bands(*before.shape):
        changed[rows] = apply_change(samples[rows], before[rows], after[rows])
    return changed
