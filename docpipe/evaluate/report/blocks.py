"""What a report consists of, whatever it is drawn on: the web page and the PDF draw the same blocks."""

from dataclasses import dataclass
from typing import ClassVar

from docpipe.evaluate.findings import Outcome
from docpipe.evaluate.uplift import Table


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    kind: ClassVar[str] = "bullets"
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Args:
        caption: what it shows.
        head: of the columns.
        rows: one text a column.
        words: columns from the left that hold words; the others hold numbers.
    """

    kind: ClassVar[str] = "grid"
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


@dataclass(frozen=True, slots=True)
class ChangeBar:
    """One line of a chart: what became of some cards.

    Args:
        name: of these cards.
        table: the cards by outcome.
    """

    name: str
    table: Table

    @property
    def rescued_share(self) -> float:
        """Of its cards, 0 to 1."""
        return self.table.rescued / self.table.cards

    @property
    def broken_share(self) -> float:
        """Of its cards, 0 to 1."""
        return self.table.broken / self.table.cards


@dataclass(frozen=True, slots=True)
class ChangeChart:
    """Rescued to the right and broken to the left of a line, never only their difference.

    Args:
        caption: what it shows.
        bars: line by line, at least one.
        worse: what broken is called here; `better` what rescued is called, `right` what it is to pass.
    """

    kind: ClassVar[str] = "changes"
    caption: str
    bars: tuple[ChangeBar, ...]
    worse: str = "broken"
    better: str = "rescued"
    right: str = "pass"

    @property
    def full_share(self) -> float:
        """The share that the longest bar stands for, above 0 to 1; one scale for both sides and all lines."""
        return max(max(bar.rescued_share, bar.broken_share) for bar in self.bars) or 1.0


Block = Text | Bullets | Grid | ChangeChart


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """What someone with one minute reads.

    Args:
        big: how many more cards pass.
        of: of how many, and the interval in cards.
        verdict: whether that may be chance, and what is to be said against the figures.
        table: all cards by outcome.
        facts: title -> figure, remark.
    """

    big: str
    of: str
    verdict: str
    table: Table
    facts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A report.

    Args:
        title: of the file.
        about: what was compared, and when.
        headline: the first screen.
        sections: in order.
    """

    title: str
    about: str
    headline: Headline
    sections: tuple[Section, ...]


OUTCOMES: tuple[tuple[Outcome, str], ...] = (
    ("rescued", "failed as scanned, pass cleaned"),
    ("both", "pass both times"),
    ("neither", "fail both times"),
    ("broken", "passed as scanned, fail cleaned"),
)
"""Outcome -> what it means, in the order in which they are drawn."""
