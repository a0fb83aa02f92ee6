"""Files of one JSON object a line. What a line holds may be personal data: errors name it and never show it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from docpipe.errors import InputError

T = TypeVar("T")


def read_records(path: Path, make: Callable[[Any], T], *, of: str, needs: str) -> list[T]:
    """Make something of every line.

    Args:
        path: the file.
        make: turns the object of one line into what is wanted; a KeyError, TypeError, AttributeError or ValueError
            of its own says that the line does not hold what it should.
        of: what a line is a record of, for messages.
        needs: what such a record holds, for messages.

    Raises:
        InputError: the file cannot be read, is empty, or a line is no such record.
    """
    hint = f"a line needs {needs}, as `docpipe synth` writes it"
    try:
        with path.open(encoding="utf-8") as file:
            lines = list(file)
    except (OSError, UnicodeDecodeError) as unreadable:
        raise InputError(f"{path} cannot be read", hint) from unreadable
    made = []
    for number, line in enumerate(lines, start=1):
        try:
            made.append(make(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError):
            # Not chained: the cause would show the line.
            raise InputError(f"{path}: line {number} is no record of {of}", hint) from None
    if not made:
        raise InputError(f"{path} names no card", hint)
    return made
