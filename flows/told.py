"""What Prefect is told while a flow runs and when it ends: counts, ids, links and states."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect import State
from prefect.artifacts import (
    create_link_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.states import Completed

SECONDS_BETWEEN = 5.0
IDS_IN_MESSAGE = 20


class Progress:
    """A progress bar in the UI. Each move is a call to the server, so it moves every few seconds at most.

    Args:
        key: of the artifact: lower case, digits and dashes.
        total: things to do.
        doing: what is shown beside the bar.
    """

    def __init__(self, key: str, total: int, doing: str) -> None:
        self._total = max(total, 1)
        self._told_at = time.monotonic()
        self._id: Any = create_progress_artifact(0.0, key=key, description=doing)

    def tell(self, done: int) -> None:
        """So many are done by now."""
        now = time.monotonic()
        if now - self._told_at >= SECONDS_BETWEEN or done >= self._total:
            update_progress_artifact(self._id, progress=100 * min(done / self._total, 1))
            self._told_at = now


def tell_table(key: str, rows: Sequence[Mapping[str, Any]], about: str) -> None:
    """A table in the UI."""
    create_table_artifact([dict(row) for row in rows], key=key, description=about)


def ended(message: str, failed: Sequence[str] = (), data: Any = None) -> State[Any]:
    """Completed; under the name CompletedWithErrors, with the ids of the scans that failed, where some did."""
    if not failed:
        return Completed(message=message, data=data)
    ids = ", ".join(failed[:IDS_IN_MESSAGE])
    more = f" and {len(failed) - IDS_IN_MESSAGE} more" if len(failed) > IDS_IN_MESSAGE else ""
    return Completed(name="CompletedWithErrors", message=f"{message}, {len(failed)} failed: {ids}{more}", data=data)


def tell_link(key: str, path: Path, about: str) -> None:
    """A link to a file of this machine in the UI."""
    create_link_artifact(path.resolve().as_uri(), key=key, link_text=path.name, description=about)
