"""Writing a report: four files of the same findings, and one of the names of the scans."""

from pathlib import Path

from docpipe.errors import OutputError
from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report.cards_csv import cards_csv, names_csv
from docpipe.evaluate.report.cost import Prices
from docpipe.evaluate.report.document import document
from docpipe.evaluate.report.figures import broken_cards, unread_scans
from docpipe.evaluate.report.gallery import gallery
from docpipe.evaluate.report.pdf import pdf
from docpipe.evaluate.report.stored import FILE, as_json, without_personal_data
from docpipe.evaluate.report.web_page import web_page

RESCUED_SHOWN = 24
NAMES = "names.csv"
PERSONAL = ("report.html", FILE)     # what holds pictures and readings where they are asked for
FOR_THE_OWNER, FOR_ALL = 0o600, 0o666       # less what the umask takes away


def write_report(
    findings: Findings, folder: Path, *, with_images: bool = False, rescued_shown: int = RESCUED_SHOWN,
    prices: Prices | None = None,
) -> None:
    """Write report.html, report.pdf, report.json, cards.csv and names.csv; files of these names are replaced.

    Cards go by their ids, for the name of a scan may be the number of a document. names.csv says which scan an id
    stands for, and is open to its owner alone (mode 0600).

    Args:
        findings: what to report, with the names of the scans.
        folder: is made where it is missing.
        with_images: show rescued and all broken cards with their names and what was read from them, in report.html,
            and keep names and readings in report.json. Without it no value of any field gets into any file, and no name
            of a scan but into names.csv; report.pdf and cards.csv never hold one. The two are then open to their owner
            alone (mode 0600).
        rescued_shown: rescued cards in the gallery, at most; at least 0.
        prices: what typing and machines take; None for the defaults.

    Raises:
        InputError: pictures are asked for, and a scan is missing or damaged.
        OutputError: the folder cannot be written to.
        ValueError: `rescued_shown` is below 0, or the findings were loaded from a report that holds no names.
    """
    if rescued_shown < 0:
        raise ValueError(f"rescued_shown is {rescued_shown}; it must be at least 0")
    kept = findings if with_images else without_personal_data(findings)
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
        NAMES: _encoded(names_csv(findings)),
    }
    closed = (NAMES, *PERSONAL) if with_images else (NAMES,)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            place = folder / name
            place.unlink(missing_ok=True)                       # an older one may be open to others
            place.touch(FOR_THE_OWNER if name in closed else FOR_ALL)
            place.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}", "name another place with -o") from error


def _encoded(text: str) -> bytes:
    """UTF-8; bytes of file names that are no UTF-8 are shown as escapes."""
    return text.encode("utf-8", errors="backslashreplace")
