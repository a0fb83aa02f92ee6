"""What the fields of a machine readable zone may say: check digits vouch for some of them, and for no name."""

import re
from collections.abc import Mapping
from datetime import date

from docpipe.mrz import FILLER

CODE, NAME, NUMBER = "[A-Z]+", "[A-Z]+( [A-Z]+)*", "[0-9A-Z<]+"
ZONE_VALUES: Mapping[str, str] = {
    "document_code": CODE, "issuing_state": CODE, "nationality": CODE, "surname": NAME, "given_names": NAME,
    "document_number": NUMBER, "optional": NUMBER, "optional_2": NUMBER, "sex": "[MF]",
    "date_of_birth": "([0-9]{2}|<<){0,2}[0-9]{2}", "date_of_expiry": "[0-9]{6}",
}  # fmt: skip
"""By name of field: a pattern of what it may say, fillers at its end taken off."""

DATES = ("date_of_birth", "date_of_expiry")


def is_zone_value(name: str, value: str) -> bool:
    """Whether a field of a zone may say this, as far as the field alone tells.

    Names and codes hold letters only, numbers letters, digits and fillers. A date is one of the calendar; where the
    issuer does not know all of a date of birth, fillers stand for its year, month or day. Source: ICAO Doc 9303
    part 3, section 4.

    Args:
        name: of the field, a key of `ZONE_VALUES`.
        value: as `docpipe.ocr.mrz_reader.fields_of` gives it.

    Returns:
        False too for what was not found, and for what holds a character that was not read.

    >>> is_zone_value("surname", "VAN DAM"), is_zone_value("surname", "VAN D?M")
    (True, False)
    >>> is_zone_value("date_of_birth", "7408"), is_zone_value("date_of_birth", "999999")
    (True, False)
    """
    return bool(re.fullmatch(ZONE_VALUES[name], value)) and (name not in DATES or _is_day(value))


def _is_day(value: str) -> bool:
    """Whether YYMMDD is a day in this century or the last; what is unknown is taken for what allows most."""
    year, month, day = (value[start : start + 2].strip(FILLER) for start in (0, 2, 4))
    try:
        date(2000 + int(year or 0), int(month or 1), int(day or 1))      # 2000 too is a leap year, as 1904 to 1996 are
    except ValueError:
        return False
    return True
