"""The operating curve of a gate: what each threshold rescues, breaks and keeps, on cards that OCR reads twice."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from time import process_time

import click
import cv2
from PIL import Image, ImageDraw, ImageFont

from docpipe.clean import Batch, BatchOptions, Ledger, PageOptions, plan_jobs
from docpipe.cores import usable_cores
from docpipe.errors import DocpipeError, InputError
from docpipe.evaluate.evaluation import find_cases
from docpipe.evaluate.judge import read_cases
from docpipe.evaluate.uplift import wilson
from docpipe.imageio import open_scan
from docpipe.restore import SHIPPED_MODEL, Restorer, load_engine, ready_restorer
from docpipe.restore.gate_card import check_model
from docpipe.restore.model_card import load_model
from docpipe.restore.onnx_gate import OnnxGate
from docpipe.train.calibration import JudgedCard, OperatingPoint, operating_points, scores_of
from docpipe.train.gate_export import Verdict, measure_cards
from eval.record import keep

TIMED_CARDS = 12
INK, CURVE, MARK = (40, 40, 40), (42, 111, 151), (193, 68, 14)


@click.command()
@click.option("--gate", "gate_folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder with gate.onnx and gate.json.")  # fmt: skip
@click.option("--cards", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of pairs as docpipe synth writes it: noisy/ and truth.jsonl.")  # fmt: skip
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), default=SHIPPED_MODEL,
              help="Model folder.  [default: the shipped one]")  # fmt: skip
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench/gate"), show_default=True,
              help="Restored pages and what OCR read are kept here.")  # fmt: skip
@click.option("--jobs", default=usable_cores(), show_default=True, help="Processes.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write the curve as a picture.")
@click.option("--keep", "keep_as", metavar="NAME", help="Keep it as eval/results/NAME.txt.  [default: print only]")
def main(
    gate_folder: Path, cards: Path, model: Path, work: Path, jobs: int, plot: Path | None, keep_as: str | None
) -> None:
    """Print what a gate rescues, breaks and keeps at every threshold, and what it costs.

    \b
    python -m eval.gate --gate models/mine --model models/mine --cards val/
    """
    try:
        gate = OnnxGate(gate_folder, device="cpu", threads=1)
        check_model(gate.card, load_model(model)[0].sha256, gate_folder)
        judged, unasked = judge(gate, cards, model, work, jobs)
        share = time_share(gate, cards / "noisy", model)
    except DocpipeError as error:
        click.echo(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), err=True)
        raise SystemExit(error.exit_code) from error
    points = operating_points(scores_of(gate.card.calibration, judged), judged)
    at = max((point for point in points if point.threshold <= gate.threshold), key=lambda point: point.threshold)
    lines = [
        f"{gate.fingerprint}: {len(judged) + unasked} cards, of {unasked} of which the gate is not asked; of the",
        f"others {sum(card.passes_raw for card in judged)} pass as scanned. Intervals are Wilson's, at 95 %.",
        "",
        *table(points, at, judged),
        "",
        f"At its threshold, {gate.threshold:.3f}, the gate costs {points[0].rescued - at.rescued} of "
        f"{points[0].rescued} rescued cards, and spares {points[0].broken - at.broken} of {points[0].broken} broken.",
        f"It takes {share:.1%} of the time of restoring, on one thread.",
    ]
    if plot is not None:
        draw(plot, points, at)
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)


def judge(gate: OnnxGate, cards: Path, model: Path, work: Path, jobs: int) -> tuple[list[JudgedCard], int]:
    """The cards of which the gate is asked, with what it measures and what OCR reads; and how many others there are."""
    raw, restored = cards / "noisy", work / cards.name / load_model(model)[0].fingerprint
    plan = plan_jobs([str(raw)], restored)
    restorer = ready_restorer("onnx", model=model, gated=False)
    with Ledger(plan.ledger) as ledger:
        for report in Batch(restorer, PageOptions(), BatchOptions(jobs=jobs)).run(plan.jobs, ledger):
            if report.failed:
                raise InputError(f"{report.job.source}: {report.record.pages[0].reason}", report.hint)
    cases, _left_out = find_cases(raw, restored, truth=cards / "truth.jsonl", schema=None)
    verdicts = [
        Verdict(case.file, before.passes, after.passes)
        for case, before, after in read_cases(raw, restored, cases, cache=work / "ocr", workers=jobs)
    ]
    judged = measure_cards(gate.meter, restorer.engine.glyph_range, raw, restored, verdicts)
    return judged, len(verdicts) - len(judged)


def time_share(gate: OnnxGate, noisy: Path, model: Path) -> float:
    """The gate's time as a share of all that restoring a page takes without it."""
    cv2.setNumThreads(1)
    restorer = Restorer(load_engine(model=model, device="cpu", threads=1))
    restoring = asking = 0.0
    for path in sorted(noisy.iterdir())[:TIMED_CARDS]:
        with open_scan(path.read_bytes()) as scan:
            page = scan.read(0).pixels
        began = process_time()
        restored = restorer.restore(page).pixels
        between = process_time()
        gate.score(page, restored)
        restoring, asking = restoring + between - began, asking + process_time() - between
    return asking / restoring


def table(points: Sequence[OperatingPoint], at: OperatingPoint, judged: Sequence[JudgedCard]) -> list[str]:
    """A line for every number of rescued and broken cards, at its highest threshold; the gate's own is marked."""
    passing = sum(card.passes_raw for card in judged)
    failing = len(judged) - passing
    lines = ["  threshold   rescued                broken                 kept as scanned"]
    for _, alike in groupby(points, key=lambda point: (point.rescued, point.broken)):
        of_these = list(alike)
        point = at if at in of_these else of_these[-1]
        lines.append(
            f"{'*' if point == at else ' '} {point.threshold:9.3f}   {_of(point.rescued, failing)}  "
            f"{_of(point.broken, passing)}  {_of(point.kept, len(judged))}"
        )
    return lines


def _of(count: int, cards: int) -> str:
    low, high = wilson(count, max(cards, 1))
    return f"{count:4} ({low:5.1%} to {high:5.1%})"


def draw(path: Path, points: Sequence[OperatingPoint], at: OperatingPoint) -> None:
    """Cards rescued over cards broken, from all restored down to all kept; the gate's own point is marked."""
    width, height, margin = 640, 420, 60
    most_broken, most_rescued = max(points[0].broken, 1), max(points[0].rescued, 1)

    def place(broken: float, rescued: float) -> tuple[float, float]:
        across, up = broken / most_broken, rescued / most_rescued
        return margin + across * (width - 2 * margin), height - margin - up * (height - 2 * margin)

    picture = Image.new("RGB", (width, height), "white")
    canvas = ImageDraw.Draw(picture)
    font = ImageFont.load_default(14)
    canvas.line([place(0, most_rescued), place(0, 0), place(most_broken, 0)], fill=INK)
    for broken in range(0, most_broken + 1, -(-most_broken // 10)):
        canvas.text((place(broken, 0)[0], height - margin + 8), str(broken), fill=INK, font=font, anchor="mt")
    for rescued in range(0, most_rescued + 1, -(-most_rescued // 10)):
        canvas.text((margin - 8, place(0, rescued)[1]), str(rescued), fill=INK, font=font, anchor="rm")
    canvas.text((width / 2, height - 16), "cards broken", fill=INK, font=font, anchor="mm")
    canvas.text((margin, margin / 2), "cards rescued", fill=INK, font=font, anchor="mm")
    canvas.line([place(point.broken, point.rescued) for point in points], fill=CURVE, width=3)
    middle = place(at.broken, at.rescued)
    canvas.circle(middle, 6, fill=MARK)
    canvas.text((middle[0] + 10, middle[1] + 6), f"threshold {at.threshold:.3f}", fill=MARK, font=font)
    picture.save(path)


if __name__ == "__main__":
    main()
