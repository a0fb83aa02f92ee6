"""PDF: read as a viewer paints it, given back as one picture a page, with nothing of the old page left."""

import threading
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from docpipe.errors import InputError
from docpipe.imageio import ReadOptions, open_scan
from tests.imageio.drawn import colour_page, encoded, gray_page, read, rewritten

GRAY, COLOUR = gray_page(200, 120), colour_page(200, 120)
FONT = "/Font << /F 5 0 R >>"
SECRET = "Erika Mustermann"


def pdf(content, *, resources="", page="", root="", parent="", more=()):
    """A PDF of one page of 96 x 57.6 points, with a gray picture /P and a font /F to paint with."""
    picture = encoded(GRAY, "JPEG", quality=100)
    colours = "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode"
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {root} >>",
        f"<< /Type /Pages /Kids [3 0 R] /Count 1 {parent} >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 96 57.6] /Contents 4 0 R {page} {resources} >>",
        _stream("", content.encode()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FontDescriptor 7 0 R >>",
        _stream(f"/Type /XObject /Subtype /Image /Width 200 /Height 120 {colours}", picture),
        "<< /Type /FontDescriptor /FontName /OldFont >>",
        *more,
    ]
    out, places = bytearray(b"%PDF-1.6\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + (body.encode() if isinstance(body, str) else body) + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}trailer\n"
    out_end = f"<< /Root 1 0 R /Size {len(bodies) + 1} >>\nstartxref\n{len(out)}\n%%EOF\n"
    return bytes(out) + (end + out_end).encode()


def _stream(entries, body):
    return f"<< {entries} /Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream"


RESOURCES = "/Resources << /XObject << /P 6 0 R >> /Font << /F 5 0 R >> >>"
PICTURE = "q 96 0 0 57.6 0 0 cm /P Do Q"
TEXT = f" BT /F 8 Tf 10 10 Td ({SECRET}) Tj ET"
HIDDEN = TEXT.replace("Td", "Td 3 Tr")


def bound(*pages, resolution=150):
    first, *rest = (Image.fromarray(page) for page in pages)
    return encoded(first, "PDF", resolution=resolution, save_all=True, append_images=rest, quality=100)


@pytest.mark.parametrize("dpi", [97, 150, 300, 1200])
def test_a_scan_comes_in_at_its_own_resolution_pixel_by_pixel(dpi):
    bits = np.random.default_rng(1).random((641, 1013)) > 0.3
    page, headers = read(encoded(Image.fromarray(bits), "PDF", resolution=dpi))
    assert page.dpi == pytest.approx((dpi, dpi), abs=1e-3)
    assert (headers[0].width, headers[0].height) == (1013, 641)
    assert np.array_equal(page.pixels, bits * 255)


def test_the_resolution_stays_between_72_and_1200_and_is_300_without_a_picture():
    assert read(bound(GRAY, resolution=20))[0].dpi == (72, 72)
    assert read(bound(GRAY, resolution=5000))[0].dpi == (1200, 1200)
    page = read(pdf("0 0 48 57.6 re f"))[0]
    assert page.dpi == (300, 300) and page.pixels.shape == (240, 400)
    assert (page.pixels[:, :199] == 0).all() and (page.pixels[:, 201:] == 255).all()


def test_a_picture_inside_a_form_counts_with_all_scales_on_its_way():
    form = _stream("/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /P 6 0 R >> >>", b"/P Do")
    data = pdf("q 96 0 0 57.6 0 0 cm /W Do Q", resources="/Resources << /XObject << /W 8 0 R >> >>", more=[form])
    page = read(data)[0]
    assert page.dpi == pytest.approx((150, 150), rel=1e-3)
    assert np.abs(page.pixels.astype(int) - GRAY).max() < 10


def test_a_page_above_the_limit_is_not_rendered():
    with pytest.raises(InputError, match=r"200 x 120 pixels, more than the 1000 allowed"):
        open_scan(bound(GRAY), ReadOptions(max_pixels=1000))


@pytest.mark.parametrize("content", [PICTURE + TEXT, PICTURE + HIDDEN], ids=["visible", "hidden"])
def test_a_pdf_that_carries_text_is_refused_unless_it_may_be_rasterised(content):
    data = pdf(content, resources=RESOURCES)
    with pytest.raises(InputError, match=r"carries text") as caught:
        open_scan(data)
    assert "--rasterise" in caught.value.hint
    assert read(data, rasterise=True)[0].pixels.shape == (120, 200)


def test_form_fields_count_as_text():
    field = "<< /FT /Tx /T (name) /V (Erika) /Type /Annot /Subtype /Widget /Rect [1 1 50 20] >>"
    form = "/AcroForm << /Fields [8 0 R] >>"
    data = pdf(PICTURE, resources=RESOURCES, page="/Annots [8 0 R]", root=form, more=[field])
    with pytest.raises(InputError, match=r"has form fields"):
        open_scan(data)
    out = rewritten(data, rasterise=True)
    assert b"Erika" not in out and b"AcroForm" not in out


@pytest.mark.parametrize("inherited", [False, True])
def test_nothing_of_the_old_page_is_left(inherited):
    tagged = "<< /Type /StructTreeRoot /K << /ActualText (Erika) /Pg 3 0 R >> >>"
    note = "<< /Type /Annot /Subtype /FreeText /Contents (Erika) /Rect [1 1 50 20] >>"
    link = "<< /Type /Annot /Subtype /Link /Rect [1 1 9 9] /A << /S /URI /URI (https://example.org) >> >>"
    data = pdf(
        PICTURE + HIDDEN, resources="" if inherited else RESOURCES, parent=RESOURCES if inherited else "",
        page="/Annots [9 0 R 10 0 R]", root="/StructTreeRoot 8 0 R", more=[tagged, note, link],
    )  # fmt: skip
    out = rewritten(data, change=lambda pixels: 255 - pixels, rasterise=True)
    for old in (b"Erika", b"OldFont", b"Helvetica", b"StructTree", b"FreeText", encoded(GRAY, "JPEG", quality=100)):
        assert old in data and old not in out, old
    assert out.count(b"/Subtype /Image") == 1
    (page,) = PdfReader(BytesIO(out)).pages
    assert not page.extract_text()
    assert [note.get_object()["/A"]["/URI"] for note in page["/Annots"]] == ["https://example.org"]
    with open_scan(out) as scan:  # no longer carries text
        above_notes = scan.read(0).pixels[:70].astype(int)
        assert np.abs(above_notes - (255 - GRAY[:70])).mean() < 5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (12, 4.8, 84, 48)])
def test_pages_keep_their_size_and_turn(rotation, crop):
    box = f"/CropBox [{' '.join(map(str, crop))}]" if crop else ""
    data = pdf(PICTURE, resources=RESOURCES, page=f"/Rotate {rotation} {box}")
    before = read(data)[0]
    shown = np.rot90(GRAY[20:110, 25:175] if crop else GRAY, -rotation // 90)
    assert before.pixels.shape == shown.shape
    assert np.abs(before.pixels.astype(int) - shown).mean() < 4
    out = rewritten(data)
    old, new = (PdfReader(BytesIO(file)).pages[0] for file in (data, out))
    assert (new.mediabox, new.cropbox, new.rotation) == (old.mediabox, old.cropbox, old.rotation)
    after = read(out)[0]
    assert after.pixels.shape == before.pixels.shape
    assert np.abs(after.pixels.astype(int) - before.pixels).mean() < 4


def test_outline_and_properties_stay_and_point_to_the_same_pages():
    writer = PdfWriter(clone_from=PdfReader(BytesIO(bound(GRAY, 255 - GRAY, GRAY))))
    writer.add_outline_item(title="back", page_number=1)
    writer.add_metadata({"/Title": "Cards", "/Author": "Registry"})
    stream = BytesIO()
    writer.write(stream)
    out = PdfReader(BytesIO(rewritten(stream.getvalue(), keep=(0,))))
    assert (out.metadata.title, out.metadata.author) == ("Cards", "Registry")
    assert out.metadata.get("/Producer") == PdfReader(stream).metadata.get("/Producer")
    assert out.get_destination_page_number(out.outline[0]) == 1


def test_kept_pages_are_the_objects_they_were():
    data = bound(GRAY, COLOUR, GRAY)
    out = rewritten(data, keep=(1,))
    kept, restored = (PdfReader(BytesIO(file)).pages[1].images[0].data for file in (data, out))
    assert kept == restored
    with open_scan(out) as after, open_scan(data) as before:
        for index in range(3):
            change = after.read(index).pixels.astype(int) - before.read(index).pixels
            assert np.abs(change).mean() < 2


def test_colour_comes_and_goes_on_request():
    data = bound(COLOUR)
    kept = read(data, keep_colour=True)[0]
    assert np.abs(kept.samples.astype(int) - COLOUR).mean() < 12
    assert PdfReader(BytesIO(rewritten(data, keep_colour=True))).pages[0].images[0].image.mode == "RGB"
    assert PdfReader(BytesIO(rewritten(data))).pages[0].images[0].image.mode == "L"
    assert read(bound(GRAY), keep_colour=True)[0].samples is None


def test_an_encrypted_pdf_is_refused_even_if_its_password_is_empty():
    for password in ("", "secret"):
        writer = PdfWriter(clone_from=PdfReader(BytesIO(bound(GRAY))))
        writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
        stream = BytesIO()
        writer.write(stream)
        with pytest.raises(InputError, match=r"^the PDF file is encrypted") as caught:
            open_scan(stream.getvalue())
        assert "password" in caught.value.hint


def test_an_empty_pdf_is_refused():
    stream = BytesIO()
    PdfWriter().write(stream)
    with pytest.raises(InputError, match=r"the PDF file"):
        open_scan(stream.getvalue())


def test_pages_are_rendered_from_many_threads():
    expected = read(bound(GRAY))[0].pixels
    wrong = []

    def render():
        for _ in range(10):
            if not np.array_equal(read(bound(GRAY))[0].pixels, expected):
                wrong.append(1)

    threads = [threading.Thread(target=render) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
