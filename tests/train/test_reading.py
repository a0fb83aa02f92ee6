"""Lines of text, the recogniser that reads them, and what it says of restored print."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError, UsageError
from docpipe.models import Recogniser
from docpipe.models.recogniser import ALPHABET, LINE_PX
from docpipe.noise.recipe import load_recipe
from docpipe.page import Page
from docpipe.train.data import CleanCard
from docpipe.train.pretrain import pretrain
from docpipe.train.reading import feature_loss, text_loss
from docpipe.train.recogniser import best_path, train_recogniser
from docpipe.train.stages import run_stage
from docpipe.train.text_lines import LINE_WIDTH_PX, LONGEST, CardLines, RenderedLines, labels_of
from docpipe.train.weights import load_network, load_weights, make_network, save_network


@pytest.fixture
def reader(tmp_path):
    torch.manual_seed(3)
    save_network(Recogniser((4, 8, 8, 8)), tmp_path / "recogniser.safetensors", "recogniser", (4, 8, 8, 8))
    return tmp_path / "recogniser.safetensors"


def test_marks_are_taken_off_and_what_is_not_known_is_left_out():
    assert "".join(ALPHABET[label - 1] for label in labels_of("Ünal, Šimůnek & 7")) == "Unal,Simunek7"


def test_a_rendered_line_is_the_same_in_every_process_and_holds_print(installed_fonts):
    lines = RenderedLines(load_recipe("starter"), 3, 20)
    for number in range(12):
        line, labels, length = lines[number]
        assert line.shape == (1, LINE_PX, LINE_WIDTH_PX) and labels.shape == (LONGEST,)
        assert 0 < length <= LONGEST and (labels[:length] > 0).all() and not labels[length:].any()
        assert torch.equal(line, lines[number][0])
    assert min(lines[number][0].min() for number in range(12)) < 0.3


def card():
    page = Page(np.full((300, 400), 240, np.uint8), (300, 300))
    page.pixels[100:124, 50:250] = 20
    page.pixels[20:60, 20:40] = 20
    return CleanCard(page, ((50, 100, 250, 124), (20, 20, 40, 60)), ("AB12", "photo"))


def test_a_line_of_a_card_lies_in_the_middle_and_keeps_its_text():
    lines = CardLines([card()], replace(load_recipe("starter"), untouched=1.0), 1, 8)
    for number in range(8):
        noisy, inside, paper, labels, length = lines[number]
        assert noisy.shape == inside.shape == (1, LINE_PX, LINE_WIDTH_PX) and 0.9 < paper <= 1
        assert labels[:length].tolist() == labels_of("AB12"), "the tall box is no line"
        middle = LINE_WIDTH_PX // 2
        dark = noisy[0, :, middle] < 0.5
        assert dark[LINE_PX // 2] and inside[0, dark, middle].all() and not inside[0, 0].any()


def test_cards_without_text_cannot_teach_reading():
    with pytest.raises(InputError, match="no card has a line"):
        CardLines([CleanCard(card().page)], load_recipe("starter"), 1, 8)


def test_the_best_path_drops_blanks_and_repeats():
    says = torch.full((7, 4), -9.0)
    for column, label in enumerate((1, 1, 0, 1, 2, 2, 0)):
        says[column, label] = 0
    assert best_path(says) == [1, 1, 2]


def test_what_a_recogniser_says_reaches_the_page(reader):
    recogniser = load_network(reader)
    page = torch.rand(2, 1, LINE_PX, 96, requires_grad=True)
    clean = torch.rand(2, 1, LINE_PX, 96)
    assert feature_loss(recogniser, clean, clean) == 0
    labels, lengths = torch.tensor([[1, 2, 0], [3, 0, 0]]), torch.tensor([2, 1])
    (feature_loss(recogniser, page, clean) + text_loss(recogniser(page), labels, lengths)).backward()
    assert page.grad.abs().sum() > 0
    assert not any(weight.grad is not None for weight in recogniser.parameters())


@pytest.mark.parametrize("weight", ["text_weight", "feature_weight"])
def test_the_terms_of_the_recogniser_change_what_is_learnt(config, reader, tmp_path, monkeypatch, weight):
    monkeypatch.setattr("docpipe.train.pretrain.CleanCards", lambda _place: Two())
    plain, judged = (tmp_path / name for name in ("plain", "judged"))
    for folder in (plain, judged):
        folder.mkdir()
    before = pretrain(config, plain).state_dict()
    after = pretrain(replace(config, recogniser=str(reader), **{weight: 1.0}), judged).state_dict()
    assert any(not torch.equal(value, after[name]) for name, value in before.items())


class Two:
    """Cards with text, in the place of those of a folder."""

    def split(self):
        return [card()], [card()]


@pytest.mark.slow
def test_a_recogniser_learns_and_resumes(config, installed_fonts, tmp_path):
    reads = replace(config, stage="recogniser", steps=6, batch=2, checked=4, check_every=3)
    told = []
    (tmp_path / "whole").mkdir()
    whole = train_recogniser(reads, tmp_path / "whole", tell=told.append)
    assert "characters_right" in told[-1].figures and (tmp_path / "whole/recogniser.safetensors").exists()

    class KilledError(Exception):
        pass

    def kill(progress):
        raise KilledError

    (tmp_path / "killed").mkdir()
    with pytest.raises(KilledError):
        run_stage(reads, tmp_path / "killed", tell=kill)
    again = run_stage(reads, tmp_path / "killed").state_dict()
    assert all(torch.equal(value, again[name]) for name, value in whole.state_dict().items())


def test_a_recogniser_without_a_recipe_to_learn_from_leaves_no_folder(tmp_path):
    command = ["train", "docpipe/train/configs/recogniser.toml", "--runs", str(tmp_path / "runs")]
    ended = CliRunner().invoke(main, [*command, "--set", "recipe=nothing"])
    assert ended.exit_code == ExitCode.BAD_INPUT and "no recipe 'nothing'" in ended.stderr
    assert not (tmp_path / "runs").exists()


def test_weights_of_another_kind_are_refused(reader, tmp_path):
    with pytest.raises(InputError, match="another network"):
        load_weights(Recogniser(), reader)
    torch.save({}, tmp_path / "pickle.pt")
    with pytest.raises(InputError, match="cannot be used"):
        load_network(tmp_path / "pickle.pt")
    with pytest.raises(UsageError, match="takes no encoder_weights"):
        make_network("compact", encoder_weights="imagenet")
