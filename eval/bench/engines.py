"""The same weights in int8 and by another engine: seconds of a card, and how far the pixels move."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from docpipe.errors import DocpipeError
from docpipe.restore import SHIPPED_MODEL
from docpipe.restore.model_card import NETWORK_NAME
from docpipe.restore.onnx_engine import INPUT, OUTPUT
from eval.bench import scans
from eval.bench.measure import Spent, in_turns
from eval.bench.onnx_session import as_tile, open_session
from eval.bench.report import Run
from eval.record import RESULTS

SHIPPED_RUN = RESULTS / "compact-4"     # with the weights of the shipped model
CALIBRATED_ON = 12                      # pages, as `docpipe export` takes
_RECIPE = "starter"
_FIRST = "ONNX Runtime, fp32"
# Precision of the file, and what OpenVINO computes in where int8 is not asked for.
_BY_OPENVINO = (("fp32", "f32"), ("fp32", "bf16"), ("int8", "f32"))

Network = Callable[[np.ndarray], np.ndarray]


def engines(bench: Run) -> None:
    """Print seconds of the network alone, one thread, on a card filled up to its stride."""
    tile = as_tile(scans.card())
    missing: dict[str, str] = {}
    networks: dict[str, Network] = {}
    with tempfile.TemporaryDirectory() as name:
        files = {"fp32": (bench.model or SHIPPED_MODEL) / NETWORK_NAME}
        try:
            pages = min(CALIBRATED_ON, bench.amounts.cards)
            files["int8"] = _int8(Path(name, NETWORK_NAME), bench.model or SHIPPED_RUN, pages)
        except (DocpipeError, ModuleNotFoundError) as error:
            missing["int8"] = f"not exported ({error})"
        sizes = {precision: path.stat().st_size / 1e6 for precision, path in files.items()}
        for precision, path in files.items():
            networks[f"ONNX Runtime, {precision}"] = _by_onnxruntime(path)
        try:
            for precision, computed_in in _BY_OPENVINO:
                if precision in files:
                    networks[f"OpenVINO, {precision} in {computed_in}"] = _by_openvino(files[precision], computed_in)
        except ModuleNotFoundError:
            missing["OpenVINO"] = "not installed"
    spent = in_turns({name: partial(network, tile) for name, network in networks.items()}, bench.amounts.rounds)
    made = {name: network(tile) for name, network in networks.items()}
    bench.report.say(
        f"the network alone on {tile.shape[3]} x {tile.shape[2]}, one thread, medians of {bench.amounts.rounds} turns; "
        + ", ".join(f"{precision} {size:.2f} MB" for precision, size in sizes.items()),
        f"{'':<24} {'clock s':>9} {'processor s':>12} {'of the first':>13} {'grey levels off, mean':>22} {'most':>6}",
        *(_line(name, spent[name], spent[_FIRST], made[name] - made[_FIRST]) for name in networks),
        *(f"{name:<24} {why}" for name, why in missing.items()),
    )


def _line(name: str, took: Spent, first: Spent, off: np.ndarray) -> str:
    levels = 255 * np.abs(off)
    return (
        f"{name:<24} {took.clock:9.3f} {took.processors:12.3f} {100 * took.processors / first.processors:11.1f} % "
        f"{levels.mean():22.2f} {levels.max():6.0f}"
    )


def _int8(path: Path, place: Path, pages: int) -> Path:
    """Write what `docpipe export --precision int8` would, of the weights of a run or a model folder."""
    from eval.trained import drawn_pages, trained_in, write_network  # late: the rest of the bench does without torch

    (trained,) = trained_in(place)
    write_network(trained.network, path, "int8", drawn_pages(_RECIPE, pages))
    return path


def _by_onnxruntime(path: Path) -> Network:
    session = open_session(path, threads=1)
    return lambda tile: session.run([OUTPUT], {INPUT: tile})[0]


def _by_openvino(path: Path, computed_in: str) -> Network:
    import openvino  # late: it need not be installed

    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": computed_in}
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    return lambda tile: compiled([tile])[0]
