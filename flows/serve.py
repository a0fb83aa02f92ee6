"""Run everything in prefect.yaml on this machine, without workers: python -m flows.serve."""

import sys
from pathlib import Path
from typing import Any

import yaml
from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.settings import get_current_settings

from flows.deployed import FLOWS

TABLE = Path(__file__).parent.parent / "prefect.yaml"


def deployments() -> list[RunnerDeployment]:
    """What prefect.yaml lists, for this machine."""
    return [_deployment(**entry) for entry in yaml.safe_load(TABLE.read_text())["deployments"]]


def _deployment(
    *, name: str, entrypoint: str, description: str, parameters: dict[str, Any], work_pool: dict[str, str],  # noqa: ARG001
    schedules: list[dict[str, str]] | None = None, concurrency_limit: dict[str, Any] | None = None,
) -> RunnerDeployment:
    made = FLOWS[name].to_deployment(
        name=name, description=description, parameters=parameters,
        schedules=[Cron(schedule["cron"], timezone=schedule.get("timezone", "UTC")) for schedule in schedules or []],
        concurrency_limit=ConcurrencyLimitConfig(**concurrency_limit) if concurrency_limit else None,
    )
    assert isinstance(made, RunnerDeployment)
    return made


def main() -> None:
    """Serve until stopped; schedules go on when it is started again."""
    if get_current_settings().api.url is None:
        sys.exit("error: schedules need a server\nhint:  prefect server start; PREFECT_API_URL=http://127.0.0.1:4200/api")
    serve(*deployments(), pause_on_shutdown=False)


if __name__ == "__main__":
    main()
