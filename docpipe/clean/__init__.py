"""The batch job: find scans, clean them, keep a ledger. It takes its engine as an argument."""

from docpipe.clean.batch import Batch, BatchOptions
from docpipe.clean.discover import Job, Plan, plan_jobs
from docpipe.clean.ledger import FileRecord, Ledger, PageResult, Stamp
from docpipe.clean.one_file import FileReport, PageOptions, appearing_whole, clean_file, clean_stream
from docpipe.clean.paths import shown

__all__ = [
    "Batch",
    "BatchOptions",
    "FileRecord",
    "FileReport",
    "Job",
    "Ledger",
    "PageOptions",
    "PageResult",
    "Plan",
    "Stamp",
    "appearing_whole",
    "clean_file",
    "clean_stream",
    "plan_jobs",
    "shown",
]
