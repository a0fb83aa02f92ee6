"""The perceptual term on VGG: its layers are torchvision's, its file is checked, and it changes what is learnt."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file
from torch.nn.functional import conv2d, max_pool2d

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError
from docpipe.models import Compact
from docpipe.train.adversarial import train_adversarial
from docpipe.train.pretrain import pretrain
from docpipe.train.reading import feature_loss
from docpipe.train.vgg import load_vgg
from docpipe.train.weights import save_network

CONVOLUTIONS = {
    "vgg16": [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28],
    "vgg19": [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34],
}
MEAN, SPREAD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def weights(name="vgg16", width=4, kernel_px=3):
    """A state dict as torchvision's, of random weights and a few channels."""
    torch.manual_seed(5)
    state, before = {}, 3
    for number in CONVOLUTIONS[name]:
        state[f"features.{number}.weight"] = torch.randn(width, before, kernel_px, kernel_px) / 4
        state[f"features.{number}.bias"] = torch.randn(width) / 4
        before = width
    return {**state, "classifier.0.weight": torch.randn(2, 2), "classifier.0.bias": torch.randn(2)}


@pytest.fixture
def vgg_file(tmp_path):
    torch.save(weights(), tmp_path / "vgg16.pth")
    return tmp_path / "vgg16.pth"


@pytest.mark.parametrize("name", sorted(CONVOLUTIONS))
def test_each_block_is_seen_before_its_pooling_with_the_weights_of_the_file(name, tmp_path):
    state = weights(name)
    torch.save(state, tmp_path / "vgg.pth")
    page = torch.rand(2, 1, 32, 48)
    seen = (page.expand(-1, 3, -1, -1) - MEAN[:, None, None]) / SPREAD[:, None, None]
    expected, before = [], -2
    for number in CONVOLUTIONS[name]:
        if number - before > 2:  # a pooling lies between
            expected.append(seen)
            seen = max_pool2d(seen, 2)
        seen = conv2d(seen, state[f"features.{number}.weight"], state[f"features.{number}.bias"], padding=1).relu()
        before = number
    features = load_vgg(tmp_path / "vgg.pth").features(page)
    assert len(features) == len(expected) == 4
    assert all(torch.allclose(found, wanted, atol=1e-5) for found, wanted in zip(features, expected, strict=True))


def test_files_of_every_age_are_read(vgg_file, tmp_path):
    torch.save(weights(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)  # as torchvision's are
    save_file(weights(), tmp_path / "vgg16.safetensors")
    page = torch.rand(1, 1, 16, 16)
    one, two, three = (load_vgg(tmp_path / name).features(page)[-1] for name in
                       ("vgg16.pth", "old.pth", "vgg16.safetensors"))
    assert torch.equal(one, two) and torch.equal(two, three)


def test_what_vgg_sees_reaches_the_page_and_vgg_learns_nothing(vgg_file):
    vgg = load_vgg(vgg_file)
    page, clean = torch.rand(2, 1, 32, 32, requires_grad=True), torch.rand(2, 1, 32, 32)
    assert feature_loss(vgg, clean, clean) == 0
    feature_loss(vgg, page, clean).backward()
    assert page.grad.abs().sum() > 0 and not any(weight.requires_grad for weight in vgg.parameters())


def another_network(path):
    save_network(Compact((4, 6)), path, "compact", (4, 6))


def normalised(path):
    """As torchvision's vgg16_bn: what follows a convolution has weights, too."""
    torch.save({**weights(), "features.1.weight": torch.ones(4), "features.1.bias": torch.ones(4)}, path)


def cut_short(path):
    torch.save(weights(), path)
    path.write_bytes(path.read_bytes()[:500])


def without_a_bias(path):
    torch.save({name: value for name, value in weights().items() if name != "features.5.bias"}, path)


@pytest.mark.parametrize(
    ("name", "write", "complaint"),
    [
        ("a.pth", lambda path: None, "cannot be read: No such file"),
        ("a.safetensors", lambda path: None, "cannot be read: No such file"),
        ("a.pth", lambda path: path.write_bytes(b"no weights"), "is no file of weights"),
        ("a.safetensors", lambda path: path.write_bytes(b"no weights"), "is no file of weights"),
        ("a.pth", cut_short, "is no file of weights"),
        ("a.pth", lambda path: torch.save({"code": Path}, path), "is no file of weights"),
        ("a.pth", lambda path: torch.save([1, 2], path), "is no file of weights"),
        ("a.pth", lambda path: torch.save({"features.conv0.weight": torch.ones(1)}, path), "not those of VGG16"),
        ("a.safetensors", another_network, "not those of VGG16"),
        ("a.pth", normalised, "not those of VGG16"),
        ("a.pth", without_a_bias, "not those of VGG16"),
        ("a.pth", lambda path: torch.save(weights(kernel_px=5), path), "not those of VGG16"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_vgg_is_refused_in_one_line(tmp_path, name, write, complaint):
    write(tmp_path / name)
    with pytest.raises(InputError, match=complaint) as caught:
        load_vgg(tmp_path / name)
    assert "\n" not in caught.value.problem and "vgg16 or vgg19" in caught.value.hint


def test_the_term_changes_what_is_learnt_on_pixels_and_in_the_game(config, vgg_file, tmp_path):
    learnt = {}
    for name, weight in (("plain", 0.0), ("judged", 1.0)):
        folder = tmp_path / name
        (folder / "game").mkdir(parents=True)
        pixels = replace(config, vgg=str(vgg_file), vgg_weight=weight)
        game = replace(pixels, stage="adversarial", start_from=str(tmp_path / "plain/generator.safetensors"),
                       critic="patch", critic_widths=(4, 8), critic_threshold=0.0)
        learnt[name] = [pretrain(pixels, folder).state_dict(), train_adversarial(game, folder / "game").state_dict()]
    for plain, judged in zip(*learnt.values(), strict=True):
        assert any(not torch.equal(value, judged[name]) for name, value in plain.items())


def test_a_run_without_its_vgg_leaves_no_folder(cards, tmp_path):
    command = ["train", "docpipe/train/configs/compact.toml", "--runs", str(tmp_path / "runs")]
    for change in (f"cards={cards}", f"vgg={tmp_path / 'vgg16.pth'}", "vgg_weight=0.1"):
        command += ["--set", change]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == ExitCode.BAD_INPUT and "vgg16.pth cannot be read" in ended.stderr
    assert not (tmp_path / "runs").exists()
