"""Bad scans among good ones: the good ones are cleaned, each bad one is named, nothing is lost, no traceback."""

import ctypes
import errno
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from docpipe.errors import ExitCode

GOOD = ("good.png", "deep/with space.jpg", "new\nline.png", "Ünïcödé – 身分証.png", "-o.png")


def command(*arguments, before=""):
    """The command in a process of its own; `before` is Python that runs first, to inject a fault."""
    code = f"import sys\n{before}\nfrom docpipe.cli import main\nmain()"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120)


def promise_of_pixels(width, height):
    """A PNG of a few bytes whose header promises a huge page."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.fixture
def scans(tmp_path, monkeypatch, printed):
    monkeypatch.chdir(tmp_path)
    scans = tmp_path / "scans"
    for name in GOOD:
        (scans / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(printed(paper=180)).save(scans / name)
    return scans


def test_each_bad_scan_is_named_and_the_good_ones_are_cleaned(scans):
    jpeg = (scans / "deep/with space.jpg").read_bytes()
    (scans / "truncated.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (scans / "empty.png").touch()
    (scans / "text.png").write_text("good morning")
    (scans / "dangling.png").symlink_to("nowhere.png")
    (scans / "self.png").symlink_to("self.png")
    (scans / "x.png").mkdir()
    (scans / "huge.png").write_bytes(promise_of_pixels(60_000, 60_000))
    (scans / "eio.png").write_bytes((scans / "good.png").read_bytes())
    fault = (
        "import errno, os, pathlib\n"
        "real = pathlib.Path.open\n"
        "def open_(path, *args, **kwargs):\n"
        "    if path.name == 'eio.png': raise OSError(errno.EIO, os.strerror(errno.EIO))\n"
        "    return real(path, *args, **kwargs)\n"
        "pathlib.Path.open = open_"
    )
    ended = command("clean", "scans", before=fault)
    assert ended.returncode == ExitCode.SOME_PAGES_FAILED and "Traceback" not in ended.stderr
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    named = dict(line.removeprefix("error: scans/").split(": ", 1) for line in errors)
    bad = ("dangling.png", "eio.png", "empty.png", "huge.png", "self.png", "text.png", "truncated.jpg", "x.png")
    assert sorted(named) == list(bad)
    assert "60000 x 60000" in named["huge.png"].replace(",", "").replace("_", "")
    assert "Input/output error" in named["eio.png"] and "empty" in named["empty.png"]
    cleaned = {str(path.relative_to("scans-cleaned")) for path in Path("scans-cleaned").rglob("*") if path.is_file()}
    assert cleaned == {*GOOD, ".docpipe-ledger.sqlite"}


def test_a_name_with_a_newline_is_shown_on_one_line(scans):
    ended = command("clean", "scans", "--verbose")
    assert "scans/new\\nline.png: restored" in ended.stderr


def test_a_page_of_one_pixel_passes_through_untouched(scans):
    Image.new("L", (1, 1), 77).save("dot.png")
    assert command("clean", "dot.png", "-o", "out.png").returncode == ExitCode.OK
    assert Path("out.png").read_bytes() == Path("dot.png").read_bytes()


@pytest.fixture
def mount(tmp_path):
    """Mounts a small file system of its own: `mount("size=64k")`. Only root may do that."""
    libc = ctypes.CDLL(None, use_errno=True)
    place = tmp_path / "place"
    place.mkdir()
    done = []

    def mount_(options, flags=0):
        if libc.mount(b"docpipe", os.fsencode(place), b"tmpfs", flags, options.encode()) != 0:
            if ctypes.get_errno() in (errno.EPERM, errno.EACCES):
                pytest.skip("only root may mount a file system")
            raise OSError(ctypes.get_errno(), "mount")
        done.append(place)
        return place

    yield mount_
    for mounted in done:
        assert libc.umount2(os.fsencode(mounted), 2) == 0


def inputs(scans):
    return {path: path.read_bytes() for path in scans.rglob("*") if path.is_file()}


def test_a_full_disk_ends_with_one_clear_line_and_loses_nothing(scans, mount):
    before = inputs(scans)
    for i in range(40):
        shutil.copy(scans / "good.png", scans / f"{i:02}.png")
    place = mount("size=256k")
    ended = command("clean", "scans", "-o", str(place / "out"))
    assert ended.returncode == ExitCode.BAD_INPUT and "Traceback" not in ended.stderr
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and ("No space left" in errors[0] or "full" in errors[0])
    assert inputs(scans).items() >= before.items()
    for path in place.rglob("*.png"):
        Image.open(path).load()  # what is there is whole
    assert not list(place.rglob("*.part"))


def test_a_full_disk_leaves_the_target_of_a_pipe_as_it_was(scans, mount):
    place = mount("size=64k")
    (place / "old.png").write_bytes(b"o" * 20_000)
    code = "from docpipe.cli import main; main()"
    big = scans / "big.png"
    with Image.open(scans / "good.png") as page:
        page.resize((1600, 900)).save(big)
    with big.open("rb") as stdin:
        ended = subprocess.run(
            [sys.executable, "-c", code, "clean", "-", "-o", str(place / "old.png")], stdin=stdin, capture_output=True
        )
    assert ended.returncode == ExitCode.BAD_INPUT and b"No space left" in ended.stderr
    assert (place / "old.png").read_bytes() == b"o" * 20_000 and len(list(place.iterdir())) == 1


def test_a_read_only_place_ends_with_one_clear_line(scans, mount):
    read_only = 1
    place = mount("size=64k", read_only)
    ended = command("clean", "scans", "-o", str(place / "out"))
    assert ended.returncode == ExitCode.BAD_INPUT and "Traceback" not in ended.stderr
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and "Read-only file system" in errors[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_without_the_right_to_write_ends_with_one_clear_line(scans, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    ended = command("clean", "scans", "-o", str(tmp_path / "locked" / "out"))
    assert ended.returncode == ExitCode.BAD_INPUT and ended.stderr.count("error: ") == 1


def test_a_bug_shows_its_traceback_and_is_exit_code_1(scans):
    fault = "import docpipe.restore.onnx_engine as o; o.OnnxEngine.restore = lambda *_: 1 / 0"
    ended = command("clean", "scans", before=fault)
    assert ended.returncode == ExitCode.BUG and "ZeroDivisionError" in ended.stderr
