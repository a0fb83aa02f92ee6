"""Chunks go out and rows come back; places may be object stores, and one that goes away blames no page."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.clean import (
    FileRecord,
    Job,
    Ledger,
    MemoryBudget,
    NoScansError,
    PageOptions,
    PageResult,
    Plan,
    Stamp,
    Url,
    Worklist,
    clean_chunk,
    place_of,
    plan_jobs,
    plan_places,
    settings_of,
)
from docpipe.clean.files import part_of
from docpipe.clean.sample import copy_sample, draw_sample
from docpipe.errors import InputError, StorageError, UsageError

BUDGET = MemoryBudget(10**9)


@pytest.fixture
def memory():
    """An object store that lives as long as the test."""
    fsspec = pytest.importorskip("fsspec", reason="object stores need fsspec (pip install 'docpipe-ocr[flows]')")
    store = fsspec.filesystem("memory")
    yield store
    store.rm("/", recursive=True)


def run(plan, ledger, restorer, size=2, **options):
    """One worker after the other; returns all reports."""
    worklist = Worklist(plan.jobs, ledger, settings_of(restorer, PageOptions()), **options)
    worklist.remove_parts()
    reports = [*worklist.done_before(), *worklist.spared]
    for chunk in worklist.chunks(size):
        for report in clean_chunk(chunk, restorer, PageOptions(), BUDGET):
            worklist.end(report)
            reports.append(report)
    return reports


def test_chunks_hold_every_file_once_and_the_second_run_has_none(inbox, restorer, engine):
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        worklist = Worklist(plan.jobs, ledger, settings_of(restorer, PageOptions()))
        chunks = list(worklist.chunks(2))
        assert [len(chunk) for chunk in chunks] == [2, 2, 1]
        assert [work.job for chunk in chunks for work in chunk] == plan.jobs
        assert {record.pages[0].status for record in ledger.files().values()} == {"started"}
        assert not any(report.failed for report in run(plan, ledger, restorer))
        assert all(report.was_done for report in run(plan, ledger, restorer)) and len(engine.calls) == 5
        with pytest.raises(ValueError, match="most is 0"):
            next(worklist.chunks(0))


def test_what_is_done_is_held_as_jobs_and_reported_from_the_ledger(inbox, restorer):
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        first = {report.job: report.record for report in run(plan, ledger, restorer)}
        worklist = Worklist(plan.jobs, ledger, settings_of(restorer, PageOptions()))
        assert worklist.done == plan.jobs
        assert [(report.job, report.record, report.was_done) for report in worklist.done_before()] == [
            (job, first[job], True) for job in plan.jobs
        ]


@given(files=st.integers(0, 120), most=st.integers(1, 40), workers=st.integers(1, 9))
def test_chunks_grow_smaller_so_that_no_worker_is_left_with_much_more_than_the_others(files, most, workers):
    jobs = [Job(Path(f"in/{number}.png"), Path(f"out/{number}.png")) for number in range(files)]
    with Ledger(None) as ledger:
        chunks = list(Worklist(jobs, ledger, "settings").chunks(most, workers))
    sizes = [len(chunk) for chunk in chunks]
    assert [work.job for chunk in chunks for work in chunk] == jobs
    assert sizes == sorted(sizes, reverse=True) and all(1 <= size <= most for size in sizes)
    assert not files or sizes[-1] == 1
    assert all(2 * workers * (size - 1) < sum(sizes[place:]) for place, size in enumerate(sizes))


def test_rows_that_did_not_come_back_are_done_again_and_the_outputs_are_the_same(inbox, restorer):
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        worklist = Worklist(plan.jobs, ledger, settings_of(restorer, PageOptions()))
        lost, *_ = worklist.chunks(3)
        clean_chunk(lost, restorer, PageOptions(), BUDGET)          # and the process that would note it is killed
        before = {work.job.output: work.job.output.read_bytes() for work in lost}
        again = run(plan, ledger, restorer)
    assert not any(report.failed or report.was_done for report in again)
    assert before == {output: output.read_bytes() for output in before}


def test_what_a_killed_worker_left_half_written_is_cleared_and_nothing_else(inbox, restorer):
    plan = plan_jobs([str(inbox / "scans")])
    part = Path(str(part_of(plan.jobs[0].output)).replace(str(os.getpid()), "1"))
    other = part_of(plan.where / "of-another-batch.png")
    plan.where.mkdir()
    for path in (part, other):
        path.write_bytes(b"half")
    with Ledger(plan.ledger) as ledger:
        worklist = Worklist(plan.jobs, ledger, "settings")
        worklist.remove_parts()
        assert part.exists(), "it was not begun by us, nor by a run before"
        next(worklist.chunks(5))
        worklist.remove_parts()
    assert not part.exists() and other.exists()


def test_a_batch_from_store_to_store_is_noted_by_address(inbox, restorer, memory, tmp_path):
    for path in (inbox / "scans").iterdir():
        memory.pipe_file(f"/in/deep/{path.name}", path.read_bytes())
    memory.pipe_file("/in/notes.txt", b"no scan")
    plan = plan_places(Url("memory://in"), Url("memory://out"))
    assert plan.ledger is None and plan.ignored == 1 and len(plan.jobs) == 5
    local = plan_jobs([str(inbox / "scans")])
    with Ledger(local.ledger) as ledger:
        run(local, ledger, restorer)
    with Ledger(tmp_path / "books") as ledger:
        assert not any(report.failed for report in run(plan, ledger, restorer))
        assert all(report.was_done for report in run(plan, ledger, restorer))
        assert Url("memory://out/deep/3.png") in ledger.files()
        memory.pipe_file("/out/deep/3.png", b"damaged")
        memory.rm("/out/deep/4.png")
        redone = [report.job.source.name for report in run(plan, ledger, restorer) if not report.was_done]
    assert redone == ["3.png", "4.png"]
    for job in local.jobs:
        assert memory.cat_file(f"/out/deep/{job.output.name}") == job.output.read_bytes()


@pytest.mark.parametrize("back", [False, True])
def test_a_folder_and_a_store_may_be_mixed(inbox, restorer, memory, tmp_path, back):
    source, out = inbox / "scans", Url("memory://mixed")
    if back:
        for path in source.iterdir():
            memory.pipe_file(f"/mixed/{path.name}", path.read_bytes())
        source, out = out, tmp_path / "back"
    plan = plan_places(source, out)
    with Ledger(plan.ledger or tmp_path / "books") as ledger:
        assert not any(report.failed for report in run(plan, ledger, restorer))
    found = memory.find("/mixed") if not back else sorted((tmp_path / "back").glob("*.png"))
    assert [Path(path).name for path in found] == [f"{number}.png" for number in range(5)]


def test_what_lies_on_a_store_and_is_not_ours_is_spared(inbox, restorer, memory, tmp_path):
    memory.pipe_file("/out/2.png", b"a letter home")
    plan = plan_places(inbox / "scans", Url("memory://out"))
    with Ledger(tmp_path / "books") as ledger:
        assert [report.job.source.name for report in run(plan, ledger, restorer) if report.failed] == ["2.png"]
        assert memory.cat_file("/out/2.png") == b"a letter home"
        assert not any(report.failed for report in run(plan, ledger, restorer, force=True))


def test_an_object_whose_name_would_lead_out_of_the_folder_fails_alone(memory, tmp_path, inbox, restorer):
    scan = (inbox / "scans" / "1.png").read_bytes()
    memory.pipe_file("/in/good.png", scan)
    memory.store["/in/../../escape.png"] = memory.store["/in/good.png"]
    plan = plan_places(Url("memory://in"), tmp_path / "out")
    with Ledger(plan.ledger) as ledger:
        failed = [report for report in run(plan, ledger, restorer) if report.failed]
    assert len(failed) == 1 and "cannot be that of a file" in failed[0].record.pages[0].reason
    assert [path.name for path in tmp_path.rglob("*escape*")] == []


def test_places_that_make_no_sense_are_refused(memory, inbox, tmp_path):
    with pytest.raises(NoScansError):
        plan_places(Url("memory://nothing"), tmp_path)
    with pytest.raises(UsageError, match="lies in"):
        plan_places(Url("memory://in/"), Url("memory://in/out"))
    with pytest.raises(InputError, match="is no folder"):
        plan_places(inbox / "scans" / "1.png", tmp_path)
    assert place_of("s3://bucket/x") == Url("s3://bucket/x") and place_of("a/b") == Path("a/b")


def test_a_store_that_cannot_be_reached_blames_no_page(memory, inbox, tmp_path, restorer, monkeypatch):
    memory.pipe_file("/in/1.png", (inbox / "scans" / "1.png").read_bytes())
    plan = plan_places(Url("memory://in"), tmp_path / "out")

    def unreachable(*_arguments, **_options):
        raise RuntimeError("connection reset, with the name 1.png in it")

    monkeypatch.setattr(type(memory), "cat_file", unreachable)
    with Ledger(tmp_path / "books") as ledger:
        with pytest.raises(StorageError, match=r"memory://in cannot be reached: RuntimeError$"):
            run(plan, ledger, restorer)
        assert [page.status for record in ledger.files().values() for page in record.pages] == ["started"]


@pytest.mark.parametrize("number", [errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN])
@pytest.mark.parametrize("side", ["input", "output"])
def test_a_mount_that_went_away_blames_no_page(inbox, restorer, monkeypatch, number, side):
    plan = plan_jobs([str(inbox / "scans")])
    gone = plan.jobs[1].source if side == "input" else part_of(plan.jobs[1].output)
    real_open = Path.open

    def open_(path, *args, **kwargs):
        if path.name == gone.name:
            raise OSError(number, os.strerror(number), str(path))
        return real_open(path, *args, **kwargs)

    with Ledger(plan.ledger) as ledger:
        with monkeypatch.context() as patch, pytest.raises(StorageError, match=os.strerror(number)):
            patch.setattr(Path, "open", open_)
            run(plan, ledger, restorer)
        assert not any(page.status == "failed" for record in ledger.files().values() for page in record.pages)
        assert not any(report.failed for report in run(plan, ledger, restorer))


def test_a_folder_that_is_gone_blames_no_page_and_a_file_that_is_gone_fails_alone(inbox, restorer):
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        (inbox / "scans" / "1.png").unlink()
        assert [report.job.source.name for report in run(plan, ledger, restorer) if report.failed] == ["1.png"]
        (inbox / "scans").rename(inbox / "elsewhere")
        with pytest.raises(StorageError, match="No such file"):
            run(plan, ledger, restorer)


@given(st.sets(st.text("abcé/", min_size=1, max_size=8), max_size=40), st.integers(1, 7))
def test_every_file_is_in_one_shard_and_stays_there(names, of):
    jobs = [Job(Url(f"s3://in/{name}"), Url(f"s3://out/{name}")) for name in sorted(names)]
    plan = Plan(jobs, Url("s3://out"), Path("out/ledger"))
    shards = [plan.shard(number, of) for number in range(1, of + 1)]
    assert sorted((job for shard in shards for job in shard.jobs), key=jobs.index) == jobs
    assert len({shard.ledger for shard in shards}) == of
    for job in jobs[:5]:
        alone = Plan([job], Url("s3://out/"), None)
        kept = [number for number in range(1, of + 1) if alone.shard(number, of).jobs]
        assert kept == [number for number, shard in enumerate(shards, 1) if job in shard.jobs]


@pytest.mark.parametrize("number", [0, 3])
def test_a_shard_that_there_is_not_is_refused(number):
    with pytest.raises(ValueError, match="it must be from 1 to 2"):
        Plan([], Path("out"), None).shard(number, 2)


def test_the_ledger_tells_addresses_from_paths(tmp_path):
    record = FileRecord(Stamp(), [PageResult(0, "done")])
    with Ledger(tmp_path / "books") as ledger:
        for output in (Url("s3://out/a.png"), tmp_path / "a.png"):
            ledger.start(output)
            ledger.finish(output, record)
        assert set(ledger.files()) == {Url("s3://out/a.png"), tmp_path / "a.png"}


def test_a_sample_is_drawn_once_and_copied_without_its_names(inbox, restorer, tmp_path):
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        run(plan, ledger, restorer)
    drawn = draw_sample(plan.jobs, 3, seed=5)
    assert drawn == draw_sample(plan.jobs, 3, seed=5) and len(set(drawn)) == 3
    assert draw_sample(plan.jobs, 99, seed=5) == plan.jobs
    named = {f"id{place}": job for place, job in enumerate(drawn)}
    raw, cleaned, left_out = copy_sample(named, tmp_path / "sample")
    assert not left_out and sorted(path.name for path in raw.iterdir()) == ["id0.png", "id1.png", "id2.png"]
    assert (cleaned / "id1.png").read_bytes() == drawn[1].output.read_bytes() != (raw / "id1.png").read_bytes()


def test_a_scan_that_is_gone_or_whose_output_is_is_left_out_of_the_copies_of_both(inbox, restorer, tmp_path):
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        run(plan, ledger, restorer)
    named = {f"id{place}": job for place, job in enumerate(plan.jobs[:3])}
    plan.jobs[0].source.unlink()
    plan.jobs[2].output.unlink()
    raw, cleaned, left_out = copy_sample(named, tmp_path / "sample")
    assert left_out == ["id0", "id2"]
    assert [path.name for path in (*raw.iterdir(), *cleaned.iterdir())] == ["id1.png", "id1.png"]


def test_a_store_is_asked_once_for_what_lies_there_and_not_once_a_file(inbox, restorer, memory, tmp_path, monkeypatch):
    plan = plan_places(inbox / "scans", Url("memory://out"))
    with Ledger(tmp_path / "books") as ledger:
        run(plan, ledger, restorer)
    listed = []
    real = type(memory).find
    monkeypatch.setattr(type(memory), "find", lambda *where, **how: (listed.append(where[1]), real(*where, **how))[1])
    plan_places(Url("memory://out"), Url("memory://again"))
    assert listed == ["/again", "/out"]
