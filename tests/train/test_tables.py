"""The tables of networks in eval/: which networks a folder holds, what is measured, where pass rates come from."""

import json
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from docpipe.errors import InputError
from docpipe.models import GENERATORS
from docpipe.restore import SHIPPED_MODEL
from docpipe.restore.model_card import load_model
from docpipe.train.export import export
from docpipe.train.losses import psnr
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import new_run
from docpipe.train.weights import make_network, save_network
from eval import gaussian, networks
from eval.trained import drawn_crops, open_network, restored, trained_in, write_network


def stage(folder, config, **changes):
    """A stage's folder as a chain leaves it, its weights as they were drawn."""
    config = replace(config, **changes)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({**asdict(config), "commit": "none", "resumed": []}))
    torch.manual_seed(4)
    save_network(make_network(config.network, config.widths), folder / "generator.safetensors", config.network)


@pytest.fixture
def chain(config, tmp_path):
    run = tmp_path / "007-chain"
    stage(run / "1-pixels", config)
    (run / "2-critic").mkdir()
    stage(run / "10-again", config, stage="distil", teacher="t", network="autoencoder")
    stage(run / "3-adversarial", config, stage="adversarial", start_from="s")
    (run / "chain.json").write_text(json.dumps({"stages": {}}))
    return run


def test_a_chain_holds_a_network_for_every_stage_that_made_one_in_their_order(chain):
    found = trained_in(chain)
    assert [(one.name, one.stage) for one in found] == [
        ("compact", "pixels"), ("compact", "adversarial"), ("autoencoder", "again"),
    ]  # fmt: skip
    assert {one.place for one in found} == {chain} and not any(one.network.training for one in found)


@pytest.mark.slow
def test_a_run_its_model_and_weights_brought_home_hold_the_same_network(config, tmp_path):
    run = new_run(tmp_path, config)
    pretrain(config, run)
    export(run, tmp_path / "model", version="3")
    (tmp_path / "home").mkdir()
    shutil.copy(run / "config.json", tmp_path / "home")
    save_file(load_file(run / "generator.safetensors"), tmp_path / "home/model.safetensors")  # they say of nothing
    found = [one for place in (run, tmp_path / "model", tmp_path / "home") for one in trained_in(place)]
    assert [one.stage for one in found] == ["pixels", "model tiny 3", "pixels"]
    assert {(one.name, one.recipe) for one in found} == {("compact", "starter")}
    page = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        first, *others = (one.network(page) for one in found)
    assert all(torch.equal(first, other) for other in others)


def test_folders_without_a_network_are_refused(chain, tmp_path):
    with pytest.raises(InputError, match="holds neither"):
        trained_in(tmp_path)
    for weights in chain.glob("*/generator.safetensors"):
        weights.unlink()
    with pytest.raises(InputError, match="no stage"):
        trained_in(chain)
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(InputError, match="nor a card"):
        trained_in(tmp_path)


@pytest.mark.slow
def test_the_pairs_that_networks_are_measured_on_are_the_same_every_time(installed_fonts):
    (noisy, clean), again = (drawn_crops("starter", 2, 3) for _ in range(2))
    assert noisy.shape == clean.shape == (3, 1, 256, 256) and not torch.equal(noisy, clean)
    assert torch.equal(noisy, again[0]) and torch.equal(clean, again[1])


def test_what_is_measured_is_what_torch_would_restore(tmp_path):
    torch.manual_seed(4)
    network = make_network("autoencoder", (4, 8)).eval()
    write_network(network, tmp_path / "model.onnx", "fp32", [])
    crops = torch.rand(11, 1, 32, 48)
    with torch.no_grad():
        assert torch.allclose(restored(open_network(tmp_path / "model.onnx"), crops), network(crops), atol=1e-5)


@pytest.mark.slow
def test_the_table_names_every_network_trained_or_not(chain, monkeypatch):
    monkeypatch.setattr(networks, "make_network", lambda name: make_network("autoencoder", (4, 8)))
    monkeypatch.setattr(networks, "PAGE_PX", (64, 64))
    monkeypatch.setattr(networks, "judged", list)
    clean = torch.rand(3, 1, 64, 64)
    noisy = (clean + 0.1 * torch.randn(3, 1, 64, 64)).clamp(0, 1)
    lines = networks.table([chain], noisy, clean, [np.full((256, 256), 200, np.uint8)])
    assert lines[1].split()[:3] == ["noisy", "input", f"{psnr(noisy, clean):.2f}"]
    assert all(any(line.startswith(f"{name} ") for line in lines) for name in GENERATORS)
    (pixels,) = (line for line in lines if "pixels" in line)
    assert f"{psnr(noisy, clean):.2f}" in pixels, "a compact network that has learnt nothing gives pages back"
    assert "not judged" in pixels and "007-chain" in pixels
    (dncnn,) = (line for line in lines if line.startswith("dncnn"))
    assert "not trained" in dncnn and "fresh weights" in dncnn


def row(model, suite, way, passed, units, net="0", share=""):
    return {"lock": "a", "model": model, "suite": suite, "way": way, "passed": str(passed), "units": str(units),
            "net": net, "share_of_possible": share}  # fmt: skip


def test_pass_rates_are_those_of_the_network_with_the_same_hash():
    mine = "tiny-1-0123456789abcdef-CPU+restore-1-a0700555"
    rows = [
        row(mine, "cards", "raw", 50, 100), row(mine, "cards", "docpipe", 60, 100, "0.1", "0.25"),
        row(mine, "clean", "docpipe", 99, 100), row("tiny-1-fedcba9876543210-CPU", "cards", "docpipe", 10, 100),
    ]  # fmt: skip
    assert networks.rates_of(rows, "0123456789abcdef" + 48 * "0") == "cards 60.0, clean 99.0"
    assert networks.rates_of(rows, 64 * "0") == "not judged"
    shipped = load_model(SHIPPED_MODEL)[0]
    of_shipped = [row | {"model": f"{shipped.fingerprint}-CPU+restore-3"} for row in rows if row["way"] == "docpipe"]
    assert networks.rates_of(of_shipped, shipped.sha256).startswith("cards ")
    assert networks.raw_rates(rows) == "cards 50.0"
    assert networks.clean_rates(rows) == "cards 90.0", "a quarter of what is possible are ten points"


def test_a_run_elsewhere_is_known_by_its_log(tmp_path):
    stages = {"pixels": {"network": "unet_resnet34"}, "critic": {}, "distil": {"network": "compact"}}
    (tmp_path / "about.json").write_text(json.dumps({"chain": stages}))
    logged = [
        {"stage": "1-pixels", "step": 1, "psnr": 20.0, "ssim": 0.5}, {"stage": "1-pixels", "step": 2, "loss": 1.0},
        {"stage": "1-pixels", "step": 3, "psnr": 25.0, "ssim": 0.7}, {"stage": "2-critic", "step": 1, "auc": 0.9},
        {"stage": "3-distil", "step": 1, "psnr": 24.0, "ssim": 0.6},
    ]  # fmt: skip
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in logged))
    ((network, label, place, figures),) = networks.logged_in(tmp_path)
    assert (network, label, place) == ("unet_resnet34", "pixels *", tmp_path.name)
    assert figures[0] == 25.0 and figures[2] == 0.7 and np.isnan([figures[1], figures[3]]).all()


def test_gaussian_noise_has_the_deviation_that_is_stated_and_is_the_same_every_time():
    gray = torch.full((4, 1, 64, 64), 128 / 255)
    for sigma in (5, 25):
        noisy = gaussian.noisy_crops(gray, sigma)
        assert 255 * float(noisy.std()) == pytest.approx(sigma, rel=0.05)
        assert torch.equal(noisy, gaussian.noisy_crops(gray, sigma)) and not torch.equal(noisy[0], noisy[1])
        assert gaussian.figures(noisy, gray)[0] == pytest.approx(20 * np.log10(255 / sigma), abs=0.2)


def test_the_table_over_gaussian_noise_has_a_row_a_network(chain):
    head, noisy, *rows = gaussian.table(trained_in(chain), torch.rand(2, 1, 32, 32))
    assert head.split()[2:] == ["5", "15", "25", "35", "45", "55", "65"]
    assert [line.split(",")[0] for line in rows] == ["compact", "compact", "autoencoder"]
    assert rows[0].split()[-14:] == noisy.split()[-14:], "a network that has learnt nothing gives pages back"
    decibels = [float(value) for value in noisy.split()[2::2]]
    assert decibels == sorted(decibels, reverse=True)
