"""The ONNX engine and its model folder: what runs, and what is refused by name."""

import json

import cv2
import numpy as np
import pytest

from docpipe.errors import ExitCode, MissingToolError, ModelError
from docpipe.restore import load_engine
from docpipe.restore.model_card import load_model
from docpipe.restore.onnx_engine import OnnxEngine, usable_devices
from tests.restore.small_network import blur_model, write_model


def test_the_engine_computes_what_the_network_says(model_folder):
    gray = np.random.default_rng(3).integers(0, 256, (150, 201), np.uint8)
    gray.setflags(write=False)
    restored = OnnxEngine(model_folder, device="cpu").restore(gray, 20)
    expected = cv2.blur(gray.astype(np.float32), (3, 3))[1:-1, 1:-1]
    assert restored.shape == gray.shape and restored.dtype == np.uint8
    assert np.abs(restored[1:-1, 1:-1] - expected).max() <= 0.51


def test_the_card_tells_the_engine_its_print_sizes_and_its_name(model_folder):
    engine = load_engine("onnx", model=model_folder, device="cpu")
    assert engine.glyph_range == (8.0, 40.0)
    assert engine.fingerprint.startswith("blur-1-") and engine.fingerprint.endswith("-CPU")


@pytest.mark.parametrize("change", [{"glyph_range": [8, 17]}, {"tile_px": 512}, {"overlap_px": 2}, {"version": "2"}])
def test_the_fingerprint_of_a_model_changes_with_all_that_its_pixels_depend_on(model_folder, change):
    before = load_engine("onnx", model=model_folder, device="cpu").fingerprint
    card = json.loads((model_folder / "card.json").read_text())
    assert card | change != card
    (model_folder / "card.json").write_text(json.dumps(card | change))
    assert load_engine("onnx", model=model_folder, device="cpu").fingerprint != before


def test_a_network_that_is_not_the_one_of_its_card_is_refused(model_folder):
    network = bytearray((model_folder / "model.onnx").read_bytes())
    network[40] ^= 1
    (model_folder / "model.onnx").write_bytes(network)
    with pytest.raises(ModelError, match="is not the network of its card") as refused:
        load_model(model_folder)
    assert refused.value.exit_code == ExitCode.BAD_MODEL


@pytest.mark.parametrize("name", ["card.json", "model.onnx"])
def test_a_missing_file_is_named(model_folder, name):
    (model_folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        load_model(model_folder)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": 2}, "format 2"),
        ({"stride": None}, "lacks 'stride'"),
        ({"stride": 0}, "stride is 0"),
        ({"tile_px": "wide"}, "wide"),
        ({"tile_px": 20}, "tile_px is 20"),
        ({"glyph_range": [40, 8]}, "smaller first"),
        ({"glyph_range": [8]}, "card.json"),
        ({"glyph_range": 8}, "card.json"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(tmp_path, changes, complaint):
    folder = write_model(tmp_path / "blur", blur_model(), **changes)
    with pytest.raises(ModelError, match=complaint):
        load_model(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", '"blur"'])
def test_a_card_that_is_no_json_object_is_refused(model_folder, text):
    (model_folder / "card.json").write_text(text)
    with pytest.raises(ModelError, match="JSON"):
        load_model(model_folder)


def test_what_is_no_network_is_refused(tmp_path):
    class Text:
        @staticmethod
        def SerializeToString():  # noqa: N802 (onnx's name)
            return b"this is not a network"

    folder = write_model(tmp_path / "text", Text)
    with pytest.raises(ModelError, match="cannot load the network"):
        OnnxEngine(folder, device="cpu")


@pytest.mark.parametrize("names", [{"input_name": "image"}, {"output_name": "image"}])
def test_a_network_with_other_inputs_or_outputs_is_refused(tmp_path, names):
    folder = write_model(tmp_path / "other", blur_model(**names))
    with pytest.raises(ModelError, match="image: tensor"):
        OnnxEngine(folder, device="cpu")


@pytest.mark.skipif("cuda" in usable_devices(), reason="there is a GPU")
def test_asking_for_a_gpu_that_is_not_there_names_the_package(model_folder):
    with pytest.raises(MissingToolError) as refused:
        OnnxEngine(model_folder, device="cuda")
    assert "onnxruntime-gpu" in refused.value.hint


def test_the_card_keeps_what_it_does_not_know(model_folder):
    """Figures, hashes and whatever a later docpipe adds do not disturb this one."""
    card = json.loads((model_folder / "card.json").read_text())
    (model_folder / "card.json").write_text(json.dumps(card | {"figures": {"psnr": 31.5}}))
    assert load_model(model_folder)[0].name == "blur"
