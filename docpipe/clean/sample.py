"""A sample of a batch, to be looked at or evaluated without the rest of it."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from docpipe.clean.discover import Job
from docpipe.clean.files import read_whole


def draw_sample(jobs: Sequence[Job], count: int, seed: int) -> list[Job]:
    """At most `count` of the jobs, in their order; the same jobs and seed give the same sample."""
    drawn = random.Random(seed).sample(range(len(jobs)), min(count, len(jobs)))  # noqa: S311 (nothing to keep secret)
    return [jobs[index] for index in sorted(drawn)]


def copy_sample(jobs: Mapping[str, Job], folder: Path) -> tuple[Path, Path]:
    """Copy scans and their outputs under other names.

    Args:
        jobs: new name, without its ending -> a job whose output is there.
        folder: gets `raw/` and `cleaned/`, the same names in both.

    Returns:
        The two folders.

    Raises:
        InputError: a scan or an output cannot be read.
        StorageError: the place of one went away.
    """
    raw, cleaned = folder / "raw", folder / "cleaned"
    for part in (raw, cleaned):
        part.mkdir(parents=True)
    for name, job in jobs.items():
        ending = PurePosixPath(job.source.name).suffix
        for place, part in ((job.source, raw), (job.output, cleaned)):
            (part / f"{name}{ending}").write_bytes(read_whole(place)[0])
    return raw, cleaned
