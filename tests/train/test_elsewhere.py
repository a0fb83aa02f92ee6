"""Training away from home: from a pack, on a bare server, on several processes, in other precisions."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError, OutputError
from docpipe.synth.pack import write_pack
from docpipe.train.data import CleanCards
from docpipe.train.export import export
from docpipe.train.onnx_file import PRECISIONS, write_onnx
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import new_run

ROOT = Path(__file__).parents[2]
BLOCKED = """
import socket, sys

def blocked(*arguments, **options):
    raise AssertionError("a socket was opened")

for name in ("albumentations", "faker", "onnx", "onnxruntime", "pdf417gen", "prefect", "pypdf", "pypdfium2",
             "pytesseract", "segmentation_models_pytorch", "tensorboard", "tesserocr", "torchvision"):
    sys.modules[name] = None
socket.socket.connect = socket.socket.sendto = socket.getaddrinfo = blocked
"""
BARE = BLOCKED + """
from docpipe.cli import main
main(sys.argv[1:])
"""
BARE_RUN = BLOCKED + """
from eval.train_on_gpu import main
sys.argv = sys.argv[1:]
main()
"""
ONE_STAGE = """
import json, sys
from pathlib import Path
from docpipe.train.config import make_config
from docpipe.train.stages import run_stage
run_stage(make_config(json.loads(sys.argv[1]), "arguments"), Path(sys.argv[2]))
"""
TINY = """
name = "tiny"
cards = "{pack}"
widths = [8, 12]
steps = 2
batch = 2
crop_px = 32
check_every = 2
checked = 4
"""


def python(code, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
    )  # fmt: skip


@pytest.mark.slow
def test_a_pack_is_the_same_for_any_number_of_workers_and_trains(installed_fonts, config, tmp_path):
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    assert write_pack(one, 3, seed=4) == write_pack(two, 3, seed=4, workers=2) == 3
    assert one.read_bytes() == two.read_bytes()
    cards = CleanCards(one).cards
    assert len(cards) == 3 and all(200 <= card.page.dpi[0] <= 300 for card in cards)
    assert all(len(card.texts) == len(card.boxes) > 3 and any(card.texts) for card in cards)
    pretrain(replace(config, cards=str(one)), tmp_path)
    with pytest.raises(OutputError, match="already"):
        write_pack(one, 3)


@pytest.mark.slow
def test_a_pack_ends_where_it_would_become_too_large(installed_fonts, tmp_path, monkeypatch):
    monkeypatch.setitem(write_pack.__globals__, "LARGEST_BYTES", 600_000)
    held = write_pack(tmp_path / "small.zip", 9)
    assert 0 < held < 9 and (tmp_path / "small.zip").stat().st_size < 600_000
    with zipfile.ZipFile(tmp_path / "small.zip") as pack:
        assert len(pack.read("truth.jsonl").splitlines()) == held == len(pack.namelist()) - 1


def test_the_command_wants_a_folder_or_a_pack(tmp_path):
    for options in ([], ["-o", str(tmp_path / "f"), "--pack", str(tmp_path / "p.zip")]):
        ended = CliRunner().invoke(main, ["synth", "--cards", "1", *options])
        assert ended.exit_code == ExitCode.USAGE and "--pack" in ended.stderr


def test_a_file_that_is_no_pack_is_refused(tmp_path):
    (tmp_path / "cards.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match="holds no cards"):
        CleanCards(tmp_path / "cards.zip")


@pytest.mark.slow
def test_a_bare_server_trains_by_the_command_and_goes_on(cards, tmp_path):
    """No network, no program on the path (Tesseract, the list of fonts, git), and no package but those of training."""
    pack = shutil.make_archive(str(tmp_path / "cards"), "zip", cards)
    (tmp_path / "tiny.toml").write_text(TINY.format(pack=pack))
    (tmp_path / "nothing").mkdir()
    run = tmp_path / "runs/001-tiny"
    begin, go_on = [str(tmp_path / "tiny.toml"), "--runs", str(run.parent)], ["--resume", str(run), "--set", "steps=4"]
    for arguments in (begin, go_on):
        ended = python(BARE, "train", *arguments, PATH=str(tmp_path / "nothing"))
        assert ended.returncode == 0, ended.stderr
        assert f"-> {run}" in ended.stderr
    assert (run / "generator.safetensors").exists() and not (run / "events").exists()
    assert [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()] == [2, 4]


@pytest.mark.slow
def test_two_processes_share_the_work_of_one(config, cards, tmp_path):
    """Two batches of 2 give the step that one batch of 4 gives, where no normalisation knows of its batch."""
    one = replace(config, network="dncnn", widths=(6,), batch=4, check_every=9)
    pretrain(one, new_run(tmp_path, one))
    both = tmp_path / "both"
    both.mkdir()
    variables = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(29_500 + os.getpid() % 500), "WORLD_SIZE": "2"}
    values = json.dumps(asdict(replace(one, batch=2)))
    second = subprocess.Popen(
        [sys.executable, "-c", ONE_STAGE, values, str(both)], cwd=ROOT, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables, "RANK": "1", "LOCAL_RANK": "1"},
    )  # fmt: skip
    first = python(ONE_STAGE, values, str(both), **variables, RANK="0", LOCAL_RANK="0")
    _, said = second.communicate(timeout=60)
    assert first.returncode == second.returncode == 0, first.stderr + said.decode()
    alone, shared = (load_file(folder / "generator.safetensors") for folder in (tmp_path / "001-tiny", both))
    assert all(torch.allclose(value, shared[name], atol=1e-5) for name, value in alone.items())
    assert len((both / "log.jsonl").read_text().splitlines()) == 1, "the first alone writes"


@pytest.mark.slow
def test_the_run_for_a_gpu_goes_its_whole_way_at_tiny_size(cards, tmp_path):
    pack = Path(shutil.make_archive(str(tmp_path / "cards"), "zip", cards))
    command = [sys.executable, "-m", "eval.train_on_gpu", "--tiny", "--pack", str(pack)]
    command += ["-o", str(tmp_path / "home"), "--work", str(tmp_path / "work")]
    for _ in range(2):  # the second time all stages are done, and only what is brought home is written anew
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
    assert "going on with" in ended.stdout
    home = {path.name for path in (tmp_path / "home").iterdir()}
    model = {"model.onnx", "card.json", "model.safetensors"}
    assert home == {*model, "log.jsonl", "curves.png", "samples.jpg", "about.json"}
    stages = json.loads((tmp_path / "home/about.json").read_text())["stages"]
    assert list(stages) == ["1-pixels", "2-critic", "3-adversarial", "4-distil"]


@pytest.mark.slow
def test_what_a_server_without_onnx_sends_home_is_a_model_there(cards, tmp_path):
    pack = Path(shutil.make_archive(str(tmp_path / "cards"), "zip", cards))
    gone = tmp_path / "gone.zip"
    pack.rename(gone)
    train = [f"--pack={gone}", f"--out={tmp_path / 'home'}", f"--work={tmp_path / 'work'}"]
    ended = python(BARE_RUN, "train_on_gpu", "--tiny", *train)
    assert ended.returncode == 0, ended.stderr
    assert "no export: " in ended.stdout
    gone.rename(pack)
    card = export(tmp_path / "home", tmp_path / "model", version="1", changes={"cards": str(pack)})
    assert card["network"]["widths"] == (4, 8) and card["steps"] == 6


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_other_precisions_restore_nearly_the_same(config, tmp_path, precision):
    run = new_run(tmp_path / "runs", config)
    pretrain(config, run)
    card = export(run, tmp_path / "model", version="1", precision=precision)
    whole = export(run, tmp_path / "whole", version="1")
    assert card["network"]["precision"] == precision and card["stride"] == whole["stride"]
    from docpipe.restore.onnx_engine import OnnxEngine

    page = np.random.default_rng(1).integers(0, 256, (100, 90), np.uint8)
    nearly, exactly = (OnnxEngine(tmp_path / name, device="cpu").restore(page, 20) for name in ("model", "whole"))
    assert nearly.shape == page.shape and np.abs(nearly.astype(int) - exactly).mean() < 2
    assert (tmp_path / "model/model.onnx").read_bytes() != (tmp_path / "whole/model.onnx").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_batch_height_and_width_of_an_exported_network_are_free(config, tmp_path, precision):
    run = new_run(tmp_path / "runs", config)
    pretrain(config, run)
    stride = export(run, tmp_path / "model", version="1", precision=precision)["stride"]
    session = ort.InferenceSession(tmp_path / "model/model.onnx")
    for height, width in ((24 * stride, 10 * stride), (7 * stride, 16 * stride)):
        pages = np.random.default_rng(3).random((3, 1, height, width), np.float32)
        (together,) = session.run(None, {"page": pages})
        single = [session.run(None, {"page": page[None]})[0] for page in pages]
        assert together.shape == pages.shape and together.dtype == np.float32
        assert np.abs(together - np.concatenate(single)).max() < 1e-3
        assert np.abs(together[0] - together[1]).max() > 0.1, "each page is restored, not the first three times"


class Wild(torch.nn.Module):
    """Halves a page; beside it a layer runs far below zero where there is white, and a ReLU makes nothing of it."""

    def __init__(self):
        super().__init__()
        layers = [torch.nn.Conv2d(before, after, 1) for before, after in ((1, 2), (2, 2), (2, 1))]
        weights = ([[1.0], [1.0]], [[1.0, 0.0], [0.0, -1e4]], [[0.5, 0.0]])
        for layer, weight in zip(layers, weights, strict=True):
            layer.weight.data = torch.tensor(weight)[..., None, None]
            layer.bias.data.zero_()
        layers[0].bias.data[1] = -0.99
        self.layers = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])

    def forward(self, page):
        return page - self.layers(page)


def test_one_page_on_which_a_layer_runs_wild_does_not_spoil_int8(tmp_path):
    rng = np.random.default_rng(1)
    pages = [rng.integers(0, 200, (256, 256), np.uint8) for _ in range(9)]
    pages[4][:] = 255
    write_onnx(Wild().eval(), tmp_path / "model.onnx", "int8", pages)
    given = pages[0][None, None].astype(np.float32) / 255
    (made,) = ort.InferenceSession(tmp_path / "model.onnx").run(None, {"page": given})
    assert np.abs(made - given / 2).mean() < 0.005


def test_int8_is_calibrated_on_small_pages_too(tmp_path):
    pages = [np.random.default_rng(1).integers(0, 200, (90, 300), np.uint8)]
    write_onnx(Wild().eval(), tmp_path / "model.onnx", "int8", pages)
    given = pages[0][None, None].astype(np.float32) / 255
    (made,) = ort.InferenceSession(tmp_path / "model.onnx").run(None, {"page": given})
    assert np.abs(made - given / 2).mean() < 0.005
