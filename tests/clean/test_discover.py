"""Which scans are found, and where their outputs go."""

import os
from pathlib import Path

import pytest

from docpipe.clean import plan_jobs
from docpipe.errors import InputError, UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that the tests stand in, with `scans/` in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("scans/b.png", "scans/a.TIF", "scans/deep/er/c.jpeg", "scans/notes.txt", "more/d.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def pairs(plan):
    return [(str(job.source), str(job.output)) for job in plan.jobs]


def test_a_folder_keeps_its_tree_beside_itself(folder):
    plan = plan_jobs(["scans/"])
    assert pairs(plan) == [
        ("scans/a.TIF", "scans-cleaned/a.TIF"),
        ("scans/b.png", "scans-cleaned/b.png"),
        ("scans/deep/er/c.jpeg", "scans-cleaned/deep/er/c.jpeg"),
    ]
    assert plan.where == Path("scans-cleaned") and plan.ignored == 1
    assert plan.ledger.parent == plan.where


def test_the_folder_one_stands_in_has_a_name_too(folder, monkeypatch):
    monkeypatch.chdir(folder / "scans")
    assert plan_jobs(["."]).where.resolve() == folder / "scans-cleaned"


def test_a_single_file_gets_a_sibling_and_no_ledger(folder):
    assert plan_jobs(["scans/b.png"]).ledger is None
    assert pairs(plan_jobs(["scans/b.png"])) == [("scans/b.png", "scans/b-cleaned.png")]


@pytest.mark.parametrize(
    ("out", "output"), [("x/y.png", "x/y.png"), ("more", "more/b.png"), ("new", "new/b.png"), ("v1.2", "v1.2/b.png")]
)
def test_out_names_a_file_or_a_folder(folder, out, output):
    assert pairs(plan_jobs(["scans/b.png"], Path(out))) == [("scans/b.png", output)]


def test_a_name_that_would_lie_about_the_format_is_refused(folder):
    with pytest.raises(UsageError, match="formats are kept"):
        plan_jobs(["scans/b.png"], Path("b.jpg"))
    assert plan_jobs(["scans/deep/er/c.jpeg"], Path("c.jpg")).jobs


def test_several_sources_share_one_folder(folder):
    plan = plan_jobs(["scans", "more/d.pdf"], Path("out"))
    assert [output for _, output in pairs(plan)] == [
        "out/scans/a.TIF", "out/scans/b.png", "out/scans/deep/er/c.jpeg", "out/d.pdf",
    ]  # fmt: skip


def test_several_sources_without_a_place_are_refused(folder):
    with pytest.raises(UsageError) as refused:
        plan_jobs(["scans", "more"])
    assert "-o" in refused.value.hint


def test_patterns_are_expanded(folder):
    assert len(plan_jobs(["scans/**/*.jpeg"]).jobs) == 1
    assert len(plan_jobs(["scans/*"], Path("out")).jobs) == 4  # a file named outright is tried, whatever its name


def test_a_name_with_pattern_characters_is_a_name_first(folder):
    (folder / "scans" / "[1].png").touch()
    assert pairs(plan_jobs(["scans/[1].png"])) == [("scans/[1].png", "scans/[1]-cleaned.png")]


@pytest.mark.parametrize("source", ["nothing", "nothing/*.png", "scans/deep/*.png"])
def test_what_is_not_there_is_named(folder, source):
    with pytest.raises(InputError, match="there is no"):
        plan_jobs([source])


def test_a_folder_without_scans_is_refused(folder):
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="no scan in empty"):
        plan_jobs(["empty"])


def test_inputs_are_never_outputs(folder):
    with pytest.raises(UsageError, match="inputs are never touched"):
        plan_jobs(["scans"], Path("scans"))
    (folder / "alias").symlink_to("scans")
    with pytest.raises(UsageError, match="inputs are never touched"):
        plan_jobs(["scans"], Path("alias"))
    (folder / "links").mkdir()
    (folder / "links" / "b.png").symlink_to("../scans/b.png")
    with pytest.raises(UsageError, match="inputs are never touched"):
        plan_jobs(["links/b.png"], Path("scans"))


@pytest.mark.parametrize("sources", [["scans"], ["scans/b.png"]])
@pytest.mark.parametrize("out", ["circle", "circle/deep/out.png"])
def test_an_output_that_leads_in_a_circle_is_refused(folder, sources, out):
    (folder / "circle").symlink_to("circle")
    with pytest.raises(UsageError, match="leads in a circle"):
        plan_jobs(sources, Path(out))


def test_two_scans_for_one_output_are_refused(folder):
    (folder / "more" / "b.png").touch()
    with pytest.raises(UsageError, match=r"both become out/b\.png"):
        plan_jobs(["scans/b.png", "more/b.png"], Path("out"))


def test_an_output_folder_inside_the_source_is_not_searched(folder):
    (folder / "scans" / "clean").mkdir()
    (folder / "scans" / "clean" / "b.png").touch()
    sources = [source for source, _ in pairs(plan_jobs(["scans"], Path("scans/clean")))]
    assert "scans/b.png" in sources and "scans/clean/b.png" not in sources


def test_links_to_folders_are_followed_but_not_in_circles(folder):
    (folder / "scans" / "linked").symlink_to("../more")
    (folder / "scans" / "deep" / "up").symlink_to("..")
    sources = [source for source, _ in pairs(plan_jobs(["scans"]))]
    assert "scans/linked/d.pdf" in sources and len(sources) == 4


def test_what_cannot_be_a_scan_is_known_before_anything_is_read(folder):
    (folder / "scans" / "dangling.png").symlink_to("nowhere")
    (folder / "scans" / "folder.png").mkdir()
    os.mkfifo(folder / "scans" / "pipe.png")
    (folder / "scans" / "self.png").symlink_to("self.png")
    (folder / "scans" / "circle").symlink_to("circle")
    problems = {job.source.name: job.problem for job in plan_jobs(["scans"]).jobs if job.problem}
    assert problems == {
        "dangling.png": "is a link that leads nowhere",
        "folder.png": "is a folder, not a scan",
        "pipe.png": "is not a regular file",
        "self.png": "cannot be reached: Too many levels of symbolic links",
    }


def test_a_folder_named_like_a_scan_is_searched(folder):
    (folder / "scans" / "x.png").mkdir()
    (folder / "scans" / "x.png" / "y.png").touch()
    assert ("scans/x.png/y.png", "scans-cleaned/x.png/y.png") in pairs(plan_jobs(["scans"]))


def test_our_own_files_are_not_scans(folder):
    (folder / "scans" / ".docpipe-0123.png").touch()
    assert len(plan_jobs(["scans"]).jobs) == 3
