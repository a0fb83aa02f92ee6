"""The flows that prefect.yaml deploys, by name.

Prefect loads the file that a deployment names under a name of its own, by which no other process could import it, and a
Dask worker has to import the flow. So deployments name this file, which imports the flows as everybody else does.
"""

from typing import Any

from prefect import Flow

from flows.clean_scans import clean_scans
from flows.evaluate import evaluate
from flows.harvest import harvest
from flows.nightly import nightly
from flows.renew import renew

FLOWS: dict[str, Flow[..., Any]] = {
    "nightly": nightly, "renew": renew, "clean-scans": clean_scans, "evaluate": evaluate,
    "harvest": harvest,
}  # fmt: skip
