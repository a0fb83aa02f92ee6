"""Training: it learns, it resumes exactly, and what it cannot do it says before it begins."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rich.progress
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

import docpipe
from docpipe.cli import main
from docpipe.cli_train import _told
from docpipe.errors import ExitCode, InputError, MissingToolError, UsageError
from docpipe.noise.recipe import load_recipe, load_training_recipe
from docpipe.page import Page
from docpipe.train import running
from docpipe.train.chain import load_chain
from docpipe.train.config import load_config
from docpipe.train.data import CleanCard, CleanCards, CropPairs
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import load_checkpoint, new_run, read_config
from docpipe.train.running import Place, Progress, learning_rate
from docpipe.train.weights import make_network, save_network
from tests.train.conftest import draw_cards


def recipe():
    from docpipe.noise.recipe import load_recipe

    return load_recipe("starter")


def weights(network):
    return torch.cat([weight.flatten() for weight in network.state_dict().values()])


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
def test_a_run_that_was_stopped_and_resumed_gives_the_same_weights(config, optimiser, tmp_path):
    config = replace(config, optimiser=optimiser)
    whole = pretrain(config, new_run(tmp_path, config))
    folder = new_run(tmp_path, config)

    class StopError(Exception):
        pass

    def stop(progress):
        if progress.step == 2:
            raise StopError

    with pytest.raises(StopError):
        pretrain(config, folder, tell=stop)
    assert load_checkpoint(folder)["step"] == 2
    assert torch.equal(weights(pretrain(config, folder)), weights(whole))


def test_a_recipe_with_noise_that_is_for_testing_only_is_refused_in_one_line(config, tmp_path):
    with pytest.raises(InputError, match=r"recipe 'trial' holds halftone, .*: for testing only") as caught:
        pretrain(replace(config, recipe="trial"), tmp_path)
    assert "\n" not in caught.value.problem and "starter" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_no_shipped_config_and_no_shipped_model_learns_from_noise_that_is_for_testing_only(config):
    package = Path(docpipe.__file__).parent
    cards = [json.loads(path.read_text()) for path in package.glob("restore/models/*/card.json")]
    configs = [one for path in package.glob("train/configs/*.toml") for one in load_chain(path).stages.values()]
    recipes = {card["recipe"]["name"] for card in cards} | {shipped.recipe for shipped in [*configs, config]}
    assert recipes and cards and configs
    for name in recipes:
        assert load_training_recipe(name).steps


def test_workers_change_nothing_but_the_speed(config, tmp_path):
    alone = pretrain(config, new_run(tmp_path, config))
    helped = pretrain(replace(config, workers=1), new_run(tmp_path, config))
    assert torch.equal(weights(alone), weights(helped))


@pytest.mark.slow
def test_training_takes_noise_away(config, tmp_path):
    sizes = {"widths": (16, 24), "steps": 300, "batch": 8, "crop_px": 64, "checked": 32}
    longer = replace(config, **sizes, check_every=300, learning_rate=3e-3)
    told = []
    pretrain(longer, new_run(tmp_path, longer), tell=told.append)
    assert told[-1].figures["left"] < 0.8 and told[-1].figures["fine_left"] < 1


def test_a_run_leaves_config_commit_log_and_sheets(config, tmp_path):
    folder = new_run(tmp_path, config)
    pretrain(config, folder)
    assert folder.name == "001-tiny" and new_run(tmp_path, config).name == "002-tiny"
    read, commit = read_config(folder)
    assert read == config and commit
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4] and lines[-1]["left"] > 0
    assert sorted(path.name for path in folder.glob("samples-*.png")) == ["samples-000002.png", "samples-000004.png"]


def test_pairs_are_the_same_in_any_order_and_from_any_start(cards):
    learnt, _ = CleanCards(cards).split()
    pairs = CropPairs(learnt, recipe(), 5, 64, 20)
    later = CropPairs(learnt, recipe(), 5, 64, 10, first=10)
    for index in (9, 3, 0):
        for one, other in zip(later[index], pairs[index + 10], strict=True):
            assert torch.equal(one, other)
    noisy, clean = pairs[0]
    assert noisy.shape == clean.shape == (1, 64, 64) and noisy.dtype == torch.float32
    assert noisy.min() >= 0 and noisy.max() <= 1


def test_crops_come_at_the_wanted_height_of_glyphs_whatever_their_card_was_drawn_at(cards):
    learnt, _ = CleanCards(cards).split()
    recipe = replace(load_recipe("starter"), untouched=1.0)
    sets = [CropPairs(learnt, recipe, 4, 128, 12, glyph_px=(height, height)) for height in (8, 24)]
    small, large = ([pairs[number] for number in range(len(pairs))] for pairs in sets)

    def edges(pairs):
        return sum(float((clean[..., 1:] - clean[..., :-1]).abs().mean()) for _, clean in pairs)

    assert all(noisy.shape == clean.shape == (1, 128, 128) for noisy, clean in (*small, *large))
    assert all(torch.equal(*pair) for pair in small), "no noise, and both sides are shrunk alike"
    assert edges(small) > 1.3 * edges(large), "a crop of small print holds more of it"


def test_crops_lie_on_print_where_they_shall(tmp_path):
    page = Page(np.full((400, 400), 255, np.uint8), (300, 300))
    page.pixels[300:330, 40:90] = 0
    card = CleanCard(page, ((40, 300, 90, 330),))
    darkest = [
        [CropPairs([card], recipe(), 1, 64, 100, on_print=share)[i][1].min() for i in range(100)] for share in (0, 1)
    ]
    assert sum(dark < 0.5 for dark in darkest[1]) == 100 > sum(dark < 0.5 for dark in darkest[0]) > 0


def test_one_crop_in_ten_stays_untouched(cards):
    learnt, _ = CleanCards(cards).split()
    pairs = CropPairs(learnt, recipe(), 5, 32, 400)
    untouched = sum(torch.equal(*pairs[index]) for index in range(400))
    assert 20 <= untouched <= 80


def test_the_learning_rate_rises_and_falls(config):
    steps = replace(config, steps=100, warmup=10)
    rates = [learning_rate(steps, step) for step in range(1, 101)]
    assert max(rates) == rates[9] == config.learning_rate
    assert rates[:10] == sorted(rates[:10]) and rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[69] == config.learning_rate > rates[70] and rates[-1] == 0


def test_a_cosine_falls_from_the_warm_up_to_nothing(config):
    steps = replace(config, steps=100, warmup=10, schedule="cosine")
    rates = [learning_rate(steps, step) for step in range(1, 101)]
    assert rates[:10] == sorted(rates[:10]) and rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[9] == config.learning_rate and rates[54] == pytest.approx(config.learning_rate / 2)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_until_the_rate_falls_the_length_of_a_run_changes_nothing(config):
    short, long = (replace(config, steps=steps, warmup=10) for steps in (100, 300))
    assert [learning_rate(short, step) for step in range(1, 71)] == [learning_rate(long, step) for step in range(1, 71)]


class Slow(torch.utils.data.Dataset):
    """Pairs that take a second each by a clock that moves only when it is told to."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def __len__(self):
        return 99

    def __getitem__(self, index):
        self.now += 1
        return torch.zeros(1, 4, 4), torch.zeros(1, 4, 4)


def test_the_share_of_time_that_steps_wait_for_data_is_logged_and_told(config, tmp_path, monkeypatch):
    slow, told, here = Slow(), [], Place("cpu")
    monkeypatch.setattr(running, "time", slow)
    config = replace(config, batch=2, steps=4, check_every=2)
    meter = running.Meter(config, tmp_path, here, 0, told.append)
    for step, _, waited in running.batches(slow, config, here, 0):
        assert waited == 2
        meter.waited(waited)
        slow.now += 3 if step <= 2 else 6  # what the step itself takes
        meter.note(step, {"loss": torch.zeros(())}, {}, dict)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["data_wait"] for line in lines] == [progress.data_wait for progress in told] == [0.4, 0.25]
    assert [line["crops_per_second"] for line in lines] == [0.4, 0.25]


def test_a_resumed_run_may_be_made_longer(config, cards, tmp_path):
    run = new_run(tmp_path, config)
    pretrain(config, run)
    longer = ["train", "--resume", str(run), "--set", "steps=6"]
    assert CliRunner().invoke(main, longer).exit_code == ExitCode.OK
    assert load_checkpoint(run)["step"] == 6 and read_config(run)[0] == replace(config, steps=6)
    (resumed,) = json.loads((run / "config.json").read_text())["resumed"]
    assert resumed["step"] == 4 and resumed["changes"] == {"steps": "6"}


@pytest.mark.parametrize("name", ["compact", "docpipe/train/configs/compact.toml"])
def test_a_shipped_config_is_found_by_its_name_and_by_its_path(cards, name):
    ended = CliRunner().invoke(main, ["train", name, "--dry-run", "--set", "steps=7", "--set", f"cards={cards}"])
    assert ended.exit_code == ExitCode.OK and json.loads(ended.stdout)["steps"] == 7


def test_a_config_that_is_nowhere_is_answered_with_those_that_ship():
    ended = CliRunner().invoke(main, ["train", "compakt"])
    error, hint = ended.stderr.splitlines()
    assert ended.exit_code == ExitCode.USAGE and error == "error: there is no config compakt"
    of_the_network = "compact, compact-hard, compact-longer, compact-small, compact-small-longer"
    assert f"{of_the_network}, noise2noise, recogniser, teacher" in hint


@pytest.mark.parametrize(
    ("change", "exit_code"),
    [("network=foo", ExitCode.USAGE), ("cards=/nix", ExitCode.BAD_INPUT), ("recipe=nix", ExitCode.BAD_INPUT)],
)
def test_a_dry_run_ends_as_the_run_would(cards, tmp_path, change, exit_code):
    command = ["train", "compact", "--runs", str(tmp_path / "runs"), "--set", f"cards={cards}", "--set", change]
    dry, real = (CliRunner().invoke(main, [*command, *option]) for option in (["--dry-run"], []))
    assert dry.exit_code == real.exit_code == exit_code and dry.stderr == real.stderr
    assert json.loads(dry.stdout)["name"] == "compact" and not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("name = ", "not TOML"), ('nam = "x"', "unknown nam"), ('name = "x"', "cards"), ("steps = 0", "name")],
)
def test_a_config_that_is_none_is_refused(tmp_path, text, complaint):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        load_config(tmp_path / "c.toml")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("steps=abc", "steps is 'abc'"), ("seed=-1", "seed is -1"), ("widths=[0]", "widths is [0]"),
        ("network=foo", "no network 'foo'"), ("threads=true", "threads is True"),
        ("frozen_norm=true", "start_from"), ("optimiser='sgd'", "adam, muon"),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_named(cards, tmp_path, change, complaint):
    command = ["train", "docpipe/train/configs/compact.toml", "--runs", str(tmp_path), "--set", f"cards={cards}"]
    ended = CliRunner().invoke(main, [*command, "--set", change])
    assert ended.exit_code == ExitCode.USAGE and complaint in ended.stderr


def test_a_number_that_toml_takes_for_a_text_is_answered_with_how_to_write_it():
    ended = CliRunner().invoke(main, ["train", "compact", "--set", "text_weight=.1"])
    error, hint = ended.stderr.splitlines()
    assert ended.exit_code == ExitCode.USAGE and error == "error: text_weight is '.1'; it must be a number, at least 0"
    assert hint.endswith("write 0.1")


@pytest.mark.parametrize("name", ["start_from", "teacher", "recogniser"])
def test_a_run_with_weights_that_do_not_fit_leaves_no_folder(cards, tmp_path, name):
    save_network(make_network("patch", (4, 8)), tmp_path / "other.safetensors", "patch", (4, 8))
    (tmp_path / "none.safetensors").write_text("none")
    weights = tmp_path / ("other.safetensors" if name == "start_from" else "none.safetensors")
    command = ["train", "compact", "--runs", str(tmp_path / "runs"), "--set", f"cards={cards}"]
    ended = CliRunner().invoke(main, [*command, "--set", f"{name}={weights}"])
    assert ended.exit_code == ExitCode.BAD_INPUT and "cannot be used" in ended.stderr
    assert not (tmp_path / "runs").exists()


def test_the_bar_runs_over_the_steps_of_all_stages(monkeypatch):
    bars = []

    class Bar(rich.progress.Progress):
        def __init__(self, *columns, **options):
            super().__init__(*columns, **options)
            bars.append(self)

    monkeypatch.setattr(rich.progress, "Progress", Bar)
    with _told(8) as tell:
        (task,) = bars[0].tasks
        tell(Progress(4, 4, 0.1, 1.0, 0.0, stage="pixels"))
        assert (task.completed, task.remaining, task.finished) == (4, 4, False), "as many steps are to come"
        tell(Progress(1, 4, 0.1, 1.0, 0.0, stage="critic", earlier=4))
        assert (task.completed, task.remaining, task.description) == (5, 3, "critic")


@pytest.mark.parametrize(("share", "warned"), [(0.05, True), (0.5, False)])
def test_a_generator_that_hardly_had_a_turn_is_warned_of_at_the_end(capsys, share, warned):
    with _told(8) as tell:
        tell(Progress(4, 8, 0.1, 1.0, 0.0, {"generator_share": share}, "adversarial"))
        assert "warning" not in capsys.readouterr().err, "it may still come"
        tell(Progress(8, 8, 0.1, 1.0, 0.0, {"generator_share": share}, "adversarial"))
    assert ("warning: the generator got 5% of the steps" in capsys.readouterr().err) == warned


def test_a_stage_that_waited_long_for_its_crops_is_warned_of_and_the_next_is_judged_by_itself(capsys):
    with _told(8) as tell:
        tell(Progress(2, 4, 0.1, 1.0, 0.3, stage="pixels"))
        assert "warning" not in capsys.readouterr().err, "it may still catch up"
        tell(Progress(4, 4, 0.1, 1.0, 0.1, stage="pixels"))
        assert "warning: the steps of this stage waited 20% of their time for crops" in capsys.readouterr().err
        tell(Progress(4, 4, 0.1, 1.0, 0.09, stage="critic", earlier=4))
    assert "warning" not in capsys.readouterr().err


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path):
    command = ["train", "docpipe/train/configs/compact.toml", "--runs", str(tmp_path / "runs")]
    ended = CliRunner().invoke(main, [*command, "--set", f"cards={tmp_path}"])
    assert ended.exit_code == ExitCode.BAD_INPUT and "holds no cards" in ended.stderr
    assert not (tmp_path / "runs").exists()


def test_a_resumed_run_is_refused_what_it_cannot_do(config, tmp_path):
    run = new_run(tmp_path, config)
    pretrain(config, run)
    kept = (run / "config.json").read_text()
    for arguments, complaint in (
        (["--resume", str(run), "--set", "steps=2"], "stands at 4"),
        (["docpipe/train/configs/compact.toml", "--resume", str(run)], "has its own"),
        ([], "give a CONFIG"),
    ):
        ended = CliRunner().invoke(main, ["train", *arguments])
        assert ended.exit_code == ExitCode.USAGE and complaint in ended.stderr
    assert (run / "config.json").read_text() == kept
    (run / "checkpoint.pt").write_bytes((run / "checkpoint.pt").read_bytes()[:999])
    ended = CliRunner().invoke(main, ["train", "--resume", str(run)])
    assert ended.exit_code == ExitCode.BAD_INPUT and "checkpoint.pt is damaged" in ended.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_a_missing_tool(config, tmp_path):
    with pytest.raises(MissingToolError, match="GPU"):
        pretrain(config, tmp_path, device="cuda")


def test_a_crop_that_does_not_fit_the_network_is_refused(config, tmp_path):
    with pytest.raises(UsageError, match="multiple of 4"):
        pretrain(replace(config, crop_px=30), tmp_path)


def test_cards_that_were_drawn_for_testing_are_not_learnt_from(tmp_path):
    draw_cards(tmp_path)
    (tmp_path / "pairs.jsonl").write_text('{"split": "train"}\n{"split": "test"}\n')
    with pytest.raises(InputError, match="drawn for testing"):
        CleanCards(tmp_path)


def test_folders_without_cards_or_runs_are_named(tmp_path):
    with pytest.raises(InputError, match="no cards"):
        CleanCards(tmp_path)
    ended = CliRunner().invoke(main, ["export", str(tmp_path), "-o", str(tmp_path / "m")])
    assert ended.exit_code == ExitCode.BAD_INPUT and "no training run" in ended.stderr


def test_a_run_may_go_on_from_the_weights_of_another(config, model, tmp_path):
    learnt = tmp_path / "model" / "model.safetensors"
    begun = replace(config, start_from=str(learnt), learning_rate=1e-12, steps=1)
    kept = pretrain(begun, new_run(tmp_path, begun)).state_dict()
    assert all(torch.allclose(kept[name], value) for name, value in load_file(learnt).items() if "weight" in name)


def test_frozen_normalisation_keeps_its_means_and_variances_and_the_rest_learns(config, model, tmp_path):
    learnt = tmp_path / "model" / "model.safetensors"
    begun = replace(config, start_from=str(learnt), frozen_norm=True, steps=3)
    before, after = load_file(learnt), pretrain(begun, new_run(tmp_path, begun)).state_dict()
    assert any("running_mean" in name for name in before)
    for name, value in before.items():
        assert torch.equal(after[name], value) == ("running" in name or "num_batches" in name), name


def test_muon_turns_kernels_alike_in_all_directions_and_leaves_none_where_it_was(config, model, tmp_path):
    learnt = tmp_path / "model" / "model.safetensors"
    begun = replace(config, start_from=str(learnt), optimiser="muon", steps=1, average=0, schedule="cosine")
    before, after = load_file(learnt), pretrain(begun, new_run(tmp_path, begun)).state_dict()
    steps = {name: after[name] - value for name, value in before.items() if value.dim() == 4}
    assert all(step.abs().max() > 0 for step in steps.values())
    inner = [step.flatten(1) for name, step in steps.items() if not name.startswith(("enter", "leave"))]
    assert all(spread.min() > 0.4 * spread.max() for spread in map(torch.linalg.svdvals, inner))


def test_muon_is_for_the_pixels_of_a_generator_alone(config):
    with pytest.raises(UsageError, match="'muon'"):
        replace(config, stage="recogniser", optimiser="muon")


def test_weights_of_another_network_are_refused(config, model, tmp_path):
    begun = replace(config, start_from=str(tmp_path / "model" / "model.safetensors"), widths=(4, 6))
    with pytest.raises(InputError, match="another network"):
        pretrain(begun, new_run(tmp_path, begun))


def test_a_size_of_crops_that_makes_no_sense_is_refused(config):
    with pytest.raises(UsageError, match="the smaller first"):
        replace(config, scale=(1.3, 0.5))
