"""Raw scans: what they are known by without their names, which often are numbers of documents, and their pages."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from docpipe.errors import InputError

ID_DIGITS = 12                   # 48 bits: among a million scans a chance of one in 500 that two ids are alike
UNREAD = "unread"


def ids_of(folder: Path, files: Sequence[str]) -> dict[str, str]:
    """An id for every scan, by its name: the same wherever the same scans are judged.

    It comes from what the scan holds and not from its name, for a name could be guessed and tried.

    Args:
        folder: of the raw scans.
        files: names of the scans below it, each once.

    Returns:
        Name -> the first `ID_DIGITS` hexadecimal digits of the SHA-256 of the file, with "-2" and so on behind it where
        an earlier one holds the same bytes. Scans that cannot be read are "unread", "unread-2" and so on.
    """
    ids: dict[str, str] = {}
    met: Counter[str] = Counter()
    for file in files:
        known_by = _digits(folder / file)
        met[known_by] += 1
        ids[file] = known_by if met[known_by] == 1 else f"{known_by}-{met[known_by]}"
    return ids


def pages_of(scan: Path) -> int:
    """How many pages a scan has; 1 where it cannot be opened."""
    from docpipe.imageio import open_scan  # late: it loads OpenCV

    try:
        with open_scan(scan.read_bytes()) as opened:
            return opened.page_count
    except (OSError, InputError):
        return 1


def _digits(scan: Path) -> str:
    try:
        with scan.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()[:ID_DIGITS]
    except OSError:
        return UNREAD
