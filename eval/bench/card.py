"""One card, one thread each: restoring beside reading it, beside a classical denoiser, beside a large network."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2

from docpipe.errors import MissingToolError
from docpipe.ocr.engines import load_ocr
from docpipe.page import Gray
from docpipe.restore import ready_restorer
from docpipe.restore.tiled_network import INPUT
from eval.bench import scans
from eval.bench.measure import Spent, in_turns
from eval.bench.onnx_session import as_tile, open_session
from eval.bench.report import Goal, Run

RESTORING, PROGRAM, LIBRARY, NON_LOCAL_MEANS, LARGE_NETWORK = (
    "docpipe", "pytesseract", "tesserocr", "cv2.fastNlMeansDenoising", "U-Net ResNet34"
)  # fmt: skip
OF_READING = Goal("restoring a card, share of pytesseract", 25, " %")
OVER_NON_LOCAL_MEANS = Goal("restoring a card, times as fast as fastNlMeansDenoising", 5, at_least=True)
OVER_LARGE_NETWORK = Goal("restoring a card, times as fast as the U-Net", 15, at_least=True)
_WHOLE_PAGE = 3             # Tesseract finds out itself how the page is laid out: its default

Ways = dict[str, Callable[[], object]]


def card(bench: Run) -> None:
    """Print seconds of each and hold restoring against the others."""
    pixels = scans.card()
    cv2.setNumThreads(1)
    os.environ["OMP_THREAD_LIMIT"] = "1"     # before Tesseract's library is loaded
    missing: dict[str, str] = {}
    ways: Ways = {RESTORING: _restoring(pixels, None)}
    if bench.model:
        ways[f"{RESTORING} --model {bench.model.name}"] = _restoring(pixels, bench.model)
    for name, engine in ((PROGRAM, "tesseract"), (LIBRARY, "tesserocr")):
        try:
            ways[name] = _reading(pixels, engine)
        except MissingToolError as error:
            missing[name] = f"not installed ({error.problem})"
    ways[NON_LOCAL_MEANS] = lambda: cv2.fastNlMeansDenoising(pixels)
    try:
        ways[LARGE_NETWORK] = _large_network(pixels)
    except (MissingToolError, ModuleNotFoundError) as error:
        missing[LARGE_NETWORK] = f"not installed ({error})"
    spent = in_turns(ways, bench.amounts.rounds)

    height, width = pixels.shape
    bench.report.say(
        f"one card of {width} x {height}, one thread each, medians of {bench.amounts.rounds} turns, judged by "
        "processor seconds",
        f"{'':<28} {'clock s':>9} {'processor s':>12} {'docpipe takes':>14}",
        *(_line(name, took, spent[RESTORING]) for name, took in spent.items()),
        *(f"{name:<28} {why}" for name, why in missing.items()),
    )
    for name in [name for name in spent if name.startswith(RESTORING)]:
        _judge(bench, name, spent)


def _judge(bench: Run, name: str, spent: dict[str, Spent]) -> None:
    """By processors: with one thread each that is what the clock shows on a machine that does nothing else."""
    seconds = {way: took.processors for way, took in spent.items()}
    if name != RESTORING:
        bench.report.say(f"{name}:")
    if PROGRAM in seconds:
        bench.report.judge(OF_READING, 100 * seconds[name] / seconds[PROGRAM])
    bench.report.judge(OVER_NON_LOCAL_MEANS, seconds[NON_LOCAL_MEANS] / seconds[name])
    if LARGE_NETWORK in seconds:
        bench.report.judge(OVER_LARGE_NETWORK, seconds[LARGE_NETWORK] / seconds[name])


def _line(name: str, took: Spent, ours: Spent) -> str:
    return f"{name:<28} {took.clock:9.3f} {took.processors:12.3f} {100 * ours.processors / took.processors:12.1f} %"


def _restoring(pixels: Gray, model: Path | None) -> Callable[[], object]:
    restorer = ready_restorer("onnx", model=model, device="cpu", threads=1)
    return lambda: restorer.restore(pixels, (scans.DPI, scans.DPI))


def _reading(pixels: Gray, engine: str) -> Callable[[], object]:
    ocr = load_ocr(engine)
    return lambda: ocr.words([pixels], _WHOLE_PAGE)


def _large_network(pixels: Gray) -> Callable[[], object]:
    """The teacher, exported as `docpipe export` does, on the card filled up to its stride; nothing but the network."""
    import torch  # late: the rest of the bench does without it

    from docpipe.train.weights import make_network
    from eval.trained import write_network

    network = make_network("unet_resnet34").eval()
    torch.set_num_threads(1)
    tile = as_tile(pixels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        write_network(network, path, "fp32", [])
        session = open_session(path)
    return lambda: session.run(None, {INPUT: tile})
