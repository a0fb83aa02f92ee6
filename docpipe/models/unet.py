"""The teacher: a U-Net over a ResNet34 encoder, by segmentation-models-pytorch."""

from collections.abc import Sequence

from torch import Tensor, nn

from docpipe.errors import MissingToolError

_GRAY_MEAN, _GRAY_STD = 0.45, 0.23  # of ImageNet, which an encoder that comes with weights has learnt on


class UnetResnet34(nn.Module):
    """Restores pages by adding a correction to them.

    Args:
        widths: channels of the five levels of the decoder, from the coarsest to the finest.
        encoder_weights: "imagenet" for weights that the library fetches over the network; None learns from nothing.

    Raises:
        MissingToolError: segmentation-models-pytorch is not installed.

    Source: Ronneberger et al., MICCAI 2015; He et al., CVPR 2016.
    """

    stride = 32

    def __init__(self, widths: Sequence[int] = (256, 128, 64, 32, 16), encoder_weights: str | None = None) -> None:
        super().__init__()
        try:
            import segmentation_models_pytorch as smp  # late: the other networks do without it
        except ModuleNotFoundError as error:
            hint = "pip install segmentation-models-pytorch"
            raise MissingToolError(f"unet_resnet34 needs {error.name}, which is not installed", hint) from error
        self.unet = smp.Unet(
            "resnet34", encoder_weights=encoder_weights, in_channels=1, classes=1, decoder_channels=tuple(widths)
        )
        last = self.unet.segmentation_head[0]
        nn.init.zeros_(last.weight)  # an untrained network gives the page back as it is
        nn.init.zeros_(last.bias)

    def forward(self, page: Tensor) -> Tensor:
        """(B, 1, H, W) float32, 0 = ink, 1 = paper; H and W multiples of `stride`. May leave [0, 1] a little."""
        restored: Tensor = page + self.unet((page - _GRAY_MEAN) / _GRAY_STD)
        return restored
