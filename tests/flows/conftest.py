"""A Prefect server for the tests of this folder, and a small inbox."""

import os
from base64 import b64decode
from pathlib import Path

import pytest
from PIL import Image

os.environ |= {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}  # read when Prefect is imported

SECRET = "MUELLER-ANNA"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all; it takes seconds to start."""
    from prefect.settings import PREFECT_HOME, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    home = {PREFECT_HOME: tmp_path_factory.mktemp("prefect")}
    with temporary_settings(home), prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def inbox(tmp_path, printed):
    """`inbox/` with five pages of print, whose names are personal data."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for number in range(5):
        Image.fromarray(printed(paper=200 + number)).save(folder / f"{SECRET}-{number}.png", dpi=(300, 300))
    return folder


@pytest.fixture
def told(server):
    """All bytes that Prefect keeps of runs: its database, logs among it, and its files; results unpacked, too."""
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_HOME, PREFECT_SERVER_DATABASE_CONNECTION_URL

    def everything() -> bytes:
        APILogWorker.instance().drain()
        database = Path(PREFECT_SERVER_DATABASE_CONNECTION_URL.value().partition(":///")[2])
        folders = (database.parent, PREFECT_HOME.value())
        files = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
        return b"".join(content + _unpacked(content) for content in files)

    return everything


def _unpacked(content: bytes) -> bytes:
    """The pickle in a file of Prefect's storage of results, where it lies in base64."""
    try:
        return b64decode(content)
    except ValueError:  # another file
        return b""
