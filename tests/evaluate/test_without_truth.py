"""Cards without a truth: what was not read whole is not right, and does not let a card pass."""

import cv2
import numpy as np
import pytest

from docpipe.evaluate.cases import Case
from docpipe.evaluate.judge import read_scan
from docpipe.ocr.extract import Extraction
from docpipe.ocr.schema import load_schema
from tests.evaluate.one_process import read_here

READ = {"document_number": "L898902C3", "surname": "ERIKSSON", "given_names": "ANNA MARIA", "date_of_birth": "740812",
        "date_of_expiry": "320415", "nationality": "UTO"}  # fmt: skip


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """How a passport is judged that was read so, without truth or with one."""
    scan = tmp_path / "0.png"
    cv2.imwrite(str(scan), np.full((20, 30), 255, np.uint8))
    read_here(monkeypatch)

    def judge(read, valid, true=None):
        monkeypatch.setattr("docpipe.ocr.extract.extract", lambda gray, schema, engine: Extraction(read, valid=valid))
        return read_scan(scan, Case("0.png", "td3", load_schema("td3"), true))

    return judge


def wrong(reading):
    return [one.name for one in reading.fields if not one.right and one.name in READ]


def test_a_field_that_was_not_read_whole_is_wrong_and_the_others_of_a_valid_card_are_right(judged):
    assert wrong(judged(READ, True)) == []
    reading = judged(READ | {"nationality": "U?O"}, True)
    assert wrong(reading) == ["nationality"] and reading.passes


def test_a_card_with_a_name_that_was_not_read_does_not_pass(judged):
    assert not judged(READ | {"surname": "ERIK?SON"}, True).passes


def test_with_a_truth_right_is_what_the_truth_says_whatever_such_a_field_may_say(judged):
    odd = READ | {"date_of_birth": "999999"}
    assert wrong(judged(odd, False, true=odd)) == []
