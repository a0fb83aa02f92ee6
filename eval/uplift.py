"""How many synthetic cards pass OCR: as they are, cleaned by a model, by division, and by a change that means nothing.

The cards are drawn with identities, value fonts and pattern seeds that no training saw; layouts and kinds of noise are
those of the training. Everything is kept in a work folder, so an interrupted run goes on where it was.
"""

import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click
import cv2

import docpipe.ocr
from docpipe.evaluate.cases import Case, TrueCard, cases_of, read_truth
from docpipe.evaluate.judge import read_scan
from docpipe.evaluate.null_control import null_control
from docpipe.evaluate.uplift import Table, bootstrap_net, mcnemar_p, tabulate, wilson
from docpipe.ocr.engines import load_ocr
from docpipe.restore import load_engine
from docpipe.synth import write_pairs
from eval.record import keep, keep_table

BOOTSTRAP_SEED = 0
OCR = "tesserocr"
FEWEST_OF_A_KIND = 15  # a kind of noise on fewer cards is not listed by itself
Wrong = dict[str, tuple[str, ...]]


@click.command()
@click.option("--cards", "count", default=300, show_default=True, help="Noisy cards.")
@click.option("--clean-cards", default=100, show_default=True, help="Of them, also judged without their noise.")
@click.option("--split", type=click.Choice(["val", "test"]), default="test", show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--recipe", default="worn", show_default=True)
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="Model folder.  [default: the shipped one]")
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench/uplift"), show_default=True)
@click.option("--jobs", default=len(os.sched_getaffinity(0)), show_default=True, help="Processes.")
@click.option("--keep", "keep_as", help="Name under eval/results/.  [default: print only]")
def main(
    count: int, clean_cards: int, split: str, seed: int, recipe: str, model: Path | None, work: Path, jobs: int,
    keep_as: str | None,
) -> None:  # fmt: skip
    """Print rescued, broken and net of every way, the model against division card by card, and clean cards broken."""
    suite = work / f"{recipe}-{split}-{seed}-{count}"
    if not (suite / "truth.jsonl").exists():
        write_pairs(suite, count, recipe=recipe, seed=seed, split=split, workers=jobs)
    cards = read_truth(suite / "truth.jsonl")
    ways = {"raw": suite / "noisy", "null": suite / "null"}
    write_null_controls(suite / "noisy", suite / "null", cards)
    for way, engine, of_model in (("division", "division", None), ("model", "onnx", model)):
        fingerprint = load_engine(engine, model=of_model).fingerprint
        options = ["--engine", engine, *(["--model", str(of_model)] if of_model else [])]
        ways[way] = clean(suite / "noisy", suite / fingerprint, options, jobs)
        ways[f"{way}, clean cards"] = clean(suite / "clean", suite / f"clean-{fingerprint}", options, jobs)
    ways["clean cards"] = suite / "clean"
    wrong = {
        way: judge(folder, cards[:clean_cards] if "clean cards" in way else cards, jobs) for way, folder in ways.items()
    }
    kinds = noise_kinds(suite / "pairs.jsonl")
    lines = [
        f"{count} cards of recipe {recipe}, split {split}, seed {seed}: identities, value fonts and pattern seeds",
        "that no training saw; layouts and kinds of noise are those of the training.",
        f"{load_ocr(OCR).description}; model {ways['model'].name}; {ways['division'].name}",
        "",
        *effects({way: wrong[way] for way in ("raw", "null", "division", "model")}),
        "",
        *duels(wrong),
        "",
        *strata(wrong, cards, kinds),
        "",
        *harm(wrong, cards[:clean_cards]),
    ]
    if keep_as is None:
        print("\n".join(lines))
        return
    keep(keep_as, lines)
    header = ["file", "layout", "noises", "raw", "null", "division", "model"]
    rows = [
        [card.file, card.layout, "+".join(kinds[card.file]), *(int(not wrong[way][card.file]) for way in header[3:])]
        for card in cards
    ]
    keep_table(f"{keep_as}_cards", header, rows)


def write_null_controls(noisy: Path, folder: Path, cards: Sequence[TrueCard]) -> None:
    """The null control of every card."""
    folder.mkdir(exist_ok=True)
    for card in cards:
        if not (folder / card.file).exists():
            gray = cv2.imread(str(noisy / card.file), cv2.IMREAD_GRAYSCALE)
            cv2.imwrite(str(folder / card.file), null_control(gray))


def clean(scans: Path, out: Path, options: list[str], jobs: int) -> Path:
    """Run the command that a user runs; it resumes by itself."""
    docpipe = Path(sys.executable).with_name("docpipe")
    command = [str(docpipe), "clean", str(scans), "-o", str(out), "--jobs", str(jobs), "--quiet", *options]
    subprocess.run(command, check=True)
    return out


def judge(folder: Path, cards: Sequence[TrueCard], jobs: int) -> Wrong:
    """The required fields that were read wrong, by file; what this reader judged before is not judged again."""
    kept = verdicts_of(folder)
    known: Wrong = {}
    if kept.exists():
        known = {line["file"]: tuple(line["wrong"]) for line in map(json.loads, kept.read_text().splitlines())}
    to_do = [card for card in cards if card.file not in known]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool, kept.open("a") as file:
        for name, wrong in pool.imap(partial(judge_one, folder), cases_of(to_do)):
            known[name] = wrong
            file.write(json.dumps({"file": name, "wrong": wrong}) + "\n")
            file.flush()
    return {card.file: known[card.file] for card in cards}


def verdicts_of(folder: Path) -> Path:
    """Where the verdicts on a folder are kept: a name for every state of the code that reads, and of its engine."""
    sources = sorted(path for path in Path(docpipe.ocr.__file__).parent.rglob("*") if path.suffix in (".py", ".toml"))
    reader = hashlib.sha256(load_ocr(OCR).description.encode())
    for source in sources:
        reader.update(source.read_bytes())
    return folder.with_name(f"verdicts-{reader.hexdigest()[:12]}-{folder.name}.jsonl")


def judge_one(folder: Path, case: Case) -> tuple[str, tuple[str, ...]]:
    """Name of the file, and the required fields that are not read right from it."""
    reading = read_scan(folder / case.file, case, ocr=OCR)
    if reading.problem:
        raise SystemExit(f"{folder / case.file}: {reading.problem}")
    return case.file, tuple(field.name for field in reading.fields if field.required and not field.right)


def effects(wrong: Mapping[str, Wrong]) -> list[str]:
    """One line a way: cards that pass, rescued, broken, net."""
    lines = [
        f"{'':<9} {'pass':>4} {'rate, 95 % (Wilson)':>22} {'rescued':>8} {'broken':>7} {'net, points (bootstrap)':>25} "
        f"{'p':>9}"
    ]
    for way, found in wrong.items():
        table = paired(wrong["raw"], found)
        passed = table.both + table.rescued
        low, high = (100 * side for side in wilson(passed, table.cards))
        line = f"{way:<9} {passed:4} {100 * table.cleaned_rate:7.1f} %  [{low:4.1f}, {high:4.1f}]"
        if way != "raw":
            low, high = (100 * side for side in bootstrap_net(table, seed=BOOTSTRAP_SEED))
            net = f"{100 * table.absolute_uplift:+.1f}  [{low:+.1f}, {high:+.1f}]"
            p = mcnemar_p(table.rescued, table.broken)
            line += f" {table.rescued:8} {table.broken:7} {net:>25} {p:9.2g}"
        lines.append(line)
    return [*lines, "p: McNemar against raw, exact, two-sided."]


def duels(wrong: Mapping[str, Wrong]) -> list[str]:
    """The model against the others, card by card."""
    lines = []
    for other in ("division", "null"):
        table = paired(wrong[other], wrong["model"])
        lines.append(
            f"model against {other}: {table.rescued} cards pass by the model only, {table.broken} by {other} only, "
            f"p = {mcnemar_p(table.rescued, table.broken):.2g}"
        )
    return lines


def strata(wrong: Mapping[str, Wrong], cards: Sequence[TrueCard], kinds: Mapping[str, Sequence[str]]) -> list[str]:
    """Rescued and broken by layout and by kind of noise; a card counts for every noise that it has."""
    layouts = dict.fromkeys(card.layout for card in cards)
    groups = {layout: [card.file for card in cards if card.layout == layout] for layout in layouts}
    for kind in sorted({kind for noises in kinds.values() for kind in noises}):
        groups[kind] = [file for file, noises in kinds.items() if kind in noises]
    lines = [
        f"{'cards with':<18} {'n':>4} {'raw':>5} {'division':>9} {'model':>6} {'rescued':>8} {'broken':>7}  by it"
    ]
    for name, files in groups.items():
        if len(files) >= FEWEST_OF_A_KIND:
            raw, division, model = ({file: wrong[way][file] for file in files} for way in ("raw", "division", "model"))
            table, passed = paired(raw, model), paired(raw, division)
            lines.append(
                f"{name:<18} {len(files):4} {table.both + table.broken:5} {passed.both + passed.rescued:9} "
                f"{table.both + table.rescued:6} {table.rescued:8} {table.broken:7}"
            )
    return lines


def harm(wrong: Mapping[str, Wrong], cards: Sequence[TrueCard]) -> list[str]:
    """What cleaning does to cards without noise."""
    lines = []
    for way in ("division", "model"):
        table = paired(wrong["clean cards"], wrong[f"{way}, clean cards"])
        lines.append(
            f"{len(cards)} untouched clean cards, {way}: {table.both + table.broken} pass before, "
            f"{table.broken} broken, {table.rescued} rescued"
        )
    return lines


def paired(before: Wrong, after: Wrong) -> Table:
    """The 2x2 table of two ways over the same files."""
    return tabulate([not before[file] for file in before], [not after[file] for file in before])


def noise_kinds(pairs: Path) -> dict[str, list[str]]:
    """The kinds of noise on every card, by file."""
    records = map(json.loads, pairs.read_text().splitlines())
    return {record["file"]: [noise["kind"] for noise in record["noises"]] for record in records}


if __name__ == "__main__":
    main()
