"""Critics: networks that tell restored pages from clean ones, patch by patch."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

_SLOPE = 0.2
_DROPOUT = 0.15
_MEAN, _SPREAD = 0.8, 0.2


class AttentionCritic(nn.Module):
    """Strided convolutions under spectral norm, with self-attention, so that far parts of a crop are seen together.

    Args:
        widths: channels at each level; each level halves the size. Attention lies after the last.

    Source: the critic of fastai's super-resolution lesson (2019): spectral norm (Miyato et al., ICLR 2018),
    self-attention (Zhang et al., ICML 2019), dropout .15, leaky ReLU .2.
    """

    sees_noisy = False

    def __init__(self, widths: Sequence[int] = (64, 128, 256)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((1, *widths)):
            layers += [_halve(before, after), nn.LeakyReLU(_SLOPE), nn.Dropout2d(_DROPOUT)]
        self.layers = nn.Sequential(*layers, _Attention(widths[-1]), _judge(widths[-1]))

    def forward(self, pages: Tensor) -> Tensor:
        """(B, 1, H, W) float32 in [0, 1] to logits (B, 1, h, w): above 0 where a patch looks clean."""
        logits: Tensor = self.layers(_spread(pages))
        return logits


class PatchCritic(nn.Module):
    """Judges overlapping patches, each by itself; under spectral norm, so that no batch is normalised by another.

    Args:
        widths: channels at each level; each level halves the size.
        sees_noisy: judge a page beside the noisy one that it was made of, as its second channel.

    Source: PatchGAN (Isola et al., CVPR 2017), its batch normalisation replaced.
    """

    def __init__(self, widths: Sequence[int] = (64, 128, 256), sees_noisy: bool = False) -> None:
        super().__init__()
        self.sees_noisy = sees_noisy
        layers: list[nn.Module] = []
        for before, after in pairwise((1 + sees_noisy, *widths)):
            layers += [_halve(before, after), nn.LeakyReLU(_SLOPE)]
        self.layers = nn.Sequential(*layers, _judge(widths[-1]))

    def forward(self, pages: Tensor) -> Tensor:
        """(B, 1, H, W) or, beside the noisy page, (B, 2, H, W) float32 in [0, 1] to logits (B, 1, h, w)."""
        logits: Tensor = self.layers(_spread(pages))
        return logits


def judge(critic: nn.Module, pages: Tensor, noisy: Tensor) -> Tensor:
    """Logits of a critic over pages, shown beside the noisy ones where it asks for them."""
    logits: Tensor = critic(torch.cat([pages, noisy], dim=1) if critic.sees_noisy else pages)
    return logits


class _Attention(nn.Module):
    """Each place takes up what places like it hold, anywhere in the crop."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key = (spectral_norm(nn.Conv2d(width, width // 8, 1, bias=False)) for _ in range(2))
        self.value = spectral_norm(nn.Conv2d(width, width, 1, bias=False))
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        query, key, value = (
            layer(features).flatten(2).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )  # (B, places, channels) each
        # A plain product: scaling by the width would flatten attention that is learnt under spectral norm.
        taken = nn.functional.scaled_dot_product_attention(query, key, value, scale=1.0)
        attended: Tensor = features + self.share * taken.transpose(1, 2).reshape(features.shape)
        return attended


def _halve(before: int, after: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1))


def _judge(width: int) -> nn.Module:
    """Free of the norm: restored pages differ from clean ones by little, and logits must come to say so."""
    return nn.Conv2d(width, 1, 3, padding=1)


def _spread(pages: Tensor) -> Tensor:
    """Mean and spread of printed pages to about 0 and 1: under spectral norm no layer can make up for a weak input."""
    return (pages - _MEAN) / _SPREAD
