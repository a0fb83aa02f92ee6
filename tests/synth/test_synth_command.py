"""`docpipe synth`: what it draws on, and what it refuses."""

import json
from importlib.resources import files

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from docpipe.cli import main
from docpipe.errors import ExitCode


def synth(*arguments):
    return CliRunner().invoke(main, ["synth", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["-o", "out"], "--cards COUNT"),
        (["--cards", 1, "--from", ".", "-o", "out"], "--from SCANS"),
        (["--cards", 1], "--pack FILE"),
        (["--cards", 1, "-o", "out", "--pack", "cards.zip"], "--pack FILE"),
        (["--cards", 1, "--dpi", 300, 200, "-o", "out"], "the lower one comes first"),
        (["--cards", 1, "--sheets", "--pack", "cards.zip"], "synthetic cards alone"),
        (["--cards", 1, "--layout", "td1", "--pack", "cards.zip"], "synthetic cards alone"),
        (["--from", ".", "--layout", "td1", "-o", "out"], "--layout is of synthetic cards"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused_in_one_line(arguments, what):
    ended = synth(*arguments)
    assert ended.exit_code == ExitCode.USAGE and what in ended.stderr


def test_noise_is_drawn_on_own_scans_and_a_bad_one_is_named(tmp_path):
    scans = tmp_path / "clean"
    scans.mkdir()
    Image.fromarray(np.full((80, 120), 240, np.uint8)).save(scans / "good.png", dpi=(300, 300))
    (scans / "bad.png").write_bytes(b"no picture")
    ended = synth("--from", scans, "--draws", 3, "-o", tmp_path / "pairs", "-w", 1)
    assert ended.exit_code == ExitCode.SOME_PAGES_FAILED
    assert "bad.png" in ended.stderr and "3 pairs of 1 of 2 scans" in ended.stderr
    assert len(list((tmp_path / "pairs" / "noisy").iterdir())) == 3


def test_layouts_are_taken_in_turn_and_one_of_the_users_own_among_them(tmp_path):
    shipped = files("docpipe.cards") / "layouts" / "national.toml"
    (tmp_path / "club.toml").write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    layouts = ["--layout", "td1", "--layout", tmp_path / "club.toml"]
    ended = synth("--cards", 3, *layouts, "-o", tmp_path / "cards", "-w", 1)
    assert ended.exit_code == 0, ended.output
    truths = (tmp_path / "cards" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["layout"] for line in truths] == ["td1", "club", "td1"]


def test_a_layout_for_testing_only_is_drawn_for_tests_alone(tmp_path):
    refused = synth("--cards", 1, "--layout", "td2", "-o", tmp_path / "train", "-w", 1)
    assert refused.exit_code == ExitCode.BAD_INPUT and "td2 is for testing only" in refused.stderr
    assert not (tmp_path / "train").exists()
    copied = tmp_path / "ours.toml"
    copied.write_text((files("docpipe.cards") / "layouts" / "td2.toml").read_text(encoding="utf-8"), encoding="utf-8")
    refused = synth("--cards", 1, "--layout", copied, "-o", tmp_path / "train", "-w", 1)
    assert refused.exit_code == ExitCode.BAD_INPUT and "for testing only" in refused.stderr
    drawn = synth("--cards", 1, "--layout", "td2", "--split", "test", "-o", tmp_path / "test", "-w", 1)
    assert drawn.exit_code == 0
