"""A folder of clean cards that needs no fonts, and a config that trains in seconds."""

import json

import numpy as np
import pytest
from PIL import Image

from docpipe.train.config import TrainConfig
from docpipe.train.export import export
from docpipe.train.pretrain import pretrain
from docpipe.train.run_folder import new_run


@pytest.fixture(scope="session")
def cards(tmp_path_factory):
    """What `docpipe synth` writes, as far as training reads it: three pages of blocks that stand for print."""
    return draw_cards(tmp_path_factory.mktemp("cards"))


def draw_cards(folder, height_px=600):
    """Write three pages of blocks into a folder."""
    (folder / "clean").mkdir()
    names = []
    for number in range(3):
        rng = np.random.default_rng(number)
        page = np.full((height_px, 640), 245, np.uint8)
        for top in range(20, height_px - 20, 40):
            for left in range(20, 600, 24):
                if rng.random() < 0.7:
                    page[top : top + 20, left : left + int(rng.integers(4, 16))] = 25
        names.append(f"{number:06}.png")
        Image.fromarray(page).save(folder / "clean" / names[-1], dpi=(300, 300))
    (folder / "truth.jsonl").write_text("".join(json.dumps({"file": name}) + "\n" for name in names))
    return folder


@pytest.fixture
def config(cards):
    return TrainConfig(
        name="tiny", cards=str(cards), widths=(8, 12), steps=4, batch=2, crop_px=32, warmup=1, check_every=2, checked=4
    )


@pytest.fixture
def model(config, tmp_path):
    run = new_run(tmp_path / "runs", config)
    pretrain(config, run)
    card = export(run, tmp_path / "model", version="3")
    return run, tmp_path / "model", card
