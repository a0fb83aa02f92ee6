"""A sample of a batch, to be looked at or evaluated without the rest of it."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from docpipe.clean.discover import Job
from docpipe.clean.files import read_whole
from docpipe.errors import InputError


def draw_sample(jobs: Sequence[Job], count: int, seed: int) -> list[Job]:
    """At most `count` of the jobs, in their order; the same jobs and seed give the same sample."""
    drawn = random.Random(seed).sample(range(len(jobs)), min(count, len(jobs)))  # noqa: S311 (nothing to keep secret)
    return [jobs[index] for index in sorted(drawn)]


def copy_sample(jobs: Mapping[str, Job], folder: Path) -> tuple[Path, Path, list[str]]:
    """Copy scans and their outputs under other names.

    A scan that can no longer be read, or whose output cannot, is left out of both: an inbox is emptied while a batch
    is at work.

    Args:
        jobs: new name, without its ending -> a job whose output is there.
        folder: gets `raw/` and `cleaned/`, the same names in both.

    Returns:
        The two folders, and the new names of the scans that were left out.

    Raises:
        StorageError: the place of one went away.
    """
    raw, cleaned = folder / "raw", folder / "cleaned"
    for part in (raw, cleaned):
        part.mkdir(parents=True)
    left_out = []
    for name, job in jobs.items():
        try:
            scan, output = read_whole(job.source)[0], read_whole(job.output)[0]
        except InputError:
            left_out.append(name)
            continue
        ending = PurePosixPath(job.source.name).suffix
        (raw / f"{name}{ending}").write_bytes(scan)
        (cleaned / f"{name}{ending}").write_bytes(output)
    return raw, cleaned, left_out
