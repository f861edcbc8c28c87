"""Tiles give the result of the whole image, without holding it as floats."""

import tracemalloc
from fractions import Fraction

import keras
import numpy as np
import pytest
import tensorflow as tf

from sr_utils import architecture, images, models, pretrained, runtime, tiling
from sr_utils.resize import resize

SIZES = [(1, 1), (1, 7), (5, 2), (13, 29), (64, 64), (97, 61), (192, 256)]


FAST = {"srcnn_x3", "srresnet_x4"}  # two kinds of network; the others take `slow`


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[] if name in FAST else pytest.mark.slow)
        for name in pretrained.names()
    ],
)
def shipped(request):
    model = models.load_checkpoint(request.param)
    return model, models.upscaler(model, compiled=True)


def positive(model):
    """Turn every convolution into a mean, so that nothing a network sees cancels."""
    for weights in model.trainable_weights:
        if len(weights.shape) > 1:
            mean = np.full(weights.shape, 1 / np.prod(weights.shape[:-1]), "float32")
            weights.assign(mean)
    return model


def joined(upscaler, image, *options):
    return np.concatenate(list(tiling.bands(upscaler, image, *options)))


def seen_by(model, scale, size=71):
    """Which low-resolution pixels the four corners of the middle square depend on."""
    first = size // 2 * scale
    low = tf.Variable(np.random.default_rng(0).random((1, size, size, 3), "float32"))
    seen = np.zeros((size, size), bool)
    for y in (first, first + scale - 1):
        for x in (first, first + scale - 1):
            with tf.GradientTape() as tape:
                pixel = tf.reduce_sum(model(low)[0, y, x])
            seen |= np.any(tape.gradient(pixel, low)[0] != 0, axis=-1)
    return seen


@pytest.mark.parametrize("size", [1, 2, 7, 40, 41, 64, 65, 200, 1001])
@pytest.mark.parametrize("tile", [1, 16, 64])
@pytest.mark.parametrize("overlap", [0, 3, 20])
def test_spans_cover_a_line_with_windows_of_one_width(size, tile, overlap):
    spans = tiling.spans(size, tile, overlap)
    cores = [span.core for span in spans]
    assert np.concatenate([np.arange(size)[core] for core in cores]).tolist() == list(
        range(size)
    )
    assert {span.window.stop - span.window.start for span in spans} == {
        min(size, tile + 2 * overlap)
    }
    for window, core in spans:
        assert window.start <= max(0, core.start - overlap)
        assert window.stop >= min(size, core.stop + overlap)
        assert 0 <= window.start < window.stop <= size


@pytest.mark.parametrize("size", [1, 40, 41, 500, 1001])
@pytest.mark.parametrize(("most", "overlap"), [(1, 0), (64, 20), (380, 19)])
def test_tiles_are_nearly_alike_and_no_more_than_needed(size, most, overlap):
    kernel = tiling.interpolation("bicubic", 2)
    spans, _ = tiling.tiles((size, size), kernel, most, overlap)
    assert len(spans) == len(tiling.spans(size, most, overlap))
    inner = [x.core.stop - x.core.start for x in spans[1:-1]]
    assert len(set(inner)) <= 2
    assert all(1 <= x <= most for x in inner)


def test_tiles_fit_into_the_memory_that_is_free(monkeypatch):
    upscaler = tiling.interpolation("bicubic", 4)
    shape, widths = (9000, 9000), []
    for free in (10**5, 10**8, 2 * 10**8, 10**12):
        monkeypatch.setattr(runtime, "free_memory", lambda free=free: free)
        span = tiling.tiles(shape, upscaler)[0][1]
        widths.append(span.window.stop - span.window.start)
        needed = widths[-1] ** 2 * upscaler.memory
        assert needed < max(free / 4, 40**2 * upscaler.memory)
        assert needed < 2**28
    assert widths == sorted(set(widths))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["srresnet_x4", "srresnet_x4_wide"])
def test_the_width_of_tiles_changes_no_bit(rng, name):
    upscaler = models.upscaler(models.load_checkpoint(name), compiled=True)
    image = rng.random((301, 283, 3), "float32")
    first = joined(upscaler, image, 150)
    for tile in (77, 192, 400):
        np.testing.assert_array_equal(joined(upscaler, image, tile), first)


def test_finished_parts_are_told_in_pixels(rng):
    upscaler, parts = tiling.interpolation("bicubic", 3), []
    bands = tiling.bands(upscaler, rng.random((20, 31, 3)), 8, done=parts.append)
    seen = [(len(band) * band.shape[1], sum(parts)) for band in bands]
    assert np.cumsum([x for x, _ in seen]).tolist() == [x for _, x in seen]
    assert len(parts) > 2 * len(seen)


def test_the_radius_is_exactly_how_far_the_gradient_reaches(shipped):
    model, upscaler = shipped
    radius = architecture.receptive_radius(model)
    rows, columns = np.nonzero(seen_by(model, upscaler.scale))
    for places in (rows, columns):
        assert 35 - places.min() == places.max() - 35 == radius


@pytest.mark.parametrize(
    ("model", "scale"),
    [
        (models.espcn(3), 3),
        (models.srresnet(2, blocks=1, filters=4), 2),
        (models.srresnet(6, blocks=2, filters=4), 6),
        (models.srresnet(4, blocks=2, filters=4, direct=True), 4),
    ],
)
def test_the_radius_of_other_networks(model, scale):
    rows, _ = np.nonzero(seen_by(positive(model), scale))
    assert rows.max() - 35 == architecture.receptive_radius(model)
    assert models.upscaler(model, compiled=True).scale == scale


def test_a_network_that_looks_everywhere_has_no_radius():
    low = keras.Input((None, None, 3))
    mean = keras.layers.GlobalAveragePooling2D(keepdims=True)(low)
    with pytest.raises(ValueError, match=r"Received: GlobalAveragePooling2D"):
        architecture.receptive_radius(keras.Model(low, low + mean))
    with pytest.raises(ValueError, match=r"Received: Conv2D"):
        architecture.receptive_radius(models.discriminator(4))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_tiles_give_the_whole(shipped, rng, size):
    model, upscaler = shipped
    image = rng.random((*size, 3), "float32")
    whole = models.upscaler(model)(image)
    for tile in (64,) if max(size) > 100 else (17, None):
        parts = joined(upscaler, image, tile)
        assert parts.dtype == np.float32
        np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-5)


def test_two_tile_sizes_agree(rng):
    upscaler = models.upscaler(models.load_checkpoint("srcnn_x3"), compiled=True)
    image = rng.random((301, 423, 3), "float32")
    parts = joined(upscaler, image, 96)
    np.testing.assert_allclose(parts, joined(upscaler, image, 150), rtol=0, atol=1e-5)


@pytest.mark.slow
def test_two_tile_sizes_agree_with_every_checkpoint(shipped, rng):
    image = rng.random((401, 523, 3), "float32")
    parts = joined(shipped[1], image, 96)
    np.testing.assert_allclose(parts, joined(shipped[1], image), rtol=0, atol=1e-5)


def test_an_overlap_one_pixel_too_small_shows(rng):
    image = rng.random((40, 60, 3), "float32")
    for model in (
        models.load_checkpoint("srcnn_x3"),
        positive(models.srresnet(4, blocks=1, filters=4)),
    ):
        whole = models.upscaler(model)(image)
        radius = architecture.receptive_radius(model)
        exact = tiling.tiled(model, image, 8, radius)
        broken = tiling.tiled(model, image, 8, radius - 1)
        assert np.abs(exact - whole).max() < 1e-5 < np.abs(broken - whole).max()


def test_no_overlap_shows_plainly(shipped, rng):
    model, upscaler = shipped
    image = rng.random((48, 48, 3), "float32")
    seams = np.abs(joined(upscaler, image, 24, 0) - models.upscaler(model)(image))
    assert seams[:, 24 * upscaler.scale].max() > 0.05


@pytest.mark.parametrize("kernel", ["nearest", "bilinear", "bicubic", "lanczos3"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_interpolation_in_tiles(rng, kernel, scale):
    image = rng.random((23, 31, 4), "float32")
    upscaler = tiling.interpolation(kernel, scale)
    whole = upscaler.function(image)
    assert whole.shape == (23 * scale, 31 * scale, 4)
    np.testing.assert_allclose(joined(upscaler, image, 5), whole, rtol=0, atol=1e-5)
    if kernel == "lanczos3":
        broken = joined(upscaler, image, 5, upscaler.radius - 1)
        assert np.abs(broken - whole).max() > 1e-3


@pytest.mark.parametrize("scale", [2, 4])
def test_back_projection_shrinks_back(rng, scale):
    low = resize(rng.random((60, 48, 3)), Fraction(1, 2))
    low = 0.3 + 0.4 * np.clip(low, 0, 1)
    result = tiling.back_projection(scale)(low)
    assert result.shape == (scale * 30, scale * 24, 3)
    missing = [
        np.abs(resize(x, Fraction(1, scale)) - low).max()
        for x in (resize(low, scale), tiling.back_projection(scale, 1)(low), result)
    ]
    assert missing[0] > 1.5 * missing[1] > 0.01
    assert missing[2] < 1e-3  # a quarter of a level of 255


def test_back_projection_in_tiles(rng):
    low = rng.random((9, 120, 3))
    upscaler = tiling.back_projection(2, steps=3)
    whole = upscaler(low)
    (band,) = tiling.bands(upscaler, low, tile=40)
    assert np.abs(band - whole).max() < 1e-6
    (seamed,) = tiling.bands(upscaler, low, tile=40, overlap=2)
    assert np.abs(seamed - whole).max() > 1e-4


def test_gray_goes_through_the_network_as_rgb(rng):
    model = models.load_checkpoint("srcnn_x3")
    gray = rng.random((9, 12, 1), "float32")
    large = tiling.tiled(model, gray, 4)
    color = models.upscaler(model)(images.to_rgb(gray))
    assert large.shape == (27, 36, 1)
    np.testing.assert_allclose(large, color.mean(-1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_writing_into_integers(rng, dtype):
    model = models.load_checkpoint("srcnn_x3")
    image = rng.random((20, 30, 3))
    into = np.zeros((60, 90, 3), dtype)
    assert tiling.tiled(model, image, 8, into=into) is into
    whole = images.to_integers(models.upscaler(model)(image), dtype)
    assert np.abs(into.astype(int) - whole).max() <= 1  # a last bit may round


@pytest.mark.slow
def test_the_result_is_never_held_as_floats(rng):
    model = models.espcn(4)
    image = rng.random((300, 400, 3), "float32")
    into = np.zeros((1200, 1600, 3), np.uint8)
    assert peak(lambda: tiling.tiled(model, image, 32, into=into)) < into.nbytes
    assert peak(lambda: tiling.tiled(model, image, 32)) > 4 * into.nbytes


def peak(function):
    """The most memory, in bytes, that arrays of NumPy took during a call."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_tiled_refuses(rng):
    model = models.espcn(2)
    image = rng.random((6, 8, 3))
    with pytest.raises(ValueError, match=r"`tile` .*Received: 0"):
        tiling.tiled(model, image, 0)
    with pytest.raises(ValueError, match=r"`overlap` .*Received: -1"):
        tiling.tiled(model, image, overlap=-1)
    with pytest.raises(ValueError, match=r"\(12, 16, 3\). Received: \(12, 16\)"):
        tiling.tiled(model, image, into=np.zeros((12, 16), np.uint8))
    with pytest.raises(ValueError, match=r"Received: int64"):
        tiling.tiled(model, image, into=np.zeros((12, 16, 3), np.int64))
    with pytest.raises(ValueError, match=r"Received: dtype uint8"):
        tiling.tiled(model, (255 * image).astype(np.uint8))


def test_an_ensemble_of_a_symmetric_upscaler_changes_nothing(rng):
    bicubic = tiling.interpolation("bicubic", 3)
    image = rng.random((5, 8, 3), dtype="float32")
    ensemble = tiling.self_ensemble(bicubic)
    assert ensemble[1:] == bicubic[1:]
    np.testing.assert_allclose(ensemble(image), bicubic(image), atol=1e-6)


def test_an_ensemble_has_no_preferred_position(rng):
    moved = tiling.Upscaler(
        lambda x: np.kron(np.roll(x, (1, 1), (0, 1)), np.ones((2, 2, 1))), 2, 1, 64
    )
    image = rng.random((6, 9, 3))
    for turned in (np.rot90, np.fliplr, np.flipud):
        assert not np.allclose(moved(turned(image)), turned(moved(image)))
        ensemble = tiling.self_ensemble(moved)
        np.testing.assert_allclose(ensemble(turned(image)), turned(ensemble(image)))


def test_a_network_that_adds_a_number_has_a_cost_in_memory():
    low = keras.Input((None, None, 3))
    network = keras.Model(low, keras.layers.UpSampling2D(2)(low + 0.5))
    with pytest.raises(ValueError, match="Received: UpSampling2D"):
        architecture.receptive_radius(network)
    network = keras.Model(low, keras.layers.Conv2D(8, 1)(low + 0.5))
    assert architecture.memory(network) == 2 * (3 + 8) * 4
