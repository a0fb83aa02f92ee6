"""Tiled and untiled results agree, whatever the sizes."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.restore.tiles import BLEND_PX, check_tiling, restore_tiled, smaller_tile


def blur_network(reach_px):
    """A network that looks `reach_px` pixels around each pixel, and fills up with zeros like a convolution."""
    side = 2 * reach_px + 1

    def network(tile):
        blurred = cv2.blur(tile[0, 0], (side, side), borderType=cv2.BORDER_CONSTANT)
        return blurred[None, None]

    return network


def grid_network(stride, reach_px):
    """As above, and aware of the stride's grid: it down-samples by `stride` and up again, as U-Nets do."""
    blur = blur_network(reach_px)

    def network(tile):
        height, width = tile.shape[2:]
        assert height % stride == 0 and width % stride == 0, "a tile off the grid"
        cells = tile[0, 0].reshape(height // stride, stride, width // stride, stride).mean((1, 3))
        coarse = np.repeat(np.repeat(cells, stride, 0), stride, 1)[None, None].astype(np.float32)
        return (blur(tile) + coarse) / 2

    return network


def untiled(gray, network, stride):
    height, width = (-(-side // stride) * stride for side in gray.shape)
    padded = np.pad(gray, ((0, height - gray.shape[0]), (0, width - gray.shape[1])), mode="reflect")
    restored = network((padded.astype(np.float32) / 255)[None, None])[0, 0]
    return np.rint(np.clip(restored, 0, 1) * 255).astype(np.uint8)[: gray.shape[0], : gray.shape[1]]


@settings(max_examples=150)
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    stride=st.sampled_from([1, 2, 3, 4, 8, 16]),
    overlap_px=st.integers(0, 24),
    more_px=st.integers(0, 60),
    seed=st.integers(0, 9),
)
def test_tiled_equals_untiled_where_the_overlap_covers_the_reach(
    height, width, stride, overlap_px, more_px, seed
):
    gray = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    gray.setflags(write=False)
    # A cell of the grid reaches up to stride - 1 pixels, within its own cell only: tiles lie on the grid.
    network = grid_network(stride, overlap_px)
    tile_px = 2 * overlap_px + 2 * BLEND_PX + stride + more_px
    tiled = restore_tiled(gray, network, tile_px=tile_px, stride=stride, overlap_px=overlap_px)
    difference = np.abs(tiled.astype(int) - untiled(gray, network, stride))
    assert tiled.shape == gray.shape and tiled.dtype == np.uint8
    assert difference.max() <= 1


def test_too_little_overlap_shows():
    """The property above can fail: a reach wider than the overlap is seen at the seams."""
    gray = np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8)
    network = blur_network(20)
    tiled = restore_tiled(gray, network, tile_px=64, stride=1, overlap_px=2)
    assert np.abs(tiled.astype(int) - untiled(gray, network, 1)).max() > 10


def tile_sizes(shape, **how):
    """Pixels of each tile that a page of that shape is cut into."""
    seen = []

    def network(tile):
        seen.append(tile.size)
        return tile

    restore_tiled(np.zeros(shape, np.uint8), network, **how)
    return seen


@pytest.mark.parametrize(("height", "width", "squares"), [(250, 350, 1), (500, 600, 500 * 600 / 6 / 130**2),
                                                          (2000, 3000, 4)])  # fmt: skip
def test_a_tile_holds_a_square_or_of_a_large_page_a_sixth_up_to_four_squares(height, width, squares):
    largest = max(tile_sizes((height, width), tile_px=130, stride=8, overlap_px=16))
    assert 0.8 * squares * 130**2 < largest <= squares * 130**2


def test_tiles_lie_upon_each_other_no_more_than_they_must():
    """A page a little wider than a square tile is one tile, not two that are nearly the same."""
    assert len(tile_sizes((750, 1123), tile_px=1024, stride=16, overlap_px=160)) == 1
    assert sum(tile_sizes((1276, 2022), tile_px=1024, stride=16, overlap_px=160)) < 1.6 * 1276 * 2022


def test_of_a_large_page_little_more_than_a_third_is_computed_twice():
    """A3 at 600 dpi and the tiles of the shipped model, all an eighth as long."""
    assert sum(tile_sizes((1240, 877), tile_px=128, stride=2, overlap_px=12)) < 1.37 * 1240 * 877


def test_a_page_that_fits_is_one_tile():
    seen = []

    def network(tile):
        seen.append(tile.shape)
        return tile

    restore_tiled(np.zeros((638, 1011), np.uint8), network, tile_px=1024, stride=8, overlap_px=32)
    assert seen == [(1, 1, 640, 1016)]


def test_values_beyond_the_range_are_clipped():
    gray = np.full((40, 40), 128, np.uint8)
    bright = restore_tiled(gray, lambda tile: tile * 9, tile_px=80, stride=1, overlap_px=0)
    dark = restore_tiled(gray, lambda tile: tile - 9, tile_px=80, stride=1, overlap_px=0)
    assert bright.min() == 255 and dark.max() == 0


@pytest.mark.parametrize(
    "settings_", [{"stride": 0}, {"overlap_px": -1}, {"tile_px": 40}], ids=["stride", "overlap", "tile"]
)
def test_settings_that_make_no_sense_are_refused(settings_):
    sensible = {"tile_px": 128, "stride": 8, "overlap_px": 16}
    with pytest.raises(ValueError, match=next(iter(settings_))):
        restore_tiled(np.zeros((9, 9), np.uint8), lambda tile: tile, **sensible | settings_)


@given(st.integers(64, 4096), st.sampled_from([1, 8, 16, 32]), st.integers(0, 400))
def test_smaller_tiles_hold_half_the_pixels_as_long_as_enough_of_them_is_kept(tile_px, stride, overlap_px):
    while (smaller := smaller_tile(tile_px, stride=stride, overlap_px=overlap_px)) is not None:
        assert smaller < tile_px and 2 * smaller**2 >= tile_px**2 - 4 * tile_px
        check_tiling(tile_px=smaller, stride=stride, overlap_px=overlap_px)
        assert smaller - 2 * overlap_px - BLEND_PX >= smaller / 5
        tile_px = smaller


def test_a_card_is_tried_with_tiles_of_a_sixth_of_its_pixels_at_least():
    sizes = [1024]
    while (smaller := smaller_tile(sizes[-1], stride=16, overlap_px=160)) is not None:
        sizes.append(smaller)
    assert sizes == [1024, 724, 511, 420]
