"""Noises, warps and recipes as albumentations knows transforms."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from docpipe.errors import InputError
from docpipe.noise import NOISES
from docpipe.noise.recipe import built_in_recipes, load_recipe
from docpipe.page import Page

A = pytest.importorskip("albumentations", reason="albumentations is not installed: the extra synth brings it")
from docpipe.noise.transforms import PageNoise, PageRecipe, PageWarp  # noqa: E402

WARPS = sorted(kind for kind in NOISES if NOISES[kind].moves_ink)
STILL = sorted(kind for kind in NOISES if not NOISES[kind].moves_ink)
ALL = [*((PageNoise, kind) for kind in STILL), *((PageWarp, kind) for kind in WARPS),
       *((PageRecipe, name) for name in built_in_recipes())]


def one(transform, name, **settings):
    return transform(name, p=1.0, **settings)


@pytest.mark.parametrize(("transform", "name"), ALL)
def test_every_noise_and_every_recipe_works_in_a_compose_and_its_seed_decides_all(transform, name, card):
    def draws(seed):
        soiled = A.Compose([one(transform, name)], seed=seed)
        return [soiled(image=card.pixels)["image"] for _ in range(4)]
    first, again, other = draws(5), draws(5), draws(6)
    assert all(np.array_equal(*both) for both in zip(first, again, strict=True))
    assert any(not np.array_equal(*both) for both in zip(first, other, strict=True))
    assert all(noisy.shape == card.pixels.shape and noisy.dtype == np.uint8 for noisy in first)


@pytest.mark.parametrize(("transform", "name"), ALL)
def test_a_transform_survives_being_written_and_read(transform, name, card):
    soiled = A.Compose([one(transform, name, dpi=200.0)])
    again = A.from_dict(json.loads(json.dumps(A.to_dict(soiled))))
    for compose in (soiled, again):
        compose.set_random_seed(3)
    assert np.array_equal(soiled(image=card.pixels)["image"], again(image=card.pixels)["image"])


def test_ranges_and_severity_survive_too_and_are_kept_to(card):
    settings = {"ranges": {"variance": [0.01, 0.02]}, "severity": [0.5, 0.5]}
    soiled = A.from_dict(A.to_dict(A.Compose([one(PageNoise, "gaussian", **settings)])))
    added = soiled(image=np.full((200, 200), 128, np.uint8))["image"] / 255 - 128 / 255
    assert added.var() == pytest.approx(0.01, rel=0.05)


def test_a_recipe_as_a_transform_draws_what_the_recipe_draws(card):
    rng = np.random.default_rng(8)
    transform = one(PageRecipe, "starter")
    transform.set_random_state(np.random.default_rng(8), None)
    starter = load_recipe("starter")
    for _ in range(4):
        noisy = starter.apply(card, rng).page
        assert np.array_equal(transform(image=card.pixels)["image"], noisy.pixels)


def test_lengths_follow_the_resolution():
    page = np.where(np.indices((200, 200)).sum(axis=0) // 10 % 2, 235, 60).astype(np.uint8)
    blurred = [one(PageNoise, "defocus", severity=(1, 1), dpi=dpi)(image=page)["image"].std() for dpi in (100, 300)]
    assert blurred[1] < 0.7 * blurred[0]


@pytest.mark.parametrize("kind", WARPS)
def test_masks_points_and_boxes_move_with_the_ink(kind):
    page = np.full((300, 480), 255, np.uint8)
    cv2.circle(page, (90, 70), 9, 0, cv2.FILLED, cv2.LINE_AA)
    moving = A.Compose(
        [one(PageWarp, kind, severity=(1, 1), mask_interpolation=cv2.INTER_CUBIC)], seed=4,
        keypoint_params=A.KeypointParams("xy"), bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]))
    moved = moving(image=page, mask=page, keypoints=[(90, 70)], bboxes=[(81, 61, 100, 80)], names=["dot"])
    assert np.array_equal(moved["image"], moved["mask"]) and not np.array_equal(moved["image"], page)
    rows, columns = np.nonzero(moved["image"] < 128)
    assert moved["keypoints"][0] == pytest.approx((columns.mean(), rows.mean()), abs=0.6)
    left, top, right, bottom = moved["bboxes"][0]
    around = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert (left, top, right, bottom) == pytest.approx(around, abs=2)


def test_labels_keep_their_values():
    labels = np.random.default_rng(0).choice([0, 7, 200], (120, 160)).astype(np.uint8)
    moved = one(PageWarp, "rotation", severity=(1, 1))(image=labels, mask=labels)["mask"]
    assert set(np.unique(moved)) == {0, 7, 200}


def test_noises_of_a_recipe_leave_masks_alone(card):
    soiled = A.Compose([one(PageRecipe, "classical")], seed=1)
    for _ in range(5):
        assert np.array_equal(soiled(image=card.pixels, mask=card.pixels)["mask"], card.pixels)


def test_an_image_with_a_channel_axis_keeps_it(card):
    image = card.pixels[..., None]
    assert one(PageNoise, "jpeg")(image=image)["image"].shape == image.shape
    moved = one(PageWarp, "perspective")(image=image, mask=image)
    assert moved["image"].shape == moved["mask"].shape == image.shape


@pytest.mark.parametrize("image", [np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.float32)])
def test_an_image_that_is_not_gray_is_refused_with_what_makes_it_so(image):
    with pytest.raises(ValueError, match="ToGray"):
        one(PageNoise, "jpeg")(image=image)


@pytest.mark.parametrize(("make", "named"), [
    (lambda: PageNoise("rain"), "kind is 'rain'; it is one of halftone"),
    (lambda: PageNoise("rotation"), "PageWarp"),
    (lambda: PageWarp("jpeg"), "PageNoise"),
    (lambda: PageNoise("jpeg", {"colour": [1, 2]}), "ranges of jpeg holds colour; it may hold quality"),
    (lambda: PageNoise("jpeg", {"quality": [2, 1]}), "quality is"),
    (lambda: PageNoise("jpeg", severity=(0, 2)), "severity is 2; it must be from 0 to 1"),
    (lambda: PageNoise("jpeg", severity=(1, 0)), "severity is"),
])
def test_what_makes_no_sense_is_refused_when_the_transform_is_made(make, named):
    with pytest.raises(ValueError, match=named.replace("[", r"\[")):
        make()


def test_a_recipe_that_is_not_there_is_refused_when_the_transform_is_made():
    with pytest.raises(InputError, match="no recipe 'rain'"):
        PageRecipe("rain")


def test_a_page_of_another_resolution_is_the_same_as_a_page_that_states_it(card):
    transform = one(PageNoise, "stains", dpi=150)
    transform.set_random_state(np.random.default_rng(2), None)
    stained = NOISES["stains"]()(Page(card.pixels, (150.0, 150.0)), np.random.default_rng(2))
    assert np.array_equal(transform(image=card.pixels)["image"], stained.pixels)


@pytest.mark.slow
def test_only_this_door_opens_albumentations():
    code = "import sys, docpipe.noise, docpipe.noise.recipe, docpipe.synth; print('albumentations' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
