"""Which scans there are, and where each one goes. Nothing is read and nothing is written here."""

import glob
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from docpipe.clean import object_store
from docpipe.clean.paths import Place, Url, real_place, resolve_once, resolved
from docpipe.errors import InputError, UsageError
from docpipe.imageio import SUFFIXES

LEDGER_NAME = ".docpipe-ledger.sqlite"


class NoScansError(InputError):
    """The sources are there, and no scan is in them."""


@dataclass(frozen=True, slots=True)
class Job:
    """One scan file and its output; `problem` and `hint` where it is clear already that it cannot be read."""

    source: Place
    output: Place
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
    where: Place
    ledger: Path | None
    ignored: int = 0

    def shard(self, number: int, of: int) -> "Plan":
        """Shard `number` (from 1) of `of`: every file is in one of them, and stays in it as others come and go.

        Raises:
            ValueError: there is no such shard.
        """
        if not 1 <= number <= of:
            raise ValueError(f"shard is {number} of {of}; it must be from 1 to {of}")
        if of == 1:
            return self
        ledger = self.ledger and self.ledger.with_name(f".docpipe-ledger-{number}-of-{of}.sqlite")
        jobs = [job for job in self.jobs if _hashed(_below(self.where, job.output)) % of == number - 1]
        return replace(self, jobs=jobs, ledger=ledger)


def plan_jobs(sources: Sequence[str], out: Path | None = None) -> Plan:
    """Find the scans and decide where their outputs go.

    Folders are searched recursively for names that end like scans. A folder keeps its tree. Several sources
    need `out`; each folder among them then becomes a folder there, each file lies directly in it.

    Args:
        sources: files, folders, and glob patterns (with ** for any depth).
        out: output folder, or output file where the only source is a file; by default `NAME-cleaned`
            beside the source.

    Raises:
        InputError: a source does not exist.
        NoScansError: there is no scan in any of them.
        UsageError: the outputs would overwrite inputs or each other.
    """
    found = _expand(sources)
    if len(found) > 1 and out is None:
        raise UsageError(f"{len(found)} sources need a place for their outputs", hint="name a folder with -o")
    is_one_file = len(found) == 1 and not found[0].is_dir()
    plan = _plan_single(found[0], out) if is_one_file else _plan_folders(found, out)
    _refuse_collisions(plan.jobs)
    return plan


def plan_places(source: Place, out: Place) -> Plan:
    """As `plan_jobs`, for a folder and its outputs that may both lie on an object store.

    Args:
        source: a folder, or an address such as s3://bucket/inbox.
        out: likewise; not below `source`.

    Raises:
        InputError: the source does not exist, or is no folder.
        NoScansError: there is no scan in it.
        UsageError: the outputs would overwrite inputs or each other.
        StorageError: an object store cannot be reached.
    """
    for place in (source, out):
        if isinstance(place, Url):
            object_store.forget_listings(place)
    if isinstance(out, Url):
        _list(out)  # one question in place of one for every output
    if isinstance(source, Url):
        plan = _plan_store(source, out)
    elif not source.is_dir():
        raise InputError(f"{source} is no folder", "name one that holds scans")
    elif isinstance(out, Url):
        local = plan_jobs([str(source)])
        jobs = [replace(job, output=out / _below(local.where, job.output)) for job in local.jobs]
        plan = replace(local, jobs=jobs, where=out, ledger=None)
    else:
        plan = plan_jobs([str(source)], out)
    return plan


def _plan_store(source: Url, out: Place) -> Plan:
    if isinstance(out, Url) and (out / "").text.startswith((source / "").text):
        raise UsageError(f"{out} lies in {source}: the outputs would be cleaned again", hint="choose another place")
    names = _list(source)
    scans = [name for name in names if PurePosixPath(name).suffix.lower() in SUFFIXES]
    if not scans:
        raise NoScansError(f"there is no scan in {source}", hint=f"docpipe reads {' '.join(SUFFIXES)}")
    jobs = [_store_job(source, out, name) for name in scans]
    _refuse_collisions(jobs)
    ledger = None if isinstance(out, Url) else out / LEDGER_NAME
    return Plan(jobs, out, ledger, ignored=len(names) - len(scans))


def _list(folder: Url) -> list[str]:
    try:
        return object_store.list_files(folder)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}", "check the address and the rights") from error


def _store_job(source: Url, out: Place, name: str) -> Job:
    if set(name.split("/")) & {"", ".", ".."}:  # harmless in an address, but not in a path
        safe = hashlib.sha256(name.encode()).hexdigest()[:16]
        return Job(source / name, out / safe, "has a name that cannot be that of a file", "rename it")
    return Job(source / name, out / name)


def _below(folder: Place, output: Place) -> str:
    if isinstance(output, Url):
        return output.text.removeprefix(str(folder)).lstrip("/")
    assert isinstance(folder, Path)
    return output.relative_to(folder).as_posix()


def _hashed(name: str) -> int:
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8])


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
    if any(resolved(root) == resolved(source) for source in found):
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
        raise NoScansError(f"there is no scan in {names}", hint=f"docpipe reads {' '.join(SUFFIXES)}")
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
    resolve = resolve_once()
    inputs = {real_place(job.source, resolve) for job in jobs}
    links = (job.source for job in jobs if isinstance(job.source, Path) and job.source.is_symlink())
    inputs |= {Path(os.path.realpath(link)) for link in links}
    taken: dict[Place, Place] = {}
    for job in jobs:
        output = real_place(job.output, resolve)
        if output in inputs:
            raise UsageError(f"{job.output} is an input; inputs are never touched", hint="choose another -o")
        if output in taken:
            raise UsageError(
                f"{job.source} and {taken[output]} would both become {job.output}",
                hint="clean them in separate runs, or rename one",
            )
        taken[output] = job.source
