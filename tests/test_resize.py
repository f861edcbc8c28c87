"""`resize` against MATLAB's rules, TensorFlow, and files that MATLAB made."""

import math
from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf

from sr_utils import datasets, images, photo_files
from sr_utils.resize import KERNELS, resize, weight_matrix

SCALES = [2, 3, 4, Fraction(1, 2), Fraction(1, 3), Fraction(1, 4), Fraction(3, 2)]


def matlab_kernel(name, x):
    """The kernels as `imresize` documents them, one number at a time."""
    if name in ("nearest", "box"):
        return 1.0 if -0.5 <= x < 0.5 else 0.0
    x = abs(x)
    if name == "bilinear":
        return 1 - x if x <= 1 else 0.0
    if name == "bicubic":
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0
    tiny = np.finfo(float).eps
    waves = math.sin(math.pi * x) * math.sin(math.pi * x / 3) + tiny
    return waves / (math.pi**2 * x**2 / 3 + tiny) if x < 3 else 0.0


def matlab_line(values, scale, name, antialias):
    """`imresize` of one line in double precision, written as plain loops, 1-based."""
    scale = float(scale)
    width = {"nearest": 1, "box": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6}[name]
    shrink = min(scale, 1) if antialias else 1
    length = len(values)
    result = []
    for x in range(1, math.ceil(length * scale - 1e-9) + 1):
        u = x / scale + 0.5 * (1 - 1 / scale)
        left = math.floor(u - width / shrink / 2)
        total = weighted = 0.0
        for index in range(left, left + math.ceil(width / shrink) + 2):
            weight = matlab_kernel(name, shrink * (u - index))
            mirrored = (index - 1) % (2 * length)
            mirrored = mirrored if mirrored < length else 2 * length - 1 - mirrored
            total += weight
            weighted += weight * values[mirrored]
        result.append(weighted / total)
    return np.array(result)


def matlab_resize(image, scale, name, antialias):
    for axis in (0, 1):
        image = np.apply_along_axis(matlab_line, axis, image, scale, name, antialias)
    return image


@pytest.mark.parametrize("scale", SCALES, ids=str)
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("antialias", [True, False])
def test_equals_matlab(rng, scale, name, antialias):
    image = rng.random((13, 18, 3))
    expected = matlab_resize(image, scale, name, antialias)
    result = resize(image.astype("float32"), scale, name, antialias)
    assert result.shape == expected.shape
    assert result.dtype == np.float32
    assert np.abs(result - expected).max() < 1e-5


@pytest.mark.parametrize("name", [name for name in KERNELS if name != "nearest"])
def test_antialiasing_is_the_default(rng, name):
    image = rng.random((16, 16, 3))
    quarter = Fraction(1, 4)
    np.testing.assert_array_equal(
        resize(image, quarter, name), resize(image, quarter, name, antialias=True)
    )
    assert (
        np.abs(resize(image, quarter, name, False) - resize(image, quarter)).max() > 0.1
    )


def test_nearest_copies_pixels(rng):
    image = rng.random((5, 7, 3), dtype=np.float32)
    expected = image.repeat(4, axis=0).repeat(4, axis=1)
    np.testing.assert_array_equal(resize(image, 4, "nearest"), expected)
    np.testing.assert_array_equal(resize(expected, Fraction(1, 4), "nearest"), image)


@pytest.mark.parametrize(
    ("name", "method"),
    [("bilinear", "bilinear"), ("bicubic", "bicubic"), ("lanczos3", "lanczos3")],
)
@pytest.mark.parametrize("scale", [2, 4, Fraction(1, 2), Fraction(1, 4)], ids=str)
def test_equals_tensorflow_away_from_the_border(name, method, scale):
    image = datasets.held_out()["chelsea"][:240, :400]
    size = (int(240 * scale), int(400 * scale))
    expected = tf.image.resize(image, size, method, antialias=True).numpy()
    border = math.ceil(4 * max(1, scale))
    inside = slice(border, -border)
    difference = np.abs(resize(image, scale, name) - expected)
    assert difference[inside, inside].max() < 1e-4


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["Set5", "Set14"])
def test_reproduces_the_low_resolution_files_of_matlab(benchmark_folder, name, scale):
    if not (benchmark_folder / name / f"LRbicx{scale}").is_dir():
        pytest.skip("needs the low-resolution files made by MATLAB")
    originals = sorted((benchmark_folder / name).glob("*.png"))
    assert len(originals) == {"Set5": 5, "Set14": 14}[name]
    for path in originals:
        expected = images.to_uint8(
            photo_files.read(path.parent / f"LRbicx{scale}" / path.name, keep_gray=True)
        ).astype(int)
        original, small = datasets.pair(photo_files.read(path, keep_gray=True), scale)
        same = images.to_uint8(small) == expected
        assert same.mean() >= 0.84, path.name
        emulated = with_rounding_between_passes(original, scale)
        inside = slice(4, -4)
        np.testing.assert_array_equal(
            emulated[inside, inside], expected[inside, inside]
        )


def with_rounding_between_passes(original, scale):
    """MATLAB's `imresize` of uint8: it rounds after the first of its two passes."""
    rows, columns = (
        weight_matrix(size, Fraction(1, scale)).toarray() for size in original.shape[:2]
    )
    pixels = images.to_uint8(original).astype(np.float64)
    halfway = rounded(np.einsum("Hh,hwc->Hwc", rows, pixels))
    return rounded(np.einsum("Ww,Hwc->HWc", columns, halfway))


def rounded(values):
    return np.floor(np.clip(values, 0, 255) + 0.5)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_weight_matrix(name, scale):
    matrix = weight_matrix(17, scale, name)
    assert matrix.shape == (math.ceil(17 * scale), 17)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)


def test_is_linear_and_handles_batches(rng):
    batch = rng.random((2, 9, 8, 3))
    small = resize(batch, Fraction(1, 2))
    assert small.shape == (2, 5, 4, 3)
    np.testing.assert_allclose(small[1], resize(batch[1], Fraction(1, 2)))
    np.testing.assert_allclose(
        small[0] - 2 * small[1], resize(batch[0] - 2 * batch[1], Fraction(1, 2))
    )


def test_one_pixel_is_repeated():
    np.testing.assert_allclose(resize(np.full((1, 1, 3), 0.3), 4), 0.3)


@pytest.mark.parametrize("scale", [0, -1, -0.5, "4", None, True, Fraction(-1, 2)])
def test_refuses_scale(scale):
    with pytest.raises(ValueError, match=r"Fraction\(1, 4\). Received: "):
        resize(np.zeros((4, 4, 3)), scale)


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), 2**0.5, 1e-9])
def test_refuses_floats_that_are_no_simple_fraction(scale):
    with pytest.raises(ValueError, match=f"Received: {scale}"):
        resize(np.zeros((4, 4, 3)), scale)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (0.5, Fraction(1, 2)),
        (2.0, 2),
        (1 / 3, Fraction(1, 3)),
        (0.1, Fraction(1, 10)),
        (1.001, Fraction(1001, 1000)),
    ],
)
def test_a_float_stands_for_a_simple_fraction(rng, given, meant):
    image = rng.random((30, 20, 3))
    np.testing.assert_array_equal(resize(image, given), resize(image, meant))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4)), r"shape \(4, 4\)"),
        (np.zeros((0, 4, 3)), r"shape \(0, 4, 3\)"),
        (np.zeros((4, 4, 3), "uint8"), "dtype uint8"),
        (np.full((4, 4, 3), np.nan), "NaN"),
        (np.full((4, 4, 3), np.inf), "infinity"),
        (np.zeros((4, 4, 3), "float16"), "dtype float16"),
    ],
)
def test_refuses_image(image, message):
    with pytest.raises(ValueError, match=f"Received: .*{message}"):
        resize(image, 2)


def test_refuses_kernel_and_size():
    with pytest.raises(ValueError, match=r"Received: 'cubic'"):
        resize(np.zeros((4, 4, 3)), 2, "cubic")
    with pytest.raises(ValueError, match=r"Received: \['bicubic'\]"):
        resize(np.zeros((4, 4, 3)), 2, ["bicubic"])
    for size in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match=f"Received: {size}"):
            weight_matrix(size, 2)


def test_double_precision_is_kept(rng):
    image = rng.random((12, 16, 3))
    expected = matlab_resize(image, Fraction(1, 3), "bicubic", True)
    np.testing.assert_allclose(resize(image, Fraction(1, 3)), expected, atol=1e-14)


def test_fractions_with_large_numbers(rng):
    image = rng.random((1200, 2, 1))
    third = Fraction(1 / 3)  # not 1 / 3 but 6004799503160661 / 18014398509481984
    np.testing.assert_allclose(
        resize(image, third), resize(image, Fraction(1, 3)), atol=1e-9
    )
