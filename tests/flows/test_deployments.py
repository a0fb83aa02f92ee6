"""prefect.yaml, what is served without workers, and the flows themselves say the same."""

import re
import subprocess

import pytest

pytest.importorskip("prefect", reason="flows need prefect (pip install 'docpipe-ocr[flows]')")
import prefect.settings
import yaml
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import serve
from flows.clean_scans import chunk_task, engine_task
from flows.deployed import FLOWS
from flows.serve import TABLE, deployments, main
from flows.synthesize import synthesize
from flows.train import train

PAGE, ENVIRONMENT = TABLE.parent / "docs" / "operations.md", TABLE.parent / "flows" / "environment"
TABLE_OF = {entry["name"]: entry for entry in yaml.safe_load(TABLE.read_text())["deployments"]}


@pytest.mark.parametrize("name", sorted(TABLE_OF))
def test_a_deployment_names_a_flow_and_gives_it_parameters_that_it_takes(name, monkeypatch):
    monkeypatch.chdir(TABLE.parent)
    entry = TABLE_OF[name]
    flow = load_flow_from_entrypoint(entry["entrypoint"])
    assert flow is FLOWS[name], "loaded under another name, Dask workers could not import it"
    flow.validate_parameters(entry["parameters"])


@pytest.mark.parametrize("flow", [*FLOWS.values(), synthesize, train], ids=lambda flow: flow.name)
def test_every_parameter_is_explained_in_the_form(flow):
    assert all(value.get("description") for value in flow.parameters.properties.values())


@pytest.mark.parametrize(
    "what", [*FLOWS.values(), synthesize, train, engine_task, chunk_task], ids=lambda what: what.name
)
def test_no_result_goes_into_prefects_storage_whatever_its_settings_say(what):
    assert what.persist_result is False


def test_nights_and_weeks_come_by_themselves_one_at_a_time():
    assert {name for name, entry in TABLE_OF.items() if entry.get("schedules")} == {"nightly", "renew"}
    for name in ("nightly", "renew"):
        assert TABLE_OF[name]["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


def test_what_is_served_is_what_would_be_deployed():
    served = {one.name: one for one in deployments()}
    assert served.keys() == TABLE_OF.keys() == FLOWS.keys()
    for name, entry in TABLE_OF.items():
        assert served[name].parameters == entry["parameters"]
        crons = [schedule.schedule.cron for schedule in served[name].schedules or []]
        assert crons == [schedule["cron"] for schedule in entry.get("schedules", [])]
        limit = entry.get("concurrency_limit", {}).get("limit")
        assert served[name].concurrency_limit == limit


def test_a_schedule_without_a_time_zone_is_in_utc_as_where_it_is_deployed(monkeypatch, tmp_path):
    table = yaml.safe_load(TABLE.read_text())
    table["deployments"] = [{**TABLE_OF["nightly"], "schedules": [{"cron": "* * * * *"}]}]
    (tmp_path / "prefect.yaml").write_text(yaml.safe_dump(table))
    monkeypatch.setattr(serve, "TABLE", tmp_path / "prefect.yaml")
    (nightly,) = deployments()
    assert [schedule.schedule.timezone for schedule in nightly.schedules] == ["UTC"]


def test_the_page_names_settings_that_prefect_has():
    named = set(re.findall(r"\bPREFECT_[A-Z_]+\b", PAGE.read_text() + ENVIRONMENT.read_text()))
    assert len(named) >= 4 and not [name for name in named if not hasattr(prefect.settings, name)]
    assert not hasattr(prefect.settings, "PREFECT_NO_SUCH_SETTING")


def test_what_the_page_runs_without_a_server_asks_none_in_the_shell_that_it_sets_up(tmp_path):
    (command,) = re.findall(r"^(env .*?'cleaned'\)\")$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho ${PREFECT_API_URL-none}\n")
    python.chmod(0o700)
    shell = f"set -a; . {ENVIRONMENT}; set +a; PATH={tmp_path}:$PATH; python; {command}"
    assert subprocess.check_output(["sh", "-c", shell], text=True).split() == ["http://127.0.0.1:4200/api", "none"]


def test_serving_without_a_server_is_refused():
    refused = pytest.raises(SystemExit, match="schedules need a server")
    with temporary_settings(restore_defaults={PREFECT_API_URL}), refused:
        main()
