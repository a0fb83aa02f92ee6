"""PSNR and SSIM over Gaussian noise, as the literature on denoisers states them, on cards."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import torch
from torch import Tensor

from docpipe.errors import DocpipeError
from docpipe.noise.gaussian import gaussian
from docpipe.train.data import to_tensor
from docpipe.train.losses import psnr, ssim
from eval.record import keep
from eval.trained import CROP_PX, SEED, Trained, drawn_crops, open_network, restored, trained_in, write_network

SIGMAS = range(5, 66, 10)   # standard deviations, in grey levels of 0 to 255
RECIPE = "awgn"
ABOUT_WIDE = 52


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="RUN_OR_MODEL...",
                type=click.Path(exists=True, file_okay=False, path_type=Path))  # fmt: skip
@click.option("--cards", default=24, show_default=True, help="Validation cards that are drawn.")
@click.option("--crops", default=68, show_default=True, help="Of these cards.")
@click.option("--keep", "keep_as", metavar="NAME", help="Keep it as eval/results/NAME.txt.  [default: print only]")
def main(places: tuple[Path, ...], cards: int, crops: int, keep_as: str | None) -> None:
    """Print PSNR and SSIM of networks over Gaussian noise of a standard deviation of 5 to 65 grey levels.

    \b
    docpipe train docpipe/train/configs/compact.toml --set recipe=awgn
    docpipe train docpipe/train/configs/compact.toml --set recipe=awgn --set network=dncnn --set widths=[]
    python -m eval.gaussian runs/001-compact runs/002-compact --keep gaussian
    """
    try:
        networks = [one for place in places for one in trained_in(place)]
        _, clean = drawn_crops(RECIPE, cards, crops)
    except DocpipeError as error:
        click.echo(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), err=True)
        raise SystemExit(error.exit_code) from error
    lines = [
        f"{crops} crops of {CROP_PX} x {CROP_PX} from {cards} cards of the split val, seed {SEED}, under Gaussian",
        f"noise alone, the one effect of the recipe {RECIPE}. PSNR in dB and SSIM, a mean over crops. Noisy pages are",
        "scans: rounded, and cut off at black and white, where paper loses part of its noise. The literature (DnCNN,",
        "Zhang et al. 2017) cuts nothing off and takes photographs: its figures are not to be held against these.",
        "",
        *table(networks, clean),
    ]
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)


def table(networks: Sequence[Trained], clean: Tensor) -> list[str]:
    """PSNR and SSIM, a column a standard deviation, a row for the noisy crops and for each network."""
    noisy = {sigma: noisy_crops(clean, sigma) for sigma in SIGMAS}
    lines = [
        f"{'standard deviation':<{ABOUT_WIDE}}" + "".join(f"{sigma:>15}" for sigma in SIGMAS),
        row("noisy input", [figures(noisy[sigma], clean) for sigma in SIGMAS]),
    ]
    for one in networks:
        click.echo(f"{one.name}, {one.stage}, {one.place}", err=True)
        with TemporaryDirectory() as folder:
            write_network(one.network, Path(folder, "model.onnx"), "fp32", [])
            run = open_network(Path(folder, "model.onnx"))
        about = f"{one.name}, {one.stage}, recipe {one.recipe}: {one.place.name}"
        lines.append(row(about, [figures(restored(run, noisy[sigma]), clean) for sigma in SIGMAS]))
    return lines


def noisy_crops(clean: Tensor, sigma: float) -> Tensor:
    """Crops under Gaussian noise of a standard deviation in grey levels; the same noise every time."""
    pages = (255 * clean[:, 0]).round().to(torch.uint8).numpy()
    variance = (sigma / 255) ** 2
    seeds = np.random.SeedSequence([SEED, round(sigma)]).generate_state(len(pages))
    noisy = [gaussian(page, variance=variance, seed=int(seed)) for page, seed in zip(pages, seeds, strict=True)]
    return torch.stack([to_tensor(page) for page in noisy])


def figures(restored_crops: Tensor, clean: Tensor) -> tuple[float, float]:
    """Mean PSNR and mean SSIM over crops."""
    pairs = list(zip(restored_crops.split(1), clean.split(1), strict=True))
    return float(np.mean([psnr(*pair) for pair in pairs])), float(ssim(restored_crops, clean))


def row(about: str, found: Sequence[tuple[float, float]]) -> str:
    """One line of the table."""
    return f"{about:<{ABOUT_WIDE}}" + "".join(f"  {decibels:6.2f} {likeness:6.3f}" for decibels, likeness in found)


if __name__ == "__main__":
    main()
