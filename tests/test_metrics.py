"""PSNR, SSIM and power spectrum against other libraries and known values."""

import numpy as np
import pytest
import scipy.linalg
import skimage.metrics
import tensorflow as tf

from sr_utils import datasets, images, metrics


@pytest.fixture
def noisy(rng):
    image = rng.random((40, 50, 3))
    return image, np.clip(image + 0.1 * rng.standard_normal(image.shape), 0, 1)


def test_psnr_of_a_known_error():
    black, gray = np.zeros((20, 20, 1)), np.full((20, 20, 1), 25.5 / 255)
    assert metrics.psnr(black, gray, shave=2) == pytest.approx(20)


def test_psnr_equals_scikit_image(noisy):
    lumas = [images.luma(image)[4:-4, 4:-4] for image in noisy]
    expected = skimage.metrics.peak_signal_noise_ratio(*lumas, data_range=255)
    assert metrics.psnr(*noisy, shave=4) == pytest.approx(expected)


def test_ssim_equals_scikit_image_and_tensorflow(noisy):
    lumas = [images.luma(image)[4:-4, 4:-4] for image in noisy]
    ours = metrics.ssim(*noisy, shave=4)
    theirs = skimage.metrics.structural_similarity(
        *lumas,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    tensors = [tf.constant(luma[..., None], tf.float32) for luma in lumas]
    assert ours == pytest.approx(theirs, abs=1e-4)
    assert ours == pytest.approx(float(tf.image.ssim(*tensors, max_val=255)), abs=1e-4)


def test_identical_images(noisy):
    image, _ = noisy
    assert metrics.psnr(image, image, shave=0) == np.inf
    assert metrics.ssim(image, image, shave=0) == 1


def test_order_and_symmetry(noisy):
    image, worse = noisy
    better = (image + worse) / 2
    assert metrics.psnr(image, better, shave=4) > metrics.psnr(image, worse, shave=4)
    assert metrics.ssim(image, better, shave=4) > metrics.ssim(image, worse, shave=4)
    assert metrics.ssim(image, worse, shave=4) == pytest.approx(
        metrics.ssim(worse, image, shave=4)
    )


def test_gray_is_luma_already(noisy):
    gray, estimate = (image[..., :1] for image in noisy)
    expected = skimage.metrics.peak_signal_noise_ratio(gray, estimate, data_range=1)
    assert metrics.psnr(gray, estimate, shave=0) == pytest.approx(expected)


@pytest.mark.parametrize("metric", [metrics.psnr, metrics.ssim])
def test_refuse_bad_input(metric, noisy):
    image, estimate = noisy
    bad = [
        (image, estimate[1:], 4, r"\(40, 50, 3\) and \(39, 50, 3\)"),
        (image, estimate[..., :1], 4, r"\(40, 50, 3\) and \(40, 50, 1\)"),
        (image[0], estimate[0], 4, r"shape \(50, 3\)"),
        (255 * image, 255 * estimate, 4, "values from .* to 25"),
        (images.to_uint8(image), estimate, 4, "dtype uint8"),
        (image, np.where(image > 0.5, np.nan, image), 4, "NaN"),
        (image, estimate, 20, "40 x 50"),
        (image, estimate, -1, "-1"),
        (image, estimate, 0.5, "0.5"),
        (image[:1, :1], estimate[:1, :1], 4, "1 x 1"),
    ]
    for reference, other, shave, received in bad:
        with pytest.raises(ValueError, match=f"Received: .*{received}"):
            metric(reference, other, shave=shave)


def test_ssim_needs_11_pixels(noisy):
    image, estimate = noisy
    metrics.ssim(image[:11], estimate[:11], shave=0)
    with pytest.raises(ValueError, match=r"at least 11 x 11 .* Received: 10 x 50"):
        metrics.ssim(image[:10], estimate[:10], shave=0)


def test_spectrum_of_white_noise_is_flat(rng):
    noise = 0.5 + 0.05 * rng.standard_normal((256, 256, 1)).clip(-4, 4)
    frequency, power = metrics.power_spectrum(noise, bins=16)
    assert frequency[0] == pytest.approx(1 / 64)
    np.testing.assert_allclose(power[1:], (0.05 * 255) ** 2, rtol=0.15)


def test_spectrum_finds_a_wave():
    across = np.broadcast_to(np.arange(128), (96, 128))[..., None]
    wave = 0.5 + 0.4 * np.cos(2 * np.pi * 0.3 * across)
    frequency, power = metrics.power_spectrum(wave)
    assert abs(frequency[np.argmax(power)] - 0.3) < 0.01
    # Without a window a wave that doesn't fit the image leaks into all frequencies.
    elsewhere = (frequency > 0.02) & (np.abs(frequency - 0.3) > 0.1)
    assert power[elsewhere].max() < 1e-6 * power.max()


def test_spectrum_of_tiny_images_and_bad_bins(rng):
    _, power = metrics.power_spectrum(rng.random((4, 4, 3)))
    assert np.isnan(power).any()
    assert np.isfinite(power).any()
    for bins in (0, -1, 2.5):
        with pytest.raises(ValueError, match=f"Received: {bins}"):
            metrics.power_spectrum(np.zeros((8, 8, 1)), bins)


def test_frechet_distance_of_known_clouds(rng):
    # Of normal distributions on a line: (difference of means)^2 + (of deviations)^2.
    x, y = rng.normal(0, 1, (200_000, 1)), rng.normal(3, 2, (200_000, 1))
    assert metrics.frechet_distance(x, y) == pytest.approx(10, abs=0.1)
    x, y = (
        rng.normal(size=(500, 6)),
        rng.normal(size=(400, 6)) @ rng.normal(size=(6, 6)),
    )
    a, b = np.cov(x.T, ddof=0), np.cov(y.T, ddof=0)
    mean = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2)
    expected = mean + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert metrics.frechet_distance(x, y) == pytest.approx(expected)
    assert metrics.frechet_distance(y, x) == pytest.approx(expected)
    assert metrics.frechet_distance(x, x[::-1]) < 1e-10
    assert metrics.frechet_distance(x, x + 1) == pytest.approx(6)


def test_feature_distance_compares_directions(rng):
    x = rng.random((50, 8)) + 0.1
    assert metrics.feature_distance(x, 3 * x) < 1e-12
    assert metrics.feature_distance(x, -x) == pytest.approx(4)
    assert metrics.feature_distance(np.eye(4), np.eye(4)[::-1]) == pytest.approx(2)


@pytest.mark.parametrize("y", [np.ones((3, 4)), np.ones(5), np.ones((0, 5))])
@pytest.mark.parametrize("name", ["frechet_distance", "feature_distance"])
def test_features_of_other_shapes_are_refused(name, y):
    with pytest.raises(ValueError, match=r"positions, channels.*Received: shapes"):
        getattr(metrics, name)(np.ones((3, 5)), y)


def test_features_must_match_and_be_finite():
    with pytest.raises(ValueError, match="Received: 3 and 4"):
        metrics.feature_distance(np.ones((3, 5)), np.ones((4, 5)))
    with pytest.raises(ValueError, match="Received: NaN"):
        metrics.frechet_distance(np.ones((3, 5)), np.full((3, 5), np.nan))


def with_grid(image, period, strength):
    """Every `period`-th row and column brighter, as a faulty upsampling makes them."""
    marked = image.copy()
    marked[::period] += strength
    marked[:, ::period] += strength
    return np.clip(marked, 0, 1)


def test_checkerboard_of_noise_is_one(rng):
    assert 0.8 < metrics.checkerboard(rng.random((200, 260, 3)), 4) < 1.25


@pytest.mark.parametrize("period", [2, 4])
def test_checkerboard_finds_a_grid_and_only_one_that_fits(period):
    image = 0.8 * datasets.held_out()["coffee"]
    none, weak, strong = (
        metrics.checkerboard(with_grid(image, period, x), 4) for x in (0, 0.01, 0.05)
    )
    assert 2 * none < 2 < weak < strong
    moved = np.roll(with_grid(image, period, 0.05), (1, 2), (0, 1))
    assert 0.8 < metrics.checkerboard(moved, 4) / strong < 1.25
    other = metrics.checkerboard(with_grid(image, 5, 0.05), 4)
    assert other < 2 * none


def test_checkerboard_needs_a_period_and_room(rng):
    with pytest.raises(ValueError, match=r"132 x 132 pixels\. Received: 131 x 200"):
        metrics.checkerboard(rng.random((131, 200, 3)), 4)
    with pytest.raises(ValueError, match="period"):
        metrics.checkerboard(rng.random((200, 200, 3)), 1)
    assert metrics.checkerboard(np.full((132, 140, 3), 0.5), 4) == 1
