"""A restorer that is ready to work, in this process."""

from pathlib import Path

import cv2

from docpipe.errors import UsageError
from docpipe.restore.engine import Device
from docpipe.restore.engines import load_engine, load_gate
from docpipe.restore.restorer import Restorer


def ready_restorer(
    engine: str, *, model: Path | None = None, device: Device = "auto", threads: int = 1, gated: bool = True,
    careful: bool = False,
) -> Restorer:  # fmt: skip
    """Load an engine and the gate beside it, and let OpenCV use as many threads as the engine.

    Args:
        engine: one of `ENGINES`.
        model: the model folder, for engines that run a network; the shipped one if None.
        device: where to compute.
        threads: CPU threads for one page, at least 1.
        gated: ask the gate, where the model folder holds one; else every page is restored.
        careful: ask the gate that ships for the shipped model.

    Raises:
        UsageError: no such engine, or options that do not fit it or each other.
        ModelError: the model folder, or the gate in it, is incomplete, damaged or made for another version.
        MissingToolError: `device` asks for a GPU that cannot be used here, or the engine is not installed.
    """
    if careful and not gated:
        raise UsageError("--careful asks the gate that --no-gate turns off", hint="drop one of them")
    cv2.setNumThreads(threads)
    loaded = load_engine(engine, model=model, device=device, threads=threads)
    gate = load_gate(engine, model=model, device=device, threads=threads, careful=careful) if gated else None
    return Restorer(loaded, gate)
