"""A Prefect server with workers on loopback, in a folder of its own, gone without a trace at the end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

ROOT = Path(__file__).parent.parent
POOL = "docpipe"
PATIENCE = 240
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Loopback:
    """Server, pool and deployments; `folder` is what a checkout is to a team.

    Args:
        folder: empty; gets the flows, a prefect.yaml and all that Prefect writes.
        environment: more variables for the server, workers and flows.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            "PREFECT_HOME": str(folder / "prefect"), "PREFECT_API_URL": self.api, "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "PREFECT_WORKER_QUERY_SECONDS": "2", "DOCPIPE_MODELS": str(folder / "models"),
            "PYTHONPATH": str(ROOT), "OMP_THREAD_LIMIT": "1", "TMPDIR": str(folder / "tmp"), **(environment or {}),
        }  # fmt: skip
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._processes: list[subprocess.Popen[bytes]] = []
        (folder / "tmp").mkdir()
        shutil.copytree(ROOT / "flows", folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))

    def __enter__(self) -> "Loopback":
        self.start("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port))
        wait_for(self._is_up, "the server")
        self.run("prefect", "work-pool", "create", POOL, "--type", "process")
        self.run("prefect", "automation", "create", "--from-file", str(ROOT / "flows" / "dead_runs.yaml"))
        return self

    def __exit__(self, *exc_info: object) -> None:
        for process in reversed(self._processes):
            end(process)

    def start(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """A process that is ended with this one; its output goes to a log."""
        log = (self.folder / f"{command[0]}-{len(self._processes)}.log").open("wb")
        process = subprocess.Popen(
            [program(command[0]), *command[1:]], cwd=self.folder, env={**self.environment, **more}, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )
        self._processes.append(process)
        return process

    def run(self, *command: str) -> None:
        """A command that ends by itself, and well."""
        ended = subprocess.run(
            [program(command[0]), *command[1:]], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            check=False,
        )
        if ended.returncode:
            sys.exit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")

    def worker(self, *more: str) -> subprocess.Popen[bytes]:
        """A worker of the pool."""
        return self.start("prefect", "worker", "start", "--pool", POOL, *more)

    def serve(self) -> subprocess.Popen[bytes]:
        """All that prefect.yaml lists, without a pool."""
        return self.start("python", "-m", "flows.serve")

    def deploy(self, parameters: Mapping[str, Mapping[str, Any]], every_minute: str = "") -> None:
        """Deploy prefect.yaml as a team would."""
        self.write_table(parameters, every_minute)
        self.run("prefect", "--no-prompt", "deploy", "--all")

    def write_table(self, parameters: Mapping[str, Mapping[str, Any]], every_minute: str = "") -> None:
        """A prefect.yaml with other parameters, and one deployment every minute."""
        table = yaml.safe_load((ROOT / "prefect.yaml").read_text())
        for entry in table["deployments"]:
            entry["parameters"] |= parameters.get(entry["name"], {})
            entry["schedules"] = [{"cron": "* * * * *"}] if entry["name"] == every_minute else []
        (self.folder / "prefect.yaml").write_text(yaml.safe_dump(table))

    def processor_seconds(self) -> float:
        """What server and workers, and all that they started and that still runs, have used until now."""
        sessions = {process.pid for process in self._processes}
        processes = map(_session_and_ticks, Path("/proc").glob("[0-9]*"))
        return sum(ticks for session, ticks in processes if session in sessions) / os.sysconf("SC_CLK_TCK")

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """Runs that have begun, oldest first."""
        body = {"deployments": {"name": {"any_": [deployment]}}, "sort": "START_TIME_ASC"}
        found = httpx.post(f"{self.api}/flow_runs/filter", json=body, timeout=30).json()
        return [run for run in found if run["start_time"]]

    def ended_run(self, deployment: str, number: int = 0, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait until run `number` of a deployment has ended."""

        def ended() -> dict[str, Any] | None:
            runs = self.runs(deployment)
            is_over = len(runs) > number and runs[number]["state_type"] in OVER
            return runs[number] if is_over else None

        return wait_for(ended, f"run {number} of {deployment}", seconds)

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"{self.api}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


def _session_and_ticks(process: Path) -> tuple[int, int]:
    """The session of a process, and what it and its ended children used; zeros where it ended meanwhile."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()            # the name may hold anything
    except OSError:
        return 0, 0
    return int(fields[3]), sum(map(int, fields[11:15]))


def wait_for(look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Look again and again until there is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.25)
    sys.exit(f"FAILED: waited {seconds} s for {what}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process and its children to end, and insist after a while."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(15)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


@contextmanager
def dask_cluster(loopback: Loopback, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler and some workers, each a process of its own."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    loopback.start("dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    started = [
        loopback.start("dask", "worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard",
                       "--no-nanny") for _ in range(workers)
    ]  # fmt: skip
    yield address, started


@contextmanager
def object_store(folder: Path) -> Iterator[dict[str, str]]:
    """An S3 of moto on loopback; yields the variables by which programs find it."""
    port = free_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "loopback", "AWS_SECRET_ACCESS_KEY": "loopback", "AWS_DEFAULT_REGION": "us-east-1",
        "FSSPEC_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    with (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [program("moto_server"), "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log, start_new_session=True
        )

    def is_up() -> bool:
        try:
            return httpx.get(environment["FSSPEC_S3_ENDPOINT_URL"], timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_for(is_up, "the object store")
        yield environment
    finally:
        end(server)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def program(name: str) -> str:
    """A program that is installed beside this Python."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else name
