"""The light package as a user gets it: built, installed into an empty environment, run from another folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The `bin` folder of a virtual environment that holds the wheel and what it asks for, no more."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".venv", ".git", "*cache*", "scans-cleaned")
    shutil.copytree(PROJECT, source, ignore=ignored)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [folder / "venv" / "bin" / "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", wheel], check=True)
    shutil.rmtree(source)
    return folder / "venv" / "bin"


@pytest.mark.slow
def test_the_wheel_cleans_from_any_folder_without_torch(installed, tmp_path):
    shutil.copytree(PROJECT / "examples" / "scans", tmp_path / "scans")
    cleaned = subprocess.run([installed / "docpipe", "clean", "scans"], cwd=tmp_path, capture_output=True, text=True)
    assert cleaned.returncode == 0, cleaned.stderr
    assert "14 pages cleaned" in cleaned.stderr and "-> scans-cleaned" in cleaned.stderr
    asked = [path.relative_to(tmp_path / "scans") for path in (tmp_path / "scans").rglob("*.*")]
    assert asked and all((tmp_path / "scans-cleaned" / path).exists() for path in asked)
    packages = subprocess.check_output([installed / "pip", "list"], text=True).lower()
    assert "docpipe-ocr" in packages and "torch" not in packages and "prefect" not in packages


@pytest.mark.slow
def test_the_wheel_knows_its_version_and_what_is_missing(installed, tmp_path):
    version = subprocess.check_output([installed / "docpipe", "--version"], cwd=tmp_path, text=True)
    assert version.startswith("docpipe, version ")
    doctor = subprocess.run([installed / "docpipe", "doctor"], cwd=tmp_path, capture_output=True, text=True)
    assert doctor.returncode == 0 and "pip install 'docpipe-ocr[dev]'" in doctor.stdout


@pytest.mark.slow
def test_the_wheel_brings_the_starter_patterns(installed, tmp_path):
    listed = subprocess.run([installed / "docpipe", "patterns", "list"], cwd=tmp_path, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) >= 200
