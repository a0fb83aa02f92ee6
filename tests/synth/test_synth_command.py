"""`docpipe synth`: what it draws on, and what it refuses."""

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
