"""Which patterns of noise a run learnt from: they may come from scans that nobody else has, and a library grows."""

import hashlib
import json
from pathlib import Path
from typing import Any

from docpipe.noise.paste import Paste
from docpipe.noise.patterns import load_patterns
from docpipe.noise.recipe import load_training_recipe

PATTERNS = "patterns.json"


def patterns_of(recipe: str) -> list[dict[str, Any]]:
    """What the libraries hold by now that a recipe pastes from when something learns from it.

    Returns:
        For each library its name, the number of its patterns that may be learnt from, the SHA-256 of what the index
        says of them, their pixels included, and their origins and licences.

    Raises:
        InputError: there is no such recipe, or no such library.
    """
    pasting = [step.noise for step in load_training_recipe(recipe).steps if isinstance(step.noise, Paste)]
    return [_told(library) for library in dict.fromkeys(library for noise in pasting for library in noise.library)]


def note_patterns(run: Path, recipe: str) -> None:
    """Write down what a run learns from as it starts or goes on; what it learnt from before stays written."""
    noted = noted_patterns(run)
    noted += [told for told in patterns_of(recipe) if told not in noted]
    (run / PATTERNS).write_text(json.dumps(noted, indent=1) + "\n")


def noted_patterns(run: Path) -> list[dict[str, Any]]:
    """What was written down of a run; nothing where it is older than this file."""
    path = run / PATTERNS
    noted: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return noted


def _told(library: str) -> dict[str, Any]:
    entries = [entry for entry in load_patterns(library).entries if entry.split == "train"]
    return {
        "library": Path(library).name,
        "patterns": len(entries),
        "sha256": hashlib.sha256(repr(entries).encode()).hexdigest(),
        "origin": sorted({entry.origin for entry in entries}),
        "licence": sorted({entry.licence for entry in entries}),
    }
