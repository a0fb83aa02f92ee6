"""Ink that is gone before anybody cleans: what no cleaning gives back that invents nothing."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from docpipe.evaluate.records import read_records
from docpipe.imageio import open_scan
from docpipe.page import Gray
from eval.gallery.causes import is_ink_gone
from eval.gallery.places import true_boxes
from eval.suites.suite import SuitePage


def pages_without_ink(
    pages: Sequence[SuitePage], folder: Path, *, jobs: int, tell: Callable[[int], None] = lambda _done: None
) -> set[str]:
    """The cards that lack ink in a required field, told by pixels alone: the card as scanned beside the clean one.

    Args:
        pages: of a suite of synthetic cards.
        folder: of the suite.
        jobs: processes.
        tell: called after each page with how many are done.

    Returns:
        Their files.
    """
    records = read_records(folder / "truth.jsonl", dict, of="a card", needs="file, fields")
    fields = {record["file"]: record["fields"] for record in records}
    lacks = partial(_lacks_ink, folder)
    found = set()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        outcomes = pool.map(lacks, pages, [fields[page.file] for page in pages], chunksize=8)
        for done, (page, is_gone) in enumerate(zip(pages, outcomes, strict=True), start=1):
            found |= {page.file} if is_gone else set()
            tell(done)
    return found


def _lacks_ink(folder: Path, page: SuitePage, fields: dict[str, Any]) -> bool:
    cv2.setNumThreads(1)
    clean, noisy = (read_gray(folder / kind / page.file) for kind in ("clean", "noisy"))
    assert page.schema is not None, page.file
    boxes = true_boxes(fields, page.schema)
    return any(is_ink_gone(clean, noisy, box) for box in boxes.values())


def read_gray(path: Path) -> Gray:
    """The first page of a file."""
    with open_scan(path.read_bytes()) as scan:
        return scan.read(0).pixels
