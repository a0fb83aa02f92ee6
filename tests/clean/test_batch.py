"""The batch: what is done stays done, what fails is named, nothing half-written is ever seen."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from docpipe.clean import Batch, BatchOptions, Ledger, PageOptions, clean_file, plan_jobs
from docpipe.clean.files import part_of
from docpipe.clean.memory import MemoryBudget
from docpipe.errors import OutputError
from docpipe.imageio import ReadOptions
from docpipe.restore import Restorer
from tests.clean.conftest import Brighten


def run(inbox, restorer, *, page_options=None, **options):
    """One batch over the inbox, from plan to closed ledger: the reports by file name."""
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        reports = list(Batch(restorer, page_options, BatchOptions(**options)).run(plan.jobs, ledger))
    return {report.job.source.name: report for report in reports}


def outputs(inbox):
    return {path.name: path.read_bytes() for path in (inbox / "scans-cleaned").iterdir() if path.suffix != ".sqlite"}


def test_every_scan_is_cleaned_under_its_own_name(inbox, restorer):
    reports = run(inbox, restorer)
    assert sorted(outputs(inbox)) == sorted(reports) == [f"{number}.png" for number in range(5)]
    before = np.asarray(Image.open(inbox / "scans" / "2.png"))
    after = np.asarray(Image.open(inbox / "scans-cleaned" / "2.png"))
    assert np.array_equal(after, np.minimum(before, 235) + 20)


def test_a_page_that_is_kept_is_copied_byte_for_byte(inbox, restorer):
    Image.new("RGB", (1, 1), (250, 10, 10)).save(inbox / "scans" / "dot.png")
    Image.new("P", (300, 200), 3).save(inbox / "scans" / "blank.png")
    run(inbox, restorer)
    for name in ("dot.png", "blank.png"):
        assert (inbox / "scans-cleaned" / name).read_bytes() == (inbox / "scans" / name).read_bytes()


def test_a_second_run_does_nothing(inbox, restorer, engine):
    run(inbox, restorer)
    first, calls = outputs(inbox), len(engine.calls)
    reports = run(inbox, restorer)
    assert all(report.was_done for report in reports.values()) and len(engine.calls) == calls
    assert outputs(inbox) == first


def test_force_does_everything_again(inbox, restorer, engine):
    run(inbox, restorer)
    assert not any(report.was_done for report in run(inbox, restorer, force=True).values())
    assert len(engine.calls) == 10


def test_only_what_changed_is_done_again(inbox, restorer, engine, printed):
    run(inbox, restorer)
    Image.fromarray(printed(paper=90)).save(inbox / "scans" / "1.png")
    (inbox / "scans-cleaned" / "3.png").unlink()
    with (inbox / "scans-cleaned" / "4.png").open("ab") as cut_or_grown:
        cut_or_grown.write(b"x")
    reports = run(inbox, restorer)
    assert sorted(name for name, report in reports.items() if not report.was_done) == ["1.png", "3.png", "4.png"]


def test_other_settings_do_everything_again(inbox, restorer):
    run(inbox, restorer)
    assert not any(report.was_done for report in run(inbox, Restorer(Brighten(by=21))).values())
    colour = PageOptions(ReadOptions(keep_colour=True))
    assert not any(report.was_done for report in run(inbox, Restorer(Brighten(by=21)), page_options=colour).values())


def test_a_touched_file_is_hashed_but_not_cleaned_again(inbox, restorer, engine):
    run(inbox, restorer)
    os.utime(inbox / "scans" / "1.png", (1, 1))
    assert all(report.was_done for report in run(inbox, restorer).values())
    assert len(engine.calls) == 5
    (record,) = [r.record for r in run(inbox, restorer).values() if r.job.source.name == "1.png"]
    assert record.stamp.mtime_ns == 1_000_000_000, "the new time was not noted: it would be hashed every time"


def test_verify_finds_a_change_that_size_and_time_hide(inbox, restorer, engine):
    run(inbox, restorer)
    path = inbox / "scans" / "1.png"
    status, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 0xFF  # behind the last chunk's check sum: the picture is the same, the content is not
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(inbox, restorer)["1.png"].was_done
    assert not run(inbox, restorer, verify=True)["1.png"].was_done


def test_a_failed_page_is_tried_again(inbox, restorer):
    good = (inbox / "scans" / "1.png").read_bytes()
    (inbox / "scans" / "1.png").write_bytes(good[: len(good) // 2])
    assert run(inbox, restorer)["1.png"].failed
    assert run(inbox, restorer)["1.png"].failed
    (inbox / "scans" / "1.png").write_bytes(good)
    assert not run(inbox, restorer)["1.png"].failed


def test_stopping_finishes_what_is_in_work_and_the_next_run_goes_on(inbox, engine):
    batch = Batch(Restorer(engine), options=BatchOptions(jobs=1))
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        for _ in batch.run(plan.jobs, ledger):
            batch.stop.set()
    done = outputs(inbox)
    assert 1 <= len(done) <= 3 and not any(name.endswith(".part") for name in done)
    run(inbox, Restorer(engine))
    assert len(engine.calls) == 5, "a page was cleaned twice"
    assert len(outputs(inbox)) == 5


def test_any_number_of_jobs_gives_the_same_bytes(inbox, restorer):
    run(inbox, restorer)
    one = outputs(inbox)
    run(inbox, restorer, force=True, jobs=4)
    assert outputs(inbox) == one


def failing_open(monkeypatch, name, number):
    """Make reading or writing the file whose name begins with `name` fail as the operating system would."""
    real_open = Path.open

    def open_(path, *args, **kwargs):
        if path.name.startswith(name):
            raise OSError(number, os.strerror(number), str(path))
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_)


def test_a_read_that_fails_is_named_and_the_others_are_cleaned(inbox, restorer, monkeypatch):
    failing_open(monkeypatch, "2.png", errno.EIO)
    reports = run(inbox, restorer)
    assert [name for name, report in reports.items() if report.failed] == ["2.png"]
    assert "Input/output error" in reports["2.png"].record.pages[0].reason
    assert len(outputs(inbox)) == 4


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_no_place_left_ends_the_batch_and_loses_nothing(inbox, restorer, monkeypatch, number):
    part = part_of(inbox / "scans-cleaned" / "3.png").name.split("-")[:3]
    with monkeypatch.context() as patch:
        failing_open(patch, "-".join(part), number)
        with pytest.raises(OutputError, match=os.strerror(number)):
            run(inbox, restorer)
    assert not list(inbox.rglob("*.part")) and (inbox / "scans" / "3.png").exists()
    reports = run(inbox, restorer)
    assert len(outputs(inbox)) == 5 and any(report.was_done for report in reports.values())


def test_a_place_that_one_file_cannot_take_fails_that_file_only(inbox, restorer):
    (inbox / "scans-cleaned" / "1.png").mkdir(parents=True)
    reports = run(inbox, restorer, force=True)
    assert [name for name, report in reports.items() if report.failed] == ["1.png"]
    assert "cannot be written" in reports["1.png"].record.pages[0].reason


def test_half_written_files_of_a_killed_run_are_cleared(inbox, restorer):
    plan = plan_jobs([str(inbox / "scans")])
    with Ledger(plan.ledger) as ledger:
        ledger.start(plan.jobs[0].output)
    part = Path(str(part_of(plan.jobs[0].output)).replace(str(os.getpid()), "1"))
    part.write_bytes(b"half")
    plan.jobs[0].source.unlink()
    run(inbox, restorer)
    assert not part.exists()


def test_a_bug_is_not_swallowed_and_what_was_finished_is_noted(inbox, engine, monkeypatch):
    monkeypatch.setattr(engine, "restore", lambda gray, glyph_px: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(inbox, Restorer(engine))
    assert not list(inbox.rglob("*.part"))


def test_a_page_larger_than_the_budget_is_let_in_alone():
    budget = MemoryBudget(100)
    with budget.hold(500):
        pass


def test_who_finds_too_little_memory_left_waits():
    budget, entered = MemoryBudget(100), threading.Event()

    def second():
        with budget.hold(50):
            entered.set()

    with budget.hold(60):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not entered.wait(0.2), "both were let in"
    assert entered.wait(5)
    waiting.join()


def test_pages_are_held_against_the_budget(inbox, restorer):
    held = []

    class Budget(MemoryBudget):
        def hold(self, needed):
            held.append(needed)
            return super().hold(needed)

    (job,) = plan_jobs([str(inbox / "scans" / "0.png")]).jobs
    clean_file(job, restorer, PageOptions(), Budget(10**9))
    with Image.open(job.source) as page:
        assert held == [page.width * page.height * 8]


def test_memory_that_runs_out_fails_the_page_and_not_the_batch(inbox, engine):
    def restore(gray, glyph_px):
        raise MemoryError

    engine.restore = restore
    reports = run(inbox, Restorer(engine))
    assert all(report.failed and "memory" in report.record.pages[0].reason for report in reports.values())


def test_another_scan_for_the_same_output_is_not_taken_for_the_first(inbox, restorer):
    """Same name, size and time of modification, another card: a confusion of persons."""
    other = inbox / "other"
    other.mkdir()
    pixels = np.asarray(Image.open(inbox / "scans" / "0.png").convert("L"))
    Image.fromarray(pixels).save(inbox / "scans" / "card.bmp")
    Image.fromarray(np.ascontiguousarray(pixels[:, ::-1])).save(other / "card.bmp")
    for path in (inbox / "scans" / "card.bmp", other / "card.bmp"):
        os.utime(path, (1, 1))
    cleaned = []
    for source in ("scans", "other"):
        plan = plan_jobs([str(inbox / source)], inbox / "out")
        with Ledger(plan.ledger) as ledger:
            list(Batch(restorer).run(plan.jobs, ledger))
        cleaned.append((inbox / "out" / "card.bmp").read_bytes())
    assert cleaned[0] != cleaned[1]


def test_a_file_that_is_not_ours_is_not_overwritten_unless_forced(inbox, restorer):
    (inbox / "scans-cleaned").mkdir()
    (inbox / "scans-cleaned" / "2.png").write_text("a letter home")
    for _ in range(2):  # nor by the run after the one that spared it
        reports = run(inbox, restorer)
        assert [name for name, report in reports.items() if report.failed] == ["2.png"]
        assert "is there already" in reports["2.png"].record.pages[0].reason
        assert (inbox / "scans-cleaned" / "2.png").read_text() == "a letter home"
    assert not any(report.failed for report in run(inbox, restorer, force=True).values())


def test_the_output_of_an_earlier_version_is_named_where_the_new_one_fails(inbox, restorer):
    run(inbox, restorer)
    (inbox / "scans" / "1.png").write_bytes(b"damaged")
    assert "earlier version is still there" in run(inbox, restorer)["1.png"].hint


def test_a_file_of_several_pages_stays_one_file_and_keeps_the_blank_ones(inbox, restorer, printed):
    blank = Image.new("1", (400, 300), 1)
    print_ = Image.fromarray(printed(paper=200))
    print_.encoderinfo = {"compression": "tiff_lzw"}
    source = inbox / "scans" / "three.tif"
    blank.save(source, save_all=True, append_images=[print_, blank], dpi=(200, 200), compression="group4")
    report = run(inbox, restorer)["three.tif"]
    assert [page.choice for page in report.record.pages] == ["original", "restored", "original"]
    with Image.open(inbox / "scans-cleaned" / "three.tif") as cleaned:
        modes = []
        for page in range(3):
            cleaned.seek(page)
            modes.append(cleaned.mode)
    assert modes == ["1", "L", "1"]


def test_one_file_can_be_cleaned_without_a_ledger(inbox, restorer):
    (job,) = plan_jobs([str(inbox / "scans" / "0.png")]).jobs
    report = clean_file(job, restorer, PageOptions(), MemoryBudget(10**9))
    assert not report.failed and job.output.exists()
    assert report.record.stamp.out_size == job.output.stat().st_size
