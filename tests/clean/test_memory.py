"""Memory that a page has freed is there for the next one."""

import platform
import subprocess
import sys

import pytest

# Page faults of a process that makes and frees what a page needs, again and again, after the first times.
FAULTS = """
import resource, sys, threading
import numpy as np
from docpipe.clean import keep_freed_memory

def pages():
    for _ in range(2):
        for _ in range(10):
            held = [np.ones(600_000, np.float32) for _ in range(12)]
            del held
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)

how, where = sys.argv[1:]
if how == "keep":
    keep_freed_memory()
if where == "thread":
    thread = threading.Thread(target=pages)
    thread.start()
    thread.join()
else:
    pages()
"""


def faults(how, where):
    command = [sys.executable, "-c", FAULTS, how, where]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    settled, last = ran.stdout.split()
    return int(last) - int(settled)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
@pytest.mark.parametrize("where", ["main", "thread"])
def test_pages_after_the_first_find_memory_that_needs_no_clearing(where):
    assert faults("keep", where) < faults("as it is", where) / 10
