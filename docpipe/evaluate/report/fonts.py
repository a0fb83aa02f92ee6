"""The fonts of the PDF: DejaVu Sans where it is installed, else what ReportLab carries; and letters that these lack."""

import subprocess
import unicodedata
from functools import lru_cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

REGULAR, BOLD = "Report", "Report-Bold"
"""What the two faces are called within the file, whichever they are."""
FAMILY = "DejaVu Sans"
CARRIED = {REGULAR: "Vera.ttf", BOLD: "VeraBd.ttf"}
"""DejaVu's ancestor, which ReportLab finds in its own folder: the letters of Western Europe and some more."""
STAND_INS = {"−": "\N{EN DASH}", "→": "to"}
"""Signs of our own, and what is written where a font lacks them."""


@lru_cache(maxsize=1)
def drawable() -> frozenset[str]:
    """Make the two faces known to ReportLab, and tell which characters both can draw."""
    try:
        faces = [TTFont(name, _installed(style)) for name, style in ((REGULAR, "regular"), (BOLD, "bold"))]
    except (OSError, TTFError):
        faces = [TTFont(name, file) for name, file in CARRIED.items()]
    for face in faces:
        pdfmetrics.registerFont(face)
    regular, bold = (set(face.face.charToGlyph) for face in faces)
    return frozenset(map(chr, regular & bold))


def as_drawn(text: str) -> str:
    r"""Text in which every character can be drawn: others are spelled as escapes, such as \u8eab, and none is lost.

    ReportLab draws from left to right and joins no letters, so Hebrew and Arabic are spelled too; and what cannot be
    seen, such as a line break in the name of a file.
    """
    return "".join(_as_drawn(character) for character in unicodedata.normalize("NFC", text))


def _as_drawn(character: str) -> str:
    is_seen = unicodedata.category(character)[0] != "C"
    runs_leftwards = unicodedata.bidirectional(character) in ("R", "AL", "AN")
    if character in drawable() and is_seen and not runs_leftwards:
        return character
    return STAND_INS.get(character) or character.encode("unicode_escape").decode()


def _installed(style: str) -> Path:
    """The file of the family's upright face, as fontconfig knows it.

    Raises:
        FileNotFoundError: it is not installed, or fontconfig is not.
    """
    # The program is asked, and not the fonts of `docpipe.cards`: a report needs no cards to be drawn.
    asked = ["fc-match", "--format", "%{family[0]}\\t%{file}", f"{FAMILY}:style={style}"]
    family, _, file = subprocess.run(asked, capture_output=True, text=True).stdout.partition("\t")
    if family != FAMILY:             # fontconfig names the nearest, whatever it is
        raise FileNotFoundError(f"{FAMILY} is not installed")
    return Path(file)
