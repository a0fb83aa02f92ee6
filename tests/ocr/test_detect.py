"""Which schema a card has, when nobody says."""

from datetime import date

import numpy as np
import pytest

from docpipe.cards.layout import SHIPPED_LAYOUTS
from docpipe.mrz import build_mrz
from docpipe.ocr.detect import detect_schema
from docpipe.ocr.schema import load_schema

WIDTH_PX = {"td1": 1011, "td2": 1240, "td3": 1476}           # 85.6, 105 and 125 mm at 300 dpi


class Blind:
    """An engine that reads nothing."""

    def words(self, pictures, mode):
        return [[] for _ in pictures]


@pytest.mark.parametrize("layout", SHIPPED_LAYOUTS)
@pytest.mark.parametrize("seed", [10_003, 10_004])
def test_a_drawn_card_tells_its_schema_or_the_format_of_its_zone(drawn, engine, layout, seed):
    expected = load_schema(layout).mrz or layout
    assert detect_schema(drawn(layout, seed).page().pixels, engine) == expected


@pytest.mark.parametrize("kind", sorted(WIDTH_PX))
def test_a_zone_tells_its_format_without_any_letter_read(plain_zone, kind):
    lines = build_mrz(
        kind, document_code="P" if kind == "td3" else "I", issuing_state="UTO", surname="Eriksson",
        given_names="Anna Maria", document_number="L898902C3", nationality="UTO",
        date_of_birth=date(1974, 8, 12), sex="F", date_of_expiry=date(2032, 4, 15), optional="ZE184",
    )  # fmt: skip
    assert detect_schema(plain_zone(lines, WIDTH_PX[kind]), Blind()) == kind


def test_no_schema_fits_blank_paper_specks_or_other_print(engine, printed):
    specks = np.random.default_rng(3).choice([0, 255], (600, 1000), p=[0.01, 0.99]).astype(np.uint8)
    assert detect_schema(np.full((600, 1000), 250, np.uint8), engine) is None
    assert detect_schema(specks, Blind()) is None
    assert detect_schema(printed(60)[: 96 * 2], engine) is None              # two labels of five
