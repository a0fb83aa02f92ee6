"""Cut patterns of noise out of the newest scans of an inbox, to train on what the scanners do now."""

from collections import Counter
from pathlib import Path
from typing import Annotated

from prefect import State, flow
from prefect.states import Completed
from pydantic import Field

from docpipe.clean import NoScansError, plan_jobs
from docpipe.noise.patterns import INDEX_NAME, load_patterns
from docpipe.ocr.engines import load_ocr
from docpipe.synth.harvest import ScanReport
from docpipe.synth.harvest import harvest as harvest_scans
from flows.discretion import PageIds, discreet, private_folder
from flows.parameters import LocalPath, Ocr
from flows.told import Progress, tell_table


@flow(name="harvest")
def harvest(
    inbox: LocalPath,
    library: LocalPath,
    newest: Annotated[int, Field(ge=1, le=10_000)] = 100,
    ocr: Ocr = "tesseract",
) -> State[None]:
    """Add patterns of noise to a library; nothing that was printed or written on a scan comes along.

    Args:
        inbox: folder of scans.
        library: folder of the patterns; what looks like one that is there is not added.
        newest: how many scans are looked at, the newest first.
        ocr: what must not be able to read a pattern. The program "tesseract" survives its own crashes on noise.

    Returns:
        Completed; under the name CompletedWithErrors where some scans could not be read, with the number of them.
    """
    private = private_folder(Path(library).parent)
    with discreet(private):
        try:
            jobs = plan_jobs([inbox], Path(library)).jobs
        except NoScansError:
            return Completed(name="InboxEmpty", message="no scan in the inbox")
        scans = sorted((Path(str(job.source)) for job in jobs), key=lambda scan: scan.stat().st_mtime, reverse=True)
        reports: list[ScanReport] = []
        progress = Progress("harvest", min(newest, len(scans)), "scans looked at for noise")
        origin = "scans of the inbox"                   # it stands beside every pattern, and names nobody
        for report in harvest_scans(scans[:newest], Path(library), load_ocr(ocr), origin=origin, licence="NOASSERTION"):
            reports.append(report)
            progress.tell(len(reports))
        kept, failed = sum(report.kept for report in reports), [report for report in reports if report.error]
        _tell(reports, kept, Path(library))
        if failed:
            ids = PageIds(private)
            rows = [{"id": ids.tell(report.source)} for report in failed]
            tell_table("harvest-failed", rows, "Scans that could not be read")
            name = "CompletedWithErrors"
            return Completed(name=name, message=f"{kept} patterns added, {len(failed)} scans could not be read")
    return Completed(message=f"{kept} patterns added")


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
