"""Scan files of every kind, made here. Pictures are small and have no symmetry, so that a wrong turn shows."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, TiffImagePlugin

from docpipe.imageio import ReadOptions, ScanWriter, open_scan


def gray_page(width=61, height=37):
    """(H, W) uint8: shaded paper with dark bars at the left and top."""
    page = np.linspace(180, 255, width * height).reshape(height, width).astype(np.uint8)
    page[4:12, 3:40] = 20
    page[15:30, 5:9] = 60
    return page


def colour_page(width=61, height=37):
    """(H, W, 3) uint8: reddish on the left, bluish on the right."""
    page = np.repeat(gray_page(width, height)[:, :, None], 3, axis=2)
    page[:, : width // 2, 1:] //= 2
    page[:, width // 2 :, :2] //= 3
    return page


def encoded(image, kind, **options):
    """The bytes Pillow writes for a picture or an array."""
    stream = BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(stream, kind, **options)
    return stream.getvalue()


def png16(samples, *, text=b""):
    """A 16-bit PNG of (H, W) or (H, W, 2 to 4) samples: gray, gray with opacity, RGB, RGBA."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[1 if samples.ndim == 2 else samples.shape[2]]
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tEXt", text), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, body) for name, body in chunks)


def png_chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def tiff(*pages, order="<", big=False):
    """A TIFF of pages, each a pair of an array and a dictionary of tags: number -> (type, values).

    Samples are stored as they are, uncompressed unless tag 259 says deflate (8); the tags of the common
    layout are filled in.
    """
    offset, count, inline = ("Q", "Q", 8) if big else ("I", "H", 4)
    head = {"<": b"II", ">": b"MM"}[order]
    head += struct.pack(order + "HHH", 43, 8, 0) if big else struct.pack(order + "H", 42)
    out = bytearray(head + bytes(inline))
    link = len(head)
    for samples, extra in pages:
        height, width = samples.shape[:2]
        channels = 1 if samples.ndim == 2 else samples.shape[2]
        pixels = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
        if extra.get(259, (3, [1]))[1] == [8]:
            pixels = zlib.compress(pixels)
        common = {256: (4, [width]), 257: (4, [height]), 258: (3, [samples.dtype.itemsize * 8] * channels)}
        common |= {259: (3, [1]), 262: (3, [2 if channels >= 3 else 1]), 273: (4, [len(out)])}
        common |= {277: (3, [channels]), 278: (4, [height]), 279: (4, [len(pixels)])}
        out += pixels + b"\0" * (len(pixels) % 2)
        table = b""
        entries = sorted((common | extra).items())
        for tag, (kind, values) in entries:
            form = {1: "B", 2: "B", 3: "H", 4: "I", 5: "I", 7: "B", 12: "d", 16: "Q"}[kind]
            payload = struct.pack(f"{order}{len(values)}{form}", *values)
            length = len(values) // 2 if kind == 5 else len(values)
            if len(payload) > inline:
                place, payload = len(out), payload + b"\0" * (len(payload) % 2)
                out += payload
                payload = struct.pack(order + offset, place)
            table += struct.pack(order + "HH" + offset, tag, kind, length) + payload.ljust(inline, b"\0")
        out[link : link + inline] = struct.pack(order + offset, len(out))
        out += struct.pack(order + count, len(entries)) + table
        link = len(out)
        out += bytes(inline)
    return bytes(out)


def bound(*pages):
    """A TIFF that Pillow writes of pages, each a picture or array and its options."""
    stream = BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(stream, new=True) as writer:
        for image, options in pages:
            picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
            picture.save(writer, "TIFF", **options)
            writer.newFrame()
        writer.finalize()
        return stream.getvalue()


def exif(orientation, dpi=None):
    """An EXIF block as Pillow writes it."""
    tags = Image.Exif()
    tags[274] = orientation
    tags[271] = "Scanner & Sons"
    if dpi:
        tags[282], tags[283], tags[296] = (*dpi, 2)
    return tags.tobytes()


def read(data, **options):
    """The first page of a scan, and all headers."""
    with open_scan(data, ReadOptions(**options)) as scan:
        return scan.read(0), scan.headers


def rewritten(data, *, change=lambda pixels: pixels, keep=(), bilevel=False, **options):
    """The file that ScanWriter makes of a scan, each page changed by `change` or kept."""
    stream = BytesIO()
    with open_scan(data, ReadOptions(**options)) as scan, ScanWriter(scan, stream, bilevel=bilevel) as writer:
        for index in range(scan.page_count):
            if index in keep:
                writer.keep(index)
            else:
                page = scan.read(index)
                writer.add(page, change(page.pixels))
    return stream.getvalue()


def opened(data):
    """What Pillow makes of a file."""
    image = Image.open(BytesIO(data))
    image.load()
    return image
