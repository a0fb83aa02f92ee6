"""A gate's numbers: fitted to cards, chosen by what may be broken, written beside a model."""

import json
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError, OutputError
from docpipe.models import GateStatistics
from docpipe.restore import ready_restorer
from docpipe.restore.onnx_gate import CHANNELS, Statistics, summed_up
from docpipe.train.calibration import JudgedCard, calibrate, choose, fit, operating_points, scores_of
from docpipe.train.gate_export import Verdict, export_gate
from tests.restore.small_network import blur_model, write_model


def cards(count=200, seed=3):
    """Scans that are much like their restored pages pass; some others are rescued, few are broken by chance."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        alike = float(rng.uniform(0.3, 1))
        passes_raw = bool(rng.random() < alike**3)
        passes_restored = bool(rng.random() < (0.95 if passes_raw else 0.6))
        made.append(JudgedCard(Statistics(alike, alike - 0.1, 0.2, -3.0), passes_raw, passes_restored))
    return made


def page_of(rng, noise=0.0):
    page = np.ones((96, 160), np.float32)
    for left in range(8, 150, 12):
        page[30:60, left : left + 4] = 0.1
    return np.clip(page + noise * rng.standard_normal(page.shape).astype(np.float32), 0, 1)


def measured(scan, restored):
    with torch.no_grad():
        blocks = GateStatistics()(torch.from_numpy(np.stack([scan, restored]))[None])
    assert blocks.shape == (1, len(CHANNELS), 3, 5)
    return summed_up(blocks[0].numpy())


def test_a_scan_is_less_like_its_restored_page_the_noisier_it_is():
    rng = np.random.default_rng(1)
    clean = page_of(rng)
    alike = [measured(page_of(rng, noise), clean).alike for noise in (0.0, 0.1, 0.4)]
    assert alike[0] == pytest.approx(1, abs=0.01) and alike[0] > alike[1] > alike[2] > 0


def test_brightness_does_not_make_a_scan_less_alike():
    clean = page_of(np.random.default_rng(1))
    assert measured(0.3 + 0.5 * clean, clean).alike == pytest.approx(1, abs=0.01)


def test_pale_strokes_are_gray_and_not_sharp():
    dark = page_of(np.random.default_rng(1))
    pale = 0.6 + 0.4 * dark
    firm, faint = measured(dark, dark), measured(dark, pale)
    assert faint.gray > firm.gray and faint.sharpness < firm.sharpness


def test_restoring_is_needed_the_less_the_more_alike_a_scan_is():
    judged = cards()
    calibration, point = calibrate(judged, 0.02)
    low, high = (calibration.probability(Statistics(alike, alike - 0.1, 0.2, -3.0)) for alike in (0.4, 0.95))
    assert low > 0.5 > high
    assert point.threshold == calibration.threshold


def test_a_fit_finds_the_odds_that_cards_were_drawn_with():
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(20_000):
        alike = float(rng.uniform(0, 1))
        needed = bool(rng.random() < 1 / (1 + np.exp(4 * alike - 2)))
        drawn.append(JudgedCard(Statistics(alike, 0.0, 0.0, 0.0), not needed, needed))
    bias, slopes = fit(drawn)
    assert bias == pytest.approx(2, abs=0.15) and slopes[0] == pytest.approx(-4, abs=0.25)
    assert slopes[1:] == pytest.approx((0, 0, 0), abs=1e-6)


@given(limit=st.floats(0, 1), seed=st.integers(0, 20))
def test_no_more_is_broken_than_the_limit_allows_and_no_threshold_rescues_more(limit, seed):
    judged = cards(60, seed)
    calibration, chosen = calibrate(judged, limit)
    passing = sum(card.passes_raw for card in judged)
    keeps = scores_of(calibration, judged) >= calibration.threshold
    assert sum(card.is_broken for card, restored in zip(judged, keeps, strict=True) if restored) == chosen.broken
    assert chosen.broken <= limit * passing
    points = operating_points(scores_of(calibration, judged), judged)
    assert chosen.rescued == max(point.rescued for point in points if point.broken <= limit * passing)


def test_a_higher_threshold_keeps_more_and_rescues_and_breaks_no_more():
    judged = cards()
    points = operating_points(scores_of(calibrate(judged, 0.02)[0], judged), judged)
    for low, high in pairwise(points):
        assert low.threshold < high.threshold
        assert low.rescued >= high.rescued and low.broken >= high.broken and low.kept <= high.kept
    assert points[0].kept == 0 and points[-1].kept == len(judged)


@pytest.mark.parametrize("passes", [(True, True), (False, True), (False, False)])
def test_cards_that_are_all_alike_cannot_be_fitted_to(passes):
    with pytest.raises(InputError, match="nothing can be fitted") as refused:
        fit([JudgedCard(Statistics(0.5, 0.4, 0.1, -3.0), *passes)] * 5)
    assert refused.value.hint


def test_a_limit_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match=r"broken_limit is 1\.5"):
        choose([], 10, 1.5)


@pytest.fixture
def judged_scans(tmp_path, printed):
    """Six scans, noisier and noisier, what a small model makes of them, and the verdicts that go with that."""
    model = write_model(tmp_path / "blur", blur_model())
    raw, restored, verdicts = tmp_path / "raw", tmp_path / "restored", []
    for folder in (raw, restored):
        folder.mkdir()
    restorer, rng = ready_restorer("onnx", model=model), np.random.default_rng(2)
    for number in range(6):
        gray = printed().astype(np.float32) + rng.normal(0, 8 * number + 1, printed().shape)
        scan = np.clip(gray, 0, 255).astype(np.uint8)
        cv2.imwrite(str(raw / f"{number}.png"), scan)
        cv2.imwrite(str(restored / f"{number}.png"), restorer.restore(scan).pixels)
        verdicts.append(Verdict(f"{number}.png", passes_raw=number < 3, passes_restored=number != 1))
    return {"model": model, "raw": raw, "restored": restored, "verdicts": verdicts}


def test_a_gate_is_written_beside_its_model_and_decides_there(judged_scans, printed):
    model = judged_scans["model"]
    card = export_gate(model, **judged_scans, broken_limit=0.0)
    assert card == json.loads((model / "gate.json").read_text())
    assert card["figures"]["cards"] == 6 and card["figures"]["pass_raw"] == 3 and card["figures"]["broken"] == 0
    restorer = ready_restorer("onnx", model=model)
    scores = [restorer.restore(cv2.imread(str(path), 0)).score for path in sorted(judged_scans["raw"].iterdir())]
    assert max(scores[:2]) < min(scores[3:]), "the noisier a scan, the more it needs restoring"
    kept = [restorer.restore(cv2.imread(str(path), 0)).choice for path in sorted(judged_scans["raw"].iterdir())]
    assert kept[1] == "original", "it would be broken"
    with pytest.raises(OutputError, match="holds a gate already"):
        export_gate(model, **judged_scans, broken_limit=0.0)


def test_scans_that_come_out_as_they_went_in_teach_a_gate_nothing(judged_scans):
    for name in ("0.png", "3.png"):
        (judged_scans["restored"] / name).write_bytes((judged_scans["raw"] / name).read_bytes())
    card = export_gate(judged_scans["model"] / "gate", **judged_scans, broken_limit=0.5)
    assert card["figures"]["cards"] == 4


def test_a_gate_that_cannot_be_fitted_leaves_nothing_behind(judged_scans):
    verdicts = [Verdict(verdict.file, True, True) for verdict in judged_scans.pop("verdicts")]
    with pytest.raises(InputError, match="nothing can be fitted"):
        export_gate(judged_scans["model"], verdicts=verdicts, **judged_scans, broken_limit=0.0)
    assert not list(judged_scans["model"].glob("gate.*"))


def test_calibrating_without_a_truth_is_refused(judged_scans, tmp_path):
    command = ["calibrate", "--model", str(judged_scans["model"]), "--raw", str(judged_scans["raw"])]
    command += ["--cleaned", str(judged_scans["restored"]), "-o", str(tmp_path / "gate")]
    assert CliRunner().invoke(main, command).exit_code == ExitCode.USAGE
    (tmp_path / "truth.jsonl").write_text("{}\n")
    ended = CliRunner().invoke(main, [*command, "--truth", str(tmp_path / "truth.jsonl")])
    assert ended.exit_code == ExitCode.BAD_INPUT and not (tmp_path / "gate").exists()
