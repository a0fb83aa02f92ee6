"""Ablation: what each part of the training is worth, at an equal small budget. `python -m eval.ablation` runs it."""
