"""Muon for the convolutions of a network, Adam for the rest of it."""

from typing import Any

import torch
from torch import Tensor, nn

from docpipe.train.config import TrainConfig

RATE_RATIO = 2.0    # of Muon's learning rate to Adam's; 6 learnt more slowly


class MuonAndAdam:
    """Steps that turn every kernel alike in all directions (Jordan et al. 2024, kellerjordan.github.io/posts/muon).

    All convolutions but the first and the last go by `torch.optim.Muon`, each as a matrix with a row an output channel;
    steps are scaled to the size of Adam's (Liu et al., arXiv 2502.16982), so one schedule serves both. Convolutions at
    the ends, normalisation and biases go by AdamW. To a training loop it looks like one optimiser of torch.

    Args:
        network: on its device and in its memory format already: the matrices are views of its weights.
        config: its `learning_rate` and `betas` are those of Adam.
    """

    def __init__(self, network: nn.Module, config: TrainConfig) -> None:
        beta1, beta2 = config.betas
        kernels = [part.weight for part in network.modules() if isinstance(part, nn.Conv2d)][1:-1]
        self._matrices = [(kernel, nn.Parameter(as_matrix(kernel.data, kernel))) for kernel in kernels]
        inside = {id(kernel) for kernel in kernels}
        rest = [value for value in network.parameters() if id(value) not in inside]
        self._adam = torch.optim.AdamW(rest, lr=config.learning_rate, betas=(beta1, beta2), weight_decay=1e-4)
        self._muon = torch.optim.Muon([matrix for _, matrix in self._matrices], lr=config.learning_rate,
                                      weight_decay=0.0, adjust_lr_fn="match_rms_adamw")

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Those of Adam; Muon's learning rate follows theirs."""
        return self._adam.param_groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all weights."""
        self._adam.zero_grad(set_to_none)
        for kernel, _ in self._matrices:
            kernel.grad = None

    def step(self) -> None:
        """Move all weights by their gradients."""
        for group in self._muon.param_groups:
            group["lr"] = RATE_RATIO * self._adam.param_groups[0]["lr"]
        for kernel, matrix in self._matrices:
            matrix.grad = None if kernel.grad is None else as_matrix(kernel.grad, kernel)
        self._muon.step()  # type: ignore[no-untyped-call]
        self._adam.step()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"muon": self._muon.state_dict(), "adam": self._adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])


def as_matrix(values: Tensor, kernel: Tensor) -> Tensor:
    """Values of a kernel's shape, (out, in, h, w) -> (out, in * h * w), in the order of the kernel in memory."""
    last = kernel.is_contiguous(memory_format=torch.channels_last)
    return (values.permute(0, 2, 3, 1) if last else values).flatten(1)
