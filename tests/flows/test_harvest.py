"""Patterns come from the newest scans, and a training may learn from them."""

import importlib
import json
import os
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("prefect", reason="flows need prefect (pip install 'docpipe-ocr[flows]')")
from docpipe.noise.patterns import load_patterns
from docpipe.noise.recipe import load_training_recipe
from docpipe.noise.stains import stain
from docpipe.ocr.tesseract import Tesseract
from flows.harvest import harvest, has_patterns_to_learn_from, recipe_with
from tests.conftest import installed
from tests.flows.conftest import SECRET

pytestmark = pytest.mark.slow


@pytest.fixture
def stained(tmp_path):
    """Three stained sheets of 75 x 105 mm at 200 dpi, the oldest first, and a damaged file."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for number in range(3):
        rng = np.random.default_rng(number)
        gray = 240 + rng.normal(0, 1.5, (590, 826))
        for top, left in ((60, 90), (300, 500)):
            drop = 0.4 * stain(35, 0.3, rng)
            gray[top : top + drop.shape[0], left : left + drop.shape[1]] *= 1 - drop
        path = folder / f"{SECRET}-{number}.png"
        Image.fromarray(gray.clip(0, 255).astype(np.uint8)).save(path, dpi=(200, 200))
        os.utime(path, (1000 + number, 1000 + number))
    (folder / f"{SECRET}-damaged.png").write_bytes(b"no picture")
    os.utime(folder / f"{SECRET}-damaged.png", (2000, 2000))
    return folder


def test_the_newest_scans_are_harvested_once_and_prefect_hears_no_name(server, stained, told, tmp_path):
    installed(Tesseract)
    library = tmp_path / "runs" / "patterns"
    state = harvest(str(stained), str(library), newest=2, return_state=True)
    _key, line = (tmp_path / "runs" / ".docpipe-private" / "page-ids.jsonl").read_text().splitlines()
    assert state.name == "CompletedWithErrors" and state.message.endswith(f", 1 failed: {json.loads(line)['id']}")
    held = len(load_patterns(library).entries)
    assert held >= 1
    again = harvest(str(stained), str(library), newest=2, return_state=True)
    assert again.message.startswith("0 patterns added") and len(load_patterns(library).entries) == held
    assert SECRET.encode() not in told()


def test_an_object_store_is_harvested_and_nothing_of_it_stays(server, stained, told, tmp_path):
    installed(Tesseract)
    fsspec.filesystem("memory").pipe({f"/inbox/{path.name}": path.read_bytes() for path in stained.glob("*[0-9].png")})
    library = tmp_path / "runs" / "patterns"
    state = harvest("memory://inbox", str(library), newest=1, return_state=True)
    assert state.name == "Completed" and len(load_patterns(library).entries) >= 1
    assert not list((tmp_path / "runs" / ".docpipe-private").glob("copies-*/"))
    assert SECRET.encode() not in told()


@pytest.mark.parametrize(
    ("where", "when"), [("a folder", "look_at"), ("a store", "look_at"), ("a store", "read_whole")]
)
def test_a_scan_that_vanishes_meanwhile_is_told_by_id_and_the_others_are_harvested(
    server, stained, told, tmp_path, monkeypatch, where, when
):
    installed(Tesseract)
    store = fsspec.filesystem("memory")
    store.pipe({f"/vanishing/{path.name}": path.read_bytes() for path in stained.glob("*[0-9].png")})
    module = importlib.import_module("flows.harvest")           # the flow that it holds has the same name
    real = getattr(module, when)

    def vanished(place):
        if place.name == f"{SECRET}-2.png":
            place.unlink() if isinstance(place, Path) else store.rm(f"/vanishing/{place.name}")
        return real(place)

    monkeypatch.setattr(module, when, vanished)
    (stained / f"{SECRET}-damaged.png").unlink()
    inbox = str(stained) if where == "a folder" else "memory://vanishing"
    library = tmp_path / "runs" / "patterns"
    state = harvest(inbox, str(library), return_state=True)
    _key, line = (tmp_path / "runs" / ".docpipe-private" / "page-ids.jsonl").read_text().splitlines()
    assert json.loads(line)["name"].endswith(f"/{SECRET}-2.png")
    assert state.name == "CompletedWithErrors" and state.message.endswith(f", 1 failed: {json.loads(line)['id']}")
    assert len(load_patterns(library).entries) >= 1
    assert SECRET.encode() not in told()


def test_an_empty_inbox_is_no_failure(server, tmp_path):
    (tmp_path / "inbox").mkdir()
    state = harvest(str(tmp_path / "inbox"), str(tmp_path / "patterns"), return_state=True)
    assert state.name == "InboxEmpty" and not has_patterns_to_learn_from(tmp_path / "patterns")


def test_a_training_learns_from_them_through_a_recipe(tmp_path):
    starter = load_patterns("starter")
    assert has_patterns_to_learn_from(starter.folder)
    (tmp_path / "recipe.toml").write_text(recipe_with(starter.folder))
    recipe = load_training_recipe(str(tmp_path / "recipe.toml"))
    pasted = [step.noise.library for step in recipe.steps if step.kind == "paste"]
    assert pasted == [("starter",), (str(starter.folder),)]
