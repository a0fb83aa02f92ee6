"""Whatever is done to a file, it is read or refused: no other exception, no crash, no warning."""

import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from docpipe.errors import InputError
from docpipe.imageio.damage import reading
from tests.imageio.drawn import colour_page, encoded, exif, gray_page, png16, read, rewritten, tiff

GRAY, COLOUR = gray_page(), colour_page()
BILEVEL = Image.fromarray(GRAY).convert("1")
FILES = {
    "png": encoded(GRAY, "PNG", dpi=(300, 300), exif=exif(3)),
    "png palette": encoded(Image.fromarray(COLOUR).convert("P"), "PNG", transparency=3),
    "png 16": png16(COLOUR.astype(np.uint16) * 257, text=b"Title\0card"),
    "jpeg": encoded(COLOUR, "JPEG", exif=exif(6, (300, 300)), dpi=(200, 200)),
    "jpeg progressive": encoded(COLOUR, "JPEG", progressive=True),
    "jpeg cmyk": encoded(Image.fromarray(COLOUR).convert("CMYK"), "JPEG"),
    "webp": encoded(COLOUR, "WEBP", exif=exif(6)),
    "webp lossless": encoded(COLOUR, "WEBP", lossless=True),
    "bmp": encoded(GRAY, "BMP"),
    "bmp colour": encoded(COLOUR, "BMP"),
    "tiff fax": encoded(BILEVEL, "TIFF", compression="group4"),
    "tiff lzw": encoded(COLOUR, "TIFF", compression="tiff_lzw"),
    "tiff jpeg": encoded(COLOUR, "TIFF", compression="jpeg"),
    "tiff 16": tiff((COLOUR.astype(np.uint16) * 257, {}), (GRAY, {259: (3, [8])})),
    "bigtiff": tiff((COLOUR, {}), (GRAY.astype(np.uint16), {259: (3, [8])}), order=">", big=True),
    "pdf": encoded(GRAY, "PDF", resolution=100),
}


def read_or_refused(data, keep=()):
    """The problem, or none where the file is read and written again."""
    try:
        rewritten(data, max_pixels=200_000, keep_colour=True, keep=keep)
    except InputError as error:
        assert error.problem and "\n" not in error.problem
        return error.problem
    return None


@pytest.mark.parametrize("kind", FILES)
def test_the_undamaged_files_are_read(kind):
    assert read_or_refused(FILES[kind]) is None


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=40, deadline=None)
@example(changes=[(0.98, 2)], kept=())  # lists where one number is due
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
       kept=st.sampled_from([(), (0,), (1,)]))  # fmt: skip
def test_changed_bytes_are_read_or_refused(kind, changes, kept):
    data = bytearray(FILES[kind])
    for place, value in changes:
        data[int(place * len(data))] = value
    with_right_checksums = _mended(bytes(data)) if kind.startswith("png") else bytes(data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_or_refused(with_right_checksums, kept)
    assert not caught


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=25, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True))
@example(place=0.0)
@example(place=0.5)
def test_files_cut_short_are_refused_or_lose_only_their_tail(kind, place):
    data = FILES[kind][: int(place * len(FILES[kind]))]
    problem = read_or_refused(data)
    tail = len(FILES[kind]) - len(data)
    assert problem is not None or tail < 40, "half a file passed for whole"


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "bmp", "tiff lzw"])
def test_half_a_file_is_called_cut_short(kind):
    data = FILES[kind] if kind != "tiff lzw" else tiff((GRAY, {279: (4, [61 * 37 + 10_000])}))
    assert "is cut short" in read_or_refused(data[: len(data) // 2] if kind != "tiff lzw" else data)


def test_threads_read_side_by_side():
    kinds = [kind for kind in FILES for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(lambda kind: read(FILES[kind])[0].pixels, kinds))
    for kind, pixels in zip(kinds, pages, strict=True):
        assert np.array_equal(pixels, read(FILES[kind])[0].pixels)


def test_memory_that_runs_out_is_said_so():
    with pytest.raises(InputError, match=r"^page 1 of 2 does not fit into memory"), reading("page 1 of 2"):
        raise MemoryError


def test_an_interrupt_is_not_damage():
    with pytest.raises(KeyboardInterrupt), reading("page 1 of 2"):
        raise KeyboardInterrupt


def _mended(data):
    """A PNG with its checksums made right, so that damage reaches the decoder."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        chunk = data[at + 4 : at + 8 + size]
        out += data[at : at + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        at += 12 + size
    return bytes(out)
