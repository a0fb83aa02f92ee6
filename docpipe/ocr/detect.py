"""Finding out which of the shipped schemas a card has: by the geometry of its zone, else by its labels."""

from docpipe.mrz import FORMATS
from docpipe.ocr.engine import Engine
from docpipe.ocr.geometry import evened
from docpipe.ocr.labels import find_labels, page_reads, small_print
from docpipe.ocr.schema import SCHEMAS, load_schema
from docpipe.ocr.zone import find_zone
from docpipe.page import Gray

LEAST_FIT = 0.68                 # of a zone's cells: rows of other print fit a grid by chance up to 0.6
LEAST_LABELS = 0.5               # of those that announce required fields: more than this share is found


def detect_schema(gray: Gray, engine: Engine) -> str | None:
    """The shipped schema that fits a card, for who does not name it.

    A zone decides by its cells alone, whatever OCR makes of them: the schema is that of its format ("td1", "td2",
    "td3"), whichever side or kind of card it is printed on. A card whose zone is destroyed may still be taken for one
    that is read by its labels.

    Args:
        gray: (H, W) uint8, 0 = ink, one card that fills most of the page, upright.
        engine: reads the labels, where there is no zone.

    Returns:
        A name for `load_schema`; None where nothing fits.
    """
    flat = evened(gray)
    grids = {kind: _fit(flat, kind) for kind in FORMATS}
    best = max(grids, key=lambda name: grids[name][1])
    if grids[best][0] >= LEAST_FIT:
        return best
    pages = page_reads(flat, engine)
    phrases = [phrase for page in [*pages, small_print(flat, engine)] for phrase in page]
    labelled = [schema for name in SCHEMAS if not (schema := load_schema(name)).mrz]
    found = {schema.name: find_labels(phrases, schema.fields) for schema in labelled}
    most = max(found, key=lambda name: sum(hit.agreement for hit in found[name].values()))
    required = [field.name for field in load_schema(most).required]
    return most if sum(name in found[most] for name in required) > LEAST_LABELS * len(required) else None


def _fit(flat: Gray, kind: str) -> tuple[float, float]:
    """The share of cells that hold a glyph; and cells with one less those without: a wide zone holds a narrow one."""
    form = FORMATS[kind]
    zone = find_zone(flat, form)
    fit = zone.fit if zone else 0.0
    return fit, (2 * fit - 1) * form.width * form.line_count
