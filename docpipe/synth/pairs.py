"""Pairs: a clean card, the same card with noise, the truth of its fields, and where all of it comes from."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from docpipe.cards.card import Card
from docpipe.cards.fonts import families_of
from docpipe.cards.identity import SPLIT_SEEDS
from docpipe.cards.layout import LAYOUTS, TEST_ONLY_LAYOUTS, Layout, load_layout
from docpipe.cards.render import draw_card
from docpipe.cards.sheet import Sheet, draw_sheet
from docpipe.errors import InputError
from docpipe.noise.moved import moved_page, moved_points
from docpipe.noise.recipe import Applied, load_recipe
from docpipe.page import Gray, Page
from docpipe.synth.folder import in_order, pair_folder, write_images

Split = Literal["train", "val", "test"]
DPI_RANGE = (200, 400)
BACKS = {"td1": "td1_back"}
"""The other side of a card, which is copied onto the same sheet."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One card, clean and noisy.

    Args:
        clean: (H, W) uint8, 0 = ink, 255 = paper: the target, whatever the noise. Where the noise moves ink, the
            target and the places in `truth` are moved along.
        noisy: the same shape.
        dpi: resolution of both.
        truth: layout, and the value, print and place of every field.
        provenance: seed, recipe, severity, noises with their severities and parameters, style, fonts: enough to
            draw it again.
    """

    clean: Gray
    noisy: Gray
    dpi: int
    truth: dict[str, Any]
    provenance: dict[str, Any]


def draw_pair(
    number: int,
    *,
    recipe: str,
    seed: int,
    split: Split,
    layouts: Sequence[str] = LAYOUTS,
    lead: str | None = None,
    sheets: bool = False,
    dpi: tuple[int, int] = DPI_RANGE,
) -> Pair:
    """Draw pair `number` of a series: the same in every process and on every machine with the same libraries.

    Args:
        number: from 0.
        recipe: name or path of the noise recipe.
        seed: of the series, 0 to 999; series do not share identities below 100 000 pairs.
        split: whose identities and value fonts are used.
        layouts: taken in turn: that of this pair is `layouts[number % len(layouts)]`.
        lead: a kind of noise that this pair holds for certain.
        sheets: the card, with its back where it has one, is copied onto an A4 page that may lie any way round.
        dpi: least and highest resolution, each as likely as the others.

    Raises:
        ValueError: `seed`, `number` or `dpi` is outside its range, or the recipe holds no noise of the kind `lead`.
        InputError: there is no such recipe, or no such layout.
        MissingToolError: a font is not installed.
    """
    if not 0 <= seed < 1000 or not 0 <= number < 100_000:
        raise ValueError(f"seed is {seed} (0 to 999), number is {number} (0 to 99999)")
    rng = np.random.default_rng([seed, number])
    layout = load_layout(layouts[number % len(layouts)])
    drawn_dpi = int(rng.integers(dpi[0], dpi[1] + 1))
    card_seed = SPLIT_SEEDS[split].start + seed * 100_000 + number
    card: Card | Sheet
    if sheets:
        sides = [layout, load_layout(BACKS[layout.name])] if layout.name in BACKS else [layout]
        card = draw_sheet(card_seed, sides, families_of(split), drawn_dpi)
    else:
        card = draw_card(card_seed, layout, families_of(split), drawn_dpi)
    page = card.page()
    noisy, severity, applied = load_recipe(recipe).of_split(split).apply(page, rng, lead=lead)
    clean = moved_page(page, applied)
    if clean is not page:
        card = _with_moved_truth(card, page, applied)
    provenance = {
        "seed": seed,
        "split": split,
        "card_seed": card_seed,
        "recipe": str(recipe),
        "severity": severity,
        "noises": [{"kind": noise.kind, "severity": noise.severity, **noise.parameters} for noise in applied],
    }
    return Pair(
        clean.pixels,
        noisy.pixels,
        drawn_dpi,
        {"layout": layout.name, "fields": card.truth_record()},
        {**provenance, **card.provenance()},
    )


def _with_moved_truth(card: Card | Sheet, page: Page, applied: Sequence[Applied]) -> Card | Sheet:
    """The card with its fields where they lie on the noisy page; its pixels are left as they are."""
    edges = np.array([field.quad for field in card.truth]) - 0.5        # from corners of pixels to their middles
    moved = moved_points(edges.reshape(-1, 2), applied, page).reshape(edges.shape) + 0.5
    quads = [((x0, y0), (x1, y1), (x2, y2), (x3, y3)) for (x0, y0), (x1, y1), (x2, y2), (x3, y3) in moved.tolist()]
    return replace(card, truth=tuple(replace(field, quad=quad) for field, quad in zip(card.truth, quads, strict=True)))


def layout_and_lead(number: int, layouts: Sequence[str], leads: Sequence[str] | None) -> tuple[str, str | None]:
    """Layout and lead of pair `number` of a series that takes both in turn.

    Pair n has `leads[n % len(leads)]`. Layouts begin one later in each round of leads, so that in
    `len(leads) * len(layouts)` pairs every lead meets every layout exactly once, whatever factors the two share.
    Without leads pair n has `layouts[n % len(layouts)]` and no lead.
    """
    round_number, place = divmod(number, len(leads) if leads else 1)
    return layouts[(round_number + place) % len(layouts)], leads[place] if leads else None


def write_pairs(
    folder: Path,
    count: int,
    *,
    recipe: str = "starter",
    seed: int = 1,
    split: Split = "train",
    layouts: Sequence[str] = LAYOUTS,
    leads: Sequence[str] | None = None,
    sheets: bool = False,
    dpi: tuple[int, int] = DPI_RANGE,
    workers: int = 1,
    tell: Callable[[int], None] = lambda _done: None,
) -> None:
    """Write pairs 0 to `count` - 1 of a series: the same bytes for any number of workers.

    Args:
        folder: gets `clean/` and `noisy/` with the same names, `truth.jsonl` and `pairs.jsonl` (provenance).
        count: pairs.
        recipe: name or path of the noise recipe.
        seed: of the series.
        split: "train", "val" or "test".
        layouts: taken in turn, one a pair; names of shipped ones, or paths.
        leads: kinds of noise, taken in turn, one a pair, so that each is on a known number of pairs at least;
            `layout_and_lead` says how leads and layouts meet.
        sheets: copy the cards onto A4 pages, as in `draw_pair`.
        dpi: least and highest resolution.
        workers: processes.
        tell: called after each pair with how many are done.

    Raises:
        OutputError: the folder holds pairs already, or cannot be written.
        InputError: there is no such recipe, or no such layout, or one is for testing only, and the split is not.
        MissingToolError: a font is not installed.
        ValueError: there is no layout or no lead to choose from, or the recipe holds no noise of the kind of a lead.
    """
    _refuse(recipe, split, layouts, leads)  # before anything is written
    draw = partial(
        _write_pair, folder, recipe=recipe, seed=seed, split=split, layouts=layouts, leads=leads, sheets=sheets, dpi=dpi
    )
    with pair_folder(folder) as add:
        for done, (truth, provenance) in enumerate(in_order(draw, range(count), workers), 1):
            add(truth, provenance)
            tell(done)


def _refuse(recipe: str, split: Split, layouts: Sequence[str], leads: Sequence[str] | None) -> None:
    kinds = load_recipe(recipe).of_split(split).kinds
    for_testing = [_nameless(name) for name in TEST_ONLY_LAYOUTS]      # a copy of their file is no other layout
    held_back = {layout for layout in layouts if _nameless(layout) in for_testing}
    if split != "test" and held_back:
        raise InputError(
            f"layout {', '.join(sorted(held_back))} is for testing only, and the split is {split}",
            f"draw with the split test, or one of {', '.join(LAYOUTS)}; what is measured on must not be learnt from",
        )
    if not layouts or (leads is not None and not leads):
        raise ValueError(f"layouts is {layouts}, leads is {leads}; both must hold at least one name")
    if unknown := set(leads or ()) - set(kinds):
        raise ValueError(f"leads holds {', '.join(sorted(unknown))}; the recipe {recipe} holds {', '.join(kinds)}")


def _nameless(layout: str) -> Layout:
    return replace(load_layout(layout), name="")


def _write_pair(
    folder: Path,
    number: int,
    *,
    recipe: str,
    seed: int,
    split: Split,
    layouts: Sequence[str],
    leads: Sequence[str] | None,
    sheets: bool,
    dpi: tuple[int, int],
) -> tuple[str, str]:
    layout, lead = layout_and_lead(number, layouts, leads)
    pair = draw_pair(
        number, recipe=recipe, seed=seed, split=split, layouts=(layout,), lead=lead, sheets=sheets, dpi=dpi
    )
    name = f"{number:06}.png"
    write_images(folder, name, pair.clean, pair.noisy, pair.dpi)
    return json.dumps({"file": name, **pair.truth}), json.dumps({"file": name, **pair.provenance})
