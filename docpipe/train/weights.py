"""Weights in files that know which network they belong to."""

import json
import pickle
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from docpipe.errors import InputError, UsageError
from docpipe.models import CRITICS, GENERATORS, Recogniser, UnetResnet34

GENERATOR_FILE, CRITIC_FILE, RECOGNISER_FILE = "generator.safetensors", "critic.safetensors", "recogniser.safetensors"
_NETWORK = "docpipe_network"
_FETCHED = "imagenet"
_ENCODER_HINT = "name a state dict of torchvision's resnet34, a .pth or .safetensors file"


def make_network(name: str, widths: Sequence[int] = (), encoder_weights: str = "") -> nn.Module:
    """A generator, a critic or the recogniser, by its name.

    Args:
        name: a key of `GENERATORS` or `CRITICS`, or "recogniser".
        widths: channels from level to level; empty for its own.
        encoder_weights: for a network that takes them: "imagenet", which is fetched, or a file of resnet34's.

    Raises:
        UsageError: there is no such network, or it takes no encoder weights.
        InputError: the file of encoder weights cannot be read, or holds those of another network.
        MissingToolError: the network needs a package that is not installed, or weights that cannot be fetched.
    """
    networks = {**GENERATORS, **CRITICS, "recogniser": Recogniser}
    if name not in networks:
        raise UsageError(f"there is no network {name!r}", hint=f"known: {', '.join(networks)}")
    options: dict[str, Any] = {"widths": tuple(widths)} if widths else {}
    if not encoder_weights:
        return networks[name](**options)
    if name != "unet_resnet34":
        raise UsageError(f"{name} takes no encoder_weights", hint="only unet_resnet34 does")
    if encoder_weights == _FETCHED:
        return UnetResnet34(encoder_weights=_FETCHED, **options)
    state = read_state(Path(encoder_weights), f"{_ENCODER_HINT}, or {_FETCHED!r}")
    network = UnetResnet34(**options)
    try:
        network.load_encoder(state)
    except ValueError as error:
        raise InputError(f"{encoder_weights}: {error}", _ENCODER_HINT) from error
    return network


def save_network(network: nn.Module, path: Path, name: str, widths: Sequence[int] = ()) -> None:
    """Write weights, with what `make_network` needs to make the network that they are for."""
    values = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    part = path.with_name(f"{path.name}.part")
    save_file(values, part, metadata={_NETWORK: json.dumps({"name": name, "widths": list(widths)})})
    part.chmod(0o644)  # as readable as the files beside it
    part.replace(path)


def load_network(path: Path, known: Collection[str] = ()) -> nn.Module:
    """The network of a file that `save_network` wrote: in evaluation mode, and nothing in it learns.

    Args:
        path: of the file.
        known: names of the networks that will do; empty for all.

    Raises:
        InputError: the file cannot be read, does not say which network it is for, or is for one that will not do.
    """
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})[_NETWORK])
    except (OSError, SafetensorError) as error:
        raise InputError(f"the weights {path} cannot be used: {error}") from error
    except KeyError as error:
        raise InputError(f"the weights {path} do not say of which network they are",
                         hint="name a file that a stage of `docpipe train` wrote") from error
    if known and about["name"] not in known:
        raise InputError(f"the weights {path} are those of {about['name']}", f"name those of {', '.join(known)}")
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


def read_state(path: Path, hint: str) -> dict[str, Any]:
    """The state dict in a file of foreign weights, whatever its values are; nothing in it can execute code.

    Args:
        path: as `torch.save` or, by its suffix .safetensors, safetensors write it.
        hint: which file would do, for the one who named it.

    Raises:
        InputError: the file cannot be read, or holds no state dict.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"the weights {path} cannot be read: {error.strerror or error}", hint) from error
    except (SafetensorError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(f"{path} is no file of weights", hint) from error
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise InputError(f"{path} is no file of weights", hint)
    return state
