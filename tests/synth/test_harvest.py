import json
from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from docpipe.cards.portrait import draw_portrait
from docpipe.cli import main
from docpipe.errors import ExitCode, InputError
from docpipe.noise.patterns import NEUTRAL, Pattern, load_patterns
from docpipe.noise.stains import stain
from docpipe.ocr.engine import Word
from docpipe.ocr.engines import load_ocr
from docpipe.page import Page
from docpipe.synth.harvest import harvest, harvest_page
from docpipe.synth.harvest_blocks import grid_of
from docpipe.synth.harvest_gate import KEPT_CONTRASTS, legible, shows_a_row
from docpipe.synth.harvest_ground import paper_light, portraits
from docpipe.synth.harvest_lines import crossing_lines
from docpipe.synth.harvest_page import take_apart
from docpipe.synth.harvest_shapes import stands_in_rows
from docpipe.synth.likeness import is_like_one_of, look_of
from tests.conftest import installed

DPI, MM_PX = 200, 200 / 25.4
STAIN_AT, STAIN_MM = (25, 60), 8.0        # millimetres from the top and from the left
TEXT_AT = (45, 20)


class Reads:
    """An engine that reads the same on every picture."""

    description = "test 1"

    def __init__(self, *words):
        self.found = [Word(text, (0, 0, 9, 9), confidence) for text, confidence in words]
        self.pictures = []

    def words(self, pictures, mode, *, alphabet=""):
        self.pictures += pictures
        return [self.found for _ in pictures]


@pytest.fixture
def planted():
    """Draws a sheet of 75 x 105 mm with a stain, a line of print, or both: the page and what the stain took away."""

    def draw(*, with_stain=True, text="", ink=30, seed=1):
        rng = np.random.default_rng(seed)
        gray = np.clip(240 + rng.normal(0, 1.5, (round(75 * MM_PX), round(105 * MM_PX))), 0, 255)
        lost = np.zeros(gray.shape)
        if with_stain:
            drop = 0.35 * stain(STAIN_MM / 2 * MM_PX, 0.3, rng)
            top, left = (round(at * MM_PX) - drop.shape[0] // 2 for at in STAIN_AT)
            lost[top:top + drop.shape[0], left:left + drop.shape[1]] = drop
        gray = np.rint(gray * (1 - lost)).astype(np.uint8)
        at = round(TEXT_AT[1] * MM_PX), round(TEXT_AT[0] * MM_PX)
        cv2.putText(gray, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.8, ink, 2, cv2.LINE_AA)
        return Page(gray, dpi=(float(DPI), float(DPI))), lost

    return draw


def test_a_stain_on_plain_paper_is_found_and_is_what_was_planted(planted):
    page, lost = planted()
    kept, rejected = harvest_page(page, Reads())
    assert rejected.total() == 0 and kept
    left, top, right, bottom = kept[0].box
    likeness = np.corrcoef(lost[top:bottom, left:right].ravel(), -kept[0].pattern.gray.ravel().astype(float))[0, 1]
    assert likeness > 0.8 and kept[0].pattern.combine == "multiply"


def test_nothing_is_found_where_there_is_nothing(planted):
    assert harvest_page(planted(with_stain=False)[0], Reads())[0] == []


@pytest.mark.parametrize("ink", [30, 160, 222])
@pytest.mark.parametrize("turn", range(4))
def test_print_is_no_noise_whichever_way_it_stands_and_however_faint(planted, turn, ink):
    page, _ = planted(with_stain=False, text="L898902C36 UTO", ink=ink)
    turned = replace(page, pixels=np.ascontiguousarray(np.rot90(page.pixels, turn)))
    assert harvest_page(turned, Reads())[0] == []


def test_a_patch_keeps_away_from_print_is_small_and_fades_out(planted):
    page, _ = planted(text="ERIKSSON")
    kept, _ = harvest_page(page, Reads())
    assert kept
    for patch in kept:
        left, top, right, bottom = patch.box
        assert max(right - left, bottom - top) <= 15 * MM_PX and patch.seen.shape == (bottom - top, right - left)
        assert bottom < (TEXT_AT[0] - 6) * MM_PX, "it reaches the print"
        gray = patch.pattern.gray
        edges = np.concatenate([gray[[0, -1]].ravel(), gray[:, [0, -1]].ravel()])
        assert (edges == NEUTRAL[patch.pattern.combine]).all()


def dotted(page, at_mm):
    """A page with a dot of half a millimetre, so many millimetres from the top and from the left."""
    pixels = page.pixels.copy()
    row, column = (round(at * MM_PX) - 2 for at in at_mm)
    pixels[row:row + 4, column:column + 4] = 60
    return replace(page, pixels=pixels)


@pytest.mark.parametrize("turn", range(4))
def test_a_dot_on_the_line_of_a_label_is_print_though_it_stands_far_from_it(planted, turn):
    page = dotted(planted(with_stain=False, text="Cashier")[0], (TEXT_AT[0] - 0.4, 48))
    turned = replace(page, pixels=np.ascontiguousarray(np.rot90(page.pixels, turn)))
    assert harvest_page(turned, Reads())[0] == []


@pytest.mark.parametrize("top_mm, left_mm", [(TEXT_AT[0] + 8, 40), (TEXT_AT[0] - 8, 62), (TEXT_AT[0] - 1, 96)])
def test_a_speck_between_lines_or_far_beyond_one_is_noise(planted, top_mm, left_mm):
    page = dotted(planted(with_stain=False, text="Cashier")[0], (top_mm, left_mm))
    (patch,), _ = harvest_page(page, Reads())
    left, top, right, bottom = patch.box
    assert left < left_mm * MM_PX < right and top < top_mm * MM_PX < bottom and patch.kind == "specks"


def test_a_stain_that_a_row_of_print_meets_is_noise_still(planted):
    page, _ = planted()
    at = round(17 * MM_PX), round((STAIN_AT[0] + 1) * MM_PX)
    cv2.putText(page.pixels, "Cashier", at, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 30, 2, cv2.LINE_AA)
    assert harvest_page(page, Reads())[0]


def jpeg_sheet(rng, quality, speck_at=None):
    """A pale sheet of 75 x 105 mm, with a speck or none, stored as JPEG at 300 dpi: coarser when it is looked at."""
    gray = np.clip(200 + rng.normal(0, 5, (886, 1240)), 0, 255)
    if speck_at:
        row, column = speck_at
        gray[row:row + 5, column:column + 5] -= 170
    stream = BytesIO()
    Image.fromarray(gray.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return np.array(Image.open(stream))


@pytest.mark.parametrize("shift", [0, 3])
def test_blocks_of_a_jpeg_file_are_no_specks(shift):
    pixels = jpeg_sheet(np.random.default_rng(1), 3)
    for row, column in ((30, 40), (50, 90), (50, 92), (80, 120)):
        pixels[8 * row:8 * row + 8, 8 * column:8 * column + 8] -= 80
    page = Page(np.ascontiguousarray(pixels[shift:, shift:]), dpi=(300.0, 300.0))
    kept, rejected = harvest_page(page, Reads())
    assert kept == [] and rejected["blocks"] >= 3


def test_a_speck_that_a_jpeg_file_stores_is_a_speck():
    pixels = jpeg_sheet(np.random.default_rng(1), 30, speck_at=(615, 333))
    assert grid_of(pixels) is not None
    kept, rejected = harvest_page(Page(pixels, dpi=(300.0, 300.0)), Reads())
    assert [patch.kind for patch in kept] == ["specks"] and rejected["blocks"] == 0


@pytest.mark.parametrize("side", [8, 16])
def test_a_square_speck_of_a_file_without_blocks_is_a_speck(planted, side):
    page, _ = planted(with_stain=False)
    page.pixels[320:320 + side, 400:400 + side] = 190
    assert grid_of(page.pixels) is None
    assert len(harvest_page(page, Reads())[0]) == 1


def test_a_stain_with_print_on_it_leaves_the_print_behind(planted):
    page, _ = planted()
    at = round((STAIN_AT[1] - 8) * MM_PX), round(STAIN_AT[0] * MM_PX)
    pixels = page.pixels.copy()
    cv2.putText(pixels, "K48290", at, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 30, 2, cv2.LINE_AA)
    ink = cv2.absdiff(pixels, page.pixels) > 10
    for patch in harvest_page(replace(page, pixels=pixels), Reads())[0]:
        left, top, right, bottom = patch.box
        assert not ink[top:bottom, left:right].any()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("digits", ["7", "70"])
def test_pale_digits_on_a_streak_are_print_though_it_hides_that_they_are_a_row(planted, digits, turned):
    page, _ = planted(with_stain=False)
    ink = np.full(page.pixels.shape, 255, np.uint8)
    cv2.putText(ink, digits, (400, 300), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 232, 1, cv2.LINE_AA)
    pixels = page.pixels * (ink / 255)
    pixels[294:298] *= 0.8                                # the digits end at row 300
    pixels = np.rint(pixels).astype(np.uint8)
    if turned:
        pixels, ink = np.ascontiguousarray(pixels.T), np.ascontiguousarray(ink.T)
    maps = take_apart(pixels, MM_PX)
    assert maps.forbidden[ink < 255].all()
    assert maps.lines.any(), "the rest of the streak is noise"


@pytest.mark.parametrize("turned", [False, True])
def test_letters_that_stand_on_a_line_are_no_part_of_it(turned):
    strokes = np.zeros((600, 800), np.uint8)
    strokes[300:306] = 1
    for left in range(200, 300, 6):
        strokes[286:300, left:left + 3] = 1
    found = crossing_lines(strokes.T if turned else strokes, 3.0, MM_PX)
    found = found.T if turned else found
    assert found[300:306].mean() > 0.95 and not found[:297].any()


@pytest.mark.parametrize("word, is_kept", [(("7", 31.0), False), (("é", 95.0), False), (("ب", 60.0), False),
                                           (("7", 30.0), True), (("--", 95.0), True), (("a-", 10.0), True)])
def test_a_patch_on_which_a_letter_or_a_digit_is_read_is_rejected(planted, word, is_kept):
    page, _ = planted()
    kept, rejected = harvest_page(page, Reads(word))
    assert bool(kept) == is_kept and bool(rejected["read"]) != is_kept


def test_ocr_looks_at_four_rotations_and_two_sizes():
    engine, seen = Reads(), np.tile(np.linspace(90, 200, 60).astype(np.uint8), (30, 1))
    assert legible(engine, [(seen, MM_PX), (seen, MM_PX)]) == [False, False]
    assert len(engine.pictures) == 2 * 4 * 2
    shapes = [picture.shape for picture in engine.pictures[:8]]
    assert shapes[0] == shapes[1][::-1] == shapes[2] and shapes[4][0] > 2 * shapes[0][0]
    assert all(np.ptp(picture) > 250 for picture in engine.pictures), "faint print must be seen, too"


def test_a_row_of_glyphs_is_seen_dark_or_light_and_single_spots_are_none():
    row, spots = np.full((60, 110), 200, np.uint8), np.full((60, 110), 200, np.uint8)
    for x in range(12, 92, 20):
        cv2.rectangle(row, (x, 20), (x + 9, 36), 150, 3)
    cv2.circle(spots, (30, 30), 6, 120, -1)
    cv2.circle(spots, (90, 12), 3, 120, -1)
    for gray in (row, 255 - row, np.ascontiguousarray(row.T)):
        assert shows_a_row(gray, MM_PX, KEPT_CONTRASTS)
    assert not shows_a_row(spots, MM_PX, KEPT_CONTRASTS)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(3, 60), st.integers(3, 60))
def test_four_glyphs_stand_in_a_row_wherever_they_are_and_two_do_not(left, top, width, height):
    boxes = np.array([[left + i * (width + 2), top, width, height, width * height] for i in range(4)], np.int32)
    alike = height >= width + 2                          # of wider ones the next but one is too far away
    assert not alike or stands_in_rows(boxes).all()
    assert not stands_in_rows(boxes[:2]).any()
    assert stands_in_rows(np.empty((0, 5), np.int32)).shape == (0,)


@pytest.mark.parametrize("height_mm", [14, 22, 35])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_portrait_is_masked_and_paper_and_a_stain_are_not(planted, height_mm, seed):
    page, _ = planted()
    tall = round(height_mm * MM_PX)
    photo = draw_portrait(tall, round(0.78 * tall), True, np.random.default_rng(seed))[:, :, 0]
    pixels = np.tile(page.pixels, (1, 2))
    top, left = 100, page.pixels.shape[1] + 200
    pixels[top:top + photo.shape[0], left:left + photo.shape[1]] = photo
    masked = portraits(pixels, MM_PX)
    assert masked[top:top + photo.shape[0], left:left + photo.shape[1]].mean() > 0.95
    assert masked[:, :page.pixels.shape[1]].mean() == 0
    assert take_apart(pixels, MM_PX).noise[top:top + photo.shape[0], left:left + photo.shape[1]].sum() == 0


def test_paper_is_estimated_under_print_and_stains(planted):
    page, _ = planted(text="ERIKSSON")
    paper = paper_light(page.pixels, MM_PX)
    assert np.abs(paper - 240).max() < 6


@pytest.fixture
def blot():
    """A stain of 10 mm, as a pattern that may be moved within its box."""
    drop = 0.5 * stain(40, 0.5, np.random.default_rng(1))
    drop[:, : drop.shape[1] // 3] *= 0.2                   # it is not the same when it is mirrored

    def draw(down=0, right=0):
        wide = np.pad(drop, 12)
        return Pattern(np.rint(255 * (1 - np.roll(wide, (down, right), (0, 1)))).astype(np.uint8), "multiply", DPI)

    return draw


@pytest.mark.parametrize("change", [
    lambda gray: np.clip(cv2.GaussianBlur(gray, (3, 3), 0).astype(np.int16) + 4, 0, 255).astype(np.uint8),
    lambda gray: np.roll(gray, (9, -11), (0, 1)),
    lambda gray: np.ascontiguousarray(gray[:, ::-1]),
    lambda gray: np.ascontiguousarray(np.rot90(gray)),
    lambda gray: cv2.resize(gray, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_LINEAR),
    lambda gray: np.pad(gray, ((0, 30), (25, 0)), constant_values=255),
], ids=["paler", "shifted", "mirrored", "turned", "larger", "cut wider"])
def test_the_same_patch_again_is_a_near_duplicate_however_it_was_cut(blot, change):
    first = blot()
    again = Pattern(change(first.gray), "multiply", DPI)
    assert is_like_one_of(look_of(again), [look_of(first)])


def test_a_piece_of_a_streak_is_like_the_next_piece_of_it():
    streak = np.full((40, 300), 255, np.uint8)
    streak[18:22, 10:-10] = 190
    assert is_like_one_of(look_of(Pattern(np.ascontiguousarray(streak[:, 30:].T), "multiply", DPI)),
                          [look_of(Pattern(streak, "multiply", DPI))])


def test_another_look_or_another_size_is_no_near_duplicate(blot):
    first = blot()
    blots = [stain(40, 0.9, np.random.default_rng(seed)) for seed in (2, 3)]
    others = [np.rint(255 * (1 - 0.5 * lost)).astype(np.uint8) for lost in blots]
    three_times = cv2.resize(first.gray, None, fx=3, fy=3)
    for other in (*others, three_times, 255 - first.gray // 2):
        assert not is_like_one_of(look_of(Pattern(other, "multiply", DPI)), [look_of(first)])
    assert not is_like_one_of(look_of(first), [])


@pytest.mark.parametrize("dpi, shape", [((60.0, 60.0), (900, 900)), ((200.0, 200.0), (100, 900))])
def test_a_page_on_which_print_cannot_be_told_is_refused(dpi, shape):
    with pytest.raises(InputError, match="too coarse or too small"):
        harvest_page(Page(np.full(shape, 240, np.uint8), dpi=dpi), Reads())


def test_a_page_that_states_no_resolution_counts_as_a4_unless_one_is_given(planted):
    page, _ = planted()
    unstated = replace(page, dpi=None)                   # 105 mm that count as 297: 71 dpi
    with pytest.raises(InputError, match="too coarse"):
        harvest_page(unstated, Reads())
    (patch, *_), _ = harvest_page(unstated, Reads(), dpi=DPI)
    assert patch.pattern.dpi == DPI


@pytest.fixture
def scans(tmp_path, planted):
    """A folder with a scan of two pages, one that is no scan, and one of a stain that a page before has."""
    folder = tmp_path / "scans"
    folder.mkdir()
    pages = [Image.fromarray(planted(seed=seed)[0].pixels) for seed in (1, 2)]
    pages[0].save(folder / "a.tif", save_all=True, append_images=pages[1:], dpi=(DPI, DPI))
    (folder / "b.png").write_bytes(b"no picture")
    pages[1].save(folder / "c.png", dpi=(DPI, DPI))
    return folder


def test_a_bad_scan_is_reported_the_others_go_on_and_nothing_is_kept_twice(scans, tmp_path):
    library = tmp_path / "lib"
    reports = list(harvest(sorted(scans.iterdir()), library, Reads(), origin="a test", licence="CC0-1.0"))
    assert [report.pages for report in reports] == [2, 0, 1]
    assert [report.kept > 0 for report in reports] == [True, False, False]
    assert reports[1].error and not reports[0].error and reports[2].rejected["seen"] > 0
    held = load_patterns(library).entries
    assert {(entry.origin, entry.licence) for entry in held} == {("a test", "CC0-1.0")}
    again = list(harvest([scans / "a.tif"], library, Reads(), origin="a test", licence="CC0-1.0"))
    assert again[0].kept == 0 and load_patterns(library).entries == held


def test_the_command_harvests_lists_and_shows(scans, tmp_path, monkeypatch):
    monkeypatch.setattr("docpipe.ocr.engines.load_ocr", lambda name: Reads())
    library = str(tmp_path / "lib")
    ended = CliRunner().invoke(main, ["patterns", "harvest", str(scans), "-o", library, "--licence", "MIT", "--json"])
    assert ended.exit_code == ExitCode.SOME_PAGES_FAILED
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(lines) == 3 and sum(bool(line["error"]) for line in lines) == 1 and "b.png" in ended.stderr
    with Image.open(tmp_path / "lib" / "sheet.png") as sheet:
        assert sheet.size[0] > 100
    listed = CliRunner().invoke(main, ["patterns", "list", library, "--json"])
    entries = [json.loads(line) for line in listed.stdout.splitlines()]
    assert len(entries) == sum(line["kept"] for line in lines) and entries[0]["licence"] == "MIT"
    for arguments in ([library], [entries[0]["id"], "--library", library]):
        out = tmp_path / f"{len(arguments)}.png"
        assert CliRunner().invoke(main, ["patterns", "show", *arguments, "-o", str(out)]).exit_code == 0
        assert Image.open(BytesIO(out.read_bytes())).mode == "L"


def test_one_bad_scan_alone_is_bad_input(scans, tmp_path, monkeypatch):
    monkeypatch.setattr("docpipe.ocr.engines.load_ocr", lambda name: Reads())
    ended = CliRunner().invoke(main, ["patterns", "harvest", str(scans / "b.png"), "-o", str(tmp_path / "lib")])
    assert ended.exit_code == ExitCode.BAD_INPUT and not (tmp_path / "lib").exists()


def test_nothing_is_harvested_where_nobody_can_look_whether_it_can_be_read(scans, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    ended = CliRunner().invoke(main, ["patterns", "harvest", str(scans), "-o", str(tmp_path / "lib")])
    assert ended.exit_code == ExitCode.MISSING_TOOL and "apt install tesseract-ocr" in ended.stderr
    assert not (tmp_path / "lib").exists()


@pytest.mark.parametrize("command", ["list", "show", "harvest", "generate"])
def test_every_help_shows_how_it_is_used(command):
    ended = CliRunner().invoke(main, ["patterns", command, "--help"])
    assert ended.exit_code == 0 and f"docpipe patterns {command}" in ended.stdout


@pytest.mark.slow
def test_nothing_personal_comes_along(installed_fonts):
    from eval.harvest_leaks import KINDS, noisy_page, shows

    engine = installed(lambda: load_ocr("auto"))
    page, plants = noisy_page(np.random.default_rng(11), 10)
    kept, _ = harvest_page(page, engine)
    assert {plant.kind for plant in plants} == set(KINDS) and all(plant.ink.any() for plant in plants)
    assert not any(shows(patch, plant) for patch in kept for plant in plants)
