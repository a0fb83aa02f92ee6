"""JPEG: segments are carried over byte for byte, only pixels are decoded and encoded.

Source: ITU-T T.81 (JPEG) and T.871 (JFIF); Annex K.1 of T.81 for the tables behind the quality scale.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, JpegImagePlugin

from docpipe.imageio.damage import UnreadableError
from docpipe.imageio.metadata import profile_fits, read_exif, upright_xmp
from docpipe.imageio.pixels import from_pillow
from docpipe.imageio.source import PageHeader, stored_dpi, upright_header
from docpipe.page import Dpi, Samples

QUALITY = 92  # the least a page is given back at, on the scale of the Independent JPEG Group

_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF markers; the three between are tables
_SCAN, _END, _APP0, _APP1, _APP2, _APP14, _COMMENT = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_JFIF, _ADOBE, _EXIF, _PROFILE = b"JFIF\0", b"Adobe", b"Exif\0\0", b"ICC_PROFILE\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_KEPT = ((_APP1, _EXIF), (_APP1, _XMP), (_APP1, _XMP_MORE), (_APP2, _PROFILE), (_COMMENT, b""))
_NO_DENSITY = b"\x00\x00\x01\x00\x01"  # unit none, 1 : 1

# T.81 Table K.1, luminance; only its sum over all 64 steps is needed, at each quality
_STANDARD_STEPS = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
     14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    body: bytes

    def packed(self) -> bytes:
        return struct.pack(">BBH", 0xFF, self.marker, len(self.body) + 2) + self.body


class JpegFile:
    """One JPEG picture; of a file with several (MPO) the first.

    Args:
        data: the whole file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._segments, self._scan_at = _segments(data)
        frames = [segment.body for segment in self._segments if segment.marker in _FRAMES]
        if len(frames) != 1:  # with two, pixels of another size than the checked one could follow
            raise UnreadableError("is damaged (it does not have one header)")
        bits, height, width, channels = struct.unpack_from(">BHHB", frames[0])
        if bits != 8:
            raise UnreadableError(f"has {bits} bits a sample; JPEG of 8 is read", "convert it to PNG first")
        exif = read_exif(self._body(_APP1, _EXIF))
        density = self._body(_APP0, _JFIF)[2:7]
        self._density = density if len(density) == len(_NO_DENSITY) else _NO_DENSITY
        dpi = _dpi(self._density) or (exif.dpi if exif else None)
        orientation = exif.orientation if exif else 1
        self.header: PageHeader = upright_header(width, height, 8, channels > 1, dpi, orientation)

    def decode(self, colour: bool) -> Samples:
        """Samples as stored; see PageSource."""
        with self._opened() as image:
            if not colour and image.mode == "RGB":
                image.draft("L", None)  # decodes luma alone: a third of the memory
            image.load()
            return from_pillow(image, colour)

    def encode(self, samples: Samples, bilevel: bool) -> bytes:  # noqa: ARG002  (JPEG has no 1-bit form)
        """A file of new samples with the segments of this one."""
        stream = BytesIO()
        with self._opened() as image:
            quality = max(QUALITY, estimated_quality(image.quantization))
        Image.fromarray(samples).save(stream, "JPEG", quality=quality, subsampling=0)
        encoded = stream.getvalue()
        written, scan_at = _segments(encoded)
        channels = 3 if samples.ndim == 3 else 1
        segments = (
            _Segment(_APP0, _JFIF + b"\x01\x01" + self._upright_density() + b"\0\0"),
            *self._kept(channels),
            *(segment for segment in written if segment.marker != _APP0),
        )
        return _file(segments, memoryview(encoded)[scan_at:])

    def _opened(self) -> JpegImagePlugin.JpegImageFile:
        decoded = (segment for segment in self._segments if _tells_decoder(segment))
        bare = _file(decoded, memoryview(self._data)[self._scan_at :])
        return JpegImagePlugin.JpegImageFile(BytesIO(bare))

    def _body(self, marker: int, name: bytes) -> bytes:
        """The first segment of that kind, without its name; empty where there is none."""
        for segment in self._segments:
            if segment.marker == marker and segment.body.startswith(name):
                return segment.body[len(name) :]
        return b""

    def _upright_density(self) -> bytes:
        unit, across, down = self._density[:1], self._density[1:3], self._density[3:5]
        return unit + (down + across if self.header.orientation >= 5 else across + down)

    def _kept(self, channels: int) -> Iterator[_Segment]:
        profile = self._body(_APP2, _PROFILE)[2:]
        for segment in self._segments:
            if not any(segment.marker == marker and segment.body.startswith(name) for marker, name in _KEPT):
                continue
            if segment.body.startswith(_EXIF):
                exif = read_exif(segment.body[len(_EXIF) :])
                if exif is not None:
                    yield _Segment(_APP1, _EXIF + exif.upright())
            elif segment.body.startswith(_XMP):
                yield _Segment(_APP1, upright_xmp(segment.body))
            elif segment.marker != _APP2 or profile_fits(profile, channels):
                yield segment


def estimated_quality(tables: Mapping[int, Sequence[int]]) -> int:
    """The quality, 1 to 100, at which the IJG library writes luminance steps of this size in sum.

    Args:
        tables: quantisation tables of 64 steps each; table 0 is luminance.
    """
    steps = sum(tables[min(tables)])
    return min(range(1, 101), key=lambda quality: (abs(_steps_at(quality) - steps), quality))


def _steps_at(quality: int) -> int:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return int(np.clip((_STANDARD_STEPS * scale + 50) // 100, 1, 255).sum())


def _segments(data: bytes) -> tuple[list[_Segment], int]:
    """The segments before the first scan, and where that begins."""
    segments: list[_Segment] = []
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise UnreadableError("is damaged (a marker is missing)")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in (_SCAN, _END):
            return segments, at
        else:
            (size,) = struct.unpack_from(">H", data, at + 2)
            segments.append(_Segment(marker, data[at + 4 : at + 2 + size]))
            at += 2 + max(size, 2)
    raise UnreadableError("is cut short")


def _file(segments: Iterable[_Segment], scan: memoryview) -> bytes:
    return b"".join((b"\xff\xd8", *(segment.packed() for segment in segments), scan))


def _tells_decoder(segment: _Segment) -> bool:
    """Whether decoding depends on it: tables, frame, and the two headers that name the colour space."""
    if segment.marker == _APP0:
        return segment.body.startswith(_JFIF)
    if segment.marker == _APP14:
        return segment.body.startswith(_ADOBE)
    return not (0xE0 <= segment.marker <= 0xEF or segment.marker == _COMMENT)


def _dpi(density: bytes) -> Dpi | None:
    unit, across, down = struct.unpack(">BHH", density)
    to_inch = {1: 1.0, 2: 2.54}.get(unit)
    return stored_dpi(across * to_inch, down * to_inch) if to_inch else None
