"""The one door to decoders: whatever damaged data makes them raise leaves as an InputError."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from docpipe.errors import DocpipeError, InputError
from docpipe.imageio.formats import Format

_HINT = "scan or copy it again"


class UnreadableError(Exception):
    """A file or page is not usable.

    Args:
        what: words that follow the name of the file or page, as in "is cut short".
        hint: what to try.
    """

    def __init__(self, what: str, hint: str = _HINT) -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint


def name_of(index: int, page_count: int, file_format: Format) -> str:
    """What messages call a page."""
    return f"page {index + 1} of {page_count}" if page_count > 1 else f"the {file_format} file"


@contextmanager
def reading(subject: str) -> Iterator[None]:
    """Turn every exception into an InputError about `subject`.

    Decoders, ours included, meet arbitrary bytes here and may raise anything; no exception type tells damage
    from a bug, so none is let through.

    Args:
        subject: what is read, in words that begin the message: "page 3 of 5", "the PNG file".

    Raises:
        InputError: instead of any other exception.
    """
    try:
        yield
    except DocpipeError:
        raise
    except UnreadableError as error:
        raise InputError(f"{subject} {error.what}", error.hint) from error
    except MemoryError as error:
        raise InputError(f"{subject} does not fit into memory", "lower --max-pixels or add memory") from error
    except Exception as error:
        if isinstance(error, EOFError | struct.error) or "truncated" in str(error).lower():
            raise InputError(f"{subject} is cut short", _HINT) from error
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise InputError(f"{subject} is damaged ({reason})", _HINT) from error
