"""Finding the machine readable zone by its geometry: rows of glyphs on one grid of known width.

All characters of a zone stand one pitch apart (ICAO Doc 9303 part 3, 4.4: ten an inch), fillers included, and the
lines begin below each other. So the cells are counted by geometry, whatever OCR makes of a run of fillers.
"""

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.mrz import MrzFormat
from docpipe.page import Gray

INK_SHARE = 0.45                 # ink is darker than this share of the way from paper to the darkest print
PITCH_OF_PAGE = (0.55, 0.95)     # width of a zone as a share of the page's
PITCH_BY_CAP = (0.8, 1.5)        # 2.54 mm beside capitals of 2.4 mm, with room for blur
CELL_PX = 38                     # pitch in the cells that are handed out
FEWEST_GLYPHS = 0.5              # of a row's cells; stains and streaks may take the others
ON_GRID = 0.22                   # of a pitch, between a glyph's middle and that of its cell
ROW_MARGIN = 0.35                # of the height of capitals, above and below, in a cell


@dataclass(frozen=True, slots=True)
class Zone:
    """The cells of a zone: (lines, width, H, CELL_PX) uint8, 0 = ink, and how well the glyphs fit the grid, 0 to 1."""

    cells: Gray
    fit: float


@dataclass(frozen=True, slots=True)
class _Grid:
    left: float                  # middle of the first cell
    pitch: float
    middles: tuple[float, ...]   # of the lines, downwards
    cap: float
    hits: int


def find_zone(flat: Gray, form: MrzFormat) -> Zone | None:
    """Find the zone on a level page with flattened paper.

    Args:
        flat: (H, W) uint8, 0 = ink, paper near 255.
        form: which zone; its lines and their width are what is looked for.

    Returns:
        Its cells, or None where no rows of glyphs stand on such a grid.
    """
    boxes = _glyphs(flat, form.width)
    rows = [row for row in _rows(boxes) if len(row) >= FEWEST_GLYPHS * form.width]
    grids = [
        grid
        for chosen in combinations(rows[-6:], form.line_count)
        if (grid := _grid_of(chosen, form.width, flat.shape[1])) is not None
    ]
    if not grids:
        return None
    best = max(grids, key=lambda grid: grid.hits)
    return Zone(_cut_cells(flat, best, form.width), best.hits / (form.width * form.line_count))


def _glyphs(flat: Gray, width: int) -> NDArray[np.float64]:
    """(N, 4) left, top, width, height of what may be characters of a zone, by size."""
    darkest = float(np.percentile(flat, 1))
    ink = (flat < 255 - INK_SHARE * (255 - darkest)).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    boxes = stats[1:, :4].astype(np.float64)
    low, high = (share * flat.shape[1] / width for share in PITCH_OF_PAGE)
    heights, widths = boxes[:, 3], boxes[:, 2]
    of_a_size = (heights > 0.45 * low) & (heights < 1.3 * high) & (widths < 1.3 * high) & (widths > 0.08 * low)
    return np.asarray(boxes[of_a_size])


def _rows(boxes: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Glyphs whose middles stand at one height, from top to bottom, each row from left to right."""
    rows: list[NDArray[np.float64]] = []
    left = boxes[np.argsort(boxes[:, 1] + boxes[:, 3] / 2)]
    while len(left):
        middles = left[:, 1] + left[:, 3] / 2
        reach = 0.5 * np.median(left[:, 3])
        counts = np.searchsorted(middles, middles + reach, "right") - np.arange(len(left))
        first = int(np.argmax(counts))
        inside = slice(first, first + int(counts[first]))
        rows.append(left[inside][np.argsort(left[inside, 0])])
        left = np.delete(left, inside, axis=0)
        if counts[first] < 5:
            break
    return sorted(rows, key=lambda row: float(np.median(row[:, 1])))


def _grid_of(rows: tuple[NDArray[np.float64], ...], width: int, page_width: int) -> _Grid | None:
    """The grid that most glyphs of the rows stand on, if it can be that of a zone."""
    row_middles = [float(np.median(row[:, 1] + row[:, 3] / 2)) for row in rows]
    steps = np.diff(row_middles)
    cap = float(np.percentile(np.concatenate([row[:, 3] for row in rows]), 75))
    if (len(steps) > 1 and steps.max() > 1.3 * steps.min()) or not 1.2 * cap < steps.min() <= steps.max() < 4 * cap:
        return None
    across = np.concatenate([row[:, 0] + row[:, 2] / 2 for row in rows])
    best = None
    low, high = (share * page_width / width for share in PITCH_OF_PAGE)
    for pitch in np.arange(max(low, PITCH_BY_CAP[0] * cap), min(high, PITCH_BY_CAP[1] * cap), 0.01 * cap):
        phase = _phase(across, float(pitch))
        hits = int((_off_grid(across, phase, float(pitch)) < ON_GRID).sum())
        if best is None or hits > best[0]:
            best = hits, float(pitch), phase
    if best is None:
        return None
    _, pitch, phase = best
    for _ in range(2):
        on = across[_off_grid(across, phase, pitch) < ON_GRID]
        pitch, phase = np.polyfit(np.round((on - phase) / pitch), on, 1)
    on = across[_off_grid(across, phase, pitch) < ON_GRID]
    places = np.round((on - phase) / pitch).astype(int)
    first = _first_place(places, width)
    hits = int(((places >= first) & (places < first + width)).sum())
    if hits < FEWEST_GLYPHS * width * len(rows):
        return None
    return _Grid(float(phase + first * pitch), float(pitch), tuple(row_middles), cap, hits)


def _phase(across: NDArray[np.float64], pitch: float) -> float:
    """The circular mean of the glyphs' middles modulo the pitch."""
    turns = np.exp(2j * np.pi * across / pitch)
    return float(np.angle(turns.mean()) / (2 * np.pi) * pitch)


def _off_grid(across: NDArray[np.float64], phase: float, pitch: float) -> NDArray[np.float64]:
    places = (across - phase) / pitch
    return np.asarray(np.abs(places - np.round(places)))


def _first_place(places: NDArray[np.int64], width: int) -> int:
    """The stretch of `width` places that holds most glyphs; of several, the first that begins with one."""
    starts = range(int(places.min()) - 1, int(places.max()) + 1)
    held = [((places >= start) & (places < start + width)).sum() + 0.5 * (start in places) for start in starts]
    return starts[int(np.argmax(held))]


def _cut_cells(flat: Gray, grid: _Grid, width: int) -> Gray:
    """(lines, width, H, CELL_PX): every cell at the same scale, a row's from above its capitals to below them."""
    scale = CELL_PX / grid.pitch
    half = (0.5 + ROW_MARGIN) * grid.cap * scale
    height = round(2 * half)
    lines = []
    for middle in grid.middles:
        to_page = np.array([[1 / scale, 0, grid.left - grid.pitch / 2 + 0.5 / scale - 0.5],
                            [0, 1 / scale, middle - half / scale + 0.5 / scale - 0.5]])
        size = (CELL_PX * width, height)
        by = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        strip = cv2.warpAffine(flat, to_page, size, flags=by, borderMode=cv2.BORDER_REPLICATE)
        lines.append(strip.reshape(height, width, CELL_PX).transpose(1, 0, 2))
    return np.stack(lines).astype(np.uint8, copy=False)


