"""Memory: whether it grows from page to page, and how much the largest pages take."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from eval.bench import scans
from eval.bench.measure import Ran, clean_command, resident_mb, run
from eval.bench.report import Goal, Run

GROWTH = Goal("growth over small pages after the first hundred", 20, " MB")
CARDS_PEAK = Goal("peak while cards are cleaned", 600, " MB")
BIG_PEAK = Goal("peak while the big page is cleaned", 1000, " MB")
BIG_SECONDS = Goal("seconds a megapixel of the big page, over those of a card", 1.4)
_SETTLED = 100              # pages, until every buffer has been made once
_CARDS = 24
_DRAWN = 50                 # different small pages; the others are links to them


def memory(bench: Run) -> None:
    """Print growth over many small pages, then peaks and seconds of cards and of one big page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settled, highest, last = _growth(folder, bench)
        bench.report.say(
            f"{bench.amounts.small_pages} pages of {scans.SMALL_PX[1]} x {scans.SMALL_PX[0]}: {settled:.1f} MB after "
            f"{_SETTLED}, {highest:.1f} MB at most after that, {last:.1f} MB at the end"
        )
        bench.report.judge(GROWTH, highest - settled)

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
    card_seconds, big_seconds = _seconds_a_megapixel(of_cards, scans.CARD_PX), _seconds_a_megapixel(of_big, big.shape)
    bench.report.say(
        f"one page of {big.shape[1]} x {big.shape[0]}, {big.size / 1e6:.1f} megapixels: {of_big.peak_mb:.0f} MB, "
        f"{big_seconds * big.size / 1e6:.1f} s, {big_seconds:.3f} s a megapixel; of a card, one at a time, "
        f"{card_seconds:.3f}",
    )
    bench.report.judge(BIG_PEAK, of_big.peak_mb)
    bench.report.judge(BIG_SECONDS, big_seconds / card_seconds)


def _growth(folder: Path, bench: Run) -> tuple[float, float, float]:
    """Megabytes of `docpipe clean` when its first pages are out, the most after that, and at the end."""
    source = folder / "small"
    source.mkdir()
    for number in range(bench.amounts.small_pages):
        path = source / f"{number:06}.png"
        if number < _DRAWN:
            scans.write(path, scans.small_page(number))
        else:
            path.hardlink_to(source / f"{number % _DRAWN:06}.png")
    command = clean_command(source, folder / "small-out", "--json", "--quiet", model=bench.model)
    held = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in process.stdout:
            held.append(resident_mb(process.pid))
    if process.returncode or len(held) <= _SETTLED:
        sys.exit(f"{len(held)} small pages were cleaned, exit code {process.returncode}")
    after = [megabytes for megabytes in held[_SETTLED - 1 :] if megabytes]      # 0: the process had ended
    return after[0], max(after), after[-1]


def _seconds_a_megapixel(ran: Ran, page_px: tuple[int, ...]) -> float:
    """On the clock, from decoding to encoding, as the command tells; the median of all pages."""
    seconds = median(json.loads(line)["seconds"] for line in ran.stdout.splitlines())
    return seconds * 1e6 / (page_px[0] * page_px[1])
