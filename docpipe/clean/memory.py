"""Memory: a budget, so that only so many pixels are in work at once, and what was freed is kept for the next page."""

import ctypes
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from docpipe.imageio import PageHeader

# Enough for two gray A3 pages at 600 dpi. What a network needs for its tiles comes on top: about as much for pages as
# large as these, some 150 MB a page for smaller ones.
MEMORY_IN_WORK = 1_200_000_000
# Bytes a pixel while a page is read, restored and written, by (16 bit, colour); measured on pages of 70 megapixels.
_BYTES_A_PIXEL = {(False, False): 8, (False, True): 12, (True, False): 14, (True, True): 24}

# Options of mallopt(3), by their numbers in malloc.h of glibc, and what they are set to.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_AT_MOST = 256 << 20
_LARGEST_KEPT = 32 << 20    # the most that glibc takes


def keep_freed_memory() -> None:
    """Let this process keep the memory that a page has freed, up to 256 MiB, for the next one; before it makes threads.

    By default glibc gives such blocks back to the system, which clears them anew for every page. Blocks of 32 MiB and
    more, which only large pages have, still go back. Each thread keeps its own, which the cache of its core still has.
    For a process that cleans page after page, not for a library, since it changes the whole process. Without glibc
    nothing is changed. Source: mallopt(3).
    """
    if platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    for option, value in ((_TRIM_THRESHOLD, _KEPT_AT_MOST), (_MMAP_THRESHOLD, _LARGEST_KEPT)):
        mallopt(option, value)


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
