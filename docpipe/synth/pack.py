"""A pack: clean cards and their truth in one file, for a machine that trains and has neither fonts nor a network."""

import json
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from docpipe.cards.fonts import families_of, find_fonts
from docpipe.cards.identity import SPLIT_SEEDS
from docpipe.cards.layout import LAYOUTS, load_layout
from docpipe.cards.render import draw_card
from docpipe.errors import OutputError
from docpipe.synth.folder import in_order

LARGEST_BYTES = 30 * 10**6
DPI_RANGE = (200, 300)
"""Cards of 400 dpi take three times the room of those of 200; training draws print of other sizes by itself."""

_WEBP_METHOD = 4  # of 6: the last two take far longer for a percent


def write_pack(
    path: Path, count: int, *, seed: int = 1, workers: int = 1, tell: Callable[[int], None] = lambda _done: None
) -> int:
    """Draw clean cards into one zip file: `truth.jsonl`, and `clean/` as lossless WebP.

    Identities and value fonts are those of the split "train", layouts come in turn. Where `LARGEST_BYTES` are
    reached before, it holds fewer: about ninety.

    Args:
        path: of the file.
        count: cards at most.
        seed: of the series.
        workers: processes; their number changes nothing in the file.
        tell: called after each card with how many are done.

    Returns:
        How many cards it holds.

    Raises:
        OutputError: the file is there already, or cannot be written.
        MissingToolError: a font is not installed.
    """
    if path.exists():
        raise OutputError(f"{path} is there already", hint="name another file, or remove it")
    find_fonts(families_of("train"))  # before anything is written
    part = path.with_name(f"{path.name}.part")
    truths: list[str] = []
    used = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as pack:
            for done, (picture, truth) in enumerate(in_order(partial(_card, seed), range(count), workers), 1):
                used += len(picture) + len(truth) // 2
                if used > LARGEST_BYTES:
                    break
                name = f"{len(truths):06}.webp"
                pack.writestr(_entry(f"clean/{name}"), picture, zipfile.ZIP_STORED)
                truths.append(json.dumps({"file": name, **json.loads(truth)}))
                tell(done)
            pack.writestr(_entry("truth.jsonl"), "".join(line + "\n" for line in truths), zipfile.ZIP_DEFLATED)
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}", hint="make room, or name another file") from error
    return len(truths)


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry without the time, so that the same cards make the same file."""
    return zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))


def _card(seed: int, number: int) -> tuple[bytes, str]:
    """A clean card as lossless WebP, and its truth as JSON, its resolution included."""
    dpi = int(np.random.default_rng([seed, number]).integers(DPI_RANGE[0], DPI_RANGE[1] + 1))
    layout = load_layout(LAYOUTS[number % len(LAYOUTS)])
    card = draw_card(SPLIT_SEEDS["train"].start + seed * 100_000 + number, layout, families_of("train"), dpi)
    stream = BytesIO()
    # The encoder knows no gray: three equal channels, which cost next to nothing.
    picture = Image.fromarray(np.repeat(card.page().pixels[:, :, None], 3, axis=2))
    picture.save(stream, "WEBP", lossless=True, method=_WEBP_METHOD)
    return stream.getvalue(), json.dumps({"layout": layout.name, "dpi": dpi, "fields": card.truth_record()})
