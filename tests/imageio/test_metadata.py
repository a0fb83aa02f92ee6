"""What stands beside the pixels stays, as far as it is still true of the page."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from tests.imageio.drawn import colour_page, encoded, exif, gray_page, opened, png_chunk, read, rewritten, tiff

GRAY, COLOUR = gray_page(), colour_page()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GRAY_PROFILE = SRGB[:16] + b"GRAY" + SRGB[20:]      # only the field that is looked at
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><d tiff:Orientation='6' title='card'/></x:xmpmeta>"

# How a page is stored that EXIF calls 1 to 8, in terms of the upright one.
STORED = {
    1: lambda page: page,
    2: np.fliplr,
    3: lambda page: np.rot90(page, 2),
    4: np.flipud,
    5: lambda page: page.swapaxes(0, 1),
    6: lambda page: np.rot90(page),
    7: lambda page: np.rot90(page, 2).swapaxes(0, 1),
    8: lambda page: np.rot90(page, 3),
}


def turned(orientation, kind, page=COLOUR):
    """A file whose pixels are stored in another orientation than they are shown in."""
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](page)))
    block = exif(orientation, (300, 150))
    if kind == "TIFF":
        return encoded(stored, "TIFF", tiffinfo={274: orientation, 271: "Scanner & Sons"}, dpi=(300, 150))
    return encoded(stored, kind, exif=block, **({"lossless": True} if kind == "WEBP" else {"quality": 100}))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", STORED)
def test_pages_come_in_and_go_out_upright(kind, orientation):
    data = turned(orientation, kind)
    page, headers = read(data, keep_colour=True)
    assert np.abs(page.samples.astype(int) - COLOUR).mean() < (6 if kind == "JPEG" else 0.1)
    assert page.dpi == ((300, 150) if orientation < 5 else (150, 300))
    assert (headers[0].height, headers[0].width) == COLOUR.shape[:2]
    out = rewritten(data, keep_colour=True)
    assert opened(out).getexif().get(274, 1) == 1 and opened(out).getexif()[271] == "Scanner & Sons"
    again, _ = read(out, keep_colour=True)
    assert np.abs(again.samples.astype(int) - page.samples).mean() < (6 if kind == "JPEG" else 0.1)
    assert again.dpi == page.dpi


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_means_upright(orientation):
    assert np.array_equal(read(encoded(GRAY, "PNG", exif=exif(orientation)))[0].pixels, GRAY)


def test_the_densities_of_png_and_jpeg_turn_with_the_page():
    for kind in ("PNG", "JPEG"):
        data = encoded(GRAY, kind, exif=exif(6), dpi=(300, 150))
        assert read(data)[0].dpi == pytest.approx((150, 300), rel=1e-3)
        assert read(rewritten(data))[0].dpi == read(data)[0].dpi


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_xmp_stays_and_calls_the_page_upright(kind):
    options = {"tiffinfo": {700: XMP}} if kind == "TIFF" else {"xmp": XMP}
    if kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"pnginfo": notes}
    out = opened(rewritten(encoded(GRAY, kind, **options))).info["xmp"]
    assert (out.encode() if isinstance(out, str) else out).rstrip(b"\0") == XMP.replace(b"'6'", b"'1'")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_colour_profile_stays_only_where_it_fits(kind):
    data = encoded(COLOUR, kind, icc_profile=SRGB)
    assert opened(rewritten(data, keep_colour=True)).info["icc_profile"] == SRGB
    if kind != "WEBP":  # which writes gray as RGB
        assert "icc_profile" not in opened(rewritten(data)).info
        gray = opened(rewritten(encoded(GRAY, kind, icc_profile=GRAY_PROFILE)))
        assert gray.info["icc_profile"] == GRAY_PROFILE


def test_texts_of_a_png_stay_byte_for_byte():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Zoë")
    notes.add_text("Comment", "long " * 500, zip=True)
    notes.add_itxt("Title", "Карта", lang="ru", tkey="Заглавие")
    data = encoded(GRAY, "PNG", pnginfo=notes)
    assert opened(rewritten(data)).text == opened(data).text


def test_chunks_that_speak_of_old_samples_go():
    data = encoded(COLOUR, "PNG")
    at = data.index(b"IDAT") - 4
    chunks = png_chunk(b"sBIT", b"\5\6\5") + png_chunk(b"tIME", struct.pack(">HBBBBB", 2020, 1, 2, 3, 4, 5))
    out = rewritten(data[:at] + chunks + data[at:])
    assert b"sBIT" not in out and b"tIME" in out


def test_comment_and_exif_of_a_jpeg_stay_and_its_thumbnail_goes():
    tags = Image.Exif()
    tags[271] = "Scanner & Sons"
    tags.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    block = tags.tobytes()
    thumbnail = encoded(COLOUR, "JPEG")
    data = encoded(COLOUR, "JPEG", exif=with_thumbnail(block, thumbnail), comment=b"tray 2")
    assert data.count(b"\xff\xd8\xff") == 2
    out = rewritten(data)
    assert out.count(b"\xff\xd8\xff") == 1
    assert opened(out).info["comment"] == b"tray 2"
    assert opened(out).getexif()[271] == "Scanner & Sons"
    assert opened(out).getexif().get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"


def with_thumbnail(block, thumbnail):
    """An EXIF block (big-endian, as Pillow writes it) with a second directory that holds a JPEG."""
    body = bytearray(block.removeprefix(b"Exif\0\0"))
    order = "<" if body[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", body, 4)
    (count,) = struct.unpack_from(order + "H", body, first)
    struct.pack_into(order + "I", body, first + 2 + 12 * count, len(body))
    place = len(body) + 2 + 2 * 12 + 4
    body += struct.pack(order + "H", 2)
    body += struct.pack(order + "HHII", 513, 4, 1, place) + struct.pack(order + "HHII", 514, 4, 1, len(thumbnail))
    return b"Exif\0\0" + bytes(body) + bytes(4) + thumbnail


def test_texts_of_a_tiff_stay_and_what_shows_the_old_page_goes():
    text = {tag: (2, f"value of {tag}\0".encode()) for tag in (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)}
    data = tiff((GRAY, text | {297: (3, [0, 1]), 34377: (7, b"thumbnail"), 65000: (7, b"private")}))
    out = rewritten(data)
    tags = opened(out).tag_v2
    assert {tag: tags[tag] for tag in text} == {tag: f"value of {tag}" for tag in text}
    assert tags[297] == (0, 1) and tags[65000] == b"private" and 34377 not in tags


def test_damaged_metadata_is_left_out_and_the_page_still_read():
    data = encoded(GRAY, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert read(data)[0].pixels.shape == GRAY.shape
    assert b"Exif" not in rewritten(data)


def test_no_second_picture_is_left_behind_a_jpeg():
    stream = BytesIO()
    Image.fromarray(GRAY).save(stream, "MPO", save_all=True, append_images=[Image.fromarray(255 - GRAY)])
    out = rewritten(stream.getvalue())
    assert out.count(b"\xff\xd8\xff") == 1 and b"MPF" not in out
