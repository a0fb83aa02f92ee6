"""The one table of engines, and how each is made ready."""

from pathlib import Path

from docpipe.errors import UsageError
from docpipe.restore.engine import Device, Engine
from docpipe.restore.gate import Gate
from docpipe.restore.gate_card import check_model, holds_gate

NETWORK_ENGINES = ("onnx", "openvino")
"""Those that run the network of a model folder."""

ENGINES = (*NETWORK_ENGINES, "division")
DEFAULT_ENGINE = "onnx"
SHIPPED_MODEL = Path(__file__).parent / "models" / "compact"
SHIPPED_INT8 = Path(__file__).parent / "models" / "compact-int8"
"""The same network in integers of eight bits: less time, and pages that differ by some grey levels."""

CAREFUL_GATE = Path(__file__).parent / "models" / "careful"
"""A gate for the shipped model, which by itself has none."""


def load_engine(
    name: str = DEFAULT_ENGINE, *, model: Path | None = None, device: Device = "auto", threads: int = 0
) -> Engine:
    """Make the engine called `name` ready.

    Args:
        name: one of `ENGINES`.
        model: the model folder, for engines that run a network; the shipped one if None.
        device: where to compute; "auto" takes a GPU where the engine can use one.
        threads: CPU threads for one page, 0 for all cores.

    Raises:
        UsageError: no such engine, or options that do not fit it.
        ModelError: the model folder is incomplete, damaged or made for another version.
        MissingToolError: `device` asks for a GPU that cannot be used here, or the engine is not installed.
    """
    # Late imports: each engine brings a heavy package of its own.
    if name == "division":
        if model is not None:
            raise UsageError("the division engine takes no model", hint="drop --engine division, or drop --model")
        _refuse_gpu(name, device)
        from docpipe.restore.division import Division

        return Division()
    if name == "onnx":
        from docpipe.restore.onnx_engine import OnnxEngine

        return OnnxEngine(model or SHIPPED_MODEL, device=device, threads=threads)
    if name == "openvino":
        _refuse_gpu(name, device)
        from docpipe.restore.openvino_engine import OpenvinoEngine

        return OpenvinoEngine(model or SHIPPED_MODEL, threads=threads)
    raise UsageError(f"there is no engine {name!r}", hint=f"choose one of: {', '.join(ENGINES)}")


def _refuse_gpu(name: str, device: Device) -> None:
    if device == "cuda":
        raise UsageError(f"the {name} engine runs on the CPU only", hint="drop --device cuda")


def load_gate(
    name: str = DEFAULT_ENGINE, *, model: Path | None = None, device: Device = "auto", threads: int = 0,
    careful: bool = False,
) -> Gate | None:  # fmt: skip
    """Make the gate ready that lies in the model folder of an engine. Any engine's runs by ONNX Runtime.

    Args:
        name: of the engine.
        model: the model folder; the shipped one if None.
        device: where to compute, as for `load_engine`.
        threads: CPU threads for one page, 0 for all cores.
        careful: take the one in `CAREFUL_GATE`.

    Returns:
        None where the engine runs no network, or its folder holds no gate.

    Raises:
        UsageError: `careful` is asked of an engine that runs no network, or of a model that is not the shipped one.
        ModelError: the gate is incomplete, damaged, or was calibrated for another model.
        MissingToolError: as for `load_engine`.
    """
    if careful and name not in NETWORK_ENGINES:
        raise UsageError(f"the {name} engine has no gate to be careful with", hint="drop --careful")
    folder = model or SHIPPED_MODEL
    of_gate = CAREFUL_GATE if careful else folder
    if name not in NETWORK_ENGINES or not holds_gate(of_gate):
        return None
    from docpipe.restore.model_card import load_model
    from docpipe.restore.onnx_gate import OnnxGate

    gate = OnnxGate(of_gate, device=device if name == "onnx" else "cpu", threads=threads)
    card = load_model(folder)[0]
    if careful and gate.card.model_sha256 != card.sha256:
        shipped = load_model(SHIPPED_MODEL)[0]
        its_model = f"{shipped.name}@{shipped.version}"
        raise UsageError(
            f"--careful asks a gate for {its_model}, not for {card.name}@{card.version}",
            hint=f"use --model {its_model}, or drop --careful",
        )
    check_model(gate.card, card.sha256, of_gate)
    return gate
