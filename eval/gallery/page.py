"""The gallery as lines of text, and as a page of the documentation."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docpipe.errors import InputError
from eval.gallery.worst import ORDER, RULE, Result

TITLE = "The worst results on the suite `cards`"
LOST = {"broken": "lost", "loses fields": "lost", "fails both times": "wrong after cleaning"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a card was made dirty: its severity, 0 to 1, and each kind of noise with its own."""

    severity: float
    noises: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A result with what is told of it.

    Args:
        result: the card, and the fields it is about.
        drawn: its noises.
        causes: cause -> the fields it holds for.
        seen: what a person saw in the picture; empty where nobody has looked.
    """

    result: Result
    drawn: Drawn
    causes: Mapping[str, Sequence[str]]
    seen: str = ""

    @property
    def card(self) -> str:
        """Its number in the suite."""
        return Path(self.result.page.file).stem

    @property
    def told_fields(self) -> str:
        """What went wrong: names of fields, never values."""
        gained = f" ({self.result.gained} gained)" if self.result.gained else ""
        return f"{LOST[self.result.kind]}: {', '.join(self.result.fields)}{gained}"

    @property
    def told_noises(self) -> str:
        """Every kind of noise with its severity."""
        return ", ".join(f"{kind} {severity:.2f}" for kind, severity in self.drawn.noises)

    @property
    def told_causes(self) -> str:
        """Every cause, behind its fields where there are several."""
        if len(self.causes) == 1:
            return next(iter(self.causes))
        return "; ".join(f"{', '.join(names)}: {cause}" for cause, names in self.causes.items())


def counted(results: Sequence[Result], exhibits: Sequence[Exhibit]) -> list[str]:
    """How many bad results there are of each kind, and how often each cause was found in those shown."""
    kinds = Counter(result.kind for result in results)
    shown = Counter(exhibit.result.kind for exhibit in exhibits)
    causes = Counter(cause for exhibit in exhibits for cause in exhibit.causes)
    return [
        "Cards (shown here): " + ", ".join(f"{kind} {kinds[kind]} ({shown[kind]})" for kind in ORDER) + ".",
        "Causes, and on how many of the cards shown:",
        "",
        *(f"- {cause}: {count}" for cause, count in causes.most_common()),
    ]


def as_text(exhibits: Sequence[Exhibit]) -> list[str]:
    """Some lines a card."""
    lines = []
    for rank, exhibit in enumerate(exhibits, 1):
        lines += [
            "",
            f"{rank:2}  {exhibit.card}  {exhibit.result.page.layout}  {exhibit.result.kind}; {exhibit.told_fields}",
            f"    severity {exhibit.drawn.severity:.2f}: {exhibit.told_noises}",
            f"    cause: {exhibit.told_causes}",
        ]
        lines += [f"    seen by eye: {exhibit.seen}"] if exhibit.seen else []
    return lines


def as_markdown(
    exhibits: Sequence[Exhibit], pictures: Sequence[str], origin: Sequence[str], counts: Sequence[str]
) -> str:
    """A page: where it comes from, the rule, and a section a card.

    Args:
        exhibits: in their order.
        pictures: paths of their pictures, relative to the page.
        origin: lines on command, commit, lock and model.
        counts: what `counted` says.
    """
    lines = [
        f"# {TITLE}", "", "Written by `python -m eval.gallery`; cards and values are invented.", "",
        "```", *origin, "```", "", RULE, "", *counts, "",
        "The cause is computed, from what became of the print of each field against the clean card "
        "(`eval/gallery/causes.py`); what a person saw in the picture stands below it, where somebody looked. Fields "
        "that went wrong are framed, the place of the first is enlarged.",
    ]  # fmt: skip
    for rank, (exhibit, file) in enumerate(zip(exhibits, pictures, strict=True), 1):
        lines += [
            "", f"## {rank}. Card {exhibit.card}: {exhibit.result.kind}", "",
            f"- Layout {exhibit.result.page.layout}, severity {exhibit.drawn.severity:.2f}: {exhibit.told_noises}",
            f"- {exhibit.told_fields[0].upper()}{exhibit.told_fields[1:]}",
            f"- Cause: {exhibit.told_causes}",
            *([f"- Seen by eye: {exhibit.seen}"] if exhibit.seen else []),
            "", f"![Card {exhibit.card}: clean, as scanned, cleaned]({file})",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def read_seen(path: Path, judged: Mapping[str, str]) -> dict[str, str] | None:
    """What a person saw, by number of the card; None where it was written about other results.

    Args:
        path: of a TOML file with a table `judged`, which says what was looked at, and a table `cards`.
        judged: what is shown now, as that table should say it.

    Raises:
        InputError: it is no such file.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        of, cards = table["judged"], {str(card): str(sentence) for card, sentence in table["cards"].items()}
    except (OSError, ValueError, KeyError, AttributeError) as unfit:
        raise InputError(f"{path} cannot be read", "it needs the tables judged and cards") from unfit
    return cards if of == dict(judged) else None
