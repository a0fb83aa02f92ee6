"""report.pdf: names of any script and any bytes are drawn, or spelled."""

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth

from docpipe.evaluate.report import pdf, write_report
from docpipe.evaluate.report.blocks import Grid
from docpipe.evaluate.report.fonts import FAMILY, as_drawn, drawable
from tests.evaluate.pdf_text import pdf_text
from tests.evaluate.report_sample import sample_findings


def test_names_in_any_script_and_of_any_bytes_can_be_reported(tmp_path):
    plain = sample_findings(30, raw="Ελληνικά 身分證", cleaned="\udce9")
    odd = replace(plain, cards=(replace(plain.cards[0], file="caf\udce9.png"), *plain.cards[1:]))
    write_report(odd, tmp_path)
    assert r"caf\udce9.png" in (tmp_path / "names.csv").read_text()
    assert "Ελληνικά 身分證" in (tmp_path / "report.html").read_text(encoding="utf-8")
    paper = pdf_text(tmp_path / "report.pdf")
    assert r"\u8eab\u5206\u8b49" in paper and r"\udce9" in paper


def test_names_are_drawn_in_the_pdf_as_they_are_written(tmp_path):
    if FAMILY not in subprocess.run(["fc-match", FAMILY], capture_output=True, text=True).stdout:
        pytest.skip(f"{FAMILY} is not installed")
    write_report(sample_findings(30, raw="Łódź/Ελληνικά/Жук", cleaned="Ło\u0301dz\u0301 − ű"), tmp_path)
    paper = pdf_text(tmp_path / "report.pdf")
    assert "Łódź/Ελληνικά/Жук" in paper and "Łódź − ű" in paper


@pytest.mark.parametrize("words", [("group", "stratum"), ("a group", "a stratum of very many words " * 5)])
def test_a_table_fills_the_page_and_wraps_words_before_numbers(words):
    number = "+10.1 to +30.3"
    widths = pdf._widths(Grid("table", ("", "", *["95 % interval"] * 6), ((*words, *[number] * 6),), words=2))
    assert sum(widths) == pytest.approx(pdf.WIDTH)
    assert min(widths[2:]) >= stringWidth(number, pdf.CELL.fontName, pdf.CELL.fontSize)
    assert widths[0] >= stringWidth(words[0], pdf.CELL.fontName, pdf.CELL.fontSize), "narrow words stay on their line"


@pytest.fixture
def without_fonts(monkeypatch):
    """A machine on which no font is installed, nor what finds them."""

    def run(*_asked, **_options):
        raise FileNotFoundError

    monkeypatch.setattr("docpipe.evaluate.report.fonts.subprocess.run", run)
    drawable.cache_clear()
    yield
    drawable.cache_clear()


def test_without_fonts_on_the_machine_letters_that_cannot_be_drawn_are_spelled(without_fonts, tmp_path):
    write_report(sample_findings(30, raw="Łódź", cleaned="Ελ"), tmp_path)
    paper = pdf_text(tmp_path / "report.pdf")
    assert r"Łód\u017a" in paper and r"\u0395\u03bb" in paper and "points" in paper


def test_what_runs_leftwards_or_cannot_be_seen_is_spelled():
    assert as_drawn("אב a\nb\u202ec") == r"\u05d0\u05d1 a\nb\u202ec"


@given(st.text())
def test_whatever_a_name_holds_it_can_be_drawn_and_ascii_stays(text):
    assert set(as_drawn(text)) <= drawable()
    assert as_drawn("name-1 (copy).png") == "name-1 (copy).png"
