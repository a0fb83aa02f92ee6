"""Text with all that print and OCR vary taken off: how names, labels and months are compared."""

import unicodedata

UNMARKED = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "æ": "ae",
                          "Æ": "AE", "œ": "oe", "Œ": "OE", "ß": "ss", "þ": "th", "Þ": "TH", "ı": "i"})  # fmt: skip


def fold(text: str) -> str:
    """Letters and digits alone, without case and diacritics: what is left when names are compared.

    >>> fold("Groß-Łęcki")
    'grosslecki'
    """
    plain = unicodedata.normalize("NFKD", text.translate(UNMARKED))
    return "".join(character for character in plain.casefold() if character.isascii() and character.isalnum())
