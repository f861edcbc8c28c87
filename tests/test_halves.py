"""A network in two halves gives what the whole network gives."""

import numpy as np
import pytest
from keras import ops

from sr_utils import architecture, halves, models, runtime


@pytest.fixture(scope="module", params=["srresnet_x4", "srresnet_x4_wide"])
def network(request):
    return models.load_checkpoint(request.param)


@pytest.fixture(scope="module")
def batch():
    image = np.random.default_rng(0).random((1, 230, 140, 3), "float32")
    assert image[..., 0].size > halves._STRIP  # two strips or more
    return image


@pytest.fixture(scope="module")
def whole(network, batch):
    return np.clip(np.asarray(runtime.graph(network)(batch)), 0, 1)


def test_strips_give_the_whole(network, batch, whole):
    np.testing.assert_allclose(halves.Halves(network)(batch), whole, rtol=0, atol=1e-5)


def test_strips_that_see_a_row_less_do_not(network, batch, whole):
    broken = halves.Halves(network)
    broken._radius -= 1
    assert np.abs(broken(batch) - whole).max() > 1e-3


@pytest.mark.parametrize(
    ("rows", "columns"),
    [((0, 230), (20, 120)), ((20, 210), (0, 1)), ((229, 230), (100, 140))],
)
def test_rows_and_columns_are_those_of_the_whole(network, batch, whole, rows, columns):
    part = halves.Halves(network)(batch, slice(*rows), slice(*columns))
    wanted = (slice(None), *(slice(4 * a, 4 * b) for a, b in (rows, columns)))
    np.testing.assert_allclose(part, whole[wanted], rtol=0, atol=1e-5)


def test_the_halves_are_the_network(network, batch):
    first, second = architecture.halves(network)
    small = ops.convert_to_tensor(batch[:, :40, :30])
    expected = np.asarray(network(small))
    np.testing.assert_allclose(second([small, first(small)]), expected, atol=1e-6)
    assert first.output.shape[-1] in (48, 64)
    exact = architecture.halves(architecture.in_float32(network))
    assert architecture.reach(exact[1]) == 2 < architecture.reach(exact[0])


def test_the_first_half_takes_less_memory():
    network = architecture.in_float32(models.load_checkpoint("srresnet_x4"))
    assert halves.Halves(network).memory < architecture.memory(network) / 3


@pytest.mark.parametrize("build", [models.srcnn, models.espcn])
def test_a_network_that_pads_the_image_has_no_halves(build):
    assert architecture.halves(build(3)) is None


def test_half_precision_goes_from_half_to_half(batch):
    network = models.load_checkpoint("srresnet_x4", "mixed_bfloat16")
    result = halves.Halves(network)(batch)
    exact = models.upscaler(network)(batch[0])
    assert result.dtype == np.float32
    assert 0 < np.abs(result[0] - exact).max() < 0.1
