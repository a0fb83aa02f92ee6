"""Draw synthetic cards, to train on or to judge by."""

from pathlib import Path
from typing import Literal

from prefect import State, flow
from prefect.states import Completed

from docpipe.cores import usable_cores
from docpipe.synth import write_pairs
from flows.discretion import discreet, private_folder
from flows.parameters import Cards, LocalPath, NameOrFile, Seed, Workers
from flows.told import Progress


@flow(name="synthesize", persist_result=False)
def synthesize(
    folder: LocalPath,
    cards: Cards = 800,
    recipe: NameOrFile = "starter",
    seed: Seed = 11,
    split: Literal["train", "val", "test"] = "train",
    workers: Workers = 0,
) -> State[None]:
    """Draw pairs of clean and noisy cards with their truth; a folder that holds pairs already is left as it is.

    Args:
        folder: gets clean/, noisy/, truth.jsonl and pairs.jsonl.
        cards: how many pairs.
        recipe: noise recipe, a name or a TOML file.
        seed: of the series.
        split: whose identities and value fonts.
        workers: processes; 0 for one a core.
    """
    with discreet(private_folder(Path(folder).parent)):
        if (Path(folder) / "truth.jsonl").exists():  # written last: the folder is whole
            return Completed(message="the cards are there already")
        progress = Progress("synthesize", cards, f"{cards} cards")
        write_pairs(
            Path(folder), cards, recipe=recipe, seed=seed, split=split, workers=workers or usable_cores(),
            tell=progress.tell,
        )
    return Completed(message=f"{cards} pairs drawn")
