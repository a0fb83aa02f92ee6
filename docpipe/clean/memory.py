"""A budget of memory: however many threads there are, only so many pixels are in work at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from docpipe.imageio import PageHeader

# Enough for two gray A3 pages at 600 dpi. What a network needs for its tiles comes on top: about as much for pages as
# large as these, some 150 MB a page for smaller ones.
MEMORY_IN_WORK = 1_200_000_000
# Bytes a pixel while a page is read, restored and written, by (16 bit, colour); measured on pages of 70 megapixels.
_BYTES_A_PIXEL = {(False, False): 8, (False, True): 12, (True, False): 14, (True, True): 24}


def memory_needed(header: PageHeader) -> int:
    """Bytes that a page takes while it is in work, about."""
    return header.width * header.height * _BYTES_A_PIXEL[header.bits == 16, header.colour]


class MemoryBudget:
    """Threads hold memory while they work on a page; who finds too little left waits.

    A page that needs more than the whole budget is let in when nobody else holds any.

    Args:
        total: bytes.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._held = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, needed: int) -> Iterator[None]:
        """Wait until `needed` bytes fit in, and give them back at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._held == 0 or self._held + needed <= self._total)
            self._held += needed
        try:
            yield
        finally:
            with self._changed:
                self._held -= needed
                self._changed.notify_all()
