"""BMP: pixels and resolution; the format carries nothing else that is kept."""

import struct
from io import BytesIO

from PIL import BmpImagePlugin, ImagePalette

from docpipe.imageio.pixels import from_pillow, to_pillow
from docpipe.imageio.source import PageHeader, stored_dpi
from docpipe.page import Samples

_RESOLUTION = slice(38, 46)  # two signed counts of pixels per metre, in every header but the oldest
_OLDEST_HEADER = 12
_METRE = 0.0254


class BmpFile:
    """One BMP picture.

    Args:
        data: the whole file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        (header_size,) = struct.unpack_from("<I", data, 14)
        is_oldest = header_size == _OLDEST_HEADER
        (depth,) = struct.unpack_from("<H", data, 24 if is_oldest else 28)
        self._resolution = bytes(8) if is_oldest else data[_RESOLUTION]
        across, down = struct.unpack("<ii", self._resolution)
        with BmpImagePlugin.BmpImageFile(BytesIO(data)) as image:
            colour = image.mode not in ("1", "L") and not (image.palette and _is_gray(image.palette))
            bits = 1 if depth == 1 and not colour else 8
            dpi = stored_dpi(across * _METRE, down * _METRE)
            self.header = PageHeader(*image.size, bits, colour, dpi)

    def decode(self, colour: bool) -> Samples:
        """Samples as stored; see PageSource."""
        with BmpImagePlugin.BmpImageFile(BytesIO(self._data)) as image:
            image.load()
            return from_pillow(image, colour)

    def encode(self, samples: Samples, bilevel: bool) -> bytes:
        """A file of new samples with the resolution of this one, to the pixel per metre."""
        stream = BytesIO()
        to_pillow(samples, bilevel).save(stream, "BMP")
        stream.seek(_RESOLUTION.start)
        stream.write(self._resolution)
        return stream.getvalue()


def _is_gray(palette: ImagePalette.ImagePalette) -> bool:
    """Of the palette as it is stored: asking the picture for its colours would decode it."""
    stored, step = bytes(palette.palette), len(palette.rawmode or "RGB")
    return stored[0::step] == stored[1::step] == stored[2::step]
