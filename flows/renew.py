"""Harvest noise, train a model on it, hold it against the one in service, and promote it only if it is better."""

from pathlib import Path
from typing import Annotated

from prefect import State, flow
from prefect.states import Completed
from pydantic import Field

from docpipe.evaluate.promotion import judge_promotion
from docpipe.evaluate.report import load_findings
from docpipe.registry import Registry
from flows.discretion import discreet, private_folder
from flows.evaluate import evaluate
from flows.harvest import harvest, has_patterns_to_learn_from, recipe_with
from flows.parameters import Cards, Device, LocalPath, ModelSpec, NameOrFile, Ocr, Place, Seed, Share, Workers
from flows.synthesize import synthesize
from flows.told import tell_table
from flows.train import COMPACT, train


@flow(name="renew", persist_result=False)
def renew(
    suite: LocalPath = "runs/suite",
    reports: LocalPath = "runs/reports",
    candidate: ModelSpec | None = None,
    config: LocalPath = COMPACT,
    changes: dict[str, str] | None = None,
    runs: LocalPath = "runs",
    cards: LocalPath = "runs/cards",
    cards_drawn: Cards = 800,
    harvest_from: Place | None = None,
    patterns: LocalPath = "runs/patterns",
    newest: Annotated[int, Field(ge=1, le=10_000)] = 100,
    suite_drawn: Cards = 300,
    suite_recipe: NameOrFile = "worn",
    suite_seed: Seed = 7,
    device: Device = "cpu",
    ocr: Ocr = "auto",
    cache: LocalPath | None = None,
    workers: Workers = 0,
    broken_limit: Annotated[Share, Field(description="Share of the cards that pass raw.")] = 0.03,
) -> State[None]:
    """Train a model and promote it if it is better; the old one stays, and `docpipe models rollback` brings it back.

    Better means that the interval of the difference of pass rates lies above zero, and that no more cards are broken
    than the model in service breaks, or than broken_limit, whichever is more.

    Args:
        suite: folder of the cards that decide; drawn where it is missing, and never trained on.
        reports: folder of the reports, one for each model.
        candidate: a model that is there already, NAME@VERSION, to judge it instead of training one.
        config: TOML file of the training.
        changes: values of the config to change, as {"steps": "2000"}.
        runs: folder of the training runs.
        cards: folder of the cards to train on; drawn where it is missing.
        cards_drawn: how many of these.
        harvest_from: folder or address of scans out of which patterns of noise are cut to train on; none by default.
        patterns: folder of the library that they go to.
        newest: how many scans are looked at, the newest first.
        suite_drawn: how many cards decide.
        suite_recipe: their noise.
        suite_seed: of their series.
        device: cpu or cuda.
        ocr: what reads.
        cache: folder in which what was read is kept, so that the noisy cards are not read again every week.
        workers: processes that draw and read; 0 for one a core.
        broken_limit: cards that pass raw and may fail cleaned, as a share of those that pass raw.

    Returns:
        Completed under the name Promoted or Refused, with the figures.
    """
    with discreet(private_folder(Path(reports))):
        synthesize(suite, suite_drawn, recipe=suite_recipe, seed=suite_seed, split="test", workers=workers)
        if candidate is None:
            synthesize(cards, cards_drawn, workers=workers)
            changed = {**(changes or {}), "cards": f'"{cards}"'}
            if harvest_from:
                harvest(harvest_from, patterns, newest)
                if has_patterns_to_learn_from(Path(patterns)):
                    recipe = Path(patterns) / "recipe.toml"
                    recipe.write_text(recipe_with(Path(patterns)))
                    changed["recipe"] = f"'{recipe}'"
            candidate = train(config, changed, runs, device=device)
        registry = Registry.of_environment()
        in_service = registry.in_service().spec
        candidate = registry.find(candidate).spec
        for spec in (in_service, candidate):
            evaluate(
                str(Path(suite) / "noisy"), str(Path(reports) / spec), truth=str(Path(suite) / "truth.jsonl"),
                model=spec, device=device, ocr=ocr, cache=cache, workers=workers, about=f"{spec} on {Path(suite).name}",
            )
        before, after = (load_findings(Path(reports) / spec) for spec in (in_service, candidate))
        verdict = judge_promotion(before, after, broken_limit=broken_limit)
        if verdict.promote:
            registry.promote(candidate, why=f"over {in_service}: {verdict.why}")
        row = {"in service": in_service, "candidate": candidate, "promoted": verdict.promote, "why": verdict.why}
        tell_table("renew-verdict", [row], "New model against the one in service")
    return Completed(name="Promoted" if verdict.promote else "Refused", message=f"{candidate}: {verdict.why}")
