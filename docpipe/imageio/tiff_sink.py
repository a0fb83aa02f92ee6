"""Writing TIFF: new pixels beside the old tags; kept pages copied without decoding them."""

from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO

import cv2
import numpy as np

from docpipe.imageio import tiff_tags as tags
from docpipe.imageio.metadata import profile_fits, upright_tags, upright_xmp
from docpipe.imageio.pixels import to_pillow
from docpipe.imageio.tiff_ifd import Entry, Ifd, IfdWriter, integers
from docpipe.imageio.tiff_page import TiffPage, tiff_pages
from docpipe.page import Samples

_GIVEN_BACK_AS = {tags.UNCOMPRESSED: tags.UNCOMPRESSED, tags.LZW: tags.LZW}  # all others: deflate


class TiffSink:
    """Writes a TIFF file page by page, in the byte order of its source.

    Args:
        pages: where tags and kept pages come from.
        stream: seekable.
    """

    def __init__(self, pages: Sequence[TiffPage], stream: BinaryIO) -> None:
        self._pages = pages
        self._layout = pages[0].layout
        self._writer = IfdWriter(stream, self._layout)

    def add(self, index: int, samples: Samples, bilevel: bool) -> None:
        """See PageSink."""
        old = self._pages[index]
        compression = _GIVEN_BACK_AS.get(old.number(tags.COMPRESSION, 1), tags.DEFLATE)
        (new,) = tiff_pages(_encoded(samples, bilevel, compression, self._layout.order))
        described = tags.FOR_DECODERS & new.ifd.keys()
        structure = {tag: integers(new.numbers(tag), self._layout) for tag in described}
        kept = _kept(old, channels=3 if samples.ndim == 3 else 1)
        self._writer.append(kept | structure, new.block_tags[0], new.blocks)

    def keep(self, index: int) -> None:
        """See PageSink; of a pyramid of sizes only the page itself stays."""
        page = self._pages[index]
        copied = {tag: entry for tag, entry in page.ifd.items() if tag != tags.SMALLER_VERSIONS}
        self._writer.append(copied, page.block_tags[0], page.blocks)

    def finish(self) -> None:
        """See PageSink; every page is already whole."""


def _kept(old: TiffPage, channels: int) -> Ifd:
    """What stays true of a page with new pixels."""
    kept = {tag: entry for tag, entry in old.ifd.items() if tag not in tags.OLD_PIXELS}
    if tags.XMP in kept:
        kept[tags.XMP] = Entry(kept[tags.XMP].type, upright_xmp(kept[tags.XMP].payload))
    if tags.PROFILE in kept and not profile_fits(kept[tags.PROFILE].payload, channels):
        del kept[tags.PROFILE]
    return upright_tags(kept, old.layout)


def _encoded(samples: Samples, bilevel: bool, compression: int, order: str) -> bytes:
    """A file of one page, whose 16-bit samples are in the byte order asked for, whatever its header says."""
    if bilevel:
        stream = BytesIO()
        to_pillow(samples, bilevel).save(stream, "TIFF", compression="group4")
        return stream.getvalue()
    predictor = 1 if compression == tags.UNCOMPRESSED else 2
    if samples.dtype == np.uint16 and order == ">":
        samples, predictor = samples.byteswap(), 1  # differences would be taken between swapped numbers
    options = (cv2.IMWRITE_TIFF_COMPRESSION, compression, cv2.IMWRITE_TIFF_PREDICTOR, predictor)
    pixels = cv2.cvtColor(samples, cv2.COLOR_RGB2BGR) if samples.ndim == 3 else samples
    done, encoded = cv2.imencode(".tif", pixels, options)
    assert done
    return encoded.tobytes()
