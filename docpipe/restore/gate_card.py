"""A gate in a model folder: `gate.onnx` and `gate.json`, which says what it is and where it decides."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from docpipe.errors import ModelError
from docpipe.restore.card_file import read_matched

GATE_CARD_NAME, GATE_NETWORK_NAME = "gate.json", "gate.onnx"
GATE_FORMAT = 1
STATISTICS = ("alike", "alike_worst", "gray", "sharpness")
"""What is measured of a page, in order: the fields of `docpipe.restore.onnx_gate.Statistics`."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """From the statistics of a page to a probability, and where it decides.

    Args:
        bias: of the log odds.
        slopes: of the log odds over each of the statistics, in their order.
        threshold: the restored version is kept from this probability on, 0 to 1.
    """

    bias: float
    slopes: tuple[float, ...]
    threshold: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.bias, *self.slopes))):
            raise ValueError(f"bias is {self.bias} and slopes are {list(self.slopes)}; all must be finite")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold is {self.threshold}; it is a probability, from 0 to 1")

    def probability(self, statistics: Sequence[float]) -> float:
        """That restoring is needed, by a logistic curve."""
        odds = self.bias + sum(slope * value for slope, value in zip(self.slopes, statistics, strict=True))
        return 1 / (1 + math.exp(-min(max(odds, -50.0), 50.0)))


@dataclass(frozen=True, slots=True)
class GateCard:
    """What is needed to run a gate, and what identifies it.

    Args:
        calibration: on cards that OCR has read in both versions.
        model_sha256: of the network that it was calibrated for, in hexadecimal.
        sha256: of `gate.onnx`.
        licence: SPDX expression.
    """

    calibration: Calibration
    model_sha256: str
    sha256: str
    licence: str

    @property
    def fingerprint(self) -> str:
        """Changes with the network, the calibration and the threshold."""
        decides = json.dumps([self.sha256, astuple(self.calibration)])
        return f"gate-{hashlib.sha256(decides.encode()).hexdigest()[:16]}"


def holds_gate(folder: Path) -> bool:
    """Whether a model folder has a gate, or a part of one."""
    return (folder / GATE_CARD_NAME).exists() or (folder / GATE_NETWORK_NAME).exists()


def load_gate_files(folder: Path) -> tuple[GateCard, bytes]:
    """Read the gate of a folder and check that card and network belong together.

    Args:
        folder: holds `gate.json` and `gate.onnx`.

    Returns:
        The card, and the bytes of the network exactly as they were checked.

    Raises:
        ModelError: something is missing, not readable, of an unknown format, or does not match its hash.
    """
    return read_matched(
        folder / GATE_CARD_NAME, folder / GATE_NETWORK_NAME, _checked,
        missing=f"a gate is {GATE_CARD_NAME} and {GATE_NETWORK_NAME} in a model folder; --no-gate does without",
        damaged="copy the model folder again, whole, or clean with --no-gate",
    )  # fmt: skip


def check_model(card: GateCard, model_sha256: str, folder: Path) -> None:
    """Refuse a gate that was calibrated for another model: its threshold says nothing of this one.

    Raises:
        ModelError: it was.
    """
    if card.model_sha256 != model_sha256:
        raise ModelError(
            f"the gate in {folder} was calibrated for another model, "
            f"sha256 {card.model_sha256[:16]}... and not {model_sha256[:16]}...",
            hint="calibrate one for this model with docpipe calibrate, or clean without it",
        )


def _checked(card: dict[str, Any], path: Path) -> GateCard:
    if card.get("format") != GATE_FORMAT:
        raise ModelError(
            f"{path} is no gate's card of format {GATE_FORMAT}",
            hint="calibrate the gate again with this version, or clean with --no-gate",
        )
    slopes = card["slopes"]
    if list(slopes) != list(STATISTICS):
        raise ValueError(f"slopes are of {', '.join(slopes)}; this version measures {', '.join(STATISTICS)}")
    return GateCard(
        calibration=Calibration(
            float(card["bias"]), tuple(float(slopes[name]) for name in STATISTICS), float(card["threshold"])
        ),
        model_sha256=str(card["model"]["sha256"]),
        sha256=str(card["sha256"]),
        licence=str(card["licence"]),
    )
