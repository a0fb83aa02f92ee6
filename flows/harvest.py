"""Cut patterns of noise out of the newest scans of an inbox, to train on what the scanners do now."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from prefect import State, flow
from prefect.states import Completed
from pydantic import Field

from docpipe.clean import Job, NoScansError, place_of, plan_places
from docpipe.clean.files import look_at, read_whole
from docpipe.errors import InputError
from docpipe.noise.patterns import INDEX_NAME, load_patterns
from docpipe.ocr.engines import load_ocr
from docpipe.synth.harvest import ScanReport
from docpipe.synth.harvest import harvest as harvest_scans
from flows.copies import folder_for_copies
from flows.discretion import PageIds, discreet, private_folder
from flows.parameters import LocalPath, Ocr, Place
from flows.told import Progress, ended, tell_table


@flow(name="harvest", persist_result=False)
def harvest(
    inbox: Place,
    library: LocalPath,
    newest: Annotated[int, Field(ge=1, le=10_000)] = 100,
    ocr: Ocr = "tesseract",
) -> State[None]:
    """Add patterns of noise to a library; nothing that was printed or written on a scan comes along.

    Args:
        inbox: folder of scans, or address such as s3://bucket/inbox.
        library: folder of the patterns; what looks like one that is there is not added.
        newest: how many scans are looked at, the newest first.
        ocr: what must not be able to read a pattern. The program "tesseract" survives its own crashes on noise.

    Returns:
        Completed; under the name CompletedWithErrors, with the ids of the scans, where some could not be read.
    """
    private = private_folder(Path(library).parent)
    with discreet(private), folder_for_copies(private) as folder:
        try:
            jobs = plan_places(place_of(inbox), Path(library)).jobs
        except NoScansError:
            return Completed(name="InboxEmpty", message="no scan in the inbox")
        chosen, gone = _newest(jobs, newest)
        named, gone_since = _on_this_machine(chosen, folder)
        reports: list[ScanReport] = []
        progress = Progress("harvest", len(named), "scans looked at for noise")
        origin = "scans of the inbox"                   # it stands beside every pattern, and names nobody
        for report in harvest_scans(list(named), Path(library), load_ocr(ocr), origin=origin, licence="NOASSERTION"):
            reports.append(report)
            progress.tell(len(reports))
        ids = PageIds(private)
        unread = [named[Path(report.source)] for report in reports if report.error]
        failed = [ids.tell(name) for name in (*gone, *gone_since, *unread)]
        kept = sum(report.kept for report in reports)
        _tell(reports, kept, Path(library))
        if failed:
            tell_table("harvest-failed", [{"id": page_id} for page_id in failed], "Scans that could not be read")
    return ended(f"{kept} patterns added", failed)


def _newest(jobs: Sequence[Job], count: int) -> tuple[list[Job], list[str]]:
    """So many jobs, the newest first, and the scans that were gone before they could be looked at."""
    changed_ns: dict[Job, int] = {}
    gone = []
    for job in jobs:
        try:
            changed_ns[job] = 0 if job.problem else look_at(job.source)[1]
        except (FileNotFoundError, PermissionError):
            gone.append(str(job.source))
    return sorted(changed_ns, key=changed_ns.__getitem__, reverse=True)[:count], gone


def _on_this_machine(jobs: Sequence[Job], folder: Path) -> tuple[dict[Path, str], list[str]]:
    """Scans as files -> their names, and the names of those that were gone; the folder is for copies from a store."""
    named = {}
    gone = []
    for number, job in enumerate(jobs):
        path = job.source
        if not isinstance(path, Path):
            path = folder / f"{number}{PurePosixPath(path.name).suffix}"
            try:
                path.write_bytes(read_whole(job.source)[0])
            except InputError:
                gone.append(str(job.source))
                continue
        named[path] = str(job.source)
    return named, gone


def recipe_with(library: Path, base: str = "starter") -> str:
    """A recipe, as TOML: the base, and patterns of a library pasted on as often as those that ship."""
    return f"""\
about = "{base}, with patterns of the newest scans"
source = "harvested from the inbox"
licence = "NOASSERTION"
base = "{base}"

[[more]]
kind = "paste"
chance = 0.12
library = ['{library.resolve()}']
"""


def has_patterns_to_learn_from(library: Path) -> bool:
    """Whether a library is there and holds a pattern of the split that is trained on."""
    return (library / INDEX_NAME).exists() and any(entry.split == "train" for entry in load_patterns(library).entries)


def _tell(reports: list[ScanReport], kept: int, library: Path) -> None:
    rejected: Counter[str] = Counter()
    for report in reports:
        rejected.update(report.rejected)
    held = len(load_patterns(library).entries) if (library / INDEX_NAME).exists() else 0
    figures = {"scans": len(reports), "patterns added": kept, "patterns in the library": held,
               **{f"rejected: {why}": count for why, count in sorted(rejected.items())}}  # fmt: skip
    tell_table("harvest", [{"what": what, "figure": figure} for what, figure in figures.items()], "The harvest")
