"""The OCR cache: asked once, answered twice; for one engine, one user."""

import shutil
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from docpipe.errors import InputError, OutputError
from docpipe.ocr.cache import FILE_NAME, Answers, CachedEngine
from docpipe.ocr.engine import BLOCK, SPARSE, Word
from docpipe.ocr.engines import load_ocr
from docpipe.ocr.extract import extract
from docpipe.ocr.schema import load_schema
from tests.conftest import installed

WORD = Word("ERIKSSON", (3, 4, 50, 20), 96.5)


class Counting:
    """An engine that says the same of every picture, and counts those it is shown."""

    def __init__(self, description="counting 1"):
        self.shown = 0
        self.description = description

    def words(self, pictures, mode, *, alphabet=""):
        self.shown += len(pictures)
        return [[WORD] for _ in pictures]

    def lines(self, pictures, *, alphabet=""):
        self.shown += len(pictures)
        return ["ERIKSSON" for _ in pictures]

    def characters(self, pictures, *, alphabet=""):
        self.shown += len(pictures)
        return [[("E", 4.5), ("R", 12.0)] for _ in pictures]


@pytest.fixture
def opened(tmp_path):
    """Opens the cache over an engine, as a new run would."""
    return lambda engine: CachedEngine(engine, Answers(tmp_path / "cache"))


@pytest.fixture
def pictures():
    return [np.full((20, 60), level, np.uint8) for level in (0, 128, 255)]


def ask_everything(engine, pictures):
    return engine.words(pictures, BLOCK), engine.lines(pictures, alphabet="ERIKSON"), engine.characters(pictures)


def test_a_second_run_takes_its_answers_from_the_folder_and_they_are_the_same(opened, pictures):
    first, second = Counting(), Counting()
    fresh = ask_everything(opened(first), pictures)
    assert fresh == ask_everything(Counting(), pictures) == ask_everything(opened(second), pictures)
    assert (first.shown, second.shown) == (9, 0)


def test_only_what_is_new_is_read_and_answers_keep_their_pictures_order(opened, pictures, engine, printed):
    cache = opened(engine)
    blank, print_ = np.full((60, 400), 255, np.uint8), printed(34)
    assert cache.words([print_], BLOCK) == engine.words([print_], BLOCK)
    assert cache.words([blank, print_, blank], BLOCK) == engine.words([blank, print_, blank], BLOCK)
    counting = Counting()
    assert opened(counting).lines([pictures[0], pictures[0], pictures[1]]) == ["ERIKSSON"] * 3
    assert counting.shown == 2


def test_another_mode_alphabet_engine_shape_or_method_is_another_question(opened, pictures):
    engine, other = Counting(), Counting("counting 2")
    cache, picture = opened(engine), pictures[0]
    questions = [
        lambda: cache.words([picture], BLOCK),
        lambda: cache.words([picture], SPARSE),
        lambda: cache.words([picture], BLOCK, alphabet="AB"),
        lambda: cache.words([picture.reshape(60, 20)], BLOCK),
        lambda: cache.lines([picture]),
        lambda: cache.characters([picture]),
        lambda: opened(other).words([picture], BLOCK),
    ]
    for asked, question in enumerate(questions, start=1):
        question()
        question()
        assert engine.shown + other.shown == asked


def test_what_an_engine_may_have_given_up_is_answered_and_asked_again(opened, pictures, monkeypatch):
    monkeypatch.setattr("docpipe.ocr.cache.LONGEST_S", 0)
    slow, again = Counting(), Counting()
    assert opened(slow).lines(pictures) == opened(again).lines(pictures) == ["ERIKSSON"] * 3
    assert (slow.shown, again.shown) == (3, 3)


def test_a_picture_that_tesserocr_gives_up_is_not_kept_as_empty(opened, printed, monkeypatch):
    engine = installed(lambda: load_ocr("tesserocr"))
    page = printed(34)
    with monkeypatch.context() as hasty:
        hasty.setattr("docpipe.ocr.tesserocr_engine.LONGEST_S", 0.001)
        hasty.setattr("docpipe.ocr.cache.LONGEST_S", 0.001)
        assert opened(engine).words([page], BLOCK) == [[]]
    assert opened(engine).words([page], BLOCK) == engine.words([page], BLOCK) != [[]]


def test_code_that_hands_pictures_over_otherwise_asks_anew(opened, pictures, monkeypatch):
    before, after = Counting(), Counting()
    opened(before).lines(pictures)
    monkeypatch.setattr("docpipe.ocr.cache._code_of", lambda engine: "mended code")
    opened(after).lines(pictures)
    assert (before.shown, after.shown) == (3, 3)


def test_folder_and_file_are_for_this_user_alone(opened, pictures, tmp_path):
    opened(Counting()).lines(pictures)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "cache").iterdir()}
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    assert modes == {FILE_NAME: 0o600}


def test_a_folder_open_to_others_is_refused_untouched(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    with pytest.raises(OutputError) as refused:
        Answers(folder)
    assert f"chmod 700 {folder}" in refused.value.hint
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_cache_is_refused_by_name_and_kept(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    (folder / FILE_NAME).write_text("minutes of the last meeting\n" * 100)
    with pytest.raises(InputError, match=FILE_NAME):
        Answers(folder)
    assert (folder / FILE_NAME).read_text().startswith("minutes")


def test_a_cache_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cache"):
        Answers(tmp_path / "file" / "cache")


def test_pictures_themselves_are_not_kept(opened, pictures, tmp_path):
    opened(Counting()).lines(pictures)
    with sqlite3.connect(tmp_path / "cache" / FILE_NAME) as database:
        rows = database.execute("SELECT asked, answer FROM answers").fetchall()
    database.close()
    assert [(len(asked), answer) for asked, answer in rows] == [(32, '"ERIKSSON"')] * 3


def test_a_card_is_read_from_the_cache_as_it_was_read_at_first(opened, drawn, engine, monkeypatch):
    monkeypatch.setattr("docpipe.ocr.cache._code_of", lambda engine: "one code for both")
    gray, schema = drawn("national", 10_003).page().pixels, load_schema("national")
    assert extract(gray, schema, opened(engine)) == extract(gray, schema, engine)
    unused = Counting(engine.description)
    assert extract(gray, schema, opened(unused)).valid
    assert unused.shown == 0


def test_threads_and_processes_may_fill_one_folder_at_once(tmp_path):
    folder, drawn = tmp_path / "cache", [np.full((9, 9), level, np.uint8) for level in range(40)]
    code = "from tests.ocr.test_cache import fill; import sys; fill(sys.argv[1])"
    top = Path(__file__).parents[2]
    processes = [subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=top) for _ in range(2)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(fill, [folder] * 3))
    assert [process.wait() for process in processes] == [0, 0]
    unused = Counting()
    assert CachedEngine(unused, Answers(folder)).lines(drawn) == ["ERIKSSON"] * 40
    assert unused.shown == 0


def fill(folder):
    """Ask for forty pictures one by one."""
    cache = CachedEngine(Counting(), Answers(Path(folder)))
    for level in range(40):
        cache.lines([np.full((9, 9), level, np.uint8)])


def test_a_folder_that_is_removed_between_two_questions_is_made_again(opened, pictures, tmp_path):
    cache = opened(Counting())
    cache.lines(pictures)
    shutil.rmtree(tmp_path / "cache")
    assert cache.lines(pictures) == ["ERIKSSON"] * 3
    assert stat.S_IMODE((tmp_path / "cache" / FILE_NAME).stat().st_mode) == 0o600


def test_what_is_in_the_cache_is_in_no_error_or_repr(opened, pictures, tmp_path):
    cache = opened(Counting())
    cache.lines(pictures)
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as database, database:
        database.execute("ALTER TABLE answers RENAME COLUMN answer TO said")
    with pytest.raises(OutputError) as unusable:
        cache.lines(pictures)
    assert "ERIKSSON" not in f"{unusable.value} {unusable.value.hint} {cache!r}"
