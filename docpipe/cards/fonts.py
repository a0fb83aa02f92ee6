"""Fonts by family, found among the installed ones; their hashes; and which split prints with which."""

import hashlib
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from docpipe.cards.identity import Split
from docpipe.errors import MissingToolError

VALUE_FAMILIES = {
    "Caladea": "fonts-crosextra-caladea",
    "Cantarell": "fonts-cantarell",
    "DejaVu Sans": "fonts-dejavu-core",
    "DejaVu Serif": "fonts-dejavu-core",
    "FreeSans": "fonts-freefont-ttf",
    "FreeSerif": "fonts-freefont-ttf",
    "Inter": "fonts-inter",
    "Lato": "fonts-lato",
    "Liberation Mono": "fonts-liberation",
    "Liberation Sans": "fonts-liberation",
    "Liberation Serif": "fonts-liberation",
    "Linux Biolinum O": "fonts-linuxlibertine",
    "Linux Libertine O": "fonts-linuxlibertine",
    "Open Sans": "fonts-open-sans",
    "Play": "fonts-play",
    "Roboto": "fonts-roboto-unhinted",
}
"""Families for values and labels, with the Debian package of each. All have the letters of every locale of
`identity.LOCALES`. A family is never on two sides of a split; families that resemble each other, as FreeSerif and
Liberation Serif do (both after Times), may be."""

MRZ_FAMILY = "OCR B"
PACKAGES = {**VALUE_FAMILIES, MRZ_FAMILY: "fonts-ocr-b"}

UPRIGHT, NORMAL_WIDTH = "0", "100"                   # fontconfig's numbers, as text
WEIGHTS = {"80": "regular", "180": "bold", "200": "bold"}


@dataclass(frozen=True, slots=True)
class FontFiles:
    """The files of one family; `bold` is the regular file where a family has no bold."""

    regular: Path
    bold: Path


def find_fonts(families: Iterable[str]) -> dict[str, FontFiles]:
    """The font files of each family.

    Raises:
        MissingToolError: fontconfig or a family is not installed; the hint is the line that installs them.
    """
    installed = _installed()
    wanted = list(families)
    missing = [family for family in wanted if (family, "regular") not in installed]
    if missing:
        packages = sorted({PACKAGES[family] for family in missing if family in PACKAGES})
        raise MissingToolError(
            f"these font families are not installed: {', '.join(missing)}",
            hint=f"apt install {' '.join(packages)}" if packages else "see `fc-list : family`",
        )
    return {
        family: FontFiles(
            regular=installed[family, "regular"],
            bold=installed.get((family, "bold"), installed[family, "regular"]),
        )
        for family in wanted
    }


def font_sha256(path: Path) -> str:
    """The hash of a font file: the same family may look different in another release."""
    return _sha256(path)


def split_of_family(family: str) -> Split:
    """Which split a value font belongs to: about a fifth to "val", a fifth to "test", the rest to "train".

    Decided by the family's name alone, so that new families move no old one. (Of the first salts, the eighth
    leaves neither "val" nor "test" without both a serif and a sans-serif family.)
    """
    share = hashlib.sha256(f"docpipe font split 8: {family}".encode()).digest()[0] / 256
    return "test" if share < 0.2 else "val" if share < 0.4 else "train"


def families_of(split: Split, families: Sequence[str] = tuple(VALUE_FAMILIES)) -> tuple[str, ...]:
    """The families of one split, in the order of `families`."""
    return tuple(family for family in families if split_of_family(family) == split)


@lru_cache(maxsize=256)
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def _installed() -> dict[tuple[str, str], Path]:
    """(family, "regular" or "bold") -> file, for the upright faces of normal width."""
    try:
        listing = subprocess.run(
            ["fc-list", "--format", "%{family[0]}\t%{slant}\t%{width}\t%{weight}\t%{file}\n"],
            capture_output=True, check=True, text=True,
        ).stdout  # fmt: skip
    except FileNotFoundError as missing:
        raise MissingToolError(
            "fontconfig, which finds the installed fonts, is not installed", hint="apt install fontconfig"
        ) from missing
    faces: dict[tuple[str, str], Path] = {}
    for line in sorted(listing.splitlines()):    # OCRB.otf comes before its outline and inverted variants
        family, slant, width, weight, file = line.split("\t")
        if (slant, width) == (UPRIGHT, NORMAL_WIDTH) and weight in WEIGHTS:
            faces.setdefault((family, WEIGHTS[weight]), Path(file))
    return faces
