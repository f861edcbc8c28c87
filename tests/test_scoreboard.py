"""The protocol against published numbers, and against another route to the same score.

The other route shares no code with `sr_utils`: TensorFlow resizes (mirrored borders are
added by hand), scikit-image makes the luma and computes PSNR and SSIM. Each
deliberately wrong variant of the protocol must leave it.
"""

import functools

import numpy as np
import pytest
import skimage.color
import skimage.metrics
import tensorflow as tf

from sr_utils import architecture, datasets, images, metrics
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard, evaluate

PUBLISHED = {
    "Set5": {2: 33.66, 3: 30.39, 4: 28.42},
    "Set14": {2: 30.24, 3: 27.55, 4: 26.00},
}


def bicubic(scale):
    return lambda small: resize(small, scale)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_psnr(benchmark_folder, name, scale):
    board = Scoreboard({name: datasets.benchmark(name)}, scale)
    board.add("bicubic", bicubic(scale))
    assert abs(board.mean("bicubic", name).psnr - PUBLISHED[name][scale]) < 0.03


def test_published_ssim(benchmark_folder):
    board = Scoreboard({"Set5": datasets.benchmark("Set5")}, 4)
    board.add("bicubic", bicubic(4))
    assert abs(board.mean("bicubic", "Set5").ssim - 0.811) < 0.001


def tensorflow_resize(image, factor, margin):
    """Antialiased bicubic with `margin` mirrored pixels, a multiple of the scale."""
    padded = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), "symmetric")
    size = [round(length * factor) for length in padded.shape[:2]]
    resized = tf.image.resize(padded, size, "bicubic", antialias=True).numpy()
    cut = round(margin * factor)
    return resized[cut:-cut, cut:-cut]


def eight_bits(image):
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8) / np.float32(255)


@functools.cache
def by_another_route(name):
    image = datasets.held_out()[name]
    image = image[: image.shape[0] // 4 * 4, : image.shape[1] // 4 * 4]
    small = eight_bits(tensorflow_resize(image, 1 / 4, 32))
    large = eight_bits(tensorflow_resize(small, 4, 8))
    x, y = (skimage.color.rgb2ycbcr(i)[4:-4, 4:-4, 0] for i in (image, large))
    psnr = skimage.metrics.peak_signal_noise_ratio(x, y, data_range=255)
    ssim = skimage.metrics.structural_similarity(
        x,
        y,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return psnr, ssim


def leaves_the_protocol(name):
    ours, theirs = (
        evaluate(bicubic(4), datasets.held_out()[name], 4),
        by_another_route(name),
    )
    return abs(ours.psnr - theirs[0]) > 0.002 or abs(ours.ssim - theirs[1]) > 0.0002


@pytest.mark.parametrize("name", datasets.HELD_OUT)
def test_the_protocol_has_two_routes(name):
    assert not leaves_the_protocol(name)


def full_range_luma(image):
    return (images.luma(image) - 16) * 255 / 219


def truncated(image, dtype):
    return (np.clip(image, 0, 1) * np.iinfo(dtype).max).astype(dtype)


WRONG = {
    "full-range luma": (metrics, "luma", full_range_luma),
    "no shave": (metrics, "_shave", lambda values, shave: values),
    "no antialiasing": (datasets, "resize", functools.partial(resize, antialias=False)),
    "truncation to uint8": (images, "to_integers", truncated),
    "RGB instead of luma": (
        metrics,
        "luma",
        lambda image: 255.0 * image.reshape(len(image), -1),
    ),
}


@pytest.mark.parametrize("variant", WRONG)
def test_wrong_variants_are_caught(monkeypatch, variant):
    monkeypatch.setattr(*WRONG[variant])
    assert any(leaves_the_protocol(name) for name in datasets.HELD_OUT)


def test_mean_of_psnrs_not_psnr_of_mean():
    board = Scoreboard({"held-out": datasets.held_out()}, 4)
    board.add("bicubic", bicubic(4))
    psnrs = np.array([by_another_route(name)[0] for name in datasets.HELD_OUT])
    of_mean_error = -10 * np.log10(np.mean(10 ** (-psnrs / 10)))
    result = board.mean("bicubic", "held-out").psnr
    assert abs(result - psnrs.mean()) < 0.002
    assert abs(result - of_mean_error) > 0.1


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", datasets.HELD_OUT)
def test_the_order_of_the_methods_that_lesson_1_states(name, scale):
    image = datasets.held_out()[name]
    psnrs = [
        evaluate(lambda small, m=method: resize(small, scale, m), image, scale).psnr
        for method in ("nearest", "bilinear", "bicubic", "lanczos3")
    ]
    assert psnrs == sorted(psnrs)


def test_values_up_to_255_are_refused():
    image = 255 * datasets.held_out()["chelsea"]
    with pytest.raises(
        ValueError, match=r"in \[0, 1\]. Received: values from 0 to 231"
    ):
        evaluate(bicubic(4), image, 4)
    with pytest.raises(ValueError, match=r"Received: values from"):
        evaluate(lambda small: 255 * resize(small, 4), image / 255, 4)


@pytest.mark.parametrize(
    "result", [None, 7, np.zeros((300, 448)), np.zeros(3, "uint8")]
)
def test_a_wrong_result_is_blamed_on_the_upscaler(result):
    with pytest.raises(ValueError, match=r"result of the upscaler.*Received: "):
        evaluate(lambda small: result, datasets.held_out()["chelsea"], 4)


def test_a_perfect_upscaler():
    image = datasets.held_out()["chelsea"][:64, :64]
    score = evaluate(lambda small: image, image, 4)
    assert score.psnr == np.inf
    assert score.ssim == 1
    assert str(score) == "inf dB / 1.0000"


def test_gray_originals_reach_the_upscaler_as_rgb():
    gray = datasets.held_out()["chelsea"][:64, :64, :1]
    seen = []

    def upscaler(small):
        seen.append(small.shape)
        return np.clip(resize(small, 4), 0.1, 0.9) + np.float32([-0.1, 0, 0.1])

    score = evaluate(upscaler, gray, 4)
    large = np.clip(resize(datasets.pair(gray, 4)[1], 4), 0.1, 0.9)
    expected = metrics.psnr(gray, images.quantize(large), shave=4)
    assert seen == [(16, 16, 3)]
    assert score.psnr == pytest.approx(expected)


def test_wrong_size_from_an_upscaler():
    image = datasets.held_out()["chelsea"]
    with pytest.raises(
        ValueError, match=r"Received: \(300, 448, 3\) and \(150, 224, 3\)"
    ):
        evaluate(bicubic(2), image, 4)


def test_rendering():
    board = Scoreboard({"cats": {"chelsea": datasets.held_out()["chelsea"]}}, 4)
    board.add("bicubic", bicubic(4))
    lines = repr(board).splitlines()
    assert lines[0].split() == ["method", "cats", "(1)"]
    assert lines[1].split() == ["bicubic", "31.48", "/", "0.806"]
    assert "4 pixels of border removed" in lines[2]
    board.add("<script> & co", bicubic(4))
    page = board._repr_html_()
    assert "<td>&lt;script&gt; &amp; co</td>" in page
    assert "<td>31.48 / 0.806</td>" in page
    assert board.protocol in page


def test_costs_add_columns():
    board = Scoreboard({"cats": {"chelsea": datasets.held_out()["chelsea"]}}, 4)
    board.add("network", bicubic(4), architecture.Cost(8_129, 8_032))
    board.add("bicubic", bicubic(4))
    head, network, other = board._cells()
    assert head[2:] == ["parameters", "multiplications (MACs) per pixel"]
    assert network[2:] == ["8,129", "8,032"]
    assert other[2:] == ["", ""]


@pytest.mark.parametrize("sets", [{}, {"none": {}}, {"image": np.zeros((4, 4, 3))}])
def test_empty_sets(sets):
    with pytest.raises(ValueError, match=r"Received: "):
        Scoreboard(sets, 4)
