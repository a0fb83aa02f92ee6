"""Errors that are raised on purpose, and the exit codes that scripts branch on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command ends with: documented in the README, never renumbered."""

    OK = 0
    BUG = 1  # not foreseen: the traceback is shown
    USAGE = 2  # click's own number for a wrong command line
    BAD_INPUT = 3  # nothing usable to read, or no usable place to write to
    MISSING_TOOL = 4  # a program, a language pack or an extra is not installed
    BAD_MODEL = 5
    SOME_PAGES_FAILED = 6
    UPLIFT_TOO_LOW = 7  # an evaluation is done, and under what --fail-under asks for
    INTERRUPTED = 130  # 128 + SIGINT, the shell's convention
    READER_GONE = 141  # 128 + SIGPIPE, likewise: nobody reads what is printed, as after `| head`


class DocpipeError(Exception):
    """Base of all errors raised on purpose: what happened, and what to try.

    Subclasses only set `exit_code`, so that they survive pickling on their way out of a worker.

    Args:
        problem: one line: where and what, without the words "error" or "failed".
        hint: one line: what to try next; empty if there is nothing sensible to try.
    """

    exit_code = ExitCode.BUG

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem, hint)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return self.problem


class UsageError(DocpipeError):
    """The command line, or the combination of arguments, makes no sense."""

    exit_code = ExitCode.USAGE


class InputError(DocpipeError):
    """A scan that cannot be read or must not be touched."""

    exit_code = ExitCode.BAD_INPUT


class OutputError(DocpipeError):
    """A place that cannot be written to: full, read-only, or in use by another batch."""

    exit_code = ExitCode.BAD_INPUT


class StorageError(DocpipeError):
    """A place that went away while it was in use, such as a mount or an object store: it may be there again later."""

    exit_code = ExitCode.BAD_INPUT


class MissingToolError(DocpipeError):
    """A program, a language pack or an extra that this command needs is not installed."""

    exit_code = ExitCode.MISSING_TOOL


class ModelError(DocpipeError):
    """A model folder that is incomplete, damaged, or made for another version."""

    exit_code = ExitCode.BAD_MODEL
