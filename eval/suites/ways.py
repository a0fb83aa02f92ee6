"""The ways in which a page is prepared for OCR: docpipe, its peers, and those that say what a figure is worth."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

import docpipe.restore
from docpipe.errors import MissingToolError
from docpipe.evaluate.null_control import null_control
from docpipe.page import Gray
from docpipe.restore import Restorer, load_engine, load_gate

INSTALL = "apt install unpaper imagemagick, or leave the peers out with --no-peers"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MAGICK_THREAD_LIMIT": "1"}
# ImageMagick's local adaptive threshold, as its documentation of -lat shows it for cleaning scanned text: what lies
# less than 5 % above the mean of 25 x 25 pixels around it is paper.
CONVERT_OPTIONS = ("-negate", "-lat", "25x25+5%", "-negate")


class PeerError(Exception):
    """A peer made nothing of a page."""


def raw(gray: Gray) -> Gray:
    """As it is."""
    return gray


def median(gray: Gray) -> Gray:
    """Median of 3 x 3."""
    return cv2.medianBlur(gray, 3)


def bilateral(gray: Gray) -> Gray:
    """Bilateral filter (Tomasi and Manduchi, ICCV 1998)."""
    return cv2.bilateralFilter(gray, 9, 50, 50)


def non_local_means(gray: Gray) -> Gray:
    """Non-local means (Buades, Coll and Morel, CVPR 2005) at OpenCV's sizes, strength 10."""
    return cv2.fastNlMeansDenoising(gray, None, 10, 7, 21)


def otsu(gray: Gray) -> Gray:
    """Global threshold (Otsu 1979)."""
    return cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]


def adaptive(gray: Gray) -> Gray:
    """Threshold ten levels under the Gaussian mean of 41 x 41 pixels."""
    return cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 41, 10)


def sauvola(gray: Gray) -> Gray:
    """Threshold m (1 + k (s / R - 1)) with k = 0.2, R = 128, in 41 x 41 pixels (Sauvola and Pietikainen 2000)."""
    page = gray.astype(np.float32)
    mean = cv2.blur(page, (41, 41))
    deviation = np.sqrt(np.maximum(cv2.blur(page * page, (41, 41)) - mean * mean, 0))
    return np.where(page > mean * (1 + 0.2 * (deviation / 128 - 1)), 255, 0).astype(np.uint8)


def unpaper(gray: Gray) -> Gray:
    """The program unpaper with its defaults."""
    return _by_program(gray, lambda before, after: ["unpaper", "--quiet", "--overwrite", before, after])


def imagemagick(gray: Gray) -> Gray:
    """ImageMagick with a local adaptive threshold."""
    convert = _imagemagick()
    return _by_program(gray, lambda before, after: [convert, before, *CONVERT_OPTIONS, "-depth", "8", after])


PEERS: Mapping[str, Callable[[Gray], Gray]] = {
    "median": median,
    "bilateral": bilateral,
    "nl-means": non_local_means,
    "otsu": otsu,
    "adaptive": adaptive,
    "sauvola": sauvola,
    "unpaper": unpaper,
    "imagemagick": imagemagick,
}
"""What others do before OCR."""

CONTROLS: Mapping[str, Callable[[Gray], Gray]] = {"raw": raw, "null": null_control}
ENGINES = {"division": "division", "docpipe": "onnx", "careful": "onnx"}
"""docpipe's engines by the name of their way; "careful" is the shipped model with the gate of `--careful`."""


@lru_cache(maxsize=4)
def load_way(name: str, model: Path | None) -> Callable[[Gray], Gray]:
    """What prepares a page in the way called `name`, on one thread."""
    if name in ENGINES:
        restorer = _restorer(name, model)
        return lambda gray: restorer.restore(gray).pixels
    return CONTROLS.get(name) or PEERS[name]


def fingerprint(name: str, model: Path | None) -> str:
    """Changes whenever a way would give other pages."""
    if name in ENGINES:
        sources = sorted(Path(docpipe.restore.__file__).parent.glob("*.py"))
        return f"{_restorer(name, model).fingerprint}-{_hash_of(*sources)}"
    if name == "unpaper":
        return f"unpaper-{_version('unpaper', '--version')}"
    if name == "imagemagick":
        return f"imagemagick-{_version(_imagemagick(), '--version')}"
    return f"{name}-opencv-{cv2.__version__}-{_hash_of(Path(__file__), Path(null_control.__code__.co_filename))}"


def require_programs() -> None:
    """Refuse to begin where a peer is not installed.

    Raises:
        MissingToolError: it names what to install.
    """
    _imagemagick()
    if not shutil.which("unpaper"):
        raise MissingToolError("unpaper cannot be found", INSTALL)


def _restorer(name: str, model: Path | None) -> Restorer:
    """As `docpipe clean` makes it, a model's gate included, on one thread."""
    given = model if name == "docpipe" else None
    engine = load_engine(ENGINES[name], model=given, threads=1)
    return Restorer(engine, gate=load_gate(ENGINES[name], model=given, threads=1, careful=name == "careful"))


def _hash_of(*sources: Path) -> str:
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


@lru_cache(maxsize=1)
def _imagemagick() -> str:
    """The program's name; others are called convert, too."""
    for name in ("magick", "convert-im6.q16", "convert"):
        if shutil.which(name) and "ImageMagick" in _said(name, "--version"):
            return name
    raise MissingToolError("ImageMagick cannot be found", INSTALL)


def _version(*command: str) -> str:
    return next(word for word in _said(*command).split() if word[0].isdigit())


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _by_program(gray: Gray, command: Callable[[str, str], list[str]]) -> Gray:
    """What a program makes of a page."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = f"{folder}/before.pgm", f"{folder}/after.pgm"
        cv2.imwrite(before, gray)
        ended = subprocess.run(command(before, after), capture_output=True, check=False, env=os.environ | ONE_THREAD)
        made = cv2.imread(after, cv2.IMREAD_GRAYSCALE) if ended.returncode == 0 else None
    if made is None:
        raise PeerError(f"{ended.args[0]} ended with code {ended.returncode}")
    return made
