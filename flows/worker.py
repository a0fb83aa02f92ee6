"""What a worker does, in a thread, a process, or on another machine: plain functions that are sent by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from prefect import State

from docpipe.clean import (
    MEMORY_IN_WORK,
    FileReport,
    MemoryBudget,
    PageOptions,
    Work,
    clean_chunk,
    keep_freed_memory,
    settings_of,
)
from docpipe.errors import StorageError
from docpipe.restore import Restorer, ready_restorer
from flows.discretion import discreet_worker
from flows.parameters import Device


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker needs to know besides the scans; the model is a folder that every worker reaches."""

    engine: str
    model: Path | None
    device: Device
    options: PageOptions


def settings_of_worker(setup: Setup) -> str:
    """What a worker's outputs depend on; asked of a worker because it may have another device than this machine."""
    with discreet_worker():
        return settings_of(_restorer(setup), setup.options)


def clean_on_worker(chunk: Sequence[Work], setup: Setup) -> list[FileReport]:
    """Paths go in and rows come back; pixels stay on the worker."""
    with discreet_worker():
        return clean_chunk(chunk, _restorer(setup), setup.options, _BUDGET)


def may_pass_later(_task: Any, _run: Any, state: State[Any]) -> bool:
    """A place that went away may come back. A bad page stays bad, and comes back as a row in any case."""
    return isinstance(state.result(raise_on_failure=False), StorageError)


@lru_cache(maxsize=2)
def _restorer(setup: Setup) -> Restorer:
    """One for all tasks of this process. Several tasks run at once, so each page is left one thread."""
    keep_freed_memory()
    return ready_restorer(setup.engine, model=setup.model, device=setup.device, threads=1)


_BUDGET = MemoryBudget(MEMORY_IN_WORK)
