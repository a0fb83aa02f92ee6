"""Reading and writing whole files, on disks and on object stores: outputs appear whole or not at all."""

import errno
import hashlib
import io
import os
import platform
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from docpipe.clean import object_store
from docpipe.clean.paths import Place, Url, shown
from docpipe.errors import InputError, OutputError, StorageError

# After these nothing else can be written either: the batch ends instead of failing page by page.
_NO_PLACE_LEFT = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
# What a mount that went away answers; it may come back, so no page is blamed for it.
_GONE = {errno.ESTALE, errno.ENOTCONN, errno.ENODEV, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH}
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def look_at(place: Place) -> tuple[int, int]:
    """Size in bytes and time of modification in ns.

    Raises:
        OSError: there is no such file, or it must not be looked at.
        StorageError: an object store cannot be reached.
    """
    if isinstance(place, Url):
        return object_store.look_at(place)
    status = place.stat()
    return status.st_size, status.st_mtime_ns


def exists(place: Place) -> bool:
    """Whether there is anything, a link that leads nowhere included."""
    if isinstance(place, Path):
        return os.path.lexists(place)
    try:
        object_store.look_at(place)
    except FileNotFoundError:
        return False
    return True


def read_whole(place: Place) -> tuple[bytes, int, int]:
    """Content, size in bytes and time of modification in ns; the latter two as they were when reading began.

    Raises:
        InputError: this one file cannot be read.
        StorageError: the place went away.
    """
    try:
        if isinstance(place, Url):
            size, mtime_ns = object_store.look_at(place)
            return object_store.read(place), size, mtime_ns
        with place.open("rb") as file:
            status = os.fstat(file.fileno())
            return file.read(), status.st_size, status.st_mtime_ns
    except OSError as error:
        if error.errno in _GONE or (isinstance(place, Path) and not place.parent.exists()):
            raise _gone(place, error) from error
        raise InputError(f"cannot be read: {error.strerror}", "check the disk and the rights") from error


@contextmanager
def appearing_whole(output: Place) -> Iterator[BinaryIO]:
    """A stream whose content appears as `output`, whole, when the context ends well, and not at all otherwise.

    Raises:
        OutputError: there is no place left to write to.
        InputError: this one file cannot be written there.
        StorageError: the place went away.
    """
    try:
        with _appearing_on_store(output) if isinstance(output, Url) else _appearing_on_disk(output) as stream:
            yield stream
    except OSError as error:
        if error.errno in _NO_PLACE_LEFT:
            raise OutputError(
                f"{shown(output)}: {error.strerror}",
                hint="make room or choose another -o; what is done stays done, a second run goes on from there",
            ) from error
        if error.errno in _GONE:
            raise _gone(output, error) from error
        raise InputError(f"cannot be written: {error.strerror}", "check the rights in the output folder") from error


@contextmanager
def _appearing_on_store(output: Url) -> Iterator[BinaryIO]:
    stream = io.BytesIO()
    yield stream
    object_store.write(output, stream.getvalue())


@contextmanager
def _appearing_on_disk(output: Path) -> Iterator[BinaryIO]:
    part = part_of(output)
    try:
        with _opened_anew(part) as stream:
            yield stream
        part.replace(output)
    except BaseException:
        with suppress(OSError):  # a place that is read-only never had it
            part.unlink()
        raise


def _opened_anew(path: Path) -> BinaryIO:
    """A new file to write and read, its folder made where there is none yet."""
    try:
        return path.open("w+b")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w+b")


def remove_parts(outputs: Iterable[Place]) -> None:
    """Clear what killed writers left half written of `outputs`; on an object store there is no such thing."""
    names: dict[Path, set[str]] = {}
    for output in outputs:
        if isinstance(output, Path):
            names.setdefault(output.parent, set()).add(_digest(output))
    for folder, digests in names.items():  # each is listed once: it may hold very many files
        for part in folder.glob(".docpipe-*.part"):
            if part.name.split("-")[1] in digests:
                part.unlink(missing_ok=True)


def part_of(output: Path) -> Path:
    """Where `output` is written until it is whole: the same folder, a name that no other thread writes to.

    Not on another machine either, which may share the folder.
    """
    writer = f"{os.getpid()}-{threading.get_ident():x}-{_HOST}"
    return output.with_name(f".docpipe-{_digest(output)}-{writer}.part")


def _digest(output: Path) -> str:
    return hashlib.sha256(os.fsencode(output.name)).hexdigest()[:16]


def _gone(place: Place, error: OSError) -> StorageError:
    hint = "bring the mount back; what is done stays done, a second run goes on from there"
    return StorageError(f"{shown(place)}: {error.strerror}", hint)
