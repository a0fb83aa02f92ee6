"""Reading cards: fields from the zone, fields beside their labels."""

import numpy as np
import pytest

from docpipe.ocr.engine import Word
from docpipe.ocr.extract import Extraction, extract
from docpipe.ocr.mrz_reader import fields_of
from docpipe.ocr.schema import load_schema


@pytest.mark.parametrize("layout", ["national", "driving_licence"])
@pytest.mark.parametrize("seed", [10_003, 10_005])
def test_a_clean_card_without_a_zone_gives_every_required_field(drawn, engine, layout, seed):
    card = drawn(layout, seed)
    schema = load_schema(layout)
    extraction = extract(card.page().pixels, schema, engine)
    assert extraction.valid
    read = extraction.values
    true = {field.name: field.value for field in card.truth}
    assert [field.name for field in schema.required if not field.same(read.get(field.name, ""), true[field.name])] == []


@pytest.mark.parametrize("layout", ["td1", "td2", "td3"])
def test_a_clean_card_with_a_zone_gives_what_its_zone_says(drawn, engine, layout):
    card = drawn(layout, 10_004)
    extraction = extract(card.page().pixels, load_schema(layout), engine)
    assert extraction.valid
    read = extraction.values
    lines = [field.value for field in card.truth if field.name.startswith("mrz_")]
    assert read == {name: value for name, value in fields_of(layout, lines).items() if name in read}
    assert {field.name for field in load_schema(layout).required} <= set(read)


@pytest.mark.parametrize("name", ["national", "td1"])
@pytest.mark.parametrize("paper", [0, 255])
def test_an_empty_page_has_no_fields(engine, name, paper):
    assert extract(np.full((640, 1000), paper, np.uint8), load_schema(name), engine) == Extraction({}, valid=False)


class OneValue:
    """An engine that reads two labels of a German card, and the same text beside each."""

    description = "one value 1"

    def __init__(self, text):
        self.text = text

    def words(self, pictures, mode, *, alphabet=""):
        return [self._page(width / 1000) for _, width in map(np.shape, pictures)]

    def _page(self, scale):
        words = (("Name", 100, 100, 160), ("Vornamen", 100, 200, 200))
        boxes = [(text, (left, top, right, top + 20)) for text, left, top, right in words]
        return [Word(text, tuple(round(scale * side) for side in box), 90.0) for text, box in boxes]

    def lines(self, pictures, *, alphabet=""):
        return [self.text for _ in pictures]


def test_what_was_put_right_in_labelled_fields_is_listed_by_field():
    card = np.full((640, 1000), 255, np.uint8)
    card[95:125, 300:360:8] = card[195:225, 300:360:8] = 0
    read = extract(card, load_schema("national"), OneValue("JOSÉ llona"))
    assert read.values["surname"] == read.values["given_names"] == "JOSÉ Ilona"
    assert [(one.line, one.position, one.rule) for one in read.mended] == [
        ("surname", 6, "name"), ("given_names", 6, "name")
    ]  # fmt: skip


class LabelAtTheEdge:
    """An engine that reads one label, up to the last column of a page 400 wide."""

    def words(self, pictures, mode):
        return [[Word("Surname", (round(0.8 * width), 100, width, 130), 90.0)] for _, width in map(np.shape, pictures)]

    def lines(self, pictures, alphabet=None):
        return ["" for _ in pictures]


def test_a_label_at_the_edge_of_the_page_has_no_value():
    extraction = extract(np.full((300, 400), 255, np.uint8), load_schema("national"), LabelAtTheEdge())
    assert extraction == Extraction({}, valid=False)
