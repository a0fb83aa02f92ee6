"""Findings as an evaluation would make them, drawn from a seed; every value carries `SECRET`, every name `NAMED`."""

from dataclasses import replace

import numpy as np

from docpipe.evaluate.ceiling import ceiling_of
from docpipe.evaluate.findings import CardReading, CardResult, FieldFigures, FieldReading, Findings, Stratum
from docpipe.evaluate.uplift import Table, bootstrap_net, mcnemar_p, tabulate, wilson
from docpipe.ocr.mending import RULES, Mending

SECRET = "ERIKSSON"
NAMED = "passport-L898902C"             # as the office that scanned it called it
CHARACTERS = ("read ERIKSSON", "mended ERIKSSON")                # in place of one letter, to be found in any file
NOISES = ("bleed_through", "blur", "coffee_ring", "dust", "faded_ink", "gutter_shadow", "jpeg", "moire", "sensor_noise",
          "skew", "speckle", "stain", "streak", "wrong_threshold")  # fmt: skip
SEVERITIES = ("0.0-0.2", "0.2-0.4", "0.4-0.6", "0.6-0.8", "0.8-1.0")
FIELDS = {
    "td1": ("document_number", "birth_date", "expiry_date", "surname", "given_names"),
    "national": ("document_number", "surname", "birth_date"),
}
OPTIONAL = ("given_names",)


def sample_findings(cards=300, *, seed=1, gain=0.4, harm=0.06, truth=True, clean=True, raw="scans",
                    cleaned="scans-cleaned", null=False):  # fmt: skip
    """Findings of cards of two layouts: a wrong field is mended with chance `gain`, a card harmed with `harm`.

    Of those read without noise all but every tenth pass.
    """
    rng = np.random.default_rng(seed)
    results = tuple(_card(number, rng, gain, harm) for number in range(cards))
    if clean:
        results = tuple(replace(card, passes_clean=number % 10 > 0) for number, card in enumerate(results))
    table = _table(results)
    strata = _strata(results)
    passed_raw, passed_cleaned = table.both + table.broken, table.both + table.rescued
    return Findings(
        raw=str(raw), cleaned=str(cleaned), made="2026-03-02T09:30:00+01:00", docpipe="0.1.0",
        engines={"tesseract": "5.3.0, eng 1a2b3c4d (4.1 MB)"},
        schemas={name: f"{', '.join(fields)} right" for name, fields in FIELDS.items()},
        has_truth=truth, table=table,
        raw_rate=table.raw_rate, raw_interval=wilson(passed_raw, cards),
        cleaned_rate=table.cleaned_rate, cleaned_interval=wilson(passed_cleaned, cards),
        absolute_uplift=table.absolute_uplift, absolute_interval=bootstrap_net(table, seed=0),
        relative_uplift=table.relative_uplift, p=mcnemar_p(table.rescued, table.broken),
        false_accepts_raw=4 if truth else None, false_accepts_cleaned=7 if truth else None,
        strata=strata,
        worst=min((one for one in strata if one.table.cards >= 10), default=None,
                  key=lambda one: one.table.absolute_uplift),
        fields=_fields(results, truth), choices={"restored": cards - cards // 5, "original": cards // 5},
        cleaning_seconds=0.42, ocr_seconds=1.13, mended_raw=_by_rule(card.raw for card in results),
        mended_cleaned=_by_rule(card.cleaned for card in results), cards=results,
        ceiling=ceiling_of(results, "scans-clean") if clean else None,
        several_pages=sum(card.pages > 1 for card in results), models={"compact-1-18f83d5f-CPU+restore-1": cards},
        is_drawn=True, null=Table(20, 3, 2, cards - 25) if null else None,
    )  # fmt: skip


def _card(number, rng, gain, harm):
    layout = ("td1", "national")[number % 2]
    noises = tuple(sorted(rng.choice(NOISES, size=rng.integers(1, 5), replace=False)))
    restored = number % 5 > 0
    raw, cleaned = [], []
    for name in FIELDS[layout]:
        before = bool(rng.random() < 0.87)
        changes = restored and rng.random() < (harm / len(FIELDS[layout]) if before else gain)
        after = not before if changes else before
        for version, right in ((raw, before), (cleaned, after)):
            edits = 0 if right else int(rng.integers(1, 6))
            value = f"{SECRET} {name}" if right else f"{SECRET[:-1]}0 {name}"
            version.append(FieldReading(name, name not in OPTIONAL, right, edits, 12, int(edits > 0), 2, value))
    readings = (
        CardReading(tuple(fields), all(one.right for one in fields), mended=_mended(number, at), seconds=1.1)
        for at, fields in enumerate((raw, cleaned))
    )
    strata = {"noise": noises, "severity": (str(rng.choice(SEVERITIES)),), "layout": (layout,)}
    choice = "restored" if restored else "original"
    card_id = f"{number:012x}"
    file = f"{NAMED}-{number:06d}.png"
    return CardResult(card_id, card_id, layout, layout, strata, *readings, choice, file=file)


def _mended(*seed):
    rng = np.random.default_rng(seed)
    rules = rng.choice(list(RULES), size=rng.integers(0, 3))
    return tuple(Mending(int(rng.integers(1, 4)), int(rng.integers(1, 31)), str(rule), *CHARACTERS) for rule in rules)


def _by_rule(readings):
    rules = [one.rule for reading in readings for one in reading.mended]
    return {rule: rules.count(rule) for rule in RULES}


def _table(results):
    return tabulate([card.raw.passes for card in results], [card.cleaned.passes for card in results])


def _strata(results):
    members = {}
    for card in results:
        for group, names in card.strata.items():
            for name in names:
                members.setdefault((group, name), []).append(card)
    order = ["noise", "severity", "layout"]
    strata = []
    for group, name in sorted(members, key=lambda key: (order.index(key[0]), key[1])):
        table: Table = _table(members[group, name])
        p = mcnemar_p(table.rescued, table.broken)
        interval = bootstrap_net(table, seed=0, draws=200)
        strata.append(Stratum(group, name, table, interval, p, min(1.0, p * len(members))))
    return tuple(strata)


def _fields(results, truth):
    figures = []
    for schema, names in FIELDS.items():
        of_schema = [card for card in results if card.schema == schema]
        for name in names if of_schema else ():
            rights = [
                sum(one.right for card in of_schema for one in version(card).fields if one.name == name)
                for version in (lambda card: card.raw, lambda card: card.cleaned)
            ]
            rates = (0.061, 0.042, 0.19, 0.15) if truth else (None,) * 4
            figures.append(FieldFigures(schema, name, name not in OPTIONAL, len(of_schema), *rights, *rates))
    return tuple(figures)
