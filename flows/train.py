"""Train a network and lay it beside the others; it is not in service by that."""

from pathlib import Path

from prefect import flow, get_run_logger

from docpipe.registry import Registry
from flows.discretion import discreet, private_folder
from flows.gpu import gpu_slot
from flows.parameters import Device, LocalPath
from flows.told import Progress, tell_table

COMPACT = "docpipe/train/configs/compact.toml"


@flow(name="train")
def train(
    config: LocalPath = COMPACT,
    changes: dict[str, str] | None = None,
    runs: LocalPath = "runs",
    resume: LocalPath | None = None,
    device: Device = "cpu",
    go_on: bool = True,
) -> str:
    """Train a network and add it to the folder of models (DOCPIPE_MODELS) under its next version.

    Args:
        config: TOML file of the training.
        changes: values of the config to change, as {"steps": "2000"}.
        runs: folder of the runs; this one gets the next number.
        resume: folder of a run that was stopped, to go on with it instead.
        device: cpu or cuda. Runs on a GPU wait for one another.
        go_on: where a run of just this config was stopped in the middle, go on with it.

    Returns:
        NAME@VERSION of the new model.
    """
    # Late: only who trains needs torch.
    from docpipe.train.config import load_config
    from docpipe.train.data import require_cards
    from docpipe.train.export import export
    from docpipe.train.pretrain import pretrain
    from docpipe.train.run_folder import new_run, resume_run, unfinished_run

    with discreet(private_folder(Path(runs))), gpu_slot(device):
        if resume:
            run, plan = Path(resume), resume_run(Path(resume), changes or {})
        else:
            plan = load_config(Path(config), changes)
            require_cards(Path(plan.cards))
            stopped = unfinished_run(Path(runs), plan) if go_on else None
            if stopped:
                resume_run(stopped, {})
            run = stopped or new_run(Path(runs), plan)
        get_run_logger().info("training run %s, %d steps", run.name, plan.steps)
        progress = Progress("train", plan.steps, f"{plan.steps} steps of {plan.name}")
        pretrain(plan, run, device=device, tell=lambda now: progress.tell(now.step))
        registry = Registry.of_environment()
        version = registry.next_version(plan.name)
        card = export(run, run / f"model-{version}", version=version)
        model = registry.add(run / f"model-{version}")
        tell_table("train-model", [{"model": model.spec, "run": run.name, **card["figures"]}], "The new model")
    return model.spec
