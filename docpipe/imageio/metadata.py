"""EXIF, XMP and colour profiles: what they say of a page, and what of them stays true beside new pixels."""

import re
import struct
from dataclasses import dataclass
from io import BytesIO

from docpipe.imageio.damage import UnreadableError
from docpipe.imageio.source import stored_dpi
from docpipe.imageio.tiff_ifd import Entry, Ifd, IfdWriter, Layout, read_ifd, read_layout
from docpipe.imageio.tiff_tags import HORIZONTAL, ORIENTATION, UNIT, VERTICAL
from docpipe.page import Dpi

_PER_CENTIMETRE = 3
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>))[2-8]")
_CHANNELS_OF_PROFILE = {b"GRAY": 1, b"RGB ": 3}


@dataclass(frozen=True, slots=True)
class Exif:
    """An EXIF block: as it was, and its first directory."""

    block: bytes
    layout: Layout
    ifd: Ifd
    has_thumbnail: bool

    @property
    def orientation(self) -> int:
        """From 1 (upright) to 8."""
        return orientation_of(self.ifd, self.layout)

    @property
    def dpi(self) -> Dpi | None:
        """The resolution, as stored."""
        return dpi_of(self.ifd, self.layout)

    def upright(self) -> bytes:
        """The block for upright pixels, without the thumbnail: that still shows the page as it was."""
        if self.orientation == 1 and not self.has_thumbnail:
            return self.block
        stream = BytesIO()
        IfdWriter(stream, self.layout).append(upright_tags(self.ifd, self.layout))
        return stream.getvalue()


def read_exif(block: bytes) -> Exif | None:
    """Parse an EXIF block. None where it is damaged: it is not needed to read the page, and is not kept."""
    block = block.removeprefix(b"Exif\0\0")
    try:
        layout, offset = read_layout(block)
        ifd, thumbnail = read_ifd(block, offset, layout)
        return Exif(block, layout, ifd, thumbnail != 0)
    except (UnreadableError, struct.error):
        return None


def orientation_of(ifd: Ifd, layout: Layout) -> int:
    """The orientation in a directory, 1 where it states none that exists."""
    stated = ifd[ORIENTATION].integers(layout.order) if ORIENTATION in ifd else ()
    return stated[0] if stated and 1 <= stated[0] <= 8 else 1


def dpi_of(ifd: Ifd, layout: Layout) -> Dpi | None:
    """The resolution in a directory, as stored; None where it has no unit of length."""
    if HORIZONTAL not in ifd or VERTICAL not in ifd:
        return None
    unit = (ifd[UNIT].integers(layout.order) if UNIT in ifd else ()) or (2,)
    if unit[0] not in (2, _PER_CENTIMETRE):
        return None
    to_inch = 2.54 if unit[0] == _PER_CENTIMETRE else 1
    return stored_dpi(*(ifd[tag].ratio(layout.order) * to_inch for tag in (HORIZONTAL, VERTICAL)))


def upright_tags(ifd: Ifd, layout: Layout) -> Ifd:
    """A directory for upright pixels: orientation 1, resolution turned along, everything else as it was."""
    tags = dict(ifd)
    turned = orientation_of(ifd, layout) >= 5
    if ORIENTATION in tags:
        tags[ORIENTATION] = Entry(3, struct.pack(f"{layout.order}H", 1))
    if turned and HORIZONTAL in tags and VERTICAL in tags:
        tags[HORIZONTAL], tags[VERTICAL] = tags[VERTICAL], tags[HORIZONTAL]
    return tags


def upright_xmp(packet: bytes) -> bytes:
    """An XMP packet, of the same length, that calls the pixels upright."""
    return _XMP_ORIENTATION.sub(rb"\g<1>1", packet)


def profile_fits(profile: bytes, channels: int) -> bool:
    """Whether an ICC profile is for pictures of 1 (gray) or 3 (RGB) channels."""
    return _CHANNELS_OF_PROFILE.get(profile[16:20]) == channels
