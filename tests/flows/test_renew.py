"""A model is promoted only if it is better for sure and harms no more than is accepted; one command takes it back."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

pytest.importorskip("prefect", reason="flows need prefect (pip install 'docpipe-ocr[flows]')")
from prefect.client.orchestration import get_client

from docpipe.cards.fonts import families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.cli import main
from docpipe.errors import ExitCode
from docpipe.evaluate.promotion import judge_promotion
from docpipe.ocr.tesseract import Tesseract
from docpipe.registry import FOLDER_VARIABLE, Registry
from flows.evaluate import evaluate
from flows.nightly import nightly
from flows.renew import renew
from tests.conftest import installed

pytest.importorskip("onnx", reason="small networks are made with onnx (pip install 'docpipe-ocr[train]')")
from tests.flows import small_models

pytestmark = pytest.mark.slow
CARDS, SPECKED = 14, 10


@pytest.fixture(scope="module")
def suite(tmp_path_factory, installed_fonts):
    """Fourteen cards: ten under specks, which do not pass raw, and four clean ones, the last of them marked."""
    installed(Tesseract)
    folder = tmp_path_factory.mktemp("suite")
    (folder / "noisy").mkdir()
    truth = []
    for number in range(CARDS):
        card = draw_card(10_001 + number, load_layout("td1"), families_of("train"), 300)
        pixels = card.page().pixels.copy()
        if number < SPECKED:
            specks = np.random.default_rng(number).random(pixels.shape) < 0.03
            specks[1:] |= specks[:-1]
            specks[:, 1:] |= specks[:, :-1]
            pixels[specks] = 0
        elif number == CARDS - 1:
            pixels[:12, :12] = 0
        Image.fromarray(pixels).save(folder / "noisy" / f"{number}.png", dpi=(300, 300))
        truth.append(json.dumps({"file": f"{number}.png", "layout": "td1", "fields": card.truth_record()}))
    (folder / "truth.jsonl").write_text("\n".join(truth) + "\n")
    return folder


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """With a model in service that changes nothing, and three that might take its place."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    registry = Registry.of_environment()
    for make in (small_models.wipes, small_models.lifts_specks, small_models.lifts_specks_but_wipes_marked):
        registry.add(make(tmp_path))
    registry.promote(registry.add(small_models.keeps(tmp_path)).spec)
    return registry


def test_only_a_better_model_that_breaks_no_more_is_promoted_and_rolled_back(server, suite, registry, tmp_path):
    def judged(candidate, **more):
        options = {"ocr": "tesseract", "cache": str(tmp_path / "cache"), "workers": 1, **more}
        return renew(str(suite), str(tmp_path / "reports"), candidate, **options, return_state=True)

    worse = judged("wipes@1")
    assert worse.name == "Refused" and "not better for sure" in worse.message
    assert registry.in_service().spec == "keeps@1"

    breaking = judged("lifts-and-wipes@1")
    assert breaking.name == "Refused" and "too many broken" in breaking.message
    assert registry.in_service().spec == "keeps@1"

    better = judged("lifts-specks@1")
    assert better.name == "Promoted" and registry.in_service().spec == "lifts-specks@1"
    assert "over keeps@1: better" in registry.changes()[-1].why

    assert CliRunner().invoke(main, ["models", "rollback"]).exit_code == ExitCode.OK
    assert registry.in_service().spec == "keeps@1"


def test_a_night_cleans_and_evaluates_a_sample_without_naming_it(server, suite, registry, tmp_path):
    registry.promote("lifts-specks@1")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for path in (suite / "noisy").iterdir():
        (inbox / f"MUELLER-ANNA-{path.name}").write_bytes(path.read_bytes())
    state = nightly(
        str(inbox), str(tmp_path / "out"), str(tmp_path / "reports"), workers=2, sample=2, card_schema="td1",
        ocr="tesseract", return_state=True,
    )
    assert (state.name, state.message) == ("Completed", "14 scans cleaned, 0 done before")
    (report,) = tmp_path.glob("reports/*/report.json")
    cards = json.loads(report.read_text())["cards"]
    assert len(cards) == 2 and "MUELLER" not in report.read_text()
    assert not list((tmp_path / "out" / ".docpipe-private").glob("copies-*/"))
    again = nightly(str(inbox), str(tmp_path / "out"), str(tmp_path / "other"), workers=2, return_state=True)
    assert again.message == "0 scans cleaned, 14 done before" and not (tmp_path / "other").exists()


def test_a_second_report_of_a_day_does_not_take_the_place_of_the_first(tmp_path):
    module = importlib.import_module("flows.nightly")             # the flow that it holds has the same name
    folders = [module._new_folder(tmp_path / "reports" / "2026-03-01") for _run in range(3)]
    assert [folder.name for folder in folders] == ["2026-03-01", "2026-03-01-run-2", "2026-03-01-run-3"]
    assert all(folder.is_dir() for folder in folders)


def test_a_scan_of_the_sample_that_vanishes_is_told_by_id_and_the_others_are_evaluated(
    server, suite, registry, tmp_path, monkeypatch
):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number in (CARDS - 3, CARDS - 2):
        (inbox / f"{number}.png").write_bytes((suite / "noisy" / f"{number}.png").read_bytes())
    module = importlib.import_module("flows.nightly")             # the flow that it holds has the same name
    real = module.copy_sample

    def vanished(named, folder):
        (inbox / f"{CARDS - 2}.png").unlink(missing_ok=True)
        return real(named, folder)

    monkeypatch.setattr(module, "copy_sample", vanished)
    where = (str(inbox), str(tmp_path / "out"), str(tmp_path / "reports"))
    state = nightly(*where, workers=1, card_schema="td1", ocr="tesseract", return_state=True)
    ids = (tmp_path / "out" / ".docpipe-private" / "page-ids.jsonl").read_text().splitlines()[1:]
    names = {Path(json.loads(line)["name"]).stem: json.loads(line)["id"] for line in ids}
    assert state.name == "CompletedWithErrors"
    assert state.message == f"2 scans cleaned, 0 done before, 1 failed: {names[f'{CARDS - 2}']}"
    (report,) = tmp_path.glob("reports/*/report.json")
    assert len(json.loads(report.read_text())["cards"]) == 1


def test_an_evaluation_that_cleans_first_says_which_scans_it_could_not_clean(server, suite, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "0.png").write_bytes((suite / "noisy" / f"{CARDS - 2}.png").read_bytes())
    (raw / "bad.png").write_bytes(b"no picture")
    options = {"engine": "division", "card_schema": "td1", "ocr": "tesseract", "workers": 1}
    state = evaluate(str(raw), str(tmp_path / "report"), **options, return_state=True)
    ids = (tmp_path / "report" / "cleaned" / ".docpipe-private" / "page-ids.jsonl").read_text().splitlines()
    assert state.name == "CompletedWithErrors"
    page_id = json.loads(ids[1])["id"]
    assert state.message == f"0 rescued, 0 broken of 1 cards, 1 scans left out, 1 failed: {page_id}"
    with get_client(sync_client=True) as client:
        (figures,) = [json.loads(one.data) for one in client.read_latest_artifacts() if one.key == "evaluate-figures"]
    assert {"what": "scans left out", "figure": 1} in figures


@pytest.mark.parametrize("limit", [-0.1, 1.1])
def test_a_limit_that_is_no_share_is_refused(limit):
    with pytest.raises(ValueError, match="it is a share, from 0 to 1"):
        judge_promotion(None, None, broken_limit=limit)
