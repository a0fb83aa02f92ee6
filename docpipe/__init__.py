"""docpipe restores dirty scans before OCR reads them.

>>> import numpy as np, docpipe
>>> gray = np.full((64, 64), 200, np.uint8)
>>> docpipe.restore_page(gray).choice
'original'
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docpipe.restore import Restored, restore_page

__all__ = ["Restored", "restore_page"]


def __getattr__(name: str) -> Any:
    """Load the library on first use (PEP 562): `import docpipe.cli` must not load OpenCV."""
    if name in __all__:
        from docpipe import restore

        return getattr(restore, name)
    raise AttributeError(f"module 'docpipe' has no attribute {name!r}")
