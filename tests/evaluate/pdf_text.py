"""What a PDF says."""

import pypdfium2


def pdf_text(path, pages=None):
    """The text of its pages, or of the first ones."""
    with pypdfium2.PdfDocument(path) as pdf:
        return "\n".join(pdf[number].get_textpage().get_text_range() for number in range(pages or len(pdf)))
