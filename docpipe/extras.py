"""Extras: what an installation may lack, and the line that brings it."""

from collections.abc import Iterator
from contextlib import contextmanager

from docpipe.errors import MissingToolError


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Say which extra is missing where an import fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        hint = f"pip install 'docpipe-ocr[{extra}]'"
        raise MissingToolError(f"this command needs {error.name}, which is not installed", hint) from error
