"""The suites: their pages stand still, verdicts are kept, and the tables count what they say."""

import csv
import json
import os
from dataclasses import replace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from docpipe.errors import ExitCode, InputError
from eval.suites import __main__ as command
from eval.suites import lock, reading
from eval.suites.reading import Verdict
from eval.suites.suite import Sizes, SuitePage, pages_of, suites_of
from eval.suites.tables import Judged, changes, ink_table, rows_of, strata_tables, ways_table
from eval.suites.ways import PEERS, PeerError, _by_program, load_way


def page(file, card=None):
    return SuitePage(file, card or file, file, "td1", {"document_number": "X"}, None)


def verdicts(*passed, valid=False):
    return {f"{number}.png": Verdict(f"{number}.png", {"document_number": is_right}, valid, 0.5)
            for number, is_right in enumerate(passed)}  # fmt: skip


@pytest.fixture
def judged():
    cards = suites_of(None)[0]
    ways = {"raw": verdicts(True, False, False, True), "docpipe": verdicts(True, True, False, False, valid=True)}
    pages = {f"{number}.png": page(f"{number}.png") for number in range(4)}
    return Judged(cards, pages, ways, verdicts(True, True, True, True))


def test_rescued_broken_and_the_share_of_the_possible_are_counted_against_raw(judged):
    raw, docpipe = rows_of(judged)
    assert (raw["passed"], docpipe["passed"], docpipe["rescued"], docpipe["broken"]) == (2, 2, 1, 1)
    assert docpipe["net"] == 0 == docpipe["share_of_possible"]
    assert docpipe["false_accepts"] == 2 and raw["false_accepts"] == 0


def test_every_broken_card_is_named_with_its_fields(judged):
    assert changes(judged) == ["1 broken by docpipe, with the fields that went wrong:", "  3.png (document_number)"]


def test_draws_of_one_card_make_the_interval_wider():
    cards = suites_of(None)[0]
    files = [f"{number}.png" for number in range(40)]
    ways = {"raw": verdicts(*[False] * 40), "docpipe": verdicts(*[number < 20 for number in range(40)])}
    alone = Judged(cards, {file: page(file) for file in files}, ways, {})
    drawn = Judged(cards, {file: page(file, str(number // 5)) for number, file in enumerate(files)}, ways, {})
    low, high = alone.net_interval("docpipe", files)
    drawn_low, drawn_high = drawn.net_interval("docpipe", files)
    assert drawn_high - drawn_low > 1.5 * (high - low)


def test_a_peer_that_saw_fewer_pages_is_held_against_raw_on_those(judged):
    fewer = replace(judged, ways=judged.ways | {"median": {"0.png": judged.ways["raw"]["0.png"]}})
    row = next(row for row in rows_of(fewer) if row["way"] == "median")
    assert (row["units"], row["passed"], row["net"]) == (1, 1, 0)
    assert any(line.startswith("median") for line in ways_table(fewer))


def test_the_committed_lock_is_that_of_this_code_and_large_enough():
    described = lock.read_lock()
    assert set(described["suites"]) == {"cards", "clean", "id-cards", "receipts"}
    of_code = lock.definitions()
    assert all(described[name] == of_code[name] for name in of_code if name != "drawn by")
    sizes = {name: of_suite["full"]["pages"] for name, of_suite in described["suites"].items()}
    assert sizes["cards"] >= 600 and sizes["clean"] >= 300
    assert described["suites"]["cards"]["full"]["rarest noise"] >= 24


@pytest.mark.parametrize("way", PEERS)
def test_every_peer_changes_a_page_and_keeps_its_size(way, printed):
    noisy = printed()
    noisy[::7, ::5] //= 2
    prepared = load_way(way, None)(noisy)
    assert prepared.shape == noisy.shape and prepared.dtype == noisy.dtype
    assert (prepared != noisy).any()


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The suites of invented cards with three pages each, under a lock of their own."""
    monkeypatch.setattr(lock, "LOCK", tmp_path / "suites.lock")
    suites = [replace(suite, full=Sizes(3, 1), quick=Sizes(2, 0)) for suite in suites_of(None)]
    monkeypatch.setattr(command, "suites_of", lambda _data: suites)
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    work = tmp_path / "work"
    run = command.Run(work, None, 1, quick=False, peers=False)
    lock.write_lock({suite.name: command._described(suite, run) for suite in suites})
    return suites, work


def never(_page, **_options):
    raise AssertionError("a page was read again")


def dies(_page, **_options):
    os.abort()


def fails(_page, **_options):
    raise PeerError("unpaper ended with code 1")


@pytest.mark.slow
def test_a_run_prints_all_tables_and_a_second_one_reads_nothing_again(small, monkeypatch):
    _, work = small
    arguments = ["--no-peers", "--work", str(work), "--jobs", "1"]
    first = CliRunner().invoke(command.main, arguments, catch_exceptions=False)
    assert first.exit_code == 0, first.output
    assert "ink of required fields" in first.stdout
    assert "severity" in first.stdout and "## clean" in first.stdout and "for testing only" in first.stdout
    monkeypatch.setattr(reading, "judge_one", never)
    again = CliRunner().invoke(command.main, arguments, catch_exceptions=False)
    assert again.stdout.splitlines()[:-1] == first.stdout.splitlines()[:-1]    # all but how long it took


@pytest.mark.slow
def test_pages_that_were_touched_are_refused(small):
    suites, work = small
    target = work / "cards" / "noisy" / "000001.png"
    changed = cv2.imread(str(target), cv2.IMREAD_GRAYSCALE)
    changed[0, 0] ^= 1
    cv2.imwrite(str(target), changed)
    refused = CliRunner().invoke(command.main, ["--no-peers", "--work", str(work), "--jobs", "1"])
    assert refused.exit_code == ExitCode.BAD_INPUT and "images not as there" in refused.stderr
    with pytest.raises(InputError, match="images not as there"):
        lock.check(suites[0], work / "cards", pages_of(suites[0], work / "cards")[:2], quick=True)


@pytest.mark.slow
def test_families_and_layouts_for_testing_only_are_starred(small):
    suites, work = small
    folder, pages = work / "cards", pages_of(suites[0], work / "cards")
    right = {one.file: Verdict(one.file, dict.fromkeys(one.true, True), True, 0.0) for one in pages}
    ways = dict.fromkeys(("raw", "division", "docpipe"), right)
    everything = Judged(suites[0], {one.file: one for one in pages}, ways, right)
    text = "\n".join(strata_tables(everything, folder))
    assert "halftone*" in text and "faded_ink*" not in text


def test_cards_that_lack_ink_are_counted_apart_from_those_that_do_not():
    suite, true = suites_of(None)[0], {"surname": "Doe"}
    pages = {f"{card}.png": SuitePage(f"{card}.png", card, f"{card}.png", "td1", true, None) for card in "abcdef"}

    def read(passing):
        return {file: Verdict(file, {"surname": file[0] in passing}, False, 0.0) for file in pages}

    judged = Judged(suite, pages, {"raw": read("ad"), "docpipe": read("abe")}, read("abcdef"))
    there, gone = (line.split() for line in ink_table(judged, {"d.png", "e.png"})[1:3])
    assert there[4:10] == ["4", "1", "2", "4", "1", "0"] and there[-2:] == ["33", "%"]
    assert gone[5:11] == ["2", "1", "1", "2", "1", "1"] and gone[-2:] == ["0", "%"]
    assert len(ink_table(judged, set())) == 3, "no line for what no card is"


def test_a_new_lock_begins_the_table_of_results_anew(monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "LOCK", tmp_path / "suites.lock")
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    rows = [{"suite": "cards", "way": "raw", "net": 0.5}]
    for content, expected in (("one", 1), ("one", 2), ("two", 1)):
        lock.LOCK.write_text(json.dumps(content))
        command._keep_rows(rows, "compact-1")
        with (tmp_path / command.RESULTS_TABLE).open(newline="") as file:
            assert len(list(csv.DictReader(file))) == expected


@pytest.mark.parametrize("judge_one", [dies, fails])
def test_a_page_that_kills_its_process_or_its_peer_counts_as_failed_and_is_read_again_the_next_time(
    judge_one, monkeypatch, tmp_path
):  # fmt: skip
    monkeypatch.setattr(reading, "judge_one", judge_one)
    options = {"way": "raw", "ocr": "tesserocr", "model": None, "jobs": 1}
    (verdict,) = reading.judge([page("0.png")], tmp_path, "stamp", **options)
    assert verdict.unread and not verdict.passes
    (kept,) = tmp_path.rglob("*.jsonl")
    assert kept.read_text() == ""


def test_a_verdict_that_a_kill_cut_short_is_left_out(tmp_path):
    whole = {"page": "0.png", "right": {"sex": True}, "valid": True, "seconds": 0.1}
    kept = tmp_path / "kept.jsonl"
    kept.write_text(json.dumps(whole) + "\n" + json.dumps(whole)[:20])
    assert list(reading._read_kept(kept)) == [Verdict(**whole)]
    assert kept.read_text() == json.dumps(whole) + "\n"
    kept.write_text('{"page": "0.png"}\n')
    with pytest.raises(InputError, match="line 1 is no verdict"):
        list(reading._read_kept(kept))


@pytest.fixture
def data(tmp_path):
    """A folder such as $DOCPIPE_DATA names, with two invented cards and a receipt."""
    planted = np.full((120, 190), 230, np.uint8)
    numbers = ("3174001000000001", "3174001000000002")
    of_cards = [f"{nik}_{number}.png" for number, nik in enumerate(numbers, 1)]
    for folder, names in (("id-cards", of_cards), ("receipts", ["000.jpg"])):
        (tmp_path / folder).mkdir()
        for name in names:
            cv2.imwrite(str(tmp_path / folder / name), planted)
    born = "GRAZ, 01-01-1990"
    cards = [{"file": file, "nik": nik, "nama": "ANNA", "ttl": born}
             for file, nik in zip(of_cards, numbers, strict=True)]  # fmt: skip
    (tmp_path / "id-cards" / "truth.jsonl").write_text("\n".join(map(json.dumps, cards)))
    receipt = {"file": "000.jpg", "company": "QUXELLE", "date": "01/02/2020", "address": "RING 1", "total": "9.0"}
    (tmp_path / "receipts" / "truth.jsonl").write_text(json.dumps(receipt))
    return tmp_path


def test_pages_of_foreign_cards_carry_numbers_and_no_value_in_their_names(data, tmp_path):
    id_cards = suites_of(data)[2]
    id_cards.make(tmp_path / "made", 3, 1)
    pages = pages_of(id_cards, tmp_path / "made")
    assert [(one.file, one.card, one.clean) for one in pages] == [
        ("000-0.png", "000", "000.png"), ("001-0.png", "001", "001.png"), ("000-1.png", "000", "000.png"),
    ]  # fmt: skip
    assert "317400" not in repr(pages) and "ANNA" not in repr(pages)
    assert pages[0].true == {"nik": "3174001000000001", "nama": "ANNA", "ttl": "GRAZ, 01-01-1990"}


def test_values_too_short_to_be_found_but_by_chance_do_not_count(data, tmp_path):
    receipts = suites_of(data)[3]
    receipts.make(tmp_path / "made", 1, 1)
    (receipt,) = pages_of(receipts, tmp_path / "made")
    assert set(receipt.true) == {"company", "date", "address"}


def test_another_rule_of_what_is_right_is_another_suite(monkeypatch, small):
    suites, work = small
    monkeypatch.setattr(lock, "PASS_RULE", lock.PASS_RULE[:-1])
    with pytest.raises(InputError, match="code of the pass rule"):
        lock.check(suites[0], work / "cards", pages_of(suites[0], work / "cards"), quick=False)


def test_a_program_that_makes_nothing_of_a_page_is_not_taken_for_one_that_leaves_it_alone():
    gray = np.full((8, 8), 200, np.uint8)
    assert np.array_equal(_by_program(gray, lambda before, after: ["cp", before, after]), gray)
    with pytest.raises(PeerError, match="false ended with code 1"):
        _by_program(gray, lambda _before, _after: ["false"])
