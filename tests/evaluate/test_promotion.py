"""The rule by which a model is promoted, on verdicts that nobody had to read."""

from dataclasses import replace

import pytest

from docpipe.errors import InputError
from docpipe.evaluate.promotion import judge_promotion
from docpipe.evaluate.strata import table_of
from tests.evaluate.made_cards import result
from tests.evaluate.report_sample import sample_findings


def findings(verdicts):
    """Of cards that pass raw and cleaned or not, as in ["11", "10"]."""
    cards = tuple(result(f"{place}.png", raw == "1", cleaned == "1") for place, (raw, cleaned) in enumerate(verdicts))
    return replace(sample_findings(30), cards=cards, table=table_of(cards))


OLD = ["11"] * 60 + ["01"] * 10 + ["00"] * 30


def test_a_better_model_is_promoted():
    verdict = judge_promotion(findings(OLD), findings(["11"] * 60 + ["01"] * 30 + ["00"] * 10), broken_limit=0)
    assert verdict.promote and verdict.why.startswith("better: +20.0 points")


def test_a_gain_that_chance_would_give_is_no_reason():
    verdict = judge_promotion(findings(OLD), findings(["11"] * 60 + ["01"] * 11 + ["00"] * 29), broken_limit=0)
    assert not verdict.promote and verdict.why.startswith("not better for sure")


def test_a_worse_model_is_refused():
    assert not judge_promotion(findings(OLD), findings(["11"] * 60 + ["00"] * 40), broken_limit=1).promote


@pytest.mark.parametrize(("limit", "promote"), [(0.0, False), (0.04, False), (0.05, True), (1.0, True)])
def test_a_better_model_may_break_only_so_many(limit, promote):
    candidate = findings(["10"] * 3 + ["11"] * 57 + ["01"] * 30 + ["00"] * 10)
    verdict = judge_promotion(findings(OLD), candidate, broken_limit=limit)
    assert verdict.promote is promote and verdict.why.startswith("better" if promote else "too many broken")
    assert "breaks 3 of 60" in verdict.why


def test_what_the_model_in_service_breaks_the_new_one_may_break():
    before = findings(["10"] * 3 + ["11"] * 57 + ["00"] * 40)
    after = findings(["11"] * 57 + ["10"] * 3 + ["01"] * 20 + ["00"] * 20)
    assert judge_promotion(before, after, broken_limit=0).promote


def test_cards_that_only_one_was_judged_on_are_no_ground_for_a_promotion():
    verdict = judge_promotion(findings(OLD), findings(["11"] * 60 + ["01"] * 30), broken_limit=1)
    assert not verdict.promote and "10 cards were not judged with both" in verdict.why
    with pytest.raises(InputError, match="different rules"):
        judge_promotion(findings(OLD), replace(findings(OLD), has_truth=False), broken_limit=1)
