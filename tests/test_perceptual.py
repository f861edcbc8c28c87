"""VGG19 features and the perceptual loss, against Keras' own VGG19 and calculus."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from sr_utils import datasets, losses, models, runtime, vgg
from sr_utils.perceptual import PerceptualLoss, channel_rms, vgg19_features
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

SHALLOW = vgg.LAYERS[: vgg.LAYERS.index("block3_conv1") + 1]


@pytest.fixture(scope="module")
def reference():
    """Keras' VGG19 with random weights."""
    keras.utils.set_random_seed(0)
    options = {"include_top": False, "weights": None}
    return keras.applications.VGG19(**options, input_shape=(None, None, 3))


@pytest.fixture(scope="module")
def arrays(reference):
    """The weights of its first layers, as an .npz holds them."""
    found = {}
    for name in SHALLOW:
        kernel, bias = reference.get_layer(name).get_weights()
        found |= {f"{name}_kernel": kernel, f"{name}_bias": bias + 0.1}
    return found


@pytest.fixture
def weights(arrays, tmp_path):
    np.savez(tmp_path / "weights.npz", **arrays)
    return tmp_path / "weights.npz"


@pytest.fixture
def photographs(monkeypatch):
    """Two corners of photographs, so that calibration takes no time."""
    found = datasets.training()
    corners = {name: found[name][:40, :48] for name in ("china", "flower")}
    monkeypatch.setattr(datasets, "training", lambda: corners)
    return corners


def test_features_are_those_of_keras(rng, reference, weights, arrays):
    x = rng.random((2, 24, 20, 3), dtype="float32")
    features = vgg19_features(["block1_conv2", "block3_conv1"], weights)
    for name in SHALLOW:
        kernel, bias = arrays[f"{name}_kernel"], arrays[f"{name}_bias"]
        reference.get_layer(name).set_weights([kernel, bias])
    prepared = keras.applications.vgg19.preprocess_input(255 * x)
    for found, name in zip(features(x), ("block1_conv2", "block3_conv1"), strict=True):
        layer = reference.get_layer(name)
        expected = keras.Model(reference.input, layer.output)(prepared)
        assert np.allclose(found, expected, rtol=1e-4, atol=1e-4)
        assert np.min(found) == 0


def test_features_are_frozen_and_each_call_makes_its_own(weights):
    first, second = (vgg19_features(["block1_conv1"], weights) for _ in range(2))
    assert not first.trainable_variables
    names = {id(variable) for variable in first.variables}
    assert names.isdisjoint(id(variable) for variable in second.variables)


def test_random_weights_are_the_same_on_every_call(rng):
    x = rng.random((1, 32, 32, 3), dtype="float32")
    first, second = (vgg19_features(["block5_conv4"], None) for _ in range(2))
    assert np.array_equal(first(x), second(x))
    assert 0.01 < np.std(first(x)) < 1000  # no layer has died or exploded


@pytest.mark.parametrize("layers", [[], "block1_conv1", ["block1"], [3], None])
def test_unknown_layers_are_refused(layers):
    with pytest.raises(ValueError, match=r"Expected `layers` as a list.*Received"):
        vgg19_features(layers, None)


def test_a_file_without_a_needed_layer_is_refused(weights):
    with pytest.raises(ValueError, match=r"block3_conv2, .*block5_conv4 not in it"):
        vgg19_features(["block5_conv4"], weights)


@pytest.mark.parametrize("name", ["damaged.npz", "damaged.h5", "missing.npz"])
def test_a_bad_file_is_refused(weights, tmp_path, name):
    if name.startswith("damaged"):
        (tmp_path / name).write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ValueError, match=rf"Expected the Keras .*Received: .*{name}"):
        vgg19_features(["block1_conv1"], tmp_path / name)


def test_the_environment_names_a_file(weights, arrays, monkeypatch):
    monkeypatch.setenv(vgg.WEIGHTS_VARIABLE, str(weights))
    features = vgg19_features(["block1_conv1"])
    assert features.name == "vgg19_imagenet"
    kernel = next(x for x in features.weights if "kernel" in x.path)
    assert np.array_equal(kernel, arrays["block1_conv1_kernel"])


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory, reference):
    """A file in the format of Keras' download: every layer, random weights."""
    path = tmp_path_factory.mktemp("keras") / "vgg19.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in reference.layers]
        for layer in reference.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{w.name}".encode() for w in layer.weights]
            group.attrs["weight_names"] = names
            for name, value in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name.decode(), data=value)
    return path


def test_the_file_of_keras_is_loaded(rng, keras_file, reference):
    features = vgg19_features(["block5_conv4"], keras_file)
    assert features.name == "vgg19_imagenet"
    loaded = [x for x in features.weights if "block5_conv4/kernel" in x.path]
    expected = reference.get_layer("block5_conv4").get_weights()[0]
    assert np.array_equal(loaded[0], expected)


@pytest.fixture
def keras_home(keras_file, server, tmp_path, monkeypatch):
    """An empty home of Keras, whose file a local server has."""
    data = server.files["vgg19.h5"] = keras_file.read_bytes()
    monkeypatch.delenv(vgg.WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(vgg, "MD5", hashlib.md5(data).hexdigest())
    monkeypatch.setattr(vgg, "ADDRESS", server.address("whole", "vgg19.h5"))
    return tmp_path / "home"


def test_the_download_is_announced_and_kept(keras_home, server, capsys):
    assert vgg19_features(["block1_conv1"]).name == "vgg19_imagenet"
    assert "VGG19: 80 MB" in capsys.readouterr().out
    assert [x for x in keras_home.rglob("*.*")] == [keras_home / "models" / "vgg19.h5"]
    assert vgg19_features(["block1_conv1"]).name == "vgg19_imagenet"
    assert len(server.requests) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_keras_itself_finds_the_file(keras_home):
    vgg19_features(["block1_conv1"])
    code = (
        "import keras; print(keras.utils.get_file('vgg19.h5', 'http://127.0.0.1:1/x', "
        f"cache_subdir='models', file_hash='{vgg.MD5}'))"
    )
    found = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert Path(found.strip()) == keras_home / "models" / "vgg19.h5"


def test_without_a_download_the_weights_are_random(
    keras_home, server, capsys, monkeypatch
):
    monkeypatch.setattr(vgg, "ADDRESS", server.address("half", "vgg19.h5"))
    assert vgg19_features(["block1_conv1"]).name == "vgg19_random"
    notice = capsys.readouterr().out.splitlines()[-1]
    assert notice.startswith("NOTICE: VGG19 can't be had, so random weights take its")
    assert not list(keras_home.rglob("*.h5"))


def test_none_never_downloads(keras_home, server, capsys, monkeypatch):
    monkeypatch.setenv(vgg.WEIGHTS_VARIABLE, "none")
    assert vgg19_features(["block1_conv1"]).name == "vgg19_random"
    assert "(switched off)" in capsys.readouterr().out
    (keras_home / "models").mkdir(parents=True)
    path = keras_home / "models" / "vgg19.h5"
    path.write_bytes(b"damaged")
    assert vgg19_features(["block1_conv1"]).name == "vgg19_random"
    assert f"({path}: Expected the MD5" in capsys.readouterr().out
    assert path.read_bytes() == b"damaged"
    assert not server.requests


def test_a_damaged_file_of_keras_is_replaced(keras_home, server):
    (keras_home / "models").mkdir(parents=True)
    path = keras_home / "models" / "vgg19.h5"
    path.write_bytes(b"damaged")
    assert vgg19_features(["block1_conv1"]).name == "vgg19_imagenet"
    assert path.read_bytes() == server.files["vgg19.h5"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_are_finite_numbers(arrays, tmp_path, value):
    bias = arrays["block2_conv1_bias"].copy()
    bias[3] = value
    np.savez(tmp_path / "nan.npz", **arrays | {"block2_conv1_bias": bias})
    assert vgg19_features(["block1_conv2"], tmp_path / "nan.npz")  # not in use
    with pytest.raises(ValueError, match=r"block2_conv1 is a finite.*Received: .*nan"):
        vgg19_features(["block2_conv1"], tmp_path / "nan.npz")


def test_calibrated_channels_have_unit_size(weights, photographs):
    features = vgg19_features(["block1_conv2"], weights)
    (rms,) = channel_rms(features, datasets.training())
    maps = [np.array(features(x[None])) for x in photographs.values()]
    again = np.sqrt(np.mean(np.concatenate(maps, axis=1) ** 2, axis=(0, 1, 2)))
    assert np.allclose(rms, again, rtol=1e-3)


def test_equal_images_have_no_loss_and_order_does_not_matter(rng, weights, photographs):
    loss = PerceptualLoss(["block2_conv2"], weights, datasets.training())
    x, y = rng.random((2, 3, 16, 16, 3), dtype="float32")
    assert float(loss(x, x)) == 0
    assert float(loss(x, y)) > 0
    assert np.isclose(float(loss(x, y)), float(loss(x[::-1], y[::-1])), rtol=1e-5)
    apart = [float(loss(a[None], b[None])) for a, b in zip(x, y, strict=True)]
    assert np.isclose(float(loss(x, y)), np.mean(apart), rtol=1e-5)


def test_pixels_are_added_with_their_weight(rng, weights, photographs):
    x, y = rng.random((2, 3, 16, 16, 3), dtype="float32")
    losses = [
        PerceptualLoss(["block1_conv2"], weights, datasets.training(), pixel=w)
        for w in (0, 3)
    ]
    bare, both = (float(loss(x, y)) for loss in losses)
    assert np.isclose(both, bare + 3 * np.mean(abs(x - y)), rtol=1e-5)


@pytest.mark.parametrize("name", ["pixel", "grid"])
@pytest.mark.parametrize("weight", [-1, "much", None, float("inf")])
def test_a_wrong_weight_is_refused(name, weight):
    with pytest.raises(ValueError, match=rf"Expected `{name}` as a number.*Received"):
        PerceptualLoss(["block1_conv1"], None, datasets.training(), **{name: weight})


@pytest.mark.slow
@pytest.mark.parametrize("period", [2, 4])
def test_a_grid_adds_its_energy(rng, weights, period):
    image = rng.random((2, 32, 48, 3), "float32")
    square = np.zeros((period, period, 1), "float32")
    square[0, 0] = 0.1
    grid = np.tile(square, (32 // period, 48 // period, 3))
    expected = 0.01 * (1 / period**2 - 1 / period**4)
    pair = [
        PerceptualLoss(["block1_conv2"], weights, datasets.training(), grid=w)
        for w in (0, 100)
    ]
    without, with_grid = (loss.call(image, image + grid) for loss in pair)
    np.testing.assert_allclose(with_grid - without, 100 * expected, rtol=1e-3)


def test_an_image_smaller_than_a_square_has_no_grid(rng, weights):
    x, y = rng.random((2, 1, 3, 8, 3), dtype="float32")
    assert np.isfinite(PerceptualLoss(["block1_conv2"], weights, 0.01).call(x, y)).all()
    loss = PerceptualLoss(["block1_conv2"], weights, 0.01, grid=1)
    with pytest.raises(ValueError, match=r"at least 4 x 4 pixels.*Received: 3 x 8"):
        loss.call(x, y)


def test_errors_that_repeat_otherwise_are_no_grid(rng):
    image = rng.random((1, 96, 96, 3), "float32")
    stripes = np.tile([0.1, 0, 0], 32)[:, None, None].astype("float32")
    slope = np.linspace(0, 0.1, 96, dtype="float32")[:, None, None]
    noise = rng.normal(0, 0.1, image.shape).astype("float32")
    energies = [0.01 * 2 / 9, 0.01 / 12, 0.01]
    for error, energy in zip((stripes, slope, noise), energies, strict=True):
        assert float(losses.grid(image, image + error)[0]) < 0.002 * energy


def scaled(arrays, rng):
    """The same network with other units: each channel times a positive constant."""
    found, before = {}, np.ones(3)
    for name in SHALLOW:
        after = np.exp(rng.normal(size=arrays[f"{name}_bias"].shape))
        kernel = arrays[f"{name}_kernel"] / before[:, None] * after
        bias = arrays[f"{name}_bias"] * after
        found |= {f"{name}_kernel": kernel.astype("f4"), f"{name}_bias": bias}
        before = after
    return found


def gradient(loss, x, y):
    import tensorflow as tf

    y = tf.Variable(y)
    with tf.GradientTape() as tape:
        value = loss(x, y)
    return float(value), tape.gradient(value, y).numpy()


@pytest.mark.parametrize("calibration", [datasets.training, lambda: 0.01])
@pytest.mark.slow
def test_calibration_makes_the_units_of_the_weights_irrelevant(
    rng, arrays, weights, tmp_path, photographs, calibration
):
    np.savez(tmp_path / "scaled.npz", **scaled(arrays, rng))
    x, y = rng.random((2, 2, 16, 16, 3), dtype="float32")
    layers = ["block1_conv2", "block3_conv1"]
    results = [
        gradient(PerceptualLoss(layers, path, calibration()), x, y)
        for path in (weights, tmp_path / "scaled.npz")
    ]
    (value, slope), (other, other_slope) = results
    same = np.isclose(value, other, rtol=1e-4)
    same &= np.abs(slope - other_slope).max() < 1e-4 * np.abs(slope).max()
    assert same == (calibration is datasets.training)


def test_gradients_are_finite_differences(rng, weights, photographs):
    keras.config.set_floatx("float64")
    try:
        with runtime.policy("float64"):
            loss = PerceptualLoss(["block2_conv1"], weights, 0.01, dtype="float64")
        x, y = rng.random((2, 1, 8, 8, 3))
        _, slope = gradient(loss, x, y)
        direction = rng.normal(size=y.shape)
        step = 1e-5 * direction
        change = (float(loss(x, y + step)) - float(loss(x, y - step))) / 2e-5
    finally:
        keras.config.set_floatx("float32")
    assert np.isclose(change, np.sum(slope * direction), rtol=1e-4)


@pytest.mark.parametrize("which", [0, 1])
def test_a_wrong_range_is_refused(rng, weights, photographs, which):
    loss = PerceptualLoss(["block1_conv1"], weights, datasets.training())
    pair = [rng.random((1, 8, 8, 3), dtype="float32") for _ in range(2)]
    pair[which] = pair[which] * 255
    with pytest.raises(ValueError, match=r"values in \[0, 1\]. Received: values from"):
        loss(*pair)


@pytest.mark.parametrize("calibration", ["mean", 0, -1, None])
def test_an_unknown_calibration_is_refused(calibration):
    with pytest.raises(ValueError, match=r"Expected `calibration`.*Received"):
        PerceptualLoss(["block1_conv1"], None, calibration)


def test_a_trained_model_holds_no_vgg(rng, weights, photographs, tmp_path, monkeypatch):
    model = models.srresnet(2, blocks=1, filters=4)
    count = len(model.variables)
    loss = PerceptualLoss(["block3_conv1"], weights, datasets.training())
    model.compile("adam", loss, jit_compile=False)
    x = rng.random((4, 8, 8, 3), dtype="float32")
    y = rng.random((4, 16, 16, 3), dtype="float32")
    before = [np.array(v) for v in loss.vgg.features.variables]
    model.fit(x, y, batch_size=2, verbose=0)
    assert len(model.variables) == count
    assert all(map(np.array_equal, before, loss.vgg.features.variables))
    model.save(tmp_path / "model.keras")
    assert (tmp_path / "model.keras").stat().st_size < 500_000  # VGG19 has 2.2 MB
    monkeypatch.setattr(vgg, "load", None)  # loading must not build VGG19
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    config = loaded.loss.get_config()
    assert (config["layers"], config["weights"]) == (["block3_conv1"], "weights.npz")
    assert PerceptualLoss.from_config(config).get_config() == config
    assert np.array_equal(loaded(x), model(x))
    with pytest.raises(ValueError, match="Received: a loss loaded with a model"):
        loaded.loss(y, y)


def test_loss_of_any_size_in_half_precision(rng, weights, photographs):
    exact = PerceptualLoss(["block2_conv2"], weights, 0.01)
    with runtime.policy("mixed_bfloat16"):
        fast = PerceptualLoss(["block2_conv2"], weights, 0.01)
    for size in ((8, 8), (17, 30)):
        x, y = rng.random((2, 1, *size, 3), dtype="float32")
        assert np.isclose(float(fast(x, y)), float(exact(x, y)), rtol=0.03)
        assert ops.dtype(fast(x, y)) == "float32"


@pytest.fixture(scope="module")
def board():
    if not os.environ.get(vgg.WEIGHTS_VARIABLE):
        pytest.skip(f"needs ImageNet weights in {vgg.WEIGHTS_VARIABLE}")
    with runtime.policy("mixed_bfloat16"):  # it scores in float32 all the same
        board = Scoreboard({"held-out": datasets.held_out()}, 4, LAYERS)
    board.add("network", models.upscaler(models.load_checkpoint("srresnet_x4")))
    return board


def noisy(small):
    large = resize(small, 4)
    noise = np.random.default_rng(0).normal(0, 0.03, large.shape)
    return np.clip(large + noise, 0, 1)


LAYERS = ["block3_conv1", "block2_conv2"]
UPSCALERS = {
    "nearest": lambda small: resize(small, 4, "nearest"),
    "bicubic": lambda small: resize(small, 4),
    "noise": noisy,
}


@pytest.mark.slow
@pytest.mark.parametrize("worse", UPSCALERS)
def test_the_frechet_distance_ranks_as_an_eye_does(board, worse):
    board.add(worse, UPSCALERS[worse])
    found = [board.perception(x, "held-out").frechet for x in (worse, "network")]
    assert found[0] > found[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", UPSCALERS)
def test_no_channel_dominates_the_distance(board, record_property, name):
    shares = {}
    for key, image in datasets.held_out().items():
        original, small = datasets.pair(image, 4)
        large = np.clip(UPSCALERS[name](small), 0, 1)
        apart = board.maps(original)[0] - board.maps(large)[0]
        each = np.sum(apart**2, axis=0)
        shares[key] = float(each.max() / each.sum())
        assert apart.dtype == np.float32
    record_property("largest share of a channel", shares)
    print(name, {key: f"{share:.1%}" for key, share in shares.items()})
    assert max(shares.values()) < 0.25


@pytest.fixture
def crops(photographs):
    """A board that compares two layers of a VGG19 with random weights."""
    photos = {key: x[:48, :40] for key, x in datasets.held_out().items()}
    return Scoreboard({"crops": photos}, 4, ["block1_conv1", "block2_conv1"], None)


def test_the_protocol_names_random_weights(crops):
    told = crops.perception_protocol("block1_conv1")
    assert told.startswith("block1_conv1 of VGG19, RANDOM weights")
    assert not crops.imagenet


def test_images_made_elsewhere_are_scored_like_an_upscalers(crops):
    pairs = {key: datasets.pair(x, 4) for key, x in crops.sets["crops"].items()}
    crops.add_results("originals", {"crops": {key: x[0] for key, x in pairs.items()}})
    for layer in crops.layers:
        seen = crops.perception("originals", "crops", layer)
        assert seen == pytest.approx((0, 0), abs=1e-6)
    large = {key: noisy(small) for key, (_, small) in pairs.items()}
    backward = dict(reversed(large.items()))  # the names count, not the order
    crops.add_results("backward", {"crops": backward})
    crops.add("noisy", noisy)
    found = [crops.perception(name, "crops") for name in ("noisy", "backward")]
    assert found[0] == found[1]
    assert crops.mean("noisy", "crops") == crops.mean("backward", "crops")
    assert found[0].feature_distance > 0.001
    assert found[0] != crops.perception("noisy", "crops", "block2_conv1")
    with pytest.raises(ValueError, match=r"Expected one .*Received: .*'coffee'"):
        crops.add_results("few", {"crops": {"coffee": large["coffee"]}})
    with pytest.raises(ValueError, match=r"Received: 'block5_conv1'"):
        crops.perception("noisy", "crops", "block5_conv1")


def test_each_image_is_enlarged_once(crops):
    seen = []
    crops.add("counted", lambda low: (seen.append(1), resize(low, 4))[1])
    assert len(seen) == len(crops.sets["crops"])
    assert "block2_conv1, crops" in repr(crops)
    assert "block1_conv1 and block2_conv1 of VGG19, RANDOM" in repr(crops)
