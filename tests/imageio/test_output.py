"""What goes out: the kind, depth, resolution and compression that came in."""

import numpy as np
import pytest
from PIL import Image

from docpipe.imageio import open_scan
from docpipe.imageio.jpeg import estimated_quality
from tests.imageio.drawn import colour_page, encoded, exif, gray_page, opened, png16, read, rewritten, tiff

GRAY, COLOUR = gray_page(), colour_page()
BILEVEL = Image.fromarray(GRAY).convert("1", dither=Image.Dither.NONE)
LOSSLESS = [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})]


def lighter(pixels):
    """A restoration that never clips, so that it can be undone."""
    return pixels // 2 + 64


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_restored_gray_pixels_come_out_exactly(kind, options):
    out = rewritten(encoded(GRAY, kind, **options), change=lighter)
    assert opened(out).format == kind
    assert np.array_equal(read(out)[0].pixels, lighter(GRAY))


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_colour_is_given_back_where_it_was_kept_and_gray_where_not(kind, options):
    data = encoded(COLOUR, kind, **options)
    assert np.array_equal(read(rewritten(data, keep_colour=True), keep_colour=True)[0].samples, COLOUR)
    plain = np.asarray(opened(rewritten(data)).convert("RGB"))
    assert (plain == plain[:, :, :1]).all()
    assert opened(rewritten(data)).mode == ("RGB" if kind == "WEBP" else "L")


@pytest.mark.parametrize("write", [png16, lambda s: tiff((s, {})), lambda s: tiff((s, {259: (3, [8])}), order=">")])
@pytest.mark.parametrize("page", [GRAY, COLOUR], ids=["gray", "rgb"])
def test_16_bits_come_back_as_16_bits_with_the_change_added(write, page):
    samples = page.astype(np.uint16) * 200 + 3000
    out, _ = read(rewritten(write(samples), keep_colour=True), keep_colour=True)
    assert np.array_equal(out.samples, samples), "an unchanged page loses nothing"
    changed, _ = read(rewritten(write(samples), change=lambda p: p + 10, keep_colour=True), keep_colour=True)
    assert np.array_equal(changed.samples, samples + 10 * 257)


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {"compression": "group4"}), ("TIFF", {})]
)
def test_one_bit_comes_back_as_gray_or_as_one_bit(kind, options):
    data = encoded(BILEVEL, kind, **options)
    gray = opened(rewritten(data, change=lighter))
    assert gray.mode == "L" and set(np.unique(gray)) == {64, 191}
    bilevel = opened(rewritten(data, change=lighter, bilevel=True))
    assert bilevel.mode == "1" and np.array_equal(np.asarray(bilevel), np.asarray(BILEVEL))
    if kind == "TIFF":
        assert bilevel.info["compression"] == "group4"


def test_bilevel_leaves_gray_scans_gray():
    assert opened(rewritten(encoded(GRAY, "PNG"), bilevel=True)).mode == "L"


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("page", [GRAY, COLOUR], ids=["gray", "rgb"])
def test_tiff_keeps_a_lossless_compression(compression, page):
    out = rewritten(encoded(page, "TIFF", compression=compression), keep_colour=True)
    assert opened(out).info["compression"] == compression


@pytest.mark.parametrize("compression", ["packbits", "jpeg"])
def test_tiff_replaces_other_compressions_by_deflate(compression):
    out = rewritten(encoded(GRAY, "TIFF", compression=compression))
    assert opened(out).info["compression"] == "tiff_adobe_deflate"


@pytest.mark.parametrize("quality", range(1, 101, 9))
def test_the_quality_of_a_jpeg_is_estimated_from_its_tables(quality):
    assert estimated_quality(opened(encoded(GRAY, "JPEG", quality=quality)).quantization) == quality


@pytest.mark.parametrize(("came_in_at", "goes_out_at"), [(30, 92), (92, 92), (97, 97)])
def test_a_jpeg_goes_out_at_92_or_what_it_came_in_at(came_in_at, goes_out_at):
    out = opened(rewritten(encoded(COLOUR, "JPEG", quality=came_in_at), keep_colour=True))
    assert estimated_quality(out.quantization) == goes_out_at
    assert all(layer[1:3] == (1, 1) for layer in out.layer), "colour is subsampled"


@pytest.mark.parametrize("dpi", [(1, 1), (300, 300), (200, 100), (72000, 72000)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_the_resolution_stays_to_the_last_digit(kind, dpi):
    options = {"exif": exif(1, dpi)} if kind == "WEBP" else {"dpi": dpi}
    if kind == "JPEG" and dpi[0] > 65535:
        pytest.skip("JFIF holds 16 bits")
    data = encoded(GRAY, kind, **options)
    page, headers = read(data)
    assert page.dpi == headers[0].dpi == pytest.approx(dpi, rel=0.02)
    assert read(rewritten(data))[0].dpi == page.dpi
    assert opened(rewritten(data)).info.get("dpi") == opened(data).info.get("dpi")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_missing_resolution_stays_missing(kind):
    data = encoded(GRAY, kind)
    assert read(data)[0].dpi is None
    out = rewritten(data)
    assert read(out)[0].dpi is None and opened(out).info.get("dpi") == opened(data).info.get("dpi")


def test_a_bmp_that_states_no_resolution_goes_out_without():
    data = bytearray(encoded(GRAY, "BMP"))
    data[38:46] = bytes(8)
    assert read(bytes(data))[0].dpi is None
    assert rewritten(bytes(data))[38:46] == bytes(8)


def test_the_units_of_a_resolution_stay():
    centimetres = tiff((GRAY, {282: (5, [11811, 100]), 283: (5, [11811, 100]), 296: (3, [3])}))
    assert read(centimetres)[0].dpi == pytest.approx((300, 300), rel=1e-4)
    assert opened(rewritten(centimetres)).tag_v2[296] == 3
    aspect_only = tiff((GRAY, {282: (5, [2, 1]), 283: (5, [1, 1]), 296: (3, [1])}))
    assert read(aspect_only)[0].dpi is None
    assert opened(rewritten(aspect_only)).tag_v2[282] == 2
    jfif = bytearray(encoded(GRAY, "JPEG"))
    for unit, dpi in ((0, None), (2, (2.54 * 118, 2.54 * 120))):
        jfif[13:18] = bytes((unit, 0, 118, 0, 120))
        assert read(bytes(jfif))[0].dpi == dpi
        assert rewritten(bytes(jfif))[13:18] == jfif[13:18]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "PDF"])
def test_the_same_page_gives_the_same_bytes(kind):
    data = encoded(GRAY, kind)
    assert rewritten(data, change=lighter) == rewritten(data, change=lighter)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_kept_picture_is_the_file_it_was(kind):
    data = encoded(COLOUR, kind)
    assert rewritten(data, keep=(0,)) == data


def test_pages_are_written_in_order_and_all_of_them(tmp_path):
    from io import BytesIO

    from docpipe.imageio import ScanWriter

    with open_scan(tiff((GRAY, {}), (GRAY, {}))) as scan:
        with pytest.raises(ValueError, match=r"1 of 2 pages"), ScanWriter(scan, BytesIO()) as writer:
            writer.keep(0)
        with pytest.raises(ValueError, match=r"page 1 is written where page 0 is due"):
            ScanWriter(scan, BytesIO()).add(scan.read(1), GRAY)
        with pytest.raises(ValueError, match=r"page 1 is kept where page 0 is due"):
            ScanWriter(scan, BytesIO()).keep(1)
        with pytest.raises(ValueError, match=r"restored is \(3, 3\)"):
            ScanWriter(scan, BytesIO()).add(scan.read(0), GRAY[:3, :3])
