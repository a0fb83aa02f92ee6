"""The OpenVINO engine: the pixels of the ONNX engine, from the same folder, and its own refusals."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from docpipe.errors import MissingToolError, ModelError, UsageError
from docpipe.restore import load_engine, ready_restorer
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


@pytest.mark.parametrize(
    "model", [blur_model(input_name="image"), blur_model(output_name="image"), blur_model(rank=3)]
)
def test_a_network_with_other_inputs_or_outputs_is_refused(tmp_path, model):
    with pytest.raises(ModelError, match=r"where this version needs|cannot load the network"):
        load_engine("openvino", model=write_model(tmp_path / "other", model))


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
