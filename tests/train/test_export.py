"""Export: from a run to a model folder, whole or not at all, and how far its network sees."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from docpipe.cli import main
from docpipe.errors import ExitCode, ModelError, OutputError
from docpipe.restore.onnx_engine import OnnxEngine
from docpipe.train.export import LARGEST_DIFFERENCES, export, folded, reach_px
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import new_run
from tests.train.conftest import draw_cards


def test_the_exported_model_restores_as_torch_does(model, config):
    run, folder, card = model
    assert card["version"] == "3" and card["steps"] == 4
    engine = OnnxEngine(folder, device="cpu")
    assert engine.card.stride == 4 and engine.card.name == "tiny"
    page = np.random.default_rng(1).integers(0, 256, (100, 90), np.uint8)
    assert engine.restore(page, 20).shape == (100, 90)
    with pytest.raises(OutputError, match="already"):
        export(run, folder, version="3")


def test_cards_of_200_dpi_are_less_high_than_what_the_reach_is_measured_on_and_are_exported(config, tmp_path):
    config = replace(config, cards=str(draw_cards(tmp_path, height_px=491)))
    run = new_run(tmp_path / "runs", config)
    pretrain(config, run)
    assert export(run, tmp_path / "model", version="1")["overlap_px"] > 0


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_model_that_is_refused_leaves_nothing_behind(model, precision, tmp_path, monkeypatch):
    run, _, _ = model
    (tmp_path / "refused").mkdir()
    monkeypatch.setitem(LARGEST_DIFFERENCES, precision, -1.0)
    for folder in (tmp_path / "refused", tmp_path / "not there"):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(ModelError, match="differ by"):
            export(run, folder, version="1", precision=precision)
        assert sorted(tmp_path.rglob("*")) == before


def test_a_model_takes_the_place_of_an_empty_folder_alone(model, tmp_path):
    run, folder, _ = model
    (tmp_path / "empty").mkdir()
    export(run, tmp_path / "empty", version="1")
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == [
        "card.json", "model.onnx", "model.safetensors",
    ]  # fmt: skip
    assert (tmp_path / "empty").stat().st_mode == (tmp_path / "runs").stat().st_mode
    (folder / "card.json").unlink()
    with pytest.raises(OutputError, match="already"):
        export(run, folder, version="1")
    assert not list(tmp_path.glob(".*"))


def test_folding_changes_nothing():
    from docpipe.models import Compact

    torch.manual_seed(2)
    network = Compact((8, 12))
    torch.nn.init.normal_(network.leave[0].weight)
    for _ in range(3):
        network(torch.rand(4, 1, 32, 32))  # moves the running means away from zero
    network.eval()
    page = torch.rand(1, 1, 64, 48)
    with torch.no_grad():
        assert torch.allclose(folded(network)(page), network(page), atol=1e-5)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded(network).modules())


class Blur(torch.nn.Sequential):
    """The mean of a square."""

    def __init__(self, radius):
        sides, around = ((2 * radius + 1, 1), (1, 2 * radius + 1)), ((radius, 0), (0, radius))
        super().__init__(*(torch.nn.AvgPool2d(*way) for way in zip(sides, (1, 1), around, strict=True)))


@pytest.mark.parametrize(("radius", "reach"), [(3, 16), (20, 32), (60, 64)])
def test_the_reach_is_what_a_network_looks_at(radius, reach):
    page = np.random.default_rng(4).integers(0, 120, (512, 512), np.uint8)
    assert radius // 2 <= reach_px(Blur(radius), [page]) <= reach


def test_the_reach_is_measured_on_small_pages_too():
    page = np.random.default_rng(4).integers(0, 120, (301, 90), np.uint8)
    assert reach_px(Blur(20), [page]) == 32


def test_a_reach_beyond_what_is_tried_is_said(caplog):
    class Leveller(torch.nn.Module):
        def forward(self, page):
            return page - page.mean()

    page = np.random.default_rng(4).integers(0, 120, (64, 512), np.uint8)
    assert reach_px(Blur(60), [page]) == 64 and not caplog.messages
    assert reach_px(Leveller(), [page]) == 192
    (warning,) = caplog.messages
    assert warning.startswith("192 px of overlap are not enough, 100.0 % of the pixels")


def test_a_model_may_be_given_other_sizes_of_print_and_nothing_that_is_in_its_weights(config, tmp_path):
    run = new_run(tmp_path, config)
    pretrain(config, run)
    command = ["export", str(run), "-o", str(tmp_path / "fast")]
    assert CliRunner().invoke(main, [*command, "--set", "glyph_px=[8, 17]"]).exit_code == ExitCode.OK
    assert json.loads((tmp_path / "fast" / "card.json").read_text())["glyph_range"] == [8, 17]
    ended = CliRunner().invoke(main, [*command[:-1], str(tmp_path / "other"), "--set", "widths=[4]"])
    assert ended.exit_code == ExitCode.USAGE and "glyph_px" in ended.stderr and not (tmp_path / "other").exists()
