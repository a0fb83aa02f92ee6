"""The gallery: the worst results of a judged suite, each with its cause and a picture. `python -m eval.gallery`."""
