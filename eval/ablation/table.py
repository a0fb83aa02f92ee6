"""The rows side by side, as lines of text: the budget in front, what each row is behind."""

import hashlib
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docpipe.evaluate.uplift import Table, holm, mcnemar_p, tabulate, wilson
from docpipe.noise.recipe import load_training_recipe
from docpipe.train.config import TrainConfig
from docpipe.train.data import CleanCards
from eval.ablation.judging import OCR, RECIPE, SEED, Reader, Verdicts
from eval.ablation.rows import Options, Row

WIDTH = 118

HEAD = (f"{'row':<25} {'minutes':>7} {'noise':>6} {'fine':>6} {'pass':>5} {'rate, 95 % (Wilson)':>21} {'rescued':>8} "
        f"{'broken':>7} {'gained':>7} {'lost':>5} {'p':>7} {'p, Holm':>8}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row.

    Args:
        row: the row.
        verdicts: on every card; None where the row was not run.
        left: share of the noise that is left on crops, of all and of fine detail; None without a training of its own.
        minutes: of training; None as before.
        run: name of the folder of its run; empty as before.
        not_run: why not; empty where it was.
    """

    row: Row
    verdicts: Verdicts | None = None
    left: tuple[float, float] | None = None
    minutes: float | None = None
    run: str = ""
    not_run: str = ""


def header(options: Options, base: TrainConfig, cards: int, reader: Reader) -> list[str]:
    """What holds for all rows: the budget, what they start from, what they are judged on, and what p says.

    Args:
        options: what the rows share.
        base: of the base row.
        cards: that are judged.
        reader: reads them.
    """
    learnt, checked = CleanCards(options.cards).split()
    recipe = f"{Path(options.recipe).stem} ({load_training_recipe(options.recipe).fingerprint[:12]})"
    paragraphs = [
        f"Budget of every row: {options.steps} steps of {options.batch} crops of {options.crop_px} x {options.crop_px} "
        f"in {base.precision} on one core of the CPU. {base.network} {'-'.join(map(str, base.widths))}, "
        f"{len(learnt)} cards, recipe {recipe}, seed {options.seed}. Equal steps are not equal time: see minutes.",
        _start(options.start_from),
        f"Judged on {cards} cards of the split val, recipe {RECIPE}, seed {SEED}, by {OCR}: {reader.about}.",
        f"Noise, fine: share of the noise, and of its fine detail, that is left on {base.checked} crops of "
        f"{len(checked)} other cards under the whole recipe, the same crops for all rows.",
        "Rescued, broken: against raw. Gained, lost: cards that pass and did not in the base row, and the reverse; p "
        "by McNemar, exact, two-sided; by Holm over the rows. Each row was trained once: p says whether these two "
        'networks differ, not whether two others would. The row "another seed" shows how far chance alone goes.',
    ]
    return [line for paragraph in paragraphs for line in textwrap.wrap(paragraph, WIDTH)]


def _start(weights: Path | None) -> str:
    if weights is None:
        return ("All start from scratch. So short a training leaves networks that may read worse than raw scans do; "
                "where a trained network goes on (--start-from), differences are clearer.")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
    return (f"All go on from {weights}, sha256 {digest}, which may have learnt already from what a row leaves out: a "
            "row shows what it costs to go on without it, not never to have had it.")


def table(raw: Verdicts, outcomes: Sequence[Outcome]) -> list[str]:
    """The table, and what each row differs in.

    Args:
        raw: verdicts on the cards as scanned.
        outcomes: the base's first, which was run.
    """
    base = outcomes[0].verdicts
    assert base is not None
    against = {one.row.name: compared(base, one.verdicts) for one in outcomes[1:] if one.verdicts is not None}
    p_values = [mcnemar_p(table.rescued, table.broken) for table in against.values()]
    corrected = dict(zip(against, holm(p_values), strict=True))
    lines = [HEAD, f"{'raw':<25} {'':7} {'':6} {'':6} {_rate(raw)}"]
    for one in outcomes:
        name = f"{one.row.name:<25}"
        if one.verdicts is None:
            lines.append(f"{name} not run: {one.not_run}")
            continue
        of_raw = compared(raw, one.verdicts)
        line = f"{name} {_trained(one)} {_rate(one.verdicts)} {of_raw.rescued:8} {of_raw.broken:7}"
        if one.row.name in against:
            of_base = against[one.row.name]
            p = mcnemar_p(of_base.rescued, of_base.broken)
            line += f" {of_base.rescued:7} {of_base.broken:5} {p:7.2g} {corrected[one.row.name]:8.2g}"
        lines.append(line)
    lines += ["", "What each row is, or what alone differs from the base; and the folder of its run:"]
    for one in outcomes:
        if one.verdicts is not None:
            told = f"{one.row.name}: {one.row.differs}" + (f" [{one.run}]" if one.run else "")
            lines += textwrap.wrap(told, WIDTH, subsequent_indent="  ")
    return lines


def compared(before: Verdicts, after: Verdicts) -> Table:
    """The 2x2 table of the same cards judged twice.

    Raises:
        KeyError: a card was judged once.
    """
    return tabulate(list(before.values()), [after[file] for file in before])


def _rate(verdicts: Verdicts) -> str:
    passed, cards = sum(verdicts.values()), len(verdicts)
    low, high = wilson(passed, cards)
    rate = f"{100 * passed / cards:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{passed:5} {rate:>21}"


def _trained(one: Outcome) -> str:
    if one.left is None or one.minutes is None:
        return f"{'':7} {'':6} {'':6}"
    return f"{one.minutes:7.1f} {one.left[0]:6.3f} {one.left[1]:6.3f}"
