"""Networks: the contract of generators and of critics."""

import pytest
import torch

from docpipe.errors import MissingToolError
from docpipe.models import CRITICS, GENERATORS, Compact, DnCnn, judge

SMALL = {"dncnn": {"widths": (8, 8)}, "autoencoder": {"widths": (8, 12)}, "compact_large": {"widths": (8, 12)}}
CORRECTING = sorted(set(GENERATORS) - {"autoencoder"})


def make(name):
    try:
        return GENERATORS[name](**SMALL.get(name, {}))
    except MissingToolError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", CORRECTING)
def test_an_untrained_generator_that_corrects_pages_gives_them_back(name):
    network = make(name).eval()
    page = torch.rand(2, 1, 2 * network.stride, 5 * network.stride)
    with torch.no_grad():
        assert torch.equal(network(page), page)


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_a_generator_keeps_the_shape_of_every_page_of_its_stride(name):
    network = make(name).eval()
    page = torch.rand(2, 1, 32 + network.stride, 64)
    with torch.no_grad():
        assert network(page).shape == page.shape


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_every_weight_of_a_generator_learns(name):
    torch.manual_seed(1)
    network = make(name)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(2):  # the last layer starts at zero: what lies before it learns from the second step on
        loss = (network(torch.rand(2, 1, 64, 64)) - 0.5).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    still = [path for path, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not still


@pytest.mark.parametrize("name", sorted(CRITICS))
def test_every_weight_of_a_critic_learns(name):
    torch.manual_seed(1)
    critic = CRITICS[name](widths=(8, 16))
    optimiser = torch.optim.SGD(critic.parameters(), lr=0.1)
    for _ in range(2):  # attention starts with a share of zero
        logits = judge(critic, torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32))
        assert logits.shape[:2] == (2, 1)
        optimiser.zero_grad()
        logits.square().mean().backward()
        optimiser.step()
    still = [path for path, weight in critic.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not still


@pytest.mark.parametrize(("name", "changes"), [("patch", False), ("patch_conditional", True)])
def test_only_a_conditional_critic_looks_at_the_noisy_page(name, changes):
    torch.manual_seed(1)
    critic = CRITICS[name](widths=(8, 16)).eval()
    page, one, other = (torch.rand(1, 1, 32, 32) for _ in range(3))
    with torch.no_grad():
        assert torch.equal(judge(critic, page, one), judge(critic, page, other)) != changes


def test_attention_sees_from_one_end_of_a_crop_to_the_other():
    torch.manual_seed(1)
    critic = CRITICS["attention"](widths=(8, 16)).eval()
    page = torch.rand(1, 1, 64, 256)
    changed = page.clone()
    changed[..., -16:] = 0

    def far_change():
        with torch.no_grad():
            return (critic(page) - critic(changed)).abs()[..., :8].max()

    assert far_change() == 0, "a share of zero: attention is still off"
    torch.nn.init.ones_(critic.layers[-2].share)
    assert far_change() > 0


def test_sizes_of_compact_are_in_order_and_small():
    small, middle, large = (
        sum(weight.numel() for weight in GENERATORS[name]().parameters())
        for name in ("compact_small", "compact", "compact_large")
    )
    assert small < middle < 1_000_000 < large < 3_000_000


def test_dncnn_sees_as_far_as_its_layers_reach():
    torch.manual_seed(1)
    network = DnCnn((8, 8)).eval()
    torch.nn.init.normal_(network.noise[-1].weight)
    page = torch.rand(1, 1, 32, 32)
    changed = page.clone()
    changed[..., 16] = 0
    with torch.no_grad():
        moved = (network(page) - network(changed))[0, 0].abs().amax(0).nonzero().flatten()
    assert (moved.min(), moved.max()) == (13, 19)


@pytest.mark.parametrize(("width", "sees"), [(0, False), (8, True)])
def test_the_context_sees_what_lies_far_away(width, sees):
    torch.manual_seed(1)
    network = Compact((4, 4, 4, 4), blocks=1, context_width=width).eval()
    torch.nn.init.normal_(network.leave[0].weight)
    page = torch.rand(1, 1, 64, 640)
    darker = page.clone()
    darker[..., 560:] = 0
    with torch.no_grad():
        assert bool((network(page) - network(darker))[..., :300].any()) == sees


def test_compact_grows_with_its_levels():
    assert Compact((8, 12)).stride == 4 and Compact((8, 12, 16)).stride == 8
