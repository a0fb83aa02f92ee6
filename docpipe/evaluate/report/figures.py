"""The sections with figures: strata, fields, false accepts, mended characters, choices, statistics."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from docpipe.evaluate.findings import ENGINES, FIELDS, Ceiling, FieldFigures, Findings, Stratum
from docpipe.evaluate.report.blocks import OUTCOMES, Block, ChangeBar, ChangeChart, Grid, Section, Text
from docpipe.evaluate.report.wording import (
    counted,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
    readable,
    signed,
    wrong_fields,
)
from docpipe.evaluate.uplift import Table, mcnemar_p, tabulate
from docpipe.ocr.mending import RULES

Item = TypeVar("Item", FieldFigures, Stratum)

GROUPS = {
    "noise": ("By kind of noise", "A card with several kinds counts in each, so the lines overlap and do not add up."),
    "severity": ("By severity of the noise", "0 is the weakest that is drawn, 1 the strongest."),
    "layout": ("By card layout", ""),
    ENGINES: ("By OCR engine", "All cards, as each engine read them. Every other figure is of the first."),
}
"""Group of strata -> title and remark, in the order in which they are shown; others follow under their own names."""
WHOSE_ID = (
    "No scan is named here, for its name may be the number of a document: which file an id stands for says names.csv "
    "beside this page, which only its owner can open. Pass it on as you would the scans."
)
ERROR_RATE_RULES = (
    "An error rate is edits over the length of the truth, each summed over all cards. Texts are compared in Unicode's "
    "composed form (NFC), a character is an extended grapheme cluster, and names are compared without regard to "
    "capitals; an empty truth adds no length, and every character that is read there is an edit, so that a rate may "
    "exceed 100 %."
)
WORST_FIRST = {"noise"}          # groups whose strata have no order of their own


def strata(findings: Findings) -> Section:
    """One chart for each group but that of the fields, which have a section of their own."""
    shown = [one for one in findings.strata if one.group != FIELDS]
    blocks: list[Block] = [] if shown else [Text("Nothing is known that the cards could be told apart by.")]
    members = _grouped(shown, lambda stratum: stratum.group)
    for group in sorted(members, key=[*GROUPS, *members].index):
        title, remark = GROUPS.get(group, (f"By {readable(group)}", ""))
        ordered = sorted(members[group], key=_uplift) if group in WORST_FIRST else members[group]
        bars = tuple(ChangeBar(readable(stratum.name), stratum.table) for stratum in ordered)
        blocks.append(ChangeChart(f"{title}, the worst first" if group in WORST_FIRST else title, bars))
        blocks += [Text(remark)] if remark else []
    return Section("Where it helps, where it harms", tuple(blocks))


def fields(findings: Findings) -> Section:
    """How often each field was right, and how far it was off."""
    blocks: list[Block] = []
    for schema, of_schema in _grouped(findings.fields, lambda one: one.schema).items():
        bars = tuple(_field_bar(findings, one) for one in of_schema)
        blocks.append(ChangeChart(f"Fields of {schema}", bars, worse="made wrong", better="made right", right="right"))
    blocks += [_error_rates(findings.fields), Text(ERROR_RATE_RULES)] if findings.has_truth else []
    blocks.append(Text("How sure the change of each field is stands under Statistics."))
    return Section("Field by field", tuple(blocks))


def false_accepts(findings: Findings) -> Section:
    """Cards that look valid and are not."""
    raw, cleaned = findings.false_accepts_raw, findings.false_accepts_cleaned
    if raw is None or cleaned is None:
        text = "Without a truth nobody knows which of the cards that look valid are wrong: none is counted."
    else:
        text = (
            f"{counted(raw, 'card')} as scanned and {counted(cleaned, 'card')} cleaned "
            f"({signed(cleaned - raw, digits=0)}) have only valid required fields (check digits, dates, formats) and "
            "still at least one that is wrong. Nobody would have looked at them again, so they weigh more than cards "
            "that fail."
        )
    return Section("False accepts", (Text(text),))


def mended_characters(findings: Findings) -> Section:
    """What was put right in machine readable zones and labelled fields, by what told."""
    title, counts = "Mended characters", (findings.mended_raw, findings.mended_cleaned)
    if not any(sum(of_version.values()) for of_version in counts):
        return Section(title, (Text("No character had to be put right."),))
    rows = tuple((rule, meaning, *(str(of_version[rule]) for of_version in counts)) for rule, meaning in RULES.items())
    text = (
        "Characters of machine readable zones and of labelled fields that were put right. A card may owe its pass to "
        "them, and a false accept too. Each one stands in cards.csv (mended_raw, mended_cleaned) and in report.json by "
        "its line or field, position and rule; the character itself only in a report.json made with --with-images."
    )
    grid = Grid("Characters put right, by what told", ("rule", "what was read", "as scanned", "cleaned"), rows, words=2)
    return Section(title, (grid, Text(text)))


def choices(findings: Findings) -> Section:
    """What cleaning chose to restore, and what came of that."""
    title = "What was restored, and what was kept"
    if not findings.choices:
        text = "No ledger lies beside the cleaned scans: which pages were restored and which were kept is not known."
        return Section(title, (Text(text),))
    pages = ", ".join(f"{choice}: {counted(number, 'page')}" for choice, number in findings.choices.items())
    outcomes = Counter((card.choice, card.outcome) for card in findings.cards if card.choice)
    rows = tuple(
        (choice, *(str(outcomes[choice, outcome]) for outcome, _ in OUTCOMES)) for choice in findings.choices
    )
    text = (
        "A page is kept as it came in where no print was found on it, where nothing would change, or where a gate "
        f"prefers it. {pages}."
    )
    grid = Grid("Cards by what was chosen", ("choice", *(outcome for outcome, _ in OUTCOMES)), rows)
    return Section(title, (Text(text), grid))


def statistics(findings: Findings) -> Section:
    """All figures with their intervals and tests."""
    table = findings.table
    changed = f"{table.rescued} rescued, {table.broken} broken"
    caution = "; too small, for some cards are several draws of one" if findings.has_draws else ""
    relative = findings.relative_uplift
    relative_text = "–" if relative is None else f"{signed(100 * relative)} % of the rate as scanned"
    rows = (
        ("pass rate as scanned", f"{percent(findings.raw_rate)} ({table.both + table.broken} of {table.cards})",
         percent_interval(findings.raw_interval), "Wilson"),
        ("pass rate cleaned", f"{percent(findings.cleaned_rate)} ({table.both + table.rescued} of {table.cards})",
         percent_interval(findings.cleaned_interval), "Wilson"),
        ("absolute uplift", points(findings.absolute_uplift), points_interval(findings.absolute_interval),
         "bootstrap over cards"),
        ("relative uplift", relative_text, "–", "–"),
        ("p", p_value(findings.p), "–", f"McNemar, exact, two-sided: {changed}{caution}"),
        *(_possible(findings.ceiling, table.cards) if findings.ceiling else ()),
        *(_null(findings.null) if findings.null else ()),
    )  # fmt: skip
    overall = Grid("All cards", ("figure", "value", "95 % interval", "how"), rows, words=4)
    head = ("cards", *(outcome for outcome, _ in OUTCOMES), "uplift", "95 % interval", "p", "Holm p")
    of_cards = tuple((one.group, *_stratum_row(one)) for one in findings.strata if one.group != FIELDS)
    of_fields = tuple(_stratum_row(one) for one in findings.strata if one.group == FIELDS)
    grids = (
        overall,
        Grid("Strata, uplift in points", ("group", "stratum", *head), of_cards, words=2),
        Grid("Fields, likewise: rescued are those made right, broken those made wrong", ("field", *head), of_fields),
    )
    return Section("Statistics", tuple(grid for grid in grids if grid.rows))


def broken_cards(findings: Findings) -> Section:
    """Every card that passed as scanned and fails cleaned, by id and field, no value."""
    rows = tuple(
        (card.id, card.layout, ", ".join(map(readable, wrong_fields(card.cleaned))))
        for card in findings.cards if card.outcome == "broken"
    )  # fmt: skip
    if not rows:
        return Section("Broken cards", (Text("None."),))
    grid = Grid("Every one", ("id", "layout", "wrong when cleaned"), rows, words=3)
    return Section("Broken cards", (grid, Text(WHOSE_ID)))


def unread_scans(findings: Findings) -> Section:
    """Every scan that is missing or could not be opened, or that no schema fits."""
    rows = tuple(
        (card.id, version, reading.problem)
        for card in findings.cards for version, reading in (("as scanned", card.raw), ("cleaned", card.cleaned))
        if reading.problem
    )  # fmt: skip
    grid = Grid("Every one, each counted as failed", ("id", "version", "why"), rows, words=3)
    return Section("Scans that were not read", (grid, Text(WHOSE_ID)) if rows else (Text("None."),))


def _possible(ceiling: Ceiling, cards: int) -> tuple[tuple[str, ...], ...]:
    interval = ceiling.share_interval
    return (
        ("pass rate without noise", f"{percent(ceiling.rate)} ({ceiling.passed} of {cards})",
         percent_interval(ceiling.rate_interval), "Wilson"),
        ("share of the possible uplift", _rate(ceiling.share), percent_interval(interval) if interval else "–",
         "bootstrap over cards"),
    )  # fmt: skip


def _null(null: Table) -> tuple[tuple[str, ...], ...]:
    p = p_value(mcnemar_p(null.rescued, null.broken))
    how = f"McNemar p {p}: {null.rescued} rescued, {null.broken} broken"
    return (("null control, absolute uplift", points(null.absolute_uplift), "–", how),)


def _grouped(items: Iterable[Item], key: Callable[[Item], str]) -> dict[str, list[Item]]:
    """Items by key, both in the order in which they come."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _uplift(stratum: Stratum) -> float:
    return stratum.table.absolute_uplift


def _field_bar(findings: Findings, figures: FieldFigures) -> ChangeBar:
    raw, cleaned = [], []
    for card in findings.cards:
        if card.schema == figures.schema:
            raw += [one.right for one in card.raw.fields if one.name == figures.name]
            cleaned += [one.right for one in card.cleaned.fields if one.name == figures.name]
    name = readable(figures.name) if figures.required else f"{readable(figures.name)} (optional)"
    return ChangeBar(name, tabulate(raw, cleaned))


def _error_rates(figures: Sequence[FieldFigures]) -> Grid:
    rows = tuple(
        (one.schema, readable(one.name), *map(_rate, (one.cer_raw, one.cer_cleaned, one.wer_raw, one.wer_cleaned)))
        for one in figures
    )  # fmt: skip
    head = ("schema", "field", "characters, as scanned", "cleaned", "words, as scanned", "cleaned")
    return Grid("Error rates against the truth", head, rows, words=2)


def _rate(rate: float | None) -> str:
    return "–" if rate is None else percent(rate)


def _stratum_row(stratum: Stratum) -> tuple[str, ...]:
    table = stratum.table
    outcomes = (str(getattr(table, outcome)) for outcome, _ in OUTCOMES)
    return (
        readable(stratum.name), str(table.cards), *outcomes, signed(100 * table.absolute_uplift),
        points_interval(stratum.absolute_interval), p_value(stratum.p), p_value(stratum.p_holm),
    )  # fmt: skip
