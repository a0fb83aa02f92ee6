"""One run on the GPU at a time, whichever flow it is of."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.concurrency.sync import concurrency

GPU_LIMIT = "docpipe-gpu"


@contextmanager
def gpu_slot(device: str) -> Iterator[None]:
    """Wait until no other run holds the GPU; nothing to wait for on the CPU.

    The limit is made by `prefect gcl create docpipe-gpu --limit 1`; without it there is none. A run that was killed
    holds its place for a minute more.
    """
    if device != "cuda":
        yield
        return
    with concurrency(GPU_LIMIT, occupy=1, lease_duration=60):
        yield
