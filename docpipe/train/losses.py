"""What a restored page is measured by while it is learnt."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

_FINE_PX = 15


def pixel_loss(restored: Tensor, clean: Tensor, edge_weight: float) -> Tensor:
    """Mean absolute difference of pixels, and, weighted, of their horizontal and vertical differences.

    Args:
        restored: (B, 1, H, W) float32.
        clean: the same shape.
        edge_weight: 0 for pixels alone. Edges keep a network from being content with flat paper.
    """
    error = restored - clean
    loss = error.abs().mean()
    if edge_weight:
        across, down = error[..., :, 1:] - error[..., :, :-1], error[..., 1:, :] - error[..., :-1, :]
        loss = loss + edge_weight * (across.abs().mean() + down.abs().mean())
    return loss


@torch.no_grad()
def error_left(restored: Tensor, noisy: Tensor, clean: Tensor) -> tuple[float, float]:
    """What is left of the noise, as a share of it: of all of it, and of its fine detail.

    Fine detail is what remains after a box blur of 15 pixels is taken off; a network that only evens out light
    and paper scores well on the first and stays near 1 on the second.

    Args:
        restored: (B, 1, H, W) float32.
        noisy: what it was made of.
        clean: what it should be.
    """
    left, before = restored - clean, noisy - clean
    return _ratio(left, before), _ratio(_fine(left), _fine(before))


def _fine(error: Tensor) -> Tensor:
    return error - avg_pool2d(error, _FINE_PX, stride=1, padding=_FINE_PX // 2, count_include_pad=False)


def _ratio(left: Tensor, before: Tensor) -> float:
    return float(left.abs().mean() / before.abs().mean().clamp(min=1e-6))
