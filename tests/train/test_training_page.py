"""The page on training: its table of keys is what the code says, and its commands are ones that the code takes."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from docpipe.cli import main
from docpipe.errors import ExitCode
from docpipe.models import CRITICS, GENERATORS
from docpipe.train.config import TrainConfig, values_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "training.md"
NETWORKS = {"network": GENERATORS, "critic": CRITICS}
KEYS = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- end of keys -->)", re.DOTALL)


def meanings():
    """What the docstring of TrainConfig says of each key."""
    arguments = TrainConfig.__doc__.split("Args:\n")[1].split("\n\n")[0]
    entries = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", arguments, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def table():
    said = meanings()
    lines = ["| key | default | may be | meaning |", "| --- | --- | --- | --- |"]
    for field in fields(TrainConfig):
        default = "needed" if field.default is MISSING else f"`{as_toml(field.default)}`"
        may_be = f"one of {', '.join(NETWORKS[field.name])}" if field.name in NETWORKS else values_of(field.name)
        lines.append(f"| `{field.name}` | {default} | {may_be} | {said[field.name]} |")
    return "\n".join(lines) + "\n"


def as_toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return str(list(value)) if isinstance(value, tuple) else str(value)


def commands():
    """Every line of the page's code blocks, its comment taken off and its continuation put on."""
    blocks = re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def docpipe_commands():
    """What comes after `docpipe`, also where torchrun starts it."""
    begun = [words[words.index("docpipe") + 1 :] for words in commands() if "docpipe" in words]
    return [pytest.param(words, id=" ".join(words)) for words in begun]


def options_of(command):
    return {option for parameter in command.params for option in parameter.opts}


def test_every_key_stands_in_the_table_as_the_code_has_it():
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(KEYS.sub(lambda _: table(), PAGE.read_text()))
    assert KEYS.search(PAGE.read_text()).group() == table(), "UPDATE_DOCS=1 pytest tests/train/test_training_page.py"
    assert list(meanings()) == [field.name for field in fields(TrainConfig)]


@pytest.mark.parametrize("words", docpipe_commands())
def test_every_command_of_the_page_is_one(words, monkeypatch):
    monkeypatch.chdir(ROOT)
    command = main.commands[words[0]]
    if words[0] in ("models", "patterns"):
        command = command.commands[words[1]]
    assert {word for word in words if word.startswith("-")} <= options_of(command)
    if words[0] == "train" and "--resume" not in words:
        dry = words if "--dry-run" in words else [*words, "--dry-run"]
        ended = CliRunner().invoke(main, dry)
        assert ended.stdout.startswith("{"), ended.output
        assert ended.exit_code != ExitCode.USAGE or "nor a file" in ended.stderr, "its inputs alone may be missing"


def test_torchrun_and_the_script_for_a_gpu_take_the_options_of_the_page():
    starts = [words for words in commands() if words[0] == "torchrun"]
    scripts = [words for words in commands() if "eval.train_on_gpu" in words]
    assert len(starts) >= 3 and len(scripts) >= 3
    helps = {name: subprocess.check_output([sys.executable, "-m", name, "--help"], cwd=ROOT, text=True)
             for name in ("torch.distributed.run", "eval.train_on_gpu")}
    for words in starts:
        own = [word for word in words[: words.index("-m")] if word.startswith("--")]
        assert all(word in helps["torch.distributed.run"] for word in own)
    for words in scripts:
        assert all(word in helps["eval.train_on_gpu"] for word in words[3:] if word.startswith("-"))


def test_every_file_that_the_page_links_to_is_there():
    for link in re.findall(r"\]\(([^)#]+)", PAGE.read_text()):
        assert (PAGE.parent / link).exists(), link
