"""The OpenVINO engine: the pixels of the ONNX engine, from the same folder, and its own refusals."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import onnx
import pytest
from click.testing import CliRunner

from docpipe.cli import main
from docpipe.errors import ExitCode, MissingToolError, ModelError, UsageError
from docpipe.restore import NETWORK_ENGINES, load_engine, ready_restorer
from tests.restore.small_gate import write_gate
from tests.restore.small_network import blur_model, write_model

pytest.importorskip("openvino", reason="OpenVINO is not installed (pip install 'docpipe-ocr[openvino]')")


def test_the_shipped_model_gives_what_the_onnx_engine_gives_within_a_grey_level(printed):
    grain = np.random.default_rng(5).normal(0, 40, (page := printed(14)).shape)
    noisy = np.clip(page + grain, 0, 255).astype(np.uint8)
    by_onnx, by_openvino = (
        load_engine(name, device="cpu", threads=1).restore(noisy, 12).astype(int) for name in ("onnx", "openvino")
    )
    assert np.abs(by_openvino - by_onnx).max() <= 1 and np.abs(by_openvino - noisy).mean() > 5


def test_pages_of_many_sizes_in_several_threads_come_out_as_one_after_the_other(model_folder):
    rng = np.random.default_rng(7)
    pages = [rng.integers(0, 256, rng.integers(20, 400, 2), np.uint8) for _ in range(24)]
    engine = load_engine("openvino", model=model_folder, threads=1)
    one_by_one = [engine.restore(page, 20) for page in pages]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda page: engine.restore(page, 20), pages))
    assert all(np.array_equal(*both) for both in zip(one_by_one, at_once, strict=True))


def test_its_fingerprint_is_its_own(model_folder):
    of = {name: load_engine(name, model=model_folder, device="cpu").fingerprint for name in ("onnx", "openvino")}
    assert of["openvino"].endswith("-OpenVINO") and of["openvino"] != of["onnx"]


@pytest.mark.parametrize("names", [{"input_name": "image"}, {"output_name": "image"}])
def test_a_network_with_other_inputs_or_outputs_is_refused(tmp_path, names):
    with pytest.raises(ModelError, match=r"has image: tensor\(float\) of rank 4 where this version needs"):
        load_engine("openvino", model=write_model(tmp_path / "other", blur_model(**names)))


def test_a_network_that_hands_its_page_through_under_other_names_is_run(tmp_path):
    model = blur_model(input_name="inner", output_name="blurred")
    graph = model.graph
    graph.node.insert(0, onnx.helper.make_node("Identity", ["page"], ["inner"]))
    graph.node.append(onnx.helper.make_node("Identity", ["blurred"], ["restored"]))
    graph.input[0].name, graph.output[0].name = "page", "restored"
    folder = write_model(tmp_path / "handed", model)
    gray = np.random.default_rng(1).integers(0, 256, (60, 70), np.uint8)
    by_onnx, by_openvino = (load_engine(name, model=folder).restore(gray, 20).astype(int) for name in NETWORK_ENGINES)
    assert np.abs(by_onnx - by_openvino).max() <= 1


def test_after_a_shortage_of_memory_the_next_page_is_computed_anew(model_folder):
    """What OpenVINO has compiled fails ever after."""
    engine = load_engine("openvino", model=model_folder, threads=1)
    gray = np.random.default_rng(2).integers(0, 256, (60, 70), np.uint8)
    expected, spoilt = engine.restore(gray, 20), engine._compiled

    class Spoilt:
        def infer(self, *_, **__):
            raise RuntimeError("std::future_error: Broken promise")

    engine._of_thread.request = Spoilt()
    assert np.array_equal(engine.restore(gray[:40], 20), engine.restore(gray[:40], 20))
    assert engine._compiled is not spoilt and np.array_equal(engine.restore(gray, 20), expected)


def test_signals_are_handled_after_engines_that_ended_in_any_order(model_folder):
    code = (
        "import gc, signal, sys\n"
        "from pathlib import Path\n"
        "from docpipe.restore.openvino_engine import OpenvinoEngine\n"
        "signal.signal(signal.SIGINT, lambda *_: print('handled'))\n"
        "engines = [OpenvinoEngine(Path(sys.argv[1]), threads=1) for _ in range(3)]\n"
        "while engines:\n"
        "    del engines[0]\n"
        "    gc.collect()\n"
        "signal.raise_signal(signal.SIGINT)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(model_folder)], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "handled\n"), ended.stderr


def test_it_tells_nobody_that_it_was_imported(tmp_path):
    code = (
        "import sys\n"
        "def hook(event, args):\n"
        "    if event in ('os.fork', 'urllib.Request', 'socket.connect', 'socket.getaddrinfo'):\n"
        "        raise SystemExit(event)\n"
        "sys.addaudithook(hook)\n"
        "import docpipe.restore.openvino_engine"
    )
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_network_is_refused(tmp_path):
    class Text:
        @staticmethod
        def SerializeToString():  # noqa: N802 (onnx's name)
            return b"this is not a network"

    with pytest.raises(ModelError, match="OpenVINO cannot load the network"):
        load_engine("openvino", model=write_model(tmp_path / "text", Text))


def test_it_runs_on_no_gpu(model_folder):
    with pytest.raises(UsageError, match="runs on the CPU only"):
        load_engine("openvino", model=model_folder, device="cuda")


def test_the_gate_of_the_folder_is_asked(model_folder):
    write_gate(model_folder)
    assert ready_restorer("openvino", model=model_folder).gate is not None
    assert ready_restorer("openvino", model=model_folder, gated=False).gate is None


def test_where_it_is_not_installed_the_extra_is_named(model_folder, monkeypatch):
    monkeypatch.delitem(sys.modules, "docpipe.restore.openvino_engine", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingToolError) as refused:
        load_engine("openvino", model=model_folder)
    assert refused.value.hint == "pip install 'docpipe-ocr[openvino]'"


def test_the_command_cleans_with_it_and_says_where_it_cannot(printed, tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "card.png"), printed(20))
    arguments = ["clean", str(tmp_path / "card.png"), "-o", str(tmp_path / "out.png"), "--engine", "openvino"]
    ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == ExitCode.OK and (tmp_path / "out.png").exists(), ended.output
    assert CliRunner().invoke(main, [*arguments, "--device", "cuda"]).exit_code == ExitCode.USAGE
    monkeypatch.delitem(sys.modules, "docpipe.restore.openvino_engine")
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert CliRunner().invoke(main, arguments).exit_code == ExitCode.MISSING_TOOL
