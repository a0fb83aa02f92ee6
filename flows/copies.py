"""Copies of scans on this machine for as long as a run needs them, and no longer than until the next run."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from flows.discretion import for_this_user

PREFIX, LOCK_NAME = "copies-", "copies.lock"


@contextmanager
def folder_for_copies(private: Path) -> Iterator[Path]:
    """An empty folder in the private folder, for this user alone (mode 0700), which is gone at the end.

    Of a run that was killed it is left; `remove_left_copies` takes it away, here too.
    """
    remove_left_copies(private)
    with _lock(private) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with TemporaryDirectory(prefix=PREFIX, dir=private) as folder:
            yield Path(folder)


def remove_left_copies(private: Path) -> None:
    """Take away what killed runs left in the private folder; nothing is done while another run has copies there."""
    with _lock(private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # who has copies holds the lock, and a kill gives it up
            return
        for left in private.glob(f"{PREFIX}*/"):
            shutil.rmtree(left)


def _lock(private: Path) -> BinaryIO:
    return open(private / LOCK_NAME, "a+b", opener=for_this_user)
