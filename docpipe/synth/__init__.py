"""Pairs of clean and noisy cards with their truth: ties cards and noise together."""

from docpipe.synth.own_scans import ScanDrawn, write_pairs_from
from docpipe.synth.pairs import Pair, draw_pair, layout_and_lead, write_pairs

__all__ = ["Pair", "ScanDrawn", "draw_pair", "layout_and_lead", "write_pairs", "write_pairs_from"]
