"""The fixed layers against NumPy and `sr_utils.resize`."""

import keras
import numpy as np
import pytest
from keras import ops

from sr_utils import images, models, runtime
from sr_utils.layers import (
    ICNR,
    Bicubic,
    DepthToSpace,
    EdgePadding,
    FlatResponse,
    Luma,
    depth_to_space,
)
from sr_utils.losses import LumaSquaredError
from sr_utils.resize import resize

SIZES = [(1, 1), (1, 7), (5, 2), (12, 9)]


@pytest.mark.parametrize("size", SIZES)
def test_edge_padding_is_that_of_numpy(rng, size):
    x = rng.random((2, *size, 3), dtype="float32")
    padded = EdgePadding(3)(x)
    assert np.array_equal(padded, np.pad(x, [(0, 0), (3, 3), (3, 3), (0, 0)], "edge"))


@pytest.mark.parametrize("scale", [2, 3, 4, 5])
@pytest.mark.parametrize("size", SIZES)
def test_bicubic_is_resize_of_the_padded_image(rng, size, scale):
    x = rng.random((*size, 3), dtype="float32")
    padded = np.pad(x, [(4, 4), (4, 4), (0, 0)], "edge")
    expected = resize(padded, scale)[4 * scale : -4 * scale, 4 * scale : -4 * scale]
    assert np.allclose(Bicubic(scale)(x[None])[0], expected, atol=1e-6)


def test_bicubic_computes_in_float32_under_any_policy(rng):
    x = rng.random((1, 6, 6, 3), dtype="float32")
    expected = Bicubic(2)(x)
    with runtime.policy("mixed_bfloat16"):
        layer = Bicubic(2)
    assert np.array_equal(layer(x), expected)


def test_luma_is_that_of_images_from_0_to_1(rng):
    x = rng.random((4, 5, 3), dtype="float32")
    assert np.allclose(
        Luma()(x[None])[0, ..., 0], (images.luma(x) - 16) / 219, atol=1e-6
    )


def test_depth_to_space_fills_each_square_row_by_row(rng):
    x = rng.random((1, 2, 3, 2 * 2 * 3), dtype="float32")
    squares = x.reshape(1, 2, 3, 2, 2, 3)
    expected = squares.transpose(0, 1, 3, 2, 4, 5).reshape(1, 4, 6, 3)
    assert np.array_equal(depth_to_space(x, 2), expected)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_what_keras_3_13_lacks_is_what_keras_has(rng, tmp_path, scale):
    x = rng.random((2, 3, 5, 2 * scale**2), dtype="float32")
    shape = (2, 3, 5, scale, scale, 2)
    expected = x.reshape(shape).swapaxes(2, 3).reshape(2, 3 * scale, 5 * scale, 2)
    assert np.array_equal(DepthToSpace(scale)(x), expected)
    free = keras.Input((None, None, 2 * scale**2))
    network = keras.Model(free, DepthToSpace(scale)(free))
    assert network.output.shape == (None, None, None, 2)
    assert network.compute_output_shape(x.shape) == expected.shape
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert np.array_equal(again.predict(x, verbose=0), expected)


def contrast_inside_squares(kernel, scale):
    """How far the pixels of each square differ when `kernel` is a sub-pixel layer."""
    noise = np.random.default_rng(1).normal(size=(1, 8, 8, kernel.shape[2]))
    channels = ops.conv(noise.astype("float32"), kernel, padding="same")
    large = np.array(depth_to_space(channels, scale))[0]
    height, width, colors = large.shape
    shape = (height // scale, scale, width // scale, scale, colors)
    return large.reshape(shape).std(axis=(1, 3)).max()


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_icnr_starts_as_nearest_neighbor(scale):
    shape = (3, 3, 6, 5 * scale**2)
    kernel = np.array(ICNR(scale)(shape))
    assert kernel.std() > 0.01
    assert contrast_inside_squares(kernel, scale) < 1e-5
    # Repeated in the other order, or not at all, the squares aren't flat.
    other = np.repeat(kernel[..., :5], scale**2, axis=-1)
    assert contrast_inside_squares(other, scale) > 0.1
    plain = np.array(keras.initializers.GlorotUniform(seed=0)(shape))
    assert contrast_inside_squares(plain, scale) > 0.1


def sub_pixel_on_flat(kernel, bias, scale):
    """What a sub-pixel layer returns inside an image of one color."""
    flat = np.full((1, 6, 6, kernel.shape[2]), 0.7, "float32")
    channels = ops.conv(flat, kernel, padding="valid") + bias
    return np.array(depth_to_space(channels, scale))[0]


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_constraint_keeps_flat_flat(rng, scale):
    kernel = rng.normal(size=(3, 3, 6, 5 * scale**2)).astype("float32")
    bias = rng.normal(size=5 * scale**2).astype("float32")
    constraint = FlatResponse(scale)
    even = np.array(constraint(kernel)), np.array(constraint(bias))
    assert np.ptp(sub_pixel_on_flat(*even, scale), axis=(0, 1)).max() < 1e-4
    assert np.ptp(sub_pixel_on_flat(kernel, even[1], scale), axis=(0, 1)).max() > 0.1
    assert np.ptp(sub_pixel_on_flat(even[0], bias, scale), axis=(0, 1)).max() > 0.1
    assert np.allclose(constraint(even[0]), even[0], atol=1e-6)  # once is enough
    assert np.isclose(even[0].mean(), kernel.mean(), atol=1e-6)
    assert contrast_inside_squares(even[0], scale) > 1  # it still draws detail


def test_training_keeps_a_flat_network_flat(rng):
    network = models.srresnet(4, blocks=1, filters=8, flat=True)
    network.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=False)
    low = rng.random((4, 8, 8, 3), dtype="float32")
    network.fit(low, rng.random((4, 32, 32, 3), dtype="float32"), verbose=0, epochs=5)
    flat = network(np.full((1, 16, 16, 3), 0.3, "float32"))[0, 24:40, 24:40]
    assert np.ptp(flat, axis=(0, 1)).max() < 1e-4
    detail = network(low)[0] - Bicubic(4)(low)[0]
    assert np.std(detail) > 1e-3


def test_icnr_needs_whole_squares():
    with pytest.raises(ValueError, match=r"multiple of 4 channels. Received: 6"):
        ICNR(2)((3, 3, 8, 6))


@pytest.mark.parametrize(
    "make", [EdgePadding, Bicubic, ICNR, FlatResponse, DepthToSpace]
)
@pytest.mark.parametrize("value", [0, -1, 2.5, "2", None, True])
def test_arguments_are_checked(make, value):
    with pytest.raises(ValueError, match="Received"):
        make(value)


def test_luma_loss_ignores_color_and_border(rng):
    x = rng.random((2, 9, 9, 3), dtype="float32")
    gray = np.array([114, 0, -299], "float32") / 1000  # luma weights .299, .587, .114
    assert float(LumaSquaredError()(x, x + gray)) < 1e-10
    assert np.isclose(float(LumaSquaredError()(x, x + 0.1)), 0.01, atol=1e-6)
    framed = x.copy()
    framed[:, :2] += 1
    framed[:, :, -2:] -= 1
    assert float(LumaSquaredError(border=2)(x, framed)) == 0
    assert float(LumaSquaredError(border=1)(x, framed)) > 0.01


def test_a_border_that_leaves_nothing_is_refused():
    x = np.zeros((1, 6, 4, 3), "float32")
    assert float(LumaSquaredError(border=1)(x, x)) == 0
    with pytest.raises(ValueError, match=r"more than 4 pixels.*Received: 6 x 4"):
        LumaSquaredError(border=2)(x, x)
