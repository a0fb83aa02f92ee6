"""Where a card lies, told by labels: through missing, garbled and misleading ones; and values found by it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cards.layout import load_layout
from docpipe.cards.render import render_card
from docpipe.ocr.engine import Word
from docpipe.ocr.extract import extract
from docpipe.ocr.labels import Hit, Phrase
from docpipe.ocr.places import place_by_pose, text_at
from docpipe.ocr.pose import READINGS_A_VALUE, _value_rows, find_pose
from docpipe.ocr.schema import load_schema

SCHEMA = load_schema("national_b")
FIELDS = {field.name: field for field in SCHEMA.fields}
PAGE_PX = 1100


def phrase(text, box):
    return Phrase((Word(text, box, 90.0),))


def label(name, scale=11.0, left=40.0, top=30.0, text=None, language="de"):
    """A label where a card has it that lies with its corner at (left, top), so many pixels a mm."""
    left_mm, top_mm, _, height_mm = FIELDS[name].label_mm
    x, middle, half = left + scale * left_mm, top + scale * (top_mm + height_mm / 2), scale * 0.7
    box = (round(x), round(middle - half), round(x + 150), round(middle + half))
    return phrase(text or FIELDS[name].labels[language], box)


def value(name, text, scale=11.0, left=40.0, top=30.0):
    """A value where a card has it that lies with its corner at (left, top), so many pixels a mm."""
    left_mm, top_mm, _, height_mm = FIELDS[name].value_mm
    x, middle = left + scale * left_mm, top + scale * (top_mm + height_mm / 2)
    return phrase(text, (round(x), round(middle - 14), round(x + 150), round(middle + 14)))


def hits(boxes):
    return {name: Hit(FIELDS[name].labels["de"].casefold(), 1.0, box) for name, box in boxes.items()}


def pose_of(phrases, labels=None):
    return find_pose(phrases, labels or {}, SCHEMA.fields, SCHEMA.size_mm, (800, PAGE_PX))


@given(st.sampled_from([9.5, 11.0, 12.5]), st.floats(0, 60), st.floats(0, 60),
       st.sets(st.sampled_from(list(FIELDS)), min_size=3))                                        # fmt: skip
def test_three_labels_that_can_be_read_tell_where_the_card_lies(scale, left, top, readable):
    pose = pose_of([label(name, scale, left, top) for name in sorted(readable)])
    assert pose is not None
    assert (pose.px_per_mm, pose.left, pose.top) == pytest.approx((scale, left, top), abs=1.5, rel=0.02)


def test_dates_and_a_number_tell_where_the_card_lies_though_no_label_can_be_read():
    values = {"date_of_birth": "12.08.1974", "date_of_expiry": "02.01.2031", "document_number": "C01X00T47",
              "date_of_issue": "03.01.2021", "surname": "MUSTER"}                                  # fmt: skip
    pose = pose_of([value(name, text) for name, text in values.items()])
    assert pose is not None
    assert (pose.px_per_mm, pose.left, pose.top) == pytest.approx((11.0, 40.0, 30.0), abs=1.0)
    assert pose_of([value("date_of_birth", "12.08.1974"), value("date_of_expiry", "02.01.2031")]) is None


def test_letters_that_are_gone_and_words_that_mislead_do_not_move_the_card():
    garbled = [label("surname", text="N m"), label("given_names", text="Vcrnamon"),
               label("date_of_expiry", text="Gu tig b s"), label("document_number", text="Kartennunmer")]   # fmt: skip
    elsewhere = [phrase("Name", (900, 600, 960, 620)), phrase("Geschlecht", (100, 80, 240, 100))]
    pose = pose_of([*garbled, *elsewhere])
    assert pose is not None
    assert (pose.px_per_mm, pose.left, pose.top) == pytest.approx((11.0, 40.0, 30.0), abs=2.0)


@pytest.mark.parametrize(
    "phrases",
    [
        [],
        [label("document_number")],
        [label("document_number"), phrase("Geburtsdatum", (900, 40, 1050, 60))],       # no card has them so
        [label("surname", scale=3.0), label("document_number", scale=3.0)],             # a stamp, not this page's card
    ],
)
def test_where_labels_do_not_agree_nothing_is_claimed(phrases):
    assert pose_of(phrases) is None


def test_a_card_that_has_its_labels_elsewhere_is_not_read_by_places_of_another():
    right = {name: label(name).words[0].box for name in FIELDS}
    alike = dict.fromkeys(("surname", "given_names", "date_of_birth"))
    other = {name: box if name in alike else (100, 40 + 37 * row, 250, 60 + 37 * row)
             for row, (name, box) in enumerate(right.items())}                                     # fmt: skip
    phrases = [phrase(FIELDS[name].labels["de"], box) for name, box in other.items()]
    assert pose_of(phrases) is not None
    assert pose_of(phrases, hits(other)) is None
    assert pose_of([label(name) for name in FIELDS], hits(right)) is not None
    stray = {"sex": (5, 700, 60, 720)}
    assert pose_of([label(name) for name in ("surname", "date_of_birth", "document_number")], hits(stray)) is not None


def test_a_card_that_would_lie_beside_the_page_is_none():
    assert pose_of([label(name, left=-80.0) for name in FIELDS]) is None


def test_of_a_page_full_of_dates_a_few_are_tried():
    many = [phrase(f"{day:02}.08.1974", (37 * day % 900, 23 * day % 700, 37 * day % 900 + 90, 23 * day % 700 + 20))
            for day in range(1, 29)]                                                               # fmt: skip
    rows = sum(1 for _ in _value_rows(0, FIELDS["date_of_birth"], [(one, one.text) for one in many]))
    assert rows == READINGS_A_VALUE


def test_fields_without_places_tell_nothing():
    td1 = load_schema("td1")
    assert find_pose([label("surname")], {}, td1.fields, (85.6, 53.98), (800, PAGE_PX)) is None


def test_a_value_is_read_where_the_card_has_it_and_moved_onto_its_print():
    pose = pose_of([label(name) for name in FIELDS])
    left, top, _, height = FIELDS["surname"].value_mm
    x, middle = 40 + 11 * left, 30 + 11 * (top + height / 2)
    lower = [Word("MUSTER", (round(x), round(middle) - 14, round(x) + 120, round(middle) + 22), 90.0)]
    place = place_by_pose(pose, FIELDS["surname"].value_mm, lower)
    assert text_at(place, lower) == "MUSTER"
    assert (place.area[1] + place.area[3]) / 2 == pytest.approx(middle + 4, abs=1)
    assert place.area[0] < x < place.area[2] <= 40 + 11 * (left + FIELDS["surname"].value_mm[2]) + 20
    unread = place_by_pose(pose, FIELDS["surname"].value_mm, [])
    assert unread.area[1] == pytest.approx(middle - place.print_px / 2, abs=1)


@pytest.mark.parametrize("name", ["driving_licence", "national", "national_b"])
def test_schemas_have_fields_where_layouts_print_them(name):
    schema, layout = load_schema(name), load_layout(name)
    printed = {field.name: field for field in layout.fields}
    assert schema.size_mm == layout.size_mm
    for field in schema.fields:
        assert (field.label_mm, field.value_mm) == (printed[field.name].label_mm, printed[field.name].value_mm)


@pytest.mark.parametrize("layout", ["driving_licence", "national", "national_b"])
def test_a_card_whose_labels_are_half_gone_is_read_all_the_same(drawn, engine, layout):
    schema, card = load_schema(layout), drawn(layout, 10_005)
    level = render_card(card.identity, load_layout(layout), replace(card.style, skew_deg=0.0), 300)
    gray, px_per_mm = level.page().pixels.copy(), 300 / 25.4
    hidden = schema.required[:3]
    for field in hidden:
        left, top, width, height = (round(side * px_per_mm) for side in field.label_mm)
        corner = round(level.style.margin_mm * px_per_mm)
        gray[corner + top : corner + top + height, corner + left : corner + left + width] = 235
    read = extract(gray, schema, engine).values
    true = {field.name: field.value for field in level.truth}
    assert [field.name for field in hidden if not field.same(read.get(field.name, ""), true[field.name])] == []
