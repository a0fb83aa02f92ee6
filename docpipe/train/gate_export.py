"""A gate beside a model, `gate.onnx` and `gate.json`: the network is written, its numbers are fitted to cards."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from docpipe.errors import InputError, ModelError, OutputError
from docpipe.imageio import open_scan
from docpipe.models import GateStatistics
from docpipe.page import Page
from docpipe.restore.gate_card import GATE_CARD_NAME, GATE_FORMAT, GATE_NETWORK_NAME, STATISTICS, holds_gate
from docpipe.restore.model_card import load_model
from docpipe.restore.onnx_gate import BLOCK_PX, INPUT, Meter
from docpipe.restore.print_size import glyph_height
from docpipe.restore.scale import resample, scale_into
from docpipe.train.calibration import JudgedCard, calibrate
from docpipe.train.onnx_file import write_gate_onnx
from docpipe.train.run_folder import commit

_LARGEST_DIFFERENCE = 1e-4
_PARITY_SEED = 77


@dataclass(frozen=True, slots=True)
class Verdict:
    """What OCR made of a card.

    Args:
        file: name of the scan, the same in both folders.
        passes_raw: it reads the scan.
        passes_restored: it reads the restored one.
    """

    file: str
    passes_raw: bool
    passes_restored: bool


def export_gate(
    folder: Path, *, model: Path, raw: Path, restored: Path, verdicts: Sequence[Verdict], broken_limit: float,
    licence: str = "MIT",
) -> dict[str, Any]:  # fmt: skip
    """Write a gate whose numbers are fitted to cards of validation.

    Args:
        folder: gets `gate.onnx` and `gate.json`; that of the model, or one to look at first. Must not hold a gate yet.
        model: folder of the model that restored the cards.
        raw: folder of the scans.
        restored: folder of the same names, every page restored, without a gate.
        verdicts: of the cards.
        broken_limit: share of the cards that pass raw which the gate may let be broken, 0 to 1.
        licence: SPDX expression.

    Returns:
        The card.

    Raises:
        InputError: a scan cannot be read, or the verdicts are too much alike to fit anything to.
        OutputError: the folder holds a gate already.
        ModelError: the model is refused, or ONNX Runtime and torch differ.
    """
    if holds_gate(folder):
        raise OutputError(f"{folder} holds a gate already", hint="choose another -o, or take that one away")
    card_of_model, _network = load_model(model)
    with TemporaryDirectory() as scratch:
        written = Path(scratch) / GATE_NETWORK_NAME
        write_gate_onnx(written)
        network = written.read_bytes()
    meter = Meter(network, folder, device="cpu", threads=1)
    _check_parity(meter)
    cards = measure_cards(meter, card_of_model.glyph_range, raw, restored, verdicts)
    calibration, point = calibrate(cards, broken_limit)
    card: dict[str, Any] = {
        "format": GATE_FORMAT,
        "input": {"name": INPUT, "layout": "(1, 2, H, W) float32 in [0, 1]: as scanned, restored",
                  "multiple_of": BLOCK_PX},
        "bias": calibration.bias,
        "slopes": dict(zip(STATISTICS, calibration.slopes, strict=True)),
        "threshold": calibration.threshold,
        "model": {"name": card_of_model.name, "version": card_of_model.version, "sha256": card_of_model.sha256},
        "commit": commit(),
        "figures": {**_outcomes(cards), "kept": point.kept, "rescued": point.rescued, "broken": point.broken,
                    "broken_limit": broken_limit},
        "licence": licence,
        "sha256": hashlib.sha256(network).hexdigest(),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GATE_NETWORK_NAME).write_bytes(network)
    (folder / GATE_CARD_NAME).write_text(json.dumps(card, indent=1) + "\n")
    return card


def measure_cards(
    meter: Meter, glyph_range: tuple[float, float], raw: Path, restored: Path, verdicts: Iterable[Verdict]
) -> list[JudgedCard]:
    """The cards with their statistics, at the scale at which the engine saw them.

    Those that come out as they went in are left out: of them a gate is never asked.

    Args:
        meter: of the gate.
        glyph_range: of the model.
        raw: folder of the scans; the first page of each is looked at.
        restored: folder of the same names, restored.
        verdicts: of the cards.

    Raises:
        InputError: a scan cannot be read.
    """
    cards = []
    for verdict in verdicts:
        before, after = (_first_page(folder / verdict.file) for folder in (raw, restored))
        glyph_px = glyph_height(before.pixels, before.dpi)
        if glyph_px is None or np.array_equal(before.pixels, after.pixels):
            continue
        scale = scale_into(glyph_px, glyph_range)
        size = tuple(max(1, round(side * scale)) for side in before.pixels.shape)
        pages = (resample(page.pixels, (size[0], size[1])) for page in (before, after))
        cards.append(JudgedCard(meter.measure(*pages), verdict.passes_raw, verdict.passes_restored))
    return cards


def _first_page(path: Path) -> Page:
    try:
        with open_scan(path.read_bytes()) as scan:
            return scan.read(0)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", hint="clean the scans again, without a gate") from error


def _outcomes(cards: Sequence[JudgedCard]) -> Mapping[str, int]:
    """What restoring every page comes to."""
    return {
        "cards": len(cards),
        "pass_raw": sum(card.passes_raw for card in cards),
        "rescued_without_gate": sum(card.is_rescued for card in cards),
        "broken_without_gate": sum(card.is_broken for card in cards),
    }


def _check_parity(meter: Meter) -> None:
    rng = np.random.default_rng(_PARITY_SEED)
    pages = rng.integers(0, 256, (2, 4 * BLOCK_PX, 6 * BLOCK_PX), dtype=np.uint8)
    with torch.no_grad():
        ours = GateStatistics()(torch.from_numpy(pages.astype(np.float32) / np.float32(255))[None])[0].numpy()
    largest = float(np.abs(ours - meter.blocks(pages[0], pages[1])).max())
    if largest > _LARGEST_DIFFERENCE:
        raise ModelError(f"ONNX Runtime and torch differ by {largest:.5f} in what a gate measures")
