"""Reading PDF: every page as a viewer paints it, at the resolution of the scan in it.

Source: ISO 32000-2 (PDF 2.0).
"""

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from docpipe.imageio.damage import UnreadableError, name_of, reading
from docpipe.imageio.formats import Format
from docpipe.imageio.pdf_sink import PdfSink
from docpipe.imageio.source import PageHeader
from docpipe.page import Samples

_DPI_RANGE = (72.0, 1200.0)
_DPI_WITHOUT_PICTURE = 300.0
_POINTS_PER_INCH = 72
_INSET_PX = 0.01
_GRAY_SPACES = {1, 4}  # DeviceGray and CalGray, as PDFium numbers them
_PDFIUM = threading.RLock()  # PDFium has one global state: one call at a time in the whole process


class PdfFile:
    """A PDF whose pages are pictures.

    Args:
        data: the whole file.
        rasterise: accept a PDF that carries text or form fields.
    """

    def __init__(self, data: bytes, rasterise: bool) -> None:
        self._data = data
        with _PDFIUM:
            import pypdfium2  # late: only a PDF needs it

            try:
                self._pdf = pypdfium2.PdfDocument(data)
            except pypdfium2.PdfiumError as error:
                if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
                    raise _encrypted() from error
                raise
            try:
                self._headers = _checked_headers(self._pdf, rasterise)
            except BaseException:
                self._pdf.close()
                raise

    @property
    def headers(self) -> Sequence[PageHeader]:
        """See PageSource."""
        return self._headers

    def decode(self, index: int, colour: bool) -> Samples:
        """Samples as a viewer paints them; see PageSource."""
        header = self._headers[index]
        with _opened(self._pdf, index) as page:
            return _painted(page, header.width, header.height, colour and header.colour)

    def sink(self, stream: BinaryIO) -> PdfSink:
        """Start a PDF with the same outline, properties and page sizes."""
        return PdfSink(self._data, len(self._headers), stream)

    def close(self) -> None:
        """Close the document inside PDFium."""
        with _PDFIUM:
            self._pdf.close()


@contextmanager
def _opened(pdf: Any, index: int) -> Iterator[Any]:
    with _PDFIUM:
        page = pdf[index]
        try:
            yield page
        finally:
            page.close()


def _checked_headers(pdf: Any, rasterise: bool) -> list[PageHeader]:
    import pypdfium2.raw as pdfium

    if pdfium.FPDF_GetSecurityHandlerRevision(pdf) != -1:
        raise _encrypted()
    if len(pdf) == 0:
        raise UnreadableError("has no pages")
    if pdf.get_formtype() != pdfium.FORMTYPE_NONE:
        if not rasterise:
            raise UnreadableError("has form fields, which would become pixels", "--rasterise accepts that")
        pdf.init_forms()
    headers = []
    for index in range(len(pdf)):
        with reading(name_of(index, len(pdf), Format.PDF)), _opened(pdf, index) as page:
            if not rasterise and _has_text(page):
                raise UnreadableError(
                    "carries text, which would become pixels",
                    "if that text is right it needs no OCR; --rasterise cleans it as a picture",
                )
            headers.append(_header(page))
    return headers


def _painted(page: Any, width: int, height: int, colour: bool) -> Samples:
    """A page at exactly that size, so that a scan that fills it comes out pixel by pixel as it was stored.

    PDFium stretches a picture over every pixel it touches: a page that ended a rounding error beyond the last
    pixel would be resampled. So it is painted a hair smaller than the bitmap, which PdfPage.render cannot.
    """
    import pypdfium2
    import pypdfium2.raw as pdfium

    layout = pdfium.FPDFBitmap_BGR if colour else pdfium.FPDFBitmap_Gray
    flags = pdfium.FPDF_ANNOT | (pdfium.FPDF_REVERSE_BYTE_ORDER if colour else pdfium.FPDF_GRAYSCALE)
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, layout, rev_byteorder=colour)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        page_width, page_height = page.get_size()
        across, down = ((pixels - 2 * _INSET_PX) for pixels in (width, height))
        matrix = pdfium.FS_MATRIX(across / page_width, 0, 0, down / page_height, _INSET_PX, _INSET_PX)
        whole = pdfium.FS_RECTF(0, 0, width, height)
        pdfium.FPDF_RenderPageBitmapWithMatrix(bitmap, page, matrix, whole, flags)
        if page.formenv:
            pdfium.FPDF_FFLDraw(page.formenv, bitmap, page, 0, 0, width, height, 0, flags)
        return np.array(bitmap.to_numpy(), dtype=np.uint8)  # a copy: the bitmap's memory is PDFium's
    finally:
        bitmap.close()


def _header(page: Any) -> PageHeader:
    import pypdfium2.raw as pdfium

    largest, dpi, colour = 0, _DPI_WITHOUT_PICTURE, False
    pictures = list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]))
    for picture in pictures:
        width, height = picture.get_px_size()
        stored = picture.get_metadata()
        colour = colour or (stored.bits_per_pixel > 1 and stored.colorspace not in _GRAY_SPACES)
        if width * height > largest:
            largest, dpi = width * height, _placed_dpi(picture, width, height)
    across, down = (max(1, round(points * dpi / _POINTS_PER_INCH)) for points in page.get_size())
    return PageHeader(across, down, 8, colour or not pictures, (dpi, dpi))


def _placed_dpi(picture: Any, width: int, height: int) -> float:
    matrix = picture.get_matrix()
    container = picture.container
    while container is not None:
        matrix = matrix.multiply(container.get_matrix())
        container = container.container
    across, down = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
    if not across or not down:
        return _DPI_WITHOUT_PICTURE
    dpi = max(width / across, height / down) * _POINTS_PER_INCH
    return min(max(dpi, _DPI_RANGE[0]), _DPI_RANGE[1])


def _has_text(page: Any) -> bool:
    text = page.get_textpage()
    try:
        return bool(text.get_text_range().strip())
    finally:
        text.close()


def _encrypted() -> UnreadableError:
    return UnreadableError("is encrypted", "remove the password first, e.g. with qpdf --decrypt")
