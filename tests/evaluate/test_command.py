"""Judging two folders, by the library and by the command."""

import json
import multiprocessing
from hashlib import sha256

import cv2
import pytest
from click.testing import CliRunner

from docpipe.cards.fonts import families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.cli import main
from docpipe.errors import InputError
from docpipe.evaluate.cases import TrueCard, cases_of, read_truth
from docpipe.evaluate.judge import read_cases
from docpipe.ocr.tesseract import Tesseract
from tests.conftest import installed


@pytest.fixture(scope="module")
def folders(tmp_path_factory, installed_fonts):
    """Two cards with a zone; the second is blank in the raw folder."""
    installed(Tesseract)
    top = tmp_path_factory.mktemp("cards")
    (top / "raw").mkdir()
    (top / "cleaned").mkdir()
    lines = []
    for number, seed in enumerate((10_001, 10_002)):
        card = draw_card(seed, load_layout("td1"), families_of("train"), 300)
        name, pixels = f"{number:06d}.png", card.page().pixels
        cv2.imwrite(str(top / "cleaned" / name), pixels)
        cv2.imwrite(str(top / "raw" / name), pixels if number == 0 else 0 * pixels + 255)
        lines.append(json.dumps({"file": name, "layout": "td1", "fields": card.truth_record()}))
    (top / "truth.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return top


def run(folders, *more):
    where = ["--raw", folders / "raw", "--cleaned", folders / "cleaned", "--truth", folders / "truth.jsonl"]
    return CliRunner().invoke(main, ["evaluate", *map(str, where), "-j", "1", *more])


def test_the_command_prints_table_rates_net_and_p_and_no_field_value(folders):
    result = run(folders)
    assert result.exit_code == 0, result.output
    for part in ("rescued", "broken", "50.0 %", "100.0 %", "+50.0 points", "p = 1", "Wilson", "required field"):
        assert part in result.output
    for card in read_truth(folders / "truth.jsonl"):
        assert card.values["document_number"] not in result.output


def test_as_json_each_card_is_a_line_and_the_figures_are_the_last(folders):
    *cards, summary = map(json.loads, run(folders, "--json").stdout.splitlines())
    assert [(card["raw"], card["cleaned"]) for card in cards] == [(True, True), (False, True)]
    digests = [sha256((folders / "raw" / f"00000{number}.png").read_bytes()).hexdigest() for number in range(2)]
    assert [card["id"] for card in cards] == [digest[:12] for digest in digests]
    assert "document_number" in cards[1]["wrong_raw"]
    assert summary["table"] == {"both": 1, "rescued": 1, "broken": 0, "neither": 0}


@pytest.mark.slow
def test_two_processes_give_what_one_gives(folders):
    cases = cases_of(read_truth(folders / "truth.jsonl"))
    where = folders / "raw", folders / "cleaned", cases
    one, two = (list(read_cases(*where, workers=workers)) for workers in (1, 2))
    assert [(case, before.fields, after.fields) for case, before, after in one] == [
        (case, before.fields, after.fields) for case, before, after in two
    ]
    assert multiprocessing.active_children() == []


def test_where_every_cleaned_scan_is_missing_it_ends_with_code_3_and_the_name_of_one(folders, tmp_path):
    result = CliRunner().invoke(main, ["evaluate", "--raw", str(folders / "raw"), "--cleaned", str(tmp_path),
                                       "--truth", str(folders / "truth.jsonl")])  # fmt: skip
    assert result.exit_code == 3
    assert "none of the 2 scans" in result.output and "000000.png" in result.output


def test_a_broken_line_of_truth_is_named_and_not_shown(tmp_path):
    file = tmp_path / "truth.jsonl"
    file.write_text('{"file": "1.png", "layout": "td1", "fields": {}}\n{"secret": "ERIKSSON"')
    with pytest.raises(InputError, match="line 2") as broken:
        read_truth(file)
    assert "ERIKSSON" not in str(broken.value) + broken.value.hint
    assert broken.value.__cause__ is None


def test_a_true_card_does_not_show_its_values():
    assert "ERIKSSON" not in repr(TrueCard("1.png", "td1", {"surname": "ERIKSSON"}))


def test_the_help_holds_an_example():
    assert "docpipe evaluate --raw" in CliRunner().invoke(main, ["evaluate", "--help"]).output
