"""The four suites: which pages they hold, how they are made, and what counts as passing."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from docpipe.cards.layout import LAYOUTS, TEST_ONLY_LAYOUTS
from docpipe.evaluate.cases import cases_of, read_truth
from docpipe.noise.recipe import load_recipe
from docpipe.ocr.schema import Schema, load_schema
from docpipe.page import Page
from docpipe.synth import write_pairs

HERE = Path(__file__).parent
RECIPE = "trial"
ALL_LAYOUTS = (*LAYOUTS, *TEST_ONLY_LAYOUTS)
CARDS_SEED, CLEAN_SEED, ID_CARDS_SEED = 900, 901, 902     # no training may use these series
UNTOUCHED = str(HERE / "untouched.toml")
ID_CARD_SCHEMA = str(HERE / "ktp.toml")
ID_CARD_DPI = 300                # 1011 pixels on 85.6 mm
DRAWS = 5
OCR, SECOND_OCR = "tesserocr", "rapidocr"
SECOND_PAGES = 156               # of the cards that the second engine reads: three rounds of all leads
ANYWHERE = 3                     # Tesseract's own segmentation of a page, for fields that may stand anywhere
RECEIPT_FIELDS = ("company", "date", "address", "total")
SHORTEST = 4                     # letters and digits; shorter values stand on a page by chance


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many pages of each suite are judged: by every way, and by the peers of docpipe."""

    pages: int
    peers: int


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite.

    Args:
        name: as in the results.
        about: one line.
        counts: what is judged: whole cards, of which every required field must be right, or single fields that must
            stand anywhere on the page.
        full: sizes of a full run.
        quick: sizes of a quick one: the first pages of the same.
        make: writes `noisy/`, `clean/` (where there is one) and `truth.jsonl` of so many pages into a folder.
        schema: name or file, where it is not that of each card's layout.
        rule: what passes, in words.
        from_data: its pages come from the folder that $DOCPIPE_DATA names.
    """

    name: str
    about: str
    counts: Literal["cards", "fields"]
    full: Sizes
    quick: Sizes
    make: Callable[[Path, int, int], None]
    rule: str
    schema: str | None = None
    from_data: Path | None = None


@dataclass(frozen=True, slots=True)
class SuitePage:
    """One page of a suite.

    Args:
        file: its name in `noisy/`.
        card: what it is a draw of; draws of one card tend to pass together.
        clean: the same page without noise, below the folder of the suite; None where there is none.
        layout: of the card.
        true: what its fields should say: personal data.
        schema: what is read; None where fields may stand anywhere.
    """

    file: str
    card: str
    clean: str | None
    layout: str
    true: Mapping[str, str] = field(repr=False)
    schema: Schema | None


def suites_of(data: Path | None) -> list[Suite]:
    """All suites; those of real pages only where the folder of the data is known."""
    cards = Suite(
        "cards", f"synthetic cards under recipe {RECIPE}: severity uniform, every noise leads in turn", "cards",
        Sizes(780, 156), Sizes(52, 0), _make_cards, "every required field of the layout's schema says what it should",
    )  # fmt: skip
    clean = Suite(
        "clean", "synthetic cards without noise: harm only", "cards", Sizes(304, 64), Sizes(40, 0), _make_clean,
        "every required field of the layout's schema says what it should",
    )  # fmt: skip
    if data is None:
        return [cards, clean]
    id_cards = Suite(
        "id-cards", f"foreign cards under recipe {RECIPE}, {DRAWS} draws a card; those that pass clean count", "cards",
        Sizes(DRAWS * 49, 49), Sizes(25, 0), lambda folder, count, _workers: _make_id_cards(data, folder, count),
        "nik, nama and ttl say what they should", ID_CARD_SCHEMA, data / "id-cards",
    )  # fmt: skip
    receipts = Suite(
        "receipts", "real scans of receipts as they are; fields found anywhere on the page", "fields", Sizes(100, 50),
        Sizes(16, 0), lambda folder, count, _workers: _make_receipts(data, folder, count),
        "letters and digits of the value, at least four, stand in a row in the page's text", None, data / "receipts",
    )  # fmt: skip
    return [cards, clean, id_cards, receipts]


def pages_of(suite: Suite, folder: Path) -> list[SuitePage]:
    """The pages that `suite.make` wrote into a folder, in their order."""
    if suite.counts == "fields":
        truths = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
        return [_receipt(one) for one in truths]
    cards = []
    for case in cases_of(read_truth(folder / "truth.jsonl"), suite.schema):
        is_draw = suite.from_data is not None
        card = case.file.rpartition("-")[0] if is_draw else case.file
        true = {one.name: case.true[one.name] for one in case.schema.required}
        clean = f"{card}.png" if is_draw else card
        cards.append(SuitePage(case.file, card, clean, case.layout, true, case.schema))
    return cards


def _receipt(truth: Mapping[str, object]) -> SuitePage:
    file = str(truth["file"])
    true = {name: str(truth[name]) for name in RECEIPT_FIELDS if len(bare(str(truth[name]))) >= SHORTEST}
    return SuitePage(file, file, None, "receipt", true, None)


def bare(text: str) -> str:
    """Letters and digits only, in capitals."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def schemas_of(suite: Suite) -> list[Schema]:
    """What is read in a suite."""
    if suite.counts == "fields":
        return []
    return [load_schema(name) for name in ([suite.schema] if suite.schema else ALL_LAYOUTS)]


def _make_cards(folder: Path, count: int, workers: int) -> None:
    leads = load_recipe(RECIPE).kinds
    write_pairs(
        folder, count, recipe=RECIPE, seed=CARDS_SEED, split="test", layouts=ALL_LAYOUTS, leads=leads, workers=workers
    )


def _make_clean(folder: Path, count: int, workers: int) -> None:
    write_pairs(
        folder, count, recipe=UNTOUCHED, seed=CLEAN_SEED, split="test", layouts=ALL_LAYOUTS, workers=workers
    )


def _make_id_cards(data: Path, folder: Path, count: int) -> None:
    """Draw 0 of every card, then draw 1, and so on."""
    truths = [json.loads(line) for line in (data / "id-cards" / "truth.jsonl").read_text().splitlines()]
    recipe = load_recipe(RECIPE).of_split("test")
    lines = []
    for number in range(count):
        draw, place = divmod(number, len(truths))
        truth = truths[place]
        gray = cv2.imread(str(data / "id-cards" / truth["file"]), cv2.IMREAD_GRAYSCALE)
        card = f"{place:03}"        # the names of these files tell a field of the card
        rng = np.random.default_rng([ID_CARDS_SEED, place, draw])
        noisy = recipe.apply(Page(gray, (ID_CARD_DPI, ID_CARD_DPI)), rng).page.pixels
        _write(folder / "clean" / f"{card}.png", gray)
        _write(folder / "noisy" / f"{card}-{draw}.png", noisy)
        fields = {name: {"value": truth[name]} for name in ("nik", "nama", "ttl")}
        lines.append(json.dumps({"file": f"{card}-{draw}.png", "layout": "ktp", "fields": fields}))
    (folder / "truth.jsonl").write_text("\n".join(lines) + "\n")


def _make_receipts(data: Path, folder: Path, count: int) -> None:
    lines = (data / "receipts" / "truth.jsonl").read_text().splitlines()[:count]
    for line in lines:
        name = json.loads(line)["file"]
        target = folder / "noisy" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((data / "receipts" / name).read_bytes())
    (folder / "truth.jsonl").write_text("\n".join(lines) + "\n")


def _write(path: Path, gray: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        cv2.imwrite(str(path), gray)
