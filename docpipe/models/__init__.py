"""Networks, one architecture a file, and the one table of their names."""

from collections.abc import Callable, Mapping

from torch import nn

from docpipe.models.compact import Compact

GENERATORS: Mapping[str, Callable[..., nn.Module]] = {"compact": Compact}
"""Each maps (B, 1, H, W) float32 in [0, 1], 0 = ink, 1 = paper, to the same; H and W multiples of its `stride`."""

__all__ = ["GENERATORS", "Compact"]
