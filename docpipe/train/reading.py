"""What frozen networks say of restored print: terms of the loss of a generator."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import ctc_loss

from docpipe.models.recogniser import BLANK
from docpipe.train.config import TrainConfig
from docpipe.train.running import Place, autocast, settle, to_training
from docpipe.train.vgg import load_vgg
from docpipe.train.weights import load_network


class Judges:
    """The recogniser and VGG, as far as the weights of their terms ask for them; they learn nothing any more.

    Args:
        config: of the stage; names their files and the weights of their terms.
        place: where they run.

    Raises:
        InputError: a file cannot be used.
    """

    def __init__(self, config: TrainConfig, place: Place) -> None:
        self._text_weight = config.text_weight
        self._config, self._place = config, place
        self._seen_through: list[tuple[float, nn.Module]] = []
        if config.text_weight or config.feature_weight:
            self._recogniser = load_network(Path(config.recogniser))
            settle(self._recogniser, place)
        if config.feature_weight:
            self._seen_through.append((config.feature_weight, self._recogniser))
        if config.vgg_weight:
            vgg = load_vgg(Path(config.vgg))
            settle(vgg, place)
            self._seen_through.append((config.vgg_weight, vgg))

    def loss(self, generator: nn.Module, restored: Tensor, clean: Tensor, lines: Sequence[Tensor]) -> Tensor:
        """The weighted sum of the text term and of the feature terms; 0 where none is asked for.

        Args:
            generator: in training; its normalisation learns nothing from lines.
            restored: (B, 1, H, W) float32, for the feature terms.
            clean: the same shape.
            lines: a batch of `CardLines`, for the text term; empty without it.
        """
        loss = restored.new_zeros(())
        for weight, network in self._seen_through:
            loss = loss + weight * feature_loss(network, restored, clean)
        if self._text_weight:
            noisy, inside, paper, labels, lengths = lines
            generator.eval()
            with autocast(self._config, self._place):
                shown = generator(noisy).float() * inside + paper[:, None, None, None] * (1 - inside)
                says = self._recogniser(shown)
            to_training(generator, self._config)
            loss = loss + self._text_weight * text_loss(says, labels, lengths)
        return loss


def feature_loss(network: nn.Module, restored: Tensor, clean: Tensor) -> Tensor:
    """Mean difference of features, each level in the size of its features of the clean page.

    Args:
        network: the recogniser or `Vgg`.
        restored: (B, 1, H, W) float32.
        clean: the same shape.

    Source: perceptual losses (Johnson et al., ECCV 2016), with our own reader in the place of VGG or beside it.
    """
    with torch.no_grad():
        wanted = network.features(clean)  # type: ignore[operator]
    found = network.features(restored)  # type: ignore[operator]
    differences = [
        (ours - theirs).abs().mean() / theirs.abs().mean().clamp(min=1e-3)
        for ours, theirs in zip(found, wanted, strict=True)
    ]
    return torch.stack(differences).mean()


def text_loss(says: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """CTC loss a character.

    Args:
        says: (columns, B, 1 + characters) float32, log probabilities: what a recogniser makes of lines.
        labels: (B, longest) int64, from 1.
        lengths: (B,) int64.
    """
    columns = torch.full_like(lengths, says.shape[0])
    loss: Tensor = ctc_loss(says, labels, columns, lengths, blank=BLANK, reduction="mean", zero_infinity=True)
    return loss
