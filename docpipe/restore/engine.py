"""What every restoring engine offers, and the one table of engines."""

from pathlib import Path
from typing import Literal, Protocol

from docpipe.errors import UsageError
from docpipe.page import Gray

Device = Literal["auto", "cpu", "cuda"]
ENGINES = ("division", "onnx")
DEFAULT_ENGINE = "division"


class Engine(Protocol):
    """Restores gray pages. Safe to call from several threads at once; the same page gives the same pixels."""

    @property
    def name(self) -> str:
        """What `--engine` calls it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the engine would give other pixels: the ledger redoes such pages."""
        ...

    @property
    def glyph_range(self) -> tuple[float, float] | None:
        """Print sizes that the engine was made for, in pixels of glyph height; None: any."""
        ...

    def restore(self, gray: Gray, glyph_px: float) -> Gray:
        """Restore one page.

        Args:
            gray: (H, W) uint8, 0 = ink, 255 = paper; not written to.
            glyph_px: median glyph height in `gray`, inside `glyph_range`.

        Returns:
            (H, W) uint8, a new array.
        """
        ...


def load_engine(
    name: str = DEFAULT_ENGINE, *, model: Path | None = None, device: Device = "auto", threads: int = 0
) -> Engine:
    """Make the engine called `name` ready.

    Args:
        name: one of `ENGINES`.
        model: the model folder, for engines that run a network.
        device: where to compute; "auto" takes a GPU where the engine can use one.
        threads: CPU threads for one page, 0 for all cores.

    Raises:
        UsageError: no such engine, or options that do not fit it.
        ModelError: the model folder is incomplete, damaged or made for another version.
        MissingToolError: `device` asks for a GPU that cannot be used here.
    """
    # Late imports: each engine brings a heavy package of its own.
    if name == "division":
        if model is not None:
            raise UsageError("the division engine takes no model", hint="add --engine onnx, or drop --model")
        if device == "cuda":
            raise UsageError("the division engine runs on the CPU only", hint="drop --device cuda")
        from docpipe.restore.division import Division

        return Division()
    if name == "onnx":
        if model is None:
            raise UsageError("the onnx engine needs a model folder", hint="name it with --model FOLDER")
        from docpipe.restore.onnx_engine import OnnxEngine

        return OnnxEngine(model, device=device, threads=threads)
    raise UsageError(f"there is no engine {name!r}", hint=f"choose one of: {', '.join(ENGINES)}")
