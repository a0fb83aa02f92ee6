"""What a run of the bench says: lines as they come, and goals with what was found beside them."""

from dataclasses import dataclass
from pathlib import Path

import click


@dataclass(frozen=True)
class Goal:
    """What docpipe may cost.

    Args:
        what: is measured, as words that a figure can follow.
        limit: that is still allowed.
        unit: of the limit, as it is printed.
        at_least: the figure must reach the limit; else it must not go beyond it.
    """

    what: str
    limit: float
    unit: str = ""
    at_least: bool = False

    def is_met(self, found: float) -> bool:
        """A figure that could not be taken, NaN, meets no goal."""
        return found >= self.limit if self.at_least else found <= self.limit

    def line(self, found: float) -> str:
        """The figure, the goal, and which of them won."""
        verdict = "met" if self.is_met(found) else "MISSED"
        bound = "at least" if self.at_least else "at most"
        return f"goal: {self.what}: {found:.4g}{self.unit} ({bound} {self.limit:g}{self.unit}): {verdict}"


class Report:
    """Prints lines as they come and keeps them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.judged = 0
        self.missed: list[str] = []

    def say(self, *lines: str) -> None:
        """Some lines."""
        for line in lines:
            click.echo(line)
        self.lines += lines

    def judge(self, goal: Goal, found: float) -> None:
        """Hold a figure against its goal."""
        self.judged += 1
        if not goal.is_met(found):
            self.missed.append(goal.what)
        self.say(goal.line(found))

    def sum_up(self) -> None:
        """How many goals were met, and which were missed."""
        self.say("", f"{self.judged - len(self.missed)} of {self.judged} goals met")
        self.say(*(f"missed: {what}" for what in self.missed))


@dataclass(frozen=True)
class Amounts:
    """How much is measured: the more, the steadier the figures.

    Args:
        rounds: turns that count, of everything that is measured in turns.
        cards: scans of a batch.
        batches: of so many cards, each beside its parts.
        small_pages: over which memory must not grow.
        mixed_pages: of many sizes, over which it is looked at too.
        big_page_px: height and width of the large page.
        finished_pages: that a second run finds done.
        ledger_rows: sizes of the ledger that are looked at.
    """

    rounds: int = 9
    cards: int = 500
    batches: int = 9
    small_pages: int = 5_000
    mixed_pages: int = 1_500
    big_page_px: tuple[int, int] = (9921, 7016)      # A3 at 600 dpi
    finished_pages: int = 20_000
    ledger_rows: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)


QUICK = Amounts(
    rounds=2, cards=4, batches=1, small_pages=150, mixed_pages=130, big_page_px=(1500, 1400), finished_pages=300,
    ledger_rows=(100, 1_000),
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What every section is given.

    Args:
        amounts: how much is measured.
        report: where it is said.
        model: a model folder that is measured beside, or in the place of, the shipped one; None for the shipped one.
    """

    amounts: Amounts
    report: Report
    model: Path | None = None
