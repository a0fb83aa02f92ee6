"""A file of one picture seen as a source of one page."""

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from docpipe.imageio.source import PageHeader
from docpipe.page import Samples


class Picture(Protocol):
    """A file of a format that holds one picture."""

    header: PageHeader

    def decode(self, colour: bool) -> Samples:
        """Samples as stored; see PageSource."""

    def encode(self, samples: Samples, bilevel: bool) -> bytes:
        """A file of new samples, upright, with the metadata of this one."""


class SinglePicture:
    """The one picture of a file as its one page.

    Args:
        data: the whole file.
        picture: what it holds.
    """

    def __init__(self, data: bytes, picture: Picture) -> None:
        self._data, self._picture = data, picture

    @property
    def headers(self) -> Sequence[PageHeader]:
        """See PageSource."""
        return (self._picture.header,)

    def decode(self, index: int, colour: bool) -> Samples:  # noqa: ARG002  (there is one page)
        """See PageSource."""
        return self._picture.decode(colour and self._picture.header.colour)

    def sink(self, stream: BinaryIO) -> "SingleSink":
        """Start writing."""
        return SingleSink(self._data, self._picture, stream)

    def close(self) -> None:
        """Nothing is held."""


class SingleSink:
    """Writes the one page, anew or byte for byte.

    Args:
        data: the whole file it comes from.
        picture: what that holds.
        stream: where it goes.
    """

    def __init__(self, data: bytes, picture: Picture, stream: BinaryIO) -> None:
        self._data, self._picture, self._stream = data, picture, stream

    def add(self, index: int, samples: Samples, bilevel: bool) -> None:  # noqa: ARG002
        """See PageSink."""
        self._stream.write(self._picture.encode(samples, bilevel))

    def keep(self, index: int) -> None:  # noqa: ARG002
        """See PageSink."""
        self._stream.write(self._data)

    def finish(self) -> None:
        """See PageSink."""
