"""Weights of VGG as torchvision keeps them, read without torchvision."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from docpipe.errors import InputError
from docpipe.models.vgg import Vgg
from docpipe.train.weights import read_state

_DEPTHS: Mapping[str, tuple[int, ...]] = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions a block."""

_BLOCKS_SEEN = 4  # the fifth knows objects, not strokes
_HINT = "name a state dict of torchvision's vgg16 or vgg19, without batch normalisation"


def load_vgg(path: Path) -> Vgg:
    """The first four blocks of VGG16 or VGG19, frozen; the shapes in the file say how wide they are.

    Args:
        path: a state dict, as `torch.save` or safetensors write it.

    Raises:
        InputError: the file cannot be read, or holds the weights of another network.
    """
    state = read_state(path, _HINT)
    kernels = _kernels(state)
    depths = next((depths for depths in _DEPTHS.values() if _positions(depths) == list(kernels)), None)
    if depths is None:
        raise InputError(f"the weights {path} are not those of VGG16 or VGG19", _HINT)
    widths = iter([len(kernel) for kernel in kernels.values()])
    vgg = Vgg([[next(widths) for _ in range(depth)] for depth in depths[:_BLOCKS_SEEN]])
    try:
        vgg.layers.load_state_dict({name: state[f"features.{name}"] for name in vgg.layers.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise InputError(f"the weights {path} are not those of VGG16 or VGG19", _HINT) from error
    return vgg.eval().requires_grad_(False)


def _kernels(state: Mapping[str, Any]) -> dict[int, Tensor]:
    """What is a weight among the layers called features, by its number."""
    names = [name.split(".") for name in state]
    numbers = [int(parts[1]) for parts in names
               if parts[0] == "features" and parts[2:] == ["weight"] and parts[1].isdigit()]
    return {number: state[f"features.{number}.weight"] for number in sorted(numbers)}


def _positions(depths: Sequence[int]) -> list[int]:
    """Numbers of the convolutions: a ReLU comes after each, a pooling after each block."""
    starts = [sum(2 * depth + 1 for depth in depths[:block]) for block in range(len(depths))]
    return [start + 2 * step for start, depth in zip(starts, depths, strict=True) for step in range(depth)]
