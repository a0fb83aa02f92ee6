"""The batch job: find scans, clean them, keep a ledger. It takes its engine as an argument."""

from docpipe.clean.batch import Batch, BatchOptions
from docpipe.clean.discover import Job, NoScansError, Plan, plan_jobs, plan_places
from docpipe.clean.files import appearing_whole
from docpipe.clean.ledger import FileRecord, Ledger, PageResult, Stamp
from docpipe.clean.memory import MEMORY_IN_WORK, MemoryBudget, keep_freed_memory
from docpipe.clean.one_file import FileReport, PageOptions, clean_file, clean_stream, settings_of
from docpipe.clean.paths import Place, Url, place_of, shown
from docpipe.clean.worklist import Work, Worklist, clean_chunk

__all__ = [
    "MEMORY_IN_WORK",
    "Batch",
    "BatchOptions",
    "FileRecord",
    "FileReport",
    "Job",
    "Ledger",
    "MemoryBudget",
    "NoScansError",
    "PageOptions",
    "PageResult",
    "Place",
    "Plan",
    "Stamp",
    "Url",
    "Work",
    "Worklist",
    "appearing_whole",
    "clean_chunk",
    "clean_file",
    "clean_stream",
    "keep_freed_memory",
    "place_of",
    "plan_jobs",
    "plan_places",
    "settings_of",
    "shown",
]
