"""Which results are the worst, told from kept verdicts alone; nothing is judged here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docpipe.errors import InputError
from eval.suites.reading import Verdict
from eval.suites.suite import SuitePage

Kind = Literal["broken", "loses fields", "fails both times"]
RULE = (
    "First the cards that cleaning broke, which pass raw and fail cleaned, by how many required fields were lost; then "
    "failing cards of which cleaning lost fields that were right raw, by how many; then cards that fail both times "
    "though they pass without noise, those with the fewest right fields after cleaning first. Of equal ones, those "
    "come first that gained fewer fields, then those that stand first in the suite."
)
ORDER: tuple[Kind, ...] = ("broken", "loses fields", "fails both times")


@dataclass(frozen=True, slots=True)
class Result:
    """A card that went badly.

    Args:
        page: of the suite.
        kind: why it is here.
        fields: what it is about: the required fields that cleaning lost, or, of a card that fails both times, those
            that are wrong after cleaning.
        gained: how many fields are right after cleaning and were not before.
    """

    page: SuitePage
    kind: Kind
    fields: tuple[str, ...]
    gained: int


def worst_first(
    pages: Sequence[SuitePage], raw: Mapping[str, Verdict], cleaned: Mapping[str, Verdict], clean: Mapping[str, Verdict]
) -> list[Result]:
    """All bad results in the order of `RULE`.

    Args:
        pages: of the suite, in its order.
        raw: verdicts by file on the noisy pages as they are.
        cleaned: on what docpipe made of them.
        clean: on the pages without noise.
    """
    results = [
        result
        for page in pages
        if (result := _bad_result(page, raw[page.file], cleaned[page.file], clean[page.file])) is not None
    ]
    return sorted(results, key=lambda one: (ORDER.index(one.kind), -len(one.fields), one.gained))


def _bad_result(page: SuitePage, raw: Verdict, cleaned: Verdict, clean: Verdict) -> Result | None:
    """What is bad about a card, if anything."""
    wrong = tuple(name for name, right in cleaned.right.items() if not right)
    lost = tuple(name for name in wrong if raw.right[name])
    gained = sum(right and not raw.right[name] for name, right in cleaned.right.items())
    if raw.passes and lost:
        return Result(page, "broken", lost, gained)
    if lost:
        return Result(page, "loses fields", lost, gained)
    if wrong and clean.passes:
        return Result(page, "fails both times", wrong, gained)
    return None


def kept_verdicts(path: Path) -> dict[str, Verdict]:
    """The verdicts that a run of the suites kept in a file, by page; a last line that a kill cut short is left out.

    Raises:
        InputError: there is no such file, or it holds something else.
    """
    if not path.exists():
        names = sorted(one.stem for one in path.parent.glob("*.jsonl"))
        raise InputError(
            f"no verdicts are kept in {path}",
            "judge first: python -m eval.suites --suite cards; or name others with --reader and --docpipe"
            + (f"; kept are {', '.join(names)}" if names else ""),
        )
    try:
        lines = path.read_text().rpartition("\n")[0].splitlines()
        verdicts = [Verdict(**json.loads(line)) for line in lines]
    except (ValueError, TypeError) as damaged:
        raise InputError(f"{path} does not hold verdicts", "remove it, and judge again") from damaged
    return {verdict.page: verdict for verdict in verdicts}
