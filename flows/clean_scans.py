"""Clean an inbox. The ledger, not Prefect, decides what is left to do; chunks go out, rows come back, one writer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prefect import State, Task, flow, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, as_completed
from prefect.states import Completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from docpipe.clean import (
    FileReport,
    Ledger,
    NoScansError,
    PageOptions,
    Plan,
    Worklist,
    place_of,
    plan_places,
)
from docpipe.cores import usable_cores
from docpipe.errors import UsageError
from docpipe.imageio import ReadOptions
from docpipe.registry import Registry
from docpipe.restore import NETWORK_ENGINES
from flows.copies import remove_left_copies
from flows.discretion import PageIds, RunError, discreet, private_folder
from flows.gpu import gpu_slot
from flows.parameters import (
    ChunkSize,
    Colour,
    DaskAddress,
    Device,
    EngineName,
    LocalPath,
    ModelSpec,
    Place,
    Shard,
    Workers,
)
from flows.told import Progress, ended, tell_table
from flows.worker import Setup, clean_on_worker, may_pass_later, settings_of_worker

# A task costs Prefect 40 ms of processors in a thread, the server's share among it, and 250 ms on Dask. A scan takes
# 0.4 s by a network on the CPU, and a tenth of it, or less, by anything else.
SCANS_A_TASK, QUICK_SCANS_A_TASK, MORE_ON_DASK = 25, 200, 4


# Sent by the names of their functions, so these have other names. Like every flow they keep their results from
# Prefect's storage, whatever its settings say: rows name scans.
engine_task = Task(settings_of_worker, name="engine", cache_policy=NO_CACHE, persist_result=False)
chunk_task = Task(
    clean_on_worker, name="clean-chunk", retries=2, retry_delay_seconds=30, retry_condition_fn=may_pass_later,
    cache_policy=NO_CACHE, persist_result=False,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What came of a run.

    Args:
        reports: of the scans that this run cleaned or could not clean.
        done_before: scans that were done already.
        failed: ids of the scans that failed.
        private: folder with the names behind the ids.
    """

    reports: tuple[FileReport, ...] = field(repr=False)  # they name scans
    done_before: int
    failed: tuple[str, ...]
    private: Path

    @property
    def message(self) -> str:
        """How many scans were cleaned, for all to see."""
        return f"{len(self.reports) - len(self.failed)} scans cleaned, {self.done_before} done before"


@flow(name="clean-scans", persist_result=False)
def clean_scans(
    inbox: Place,
    out: Place,
    ledger: LocalPath | None = None,
    engine: EngineName = "onnx",
    model: ModelSpec | None = None,
    device: Device = "cpu",
    workers: Workers = 0,
    chunk: ChunkSize = 0,
    dask: DaskAddress | None = None,
    shard: Shard = "1/1",
    colour: Colour = "gray",
    bilevel: bool = False,
    rasterise: bool = False,
    force: bool = False,
    verify: bool = False,
) -> State[Cleaned]:
    """Clean the scans of an inbox that are new or changed. A run that was killed is gone on with by the next one.

    Args:
        inbox: folder of scans, or address such as s3://bucket/inbox.
        out: folder or address of the outputs.
        ledger: ledger file; in the output folder by default. Needed where the outputs lie on an object store.
        engine: onnx runs a network, openvino the same where OpenVINO is installed, division does without.
        model: NAME or NAME@VERSION; the model in service by default.
        device: cpu or cuda. Runs on a GPU wait for one another.
        workers: chunks in work at once; 0 for one a core, of this machine or of the Dask cluster.
        chunk: scans a task, at most; 0 for what keeps Prefect's cost under 2 %.
        dask: address of a Dask scheduler, such as tcp://host:8786; without it threads of this process clean.
        shard: which part of the inbox, as 2/4, where several runs share it; each part has its own ledger.
        colour: gray pages, or keep their colour.
        bilevel: pages that come in with 1 bit go out with 1 bit.
        rasterise: accept PDFs that carry text.
        force: clean again what is done.
        verify: hash every input again.

    Returns:
        Completed; under the name CompletedWithErrors, with the ids of the scans, where some failed.
    """
    with _discreet_beside(ledger, out) as private:
        try:
            plan = _plan(inbox, out, shard, ledger)
        except NoScansError:  # an inbox may be empty, and the next night it is not
            return Completed(name="InboxEmpty", message="no scan in the inbox", data=Cleaned((), 0, (), private))
        assert plan.ledger is not None
        read = ReadOptions(keep_colour=colour == "keep", rasterise=rasterise)
        setup = Setup(engine, _model_folder(engine, model), device, PageOptions(read, bilevel=bilevel))
        with Ledger(plan.ledger) as books, gpu_slot(device), _runner(workers, dask) as (runner, at_once):
            settings = runner.submit(engine_task, {"setup": setup}).result()
            worklist = Worklist(plan.jobs, books, settings, force=force, verify=verify)
            rows = _spread(worklist, setup, runner, chunk or _scans_a_task(engine, device, dask), at_once)
            cleaned = _clean(worklist, rows, private)
    return ended(cleaned.message, cleaned.failed, cleaned)


def _clean(worklist: Worklist, rows: Iterator[list[FileReport]], private: Path) -> Cleaned:
    left = len(worklist.to_do)
    get_run_logger().info("%d scans to clean, %d done before", left, len(worklist.done))
    worklist.remove_parts()
    progress = Progress("clean-scans", left, f"{left} scans")
    began = time.monotonic()
    reports = list(worklist.spared)
    for some in rows:
        reports += some
        progress.tell(len(reports))
    worklist.remove_parts()  # a worker may have been killed, and its scans cleaned by another
    ids = PageIds(private)
    failed = tuple(ids.tell(str(report.job.source)) for report in reports if report.failed)
    cleaned = Cleaned(tuple(reports), len(worklist.done), failed, private)
    _tell(cleaned, time.monotonic() - began)
    return cleaned


def _spread(
    worklist: Worklist, setup: Setup, runner: TaskRunner[Any], most: int, at_once: int
) -> Iterator[list[FileReport]]:
    """Hand chunks out and note what comes back, until nothing is left or a chunk fails for good."""
    running: set[PrefectFuture[list[FileReport]]] = set()
    chunks = worklist.chunks(most, at_once)
    try:
        while True:
            while len(running) < 2 * at_once and (chunk := next(chunks, None)) is not None:
                running.add(runner.submit(chunk_task, {"chunk": chunk, "setup": setup}))
            if not running:
                return
            future = next(as_completed(list(running)))
            running.remove(future)
            yield _noted(worklist, future)
    finally:
        # Where one failed or the run is cancelled: what the others finish is noted.
        for future in running:
            future.wait()
            if future.state.is_completed():
                _noted(worklist, future)


def _noted(worklist: Worklist, future: PrefectFuture[list[FileReport]]) -> list[FileReport]:
    rows = future.result()
    for report in rows:
        worklist.end(report)
    return rows


def _tell(cleaned: Cleaned, seconds: float) -> None:
    pages = [page for report in cleaned.reports if not report.failed for page in report.record.pages]
    count = len(cleaned.reports) - len(cleaned.failed)
    figures = {
        "scans cleaned": count,
        "done before": cleaned.done_before,
        "failed": len(cleaned.failed),
        "pages restored": sum(page.choice == "restored" for page in pages),
        "pages kept as scanned": sum(page.choice == "original" for page in pages),
        "seconds": round(seconds, 1),
        "scans a second": round(count / seconds, 2) if seconds else 0,
    }
    tell_table("clean-scans-batch", [{"what": what, "figure": figure} for what, figure in figures.items()], "The batch")
    if cleaned.failed:
        tell_table("clean-scans-failed", [{"id": page_id} for page_id in cleaned.failed], "Scans that failed")


def _scans_a_task(engine: str, device: str, dask: str | None) -> int:
    most = SCANS_A_TASK if engine in NETWORK_ENGINES and device == "cpu" else QUICK_SCANS_A_TASK
    return most * MORE_ON_DASK if dask else most


def _plan(inbox: str, out: str, shard: str, ledger: str | None) -> Plan:
    number, of = map(int, shard.split("/"))
    if number > of:
        raise UsageError(f"there is no shard {number} of {of}")
    plan = plan_places(place_of(inbox), place_of(out)).shard(number, of)
    return replace(plan, ledger=Path(ledger)) if ledger else plan


def _model_folder(engine: str, model: str | None) -> Path | None:
    if engine in NETWORK_ENGINES:
        registry = Registry.of_environment()
        return (registry.find(model) if model else registry.in_service()).folder.resolve()
    if model:
        raise UsageError(f"the {engine} engine takes no model")
    return None


@contextmanager
def _discreet_beside(ledger: str | None, out: str) -> Iterator[Path]:
    if ledger is None and "://" in out:
        raise RunError("outputs on an object store need a ledger on this machine: give the parameter ledger")
    private = private_folder(Path(ledger).parent if ledger else Path(out))
    with discreet(private):
        remove_left_copies(private)  # of a night that was killed while it evaluated its sample
        yield private


@contextmanager
def _runner(workers: int, dask: str | None) -> Iterator[tuple[TaskRunner[Any], int]]:
    """Where chunks are cleaned, and how many at once."""
    if dask is None:
        at_once = workers or usable_cores()
        with ThreadPoolTaskRunner[Any](max_workers=at_once) as threads:
            yield threads, at_once
        return
    from prefect_dask.task_runners import DaskTaskRunner  # late: most runs do without

    with DaskTaskRunner(address=dask) as cluster:
        yield cluster, workers or max(1, sum(cluster.client.nthreads().values()))
