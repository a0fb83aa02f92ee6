"""Cards are drawn once, a training lays its model beside the others, and neither puts it into service."""

import json

import pytest

pytest.importorskip("prefect", reason="flows need prefect (pip install 'docpipe-ocr[flows]')")
from docpipe.registry import FOLDER_VARIABLE, Registry
from flows.synthesize import synthesize
from flows.train import train

pytest.importorskip("torch", reason="training needs torch (pip install 'docpipe-ocr[train]')")
from docpipe.train.chain import load_chain
from docpipe.train.chain_run import new_chain_run, run_chain
from docpipe.train.config import load_config
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import new_run
from docpipe.train.running import Place
from tests.train.conftest import cards  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow
CONFIG = """
name = "tiny"
cards = "replaced"
widths = [8, 12]
steps = 4
batch = 2
crop_px = 32
warmup = 1
check_every = 2
checked = 4
"""
CHAIN = f"""{CONFIG}
[[stage]]
stage = "pixels"
[[stage]]
stage = "distil"
teacher = "pixels"
widths = [6, 8]
"""


def test_a_training_adds_the_next_version_and_can_be_gone_on_with(server, cards, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    (tmp_path / "tiny.toml").write_text(CONFIG)
    options = {"runs": str(tmp_path / "runs"), "changes": {"cards": f'"{cards}"', "workers": "1"}}
    assert train(str(tmp_path / "tiny.toml"), **options) == "tiny@1"
    resumed = train(runs=str(tmp_path / "runs"), resume=str(tmp_path / "runs" / "001-tiny"), changes={"steps": "6"})
    assert resumed == "tiny@2"
    registry = Registry.of_environment()
    learnt = [model.spec for model in registry.models()[0] if not model.is_shipped]
    assert learnt == ["tiny@1", "tiny@2"]
    assert registry.in_service().is_shipped and registry.changes() == []


def test_a_training_that_was_killed_is_gone_on_with_by_the_next_run(server, cards, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    (tmp_path / "tiny.toml").write_text(CONFIG)
    config = load_config(tmp_path / "tiny.toml", {"cards": f'"{cards}"'})
    killed = new_run(tmp_path / "runs", config)

    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(config, killed, tell=stop)
    options = {"runs": str(tmp_path / "runs"), "changes": {"cards": f'"{cards}"'}}
    assert train(str(tmp_path / "tiny.toml"), **options) == "tiny@1"
    assert [path.name for path in (tmp_path / "runs").glob("0*")] == ["001-tiny"]
    resumed = json.loads((killed / "config.json").read_text())["resumed"]
    assert [one["step"] for one in resumed] == [2]
    assert train(str(tmp_path / "tiny.toml"), **options) == "tiny@2", "what is finished is not gone on with"
    assert (tmp_path / "runs" / "002-tiny").is_dir()


def test_a_chain_that_was_killed_goes_on_in_its_stage_and_ends_as_if_nothing_had_happened(
    server, cards, tmp_path, monkeypatch  # noqa: F811
):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    (tmp_path / "chain.toml").write_text(CHAIN)
    chain = load_chain(tmp_path / "chain.toml", {"cards": f'"{cards}"'})
    killed = new_chain_run(tmp_path / "runs", chain)

    def stop(progress):
        if (progress.earlier, progress.step) == (4, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_chain(chain, killed, Place("cpu"), tell=stop)
    learnt = (killed / "1-pixels" / "checkpoint.pt").stat().st_mtime_ns
    options = {"runs": str(tmp_path / "runs"), "changes": {"cards": f'"{cards}"'}}
    assert train(str(tmp_path / "chain.toml"), **options) == "tiny@1"
    assert (killed / "1-pixels" / "checkpoint.pt").stat().st_mtime_ns == learnt, "what is done is not done again"
    assert len(json.loads((killed / "chain.json").read_text())["resumed"]) == 1
    assert train(str(tmp_path / "chain.toml"), **options) == "tiny@2", "what is finished is not gone on with"
    assert sorted(path.name for path in (tmp_path / "runs").glob("0*")) == ["001-tiny", "002-tiny"]
    first, second = (Registry.of_environment().find(f"tiny@{version}").folder for version in (1, 2))
    assert (first / "model.onnx").read_bytes() == (second / "model.onnx").read_bytes()
    assert json.loads((first / "card.json").read_text())["network"]["widths"] == [6, 8], "the last of the chain"


def test_a_training_without_cards_fails_and_makes_no_folder_for_a_run(server, tmp_path):
    (tmp_path / "tiny.toml").write_text(CONFIG)
    state = train(str(tmp_path / "tiny.toml"), runs=str(tmp_path / "runs"), return_state=True)
    assert state.is_failed() and "InputError" in state.message
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [".docpipe-private"]


def test_cards_are_drawn_once(server, installed_fonts, tmp_path):
    folder = tmp_path / "cards"
    assert synthesize(str(folder), 2, workers=1, return_state=True).message == "2 pairs drawn"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}
    assert len(before) == 4
    assert synthesize(str(folder), 2, workers=1, return_state=True).message == "the cards are there already"
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}
