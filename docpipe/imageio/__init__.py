"""Decode and encode pages: PNG, JPEG, TIFF, WebP, BMP and PDF come in, and go out again as what they were.

>>> from docpipe.imageio import ScanWriter, open_scan
>>> with open_scan(data) as scan, ScanWriter(scan, stream) as writer:    # doctest: +SKIP
...     for index in range(scan.page_count):
...         page = scan.read(index)
...         writer.add(page, restore(page.pixels))
"""

from docpipe.imageio.formats import SUFFIXES, Format
from docpipe.imageio.scan import ReadOptions, Scan, ScanWriter, open_scan
from docpipe.imageio.source import PageHeader

__all__ = ["SUFFIXES", "Format", "PageHeader", "ReadOptions", "Scan", "ScanWriter", "open_scan"]
