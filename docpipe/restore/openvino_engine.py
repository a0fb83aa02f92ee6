"""Restoring with a network through OpenVINO: the only file that imports it. For processors; an extra brings it."""

import sys
import threading
from functools import cache, partial
from pathlib import Path

from docpipe.cores import usable_cores
from docpipe.errors import MissingToolError, ModelError
from docpipe.page import Gray
from docpipe.restore.model_card import load_model
from docpipe.restore.tiled_network import INPUT, OUTPUT, TiledNetwork, check_ports, last_line, port
from docpipe.restore.tiles import Tensor

# Its converter, which OpenVINO imports where it finds it, tells Google that it was imported, and keeps an id at home.
_CONVERTER = "openvino.tools.ovc"
_had_converter = _CONVERTER in sys.modules
if not _had_converter:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]
try:
    import openvino
except ImportError as error:
    raise MissingToolError(
        f"OpenVINO is not installed, or does not load ({error})", hint="pip install 'docpipe-ocr[openvino]'"
    ) from error
finally:
    if not _had_converter:
        del sys.modules[_CONVERTER]


class OpenvinoEngine:
    """Runs the network of a model folder over pages, on the CPU.

    In float32 even where the processor has bfloat16: the same page gives the same pixels on every machine, within one
    grey level of what ONNX Runtime gives.

    Args:
        folder: the model folder.
        threads: CPU threads for one page, 0 for all cores.

    Raises:
        ModelError: the folder or the network is not what this version runs.
    """

    name = "openvino"

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        self.card, network = load_model(folder)
        self._compile = partial(_compiled, network, threads, folder)
        self._compiled: openvino.CompiledModel | None = (compiled := self._compile())
        check_ports(folder, _ports(compiled.inputs), _ports(compiled.outputs))
        self._network = TiledNetwork(self.card, self._compute)
        self._compiling, self._of_thread = threading.Lock(), threading.local()

    @property
    def fingerprint(self) -> str:
        """Model and library: OpenVINO rounds otherwise than ONNX Runtime."""
        return f"{self.card.fingerprint}-OpenVINO"

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
        """The result lies where the next tile of this thread is computed: `restore_tiled` has used it by then."""
        with self._compiling:
            if self._compiled is None:
                self._compiled = self._compile()
            compiled = self._compiled
        if getattr(self._of_thread, "compiled", None) is not compiled:
            self._of_thread.compiled, self._of_thread.request = compiled, compiled.create_infer_request()
        try:
            made = self._of_thread.request.infer({INPUT: tile}, share_inputs=True, share_outputs=True)
            return made[OUTPUT]  # type: ignore[no-any-return]
        except Exception as error:  # OpenVINO's own have no base below this one
            spoilt_by_another = self._give_up(compiled)
            if spoilt_by_another:
                raise MemoryError from error
            raise

    def _give_up(self, compiled: openvino.CompiledModel) -> bool:
        """What once ran out of memory fails ever after, in all threads: the next tile compiles it anew.

        Returns:
            Whether another thread had given it up before.
        """
        self._of_thread.compiled = self._of_thread.request = None
        with self._compiling:
            if self._compiled is not compiled:
                return True
            self._compiled = None
            return False


@cache
def _core() -> openvino.Core:
    """One for the process, kept until it ends.

    Each brings a stack for the signal handlers of the thread that makes it, and when it goes, puts back the one that
    was there before (class SigAltStackSetup of OpenVINO's CPU plugin): of two that go in the order in which they came
    the second puts back the stack that went with the first, and the next signal ends the process.
    """
    return openvino.Core()


def _compiled(network: bytes, threads: int, folder: Path) -> openvino.CompiledModel:
    """A stream is what computes one page at a time: as many as there are cores for."""
    threads = threads or usable_cores()
    streams = max(1, usable_cores() // threads)
    settings = {
        "INFERENCE_NUM_THREADS": streams * threads,
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,    # several processes would be pinned to the same cores
    }
    try:
        return _core().compile_model(_core().read_model(network), "CPU", settings)
    except Exception as error:  # it raises RuntimeError for most things, and other classes for some
        raise ModelError(f"{folder}: OpenVINO cannot load the network: {last_line(error)}") from error


def _ports(nodes: list[openvino.ConstOutput]) -> list[str]:
    return [port(_name(node), _element(node), _rank(node)) for node in nodes]


def _name(node: openvino.ConstOutput) -> str:
    """A port has all names of its tensor, where the network hands it through."""
    return next((name for name in (INPUT, OUTPUT) if name in node.names), ", ".join(sorted(node.names)))


def _element(node: openvino.ConstOutput) -> str:
    """As ONNX calls it."""
    name: str = node.element_type.get_type_name()
    return "float" if name == "f32" else name


def _rank(node: openvino.ConstOutput) -> int | None:
    rank = node.partial_shape.rank
    return int(rank.get_length()) if rank.is_static else None
