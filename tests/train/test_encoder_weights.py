"""An encoder that has learnt before: from a file, from a hub out of reach, and not where it would not stay."""

import importlib.util
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError, MissingToolError, UsageError
from docpipe.train.pretrain import make_unlearnt, pretrain
from docpipe.train.stages import require_ready
from docpipe.train.weights import make_network

SMALLEST = (8, 8, 4, 4, 4)
needs_smp = pytest.mark.skipif(
    importlib.util.find_spec("segmentation_models_pytorch") is None,
    reason="the teacher needs segmentation-models-pytorch (pip install 'docpipe-ocr[unet]')",
)


def out_of_reach(*arguments, encoder_weights=None, **options):
    """As the hub's client without a network, whose errors are errors of the system."""
    if encoder_weights:
        raise FileNotFoundError("cannot find the requested files in the local cache")
    raise ModuleNotFoundError(name="timm")


@pytest.fixture
def no_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", SimpleNamespace(Unet=out_of_reach))


def test_a_hub_out_of_reach_is_a_missing_tool_in_one_line_and_a_file_is_the_way_out(no_hub):
    with pytest.raises(MissingToolError, match="'imagenet' are not here and cannot be fetched") as caught:
        make_network("unet_resnet34", SMALLEST, "imagenet")
    assert "\n" not in caught.value.problem and "resnet34.pth" in caught.value.hint


def test_a_hub_out_of_reach_leaves_no_folder(no_hub, cards, tmp_path):
    command = ["train", "docpipe/train/configs/compact.toml", "--runs", str(tmp_path / "runs")]
    for change in (f"cards={cards}", "network=unet_resnet34", "widths=[]", "encoder_weights=imagenet"):
        command += ["--set", change]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == ExitCode.MISSING_TOOL and len(ended.stderr.splitlines()) == 2
    assert not (tmp_path / "runs").exists()


def test_the_extra_is_named_where_the_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    with pytest.raises(MissingToolError, match="segmentation_models_pytorch") as caught:
        make_network("unet_resnet34")
    assert caught.value.hint == "pip install 'docpipe-ocr[unet]'"


@pytest.mark.parametrize("content", [b"no weights", b""])
@pytest.mark.parametrize("name", ["resnet34.pth", "resnet34.safetensors"])
def test_a_file_that_holds_no_weights_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name) as caught:
        make_network("unet_resnet34", SMALLEST, str(tmp_path / name))
    assert "resnet34" in caught.value.hint


def test_a_file_that_is_not_there_or_holds_no_state_dict_is_named(tmp_path):
    torch.save([torch.ones(2)], tmp_path / "list.pth")
    for name, complaint in (("none.pth", "cannot be read"), ("list.pth", "no file of weights")):
        with pytest.raises(InputError, match=complaint):
            make_network("unet_resnet34", SMALLEST, str(tmp_path / name))


def test_other_networks_take_none():
    with pytest.raises(UsageError, match="compact takes no encoder_weights"):
        make_network("compact", encoder_weights="resnet34.pth")


def test_nothing_is_asked_for_where_all_weights_are_brought_anyway(config, tmp_path):
    """A network that takes no encoder weights refuses them where they are asked for, and only there."""
    wanting = replace(config, encoder_weights="resnet34.pth")
    with pytest.raises(UsageError, match="takes no encoder_weights"):
        require_ready(wanting, "cpu")
    pretrain(config, tmp_path)
    require_ready(replace(wanting, start_from=str(tmp_path / "generator.safetensors")), "cpu")
    pretrain(replace(wanting, steps=5), tmp_path)  # goes on from its checkpoint


@needs_smp
@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet34.pth", "resnet34.safetensors"])
def test_a_gray_page_is_to_the_encoder_what_three_equal_colours_are_to_the_file_s(config, tmp_path, name):
    from segmentation_models_pytorch.encoders import get_encoder

    torch.manual_seed(2)
    colour = get_encoder("resnet34", weights=None).eval()
    state = {**colour.state_dict(), "fc.weight": torch.zeros(2, 512), "fc.bias": torch.zeros(2)}
    torch.save(state, tmp_path / name) if name.endswith("pth") else save_file(state, tmp_path / name)
    unet = make_unlearnt(
        replace(config, network="unet_resnet34", widths=SMALLEST, encoder_weights=str(tmp_path / name))
    ).eval()
    page = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        seen, expected = unet.unet.encoder(page)[1:], colour(page.expand(-1, 3, -1, -1))[1:]
        assert all(torch.allclose(*pair, atol=1e-4) for pair in zip(seen, expected, strict=True))
        assert torch.equal(unet(page), page), "what was learnt before does not spoil a page"


@needs_smp
def test_weights_of_another_encoder_are_refused(tmp_path):
    torch.save({"conv1.weight": torch.ones(64, 3, 7, 7)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="not those of a resnet34"):
        make_network("unet_resnet34", SMALLEST, str(tmp_path / "other.pth"))
