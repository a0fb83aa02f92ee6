"""The teacher: a U-Net over a ResNet34 encoder, by segmentation-models-pytorch."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from docpipe.errors import MissingToolError

_GRAY_MEAN, _GRAY_STD = 0.45, 0.23  # of ImageNet, which an encoder that comes with weights has learnt on
_FIRST_KERNEL = "conv1.weight"  # (64, colours, 7, 7)


class UnetResnet34(nn.Module):
    """Restores pages by adding a correction to them.

    Args:
        widths: channels of the five levels of the decoder, from the coarsest to the finest.
        encoder_weights: "imagenet" for weights that the library fetches over the network, unless it has done so before;
            None learns from nothing.

    Raises:
        MissingToolError: segmentation-models-pytorch is not installed, or the weights cannot be fetched.

    Source: Ronneberger et al., MICCAI 2015; He et al., CVPR 2016.
    """

    stride = 32

    def __init__(self, widths: Sequence[int] = (256, 128, 64, 32, 16), encoder_weights: str | None = None) -> None:
        super().__init__()
        try:
            import segmentation_models_pytorch as smp  # late: the other networks do without it
        except ModuleNotFoundError as error:
            hint = "pip install 'docpipe-ocr[unet]'"
            raise MissingToolError(f"unet_resnet34 needs {error.name}, which is not installed", hint) from error
        try:
            self.unet = smp.Unet(
                "resnet34", encoder_weights=encoder_weights, in_channels=1, classes=1, decoder_channels=tuple(widths)
            )
        except OSError as error:  # whatever the hub has to say comes as one
            raise MissingToolError(
                f"the encoder weights {encoder_weights!r} are not here and cannot be fetched",
                "name a file of resnet34's weights: encoder_weights = \"resnet34.pth\"",
            ) from error
        last = self.unet.segmentation_head[0]
        nn.init.zeros_(last.weight)  # an untrained network gives the page back as it is
        nn.init.zeros_(last.bias)

    def load_encoder(self, state: Mapping[str, Tensor]) -> None:
        """Give the encoder the weights of a ResNet34.

        Args:
            state: its state dict, as torchvision keeps it, for one channel or for three; the classifier is left out.

        Raises:
            ValueError: it belongs to another network.
        """
        encoder = {name: value for name, value in state.items() if not name.startswith("fc.")}
        first = encoder.get(_FIRST_KERNEL)
        if isinstance(first, Tensor) and first.dim() == 4:
            encoder[_FIRST_KERNEL] = first.sum(dim=1, keepdim=True)  # what three equal channels give
        try:
            self.unet.encoder.load_state_dict(encoder)
        except RuntimeError as error:
            raise ValueError("the weights are not those of a resnet34") from error

    def forward(self, page: Tensor) -> Tensor:
        """(B, 1, H, W) float32, 0 = ink, 1 = paper; H and W multiples of `stride`. May leave [0, 1] a little."""
        restored: Tensor = page + self.unet((page - _GRAY_MEAN) / _GRAY_STD)
        return restored
