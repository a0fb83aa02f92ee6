"""The verdict on the first screen, and what is said against the figures there and on the console."""

from dataclasses import replace

import pytest

from docpipe.evaluate.findings import NO_SCHEMA
from docpipe.evaluate.report import Prices, as_text
from docpipe.evaluate.report.document import document
from docpipe.evaluate.uplift import Table
from tests.evaluate.report_sample import sample_findings


def test_where_cards_have_several_draws_the_interval_decides_what_may_be_chance(tmp_path):
    sure = replace(sample_findings(60, gain=0.9, harm=0), p=0.001, absolute_interval=(-0.02, 0.3))
    drawn = replace(sure, cards=tuple(replace(card, card="one") for card in sure.cards))

    def verdict(findings):
        return document(findings, Prices()).headline.verdict

    assert "chance is unlikely (McNemar p = 0.001)" in verdict(sure)
    assert "may be chance (the 95 % interval, −2.0 to +30.0 points, holds zero; it decides," in verdict(drawn)
    gained = replace(drawn, absolute_interval=(0.01, 0.3), p=0.2)
    assert verdict(gained).startswith("Cleaning helps; that this is chance is unlikely (the 95 % interval")
    assert "McNemar p" not in verdict(gained) and "leaves out zero" in verdict(gained)
    assert "the interval decides" in as_text(drawn) and "the interval decides" not in as_text(sure)


def test_scans_of_several_pages_are_counted_and_said_to_be_judged_by_their_first():
    said = "Of several pages, of which the first alone was judged: 3 scans."
    findings = replace(sample_findings(20), several_pages=3)
    for text in (document(findings, Prices()).headline.verdict, as_text(findings)):
        assert said in text
    for text in (document(sample_findings(20), Prices()).headline.verdict, as_text(sample_findings(20))):
        assert "several pages" not in text


def test_scans_that_were_left_out_or_failed_unread_are_counted_by_reason_on_the_console_too():
    plain = sample_findings(20, truth=False)
    torn, unfit = (replace(plain.cards[0].raw, problem=problem) for problem in ("PNG is cut short", NO_SCHEMA))
    cards = (replace(plain.cards[0], raw=torn), replace(plain.cards[1], raw=unfit, cleaned=unfit), *plain.cards[2:])
    findings = replace(plain, cards=cards, left_out=3)
    for text in (document(findings, Prices()).headline.verdict, as_text(findings)):
        assert "Left out for want of a cleaned version: 3 scans." in text
        assert "Failed because it could not be read: 1 scan." in text
        assert "Failed because no schema fits: 2 scans." in text
    for text in (document(plain, Prices()).headline.verdict, as_text(plain)):
        assert "eft out" not in text and "ailed because" not in text


@pytest.mark.parametrize(
    ("null", "is_beyond"), [((30, 22, 0, 8), True), ((30, 24, 1, 5), False), ((30, 0, 30, 0), False)]
)
def test_an_uplift_that_is_not_beyond_the_null_control_is_no_effect_however_small_its_p(null, is_beyond):
    sure = replace(sample_findings(60), table=Table(both=30, rescued=25, broken=2, neither=3), p=0.001)
    findings = replace(sure, absolute_uplift=sure.table.absolute_uplift, null=Table(*null))
    verdict = document(findings, Prices()).headline.verdict
    assert verdict.startswith("Cleaning helps;" if is_beyond else "This is no effect (McNemar p = 0.001): the null ")
    assert ("and cleaning by no more, +38.3 points." in verdict) is not is_beyond
    assert ("no more cards than that: no effect" in as_text(findings)) is not is_beyond
