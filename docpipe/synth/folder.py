"""What a folder of pairs holds: clean/ and noisy/ with the same names, truth.jsonl and pairs.jsonl."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import cv2
from PIL import Image

from docpipe.errors import OutputError
from docpipe.page import Gray

_COMPRESS_LEVEL = 4

Task = TypeVar("Task")
Made = TypeVar("Made")
Lines = Callable[[str, str], None]
"""Adds one line each to truth.jsonl and pairs.jsonl."""


@contextmanager
def pair_folder(folder: Path) -> Iterator[Lines]:
    """Make a folder of pairs; truth.jsonl gets its name at the end, so that a folder that has one is whole.

    Raises:
        OutputError: the folder holds pairs already, or cannot be written.
    """
    if (folder / "truth.jsonl").exists():
        raise OutputError(f"{folder} holds pairs already", hint="choose another -o, or remove it")
    try:
        for part in ("clean", "noisy"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        with (folder / "truth.jsonl.part").open("w") as truths, (folder / "pairs.jsonl").open("w") as pairs:

            def add(truth: str, provenance: str) -> None:
                truths.write(truth + "\n")
                pairs.write(provenance + "\n")

            yield add
        (folder / "truth.jsonl.part").replace(folder / "truth.jsonl")
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror}", hint="make room, or choose another -o") from error


def write_images(folder: Path, name: str, clean: Gray, noisy: Gray, dpi: float | None) -> None:
    """Both sides of a pair, as PNG under the same name."""
    (folder / "clean" / name).write_bytes(_png(clean, dpi))
    (folder / "noisy" / name).write_bytes(_png(noisy, dpi))


def in_order(make: Callable[[Task], Made], tasks: Iterable[Task], workers: int) -> Iterator[Made]:
    """Make things in processes of their own, and give them back in the order of the tasks."""
    if workers == 1:
        yield from map(make, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.imap(make, tasks, chunksize=4)


def _png(gray: Gray, dpi: float | None) -> bytes:
    stream = BytesIO()
    stated = {"dpi": (dpi, dpi)} if dpi else {}
    Image.fromarray(gray).save(stream, "PNG", compress_level=_COMPRESS_LEVEL, **stated)
    return stream.getvalue()
