"""A budget of pixels: however many threads there are, only so many pixels are in memory at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """Threads hold pixels while they work on a page; who finds none left waits.

    A page larger than the whole budget is let in when nobody else holds any.

    Args:
        pixels: the budget; a page in work needs about ten bytes for each of its pixels.
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self._held = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Wait until `pixels` fit in, and give them back at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._held == 0 or self._held + pixels <= self._pixels)
            self._held += pixels
        try:
            yield
        finally:
            with self._changed:
                self._held -= pixels
                self._changed.notify_all()
