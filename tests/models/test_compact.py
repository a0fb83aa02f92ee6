"""The compact network: its contract as a generator."""

import pytest
import torch

from docpipe.models import GENERATORS


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_an_untrained_generator_gives_the_page_back(name):
    network = GENERATORS[name]().eval()
    page = torch.rand(2, 1, 2 * network.stride, 5 * network.stride)
    with torch.no_grad():
        assert torch.equal(network(page), page)


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_every_weight_learns(name):
    torch.manual_seed(1)
    network = GENERATORS[name]()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(2):  # the last layer starts at zero: what lies before it learns from the second step on
        loss = (network(torch.rand(2, 1, 32, 32)) - 0.5).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    still = [path for path, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not still


def test_the_default_is_small():
    assert sum(weight.numel() for weight in GENERATORS["compact"]().parameters()) < 1_000_000
