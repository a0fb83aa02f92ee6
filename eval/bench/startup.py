"""The first page: from the start of the command until it is out, beside the least that any such program must do."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from unittest.mock import patch

from docpipe.cores import usable_cores
from docpipe.restore import SHIPPED_MODEL, ready_restorer
from docpipe.restore.model_card import NETWORK_NAME
from docpipe.restore.tiled_network import TiledNetwork
from eval.bench import scans
from eval.bench.measure import clean_command, in_turns
from eval.bench.onnx_session import as_tile
from eval.bench.report import Goal, Run

FIRST_PAGE = Goal("first page out, over importing cv2 and onnxruntime and one inference", 1.5)
FIRST_SMALL = Goal("the same, if the inference is of the card at the size that docpipe gives it", 1.5)
_CLEAN = "docpipe clean, first page"
_BARE = "cv2, onnxruntime, one inference"
_BARE_SMALL = "the same at docpipe's size"
_EMPTY = "empty Python"
_SAY = "print('out', flush=True)"
# As docpipe opens it, on a page of a size.
_INFERENCE = f"""
import sys, cv2, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
session.run(None, {{"page": numpy.ones((1, 1, *map(int, sys.argv[3:])), numpy.float32)}})
{_SAY}
"""


def startup(bench: Run) -> None:
    """Print seconds from the start of a program to its first line, which docpipe prints when a page is out."""
    network = (bench.model or SHIPPED_MODEL) / NETWORK_NAME
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        card, options = folder / "card.png", ["--force", "--json", "--quiet"]
        scans.write(card, scans.card())
        bare = [sys.executable, "-c", _INFERENCE, str(network), str(usable_cores())]
        whole, small = (list(map(str, shape)) for shape in (as_tile(scans.card()).shape[2:], _tile_of(bench)))
        commands = {
            _EMPTY: [sys.executable, "-c", _SAY],
            _BARE: [*bare, *whole],
            _BARE_SMALL: [*bare, *small],
            _CLEAN: clean_command(card, folder / "out.png", *options, model=bench.model),
        }
        spent = in_turns(
            {name: partial(_to_first_line, command) for name, command in commands.items()}, bench.amounts.rounds
        )
    bench.report.say(
        f"one card of {scans.CARD_PX[1]} x {scans.CARD_PX[0]}, from the start of a program to its first line, medians "
        f"of {bench.amounts.rounds} turns; inferences of {' x '.join(whole[::-1])} and {' x '.join(small[::-1])}",
        f"{'':<34} {'clock s':>9} {'processor s of the whole program':>34}",
        *(f"{name:<34} {took.clock:9.3f} {took.processors:34.3f}" for name, took in spent.items()),
    )
    bench.report.judge(FIRST_PAGE, spent[_CLEAN].clock / spent[_BARE].clock)
    bench.report.judge(FIRST_SMALL, spent[_CLEAN].clock / spent[_BARE_SMALL].clock)


def _tile_of(bench: Run) -> tuple[int, int]:
    """Height and width of what docpipe gives its network of the card."""
    restorer = ready_restorer("onnx", model=bench.model, device="cpu", threads=1)
    with patch.object(TiledNetwork, "_run", autospec=True, side_effect=lambda _network, tile: tile) as run:
        restorer.restore(scans.card(), (scans.DPI, scans.DPI))
    (_network, tile), _ = run.call_args
    return tile.shape[2], tile.shape[3]


def _to_first_line(command: Sequence[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            sys.exit(f"{command[:2]} printed nothing")
