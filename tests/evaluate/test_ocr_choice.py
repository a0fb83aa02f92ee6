"""What reads the cards of an evaluation: the engine that was chosen, the cache before it, and who it looks for."""

import json
import logging
import sqlite3
import stat
from contextlib import closing
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from docpipe.cards.fonts import families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.cli import main
from docpipe.errors import ExitCode, InputError, UsageError
from docpipe.evaluate import judge
from docpipe.evaluate.evaluation import evaluate, find_cases
from docpipe.evaluate.report import as_json_lines, as_text, write_report
from docpipe.evaluate.uplift import Table
from docpipe.ocr.cache import FILE_NAME
from docpipe.ocr.engine import Word
from docpipe.ocr.engines import OCR_ENGINES, load_ocr
from docpipe.ocr.extract import Extraction
from tests.conftest import installed
from tests.evaluate.one_process import read_here

PLANTED = "QUXELLE"


class Fake:
    """An engine that reads a planted surname beside its label, and counts how often it is asked in any process."""

    description = "fake 1.0, made up"

    def __init__(self, tally):
        self.tally, self.made = tally, []

    @property
    def asked(self):
        return self.tally.stat().st_size if self.tally.exists() else 0

    def count(self):
        with self.tally.open("a") as tally:
            tally.write("|")

    def words(self, pictures, mode, *, alphabet=""):
        self.count()
        return [[Word("Surname", (60, 40, 200, 70), 90.0), Word(PLANTED, (230, 40, 400, 70), 90.0)] for _ in pictures]

    def lines(self, pictures, *, alphabet=""):
        self.count()
        return [PLANTED for _ in pictures]

    def characters(self, pictures, *, alphabet=""):
        self.count()
        return [[] for _ in pictures]


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """The engine that everything is read with; what was made ready before is forgotten, and is so again afterwards."""
    engine = Fake(tmp_path / "tally")
    monkeypatch.setattr(judge, "load_ocr", lambda name: (engine.made.append(name), engine)[1])
    judge.ready_ocr.cache_clear()
    yield engine
    judge.ready_ocr.cache_clear()


@pytest.fixture
def scans(tmp_path):
    """Two pages of specks, raw and cleaned, four different pictures."""
    for seed, name in enumerate(("raw/1.png", "raw/2.png", "cleaned/1.png", "cleaned/2.png")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        specks = np.random.default_rng(seed).choice([0, 255], (300, 500), p=[0.01, 0.99]).astype(np.uint8)
        cv2.imwrite(str(path), specks)
    return tmp_path


@pytest.fixture(scope="module")
def cards(tmp_path_factory, installed_fonts):
    """Two cards by labels or zone, of which the second is blank raw, a scan blank in both folders, and one damaged."""
    installed(load_ocr)
    top = tmp_path_factory.mktemp("cards")
    (top / "raw").mkdir()
    (top / "cleaned").mkdir()
    blank = np.full((600, 1000), 250, np.uint8)
    for layout, raw in (("national", None), ("td1", blank)):
        pixels = draw_card(10_003, load_layout(layout), families_of("train"), 300).page().pixels
        cv2.imwrite(str(top / "raw" / f"{layout}.png"), pixels if raw is None else raw)
        cv2.imwrite(str(top / "cleaned" / f"{layout}.png"), pixels)
    for folder in ("raw", "cleaned"):
        cv2.imwrite(str(top / folder / "paper.png"), blank)
    (top / "raw" / "torn.png").write_bytes(b"no picture")
    cv2.imwrite(str(top / "cleaned" / "torn.png"), blank)
    return top


@pytest.fixture(scope="module")
def detected(cards):
    return evaluate(cards / "raw", cards / "cleaned", truth=None, schema=None, workers=1)


def judged(top, **options):
    return evaluate(top / "raw", top / "cleaned", truth=None, **{"schema": "national", "workers": 1, **options})


def verdicts(findings):
    """All that was found out of each card, but not how long it took."""
    return [replace(card, raw=replace(card.raw, seconds=0), cleaned=replace(card.cleaned, seconds=0))
            for card in findings.cards]  # fmt: skip


def test_findings_name_the_engine_that_read_and_it_is_made_ready_once(fake, scans):
    findings = judged(scans)
    assert findings.engines == {"fake": "1.0, made up"}
    assert fake.made == ["auto"] and fake.asked > 0


def test_auto_is_resolved_in_the_findings(detected):
    name, version = load_ocr("auto").description.split(" ", 1)
    assert detected.engines == {name: version} and name in OCR_ENGINES


@pytest.fixture
def two_engines(monkeypatch, tmp_path):
    """tesseract is one that reads nothing, rapidocr one by which every card is read right."""
    read_here(monkeypatch)
    blind, fake = Fake(tmp_path / "blind"), Fake(tmp_path / "fake")
    blind.description = "blind 0.1, sees nothing"

    def extract(gray, schema, engine):
        values = {one.name: PLANTED for one in schema.fields} if engine is fake else {}
        return Extraction(values, valid=engine is fake)

    monkeypatch.setattr("docpipe.ocr.extract.extract", extract)
    monkeypatch.setattr(judge, "load_ocr", {"tesseract": blind, "rapidocr": fake}.__getitem__)
    judge.ready_ocr.cache_clear()
    yield
    judge.ready_ocr.cache_clear()


def test_of_several_engines_the_first_gives_the_figures_and_each_is_a_stratum(two_engines, scans, tmp_path):
    told = []
    findings = judged(scans, ocr=("tesseract", "rapidocr"), tell=told.append, with_values=True)
    assert list(findings.engines) == ["blind", "fake"] and told == [1, 2, 3, 4]
    assert [card.outcome for card in findings.cards] == ["neither", "neither"]
    assert PLANTED not in json.dumps(asdict(findings))           # only what the first read is kept
    assert [(one.name, one.table) for one in findings.strata if one.group == "engine"] == [
        ("blind", Table(both=0, rescued=0, broken=0, neither=2)),
        ("fake", Table(both=2, rescued=0, broken=0, neither=0)),
    ]
    write_report(findings, tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "By OCR engine" in page and "read by blind" in page and "read by fake" in page


def test_with_one_engine_there_is_no_such_group(two_engines, scans):
    findings = judged(scans, ocr=("rapidocr",))
    assert findings.table == Table(2, 0, 0, 0) and "engine" not in {one.group for one in findings.strata}


def test_one_engine_under_two_names_is_refused_before_a_scan_is_read(fake, scans):
    with pytest.raises(UsageError, match="read by fake twice"):
        judged(scans, ocr=("auto", "tesserocr"))
    assert fake.asked == 0


def test_the_command_takes_engines_in_their_order(two_engines, scans):
    ended = run(scans, "--ocr", "rapidocr", "--ocr", "tesseract", "--json")
    assert ended.exit_code == ExitCode.OK, ended.output
    figures = json.loads(ended.stdout.splitlines()[-1])
    assert list(figures["engines"]) == ["fake", "blind"]
    assert [one["name"] for one in figures["strata"] if one["group"] == "engine"] == ["fake", "blind"]


def test_a_warm_cache_asks_the_engine_nothing_and_changes_no_verdict(fake, scans, tmp_path):
    without = judged(scans)
    asked = [fake.asked]
    cold = judged(scans, cache=tmp_path / "cache")
    asked.append(fake.asked)
    warm = judged(scans, cache=tmp_path / "cache")
    assert 0 < asked[0] < asked[1] == fake.asked
    assert verdicts(without) == verdicts(cold) == verdicts(warm)
    assert warm.engines == without.engines


def test_what_ocr_takes_is_not_told_from_a_cache(fake, scans, tmp_path):
    plain, cached = judged(scans), judged(scans, cache=tmp_path / "cache")
    assert plain.ocr_seconds > 0 and cached.ocr_seconds is None
    write_report(cached, tmp_path / "report")
    assert "not known: it was asked through a cache" in (tmp_path / "report" / "report.html").read_text()


def test_a_value_in_the_cache_is_in_no_log_report_or_line(fake, scans, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    cache = tmp_path / "cache"
    findings = judged(scans, cache=cache)
    write_report(findings, tmp_path / "report")
    with closing(sqlite3.connect(cache / FILE_NAME)) as database:
        kept = str(database.execute("SELECT answer FROM answers").fetchall())
    assert PLANTED in kept
    written = [path.read_bytes() for path in (tmp_path / "report").iterdir()]
    assert len(written) == 5 and not any(PLANTED.encode() in content for content in written)
    printed = capfd.readouterr()
    shown = [caplog.text, printed.out, printed.err, repr(findings), json.dumps(asdict(findings)), as_text(findings)]
    assert PLANTED not in "".join([*shown, *as_json_lines(findings)])
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


@pytest.mark.slow
def test_two_processes_over_one_cache_say_what_one_without_says(cards, detected, tmp_path):
    cold, warm = (judged(cards, schema=None, cache=tmp_path / "cache", workers=2) for _ in range(2))
    assert verdicts(cold) == verdicts(warm) == verdicts(detected)


def test_without_truth_and_schema_each_card_is_read_by_the_schema_that_fits_it_raw_or_else_cleaned(detected):
    found = {card.file: card for card in detected.cards}
    national, td1 = found["national.png"], found["td1.png"]
    assert (national.schema, national.outcome) == ("national", "both")
    assert (td1.schema, td1.layout, td1.outcome) == ("td1", "td1", "rescued")
    assert [one.name for one in td1.raw.fields] == [one.name for one in td1.cleaned.fields] != []
    assert set(detected.schemas) == {"national", "td1"}
    of_layout = [one.name for one in detected.strata if one.group == "layout"]
    assert of_layout == ["national", "td1"]


def test_a_card_that_no_schema_fits_fails_both_times_and_is_listed(detected, tmp_path):
    paper, torn = (next(card for card in detected.cards if card.file == f"{name}.png") for name in ("paper", "torn"))
    assert (paper.raw.problem, paper.cleaned.problem) == ("no schema fits",) * 2
    assert "no schema" not in torn.raw.problem and torn.raw.problem and torn.cleaned.problem == "no schema fits"
    for card in (paper, torn):
        assert (card.schema, card.outcome, card.raw.fields) == ("", "neither", ())
    assert detected.table.cards == 4
    write_report(detected, tmp_path)
    page, table = ((tmp_path / name).read_text() for name in ("report.html", "cards.csv"))
    for told in (page, as_text(detected)):
        assert "Failed because no schema fits: 3 scans." in told
        assert "Failed because it could not be read: 1 scan." in told
    assert f"{paper.id},,,neither,,,no schema fits,no schema fits," in table
    lines = {line.get("file"): line for line in map(json.loads, as_json_lines(detected, with_names=True))}
    assert (lines["paper.png"]["problem_raw"], lines["paper.png"]["problem_cleaned"]) == ("no schema fits",) * 2
    assert lines["torn.png"]["problem_raw"] == torn.raw.problem and lines["national.png"]["problem_raw"] == ""


def test_where_no_schema_fits_any_card_there_are_no_findings(fake, scans):
    with pytest.raises(InputError, match=r"none of the 4 scans can be read; 1\.png: no schema fits"):
        judged(scans, schema=None)


def test_cards_without_truth_and_schema_are_found_undecided(scans):
    cases, _ = find_cases(scans / "raw", scans / "cleaned", truth=None, schema=None)
    assert [(case.file, case.layout, case.schema) for case in cases] == [("1.png", "", None), ("2.png", "", None)]


def run(top, *more):
    where = ["--raw", str(top / "raw"), "--cleaned", str(top / "cleaned"), "--schema", "national", "-j", "1"]
    return CliRunner().invoke(main, ["evaluate", *where, *more])


def test_the_command_reads_with_what_was_chosen_through_the_cache(fake, scans, tmp_path):
    asked = []
    for _ in range(2):
        ended = run(scans, "--ocr", "rapidocr", "--cache", str(tmp_path / "cache"), "--json")
        assert ended.exit_code == ExitCode.OK, ended.output
        assert json.loads(ended.stdout.splitlines()[-1])["engines"] == {"fake": "1.0, made up"}
        asked.append(fake.asked)
    assert fake.made == ["rapidocr"] and 0 < asked[0] == asked[1]
    assert (tmp_path / "cache" / FILE_NAME).exists() and PLANTED not in ended.output


def test_a_cache_that_others_can_enter_is_refused_before_a_scan_is_read(fake, scans, tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    ended = run(scans, "--cache", str(tmp_path / "open"))
    assert ended.exit_code == ExitCode.BAD_INPUT and "chmod 700" in ended.stderr and fake.asked == 0


def test_the_help_lists_the_engines_and_says_what_the_cache_holds():
    text = " ".join(CliRunner().invoke(main, ["evaluate", "--help"]).output.split())
    assert f"--ocr [{'|'.join(OCR_ENGINES)}]" in text and "personal data, mode 0700" in text


def test_an_unknown_engine_is_refused(scans):
    assert run(scans, "--ocr", "abbyy").exit_code == ExitCode.USAGE
    with pytest.raises(UsageError, match="abbyy"):
        judged(scans, ocr=("abbyy",))
