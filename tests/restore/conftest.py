"""A model folder with a small network in it."""

import pytest

from tests.restore.small_network import blur_model, write_model


@pytest.fixture
def model_folder(tmp_path):
    return write_model(tmp_path / "blur", blur_model())
