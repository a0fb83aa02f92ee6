"""Reading TIFF: its pages, one at a time, whatever the compression.

Source: TIFF Revision 6.0 (Adobe, 1992) and its Technical Note 2 (JPEG).
"""

from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO

import numpy as np
from PIL import TiffImagePlugin

from docpipe.imageio import tiff_tags as tags
from docpipe.imageio.damage import UnreadableError, name_of, reading
from docpipe.imageio.formats import Format
from docpipe.imageio.metadata import dpi_of, orientation_of
from docpipe.imageio.pixels import flat_on_white, from_pillow, from_pillow16, gray_samples
from docpipe.imageio.source import PageHeader, upright_header
from docpipe.imageio.tiff_page import TiffPage, tiff_pages
from docpipe.imageio.tiff_sink import TiffSink
from docpipe.page import Samples

_NOT_A_PAGE = 1 | 4  # bits of NewSubfileType: a smaller version of another page, or a mask for one
_UNSIGNED, _UNDEFINED = 1, 4  # sample formats
_UNUSUAL_DEPTHS = {12: {tags.GRAY}, 16: {tags.WHITE_IS_ZERO, tags.GRAY, tags.RGB}}  # readable in these spaces
_LARGEST_TILE_PIXELS = 1 << 26
_SAVE_AGAIN = "save it with 8 or 16 bits, gray or RGB"


class TiffFile:
    """A TIFF file of one or more pages; thumbnails and masks are not pages.

    Args:
        data: the whole file.
    """

    def __init__(self, data: bytes) -> None:
        chain = tiff_pages(data)
        if not chain:
            raise UnreadableError("has no pages")
        self._pages = [page for page in chain if not page.number(tags.SUBFILE) & _NOT_A_PAGE] or chain
        self._headers = []
        for index, page in enumerate(self._pages):
            with reading(name_of(index, len(self._pages), Format.TIFF)):
                _check(page)
                self._headers.append(_header(page))

    @property
    def headers(self) -> Sequence[PageHeader]:
        """See PageSource."""
        return self._headers

    def decode(self, index: int, colour: bool) -> Samples:
        """Samples as stored; see PageSource."""
        page = self._pages[index]
        colour = colour and self._headers[index].colour
        bits = page.number(tags.BITS, 1)
        if bits == 16:
            samples = _decoded16(page)
            return samples if colour else gray_samples(samples)
        with TiffImagePlugin.TiffImageFile(BytesIO(page.alone())) as image:
            image.load()
            if bits == 12:
                low = from_pillow16(image)
                return (low << np.uint16(4)) | (low >> np.uint16(8))
            return from_pillow(image, colour)

    def sink(self, stream: BinaryIO) -> TiffSink:
        """Start a file of the same layout."""
        return TiffSink(self._pages, stream)

    def close(self) -> None:
        """Nothing is held."""


def _header(page: TiffPage) -> PageHeader:
    bits = page.number(tags.BITS, 1)
    photometric = page.number(tags.PHOTOMETRIC)
    colour = photometric in tags.COLOUR
    if photometric == tags.PALETTED:
        palette = np.array(page.numbers(tags.PALETTE)).reshape(3, -1)  # all reds, all greens, all blues
        colour = bool((palette != palette[0]).any())
    return upright_header(
        page.number(tags.WIDTH),
        page.number(tags.HEIGHT),
        16 if bits > 8 else 1 if bits == 1 and not colour else 8,
        colour,
        dpi_of(page.ifd, page.layout),
        orientation_of(page.ifd, page.layout),
    )


def _check(page: TiffPage) -> None:
    """Refuse what is not all there, and what no decoder here gives back faithfully."""
    all_bits = sorted(set(page.numbers(tags.BITS, (1,))))
    bits = all_bits[-1]
    if not set(page.numbers(tags.SAMPLE_FORMAT)) <= {_UNSIGNED, _UNDEFINED}:
        raise UnreadableError("has samples with signs or fractions", _SAVE_AGAIN)
    if bits > 16 or len(all_bits) > 1:
        raise UnreadableError(f"has samples of {' and '.join(map(str, all_bits))} bits", _SAVE_AGAIN)
    if bits in _UNUSUAL_DEPTHS and page.number(tags.PHOTOMETRIC) not in _UNUSUAL_DEPTHS[bits]:
        raise UnreadableError(f"has {bits} bits a sample in an unusual colour space", _SAVE_AGAIN)
    if bits == 16 and page.number(tags.PLANES, 1) == 2 and page.number(tags.CHANNELS, 1) > 1:
        raise UnreadableError("has 16 bits a sample in separate colour planes", _SAVE_AGAIN)
    if page.number(tags.PHOTOMETRIC) == tags.RGB and page.number(tags.CHANNELS, 1) < 3:
        raise UnreadableError("is damaged (its colours are not all there)")
    if page.number(tags.COMPRESSION, 1) == tags.OLD_JPEG:
        raise UnreadableError("is compressed with old-style JPEG", "save it again with another compression")
    if page.number(tags.TILE_WIDTH) * page.number(tags.TILE_HEIGHT) > _LARGEST_TILE_PIXELS:
        raise UnreadableError("is damaged (a tile is larger than any page)")
    _ = page.blocks


def _decoded16(page: TiffPage) -> Samples:
    """16-bit samples of any number of channels, opacity laid on white.

    Pillow reads 16 bits only where there is one channel, so n channels are read as a picture n times as wide.
    Differences between neighbours (TIFF 6.0, section 14) are then summed here, channel by channel.
    """
    channels, width = page.number(tags.CHANNELS, 1), page.number(tags.WIDTH)
    tile_width = page.number(tags.TILE_WIDTH)
    wide = {tags.WIDTH: width * channels, tags.CHANNELS: 1, tags.BITS: 16, tags.PHOTOMETRIC: tags.GRAY}
    if tile_width:
        wide[tags.TILE_WIDTH] = tile_width * channels
    alone = page.but(wide, without={tags.EXTRA, tags.PREDICTOR}).alone()
    with TiffImagePlugin.TiffImageFile(BytesIO(alone)) as image:
        image.load()
        samples = from_pillow16(image).reshape(image.height, width, channels)
    if page.number(tags.PREDICTOR, 1) == 2:
        for left in range(0, width, tile_width or width):
            part = samples[:, left : left + (tile_width or width)]
            np.cumsum(part, axis=1, dtype=np.uint16, out=part)
    if page.number(tags.PHOTOMETRIC) == tags.WHITE_IS_ZERO:
        np.invert(samples, out=samples)
    painted = 3 if page.number(tags.PHOTOMETRIC) == tags.RGB else 1
    flat = samples[:, :, :3] if painted == 3 else samples[:, :, 0]
    if tags.OPACITY & set(page.numbers(tags.EXTRA)):
        flat = flat_on_white(flat, samples[:, :, painted])
    return np.ascontiguousarray(flat)
