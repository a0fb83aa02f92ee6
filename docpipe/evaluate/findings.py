"""What an evaluation found, as plain data: judged once, then summed up, drawn and compared.

No value of any field is in here unless pictures were asked for: names of fields, counts, right or wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from docpipe.evaluate.uplift import Interval, Table
from docpipe.ocr.mending import Mending

Outcome = Literal["both", "rescued", "broken", "neither"]

ENGINES, FIELDS = "engine", "field"
"""Groups of strata that the scans do not bring with them: OCR engines on all cards, and fields of the schemas."""

NO_SCHEMA = "no schema fits"
"""The problem of a scan of a card whose schema nobody named, and that none of the shipped ones fits."""

NO_SCAN = "there is no such scan"
"""The problem of a scan that is missing: of a card that the truth names, and that cleaning lost."""


@dataclass(frozen=True, slots=True)
class FieldReading:
    """How one field of one card was read from one version of the scan.

    Args:
        name: of the field.
        required: the card passes only if it is right.
        right: it says what the truth says, or, without truth, it is valid by its own rules.
        char_edits: edit distance to the truth in grapheme clusters; None without truth.
        chars: length of the truth in grapheme clusters; None without truth.
        word_edits: the same in words.
        words: the same in words.
        value: what was read; None unless pictures were asked for.
    """

    name: str
    required: bool
    right: bool
    char_edits: int | None = None
    chars: int | None = None
    word_edits: int | None = None
    words: int | None = None
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CardReading:
    """How one version of one card was read.

    Args:
        fields: of the schema.
        valid: every required field is valid by its own rules (check digits, dates, formats); a card that is valid but
            does not pass is a false accept.
        mended: characters of the zone and of labelled fields that were read as others and put right; the characters
            themselves are left out unless pictures were asked for.
        seconds: that OCR took.
        problem: why the scan was not read: it is missing, could not be opened, or no schema fits. Then it fails, and
            what fields it has are wrong. Empty for every other scan.
    """

    fields: tuple[FieldReading, ...]
    valid: bool
    mended: tuple[Mending, ...]
    seconds: float
    problem: str = ""

    @property
    def passes(self) -> bool:
        """The scan was read, and every required field is right."""
        return not self.problem and all(one.right for one in self.fields if one.required)


@dataclass(frozen=True, slots=True)
class CardResult:
    """One card read raw and cleaned.

    Args:
        id: of the raw scan, as `docpipe.evaluate.raw_scans.ids_of` gives it.
        card: the card it is a draw of: the id of its first draw, the same for several noisy draws of one card.
        layout: of the card, where the truth names it; else the schema.
        schema: its name; empty where none fits.
        strata: group -> strata that the card belongs to, as in {"noise": ("dust", "jpeg"), "severity": ("0.6-0.8",)}.
        raw: the scan as it came in.
        cleaned: the scan cleaned.
        choice: "restored" or "original" as the ledger beside the cleaned scans says; None where there is none.
        passes_clean: whether it passes without any noise; None where that was not read.
        file: name of the scan, the same in both folders; personal data, for it may be the number of a document. None
            where it is not to be known.
        pages: of the raw scan, of which the first alone was judged; 1 where it was not read.
    """

    id: str
    card: str
    layout: str
    schema: str
    strata: Mapping[str, tuple[str, ...]]
    raw: CardReading
    cleaned: CardReading
    choice: str | None = None
    passes_clean: bool | None = None
    file: str | None = field(default=None, repr=False)
    pages: int = 1

    @property
    def known_file(self) -> str:
        """`file`, for what cannot do without it.

        Raises:
            ValueError: it is not known, as in findings that were loaded from a report without names.
        """
        if self.file is None:
            raise ValueError(f"the file of card {self.id} is None; its name is needed")
        return self.file

    @property
    def outcome(self) -> Outcome:
        """Where the card stands in the 2x2 table."""
        if self.raw.passes:
            return "both" if self.cleaned.passes else "broken"
        return "rescued" if self.cleaned.passes else "neither"


@dataclass(frozen=True, slots=True)
class Stratum:
    """The paired figures of some of the cards.

    Args:
        group: what the cards are told apart by: "noise", "severity", "layout", `FIELDS`, `ENGINES`.
        name: of the stratum within it.
        table: its cards by outcome; for a field, by whether it is right.
        absolute_interval: of the absolute uplift, at 95 %.
        p: McNemar, exact, two-sided.
        p_holm: the same after Holm's correction over all strata of the evaluation.
    """

    group: str
    name: str
    table: Table
    absolute_interval: Interval
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the same cards reach without any noise: more than that no cleaning can.

    Args:
        folder: of the scans without noise, as the user wrote it.
        passed: cards that pass there.
        rate: the same as a share of all cards, 0 to 1; its interval is Wilson's, at 95 %.
        share: of the possible uplift (clean rate minus raw rate) that cleaning reached; None where there is none.
        share_interval: by bootstrap over cards, at 95 %; None where there is no share, or too few cards to bound it.
    """

    folder: str
    passed: int
    rate: float
    rate_interval: Interval
    share: float | None
    share_interval: Interval | None


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """One field over all cards whose schema has it; error rates are None without truth.

    Args:
        schema: name of the schema.
        name: of the field.
        required: by the schema.
        cards: that have it.
        right_raw: cards on which it was right; `right_cleaned` likewise.
        cer_raw: character error rate, edits over characters of the truth, summed over cards; `cer_cleaned` likewise.
        wer_raw: word error rate; `wer_cleaned` likewise.
    """

    schema: str
    name: str
    required: bool
    cards: int
    right_raw: int
    right_cleaned: int
    cer_raw: float | None
    cer_cleaned: float | None
    wer_raw: float | None
    wer_cleaned: float | None


@dataclass(frozen=True, slots=True)
class Findings:
    """One evaluation.

    Args:
        raw: folder of the scans as they came in, as the user wrote it; `cleaned` likewise.
        made: when, ISO 8601 with time zone.
        docpipe: version.
        engines: what read the cards, name -> version and data, as in {"tesseract": "5.3.0, eng 1a2b3c4d (4.1 MB)"}. All
            figures are of the first, but for the strata of the group "engine".
        schemas: name -> the pass rule in words.
        has_truth: cards were held against their truth; otherwise fields are judged by their own rules.
        table: all cards by outcome.
        raw_rate: share that passes raw, 0 to 1; `cleaned_rate` likewise. Intervals are Wilson's, at 95 %.
        absolute_uplift: cleaned rate minus raw rate; its interval by bootstrap over cards.
        relative_uplift: the same as a share of the raw rate; None where nothing passes raw.
        p: McNemar, exact, two-sided.
        false_accepts_raw: valid cards that do not pass; None without truth; `false_accepts_cleaned` likewise.
        strata: all of them, group by group.
        worst: the stratum with the lowest absolute uplift among those large enough to say so; None where there is none.
        fields: figures of every field.
        choices: "restored" -> pages, "original" -> pages, of the pages judged; empty where no ledger was found.
        cleaning_seconds: mean over the pages judged, as the ledger has it; None where no ledger was found.
        ocr_seconds: mean over all scans that were read; None where a cache may have answered in place of OCR.
        mended_raw: rule of `docpipe.ocr.mending.RULES` -> characters of zones and labelled fields put right by it;
            `mended_cleaned` likewise.
        cards: every card, in the order of the truth or by name.
        ceiling: what the cards reach without noise; None where that was not read.
        left_out: raw scans that were not judged: with a truth, because it does not name them; without one, because
            there is no cleaned one.
        several_pages: raw scans of more than one page, of which the first alone was judged.
        models: model that cleaned -> pages, of the pages judged; empty where no ledger says it.
        null: raw scans against the same after `docpipe.evaluate.null_control.null_control`: what a change that means
            nothing rescues and breaks; None where that was not read.
        is_drawn: the noise of the scans, or the whole of them, was drawn by a program, as their provenance says.
    """

    raw: str
    cleaned: str
    made: str
    docpipe: str
    engines: Mapping[str, str]
    schemas: Mapping[str, str]
    has_truth: bool
    table: Table
    raw_rate: float
    raw_interval: Interval
    cleaned_rate: float
    cleaned_interval: Interval
    absolute_uplift: float
    absolute_interval: Interval
    relative_uplift: float | None
    p: float
    false_accepts_raw: int | None
    false_accepts_cleaned: int | None
    strata: tuple[Stratum, ...]
    worst: Stratum | None
    fields: tuple[FieldFigures, ...]
    choices: Mapping[str, int]
    cleaning_seconds: float | None
    ocr_seconds: float | None
    mended_raw: Mapping[str, int]
    mended_cleaned: Mapping[str, int]
    cards: tuple[CardResult, ...]
    ceiling: Ceiling | None = None
    left_out: int = 0
    several_pages: int = 0
    models: Mapping[str, int] = field(default_factory=dict)
    is_drawn: bool = False
    null: Table | None = None

    @property
    def has_draws(self) -> bool:
        """Some cards are several draws of one: McNemar's test, which takes them as independent, gives too small a p."""
        return len({card.card for card in self.cards}) < len(self.cards)
