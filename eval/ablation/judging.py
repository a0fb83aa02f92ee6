"""Judging a row: cards that no training saw are restored with its model and read; verdicts are kept by the model."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from docpipe.cards.layout import LAYOUTS
from docpipe.clean import Batch, BatchOptions, Ledger, PageOptions, plan_jobs
from docpipe.errors import InputError
from docpipe.evaluate.cases import cases_of, read_truth
from docpipe.evaluate.judge import read_cases
from docpipe.ocr.engines import load_ocr
from docpipe.restore import Restorer, ready_restorer
from docpipe.restore.gate_card import check_model
from docpipe.restore.model_card import load_model
from docpipe.restore.onnx_gate import OnnxGate
from docpipe.synth import write_pairs
from eval.suites.reading import reader_hash

OCR, RECIPE = "tesserocr", "worn"
SEED = 970              # of the judged cards, a series of its own
TRUTH, RAW = "truth.jsonl", "noisy"
Verdicts = dict[str, bool]
"""Name of a scan -> whether every required field of its card was right."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads cards.

    Args:
        about: what it is, in words.
        key: changes whenever it may come to other verdicts.
        read: folder of scans, truth -> verdicts.
    """

    about: str
    key: str
    read: Callable[[Path, Path], Verdicts]


def ocr_reader(jobs: int) -> Reader:
    """The library's own way of reading and judging.

    Args:
        jobs: processes.

    Raises:
        MissingToolError: the OCR engine is not installed.
    """
    return Reader(load_ocr(OCR).description, reader_hash(OCR), partial(_read, jobs=jobs))


def _read(scans: Path, truth: Path, jobs: int) -> Verdicts:
    # A folder that is held against itself is read once.
    cases = cases_of(read_truth(truth))
    return {case.file: reading.passes for case, _, reading in read_cases(scans, scans, cases, ocr=OCR, workers=jobs)}


def drawn_cards(folder: Path, count: int, *, jobs: int, tell: Callable[[int], None]) -> None:
    """Draw the cards that are judged, where they are not there yet: of the split val, all its layouts in turn."""
    if not (folder / TRUTH).exists():
        write_pairs(folder, count, recipe=RECIPE, seed=SEED, split="val", layouts=LAYOUTS, workers=jobs, tell=tell)


def judged(cards: Path, reader: Reader, restorer: Restorer | None, jobs: int) -> Verdicts:
    """Verdicts on the cards of a folder, as scanned or restored; those of the same model and reader are kept.

    Args:
        cards: folder of pairs as `docpipe synth` writes it.
        reader: reads.
        restorer: of the row; None for the cards as scanned.
        jobs: files that are restored at once.

    Raises:
        InputError: a card cannot be restored.
    """
    of_truth = hashlib.sha256((cards / TRUTH).read_bytes()).hexdigest()[:8]
    how = restorer.fingerprint if restorer else RAW
    kept = cards / "verdicts" / f"{how}-{reader.key}-{of_truth}.json"
    if kept.exists():
        verdicts: Verdicts = json.loads(kept.read_text())
        return verdicts
    verdicts = reader.read(_restored(cards, restorer, jobs) if restorer else cards / RAW, cards / TRUTH)
    kept.parent.mkdir(exist_ok=True)
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(verdicts))
    part.replace(kept)
    return verdicts


def _restored(cards: Path, restorer: Restorer, jobs: int) -> Path:
    """The folder of the cards after `docpipe clean` with a restorer."""
    folder = cards / "restored" / restorer.fingerprint
    plan = plan_jobs([str(cards / RAW)], folder)
    with Ledger(plan.ledger) as ledger:
        for report in Batch(restorer, PageOptions(), BatchOptions(jobs=jobs)).run(plan.jobs, ledger):
            if report.failed:
                raise InputError(f"{report.job.source}: {report.record.pages[0].reason}", report.hint)
    return folder


def restorer_of(model: Path, gate: Path | None) -> Restorer:
    """What restores pages with a model, on one thread a page; every page without a gate.

    Raises:
        ModelError: the gate was calibrated for another model, or one of the two cannot be used.
    """
    restorer = ready_restorer("onnx", model=model, device="cpu", gated=False)
    if gate is None:
        return restorer
    asked = OnnxGate(gate, device="cpu", threads=1)
    check_model(asked.card, load_model(model)[0].sha256, gate)
    return Restorer(restorer.engine, asked)
