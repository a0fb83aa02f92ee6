"""The bench: what it prints, that a missed goal is said to be missed, and that nothing is counted twice."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

from docpipe.errors import InputError, MissingToolError
from docpipe.restore import SHIPPED_INT8, SHIPPED_MODEL
from eval import int8_twin
from eval.bench import __main__ as command
from eval.bench import batch, engines, floor, measure, page, report, resume, scans
from eval.bench import card as card_section
from eval.bench.measure import Spent
from eval.bench.report import Amounts, Goal, Report, Run

AT_MOST, AT_LEAST = Goal("restoring, share of reading", 25, " %"), Goal("times as fast", 5, at_least=True)


@pytest.fixture
def run():
    return Run(Amounts(rounds=1, cards=2), Report())


@pytest.fixture
def small_card(monkeypatch, printed):
    """Pages of the bench that need no fonts of cards."""
    monkeypatch.setattr(scans, "card", lambda number=0, **_how: scans.scanned(printed(20), number))


def said(run):
    return "\n".join(run.report.lines)


@pytest.mark.parametrize(("goal", "found", "verdict"), [
    (AT_MOST, 25, "met"), (AT_MOST, 25.1, "MISSED"), (AT_LEAST, 5, "met"), (AT_LEAST, 4.9, "MISSED"),
    (AT_MOST, math.nan, "MISSED"), (AT_LEAST, math.nan, "MISSED"),
])  # fmt: skip
def test_a_goal_says_whether_it_was_met(goal, found, verdict):
    assert goal.line(found).endswith(f": {verdict}")


def test_the_summary_counts_goals_and_names_those_that_were_missed(capsys):
    told = Report()
    told.judge(AT_MOST, 31.2)
    told.judge(AT_LEAST, 7)
    told.sum_up()
    assert told.lines == [
        "goal: restoring, share of reading: 31.2 % (at most 25 %): MISSED",
        "goal: times as fast: 7 (at least 5): met",
        "", "1 of 2 goals met", "missed: restoring, share of reading",
    ]  # fmt: skip
    assert capsys.readouterr().out.splitlines() == told.lines


def test_turns_are_taken_and_the_first_does_not_count(monkeypatch):
    called = []
    took = iter([Spent(9, 9), Spent(9, 9), Spent(1, 2), Spent(3, 4), Spent(5, 6), Spent(7, 8)])
    monkeypatch.setattr(measure, "timed", lambda call: call() or next(took))
    spent = measure.in_turns({name: lambda name=name: called.append(name) for name in "ab"}, rounds=2)
    assert called == ["a", "b"] * 3
    assert spent == {"a": (3, 4), "b": (5, 6)}


def test_what_programs_print_comes_back_and_cores_are_left_as_they_were():
    code = "import os, time; print(len(os.sched_getaffinity(0)))"
    before = measure.os.sched_getaffinity(0)
    one = [min(before)]
    ran = measure.run([sys.executable, "-c", code], [sys.executable, "-c", code], cores=[one, one])
    assert ran.stdout.split() == ["1", "1"]
    assert measure.os.sched_getaffinity(0) == before


def test_a_program_that_fails_ends_the_bench():
    with pytest.raises(subprocess.CalledProcessError):
        measure.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_memory_of_children_counts():
    child = "b = bytearray(60_000_000); print('ready', flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert measure.resident_mb(process.pid) > 60
        process.communicate(b"\n")
    assert measure.resident_mb(process.pid) == 0


def test_a_step_inside_another_counts_once(monkeypatch):
    clock = iter([0, 1, 3, 10])
    monkeypatch.setattr(page, "process_time", lambda: next(clock))
    stopwatch = page.Stopwatch()
    with stopwatch.step("outer"), stopwatch.step("inner"):
        pass
    assert stopwatch.seconds == {"inner": 2, "outer": 8}


def test_a_function_that_stands_for_two_steps_is_each_in_turn(monkeypatch):
    stopwatch = page.Stopwatch()
    steps = [("there", scans, "scanned"), ("back", scans, "scanned")]
    monkeypatch.setattr(scans, "scanned", lambda *_: None)
    with stopwatch.watching(steps):
        scans.scanned(None, 0)
        assert set(stopwatch.seconds) == {"there"}
        scans.scanned(None, 0)
    assert set(stopwatch.seconds) == {"there", "back"}


def test_the_page_section_names_every_step_and_the_floor(run, small_card, monkeypatch):
    monkeypatch.setattr(page, "PAGES", page.PAGES[:1])
    page.page(run)
    table = run.report.lines[3 : run.report.lines.index("there is no gate") - 1]
    shares = {line[:14].strip(): float(line.split()[-2]) for line in table}
    assert set(shares) == {name for name, *_ in page.STEPS} | {page.REST}
    assert sum(shares.values()) == pytest.approx(100, abs=1)
    assert shares["model"] > 0 and shares["encode"] > 0
    assert "of its floor" in said(run) and "Conv" in said(run)


def test_operations_and_bytes_of_a_convolution_are_counted_as_by_hand(tmp_path):
    page_in, page_out = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "height", "width"])
                         for name, channels in (("page", 1), ("restored", 2)))  # fmt: skip
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [2, 1, 3, 3], [0.0] * 18)
    node = helper.make_node("Conv", ["page", "weights"], ["restored"], pads=[1, 1, 1, 1])
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(helper.make_graph([node], "one", [page_in], [page_out], [weights])), path)
    operations, handed_on = floor.needs(path, (1, 1, 8, 4))
    assert operations == 2 * 9 * 2 * 8 * 4
    assert handed_on == 4 * (32 + 18 + 64)


def test_what_is_not_installed_is_said_and_judges_nothing(run, small_card, monkeypatch):
    def gone(*_):
        raise MissingToolError("there is no tesseract")

    monkeypatch.setattr(card_section, "_reading", gone)
    monkeypatch.setattr(card_section, "_large_network", gone)
    card_section.card(run)
    assert said(run).count("not installed (there is no tesseract)") == 3
    assert run.report.judged == 1


def test_engines_that_are_missing_are_named(run, small_card, monkeypatch):
    def no_run(*_, **__):
        raise InputError("there is no run")

    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "docpipe.restore.openvino_engine", raising=False)
    monkeypatch.setattr(engines, "write_int8", no_run)
    monkeypatch.setattr(scans, "LEAST_BYTES", 0)
    engines.engines(replace(run, model=SHIPPED_MODEL))
    assert "100.0 %" in said(run)
    assert "not exported (there is no run)" in said(run) and "not installed" in said(run)


def test_without_a_model_the_twin_that_ships_is_measured(run, small_card, monkeypatch):
    monkeypatch.setattr(engines, "NETWORK_ENGINES", ("onnx",))
    monkeypatch.setattr(scans, "LEAST_BYTES", 0)
    engines.engines(run)
    assert f"int8 {(SHIPPED_INT8 / 'model.onnx').stat().st_size / 1e6:.2f} MB" in said(run)
    assert said(run).count("onnx, int8") == 2 and "not exported" not in said(run)


def test_one_way_of_sharing_out_is_the_default_and_no_way_takes_more_cores_than_there_are():
    of_two = batch.ways(2)
    assert [way.name for way in of_two] == ["1 x 2 x 1", "1 x 1 x 1", "2 x 1 x 1", "1 x 1 x 2"]
    assert [way.is_default for way in of_two] == [True, False, False, False]
    assert max(way.cores for way in of_two) == 2
    assert [way.name for way in batch.ways(1)] == ["1 x 1 x 1"]


def test_a_batch_is_measured_beside_its_parts_and_each_alone(run, monkeypatch):
    default = batch.ways(batch.usable_cores())[0]
    spent = {default: [11, 10, 30], batch.Way(1, 1, 1): [10, 10, 10]}
    alone = iter(batch.Turn({way: spent[way][turn] for way in spent}, parts(10)) for turn in range(3))
    monkeypatch.setattr(batch, "_each_alone", lambda *_what: next(alone))
    monkeypatch.setattr(batch, "_side_by_side", lambda *_what: batch.Turn({default: 12}, parts(10)))
    monkeypatch.setattr(batch, "_clean", lambda *_what: measure.Ran(Spent(1, 1), 100, ""))
    monkeypatch.setattr(batch.scans, "write_cards", lambda *_what: [])
    batch.batch(replace(run, amounts=replace(run.amounts, batches=3)))
    assert "turn by turn 1.100, 1.000, 3.000" in said(run)
    found = (batch.OVER_PARTS, 1.1), (batch.ONE_AT_A_TIME, 1), (batch.SIDE_BY_SIDE, 1.2), (batch.OVER_NETWORK, 1.5)
    assert [line for line in run.report.lines if "goal: docpipe clean, share" not in line and "goal: " in line] == [
        goal.line(ratio) for goal, ratio in found
    ]


def parts(seconds):
    """Of a card: a fifth for what is around the network."""
    return batch.Counter({part: seconds * share for part, share in zip(batch.PARTS, (.1, .5, .2, .2), strict=True)})


def test_the_parts_of_a_batch_are_what_docpipe_does_with_a_card(run, small_card, tmp_path, monkeypatch):
    monkeypatch.setattr(scans, "LEAST_BYTES", 0)
    paths = scans.write_cards(tmp_path / "scans", 2)
    ways = batch.ways(batch.usable_cores())[0], batch.Way(1, 1, 1)
    for turn in (batch._each_alone(tmp_path, paths, ways, None), batch._side_by_side(tmp_path, paths, ways[0], None)):
        assert set(turn.parts) == set(batch.PARTS) and all(turn.parts.values())
        assert all(whole > turn.parts.total() / 2 for whole in turn.whole.values())


def test_the_ledger_is_looked_up_at_every_size(tmp_path):
    lines = list(resume._curve(tmp_path, (20, 50)))
    assert [int(line.split()[0]) for line in lines] == [20, 50]


@pytest.mark.slow
def test_the_command_prints_origin_sections_and_verdicts(installed_fonts, monkeypatch):
    monkeypatch.setattr(command, "QUICK", report.Amounts(rounds=1, finished_pages=3, ledger_rows=(5,)))
    told = CliRunner().invoke(command.main, ["--quick", "--only", "startup", "--only", "resume"])
    assert told.exit_code == 0, told.output
    for expected in ("# commit ", "load ", "== startup ==", "== resume ==", "3 finished pages", "of 3 goals met"):
        assert expected in told.output
    assert told.output.count("goal: ") == 3


def test_the_run_that_int8_is_made_of_is_the_one_that_made_the_shipped_model():
    files = int8_twin.SHIPPED_RUN / "config.json", SHIPPED_MODEL / "card.json"
    config, card = (json.loads(path.read_text()) for path in files)
    network = {"name": config["network"], "widths": config["widths"], "precision": "fp32"}
    assert (card["network"], card["steps"], card["commit"]) == (network, config["steps"], config["commit"])
