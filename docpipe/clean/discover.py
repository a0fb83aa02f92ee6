"""Which scans there are, and where each one goes. Nothing is read and nothing is written here."""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docpipe.clean.paths import real_path
from docpipe.errors import InputError, UsageError
from docpipe.imageio import SUFFIXES

LEDGER_NAME = ".docpipe-ledger.sqlite"


@dataclass(frozen=True, slots=True)
class Job:
    """One scan file and its output; `problem` and `hint` where it is clear already that it cannot be read."""

    source: Path
    output: Path
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do.

    Args:
        jobs: in the order in which they are worked on.
        where: the folder or file that the outputs go to, as the closing summary names it.
        ledger: where the ledger lies unless the user says otherwise; None for a single file, which needs none.
        ignored: number of files in the folders whose names are not those of scans.
    """

    jobs: list[Job]
    where: Path
    ledger: Path | None
    ignored: int = 0


def plan_jobs(sources: Sequence[str], out: Path | None = None) -> Plan:
    """Find the scans and decide where their outputs go.

    Folders are searched recursively for names that end like scans. A folder keeps its tree. Several sources
    need `out`; each folder among them then becomes a folder there, each file lies directly in it.

    Args:
        sources: files, folders, and glob patterns (with ** for any depth).
        out: output folder, or output file where the only source is a file; by default `NAME-cleaned`
            beside the source.

    Raises:
        InputError: a source does not exist, or there is no scan in any of them.
        UsageError: the outputs would overwrite inputs or each other.
    """
    found = _expand(sources)
    if len(found) > 1 and out is None:
        raise UsageError(f"{len(found)} sources need a place for their outputs", hint="name a folder with -o")
    is_one_file = len(found) == 1 and not found[0].is_dir()
    plan = _plan_single(found[0], out) if is_one_file else _plan_folders(found, out)
    _refuse_collisions(plan.jobs)
    return plan


def _expand(sources: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        if os.path.lexists(source):
            found.append(Path(source))
        elif matches := sorted(glob.glob(source, recursive=True)):  # noqa: PTH207 (Path.glob takes no absolute patterns)
            found.extend(Path(match) for match in matches)
        else:
            raise InputError(f"there is no {source!r}", hint="check the path; quote patterns for docpipe to expand")
    return list(dict.fromkeys(found))


def _plan_single(source: Path, out: Path | None) -> Plan:
    if out is None:
        output = source.with_name(f"{source.stem}-cleaned{source.suffix}")
    elif out.is_dir() or out.suffix.lower() not in SUFFIXES:
        output = out / source.name
    else:
        output = out
        if SUFFIXES[out.suffix.lower()] != SUFFIXES.get(source.suffix.lower(), SUFFIXES[out.suffix.lower()]):
            raise UsageError(f"{out} would not hold what it says: formats are kept", hint=f"end it in {source.suffix}")
    return Plan([_job(source, output)], output, None)


def _plan_folders(found: list[Path], out: Path | None) -> Plan:
    root = out or found[0].resolve().with_name(f"{found[0].resolve().name}-cleaned")
    if out is None and not found[0].is_absolute():
        root = Path(os.path.relpath(root))
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file", hint="name an output folder with -o")
    if any(root.resolve() == source.resolve() for source in found):
        raise UsageError(f"{root} holds the inputs; inputs are never touched", hint="choose another -o")
    jobs: list[Job] = []
    ignored = 0
    for source in found:
        if not source.is_dir():
            jobs.append(_job(source, root / source.name))
            continue
        branch = root if len(found) == 1 else root / source.resolve().name
        for path in _walk(source, skip=root.resolve()):
            if path.suffix.lower() in SUFFIXES or os.path.isdir(path):  # noqa: PTH112 (may raise)
                jobs.append(_job(path, branch / path.relative_to(source)))
            else:
                ignored += 1
    if not jobs:
        names = ", ".join(str(source) for source in found)
        raise InputError(f"there is no scan in {names}", hint=f"docpipe reads {' '.join(SUFFIXES)}")
    return Plan(jobs, root, root / LEDGER_NAME, ignored)


def _walk(folder: Path, skip: Path, above: tuple[tuple[int, int], ...] = ()) -> Iterator[Path]:
    """Files below `folder`, sorted, links to folders followed unless they lead back up.

    Folders come out only where a scan may be missed: one that may not be listed, and an empty one that is
    named like a scan.
    """
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    here = (status.st_dev, status.st_ino)
    if here in above or folder.resolve() == skip:
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".docpipe-"):
            continue
        if not _is_folder(entry):
            yield path
            continue
        files = list(_walk(path, skip, (*above, here)))
        yield from files
        if not files and path.suffix.lower() in SUFFIXES:
            yield path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into a folder that may not be searched: reported as a file
        return False


def _job(source: Path, output: Path) -> Job:
    problem, hint = _unreadable(source)
    return Job(source, output, problem, hint)


def _unreadable(source: Path) -> tuple[str, str]:
    try:
        mode = source.stat().st_mode
    except FileNotFoundError:
        return "is a link that leads nowhere", "mend or remove the link"
    except OSError as error:
        return f"cannot be reached: {error.strerror}", ""
    if stat.S_ISDIR(mode) and not os.access(source, os.R_OK | os.X_OK):
        return "is a folder that may not be listed", "give the user that runs docpipe the right to"
    if stat.S_ISDIR(mode):
        return "is a folder, not a scan", "rename it, if scans are to be put into it"
    if not stat.S_ISREG(mode):
        return "is not a regular file", "name - to read one scan from standard input"
    return "", ""


def _refuse_collisions(jobs: list[Job]) -> None:
    inputs = {real_path(job.source) for job in jobs}
    inputs |= {Path(os.path.realpath(job.source)) for job in jobs if job.source.is_symlink()}
    taken: dict[Path, Path] = {}
    for job in jobs:
        output = real_path(job.output)
        if output in inputs:
            raise UsageError(f"{job.output} is an input; inputs are never touched", hint="choose another -o")
        if output in taken:
            raise UsageError(
                f"{job.source} and {taken[output]} would both become {job.output}",
                hint="clean them in separate runs, or rename one",
            )
        taken[output] = job.source
