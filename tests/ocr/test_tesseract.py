"""The door to Tesseract: what comes back, what is missing, and what it leaves alone."""

import os
import tempfile

import numpy as np
import pytest

from docpipe.errors import ExitCode, MissingToolError
from docpipe.ocr.engine import BLOCK
from docpipe.ocr.tesseract import Tesseract


def test_words_come_with_boxes_around_their_ink(engine, printed):
    page = printed(34)
    words = engine.words([page, 255 * np.ones_like(page)], BLOCK)
    assert len(words) == 2 and words[1] == []
    found = {word.text: word for word in words[0]}
    left, top, right, bottom = found["ERIKSSON"].box
    assert (page[top:bottom, left:right] < 128).any()
    assert 0 <= found["ERIKSSON"].confidence <= 100


def test_only_the_allowed_characters_are_read(engine, printed):
    page = printed(34)[: round(34 * 1.6) + 20]
    line = engine.lines([page], alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ")[0]
    assert line and set(line) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")


@pytest.mark.parametrize("alphabet", ["ERIKSON ", "ERIK SON", "ERIKSON'\"\\", "ERIKSON$(x)`;#|"])
def test_an_alphabet_may_hold_blanks_and_quotes(engine, printed, alphabet):
    line = printed(34)[: round(34 * 1.6) + 20, 250:]
    [text] = engine.lines([line], alphabet=alphabet)
    assert set("ERIKSON") & set(text) and set(text) <= set(alphabet + " ")


def test_no_picture_gives_no_words_and_a_tiny_one_gives_none(engine):
    assert engine.words([], BLOCK) == []
    assert engine.words([np.zeros((1, 1), np.uint8)], BLOCK) == [[]]


def test_nothing_is_left_behind_and_the_environment_stays(engine, printed, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = dict(os.environ)
    engine.words([printed()], BLOCK)
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == before


def test_a_missing_program_or_language_names_the_line_that_installs_it(engine, monkeypatch, tmp_path):
    with pytest.raises(MissingToolError) as no_language:
        Tesseract("xxx_yyy")
    assert no_language.value.hint == "apt install tesseract-ocr-xxx-yyy"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError) as no_program:
        Tesseract()
    assert no_program.value.hint == "apt install tesseract-ocr"
    assert no_program.value.exit_code == ExitCode.MISSING_TOOL


def test_a_picture_on_which_tesseract_crashes_holds_nothing_and_the_others_are_read(engine, printed, monkeypatch):
    import pytesseract

    page = printed()
    deadly = np.zeros((40, 40), np.uint8)
    real = Tesseract._words

    def words(self, pictures, mode, alphabet):
        if any(picture is deadly for picture in pictures):
            raise pytesseract.TesseractError(-8, "killed by a floating point exception")
        return real(self, pictures, mode, alphabet)

    monkeypatch.setattr(Tesseract, "_words", words)
    first, none, last = engine.words([page, deadly, page], BLOCK)
    assert first == last and first and none == []


def test_what_tesseract_says_when_it_ends_by_itself_is_not_swallowed(engine, printed, monkeypatch):
    import pytesseract

    def words(self, pictures, mode, alphabet):
        raise pytesseract.TesseractError(1, "wrong option")

    monkeypatch.setattr(Tesseract, "_words", words)
    with pytest.raises(pytesseract.TesseractError):
        engine.words([printed()], BLOCK)


def test_a_picture_that_takes_too_long_holds_nothing(engine, printed, monkeypatch):
    monkeypatch.setattr("docpipe.ocr.tesseract.LONGEST_S", 0.001)
    assert engine.words([printed(), printed()], BLOCK) == [[], []]
    assert engine.characters([printed()]) == [[]]
