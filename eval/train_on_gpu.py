"""Teacher, critic, adversarial stage and distillation in one run on one GPU, and all that is worth bringing home.

python -m eval.train_on_gpu --pack runs/cards.zip -o brought/ --minutes 25
python -m eval.train_on_gpu --pack runs/cards.zip -o brought/ --tiny        the same path on a CPU, in a minute or two

First each stage runs for a few steps, to learn how fast this machine is; then each gets as many steps as fit its
share of the minutes. A run that was cut off goes on where its last checkpoint stands: start the same command again.
It needs torch, segmentation-models-pytorch, safetensors, NumPy, OpenCV and Pillow; ONNX where it is there.

OUT gets at most eight files, each under 16 MB: the distilled model (ONNX and card where onnx and onnxruntime are
installed, else weights alone), the log of all stages, curves, a sample sheet a stage, and what was run on what.
"""

import argparse
import json
import platform
import shutil
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from docpipe.train.chain import Chain, load_chain
from docpipe.train.chain_run import new_chain_run, require_chain_ready, resume_chain_run, run_chain, stage_folders
from docpipe.train.run_folder import commit
from docpipe.train.running import join

CONFIG = Path("docpipe/train/configs/teacher.toml")
SHARES = {"pixels": 0.36, "critic": 0.06, "adversarial": 0.30, "distil": 0.28}
"""Of the minutes that are left after the trial; a checkpoint, the checks and the export take the rest."""

KEPT_FREE = 0.12
TRIAL_STEPS = 60
TINY = {
    "network": "compact", "widths": "[8, 12]", "critic_widths": "[8, 16]", "distil.widths": "[4, 8]", "batch": "4",
    "crop_px": "32", "checked": "8", "workers": "0", "precision": "float32", "warmup": "2", "check_every": "3",
    "adversarial.critic_threshold": "0",
}
TINY_STEPS = 6
LARGEST_FILE = 16 * 10**6


def main() -> None:
    """Parse, train, bring home."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, required=True, help="cards, of `docpipe synth --pack`")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for what is brought home")
    parser.add_argument("--work", type=Path, default=Path("runs/gpu"), help="folder of the run: stays where it is")
    parser.add_argument("--minutes", type=float, default=25, help="for everything, the trial included")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    parser.add_argument("--tiny", action="store_true", help="the same path at a size for a CPU")
    arguments = parser.parse_args()

    began = time.monotonic()
    place = join("cuda" if torch.cuda.is_available() and not arguments.tiny else "cpu")
    changes = {"cards": str(arguments.pack), **(TINY if arguments.tiny else {})}
    changes |= dict(change.split("=", 1) for change in arguments.changes)
    runs = sorted(arguments.work.glob("[0-9]*-*"))
    if runs:
        folder = runs[-1]
        chain = resume_chain_run(folder, {})
        say(f"going on with {folder}")
    else:
        chain = load_chain(CONFIG, changes)
        require_chain_ready(chain, place.device)
        chain = fitted(chain, arguments.work / "trial", place, arguments.minutes, arguments.tiny)
        folder = new_chain_run(arguments.work, chain)
    run_chain(chain, folder, place, tell=show)
    bring_home(folder, arguments.out, place.device, time.monotonic() - began)


def fitted(chain: Chain, trial: Path, place, minutes: float, tiny: bool) -> Chain:
    """The chain with as many steps a stage as fit its share of the time, by what a short trial takes."""
    if tiny:
        return Chain(chain.name, {label: replace(config, steps=TINY_STEPS) for label, config in chain.stages.items()})
    began = time.monotonic()
    short = {label: replace(config, steps=TRIAL_STEPS, check_every=TRIAL_STEPS, checked=16, warmup=1)
             for label, config in chain.stages.items()}
    seconds_a_step: dict[str, float] = {}

    def measure(progress) -> None:
        # The last log line of a stage covers the steps since the one before: the start of it all is not in it.
        seconds_a_step[progress.stage] = short[progress.stage].batch * place.world / progress.crops_per_second
        show(progress)

    trial.mkdir(parents=True, exist_ok=True)
    run_chain(Chain(chain.name, short), new_chain_run(trial, Chain(chain.name, short)), place, tell=measure)
    shutil.rmtree(trial)
    left = (60 * minutes - (time.monotonic() - began)) * (1 - KEPT_FREE)
    stages = {}
    for label, config in chain.stages.items():
        steps = max(TRIAL_STEPS, int(SHARES[label] * left / seconds_a_step[config.stage]))
        stages[label] = replace(config, steps=steps, check_every=max(1, steps // 8), warmup=min(300, steps // 10))
        say(f"{label}: {steps} steps of {seconds_a_step[config.stage]:.3f} s")
    return Chain(chain.name, stages)


def bring_home(folder: Path, out: Path, device: str, seconds: float) -> None:
    """Write the eight files."""
    out.mkdir(parents=True, exist_ok=True)
    stages = stage_folders(folder)
    logs = {path.name: [json.loads(line) for line in (path / "log.jsonl").read_text().splitlines()] for path in stages}
    with (out / "log.jsonl").open("w") as log:
        log.writelines(json.dumps({"stage": name, **line}) + "\n" for name, lines in logs.items() for line in lines)
    cv2.imwrite(str(out / "curves.png"), curves(logs))
    sheets = [sorted(path.glob("samples-*.png"))[-1] for path in stages if list(path.glob("samples-*.png"))]
    columns = [cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE) for sheet in sheets]
    height = min(column.shape[0] for column in columns)
    cv2.imwrite(str(out / "samples.jpg"), np.hstack([column[:height] for column in columns]))
    shutil.copy(folder / "chain.json", out / "chain.json")
    shutil.copy(stages[-1] / "generator.safetensors", out / "model.safetensors")
    exported = export_where_possible(folder, out)
    about = {
        "commit": commit(), "date": time.strftime("%Y-%m-%d"), "device": device, "exported": exported,
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "memory_mib": torch.cuda.max_memory_allocated() >> 20 if device == "cuda" else None,
        "python": platform.python_version(), "torch": torch.__version__, "seconds": round(seconds),
        "stages": {name: {"steps": lines[-1]["step"], **summary(lines)} for name, lines in logs.items()},
    }
    (out / "about.json").write_text(json.dumps(about, indent=1) + "\n")
    for path in list(out.iterdir()):
        if path.stat().st_size > LARGEST_FILE:
            say(f"{path.name} is left out: {path.stat().st_size >> 20} MB")
            path.unlink()
    say(json.dumps(about["stages"], indent=1))
    say(f"-> {out}")


def export_where_possible(folder: Path, out: Path) -> bool:
    """Write model.onnx and card.json where the packages for it are installed."""
    try:
        from docpipe.train.export import export
    except ModuleNotFoundError as error:
        say(f"no export: {error.name} is not installed; model.safetensors goes home alone")
        return False
    model = folder / "model"
    shutil.rmtree(model, ignore_errors=True)
    export(folder, model, version="2")
    for name in ("model.onnx", "card.json"):
        shutil.copy(model / name, out / name)
    return True


def summary(lines: list[dict]) -> dict[str, float]:
    """The last figures of a stage, and its speed and its share of waiting on the whole."""
    last = {key: value for line in lines for key, value in line.items() if key not in ("step", "lr")}
    for key in ("crops_per_second", "data_wait"):
        last[key] = float(np.mean([line[key] for line in lines]))
    return {key: round(value, 4) for key, value in last.items()}


def curves(logs: dict[str, list[dict]], width: int = 900, height: int = 220) -> np.ndarray:
    """A panel a stage: PSNR of the checks where there is one, else the loss; from its least to its largest value."""
    panels = []
    for name, lines in logs.items():
        key = "psnr" if any("psnr" in line for line in lines) else "loss"
        points = np.array([(line["step"], line[key]) for line in lines if key in line], np.float64)
        low, high = points[:, 1].min(), points[:, 1].max()
        panel = np.full((height, width, 3), 255, np.uint8)
        across = 60 + (width - 80) * points[:, 0] / points[-1, 0]
        up = height - 30 - (height - 70) * (points[:, 1] - low) / max(high - low, 1e-9)
        line = np.stack([across, up], axis=1).round().astype(np.int32)
        cv2.polylines(panel, [line], False, (160, 60, 0), 2, cv2.LINE_AA)
        for x, y in line:
            cv2.circle(panel, (int(x), int(y)), 3, (160, 60, 0), -1, cv2.LINE_AA)
        title = f"{name}: {key} {low:.4g} to {high:.4g}, {int(points[-1, 0])} steps"
        cv2.putText(panel, title, (10, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
        panels.append(panel)
    return np.vstack(panels)


def show(progress) -> None:
    """One line a log line."""
    figures = " ".join(f"{name} {value:.3f}" for name, value in progress.figures.items())
    say(f"{progress.stage} {progress.step}/{progress.steps} loss {progress.loss:.4f} "
        f"{progress.crops_per_second:.0f} crops/s {progress.data_wait:.0%} waiting {figures}")


def say(line: str) -> None:
    """At once, so that a run that is cut off leaves its last line."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
