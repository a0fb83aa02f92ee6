"""The albumentations face: every noise, every warp and every recipe as a transform.

    import albumentations as A
    from docpipe.noise.transforms import PageNoise, PageRecipe, PageWarp

    soiled = A.Compose([PageWarp("perspective", p=0.5), PageNoise("stains", p=0.3), PageNoise("jpeg")], seed=7)
    pair = soiled(image=card, mask=card)            # noisy and clean, with their ink in the same places

Pages are gray: (H, W) or (H, W, 1) uint8. Chance is drawn from the generator that albumentations hands in, so a seed
of `A.Compose` decides all of it. This module is the only door to albumentations, which the extra `synth` installs.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")      # on import it would look for a newer version on the network

import albumentations as A  # noqa: N812  the name by which everybody knows it

from docpipe.noise import NOISES
from docpipe.noise.base import UNSTATED_DPI, Noise, check, check_pair
from docpipe.noise.moved import moved_points
from docpipe.noise.recipe import Applied, load_recipe
from docpipe.noise.warp import Warp
from docpipe.page import Gray, Page

Ranges = Mapping[str, Sequence[Any]]
"""Field of a noise -> its range, as a recipe would set it: {"depth": [0.1, 0.5], "side": ["left"]}."""


class PageNoise(A.ImageOnlyTransform):  # type: ignore[misc]    # albumentations has no types
    """One noise that leaves ink where it is.

    Args:
        kind: a key of `docpipe.noise.NOISES`.
        ranges: those that differ from the noise's own.
        severity: (low, high) within 0 to 1: how strong the noise is, drawn uniformly; None draws from its ranges.
        dpi: of the images; lengths are in millimetres.
        p: chance.

    Raises:
        ValueError: there is no such noise, it moves ink, or a range makes no sense.
    """

    def __init__(self, kind: str, ranges: Ranges | None = None, severity: Sequence[float] | None = None,
                 dpi: float = UNSTATED_DPI, p: float = 0.5) -> None:
        super().__init__(p=p)
        self._noise = _noise_of(kind, ranges, severity)
        if self._noise.moves_ink:
            raise ValueError(f"kind is {kind!r}, which moves ink; PageWarp moves masks and points along with it")
        self.kind, self.ranges, self.severity, self.dpi = kind, ranges, severity, dpi

    def get_params(self) -> dict[str, Any]:
        """Draw the noise."""
        return {"applied": (_drawn(self.kind, self._noise, self.severity, self.random_generator),)}

    def apply(self, img: NDArray[np.uint8], applied: tuple[Applied, ...], **_: Any) -> NDArray[np.uint8]:
        """Put the noise on an image."""
        return _noisy(img, applied, self.dpi)


class _Moving(A.DualTransform):  # type: ignore[misc]    # albumentations has no types
    """What puts noises on an image, and moves everything else along with their warps."""

    _targets = (A.core.type_definitions.Targets.IMAGE, A.core.type_definitions.Targets.MASK,
                A.core.type_definitions.Targets.KEYPOINTS, A.core.type_definitions.Targets.BBOXES)
    dpi: float
    mask_interpolation: int

    def apply(self, img: NDArray[np.uint8], applied: tuple[Applied, ...], **_: Any) -> NDArray[np.uint8]:
        """Put the noises on an image."""
        return _noisy(img, applied, self.dpi)

    def apply_to_mask(self, mask: NDArray[Any], applied: tuple[Applied, ...], **_: Any) -> NDArray[Any]:
        """Move a mask, of labels or of the clean page."""
        page = self._blank(mask.shape)
        for one in applied:
            warp = NOISES[one.kind]()
            if isinstance(warp, Warp):
                x, y = warp.sources(page, one.parameters)
                moved = cv2.remap(mask, x, y, self.mask_interpolation, borderMode=cv2.BORDER_REPLICATE)
                mask = moved.reshape(mask.shape)
        return mask

    def apply_to_keypoints(self, keypoints: NDArray[Any], applied: tuple[Applied, ...], shape: tuple[int, ...],
                           **_: Any) -> NDArray[Any]:
        """Move points: x and y; their other columns stay."""
        moved = keypoints.copy()
        moved[:, :2] = moved_points(keypoints[:, :2], applied, self._blank(shape))
        return moved

    def apply_to_bboxes(self, bboxes: NDArray[Any], applied: tuple[Applied, ...], shape: tuple[int, ...],
                        **_: Any) -> NDArray[Any]:
        """Move boxes: each becomes the upright box around its moved corners."""
        size_px = np.array([shape[1], shape[0]])
        corners = np.stack([bboxes[:, [x, y]] for x, y in ((0, 1), (2, 1), (2, 3), (0, 3))], axis=1) * size_px - 0.5
        there = moved_points(corners.reshape(-1, 2), applied, self._blank(shape)).reshape(corners.shape) + 0.5
        moved = bboxes.copy()
        moved[:, :4] = np.concatenate([there.min(axis=1) / size_px, there.max(axis=1) / size_px], axis=1)
        return moved

    def _blank(self, shape: tuple[int, ...]) -> Page:
        return Page(np.empty(shape[:2], np.uint8), (self.dpi, self.dpi))


class PageWarp(_Moving):
    """One noise that moves ink; masks, keypoints and boxes move with it.

    Args:
        kind: a key of `docpipe.noise.NOISES` that moves ink, such as "rotation".
        ranges: those that differ from the noise's own.
        severity: (low, high) within 0 to 1: how strong the noise is, drawn uniformly; None draws from its ranges.
        dpi: of the images; lengths are in millimetres.
        mask_interpolation: of OpenCV. The nearest label by default; cv2.INTER_CUBIC for the clean page as a mask,
            which is then moved to the pixel as the noisy one is.
        p: chance.

    Raises:
        ValueError: there is no such noise, it leaves ink where it is, or a range makes no sense.
    """

    def __init__(self, kind: str, ranges: Ranges | None = None, severity: Sequence[float] | None = None,
                 dpi: float = UNSTATED_DPI, mask_interpolation: int = cv2.INTER_NEAREST, p: float = 0.5) -> None:
        super().__init__(p=p)
        self._noise = _noise_of(kind, ranges, severity)
        if not self._noise.moves_ink:
            raise ValueError(f"kind is {kind!r}, which leaves ink where it is; PageNoise puts it on images")
        self.kind, self.ranges, self.severity = kind, ranges, severity
        self.dpi, self.mask_interpolation = dpi, mask_interpolation

    def get_params(self) -> dict[str, Any]:
        """Draw the warp."""
        return {"applied": (_drawn(self.kind, self._noise, self.severity, self.random_generator),)}


class PageRecipe(_Moving):
    """A whole recipe: noises by their chances; masks, keypoints and boxes move with its warps.

    Args:
        recipe: name of a built-in recipe, such as "starter", or a TOML file.
        dpi: of the images; lengths are in millimetres.
        mask_interpolation: as in `PageWarp`.
        p: chance that the recipe is applied at all; it may itself leave a share of pages untouched.

    Raises:
        InputError: there is no such recipe, or it is not right.
    """

    def __init__(self, recipe: str = "starter", dpi: float = UNSTATED_DPI,
                 mask_interpolation: int = cv2.INTER_NEAREST, p: float = 1.0) -> None:
        super().__init__(p=p)
        self._loaded = load_recipe(recipe)
        self.recipe, self.dpi, self.mask_interpolation = recipe, dpi, mask_interpolation

    def get_params(self) -> dict[str, Any]:
        """Draw what the recipe puts on an image."""
        return {"applied": self._loaded.draw(self.random_generator)[1]}


def _noise_of(kind: str, ranges: Ranges | None, severity: Sequence[float] | None) -> Noise:
    if kind not in NOISES:
        raise ValueError(f"kind is {kind!r}; it is one of {', '.join(NOISES)}")
    given = {name: tuple(values) for name, values in (ranges or {}).items()}
    known = [field.name for field in fields(NOISES[kind])]
    if unknown := set(given) - set(known):
        raise ValueError(f"ranges of {kind} holds {', '.join(sorted(unknown))}; it may hold {', '.join(known)}")
    if severity is not None:
        check_pair("severity", tuple(severity))
        for end in severity:
            check("severity", end, 0, 1)
    return NOISES[kind](**given)


def _drawn(kind: str, noise: Noise, severity: Sequence[float] | None, rng: np.random.Generator) -> Applied:
    if severity is None:
        return Applied(kind, 1.0, noise.draw(rng))
    drawn = float(rng.uniform(severity[0], severity[1]))
    return Applied(kind, drawn, noise.at(drawn).draw(rng))


def _noisy(image: NDArray[np.uint8], applied: tuple[Applied, ...], dpi: float) -> Gray:
    if image.dtype != np.uint8 or image.shape[2:] not in ((), (1,)):
        raise ValueError(f"the image is {image.dtype} of shape {image.shape}; it must be uint8 of shape (H, W) or "
                         "(H, W, 1): A.ToGray(num_output_channels=1) makes one")
    page = Page(image.reshape(image.shape[:2]), (dpi, dpi))
    for one in applied:
        page = NOISES[one.kind]().apply(page, one.parameters)
    return page.pixels.reshape(image.shape)
