"""Restoring with a network through ONNX Runtime: the only file that imports it."""

from pathlib import Path

import onnxruntime as ort

from docpipe.errors import MissingToolError, ModelError
from docpipe.page import Gray
from docpipe.restore.engine import Device
from docpipe.restore.model_card import load_model
from docpipe.restore.tiled_network import INPUT, OUTPUT, TiledNetwork, check_ports, port
from docpipe.restore.tiles import Tensor

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class OnnxEngine:
    """Runs the network of a model folder over pages.

    Args:
        folder: the model folder.
        device: "cuda", "cpu", or "auto" for a GPU where ONNX Runtime can use one.
        threads: CPU threads for one page, 0 for all cores.

    Raises:
        ModelError: the folder or the network is not what this version runs.
        MissingToolError: `device` is "cuda", and ONNX Runtime cannot use a GPU here.
    """

    name = "onnx"

    def __init__(self, folder: Path, *, device: Device = "auto", threads: int = 0) -> None:
        self.card, network = load_model(folder)
        self._session = open_session(network, device, threads, folder)
        check_ports(folder, _ports(self._session.get_inputs()), _ports(self._session.get_outputs()))
        self._network = TiledNetwork(self.card, self._compute)

    @property
    def fingerprint(self) -> str:
        """Model and provider: a GPU rounds otherwise than a CPU."""
        return f"{self.card.fingerprint}-{self._session.get_providers()[0].removesuffix('ExecutionProvider')}"

    @property
    def glyph_range(self) -> tuple[float, float]:
        """Print sizes that the network was trained on."""
        return self.card.glyph_range

    def restore(self, gray: Gray, glyph_px: float) -> Gray:  # noqa: ARG002 (the page comes at the right scale)
        """Restore one page: (H, W) uint8 to a new array of the same shape.

        Raises:
            MemoryError: there is not enough for the smallest tile.
            ModelError: the network fails for another reason.
        """
        return self._network.restore(gray)

    def _compute(self, tile: Tensor) -> Tensor:
        (restored,) = self._session.run([OUTPUT], {INPUT: tile})
        return restored  # type: ignore[no-any-return]


def _ports(nodes: list[ort.NodeArg]) -> list[str]:
    return [port(node.name, node.type.removeprefix("tensor(").removesuffix(")"), len(node.shape)) for node in nodes]


def usable_devices() -> list[Device]:
    """Where networks can run with the ONNX Runtime that is installed."""
    return ["cpu", "cuda"] if _CUDA in ort.get_available_providers() else ["cpu"]


def _providers(device: Device) -> list[str]:
    has_gpu = "cuda" in usable_devices()
    if device == "cuda" and not has_gpu:
        raise MissingToolError(
            "ONNX Runtime cannot use a GPU here",
            hint="pip uninstall onnxruntime && pip install onnxruntime-gpu, or use --device cpu",
        )
    return [_CUDA, _CPU] if has_gpu and device != "cpu" else [_CPU]


def open_session(network: bytes, device: Device, threads: int, folder: Path) -> ort.InferenceSession:
    """Make a network ready.

    Args:
        network: an ONNX file.
        device: as for `OnnxEngine`.
        threads: CPU threads, 0 for all cores.
        folder: that it comes from, for messages.

    Raises:
        ModelError: ONNX Runtime cannot load it.
        MissingToolError: as for `OnnxEngine`.
    """
    providers = _providers(device)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False  # takes two thirds more memory for pages of all sizes, and saves no time
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait leave the cores alone
    options.log_severity_level = 4  # errors come as exceptions
    try:
        session = ort.InferenceSession(network, options, providers=providers)
    except Exception as error:  # as above
        raise ModelError(f"{folder}: ONNX Runtime cannot load the network: {error}") from error
    if _CUDA in providers and session.get_providers()[0] != _CUDA:
        raise MissingToolError(
            "the GPU could not be started", hint="see `nvidia-smi`, or use --device cpu"
        )
    return session
