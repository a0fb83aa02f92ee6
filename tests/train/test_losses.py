"""Losses and figures against values worked out by hand or with numpy in double precision."""

from math import e, log, log1p

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, max_pool2d
from torch.utils._python_dispatch import TorchDispatchMode

from docpipe.train.losses import (
    TERMS,
    adversarial_loss,
    auc,
    critic_loss,
    error_left,
    pixel_loss,
    psnr,
    ssim,
    strokes,
)  # fmt: skip

KINDS = ("bce", "hinge", "least_squares")


@pytest.mark.parametrize(("kind", "critic", "generator"), [("bce", log(2), log(2)), ("hinge", 1, 0),
                                                           ("least_squares", 0.5, 1)])
def test_logits_of_nothing_cost_what_they_should(kind, critic, generator):
    nothing = torch.zeros(2, 1, 3, 3)
    assert critic_loss(nothing, nothing, kind).item() == pytest.approx(critic)
    assert adversarial_loss(nothing, kind).item() == pytest.approx(generator)


@pytest.mark.parametrize(
    ("kind", "critic", "generator"),
    [("bce", (log1p(e**-2) + log1p(e**-0.5)) / 2, log1p(e**0.5)), ("hinge", (0 + 0.5) / 2, 0.5),
     ("least_squares", (1 + 0.25) / 2, 2.25)],
)  # fmt: skip
def test_logits_of_a_critic_that_sees_cost_it_little_and_the_generator_much(kind, critic, generator):
    real, fake = torch.full((2, 1, 3, 3), 2.0), torch.full((2, 1, 3, 3), -0.5)
    assert critic_loss(real, fake, kind).item() == pytest.approx(critic)
    assert adversarial_loss(fake, kind).item() == pytest.approx(generator)


@pytest.mark.parametrize("kind", KINDS)
def test_a_critic_raises_real_pages_and_lowers_restored_ones_which_the_generator_raises(kind):
    real, fake = (torch.linspace(0.1, 0.9, 9, requires_grad=True) for _ in range(2))
    critic_loss(real, fake, kind).backward()
    assert (real.grad < 0).all() and (fake.grad > 0).all(), "a step goes against the gradient"
    fake.grad = None
    adversarial_loss(fake, kind).backward()
    assert (fake.grad < 0).all()


def test_psnr_is_that_of_the_squared_error_of_all_crops_together():
    clean = torch.full((2, 1, 8, 8), 0.5)
    assert psnr(clean + 0.1, clean) == pytest.approx(20, abs=1e-4)
    one_wrong = clean.clone()
    one_wrong[0] += 0.1
    assert psnr(one_wrong, clean) == pytest.approx(20 + 10 * log(2, 10), abs=1e-4), "half the squared error"


def test_auc_counts_pairs_ranked_rightly_and_ties_by_half():
    real = torch.tensor([3.0, 1.0])
    assert auc(real, torch.tensor([2.0, 0.0])) == 0.75
    assert auc(real, torch.tensor([1.0, 1.0])) == 0.75
    assert auc(real, torch.tensor([0.0])) == 1 and auc(torch.tensor([0.0]), real) == 0


def test_the_frequency_term_is_the_mean_size_of_orthonormal_coefficients():
    rng = np.random.default_rng(2)
    restored, clean = rng.random((2, 2, 1, 16, 12), np.float32)
    expected = np.abs(np.fft.rfft2(restored.astype(np.float64) - clean, norm="ortho")).mean()
    assert TERMS["frequency"](torch.from_numpy(restored), torch.from_numpy(clean)).item() == pytest.approx(expected)
    flat = torch.zeros(1, 1, 16, 16)
    assert TERMS["frequency"](flat + 0.9, flat).item() == pytest.approx(0.1), "one coefficient of 9 columns, 16 * 0.9"


def ssim_by_numpy(restored, clean):
    """Place by place in double precision, as the paper writes it."""
    places = np.arange(11) - 5
    line = np.exp(-(places**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def mean(page):
        views = np.lib.stride_tricks.sliding_window_view(page, (11, 11))
        return (views * window).sum(axis=(-1, -2))

    mean_r, mean_c = mean(restored), mean(clean)
    var_r, var_c = mean(restored**2) - mean_r**2, mean(clean**2) - mean_c**2
    both = mean(restored * clean) - mean_r * mean_c
    c1, c2 = 0.01**2, 0.03**2
    light = (2 * mean_r * mean_c + c1) / (mean_r**2 + mean_c**2 + c1)
    return (light * (2 * both + c2) / (var_r + var_c + c2)).mean()


def print_on_paper():
    """A crop of strokes on light paper, and the same with grain: (1, 1, 40, 32) float32 each."""
    clean = np.full((40, 32), 0.95, np.float32)
    clean[8:28:6, 4:28] = 0.1
    restored = (clean + np.random.default_rng(3).normal(0, 0.02, clean.shape)).clip(0, 1).astype(np.float32)
    return torch.from_numpy(restored)[None, None], torch.from_numpy(clean)[None, None]


def test_ssim_is_that_of_the_paper():
    restored, clean = print_on_paper()
    expected = ssim_by_numpy(restored[0, 0].double().numpy(), clean[0, 0].double().numpy())
    assert 0.5 < expected < 0.99
    assert ssim(restored, clean).item() == pytest.approx(expected, abs=1e-5)
    assert ssim(clean, clean).item() == pytest.approx(1)
    both = ssim(torch.cat([restored, clean]), torch.cat([clean, clean]))
    assert both.item() == pytest.approx((1 + expected) / 2, abs=1e-5)


class RoundsAsTf32(TorchDispatchMode):
    """Convolutions as a GPU does them by default: 10 bits of each number's fraction."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.convolution.default:
            args = (*((part.view(torch.int32) + 0x1000 & ~0x1FFF).view(torch.float32) for part in args[:2]), *args[2:])
        return func(*args, **(kwargs or {}))


def test_ssim_of_light_paper_is_right_where_convolutions_are_rounded():
    restored, clean = print_on_paper()
    expected = ssim_by_numpy(restored[0, 0].double().numpy(), clean[0, 0].double().numpy())
    with RoundsAsTf32():
        assert ssim(restored, clean).item() == pytest.approx(expected, abs=1e-5)


def test_losses_are_zero_for_the_clean_page_and_count_edges():
    clean = torch.rand(2, 1, 32, 32)
    assert pixel_loss(clean, clean, dict.fromkeys(TERMS, 1.0)) == pytest.approx(0, abs=1e-5)
    weights = {"l1": 1.0, "edge": 5.0}
    assert pixel_loss(clean + 0.1, clean, weights) == pytest.approx(0.1, rel=1e-4), "a flat error has no edges"
    assert pixel_loss(clean + 0.1 * torch.rand(2, 1, 32, 32), clean, weights) > 0.1


def test_an_error_on_a_stroke_of_print_weighs_more_than_one_on_paper_or_within_a_dark_area():
    clean = torch.ones(1, 1, 64, 64)
    clean[..., 10:13, 5:30] = 0                                  # a stroke
    clean[..., 35:, :] = 0.2                                     # an area
    where = strokes(clean)
    assert where[0, 0, 11, 15] == 1 and where[0, 0, 25, 50] == 0 and where[0, 0, 55, 30] < 1e-3

    def loss_of_error_at(row, column):
        wrong = clean.clone()
        wrong[0, 0, row, column] = 0.5
        return pixel_loss(wrong, clean, {"l1": 1.0, "ink": 3.0})

    assert loss_of_error_at(11, 15) == pytest.approx(4 * loss_of_error_at(25, 50))


def test_strokes_are_darker_than_the_mean_around_them_up_to_the_edges_of_a_page():
    pages = torch.rand((2, 1, 40, 24), generator=torch.Generator().manual_seed(5))

    darker = avg_pool2d(pages, 15, stride=1, padding=7, count_include_pad=False) - pages
    expected = max_pool2d((4 * darker).clamp(0, 1), 5, stride=1, padding=2)
    assert torch.allclose(strokes(pages), expected, atol=1e-5)


def test_what_is_left_tells_flat_from_fine():
    clean = torch.zeros(2, 1, 64, 64)
    fine = torch.rand(2, 1, 64, 64) - 0.5
    left, fine_left = error_left(fine, fine + 0.5, clean)  # the flat part of the noise is gone, the grain is not
    assert left < 0.6 and fine_left == pytest.approx(1, abs=0.05)
