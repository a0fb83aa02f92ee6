"""Copies of scans lie in the private folder only while a run is at work on them."""

import signal
import stat
import subprocess
import sys

import pytest

pytest.importorskip("prefect", reason="flows need prefect (pip install 'docpipe-ocr[flows]')")
from flows.clean_scans import clean_scans
from flows.copies import folder_for_copies, remove_left_copies
from flows.discretion import private_folder

WITH_A_COPY = """
import sys
from pathlib import Path
from flows.copies import folder_for_copies

with folder_for_copies(Path(sys.argv[1])) as folder:
    (folder / "raw").mkdir()
    (folder / "raw" / "card.png").write_bytes(b"pixels")
    print("copied", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def private(tmp_path):
    return private_folder(tmp_path)


@pytest.fixture
def run(private):
    """Another process that has a copy there."""
    with subprocess.Popen(
        [sys.executable, "-c", WITH_A_COPY, str(private)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"copied\n"
        yield process
        process.kill()


def cards(private):
    return [path.name for path in private.rglob("card.png")]


def test_copies_are_for_this_user_alone_and_gone_at_the_end_even_after_an_error(private):
    with pytest.raises(ZeroDivisionError), folder_for_copies(private) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and folder.parent == private
        (folder / "card.png").write_bytes(b"pixels")
        raise ZeroDivisionError
    assert not list(private.glob("copies-*/"))


def test_what_a_killed_run_left_is_taken_away_and_what_a_live_one_has_stays(private, run):
    remove_left_copies(private)
    with folder_for_copies(private):
        assert cards(private) == ["card.png"], "the run is alive"
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert cards(private) == ["card.png"]
    with folder_for_copies(private):
        assert cards(private) == []


@pytest.mark.slow
def test_a_run_takes_away_at_its_start_what_the_killed_one_left(server, tmp_path):
    (tmp_path / "inbox").mkdir()
    left = private_folder(tmp_path / "out") / "copies-left"
    left.mkdir()
    (left / "card.png").write_bytes(b"pixels")
    clean_scans(str(tmp_path / "inbox"), str(tmp_path / "out"))
    assert not left.exists()
