"""Every network, after every stage of training that it went through: what it restores, and what it costs."""

import csv
import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import click
import numpy as np
import torch
from torch import Tensor, nn

from docpipe.errors import DocpipeError, MissingToolError
from docpipe.models import GENERATORS
from docpipe.page import Gray
from docpipe.restore import SHIPPED_MODEL
from docpipe.restore.model_card import load_model
from docpipe.train.losses import psnr, ssim
from docpipe.train.run_folder import LOG
from docpipe.train.weights import make_network
from eval.brought_home import ABOUT
from eval.record import RESULTS, keep
from eval.suites.lock import lock_hash
from eval.trained import (
    CORES,
    CROP_PX,
    SEED,
    drawn_crops,
    drawn_pages,
    open_network,
    restored,
    trained_in,
    write_network,
)  # fmt: skip

PAGE_PX = (640, 1024)       # of the page that is timed
RUNS = 7                    # the fastest counts
CALIBRATED_ON = 12          # pages, as `docpipe export` takes
HEAD = (f"{'network':<14} {'stage, its steps':<18} {'from':<16} {'PSNR':>6} {'int8':>6} {'SSIM':>6} {'int8':>6} "
        f"{'weights':>11} {'MB':>6} {'int8':>6} {'s/MP':>7} {'int8':>7}  passes, % of each suite")  # fmt: skip
NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Precision:
    """A network as one ONNX file: its size, seconds for a million pixels, and what it restores; NaN: not measured."""

    megabytes: float
    seconds: float
    psnr: float
    ssim: float
    sha256: str


@click.command()
@click.argument("places", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path),
                metavar="[RUN_OR_MODEL]...")  # fmt: skip
@click.option("--recipe", default="starter", show_default=True, help="Noise recipe: a name or a TOML file.")
@click.option("--cards", default=48, show_default=True, help="Validation cards that are drawn.")
@click.option("--crops", default=128, show_default=True, help="Of these cards.")
@click.option("--keep", "keep_as", metavar="NAME", help="Keep it as eval/results/NAME.txt.  [default: print only]")
def main(places: tuple[Path, ...], recipe: str, cards: int, crops: int, keep_as: str | None) -> None:
    """Measure the networks of runs, of chains after each stage, and of model folders; print a table of all networks.

    A network that none of them holds is named as not trained; its size and speed are those of fresh weights.

    \b
    python -m eval.networks eval/results/compact-2 runs/002-teacher --keep networks
    """
    try:
        lines = table(places, *drawn_crops(recipe, cards, crops), drawn_pages(recipe, CALIBRATED_ON))
    except DocpipeError as error:
        click.echo(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), err=True)
        raise SystemExit(error.exit_code) from error
    lines = [
        f"{crops} crops of {CROP_PX} x {CROP_PX} from {cards} cards of the split val, recipe {recipe}, seed {SEED}, "
        "seven in ten on print.",
        "PSNR in dB, of the squared error of all crops together; SSIM by Wang et al. 2004 (docpipe.train.losses); both",
        f"by ONNX Runtime, in fp32 and in int8. s/MP: seconds a megapixel, on {CORES} cores, of a page of "
        f"{PAGE_PX[1]} x {PAGE_PX[0]}; the fastest of {RUNS} runs.",
        "",
        *lines,
        "",
        lock_line(judged()),
    ]
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)


def table(places: Sequence[Path], noisy: Tensor, clean: Tensor, pages: list[Gray]) -> list[str]:
    """The table as lines: noisy and clean pages, then each network of `GENERATORS`, trained or not."""
    rows = judged()
    trained = [one for place in places for one in trained_in(place)]
    logged = [one for place in places for one in logged_in(place)]
    before = [psnr(noisy, clean), np.nan, float(ssim(noisy, clean)), np.nan]
    lines = [
        HEAD,
        line("noisy input", "", "", before, [], raw_rates(rows)),
        line("clean page", "the ceiling", "", [np.inf, np.nan, 1.0, np.nan], [], clean_rates(rows)),
    ]
    for name in GENERATORS:
        known = [one for one in trained if one.name == name]
        for one in known:
            click.echo(f"{name}, {one.stage}, {one.place}", err=True)
            whole, small = measured(one.network, noisy, clean, pages)
            figures = [whole.psnr, small.psnr, whole.ssim, small.ssim]
            cost, rates = costs(one.network, whole, small), rates_of(rows, whole.sha256)
            lines.append(line(name, f"{one.stage}, {one.steps:,}", one.place.name, figures, cost, rates))
        elsewhere = [found[1:] for found in logged if found[0] == name]
        if not known and not elsewhere:
            elsewhere = [("not trained", "", [np.nan] * 4)]
        if elsewhere:
            click.echo(f"{name}, fresh weights", err=True)
            cost, note = fresh_costs(name, pages)
            lines += [line(name, *found, cost, note) for found in elsewhere]
    if logged:
        lines += ["", "*: the weights stayed where they were trained; figures of that run's own log, on other crops"]
    return lines


def fresh_costs(name: str, pages: list[Gray]) -> tuple[list[str], str]:
    """The columns on size and speed of a network that knows nothing, and a note that says so."""
    try:
        fresh = make_network(name).eval()
    except MissingToolError as error:
        return [], error.problem
    with torch.no_grad():
        for weight in fresh.parameters():
            if weight.dim() == 1:  # biases that are all alike would be exported as one, and stay out of int8
                weight.add_(0.02 * torch.randn_like(weight))
    nothing = torch.empty(0)
    return costs(fresh, *measured(fresh, nothing, nothing, pages[:1])), f"{NOT_JUDGED}; size and speed by fresh weights"


def measured(network: nn.Module, noisy: Tensor, clean: Tensor, pages: list[Gray]) -> tuple[Precision, Precision]:
    """A network in fp32 and in int8; without crops only its cost.

    Args:
        network: in evaluation mode.
        noisy: (B, 1, H, W) float32 in [0, 1]; B may be 0.
        clean: the same shape.
        pages: that int8 is calibrated on.
    """
    found = []
    for precision in ("fp32", "int8"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.onnx")
            write_network(network, path, precision, pages)
            run = open_network(path)
            after = restored(run, noisy) if len(noisy) else noisy
            figures = (psnr(after, clean), float(ssim(after, clean))) if len(noisy) else (np.nan, np.nan)
            content = path.read_bytes()
        seconds = 1e6 * fastest(run) / (PAGE_PX[0] * PAGE_PX[1])
        found.append(Precision(len(content) / 1e6, seconds, *figures, hashlib.sha256(content).hexdigest()))
    whole, small = found
    return whole, small


def fastest(run) -> float:
    """Least seconds of some runs over one page; the first, which sets up memory, does not count."""
    page = np.random.default_rng(SEED).random((1, 1, *PAGE_PX), dtype=np.float32)
    run(page)
    seconds = []
    for _ in range(RUNS):
        began = perf_counter()
        run(page)
        seconds.append(perf_counter() - began)
    return min(seconds)


def costs(network: nn.Module, whole: Precision, small: Precision) -> list[str]:
    """The columns on size and speed."""
    weights = sum(weight.numel() for weight in network.parameters())
    return [f"{weights:11,}", f"{whole.megabytes:6.2f}", f"{small.megabytes:6.2f}", f"{whole.seconds:7.2f}",
            f"{small.seconds:7.2f}"]  # fmt: skip


def line(network: str, stage: str, place: str, figures: Sequence[float], cost: Sequence[str], rates: str) -> str:
    """One row; `figures` are PSNR and SSIM, each in fp32 and int8, and NaN where not measured."""
    formats = ("6.2f", "6.2f", "6.3f", "6.3f")
    shown = [" " * 6 if np.isnan(figure) else format(figure, how) for figure, how in zip(figures, formats, strict=True)]
    empty = [" " * width for width in (11, 6, 6, 7, 7)]
    return " ".join([f"{network:<14} {stage:<18} {place:<16}", *shown, *(cost or empty), "", rates]).rstrip()


def logged_in(place: Path) -> Iterator[tuple[str, str, str, list[float]]]:
    """(network, stage, place, figures) of the stages that a run elsewhere logged, but for the last, which came home."""
    if not (place / ABOUT).exists():
        return
    configs = json.loads((place / ABOUT).read_text())["chain"]
    last = {}
    for entry in map(json.loads, (place / LOG).read_text().splitlines()):
        if "psnr" in entry:
            last[entry["stage"]] = entry
    for stage, entry in list(last.items())[:-1]:
        label = stage.split("-", 1)[1]
        yield configs[label]["network"], f"{label} *", place.name, [entry["psnr"], np.nan, entry["ssim"], np.nan]


def judged() -> list[dict[str, str]]:
    """Rows of the suites' table of results, of whole suites and none of their parts; empty where there is no table."""
    path = RESULTS / "suites.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if "," not in row["suite"]]


def rates_of(rows: Sequence[dict[str, str]], sha256: str) -> str:
    """Pass rates of the model whose network has this hash, suite by suite."""
    shipped = load_model(SHIPPED_MODEL)[0]
    names = [f"-{sha256[:16]}-", *([f"{shipped.fingerprint}-"] if shipped.sha256 == sha256 else [])]
    of_model = [row for row in rows if any(name in row["model"] for name in names)]
    return _rates({row["suite"]: _rate(row) for row in of_model if row["way"] == "docpipe"}) or NOT_JUDGED


def raw_rates(rows: Sequence[dict[str, str]]) -> str:
    """Pass rates of pages as they are."""
    return _rates({row["suite"]: _rate(row) for row in rows if row["way"] == "raw"}) or NOT_JUDGED


def clean_rates(rows: Sequence[dict[str, str]]) -> str:
    """Pass rates of the same pages without noise, by the share of what is possible that docpipe gained."""
    raw = {row["suite"]: _rate(row) for row in rows if row["way"] == "raw"}
    gained = [row for row in rows if row["way"] == "docpipe" and float(row["share_of_possible"] or 0)]
    possible = {row["suite"]: float(row["net"]) / float(row["share_of_possible"]) for row in gained}
    return _rates({suite: raw[suite] + more for suite, more in possible.items()}) or NOT_JUDGED


def lock_line(rows: Sequence[dict[str, str]]) -> str:
    """Under which lock the pass rates were found."""
    locks = sorted({row["lock"] for row in rows})
    if not locks:
        return "pass rates: no suite has been judged"
    is_now = "" if locks == [lock_hash()] else f"; it has been replaced since, by {lock_hash()}"
    return f"pass rates: eval/results/suites.csv, under the lock {', '.join(locks)}{is_now}; of receipts, fields found"


def _rate(row: dict[str, str]) -> float:
    return int(row["passed"]) / int(row["units"])


def _rates(rates: dict[str, float]) -> str:
    return ", ".join(f"{suite} {100 * rate:.1f}" for suite, rate in rates.items())


if __name__ == "__main__":
    main()
