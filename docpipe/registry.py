"""Models by name and version: those that ship, a folder over them, and which one is in service.

The folder holds a model folder for each version, `NAME/VERSION/`, and `service.jsonl`: one line for each promotion and
each roll-back, oldest first. What is in service follows from these lines alone, so nothing is ever lost: rolling back
gives the model before, as often as there was one.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from docpipe.errors import DocpipeError, InputError, ModelError, OutputError, UsageError
from docpipe.restore import SHIPPED_INT8, SHIPPED_MODEL
from docpipe.restore.gate_card import GateCard, check_model, holds_gate, load_gate_files
from docpipe.restore.model_card import CARD_NAME, ModelCard, load_model

FOLDER_VARIABLE = "DOCPIPE_MODELS"
SERVICE_NAME = "service.jsonl"
_SHIPPED = (SHIPPED_MODEL, SHIPPED_INT8)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder that was checked.

    Args:
        card: of the model.
        folder: where it lies.
        is_shipped: it came with docpipe.
        gate: card of the gate that lies with it; None where there is none.
    """

    card: ModelCard
    folder: Path
    is_shipped: bool = False
    gate: GateCard | None = None

    @property
    def spec(self) -> str:
        """NAME@VERSION, as commands take it."""
        return f"{self.card.name}@{self.card.version}"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of `service.jsonl`.

    Args:
        action: "promote" or "rollback".
        spec: the model that is in service from here on, NAME@VERSION.
        sha256: of its network.
        when: ISO 8601, UTC.
        why: in words.
    """

    action: str
    spec: str
    sha256: str
    when: str
    why: str = ""


class Registry:
    """The models that can be used here.

    Args:
        folder: of models, over those that ship; None where there is none. It need not exist yet.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @classmethod
    def of_environment(cls) -> "Registry":
        """The registry in the folder that DOCPIPE_MODELS names; without it, of the shipped models."""
        named = os.environ.get(FOLDER_VARIABLE)
        return cls(Path(named) if named else None)

    def models(self) -> tuple[list[Model], list[ModelError]]:
        """All models by name and version, and why the others in the folder were refused."""
        found: dict[str, Model] = {}
        refused: list[ModelError] = []
        for folder in [*_SHIPPED, *self._folders()]:
            try:
                model = _checked(folder)
            except ModelError as error:
                refused.append(error)
            else:
                found[model.spec] = model                # a later one, of the folder, stands over the one that ships
        return sorted(found.values(), key=_by_name_and_version), refused

    def find(self, spec: str) -> Model:
        """The model NAME@VERSION, or the latest version of NAME.

        Raises:
            UsageError: there is none of that name and version.
            ModelError: its folder is damaged.
        """
        name, at, version = spec.partition("@")
        if self.folder and version and _plain(name) and _plain(version):
            folder = self.folder / name / version
            if os.path.isdir(folder):                                      # noqa: PTH112 (of any length)
                return _checked(folder)
        named = [model for model in self.models()[0] if model.card.name == name]
        found = [model for model in named if not at or model.card.version == version]
        if not found:
            known = ", ".join(model.spec for model in self.models()[0])
            raise UsageError(f"there is no model {spec!r}", hint=f"known: {known}; or name a model folder")
        return found[-1]

    def folder_of(self, named: str) -> Path:
        """The folder of a model that a person named: by the folder itself, or by NAME[@VERSION].

        Raises:
            UsageError: there is none of that name and version.
            ModelError: that version lies in the folder, damaged.
        """
        return Path(named) if self.is_folder(named) else self.find(named).folder

    def is_folder(self, named: str) -> bool:
        """Whether a person means a folder: a path of several parts, or what is there and has the name of no model.

        An output folder that happens to have the name of a model does not stand in its way, unless it holds a card.
        """
        if os.sep in named:
            return True
        if not named or not os.path.isdir(named):                          # noqa: PTH112 (of any length)
            return False
        name = named.partition("@")[0]
        return Path(named, CARD_NAME).exists() or all(model.card.name != name for model in self.models()[0])

    def in_service(self) -> Model:
        """The model that pages are cleaned with: the one promoted last, or the shipped one.

        Raises:
            ModelError: the promoted one is gone, damaged or another than was promoted.
        """
        standing = _standing(self.changes())
        return self._as_promoted(standing[-1]) if standing else _checked(SHIPPED_MODEL)

    def changes(self) -> list[Change]:
        """Promotions and roll-backs, oldest first.

        Raises:
            ModelError: the file that holds them is damaged.
        """
        if self.folder is None:
            return []
        path = self.folder / SERVICE_NAME
        try:
            return [Change(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ModelError(f"{path}: {error.strerror}", hint="check the rights there") from error
        except (ValueError, TypeError) as error:
            raise ModelError(f"{path} is damaged: {error}", hint="bring it back from a backup") from error

    def add(self, source: Path) -> Model:
        """Copy a model folder in, under its name and version; one that is there already, the same, stays.

        Raises:
            ModelError: the model is refused.
            OutputError: another model has that name and version, or the folder cannot be written.
            UsageError: there is no folder for models.
        """
        model = _checked(source)
        name, version = model.card.name, model.card.version
        if not (_plain(name) and _plain(version)):
            raise ModelError(f"{model.spec} is no name for a folder", hint="name it with letters, digits and . _ -")
        target = self._own_folder() / name / version
        if (target / CARD_NAME).exists():
            there = _checked(target)
            if (there.card, there.gate) != (model.card, model.gate):
                raise OutputError(f"{target} holds another {model.spec}", hint="export it with another --version")
            return there
        part = target.with_name(f".{version}.part")
        with _writing(target):
            shutil.rmtree(part, ignore_errors=True)      # of a copy that was cut short
            shutil.copytree(source, part)
            part.rename(target)
        return _checked(target)

    def promote(self, spec: str, why: str = "") -> Model:
        """Put a model into service. The one before stays where it is.

        Raises:
            UsageError: there is none of that name and version, or no folder to note it in.
            ModelError: its folder is damaged.
            OutputError: the folder cannot be written.
        """
        model = self.find(spec)
        with self._changing() as changes:
            changes.append(_change("promote", model, why))
        return model

    def roll_back(self, why: str = "") -> Model:
        """Put the model into service that was so before the last promotion that still stands.

        Raises:
            InputError: none was promoted.
            ModelError: the model before is gone, damaged, or another than was promoted.
            UsageError: there is no folder for models.
            OutputError: the folder cannot be written.
        """
        with self._changing() as changes:
            standing = _standing(changes)
            if not standing:
                raise InputError("no promotion is left to take back: the shipped model is in service")
            model = self._as_promoted(standing[-2]) if len(standing) > 1 else _checked(SHIPPED_MODEL)
            changes.append(_change("rollback", model, why))
        return model

    def next_version(self, name: str) -> str:
        """One above the highest whole number that a version of `name` has."""
        numbers = [int(folder.name) for folder in self._folders() if folder.parent.name == name and _is_number(folder)]
        shipped = [_checked(folder).card for folder in _SHIPPED]
        numbers += [int(card.version) for card in shipped if card.name == name and card.version.isdecimal()]
        return str(max(numbers, default=0) + 1)

    def _as_promoted(self, change: Change) -> Model:
        hint = "bring it back from a backup, or put the one before into service: docpipe models rollback"
        try:
            model = self.find(change.spec)
        except DocpipeError as error:
            raise ModelError(f"{change.spec}, which was promoted, cannot be used: {error.problem}", hint) from error
        if model.card.sha256 != change.sha256:
            raise ModelError(f"{model.folder} is not the {change.spec} that was promoted", hint)
        return model

    def _own_folder(self) -> Path:
        if self.folder is None:
            raise UsageError("there is no folder for models", hint=f"name one in {FOLDER_VARIABLE}")
        return self.folder

    def _folders(self) -> list[Path]:
        if self.folder is None:
            return []
        return sorted(path.parent for path in self.folder.glob(f"[!.]*/[!.]*/{CARD_NAME}"))

    @contextmanager
    def _changing(self) -> Iterator[list[Change]]:
        """The changes so far; what is added to them is noted, whole or not at all. One process at a time."""
        path = self._own_folder() / SERVICE_NAME
        with _writing(path), (path.parent / f".{SERVICE_NAME}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            changes = self.changes()
            yield changes
            part = path.with_name(f".{SERVICE_NAME}.part")
            with part.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(change)) + "\n" for change in changes)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)


def _standing(changes: Sequence[Change]) -> list[Change]:
    """The promotions that were not taken back."""
    standing: list[Change] = []
    for change in changes:
        if change.action == "promote":
            standing.append(change)
        elif standing:
            standing.pop()
    return standing


def _change(action: str, model: Model, why: str) -> Change:
    return Change(action, model.spec, model.card.sha256, datetime.now(UTC).isoformat(timespec="seconds"), why)


def _checked(folder: Path) -> Model:
    card, _network = load_model(folder)
    gate = None
    if holds_gate(folder):
        gate, _network = load_gate_files(folder)
        check_model(gate, card.sha256, folder)
    return Model(card, folder, is_shipped=folder in _SHIPPED, gate=gate)


def _plain(name: str) -> bool:
    return _PLAIN_NAME.fullmatch(name) is not None


def _is_number(folder: Path) -> bool:
    return folder.name.isdecimal()


def _by_name_and_version(model: Model) -> tuple[str, int, str]:
    version = model.card.version
    return model.card.name, int(version) if version.isdecimal() else 0, version


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise OutputError(
            f"{target}: {error.strerror}", hint=f"check space and rights there, or name another {FOLDER_VARIABLE}"
        ) from error
