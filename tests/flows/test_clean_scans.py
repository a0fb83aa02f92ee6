"""The flow does what the command does, goes on where it ended, and tells Prefect nothing that names a scan."""

import importlib
import json

import pytest

pytest.importorskip("prefect", reason="flows need prefect (pip install 'docpipe-ocr[flows]')")
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.exceptions import ParameterTypeError
from prefect.settings import PREFECT_RESULTS_PERSIST_BY_DEFAULT, temporary_settings

from docpipe.clean import Batch, Ledger, PageOptions, plan_jobs, settings_of
from docpipe.clean.worklist import Worklist
from docpipe.errors import StorageError
from docpipe.restore import ready_restorer
from flows import worker
from flows.clean_scans import clean_scans
from flows.discretion import RunError
from tests.flows.conftest import SECRET

pytestmark = pytest.mark.slow
module = importlib.import_module("flows.clean_scans")         # the flow that it holds has the same name


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".docpipe-")}


@pytest.fixture
def clean(server, inbox, tmp_path):
    """Run the flow over the inbox, without a network unless asked for; returns its state."""

    def run(**more):
        options = {"engine": "division", "workers": 2, **more}
        return clean_scans(str(inbox), str(tmp_path / "out"), **options, return_state=True)

    return run


@pytest.fixture
def expected(inbox, tmp_path):
    """What `docpipe clean` makes of the inbox."""
    plan = plan_jobs([str(inbox)], tmp_path / "expected")
    with Ledger(plan.ledger) as ledger:
        list(Batch(ready_restorer("division")).run(plan.jobs, ledger))
    return contents(tmp_path / "expected")


@pytest.mark.parametrize("engine", ["division", "onnx", "openvino"])
def test_the_outputs_are_those_of_the_command_and_a_second_run_does_nothing(clean, inbox, tmp_path, engine):
    if engine == "openvino":
        pytest.importorskip("openvino", reason="OpenVINO is not installed (pip install 'docpipe-ocr[openvino]')")
    plan = plan_jobs([str(inbox)], tmp_path / "expected")
    with Ledger(plan.ledger) as ledger:
        list(Batch(ready_restorer(engine)).run(plan.jobs, ledger))
    state = clean(engine=engine, chunk=2)
    assert state.is_completed() and state.message == "5 scans cleaned, 0 done before"
    assert contents(tmp_path / "out") == contents(tmp_path / "expected")
    assert clean(engine=engine).message == "0 scans cleaned, 5 done before"


def test_command_and_flow_go_on_with_one_anothers_work(clean, inbox, tmp_path):
    clean()
    plan = plan_jobs([str(inbox)], tmp_path / "out")
    with Ledger(plan.ledger) as ledger:
        assert all(report.was_done for report in Batch(ready_restorer("division")).run(plan.jobs, ledger))


def test_failed_scans_are_told_by_id_and_nothing_that_prefect_keeps_names_a_scan(clean, inbox, tmp_path, told):
    (inbox / f"{SECRET}-bad.png").write_bytes(b"no picture")
    state = clean()
    assert (state.is_completed(), state.name) == (True, "CompletedWithErrors")
    _key, line = (tmp_path / "out" / ".docpipe-private" / "page-ids.jsonl").read_text().splitlines()
    page = json.loads(line)
    assert page["name"] == str(inbox / f"{SECRET}-bad.png")
    assert state.message == f"5 scans cleaned, 0 done before, 1 failed: {page['id']}"
    kept = told()
    assert page["id"].encode() in kept and b"6 scans to clean" in kept, "states or logs were not looked at"
    assert SECRET.encode() not in kept and b"not a picture" not in kept
    assert SECRET not in repr(state)


def test_prefect_keeps_no_name_where_it_is_told_to_keep_results(clean, told):
    @flow
    def keeps(what: list[str]) -> str:
        return "".join(what)

    with temporary_settings({PREFECT_RESULTS_PERSIST_BY_DEFAULT: True}):
        assert clean().is_completed()
        keeps(["KEPT-", "ON-", "PURPOSE"])
    kept = told()
    assert b"KEPT-ON-PURPOSE" in kept, "results were not looked at"
    assert SECRET.encode() not in kept


def test_an_error_fails_the_run_without_naming_a_scan(clean, inbox, tmp_path, told, monkeypatch):
    def broken(*_arguments):
        raise KeyError(f"{SECRET}-3.png")

    monkeypatch.setattr(worker, "clean_chunk", broken)
    state = clean()
    assert state.is_failed() and "KeyError in test_clean_scans.py" in state.message
    monkeypatch.undo()
    with Ledger(tmp_path / "out" / ".docpipe-ledger.sqlite"):
        state = clean()
    assert state.is_failed() and "OutputError" in state.message
    assert "in use by another batch" in (tmp_path / "out" / ".docpipe-private" / "errors.log").read_text()
    assert SECRET.encode() not in told()
    assert clean().is_completed()


def test_a_place_that_comes_back_is_tried_again_and_a_bad_page_is_not(clean, inbox, monkeypatch):
    (inbox / "bad.png").write_bytes(b"no picture")
    real, tries = worker.clean_chunk, []

    def first_gone(chunk, *arguments):
        tries.append(len(chunk))
        if len(tries) == 1:
            raise StorageError(f"{SECRET} is gone")
        return real(chunk, *arguments)

    monkeypatch.setattr(worker, "clean_chunk", first_gone)
    monkeypatch.setattr(module, "chunk_task", module.chunk_task.with_options(retry_delay_seconds=0))
    state = clean(workers=1, chunk=6)
    assert state.name == "CompletedWithErrors" and "5 scans cleaned, 0 done before, 1 failed" in state.message
    assert tries == [3, 3, 2, 1], "three chunks, of which the first was tried twice"


def test_a_place_that_stays_away_fails_the_run_and_the_next_one_goes_on(clean, monkeypatch, expected, tmp_path):
    real = worker.clean_chunk

    def gone_at_last(chunk, *arguments):
        if any(work.job.source.name.endswith("4.png") for work in chunk):
            raise StorageError("gone")
        return real(chunk, *arguments)

    monkeypatch.setattr(worker, "clean_chunk", gone_at_last)
    monkeypatch.setattr(module, "chunk_task", module.chunk_task.with_options(retry_delay_seconds=0))
    state = clean(chunk=1)
    assert state.is_failed() and "StorageError" in state.message
    monkeypatch.undo()
    state = clean()
    assert state.message == "1 scans cleaned, 4 done before" and contents(tmp_path / "out") == expected


def test_what_a_killed_run_left_is_done_again(clean, inbox, tmp_path, expected):
    plan = plan_jobs([str(inbox)], tmp_path / "out")
    with Ledger(plan.ledger) as ledger:
        worklist = Worklist(plan.jobs, ledger, settings_of(ready_restorer("division"), PageOptions()))
        next(worklist.chunks(3))                                  # handed out, and nothing comes back
    assert clean().message == "5 scans cleaned, 0 done before" and contents(tmp_path / "out") == expected


def test_an_empty_inbox_is_no_failure_and_a_missing_one_is(server, tmp_path):
    (tmp_path / "empty").mkdir()
    state = clean_scans(str(tmp_path / "empty"), str(tmp_path / "out"), return_state=True)
    assert state.is_completed() and state.name == "InboxEmpty"
    assert clean_scans(str(tmp_path / "none"), str(tmp_path / "out"), return_state=True).is_failed()


def test_shards_share_an_inbox_without_meeting(clean, tmp_path, expected):
    states = [clean(shard=f"{number}/3") for number in (1, 2, 3)]
    assert sum(int(state.message.split()[0]) for state in states if state.name == "Completed") == 5
    assert contents(tmp_path / "out") == expected
    assert clean(shard="4/3").is_failed()


def test_parameters_are_checked_before_a_run_begins_and_described_for_the_form():
    wrongs = {"workers": -1, "shard": "0/2", "engine": "magic", "ledger": "s3://bucket/ledger", "dask": "host"}
    for name, value in wrongs.items():
        with pytest.raises(ParameterTypeError):
            clean_scans("inbox", "out", **{name: value})
    assert clean_scans.parameters.properties["engine"]["enum"] == ["onnx", "openvino", "division"]


def test_outputs_on_a_store_need_a_ledger_here(server):
    with pytest.raises(RunError, match="give the parameter ledger"):
        clean_scans("inbox", "s3://bucket/out")


def test_progress_and_what_came_of_the_batch_stand_in_artifacts(clean, inbox):
    (inbox / "bad.png").write_bytes(b"no picture")
    state = clean()
    with get_client(sync_client=True) as client:
        mine = {one.key: one.data for one in client.read_latest_artifacts()}
    assert mine["clean-scans"] == 100
    figures = {row["what"]: row["figure"] for row in json.loads(mine["clean-scans-batch"])}
    assert (figures["scans cleaned"], figures["failed"], figures["pages restored"]) == (5, 1, 5)
    assert [row["id"] in state.message for row in json.loads(mine["clean-scans-failed"])] == [True]


def test_a_dask_cluster_by_address_gives_the_same_outputs(clean, tmp_path, expected):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        state = clean(dask=cluster.scheduler_address, chunk=1)
    assert state.message == "5 scans cleaned, 0 done before" and contents(tmp_path / "out") == expected
