"""The one table of OCR engines, and how each is made ready. Loads nothing heavy: the command's help lists them."""

from typing import TYPE_CHECKING

from docpipe.errors import MissingToolError, UsageError

if TYPE_CHECKING:
    from docpipe.ocr.engine import Engine

OCR_ENGINES = ("auto", "tesseract", "tesserocr", "rapidocr")
DEFAULT_OCR = "auto"


def load_ocr(name: str = DEFAULT_OCR, *, language: str = "eng") -> "Engine":
    """Make the OCR engine called `name` ready.

    Args:
        name: one of `OCR_ENGINES`. "auto" takes tesserocr, and tesseract where tesserocr or its models are missing.
        language: of Tesseract's model; rapidocr has one model for all that it reads.

    Raises:
        UsageError: no such engine.
        MissingToolError: the engine, or its model of the language, is not installed.
    """
    # Late imports: each engine brings a package of its own, and need not be installed.
    if name == "auto":
        try:
            return load_ocr("tesserocr", language=language)
        except MissingToolError:
            return load_ocr("tesseract", language=language)
    if name == "tesseract":
        from docpipe.ocr.tesseract import Tesseract

        return Tesseract(language)
    if name == "tesserocr":
        from docpipe.ocr.tesserocr_engine import TesserOcr

        return TesserOcr(language)
    if name == "rapidocr":
        from docpipe.ocr.rapidocr_engine import RapidOcr

        return RapidOcr()
    raise UsageError(f"there is no OCR engine {name!r}", hint=f"choose one of: {', '.join(OCR_ENGINES)}")
