"""Scans that kill what reads them, or keep it for ever: they cost themselves, and nothing else is lost."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from docpipe.evaluate import judge
from docpipe.evaluate.cases import Case
from docpipe.evaluate.evaluation import evaluate
from docpipe.evaluate.judge import read_cases
from docpipe.evaluate.scan_pool import ScanPool
from docpipe.evaluate.scans import ScanRead
from docpipe.ocr.engine import Word
from docpipe.ocr.schema import load_schema
from tests.evaluate.one_process import read_here

WIDTH_PX = 500
GOOD_PX, DEADLY_PX, ENDLESS_PX = 300, 200, 100           # heights: what the engine tells scans apart by
FILES = ("0.png", "1.png", "2.png", "3.png", "4.png")
DEATHS = {
    "abort": os.abort,
    "floating point exception": lambda: os.kill(os.getpid(), signal.SIGFPE),
    "out of memory": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(7),
}


@dataclass(frozen=True)
class Fragile:
    """An engine that reads a surname, dies of some scans, and never ends with others.

    With a scar, it dies the first time only.
    """

    death: str = "abort"
    scar: Path | None = None
    description: str = "fragile 1"

    def words(self, pictures, mode, *, alphabet=""):
        for picture in pictures:
            height = round(WIDTH_PX * picture.shape[0] / picture.shape[1], -2)
            if height == DEADLY_PX and not (self.scar and self.scar.exists()):
                if self.scar:
                    self.scar.touch()
                DEATHS[self.death]()
            if height == ENDLESS_PX:
                time.sleep(3600)
        return [[Word("Surname", (60, 40, 200, 70), 90.0), Word("QUXELLE", (230, 40, 400, 70), 90.0)] for _ in pictures]

    def lines(self, pictures, *, alphabet=""):
        return ["QUXELLE" for _ in pictures]

    def characters(self, pictures, *, alphabet=""):
        return [[] for _ in pictures]


@pytest.fixture
def reads_with(monkeypatch):
    """Sets the engine that evaluations read with."""

    def use(engine):
        judge.ready_ocr.cache_clear()
        monkeypatch.setattr(judge, "load_ocr", lambda name: engine)

    yield use
    judge.ready_ocr.cache_clear()


@pytest.fixture
def folders(tmp_path):
    """Makes five scans, raw and cleaned, all good but for those whose heights are given by path."""

    def make(**bad):
        for place, path in enumerate(f"{folder}/{file}" for folder in ("raw", "cleaned") for file in FILES):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            height = bad.get(path[:-4].replace("/", "_"), GOOD_PX)
            specks = np.random.default_rng(place).choice([0, 255], (height, WIDTH_PX), p=[0.01, 0.99])
            cv2.imwrite(str(tmp_path / path), specks.astype(np.uint8))
        return tmp_path / "raw", tmp_path / "cleaned"

    return make


def cases(schema="national"):
    return [Case(file, schema or "", load_schema(schema) if schema else None) for file in FILES]


def surnames(readings):
    """By file: the surname read from the raw and the cleaned scan, or the problem."""
    return {
        case.file: tuple(
            reading.problem or next(one.value for one in reading.fields if one.name == "surname")
            for reading in (before, after)
        )
        for case, before, after in readings
    }


READ = ("QUXELLE", "QUXELLE")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_scan_that_kills_its_reader_fails_with_the_reason_and_all_others_are_read_in_order(
    workers, reads_with, folders
):
    reads_with(Fragile("floating point exception"))
    where = folders(raw_1=DEADLY_PX, cleaned_1=DEADLY_PX, cleaned_3=DEADLY_PX)
    found = list(read_cases(*where, cases(), with_values=True, workers=workers))
    crashed = "OCR crashed on it (SIGFPE)"
    assert [case.file for case, _, _ in found] == list(FILES)
    assert surnames(found) == {
        "0.png": READ, "1.png": (crashed, crashed), "2.png": READ, "3.png": ("QUXELLE", crashed), "4.png": READ,
    }  # fmt: skip
    unread = found[1][1]
    assert not unread.passes and not any(one.right for one in unread.fields) and unread.fields


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_scan_without_end_is_given_up_and_all_others_are_read(workers, reads_with, folders, monkeypatch):
    monkeypatch.setattr("docpipe.evaluate.scan_pool.LONGEST_S", 8)
    reads_with(Fragile())
    where = folders(raw_2=ENDLESS_PX)
    found = surnames(read_cases(*where, cases(), with_values=True, workers=workers))
    assert found == dict.fromkeys(FILES, READ) | {"2.png": ("not read within 8 s", "QUXELLE")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("death", "how"), [("abort", "SIGABRT"), ("out of memory", "SIGKILL"), ("exit", "exit code 7")]
)
def test_the_problem_names_how_the_reader_died(death, how, reads_with, folders):
    reads_with(Fragile(death))
    where = folders(raw_0=DEADLY_PX)
    found = surnames(read_cases(*where, cases(), with_values=True, workers=1))
    assert found == dict.fromkeys(FILES, READ) | {"0.png": (f"OCR crashed on it ({how})", "QUXELLE")}


@pytest.mark.slow
def test_an_evaluation_counts_a_crash_as_a_card_that_fails(reads_with, folders):
    reads_with(Fragile())
    raw, cleaned = folders(cleaned_4=DEADLY_PX)
    findings = evaluate(raw, cleaned, truth=None, schema="national", workers=2)
    assert [card.cleaned.problem for card in findings.cards] == ["", "", "", "", "OCR crashed on it (SIGABRT)"]
    assert findings.table.cards == 5


@pytest.mark.slow
def test_a_crash_while_the_schema_is_looked_for_leaves_it_to_the_other_scan(reads_with, folders):
    reads_with(Fragile())
    where = folders(raw_0=DEADLY_PX, cleaned_1=DEADLY_PX)
    found = list(read_cases(*where, cases(None), workers=2))
    problems = [(before.problem, after.problem) for _, before, after in found]
    none = "no schema fits"
    assert problems == [
        ("OCR crashed on it (SIGABRT)", none), (none, "OCR crashed on it (SIGABRT)"), *[(none, none)] * 3
    ]  # fmt: skip


@pytest.mark.slow
def test_a_crash_is_not_kept_as_an_answer(reads_with, folders, tmp_path):
    reads_with(Fragile(scar=tmp_path / "scar"))
    where = folders(raw_3=DEADLY_PX)
    first, second = (
        surnames(read_cases(*where, cases(), cache=tmp_path / "cache", with_values=True, workers=1)) for _ in range(2)
    )
    assert first["3.png"] == ("OCR crashed on it (SIGABRT)", "QUXELLE")
    assert second == dict.fromkeys(FILES, READ)


@pytest.mark.slow
def test_who_stops_listening_stops_the_readers(reads_with, folders):
    reads_with(Fragile())
    readings = read_cases(*folders(raw_1=ENDLESS_PX), cases(), workers=2)
    assert next(readings)[0].file == "0.png"
    readings.close()                                     # would wait for an hour
    with pytest.raises(StopIteration):
        next(readings)


def test_a_folder_held_against_itself_is_read_once(reads_with, folders, monkeypatch):
    def seen(scan, *_):
        read.append(scan.name)
        return ScanRead("not looked at")

    read = []
    read_here(monkeypatch)
    monkeypatch.setattr("docpipe.evaluate.scan_pool.read_by", seen)
    reads_with(Fragile())
    raw, _ = folders()
    assert all(before == after for _, before, after in read_cases(raw, raw, cases()))
    assert read == list(FILES)


def test_a_pool_that_is_asked_nothing_starts_no_process(monkeypatch):
    monkeypatch.setattr("pebble.pool.process.launch_process", lambda *_: pytest.fail("a process was started"))
    with ScanPool(Fragile(), 2):
        pass
