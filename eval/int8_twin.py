"""The int8 twin of the model that ships: made of the weights of the same run, the same bytes every time."""

import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from docpipe.restore import SHIPPED_INT8, SHIPPED_MODEL
from docpipe.restore.model_card import CARD_NAME, NETWORK_NAME
from eval.record import RESULTS

SHIPPED_RUN = RESULTS / "compact-4"     # with the weights of the shipped model
CALIBRATED_ON = 12                      # pages, as `docpipe export` takes
_RECIPE = "starter"


@click.command()
@click.option("--write", is_flag=True, help="Make it anew.  [default: only compare with what ships]")
def main(write: bool) -> None:
    """Exit code 1 where the network that ships is not the one that is made now.

    Another version of torch or ONNX Runtime may write another file.

    \b
    python -m eval.int8_twin
    python -m eval.int8_twin --write
    """
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        write_int8(made, SHIPPED_MODEL, SHIPPED_RUN, name=SHIPPED_INT8.name)
        files = {file: (made / file).read_bytes() for file in (NETWORK_NAME, CARD_NAME)}
    if write:
        SHIPPED_INT8.mkdir(exist_ok=True)
        for file, content in files.items():
            (SHIPPED_INT8 / file).write_bytes(content)
    elif any((SHIPPED_INT8 / file).read_bytes() != content for file, content in files.items()):
        sys.exit(f"{SHIPPED_INT8} is not what is made of {SHIPPED_RUN}")
    print(f"{SHIPPED_INT8}: {len(files[NETWORK_NAME]) / 1e6:.2f} MB, {'written' if write else 'as it is made now'}")


def write_int8(folder: Path, model: Path, run: Path, *, pages: int = CALIBRATED_ON, name: str | None = None) -> None:
    """Make a model folder like another one, with the network of a run as `docpipe export --precision int8` writes it.

    It is calibrated on cards drawn for it under the recipe `starter`, not on those of the run.

    Args:
        folder: gets `model.onnx` and `card.json`.
        model: the folder that it is to be like.
        run: folder of the training, or of a model, with its weights.
        pages: noisy ones that int8 is calibrated on.
        name: of the model in its card; as in `model` where None.
    """
    from eval.trained import drawn_pages, trained_in, write_network  # late: the rest of the bench does without torch

    (trained,) = trained_in(run)
    folder.mkdir(exist_ok=True)
    network = folder / NETWORK_NAME
    write_network(trained.network, network, "int8", drawn_pages(_RECIPE, pages))
    card: Mapping[str, Any] = json.loads((model / CARD_NAME).read_text("utf-8"))
    new = {
        **{key: value for key, value in card.items() if key != "figures"},     # which are of another precision
        "name": name or card["name"], "network": {**card.get("network", {}), "precision": "int8"},
        "sha256": hashlib.sha256(network.read_bytes()).hexdigest(),
    }  # fmt: skip
    (folder / CARD_NAME).write_text(json.dumps(new, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
