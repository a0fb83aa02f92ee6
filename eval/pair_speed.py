"""How fast pairs are drawn for training: crops a second on one core, and what each effect costs."""

import tempfile
from pathlib import Path
from time import process_time

import click
import cv2
import numpy as np
import torch

from docpipe.noise.recipe import Recipe, load_recipe
from docpipe.page import Page
from docpipe.synth import write_pairs
from docpipe.train.data import CleanCards, CropPairs
from eval.record import keep

SEED = 950          # of the cards and of the crops
DRAWS = 40          # of every effect


@click.command()
@click.option("--recipe", default="starter", show_default=True, help="Noise recipe: a name or a TOML file.")
@click.option("--crops", "count", default=600, show_default=True, help="Pairs that are drawn.")
@click.option("--side", "side_px", default=256, show_default=True, help="Of a crop, in pixels.")
@click.option("--cards", default=8, show_default=True, help="Cards that are rendered before the clock starts.")
@click.option("--keep", "keep_as", help="Name under eval/results/.  [default: print only]")
def main(recipe: str, count: int, side_px: int, cards: int, keep_as: str | None) -> None:
    """Print crops a second in the time of one process, and milliseconds a crop of each effect, slowest first."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    loaded = load_recipe(recipe)
    with tempfile.TemporaryDirectory() as folder:
        write_pairs(Path(folder, "cards"), cards, recipe="awgn", seed=SEED)
        clean = CleanCards(Path(folder, "cards")).cards
    pairs = CropPairs(clean, loaded, SEED, side_px, count)
    pairs[0]
    began = process_time()
    for number in range(count):
        pairs[number]
    seconds = process_time() - began
    lines = [
        f"{count / seconds:.0f} pairs a second of {side_px} x {side_px}, recipe {recipe}, on one core (process time);",
        f"crops of {cards} cards that were rendered before.",
        "",
        "ms a crop  chance  effect",
        *(f"{1000 * cost:9.2f}  {chance:6.2f}  {kind}" for cost, chance, kind in costs(loaded, pairs, side_px)),
    ]
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)


def costs(recipe: Recipe, pairs: CropPairs, side_px: int) -> list[tuple[float, float, str]]:
    """Mean seconds of every effect of a recipe on crops of cards, its chance and its kind; slowest first."""
    crops = [Page((pairs[number][1][0].numpy() * 255).astype(np.uint8), (300.0, 300.0)) for number in range(8)]
    assert crops[0].pixels.shape == (side_px, side_px)
    found = []
    for step in recipe.steps:
        rngs = [np.random.default_rng(seed) for seed in range(DRAWS)]
        began = process_time()
        for number, rng in enumerate(rngs):
            step.noise(crops[number % len(crops)], rng)
        found.append(((process_time() - began) / DRAWS, step.chance, step.kind))
    return sorted(found, reverse=True)


if __name__ == "__main__":
    main()
