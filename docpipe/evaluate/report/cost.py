"""Time and cost of a thousand cards: those that do not pass are typed in by hand."""

from dataclasses import dataclass

from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report.blocks import Grid, Section, Text
from docpipe.evaluate.report.wording import signed

CARDS = 1000


@dataclass(frozen=True, slots=True)
class Typing:
    """What it takes to type one card in.

    Args:
        minutes: above 0.
        cost: in any currency, above 0; None leaves money out.
    """

    minutes: float = 2.0
    cost: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("minutes", self.minutes), ("cost", self.cost)):
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"{name} is {value}; it must be above 0")


def time_and_cost(findings: Findings, typing: Typing) -> Section:
    """What is saved in a thousand cards, with the calculation."""
    raw, cleaned = CARDS * (1 - findings.raw_rate), CARDS * (1 - findings.cleaned_rate)
    low, high = (CARDS * side for side in findings.absolute_interval)
    rows = [_row("cards to type in", raw, cleaned), _row("hours of typing", *_hours(raw, cleaned, typing))]
    calculation = [
        f"Cards to type in are {CARDS} × (1 − pass rate): {CARDS} × (1 − {findings.raw_rate:.4f}) as scanned and "
        f"{CARDS} × (1 − {findings.cleaned_rate:.4f}) cleaned. "
        f"Hours are these cards × {typing.minutes:g} minutes ÷ 60.",
    ]
    if typing.cost is not None:
        rows.append(_row("cost of typing", raw * typing.cost, cleaned * typing.cost))
        calculation.append(f"Cost is these cards × {typing.cost:g}.")
    calculation.append(
        "What typing takes is an assumption that was given to the report, not something it measured. The difference in "
        f"cards is between {signed(-high)} and {signed(-low)} (95 % interval)."
    )
    machine = (
        f"{_ocr(findings.ocr_seconds)} Cleaning comes on top; its ledger holds the seconds of each page. What a wrong "
        "value costs that nobody notices is not in here."
    )
    head = (f"of {CARDS} cards", "as scanned", "cleaned", "difference")
    grid = Grid(f"Typing in what does not pass, of {CARDS} cards", head, tuple(rows))
    return Section("Time and cost", (grid, Text(" ".join(calculation)), Text(machine)))


def _ocr(seconds: float | None) -> str:
    if seconds is None:
        return "What OCR takes is not known: it was asked through a cache."
    hours = seconds * CARDS / 3600
    return f"OCR took {seconds:.2f} seconds a scan, {hours:.2f} hours of one core for {CARDS} cards, cleaned or not."


def _hours(raw: float, cleaned: float, typing: Typing) -> tuple[float, float]:
    return raw * typing.minutes / 60, cleaned * typing.minutes / 60


def _row(name: str, raw: float, cleaned: float) -> tuple[str, ...]:
    return (name, f"{raw:.1f}", f"{cleaned:.1f}", signed(cleaned - raw))
