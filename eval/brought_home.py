"""What a training elsewhere brings home: at most eight files, each under 16 MB.

The log of all stages, curves, sample sheets, what was run on what, and the network of the last stage: as a model folder
where it could be exported there, else as a run's folder, so that `docpipe export` does it at home.
"""

import json
import platform
import shutil
import time
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np
import torch

from docpipe.errors import DocpipeError
from docpipe.restore.model_card import CARD_NAME, NETWORK_NAME
from docpipe.train.chain_run import folder_to_export, stage_folders
from docpipe.train.learnt_patterns import PATTERNS
from docpipe.train.run_folder import (
    CHAIN,
    CONFIG,
    LOG,
    commit,
    has_checkpoint,
    load_checkpoint,
    read_config,
    write_json,
)
from docpipe.train.weights import GENERATOR_FILE, make_network, save_network

ABOUT = "about.json"
RUN_FILES = (CONFIG, PATTERNS, GENERATOR_FILE)
MODEL_FILES = (CARD_NAME, NETWORK_NAME, "model.safetensors")
LARGEST_FILE = 16 * 10**6


def bring_home(run: Path, out: Path, device: str, seconds: float) -> None:
    """Write what there is by now of the run of a chain; the weights of its last stage by its latest check.

    Args:
        run: folder of the chain's run, the first stage of which has come to a check.
        out: folder for what is brought home.
        device: "cpu" or "cuda".
        seconds: that it took up to here.
    """
    out.mkdir(parents=True, exist_ok=True)
    stages = [folder for folder in stage_folders(run) if (folder / LOG).exists()]
    logs = {path.name: [json.loads(line) for line in (path / LOG).read_text().splitlines()] for path in stages}
    chain = json.loads((run / CHAIN).read_text())["stages"]
    write_json(out / ABOUT, {
        "commit": commit(), "date": time.strftime("%Y-%m-%d"), "device": device,
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "memory_mib": torch.cuda.max_memory_allocated() >> 20 if device == "cuda" else None,
        "python": platform.python_version(), "torch": torch.__version__, "seconds": round(seconds),
        "stages": {name: {"steps": lines[-1]["step"], **summary(lines)} for name, lines in logs.items()},
        "chain": chain,
    })  # fmt: skip
    with (out / LOG).open("w") as log:
        log.writelines(json.dumps({"stage": name, **line}) + "\n" for name, lines in logs.items() for line in lines)
    cv2.imwrite(str(out / "curves.png"), curves(logs))
    sheets = [sorted(path.glob("samples-*.png"))[-1] for path in stages if list(path.glob("samples-*.png"))]
    columns = [cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE) for sheet in sheets]
    height = min(column.shape[0] for column in columns)
    cv2.imwrite(str(out / "samples.jpg"), np.hstack([column[:height] for column in columns]))
    for name in (*RUN_FILES, *MODEL_FILES):         # of an earlier run
        (out / name).unlink(missing_ok=True)
    if len(stages) == len(chain) and has_checkpoint(stages[-1]):
        bring_network(stages[-1], out)


def bring_network(stage: Path, out: Path) -> None:
    """Write what `docpipe export` needs of a stage, its weights by its latest check."""
    config, _ = read_config(stage)
    network = make_network(config.network, config.widths)
    network.load_state_dict(load_checkpoint(stage)["average"])
    save_network(network, out / GENERATOR_FILE, config.network, config.widths)
    for name in (CONFIG, PATTERNS):
        shutil.copy(stage / name, out / name)
    size = (out / GENERATOR_FILE).stat().st_size
    if size > LARGEST_FILE:
        say(f"{GENERATOR_FILE} is left out: {size // 10**6} MB")
        (out / GENERATOR_FILE).unlink()


def export_where_possible(run: Path, out: Path) -> None:
    """Put a model in the place of the run's files, where the packages are installed that it takes."""
    if not (out / GENERATOR_FILE).exists():
        return
    try:
        from docpipe.registry import Registry
        from docpipe.train.export import export

        version = Registry.of_environment().next_version(read_config(folder_to_export(run))[0].name)
        shutil.rmtree(run / "model", ignore_errors=True)        # of a run that went on
        export(run, run / "model", version=version)
    except (ModuleNotFoundError, DocpipeError) as error:
        say(f"no export: {error}; at home: docpipe export {out} -o MODEL --set cards=CARDS")
        return
    for name in MODEL_FILES:
        shutil.copy(run / "model" / name, out / name)
    for name in RUN_FILES:
        (out / name).unlink()


def summary(lines: list[dict[str, Any]]) -> dict[str, float]:
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


def say(line: str, to: TextIO | None = None) -> None:
    """At once, so that a run that is cut off leaves its last line."""
    print(line, file=to, flush=True)
