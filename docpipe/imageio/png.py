"""PNG: chunks are carried over byte for byte, only pixels are decoded and encoded.

Source: Portable Network Graphics (PNG) Specification, Third Edition (W3C, 2025).
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import PngImagePlugin

from docpipe.errors import InputError
from docpipe.imageio.damage import UnreadableError
from docpipe.imageio.metadata import profile_fits, read_exif, upright_xmp
from docpipe.imageio.pixels import flat_on_white, from_pillow, to_pillow
from docpipe.imageio.source import PageHeader, stored_dpi, upright_header
from docpipe.page import Dpi, Samples

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = 33  # of a file: the header is the first chunk, and 13 bytes long
_NUMBER = struct.Struct(">I")
_FOR_DECODERS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}  # no text bombs, no half animations
_KEPT = {b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP", b"tIME", b"gAMA", b"sRGB", b"cHRM"}
_PALETTE, _HAS_COLOUR = 3, {2, 6}
_METRE, _RESOLUTION_BYTES = 0.0254, 9
# With matches of runs alone: on scans half the time of level 4, files no larger. One filter for all rows, where OpenCV
# lets it be named (since 4.12): two thirds of the time of choosing one for each row, files hardly larger.
_COMPRESS_LEVEL = 1
_ENCODING = [
    *(cv2.IMWRITE_PNG_COMPRESSION, _COMPRESS_LEVEL),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    *((cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH) if hasattr(cv2, "IMWRITE_PNG_FILTER") else ()),
]


class _Chunk(NamedTuple):
    name: bytes
    body: memoryview
    whole: memoryview   # with length, name and checksum


class PngFile:
    """One PNG picture.

    Args:
        data: the whole file.
    """

    def __init__(self, data: bytes) -> None:
        self._chunks = list(_chunks(data))
        first = {chunk.name: chunk.body for chunk in reversed(self._chunks)}
        if b"IDAT" not in first or sum(chunk.name == b"IHDR" for chunk in self._chunks) != 1:
            raise UnreadableError("is damaged (it does not have one header and pixels)")
        width, height, self._depth, kind = struct.unpack_from(">IIBB", first[b"IHDR"])
        if b"acTL" in first and struct.unpack_from(">I", first[b"acTL"])[0] > 1:
            raise UnreadableError("is an animation", "save the picture to be read as a PNG of its own")
        colour = kind in _HAS_COLOUR or (kind == _PALETTE and not _is_gray(bytes(first.get(b"PLTE", b""))))
        exif = read_exif(bytes(first[b"eXIf"])) if b"eXIf" in first else None
        dpi = _dpi(first.get(b"pHYs", b"")) or (exif.dpi if exif else None)
        bits = 16 if self._depth == 16 else 1 if self._depth == 1 and not colour else 8
        orientation = exif.orientation if exif else 1
        self.header: PageHeader = upright_header(width, height, bits, colour, dpi, orientation)

    def decode(self, colour: bool) -> Samples:
        """Samples as stored; see PageSource."""
        bare = b"".join((_SIGNATURE, *(chunk.whole for chunk in self._chunks if chunk.name in _FOR_DECODERS)))
        if self._depth == 16:
            return _decoded16(bare, colour)
        with PngImagePlugin.PngImageFile(BytesIO(bare)) as image:
            image.load()
            return from_pillow(image, colour)

    def encode(self, samples: Samples, bilevel: bool) -> bytes:
        """A file of new samples with the chunks of this one."""
        pixels = _encoded_bilevel(samples) if bilevel else _encoded(samples)
        kept = self._kept(3 if samples.ndim == 3 else 1)
        return b"".join((pixels[:_HEADER_END], *kept, memoryview(pixels)[_HEADER_END:]))

    def _kept(self, channels: int) -> Iterator[bytes]:
        for name, chunk, _ in self._chunks:
            body = bytes(chunk) if name in _KEPT else b""
            if name == b"pHYs" and len(body) != _RESOLUTION_BYTES:
                continue
            if name == b"pHYs" and self.header.orientation >= 5:
                body = body[4:8] + body[:4] + body[8:]
            elif name == b"eXIf":
                exif = read_exif(body)
                body = exif.upright() if exif else b""
            elif name == b"iTXt":
                body = upright_xmp(body)
            elif name == b"iCCP" and not profile_fits(_profile(body), channels):
                continue
            if body:
                yield _chunk(name, body)


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """All chunks up to the end of the picture, their checksums tested."""
    view, at, name = memoryview(data), len(_SIGNATURE), b""
    while name != b"IEND":
        if at + 12 > len(data):
            raise UnreadableError("is cut short")
        name, (size,) = data[at + 4 : at + 8], _NUMBER.unpack_from(data, at)
        end = at + 12 + size
        if end > len(data):
            raise UnreadableError("is cut short")
        if name in _FOR_DECODERS and (zlib.crc32(view[at + 4 : end - 4]),) != _NUMBER.unpack_from(data, end - 4):
            raise UnreadableError("is damaged (a checksum does not match)")
        yield _Chunk(name, view[at + 8 : end - 4], view[at:end])
        at = end


def _chunk(name: bytes, body: bytes) -> bytes:
    return b"".join((_NUMBER.pack(len(body)), name, body, _NUMBER.pack(zlib.crc32(name + body))))


def _decoded16(bare: bytes, colour: bool) -> Samples:
    """By OpenCV, because Pillow cuts 16-bit colour down to 8 bits."""
    decoded = cv2.imdecode(np.frombuffer(bare, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:
        raise UnreadableError("is damaged")
    samples = cast(NDArray[np.uint16], decoded)
    if samples.ndim == 3 and samples.shape[2] == 4:
        samples = flat_on_white(samples[:, :, :3], samples[:, :, 3])
    if samples.ndim == 2:
        return samples
    return cast(Samples, cv2.cvtColor(samples, cv2.COLOR_BGR2RGB if colour else cv2.COLOR_BGR2GRAY))


def _encoded(samples: Samples) -> bytes:
    in_order = cv2.cvtColor(samples, cv2.COLOR_RGB2BGR) if samples.ndim == 3 else samples
    done, encoded = cv2.imencode(".png", in_order, _ENCODING)
    if not done:
        raise InputError(
            f"cannot be written as PNG with {samples.shape[1]} x {samples.shape[0]} pixels", "cut it into shorter pages"
        )
    return encoded.tobytes()


def _encoded_bilevel(samples: Samples) -> bytes:
    stream = BytesIO()
    to_pillow(samples, bilevel=True).save(stream, "PNG", compress_level=_COMPRESS_LEVEL, compress_type=zlib.Z_RLE)
    return stream.getvalue()


def _is_gray(palette: bytes) -> bool:
    return palette[0::3] == palette[1::3] == palette[2::3]


def _dpi(physical: bytes | memoryview) -> Dpi | None:
    if len(physical) != _RESOLUTION_BYTES:
        return None
    horizontal, vertical, unit = struct.unpack(">IIB", physical)
    return stored_dpi(horizontal * _METRE, vertical * _METRE) if unit == 1 else None


def _profile(chunk: bytes) -> bytes:
    """The beginning of an embedded profile, which says what it is for; empty if damaged."""
    try:
        return zlib.decompressobj().decompress(chunk.partition(b"\0")[2][1:], 128)
    except zlib.error:
        return b""
