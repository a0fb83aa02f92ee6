"""What may name a person stays in a folder on this machine."""

import json
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from docpipe.errors import InputError, StorageError
from flows.discretion import PageIds, RunError, discreet, discreet_worker, private_folder
from tests.flows.conftest import SECRET


def test_the_private_folder_and_what_is_in_it_are_for_this_user_alone(tmp_path):
    private = private_folder(tmp_path)
    PageIds(private).tell(SECRET)
    with pytest.raises(RunError), discreet(private):
        raise ValueError(SECRET)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (private, *private.iterdir())]
    assert modes == [0o700, 0o600, 0o600]


def test_an_id_is_the_same_in_every_run_and_says_nothing_without_the_file(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = private_folder(tmp_path / "one"), private_folder(tmp_path / "other")
    first = PageIds(one).tell(SECRET)
    assert PageIds(one).tell(SECRET) == PageIds(one).of(SECRET) == first
    assert PageIds(one).of(SECRET + "2") != first != PageIds(other).of(SECRET)
    _key, *told = (one / "page-ids.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in told] == [{"id": first, "name": SECRET}]


KEY = '{"key": "000102030405060708090a0b0c0d0e0f"}\n'
OTHER_KEY = '{"key": "f0e0d0c0b0a090807060504030201000"}\n'


@pytest.mark.parametrize(
    "left", ["", KEY + OTHER_KEY, KEY + '{"id": "3fa1c0', KEY[:20], KEY[:20] + "\n" + KEY],
    ids=["nothing", "two keys", "an id cut short", "a key cut short", "a key after one cut short"],
)  # fmt: skip
def test_what_a_killed_run_or_two_at_once_left_in_the_file_is_gone_on_with(tmp_path, left):
    private = private_folder(tmp_path)
    path = private / "page-ids.jsonl"
    path.write_text(left)
    first = PageIds(private).tell(SECRET)
    again = PageIds(private)
    assert again.tell(SECRET) == first
    assert path.read_text().startswith(left), "what is there stays"
    assert path.read_text().splitlines()[-1] == json.dumps({"id": first, "name": SECRET})
    if KEY in left:
        path.write_text(KEY)
        assert PageIds(private).of(SECRET) == first, "the first key counts"


def test_runs_that_start_a_folder_at_once_give_the_same_ids(tmp_path):
    for number in range(10):
        private, barrier = private_folder(tmp_path / str(number)), Barrier(8)

        def told(_run, private=private, barrier=barrier):
            barrier.wait()
            return PageIds(private).tell(SECRET)

        with ThreadPoolExecutor(8) as runs:
            (page_id,) = set(runs.map(told, range(8)))
        assert PageIds(private).of(SECRET) == page_id


def test_names_that_are_no_utf8_have_ids_too(tmp_path):
    ids = PageIds(private_folder(tmp_path))
    assert len(ids.of("karte-\udcff.png")) == 12


def test_an_error_comes_out_without_what_it_says_and_the_log_has_the_rest(tmp_path):
    private = private_folder(tmp_path)
    with pytest.raises(RunError) as caught, discreet(private):
        raise InputError(f"{SECRET}.png is cut short", f"scan {SECRET} again")
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown.replace("{SECRET}", "") and "InputError in test_discretion.py" in str(caught.value)
    log = (private / "errors.log").read_text()
    assert f"{SECRET}.png is cut short" in log and f"hint: scan {SECRET} again" in log


def test_what_may_be_shown_already_passes_and_a_worker_keeps_what_is_worth_a_retry(tmp_path):
    with pytest.raises(RunError, match=r"^plain$"), discreet(private_folder(tmp_path)):
        raise RunError("plain")
    with pytest.raises(StorageError, match=r"^the place of the scans") as caught, discreet_worker():
        raise StorageError(SECRET)
    with pytest.raises(RunError, match=r"^KeyError in ") as bug, discreet_worker():
        raise KeyError(SECRET)
    for error in (caught.value, bug.value):
        assert error.__suppress_context__ and SECRET not in str(error)
