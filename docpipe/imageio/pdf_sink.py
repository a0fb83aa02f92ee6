"""Writing PDF: restored pages become one picture each, and nothing else of them stays in the file.

Source: ISO 32000-2 (PDF 2.0).
"""

import logging
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from PIL import Image

from docpipe.imageio.damage import UnreadableError, reading
from docpipe.imageio.jpeg import QUALITY
from docpipe.page import Samples

if TYPE_CHECKING:
    from pypdf import PageObject, PdfWriter
    from pypdf.generic import DictionaryObject

# What pypdf repairs on its way is no news to the user; without a handler Python would print it.
logging.getLogger("pypdf").addHandler(logging.NullHandler())

_PAINTS = ("/Contents", "/Resources", "/Thumb", "/PieceInfo", "/StructParents", "/Metadata", "/Group", "/B")
_DESCRIBES_PAINTED = ("/StructTreeRoot", "/MarkInfo", "/AcroForm")

# ISO 32000-2, 8.3.3: how a picture, a unit square, fills a page of width w and height h whose corners are
# (x, y) and (right, top), so that it is upright once the viewer has turned the page clockwise by the key.
_FILL_PAGE = {
    0: "{w} 0 0 {h} {x} {y} cm",
    90: "0 {h} -{w} 0 {right} {y} cm",
    180: "-{w} 0 0 -{h} {right} {top} cm",
    270: "0 -{h} {w} 0 {x} {top} cm",
}


class PdfSink:
    """Collects the new pages, compressed, and writes the document at the end.

    Args:
        data: the document they replace pages of.
        page_count: how many pages that has.
        stream: where the new document goes.
    """

    def __init__(self, data: bytes, page_count: int, stream: BinaryIO) -> None:
        from pypdf import PdfReader  # late: only a PDF needs it

        self._stream = stream
        self._pictures: dict[int, tuple[bytes, tuple[int, ...]]] = {}
        with reading("the PDF file"):
            self._reader = PdfReader(BytesIO(data))
            if len(self._reader.pages) != page_count:
                raise UnreadableError("has a damaged list of pages", "repair it first, e.g. with qpdf")

    def add(self, index: int, samples: Samples, bilevel: bool) -> None:  # noqa: ARG002
        """See PageSink."""
        picture = BytesIO()
        Image.fromarray(samples).save(picture, "JPEG", quality=QUALITY, subsampling=0)
        self._pictures[index] = picture.getvalue(), samples.shape

    def keep(self, index: int) -> None:
        """See PageSink: what is not replaced stays."""

    def finish(self) -> None:
        """See PageSink."""
        from pypdf import PdfWriter

        document = BytesIO()
        with reading("the PDF file"):
            self._forget_painted()
            # Cloning follows references from the root: what no page needs any more is left behind.
            writer = PdfWriter(clone_from=self._reader, keep_initial_header=True)
            for index, (picture, shape) in self._pictures.items():
                _fill(writer, writer.pages[index], picture, shape)
            writer.write(document)
        self._stream.write(document.getbuffer())

    def _forget_painted(self) -> None:
        for name in _DESCRIBES_PAINTED:
            self._reader.root_object.pop(name, None)
        for index, flattened in enumerate(self._reader.pages):
            assert flattened.indirect_reference is not None
            page = cast("DictionaryObject", flattened.indirect_reference.get_object())  # what will be cloned
            page.update(flattened)  # with what it inherits
            parent = page.get("/Parent")
            while parent is not None:
                node = parent.get_object()
                node.pop("/Resources", None)
                parent = node.get("/Parent")
            if index in self._pictures:
                for name in _PAINTS:
                    page.pop(name, None)
                _keep_links_only(page)


def _fill(writer: "PdfWriter", page: "PageObject", picture: bytes, shape: tuple[int, ...]) -> None:
    """Make a JPEG the one thing on a page, over all that a viewer shows of it."""
    from pypdf.generic import DictionaryObject, NameObject, NumberObject, StreamObject

    image = StreamObject()
    image.set_data(picture)
    image.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(shape[1]),
            NameObject("/Height"): NumberObject(shape[0]),
            NameObject("/ColorSpace"): NameObject("/DeviceRGB" if len(shape) == 3 else "/DeviceGray"),
            NameObject("/BitsPerComponent"): NumberObject(8),
            NameObject("/Filter"): NameObject("/DCTDecode"),
        }
    )
    box = page.cropbox
    place = _FILL_PAGE[page.rotation % 360].format(
        w=box.width, h=box.height, x=box.left, y=box.bottom, right=box.right, top=box.top
    )
    contents = StreamObject()
    contents.set_data(f"q {place} /Page Do Q\n".encode())
    pictures = DictionaryObject({NameObject("/Page"): writer._add_object(image)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): pictures})
    page[NameObject("/Contents")] = writer._add_object(contents)


def _keep_links_only(page: "DictionaryObject") -> None:
    """Drop notes, stamps and fields: they are painted into the picture."""
    from pypdf.generic import ArrayObject, NameObject

    if "/Annots" in page:
        notes = cast(ArrayObject, page["/Annots"].get_object())
        links = [note for note in notes if note.get_object().get("/Subtype") == "/Link"]
        page[NameObject("/Annots")] = ArrayObject(links)
