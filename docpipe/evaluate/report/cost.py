"""Time and cost of a thousand cards: those that do not pass are typed in by hand, and machines read and clean them."""

from dataclasses import dataclass

from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report.blocks import Grid, Section, Text
from docpipe.evaluate.report.wording import signed

CARDS = 1000


@dataclass(frozen=True, slots=True)
class Prices:
    """What work takes; money is in any currency, the same for both, and None leaves it out.

    Args:
        typing_minutes: to type one card in, above 0.
        typing_cost: of one card typed in, above 0.
        machine_cost: of one hour of machine time, above 0.
    """

    typing_minutes: float = 2.0
    typing_cost: float | None = None
    machine_cost: float | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"{name} is {value}; it must be above 0")


def time_and_cost(findings: Findings, prices: Prices) -> Section:
    """What is saved in a thousand cards, and what that takes, with the calculation."""
    raw, cleaned = CARDS * (1 - findings.raw_rate), CARDS * (1 - findings.cleaned_rate)
    cleaning, ocr = _hours(findings.cleaning_seconds), _hours(findings.ocr_seconds)
    rows = [
        _row("cards to type in", raw, cleaned),
        _row("hours of typing", raw * prices.typing_minutes / 60, cleaned * prices.typing_minutes / 60),
        _row("machine hours of cleaning", 0, cleaning, digits=2),
        _row("machine hours of OCR", ocr, ocr, digits=2),
    ]
    if prices.typing_cost is not None:
        rows.append(_row("cost of typing", raw * prices.typing_cost, cleaned * prices.typing_cost))
    if prices.machine_cost is not None:
        rows.append(_with_machines("cost of machines", (0, 0), ocr, cleaning, prices.machine_cost))
    if prices.typing_cost is not None and prices.machine_cost is not None:
        typing = raw * prices.typing_cost, cleaned * prices.typing_cost
        rows.append(_with_machines("cost of typing and machines", typing, ocr, cleaning, prices.machine_cost))
    head = (f"of {CARDS} cards", "as scanned", "cleaned", "difference")
    grid = Grid("Typing in what does not pass, beside what machines take", head, tuple(rows))
    return Section("Time and cost", (grid, Text(_of_typing(findings, prices)), Text(_of_machines(findings, prices))))


def _of_typing(findings: Findings, prices: Prices) -> str:
    low, high = (CARDS * side for side in findings.absolute_interval)
    cost = f" Cost is these cards × {prices.typing_cost:g}." if prices.typing_cost is not None else ""
    return (
        f"Cards to type in are {CARDS} × (1 − pass rate): {CARDS} × (1 − {findings.raw_rate:.4f}) as scanned and "
        f"{CARDS} × (1 − {findings.cleaned_rate:.4f}) cleaned. "
        f"Hours are these cards × {prices.typing_minutes:g} minutes ÷ 60.{cost} "
        "What typing takes is an assumption that was given to the report, not something it measured. The difference in "
        f"cards is between {signed(-high)} and {signed(-low)} (95 % interval). What a wrong value costs that nobody "
        "notices is not in here."
    )


def _of_machines(findings: Findings, prices: Prices) -> str:
    cleaning, ocr = findings.cleaning_seconds, findings.ocr_seconds
    return " ".join(
        [
            "What cleaning took is not known: no ledger of it lies beside the cleaned scans." if cleaning is None
            else f"Cleaning took {cleaning:.2f} seconds a card, as its ledger says.",
            "What OCR takes is not known: it was asked through a cache. Differences take it for the same, cleaned or "
            "not." if ocr is None
            else f"OCR took {ocr:.2f} seconds a scan, cleaned or not.",
            f"Machine hours are these seconds × {CARDS} ÷ 3600, one card after another: with one job a core, which is "
            "the default, those of one core.",
            *([f"Cost of machines is machine hours × {prices.machine_cost:g}."] if prices.machine_cost else []),
        ]
    )  # fmt: skip


def _hours(seconds: float | None) -> float | None:
    """For all cards, one after another."""
    return None if seconds is None else seconds * CARDS / 3600


def _with_machines(
    name: str, typing: tuple[float, float], ocr: float | None, cleaning: float | None, machine_cost: float
) -> tuple[str, ...]:
    """What machines cost, on top of typing. OCR takes the same cleaned or not: the difference is known without it."""
    before, after = typing
    raw = None if ocr is None else before + ocr * machine_cost
    cleaned = None if ocr is None or cleaning is None else after + (ocr + cleaning) * machine_cost
    difference = None if cleaning is None else after - before + cleaning * machine_cost
    return _cells(name, raw, cleaned, difference, digits=2)


def _row(name: str, raw: float | None, cleaned: float | None, digits: int = 1) -> tuple[str, ...]:
    return _cells(name, raw, cleaned, None if raw is None or cleaned is None else cleaned - raw, digits)


def _cells(
    name: str, raw: float | None, cleaned: float | None, difference: float | None, digits: int
) -> tuple[str, ...]:
    numbers = ("–" if number is None else f"{number:.{digits}f}" for number in (raw, cleaned))
    return (name, *numbers, "–" if difference is None else signed(difference, digits))
