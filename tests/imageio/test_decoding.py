"""What comes in: every kind of picture as gray pixels, 0 = ink, 255 = paper."""

import numpy as np
import pytest
from PIL import Image

from docpipe.imageio import Format, open_scan
from tests.imageio.drawn import colour_page, encoded, gray_page, png16, read, tiff

GRAY, COLOUR = gray_page(), colour_page()
LUMA = COLOUR @ np.array([0.299, 0.587, 0.114])
BITS = np.where(GRAY > 127, 255, 0).astype(np.uint8)
BILEVEL = Image.fromarray(BITS).convert("1")
DEEP = (GRAY.astype(np.uint16) * 251 + 17, COLOUR.astype(np.uint16) * 251 + 17)
INVERTED_PALETTE = Image.fromarray((BITS == 0).astype(np.uint8)).convert("L")
INVERTED_PALETTE.putpalette([255, 255, 255, 0, 0, 0])


def lossless(image):
    """The same picture in every lossless kind that can hold it."""
    return {
        "png": encoded(image, "PNG"),
        "tiff raw": encoded(image, "TIFF"),
        "tiff lzw": encoded(image, "TIFF", compression="tiff_lzw"),
        "tiff deflate": encoded(image, "TIFF", compression="tiff_adobe_deflate"),
        "tiff packbits": encoded(image, "TIFF", compression="packbits"),
        "bmp": encoded(image, "BMP"),
    }


def faxes():
    return {name: encoded(BILEVEL, "TIFF", compression=name) for name in ("group3", "group4", "tiff_ccitt")}


@pytest.mark.parametrize("kind", sorted(lossless(Image.fromarray(GRAY))))
def test_gray_scans_come_in_as_they_were_stored(kind):
    page, headers = read(lossless(Image.fromarray(GRAY))[kind])
    assert np.array_equal(page.pixels, GRAY) and page.samples is None
    assert (headers[0].width, headers[0].height, headers[0].bits, headers[0].colour) == (61, 37, 8, False)


@pytest.mark.parametrize("kind", sorted(lossless(BILEVEL) | faxes()))
def test_one_bit_scans_come_in_black_and_white(kind):
    page, headers = read((lossless(BILEVEL) | faxes())[kind])
    assert np.array_equal(page.pixels, BITS)
    assert (headers[0].bits, headers[0].colour) == (1, False)


@pytest.mark.parametrize("kind", sorted(lossless(Image.fromarray(COLOUR))))
def test_colour_scans_come_in_as_their_luma_and_keep_colour_on_request(kind):
    data = lossless(Image.fromarray(COLOUR))[kind]
    page, headers = read(data)
    assert np.abs(page.pixels - LUMA).max() <= 0.51 and page.samples is None and headers[0].colour
    kept = read(data, keep_colour=True)[0]
    assert np.array_equal(kept.samples, COLOUR) and np.array_equal(kept.pixels, page.pixels)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF"])
def test_lossy_colour_scans_come_in_as_their_luma(kind):
    options = {"compression": "jpeg"} if kind == "TIFF" else {}
    data = encoded(COLOUR, kind, quality=95, **options)
    page = read(data)[0]
    assert np.abs(page.pixels - LUMA).mean() < 4
    kept = read(data, keep_colour=True)[0]
    assert np.abs(kept.pixels.astype(int) - page.pixels).mean() < 0.5  # colours beyond RGB are clipped
    assert kept.samples.shape == COLOUR.shape


def test_lossless_webp_comes_in_exactly():
    assert np.array_equal(read(encoded(COLOUR, "WEBP", lossless=True), keep_colour=True)[0].samples, COLOUR)


@pytest.mark.parametrize(
    ("mode", "kind"), [("LA", "PNG"), ("LA", "TIFF"), ("RGBA", "PNG"), ("RGBA", "TIFF"), ("RGBA", "WEBP")]
)
def test_transparent_parts_are_white_paper(mode, kind):
    image = Image.fromarray(GRAY).convert(mode)
    alpha = np.full(GRAY.shape, 255, np.uint8)
    alpha[:, :20] = 0
    image.putalpha(Image.fromarray(alpha))
    page = read(encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {})))[0]
    assert (page.pixels[:, :20] == 255).all()
    assert np.array_equal(page.pixels[:, 20:], GRAY[:, 20:])


def test_half_transparent_ink_is_half_as_dark():
    data = encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG")
    assert abs(int(read(data)[0].pixels[0, 0]) - 127) <= 1


@pytest.mark.parametrize("transparency", [None, 0, b"\x00\xff"])
def test_palettes_come_in_with_their_transparency(transparency):
    image = Image.fromarray((GRAY > 127).astype(np.uint8))
    image.putpalette([200, 30, 40, 250, 240, 230])
    options = {} if transparency is None else {"transparency": transparency}
    page, headers = read(encoded(image, "PNG", **options))
    ink = 82 if transparency is None else 255      # 0.299 * 200 + 0.587 * 30 + 0.114 * 40
    assert set(np.unique(page.pixels[GRAY <= 127])) == {ink}
    assert set(np.unique(page.pixels[GRAY > 127])) == {242}
    assert headers[0].colour


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_a_palette_of_grays_is_no_colour(kind):
    page, headers = read(encoded(INVERTED_PALETTE, kind), keep_colour=True)
    assert np.array_equal(page.pixels, BITS) and page.samples is None and not headers[0].colour


@pytest.mark.parametrize("mode", ["CMYK", "LAB"])
def test_print_and_lab_colours_come_in_as_their_luma(mode):
    if mode == "CMYK":
        image = Image.fromarray(COLOUR).convert("CMYK")
    else:
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        transform = ImageCms.buildTransform(*profiles, "RGB", "LAB")
        image = ImageCms.applyTransform(Image.fromarray(COLOUR), transform)
    kept = read(encoded(image, "TIFF"), keep_colour=True)[0]
    assert np.abs(kept.pixels - LUMA).max() <= 3
    assert np.abs(kept.samples.astype(int) - COLOUR).max() <= 8


def test_inverted_cmyk_as_photoshop_writes_it_is_not_a_negative():
    data = encoded(Image.fromarray(GRAY).convert("RGB").convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data  # Pillow writes it inverted, with the marker that says so
    assert np.abs(read(data)[0].pixels.astype(int) - GRAY).max() < 40


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compression", [1, 8])
def test_white_is_zero_is_turned_over(order, big, compression):
    for stored in (255 - GRAY, 65535 - DEEP[0]):
        page = read(tiff((stored, {262: (3, [0]), 259: (3, [compression])}), order=order, big=big))[0]
        if page.samples is None:
            assert np.array_equal(page.pixels, GRAY)
        else:
            assert np.array_equal(page.samples, DEEP[0])


@pytest.mark.parametrize("samples", DEEP, ids=["gray", "rgb"])
@pytest.mark.parametrize("write", [png16, lambda s: tiff((s, {})), lambda s: tiff((s, {259: (3, [8])}), order=">")])
def test_16_bits_stay_16_bits_and_round_to_8(samples, write):
    page, headers = read(write(samples), keep_colour=True)
    assert page.samples.dtype == np.uint16 and np.array_equal(page.samples, samples)
    luma = samples if samples.ndim == 2 else samples @ np.array([0.299, 0.587, 0.114])
    assert np.abs(page.pixels - luma / 257).max() <= 0.51
    assert headers[0].bits == 16
    plain = read(write(samples))[0]
    assert plain.samples.shape == samples.shape[:2] and plain.samples.dtype == np.uint16


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("write", [png16, lambda s: tiff((s, {338: (3, [2])}))], ids=["png", "tiff"])
def test_16_bit_opacity_is_laid_on_white(channels, write):
    samples = np.full((6, 9, channels), 1000, np.uint16)
    samples[:, :4, -1], samples[:, 4:, -1] = 0, 65535
    page = read(write(samples), keep_colour=True)[0]
    assert (page.samples[:, :4] == 65535).all() and (page.samples[:, 4:] == 1000).all()


@pytest.mark.parametrize("tiled", [False, True])
def test_16_bit_differences_between_neighbours_are_summed(tiled):
    samples = np.random.default_rng(4).integers(0, 65536, (16, 32, 3)).astype(np.uint16)
    span = 16 if tiled else 32
    parts = [np.diff(samples[:, i : i + span], axis=1, prepend=np.uint16(0)) for i in range(0, 32, span)]
    if tiled:  # two tiles of 16 x 16, one after the other
        stored = np.concatenate(parts, axis=0).reshape(16, 32, 3)
        layout = {322: (4, [16]), 323: (4, [16]), 324: (4, [8, 8 + 16 * 16 * 6]), 325: (4, [16 * 16 * 6] * 2)}
    else:
        stored, layout = parts[0], {}
    data = tiff((stored, {317: (3, [2])} | layout))
    assert np.array_equal(read(data, keep_colour=True)[0].samples, samples)


def test_12_bits_are_spread_over_16():
    values = np.array([[0, 4095, 2048, 1]], np.uint16)
    packed = np.frombuffer(bytes.fromhex("000fff800001"), np.uint8).reshape(1, 6)
    data = tiff((packed, {256: (4, [4]), 258: (3, [12])}))
    assert np.array_equal(read(data)[0].samples, values * 16 + values // 256)


def test_the_format_is_told_by_content():
    for kind, name in ((Format.PNG, "PNG"), (Format.JPEG, "JPEG"), (Format.TIFF, "TIFF"), (Format.WEBP, "WEBP"),
                         (Format.BMP, "BMP"), (Format.PDF, "PDF")):  # fmt: skip
        with open_scan(encoded(GRAY, name)) as scan:
            assert scan.format is kind and scan.page_count == 1
    with open_scan(encoded(GRAY, "MPO", save_all=True, append_images=[Image.fromarray(255 - GRAY)])) as scan:
        assert scan.format is Format.JPEG and scan.page_count == 1
        assert np.abs(scan.read(0).pixels.astype(int) - GRAY).mean() < 8
