"""Numbers in words, the same in every part of the report. The minus is a real one, to be as wide as the plus."""

from docpipe.evaluate.findings import CardReading
from docpipe.evaluate.uplift import Interval

SURE_BELOW = 0.05                # p-values under it are called unlikely to be chance

FIRST_PAGE_ONLY = "Of several pages, of which the first alone was judged"


def percent(share: float) -> str:
    """A share, 0 to 1 or beyond.

    >>> percent(0.5366), percent(-0.12)
    ('53.7 %', '−12.0 %')
    """
    return f"{100 * share:.1f} %".replace("-", "−")


def signed(number: float, digits: int = 1) -> str:
    """A difference, with its sign; nothing is never negative.

    >>> signed(-4.26), signed(-0.01), signed(3, digits=0)
    ('−4.3', '+0.0', '+3')
    """
    return f"{round(number, digits) + 0.0:+.{digits}f}".replace("-", "−")


def points(difference: float) -> str:
    """A difference of two rates, each from 0 to 1, in percentage points.

    >>> points(0.09)
    '+9.0 points'
    """
    return f"{signed(100 * difference)} points"


def points_interval(interval: Interval) -> str:
    """Both ends of an interval of differences.

    >>> points_interval((-0.011, 0.05))
    '−1.1 to +5.0'
    """
    low, high = interval
    return f"{signed(100 * low)} to {signed(100 * high)}"


def percent_interval(interval: Interval) -> str:
    """Both ends of an interval of shares.

    >>> percent_interval((0.48, 0.5932))
    '48.0 to 59.3 %'
    """
    low, high = map(percent, interval)
    return f"{low.removesuffix(' %')} to {high}"


def p_value(p: float) -> str:
    """A p-value, never as an exact zero.

    >>> p_value(0.00001), p_value(0.0312), p_value(1)
    ('< 0.0001', '0.031', '1')
    """
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def more_or_fewer(net: float) -> str:
    """A difference in cards.

    >>> more_or_fewer(27), more_or_fewer(-1.2), more_or_fewer(0)
    ('27 more', '1 fewer', 'as many')
    """
    whole = round(net)
    return "as many" if whole == 0 else f"{whole} more" if whole > 0 else f"{-whole} fewer"


def more_or_fewer_interval(low: float, high: float) -> str:
    """Both ends of an interval of differences in cards.

    >>> more_or_fewer_interval(21.2, 43.8), more_or_fewer_interval(-3, 15), more_or_fewer_interval(-9, 0)
    ('21 to 44 more', '3 fewer to 15 more', '0 to 9 fewer')
    """
    fewest, most = round(low), round(high)
    if fewest >= 0:
        return f"{fewest} to {most} more"
    return f"{-most} to {-fewest} fewer" if most <= 0 else f"{-fewest} fewer to {most} more"


def counted(count: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "card"), counted(300, "card")
    ('1 card', '300 cards')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def readable(name: str) -> str:
    """The name of a field or noise as words."""
    return name.replace("_", " ")


def wrong_fields(reading: CardReading) -> tuple[str, ...]:
    """Names of the required fields that keep a card from passing."""
    return tuple(one.name for one in reading.fields if one.required and not one.right)
