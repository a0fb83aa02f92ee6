"""Teacher, critic, adversarial stage and distillation in one run on one GPU, and all that is worth bringing home.

python -m eval.train_on_gpu --pack runs/cards.zip -o brought/ --minutes 25
python -m eval.train_on_gpu --pack runs/cards.zip -o brought/ --tiny        the same path on a CPU, in a minute or two

First each stage runs for a few steps, to learn how fast this machine is; then each gets as many steps as fit its
share of the minutes, and is made shorter on its way where it turns out slower. A run that was cut off goes on where
its last checkpoint stands: start the same command again; --minutes are then those for what is left.
It needs torch, segmentation-models-pytorch, safetensors, NumPy, OpenCV and Pillow; ONNX where it is there.

OUT holds what there is by the latest check (`eval.brought_home`): at most eight files, each under 16 MB. Where onnx or
onnxruntime is not installed the network comes home as a run:

docpipe export brought/ -o models/mine --set cards=runs/cards.zip
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import accumulate
from pathlib import Path

import torch

from docpipe.errors import DocpipeError, InputError, OutputError, UsageError
from docpipe.train.chain import Chain, load_chain, make_chain
from docpipe.train.chain_run import new_chain_run, require_chain_ready, resume_chain_run, run_chain
from docpipe.train.config import TrainConfig
from docpipe.train.run_folder import CHAIN, load_checkpoint
from docpipe.train.running import Place, Progress, Tell, join
from docpipe.train.stages import LEAVES
from eval.brought_home import ABOUT, bring_home, export_where_possible, say

CONFIG = Path("docpipe/train/configs/teacher.toml")
SHARES = {"pixels": 0.36, "critic": 0.06, "adversarial": 0.30, "distil": 0.28}
"""Of the minutes that are left after the trial; starting stages and the export take the rest."""

KEPT_FREE = 0.12
LATE_SHARE = 0.05
"""By how much of its share a stage may be late before it is made shorter: going on from a check takes time too."""

TRIAL_STEPS = 60
FITTED = ("steps", "check_every", "warmup")
TINY = {
    "network": "compact", "widths": "[8, 12]", "critic_widths": "[8, 16]", "distil.widths": "[4, 8]", "batch": "4",
    "crop_px": "32", "checked": "8", "workers": "0", "precision": "float32", "warmup": "2", "check_every": "3",
    "adversarial.critic_threshold": "0",
}
TINY_STEPS = 6


def main() -> None:
    """Parse, train, bring home."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, required=True, help="cards, of `docpipe synth --pack`")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for what is brought home")
    parser.add_argument("--work", type=Path, default=Path("runs/gpu"), help="folder of the run: stays where it is")
    parser.add_argument("--minutes", type=float, default=25, help="for everything, the trial included")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    parser.add_argument("--tiny", action="store_true", help="the same path at a size for a CPU")
    try:
        train(parser.parse_args())
    except DocpipeError as error:
        say(f"error: {error.problem}" + (f"\nhint:  {error.hint}" if error.hint else ""), sys.stderr)
        raise SystemExit(error.exit_code) from error


def train(arguments: argparse.Namespace) -> None:
    """All stages, and what is brought home after every check."""
    began = time.monotonic()
    ends = began + 60 * arguments.minutes
    place = join("cuda" if torch.cuda.is_available() and not arguments.tiny else "cpu")
    chain = load_chain(CONFIG, {"cards": str(arguments.pack)} | (TINY if arguments.tiny else {})
                       | changes_of(arguments.changes))
    require_chain_ready(chain, place.device)
    if arguments.out.exists() and any(arguments.out.iterdir()) and not (arguments.out / ABOUT).exists():
        raise OutputError(f"{arguments.out} holds other files", hint="choose another -o")
    runs = sorted(path.parent for path in arguments.work.glob(f"[0-9]*-*/{CHAIN}"))
    if runs:
        folder = runs[-1]
        require_same(folder, chain)
        chain = resume_chain_run(folder, {})
        say(f"going on with {folder}: {arguments.minutes:g} minutes for what is left of it")
    else:
        chain = fitted(chain, arguments.work / "trial", place, ends, arguments.tiny)
        folder = new_chain_run(arguments.work, chain)

    def tell(progress: Progress) -> None:
        show(progress)
        if progress.figures:
            bring_home(folder, arguments.out, place.device, time.monotonic() - began)

    run_within(chain, folder, place, ends, tell)
    bring_home(folder, arguments.out, place.device, time.monotonic() - began)
    export_where_possible(folder, arguments.out)
    say(json.dumps(json.loads((arguments.out / ABOUT).read_text())["stages"], indent=1))
    say(f"-> {arguments.out}")


def changes_of(pairs: list[str]) -> dict[str, str]:
    """KEY=VALUE of `--set` as a mapping.

    Raises:
        UsageError: one is none, or is of `FITTED`.
    """
    changes = {}
    for pair in pairs:
        key, is_one, value = pair.partition("=")
        if not is_one:
            raise UsageError(f"--set {pair} is not KEY=VALUE")
        if key.split(".")[-1] in FITTED:
            raise UsageError(f"--set {pair}: {', '.join(FITTED)} follow from the clock", hint="give more --minutes")
        changes[key] = value
    return changes


def require_same(folder: Path, asked: Chain) -> None:
    """Refuse to go on with a run that was begun with other values than are asked for now."""
    try:
        begun = make_chain(json.loads((folder / CHAIN).read_text())["stages"], {}, CHAIN)
    except (ValueError, KeyError) as error:
        raise InputError(f"{folder} is no training run ({error})", hint="choose another --work") from error
    others = [
        f"{label}.{name}" for label, config in asked.stages.items() for name, value in asdict(config).items()
        if name not in FITTED and value != getattr(begun.stages[label], name)
    ]  # fmt: skip
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise UsageError(f"{folder} was begun with other values of {', '.join(others[:3])}{more}",
                         hint="start it with the same --pack and --set, or choose another --work for a new run")


def fitted(chain: Chain, trial: Path, place: Place, ends: float, tiny: bool) -> Chain:
    """The chain with as many steps a stage as fit its share of the time, by what a short trial takes.

    In the trial generator and critic take turns step by step, whatever the critic sees: more of the generator's steps,
    which take longest, there are in no run.

    Raises:
        UsageError: the trial alone took all the time.
    """
    if tiny:
        return Chain(chain.name, {label: replace(config, steps=TINY_STEPS) for label, config in chain.stages.items()})
    short = Chain(chain.name, {
        label: replace(config, steps=TRIAL_STEPS, check_every=TRIAL_STEPS, checked=16, warmup=1, critic_threshold=0,
                       critic_steps=1)
        for label, config in chain.stages.items()
    })  # fmt: skip
    seconds_a_step: dict[str, float] = {}

    def measure(progress: Progress) -> None:
        # The last log line of a stage covers the steps since the one before: the start of it all is not in it.
        batch = short.stages[progress.stage].batch
        seconds_a_step[progress.stage] = batch * place.world / progress.crops_per_second
        show(progress)

    trial.mkdir(parents=True, exist_ok=True)
    run_chain(short, new_chain_run(trial, short), place, tell=measure)
    shutil.rmtree(trial)
    left = ends - time.monotonic()
    if left <= 0:
        raise UsageError("the trial of all stages took all the time that there is", hint="give more --minutes")
    stages = {}
    for label, config in chain.stages.items():
        steps = max(TRIAL_STEPS, int(SHARES[label] * (1 - KEPT_FREE) * left / seconds_a_step[label]))
        stages[label] = replace(config, steps=steps, check_every=max(1, steps // 8), warmup=min(300, steps // 10))
        say(f"{label}: {steps} steps of {seconds_a_step[label]:.3f} s")
    return Chain(chain.name, stages)


def run_within(chain: Chain, folder: Path, place: Place, ends: float, tell: Tell) -> None:
    """Run what is left of a chain; a stage that would end too late is made shorter, and ends as one of that length.

    Args:
        chain: what to run.
        folder: of its run.
        place: of this process.
        ends: when all must be done, by `time.monotonic`.
        tell: called after every logged step.
    """
    left = [label for number, (label, config) in enumerate(chain.stages.items(), 1)
            if not is_done(config, folder / f"{number}-{label}")]  # fmt: skip
    spans = spans_of(left, time.monotonic(), ends)
    while True:
        watch = Watch(spans, tell)
        try:
            run_chain(chain, folder, place, tell=watch.look)
        except TooSlowError as slow:
            say(f"{slow.stage} is late: it ends after {slow.steps} steps")
            chain = resume_chain_run(folder, {f"{slow.stage}.steps": str(slow.steps)})
        else:
            return


def is_done(config: TrainConfig, stage: Path) -> bool:
    """Whether a stage has left what it is to leave, and has not been made longer since."""
    return (stage / LEAVES[config.stage][0]).exists() and load_checkpoint(stage)["step"] >= config.steps


def spans_of(stages: list[str], now: float, ends: float) -> dict[str, tuple[float, float]]:
    """When each stage is to begin and to end, in the proportions of `SHARES`."""
    shares = [SHARES[stage] for stage in stages]
    second = max(0.0, ends - now) * (1 - KEPT_FREE) / max(sum(shares), 1e-9)
    until = [now + second * share for share in accumulate(shares)]
    return dict(zip(stages, zip([now, *until], until, strict=False), strict=True))


class TooSlowError(Exception):
    """A stage that would end too late, and the number of steps that it should have instead."""

    def __init__(self, stage: str, steps: int) -> None:
        super().__init__(stage, steps)
        self.stage, self.steps = stage, steps


class Watch:
    """Looks at the clock at every logged step, and stops a stage that would end too late where a check keeps it.

    Args:
        spans: of the clock, of each stage.
        tell: called first.
    """

    def __init__(self, spans: Mapping[str, tuple[float, float]], tell: Tell) -> None:
        self._spans, self._tell = spans, tell
        self._first: dict[str, tuple[float, int]] = {}
        self._kept: dict[str, int] = {}

    def look(self, progress: Progress) -> None:
        """Take a progress.

        Raises:
            TooSlowError: the stage would end too late; what it learnt up to its latest check is kept.
        """
        self._tell(progress)
        stage, step, now = progress.stage, progress.step, time.monotonic()
        begins, ends = self._spans[stage]
        first, first_step = self._first.setdefault(stage, (now, step))
        pace = (now - first) / (step - first_step) if step > first_step else 0.0
        latest = ends + LATE_SHARE * (ends - begins)
        if progress.figures:
            self._kept[stage] = step
            if now + pace * (progress.steps - step) > latest and step < progress.steps:
                raise TooSlowError(stage, step + (int(max(0.0, ends - now) / pace) if pace else 0))
        elif now > latest and stage in self._kept:
            raise TooSlowError(stage, self._kept[stage])


def show(progress: Progress) -> None:
    """One line a log line."""
    figures = " ".join(f"{name} {value:.3f}" for name, value in progress.figures.items())
    say(f"{progress.stage} {progress.step}/{progress.steps} loss {progress.loss:.4f} "
        f"{progress.crops_per_second:.0f} crops/s {progress.data_wait:.0%} waiting {figures}")


if __name__ == "__main__":
    main()
