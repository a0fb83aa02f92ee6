"""Networks, one architecture a file, and the tables of their names."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import nn

from docpipe.models.autoencoder import Autoencoder
from docpipe.models.compact import Compact
from docpipe.models.critics import AttentionCritic, PatchCritic, judge
from docpipe.models.dncnn import DnCnn
from docpipe.models.gate import GateStatistics
from docpipe.models.recogniser import Recogniser
from docpipe.models.unet import UnetResnet34

GENERATORS: Mapping[str, Callable[..., nn.Module]] = {
    "compact_small": partial(Compact, widths=(16, 32, 48, 64)),
    "compact": Compact,
    "compact_large": partial(Compact, widths=(32, 64, 96, 128), blocks=4),
    "compact_wide": partial(Compact, context_width=32),
    "unet_resnet34": UnetResnet34,
    "dncnn": DnCnn,
    "autoencoder": Autoencoder,
}
"""Each maps (B, 1, H, W) float32 in [0, 1], 0 = ink, 1 = paper, to the same; H and W multiples of its `stride`.
Each takes `widths`, channels from level to level, and has its own where none are given."""

CRITICS: Mapping[str, Callable[..., nn.Module]] = {
    "attention": AttentionCritic,
    "patch": PatchCritic,
    "patch_conditional": partial(PatchCritic, sees_noisy=True),
}
"""Each maps crops to logits, above 0 where a patch looks clean; call them through `judge`. Each takes `widths`."""

__all__ = [
    "CRITICS", "GENERATORS", "AttentionCritic", "Autoencoder", "Compact", "DnCnn", "GateStatistics", "PatchCritic",
    "Recogniser", "UnetResnet34", "judge",
]
