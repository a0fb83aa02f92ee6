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


def says_the_same(read: str, truth: str) -> bool:
    """Whether both fold to the same, and letters of the truth that are not Latin, which folding drops, were read, too.

    >>> says_the_same("GROSS LECKI", "Groß-Łęcki"), says_the_same("", "Łęcki"), says_the_same("", "Иванов")
    (True, False, False)
    """
    foreign = _foreign_letters(truth)
    return fold(read) == fold(truth) and (not foreign or foreign == _foreign_letters(read))


def _foreign_letters(text: str) -> str:
    """What folding leaves out though it says something: Greek letters, vowel signs of Devanagari.

    Diacritics in the narrower sense, which a name is compared without, are combining marks of a class above 0 (Unicode
    Standard, 4.3) whatever they stand on; vowel signs are marks of class 0.
    """
    plain = unicodedata.normalize("NFKD", text.translate(UNMARKED)).casefold()
    return "".join(character for character in plain if _says_something(character) and not character.isascii())


def _says_something(character: str) -> bool:
    is_mark = unicodedata.category(character).startswith("M")
    return character.isalnum() or (is_mark and not unicodedata.combining(character))
