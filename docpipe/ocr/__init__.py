"""OCR: Tesseract behind one door, the machine readable zone, field schemas, and reading the fields of a card.

Nothing is imported here: schemas load neither OpenCV nor pytesseract.
"""
