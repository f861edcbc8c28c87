"""PSNR, SSIM and power spectrum against other libraries and known values."""

import numpy as np
import pytest
import scipy.linalg
import skimage.metrics
import tensorflow as tf
from scipy import ndimage

from sr_utils import datasets, images, metrics, models
from sr_utils.resize import resize


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


STRIPES = {  # cycles per pixel, down and across
    "horizontal": (3 / 8, 0),
    "vertical": (0, 3 / 8),
    "diagonal": (3 / 8, 3 / 8),
    "slanted": (3 / 8, 1 / 8),
    "period 4": (1 / 4, 0),
    "period 2": (0, 1 / 2),
}


def with_stripes(image, down, across, levels=1):
    """Stripes of an amplitude in levels of 255, not rounded."""
    y, x = np.indices(image.shape[:2])
    wave = np.cos(2 * np.pi * (down * y + across * x))[..., None]
    return np.clip(image + levels / 255 * wave, 0, 1)


def noise(rng, shape, blur=0):
    """Noise around gray, white or, blurred, weaker at high frequencies; 8 bits."""
    values = ndimage.gaussian_filter(rng.standard_normal(shape), (blur, blur, 0))
    return images.quantize(0.5 + 0.1 * values / values.std())


@pytest.fixture(scope="module")
def results():
    """What each network makes of the held-out photographs, in 8 bits."""
    pairs = {k: datasets.pair(x, 4) for k, x in datasets.held_out().items()}
    networks = {
        name: models.upscaler(models.load_checkpoint(name))
        for name in ("srresnet_x4", "srresnet_x4_vgg")
    }
    networks["bicubic"] = lambda small: resize(small, 4)
    networks["nearest"] = lambda small: resize(small, 4, "box")
    return {
        (method, name): (high, images.quantize(upscale(small)))
        for method, upscale in networks.items()
        for name, (high, small) in pairs.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", datasets.HELD_OUT)
@pytest.mark.parametrize("method", ["srresnet_x4", "bicubic"])
def test_no_lines_from_bicubic_and_pixel_loss(results, method, name):
    assert metrics.spectral_lines(*results[method, name]) < 0.75 * metrics.LINE_RATIO


@pytest.mark.parametrize("name", datasets.HELD_OUT)
@pytest.mark.parametrize("method", ["srresnet_x4_vgg", "nearest"])
def test_lines_from_feature_loss_and_nearest_neighbor(results, method, name):
    assert metrics.spectral_lines(*results[method, name]) > 1.5 * metrics.LINE_RATIO


@pytest.mark.parametrize("stripes", STRIPES.values(), ids=STRIPES)
@pytest.mark.parametrize("name", datasets.HELD_OUT)
def test_stripes_of_one_level_are_lines(name, stripes):
    original = datasets.held_out()[name]
    striped = images.quantize(with_stripes(original, *stripes))
    assert metrics.spectral_lines(original, striped) > 2 * metrics.LINE_RATIO


@pytest.mark.parametrize("moved", [(0, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("period", [2, 4])
def test_grids_of_one_level_are_lines_wherever_they_start(period, moved):
    original = 0.8 * datasets.held_out()["chelsea"]
    grid = with_grid(np.zeros_like(original), period, 1 / 255)
    marked = images.quantize(original + np.roll(grid, moved, (0, 1)))
    assert metrics.spectral_lines(original, marked) > metrics.LINE_RATIO


def test_stripes_nobody_sees_are_no_lines():
    original = datasets.held_out()["chelsea"]
    faint = with_stripes(original, 3 / 8, 0, levels=0.1)
    assert metrics.spectral_lines(original, faint) < 2


def test_lines_in_a_part_of_the_image_count():
    original = datasets.held_out()["astronaut"]
    striped = images.quantize(with_stripes(original, 3 / 8, 0))
    striped[:, 256:] = original[:, 256:]
    assert metrics.spectral_lines(original, striped) > 2 * metrics.LINE_RATIO


def test_lines_of_the_scene_are_no_drawn_lines(rng):
    brick = datasets.textures()["brick"]
    grainy = images.quantize(brick + 0.02 * rng.standard_normal(brick.shape))
    gray = np.full_like(brick, 0.5)
    assert metrics.spectral_lines(gray, brick) > 10 * metrics.LINE_RATIO
    assert metrics.spectral_lines(brick, grainy) < metrics.LINE_RATIO / 2


@pytest.mark.parametrize("shape", [(192, 192, 1), (228, 344, 3), (500, 400, 1)])
@pytest.mark.parametrize("blur", [0, 0.7, 1.5])
def test_noise_has_no_lines_at_any_size(rng, shape, blur):
    made = noise(rng, shape, blur)
    for reference in (noise(rng, shape, blur), np.full_like(made, 0.5)):
        assert metrics.spectral_lines(reference, made) < metrics.LINE_RATIO


@pytest.mark.parametrize("name", datasets.HELD_OUT)
def test_grain_and_blur_are_no_lines(rng, name):
    image = datasets.held_out()[name]
    grainy = images.quantize(image + 0.02 * rng.standard_normal(image.shape))
    blurred = images.quantize(ndimage.gaussian_filter(image, (2.5, 2.5, 0)))
    for result in (grainy, blurred):
        assert metrics.spectral_lines(image, result) < metrics.LINE_RATIO / 2


def test_plain_images_and_rounded_gradients_have_no_lines():
    y, x = np.indices((300, 280))[..., None] / 300
    black, gray = np.zeros((300, 280, 1)), np.full((300, 280, 1), 0.5)
    assert metrics.spectral_lines(black, black) == 1
    assert metrics.spectral_lines(gray, black) == 1
    for slope in (0.1 * x, 0.3 * x + 0.2, 0.5 * y + 0.3 * x):
        assert metrics.spectral_lines(slope, slope) == 1
        rounded = images.quantize(slope)
        assert metrics.spectral_lines(slope, rounded) < metrics.LINE_RATIO


def test_lines_keep_with_brightness_contrast_and_transposition():
    original = 0.5 * datasets.held_out()["chelsea"]
    striped = with_stripes(original, 3 / 8, 1 / 8, levels=2)
    expected = metrics.spectral_lines(original, striped)
    turned = [x.transpose(1, 0, 2) for x in (original, striped)]
    assert metrics.spectral_lines(*turned) == pytest.approx(expected, rel=1e-3)
    brighter = metrics.spectral_lines(original + 0.3, striped + 0.3)
    assert brighter == pytest.approx(expected, rel=1e-3)
    assert metrics.spectral_lines(original / 2, striped / 2) > 1.5 * metrics.LINE_RATIO


def test_lines_need_room_and_two_images_of_one_size(rng):
    image = rng.random((192, 200, 3))
    assert metrics.spectral_lines(image, image) == 1
    with pytest.raises(ValueError, match=r"192 x 192 pixels\. Received: 191 x 200"):
        metrics.spectral_lines(image[1:], image[1:])
    with pytest.raises(ValueError, match=r"Received: \(192, 200, 3\) and \(191"):
        metrics.spectral_lines(image, image[1:])


@pytest.mark.slow
def test_photographs_of_the_sets_pass_with_grain(rng, benchmark_folder):
    photographs = datasets.benchmark("Set14")
    if (benchmark_folder.parent / "train" / datasets.VALIDATION_SET).is_dir():
        photographs |= datasets.validation_photographs()
    for name, image in photographs.items():
        grainy = images.quantize(image + 0.02 * rng.standard_normal(image.shape))
        assert metrics.spectral_lines(image, grainy) < metrics.LINE_RATIO / 2, name
