"""The formats docpipe reads and writes, and how their files are told apart: by content, never by name."""

from enum import StrEnum

from docpipe.errors import InputError


class Format(StrEnum):
    """A file format that docpipe reads and gives back."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    WEBP = "WebP"
    BMP = "BMP"
    PDF = "PDF"


SUFFIXES = {
    ".bmp": Format.BMP,
    ".dib": Format.BMP,
    ".jfif": Format.JPEG,
    ".jpe": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".jpg": Format.JPEG,
    ".pdf": Format.PDF,
    ".png": Format.PNG,
    ".tif": Format.TIFF,
    ".tiff": Format.TIFF,
    ".webp": Format.WEBP,
}
"""File name endings, in lower case, under which scans are looked for."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),  # BigTIFF
    (b"MM\0+", Format.TIFF),
    (b"BM", Format.BMP),
    (b"%PDF-", Format.PDF),
)

# What people mistake for a scan: named, so that they know what to convert.
_FOREIGN_MAGIC = (
    (0, b"GIF8", "GIF"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypavif", "AVIF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"%!PS", "PostScript"),
    (0, b"AT&TFORM", "DjVu"),
    (0, b"\x97JB2", "JBIG2"),
    (0, b"P4\n", "PBM"),
    (0, b"P5\n", "PGM"),
    (0, b"P6\n", "PPM"),
    (0, b"\0\0\1\0", "an icon (ICO)"),
    (0, b"PK\3\4", "a ZIP archive or an office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"<svg", "SVG"),
)

_PDF_SLACK = 1024  # viewers accept a PDF whose header comes this late
_READS = f"docpipe reads {', '.join(list(Format)[:-1])} and {list(Format)[-1]}"


def sniff(data: bytes) -> Format:
    """Tell the format of a file from its content.

    Args:
        data: the whole file.

    Returns:
        The format its first bytes announce.

    Raises:
        InputError: it is empty, or nothing that docpipe reads; what it seems to be is named.
    """
    if not data:
        raise InputError("is empty", "scan or copy it again")
    for magic, known in _MAGIC:
        if data.startswith(magic):
            return known
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Format.WEBP
    if b"%PDF-" in data[:_PDF_SLACK]:
        return Format.PDF
    for offset, magic, name in _FOREIGN_MAGIC:
        if data.startswith(magic, offset):
            raise InputError(f"is {name}; {_READS}", "convert it first")
    if _is_text(data[:_PDF_SLACK]):
        raise InputError(f"is text, not a picture; {_READS}", "name a scanned page")
    raise InputError(f"has an unknown format; {_READS}", "convert it first, or scan it again")


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head[:-4].decode("utf-8")  # the last character may have been cut in two
    except UnicodeDecodeError:
        return False
    return True
