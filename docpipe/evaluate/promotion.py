"""Whether a new model is to take the place of the one in service: both judged on the same cards."""

from dataclasses import dataclass

from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report.compare import Comparison, compare_findings
from docpipe.evaluate.report.wording import points, points_interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the comparison.

    Args:
        promote: the new model is better, and does not break too many cards.
        why: the figures, in words; no card is named.
        comparison: of both, card by card.
    """

    promote: bool
    why: str
    comparison: Comparison


def judge_promotion(in_service: Findings, candidate: Findings, *, broken_limit: float) -> Verdict:
    """Promote only what is better for sure and harms no more than is accepted.

    Better: the interval of the difference of pass rates, at 95 %, lies above zero. Harm: cards that pass raw and fail
    cleaned; they may be as many as the model in service breaks, or `broken_limit` of those that pass raw, whichever
    is more.

    Args:
        in_service: of the model in service.
        candidate: of the new one, on the same cards.
        broken_limit: share of the cards that pass raw, 0 to 1.

    Raises:
        ValueError: `broken_limit` is no share.
        InputError: the two have no card in common, or judged by different rules.
    """
    if not 0 <= broken_limit <= 1:
        raise ValueError(f"broken_limit is {broken_limit}; it is a share, from 0 to 1")
    comparison = compare_findings(in_service, candidate)
    passing_raw = candidate.table.both + candidate.table.broken
    most = max(in_service.table.broken, int(broken_limit * passing_raw))
    is_better = comparison.net_interval[0] > 0 and comparison.left_out == 0
    harms = candidate.table.broken > most
    figures = [
        f"{points(comparison.net)} [{points_interval(comparison.net_interval)}]",
        f"breaks {candidate.table.broken} of {passing_raw} cards that pass raw, at most {most} may be",
    ]
    if comparison.left_out:
        figures.append(f"{comparison.left_out} cards were not judged with both")
    outcome = "too many broken" if harms and is_better else "better" if is_better else "not better for sure"
    return Verdict(is_better and not harms, f"{outcome}: {'; '.join(figures)}", comparison)
