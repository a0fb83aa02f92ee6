"""The figures of every field over all cards: how often it was right, and how far from the truth it was read."""

from collections.abc import Sequence

from docpipe.evaluate.findings import CardResult, FieldFigures, FieldReading
from docpipe.evaluate.text_errors import error_rate


def field_figures(cards: Sequence[CardResult]) -> tuple[FieldFigures, ...]:
    """The figures of every field of every schema, in the order in which the cards have them."""
    read: dict[tuple[str, str], list[tuple[FieldReading, FieldReading]]] = {}
    for card in cards:
        for raw, cleaned in zip(card.raw.fields, card.cleaned.fields, strict=True):
            read.setdefault((card.schema, raw.name), []).append((raw, cleaned))
    return tuple(_figures(schema, pairs) for (schema, _), pairs in read.items())


def _figures(schema: str, pairs: Sequence[tuple[FieldReading, FieldReading]]) -> FieldFigures:
    raw, cleaned = zip(*pairs, strict=True)
    return FieldFigures(
        schema=schema,
        name=raw[0].name,
        required=raw[0].required,
        cards=len(pairs),
        right_raw=sum(one.right for one in raw),
        right_cleaned=sum(one.right for one in cleaned),
        cer_raw=_character_error_rate(raw),
        cer_cleaned=_character_error_rate(cleaned),
        wer_raw=_word_error_rate(raw),
        wer_cleaned=_word_error_rate(cleaned),
    )


def _character_error_rate(readings: Sequence[FieldReading]) -> float | None:
    return error_rate([one.char_edits or 0 for one in readings], [one.chars or 0 for one in readings])


def _word_error_rate(readings: Sequence[FieldReading]) -> float | None:
    return error_rate([one.word_edits or 0 for one in readings], [one.words or 0 for one in readings])
