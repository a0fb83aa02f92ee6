"""One page of a TIFF file, not decoded: its tags, and its strips or tiles."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO

from docpipe.imageio import tiff_tags as tags
from docpipe.imageio.damage import UnreadableError
from docpipe.imageio.tiff_ifd import Ifd, IfdWriter, Layout, integers, read_pages


@dataclass(frozen=True, slots=True)
class TiffPage:
    """One page.

    Args:
        data: the whole file it is in.
        layout: how that writes numbers.
        ifd: the page's tags.
    """

    data: bytes
    layout: Layout
    ifd: Ifd

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The whole numbers of a tag."""
        return (self.ifd[tag].integers(self.layout.order) if tag in self.ifd else ()) or default

    def number(self, tag: int, default: int = 0) -> int:
        """The first whole number of a tag."""
        return self.numbers(tag, (default,))[0]

    @property
    def block_tags(self) -> tuple[int, int]:
        """The tags that hold offsets and sizes of the blocks: tiles if there are any, else strips."""
        return (tags.TILES, tags.TILE_SIZES) if tags.TILES in self.ifd else (tags.STRIPS, tags.STRIP_SIZES)

    @property
    def blocks(self) -> list[memoryview]:
        """The strips or tiles, compressed.

        Raises:
            UnreadableError: they are not all there.
        """
        offsets, sizes = (self.numbers(tag) for tag in self.block_tags)
        view = memoryview(self.data)
        if not sizes and len(offsets) == 1:
            sizes = (max(0, len(view) - offsets[0]),)  # some fax programs leave the size out
        if not offsets or len(offsets) != len(sizes):
            raise UnreadableError("is damaged (its strips are not listed)")
        found = [view[at : at + size] for at, size in zip(offsets, sizes, strict=True)]
        whole = sum(len(block) == size for block, size in zip(found, sizes, strict=True))
        if whole < len(found):
            raise UnreadableError(f"is cut short ({whole} of {len(found)} strips are there)")
        return found

    def but(self, numbers: Mapping[int, int], without: set[int]) -> "TiffPage":
        """The same page with other values for some tags."""
        ifd = {tag: entry for tag, entry in self.ifd.items() if tag not in without}
        ifd |= {tag: integers([number], self.layout) for tag, number in numbers.items()}
        return replace(self, ifd=ifd)

    def alone(self) -> bytes:
        """A file of this page, with nothing in it but what its pixels need, in plain form.

        Decoders see no damaged text, no list where one number is due, and no BigTIFF: Pillow warns of these.
        """
        layout = Layout(self.layout.order)
        blocks = self.blocks
        offsets_tag, sizes_tag = self.block_tags
        bare = {tag: self.ifd[tag] for tag in tags.NOT_INTEGERS & self.ifd.keys()}
        for tag in tags.FOR_DECODERS - tags.NOT_INTEGERS:
            if numbers := self.numbers(tag):
                bare[tag] = integers(numbers if tag in tags.LISTS else numbers[:1], layout)
        bare[sizes_tag] = integers([len(block) for block in blocks], layout)
        stream = BytesIO()
        IfdWriter(stream, layout).append(bare, offsets_tag, blocks)
        return stream.getvalue()


def tiff_pages(data: bytes) -> list[TiffPage]:
    """All pages in the main chain of a TIFF file."""
    layout, chain = read_pages(data)
    for ifd in chain:
        if tags.TILES in ifd:  # a page has tiles or strips; of both, readers disagree on which to take
            ifd.pop(tags.STRIPS, None)
            ifd.pop(tags.STRIP_SIZES, None)
    return [TiffPage(data, layout, ifd) for ifd in chain]
