"""The ledger: what is written is found again, by one writer at a time."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.clean import FileRecord, Ledger, PageResult, Stamp
from docpipe.clean.ledger import _APPLICATION_ID
from docpipe.clean.paths import Url, real_path
from docpipe.errors import ExitCode, OutputError

STAMP = Stamp(source="scans/ü.png", content="c0ffee", settings="division-1", size=7, mtime_ns=123456789, out_size=5)
DONE = FileRecord(STAMP, [PageResult(0, "done", "restored", "", 21.5, 0.5, 0.9, 0.25)])


def test_what_is_noted_is_found_by_the_next_run(tmp_path):
    outputs = [tmp_path / "out" / name for name in ("a.png", "ü ñ\n'.png", os.fsdecode(b"not-utf8-\xff.png"))]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for output in outputs:
            ledger.start(output)
            ledger.finish(output, DONE)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.files() == {real_path(output): DONE for output in outputs}
        assert [ledger.find(output) for output in outputs] == [DONE] * len(outputs)
        assert ledger.find(tmp_path / "out" / "A.png") is None and ledger.begun() == []


def test_a_page_that_was_begun_is_not_done(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.start(tmp_path / "a.png")
        (record,) = ledger.files().values()
        assert not record.is_done
        ledger.finish(tmp_path / "a.png", DONE)
        ledger.start(tmp_path / "a.png")
        (record,) = ledger.files().values()
        assert not record.is_done


def test_what_was_begun_and_never_ended_is_told_by_its_place(tmp_path):
    begun = [Url("s3://out/b.png"), real_path(tmp_path / os.fsdecode(b"\xff.png"))]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for output in [*begun, tmp_path / "done.png", tmp_path / "failed.png"]:
            ledger.start(output)
        ledger.finish(tmp_path / "done.png", DONE)
        ledger.finish(tmp_path / "failed.png", FileRecord(STAMP, [PageResult(0, "failed")]))
        assert sorted(ledger.begun(), key=str) == sorted(begun, key=str)
        ledger.start(tmp_path / "done.png")
        assert real_path(tmp_path / "done.png") in ledger.begun()


def test_starts_are_counted(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for _ in range(3):
            ledger.start(tmp_path / "a.png")
        ledger.finish(tmp_path / "a.png", DONE)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as database:
        assert list(database.execute("select output, starts from pages")) == [("a.png", 3)]
    database.close()


def test_pages_that_a_file_no_longer_has_are_forgotten(tmp_path):
    three = FileRecord(STAMP, [PageResult(page, "done", "original") for page in range(3)])
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.finish(tmp_path / "a.tif", three)
        ledger.finish(tmp_path / "a.tif", DONE)
        assert ledger.files() == {real_path(tmp_path / "a.tif"): DONE}


def test_the_folder_may_be_moved(tmp_path):
    with Ledger(tmp_path / "here" / "ledger.sqlite") as ledger:
        ledger.finish(tmp_path / "here" / "a.png", DONE)
    (tmp_path / "here").rename(tmp_path / "there")
    with Ledger(tmp_path / "there" / "ledger.sqlite") as ledger:
        assert list(ledger.files()) == [real_path(tmp_path / "there" / "a.png")]


def test_links_to_the_folder_do_not_make_two_files_of_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.finish(tmp_path / "real" / "a.png", DONE)
        ledger.finish(tmp_path / "link" / "a.png", DONE)
        assert len(ledger.files()) == 1
        assert ledger.find(tmp_path / "link" / "a.png") == ledger.find(tmp_path / "real" / "a.png") == DONE


def test_a_second_batch_on_the_same_ledger_is_refused(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from docpipe.clean import Ledger; from docpipe.errors import OutputError\n"
        "try: Ledger(Path(sys.argv[1]))\n"
        "except OutputError as error: print(error, error.hint, error.exit_code.value)"
    )
    with Ledger(tmp_path / "ledger.sqlite"):
        said = subprocess.check_output([sys.executable, "-c", code, str(tmp_path / "ledger.sqlite")], text=True)
    assert "in use by another batch" in said and said.strip().endswith(str(ExitCode.BAD_INPUT.value))
    with Ledger(tmp_path / "ledger.sqlite"):
        pass


def test_a_look_does_not_make_a_ledger_and_does_not_change_one(tmp_path):
    with pytest.raises(OutputError):
        Ledger(tmp_path / "ledger.sqlite", read_only=True)
    assert list(tmp_path.iterdir()) == []
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.finish(tmp_path / "a.png", DONE)
    before = (tmp_path / "ledger.sqlite").read_bytes()
    with Ledger(tmp_path / "ledger.sqlite", read_only=True) as ledger:
        assert list(ledger.files().values()) == [DONE]
    assert (tmp_path / "ledger.sqlite").read_bytes() == before


@pytest.mark.parametrize("kind", ["text", "foreign database", "foreign database of our version", "later version"])
def test_what_is_no_ledger_of_ours_is_refused_and_not_touched(tmp_path, kind):
    path = tmp_path / "ledger.sqlite"
    if kind == "text":
        path.write_text("nothing that SQLite would know, but long enough to be looked at\n" * 20)
    else:
        database = sqlite3.connect(path)
        if kind == "later version":
            database.execute(f"pragma application_id = {_APPLICATION_ID}")
            database.execute("pragma user_version = 999")
        else:
            database.execute("create table theirs (a)")
            database.execute(f"pragma user_version = {int(kind.endswith('version'))}")
        database.commit()
        database.close()
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"ledger\.sqlite"):
        Ledger(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        Ledger(tmp_path / "file" / "ledger.sqlite")


RESULTS = st.builds(
    PageResult,
    page=st.just(0),
    status=st.sampled_from(["done", "failed"]),
    reason=st.text(st.characters(exclude_categories=["Cs"])),
    choice=st.sampled_from(["restored", "original", ""]),
    glyph_px=st.none() | st.floats(1, 200),
    score=st.none() | st.floats(0, 1),
)


@given(st.lists(RESULTS, min_size=1, max_size=5))
def test_every_result_comes_back_as_it_went_in(tmp_path_factory, pages):
    pages = [replace(page, page=index) for index, page in enumerate(pages)]
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger(folder / "ledger.sqlite") as ledger:
        ledger.finish(folder / "a.tif", FileRecord(STAMP, pages))
        assert ledger.files() == {real_path(folder / "a.tif"): FileRecord(STAMP, pages)}
        assert ledger.find(folder / "a.tif") == FileRecord(STAMP, pages)


def test_a_ledger_without_a_file_remembers_for_one_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Ledger(None) as ledger, Ledger(None) as other:
        ledger.start(tmp_path / "a.png")
        ledger.finish(tmp_path / "a.png", DONE)
        assert list(ledger.files().values()) == [DONE] and other.files() == {}
    assert list(tmp_path.iterdir()) == []
