"""What a restored page is measured by while it is learnt."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

_FINE_PX = 15


def pixel_loss(restored: Tensor, clean: Tensor, edge_weight: float, ink_weight: float = 0.0) -> Tensor:
    """Mean absolute difference of pixels, and, weighted, of their horizontal and vertical differences.

    Args:
        restored: (B, 1, H, W) float32.
        clean: the same shape.
        edge_weight: 0 for pixels alone. Edges keep a network from being content with flat paper.
        ink_weight: by how much more the pixels on and around strokes of print count. Print is a twentieth of a card,
            so without it a network loses little where it takes faint print for dirt and wipes it away.
    """
    error = restored - clean
    weight = 1 + ink_weight * strokes(clean) if ink_weight else torch.ones(())
    loss = (weight * error.abs()).mean()
    if edge_weight:
        across, down = error[..., :, 1:] - error[..., :, :-1], error[..., 1:, :] - error[..., :-1, :]
        loss = loss + edge_weight * (across.abs().mean() + down.abs().mean())
    return loss


@torch.no_grad()
def strokes(clean: Tensor) -> Tensor:
    """Where print is: 1 on and around what is much darker than its surroundings of 15 pixels, 0 on paper and in areas.

    Args:
        clean: (B, 1, H, W) float32, 0 = ink, 1 = paper.

    Returns:
        The same shape, 0 to 1.
    """
    darker = avg_pool2d(clean, _FINE_PX, stride=1, padding=_FINE_PX // 2, count_include_pad=False) - clean
    return max_pool2d((4 * darker).clamp(0, 1), 5, stride=1, padding=2)


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
