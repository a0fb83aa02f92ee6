"""Dates as cards print them, read to ISO 8601: whole ones, and those that leave out zeros or the century."""

import re
import unicodedata
from datetime import date

from docpipe.ocr.folding import fold

MONTH_NAMES = (
    "january januar janvier enero gennaio janeiro januari styczen stycznia",
    "february februar fevrier febrero febbraio fevereiro februari luty lutego",
    "march marz maerz mars marzo marco maart mrt marzec marca",
    "april avril abril aprile kwiecien kwietnia",
    "may mai mayo maggio maio mei maj maja",
    "june juni juin junio giugno junho czerwiec czerwca",
    "july juli juillet julio luglio julho lipiec lipca",
    "august aout agosto augustus augusti sierpien sierpnia",
    "september septembre septiembre settembre setembro wrzesien wrzesnia",
    "october oktober octobre octubre ottobre outubro pazdziernik pazdziernika",
    "november novembre noviembre novembro listopad listopada",
    "december dezember decembre diciembre dicembre dezembro grudzien grudnia",
)
"""January to December as `fold` leaves them, in the languages of the labels: en de fr es it pt nl pl sv."""

SHORTEST_MONTH = 3               # letters: AUG
LETTERS_AT_DIGIT = re.compile(r"(?<=\d)[^\W\d_]+|[^\W\d_]+(?=\d)")


def read_date(text: str) -> str:
    """A printed date as ISO 8601; empty where it is none.

    Where all is in numbers, a year in front is followed by month and day (1974-08-12), and else the day stands before
    the month (12.08.1974, 12/08/1974, 12081974), each in two digits. A month in letters may be cut to three of them
    and stand anywhere (12 AUG 1974, 12 août 1974, August 12, 1974, 12 AUG/AOU 1974). Years have four digits: for
    others there is `read_short_date`.

    >>> read_date("12 AUG 1974"), read_date("31.02.1974")
    ('1974-08-12', '')
    """
    numbers, months = _parts(text)
    digits = "".join(numbers)                    # OCR may part them anywhere
    if len(digits) not in (5, 6, 8) or (len(digits) < 8 and len(months) != 1):
        return ""
    year_first = len(numbers[0]) == 4
    year, rest = (digits[:4], digits[4:]) if year_first else (digits[-4:], digits[:-4])
    if len(digits) < 8:
        return _iso(int(year), months.pop(), int(rest))
    month, day = (rest[:2], rest[2:]) if year_first else (rest[2:], rest[:2])
    return _iso(int(year), int(month), int(day))


def read_short_date(text: str, latest: date) -> str:
    """A date in fewer digits as ISO 8601: without leading zeros, without the century, or both; empty where it is none.

    Day, month and year are parted by something, in the orders of `read_date` (12.8.1974, 1974-8-12, 12.08.74, 1/8/74,
    12 AUG 74); a year in front has four digits. Of a year in two digits the century is the last that does not put the
    day after `latest`.

    Fewer digits may also be all that OCR saw of a whole date. So one digit beside a zero and another (2.08.1974) is no
    date, nor is one with a letter at a digit (2.1O.1974), months aside (12AUG74); and who has several readings asks
    all of them for a whole date first.

    Args:
        text: what was read.
        latest: the last day that may be meant.

    >>> read_short_date("12.8.74", date(2026, 1, 1)), read_short_date("1.8.26", date(2026, 1, 1))
    ('1974-08-12', '1926-08-01')
    """
    numbers, months = _parts(text)
    if any(_month(fold(word)) is None for word in LETTERS_AT_DIGIT.findall(text)):
        return ""
    if len(numbers) == 3 and not months:
        year, month, day = numbers if len(numbers[0]) == 4 else reversed(numbers)
        if {len(month), len(day)} == {1, 2} and "0" in (month[0], day[0]):
            return ""
    elif len(numbers) == 2 and len(months) == 1:
        (day, year), month = numbers, str(months.pop())
    else:
        return ""
    if len(year) not in (2, 4) or not 1 <= len(month) <= 2 or not 1 <= len(day) <= 2:
        return ""
    if len(year) == 4:
        return _iso(int(year), int(month), int(day))
    century = latest.year // 100
    days = (_iso(100 * one + int(year), int(month), int(day)) for one in (century, century - 1))
    return next((one for one in days if one and one <= latest.isoformat()), "")


def _parts(text: str) -> tuple[list[str], set[int]]:
    """Runs of digits, in order, and the months that words between them name."""
    parts = [fold(part) for part in re.findall(r"[^\W\d_]+|\d+", unicodedata.normalize("NFKC", text))]
    return [part for part in parts if part.isdigit()], {month for part in parts if (month := _month(part))}


def _month(word: str) -> int | None:
    """1 to 12 for a month's name or its beginning; None where it is none, or could be two (JUI)."""
    if len(word) < SHORTEST_MONTH:
        return None
    begun = [number for number, names in enumerate(MONTH_NAMES, 1) if f" {word}" in f" {names}"]
    return begun[0] if len(begun) == 1 else None


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
