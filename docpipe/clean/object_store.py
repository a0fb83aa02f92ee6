"""Files on object stores, through fsspec: the only file that imports it.

What fsspec takes from the environment counts here too, as in FSSPEC_S3_ENDPOINT_URL=http://minio:9000.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docpipe.clean.paths import Url
from docpipe.errors import MissingToolError, StorageError


def forget_listings(folder: Url) -> None:
    """Let the store of `folder` be asked anew: fsspec keeps what it listed, and answers `look_at` from that.

    Raises:
        MissingToolError: the package that fsspec needs for this kind of address is not installed.
    """
    _open(folder)[0].invalidate_cache()


def list_files(folder: Url) -> list[str]:
    """Names of all files below `folder`, relative to it, sorted.

    Raises:
        StorageError: the store cannot be reached.
        OSError: there is no such bucket, or it must not be read.
        MissingToolError: the package that fsspec needs for this kind of address is not installed.
    """
    with _errors(folder):
        store, root = _open(folder)
        found: dict[str, dict[str, Any]] = store.find(root, detail=True)
    root = root.rstrip("/")
    files = (path for path, info in found.items() if info["type"] == "file" and not path.endswith("/"))
    return sorted(path.removeprefix(root).lstrip("/") for path in files)


def look_at(url: Url) -> tuple[int, int]:
    """Size in bytes and time of modification in ns, to the second: some answers of a store have no more.

    Raises:
        StorageError: the store cannot be reached.
        OSError: there is no such file, or it must not be read.
    """
    with _errors(url):
        store, path = _open(url)
        size, modified = store.info(path)["size"], store.modified(path)
    return int(size), int(modified.timestamp()) * 1_000_000_000


def read(url: Url) -> bytes:
    """The whole file.

    Raises:
        StorageError: the store cannot be reached.
        OSError: there is no such file, or it must not be read.
    """
    with _errors(url):
        store, path = _open(url)
        data: bytes = store.cat_file(path)
    return data


def write(url: Url, data: bytes) -> None:
    """Put the whole file: a reader sees all of it or nothing.

    Raises:
        StorageError: the store cannot be reached.
        OSError: it must not be written.
    """
    with _errors(url):
        store, path = _open(url)
        store.pipe_file(path, data)


def _open(url: Url) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(url.text)  # type: ignore[no-any-return]
    except ImportError as error:
        raise MissingToolError(
            f"{url.text.partition('://')[0]}:// cannot be used: {error}", hint="pip install 'docpipe-ocr[flows]'"
        ) from error


@contextmanager
def _errors(url: Url) -> Iterator[None]:
    try:
        yield
    except MissingToolError:
        raise
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), url.text) from error
    except PermissionError as error:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), url.text) from error
    except Exception as error:  # each store has exceptions of its own, and they share no base
        store = "/".join(url.text.split("/")[:3])
        raise StorageError(f"{store} cannot be reached: {type(error).__name__}", hint="try again later") from error
