"""Weights in files that know which network they belong to."""

import json
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from docpipe.errors import InputError, UsageError
from docpipe.models import CRITICS, GENERATORS, Recogniser

GENERATOR_FILE, CRITIC_FILE, RECOGNISER_FILE = "generator.safetensors", "critic.safetensors", "recogniser.safetensors"
_NETWORK = "docpipe_network"


def make_network(name: str, widths: Sequence[int] = (), encoder_weights: str = "") -> nn.Module:
    """A generator, a critic or the recogniser, by its name.

    Args:
        name: a key of `GENERATORS` or `CRITICS`, or "recogniser".
        widths: channels from level to level; empty for its own.
        encoder_weights: "imagenet", for a network that takes it.

    Raises:
        UsageError: there is no such network, or it takes no encoder weights.
        MissingToolError: the network needs a package that is not installed.
    """
    networks = {**GENERATORS, **CRITICS, "recogniser": Recogniser}
    if name not in networks:
        raise UsageError(f"there is no network {name!r}", hint=f"known: {', '.join(networks)}")
    options: dict[str, object] = {"widths": tuple(widths)} if widths else {}
    if encoder_weights:
        if name != "unet_resnet34":
            raise UsageError(f"{name} takes no encoder_weights", hint="only unet_resnet34 does")
        options["encoder_weights"] = encoder_weights
    return networks[name](**options)


def save_network(network: nn.Module, path: Path, name: str, widths: Sequence[int] = ()) -> None:
    """Write weights, with what `make_network` needs to make the network that they are for."""
    values = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    part = path.with_name(f"{path.name}.part")
    save_file(values, part, metadata={_NETWORK: json.dumps({"name": name, "widths": list(widths)})})
    part.chmod(0o644)  # as readable as the files beside it
    part.replace(path)


def load_network(path: Path) -> nn.Module:
    """The network of a file that `save_network` wrote: in evaluation mode, and nothing in it learns.

    Raises:
        InputError: the file cannot be read, or does not say which network it is for.
    """
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})[_NETWORK])
    except (OSError, SafetensorError) as error:
        raise InputError(f"the weights {path} cannot be used: {error}") from error
    except KeyError as error:
        raise InputError(f"the weights {path} do not say of which network they are",
                         hint="name a file that a stage of `docpipe train` wrote") from error
    network = make_network(about["name"], about["widths"])
    load_weights(network, path)
    return network.eval().requires_grad_(False)


def load_weights(network: nn.Module, path: Path) -> None:
    """Give a network the weights of an earlier run.

    Args:
        network: of the architecture and the widths that the weights were made with.
        path: a safetensors file, as a stage of training or `docpipe export` writes it.

    Raises:
        InputError: the file cannot be read, or belongs to another network.
    """
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = "they belong to another network" if isinstance(error, RuntimeError) else str(error)
        raise InputError(f"the weights {path} cannot be used: {reason}", "name others") from error
