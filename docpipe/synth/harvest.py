"""Harvesting: patches of real noise cut out of noisy scans, without anything that was printed or written on them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from docpipe.errors import DocpipeError, InputError
from docpipe.imageio import ReadOptions, open_scan
from docpipe.noise.base import MM_PER_INCH, PLAUSIBLE_DPI
from docpipe.noise.patterns import INDEX_NAME, Entry, load_patterns, make_entry, write_patterns
from docpipe.ocr.engine import Engine
from docpipe.page import Gray, Page
from docpipe.synth.harvest_blocks import grid_of, is_of_blocks
from docpipe.synth.harvest_gate import KEPT_CONTRASTS, SEEN_CONTRASTS, legible, shows_a_row
from docpipe.synth.harvest_page import take_apart
from docpipe.synth.harvest_patch import Patch, cut_patches
from docpipe.synth.likeness import Look, is_like_one_of, look_of

LARGEST_PX_PER_MM = 8.0         # 200 dpi: finer pages are made so coarse
LEAST_PX_PER_MM = 3.0           # 76 dpi: on coarser ones print of the usual size cannot be told from specks
LEAST_SIDE_MM = 20.0
A4_LONG_SIDE_MM, UNSTATED_DPI = 297.0, 300.0


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What came of one scan.

    Args:
        source: the file.
        pages: how many were looked at.
        kept: patterns that went into the library.
        rejected: how many patches were not kept, by reason: "blocks" of a JPEG file, "row" of glyphs, "read" by OCR,
            "seen" before.
        error: why the scan, or a page of it, was not looked at; empty where all were.
        hint: what to try then.
    """

    source: str
    pages: int = 0
    kept: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    error: str = ""
    hint: str = ""


def harvest(scans: Sequence[Path], library: Path, engine: Engine, *, origin: str, licence: str,
            dpi: float | None = None, options: ReadOptions | None = None) -> Iterator[ScanReport]:
    """Cut noise out of scans and put it into a library, scan by scan.

    Args:
        scans: files of any format that docpipe reads.
        library: a folder; patterns that are there stay, and what looks like one of them is not added.
        engine: rejects what can be read.
        origin: where the scans come from, in words. It stands beside every pattern: it must name nobody.
        licence: of the patterns, as an SPDX identifier.
        dpi: of pages that state none; without it those count as A4.
        options: how scans are read.

    Yields:
        One report a scan; a scan that cannot be read has an `error`, and the others go on.

    Raises:
        InputError: the index of the library is damaged.
        OutputError: the library cannot be written to.
    """
    looks = _looks(library)
    for scan in scans:
        kept: list[tuple[Entry, Gray]] = []
        rejected: Counter[str] = Counter()
        pages, problem = 0, DocpipeError("")
        try:
            for page in _pages(scan, options):
                patches, because = harvest_page(page, engine, dpi=dpi)
                pages += 1
                rejected.update(because)
                for patch in patches:
                    look = look_of(patch.pattern)
                    if is_like_one_of(look, looks):
                        rejected["seen"] += 1
                        continue
                    looks.append(look)
                    entry = make_entry(patch.pattern, kind=patch.kind, origin=origin, licence=licence)
                    kept.append((entry, patch.pattern.gray))
        except InputError as error:
            problem = error
        if kept:
            write_patterns(library, kept)
        yield ScanReport(str(scan), pages, len(kept), dict(rejected), problem.problem, problem.hint)


def harvest_page(page: Page, engine: Engine, *, dpi: float | None = None) -> tuple[list[Patch], Counter[str]]:
    """Cut the noise out of one page.

    Args:
        page: gray; where it states no plausible resolution, `dpi` counts.
        engine: rejects what can be read.
        dpi: without it a page that states none counts as A4.

    Returns:
        The patches that are kept, and how many were rejected as "blocks" of a JPEG file, a "row" of glyphs or
        "read" by OCR. Boxes are in pixels of the page at `LARGEST_PX_PER_MM`, or at its own resolution where that is
        lower.

    Raises:
        InputError: the page is too coarse or too small.
    """
    gray, mm_px = _workable(page, dpi)
    patches = cut_patches(gray, take_apart(gray, mm_px), mm_px)
    of_page = _without_blocks(patches, page.pixels, page.pixels.shape[1] / gray.shape[1])
    in_no_row = [patch for patch in of_page if not shows_a_row(patch.seen, mm_px, SEEN_CONTRASTS)
                 and not shows_a_row(patch.pattern.gray, mm_px, KEPT_CONTRASTS)]
    read = legible(engine, [(patch.seen, mm_px) for patch in in_no_row])
    kept = [patch for patch, is_read in zip(in_no_row, read, strict=True) if not is_read]
    return kept, Counter({"blocks": len(patches) - len(of_page), "row": len(of_page) - len(in_no_row),
                          "read": sum(read)})


def _without_blocks(patches: Sequence[Patch], pixels: Gray, scale: float) -> list[Patch]:
    """The patches that are more than blocks of a JPEG file, of which only the page as it was read can tell."""
    grid = grid_of(pixels)
    if grid is None:
        return list(patches)
    windows = (tuple(round(side * scale) for side in patch.box) for patch in patches)
    return [patch for patch, (left, top, right, bottom) in zip(patches, windows, strict=True)
            if not is_of_blocks(pixels, (slice(top, bottom), slice(left, right)), grid)]


def _pages(scan: Path, options: ReadOptions | None) -> Iterator[Page]:
    try:
        data = scan.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    with open_scan(data, options) as opened:
        for index in range(opened.page_count):
            yield opened.read(index)


def _workable(page: Page, dpi: float | None) -> tuple[Gray, float]:
    """A page that is not finer than need be, and its pixels a millimetre."""
    mm_px = _dpi_of(page, dpi) / MM_PER_INCH
    if mm_px < LEAST_PX_PER_MM or min(page.pixels.shape) < LEAST_SIDE_MM * mm_px:
        raise InputError(f"page {page.index + 1} is too coarse or too small to tell print from noise",
                         f"scan it with 100 dpi or more, at least {LEAST_SIDE_MM:g} mm a side; state it with --dpi")
    if mm_px <= LARGEST_PX_PER_MM:
        return page.pixels, mm_px
    scale = LARGEST_PX_PER_MM / mm_px
    size = round(page.pixels.shape[1] * scale), round(page.pixels.shape[0] * scale)
    return cv2.resize(page.pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), LARGEST_PX_PER_MM


def _dpi_of(page: Page, dpi: float | None) -> float:
    stated = sum(page.dpi) / 2 if page.dpi else 0.0
    if PLAUSIBLE_DPI[0] <= stated <= PLAUSIBLE_DPI[1]:
        return stated
    # Too low an estimate makes patches smaller than they might be, too high a one would make them too large.
    return dpi or min(UNSTATED_DPI, max(page.pixels.shape) / A4_LONG_SIDE_MM * MM_PER_INCH)


def _looks(library: Path) -> list[Look]:
    if not (library / INDEX_NAME).exists():
        return []
    held = load_patterns(library)
    return [look_of(held.pattern(entry.id)) for entry in held.entries]
