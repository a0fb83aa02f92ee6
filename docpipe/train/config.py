"""What one stage of training is made of, read from TOML and written beside the run as JSON."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import inf, log
from pathlib import Path
from typing import Any

from docpipe.errors import UsageError

PIXEL_STAGES = ("pixels", "distil", "noise2noise")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "stage": (*PIXEL_STAGES, "critic", "adversarial", "recogniser"),
    "schedule": ("flat", "cosine"),
    "optimiser": ("adam", "muon"),
    "gan_loss": ("bce", "hinge", "least_squares"),
    "precision": ("float32", "bfloat16"),
}
_SHIPPED = Path(__file__).parent / "configs"
_ABOVE_0, _UNDER_1 = 1e-12, 1 - 1e-12
_RANGES: Mapping[str, tuple[float, float]] = {
    "seed": (0, inf), "workers": (0, inf), "threads": (1, inf),
    "steps": (1, inf), "batch": (1, inf), "crop_px": (16, inf), "check_every": (1, inf), "checked": (1, inf),
    "warmup": (0, inf), "cooldown": (_ABOVE_0, 1), "on_print": (0, 1), "average": (0, _UNDER_1),
    "learning_rate": (_ABOVE_0, inf), "critic_rate_ratio": (_ABOVE_0, inf), "clip_norm": (_ABOVE_0, inf),
    "mse_weight": (0, inf), "l1_weight": (0, inf), "edge_weight": (0, inf), "ink_weight": (0, inf),
    "ssim_weight": (0, inf),
    "frequency_weight": (0, inf), "text_weight": (0, inf), "feature_weight": (0, inf), "vgg_weight": (0, inf),
    "pixel_weight": (0, inf),
    "teacher_share": (0, 1), "critic_threshold": (0, inf), "critic_steps": (1, inf), "generator_steps": (1, inf),
    "critic_steps_at_most": (1, inf),
}  # fmt: skip
BLIND: Mapping[str, float] = {"bce": log(2), "hinge": 1.0, "least_squares": 0.25}
"""The least that a critic loses by each kind of `gan_loss` that judges all pages alike."""

LOW_GENERATOR_SHARE = 0.15
"""Of the steps of an adversarial stage: with less the generator has hardly learnt."""
LONG_DATA_WAIT = 0.1
"""Share of a step's time: where steps wait longer for their crops, more processes should draw them."""

_ACCEPTED: dict[Any, Any] = {
    str: str, int: int, float: (int, float), bool: bool, tuple[int, ...]: tuple, tuple[float, ...]: tuple,
}  # fmt: skip
_IN_WORDS: dict[Any, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false",
    tuple[int, ...]: "a list of whole numbers", tuple[float, ...]: "a list of two numbers",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One stage. Paths are relative to the folder that the command runs in.

    Args:
        name: of the run and of the model that it makes.
        cards: clean cards: a folder or a pack as `docpipe synth` writes them.
        stage: "pixels", "distil" (a teacher's pages and the clean ones), "noise2noise" (noisy targets only), "critic",
            "adversarial", or "recogniser" (reads lines of text; a judge for other stages).
        network: a key of `docpipe.models.GENERATORS`.
        widths: channels at each level of the network; empty for its own.
        encoder_weights: of an encoder that has learnt before, for "unet_resnet34" alone: "imagenet" (fetched over the
            network) or a state dict of torchvision's resnet34, a .pth or .safetensors file; empty for none. Where
            `start_from` or a checkpoint brings all weights, they are not asked for.
        start_from: weights of the same network that this one goes on from, a safetensors file; empty for a network
            that knows nothing. A critic looks at pages restored with them. In a chain the name of an earlier stage.
        critic: a key of `docpipe.models.CRITICS`.
        critic_widths: channels at each level of the critic; empty for its own.
        critic_from: the critic that an adversarial stage begins with, as `start_from`.
        teacher: weights of the network that is distilled, as `start_from`.
        teacher_share: of the teacher's page in what is aimed at; the rest is the clean page.
        recogniser: weights of a text recogniser, as `start_from`; needed where `text_weight` or `feature_weight` is
            above 0.
        vgg: weights of torchvision's vgg16 or vgg19, a state dict; needed where `vgg_weight` is above 0.
        recipe: name or path of the noise recipe.
        seed: of everything that is drawn.
        steps: optimiser steps.
        batch: crops a step, on each GPU.
        crop_px: side of the crops; a multiple of the network's stride.
        scale: crops are drawn at a size between these factors, so that print of many sizes is seen.
        glyph_px: height of glyphs that the network shall know, (smallest, largest); empty: any that `scale` brings.
            Crops are brought to it after noise fell on them, as `docpipe clean` does with pages; a narrow range lets
            a small network learn more, and makes large print cheap.
        on_print: share of crops whose middle lies on a printed field; the others lie anywhere on the card.
        learning_rate: its peak, reached after `warmup` steps.
        warmup: steps.
        schedule: after the warm-up, "flat" stays and falls over the last share `cooldown`; "cosine" falls at once.
        cooldown: 0 to 1.
        critic_rate_ratio: learning rate of the critic in an adversarial stage, in that of the generator.
        optimiser: "adam", or "muon" for the convolutions (`docpipe.train.muon`), which learns a generator's pixels in
            about a third of the steps.
        betas: of Adam.
        clip_norm: largest norm of a step's gradient.
        mse_weight: weight of squared differences.
        l1_weight: weight of absolute differences.
        edge_weight: weight of the difference of gradients.
        ink_weight: weight of absolute differences on and around strokes of print.
        ssim_weight: weight of 1 - SSIM.
        frequency_weight: weight of the difference of Fourier coefficients.
        text_weight: weight of what a recogniser makes of printed lines (CTC).
        feature_weight: weight of the difference of the recogniser's features.
        vgg_weight: weight of the difference of VGG's features, which takes longer than any network here: for a GPU.
        gan_loss: "bce", "hinge" or "least_squares".
        pixel_weight: weight of all terms but the critic's in an adversarial stage.
        critic_threshold: the critic is trained until its loss is below this, then the generator gets its turn; 0 for
            turns of fixed length. Below what a blind critic loses: .693 for "bce", 1 for "hinge", .25 for
            "least_squares".
        critic_steps: in a turn of fixed length.
        critic_steps_at_most: in a turn that lasts until `critic_threshold`; a critic that does not get there would
            otherwise never let the generator learn.
        generator_steps: in a turn.
        frozen_norm: batch normalisation keeps the means and variances of `start_from`, instead of taking those of each
            batch; for training on with batches of a few crops, where they waver.
        average: decay of the moving average of the weights, which is what is checked and exported.
        check_every: steps between checks; each writes a checkpoint and a sample sheet.
        checked: validation crops.
        workers: processes that draw crops, 0 for the one that trains; their number changes nothing but the speed.
        threads: of torch on the CPU; one where the machine does something else beside.
        precision: of the network's arithmetic, "float32" or "bfloat16"; losses and weights are always float32.
        compile: compile the network first, which takes a minute and pays on a GPU.

    Raises:
        UsageError: a value is of the wrong type or outside its range.
    """

    name: str
    cards: str
    stage: str = "pixels"
    network: str = "compact"
    widths: tuple[int, ...] = ()
    encoder_weights: str = ""
    start_from: str = ""
    critic: str = "attention"
    critic_widths: tuple[int, ...] = ()
    critic_from: str = ""
    teacher: str = ""
    teacher_share: float = 0.5
    recogniser: str = ""
    vgg: str = ""
    recipe: str = "starter"
    seed: int = 1
    steps: int = 20_000
    batch: int = 16
    crop_px: int = 192
    scale: tuple[float, ...] = (0.7, 1.3)
    glyph_px: tuple[float, ...] = ()
    on_print: float = 0.7
    learning_rate: float = 1.5e-3
    warmup: int = 200
    schedule: str = "flat"
    cooldown: float = 0.3
    critic_rate_ratio: float = 5.0
    optimiser: str = "adam"
    betas: tuple[float, ...] = (0.9, 0.99)
    clip_norm: float = 1.0
    mse_weight: float = 0.0
    l1_weight: float = 1.0
    edge_weight: float = 1.0
    ink_weight: float = 0.0
    ssim_weight: float = 0.0
    frequency_weight: float = 0.0
    text_weight: float = 0.0
    feature_weight: float = 0.0
    vgg_weight: float = 0.0
    gan_loss: str = "bce"
    pixel_weight: float = 50.0
    critic_threshold: float = 0.65
    critic_steps: int = 1
    critic_steps_at_most: int = 10
    generator_steps: int = 1
    frozen_norm: bool = False
    average: float = 0.998
    check_every: int = 500
    checked: int = 128
    workers: int = 0
    threads: int = 1
    precision: str = "float32"
    compile: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) != (field.type is bool) or not isinstance(value, _ACCEPTED[field.type]):
                raise UsageError(f"{field.name} is {value!r}; it must be {values_of(field.name)}",
                                 hint=_as_toml(value) if field.type is float else "")
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be {values_of(name)}")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be {values_of(name)}")
        for name in ("widths", "critic_widths"):
            if not all(isinstance(width, int) and width > 0 for width in getattr(self, name)):
                raise UsageError(f"{name} is {list(getattr(self, name))}; it must be whole numbers above 0")
        for name in ("scale", "betas", *(["glyph_px"] if self.glyph_px else [])):
            if len(getattr(self, name)) != 2 or not all(isinstance(end, int | float) for end in getattr(self, name)):
                raise UsageError(f"{name} is {list(getattr(self, name))}; it must be two numbers")
        if not 0 < self.scale[0] <= self.scale[1]:
            raise UsageError(f"scale is {list(self.scale)}; it must be two factors above 0, the smaller first")
        if self.glyph_px and not 0 < self.glyph_px[0] <= self.glyph_px[1]:
            raise UsageError(f"glyph_px is {list(self.glyph_px)}; it must be two heights above 0, the smaller first")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise UsageError(f"betas is {list(self.betas)}; each must be 0 or more and under 1")
        if self.frozen_norm and not self.start_from:
            raise UsageError("frozen_norm keeps what a network has learnt", "name its weights: start_from")
        if self.optimiser == "muon" and self.stage not in PIXEL_STAGES:
            raise UsageError(f"optimiser is 'muon'; at the stage {self.stage!r} it must be 'adam'")
        self._check_what_a_stage_needs()

    def _check_what_a_stage_needs(self) -> None:
        needs_recogniser = self.text_weight > 0 or self.feature_weight > 0
        for needed, name in (
            (self.stage in ("critic", "adversarial"), "start_from"), (self.stage == "distil", "teacher"),
            (needs_recogniser, "recogniser"), (self.vgg_weight > 0, "vgg"),
        ):  # fmt: skip
            if needed and not getattr(self, name):
                raise UsageError(f"{name} is empty", hint=f"name weights: this stage ({self.stage}) needs them")

        if self.stage == "adversarial" and self.critic_threshold >= BLIND[self.gan_loss]:
            raise UsageError(
                f"critic_threshold is {self.critic_threshold:g}, which a blind critic meets; for gan_loss "
                f"{self.gan_loss!r} it must be under {BLIND[self.gan_loss]:.3g}",
                hint="set critic_threshold lower, or to 0 for turns of fixed length",
            )

    @property
    def pixel_weights(self) -> dict[str, float]:
        """The weight of each term of `losses.TERMS`."""
        return {
            "mse": self.mse_weight, "l1": self.l1_weight, "edge": self.edge_weight, "ink": self.ink_weight,
            "ssim": self.ssim_weight, "frequency": self.frequency_weight,
        }  # fmt: skip


def load_config(path: Path, changes: dict[str, str] | None = None) -> TrainConfig:
    """Read the config of a run of one stage, with some of its values changed.

    Args:
        path: a TOML file whose keys are the fields of TrainConfig.
        changes: key -> TOML value, as in {"steps": "100"}.

    Raises:
        UsageError: the file cannot be read, holds a key or value that is none, or a chain of stages.
    """
    values = read_toml(path)
    if isinstance(values.get("stage"), list):
        raise UsageError(f"{path} is a chain of stages", hint=f"docpipe train {path}")
    return make_config(values | parsed(changes or {}), str(path))


def change_config(config: TrainConfig, changes: dict[str, str]) -> TrainConfig:
    """A config with some of its values changed, as in `load_config`.

    Raises:
        UsageError: a key or value is none.
    """
    return make_config(asdict(config) | parsed(changes), "--set")


def find_config(path: Path) -> Path:
    """The file itself, or the shipped config of that name.

    Raises:
        UsageError: there is neither.
    """
    if path.is_file():
        return path
    shipped = {file.stem: file for file in _SHIPPED.glob("*.toml")}
    if str(path) not in shipped:
        raise UsageError(f"there is no config {path}",
                         hint=f"name a TOML file, or one that ships: {', '.join(sorted(shipped))}")
    return shipped[str(path)]


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file.

    Raises:
        UsageError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}") from error


def parsed(changes: Mapping[str, str]) -> dict[str, Any]:
    """Values as typed after `--set`."""
    values: dict[str, Any] = {}
    for key, text in changes.items():
        try:
            values[key] = tomllib.loads(f"value = {text}")["value"]
        except ValueError:
            values[key] = text  # a bare word, as people type it
    return values


def make_config(values: Mapping[str, Any], where: str) -> TrainConfig:
    """A config of values as TOML or JSON hold them.

    Raises:
        UsageError: a key or value is none; `where` says where it stands.
    """
    known = {field.name for field in fields(TrainConfig)}
    if unknown := values.keys() - known:
        raise UsageError(f"{where}: unknown {', '.join(sorted(unknown))}", hint=f"known: {', '.join(sorted(known))}")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    try:
        return TrainConfig(**values)
    except TypeError as error:
        raise UsageError(f"{where}: {error}") from error


def values_of(name: str) -> str:
    """What a key of TrainConfig may be, in words."""
    if name in _WORDS:
        return f"one of {', '.join(_WORDS[name])}"
    words = [_IN_WORDS[next(field.type for field in fields(TrainConfig) if field.name == name)]]
    if name in _RANGES:
        low, high = _RANGES[name]
        words.append("above 0" if low == _ABOVE_0 else f"at least {low:g}")
        words += [] if high == inf else ["under 1" if high == _UNDER_1 else f"at most {high:g}"]
    return ", ".join(words)


def _as_toml(value: object) -> str:
    """How to write a number that TOML takes for a text, such as .1; nothing where it is none."""
    try:
        return f"write {float(value)}" if isinstance(value, str) else ""
    except ValueError:
        return ""
