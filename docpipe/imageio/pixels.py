"""From what decoders give to the arrays of a Page: flat on white, gray by BT.601, upright, lean on memory."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from docpipe.page import Gray, Samples

# Pages are checked against ReadOptions.max_pixels, from their headers, before Pillow sees them. Its own limit
# would warn or refuse at another number, and has no switch per picture, so it is turned off once and for all.
Image.MAX_IMAGE_PIXELS = None

_BAND_PIXELS = 1 << 20

# Orientation as in EXIF 2.32, tag 274: what makes a page upright that is stored so.
_TO_UPRIGHT: dict[int, Callable[[Any], Any]] = {
    2: lambda stored: cv2.flip(stored, 1),
    3: lambda stored: cv2.rotate(stored, cv2.ROTATE_180),
    4: lambda stored: cv2.flip(stored, 0),
    5: cv2.transpose,
    6: lambda stored: cv2.rotate(stored, cv2.ROTATE_90_CLOCKWISE),
    7: lambda stored: cv2.flip(cv2.transpose(stored), -1),
    8: lambda stored: cv2.rotate(stored, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def upright(samples: Samples, orientation: int) -> Samples:
    """Turn or mirror stored samples so that a viewer would show them as they are.

    Args:
        samples: (H, W) or (H, W, 3), uint8 or uint16.
        orientation: 1 to 8 as in EXIF.

    Returns:
        The same samples, in a new array unless they were upright.
    """
    if orientation == 1:
        return samples
    turned: Samples = _TO_UPRIGHT[orientation](samples)
    return turned


def gray_samples(samples: Samples) -> Samples:
    """The (H, W) luma, by BT.601, of gray or RGB samples; their depth stays."""
    if samples.ndim == 2:
        return samples
    return cast(Samples, cv2.cvtColor(samples, cv2.COLOR_RGB2GRAY))


def gray8(samples: Samples) -> Gray:
    """The (H, W) uint8 page behind any samples: their luma, 16 bits rounded to 8 (v / 257)."""
    gray = gray_samples(samples)
    if gray.dtype == np.uint16:
        return cast(Gray, cv2.convertScaleAbs(gray, alpha=1 / 257))
    return gray.astype(np.uint8, copy=False)


def from_pillow(image: Image.Image, colour: bool) -> Samples:
    """The samples of an 8-bit Pillow picture of any mode, transparent parts as white paper.

    Args:
        image: any mode with 1 or 8 bits a sample.
        colour: give RGB; else gray.

    Returns:
        (H, W) or (H, W, 3) uint8.
    """
    width, height = image.size
    samples = np.empty((height, width, 3) if colour else (height, width), np.uint8)
    for rows in bands(height, width):
        band = _flat(image.crop((0, rows.start, width, rows.stop)))
        samples[rows] = np.asarray(band.convert("RGB")) if colour else gray8(np.asarray(band))
    return samples


def from_pillow16(image: Image.Image) -> NDArray[np.uint16]:
    """The (H, W) uint16 samples of a 16-bit gray Pillow picture, in any byte order."""
    width, height = image.size
    samples = np.empty((height, width), np.uint16)
    for rows in bands(height, width):
        samples[rows] = np.asarray(image.crop((0, rows.start, width, rows.stop)))
    return samples


def to_pillow(samples: Samples, bilevel: bool) -> Image.Image:
    """A Pillow picture of samples, with 1 bit where `bilevel`: up to 127 is ink."""
    image = Image.fromarray(samples)
    return image.point([0] * 128 + [255] * 128, "1") if bilevel else image


def flat_on_white(samples: NDArray[np.uint16], alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Lay 16-bit samples, (H, W) or (H, W, 3), on white paper through their (H, W) opacity."""
    top = np.uint32(65535)  # products of two 16-bit values just fit into 32 bits
    if samples.ndim == 3:
        alpha = alpha[:, :, None]
    flat = np.empty_like(samples)
    for rows in bands(*samples.shape[:2]):
        opacity = alpha[rows].astype(np.uint32)
        flat[rows] = (samples[rows] * opacity + top * (top - opacity) + top // 2) // top
    return flat


def bands(height: int, width: int) -> Iterator[slice]:
    """The rows of a page, about a megapixel at a time: work on bands needs no second page of memory."""
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def _flat(band: Image.Image) -> Image.Image:
    """An L or RGB version of a band, laid on white where it is transparent."""
    if band.mode in ("La", "RGBa"):  # colours already multiplied by opacity
        band = band.convert("LA" if band.mode == "La" else "RGBA")
    if band.mode in ("LA", "PA", "RGBA") or "transparency" in band.info:
        band = band.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", band.size, "white"), band).convert("RGB")
    if band.mode == "1":
        return band.convert("L")
    if band.mode == "LAB":
        from PIL import ImageCms  # late: it makes the start longer, and hardly a scan is in Lab

        transform = ImageCms.buildTransform(
            ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
        )
        transformed = ImageCms.applyTransform(band, transform)
        assert transformed is not None  # only None where it works in place
        return transformed
    return band if band.mode in ("L", "RGB") else band.convert("RGB")
