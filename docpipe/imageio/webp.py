"""WebP: lossless stays lossless; EXIF, XMP and profile come along.

Source: RFC 9649, WebP Image Format.
"""

import struct
from io import BytesIO

from PIL import Image, WebPImagePlugin

from docpipe.imageio.damage import UnreadableError
from docpipe.imageio.jpeg import QUALITY
from docpipe.imageio.metadata import profile_fits, read_exif, upright_xmp
from docpipe.imageio.pixels import from_pillow
from docpipe.imageio.source import PageHeader, upright_header
from docpipe.page import Samples


class WebpFile:
    """One WebP picture. The format knows no gray: a gray page is given back with three equal channels.

    Args:
        data: the whole file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._chunks: dict[bytes, bytes] = {}
        (size,) = struct.unpack_from("<I", data, 4)
        if size + 8 > len(data):
            raise UnreadableError("is cut short")
        at, frames = 12, 0
        while at + 8 <= size + 8:
            name, length = struct.unpack_from("<4sI", data, at)
            self._chunks.setdefault(name, data[at + 8 : at + 8 + length])
            frames += name == b"ANMF"
            at += 8 + length + length % 2
        if frames > 1:
            raise UnreadableError("is an animation", "save the picture to be read as a WebP of its own")
        width, height = _size(self._chunks)
        exif = read_exif(self._exif())
        self.header: PageHeader = upright_header(
            width, height, 8, True, exif.dpi if exif else None, exif.orientation if exif else 1
        )

    def decode(self, colour: bool) -> Samples:
        """Samples as stored; see PageSource."""
        with WebPImagePlugin.WebPImageFile(BytesIO(self._data)) as image:
            image.load()
            return from_pillow(image, colour)

    def encode(self, samples: Samples, bilevel: bool) -> bytes:  # noqa: ARG002  (WebP has no 1-bit form)
        """A file of new samples with the metadata of this one."""
        stream = BytesIO()
        exif = read_exif(self._exif())
        profile = self._chunks.get(b"ICCP", b"")
        Image.fromarray(samples).save(
            stream,
            "WEBP",
            lossless=b"VP8L" in self._chunks,
            quality=QUALITY,
            exif=exif.upright() if exif else b"",
            xmp=upright_xmp(self._chunks.get(b"XMP ", b"")),
            icc_profile=profile if profile_fits(profile, 3) else b"",
        )
        return stream.getvalue()

    def _exif(self) -> bytes:
        return self._chunks.get(b"EXIF", b"")


def _size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    if b"VP8X" in chunks:
        canvas = chunks[b"VP8X"]
        return int.from_bytes(canvas[4:7], "little") + 1, int.from_bytes(canvas[7:10], "little") + 1
    if b"VP8L" in chunks:
        (packed,) = struct.unpack_from("<I", chunks[b"VP8L"], 1)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if b"VP8 " in chunks:
        width, height = struct.unpack_from("<HH", chunks[b"VP8 "], 6)
        return width & 0x3FFF, height & 0x3FFF
    raise UnreadableError("is damaged (no picture in it)")
