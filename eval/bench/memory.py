"""Memory: whether it grows from page to page, and how much the largest pages take."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from docpipe.page import Gray
from eval.bench import scans
from eval.bench.measure import Ran, clean_command, resident_mb, run
from eval.bench.report import Goal, Run

GROWTH = Goal("growth over small pages after the first hundred", 20, " MB")
CARDS_PEAK = Goal("peak while cards are cleaned", 600, " MB")
BIG_PEAK = Goal("peak while the big page is cleaned", 1000, " MB")
BIG_SECONDS = Goal("seconds a megapixel of the big page, over those of a card", 1.4)
_SETTLED = 100              # pages, until every buffer has been made once
_CARDS = 24
_DRAWN = 50                 # different pages; the others are links to them
_FAST_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]
_MIXED_MP, _MIXED_SEED = (0.05, 5), 3


def memory(bench: Run) -> None:
    """Print growth over many small pages, then peaks and seconds of cards and of one big page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        held = _held(folder / "small", (scans.small_page(number) for number in range(_DRAWN)),
                     bench.amounts.small_pages, bench.model)  # fmt: skip
        bench.report.say(
            f"{bench.amounts.small_pages} pages of {scans.SMALL_PX[1]} x {scans.SMALL_PX[0]}: {held[0]:.1f} MB after "
            f"{_SETTLED}, {max(held):.1f} MB at most after that, {held[-1]:.1f} MB at the end"
        )
        bench.report.judge(GROWTH, max(held) - held[0])
        held = _held(folder / "mixed", _of_many_sizes(_DRAWN), bench.amounts.mixed_pages, bench.model)
        thirds = [max(part) for part in np.array_split(held, 3)]
        bench.report.say(
            f"{bench.amounts.mixed_pages} pages of {_MIXED_MP[0]:g} to {_MIXED_MP[1]:g} megapixels, in any order: at "
            f"most, in thirds of the time after the first {_SETTLED}, " + ", ".join(f"{most:.0f}" for most in thirds)
            + " MB"
        )

        count = min(_CARDS, bench.amounts.cards)
        scans.write_cards(folder / "cards", count)
        default = run(clean_command(folder / "cards", folder / "by-default", "--quiet", model=bench.model))
        bench.report.say(f"{count} cards in the default way: {default.peak_mb:.0f} MB at most")
        bench.report.judge(CARDS_PEAK, default.peak_mb)

        (folder / "big").mkdir()
        big = scans.big_page(bench.amounts.big_page_px)
        scans.write(folder / "big" / "page.png", big, dpi=600)
        of_cards, of_big = (
            run(clean_command(folder / kind, folder / f"{kind}-one", "--json", "--jobs", "1", model=bench.model))
            for kind in ("cards", "big")
        )
        others = _other_big_pages(folder, big, bench.model)
    card_seconds, big_seconds = _seconds_a_megapixel(of_cards, scans.CARD_PX), _seconds_a_megapixel(of_big, big.shape)
    bench.report.say(
        f"one page of {big.shape[1]} x {big.shape[0]}, {big.size / 1e6:.1f} megapixels: {of_big.peak_mb:.0f} MB, "
        f"{big_seconds * big.size / 1e6:.1f} s, {big_seconds:.3f} s a megapixel; of a card, one at a time, "
        f"{card_seconds:.3f}",
    )
    bench.report.judge(BIG_PEAK, of_big.peak_mb)
    bench.report.judge(BIG_SECONDS, big_seconds / card_seconds)
    bench.report.say("of its size: " + "; ".join(f"{kind} {megabytes:.0f} MB" for kind, megabytes in others.items()))


def _other_big_pages(folder: Path, big: Gray, model: Path | None) -> dict[str, float]:
    """The most memory that costlier pages of the same size take."""
    colour, deep, two = (folder / name for name in ("colour.png", "deep.png", "two"))
    cv2.imwrite(str(colour), cv2.merge([big, big, 255 - (255 - big) // 2]), _FAST_PNG)
    cv2.imwrite(str(deep), big.astype(np.uint16) * 257, _FAST_PNG)
    two.mkdir()
    for number in range(2):
        (two / f"{number}.png").hardlink_to(folder / "big" / "page.png")
    ways = {
        "in 16 bits": [deep, folder / "deep-out.png"],
        "in colour, made gray": [colour, folder / "colour-gray.png"],
        "in colour, kept": [colour, folder / "colour-kept.png", "--colour", "keep"],
        "two at once": [two, folder / "two-out", "--jobs", "2"],
    }
    return {
        kind: run(clean_command(source, out, "--quiet", *options, model=model)).peak_mb
        for kind, (source, out, *options) in ways.items()
    }


def _held(source: Path, drawn: Iterable[Gray], count: int, model: Path | None) -> list[float]:
    """Megabytes of `docpipe clean` over links to some pages in turn, each time that one is out, but for the first."""
    source.mkdir()
    kinds = source.with_name(f"{source.name}-drawn")
    kinds.mkdir()
    for number, page in enumerate(drawn):
        scans.write(kinds / f"{number}.png", page)
    kinds_drawn = sorted(kinds.iterdir())
    for number in range(count):
        (source / f"{number:06}.png").hardlink_to(kinds_drawn[number % len(kinds_drawn)])
    command = clean_command(source, source.with_name(f"{source.name}-out"), "--json", "--quiet", model=model)
    held = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in process.stdout:
            held.append(resident_mb(process.pid))
    if process.returncode or len(held) <= _SETTLED:
        sys.exit(f"{len(held)} of {count} pages were cleaned, exit code {process.returncode}")
    return [megabytes for megabytes in held[_SETTLED - 1 :] if megabytes]      # 0: the process had ended


def _of_many_sizes(count: int) -> Iterator[Gray]:
    """Sheets of cards, as many small as large ones by the logarithm of their pixels."""
    generator = np.random.default_rng(_MIXED_SEED)
    for megapixels in np.exp(generator.uniform(*np.log(_MIXED_MP), count)):
        side = round(1000 * megapixels**0.5)
        yield scans.big_page((side, side))


def _seconds_a_megapixel(ran: Ran, page_px: tuple[int, ...]) -> float:
    """On the clock, from decoding to encoding, as the command tells; the median of all pages."""
    seconds = median(json.loads(line)["seconds"] for line in ran.stdout.splitlines())
    return seconds * 1e6 / (page_px[0] * page_px[1])
