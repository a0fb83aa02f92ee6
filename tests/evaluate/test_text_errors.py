"""Character and word errors: what counts as one, and what an empty truth does."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.evaluate.text_errors import TextErrors, error_rate, graphemes, text_errors

words = st.text(alphabet=st.sampled_from("AEIé<ł \u0301"), max_size=8)


@pytest.mark.parametrize(
    ("read", "truth", "errors"),
    [
        ("ERIKSSON", "ERIKSSON", (0, 8, 0, 1)),
        ("ER1KSSON", "ERIKSSON", (1, 8, 1, 1)),
        ("ANNA  MARIA", "ANNA MARIA", (1, 10, 0, 2)),     # blanks are characters, and part words alike
        ("ANNAMARIA", "ANNA MARIA", (1, 10, 2, 2)),
        ("", "ANNA MARIA", (10, 10, 2, 2)),
        ("ANNA", "", (4, 0, 1, 0)),
        ("", "", (0, 0, 0, 0)),
    ],
)
def test_edits_and_lengths_in_characters_and_words(read, truth, errors):
    assert text_errors(read, truth) == TextErrors(*errors)


def test_one_letter_with_marks_is_one_character_however_it_is_written():
    assert text_errors("Zo\u0308e", "Zöe") == TextErrors(0, 3, 0, 1)
    assert text_errors("m\u0304n", "mn") == TextErrors(1, 2, 1, 1)       # no composed form: still one character
    assert graphemes("🇩🇪x") == ["🇩🇪", "x"]


@given(words, words)
def test_edits_are_a_distance_bounded_by_the_longer_text(one, other):
    there, back = text_errors(one, other), text_errors(other, one)
    assert (there.char_edits, there.word_edits) == (back.char_edits, back.word_edits)
    assert abs(back.chars - there.chars) <= there.char_edits <= max(there.chars, back.chars)
    assert (there.char_edits == 0) == (unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other))


def test_a_rate_is_summed_over_texts_and_an_empty_truth_adds_edits_only():
    assert error_rate([1, 4, 0], [10, 0, 10]) == pytest.approx(0.25)
    assert error_rate([3], [0]) is None
    assert error_rate([], []) is None
