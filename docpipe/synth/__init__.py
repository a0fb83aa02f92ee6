"""Pairs of clean and noisy cards with their truth: ties cards and noise together."""

from docpipe.synth.pairs import Pair, draw_pair, layout_and_lead, write_pairs

__all__ = ["Pair", "draw_pair", "layout_and_lead", "write_pairs"]
