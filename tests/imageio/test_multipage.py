"""TIFF files of several pages: one file in, one file out, kept pages untouched."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from docpipe.errors import InputError
from docpipe.imageio import ReadOptions, open_scan
from tests.imageio.drawn import bound, colour_page, gray_page, opened, read, rewritten, tiff

GRAY, COLOUR = gray_page(), colour_page()
BILEVEL = Image.fromarray(GRAY).convert("1")


def pages_of(data, **options):
    with open_scan(data, ReadOptions(**options)) as scan:
        return [scan.read(index) for index in range(scan.page_count)]


@pytest.fixture
def fax_and_photo():
    """A G4 page, a JPEG page and an LZW page in one file, each with a name."""
    return bound(
        (BILEVEL, {"compression": "group4", "dpi": (204, 196), "tiffinfo": {285: "page 0"}}),
        (COLOUR, {"compression": "jpeg", "tiffinfo": {285: "page 1"}}),
        (GRAY, {"compression": "tiff_lzw", "tiffinfo": {285: "page 2"}}),
    )


def test_each_page_keeps_its_place_size_depth_and_name(fax_and_photo):
    out = Image.open(BytesIO(rewritten(fax_and_photo, keep_colour=True)))
    seen = []
    for index in range(out.n_frames):
        out.seek(index)
        seen.append((out.mode, out.tag_v2[285], out.info["compression"]))
    deflate = "tiff_adobe_deflate"
    assert seen == [("L", "page 0", deflate), ("RGB", "page 1", deflate), ("L", "page 2", "tiff_lzw")]
    for before, after in zip(pages_of(fax_and_photo), pages_of(rewritten(fax_and_photo)), strict=True):
        assert np.array_equal(before.pixels, after.pixels) and before.dpi == after.dpi


def test_pages_are_counted_from_their_headers(fax_and_photo):
    with open_scan(fax_and_photo) as scan:
        assert [(header.bits, header.colour) for header in scan.headers] == [(1, False), (8, True), (8, False)]
        assert [scan.read(index).index for index in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("kept", [(0,), (1,), (0, 1, 2)])
def test_kept_pages_keep_mode_compression_and_every_sample(fax_and_photo, kept):
    before, after = (Image.open(BytesIO(data)) for data in (fax_and_photo, rewritten(fax_and_photo, keep=kept)))
    for index in kept:
        before.seek(index)
        after.seek(index)
        assert (after.mode, after.info["compression"]) == (before.mode, before.info["compression"])
        assert np.array_equal(np.asarray(after), np.asarray(before))
        assert dict(after.tag_v2).keys() == dict(before.tag_v2).keys()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_restored_and_kept_pages_share_a_file_in_either_byte_order(order, big):
    deep, deep_colour = GRAY.astype(np.uint16) * 257, COLOUR.astype(np.uint16) * 200 + 5
    data = tiff((deep, {}), (deep_colour, {259: (3, [8])}), (GRAY, {}), (deep, {259: (3, [8])}), order=order, big=big)
    out = rewritten(data, keep=(1, 3), keep_colour=True)
    assert out[:4] == data[:4]
    for before, after in zip(pages_of(data, keep_colour=True), pages_of(out, keep_colour=True), strict=True):
        assert np.array_equal(before.pixels, after.pixels)
        assert before.samples is None or np.array_equal(before.samples, after.samples)


def test_tiles_come_in_and_can_be_kept():
    tiles = np.concatenate([np.full((16, 16), 10 + i, np.uint8) for i in range(4)])
    where = {324: (4, [8 + 256 * i for i in range(4)]), 325: (4, [256] * 4)}
    data = tiff((tiles, {256: (4, [30]), 257: (4, [20]), 322: (4, [16]), 323: (4, [16])} | where))
    page = read(data)[0]
    assert page.pixels.shape == (20, 30)
    assert [page.pixels[y, x] for y, x in ((0, 0), (0, 29), (19, 0), (19, 29))] == [10, 11, 12, 13]
    assert np.array_equal(read(rewritten(data, keep=(0,)))[0].pixels, page.pixels)
    assert np.array_equal(read(rewritten(data))[0].pixels, page.pixels)


def test_thumbnails_and_masks_in_a_file_are_not_pages():
    small = (GRAY[:5, :5], {254: (4, [1])})
    data = tiff((GRAY, {}), small, (GRAY, {}), (GRAY, {254: (4, [4])}))
    assert len(pages_of(data)) == 2
    assert opened(rewritten(data)).n_frames == 2
    assert len(pages_of(tiff(small))) == 1, "a file of nothing else is still a page"


def test_the_file_starts_where_the_stream_stands():
    from docpipe.imageio import ScanWriter

    stream = BytesIO(b"before")
    stream.seek(6)
    with open_scan(tiff((GRAY, {}), (GRAY, {}))) as scan, ScanWriter(scan, stream) as writer:
        writer.add(scan.read(0), GRAY)
        writer.keep(1)
    assert stream.getvalue()[:6] == b"before"
    assert all(np.array_equal(page.pixels, GRAY) for page in pages_of(stream.getvalue()[6:]))


def test_a_damaged_page_among_good_ones_is_named():
    data = bytearray(bound(*[(GRAY, {"compression": "tiff_adobe_deflate"})] * 3))
    where = Image.open(BytesIO(data))
    where.seek(1)
    (strip,) = where.tag_v2[273]
    data[strip + 10 : strip + 60] = bytes(50)
    with open_scan(bytes(data)) as scan:
        scan.read(0)
        with pytest.raises(InputError, match=r"^page 2 of 3 is damaged"):
            scan.read(1)
        scan.read(2)


def test_a_page_whose_pixels_end_with_the_file_is_named():
    cut = {273: (4, [8, 10_000]), 279: (4, [100, 100]), 278: (4, [20])}
    with pytest.raises(InputError, match=r"^page 2 of 2 is cut short \(1 of 2 strips are there\)"):
        open_scan(tiff((GRAY, {}), (GRAY, cut)))


def test_a_list_of_pages_that_ends_with_the_file_is_cut_short():
    data = tiff((GRAY, {}), (GRAY, {}))
    with pytest.raises(InputError, match=r"is cut short after page 1"):
        open_scan(data[:-200])
