"""Time and cost: what is calculated from the figures, and what is left open."""

from dataclasses import replace

import pytest

from docpipe.evaluate.report import Prices
from docpipe.evaluate.report.cost import time_and_cost
from tests.evaluate.report_sample import sample_findings


def test_time_and_cost_are_the_cards_that_fail_times_what_typing_takes():
    findings = replace(sample_findings(20), raw_rate=0.5, cleaned_rate=0.8, absolute_interval=(0.1, 0.4),
                       cleaning_seconds=1.8, ocr_seconds=0.9)  # fmt: skip
    prices = Prices(typing_minutes=3, typing_cost=2, machine_cost=10)
    (grid, calculation, machines) = time_and_cost(findings, prices).blocks
    assert grid.rows == (
        ("cards to type in", "500.0", "200.0", "−300.0"),
        ("hours of typing", "25.0", "10.0", "−15.0"),
        ("machine hours of cleaning", "0.00", "0.50", "+0.50"),
        ("machine hours of OCR", "0.25", "0.25", "+0.00"),
        ("cost of typing", "1000.0", "400.0", "−600.0"),
        ("cost of machines", "2.50", "7.50", "+5.00"),
        ("cost of typing and machines", "1002.50", "407.50", "−595.00"),
    )
    assert "Cleaning took 1.80 seconds a card" in machines.text and "OCR took 0.90 seconds" in machines.text
    assert "between −400.0 and −100.0" in calculation.text and "3 minutes" in calculation.text


def test_machine_time_that_nobody_measured_is_not_made_up():
    findings = replace(sample_findings(20), cleaning_seconds=None, ocr_seconds=None)
    (grid, _, machines) = time_and_cost(findings, Prices(machine_cost=10)).blocks
    cleaning, ocr, cost = (row[1:] for row in grid.rows if "machine" in row[0])
    assert cleaning == ("0.00", "–", "–") and ocr == cost == ("–", "–", "–")
    assert "no ledger of it" in machines.text and "asked through a cache" in machines.text


def test_what_cleaning_adds_to_the_cost_is_known_though_a_cache_hides_what_ocr_takes():
    findings = replace(sample_findings(20), raw_rate=0.5, cleaned_rate=0.8, cleaning_seconds=1.8, ocr_seconds=None)
    (grid, _, machines) = time_and_cost(findings, Prices(typing_cost=2, machine_cost=10)).blocks
    ocr, _, of_machines, of_both = (row[1:] for row in grid.rows[3:])
    assert (ocr, of_machines, of_both) == (("–", "–", "–"), ("–", "–", "+5.00"), ("–", "–", "−595.00"))
    assert "Differences take it for the same" in machines.text
    (grid, *_) = time_and_cost(replace(findings, cleaning_seconds=None), Prices(typing_cost=2, machine_cost=10)).blocks
    assert [row[1:] for row in grid.rows[-2:]] == [("–", "–", "–")] * 2


@pytest.mark.parametrize(
    "wrong", [{"typing_minutes": 0}, {"typing_cost": -1}, {"typing_minutes": float("nan")}, {"machine_cost": 0}]
)
def test_work_takes_some_time_and_money(wrong):
    with pytest.raises(ValueError, match="must be above 0"):
        Prices(**wrong)
