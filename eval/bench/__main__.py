"""All that the bench measures, as one command."""

import os
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from docpipe.errors import DocpipeError
from docpipe.registry import FOLDER_VARIABLE
from eval.bench.batch import batch
from eval.bench.card import card
from eval.bench.engines import engines
from eval.bench.memory import memory
from eval.bench.page import page
from eval.bench.report import QUICK, Amounts, Report, Run
from eval.bench.resume import resume
from eval.bench.startup import startup
from eval.record import origin, write

SECTIONS: dict[str, Callable[[Run], None]] = {
    "card": card,
    "page": page,
    "batch": batch,
    "startup": startup,
    "memory": memory,
    "resume": resume,
    "engines": engines,
}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(SECTIONS)),
              help="This section; may be given several times.  [default: all]")  # fmt: skip
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Model folder; --only card measures it beside the shipped one.  [default: the shipped one]")
@click.option("--cards", type=click.IntRange(2), help="Scans of the batch.  [default: 500]")
@click.option("--pages", type=click.IntRange(101), help="Small pages for memory.  [default: 5000]")
@click.option("--finished", type=click.IntRange(1), help="Pages that a second run finds.  [default: 20000]")
@click.option("--quick", is_flag=True, help="Little of everything: whether it works, not what it costs.")
@click.option("--keep", "keep_as", metavar="NAME", help="Keep it as eval/results/NAME.txt.  [default: print only]")
def main(
    only: tuple[str, ...], model: Path | None, cards: int | None, pages: int | None, finished: int | None, quick: bool,
    keep_as: str | None,
) -> None:  # fmt: skip
    """Measure what docpipe costs, each figure beside another one of the same run, and hold it against its goal.

    Run it on a machine that does nothing else: clocks tell what others do, too. The load says so at the top.

    \b
    python -m eval.bench --keep bench
    python -m eval.bench --only card --model runs/001-compact/model
    python -m eval.bench --quick
    """
    os.environ.pop(FOLDER_VARIABLE, None)           # another model in service would be measured in some sections alone
    wanted = {"cards": cards, "small_pages": pages, "finished_pages": finished}
    amounts = replace(QUICK if quick else Amounts(), **{name: count for name, count in wanted.items() if count})
    run = Run(amounts, Report(), model)
    click.echo(origin())
    run.report.say(f"{_processor()}; load {_load()} at the start" + ("; --quick: figures say little" if quick else ""))
    try:
        for name in only or SECTIONS:
            run.report.say("", f"== {name} ==")
            SECTIONS[name](run)
    except DocpipeError as error:
        click.echo(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), err=True)
        raise SystemExit(error.exit_code) from error
    run.report.sum_up()
    run.report.say(f"load {_load()} at the end")
    if keep_as:
        write(keep_as, run.report.lines)


def _processor() -> str:
    """Its name, where the system tells."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _load() -> str:
    """Processes that wanted a core at once, in the mean of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
