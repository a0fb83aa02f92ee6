"""Scan noise: one effect a file, and recipes that mix them. A new effect is listed here."""

from docpipe.noise.bands import Bands
from docpipe.noise.base import Noise, Parameters
from docpipe.noise.binarise import Binarise
from docpipe.noise.bleed_through import BleedThrough
from docpipe.noise.brightness import Brightness
from docpipe.noise.broken_ink import BrokenInk
from docpipe.noise.cast_shadow import CastShadow
from docpipe.noise.contrast import Contrast
from docpipe.noise.creases import Creases
from docpipe.noise.dark_borders import DarkBorders
from docpipe.noise.defocus import Defocus
from docpipe.noise.dust import Dust
from docpipe.noise.faded_ink import FadedInk
from docpipe.noise.folds import Folds
from docpipe.noise.gamma import Gamma
from docpipe.noise.gaussian import Gaussian
from docpipe.noise.gutter_shadow import GutterShadow
from docpipe.noise.halftone import Halftone
from docpipe.noise.highlighter import Highlighter
from docpipe.noise.hologram_reflection import HologramReflection
from docpipe.noise.ink_spread import InkSpread
from docpipe.noise.jpeg import Jpeg
from docpipe.noise.low_resolution import LowResolution
from docpipe.noise.motion_blur import MotionBlur
from docpipe.noise.paste import Paste
from docpipe.noise.pen_strokes import PenStrokes
from docpipe.noise.salt_and_pepper import SaltAndPepper
from docpipe.noise.speckle import Speckle
from docpipe.noise.stains import Stains
from docpipe.noise.stamps import Stamps
from docpipe.noise.streaks import Streaks
from docpipe.noise.tape import Tape
from docpipe.noise.toner_specks import TonerSpecks
from docpipe.noise.uneven_light import UnevenLight

__all__ = ["NOISES", "TEST_ONLY", "Noise", "Parameters"]

# In the order in which they happen to a page; a recipe may choose another one.
NOISES: dict[str, type[Noise]] = {
    # to the print
    "halftone": Halftone,
    "faded_ink": FadedInk,
    "broken_ink": BrokenInk,
    "ink_spread": InkSpread,
    "bleed_through": BleedThrough,
    # to the paper
    "stamps": Stamps,
    "pen_strokes": PenStrokes,
    "highlighter": Highlighter,
    "stains": Stains,
    "paste": Paste,
    "folds": Folds,
    "creases": Creases,
    "tape": Tape,
    # on and around the glass
    "dust": Dust,
    "toner_specks": TonerSpecks,
    "streaks": Streaks,
    "dark_borders": DarkBorders,
    # in the optics
    "defocus": Defocus,
    "motion_blur": MotionBlur,
    # to the light
    "uneven_light": UnevenLight,
    "cast_shadow": CastShadow,
    "gutter_shadow": GutterShadow,
    "hologram_reflection": HologramReflection,
    "bands": Bands,
    # in the sensor
    "gaussian": Gaussian,
    "speckle": Speckle,
    "salt_and_pepper": SaltAndPepper,
    # in the processing
    "brightness": Brightness,
    "contrast": Contrast,
    "gamma": Gamma,
    "low_resolution": LowResolution,
    "binarise": Binarise,
    "jpeg": Jpeg,
}

TEST_ONLY: frozenset[str] = frozenset({"tape", "halftone", "hologram_reflection", "highlighter"})
"""Families that no training, starter pattern or calibration may see: on them it is measured how well cleaning does on
noise that it was never made for."""
