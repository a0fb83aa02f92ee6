"""Tesseract as a program and as a library: of one version they read the same text, and clean cards in any."""

import re

import pytest

from docpipe.ocr.engine import BLOCK, LINE, SPARSE
from docpipe.ocr.engines import load_ocr
from docpipe.ocr.extract import extract
from docpipe.ocr.schema import load_schema
from tests.conftest import installed


@pytest.fixture(scope="module")
def doors():
    return [installed(lambda name=name: load_ocr(name)) for name in ("tesseract", "tesserocr")]


@pytest.fixture(scope="module")
def of_one_version(doors):
    """Both, where they are one Tesseract. From one minor version to the next it lays out pages and reads otherwise."""
    program, library = (re.search(r"tesseract (\d+\.\d+\.\d+)", door.description, re.I)[1] for door in doors)
    if program != library:
        pytest.skip(f"the program is Tesseract {program}, and tesserocr holds {library}: they need not read the same")
    return doors


class Listening:
    """An engine that keeps what it is asked: pictures, layout mode and alphabet."""

    def __init__(self, engine):
        self.engine, self.asked = engine, []

    def words(self, pictures, mode, *, alphabet=""):
        self.asked += [(picture, mode, alphabet) for picture in pictures]
        return self.engine.words(pictures, mode, alphabet=alphabet)

    def lines(self, pictures, *, alphabet=""):
        self.asked += [(picture, LINE, alphabet) for picture in pictures]
        return self.engine.lines(pictures, alphabet=alphabet)

    def characters(self, pictures, *, alphabet=""):
        self.asked += [(picture, LINE, alphabet) for picture in pictures]
        return self.engine.characters(pictures, alphabet=alphabet)


def texts_and_boxes(engine, picture, mode, alphabet):
    return [(word.text, word.box) for word in engine.words([picture], mode, alphabet=alphabet)[0]]


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["national", "td1"])
def test_of_one_version_both_read_the_same_from_all_that_a_card_is_read_by(layout, of_one_version, drawn):
    program, library = of_one_version
    listening = Listening(library)
    extract(drawn(layout, 10_003).page().pixels, load_schema(layout), listening)
    assert listening.asked
    for picture, mode, alphabet in listening.asked:
        assert texts_and_boxes(library, picture, mode, alphabet) == texts_and_boxes(program, picture, mode, alphabet)
        assert library.characters([picture], alphabet=alphabet) == program.characters([picture], alphabet=alphabet)


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "seed"), [("national", 10_003), ("td1", 10_001), ("td3", 10_003)])
def test_clean_cards_say_the_same_through_both(layout, seed, doors, drawn):
    gray, schema = drawn(layout, seed).page().pixels, load_schema(layout)
    program, library = (extract(gray, schema, door) for door in doors)
    assert program.valid and library.valid
    required = [field.name for field in schema.required]
    assert [program.values[name] for name in required] == [library.values[name] for name in required]


def test_plain_print_says_the_same_through_both(doors, printed):
    for height in (26, 34):
        page = printed(height)
        for mode in (BLOCK, SPARSE):
            program, library = ([word.text for word in door.words([page], mode)[0]] for door in doors)
            assert program == library != []
        line = page[: round(height * 1.6) + 20]
        assert doors[0].lines([line]) == doors[1].lines([line]) != [""]
