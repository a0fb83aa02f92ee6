"""One name for one file, however it is written; finding it costs a folder once."""

from pathlib import Path

import pytest

from docpipe.clean import Batch, Ledger, PageOptions, Worklist, plan_jobs, settings_of
from docpipe.clean.paths import Url, real_path, real_place, resolve_once


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that the tests stand in: `real/deep/`, a link to it, and a link to a file."""
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "deep" / "a.png").touch()
    (tmp_path / "link").symlink_to("real/deep")
    (tmp_path / "alias.png").symlink_to("real/deep/a.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


NAMES = {
    "a.png": "a.png",
    "./real/deep/a.png": "real/deep/a.png",
    "real/../a.png": "a.png",
    "link/a.png": "real/deep/a.png",
    "link/../a.png": "real/a.png",                      # up from where the link leads, as the system does
    "alias.png": "alias.png",                           # a link as the last part is the file that is named
    "gone/with/../a.png": "gone/a.png",
}


@pytest.mark.parametrize(("written", "real"), NAMES.items())
def test_a_file_has_one_name_and_the_same_one_where_its_folder_is_resolved_once(folder, written, real):
    resolve = resolve_once()
    assert real_path(Path(written)) == folder / real
    for path in (Path(written), folder / written, Path(written)):
        assert real_path(path, resolve) == folder / real


def test_an_address_is_its_own_name():
    assert real_place(Url("s3://in/../a.png"), resolve_once()) == Url("s3://in/../a.png")


def test_a_link_that_leads_elsewhere_by_now_is_seen_by_the_next_look(folder):
    assert real_path(Path("link/a.png"), resolve_once()) == folder / "real" / "deep" / "a.png"
    (folder / "link").unlink()
    (folder / "link").symlink_to("real")
    assert real_path(Path("link/a.png"), resolve_once()) == folder / "real" / "a.png"


@pytest.mark.parametrize("files", [2, 5])
def test_a_second_run_resolves_folders_and_not_files(inbox, restorer, monkeypatch, files):
    names = [str(inbox / "scans" / f"{number}.png") for number in range(files)]
    plan = plan_jobs(names, inbox / "out")
    with Ledger(inbox / "ledger") as ledger:
        reports = list(Batch(restorer).run(plan.jobs, ledger))
        assert len(reports) == files and not any(report.failed or report.was_done for report in reports)
        resolved, resolve = [], Path.resolve
        monkeypatch.setattr(Path, "resolve", lambda path: (resolved.append(path), resolve(path))[1])
        assert len(Worklist(plan.jobs, ledger, settings_of(restorer, PageOptions())).done) == files
    assert sorted(resolved) == [inbox / "out", inbox / "scans"]
