"""What every restoring engine offers."""

from typing import Literal, Protocol

from docpipe.page import Gray

Device = Literal["auto", "cpu", "cuda"]


class Engine(Protocol):
    """Restores gray pages. Safe to call from several threads at once; the same page gives the same pixels."""

    @property
    def name(self) -> str:
        """What `--engine` calls it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the engine would give other pixels: the ledger redoes such pages."""
        ...

    @property
    def glyph_range(self) -> tuple[float, float] | None:
        """Print sizes that the engine was made for, in pixels of glyph height; None: any."""
        ...

    def restore(self, gray: Gray, glyph_px: float) -> Gray:
        """Restore one page.

        Args:
            gray: (H, W) uint8, 0 = ink, 255 = paper; not written to.
            glyph_px: median glyph height in `gray`, inside `glyph_range`.

        Returns:
            (H, W) uint8, a new array.
        """
        ...
