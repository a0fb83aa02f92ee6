"""A network tile by tile, whichever library computes it: short of memory, and out of order."""

import cv2
import numpy as np
import pytest

from docpipe.errors import ModelError
from docpipe.restore.model_card import load_model
from docpipe.restore.tiled_network import TiledNetwork


class Cramped:
    """Blurs tiles of at most so many pixels; has no memory for larger ones."""

    def __init__(self, most_px, error):
        self.most_px, self.error, self.shapes = most_px, error, []

    def __call__(self, tile):
        self.shapes.append(tile.shape[2:])
        if tile.size > self.most_px:
            raise self.error
        return cv2.blur(tile[0, 0], (3, 3))[None, None]


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for buffer of size 9"),
        RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc"),
        RuntimeError("[ONNXRuntimeError] : 1 : FAIL : CUDA failure 2: out of memory ; GPU=0"),
        RuntimeError("[ONNXRuntimeError] : 1 : FAIL : CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED"),
        RuntimeError("[CPU] node with name '/grow' Check 'ptr' failed: Failed to allocate 15241216 bytes of memory"),
        RuntimeError("[CPU] DepthToSpace node with name '/grow' can't alloc"),
        RuntimeError("Exception from src/core.cpp:105:\nstd::future_error: Broken promise\n\n"),
        MemoryError(),
    ],
)
def test_short_of_memory_it_goes_on_with_smaller_tiles_and_says_so_once(model_folder, caplog, error):
    gray = np.random.default_rng(8).integers(0, 256, (700, 600), np.uint8)
    card, _ = load_model(model_folder)
    expected = TiledNetwork(card, Cramped(1_000_000, error)).restore(gray)
    cramped = Cramped(8_200, error)
    network = TiledNetwork(card, cramped)
    assert np.abs(network.restore(gray).astype(int) - expected).max() <= 1
    assert [record.message for record in caplog.records] == [
        "not enough memory for tiles of 64 pixels a side: going on with 45"
    ]
    cramped.most_px = 1_000_000
    cramped.shapes.clear()
    assert np.array_equal(network.restore(gray), expected), "memory is there again, and so are large tiles"
    cramped.most_px = 8_200
    network.restore(gray)
    assert len(caplog.records) == 1


def test_where_memory_does_for_no_tile_at_all_the_page_is_refused(model_folder):
    network = TiledNetwork(load_model(model_folder)[0], Cramped(0, RuntimeError("std::bad_alloc")))
    with pytest.raises(MemoryError):
        network.restore(np.zeros((90, 90), np.uint8))


def test_any_other_failure_names_the_model_and_the_tile(model_folder):
    network = TiledNetwork(load_model(model_folder)[0], Cramped(0, RuntimeError("no such kernel")))
    with pytest.raises(ModelError, match=r"^blur failed on a tile of \(.*\): no such kernel$"):
        network.restore(np.zeros((30, 30), np.uint8))


@pytest.mark.parametrize("changed", [lambda tile: tile[:, :, 1:-1, 1:-1], lambda tile: tile.astype(np.float64)])
def test_a_network_that_changes_size_or_type_is_refused_when_it_runs(model_folder, changed):
    network = TiledNetwork(load_model(model_folder)[0], changed)
    with pytest.raises(ModelError, match="made"):
        network.restore(np.zeros((30, 30), np.uint8))
