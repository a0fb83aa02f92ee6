"""What pairs.jsonl and the ledger beside cleaned scans say of each scan."""

import json

import cv2
import pytest
from click.testing import CliRunner

from docpipe.clean import FileRecord, Ledger, PageResult, Stamp
from docpipe.clean.discover import LEDGER_NAME as NAME_IN_CLEAN
from docpipe.cli import main
from docpipe.errors import ExitCode, InputError
from docpipe.evaluate.provenance import LEDGER_NAME, Cleaning, read_cleanings, read_origins
from docpipe.restore.division import Division
from docpipe.restore.restorer import Restorer


def written(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def noises(*kinds):
    return [{"kind": kind, "depth": 0.5} for kind in kinds]


def test_an_origin_holds_kinds_number_of_noises_and_the_card_that_was_drawn(tmp_path):
    pairs = written(
        tmp_path / "pairs.jsonl",
        {"file": "1.png", "card_seed": 7, "noises": noises("dust", "jpeg", "dust")},
        {"file": "2.png", "noises": []},
    )
    one, two = read_origins(pairs).values()
    assert one.strata == {"noise": ("dust", "jpeg"), "noises on the card": ("3",)}
    assert two.strata == {"noise": (), "noises on the card": ("0",)}
    assert (one.card, two.card) == (7, "2.png")


@pytest.mark.parametrize(("severity", "fifth"), [(0, "0.0-0.2"), (0.2, "0.2-0.4"), (0.79, "0.6-0.8"), (1, "0.8-1.0")])
def test_a_severity_that_is_recorded_is_told_by_fifths(tmp_path, severity, fifth):
    pairs = written(tmp_path / "pairs.jsonl", {"file": "1.png", "severity": severity, "noises": noises("dust")})
    assert read_origins(pairs)["1.png"].strata == {"noise": ("dust",), "severity": (fifth,)}


@pytest.mark.parametrize(
    "record", [{"file": "1.png"}, {"file": "1.png", "noises": [{"depth": 1}]}, [],
               {"file": "1.png", "noises": [], "severity": 1.2}],
)  # fmt: skip
def test_a_line_that_is_no_record_of_a_pair_is_named(tmp_path, record):
    with pytest.raises(InputError, match="line 1 is no record of a pair"):
        read_origins(written(tmp_path / "pairs.jsonl", record))


def test_choices_and_seconds_are_those_of_the_first_pages_that_were_done(tmp_path):
    def page(number, choice, status="done"):
        return PageResult(number, status, choice=choice, seconds=0.5 + number)

    with Ledger(tmp_path / NAME_IN_CLEAN) as ledger:
        ledger.finish(tmp_path / "1.png", FileRecord(Stamp(), [page(0, "restored")]))
        ledger.finish(tmp_path / "in" / "2.tif", FileRecord(Stamp(), [page(0, "original"), page(1, "restored")]))
        ledger.finish(tmp_path / "3.png", FileRecord(Stamp(), [page(0, "", "failed")]))
    before = set(tmp_path.iterdir())
    assert read_cleanings(tmp_path) == {"1.png": Cleaning("restored", 0.5), "in/2.tif": Cleaning("original", 0.5)}
    assert set(tmp_path.iterdir()) == before, "reading leaves nothing behind"


def test_the_model_that_cleaned_is_told_as_docpipe_clean_wrote_it(tmp_path, printed):
    scans, cleaned = tmp_path / "scans", tmp_path / "cleaned"
    scans.mkdir()
    cv2.imwrite(str(scans / "1.png"), printed(paper=180))
    ended = CliRunner().invoke(main, ["clean", str(scans), "-o", str(cleaned), "--engine", "division"])
    assert ended.exit_code == ExitCode.OK
    assert read_cleanings(cleaned)["1.png"].model == Restorer(Division()).fingerprint


def test_without_a_ledger_nothing_is_known_of_the_cleaning(tmp_path):
    assert LEDGER_NAME == NAME_IN_CLEAN
    assert read_cleanings(tmp_path) == {}


def test_a_ledger_in_use_or_damaged_is_refused_with_its_name(tmp_path):
    with (
        Ledger(tmp_path / LEDGER_NAME) as ledger,
        pytest.raises(InputError, match=r"\.docpipe-ledger\.sqlite cannot be read.*locked"),
    ):
        ledger.start(tmp_path / "1.png")
        read_cleanings(tmp_path)
    (tmp_path / LEDGER_NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(InputError, match="cannot be read"):
        read_cleanings(tmp_path)
