"""The example scans: the script draws what is committed, and that is what the names promise."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import click
import invented_cards
import make_scans
import numpy as np
import pypdf
import pytest
import scan_dirt
from PIL import Image, ImageOps, ImageSequence

EXAMPLES = Path(__file__).parents[1] / "examples"
SCANS = EXAMPLES / "scans"


def fonts_are_installed() -> bool:
    try:
        for name in (invented_cards.SANS, invented_cards.BOLD, invented_cards.MONO):
            invented_cards.font(name, 3.0)
    except click.ClickException:
        return False
    return True


needs_fonts = pytest.mark.skipif(not fonts_are_installed(),
                                 reason="DejaVu fonts are missing: apt install fonts-dejavu-core")

# name: format, mode, pages, dpi; as Pillow states them
PROMISED = {
    "blurred.bmp": ("BMP", "L", 1, 150),
    "branch-office/salt-and-pepper.png": ("PNG", "L", 1, 300),
    "clean.png": ("PNG", "L", 1, 300),
    "coffee-stain.png": ("PNG", "RGB", 1, 200),
    "dark border, tray Ä.png": ("PNG", "L", 1, 300),
    "edge-shadow-16bit.png": ("PNG", "I;16", 1, 200),
    "folded-noisy.webp": ("WEBP", "RGB", 1, None),
    "low-quality.jpg": ("JPEG", "L", 1, 300),
    "three-cards.tif": ("TIFF", "L", 3, 200),
    "wrong-threshold.tif": ("TIFF", "1", 1, 300),
    "yellowed-sideways.jpg": ("JPEG", "RGB", 1, 300),
}
PDF = "photocopy.pdf"


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def levels(image: Image.Image) -> np.ndarray:
    """Samples of any depth on a scale from 0 to 255."""
    white = {"1": 1, "I;16": 65535}.get(image.mode, 255)
    return np.asarray(image, np.float32) * (255 / white)


def stored_pages(path: Path) -> list[np.ndarray]:
    if path.suffix == ".pdf":
        return [levels(page.images[0].image) for page in pypdf.PdfReader(path).pages]
    with Image.open(path) as file:
        return [levels(page) for page in ImageSequence.Iterator(file)]


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    make_scans.main.callback(out=folder)
    return folder


def test_there_are_a_dozen_small_files_and_no_others():
    assert names_in(SCANS) == sorted([*PROMISED, PDF]) == sorted(scan.name for scan in make_scans.SCANS)
    sizes = [(SCANS / name).stat().st_size for name in names_in(SCANS)]
    assert len(sizes) == 12
    assert max(sizes) <= 500_000
    assert sum(sizes) <= 2_500_000


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_scan_has_the_format_depth_and_resolution_it_stands_for(name):
    with Image.open(SCANS / name) as file:
        dpi = {round(side) for side in file.info["dpi"]} if "dpi" in file.info else {None}
        assert (file.format, file.mode, getattr(file, "n_frames", 1), *dpi) == PROMISED[name]


def test_the_bilevel_scan_is_compressed_as_a_fax_is():
    with Image.open(SCANS / "wrong-threshold.tif") as file:
        assert file.info["compression"] == "group4"


def test_the_sixteen_bit_scan_uses_more_than_eight_bits():
    with Image.open(SCANS / "edge-shadow-16bit.png") as file:
        assert len(np.unique(np.asarray(file))) > 256


@needs_fonts
def test_the_sideways_scan_stands_upright_once_its_exif_orientation_is_applied():
    with Image.open(SCANS / "yellowed-sideways.jpg") as file:
        assert file.getexif()[0x0112] == 6
        assert file.width < file.height
        upright = np.asarray(ImageOps.exif_transpose(file).convert("L"), np.float32)
    drawn = scan_dirt.lay(invented_cards.card_back(invented_cards.MIRA), scan_dirt.CROPPED, 300)
    card = scan_dirt.luma(drawn)[:, :, 0]
    rows = np.diff(upright, axis=1).std(axis=1)     # print makes a row lively, whatever its light
    assert np.corrcoef(rows, np.diff(card, axis=1).std(axis=1))[0, 1] > 0.9


def test_the_pdf_is_one_page_of_a6_with_one_picture_and_no_text():
    (page,) = pypdf.PdfReader(SCANS / PDF).pages
    assert [float(side) / 72 * 25.4 for side in page.mediabox[2:]] == pytest.approx([105, 148], abs=0.2)
    assert page.extract_text() == ""
    (picture,) = page.images
    assert picture.image.mode == "L"


@needs_fonts
@pytest.mark.parametrize("name", sorted([*PROMISED, PDF]))
def test_the_script_draws_the_committed_pixels(redrawn, name):
    committed, drawn = stored_pages(SCANS / name), stored_pages(redrawn / name)
    assert len(committed) == len(drawn)
    for before, now in zip(committed, drawn, strict=True):
        assert before.shape == now.shape
        assert np.abs(before - now).mean() < 2      # versions of Pillow and FreeType differ a little


@needs_fonts
def test_the_same_script_writes_the_same_bytes_twice(redrawn, tmp_path):
    for scan in make_scans.SCANS:
        if scan.name in ("coffee-stain.png", "folded-noisy.webp", PDF):
            make_scans.write_scan(scan, tmp_path)
            assert (tmp_path / scan.name).read_bytes() == (redrawn / scan.name).read_bytes()


@needs_fonts
def test_every_scan_but_the_clean_one_is_visibly_dirty():
    for scan in make_scans.SCANS:
        washed = replace(scan, pages=[replace(sheet, dirt=[]) for sheet in scan.pages])
        for index, dirty in enumerate(stored_pages(SCANS / scan.name)):
            change = np.abs(dirty - levels(make_scans.draw_page(washed, index))).mean()
            assert change < 2 if scan.name == "clean.png" else change > 4, scan.name


def test_a_missing_font_is_named_with_the_line_that_installs_it():
    with pytest.raises(click.ClickException, match=r"NoSuchFont\.ttf.*apt install fonts-dejavu-core"):
        invented_cards.font("NoSuchFont.ttf", 3.0)


def test_check_digits_are_those_of_the_specimens_in_doc_9303():
    assert [invented_cards.check_digit(text) for text in ("520727", "AB2134<<<", "D23145890")] == ["3", "5", "7"]


def test_the_machine_readable_zone_of_the_specimen_holder_comes_out_as_printed_in_doc_9303():
    specimen = invented_cards.Person("ERIKSSON", "ANNA MARIA", "F", date(1974, 8, 12), "", "D23145890",
                                 date(2002, 4, 15), date(2012, 4, 15), "")
    assert invented_cards.mrz_lines(specimen) == ("I<UTOD231458907<<<<<<<<<<<<<<<",
                                              "7408122F1204159UTO<<<<<<<<<<<6",
                                              "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
