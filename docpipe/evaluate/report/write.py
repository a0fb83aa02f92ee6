"""Writing a report: four files of the same findings."""

from pathlib import Path

from docpipe.errors import OutputError
from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report.cards_csv import cards_csv
from docpipe.evaluate.report.cost import Prices
from docpipe.evaluate.report.document import document
from docpipe.evaluate.report.figures import broken_cards, unread_scans
from docpipe.evaluate.report.gallery import gallery
from docpipe.evaluate.report.pdf import pdf
from docpipe.evaluate.report.stored import FILE, as_json, without_values
from docpipe.evaluate.report.web_page import web_page

RESCUED_SHOWN = 24
PERSONAL = ("report.html", FILE)     # what holds pictures and readings where they are asked for
FOR_THE_OWNER, FOR_ALL = 0o600, 0o666       # less what the umask takes away


def write_report(
    findings: Findings, folder: Path, *, with_images: bool = False, rescued_shown: int = RESCUED_SHOWN,
    prices: Prices | None = None,
) -> None:
    """Write report.html, report.pdf, report.json and cards.csv; files of these names are replaced.

    Args:
        findings: what to report.
        folder: is made where it is missing.
        with_images: show rescued and all broken cards with what was read from them, in report.html, and keep the
            readings in report.json. Without it no value of any field gets into any file; report.pdf and cards.csv
            never hold one. The two are then open to their owner alone (mode 0600).
        rescued_shown: rescued cards in the gallery, at most; at least 0.
        prices: what typing and machines take; None for the defaults.

    Raises:
        InputError: pictures are asked for, and a scan is missing or damaged.
        OutputError: the folder cannot be written to.
    """
    if rescued_shown < 0:
        raise ValueError(f"rescued_shown is {rescued_shown}; it must be at least 0")
    kept = findings if with_images else without_values(findings)
    galleries = {}
    if with_images:
        galleries = {"broken": gallery(kept, "broken"), "rescued": gallery(kept, "rescued", rescued_shown)}
    shown = document(kept, prices or Prices())
    lists = (broken_cards(kept), unread_scans(kept))
    contents = {
        "report.html": _encoded(web_page(shown, lists, galleries)),
        "report.pdf": pdf(shown),
        FILE: _encoded(as_json(kept)),
        "cards.csv": _encoded(cards_csv(kept)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            place = folder / name
            place.unlink(missing_ok=True)                       # an older one may be open to others
            place.touch(FOR_THE_OWNER if with_images and name in PERSONAL else FOR_ALL)
            place.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}", "name another place with -o") from error


def _encoded(text: str) -> bytes:
    """UTF-8; bytes of file names that are no UTF-8 are shown as escapes."""
    return text.encode("utf-8", errors="backslashreplace")
