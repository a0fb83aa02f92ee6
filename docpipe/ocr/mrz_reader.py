"""Reading the machine readable zone: cells by geometry, fillers by shape, characters by OCR, doubts by check digits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import cv2
import numpy as np

from docpipe.mrz import CHARACTERS, FILLER, FORMATS, MrzFormat, Span, wrong_checks
from docpipe.ocr.engine import Engine
from docpipe.ocr.look_alikes import AS_DIGIT, AS_LETTER, LOOK_ALIKES
from docpipe.ocr.mending import Mending, Rule
from docpipe.ocr.zone import CELL_PX, Zone, find_zone
from docpipe.page import Gray

UNREAD = "?"
FILLER_LIKENESS = 0.66           # correlation with a chevron: fillers 0.81 and more, other characters 0.50 and less
GLYPH_GAP_PX = 4                 # OCR reads the wide gaps between characters of a zone as word breaks
MARGIN_PX = 20
ROUGHLY_PLACED_PX = 0.6 * CELL_PX                # a character this far from its glyph is nearer to the next
LOOKS = (1.0, 0.9)               # scales at which the zone is read; what OCR errs on at one it may know at the other
INK_LEVEL = 145                  # on flattened paper: darker is ink of a character

DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMES = ("surname", "given_names")               # what the one field of a zone that holds the name is parted into
MOST_DOUBTS = 6                  # of one field: at most a few thousand candidates
CLASS_OF_FIELD = {
    "document_code": LETTERS, "issuing_state": LETTERS, "nationality": LETTERS, "name": LETTERS, "sex": "MF",
    "date_of_birth": DIGITS, "date_of_expiry": DIGITS,
    "document_number": CHARACTERS, "optional": CHARACTERS, "optional_2": CHARACTERS,
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class MrzReading:
    """What a zone says.

    Args:
        kind: a key of `docpipe.mrz.FORMATS`.
        lines: as many as the format has, of its width; `UNREAD` where nothing was read.
        wrong: names of the check digits that disagree, and of those that cover something unread.
        mended: characters that were read as others, and put right, in order.
        unsure: names of fields that no check digit covers, and that two looks saw differently; and of those that one
            covers, and that say what neither look saw.
    """

    kind: str
    lines: tuple[str, ...]
    wrong: tuple[str, ...]
    mended: tuple[Mending, ...] = ()
    unsure: tuple[str, ...] = ()

    def __repr__(self) -> str:                                                              # what it says is personal
        return f"MrzReading({self.kind}, wrong={self.wrong}, mended={self.mended}, unsure={self.unsure})"


def read_zone(flat: Gray, kind: str, engine: Engine) -> MrzReading | None:
    """Read the zone of a page.

    Args:
        flat: (H, W) uint8, level lines, flattened paper.
        kind: a key of `docpipe.mrz.FORMATS`.
        engine: reads the characters.

    Returns:
        The reading, corrected as far as classes and check digits tell; None where there is no such zone.
    """
    form = FORMATS[kind]
    zone = find_zone(flat, form)
    if zone is None:
        return None
    seen, again = (_characters(zone, engine, scale) for scale in LOOKS)
    chosen = settled(seen, again, form)
    lines = corrected(chosen, form)
    mended = tuple(mendings(seen, chosen, lines, form))
    return MrzReading(kind, tuple(lines), _wrong(kind, lines), mended, tuple(unsure(seen, again, lines, kind)))


def fields_of(kind: str, lines: Sequence[str]) -> dict[str, str]:
    """The fields of a zone: fillers taken off, names apart, dates as the zone writes them (YYMMDD)."""
    form = FORMATS[kind]
    raw = {name: span.of(lines) for name, span in form.fields.items()}
    surname, _, given_names = raw.pop("name").rstrip(FILLER).partition(2 * FILLER)
    values = {name: value.rstrip(FILLER) for name, value in raw.items()}
    if form.checks["document_number"].digit.of(lines) == FILLER:      # it runs on into the optional field
        values["document_number"] += values["optional"].split(FILLER)[0][:-1]
    names = dict(zip(NAMES, (surname, given_names), strict=True))
    return values | {name: " ".join(value.replace(FILLER, " ").split()) for name, value in names.items()}


def _characters(zone: Zone, engine: Engine, scale: float) -> list[str]:
    """The lines as they look: fillers where chevrons stand, `UNREAD` where OCR saw nothing."""
    read = []
    pictures, places = [], []
    for cells in zone.cells:
        glyphs = [place for place, cell in enumerate(cells) if filler_likeness(cell) < FILLER_LIKENESS]
        picture, middles = _close_up([cells[place] for place in glyphs])
        pictures.append(_resized(picture, scale))
        places.append((glyphs, middles))
    for found, (glyphs, middles) in zip(engine.characters(pictures, alphabet=CHARACTERS), places, strict=True):
        line = [FILLER] * zone.cells.shape[1]
        for place in glyphs:
            line[place] = UNREAD
        for character, glyph in _placed([(character, middle / scale) for character, middle in found], middles):
            if character in CHARACTERS and line[glyphs[glyph]] == UNREAD:
                line[glyphs[glyph]] = character
        read.append("".join(line))
    return read


def _resized(picture: Gray, scale: float) -> Gray:
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _placed(found: Sequence[tuple[str, float]], middles: Sequence[float]) -> list[tuple[str, int]]:
    """Each character read with the glyph it stands on: the nearest, or in order where that is about as near.

    Engines place a character to within a column of their network, so two may be nearest to one glyph.
    """
    if not middles:
        return []
    if len(found) == len(middles):
        off = [abs(middle - glyph) for (_, middle), glyph in zip(found, middles, strict=True)]
        if max(off) < ROUGHLY_PLACED_PX:
            return [(character, glyph) for glyph, (character, _) in enumerate(found)]
    return [(character, int(np.argmin(np.abs(np.array(middles) - middle)))) for character, middle in found]


def filler_likeness(cell: Gray) -> float:
    """Correlation of a cell (H, CELL_PX) with a chevron, -1 to 1, at the place where they agree best."""
    middle = cell.shape[0] // 2
    around = cell[max(0, middle - 20) : middle + 20]
    return float(cv2.matchTemplate(around, _chevron(), cv2.TM_CCOEFF_NORMED).max())


@cache
def _chevron() -> Gray:
    """The filler of OCR-B at a pitch of CELL_PX: two strokes from one point on the left."""
    drawn = np.full((34, 32), 255, np.uint8)
    for end in (5, 29):
        cv2.line(drawn, (3, 17), (27, end), 0, 4, cv2.LINE_AA)
    return cv2.GaussianBlur(drawn, (0, 0), 1.0).astype(np.uint8, copy=False)


def _close_up(cells: Sequence[Gray]) -> tuple[Gray, list[float]]:
    """The characters moved together into one line of print, and the x of the middle of each."""
    height = cells[0].shape[0] if cells else CELL_PX
    margin = np.full((height, MARGIN_PX), 255, np.uint8)
    strips, middles, right = [margin], [], MARGIN_PX
    for cell in cells:
        inked = np.flatnonzero((cell[8:-8] < INK_LEVEL).any(axis=0))
        first, last = (int(inked[0]), int(inked[-1]) + 1) if len(inked) else (0, CELL_PX)
        strip = cell[:, max(0, first - GLYPH_GAP_PX // 2) : last + GLYPH_GAP_PX // 2]
        strips.append(strip)
        middles.append(right + strip.shape[1] / 2)
        right += strip.shape[1]
    return np.hstack([*strips, margin]), middles


def settled(first: Sequence[str], second: Sequence[str], form: MrzFormat) -> list[str]:
    """One reading of two: the first, but the second in fields where only its check digit agrees.

    A G takes the place of a 6: OCR overlooks its bar, and check digits cannot tell (16 and 6 are one modulo 10).
    """
    lines, others = _by_class(first, form), _by_class(second, form)
    for name in form.checks.keys() & form.fields.keys():
        if not _agrees(form, lines, name) and _agrees(form, others, name):
            for span in (form.fields[name], form.checks[name].digit):
                _put(lines, span, span.of(others))
    return [
        "".join("G" if (one, other) == ("6", "G") else one for one, other in zip(line, again, strict=True))
        for line, again in zip(lines, others, strict=True)
    ]


def unsure(first: Sequence[str], second: Sequence[str], lines: Sequence[str], kind: str) -> Iterator[str]:
    """Names of the fields, as `fields_of` has them, that are to be typed in rather than believed.

    Where no check digit covers a field, and two looks saw it differently, nothing tells which of them erred, and often
    both did. Where one covers it, and it says what neither look saw, it agrees because that was sought: so does one
    in ten of all that could have been put in its place.

    Args:
        first: lines as one look saw them.
        second: as the other did.
        lines: what was made of both.
        kind: of the zone.
    """
    form = FORMATS[kind]
    covers = [span for check in form.checks.values() for span in check.covers]
    one, other = (fields_of(kind, _by_class(seen, form)) for seen in (first, second))
    for name, value in fields_of(kind, lines).items():
        span = form.fields["name" if name in NAMES else name]
        if any(_inside(span, cover) for cover in covers):
            if value not in (one[name], other[name]):
                yield name
        elif one[name] != other[name]:
            yield name


def _inside(span: Span, whole: Span) -> bool:
    return span.line == whole.line and whole.start <= span.start and span.end <= whole.end


def corrected(lines: Sequence[str], form: MrzFormat) -> list[str]:
    """Lines in which every character is of its field's class, and doubtful ones agree with the check digits."""
    by_class = _by_class(lines, form)
    for name in ("document_number", "date_of_birth", "date_of_expiry", "optional"):
        if name in form.checks:
            _decide(form, by_class, name, check=name)
    _decide(form, by_class, "optional", check="composite")
    return by_class


def mendings(
    seen: Sequence[str], chosen: Sequence[str], lines: Sequence[str], form: MrzFormat
) -> Iterator[Mending]:
    """Where the lines differ from what was seen, in order, and what told of each.

    Args:
        seen: what the first look saw.
        chosen: what `settled` made of it and of the second look.
        lines: what `corrected` made of that.
        form: of the zone.
    """
    classes = {
        (span.line, place): characters
        for span, characters in _classes(form) for place in range(span.start, span.end)
    }  # fmt: skip
    steps = zip(seen, _by_class(seen, form), chosen, lines, strict=True)
    for line, versions in enumerate(steps):
        for place, (read, of_class, settled_as, mended) in enumerate(zip(*versions, strict=True)):
            if read == mended:
                continue
            characters = classes[line, place]
            if characters == CHARACTERS and (read, mended) == ("O", "0"):
                rule: Rule = "position"
            elif mended != settled_as:
                rule = "check digit"
            elif mended != of_class:
                rule = "second look"
            else:
                rule = "digit" if characters == DIGITS else "letter"
            yield Mending(line + 1, place + 1, rule, read, mended)


def _by_class(lines: Sequence[str], form: MrzFormat) -> list[str]:
    """Every character of its field's class; in numbers an O becomes a 0 unless the check digit agrees with it.

    OCR-B's O and 0 hardly differ, and most issuers avoid the O.
    """
    by_class = list(lines)
    for span, characters in _classes(form):
        _put(by_class, span, "".join(_of_class(character, characters) for character in span.of(by_class)))
    for name, span in form.fields.items():
        check = name if name in form.checks else "composite"
        if CLASS_OF_FIELD[name] == CHARACTERS and not _agrees(form, by_class, check):
            _put(by_class, span, span.of(by_class).replace("O", "0"))
    return by_class


def _classes(form: MrzFormat) -> Iterator[tuple[Span, str]]:
    for name, span in form.fields.items():
        yield span, CLASS_OF_FIELD[name]
    for check in form.checks.values():
        yield check.digit, DIGITS


def _of_class(character: str, characters: str) -> str:
    if character in characters or character in (FILLER, UNREAD):
        return character
    like = AS_DIGIT if characters == DIGITS else AS_LETTER
    return like.get(character, character)


def _decide(form: MrzFormat, lines: list[str], field: str, *, check: str) -> None:
    """Put the candidate with the fewest changes that agrees with the check, if there is one and the field does not."""
    if _agrees(form, lines, check):
        return
    span, allowed = form.fields[field], {*CLASS_OF_FIELD[field], FILLER, UNREAD}
    for candidate in _candidates(span.of(lines)):
        tried = list(lines)
        _put(tried, span, candidate)
        if set(candidate) <= allowed and _agrees(form, tried, check):
            lines[:] = tried
            return


def _candidates(text: str) -> list[str]:
    """What the text may be when look-alikes are exchanged, fewest exchanges first; itself not among them."""
    doubts = [place for place, character in enumerate(text) if _alike(character) != character][:MOST_DOUBTS]
    found = []
    for choice in product(*(_alike(text[place]) for place in doubts)):
        candidate = list(text)
        for place, character in zip(doubts, choice, strict=True):
            candidate[place] = character
        found.append("".join(candidate))
    changes = {one: sum(old != new for old, new in zip(text, one, strict=True)) for one in found}
    return sorted((one for one in found if changes[one]), key=lambda one: changes[one])


def _alike(character: str) -> str:
    return next((group for group in LOOK_ALIKES if character in group), character)


def _agrees(form: MrzFormat, lines: Sequence[str], check: str) -> bool:
    kind = next(name for name, known in FORMATS.items() if known is form)
    return check not in _wrong(kind, lines)


def _wrong(kind: str, lines: Sequence[str]) -> tuple[str, ...]:
    """As `docpipe.mrz.wrong_checks`; checks over something unread count as wrong."""
    known = [line.replace(UNREAD, FILLER) for line in lines]
    disagree = wrong_checks(kind, known)
    return tuple(
        name
        for name, check in FORMATS[kind].checks.items()
        if name in disagree or any(UNREAD in span.of(lines) for span in (check.digit, *check.covers))
    )


def _put(lines: list[str], span: Span, text: str) -> None:
    line = lines[span.line]
    lines[span.line] = line[: span.start] + text + line[span.end :]
