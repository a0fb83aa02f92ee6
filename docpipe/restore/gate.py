"""The gate: keeps the restored pixels or the original. Restoring must not cost cards."""

from typing import Protocol

from docpipe.page import Gray


class Gate(Protocol):
    """Compares both versions of a page. In doubt, the original stays."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the gate would decide otherwise: the ledger redoes such pages."""
        ...

    @property
    def threshold(self) -> float:
        """The restored version is kept where the score reaches this."""
        ...

    def score(self, original: Gray, restored: Gray) -> float:
        """How much speaks for `restored`: the probability that OCR fails on `original` where it reads one of the two.

        Args:
            original: (H, W) uint8, the page as scanned, at the scale at which the engine saw it.
            restored: (H, W) uint8, the same page restored.

        Returns:
            0 (keep the original) to 1 (keep the restored version).
        """
        ...
