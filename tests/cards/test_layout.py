import pytest

from docpipe.cards.layout import (
    BARCODES,
    ELEMENT_KINDS,
    LAYOUTS,
    SHIPPED_LAYOUTS,
    TEST_ONLY_LAYOUTS,
    load_layout,
    shipped_labels,
)
from docpipe.errors import InputError

CARD = """
about = "A library card."
size_mm = [85.6, 54.0]
corner_mm = 3.0
document = "library_card"
header_mm = [0.0, 0.0, 85.6, 6.0]
emblem_mm = [2.0, 1.0, 4.0, 4.0]
portrait_mm = [60.0, 10.0, 18.0, 24.0]
signature_mm = [60.0, 40.0, 18.0, 5.0]

[labels.library_card]
en = "Library card"

[labels.surname]
en = "Reader"

[[field]]
name = "surname"
label_mm = [4.0, 10.0, 30.0, 2.0]
value_mm = [4.0, 12.0, 50.0, 4.0]

[[element]]
kind = "qr"
box_mm = [4.0, 30.0, 12.0, 12.0]
chance = 0.5
says = ["document_number", "surname"]
"""


@pytest.mark.parametrize("name", SHIPPED_LAYOUTS)
def test_shipped_layouts_speak_at_least_five_languages(name):
    layout = load_layout(name)
    assert len(layout.languages) >= 5
    assert layout.name == name
    assert (layout.mrz is None) == (name in ("national", "national_b", "driving_licence"))


def test_layouts_of_the_training_are_none_of_those_for_testing_and_their_order_never_changes():
    # another order or length draws other cards from old seeds
    assert LAYOUTS == ("national", "national_b", "residence_permit", "td1", "td1_back", "td3")
    assert not set(LAYOUTS) & set(TEST_ONLY_LAYOUTS)


def test_there_are_eight_layouts_or_more_and_two_of_them_are_for_testing_only():
    assert len(set(SHIPPED_LAYOUTS)) >= 8 and len(TEST_ONLY_LAYOUTS) == 2


@pytest.mark.parametrize("name", TEST_ONLY_LAYOUTS)
def test_a_layout_for_testing_only_says_so(name):
    assert "For testing only" in load_layout(name).about


def apart(one, other):
    (left, top, width, height), (left_2, top_2, width_2, height_2) = one, other
    beside = left + width <= left_2 or left_2 + width_2 <= left
    return beside or top + height <= top_2 or top_2 + height_2 <= top


@pytest.mark.parametrize("name", SHIPPED_LAYOUTS)
def test_no_two_values_of_a_shipped_layout_overlap_nor_a_value_and_a_picture(name):
    layout = load_layout(name)
    pictures = [element.box_mm for element in layout.elements if element.kind in ("chip", *BARCODES)]
    boxes = [field.value_mm for field in layout.fields] + pictures
    boxes += [box for box in (layout.portrait_mm, layout.signature_mm, layout.mrz and layout.mrz.box_mm) if box]
    for index, box in enumerate(boxes):
        assert all(apart(box, other) for other in boxes[:index]), box


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_picture_of_a_layout_covers_a_label(name):
    layout = load_layout(name)
    pictures = [element.box_mm for element in layout.elements if element.kind in ("chip", *BARCODES)]
    labels = [field.label_mm for field in layout.fields if field.label_mm]
    assert all(apart(picture, label) for picture in pictures for label in labels)


def test_the_layouts_show_every_kind_of_element_between_them():
    shown = {element.kind for name in LAYOUTS for element in load_layout(name).elements}
    assert shown == set(ELEMENT_KINDS)


def test_every_label_is_known_in_the_same_languages():
    languages = {tuple(sorted(texts)) for texts in shipped_labels().values()}
    assert len(languages) == 1


def test_a_user_adds_a_card_by_writing_a_file(tmp_path):
    file = tmp_path / "library.toml"
    file.write_text(CARD, encoding="utf-8")
    layout = load_layout(file)
    assert layout.name == "library"
    assert layout.languages == ("en",)
    assert layout.labels["surname"]["en"] == "Reader"
    assert [(element.kind, element.says) for element in layout.elements] == [("qr", ("document_number", "surname"))]


def test_a_card_may_be_without_header_portrait_and_signature(tmp_path):
    file = tmp_path / "bare.toml"
    kept = [line for line in CARD.splitlines() if not line.startswith(("header", "emblem", "portrait", "signature"))]
    file.write_text("\n".join(kept), encoding="utf-8")
    layout = load_layout(file)
    assert (layout.header_mm, layout.emblem_mm, layout.portrait_mm, layout.signature_mm) == (None,) * 4


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("label_mm = [4.0, 10.0, 30.0, 2.0]", "", "surname is the first field, and has no label_mm"),
        ('name = "surname"', 'name = "shoe_size"', "unknown fields shoe_size"),
        ("corner_mm", "corner_inches", "corner_inches"),
        ("[4.0, 12.0, 50.0, 4.0]", "[4.0, 12.0, 90.0, 4.0]", "surname lies outside the card"),
        ("[4.0, 12.0, 50.0, 4.0]", "[4.0, 12.0, 50.0]", "value_mm is"),
        ('en = "Library card"', 'eo = "Biblioteka karto"', "no language in which all its labels are known"),
        ("about =", "about", "is not TOML"),
        ('kind = "qr"', 'kind = "antenna"', "unknown element 'antenna'; known are chip, ghost"),
        ("chance = 0.5", "chance = 0", "chance of qr is 0; it is a share"),
        ('says = ["document_number", "surname"]', "", "pdf417 and qr say something, no others"),
        ('kind = "qr"', 'kind = "chip"', "chip says"),
        ('"document_number", "surname"]', '"shoe_size"]', "qr says shoe_size; known are"),
        ('"document_number", "surname"]', '"mrz"]', r"qr says mrz, and there is no \[mrz\]"),
        ("[4.0, 30.0, 12.0, 12.0]", "[80.0, 30.0, 12.0, 12.0]", "qr lies outside the card"),
        ('name = "surname"', 'name = "document_code"', r"there is no \[mrz\]"),
    ],
)
def test_a_file_that_is_not_a_layout_is_refused_by_what_is_wrong_with_it(tmp_path, before, after, told):
    file = tmp_path / "card.toml"
    file.write_text(CARD.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=told):
        load_layout(file)


def test_an_unknown_name_lists_the_shipped_layouts():
    with pytest.raises(InputError) as refused:
        load_layout("td9")
    assert "national, national_b, residence_permit, td1, td1_back, td3, driving_licence, td2" in refused.value.hint


def test_a_ghost_needs_a_portrait(tmp_path):
    file = tmp_path / "card.toml"
    ghost = CARD.replace('kind = "qr"', 'kind = "ghost"').replace('says = ["document_number", "surname"]', "")
    file.write_text(ghost.replace("portrait_mm = [60.0, 10.0, 18.0, 24.0]\n", ""), encoding="utf-8")
    with pytest.raises(InputError, match="there is no portrait_mm"):
        load_layout(file)
