"""Training: pairs in, a numbered run out, and the export of its network as a model folder."""
