"""Checks while training: the same validation crops every time, restored by the averaged network."""

from pathlib import Path

import torch
from torch import Tensor, nn

from docpipe.models import judge
from docpipe.noise.recipe import Recipe
from docpipe.train.config import TrainConfig
from docpipe.train.data import CleanCard, CropPairs
from docpipe.train.losses import auc, error_left, psnr, ssim
from docpipe.train.run_folder import write_sheet
from docpipe.train.running import Place, stacked, to_device

_CHECK_SEED = 1_000_003
_AT_ONCE = 16


class Held:
    """Validation crops, noisy and clean.

    Args:
        cards: that no step learns from.
        recipe: what is drawn on them.
        config: of the stage.
    """

    def __init__(self, cards: list[CleanCard], recipe: Recipe, config: TrainConfig) -> None:
        pairs = CropPairs(
            cards, recipe, _CHECK_SEED, config.crop_px, config.checked, scale=config.scale, glyph_px=config.glyph_px
        )
        self.noisy, self.clean = stacked(pairs, range(config.checked))

    @torch.no_grad()
    def restored(self, generator: nn.Module, place: Place) -> Tensor:
        """The crops after a generator, (B, 1, H, W) float32 on the CPU, not clipped; it is left in evaluation mode."""
        generator.eval()
        parts = torch.split(self.noisy, _AT_ONCE)
        return torch.cat([generator(to_device(part, place)).float().cpu() for part in parts])

    def figures(
        self, generator: nn.Module, place: Place, sheet: Path, critic: nn.Module | None = None
    ) -> dict[str, float]:
        """What a generator leaves of the noise, and how well its critic sees through it; and a sample sheet."""
        seen_through = {"auc": self.auc(critic, generator, place)} if critic is not None else {}
        restored = self.restored(generator, place).clamp(0, 1)
        write_sheet(sheet, self.noisy, restored, self.clean)
        left, fine_left = error_left(restored, self.noisy, self.clean)
        return {
            "left": left, "fine_left": fine_left, "psnr": psnr(restored, self.clean),
            "psnr_noisy": psnr(self.noisy, self.clean), "ssim": float(ssim(restored, self.clean)), **seen_through,
        }  # fmt: skip

    @torch.no_grad()
    def auc(self, critic: nn.Module, generator: nn.Module, place: Place) -> float:
        """How well a critic tells the clean crops from the restored ones; it is left in evaluation mode."""
        critic.eval()
        real, fake = (self._scores(critic, pages, place) for pages in (self.clean, self.restored(generator, place)))
        return auc(real, fake)

    def _scores(self, critic: nn.Module, pages: Tensor, place: Place) -> Tensor:
        parts = zip(torch.split(pages, _AT_ONCE), torch.split(self.noisy, _AT_ONCE), strict=True)
        logits = [judge(critic, to_device(page, place), to_device(noisy, place)) for page, noisy in parts]
        return torch.cat([part.float().mean(dim=(1, 2, 3)).cpu() for part in logits])
