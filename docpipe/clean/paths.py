"""Places of files: paths, and addresses on object stores. One name for one file, and names that fit on one line."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from docpipe.errors import UsageError


@dataclass(frozen=True, slots=True)
class Url:
    """A file or a folder on an object store, as fsspec names it.

    Args:
        text: such as "s3://bucket/folder/scan.png".
    """

    text: str

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: str) -> "Url":
        return Url(f"{self.text.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """Its last part."""
        return PurePosixPath(self.text).name


Place = Path | Url
Resolve = Callable[[Path], Path]


def place_of(text: str) -> Place:
    """The place that a user names: an address where it holds "://", a path otherwise."""
    return Url(text) if "://" in text else Path(text)


def real_path(path: Path, resolve: Resolve = Path.resolve) -> Path:
    """`path` with its folder resolved. A link as the last part stays a link: it is the file that is named.

    Args:
        path: of a file.
        resolve: resolves the folder.
    """
    return resolve(path.parent) / path.name


def real_place(place: Place, resolve: Resolve = Path.resolve) -> Place:
    """As `real_path`; an address has no links."""
    return place if isinstance(place, Url) else real_path(place, resolve)


def resolve_once() -> Resolve:
    """Resolves each folder once. For one look at many files, or one batch: what links lead to later it does not see.

    Raises, when called:
        UsageError: a folder is a link that leads in a circle.
    """
    return functools.cache(resolved)


def resolved(path: Path) -> Path:
    """`path` without links.

    Raises:
        UsageError: it leads in a circle.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # the latter until Python 3.12
        raise UsageError(f"{shown(path)} is a link that leads in a circle", "mend or remove the link") from error


def shown(place: Place | str) -> str:
    """`place` on one line: control characters and bytes that are not UTF-8 are escaped."""
    text = str(place)
    if text.isprintable():
        return text
    escaped = (char if char.isprintable() else char.encode("unicode_escape", "surrogatepass") for char in text)
    return "".join(part if isinstance(part, str) else part.decode() for part in escaped)
