"""Restoring one page: engines, scale, tiles and the gate."""

from docpipe.restore.engine import Device, Engine
from docpipe.restore.engines import (
    CAREFUL_GATE,
    DEFAULT_ENGINE,
    ENGINES,
    NETWORK_ENGINES,
    SHIPPED_INT8,
    SHIPPED_MODEL,
    load_engine,
    load_gate,
)
from docpipe.restore.gate import Gate
from docpipe.restore.ready import ready_restorer
from docpipe.restore.restorer import Choice, Restored, Restorer, restore_page

__all__ = [
    "CAREFUL_GATE",
    "DEFAULT_ENGINE",
    "ENGINES",
    "NETWORK_ENGINES",
    "SHIPPED_INT8",
    "SHIPPED_MODEL",
    "Choice",
    "Device",
    "Engine",
    "Gate",
    "Restored",
    "Restorer",
    "load_engine",
    "load_gate",
    "ready_restorer",
    "restore_page",
]
