"""Chips, barcodes, ghosts, rosettes and holograms: drawn where the layout says, readable, and never over the print."""

import builtins
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cards.barcodes import QUIET_MODULES, barcode, draw_barcode
from docpipe.cards.elements import ABOVE, BENEATH, draw_above
from docpipe.cards.fonts import families_of
from docpipe.cards.identity import draw_identity, mrz_lines
from docpipe.cards.job import Job
from docpipe.cards.layout import BARCODES, ELEMENT_KINDS, load_layout
from docpipe.cards.render import draw_card
from docpipe.cards.style import draw_style
from docpipe.errors import MissingToolError

pytest.importorskip("faker")
pytest.importorskip("pdf417gen")

TRAIN = families_of("train")
ZONE = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
SHAPES = {"qr": 1.0, "pdf417": 0.16}


def with_only(layout, kind):
    """The layout with all its elements of one kind, on every card, and no others."""
    elements = tuple(dataclasses.replace(one, chance=1.0) for one in layout.elements if one.kind == kind)
    return dataclasses.replace(layout, elements=elements)


def difference(layout, kind, dpi=200, seed=12):
    """Gray levels by which a card with elements of one kind differs from the same card without: (H, W) int."""
    bare = dataclasses.replace(layout, elements=())
    shown, plain = (draw_card(seed, one, TRAIN, dpi).page().pixels for one in (with_only(layout, kind), bare))
    return shown.astype(int) - plain


def test_every_kind_that_a_layout_may_name_is_drawn_by_one_function():
    assert sorted([*BENEATH, *ABOVE]) == sorted(ELEMENT_KINDS)


@pytest.mark.usefixtures("installed_fonts")
@pytest.mark.parametrize("name, kind", [
    ("td1_back", "chip"), ("td1_back", "pdf417"), ("td1_back", "qr"), ("td1_back", "rosette"),
    ("td1_back", "hologram"), ("td3", "ghost"), ("national_b", "ghost"),
])  # fmt: skip
def test_an_element_changes_the_card_within_its_box_and_nowhere_else(name, kind):
    layout = load_layout(name)
    upright = difference(layout, kind)
    [element] = with_only(layout, kind).elements
    margin_mm = draw_card(12, layout, TRAIN, 200).style.margin_mm
    left, top, width, height = np.add(element.box_mm, [margin_mm, margin_mm, 0, 0]) * 200 / 25.4
    askew = 0.022 * max(layout.size_mm) * 200 / 25.4             # 1.2 degrees of skew, about the middle
    rows, columns = np.nonzero(np.abs(upright) > 12)
    assert len(rows) > 0.02 * width * height
    assert top - askew < rows.min() and rows.max() < top + height + askew
    assert left - askew < columns.min() and columns.max() < left + width + askew


@pytest.mark.usefixtures("installed_fonts")
def test_a_hologram_leaves_print_dark_and_paper_light():
    layout = load_layout("residence_permit")
    for seed in range(4):
        assert np.abs(difference(layout, "hologram", seed=seed)).max() <= 56      # a fifth of the range, and ringing


def test_an_element_is_on_the_share_of_cards_that_the_layout_says():
    layout = load_layout("td1")
    [element] = layout.elements
    identity = draw_identity(np.random.default_rng(0))
    shown = 0
    for seed in range(100):
        style = draw_style(np.random.default_rng(seed), layout, TRAIN)
        blank = np.full((216, 343, 3), 230, np.uint8)                    # 85.6 x 54 mm at 4 pixels a mm
        draw_above(blank, Job(identity, layout, style, 4.0))
        shown += bool((blank != 230).any())
    assert element.chance == 0.5
    assert 35 <= shown <= 65


@pytest.mark.usefixtures("installed_fonts")
@pytest.mark.parametrize("kind", BARCODES)
@pytest.mark.parametrize("dpi", [300, 600])
def test_the_barcodes_of_a_scanned_card_read_as_its_zone(kind, dpi):
    zxingcpp = pytest.importorskip("zxingcpp")
    card = draw_card(21, with_only(load_layout("td1_back"), kind), TRAIN, dpi)
    [read] = zxingcpp.read_barcodes(card.page().pixels)
    assert read.text == "\n".join(mrz_lines(card.identity, "td1"))


@pytest.mark.parametrize("kind", BARCODES)
def test_a_barcode_is_the_same_every_time_and_another_for_another_text(kind):
    first, again, other = (barcode(kind, text, SHAPES[kind]) for text in (ZONE, ZONE, ZONE.replace("ANNA", "EMMA")))
    assert np.array_equal(first, again)
    assert first.dtype == np.bool_
    assert first.shape != other.shape or (first != other).any()


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=120))
def test_a_qr_code_is_square_with_a_finder_in_three_corners(text):
    modules = barcode("qr", text, 1.0)
    side, other = modules.shape
    assert side == other and side % 4 == 1 and side >= 21
    for corner in (modules[:7, :7], modules[:7, -7:], modules[-7:, :7]):
        assert corner[0].all() and corner[:, 0].all() and corner[3, 3] and not corner[1, 1:6].any()


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=120))
def test_a_pdf417_code_begins_and_ends_as_its_standard_says_and_fits_its_place(text):
    modules = barcode("pdf417", text, 0.4)
    rows, columns = modules.shape
    assert 3 <= rows <= 90 and columns % 17 == 1
    assert (modules[:, :17] == [bit == "1" for bit in "11111111010101000"]).all()
    assert (modules[:, -18:] == [bit == "1" for bit in "111111101000101001"]).all()
    assert 3 * rows <= 0.4 * columns


def test_a_text_that_a_place_cannot_hold_is_refused_without_being_shown():
    with pytest.raises(ValueError, match=r"of 2000 characters does not fit where height / width is 0\.01") as refused:
        barcode("pdf417", "Q7" * 1000, 0.01)
    assert "Q7Q7" not in str(refused.value)


@pytest.mark.parametrize("size", [(60, 60), (101, 77)])
def test_a_drawn_barcode_has_its_quiet_zone_and_as_much_ink_as_dark_modules(size):
    modules, quiet = barcode("qr", "L898902C3", 1.0), QUIET_MODULES["qr"]
    ink = draw_barcode(*size, modules, quiet)
    edge = [int(side * quiet / (len(modules) + 2 * quiet)) - 1 for side in size]
    assert ink.shape == size and ink.dtype == np.float32
    assert ink.min() == 0 and ink.max() == pytest.approx(1)
    assert not ink[: edge[0]].any() and not ink[:, : edge[1]].any()
    assert ink.mean() == pytest.approx(np.pad(modules, quiet).mean(), abs=0.01)


def test_without_pdf417gen_the_line_that_installs_it_is_named(monkeypatch):
    real_import = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pdf417gen":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingToolError) as refused:
        barcode("pdf417", "text", 1.0)
    assert refused.value.hint == "pip install 'docpipe-ocr[synth]'"
