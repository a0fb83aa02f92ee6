"""What a restored page is measured by while it is learnt: terms by weight, the two sides of a GAN, and figures."""

from collections.abc import Callable, Mapping
from math import exp

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, max_pool2d, mse_loss, pad, relu

_FINE_PX = 15
_SSIM_PX, _SSIM_SIGMA = 11, 1.5
_SSIM_BELL = [exp(-((place - _SSIM_PX // 2) ** 2) / (2 * _SSIM_SIGMA**2)) for place in range(_SSIM_PX)]
_SSIM_WINDOW = [height / sum(_SSIM_BELL) for height in _SSIM_BELL]
_SSIM_C1, _SSIM_C2 = 0.01**2, 0.03**2


def pixel_loss(restored: Tensor, clean: Tensor, weights: Mapping[str, float]) -> Tensor:
    """The weighted sum of terms.

    Args:
        restored: (B, 1, H, W) float32.
        clean: the same shape.
        weights: key of `TERMS` -> weight; those of weight 0 cost nothing.
    """
    loss = restored.new_zeros(())
    for name, weight in weights.items():
        if weight:
            loss = loss + weight * TERMS[name](restored, clean)
    return loss


def _mse(restored: Tensor, clean: Tensor) -> Tensor:
    return (restored - clean).square().mean()


def _l1(restored: Tensor, clean: Tensor) -> Tensor:
    return (restored - clean).abs().mean()


def _edge(restored: Tensor, clean: Tensor) -> Tensor:
    """Differences between neighbours: they keep a network from being content with flat paper."""
    error = restored - clean
    across, down = error[..., :, 1:] - error[..., :, :-1], error[..., 1:, :] - error[..., :-1, :]
    return across.abs().mean() + down.abs().mean()


def _ink(restored: Tensor, clean: Tensor) -> Tensor:
    """Absolute differences on and around strokes of print.

    Print is a twentieth of a card: without this a network loses little where it takes faint print for dirt.
    """
    return (strokes(clean) * (restored - clean).abs()).mean()


@torch.no_grad()
def strokes(clean: Tensor) -> Tensor:
    """Where print is: 1 on and around what is much darker than its surroundings of 15 pixels, 0 on paper and in areas.

    Args:
        clean: (B, 1, H, W) float32, 0 = ink, 1 = paper.

    Returns:
        The same shape, 0 to 1.
    """
    darker = _box_blurred(clean) - clean
    return max_pool2d((4 * darker).clamp(0, 1), 5, stride=1, padding=2)


def _box_blurred(pages: Tensor) -> Tensor:
    """The mean of the 15 x 15 pixels around each one, as far as they lie on the page.

    By running sums (Crow, SIGGRAPH 1984): `avg_pool2d` took as long on a CPU as the network's whole step.
    """
    return _box_sums(pages) / _box_sums(torch.ones_like(pages[:1]))


def _box_sums(pages: Tensor) -> Tensor:
    half = _FINE_PX // 2
    for axis, around in ((-1, (half + 1, half)), (-2, (0, 0, half + 1, half))):
        length = pages.shape[axis]
        sums = pad(pages, around).cumsum(axis)
        pages = sums.narrow(axis, _FINE_PX, length) - sums.narrow(axis, 0, length)
    return pages


def _frequency(restored: Tensor, clean: Tensor) -> Tensor:
    """Differences of Fourier coefficients, phase included; orthonormal, so that a crop's size changes nothing."""
    coefficients: Tensor = torch.fft.rfft2(restored - clean, norm="ortho")
    return coefficients.abs().mean()


def ssim(restored: Tensor, clean: Tensor) -> Tensor:
    """Structural similarity, a mean over all places where the window fits (Wang et al., IEEE TIP 2004).

    Args:
        restored: (B, 1, H, W) float32 in [0, 1], at least 11 pixels a side.
        clean: the same shape.
    """
    mean_r, mean_c = _weighted_mean(restored), _weighted_mean(clean)
    var_r = _weighted_mean(restored * restored) - mean_r * mean_r
    var_c = _weighted_mean(clean * clean) - mean_c * mean_c
    both = _weighted_mean(restored * clean) - mean_r * mean_c
    light = (2 * mean_r * mean_c + _SSIM_C1) / (mean_r * mean_r + mean_c * mean_c + _SSIM_C1)
    shape = (2 * both + _SSIM_C2) / (var_r + var_c + _SSIM_C2)
    return (light * shape).mean()


def _weighted_mean(pages: Tensor) -> Tensor:
    """The mean by the window around each place where it fits, along one axis after the other.

    By sums, not by a convolution: that rounds to TF32 on a GPU, and its error is as large as the variance of paper.
    """
    for axis in (-1, -2):
        length = pages.shape[axis] - _SSIM_PX + 1
        shifted = [weight * pages.narrow(axis, start, length) for start, weight in enumerate(_SSIM_WINDOW)]
        pages = torch.stack(shifted).sum(dim=0)
    return pages


TERMS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": _mse,
    "l1": _l1,
    "edge": _edge,
    "ink": _ink,
    "ssim": lambda restored, clean: 1 - ssim(restored, clean),
    "frequency": _frequency,
}


def critic_loss(real: Tensor, fake: Tensor, kind: str) -> Tensor:
    """What the critic minimises: the mean of what it makes of clean and of restored pages.

    Args:
        real: logits of clean pages.
        fake: logits of restored ones.
        kind: "bce", "hinge" or "least_squares".
    """
    if kind == "hinge":
        return (relu(1 - real).mean() + relu(1 + fake).mean()) / 2
    distance = _GAN_DISTANCES[kind]
    return (distance(real, torch.ones_like(real)) + distance(fake, torch.zeros_like(fake))) / 2


def adversarial_loss(fake: Tensor, kind: str) -> Tensor:
    """What the generator minimises of the critic's logits of restored pages; `kind` as in `critic_loss`."""
    return -fake.mean() if kind == "hinge" else _GAN_DISTANCES[kind](fake, torch.ones_like(fake))


_GAN_DISTANCES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": binary_cross_entropy_with_logits,
    "least_squares": mse_loss,
}


@torch.no_grad()
def auc(real: Tensor, fake: Tensor) -> float:
    """The share of (clean, restored) pairs that a critic ranks rightly: .5 tells nothing, 1 everything.

    Args:
        real: (N,) scores of clean pages.
        fake: (M,) scores of restored ones.
    """
    ahead = real[:, None] - fake[None, :]
    return float((ahead > 0).float().mean() + (ahead == 0).float().mean() / 2)


@torch.no_grad()
def psnr(restored: Tensor, clean: Tensor) -> float:
    """Peak signal to noise ratio in decibels, of the squared error of all crops together.

    (A mean over crops would be ruled by the few that have hardly any noise.)

    Args:
        restored: (B, 1, H, W) float32 in [0, 1].
        clean: the same shape.
    """
    return float(-10 * (restored - clean).square().mean().clamp(min=1e-10).log10())


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
    return error - _box_blurred(error)


def _ratio(left: Tensor, before: Tensor) -> float:
    return float(left.abs().mean() / before.abs().mean().clamp(min=1e-6))
