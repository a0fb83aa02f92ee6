"""A whole evaluation: with truth and without, scans that cannot be opened, and what is refused before OCR begins."""

import json
import re
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest
from PIL import Image

from docpipe.cards.fonts import families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.errors import InputError
from docpipe.evaluate import scans
from docpipe.evaluate.cases import Case, cases_of_folders, read_truth
from docpipe.evaluate.evaluation import evaluate, find_cases
from docpipe.evaluate.judge import read_scan
from docpipe.evaluate.provenance import Cleaning
from docpipe.evaluate.report import Prices, as_json_lines, as_text
from docpipe.evaluate.report.blocks import ChangeChart
from docpipe.evaluate.report.document import document
from docpipe.evaluate.report.figures import strata
from docpipe.evaluate.report.stored import without_personal_data
from docpipe.evaluate.uplift import Table
from docpipe.ocr.extract import Extraction
from docpipe.ocr.mending import RULES, Mending
from docpipe.ocr.schema import load_schema
from docpipe.ocr.tesseract import Tesseract
from tests.conftest import installed
from tests.evaluate.one_process import read_here

SEEDS = (10_001, 10_002, 10_003)


@pytest.fixture(scope="module")
def suite(tmp_path_factory, installed_fonts):
    """Three cards, clean in the cleaned folder; of the raw ones the second is blank and the third no picture."""
    installed(Tesseract)
    top = tmp_path_factory.mktemp("suite")
    (top / "raw").mkdir()
    (top / "cleaned").mkdir()
    truth, pairs = [], []
    for number, seed in enumerate(SEEDS):
        card = draw_card(seed, load_layout("td1"), families_of("train"), 300)
        name, pixels = f"{number}.png", card.page().pixels
        cv2.imwrite(str(top / "cleaned" / name), pixels)
        cv2.imwrite(str(top / "raw" / name), pixels if number == 0 else 0 * pixels + 255)
        truth.append({"file": name, "layout": "td1", "fields": card.truth_record()})
        pairs.append({"file": name, "card_seed": seed, "noises": [{"kind": "dust"}] * number})
    (top / "raw" / "2.png").write_bytes(b"no picture")
    for name, records in (("truth.jsonl", truth), ("pairs.jsonl", pairs)):
        (top / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    return top


@pytest.fixture(scope="module")
def found(suite):
    told = []
    findings = evaluate(
        suite / "raw", suite / "cleaned", truth=suite / "truth.jsonl", schema=None, ocr=("tesseract",), workers=1,
        tell=told.append,
    )
    assert told == [1, 2, 3]
    return findings


def test_cards_are_counted_by_outcome_with_rates_and_uplift(found):
    assert [card.outcome for card in found.cards] == ["both", "rescued", "rescued"]
    assert (found.raw_rate, found.cleaned_rate) == (pytest.approx(1 / 3), 1)
    assert found.absolute_uplift == pytest.approx(2 / 3)
    assert found.relative_uplift == pytest.approx(2)
    assert found.p == 0.5
    assert (found.false_accepts_raw, found.false_accepts_cleaned) == (0, 0)
    assert found.is_drawn


def test_a_scan_that_cannot_be_opened_fails_and_says_why_and_its_text_is_missed_whole(found):
    assert [bool(card.raw.problem) for card in found.cards] == [False, False, True]
    blank, unopened = (found.cards[place].raw for place in (1, 2))
    for reading in (blank, unopened):
        assert all(one.char_edits == one.chars and one.word_edits == one.words for one in reading.fields)
    surname = next(one for one in found.fields if one.name == "surname")
    assert (surname.cards, surname.right_raw, surname.right_cleaned) == (3, 1, 3)
    lengths = [one.chars for card in found.cards for one in card.raw.fields if one.name == "surname"]
    assert surname.cer_raw == pytest.approx(sum(lengths[1:]) / sum(lengths))
    assert (surname.cer_cleaned, surname.wer_cleaned) == (0, 0)
    assert found.ocr_seconds > 0


def test_strata_come_from_layout_and_from_the_pairs_beside_the_truth(found):
    assert [(one.group, one.name, one.table.cards) for one in found.strata if one.group != "field"] == [
        ("layout", "td1", 3), ("noise", "dust", 2),
        ("noises on the card", "0", 1), ("noises on the card", "1", 1), ("noises on the card", "2", 1),
    ]  # fmt: skip
    assert found.worst is None


def test_findings_name_what_read_the_cards_and_when_they_pass_and_hold_no_value(found, suite):
    assert re.fullmatch(r"\d+\.\d+[.\d]*, eng( [0-9a-f]{8} \(\d+\.\d MB\))?", found.engines["tesseract"])
    assert found.schemas["td1"].startswith("document_number, ") and "truth" in found.schemas["td1"]
    assert found.raw == str(suite / "raw") and found.choices == {}
    shown = json.dumps(asdict(found)) + repr(found)
    for card in read_truth(suite / "truth.jsonl"):
        assert card.values["document_number"] not in shown and card.values["surname"] not in shown


@pytest.mark.slow
def test_without_truth_scans_with_a_counterpart_are_judged_by_their_own_rules(suite, tmp_path):
    (tmp_path / "cleaned").mkdir()
    for name in ("0.png", "1.png"):
        (tmp_path / "cleaned" / name).write_bytes((suite / "cleaned" / name).read_bytes())
    findings = evaluate(
        suite / "raw", tmp_path / "cleaned", truth=None, schema="td1", with_values=True, workers=2
    )
    assert [(card.file, card.outcome) for card in findings.cards] == [("0.png", "both"), ("1.png", "rescued")]
    assert findings.left_out == 1
    assert (findings.has_truth, findings.false_accepts_raw, findings.false_accepts_cleaned) == (False, None, None)
    assert all(one.cer_raw is None and one.wer_cleaned is None for one in findings.fields)
    truth = read_truth(suite / "truth.jsonl")[0]
    read = {one.name: one.value for one in findings.cards[0].cleaned.fields}
    assert read["document_number"] in truth.values["mrz_1"] and "own rules" in findings.schemas["td1"]


def test_the_severity_that_pairs_record_is_charted_and_may_be_the_worst_stratum(suite, tmp_path, monkeypatch):
    monkeypatch.setattr("docpipe.evaluate.strata.FEWEST_CARDS", 1)
    pairs = tmp_path / "pairs.jsonl"
    records = ({"file": f"{number}.png", "severity": severity, "noises": [{"kind": "dust"}]}
               for number, severity in enumerate((0.15, 0.85, 0.9)))  # fmt: skip
    pairs.write_text("".join(json.dumps(record) + "\n" for record in records))
    findings = evaluate(
        suite / "raw", suite / "cleaned", truth=suite / "truth.jsonl", schema=None, pairs=pairs, workers=1
    )
    severities = [one for one in findings.strata if one.group == "severity"]
    assert [(one.name, one.table.cards) for one in severities] == [("0.0-0.2", 1), ("0.8-1.0", 2)]
    assert findings.worst.table.absolute_uplift == severities[0].table.absolute_uplift == 0
    assert findings.worst == severities[0]                        # the weak noise stopped no card, so none is rescued
    charts = {block.caption: block for block in strata(findings).blocks if isinstance(block, ChangeChart)}
    assert [bar.name for bar in charts["By severity of the noise"].bars] == ["0.0-0.2", "0.8-1.0"]


def test_cards_without_noise_are_the_ceiling_and_are_read_once(suite, monkeypatch):
    opened, told = [], []
    read_here(monkeypatch)
    monkeypatch.setattr(scans, "_first_page", lambda scan, read=scans._first_page: (opened.append(scan), read(scan))[1])
    findings = evaluate(
        suite / "raw", suite / "raw", truth=suite / "truth.jsonl", schema=None, clean=suite / "cleaned", workers=1,
        tell=told.append,
    )
    assert [card.passes_clean for card in findings.cards] == [True, True, True]
    assert (findings.ceiling.folder, findings.ceiling.passed) == (str(suite / "cleaned"), 3)
    assert findings.ceiling.share == 0 and findings.absolute_uplift == 0
    assert told == [1, 2, 3, 4, 5, 6]
    assert [path.name for path in opened] == ["0.png", "1.png", "2.png"] * 2


def test_cards_of_the_truth_that_cleaning_lost_fail_and_scans_beside_it_are_left_out(suite, tmp_path, monkeypatch):
    extracting(monkeypatch, Extraction({}, valid=False))
    (tmp_path / "0.png").write_bytes((suite / "cleaned" / "0.png").read_bytes())
    truth = tmp_path / "truth.jsonl"
    truth.write_text("".join(line + "\n" for line in (suite / "truth.jsonl").read_text().splitlines()[:2]))
    findings = evaluate(suite / "raw", tmp_path, truth=truth, schema=None, workers=1)
    assert [card.cleaned.problem for card in findings.cards] == ["", "there is no such scan"]
    assert (findings.table.cards, findings.left_out) == (2, 1)
    for text in (document(findings, Prices()).headline.verdict, as_text(findings)):
        assert "Not named by the truth, so left out: 1 scan." in text
        assert "Failed for want of a cleaned version: 1 scan." in text and "could not be read" not in text
    (tmp_path / "0.png").unlink()
    with pytest.raises(InputError, match=r"none of the 2 scans has its counterpart in .*, such as 0\.png"):
        evaluate(suite / "raw", tmp_path, truth=truth, schema=None, workers=1)


def test_scans_without_noise_below_the_raw_ones_are_no_raw_ones(tmp_path):
    for name in ("0.png", "cleaned/0.png", "clean/0.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    folders = {"raw": tmp_path, "cleaned": tmp_path / "cleaned", "clean": tmp_path / "clean"}
    fields = {one.name: {"value": "1974-08-12"} for one in load_schema("national").fields if one.kind != "number"}
    fields["document_number"] = {"value": "W42223682"}
    truth = tmp_path / "truth.jsonl"
    truth.write_text(json.dumps({"file": "./0.png", "layout": "national", "fields": fields}))
    assert [find_cases(**folders, truth=known, schema="national")[1] for known in (None, truth)] == [0, 0]


def test_a_folder_without_noise_that_lacks_a_scan_is_refused_with_truth_and_without(suite, tmp_path):
    (tmp_path / "0.png").touch()
    for truth in (suite / "truth.jsonl", None):
        with pytest.raises(InputError, match=r"lacks 2 scans, such as 1\.png"):
            find_cases(suite / "raw", suite / "cleaned", truth=truth, schema="td1", clean=tmp_path)


def extracting(monkeypatch, extraction):
    """Every scan reads like this."""
    read_here(monkeypatch)
    monkeypatch.setattr("docpipe.ocr.extract.extract", lambda gray, schema, engine: extraction)


TRUE = {"document_number": "C1", "surname": "LU", "given_names": "A", "date_of_birth": "740812",
        "date_of_expiry": "320415"}  # fmt: skip


def test_a_card_that_is_valid_and_wrong_is_a_false_accept(suite, monkeypatch):
    case = Case("0.png", "td1", load_schema("td1"), TRUE)
    extracting(monkeypatch, Extraction({**TRUE, "surname": "LIU"}, valid=True))
    reading = read_scan(suite / "cleaned" / "0.png", case, with_values=True)
    assert reading.valid and not reading.passes
    assert {one.name: one.char_edits for one in reading.fields if not one.right} == {"surname": 1}
    assert [one.value for one in reading.fields if one.name == "surname"] == ["LIU"]
    assert "LIU" not in repr(reading)

    findings = evaluate(suite / "raw", suite / "cleaned", truth=suite / "truth.jsonl", schema=None, workers=1)
    assert (findings.false_accepts_raw, findings.false_accepts_cleaned) == (2, 3)      # one raw scan cannot be opened


def test_mended_characters_are_counted_by_rule_and_kept_with_their_letters_only_where_values_are(suite, monkeypatch):
    mended = (Mending(1, 6, "digit", "O", "0"), Mending(3, 2, "letter", "1", "I"))
    extracting(monkeypatch, Extraction(TRUE, valid=True, mended=mended))
    case = Case("0.png", "td1", load_schema("td1"), TRUE)
    known = read_scan(suite / "cleaned" / "0.png", case, with_values=True)
    assert known.mended == mended
    unknown = read_scan(suite / "cleaned" / "0.png", case)
    assert unknown.mended == (Mending(1, 6, "digit"), Mending(3, 2, "letter"))

    findings = evaluate(suite / "raw", suite / "cleaned", truth=suite / "truth.jsonl", schema=None, workers=1)
    assert findings.mended_raw == dict.fromkeys(RULES, 0) | {"digit": 2, "letter": 2}      # one cannot be opened
    assert findings.mended_cleaned == dict.fromkeys(RULES, 0) | {"digit": 3, "letter": 3}


def test_the_case_of_a_name_is_no_error_but_its_marks_are(suite, monkeypatch):
    true = {**dict.fromkeys(TRUE, ""), "surname": "Müller Groß", "document_number": "c1"}
    extracting(monkeypatch, Extraction({"surname": "MULLER GROSS", "document_number": "C1"}, valid=True))
    reading = read_scan(suite / "cleaned" / "0.png", Case("0.png", "national", load_schema("national"), true))
    edits = {one.name: (one.right, one.char_edits, one.word_edits) for one in reading.fields}
    assert edits["surname"] == (True, 1, 1)
    assert edits["document_number"] == (False, 1, 1)


def test_without_truth_the_check_digits_decide_on_the_zone_as_a_whole(suite, monkeypatch):
    case = Case("0.png", "td1", load_schema("td1"))
    for valid in (True, False):
        extracting(monkeypatch, Extraction(TRUE, valid=valid))
        reading = read_scan(suite / "cleaned" / "0.png", case)
        assert reading.passes == valid
        assert not next(one for one in reading.fields if one.name == "nationality").right       # not found


def test_where_no_scan_can_be_opened_there_are_no_findings(suite, tmp_path):
    (tmp_path / "2.png").write_bytes(b"no picture either")
    for name in ("truth.jsonl", "pairs.jsonl"):
        (tmp_path / name).write_text((suite / name).read_text().splitlines()[-1])
    with pytest.raises(InputError, match=r"none of the 2 scans can be read; 2\.png"):
        evaluate(suite / "raw", tmp_path, truth=tmp_path / "truth.jsonl", schema=None, workers=1)


def test_choices_of_the_cleaning_stand_beside_the_cards_and_its_seconds_are_a_mean_of_them(suite, monkeypatch):
    extracting(monkeypatch, Extraction({}, valid=False))
    known = {"0.png": Cleaning("original", 0.25, "compact-1"), "2.png": Cleaning("restored", 0.75, "compact-1"),
             "9.png": Cleaning("restored", 9, "compact-2")}  # fmt: skip
    monkeypatch.setattr("docpipe.evaluate.evaluation.read_cleanings", lambda _: known)
    findings = evaluate(suite / "raw", suite / "cleaned", truth=suite / "truth.jsonl", schema=None, workers=1)
    assert [card.choice for card in findings.cards] == ["original", None, "restored"]
    assert findings.choices == {"original": 1, "restored": 1} and findings.models == {"compact-1": 2}
    assert findings.cleaning_seconds == 0.5


def test_scans_are_found_at_any_depth_and_cleaned_ones_are_not_taken_for_raw_ones(tmp_path):
    cleaned = tmp_path / "cleaned"
    for name in ("b.png", "in/a.tif", "notes.txt", "only-raw.JPG"):
        for folder in (tmp_path, cleaned) if name != "only-raw.JPG" else (tmp_path,):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
    cases, left_out = cases_of_folders(tmp_path, cleaned, load_schema("td1"))
    assert [case.file for case in cases] == ["b.png", "in/a.tif"]
    assert all(case.layout == "td1" and case.true is None for case in cases)
    assert left_out == 1


def test_scans_of_several_pages_are_counted(suite, tmp_path, monkeypatch):
    extracting(monkeypatch, Extraction({}, valid=False))
    page = Image.open(suite / "cleaned" / "0.png")
    page.save(tmp_path / "several.tif", save_all=True, append_images=[page, page])
    page.save(tmp_path / "single.tif")
    (tmp_path / "torn.tif").write_bytes((tmp_path / "several.tif").read_bytes()[:1000])
    findings = evaluate(tmp_path, tmp_path, truth=None, schema="td1", workers=1)
    assert [(card.file, card.pages) for card in findings.cards] == [
        ("several.tif", 3), ("single.tif", 1), ("torn.tif", 1),
    ]  # fmt: skip
    assert findings.several_pages == 1 and not findings.is_drawn
    *cards, figures = map(json.loads, as_json_lines(findings))
    assert [card["pages"] for card in cards] == [3, 1, 1] and figures["several_pages"] == 1


def test_the_null_control_is_of_the_raw_scans_and_leaves_nothing_behind(suite, tmp_path, monkeypatch):
    read_here(monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []

    def extract(gray, schema, engine):
        seen.append(gray)
        assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
        return Extraction(TRUE, valid=len(seen) == 3)             # the first card, when it was moved

    monkeypatch.setattr("docpipe.ocr.extract.extract", extract)
    told = []
    findings = evaluate(
        suite / "raw", suite / "raw", truth=None, schema="td1", null=True, workers=1, tell=told.append
    )
    assert told == [1, 2, 3, 4, 5], "a scan that cannot be opened is not read again"
    assert np.array_equal(seen[2][:, 1:], np.minimum(seen[0][:, :-1], 252) + 3)
    assert findings.null == Table(both=0, rescued=1, broken=0, neither=2)
    assert list(tmp_path.iterdir()) == []


def test_folders_without_a_scan_in_common_are_refused(tmp_path):
    raw, cleaned = tmp_path / "raw", tmp_path / "cleaned"
    raw.mkdir()
    cleaned.mkdir()
    with pytest.raises(InputError, match="there is no scan in"):
        cases_of_folders(raw, cleaned, load_schema("td1"))
    (raw / "1.png").touch()
    with pytest.raises(InputError, match=r"none of the 1 scans .* such as 1\.png"):
        cases_of_folders(raw, cleaned, load_schema("td1"))


def test_a_truth_that_does_not_fit_is_refused_before_anything_is_read(suite, tmp_path):
    lines = (suite / "truth.jsonl").read_text().splitlines()
    truth = tmp_path / "truth.jsonl"

    def refusal(text, schema=None):
        truth.write_text(text)
        with pytest.raises(InputError) as refused:
            find_cases(suite / "raw", suite / "cleaned", truth=truth, schema=schema)
        return refused.value.problem

    assert "twice, such as 0.png" in refusal("\n".join([lines[0], lines[0]]))
    assert "lacks mrz_1" in refusal(json.dumps({"file": "0.png", "layout": "td1", "fields": {}}))
    assert "there is no schema 'td9'" in refusal(lines[0], schema="td9")
    assert "lacks 1 scans" in refusal(lines[0].replace("0.png", "7.png"))


def test_pairs_of_other_scans_are_refused(suite, tmp_path):
    pairs = tmp_path / "other.jsonl"
    pairs.write_text('{"file": "other.png", "noises": []}\n')
    with pytest.raises(InputError, match="knows none of the 3 scans"):
        evaluate(suite / "raw", suite / "cleaned", truth=suite / "truth.jsonl", schema=None, pairs=pairs)


def test_a_field_that_is_not_required_is_judged_only_where_the_truth_knows_it(suite, monkeypatch):
    extracting(monkeypatch, Extraction({}, valid=False))
    case = Case("0.png", "td1", load_schema("td1"), TRUE)
    assert {one.name for one in read_scan(suite / "cleaned" / "0.png", case).fields} == set(TRUE)
    wider = replace(case, true={**TRUE, "sex": ""})
    sex = next(one for one in read_scan(suite / "cleaned" / "0.png", wider).fields if one.name == "sex")
    assert sex.right and (sex.char_edits, sex.chars) == (0, 0)


def test_reports_of_the_same_raw_scans_name_them_alike_and_draws_go_by_the_first_of_them(suite, tmp_path, monkeypatch):
    extracting(monkeypatch, Extraction({}, valid=False))
    raw, cleaned = (tmp_path / "L898902C" / version for version in ("raw", "cleaned"))
    renamed = {"0.png": "9-L898902C.png", "1.png": "8-L898902C.png", "2.png": "7-L898902C.png"}
    for version, folder in (("raw", raw), ("cleaned", cleaned)):
        folder.mkdir(parents=True)
        for name, other in renamed.items():
            (folder / other).write_bytes((suite / version / name).read_bytes())
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("".join(f'{{"file": "{name}", "card": "L898902C", "noises": []}}\n' for name in renamed.values()))
    here, there = (
        evaluate(*folders, truth=None, schema="td1", pairs=own, workers=1)
        for folders, own in (((suite / "raw", suite / "cleaned"), None), ((raw, cleaned), pairs))
    )
    assert sorted(card.id for card in here.cards) == sorted(card.id for card in there.cards)
    assert [card.card for card in here.cards] == [card.id for card in here.cards]
    assert [card.card for card in there.cards] == [there.cards[0].id] * 3
    shown = json.dumps([asdict(without_personal_data(there).cards[0]), asdict(there)["strata"]]) + repr(there.cards)
    assert "L898902C" not in shown
