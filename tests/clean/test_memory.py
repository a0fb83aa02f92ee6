"""Memory that a page has freed is there for the next one."""

import platform
import subprocess
import sys

import pytest

# Page faults of a process that makes and frees what a page needs, again and again, after the first times.
FAULTS = """
import resource, sys
import numpy as np
from docpipe.clean import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(2):
    for _ in range(10):
        held = [np.ones(600_000, np.float32) for _ in range(12)]
        del held
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def faults(how):
    ran = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True, timeout=60)
    settled, last = ran.stdout.split()
    return int(last) - int(settled)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_pages_after_the_first_find_memory_that_needs_no_clearing():
    assert faults("keep") < faults("as it is") / 10
