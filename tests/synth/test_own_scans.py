"""Noise on a user's own clean scans."""

import json

import numpy as np
import pytest
from PIL import Image

from docpipe.errors import InputError, OutputError
from docpipe.evaluate.provenance import read_origins
from docpipe.synth import write_pairs_from
from docpipe.train.data import CleanCards


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def scans(tmp_path):
    """A gray page, a colour one without a resolution, and two pages in one file."""
    paper = np.full((200, 300), 235, np.uint8)
    paper[60:90:6, 40:260] = 30
    pages = [Image.fromarray(np.roll(paper, 9 * shift, axis=0)) for shift in range(4)]
    (tmp_path / "scans").mkdir()
    paths = [tmp_path / "scans" / name for name in ("one.png", "two.png", "three.tif")]
    pages[0].save(paths[0], dpi=(300, 300))
    pages[1].convert("RGB").save(paths[1])
    pages[2].save(paths[2], dpi=(200, 200), save_all=True, append_images=[pages[3]])
    return paths


def test_every_page_gets_its_draws_and_clean_and_noisy_fit_together(scans, tmp_path):
    assert write_pairs_from(scans, tmp_path / "pairs", draws=2) == 8
    pairs, truths = records(tmp_path / "pairs" / "pairs.jsonl"), records(tmp_path / "pairs" / "truth.jsonl")
    names = [truth["file"] for truth in truths]
    assert names[-4:] == ["00002-001-01.png", "00002-001-02.png", "00002-002-01.png", "00002-002-02.png"]
    assert names == [pair["file"] for pair in pairs] and [pair["source"] for pair in pairs][-1] == "three.tif"
    for name in names:
        paths = [tmp_path / "pairs" / part / name for part in ("clean", "noisy")]
        with Image.open(paths[0]) as clean, Image.open(paths[1]) as noisy:
            assert clean.size == noisy.size == (300, 200) and clean.mode == noisy.mode == "L"
            assert clean.info.get("dpi") == noisy.info.get("dpi")
    assert len(CleanCards(tmp_path / "pairs").cards) == 8
    origins = read_origins(tmp_path / "pairs" / "pairs.jsonl")
    assert len({origin.card for origin in origins.values()}) == 4, "two draws of a page are one card"


def test_the_number_of_workers_and_other_scans_change_nothing(scans, tmp_path):
    write_pairs_from(scans, tmp_path / "one", seed=5)
    for workers in (2, 4):
        write_pairs_from(scans, tmp_path / f"{workers} workers", seed=5, workers=workers)
        assert contents(tmp_path / "one") == contents(tmp_path / f"{workers} workers")
    write_pairs_from(scans[2:], tmp_path / "alone", seed=5)
    alone, among = (tmp_path / "alone" / "noisy" / "00000-002-01.png", tmp_path / "one" / "noisy" / "00002-002-01.png")
    assert alone.read_bytes() == among.read_bytes()


def test_a_scan_that_cannot_be_read_is_named_and_the_others_go_on(scans, tmp_path):
    scans[1].write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    told = []
    assert write_pairs_from(scans, tmp_path / "pairs", tell=told.append) == 3
    assert [bool(drawn.problem) for drawn in told] == [False, True, False]


def test_nothing_to_draw_on_a_recipe_that_is_none_and_a_folder_in_use_are_refused(scans, tmp_path):
    with pytest.raises(InputError, match="there is no recipe 'nonsense'"):
        write_pairs_from(scans, tmp_path / "pairs", recipe="nonsense")
    assert not (tmp_path / "pairs").exists()
    with pytest.raises(InputError, match="none of the 1 scans can be read"):
        write_pairs_from([tmp_path / "absent.png"], tmp_path / "pairs")
    assert not (tmp_path / "pairs" / "truth.jsonl").exists()
    write_pairs_from(scans, tmp_path / "pairs")
    with pytest.raises(OutputError, match="holds pairs already"):
        write_pairs_from(scans, tmp_path / "pairs")
    with pytest.raises(ValueError, match="draws is 0"):
        write_pairs_from(scans, tmp_path / "others", draws=0)
