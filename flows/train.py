"""Train a network and lay it beside the others; it is not in service by that."""

from contextlib import ExitStack
from pathlib import Path

from prefect import flow, get_run_logger

from docpipe.registry import Registry
from flows.discretion import discreet, private_folder
from flows.gpu import gpu_slot
from flows.parameters import Device, LocalPath
from flows.told import Progress, tell_table

COMPACT = "docpipe/train/configs/compact.toml"


@flow(name="train", persist_result=False)
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
        config: TOML file of the training, of one stage or a chain of them that makes a generator.
        changes: values of the config to change, as {"steps": "2000"}, or for one stage {"distil.steps": "2000"}.
        runs: folder of the runs; this one gets the next number.
        resume: folder of a run that was stopped, to go on with it instead.
        device: cpu or cuda. Runs on a GPU wait for one another.
        go_on: where a run of just this config was stopped in the middle, go on with it.

    Returns:
        NAME@VERSION of the new model.
    """
    # Late: only who trains needs torch.
    from docpipe.train.chain import load_chain
    from docpipe.train.chain_run import (
        folder_to_export,
        new_chain_run,
        require_chain_ready,
        resume_chain_run,
        run_chain,
        unfinished_chain_run,
    )
    from docpipe.train.export import export
    from docpipe.train.run_folder import alone_in, read_config
    from docpipe.train.running import join

    with discreet(private_folder(Path(runs))), gpu_slot(device), ExitStack() as held:
        if resume:
            run = Path(resume)
            held.enter_context(alone_in(run))
            chain = resume_chain_run(run, changes or {})
        else:
            chain = load_chain(Path(config), changes)
            require_chain_ready(chain, device)
            stopped = unfinished_chain_run(Path(runs), chain) if go_on else None
            run = stopped or new_chain_run(Path(runs), chain)
            held.enter_context(alone_in(run))
            if stopped:
                resume_chain_run(stopped, {})
        get_run_logger().info("training run %s, %s, %d steps", run.name, " > ".join(chain.stages), chain.steps)
        progress = Progress("train", chain.steps, f"{chain.steps} steps of {chain.name}")
        run_chain(chain, run, join(device), tell=lambda now: progress.tell(now.earlier + now.step))
        registry = Registry.of_environment()
        version = registry.next_version(read_config(folder_to_export(run))[0].name)
        card = export(run, run / f"model-{version}", version=version)
        model = registry.add(run / f"model-{version}")
        tell_table("train-model", [{"model": model.spec, "run": run.name, **card["figures"]}], "The new model")
    return model.spec
