"""Labels: words put together into phrases, and the phrases that announce fields found among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import cv2
import numpy as np

from docpipe.ocr.engine import BLOCK, SPARSE, Box, Engine, Word
from docpipe.ocr.folding import fold
from docpipe.ocr.schema import Field
from docpipe.page import Gray

PAGE_READS = ((1100, BLOCK), (1800, SPARSE))     # width in pixels and layout mode; what one misses the other finds
SMALL_PRINT_READ = (1400, SPARSE)
LARGE_PRINT = 0.02               # of the page's width, in height: 1.8 mm on a card, above its labels, under its values
INK_SHARE = 0.45                 # ink is darker than this share of the way from paper to the darkest print
LABEL_LIKENESS = 0.78            # of folded characters (difflib); label and reading differ in a letter or two
WORD_GAP = 1.4                   # heights of a word; wider gaps part a label from its value, and columns


@dataclass(frozen=True, slots=True, repr=False)
class Phrase:
    """Words side by side."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words, parted by one blank."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        """Around all words."""
        lefts, tops, rights, bottoms = zip(*(word.box for word in self.words), strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)


@dataclass(frozen=True, slots=True)
class Hit:
    """A label that was found: its folded text, how like it the reading is (0 to 1), and where it stands."""

    label: str
    likeness: float
    box: Box

    @property
    def agreement(self) -> float:
        """Characters that agree less those that do not, about: a long label also holds a short one."""
        return (2 * self.likeness - 1) * len(self.label)


def page_reads(flat: Gray, engine: Engine) -> list[list[Phrase]]:
    """The phrases of a page, of each of `PAGE_READS`; with boxes in pixels of `flat`."""
    return [_page_read(flat, width, mode, engine) for width, mode in PAGE_READS]


def small_print(flat: Gray, engine: Engine) -> list[Phrase]:
    """The phrases of a page without its large print: Tesseract drops small labels that stand close to large values."""
    ink = (flat < 255 - INK_SHARE * (255 - float(np.percentile(flat, 1)))).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    is_large = stats[:, cv2.CC_STAT_HEIGHT] > LARGE_PRINT * flat.shape[1]
    is_large[0] = False                          # the paper
    with_edges = cv2.dilate(is_large[parts].astype(np.uint8), np.ones((3, 3), np.uint8))
    return _page_read(np.where(with_edges, 255, flat).astype(np.uint8), *SMALL_PRINT_READ, engine)


def _page_read(flat: Gray, width: int, mode: int, engine: Engine) -> list[Phrase]:
    scale = width / flat.shape[1]
    by = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(flat, None, fx=scale, fy=scale, interpolation=by).astype(np.uint8, copy=False)
    words = [
        Word(word.text, _scaled(word.box, 1 / scale), word.confidence)
        for word in engine.words([resized], mode)[0]
        if fold(word.text)
    ]
    return _phrases(words)


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (round(side * scale) for side in box)
    return left, top, right, bottom


def _phrases(words: Sequence[Word]) -> list[Phrase]:
    """Words of one row with gaps of no more than `WORD_GAP`."""
    phrases: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.box[0]):
        for phrase in phrases:
            if follows(phrase[-1], word):
                phrase.append(word)
                break
        else:
            phrases.append([word])
    return [Phrase(tuple(phrase)) for phrase in phrases]


def follows(before: Word, after: Word) -> bool:
    """Whether a word stands in the row of another, close behind it."""
    height = min(before.box[3] - before.box[1], after.box[3] - after.box[1])
    gap = after.box[0] - before.box[2]
    return same_row(before.box, after.box) and -0.5 * height < gap < WORD_GAP * height


def same_row(one: Box, other: Box) -> bool:
    """Whether two boxes share more than half of the lower one's height."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > 0.5 * min(one[3] - one[1], other[3] - other[1])


def find_labels(phrases: Sequence[Phrase], fields: Sequence[Field]) -> dict[str, Hit]:
    """The labels that were found, by field, all in the language in which most of them were."""
    languages = dict.fromkeys(language for field in fields for language in field.labels)
    longest = max(_most_words(label) for field in fields for label in field.labels.values())
    parts = runs_of_words(phrases, longest)
    found = [
        {
            field.name: hit
            for field in fields
            if language in field.labels and (hit := _best_hit(parts, field.labels[language]))
        }
        for language in languages
    ]
    return max(found, key=lambda hits: sum(hit.likeness for hit in hits.values()))


def label_boxes(hits: Mapping[str, Hit]) -> dict[str, Box]:
    """Boxes of the median height: OCR's own shrink and grow with the letters of a label and the dirt around it."""
    boxes = {name: hit.box for name, hit in hits.items()}
    if not boxes:
        return {}
    half = round(float(np.median([bottom - top for _, top, _, bottom in boxes.values()])) / 2)
    middles = {name: (top + bottom) // 2 for name, (_, top, _, bottom) in boxes.items()}
    return {
        name: (left, middles[name] - half, right, middles[name] + half)
        for name, (left, _, right, _) in boxes.items()
    }


def runs_of_words(phrases: Sequence[Phrase], longest: int) -> list[tuple[Phrase, str]]:
    """Every run of at most `longest` words of a phrase, and its folded text."""
    return [
        (run, fold(run.text))
        for phrase in phrases
        for start in range(len(phrase.words))
        for end in range(start + 1, min(start + longest, len(phrase.words)) + 1)
        for run in [Phrase(phrase.words[start:end])]
    ]


def _best_hit(parts: Sequence[tuple[Phrase, str]], label: str) -> Hit | None:
    best: Hit | None = None
    most, wanted = _most_words(label), fold(label)
    for part, text in parts:
        least = best.likeness if best else LABEL_LIKENESS
        if len(part.words) <= most and (likeness := _likeness(wanted, text, least)) >= least:
            best = Hit(wanted, likeness, part.box) if best is None or likeness > best.likeness else best
    return best


def _most_words(label: str) -> int:
    return len(label.split()) + 1        # OCR may part one of its words in two


def _likeness(label: str, text: str, least: float) -> float:
    """The ratio of difflib, or 0 where its bounds already say that it is under `least`: most pairs end there."""
    if 2 * min(len(label), len(text)) < least * (len(label) + len(text)):
        return 0.0
    matcher = SequenceMatcher(None, label, text)
    return matcher.ratio() if matcher.quick_ratio() >= least else 0.0
