"""The arithmetic on pixels."""

import numpy as np
import pytest
import skimage.color

from sr_utils import images


def test_rounding_is_exact_and_never_truncates():
    levels = np.arange(256, dtype=np.float32) / 255
    np.testing.assert_array_equal(images.to_uint8(levels), np.arange(256))
    assert images.to_uint8(np.float32(200.6 / 255)) == 201
    for bad in (np.uint8([1]), np.float16([1]), np.bool_([1]), np.float32([np.nan])):
        with pytest.raises(ValueError, match="Received: "):
            images.to_uint8(bad)
    np.testing.assert_array_equal(images.quantize(levels), levels)


def test_luma_is_that_of_scikit_image(rng):
    image = rng.random((5, 6, 3))
    np.testing.assert_allclose(
        images.luma(image), skimage.color.rgb2ycbcr(image)[..., 0], atol=1e-10
    )
    assert images.luma(np.ones((1, 1, 3)))[0, 0] == pytest.approx(235)
    np.testing.assert_allclose(images.luma(image[..., :1]), 255 * image[..., 0])


def test_crop_to_multiple():
    image = np.zeros((13, 18, 3))
    assert images.crop_to_multiple(image, 4).shape == (12, 16, 3)
    with pytest.raises(ValueError, match=r"Received: 13 x 18"):
        images.crop_to_multiple(image, 14)
    for scale in (0, -2, 2.0, True):
        with pytest.raises(ValueError, match=f"Received: {scale}"):
            images.crop_to_multiple(image, scale)


@pytest.mark.parametrize(
    ("image", "received"),
    [
        (np.zeros((4, 4)), r"shape \(4, 4\)"),
        (np.zeros((4, 4, 2)), r"shape \(4, 4, 2\)"),
        (np.zeros((4, 4, 3), np.uint8), "dtype uint8"),
        (np.zeros((0, 4, 3)), r"shape \(0, 4, 3\)"),
        (np.full((4, 4, 3), 128.0), "values from 128 to 128"),
        (np.full((4, 4, 3), -0.6), "values from -0.6 to -0.6"),
        (np.full((4, 4, 3), np.nan), "NaN or infinity"),
        (None, "dtype object"),
    ],
)
def test_check_image_refuses(image, received):
    with pytest.raises(ValueError, match=f"Expected `photo` .*Received: {received}"):
        images.check_image(image, "photo")
