import pytest

from docpipe.cards.layout import LAYOUTS, SHIPPED_LAYOUTS, TEST_ONLY_LAYOUTS, load_layout, shipped_labels
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
"""


@pytest.mark.parametrize("name", SHIPPED_LAYOUTS)
def test_shipped_layouts_speak_at_least_five_languages(name):
    layout = load_layout(name)
    assert len(layout.languages) >= 5
    assert layout.name == name
    assert (layout.mrz is None) == (name in ("national", "driving_licence"))


def test_layouts_of_the_training_are_none_of_those_for_testing_and_their_order_never_changes():
    assert LAYOUTS == ("national", "td1", "td3")         # another order or length draws other cards from old seeds
    assert not set(LAYOUTS) & set(TEST_ONLY_LAYOUTS)


@pytest.mark.parametrize("name", TEST_ONLY_LAYOUTS)
def test_a_layout_for_testing_only_says_so(name):
    assert "For testing only" in load_layout(name).about


@pytest.mark.parametrize("name", SHIPPED_LAYOUTS)
def test_no_two_values_of_a_shipped_layout_overlap(name):
    layout = load_layout(name)
    boxes = [field.value_mm for field in layout.fields]
    boxes += [layout.portrait_mm, layout.signature_mm] + ([layout.mrz.box_mm] if layout.mrz else [])
    for index, (left, top, width, height) in enumerate(boxes):
        for left_2, top_2, width_2, height_2 in boxes[:index]:
            beside = left + width <= left_2 or left_2 + width_2 <= left
            above = top + height <= top_2 or top_2 + height_2 <= top
            assert beside or above, (boxes[index], (left_2, top_2))


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
    assert "national, td1, td3, driving_licence, td2" in refused.value.hint
