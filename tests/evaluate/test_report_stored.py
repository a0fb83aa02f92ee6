"""report.json: what is found comes back from it, and what is no report is refused and not shown."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docpipe.errors import InputError
from docpipe.evaluate.report import Prices, load_findings, write_report
from docpipe.evaluate.report.document import document
from docpipe.evaluate.report.stored import as_json, without_personal_data
from docpipe.evaluate.report.web_page import web_page
from tests.evaluate.report_sample import SECRET, sample_findings


@settings(max_examples=40)
@given(
    cards=st.integers(1, 40), seed=st.integers(0, 999), gain=st.floats(0, 1), harm=st.floats(0, 1), truth=st.booleans(),
    clean=st.booleans(), null=st.booleans(),
)  # fmt: skip
def test_whatever_is_found_is_reported_and_comes_back_from_its_file(tmp_path_factory, cards, **options):
    findings = sample_findings(cards, **options)
    page = web_page(document(findings, Prices(typing_cost=1.5, machine_cost=0.2)), (), {})
    for outcome in ("rescued", "both", "neither", "broken"):
        assert f"{getattr(findings.table, outcome)} {outcome}" in re.sub("<[^>]+>", "", page)
    file = tmp_path_factory.mktemp("report") / "report.json"
    file.write_text(as_json(findings))
    assert load_findings(file) == findings
    file.write_text(as_json(without_personal_data(findings)))
    assert load_findings(file) == without_personal_data(findings) != findings


def test_findings_that_were_loaded_without_names_are_not_reported_again(tmp_path):
    write_report(sample_findings(20), tmp_path)
    with pytest.raises(ValueError, match="its name is needed"):
        write_report(load_findings(tmp_path), tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 4}', f'{{"format": 4, "{SECRET}": 1}}', f"{SECRET}"])
def test_a_file_that_is_no_report_is_refused_and_not_shown(tmp_path, content):
    file = tmp_path / "report.json"
    file.write_text(content)
    with pytest.raises(InputError, match="is no report") as refused:
        load_findings(file)
    assert SECRET not in str(refused.value) + refused.value.hint and refused.value.__cause__ is None


def test_a_report_of_a_newer_format_is_refused_by_its_number(tmp_path):
    (tmp_path / "report.json").write_text('{"format": 5}')
    with pytest.raises(InputError, match="is of format 5"):
        load_findings(tmp_path)


def test_a_folder_without_a_report_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_findings(tmp_path)
