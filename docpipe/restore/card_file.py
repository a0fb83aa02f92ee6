"""A network and the card beside it: read once, and held against each other."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from docpipe.errors import ModelError


class Hashed(Protocol):
    """A card that knows the hash of its network."""

    @property
    def sha256(self) -> str:
        """In hexadecimal."""
        ...


Card = TypeVar("Card", bound=Hashed)


def read_matched(
    card_path: Path, network_path: Path, checked: Callable[[dict[str, Any], Path], Card], *, missing: str, damaged: str
) -> tuple[Card, bytes]:
    """Read a card and its network, and check that they belong together.

    Args:
        card_path: a JSON object.
        network_path: the file whose SHA-256 the card names.
        checked: makes the card of what its file holds; a KeyError, TypeError or ValueError names what is wrong with it.
        missing: hint where one of the files cannot be read.
        damaged: hint where they do not match.

    Returns:
        The card, and the bytes of the network exactly as they were checked.

    Raises:
        ModelError: something is missing, not readable, or does not match its hash.
    """
    card = _parse(_read(card_path, missing), card_path, checked)
    network = _read(network_path, missing)
    found = hashlib.sha256(network).hexdigest()
    if found != card.sha256:
        raise ModelError(
            f"{network_path} is not the network of its card: "
            f"sha256 {found[:16]}..., the card says {card.sha256[:16]}...",
            hint=damaged,
        )
    return card, network


def _read(path: Path, hint: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", hint=hint) from error


def _parse(data: bytes, path: Path, checked: Callable[[dict[str, Any], Path], Card]) -> Card:
    try:
        card = json.loads(data)
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}") from error
    if not isinstance(card, dict):
        raise ModelError(f"{path} holds no JSON object")
    try:
        return checked(card, path)
    except KeyError as error:
        raise ModelError(f"{path} lacks {error.args[0]!r}") from error
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: {error}") from error
