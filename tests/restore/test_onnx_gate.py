"""The gate in a model folder: what it measures, what it decides, and what is refused."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cli import main
from docpipe.errors import ExitCode, ModelError, UsageError
from docpipe.restore import SHIPPED_INT8, Restorer, load_engine, load_gate, ready_restorer
from docpipe.restore.gate_card import STATISTICS, Calibration
from docpipe.restore.onnx_gate import CHANNELS, OnnxGate, Statistics, summed_up

pytest.importorskip("onnx", reason="small networks are made with onnx (pip install 'docpipe-ocr[train]')")
from tests.restore.small_gate import gate_network, write_gate

BRIGHT, DARK = (np.full((100, 70), level, np.uint8) for level in (250, 10))


@pytest.fixture
def gated(model_folder):
    return write_gate(model_folder)


def test_a_model_folder_without_a_gate_has_none_and_nothing_changes(model_folder):
    assert load_gate(model=model_folder) is None and load_gate("division") is None
    restorer = ready_restorer("onnx", model=model_folder)
    assert restorer.gate is None
    assert restorer.fingerprint == Restorer(restorer.engine).fingerprint and "gate" not in restorer.fingerprint


def test_the_careful_gate_is_of_the_shipped_model_and_of_no_other(model_folder):
    careful = ready_restorer("onnx", careful=True)
    assert careful.gate is not None and 0 < careful.gate.threshold < 1
    assert careful.fingerprint != ready_restorer("onnx").fingerprint
    for other in (model_folder, SHIPPED_INT8):
        with pytest.raises(UsageError, match="a gate for compact@") as refused:
            ready_restorer("onnx", model=other, careful=True)
        assert "--model compact@" in str(refused.value.hint)


def test_the_careful_gate_keeps_what_reads_as_it_is_and_restores_what_does_not(printed):
    restorer = ready_restorer("onnx", careful=True)
    clean = printed()
    grain = np.random.default_rng(1).normal(0, 60, clean.shape)
    faint = (255 - (255 - clean.astype(float)) * 0.35 + grain).clip(0, 255).astype(np.uint8)
    lit = (clean * np.linspace(0.97, 1, clean.shape[1])).astype(np.uint8)
    chosen = {name: restorer.restore(page) for name, page in (("lit", lit), ("faint", faint))}
    assert (chosen["lit"].choice, chosen["faint"].choice) == ("original", "restored")
    assert chosen["lit"].score < restorer.gate.threshold <= chosen["faint"].score


@pytest.mark.parametrize("options", [["--engine", "division"], ["--no-gate"]])
def test_careful_goes_with_a_gate(options, printed, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), printed())
    refused = CliRunner().invoke(main, ["clean", str(tmp_path / "a.png"), "--careful", *options])
    assert refused.exit_code == ExitCode.USAGE and "--careful" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_gate_decides_by_what_its_network_measures(gated):
    gate = OnnxGate(gated, threads=1)
    assert gate.score(BRIGHT, DARK) < gate.threshold <= gate.score(DARK, BRIGHT)


def test_a_large_page_is_measured_in_strips_as_it_would_be_whole(gated):
    page = np.random.default_rng(0).integers(0, 256, (2100, 40), dtype=np.uint8)
    blocks = OnnxGate(gated, threads=1).meter.blocks(page, page)
    padded = np.pad(page, ((0, -2100 % 32), (0, -40 % 32)), mode="reflect").astype(np.float32) / 255
    means = padded.reshape(66, 32, 2, 32).mean(axis=(1, 3))
    assert blocks.shape == (len(CHANNELS), 66, 2) and np.allclose(blocks[0], means, atol=1e-5)


@given(height=st.integers(1, 70), width=st.integers(1, 70))
def test_a_page_of_any_size_has_finite_statistics(height, width):
    blocks = np.random.default_rng(height * 100 + width).random((len(CHANNELS), height, width), np.float32)
    assert all(map(np.isfinite, summed_up(blocks)))
    assert all(map(np.isfinite, summed_up(0 * blocks)))


def test_what_is_measured_is_what_the_card_names():
    assert Statistics._fields == STATISTICS


def test_the_gate_is_asked_and_the_page_kept_and_no_gate_turns_it_off(gated, printed, tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    cv2.imwrite(str(scans / "a.png"), printed())
    command = ["clean", str(scans), "--model", str(gated), "--json"]
    kept = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "kept")])
    line = json.loads(kept.stdout)
    assert (line["choice"], line["reason"]) == ("original", "the gate prefers the original")
    assert 0 <= line["score"] < 0.5 and "1 kept as scanned (1 of them by the gate)" in kept.stderr
    assert (tmp_path / "kept/a.png").read_bytes() == (scans / "a.png").read_bytes()
    restored = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "restored"), "--no-gate"])
    line = json.loads(restored.stdout)
    assert (line["choice"], line["score"]) == ("restored", None)
    assert "1 restored, 0 kept as scanned in" not in restored.stderr and "by the gate" not in restored.stderr


def test_models_info_names_the_gate(gated, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCPIPE_MODELS", str(tmp_path / "models"))
    assert CliRunner().invoke(main, ["models", "promote", str(gated)]).exit_code == 0
    shown = CliRunner().invoke(main, ["models", "info"]).stdout
    assert f"with {OnnxGate(gated).fingerprint}" in shown and "threshold" in shown
    assert json.loads(CliRunner().invoke(main, ["models", "info", "--json"]).stdout)["gate"]["threshold"] == 0.5
    write_gate(gated, threshold=0.6)
    again = CliRunner().invoke(main, ["models", "promote", str(gated)])
    assert again.exit_code != 0 and "holds another blur@1" in again.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 0.51},
        {"bias": 4.0},
        {"slopes": {"alike": -9.0, "alike_worst": 0.0, "gray": 0.0, "sharpness": 0.0}},
        {"network": gate_network(channels=6)},
    ],
)
def test_the_fingerprint_changes_with_all_that_decides(gated, change):
    before = ready_restorer("onnx", model=gated).fingerprint
    network = change.pop("network", None)
    write_gate(gated, network, **change)
    after = ready_restorer("onnx", model=gated).fingerprint
    assert before != after and load_engine(model=gated).fingerprint in before


def without_network(folder):
    (folder / "gate.onnx").unlink()


def without_card(folder):
    (folder / "gate.json").unlink()


def of_another_network(folder):
    (folder / "gate.onnx").write_bytes(gate_network(channels=6).SerializeToString())


def no_json(folder):
    (folder / "gate.json").write_text("{")


def of_another_model(folder):
    write_gate(folder, model={"name": "blur", "version": "1", "sha256": "0" * 64})


def of_another_format(folder):
    write_gate(folder, format=2)


def that_lacks_its_bias(folder):
    write_gate(folder, bias=None)


def with_a_wild_threshold(folder):
    write_gate(folder, threshold=1.5)


def that_measures_something_else(folder):
    write_gate(folder, slopes={"colour": 1.0})


def of_a_strange_network(folder):
    write_gate(folder, gate_network(output="boxes"))


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (without_network, "gate.onnx: No such file"),
        (without_card, "gate.json: No such file"),
        (of_another_network, "is not the network of its card"),
        (no_json, "is not JSON"),
        (of_another_model, "calibrated for another model"),
        (of_another_format, "no gate's card of format 1"),
        (that_lacks_its_bias, "lacks 'bias'"),
        (with_a_wild_threshold, "threshold is 1.5"),
        (that_measures_something_else, "slopes are of colour"),
        (of_a_strange_network, "makes \\['boxes'\\]"),
    ],
)
def test_a_gate_that_does_not_fit_is_refused_in_one_line(gated, damage, problem):
    damage(gated)
    with pytest.raises(ModelError, match=problem) as refused:
        ready_restorer("onnx", model=gated)
    assert "\n" not in refused.value.problem
    assert ready_restorer("onnx", model=gated, gated=False).gate is None


def test_a_network_of_other_channels_is_refused_when_it_is_asked(gated):
    write_gate(gated, gate_network(channels=6))
    with pytest.raises(ModelError, match="made"):
        OnnxGate(gated).score(BRIGHT, DARK)


@given(values=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2), slope=st.floats(0, 50))
def test_a_probability_rises_with_what_has_a_rising_slope(values, slope):
    calibration = Calibration(0.5, (slope,), 0.5)
    low, high = (calibration.probability([value]) for value in sorted(values))
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize("numbers", [(float("nan"), (1.0,), 0.5), (0.0, (float("inf"),), 0.5), (0.0, (1.0,), -0.1)])
def test_a_calibration_of_impossible_numbers_is_refused(numbers):
    with pytest.raises(ValueError, match=r"must be finite|from 0 to 1"):
        Calibration(*numbers)
