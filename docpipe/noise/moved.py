"""Moving along: where the warps among the noises of a page took its ink, a clean page and points go too."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from docpipe.noise import NOISES
from docpipe.noise.recipe import Applied
from docpipe.noise.warp import Points, Warp
from docpipe.page import Page


def moved_page(clean: Page, applied: Iterable[Applied]) -> Page:
    """Move the ink of a page as a recipe moved it, and put nothing else on it.

    Args:
        clean: the page that the recipe was applied to.
        applied: what it got, as in `Touched.applied`.

    Returns:
        What the noisy page would be without its other noises: the target of restoring it. `clean` itself where
        nothing moves ink.
    """
    for noise in applied:
        if NOISES[noise.kind].moves_ink:
            clean = NOISES[noise.kind]().apply(clean, noise.parameters)
    return clean


def moved_points(points: ArrayLike, applied: Iterable[Applied], page: Page) -> Points:
    """Say where points of the clean page lie on the noisy one.

    Args:
        points: (N, 2) x and y in pixels; the middle of the first pixel is (0, 0).
        applied: what the page got, as in `Touched.applied`.
        page: clean or noisy: its shape and resolution count.

    Returns:
        (N, 2) float64; exactly `points` where nothing moves ink. Points near an edge may leave the page.
    """
    moved = np.array(points, np.float64)
    for noise in applied:
        warp = NOISES[noise.kind]()
        if isinstance(warp, Warp):
            moved = warp.move(moved, page, noise.parameters)
    return moved
