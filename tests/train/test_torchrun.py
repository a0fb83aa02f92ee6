"""A chain on several processes, started as a person starts it: by torchrun."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from docpipe.cli import main
from docpipe.errors import ExitCode
from docpipe.train.run_folder import load_checkpoint

ROOT = Path(__file__).parents[2]
CHAIN = """
name = "tiny"
cards = "{cards}"
network = "dncnn"
widths = [6]
critic = "patch"
critic_widths = [8]
batch = 4
steps = 2
crop_px = 32
warmup = 1
check_every = 2
checked = 4

[[stage]]
stage = "pixels"

[[stage]]
stage = "critic"
start_from = "pixels"

[[stage]]
stage = "adversarial"
start_from = "pixels"
critic_from = "critic"
critic_threshold = 0.0

[[stage]]
stage = "distil"
teacher = "adversarial"
"""


def torchrun(*arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run([*command, "-m", "docpipe", "train", *arguments], cwd=ROOT, capture_output=True, text=True,
                           timeout=240, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


@pytest.mark.slow
def test_a_chain_on_two_processes_ends_with_the_weights_of_one_and_goes_on(cards, tmp_path):
    """Two batches of 2 give the step that one batch of 4 gives, as no normalisation knows of its batch."""
    chain = tmp_path / "chain.toml"
    chain.write_text(CHAIN.format(cards=cards))
    alone = CliRunner().invoke(main, ["train", str(chain), "--runs", str(tmp_path / "alone")])
    assert alone.exit_code == ExitCode.OK, alone.output
    said = torchrun(str(chain), "--runs", str(tmp_path / "both"), "--set", "batch=2")
    assert said.count("-> ") == 1, "the first alone speaks"
    one, run = tmp_path / "alone/001-tiny", tmp_path / "both/001-tiny"
    assert [path.name for path in (tmp_path / "both").iterdir()] == ["001-tiny"], "both write into one folder"
    names = sorted(path.relative_to(one) for path in one.glob("*/*.safetensors"))
    assert len(names) == 5, "a network a stage, and the critic of the third"
    for name in names:
        shared = load_file(run / name)
        assert all(torch.allclose(value, shared[key], atol=1e-5) for key, value in load_file(one / name).items()), name
    torchrun("--resume", str(run), "--set", "distil.steps=4")
    assert load_checkpoint(run / "4-distil")["step"] == 4 and load_checkpoint(run / "1-pixels")["step"] == 2
    assert json.loads((run / "chain.json").read_text())["resumed"][0]["changes"] == {"distil.steps": "4"}
