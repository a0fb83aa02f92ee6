"""Dates as cards print them: whole ones, and those in fewer digits."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cards.style import DATE_FORMATS
from docpipe.ocr.dates import MONTH_NAMES, read_date, read_short_date
from docpipe.ocr.schema import YEARS_AHEAD, Field

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@given(day=DAYS, form=st.sampled_from(sorted(DATE_FORMATS)))
def test_every_way_to_print_a_date_is_read_back(day, form):
    assert read_date(f" {DATE_FORMATS[form](day)}.") == day.isoformat()


DAY_AND_MONTH_IN_LETTERS = (
    "{day:02d} {month} {year}", "{day} {month} {year}", "{day}. {month} {year}", "{month} {day}, {year}",
    "{day:02d}{month}{year}", "{day} de {month} de {year}", "{year} {month} {day:02d}",
)  # fmt: skip


@given(
    day=DAYS, form=st.sampled_from(DAY_AND_MONTH_IN_LETTERS), data=st.data()
)
def test_months_in_letters_are_read_in_every_language_of_the_labels(day, form, data):
    name = data.draw(st.sampled_from(MONTH_NAMES[day.month - 1].split()))
    cut = name if name.startswith("jui") else data.draw(st.sampled_from([name, name[:3]]))
    cased = data.draw(st.sampled_from([cut, cut.upper(), cut.title()]))
    assert read_date(form.format(day=day.day, month=cased, year=day.year)) == day.isoformat()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 août 1974", "1974-08-12"), ("12 AUG/AOÛ 1974", "1974-08-12"), ("August 12, 1974", "1974-08-12"),
        ("1er févr. 1974", "1974-02-01"), ("3. März 1974", "1974-03-03"), ("12 września 1974", "1974-09-12"),
        ("2 de março de 1974", "1974-03-02"), ("12 maj 1974", "1974-05-12"), ("12 Mrt 1974", "1974-03-12"),
        ("7 sept. 1974", "1974-09-07"), ("10 LUGLIO 1974", "1974-07-10"), ("12 octubre 1974", "1974-10-12"),
        ("12081974", "1974-08-12"), ("1974/08/12", "1974-08-12"), ("1974 08 12", "1974-08-12"),
        ("03/04/1974", "1974-04-03"),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_print_them(text, expected):
    assert read_date(text) == expected


@pytest.mark.parametrize("text", ["12 JUI 1974", "12 AUG 74", "12 AUG SEP 1974", "AUG 1974", "30 FEB 1974"])
def test_a_date_that_is_not_whole_or_could_be_two_is_none(text):
    assert read_date(text) == ""


@pytest.mark.parametrize("text", ["", "31.02.1974", "12.08.74", "Valid", "12.13.2001", "120819745"])
def test_what_is_no_date_is_none(text):
    assert read_date(text) == ""


@given(st.text(st.characters() | st.sampled_from("0123456789.Augst ")))
def test_any_text_is_a_date_or_none(text):
    assert read_date(text) == "" or date.fromisoformat(read_date(text))


NO_ZEROS = ("{day.day}.{day.month}.{day.year}", "{day.day}/{day.month}/{day.year}", "{day.year}-{day.month}-{day.day}",
            "{day.day}. {day.month}. {day.year}", " {day.day} {day.month} {day.year}")                 # fmt: skip
NO_CENTURY = ("{day:%d.%m.%y}", "{day:%d/%m/%y}", "{day.day}.{day.month}.{day:%y}", "{day:%d %b %y}", "{day:%b %d, %y}",
              "{day.day}. {day:%B} {day:%y}")                                                          # fmt: skip


@given(day=DAYS, form=st.sampled_from(NO_ZEROS))
def test_a_date_without_leading_zeros_is_read_back(day, form):
    text = form.format(day=day)
    assert (read_date(text) or read_short_date(text, TODAY)) == day.isoformat()


@given(age_days=st.integers(0, 36_500), form=st.sampled_from(NO_CENTURY))
def test_a_year_in_two_digits_is_one_of_the_last_hundred(age_days, form):
    day = TODAY - timedelta(days=age_days)
    assert read_short_date(form.format(day=day), TODAY) == day.isoformat()


@given(text=st.text(st.characters() | st.sampled_from("0123456789./- AUGmaiF"), max_size=14), latest=DAYS)
def test_any_text_is_a_short_date_or_none_and_two_digits_never_mean_a_later_day(text, latest):
    short = read_short_date(text, latest)
    assert short == "" or date.fromisoformat(short)
    assert short <= latest.isoformat() or short[:4] in text.translate(str.maketrans("", "", "./- "))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.8.1974", "1974-08-12"), ("1.8.1974", "1974-08-01"), ("1974-8-1", "1974-08-01"), ("12.08.74", "1974-08-12"),
        ("12 AUG 74", "1974-08-12"), ("1 août 74", "1974-08-01"), ("1.8.26", "2026-08-01"), ("22.11.26", "1926-11-22"),
        ("29.02.00", "2000-02-29"), ("29.2.24", "2024-02-29"), ("10.1.1974", "1974-01-10"),
        ("12AUG74", "1974-08-12"), ("Valid 1.8.74", "1974-08-01"),
    ],
)  # fmt: skip
def test_short_dates_are_read_as_people_print_them(text, expected):
    assert read_date(text) == ""
    assert read_short_date(text, TODAY) == expected


@pytest.mark.parametrize(
    "text",
    ["", "2.08.1974", "02.8.1974", "120874", "12.8", "8 1974", "AUG 74", "31.2.74", "74-08-12", "12.8.197", "123.8.74",
     "1.8.74.2", "12 JUI 74", "12 AUG SEP 74", "0.8.1974", "29.02.25", "2.1O.1974", "1Z AUG 74"],
)  # fmt: skip
def test_what_is_no_short_date_or_the_rest_of_a_whole_one_is_none(text):
    assert read_date(text) == read_short_date(text, TODAY) == ""


def test_a_card_may_expire_in_years_to_come_and_nobody_is_born_in_them():
    soon = date.today().replace(month=1, day=1) + timedelta(days=366 * 2)
    printed = f"{soon:%d.%m.%y}"
    assert Field("date_of_expiry", "date").read_short(printed).value == soon.isoformat()
    assert Field("date_of_birth", "date").read_short(printed).value == f"{soon.year - 100}{soon:-%m-%d}"
    past = f"01.01.{(soon.year - 2 + YEARS_AHEAD + 1) % 100:02}"
    assert Field("date_of_expiry", "date").read_short(past).value < date.today().isoformat()
    assert Field("surname", "name").read_short(printed).value == ""
