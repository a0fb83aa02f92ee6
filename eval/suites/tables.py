"""What a run of the suites prints: the ways side by side, and the families, layouts and severities of the cards."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docpipe.cards.layout import TEST_ONLY_LAYOUTS
from docpipe.evaluate.provenance import read_origins
from docpipe.evaluate.strata import BOOTSTRAP_SEED
from docpipe.evaluate.uplift import (
    Table,
    bootstrap_net_clustered,
    holm,
    mcnemar_p,
    share_of_possible,
    tabulate,
    wilson,
)
from docpipe.noise import TEST_ONLY
from eval.suites.reading import Verdict
from eval.suites.suite import Suite, SuitePage

UNSEEN = "*"


@dataclass(frozen=True, slots=True)
class Judged:
    """A suite after reading.

    Args:
        suite: the suite.
        pages: that count, by file.
        ways: way -> verdicts by file; peers may have fewer pages.
        clean: verdicts on the pages without noise, by file; empty where there are none.
        left_out: cards that do not count because they fail without noise.
    """

    suite: Suite
    pages: Mapping[str, SuitePage]
    ways: Mapping[str, Mapping[str, Verdict]]
    clean: Mapping[str, Verdict]
    left_out: int = 0

    def units(self, way: str, files: Iterable[str]) -> list[bool]:
        """What is counted, in one order for all ways: cards that pass, or fields that were found."""
        verdicts = self.ways[way]
        if self.suite.counts == "cards":
            return [verdicts[file].passes for file in files]
        return [right for file in files for right in verdicts[file].right.values()]

    def table(self, way: str, files: Sequence[str]) -> Table:
        """The 2x2 table of a way against raw."""
        return tabulate(self.units("raw", files), self.units(way, files))

    def net_interval(self, way: str, files: Sequence[str]) -> tuple[float, float]:
        """Of the absolute uplift at 95 %, by bootstrap over cards: draws of one card, fields of one page, together."""
        drawn = defaultdict(list)
        for file in files:
            drawn[self.pages[file].card].append(file)
        return bootstrap_net_clustered([self.table(way, some) for some in drawn.values()], seed=BOOTSTRAP_SEED)


def rows_of(judged: Judged) -> list[dict[str, object]]:
    """One row a way, as the table of results keeps them."""
    rows = []
    for way, verdicts in judged.ways.items():
        files = [file for file in judged.pages if file in verdicts]
        table = judged.table(way, files)
        passed = table.both + table.rescued
        low, high = judged.net_interval(way, files)
        ceiling = [judged.clean[file].passes for file in files] if judged.clean else []
        share = share_of_possible(table, sum(ceiling) / len(ceiling)) if ceiling else None
        false_accepts = sum(verdicts[file].valid and not verdicts[file].passes for file in files)
        rows.append({
            "suite": judged.suite.name, "way": way, "units": table.cards, "passed": passed, "rescued": table.rescued,
            "broken": table.broken, "net": table.absolute_uplift, "net_low": low, "net_high": high,
            "p": mcnemar_p(table.rescued, table.broken), "share_of_possible": share,
            "false_accepts": false_accepts if judged.suite.counts == "cards" else None,
            "seconds": _mean([verdicts[file].seconds for file in files if not verdicts[file].unread]),
        })  # fmt: skip
    return rows


def ways_table(judged: Judged) -> list[str]:
    """The ways side by side."""
    unit = "cards" if judged.suite.counts == "cards" else "fields"
    head = (f"{'way':<15} {unit:>6} {'pass':>5} {'rate, 95 % (Wilson)':>21} {'rescued':>8} {'broken':>7} "
            f"{'net, points (bootstrap)':>24} {'p':>8} {'possible':>9} {'false':>6} {'s/page':>7}")  # fmt: skip
    lines = [f"## {judged.suite.name}: {judged.suite.about}", head]
    for row in rows_of(judged):
        low, high = wilson(row["passed"], row["units"])
        rate = f"{100 * row['passed'] / row['units']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        line = f"{row['way']:<15} {row['units']:6} {row['passed']:5} {rate:>21}"
        if row["way"].startswith("raw"):
            lines.append(f"{line} {'':8} {'':7} {'':24} {'':8} {'':9} {_count(row['false_accepts']):>6}")
            continue
        net = f"{100 * row['net']:+.1f} [{100 * row['net_low']:+.1f}, {100 * row['net_high']:+.1f}]"
        share = _percent(row["share_of_possible"])
        lines.append(
            f"{line} {row['rescued']:8} {row['broken']:7} {net:>24} {row['p']:8.2g} {share:>9} "
            f"{_count(row['false_accepts']):>6} {row['seconds']:7.3f}"
        )
    if judged.clean:
        passed = sum(verdict.passes for file, verdict in judged.clean.items() if file in judged.pages)
        lines.append(f"without noise {passed} of {len(judged.pages)} pass: the ceiling of what is possible")
    unread = {way: sum(verdict.unread for verdict in found.values()) for way, found in judged.ways.items()}
    if any(unread.values()):
        told = ", ".join(f"{way} {count}" for way, count in unread.items() if count)
        lines.append(f"pages on which cleaning or OCR crashed, or took too long, which count as failed: {told}")
    if judged.left_out:
        cards = len({page.card for page in judged.pages.values()})
        lines.append(f"{cards} cards count; {judged.left_out} do not, because they fail without noise")
    if judged.suite.counts == "fields" or len({page.card for page in judged.pages.values()}) < len(judged.pages):
        lines.append("p takes draws of a card, and fields of a page, as independent: the interval says more.")
    return lines


def strata_tables(judged: Judged, folder: Path, way: str = "docpipe") -> list[str]:
    """Raw and cleaned by family of noise, layout and fifth of severity; a star marks what no training may see."""
    origins = read_origins(folder / "pairs.jsonl")
    groups: dict[str, dict[str, list[str]]] = {"noise": defaultdict(list), "layout": defaultdict(list),
                                               "severity": defaultdict(list)}  # fmt: skip
    for file, page in judged.pages.items():
        groups["layout"][page.layout].append(file)
        for group in ("noise", "severity"):
            for name in origins[file].strata[group]:
                groups[group][name].append(file)
    places = [(group, name) for group, named in groups.items() for name in sorted(named)]
    tables = [judged.table(way, groups[group][name]) for group, name in places]
    divisions = [judged.table("division", groups[group][name]) for group, name in places]
    corrected = holm([mcnemar_p(table.rescued, table.broken) for table in tables])
    lines = [
        f"{'cards with':<23} {'n':>4} {'raw':>5} {'division':>9} {way:>8} {'clean':>6} {'rescued':>8} {'broken':>7} "
        f"{'net, points':>12} {'p, Holm':>8}"
    ]
    for (group, name), table, division, p in zip(places, tables, divisions, corrected, strict=True):
        star = UNSEEN if name in TEST_ONLY or name in TEST_ONLY_LAYOUTS else ""
        shown = f"severity {name}" if group == "severity" else name
        clean = sum(judged.clean[file].passes for file in groups[group][name])
        lines.append(
            f"{shown + star:<23} {table.cards:4} {table.both + table.broken:5} {division.both + division.rescued:9} "
            f"{table.both + table.rescued:8} {clean:6} {table.rescued:8} {table.broken:7} "
            f"{100 * table.absolute_uplift:+12.1f} {p:8.2g}"
        )
    return [*lines, f"{UNSEEN} for testing only: no training may see this noise or layout."]


def ink_table(judged: Judged, gone: Collection[str], way: str = "docpipe") -> list[str]:
    """Raw and cleaned where a required field lacks ink before anybody cleans, and where none does.

    Args:
        judged: a suite of synthetic cards.
        gone: the files of which ink is gone, as `eval.gallery.ink` tells it.
        way: what cleaned.
    """
    lines = [f"{'ink of required fields':<23} {'n':>4} {'raw':>5} {way:>8} {'clean':>6} {'rescued':>8} {'broken':>7} "
             f"{'net, points (bootstrap)':>24} {'possible':>9}"]  # fmt: skip
    groups = {"there, all of it": [file for file in judged.pages if file not in gone],
              "gone in one at least": [file for file in judged.pages if file in gone]}  # fmt: skip
    for name, files in groups.items():
        if not files:
            continue
        table, (low, high) = judged.table(way, files), judged.net_interval(way, files)
        clean = sum(judged.clean[file].passes for file in files)
        share = share_of_possible(table, clean / len(files))
        net = f"{100 * table.absolute_uplift:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
        lines.append(
            f"{name:<23} {table.cards:4} {table.both + table.broken:5} {table.both + table.rescued:8} {clean:6} "
            f"{table.rescued:8} {table.broken:7} {net:>24} {_percent(share):>9}"
        )
    return [*lines, "gone: of a letter a fifth of the strokes, or so much that grain drowns it; by pixels of the clean "
                    "and the noisy page, before anything is cleaned or read"]  # fmt: skip


def changes(judged: Judged, way: str = "docpipe") -> list[str]:
    """Every page that a way broke, or every field that it gained and lost; names only, never a value."""
    if judged.suite.counts == "cards":
        before, after = judged.ways["raw"], judged.ways[way]
        broken = [file for file in judged.pages if before[file].passes and not after[file].passes]
        wrong = {file: ", ".join(name for name, right in after[file].right.items() if not right) for file in broken}
        lines = [f"  {file} ({wrong[file]})" for file in broken]
        return [f"{len(broken)} broken by {way}, with the fields that went wrong:", *lines]
    lines = []
    for kind, before in (("gained", False), ("lost", True)):
        found = [
            f"{file}: {name}"
            for file in judged.pages
            for name, right in judged.ways["raw"][file].right.items()
            if right is before and judged.ways[way][file].right[name] is not before
        ]
        lines += [f"{len(found)} fields {kind} by {way}:", *(f"  {line}" for line in found)]
    return lines


def fields_table(judged: Judged, way: str = "docpipe") -> list[str]:
    """Single fields, where they are what is counted."""
    lines = [f"{'field':<10} {'pages':>5} {'raw':>4} {way:>8} {'gained':>7} {'lost':>5}"]
    before, after = judged.ways["raw"], judged.ways[way]
    for name in dict.fromkeys(name for page in judged.pages.values() for name in page.true):
        files = [file for file, page in judged.pages.items() if name in page.true]
        pairs = [(before[file].right[name], after[file].right[name]) for file in files]
        table = tabulate(*zip(*pairs, strict=True))
        lines.append(
            f"{name:<10} {table.cards:5} {table.both + table.broken:4} {table.both + table.rescued:8} "
            f"{table.rescued:7} {table.broken:5}"
        )
    return lines


def _mean(seconds: Sequence[float]) -> float:
    return sum(seconds) / len(seconds) if seconds else 0.0


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _count(number: object) -> str:
    return "" if number is None else str(number)
