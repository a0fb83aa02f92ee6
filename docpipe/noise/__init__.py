"""Scan noise: one effect a file, and recipes that mix them. A new effect is listed here."""

from docpipe.noise.adaptive_binarise import AdaptiveBinarise
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
from docpipe.noise.dither import Dither
from docpipe.noise.drum_marks import DrumMarks
from docpipe.noise.dust import Dust
from docpipe.noise.edge_shadow import EdgeShadow
from docpipe.noise.faded_ink import FadedInk
from docpipe.noise.fax import Fax
from docpipe.noise.feed_slip import FeedSlip
from docpipe.noise.fixed_pattern import FixedPattern
from docpipe.noise.folds import Folds
from docpipe.noise.gamma import Gamma
from docpipe.noise.gaussian import Gaussian
from docpipe.noise.glare import Glare
from docpipe.noise.grease_stains import GreaseStains
from docpipe.noise.gutter_shadow import GutterShadow
from docpipe.noise.halftone import Halftone
from docpipe.noise.highlighter import Highlighter
from docpipe.noise.hologram_reflection import HologramReflection
from docpipe.noise.ink_spread import InkSpread
from docpipe.noise.jpeg import Jpeg
from docpipe.noise.low_resolution import LowResolution
from docpipe.noise.moire import Moire
from docpipe.noise.motion_blur import MotionBlur
from docpipe.noise.paper_curl import PaperCurl
from docpipe.noise.paste import Paste
from docpipe.noise.pen_strokes import PenStrokes
from docpipe.noise.perspective import Perspective
from docpipe.noise.photon_noise import PhotonNoise
from docpipe.noise.punch_holes import PunchHoles
from docpipe.noise.recopied import Recopied
from docpipe.noise.rotation import Rotation
from docpipe.noise.salt_and_pepper import SaltAndPepper
from docpipe.noise.scribble import Scribble
from docpipe.noise.speckle import Speckle
from docpipe.noise.stains import Stains
from docpipe.noise.stamps import Stamps
from docpipe.noise.staples import Staples
from docpipe.noise.streaks import Streaks
from docpipe.noise.tape import Tape
from docpipe.noise.toner_specks import TonerSpecks
from docpipe.noise.uneven_light import UnevenLight
from docpipe.noise.water_stains import WaterStains

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
    "water_stains": WaterStains,
    "grease_stains": GreaseStains,
    "scribble": Scribble,
    "paste": Paste,
    "folds": Folds,
    "creases": Creases,
    "punch_holes": PunchHoles,
    "staples": Staples,
    "tape": Tape,
    "paper_curl": PaperCurl,
    # in copiers
    "recopied": Recopied,
    "drum_marks": DrumMarks,
    # on and around the glass
    "dust": Dust,
    "toner_specks": TonerSpecks,
    "streaks": Streaks,
    "dark_borders": DarkBorders,
    "edge_shadow": EdgeShadow,
    "rotation": Rotation,
    "perspective": Perspective,
    "feed_slip": FeedSlip,
    # in the optics
    "moire": Moire,
    "defocus": Defocus,
    "motion_blur": MotionBlur,
    # to the light
    "uneven_light": UnevenLight,
    "cast_shadow": CastShadow,
    "gutter_shadow": GutterShadow,
    "glare": Glare,
    "hologram_reflection": HologramReflection,
    "bands": Bands,
    # in the sensor
    "photon_noise": PhotonNoise,
    "fixed_pattern": FixedPattern,
    "gaussian": Gaussian,
    "speckle": Speckle,
    "salt_and_pepper": SaltAndPepper,
    # in the processing
    "brightness": Brightness,
    "contrast": Contrast,
    "gamma": Gamma,
    "low_resolution": LowResolution,
    "dither": Dither,
    "binarise": Binarise,
    "adaptive_binarise": AdaptiveBinarise,
    "fax": Fax,
    "jpeg": Jpeg,
}

TEST_ONLY: frozenset[str] = frozenset({"tape", "halftone", "hologram_reflection", "highlighter"})
"""Families that no training, starter pattern or calibration may see: on them it is measured how well cleaning does on
noise that it was never made for."""
