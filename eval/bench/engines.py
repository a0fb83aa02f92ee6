"""The network in fp32 and int8 by both engines: seconds of a card, how far pixels move, and a batch by each."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from docpipe.errors import DocpipeError, MissingToolError
from docpipe.page import Gray
from docpipe.restore import NETWORK_ENGINES, SHIPPED_INT8, SHIPPED_MODEL, Engine, load_engine
from docpipe.restore.model_card import NETWORK_NAME, load_model
from docpipe.restore.tiled_network import INPUT, OUTPUT, TiledNetwork
from docpipe.restore.tiles import Tensor
from eval.bench import scans
from eval.bench.measure import Spent, clean_command, in_turns, run
from eval.bench.report import Run
from eval.int8_twin import CALIBRATED_ON, write_int8

_FIRST = "onnx, fp32"
_IN_BF16 = "openvino, fp32 in bf16"
_GLYPH_PX = 12


def engines(bench: Run) -> None:
    """Print seconds of the engine alone on a card, one thread; then of `docpipe clean` over a batch by each."""
    page = scans.card()
    model = bench.model or SHIPPED_MODEL
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        folders = {"fp32": model, "int8": Path(name, "int8") if bench.model else SHIPPED_INT8}
        if bench.model:
            try:
                write_int8(folders["int8"], model, model, pages=min(CALIBRATED_ON, bench.amounts.cards))
            except (DocpipeError, ModuleNotFoundError) as error:
                missing["int8"] = f"not exported ({error})"
                del folders["int8"]
        ready: dict[str, Engine | TiledNetwork] = {}
        for engine in NETWORK_ENGINES:
            try:
                for precision, folder in folders.items():
                    ready[f"{engine}, {precision}"] = load_engine(engine, model=folder, device="cpu", threads=1)
                if engine == "openvino":
                    ready[_IN_BF16] = _in_bf16(model)
            except MissingToolError:
                missing[engine] = "not installed"
        spent = in_turns({name: partial(_restored, one, page) for name, one in ready.items()}, bench.amounts.rounds)
        made = {name: _restored(one, page).astype(int) for name, one in ready.items()}
        sizes = {precision: (folder / NETWORK_NAME).stat().st_size / 1e6 for precision, folder in folders.items()}
        batches = {
            f"{engine}, {precision}": ["--engine", engine, "--model", str(folder)]
            for engine in NETWORK_ENGINES if engine not in missing
            for precision, folder in folders.items()
        }  # fmt: skip
        bench.report.say(
            f"the engine alone on {page.shape[1]} x {page.shape[0]}, one thread, medians of {bench.amounts.rounds} "
            "turns; " + ", ".join(f"{precision} {size:.2f} MB" for precision, size in sizes.items()),
            f"{'':<24} {'clock s':>9} {'processor s':>12} {'of the first':>13} {'grey levels off, mean':>22} "
            f"{'most':>6}",
            *(_line(name, spent[name], spent[_FIRST], made[name] - made[_FIRST]) for name in ready),
            *(f"{name:<24} {why}" for name, why in missing.items()),
            *([f"no setting of docpipe: {_IN_BF16}"] if _IN_BF16 in ready else []),
            *_batches(Path(name), batches, bench.amounts.cards),
        )


def _restored(engine: Engine | TiledNetwork, page: Gray) -> Gray:
    return engine.restore(page) if isinstance(engine, TiledNetwork) else engine.restore(page, _GLYPH_PX)


def _line(name: str, took: Spent, first: Spent, off: np.ndarray) -> str:
    return (
        f"{name:<24} {took.clock:9.3f} {took.processors:12.3f} {100 * took.processors / first.processors:11.1f} % "
        f"{np.abs(off).mean():22.2f} {np.abs(off).max():6.0f}"
    )


def _batches(folder: Path, batches: Mapping[str, Sequence[str]], count: int) -> list[str]:
    """Lines about `docpipe clean` in the default way, its start included, with the options of each batch."""
    scans.write_cards(folder / "scans", count)
    ran = {
        name: run(clean_command(folder / "scans", folder / name, "--quiet", *options))
        for name, options in batches.items()
    }
    return [
        f"docpipe clean over {count} cards, in the default way",
        f"{'':<24} {'clock s':>9} {'processor s':>12} {'cards/s':>8} {'MB':>6}",
        *(f"{name:<24} {one.spent.clock:9.1f} {one.spent.processors:12.1f} {count / one.spent.clock:8.2f} "
          f"{one.peak_mb:6.0f}" for name, one in ran.items()),
    ]  # fmt: skip


def _in_bf16(model: Path) -> TiledNetwork:
    """What OpenVINO would do by itself on a processor that computes in bfloat16."""
    from docpipe.restore.openvino_engine import openvino  # late: it need not be installed

    card, network = load_model(model)
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "bf16"}
    request = core.compile_model(core.read_model(network), "CPU", settings).create_infer_request()

    def compute(tile: Tensor) -> Tensor:
        made: Tensor = request.infer({INPUT: tile})[OUTPUT]
        return made

    return TiledNetwork(card, compute)
