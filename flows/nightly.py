"""Every night: clean what is new in the inbox, then evaluate a sample of it.

Harvesting and training are on a schedule of their own (`flows/renew.py`).
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from prefect import State, flow
from prefect.states import Completed
from pydantic import Field

from docpipe.clean.sample import copy_sample, draw_sample
from flows.clean_scans import Cleaned, clean_scans
from flows.copies import folder_for_copies
from flows.discretion import PageIds, discreet
from flows.evaluate import evaluate
from flows.parameters import ChunkSize, DaskAddress, Device, LocalPath, NameOrFile, Ocr, Place, Shard, Workers
from flows.told import ended


@flow(name="nightly", persist_result=False)
def nightly(
    inbox: Place,
    out: Place,
    reports: LocalPath,
    ledger: LocalPath | None = None,
    device: Device = "cpu",
    workers: Workers = 0,
    chunk: ChunkSize = 0,
    dask: DaskAddress | None = None,
    shard: Shard = "1/1",
    sample: Annotated[int, Field(ge=0, le=1000)] = 50,
    card_schema: NameOrFile | None = None,
    ocr: Ocr = "auto",
) -> State[None]:
    """Clean new scans with the model in service, then count on a sample of them how many more cards pass OCR.

    Args:
        inbox: folder of scans, or address such as s3://bucket/inbox.
        out: folder or address of the outputs.
        reports: folder of the reports, one a night; a second run on the same day adds another.
        ledger: ledger file; in the output folder by default. Needed where the outputs lie on an object store.
        device: cpu or cuda.
        workers: chunks in work at once; 0 for one a core.
        chunk: scans a task, at most; 0 for what keeps Prefect's cost low.
        dask: address of a Dask scheduler, such as tcp://host:8786.
        shard: which part of the inbox, as 2/4.
        sample: scans to evaluate, of those cleaned this time; 0 for none.
        card_schema: name or file of the field schema of these cards; found out by default.
        ocr: what reads.

    Returns:
        What the cleaning ended with; scans of the sample that were gone before it could be evaluated count as failed.
    """
    state = clean_scans(
        inbox, out, ledger, device=device, workers=workers, chunk=chunk, dask=dask, shard=shard, return_state=True
    )
    cleaned: Cleaned = state.result()  # type: ignore[assignment] # Prefect unwraps the state that a flow returns
    gone: list[str] = []
    with discreet(cleaned.private):
        night = datetime.now(UTC)
        jobs = [report.job for report in cleaned.reports if not report.failed and not report.was_done]
        drawn = draw_sample(jobs, sample, seed=night.toordinal())
        if drawn:
            ids = PageIds(cleaned.private)
            named = {ids.tell(str(job.source)): job for job in drawn}
            with folder_for_copies(cleaned.private) as folder:
                raw, restored, gone = copy_sample(named, folder)
                if len(gone) < len(named):
                    part = "" if shard == "1/1" else f"-{shard.replace('/', '-of-')}"
                    report = _new_folder(Path(reports) / f"{night.date().isoformat()}{part}")
                    about = "A sample of the night"
                    evaluate(str(raw), str(report), str(restored), card_schema=card_schema, ocr=ocr, about=about)
    if gone:
        return ended(cleaned.message, [*cleaned.failed, *gone])
    return Completed(name=state.name, message=state.message)


def _new_folder(wanted: Path) -> Path:
    """The folder of this name, or where a run was there before, of the next that is free: NAME-run-2, NAME-run-3."""
    folder, number = wanted, 1
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
            folder = wanted.with_name(f"{wanted.name}-run-{number}")
        else:
            return folder
