"""What is installed, what works, and what is missing for what. Looks only; installs nothing, asks no network."""

import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from docpipe.errors import DocpipeError, ModelError

State = Literal["ok", "missing", "broken"]
_DISTRIBUTION = "docpipe-ocr"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        topic: the group it is shown under.
        name: what was looked at.
        state: "ok", "missing" (something optional) or "broken" (cleaning needs it).
        detail: version, or what is wrong.
        hint: the command that mends it; empty where there is nothing to mend.
    """

    topic: str
    name: str
    state: State
    detail: str
    hint: str = ""


def examine() -> list[Finding]:
    """Look at everything docpipe can use."""
    return [*_basics(), *_engines(), *_tesseract(), *_other_ocr(), *_extras()]


def report(findings: list[Finding]) -> str:
    """The findings as lines for a person."""
    marks = {"ok": "ok", "missing": "--", "broken": "!!"}
    lines = []
    topic = ""
    for finding in findings:
        if finding.topic != topic:
            topic = finding.topic
            lines.append(topic)
        lines.append(f"  {marks[finding.state]}  {finding.name:<24} {finding.detail}")
        if finding.hint:
            lines.append(f"      {'':<24} {finding.hint}")
    return "\n".join(lines)


def _basics() -> Iterator[Finding]:
    yield Finding("docpipe", "docpipe", "ok", metadata.version(_DISTRIBUTION))
    yield Finding("docpipe", "Python", "ok", platform.python_version())
    for name, needed_by in _requirements():
        if not needed_by:
            yield _package("docpipe", name, "broken", "pip install --force-reinstall docpipe-ocr")


def _engines() -> Iterator[Finding]:
    mend = "pip install --force-reinstall docpipe-ocr"
    try:
        from docpipe.restore.division import Division
    except ImportError as error:
        yield Finding("engines", "division", "broken", str(error), mend)
    else:
        yield Finding("engines", "division", "ok", Division().fingerprint)
    try:
        from docpipe.restore import SHIPPED_MODEL
        from docpipe.restore.onnx_engine import OnnxEngine, usable_devices

        shipped = OnnxEngine(SHIPPED_MODEL, device="cpu").card.fingerprint
    except (ImportError, ModelError) as error:
        yield Finding("engines", "onnx", "broken", str(error), mend)
    else:
        yield Finding("engines", "onnx", "ok", f"runs {shipped} on {', '.join(usable_devices())}")
    yield _openvino()


def _openvino() -> Finding:
    found = _package("engines", "openvino", "missing", f"pip install '{_DISTRIBUTION}[openvino]'")
    if found.state != "ok":
        return found
    try:
        from docpipe.restore import SHIPPED_MODEL
        from docpipe.restore.openvino_engine import OpenvinoEngine

        shipped = OpenvinoEngine(SHIPPED_MODEL, threads=1).card.fingerprint
    except (ImportError, DocpipeError) as error:
        return Finding("engines", "openvino", "missing", str(error), "pip install --force-reinstall openvino")
    return Finding("engines", "openvino", "ok", f"{found.detail}, runs {shipped} on cpu")


def _tesseract() -> Iterator[Finding]:
    program = shutil.which("tesseract")
    if program is None:
        hint = "apt install tesseract-ocr"
        yield Finding("OCR", "tesseract", "missing", "cleaning does without; evaluation needs it", hint)
        return
    version = _output([program, "--version"]).split("\n")[0].removeprefix("tesseract ")
    yield Finding("OCR", "tesseract", "ok", f"{version} ({program})")
    languages = sorted(set(_output([program, "--list-langs"]).split("\n")[1:]) - {"osd", ""})
    if languages:
        yield Finding("OCR", "languages", "ok", ", ".join(languages))
    else:
        yield Finding("OCR", "languages", "missing", "none", "apt install tesseract-ocr-eng")


def _other_ocr() -> Iterator[Finding]:
    yield _package("OCR", "tesserocr", "missing", f"pip install '{_DISTRIBUTION}[eval]'")          # reads faster
    yield _package("OCR", "rapidocr", "missing", f"pip install '{_DISTRIBUTION}[rapidocr]'")       # reads otherwise


def _extras() -> Iterator[Finding]:
    extras: dict[str, list[str]] = {}
    for name, extra in _requirements():
        if extra:
            extras.setdefault(extra, []).append(name)
    for extra, names in extras.items():
        missing = [name for name in names if _version(name) is None]
        hint = f"pip install '{_DISTRIBUTION}[{extra}]'" if missing else ""
        detail = f"lacks {', '.join(missing)}" if missing else f"{len(names)} packages"
        yield Finding("extras", extra, "missing" if missing else "ok", detail, hint)


def _requirements() -> Iterator[tuple[str, str]]:
    """(package, extra that asks for it or "") from the installed metadata (core metadata, Requires-Dist)."""
    for line in metadata.requires(_DISTRIBUTION) or []:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", line)
        assert name is not None, line
        yield name[0], extra[1] if extra else ""


def _package(topic: str, name: str, if_missing: State, hint: str) -> Finding:
    version = _version(name)
    if version is None:
        return Finding(topic, name, if_missing, "not installed", hint)
    return Finding(topic, name, "ok", version)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _output(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return (ended.stdout or ended.stderr).strip()
