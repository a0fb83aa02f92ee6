"""VGG up to its fourth pooling: what a perceptual term looks through."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision's weights want them


class Vgg(nn.Module):
    """Blocks of convolutions with a pooling between them; its layers are numbered as torchvision numbers them.

    Args:
        blocks: channels of each convolution, block by block.

    Source: Simonyan and Zisserman, ICLR 2015.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, blocks: Sequence[Sequence[int]]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = len(_MEAN)
        for block in blocks:
            for width in block:
                layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(inplace=True)]
                before = width
            layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers[:-1])
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("spread", torch.tensor(_SPREAD)[:, None, None])

    def features(self, pages: Tensor) -> list[Tensor]:
        """What each block sees, before it is pooled, from the finest.

        Args:
            pages: (B, 1, H, W) float32, 0 = ink, 1 = paper; at least 2 pixels a side for each pooling.
        """
        seen = (pages - self.mean) / self.spread  # the same gray in all three colours
        features = []
        for layer in self.layers:
            if isinstance(layer, nn.MaxPool2d):
                features.append(seen)
            seen = layer(seen)
        return [*features, seen]
