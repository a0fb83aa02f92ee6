"""What a generator's stage draws: crops, and, where a recogniser judges, lines of text beside them."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from docpipe.noise.recipe import Recipe
from docpipe.train.config import TrainConfig
from docpipe.train.data import CleanCard, CropPairs
from docpipe.train.running import Place
from docpipe.train.text_lines import CardLines


def draws_of(config: TrainConfig, cards: list[CleanCard], recipe: Recipe, place: Place) -> Dataset[tuple[Tensor, ...]]:
    """(noisy, target) crops; with `text_weight` followed by what a line of `CardLines` holds.

    Args:
        config: of the stage.
        cards: to learn from.
        recipe: of the noise.
        place: how many processes share a step.
    """
    count = config.steps * config.batch * place.world
    crops = CropPairs(
        cards, recipe, config.seed, config.crop_px, count, scale=config.scale,
        glyph_px=config.glyph_px, on_print=config.on_print, noisy_targets=config.stage == "noise2noise",
    )
    if not config.text_weight:
        return crops
    return _Beside((crops, CardLines(cards, recipe, config.seed, count)))


class _Beside(Dataset[tuple[Tensor, ...]]):
    """Entry i of each set, one after the other."""

    def __init__(self, sets: Sequence[Dataset[tuple[Tensor, ...]]]) -> None:
        self._sets = sets

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        return tuple(part for one in self._sets for part in one[index])
