"""What is not read, and what is said about it: one line, and a hint."""

import struct

import numpy as np
import pytest
from PIL import Image

from docpipe.errors import InputError
from docpipe.imageio import ReadOptions, open_scan
from tests.imageio.drawn import encoded, gray_page, png16, read, rewritten, tiff

GRAY = gray_page()
WIDE = (GRAY.astype(np.uint16) * 257)[:, :, None].repeat(4, 2)
READS = "docpipe reads PNG, JPEG, TIFF, WebP, BMP and PDF"


def refused(data, **options):
    with pytest.raises(InputError) as caught:
        read(data, **options)
    assert "\n" not in caught.value.problem and caught.value.hint
    return caught.value.problem


def test_a_page_longer_than_what_writes_it_can_take_is_refused_when_it_is_written():
    long = np.full((1_000_001, 2), 255, np.uint8)
    with pytest.raises(InputError, match="cannot be written as PNG with 2 x 1000001 pixels") as caught:
        rewritten(encoded(long, "PNG", compress_level=1), change=lambda pixels: pixels // 2)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        ("Zusammenfassung für Käufer\n".encode() * 3, f"is text, not a picture; {READS}"),
        (encoded(GRAY, "GIF"), f"is GIF; {READS}"),
        (encoded(GRAY, "JPEG2000"), f"is JPEG 2000; {READS}"),
        (encoded(GRAY, "AVIF"), f"is AVIF; {READS}"),
        (encoded(GRAY, "PPM"), f"is PGM; {READS}"),
        (b"PK\3\4" + bytes(30), f"is a ZIP archive or an office document; {READS}"),
        (bytes(range(256)), f"has an unknown format; {READS}"),
    ],
)
def test_what_is_no_scan_is_called_what_it_is(data, problem):
    assert refused(data) == problem


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind):
    frames = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert refused(data).endswith("file is an animation")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "PDF"])
def test_a_page_above_the_limit_is_refused_before_it_is_decoded(kind):
    data = encoded(GRAY, kind)
    problem = refused(data, max_pixels=61 * 37 - 1)
    assert problem == f"the {'WebP' if kind == 'WEBP' else kind} file is 61 x 37 pixels, more than the 2256 allowed"
    with open_scan(data, ReadOptions(max_pixels=61 * 37)):
        pass


def test_a_header_that_promises_terapixels_costs_nothing():
    png = png16(WIDE[:, :, :3]).replace(struct.pack(">II", 61, 37), struct.pack(">II", 2**31 - 1, 2**31 - 1), 1)
    assert "a checksum does not match" in refused(png)
    huge = {256: (4, [2**32 - 1]), 257: (4, [2**32 - 1])}
    assert refused(tiff((GRAY, {}), (GRAY, huge))).startswith("page 2 of 2 is 4294967295 x 4294967295 pixels")
    bmp = bytearray(encoded(GRAY, "BMP"))
    bmp[18:26] = struct.pack("<ii", 100_000, 100_000)
    assert refused(bytes(bmp)).startswith("the BMP file is 100000 x 100000 pixels")


def test_pillows_own_limit_does_not_interfere(monkeypatch):
    width, height = 14_000, 13_000  # above the number at which Pillow refuses
    data = encoded(Image.new("1", (width, height), 1), "TIFF", compression="group4")
    with open_scan(data) as scan:
        assert (scan.headers[0].width, scan.headers[0].height) == (width, height)
    assert Image.MAX_IMAGE_PIXELS is None


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ((GRAY.astype(np.float32), {339: (3, [3])}), "has samples with signs or fractions"),
        ((GRAY.astype(np.int16), {339: (3, [2])}), "has samples with signs or fractions"),
        ((GRAY.astype(np.uint32), {}), "has samples of 32 bits"),
        ((WIDE, {262: (3, [5])}), "has 16 bits a sample in an unusual colour space"),
        ((WIDE[:, :, :3], {284: (3, [2])}), "has 16 bits a sample in separate colour planes"),
        ((WIDE[:, :, :2], {262: (3, [2])}), "is damaged (its colours are not all there)"),
        ((GRAY, {259: (3, [6])}), "is compressed with old-style JPEG"),
        ((GRAY, {322: (4, [2**20]), 323: (4, [2**20])}), "is damaged (a tile is larger than any page)"),
        ((GRAY, {256: (4, [0])}), "has no pixels (0 x 37)"),
    ],
)
def test_kinds_of_tiff_that_would_not_come_back_faithfully_are_refused(page, problem):
    assert refused(tiff(page)) == f"the TIFF file {problem}"


def test_a_tiff_whose_pages_run_in_a_circle_is_damaged():
    data = bytearray(tiff((GRAY, {})))
    (first,) = struct.unpack_from("<I", data, 4)
    data[-4:] = struct.pack("<I", first)
    assert refused(bytes(data)) == "the TIFF file is damaged (its list of pages runs in a circle)"


def test_a_tiff_without_pages_is_refused():
    assert refused(b"II*\0" + bytes(4)) == "the TIFF file has no pages"


def test_jpeg_of_12_bits_is_refused():
    data = encoded(GRAY, "JPEG").replace(b"\xff\xc0\x00\x0b\x08", b"\xff\xc1\x00\x0b\x0c")
    assert refused(data) == "the JPEG file has 12 bits a sample; JPEG of 8 is read"


def test_a_limit_below_one_pixel_makes_no_sense():
    with pytest.raises(ValueError, match=r"max_pixels is 0"):
        ReadOptions(max_pixels=0)
