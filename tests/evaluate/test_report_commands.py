"""`docpipe evaluate -o` and `docpipe compare`; what reads the cards stands aside for findings that are drawn."""

import doctest
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError
from docpipe.evaluate import evaluation
from docpipe.evaluate.findings import NO_SCHEMA, CardReading
from docpipe.evaluate.report import compare_findings, comparison_as_text, wording, write_report
from docpipe.evaluate.uplift import mcnemar_p
from tests.evaluate.made_cards import result
from tests.evaluate.report_sample import NAMED, SECRET, sample_findings


@pytest.fixture
def evaluate(tmp_path, monkeypatch):
    """Run the command on findings; returns its end, and what the evaluation was asked for."""
    for name in ("raw", "cleaned"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    asked = {}

    def run(findings, *more):
        monkeypatch.setattr(evaluation, "find_cases", lambda *folders, **options: (findings.cards, 0))
        monkeypatch.setattr(evaluation, "evaluate", lambda *folders, **options: (asked.update(options), findings)[1])
        return CliRunner().invoke(main, ["evaluate", "--raw", "raw", "--cleaned", "cleaned", *more])

    run.asked = asked
    return run


def passing(findings, ids):
    """The same cards, of which these pass cleaned."""
    cards = tuple(
        replace(card, cleaned=replace(card.cleaned, fields=tuple(
            replace(one, right=card.id in ids) for one in card.cleaned.fields)))
        for card in findings.cards
    )  # fmt: skip
    return replace(findings, cards=cards)


def test_with_a_folder_the_report_is_written_and_stdout_stays_empty(evaluate, tmp_path):
    ended = evaluate(sample_findings(30), "-o", "report")
    assert ended.exit_code == ExitCode.OK and ended.stdout == ""
    assert "report/report.html" in ended.stderr
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "report.html", "report.pdf", "report.json", "cards.csv", "names.csv",
    }  # fmt: skip
    assert evaluate.asked["with_values"] is False


def test_without_a_folder_the_figures_are_printed_and_no_value(evaluate):
    findings = sample_findings(30)
    ended = evaluate(findings)
    assert ended.exit_code == ExitCode.OK and SECRET not in ended.output and NAMED not in ended.output
    assert f"{findings.table.rescued} rescued, {findings.table.broken} broken" in ended.stdout
    assert "right against the truth" in ended.stdout
    without_truth = evaluate(sample_findings(30, truth=False)).stdout
    assert "valid by its own rules" in without_truth and "truth" not in without_truth


def test_the_share_of_the_possible_uplift_is_printed_where_cards_were_read_without_noise(evaluate):
    findings = sample_findings(60)
    printed = evaluate(findings).stdout
    assert "54 of 60 pass" in printed and f"possible  {100 * findings.ceiling.share:.1f} %  [" in printed
    nothing = replace(findings, ceiling=replace(findings.ceiling, share=None))
    assert "nothing to gain" in evaluate(nothing).stdout
    assert "possible" not in evaluate(sample_findings(60, clean=False)).stdout


def test_the_null_control_is_read_where_it_is_asked_for_and_printed(evaluate):
    assert "null " not in evaluate(sample_findings(60)).stdout and evaluate.asked["null"] is False
    printed = evaluate(sample_findings(60, null=True), "--null").stdout
    assert "null      +1.7 points  (3 rescued, 2 broken" in printed and evaluate.asked["null"] is True


def test_the_folder_without_noise_is_handed_on(evaluate, tmp_path):
    evaluate(sample_findings(10), "--clean", "raw")
    assert evaluate.asked["clean"].samefile(tmp_path / "raw")
    assert evaluate(sample_findings(10), "--clean", "nowhere").exit_code == ExitCode.USAGE


def test_the_worst_stratum_is_printed_with_its_cards(evaluate):
    findings = sample_findings(60)
    worst = findings.worst
    printed = evaluate(findings).stdout
    assert f"{worst.group}: {worst.name.replace('_', ' ')}  (" in printed
    assert f"{worst.table.rescued} rescued, {worst.table.broken} broken of {worst.table.cards} cards)" in printed
    assert "no stratum has enough cards" in evaluate(replace(findings, worst=None)).stdout


def test_as_json_each_card_is_a_line_without_values_and_the_figures_are_the_last(evaluate):
    findings = sample_findings(30)
    ended = evaluate(findings, "--json")
    *cards, figures = map(json.loads, ended.stdout.splitlines())
    assert [(card["id"], card["outcome"]) for card in cards] == [(card.id, card.outcome) for card in findings.cards]
    assert figures["table"]["rescued"] == findings.table.rescued and "cards" not in figures
    assert SECRET not in ended.output and NAMED not in ended.output


def test_as_json_cards_are_named_only_where_images_are_asked_for(evaluate, tmp_path):
    findings = replace(sample_findings(10), cards=tuple(
        card for card in sample_findings(10).cards if card.outcome in ("both", "neither")
    ))  # fmt: skip
    ended = evaluate(findings, "--json", "--with-images", "-o", "report")
    *cards, _ = map(json.loads, ended.stdout.splitlines())
    assert [card["file"] for card in cards] == [card.file for card in findings.cards]


def test_an_uplift_under_the_limit_ends_with_code_7_after_the_report_is_written(evaluate, tmp_path):
    findings = sample_findings(100, harm=0)
    points = findings.table.rescued
    assert evaluate(findings, "--fail-under", str(points)).exit_code == ExitCode.OK
    ended = evaluate(findings, "--fail-under", str(points + 0.01), "-o", "report")
    assert ended.exit_code == ExitCode.UPLIFT_TOO_LOW == 7
    assert f"+{points}.0 points" in ended.stderr and (tmp_path / "report" / "report.html").exists()


@pytest.mark.parametrize("option", ["--fail-under", "--typing-minutes", "--typing-cost", "--machine-cost"])
@pytest.mark.parametrize("number", ["nan", "inf", "some"])
def test_a_limit_or_a_price_that_is_no_number_is_refused_before_anything_is_read(evaluate, option, number):
    ended = evaluate(sample_findings(10), option, number)
    assert ended.exit_code == ExitCode.USAGE and option in ended.stderr and not evaluate.asked


def test_what_read_the_cards_is_printed(evaluate):
    findings = sample_findings(10)
    assert "Read by tesseract 5.3.0, eng 1a2b3c4d (4.1 MB).\n" in evaluate(findings).stdout
    two = replace(findings, engines={"tesseract": "5.3.0", "rapidocr": "3.10"})
    assert "Read by tesseract 5.3.0, whose figures these are; then by rapidocr 3.10." in evaluate(two).stdout


def test_images_need_a_folder_to_go_to(evaluate):
    ended = evaluate(sample_findings(10), "--with-images")
    assert ended.exit_code == ExitCode.USAGE and "-o" in ended.stderr


def test_what_typing_and_machines_take_is_in_the_report(evaluate, tmp_path):
    prices = ("--typing-minutes", "4.5", "--typing-cost", "0.8", "--machine-cost", "0.07")
    evaluate(sample_findings(10), "-o", "report", *prices)
    page = (tmp_path / "report" / "report.html").read_text()
    assert "4.5 minutes" in page and "× 0.8" in page and "machine hours × 0.07" in page


def test_two_reports_are_held_against_each_other_card_by_card():
    findings = sample_findings(10)
    ids = [card.id for card in findings.cards]
    compared = compare_findings(passing(findings, ids[:5]), passing(findings, ids[3:9]))
    assert (compared.both, compared.neither, compared.left_out) == (2, 1, 0)
    assert compared.only_first == tuple(ids[:3]) and compared.only_second == tuple(ids[5:9])
    assert compared.net == 0.1 and compared.p == mcnemar_p(4, 3)
    text = comparison_as_text(compared, "before", "after")
    assert "1  before  (cleaned by compact-1-18f83d5f-CPU+restore-1)" in text
    unknown = compare_findings(replace(findings, models={}), findings)
    assert comparison_as_text(unknown, "before", "after").startswith("1  before\n")
    assert "50.0 %" in text and "60.0 %" in text and "+10.0 points" in text and "before" in text


def test_several_draws_of_one_card_widen_the_interval_of_a_comparison():
    cards = [result(str(n), False, n % 8 < 4, card=str(n // 4)) for n in range(80)]
    worse = [replace(card, cleaned=replace(card.cleaned, problem="damaged")) for card in cards]
    findings = sample_findings(10)
    together = compare_findings(replace(findings, cards=tuple(worse)), replace(findings, cards=tuple(cards)))
    alone = compare_findings(
        *(replace(findings, cards=tuple(replace(card, card=card.id) for card in some)) for some in (worse, cards))
    )
    assert together.net == alone.net == 0.5
    assert together.net_interval[0] < alone.net_interval[0] - 0.05


def test_cards_of_one_report_alone_are_left_out_and_counted():
    findings = sample_findings(10)
    compared = compare_findings(findings, replace(findings, cards=findings.cards[:7]))
    assert compared.left_out == 3 and compared.only_first == compared.only_second == ()
    assert "3 cards that only one of the reports has are left out" in comparison_as_text(compared, "a", "b")


def test_reports_that_cannot_be_compared_are_refused():
    findings = sample_findings(10)
    with pytest.raises(InputError, match="different rules"):
        compare_findings(findings, sample_findings(10, truth=False))
    with pytest.raises(InputError, match="read by different OCR"):
        compare_findings(findings, replace(findings, engines={"rapidocr": "3.0"}))
    with pytest.raises(InputError, match="no card in common"):
        compare_findings(findings, replace(findings, cards=()))
    other_raw = [replace(card, raw=replace(card.raw, problem="damaged")) for card in findings.cards]
    with pytest.raises(InputError, match="only one report says that they pass raw"):
        compare_findings(findings, replace(findings, cards=tuple(other_raw)))


def test_a_schema_that_only_one_cleaning_brings_out_is_its_gain_and_no_other_rule():
    findings = sample_findings(10, truth=False)
    card = next(card for card in findings.cards if card.layout == "national" and card.cleaned.passes)
    unread = CardReading((), valid=False, mended=(), seconds=0.0, problem=NO_SCHEMA)
    unfit = replace(card, layout="", schema="", raw=unread, cleaned=unread)
    second = replace(findings, cards=(card,))
    first = replace(second, cards=(unfit,), schemas={"td1": findings.schemas["td1"]})
    compared = compare_findings(first, second)
    assert (compared.only_second, compared.other_schema) == ((card.id,), 1)
    assert "1 card judged by another schema in each report, or by none" in comparison_as_text(compared, "a", "b")
    assert "schema" not in comparison_as_text(compare_findings(second, second), "a", "b")
    for other in ({"schemas": {"td1": "surname right"}}, {"cards": (replace(card, schema="td2"),)}):
        with pytest.raises(InputError, match="different rules"):
            compare_findings(replace(first, cards=second.cards), replace(second, **other))


def test_the_command_compares_reports_by_folder_or_file(tmp_path):
    findings = sample_findings(12)
    ids = [card.id for card in findings.cards]
    for name, passed in (("before", ids[:1]), ("after", ids[:2])):
        write_report(passing(findings, passed), tmp_path / name)
    paths = [str(tmp_path / "before"), str(tmp_path / "after" / "report.json")]
    ended = CliRunner().invoke(main, ["compare", *paths])
    assert ended.exit_code == ExitCode.OK and "+8.3 points" in ended.stdout
    assert ended.stdout.count("(cleaned by compact-1-18f83d5f-CPU+restore-1)") == 2
    assert json.loads(CliRunner().invoke(main, ["compare", *paths, "--json"]).stdout)["only_second"] == ids[1:2]


def test_something_else_than_a_report_ends_with_code_3(tmp_path):
    ended = CliRunner().invoke(main, ["compare", str(tmp_path), str(tmp_path)])
    assert ended.exit_code == ExitCode.BAD_INPUT and "docpipe evaluate -o" in ended.stderr


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_the_help_holds_an_example(command):
    assert f"docpipe {command} " in CliRunner().invoke(main, [command, "--help"]).output.split("\n\n", 1)[1]


def test_the_examples_of_the_wording_are_true():
    failed, attempted = doctest.testmod(wording)
    assert attempted > 8 and not failed
