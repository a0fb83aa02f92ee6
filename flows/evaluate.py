"""Count how many more cards pass OCR after cleaning, and write the report."""

from pathlib import Path
from typing import Annotated

from prefect import State, flow
from pydantic import Field

from docpipe.cores import usable_cores
from docpipe.evaluate.evaluation import evaluate as evaluate_folders
from docpipe.evaluate.evaluation import find_cases
from docpipe.evaluate.findings import Findings
from docpipe.evaluate.report import write_report
from flows.clean_scans import Cleaned, clean_scans
from flows.discretion import discreet, private_folder
from flows.parameters import Device, EngineName, LocalPath, ModelSpec, NameOrFile, Ocr, Workers
from flows.told import Progress, ended, tell_link, tell_table


@flow(name="evaluate", persist_result=False)
def evaluate(
    raw: LocalPath,
    report: LocalPath,
    cleaned: LocalPath | None = None,
    truth: LocalPath | None = None,
    card_schema: NameOrFile | None = None,
    engine: EngineName = "onnx",
    model: ModelSpec | None = None,
    device: Device = "cpu",
    ocr: Ocr = "auto",
    cache: LocalPath | None = None,
    workers: Workers = 0,
    about: Annotated[str, Field(max_length=200)] = "",
) -> State[None]:
    """Read every card raw and cleaned, count what passes, and write the report, as `docpipe evaluate` does.

    Args:
        raw: folder of the scans as they came in.
        report: folder of the report.
        cleaned: folder of the same scans, cleaned; without it they are cleaned first, into the report's folder.
        truth: truth.jsonl of the cards; without it fields are judged by their own rules.
        card_schema: name or file of a field schema; found out by default.
        engine: that cleans, where `cleaned` is not given.
        model: that cleans; the one in service by default.
        device: that cleans.
        ocr: what reads.
        cache: folder in which what was read is kept: personal data.
        workers: processes that read; 0 for one a core.
        about: a word on what is evaluated, shown beside the report.

    Returns:
        Completed, with the counts, that of the scans too that were left out because the truth does not name them or
        they have no cleaned counterpart; under the name CompletedWithErrors, with the ids of the scans, where some
        could not be cleaned first.
    """
    failed: tuple[str, ...] = ()
    with discreet(private_folder(Path(report))):
        if cleaned is None:
            cleaned = str(Path(report) / "cleaned")
            cleaning: Cleaned = clean_scans(  # type: ignore[assignment] # Prefect unwraps the state
                raw, cleaned, engine=engine, model=model, device=device, workers=workers
            )
            failed = cleaning.failed
        gold = Path(truth) if truth else None
        cases, _ = find_cases(Path(raw), Path(cleaned), truth=gold, schema=card_schema)
        progress = Progress("evaluate", len(cases), f"{len(cases)} cards")
        findings = evaluate_folders(
            Path(raw), Path(cleaned), truth=gold, schema=card_schema, ocr=(ocr,), cache=Path(cache) if cache else None,
            workers=workers or usable_cores(), tell=progress.tell,
        )
        write_report(findings, Path(report))
        _tell(findings, Path(report), about)
    table = findings.table
    others = f", {findings.left_out} scans left out" if findings.left_out else ""
    return ended(f"{table.rescued} rescued, {table.broken} broken of {table.cards} cards{others}", failed)


def _tell(findings: Findings, report: Path, about: str) -> None:
    table = findings.table
    figures = {
        "cards": table.cards,
        "scans left out": findings.left_out,
        "pass raw": table.both + table.broken,
        "pass cleaned": table.both + table.rescued,
        "rescued": table.rescued,
        "broken": table.broken,
        "p (McNemar)": f"{findings.p:.2g}",
    }
    about = about or "Cards that pass OCR, raw and cleaned"
    tell_table("evaluate-figures", [{"what": what, "figure": figure} for what, figure in figures.items()], about)
    tell_link("evaluate-report", report / "report.html", about)
