"""One run on the GPU at a time."""

import threading

import pytest

pytest.importorskip("prefect", reason="flows need prefect (pip install 'docpipe-ocr[flows]')")
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate

from flows.gpu import GPU_LIMIT, gpu_slot

pytestmark = pytest.mark.slow


def test_the_cpu_waits_for_nobody():
    with gpu_slot("cpu"), gpu_slot("cpu"):
        pass


def test_the_second_run_on_the_gpu_waits_for_the_first(server):
    with get_client(sync_client=True) as client:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=GPU_LIMIT, limit=1))
    entered = threading.Event()

    def second():
        with gpu_slot("cuda"):
            entered.set()

    with gpu_slot("cuda"):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not entered.wait(2), "both were let in"
    assert entered.wait(60)
    waiting.join()
