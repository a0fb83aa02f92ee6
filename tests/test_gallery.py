"""The gallery: which results are the worst, what is told of their causes, and the page that shows them."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from docpipe.errors import ExitCode, InputError
from docpipe.mrz import FORMATS
from docpipe.ocr.engines import load_ocr
from docpipe.ocr.schema import load_schema
from eval.gallery import __main__ as command
from eval.gallery.causes import CAUSES, Traces, cause_of, is_ink_gone, traces_of
from eval.gallery.page import read_seen
from eval.gallery.pictures import DETAIL_ASPECT, SIZES, as_jpeg, detail_of, picture
from eval.gallery.places import levelled, misplaced, true_boxes
from eval.gallery.worst import kept_verdicts, worst_first
from eval.suites import __main__ as suites_command
from eval.suites import lock
from eval.suites.reading import Verdict, reader_hash
from eval.suites.suite import OCR, Sizes, SuitePage, pages_of, suites_of
from eval.suites.ways import fingerprint

FIELDS = ("document_number", "surname", "date_of_birth")


def verdict(file, *right):
    return Verdict(file, dict(zip(FIELDS, right, strict=True)), False, 0.0)


def results_of(cards):
    """What is bad about cards, each given by which fields were right raw, cleaned and clean."""
    pages = [SuitePage(f"{number}.png", str(number), f"{number}.png", "td1", {}, None) for number in range(len(cards))]
    of_ways = [{page.file: verdict(page.file, *ways[way]) for page, ways in zip(pages, cards, strict=True)}
               for way in range(3)]  # fmt: skip
    return worst_first(pages, *of_ways)


ALL, NONE = (True, True, True), (False, False, False)
ONE_WRONG, TWO_WRONG = (True, True, False), (True, False, False)


def test_broken_cards_come_first_then_lost_fields_then_what_fails_both_times():
    results = results_of([
        (NONE, NONE, ALL),                         # 0: nothing is ever right, though it is printed well
        (ONE_WRONG, TWO_WRONG, ALL),               # 1: fails, and loses one more
        (ALL, ONE_WRONG, ALL),                     # 2: broken
        (ALL, NONE, ALL),                          # 3: broken, and loses more
        (ONE_WRONG, NONE, ALL),                    # 4: fails, and loses two more
        (NONE, ONE_WRONG, ALL),                    # 5: fails both times, but gains
        (ALL, ALL, ALL), (NONE, ALL, ALL),         # nothing wrong with these
    ])  # fmt: skip
    assert [(one.page.card, one.kind) for one in results] == [
        ("3", "broken"), ("2", "broken"), ("4", "loses fields"), ("1", "loses fields"), ("0", "fails both times"),
        ("5", "fails both times"),
    ]  # fmt: skip
    assert [one.fields for one in results[:3]] == [FIELDS, FIELDS[2:], FIELDS[:2]]


def test_of_equal_results_the_one_that_gained_less_comes_first_then_the_first_of_the_suite():
    swapped = ((True, False, False), (False, True, False), ALL)
    results = results_of([swapped, (TWO_WRONG, NONE, ALL), (TWO_WRONG, NONE, ALL)])
    assert [(one.page.card, one.gained) for one in results] == [("1", 0), ("2", 0), ("0", 1)]


def test_a_card_that_fails_even_without_noise_is_not_blamed_on_cleaning():
    assert results_of([(NONE, NONE, ONE_WRONG)]) == []


@given(st.lists(st.tuples(*[st.tuples(*[st.booleans()] * 3)] * 3), max_size=12))
def test_every_card_that_loses_a_field_is_found_once_and_no_card_that_passes(cards):
    found = [int(one.page.card) for one in results_of(cards)]
    losing = {number for number, (raw, cleaned, _) in enumerate(cards)
              if any(before and not after for before, after in zip(raw, cleaned, strict=True))}  # fmt: skip
    assert len(found) == len(set(found)) and losing <= set(found)
    assert not any(all(cards[number][1]) for number in found)


BOX = (40, 40, 300, 70)          # around what is written below


@pytest.fixture
def written():
    """A line of print on light paper with a fine pattern, and what damages it."""
    gray = np.full((110, 340), 235, np.uint8)
    gray[::9] = 220
    cv2.putText(gray, "QUXELLE 74", (42, 67), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 30, 3, cv2.LINE_AA)
    return gray


def wiped(gray):
    """Without its third letter."""
    blank = gray.copy()
    blank[36:74, 92:122] = 235
    return blank


def paled(gray, share):
    """With print of so little of its contrast, under grain that drowns it."""
    grain = np.random.default_rng(5).normal(0, 12, gray.shape)
    return np.clip(235 - share * (235 - gray.astype(float)) + grain, 0, 255).astype(np.uint8)


def specked(gray):
    """With dark spots beside and between its letters."""
    dirty = gray.copy()
    for column in range(44, 300, 11):
        cv2.circle(dirty, (column, 42 + column % 27), 3, 40, -1)
    return dirty


def ragged(gray):
    """With print of which half is pale."""
    holes = cv2.resize(np.random.default_rng(5).random((37, 114)), gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(holes > 0.5, np.maximum(gray, 150), gray).astype(np.uint8)


@pytest.mark.parametrize(("before", "after", "is_placed", "cause"), [
    (lambda gray: gray, wiped, True, "the network wiped print"),
    (wiped, wiped, True, "ink is gone before cleaning"),
    (lambda gray: paled(gray, 0.1), lambda gray: paled(gray, 0.1), True, "ink is gone before cleaning"),
    (lambda gray: gray, lambda gray: gray, False, "its place is not found"),
    (specked, specked, True, "noise is left over print"),
    (specked, lambda gray: gray, True, "print is flawless, OCR wavers"),
    (ragged, ragged, True, "print was worn before cleaning, and still is"),
    (lambda gray: gray, ragged, True, "cleaning wore print"),
])  # fmt: skip
def test_each_cause_is_told_by_what_became_of_the_print(written, before, after, is_placed, cause):
    assert cause_of(traces_of(written, before(written), after(written), BOX, is_placed=is_placed)) == cause


def test_ink_is_gone_where_no_cleaning_can_find_it(written):
    assert is_ink_gone(written, wiped(written), BOX) and is_ink_gone(written, paled(written, 0.1), BOX)
    assert not any(is_ink_gone(written, noisy, BOX) for noisy in (written, specked(written), ragged(written)))


def test_every_cause_can_be_told_apart():
    told = {
        cause_of(Traces(1.0, gone, before, wiped, dirt, after, placed))
        for gone in (0.0, 1.0) for before in (1.0, 9.0) for wiped in (0.0, 1.0) for dirt in (0.0, 1.0)
        for after in (1.0, 9.0) for placed in (True, False)
    }  # fmt: skip
    assert told == set(CAUSES)


@given(light=st.integers(0, 30), share=st.floats(0.5, 1))
def test_even_light_and_paler_print_that_stands_out_are_no_cause(light, share):
    clean = np.full((110, 340), 235, np.uint8)
    cv2.putText(clean, "QUXELLE 74", (42, 67), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 30, 3, cv2.LINE_AA)
    changed = (235 - share * (235 - clean.astype(float)) - light).astype(np.uint8)
    assert cause_of(traces_of(clean, changed, changed, BOX)) == "print is flawless, OCR wavers"


def test_a_field_that_a_warp_moved_over_the_edge_is_measured_as_far_as_it_shows(written):
    cut = written[52:, 60:]
    assert cause_of(traces_of(cut, cut, cut, (-20, -12, 240, 18))) == "print is flawless, OCR wavers"


def test_a_place_without_print_has_no_cause(written):
    blank = np.full_like(written, 235)
    with pytest.raises(ValueError, match="nothing is printed"):
        traces_of(blank, written, written, BOX)


def test_fields_of_a_zone_stand_in_their_stretch_of_its_lines():
    lines = ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"]
    fields = {f"mrz_{number}": {"value": line, "box": [100, 100 * number, 400, 100 * number + 20]}
              for number, line in enumerate(lines, 1)}  # fmt: skip
    boxes = true_boxes(fields, load_schema("td1"))
    assert boxes["document_number"] == (150, 100, 240, 120) and boxes["date_of_birth"] == (100, 200, 160, 220)
    assert boxes["surname"] == (100, 300, 200, 320) and boxes["given_names"] == (200, 300, 400, 320)
    assert FORMATS["td1"].fields["name"].length == 30


def test_a_field_of_a_card_without_a_zone_stands_in_its_own_box():
    schema = load_schema("national")
    fields = {one.name: {"value": "X", "box": [1, 2, 3, number]} for number, one in enumerate(schema.required)}
    assert true_boxes(fields, schema)["surname"] == (1, 2, 3, 1)


@given(left=st.integers(0, 900), top=st.integers(0, 560), width=st.integers(5, 99), height=st.integers(5, 39))
def test_the_enlarged_place_holds_the_field_and_lies_on_the_page(left, top, width, height):
    rows, columns = detail_of((left, top, left + width, top + height), (600, 1000))
    assert 0 <= rows.start <= top and top + height <= rows.stop <= 600
    assert 0 <= columns.start <= left and left + width <= columns.stop <= 1000
    assert columns.stop - columns.start == pytest.approx(DETAIL_ASPECT * (rows.stop - rows.start), abs=DETAIL_ASPECT)


def test_a_picture_of_mere_noise_is_made_small_enough():
    grain = np.random.default_rng(1).integers(0, 256, (630, 1000), dtype=np.uint8)
    sheet = picture([grain, grain, grain], [(400, 300, 600, 340)])
    assert len(as_jpeg(sheet, 10**9)) > 250_000 >= len(as_jpeg(sheet, 250_000))
    assert cv2.imdecode(np.frombuffer(as_jpeg(sheet, 1), np.uint8), 0).shape[1] == round(sheet.width * SIZES[-1][0])


def test_what_was_seen_is_shown_with_the_results_it_was_written_about_only(tmp_path):
    path = tmp_path / "seen.toml"
    path.write_text('[judged]\nlock = "a"\ndocpipe = "compact-1"\n[cards]\n000004 = "The other side shows through."\n')
    assert read_seen(path, {"lock": "a", "docpipe": "compact-1"}) == {"000004": "The other side shows through."}
    assert read_seen(path, {"lock": "b", "docpipe": "compact-1"}) is None
    path.write_text("[cards]\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_seen(path, {})


def test_the_sentences_that_are_committed_can_be_read():
    assert read_seen(command.SEEN, {"lock": "of no results", "docpipe": ""}) is None


def test_verdicts_that_are_not_kept_are_asked_for_by_name(tmp_path):
    (tmp_path / "reader-raw.jsonl").write_text("")
    with pytest.raises(InputError, match="no verdicts are kept") as refused:
        kept_verdicts(tmp_path / "reader-docpipe.jsonl")
    assert "reader-raw" in refused.value.hint


def test_kept_verdicts_are_read_without_a_line_that_a_kill_cut_short(tmp_path):
    kept = tmp_path / "kept.jsonl"
    line = json.dumps({"page": "0.png", "right": {"sex": True}, "valid": True, "seconds": 0.1})
    kept.write_text(f"{line}\n{line[:20]}")
    assert kept_verdicts(kept) == {"0.png": Verdict("0.png", {"sex": True}, True, 0.1)}
    kept.write_text('{"page": "0.png"}\n')
    with pytest.raises(InputError, match="does not hold verdicts"):
        kept_verdicts(kept)


@pytest.fixture
def judged(monkeypatch, tmp_path):
    """Two cards under a lock of their own, with kept verdicts that say cleaning broke the second."""
    monkeypatch.setattr(lock, "LOCK", tmp_path / "suites.lock")
    suite = replace(suites_of(None)[0], full=Sizes(2, 1), quick=Sizes(1, 0))
    monkeypatch.setattr(command, "suites_of", lambda _data: [suite])
    work = tmp_path / "work"
    lock.write_lock({suite.name: suites_command._described(suite, suites_command.Run(work, None, 1, False, False))})
    folder = work / suite.name
    pages = pages_of(suite, folder)
    kept = folder / "verdicts" / lock.check(suite, folder, pages, quick=False)
    kept.mkdir(parents=True)
    ways = {f"raw-{fingerprint('raw', None)}": True, f"docpipe-{fingerprint('docpipe', None)}": False, "clean": True}
    for way, last_is_right in ways.items():
        found = [Verdict(page.file, dict.fromkeys(page.true, right), True, 0.1)
                 for page, right in zip(pages, (True, last_is_right), strict=True)]  # fmt: skip
        lines = [json.dumps({"page": one.page, "right": one.right, "valid": True, "seconds": 0.1}) for one in found]
        (kept / f"{reader_hash(OCR)}-{OCR}-{way}.jsonl").write_text("\n".join(lines) + "\n")
    return pages, kept


@pytest.mark.slow
def test_the_command_writes_a_page_with_a_picture_and_a_cause_and_no_value(judged, tmp_path, monkeypatch):
    pages, kept = judged
    docpipe = fingerprint("docpipe", None)
    monkeypatch.setattr(command, "SEEN", tmp_path / "seen.toml")
    command.SEEN.write_text(
        f'[judged]\nlock = "{lock.lock_hash()}"\ndocpipe = "{docpipe}"\n[cards]\n000001 = "Read by any person."\n'
    )
    page = tmp_path / "docs" / "worst.md"
    arguments = ["--work", str(tmp_path / "work"), "--write", str(page)]
    run = CliRunner().invoke(command.main, arguments, catch_exceptions=False)
    assert run.exit_code == 0, run.output
    text = page.read_text()
    assert "broken 1 (1)" in run.stdout and "## 1. Card 000001: broken" in text
    assert "- Seen by eye: Read by any person." in text and any(cause in text for cause in CAUSES)
    assert "![Card 000001: clean, as scanned, cleaned](worst/01.jpg)" in text
    assert cv2.imread(str(tmp_path / "docs" / "worst" / "01.jpg")).shape[1] > 1000
    values = [value for value in pages[1].true.values() if len(value) > 3]
    assert values and not any(value in text + run.output for value in values)
    of_clean = kept / f"{reader_hash(OCR)}-{OCR}-clean.jsonl"
    of_clean.write_text(of_clean.read_text().splitlines(keepends=True)[0])
    again = CliRunner().invoke(command.main, arguments, catch_exceptions=False)
    assert "1 of 2 cards have no verdict and are left out" in again.stdout and "broken 0 (0)" in again.stdout
    assert not (tmp_path / "docs" / "worst" / "01.jpg").exists()
    (kept / f"{reader_hash(OCR)}-{OCR}-docpipe-{docpipe}.jsonl").unlink()
    refused = CliRunner().invoke(command.main, arguments)
    assert refused.exit_code == ExitCode.BAD_INPUT and "judge first" in refused.stderr


@pytest.mark.slow
def test_a_field_is_misplaced_where_its_label_is_gone_and_nowhere_else(judged, tmp_path):
    clean = cv2.imread(str(tmp_path / "work" / "cards" / "clean" / "000000.png"), cv2.IMREAD_GRAYSCALE)
    truth = json.loads((tmp_path / "work" / "cards" / "truth.jsonl").read_text().splitlines()[0])
    schema, engine = judged[0][0].schema, load_ocr(OCR)
    assert schema.mrz is None                      # or there would be no label to take away
    left, top, _, bottom = truth["fields"]["surname"]["box"]
    without = clean.copy()
    without[top - 3 : bottom + 3, : left - 3] = int(np.median(clean))
    assert misplaced(clean, clean, schema, engine) == {}
    ((name, label),) = misplaced(without, clean, schema, engine).items()
    assert name == "surname" and label[2] < left
    level = levelled(clean, [clean, clean, without])
    assert cause_of(traces_of(*level, label)) == "the network wiped print"
