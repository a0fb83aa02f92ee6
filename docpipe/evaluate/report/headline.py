"""The first screen: how many more cards pass, of how many, whether that may be chance, and where it is worst."""

from docpipe.evaluate.findings import FIELDS, NO_SCAN, NO_SCHEMA, Ceiling, Findings, Stratum
from docpipe.evaluate.report.blocks import Headline
from docpipe.evaluate.report.wording import (
    FIRST_PAGE_ONLY,
    SURE_BELOW,
    counted,
    more_or_fewer,
    more_or_fewer_interval,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
    readable,
)
from docpipe.evaluate.uplift import Table


def headline(findings: Findings) -> Headline:
    """What someone with one minute reads."""
    table = findings.table
    net = table.rescued - table.broken
    pass_ = "card passes" if abs(net) == 1 else "cards pass"
    interval = more_or_fewer_interval(*(table.cards * side for side in findings.absolute_interval))
    return Headline(
        big=f"{more_or_fewer(net)} {pass_}".capitalize(),
        of=f"of {table.cards}, after cleaning. 95 % interval: {interval}.",
        verdict=" ".join([_verdict(findings, net), *_validity(findings), *reservations(findings)]),
        table=table,
        facts=(
            ("Pass rate", f"{100 * findings.raw_rate:.1f} → {percent(findings.cleaned_rate)}",
             f"{points(findings.absolute_uplift)}, 95 % interval {points_interval(findings.absolute_interval)}"),
            *([("Share of the possible uplift", *_share(findings.ceiling, table.cards))] if findings.ceiling else []),
            *([("Null control", *_null(findings.null))] if findings.null else []),
            ("Rescued for each broken", *_exchange(table.rescued, table.broken)),
            ("Worst stratum", *worst_stratum(findings.worst)),
            ("False accepts", *_false_accepts(findings)),
        ),
    )  # fmt: skip


def _verdict(findings: Findings, net: int) -> str:
    if findings.has_draws:
        low, high = findings.absolute_interval
        is_sure = low > 0 or high < 0
        ground = (
            f"the 95 % interval, {points_interval(findings.absolute_interval)} points, "
            f"{'leaves out' if is_sure else 'holds'} zero; it decides, and not McNemar's test, for some cards are "
            "several draws of one"
        )
    else:
        is_sure = findings.p < SURE_BELOW
        ground = f"McNemar p {'' if findings.p < 0.0001 else '= '}{p_value(findings.p)}"
    if findings.null and not is_beyond_null(findings):
        return (
            f"This is no effect ({ground}): the null control, a change that means nothing, moves the pass rate by "
            f"{points(findings.null.absolute_uplift)}, and cleaning by no more, {points(findings.absolute_uplift)}."
        )
    if not is_sure:
        return f"This may be chance ({ground}): these cards do not show that cleaning changes how many pass."
    return f"Cleaning {'helps' if net > 0 else 'harms'}; that this is chance is unlikely ({ground})."


def is_beyond_null(findings: Findings) -> bool:
    """Whether cleaning moves more cards, up or down, than the null control does; true too where that was not read."""
    null, table = findings.null, findings.table
    return null is None or abs(table.rescued - table.broken) > abs(null.rescued - null.broken)


def _validity(findings: Findings) -> list[str]:
    return [] if findings.has_truth else ["There was no truth: a field that is valid and wrong counts as right."]


def reservations(findings: Findings) -> list[str]:
    """Which scans were left out or failed unread, and why: a sentence for each reason."""
    problems = [reading.problem for card in findings.cards for reading in (card.raw, card.cleaned) if reading.problem]
    unfit, lost = problems.count(NO_SCHEMA), problems.count(NO_SCAN)
    why = "Not named by the truth, so left out" if findings.has_truth else "Left out for want of a cleaned version"
    counts = {
        why: findings.left_out,
        FIRST_PAGE_ONLY: findings.several_pages,
        "Failed for want of a cleaned version": lost,
        "Failed because it could not be read": len(problems) - unfit - lost,
        f"Failed because {NO_SCHEMA}": unfit,
    }
    return [f"{what}: {counted(scans, 'scan')}." for what, scans in counts.items() if scans]


def _share(ceiling: Ceiling, cards: int) -> tuple[str, str]:
    clean = f"{ceiling.passed} of {cards} pass without noise"
    if ceiling.share is None:
        return "nothing to gain", f"{clean}, no more than as scanned"
    if ceiling.share_interval is None:
        return percent(ceiling.share), f"too few cards for an interval; {clean}"
    return percent(ceiling.share), f"95 % interval {percent_interval(ceiling.share_interval)}; {clean}"


def _null(null: Table) -> tuple[str, str]:
    changed = f"{null.rescued} rescued, {null.broken} broken"
    return points(null.absolute_uplift), f"{changed} by a change that means nothing; an uplift is to be more than that"


def _exchange(rescued: int, broken: int) -> tuple[str, str]:
    if not broken:
        return "none broken", "no card that passed as scanned fails cleaned"
    return f"{rescued / broken:.1f}", f"{rescued} rescued, {broken} broken"


def worst_stratum(worst: Stratum | None) -> tuple[str, str]:
    """Its name, and what became of how many cards there."""
    if worst is None:
        return "not known", "no stratum has enough cards to be named"
    table = worst.table
    better, worse = ("made right", "made wrong") if worst.group == FIELDS else ("rescued", "broken")
    changes = f"{points(table.absolute_uplift)}: {table.rescued} {better}, {table.broken} {worse}"
    return f"{worst.group}: {readable(worst.name)}", f"{changes} of {counted(table.cards, 'card')}"


def _false_accepts(findings: Findings) -> tuple[str, str]:
    raw, cleaned = findings.false_accepts_raw, findings.false_accepts_cleaned
    if raw is None or cleaned is None:
        return "not known", "they can only be counted against a truth"
    return f"{raw} → {cleaned}", "cards that look valid and are wrong"
