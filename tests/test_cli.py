"""The command as people and programs use it: exit codes, what goes to stdout and what to stderr."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from docpipe.cli import main
from docpipe.errors import ExitCode
from tests.restore.small_network import blur_model, write_model


@pytest.fixture
def folder(tmp_path, monkeypatch, printed):
    """The folder that the tests stand in: `scans/` with two shaded pages of print."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for name in ("a.png", "b.jpg"):
        page = printed(ink=30)
        shaded = (page * np.linspace(0.5, 0.9, page.shape[1])).astype(np.uint8)
        Image.fromarray(shaded).save(tmp_path / "scans" / name, dpi=(300, 300))
    return tmp_path


def docpipe(*arguments, stdin=None):
    return CliRunner().invoke(main, list(arguments), input=stdin, catch_exceptions=False)


def test_a_folder_is_cleaned_and_the_summary_says_where(folder):
    ended = docpipe("clean", "scans")
    assert ended.exit_code == ExitCode.OK and ended.stdout == ""
    assert "2 pages cleaned" in ended.stderr and "2 restored" in ended.stderr
    assert "-> scans-cleaned" in ended.stderr
    assert sorted(path.name for path in Path("scans-cleaned").glob("[!.]*")) == ["a.png", "b.jpg"]
    again = docpipe("clean", "scans")
    assert again.exit_code == ExitCode.OK and "2 scans done before" in again.stderr


def test_json_is_one_line_a_page_and_nothing_else(folder):
    ended = docpipe("clean", "scans", "--json")
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["source"] for line in sorted(lines, key=lambda line: line["source"])] == ["scans/a.png", "scans/b.jpg"]
    assert all(line["status"] == "done" and line["choice"] == "restored" and line["page"] == 1 for line in lines)
    assert all(line["glyph_px"] > 5 and line["seconds"] > 0 for line in lines)


def test_quiet_says_nothing_and_verbose_names_every_page(folder):
    assert docpipe("clean", "scans", "-q").output == ""
    ended = docpipe("clean", "scans", "-v", "--force")
    assert "scans/a.png: restored" in ended.stderr and "scans/b.jpg: restored" in ended.stderr


def test_a_dry_run_writes_nothing_and_knows_what_is_done(folder):
    ended = docpipe("clean", "scans", "--dry-run")
    assert ended.exit_code == ExitCode.OK
    assert ended.stdout.splitlines() == ["scans/a.png -> scans-cleaned/a.png", "scans/b.jpg -> scans-cleaned/b.jpg"]
    assert not Path("scans-cleaned").exists()
    docpipe("clean", "scans")
    Path("scans-cleaned/b.jpg").unlink()
    assert docpipe("clean", "scans", "--dry-run").stdout.splitlines() == ["scans/b.jpg -> scans-cleaned/b.jpg"]


def test_a_pipe_takes_one_scan_and_gives_one(folder):
    data = Path("scans/a.png").read_bytes()
    ended = docpipe("clean", "-", "-o", "-", stdin=data)
    assert ended.exit_code == ExitCode.OK and ended.stderr == ""
    docpipe("clean", "scans/a.png")
    assert ended.stdout_bytes == Path("scans/a-cleaned.png").read_bytes()
    assert docpipe("clean", "-", "-o", "piped.png", stdin=data).exit_code == ExitCode.OK
    assert Path("piped.png").read_bytes() == ended.stdout_bytes


def test_a_pipe_that_carries_no_scan_says_so(folder):
    ended = docpipe("clean", "-", "-o", "-", stdin=b"good morning")
    assert ended.exit_code == ExitCode.BAD_INPUT and ended.stdout == ""
    assert ended.stderr.startswith("error: standard input") and "\nhint: " in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["clean"], "SOURCE"),
        (["clean", "-"], "needs a place"),
        (["clean", "-", "-o", "x.png", "--dry-run"], "do not go with -"),
        (["clean", "-", "-o", "x.png", "--json"], "do not go with -"),
        (["clean", "-", "scans", "-o", "out"], "one scan"),
        (["clean", "scans", "-o", "-"], "needs - as its source"),
        (["clean", "scans", "scans/a.png"], "-o"),
        (["clean", "scans", "-o", "scans"], "inputs are never touched"),
        (["clean", "scans", "--jobs", "0"], "0"),
        (["clean", "scans", "--engine", "magic"], "magic"),
        (["clean", "scans", "--engine", "division", "--model", "m"], "no model"),
        (["clean", "scans", "--engine", "division", "--device", "cuda"], "CPU only"),
        (["clean", "scans", "--model", ""], "no model ''"),
        (["clean", "scans", "--model", "nonsense"], "no model 'nonsense'"),
        (["clean", "scans", "--model", "compact-int8", "--careful"], "use --model compact@"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(folder, arguments, complaint):
    ended = docpipe(*arguments)
    assert ended.exit_code == ExitCode.USAGE and complaint in ended.stderr
    assert not list(folder.glob("*-cleaned"))


def test_a_single_unusable_file_is_exit_code_3(folder):
    Path("text.png").write_text("good morning")
    ended = docpipe("clean", "text.png")
    assert ended.exit_code == ExitCode.BAD_INPUT and "error: text.png: " in ended.stderr and "-> " not in ended.stderr
    assert docpipe("clean", "nothing.png").exit_code == ExitCode.BAD_INPUT


def test_a_model_folder_without_a_model_is_exit_code_5(folder):
    ended = docpipe("clean", "scans", "--engine", "onnx", "--model", "scans")
    assert ended.exit_code == ExitCode.BAD_MODEL and "card.json" in ended.stderr


def test_a_model_is_taken_by_its_name(folder):
    for out, *options in (["default"], ["named", "--model", "compact"], ["twin", "--model", "compact-int8"]):
        assert docpipe("clean", "scans/a.png", "-o", f"{out}.png", *options).exit_code == ExitCode.OK
    of_default, named, of_twin = (Path(f"{out}.png").read_bytes() for out in ("default", "named", "twin"))
    assert of_default == named != of_twin


def test_colour_is_given_back_where_asked(folder):
    with Image.open("scans/a.png") as gray:
        gray.convert("RGB").save("scans/a.png")
    docpipe("clean", "scans/a.png", "-o", "gray.png")
    docpipe("clean", "scans/a.png", "-o", "colour.png", "--colour", "keep")
    with Image.open("gray.png") as gray, Image.open("colour.png") as colour:
        assert (gray.mode, colour.mode) == ("L", "RGB")


def test_bilevel_pages_stay_so_where_asked(folder, printed):
    noisy = printed()
    noisy[::7, ::5] = 90
    Image.fromarray(noisy).point([0] * 100 + [255] * 156, "1").save("bits.tif")
    arguments = ["clean", "bits.tif", "--engine", "onnx", "--model", str(write_model(folder / "blur", blur_model()))]
    assert docpipe(*arguments, "-o", "gray.tif").exit_code == ExitCode.OK
    assert docpipe(*arguments, "-o", "bilevel.tif", "--bilevel").exit_code == ExitCode.OK
    with Image.open("gray.tif") as gray, Image.open("bilevel.tif") as bilevel:
        assert (gray.mode, bilevel.mode) == ("L", "1")


def test_a_pdf_with_text_is_refused_unless_it_may_be_rasterised(folder):
    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, StreamObject

    writer = PdfWriter()
    page = writer.add_blank_page(200, 100)
    font = {NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica")}  # fmt: skip
    fonts = DictionaryObject({NameObject("/F"): DictionaryObject(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    words = StreamObject()
    words.set_data(b"BT /F 12 Tf 20 50 Td (UTOPIA) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(words)
    writer.write("text.pdf")
    refused = docpipe("clean", "text.pdf")
    assert refused.exit_code == ExitCode.BAD_INPUT and "--rasterise" in refused.stderr
    assert docpipe("clean", "text.pdf", "--rasterise").exit_code == ExitCode.OK


def test_the_ledger_lies_where_it_is_asked_to(folder):
    assert docpipe("clean", "scans", "--ledger", "books/ledger.sqlite").exit_code == ExitCode.OK
    assert Path("books/ledger.sqlite").exists() and not list(Path("scans-cleaned").glob(".docpipe*"))


def test_verify_hashes_and_force_cleans_again(folder):
    docpipe("clean", "scans")
    path = Path("scans/a.png")
    status, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "2 scans done before" in docpipe("clean", "scans").stderr
    assert "1 scan done before" in docpipe("clean", "scans", "--verify").stderr
    assert "done before" not in docpipe("clean", "scans", "--force").stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_so_many_files_are_in_work_at_once_as_asked(folder, monkeypatch, jobs):
    from docpipe.clean import Batch

    seen = []
    real = Batch.__init__
    monkeypatch.setattr(Batch, "__init__", lambda batch, *args: seen.append(args[2].jobs) or real(batch, *args))
    docpipe("clean", "scans", "--jobs", str(jobs))
    assert seen == [jobs]


def test_an_interrupt_before_the_first_scan_is_exit_code_130(folder, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("docpipe.clean.plan_jobs", interrupted)
    assert docpipe("clean", "scans").exit_code == ExitCode.INTERRUPTED


def _no_reader():
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb")


def _full_disk():
    return Path("/dev/full").open("wb")


@pytest.mark.parametrize(
    ("stdout", "exit_code", "says"),
    [
        (_no_reader, ExitCode.READER_GONE, []),
        (_full_disk, ExitCode.BAD_INPUT, ["error: standard output cannot be written: "]),
    ],
)
def test_where_nothing_can_be_printed_files_in_work_are_finished_and_the_exit_code_says_so(
    folder, stdout, exit_code, says
):
    command = [sys.executable, "-m", "docpipe", "clean", "scans", "--json", "--jobs", "1", "--engine", "division"]
    with stdout() as out:
        ended = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == exit_code
    assert all(map(str.startswith, ended.stderr.splitlines(), says)) and bool(ended.stderr) == bool(says)
    assert {path.name for path in Path("scans-cleaned").glob("[!.]*")} >= {"a.png"}
    again = docpipe("clean", "scans", "--engine", "division")
    assert again.exit_code == ExitCode.OK and "done before" in again.stderr


def test_larger_pages_than_allowed_are_refused(folder):
    ended = docpipe("clean", "scans", "--max-pixels", "1000")
    assert ended.exit_code == ExitCode.SOME_PAGES_FAILED and ended.stderr.count("--max-pixels") >= 2


def test_help_has_examples_and_loads_nothing_heavy():
    for arguments in (["--help"], ["clean", "--help"], ["doctor", "--help"]):
        ended = docpipe(*arguments)
        assert ended.exit_code == ExitCode.OK and "\n  docpipe " in ended.stdout
    code = "import sys, docpipe.cli; print({'cv2', 'numpy', 'onnxruntime', 'PIL', 'rich', 'torch'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_cleaning_with_the_division_engine_beside_no_terminal_loads_no_network_runtime_and_no_bar(folder):
    arguments = ["clean", "scans", "--engine", "division"]
    code = f"import sys; from docpipe.cli import main; main({arguments}, standalone_mode=False)\n"
    heavy = {"onnxruntime", "torch", "pypdf", "rich"}
    check = f"try:\n {code}except SystemExit: pass\nprint({heavy} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=folder, check=True)
    assert ended.stdout.strip() == "set()" and "2 pages cleaned" in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal that a program may make")
@pytest.mark.parametrize("quiet", [False, True])
def test_on_a_terminal_a_bar_shows_how_far_it_is_and_errors_stand_above_it(folder, quiet):
    Path("scans/c.png").write_bytes(b"no picture")
    terminal, inner = os.openpty()
    arguments = ["clean", "scans", "--engine", "division", *(["--quiet"] if quiet else [])]
    command = [sys.executable, "-m", "docpipe", *arguments]
    batch = subprocess.Popen(command, stderr=inner, env=os.environ | {"TERM": "xterm", "COLUMNS": "100"})
    os.close(inner)
    said = b""
    with contextlib.suppress(OSError):  # what reading says once the other end is closed
        while some := os.read(terminal, 65536):
            said += some
    os.close(terminal)
    assert batch.wait(60) == ExitCode.SOME_PAGES_FAILED
    assert b"error: scans/c.png" in said and (b"3/3" in said) is not quiet


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_scans_in_work_and_says_how_to_go_on(folder, number):
    scan = Path("scans/a.png").read_bytes()
    for i in range(300):
        (folder / "scans" / f"{i:03}.png").write_bytes(scan)
    command = [sys.executable, "-m", "docpipe", "clean", "scans", "--jobs", "1"]
    batch = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while len(list(folder.glob("scans-cleaned/[!.]*"))) < 3 and batch.poll() is None:
        time.sleep(0.005)
    batch.send_signal(number)
    _, said = batch.communicate(timeout=60)
    assert batch.returncode == ExitCode.INTERRUPTED, said
    assert "the same command goes on from here" in said and "Traceback" not in said
    done = len(list(folder.glob("scans-cleaned/[!.]*")))
    assert 3 <= done < 302 and not list(folder.rglob("*.part"))
    ended = docpipe("clean", "scans", "--dry-run")
    assert f"{302 - done} of 302 scans to clean" in ended.stderr


def test_doctor_says_what_works_and_what_is_missing(monkeypatch, tmp_path):
    ended = docpipe("doctor")
    assert ended.exit_code == ExitCode.OK
    assert "division" in ended.stdout and "onnx" in ended.stdout and "dev" in ended.stdout
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt install tesseract-ocr" in docpipe("doctor").stdout
    findings = json.loads(docpipe("doctor", "--json").stdout)
    assert {"topic", "name", "state", "detail", "hint"} == set(findings[0])


def test_a_missing_extra_is_exit_code_4_with_the_line_that_brings_it(monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.startswith(("docpipe.synth", "docpipe.cards", "faker"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "faker", None)
    ended = docpipe("synth", "--cards", "1", "--workers", "1", "-o", str(tmp_path / "cards"))
    assert ended.exit_code == ExitCode.MISSING_TOOL and "docpipe-ocr[synth]" in ended.stderr


def test_doctor_notices_what_is_broken(monkeypatch):
    monkeypatch.setitem(sys.modules, "docpipe.restore.onnx_engine", None)
    ended = docpipe("doctor")
    assert ended.exit_code == ExitCode.MISSING_TOOL and "!!  onnx" in ended.stdout


def test_doctor_notices_an_openvino_that_does_not_load(monkeypatch):
    pytest.importorskip("openvino", reason="OpenVINO is not installed (pip install 'docpipe-ocr[openvino]')")
    assert "runs compact" in _openvino_line()
    monkeypatch.delitem(sys.modules, "docpipe.restore.openvino_engine", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert "--  openvino" in _openvino_line() and "does not load" in _openvino_line()


def _openvino_line():
    ended = docpipe("doctor")
    assert ended.exit_code == ExitCode.OK
    return next(line for line in ended.stdout.splitlines() if " openvino " in line)


def test_nothing_asks_for_the_network(folder):
    code = (
        "import socket, sys\n"
        "def blocked(*args, **kwargs): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = socket.socket.sendto = socket.getaddrinfo = blocked\n"
        "from docpipe.cli import main; main()"
    )
    for arguments in (["clean", "scans"], ["doctor"]):
        ended = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True)
        assert ended.returncode == ExitCode.OK, ended.stderr


def test_the_environment_is_as_it_was_after_a_batch(folder):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    docpipe("clean", "scans")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
