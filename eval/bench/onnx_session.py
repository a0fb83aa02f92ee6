"""ONNX Runtime as docpipe uses it on the CPU, and tiles of pages as its networks want them."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from docpipe.page import Gray

STRIDE = 32                 # a multiple of what every network of docpipe needs


def open_session(network: Path | bytes, *, threads: int = 1, profile: Path | None = None) -> ort.InferenceSession:
    """A network on the CPU.

    Args:
        network: an ONNX file, or its content.
        threads: for one page.
        profile: where the session's own profile goes, as the beginning of a path.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    return ort.InferenceSession(
        network if isinstance(network, bytes) else str(network), options, providers=["CPUExecutionProvider"]
    )


def as_tile(gray: Gray) -> NDArray[np.float32]:
    """A page as one tile: (1, 1, H, W) in [0, 1], filled up by reflection to multiples of `STRIDE`."""
    filled = np.pad(gray, [(0, -side % STRIDE) for side in gray.shape], mode="reflect")
    return (filled.astype(np.float32) / np.float32(255))[None, None]
