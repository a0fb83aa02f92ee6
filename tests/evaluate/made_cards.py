"""Results of cards that nobody has read."""

from docpipe.evaluate.findings import CardReading, CardResult, FieldReading


def reading(right: bool, *, errors=(0, 8, 0, 1), valid=True) -> CardReading:
    """One required field, right or wrong, and one that is not required and always wrong."""
    fields = (FieldReading("surname", True, right, *errors), FieldReading("sex", False, False, 1, 1, 1, 1))
    return CardReading(fields, valid=valid, mended=(), seconds=1.0)


def result(card_id: str, raw: bool, cleaned: bool, *, card: str = "", **strata: tuple[str, ...]) -> CardResult:
    """One card that passes raw and cleaned or not; `card` where it is one of several draws of one."""
    return CardResult(
        card_id, card or card_id, "td1", "td1", strata, reading(raw), reading(cleaned), file=f"{card_id}.png"
    )
