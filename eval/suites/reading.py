"""Judging the pages of a suite in one way: on all cores, page by page, each verdict kept as soon as it is known."""

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from time import perf_counter

import cv2
from pebble import ProcessExpired, ProcessPool

from docpipe.errors import InputError
from docpipe.evaluate import kept_scans
from docpipe.imageio import open_scan
from docpipe.ocr.engine import LONGEST_S as GIVEN_UP_S
from docpipe.ocr.engine import Engine
from docpipe.ocr.engines import load_ocr
from docpipe.ocr.extract import extract
from docpipe.page import Gray
from eval.suites.suite import ANYWHERE, SuitePage, bare
from eval.suites.ways import PeerError, fingerprint, load_way

LONGEST_S = 120                  # a page on which cleaning and OCR take longer counts as not read


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a page was read in one way.

    Args:
        page: its file.
        right: field -> whether it was right.
        valid: all fields are valid by their own rules; a valid page that does not pass is a false accept.
        seconds: that its preparation took, on one thread.
        unread: cleaning made nothing of it, it killed its process, or it took so long that the engine may have given
            up; it counts as failed, and that is not kept.
    """

    page: str
    right: dict[str, bool]
    valid: bool
    seconds: float
    unread: bool = False

    @property
    def passes(self) -> bool:
        """Every field was right."""
        return all(self.right.values())


def judge(
    pages: Sequence[SuitePage], folder: Path, stamp: str, *, way: str, ocr: str, model: Path | None, jobs: int,
    tell: Callable[[int], None] = lambda _done: None,
) -> list[Verdict]:  # fmt: skip
    """Prepare and read pages; what was judged before by the same reader in the same way is not judged again.

    Args:
        pages: of the suite.
        folder: of the suite.
        stamp: of the pages, as `eval.suites.lock.check` gives it: other pages have other verdicts.
        way: "clean" for the pages without noise, else a way of `eval.suites.ways`.
        ocr: what reads.
        model: folder of docpipe's model; None for the shipped one.
        jobs: processes.
        tell: called after each page with how many are done.
    """
    how = "clean" if way == "clean" else f"{way}-{fingerprint(way, model)}"
    kept = folder / "verdicts" / stamp / f"{reader_hash(ocr)}-{ocr}-{how}.jsonl"
    known = {verdict.page: verdict for verdict in _read_kept(kept)}
    to_do = [page for page in pages if page.file not in known]
    read = partial(judge_one, folder=folder, way=way, ocr=ocr, model=model)
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Spawned: a forked process would inherit the locks of ONNX Runtime's threads, which nobody holds in it.
    spawn = multiprocessing.get_context("spawn")
    with kept.open("a") as file, ProcessPool(jobs, context=spawn) as pool:
        for page, verdict in zip(to_do, _outcomes(pool, read, to_do), strict=True):
            known[page.file] = verdict
            if not verdict.unread:
                record = {name: value for name, value in asdict(verdict).items() if name != "unread"}
                file.write(json.dumps(record) + "\n")
                file.flush()
            tell(len(known))
    return [known[page.file] for page in pages]


def _outcomes(pool: ProcessPool, read: Callable[[SuitePage], Verdict], pages: Sequence[SuitePage]) -> Iterator[Verdict]:
    """The verdicts in order; a page that a peer fails on, that kills its process or takes too long was not read."""
    verdicts = pool.map(read, pages, timeout=LONGEST_S).result()
    for page in pages:
        try:
            yield next(verdicts)
        except (PeerError, ProcessExpired, TimeoutError):
            yield unread(page)


def judge_one(page: SuitePage, *, folder: Path, way: str, ocr: str, model: Path | None) -> Verdict:
    """Prepare and read one page."""
    cv2.setNumThreads(1)
    seconds = 0.0
    if way == "clean":
        gray = _read_gray(folder / "clean" / page.clean)
    else:
        gray = _read_gray(folder / "noisy" / page.file)
        prepare = load_way(way, model)
        begun = perf_counter()
        gray = prepare(gray)
        seconds = perf_counter() - begun
    begun = perf_counter()
    right, valid = _read(gray, page, _ready(ocr))
    if perf_counter() - begun >= GIVEN_UP_S:
        return unread(page)
    return Verdict(page.file, right, valid, seconds)


def unread(page: SuitePage) -> Verdict:
    """That nothing came of a page."""
    return Verdict(page.file, dict.fromkeys(page.true, False), False, 0.0, unread=True)


@lru_cache(maxsize=2)
def _ready(ocr: str) -> Engine:
    return load_ocr(ocr)


def _read(gray: Gray, page: SuitePage, engine: Engine) -> tuple[dict[str, bool], bool]:
    if page.schema is None:
        text = bare(" ".join(word.text for word in engine.words([gray], ANYWHERE)[0]))
        return {name: bare(value) in text for name, value in page.true.items()}, False
    read = extract(gray, page.schema, engine)
    right = {one.name: one.same(read.values.get(one.name, ""), page.true[one.name]) for one in page.schema.required}
    return right, read.valid


def _read_gray(path: Path) -> Gray:
    with open_scan(path.read_bytes()) as scan:
        return scan.read(0).pixels


def _read_kept(path: Path) -> Iterator[Verdict]:
    """The verdicts of a file; a last line that a kill cut short is taken off it."""
    if not path.exists():
        return
    lines = path.read_text().splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        path.write_text("".join(lines[:-1]))
        lines = lines[:-1]
    for number, line in enumerate(lines, 1):
        try:
            yield Verdict(**json.loads(line))
        except (ValueError, TypeError) as damaged:
            raise InputError(f"{path}, line {number} is no verdict", "remove that line") from damaged


@lru_cache(maxsize=4)
def reader_hash(ocr: str) -> str:
    """Changes whenever the code that reads and judges, its libraries, its engine or the engine's data change."""
    reader = hashlib.sha256((load_ocr(ocr).description + kept_scans.reader_hash()).encode())
    for source in (Path(__file__), Path(__file__).with_name("suite.py")):
        reader.update(source.read_bytes())
    return reader.hexdigest()[:12]
