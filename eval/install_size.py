"""What `pip install .` brings: every package with its size, into a fresh virtual environment."""

import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import click

from eval.record import keep

PROJECT = Path(__file__).parent.parent


@click.command()
def main() -> None:
    """Install the light package into an empty virtual environment, and print what came."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/pip", "install", "--quiet", str(PROJECT)], check=True)
        (site,) = Path(folder).glob("lib/python*/site-packages")
        sizes = {}
        for package in metadata.distributions(path=[str(site)]):
            files = [site / file for file in package.files or []]
            sizes[f"{package.name} {package.version}"] = sum(file.stat().st_size for file in files if file.is_file())
        total = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
    lines = [f"{size / 1e6:8.1f} MB  {name}" for name, size in sorted(sizes.items(), key=lambda item: -item[1])]
    brings_torch = any(name.startswith("torch") for name in sizes)
    lines += [f"{total / 1e6:8.1f} MB  site-packages in all", f"torch: {'yes' if brings_torch else 'no'}"]
    keep("install_size", lines)


if __name__ == "__main__":
    main()
