"""Server, worker and schedule on loopback, from nothing to the outputs.

With threads, on Dask, on an object store, by two workers that share an inbox, served without any worker; and the
weekly chain from the harvest to the promotion.
"""

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import click
import fsspec

from docpipe.registry import Registry
from eval.flows_loopback import ROOT, Loopback, dask_cluster, object_store, program
from eval.kill_and_resume import contents, make_scans
from eval.record import keep

PARTS = ("threads", "dask", "s3", "shards", "serve", "renew")
CONFIG = ROOT / "docpipe" / "train" / "configs" / "compact.toml"
# What the weekly chain has to do with, and a training of seconds.
RENEWED = {"config": str(CONFIG), "cards_drawn": 6, "newest": 4}
TINY = {"steps": "2", "batch": "2", "crop_px": "96", "warmup": "0", "check_every": "2", "checked": "4"}
RENEWAL_PATIENCE = 900


@click.command()
@click.option("--scans", default=24, show_default=True, help="Scans in the inbox.")
@click.option("--only", type=click.Choice(PARTS), help="One of the parts.")
@click.option("--cards", default=24, show_default=True, help="Cards that decide in the weekly chain.")
def main(scans: int, only: str | None, cards: int) -> None:
    """Exit code 1 where a run does not complete, or an output differs from that of `docpipe clean`."""
    ways = (with_threads, on_dask, on_object_store, by_two_workers, served, partial(renewed, cards=cards))
    parts = dict(zip(PARTS, ways, strict=True))
    with tempfile.TemporaryDirectory() as name:
        inbox, expected = Path(name) / "inbox", Path(name) / "expected"
        make_scans(inbox, scans)
        subprocess.run([program("docpipe"), "clean", str(inbox), "-o", str(expected), "--quiet"], check=True)
        lines = []
        for part in [only] if only else parts:
            folder = Path(name) / part
            folder.mkdir()
            lines.append(parts[part](folder, inbox, contents(expected)))
    about = f"scans {scans}; each part with a server of its own; nightly runs every minute but for shards and renew"
    keep("flows_end_to_end", [about, *lines])


def with_threads(folder: Path, inbox: Path, expected: dict[str, bytes]) -> str:
    """Threads of the worker's process; four scans are evaluated."""
    with Loopback(folder) as loopback:
        places = {"inbox": str(inbox), "out": str(folder / "out"), "reports": str(folder / "reports"), "sample": 4}
        run = scheduled(loopback, places)
        report = next((folder / "reports").glob("*/report.html"))
    return line("threads", run, contents(folder / "out"), expected) + f"; report of {report.stat().st_size} bytes"


def on_dask(folder: Path, inbox: Path, expected: dict[str, bytes]) -> str:
    """A scheduler and two workers, each a process."""
    with Loopback(folder) as loopback, dask_cluster(loopback, workers=2) as (address, _workers):
        places = {"inbox": str(inbox), "out": str(folder / "out"), "reports": str(folder / "reports"), "sample": 0}
        run = scheduled(loopback, {**places, "dask": address})
        logs = [path.read_text() for path in folder.glob("dask-*.log")]
    assert any("Starting Worker" in log or "Start worker" in log for log in logs)
    return line("Dask, two workers", run, contents(folder / "out"), expected)


def on_object_store(folder: Path, inbox: Path, expected: dict[str, bytes]) -> str:
    """Inbox and outputs are addresses; the ledger is a file here."""
    with object_store(folder) as environment, Loopback(folder, environment) as loopback:
        store = fsspec.filesystem(
            "s3", key="loopback", secret="loopback", endpoint_url=environment["FSSPEC_S3_ENDPOINT_URL"]
        )
        store.mkdir("cards")
        for path in inbox.iterdir():
            store.pipe_file(f"cards/inbox/{path.name}", path.read_bytes())
        places = {"inbox": "s3://cards/inbox", "out": "s3://cards/out", "ledger": str(folder / "ledger.sqlite")}
        run = scheduled(loopback, {**places, "reports": str(folder / "reports"), "sample": 0})
        store.invalidate_cache()
        found = {Path(path).name: store.cat_file(path) for path in store.find("cards/out")}
    return line("S3 (moto)", run, found, expected)


def by_two_workers(folder: Path, inbox: Path, expected: dict[str, bytes]) -> str:
    """Two workers of one pool, each with room for one run, and two runs by hand, each with half of the inbox."""
    with Loopback(folder) as loopback:
        for name in ("first", "second"):
            loopback.worker("--limit", "1", "--name", name)
        loopback.deploy({"clean-scans": {"inbox": str(inbox), "out": str(folder / "out"), "workers": 1}})
        for shard in ("1/2", "2/2"):
            loopback.run("prefect", "deployment", "run", "clean-scans/clean-scans", "--param", f"shard={shard}")
        runs = [loopback.ended_run("clean-scans", number) for number in range(2)]
    if runs[1]["start_time"] >= runs[0]["end_time"]:             # both at once, with room for one each: both workers
        sys.exit("FAILED: one worker did it all")
    shards = ", ".join(f"shard {run['parameters']['shard']} {ended_well(run)}" for run in runs)
    return f"two workers of one pool: {shards}; {compared(contents(folder / 'out'), expected)}"


def served(folder: Path, inbox: Path, expected: dict[str, bytes]) -> str:
    """`python -m flows.serve` in the place of pool and worker."""
    with Loopback(folder) as loopback:
        places = {"inbox": str(inbox), "out": str(folder / "out"), "reports": str(folder / "reports"), "sample": 0}
        loopback.write_table({"nightly": places}, every_minute="nightly")
        loopback.serve()
        run = loopback.ended_run("nightly")
    return line("python -m flows.serve", run, contents(folder / "out"), expected)


def renewed(folder: Path, inbox: Path, _expected: dict[str, bytes], *, cards: int) -> str:
    """The weekly chain as a worker runs it, twice: harvest, draw, train, judge, promote or refuse; and a roll-back.

    The trainings are of two steps, so this shows that the parts hold together, and nothing about what a training
    brings. A network that has learnt nothing must be refused beside the one that ships. Then it is put into service by
    hand, and judged against one that goes on from weights of the shipped network's past; on a few cards that may end
    either way, so what is looked at is that the model in service is the one that the state speaks of.
    """
    learnt = {"name": '"learnt"', "start_from": f'"{ROOT}/eval/results/compact-2/model.safetensors"'}
    registry = Registry(folder / "models")
    shipped = registry.in_service().spec
    with Loopback(folder) as loopback:
        loopback.worker()
        loopback.deploy({"renew": {**RENEWED, "harvest_from": str(inbox), "suite_drawn": cards}})
        first = renewal(loopback, 0, {"name": '"unlearnt"', **TINY})
        if (first["state"]["name"], registry.in_service().spec) != ("Refused", shipped):
            sys.exit(f"FAILED: {first['state']}")
        loopback.run("docpipe", "models", "promote", "unlearnt@1")
        second = renewal(loopback, 1, {**learnt, "learning_rate": "1e-6", **TINY})
        is_promoted = second["state"]["name"] == "Promoted"
        after = registry.in_service().spec
        loopback.run("docpipe", "models", "rollback")
    back = registry.in_service().spec
    if (after, back) != (("learnt@1", "unlearnt@1") if is_promoted else ("unlearnt@1", shipped)):
        sys.exit(f"FAILED: {second['state']}, but {after} was in service, and {back} after the roll-back")
    ends = "; ".join(f"{run['state']['name']} ({run['state']['message']})" for run in (first, second))
    return f"renew: {ends}; rolled back to {back}"


def renewal(loopback: Loopback, number: int, changes: dict[str, str]) -> dict[str, Any]:
    """Run the weekly chain now, with these changes to the training."""
    loopback.run("prefect", "deployment", "run", "renew/renew", "--param", f"changes={json.dumps(changes)}")
    run = loopback.ended_run("renew", number, RENEWAL_PATIENCE)
    ended_well(run)
    return run


def scheduled(loopback: Loopback, parameters: dict[str, Any]) -> dict[str, Any]:
    """Deploy, let the schedule fire, wait for the end."""
    loopback.worker()
    loopback.deploy({"nightly": parameters}, every_minute="nightly")
    return loopback.ended_run("nightly")


def line(part: str, run: dict[str, Any], found: dict[str, bytes], expected: dict[str, bytes]) -> str:
    """What came of a scheduled run; ends the script where it is not what it must be."""
    if not run["auto_scheduled"]:
        sys.exit(f"FAILED: {part}: the run was not the schedule's")
    return f"{part}: {ended_well(run)}; {compared(found, expected)}"


def ended_well(run: dict[str, Any]) -> str:
    """How a run ended; ends the script where it did not complete."""
    state = f"{run['state_type']} ({run['state']['message']})"
    if run["state_type"] != "COMPLETED":
        sys.exit(f"FAILED: {state}")
    return state


def compared(found: dict[str, bytes], expected: dict[str, bytes]) -> str:
    """How many outputs are not those of `docpipe clean`; ends the script where there is one."""
    differ = sum(found.get(name) != data for name, data in expected.items()) + len(found.keys() - expected.keys())
    if differ:
        sys.exit(f"FAILED: {differ} outputs differ")
    return f"outputs that differ from docpipe clean: {differ}"


if __name__ == "__main__":
    main()
