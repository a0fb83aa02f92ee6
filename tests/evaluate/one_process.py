"""Scans read in the process of the test, so that what it replaced is what reads."""

from concurrent.futures import Future


class OneProcess:
    """Stands for pebble's pool: does at once what it is asked."""

    def __init__(self, workers, context=None):
        pass

    def schedule(self, function, args, timeout):
        future = Future()
        future.set_result(function(*args))
        return future

    def stop(self):
        pass

    def join(self):
        pass


def read_here(monkeypatch):
    """From now on evaluations start no process."""
    monkeypatch.setattr("docpipe.evaluate.scan_pool.ProcessPool", OneProcess)
