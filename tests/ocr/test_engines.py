"""What holds for every OCR engine, and how one is chosen."""

import sys
import threading

import cv2
import numpy as np
import pytest

from docpipe.errors import ExitCode, MissingToolError, UsageError
from docpipe.ocr.engine import BLOCK, SPARSE
from docpipe.ocr.engines import OCR_ENGINES, load_ocr

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMED = [name for name in OCR_ENGINES if name != "auto"]


def ready(name):
    try:
        return load_ocr(name)
    except MissingToolError as missing:
        pytest.skip(f"{missing.problem}; {missing.hint}")


@pytest.fixture(scope="module", params=NAMED)
def each(request):
    return ready(request.param)


@pytest.fixture
def line(printed):
    return printed(34)[: round(34 * 1.6) + 20]


@pytest.mark.parametrize("mode", [BLOCK, SPARSE])
def test_words_come_in_their_pictures_order_with_boxes_around_their_ink(each, printed, mode):
    page = printed(34)
    empty, words = each.words([np.full_like(page, 255), page], mode)
    assert empty == []
    left, top, right, bottom = next(word.box for word in words if word.text == "ERIKSSON")
    ink = np.argwhere(page[top:bottom, left:right] < 128)
    assert len(ink) > 100 and 20 < bottom - top < 70 and 0 <= left < right <= page.shape[1]
    assert all(0 <= word.confidence <= 100 for word in words)


def test_a_line_is_read_as_it_stands_and_only_in_the_allowed_characters(each, line):
    free, capitals = each.lines([line])[0], each.lines([line], alphabet=CAPITALS)[0]
    assert free.replace(" ", "") == "SurnameERIKSSON"
    assert capitals.endswith("ERIKSSON") and set(capitals) <= set(CAPITALS + " ")


def test_characters_stand_where_their_ink_is(each, line):
    found = each.characters([line[:, line.shape[1] // 4 :]], alphabet=CAPITALS)[0]
    middles = [middle for _, middle in found]
    assert middles == sorted(middles)
    last = np.flatnonzero((line[:, line.shape[1] // 4 :] < 128).any(axis=0))[-1]
    assert found[-1][0] == "N" and last - 30 < found[-1][1] < last


def test_nothing_gives_nothing(each):
    blank = np.full((60, 400), 255, np.uint8)
    assert each.words([], BLOCK) == [] == each.lines([]) == each.characters([])
    assert (each.words([blank], BLOCK), each.lines([blank]), each.characters([blank])) == ([[]], [""], [[]])


def test_a_picture_of_one_pixel_has_no_words(each):
    assert each.words([np.zeros((1, 1), np.uint8)], BLOCK) == [[]]


def test_what_was_read_before_changes_nothing(each, line, printed):
    before = each.words([line], BLOCK)
    each.lines([printed()], alphabet="0123456789")
    assert each.words([line], BLOCK) == before


@pytest.mark.parametrize("name", ["tesserocr", "rapidocr"])
def test_an_engine_inside_this_process_serves_several_threads(name, line):
    engine, read = ready(name), []
    threads = [threading.Thread(target=lambda: read.extend(engine.lines([line] * 2))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 6 and len(set(read)) == 1


def test_a_description_says_what_reads_and_with_which_model(tmp_path, monkeypatch):
    engine = ready("tesserocr")
    described = engine.description
    assert "Tesseract 5" in described and ", eng " in described
    (tmp_path / "eng.traineddata").write_bytes(b"another model")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert engine.description != described


@pytest.mark.parametrize("name", NAMED)
def test_a_description_begins_with_the_name_that_chooses_the_engine(name):
    assert ready(name).description.startswith(f"{name} ")


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as unknown:
        load_ocr("abbyy")
    assert "tesserocr" in unknown.value.hint


@pytest.mark.parametrize("name", ["tesseract", "tesserocr"])
def test_a_missing_language_names_the_line_that_installs_it(name):
    ready(name)
    with pytest.raises(MissingToolError) as missing:
        load_ocr(name, language="xxx_yyy")
    assert "apt install tesseract-ocr-xxx-yyy" in missing.value.hint
    assert missing.value.exit_code == ExitCode.MISSING_TOOL


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("tesserocr", "tesserocr", "eval"), ("tesseract", "pytesseract", "eval"), ("rapidocr", "rapidocr", "rapidocr")],
)
def test_a_missing_package_names_the_extra_that_brings_it(name, package, extra, monkeypatch):
    module = {"tesserocr": "tesserocr_engine", "tesseract": "tesseract", "rapidocr": "rapidocr_engine"}[name]
    monkeypatch.delitem(sys.modules, f"docpipe.ocr.{module}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingToolError) as missing:
        load_ocr(name)
    assert missing.value.hint == f"pip install 'docpipe-ocr[{extra}]'"


def test_without_tesserocr_auto_takes_the_program(monkeypatch):
    ready("tesseract")
    monkeypatch.delitem(sys.modules, "docpipe.ocr.tesserocr_engine", raising=False)
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    assert type(load_ocr()).__name__ == "Tesseract"


@pytest.fixture
def specks():
    """A page of thousands of specks, over which Tesseract ponders for minutes: (H, W) uint8."""
    grains = np.random.default_rng(0).random((700, 1100))
    return cv2.erode(np.where(grains < 0.02, 0, 255).astype(np.uint8), np.ones((3, 3), np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("mode", [BLOCK, SPARSE])
def test_tesserocr_gives_up_a_picture_that_takes_too_long_and_reads_the_next(mode, specks, printed, monkeypatch):
    engine = ready("tesserocr")
    read = engine.words([printed(34)], mode)[0]
    monkeypatch.setattr("docpipe.ocr.tesserocr_engine.LONGEST_S", 0.2)
    assert engine.words([specks], mode) == [[]]
    monkeypatch.setattr("docpipe.ocr.tesserocr_engine.LONGEST_S", 60)
    assert engine.words([printed(34)], mode)[0] == read != []


def test_tesserocr_gives_up_characters_that_take_too_long(line, monkeypatch):
    engine = ready("tesserocr")
    monkeypatch.setattr("docpipe.ocr.tesserocr_engine.LONGEST_S", 0.001)
    assert engine.characters([line]) == [[]]


def test_what_leptonica_has_to_say_does_not_reach_stderr(line, tmp_path, capfd):
    import tesserocr

    ready("tesserocr").lines([line])
    with pytest.raises(FileNotFoundError):
        tesserocr.PyTessBaseAPI(init=False).SetImageFile(str(tmp_path / "missing.png"))      # it would say two lines
    assert capfd.readouterr().err == ""
