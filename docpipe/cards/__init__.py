"""Synthetic identities and ID cards, with the truth of every printed field.

Nothing is imported here: `docpipe.mrz` and `docpipe.cards.fonts` load neither Pillow nor Faker.
"""
