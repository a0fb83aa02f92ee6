"""Going on with a run: what is refused is refused before anything is written, and what goes on is not stale."""

import errno
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from docpipe.cli import main
from docpipe.errors import ExitCode
from docpipe.train.chain import Chain
from docpipe.train.chain_run import new_chain_run, run_chain
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import LOG, append_log, load_checkpoint, new_run, read_config
from docpipe.train.running import Place


@pytest.fixture
def run(config, tmp_path):
    """A run of one stage at its end."""
    run = new_run(tmp_path / "runs", config)
    pretrain(config, run)
    return run


def resume(run, *changes):
    """`docpipe train --resume RUN --set CHANGE ...`."""
    return CliRunner().invoke(main, ["train", "--resume", str(run), *(f"--set={change}" for change in changes)])


def kept_in(run):
    return {path: path.read_bytes() for path in run.rglob("*.json")}


@pytest.mark.parametrize(
    ("change", "exit_code", "complaint"),
    [
        ("network=dncnn", ExitCode.USAGE, "network cannot be changed any more"),
        ("widths=[4, 6]", ExitCode.USAGE, "widths cannot be changed any more"),
        ("optimiser=muon", ExitCode.USAGE, "optimiser cannot be changed any more"),
        ("stage=noise2noise", ExitCode.USAGE, "stage cannot be changed any more"),
        ("critic=patch", ExitCode.USAGE, "critic cannot be changed any more"),
        ("crop_px=30", ExitCode.USAGE, "crop_px is 30"),
        ("recipe=nix", ExitCode.BAD_INPUT, "no recipe 'nix'"),
        ("cards=/nix", ExitCode.BAD_INPUT, "holds no cards"),
    ],
)
def test_a_change_that_a_run_cannot_take_is_refused_in_one_line_and_the_run_goes_on_without_it(
    run, change, exit_code, complaint
):
    kept = kept_in(run)
    refused = resume(run, change, "steps=6")
    error = refused.stderr.splitlines()[0]
    assert refused.exit_code == exit_code and error.startswith("error: ") and complaint in error
    assert kept_in(run) == kept
    assert resume(run, "steps=5").exit_code == ExitCode.OK and load_checkpoint(run)["step"] == 5


def test_what_was_logged_behind_the_checkpoint_is_not_logged_twice(run):
    def logged():
        return [json.loads(line)["step"] for line in (run / LOG).read_text().splitlines()]

    before = logged()
    append_log(run, step=before[-1] + 1)
    with (run / LOG).open("a") as log:
        log.write('{"step": 9')          # cut short by a kill
    assert resume(run, "steps=6").exit_code == ExitCode.OK
    assert logged() == [*before, 6]


def test_a_run_in_which_another_process_trains_is_left_alone(run):
    kept = kept_in(run)
    code = f"from docpipe.train.run_folder import *\nwith alone_in(Path({str(run)!r})):\n print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        refused = resume(run, "steps=6")
        other.communicate(b"\n")
    assert refused.exit_code == ExitCode.USAGE and "another process trains" in refused.stderr.splitlines()[0]
    assert kept_in(run) == kept
    assert resume(run, "steps=6").exit_code == ExitCode.OK


def test_a_damaged_log_is_named(run):
    with (run / LOG).open("a") as log:
        log.write('{"step": 6}{"step": 7}\n')
    refused = resume(run, "steps=6")
    assert refused.exit_code == ExitCode.BAD_INPUT and f"{LOG} is damaged" in refused.stderr.splitlines()[0]


def test_a_folder_that_is_no_run_stays_as_it_is(tmp_path):
    refused = resume(tmp_path, "steps=6")
    assert refused.exit_code == ExitCode.BAD_INPUT and "is no training run" in refused.stderr.splitlines()[0]
    assert not list(tmp_path.iterdir())


def test_a_run_that_nothing_may_be_written_to_is_named(run, monkeypatch):
    def refuse(_path, _mode):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("docpipe.train.run_folder.Path.open", refuse)
    refused = resume(run, "steps=6")
    assert refused.exit_code == ExitCode.BAD_INPUT and "cannot be written to" in refused.stderr.splitlines()[0]


def test_where_a_file_system_has_no_locks_a_run_goes_on_without(run, monkeypatch):
    def refuse(_file, _how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("docpipe.train.run_folder.fcntl.lockf", refuse)
    assert resume(run, "steps=6").exit_code == ExitCode.OK


@pytest.fixture
def chain_run(config, tmp_path):
    """A run of two stages at its end, the second of which goes on from the first."""
    more = replace(config, start_from="pixels")
    chain = Chain("tiny", {"pixels": config, "more": more})
    run = new_chain_run(tmp_path / "runs", chain)
    run_chain(chain, run, Place("cpu"))
    return run


def test_a_change_that_a_chain_cannot_take_is_refused_and_the_chain_goes_on_without_it(chain_run):
    kept = kept_in(chain_run)
    for change, exit_code, complaint in (
        ("more.network=dncnn", ExitCode.USAGE, "network cannot be changed any more"),
        ("network=dncnn", ExitCode.USAGE, "network cannot be changed any more"),
        ("more.crop_px=30", ExitCode.USAGE, "crop_px is 30"),
        ("more.recipe=nix", ExitCode.BAD_INPUT, "no recipe 'nix'"),
        ("more.steps=3", ExitCode.USAGE, "stands at 4 already"),
    ):
        refused = resume(chain_run, change)
        error = refused.stderr.splitlines()[0]
        assert refused.exit_code == exit_code and error.startswith("error: ") and complaint in error
        assert kept_in(chain_run) == kept
    assert resume(chain_run, "more.steps=5").exit_code == ExitCode.OK
    assert load_checkpoint(chain_run / "2-more")["step"] == 5


def test_a_stage_that_went_on_says_when_with_what_and_by_which_code(chain_run, monkeypatch):
    first = read_config(chain_run / "2-more")[1]
    monkeypatch.setattr("docpipe.train.run_folder.commit", lambda: "newer")
    assert resume(chain_run, "more.steps=5", "more.learning_rate=0.002").exit_code == ExitCode.OK
    config, started_from = read_config(chain_run / "2-more")
    assert (config.steps, config.learning_rate, started_from) == (5, 0.002, first)
    (resumed,) = json.loads((chain_run / "2-more" / "config.json").read_text())["resumed"]
    assert resumed == {"step": 4, "changes": {"steps": "5", "learning_rate": "0.002"}, "commit": "newer"}
    assert json.loads((chain_run / "1-pixels" / "config.json").read_text())["resumed"] == []


def test_an_early_stage_does_not_learn_on_once_a_later_one_has_begun_with_what_it_left(chain_run):
    kept = kept_in(chain_run)
    for change in ("pixels.steps=6", "steps=6"):
        refused = resume(chain_run, change)
        assert refused.exit_code == ExitCode.USAGE
        assert refused.stderr.splitlines()[0] == "error: pixels cannot learn on: more has begun with what it left"
        assert kept_in(chain_run) == kept and load_checkpoint(chain_run / "1-pixels")["step"] == 4
    (chain_run / "2-more" / "checkpoint.pt").unlink()
    assert resume(chain_run, "pixels.steps=6").exit_code == ExitCode.OK, "the later one begins anew"
    assert load_checkpoint(chain_run / "1-pixels")["step"] == 6
