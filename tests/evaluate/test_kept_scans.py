"""Readings of whole scans, kept for the next evaluation: found again where all that they depend on is as it was."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from docpipe.evaluate import kept_scans
from docpipe.evaluate.cases import Case
from docpipe.evaluate.judge import read_cases
from docpipe.evaluate.kept_scans import KeptScans, reader_hash
from docpipe.evaluate.scans import ScanRead
from docpipe.ocr.cache import Answers
from docpipe.ocr.extract import Extraction
from docpipe.ocr.schema import load_schema
from tests.evaluate.test_scan_pool import FILES, Fragile, reads_with  # noqa: F401  (a fixture)

NATIONAL = load_schema("national")


@pytest.fixture
def answers(tmp_path):
    return Answers(tmp_path / "cache")


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.png"
    path.write_bytes(b"a scan")
    return path


@pytest.fixture
def where(tmp_path):
    """Five scans, raw and cleaned; the second raw one is no picture."""
    for place, path in enumerate(tmp_path / folder / file for folder in ("raw", "cleaned") for file in FILES):
        path.parent.mkdir(exist_ok=True)
        specks = np.random.default_rng(place).choice([0, 255], (300, 500), p=[0.01, 0.99])
        cv2.imwrite(str(path), specks.astype(np.uint8))
    (tmp_path / "raw" / FILES[1]).write_bytes(b"no picture")
    return tmp_path / "raw", tmp_path / "cleaned", [Case(file, "", NATIONAL) for file in FILES]


@pytest.mark.parametrize("read", [
    ScanRead(found=Extraction({"surname": "QUXELLE"}, valid=True), seconds=1.5),
    ScanRead(found=Extraction({}, valid=False), seconds=0.5),
    ScanRead(schema="td1", seconds=0.1),
    ScanRead("the file is damaged"),
])  # fmt: skip
def test_a_reading_comes_back_as_it_was_kept(read, answers, scan):
    kept = KeptScans(answers, "engine 1")
    key = kept.key(scan, NATIONAL)
    assert kept.find(key) is None
    kept.keep(key, read)
    assert kept.find(key) == read
    assert "QUXELLE" not in repr(kept.find(key))


def test_another_content_schema_engine_or_code_is_another_key_and_another_name_is_not(answers, scan, monkeypatch):
    kept = KeptScans(answers, "engine 1")
    keys = [kept.key(scan, NATIONAL), kept.key(scan, None), kept.key(scan, load_schema("td1"))]
    keys.append(kept.key(scan, replace(NATIONAL, fields=NATIONAL.fields[1:])))
    keys.append(KeptScans(answers, "engine 2").key(scan, NATIONAL))
    renamed = scan.rename(scan.with_name("renamed.png"))
    assert kept.key(renamed, NATIONAL) == keys[0]
    renamed.write_bytes(b"another scan")
    keys.append(kept.key(renamed, NATIONAL))
    monkeypatch.setattr(kept_scans, "reader_hash", lambda: "mended code")
    keys.append(kept.key(renamed, NATIONAL))
    assert len(set(keys)) == len(keys)


def test_a_file_that_cannot_be_read_has_no_key(answers, tmp_path):
    assert KeptScans(answers, "engine 1").key(tmp_path / "missing.png", NATIONAL) is None


def test_the_reader_is_all_code_that_opens_and_reads_scans_its_schemas_and_libraries(monkeypatch):
    hashed = {path.name for name in kept_scans.CODE for path in kept_scans._sources(kept_scans.files("docpipe") / name)}
    assert {"extract.py", "zone.py", "tesserocr_engine.py", "png.py", "scan.py", "scans.py", "mrz.py", "page.py",
            "td1.toml"} <= hashed  # fmt: skip
    reader_hash.cache_clear()
    before = reader_hash()
    monkeypatch.setattr(kept_scans.metadata, "version", lambda name: "another version")
    reader_hash.cache_clear()
    assert reader_hash() != before
    reader_hash.cache_clear()


@pytest.mark.slow
def test_a_second_evaluation_reads_nothing_and_judges_the_same(reads_with, where, tmp_path, monkeypatch):  # noqa: F811
    reads_with(Fragile())
    cold = list(read_cases(*where, cache=tmp_path / "cache", with_values=True, workers=1))
    monkeypatch.setattr("pebble.pool.process.launch_process", lambda *_: pytest.fail("a process was started"))
    assert list(read_cases(*where, cache=tmp_path / "cache", with_values=True, workers=1)) == cold
    assert cold[1][1].problem and not cold[1][2].problem


@pytest.mark.slow
def test_only_a_scan_that_changed_is_read_again(reads_with, where, tmp_path):  # noqa: F811
    reads_with(Fragile())
    cold = list(read_cases(*where, cache=tmp_path / "cache", workers=1))
    cv2.imwrite(str(where[0] / FILES[1]), np.full((300, 500), 255, np.uint8))
    warm = list(read_cases(*where, cache=tmp_path / "cache", workers=1))
    assert warm[1][1] != cold[1][1] and not warm[1][1].problem
    assert [one for one in warm if one[0].file != FILES[1]] == [one for one in cold if one[0].file != FILES[1]]
