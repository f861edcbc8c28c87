"""SRGAN: who trains whom, what is saved, and the same on two devices as on one."""

import itertools
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from sr_utils import models, runtime, vgg
from sr_utils.perceptual import PerceptualLoss
from sr_utils.srgan import SRGAN

tf.config.experimental.enable_op_determinism()  # as lessons do on a CPU
RATE = 0.05


@keras.saving.register_keras_serializable(package="tests")
class Nothing(keras.losses.Loss):
    """A content loss that asks for nothing."""

    def call(self, y_true, y_pred):
        """Zero, with a gradient of zero."""
        return 0 * ops.mean(y_pred, axis=(1, 2, 3))


class Invalid(Nothing):
    """A content loss that is never a number."""

    def call(self, y_true, y_pred):
        """Not a number."""
        return super().call(y_true, y_pred) * float("nan")


def srgan(content=None, rate=RATE, d_rate=RATE, adversarial_weight=0.5):
    """A small SRGAN whose generator isn't bicubic alone."""
    keras.utils.set_random_seed(0)
    generator = models.srresnet(2, blocks=1, filters=8)
    *_, last = (x for x in generator.layers if isinstance(x, keras.layers.Conv2D))
    last.kernel.assign(0.1 * keras.random.normal(last.kernel.shape, seed=1))
    model = SRGAN(generator, models.discriminator(4))
    optimizers = [keras.optimizers.Adam(float(x)) for x in (rate, d_rate)]
    content = keras.losses.MeanSquaredError() if content is None else content
    model.compile(*optimizers, content, adversarial_weight, jit_compile=False)
    return model


@pytest.fixture
def images(rng):
    low = rng.random((4, 8, 8, 3), dtype="float32")
    return low, rng.random((4, 16, 16, 3), dtype="float32")


def weights(network):
    return [np.array(x) for x in network.get_weights()]


def trained(network):
    return [np.array(x) for x in network.trainable_variables]


def moved(before, after):
    pairs = zip(before, after, strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "d_rate"), [(RATE, 0), (0, RATE)])
def test_each_optimizer_moves_its_own_network_only(images, rate, d_rate):
    model = srgan(rate=rate, d_rate=d_rate)
    before = trained(model.generator), trained(model.discriminator)
    model.train_on_batch(*images)
    assert (moved(before[0], trained(model.generator)) > 1e-3) == (rate > 0)
    assert (moved(before[1], trained(model.discriminator)) > 1e-3) == (d_rate > 0)


@pytest.mark.parametrize("adversarial", [0, 1])
@pytest.mark.slow
def test_the_generator_learns_through_the_discriminator(images, adversarial):
    model = srgan(Nothing(), adversarial_weight=adversarial)
    before = trained(model.generator)
    model.train_on_batch(*images)
    assert (moved(before, trained(model.generator)) > 1e-3) == (adversarial > 0)


@pytest.mark.slow
def test_against_a_fixed_discriminator_results_get_more_probable(images):
    model = srgan(Nothing(), d_rate=0, rate=0.003, adversarial_weight=1)
    first = model.train_on_batch(*images, return_dict=True)["fake"]
    for _ in range(20):
        model.reset_metrics()
        last = model.train_on_batch(*images, return_dict=True)["fake"]
    assert last > first + 0.01


@pytest.mark.slow
def test_a_discriminator_learns_to_tell_real_from_fake(images):
    low, high = images
    model = srgan(rate=0)
    for _ in range(60):
        model.reset_metrics()
        seen = model.train_on_batch(low, high / 4, return_dict=True)
    assert seen["real"] > 0.75
    assert seen["fake"] < 0.25


@pytest.mark.slow
def test_a_discriminator_sees_contrast(rng):
    low = rng.random((8, 8, 8, 3), dtype="float32")
    model = srgan(rate=0, d_rate=0.01)
    result = ops.convert_to_numpy(model.generator(low))
    sharper = 0.5 + 2 * (result[::-1] - 0.5)
    for _ in range(60):
        model.reset_metrics()
        seen = model.train_on_batch(low, sharper, return_dict=True)
    assert seen["real"] > seen["fake"] + 0.3
    network = model.discriminator
    apart = [float(ops.mean(network(x, training=True))) for x in (sharper, result)]
    assert abs(apart[0] - apart[1]) < 1  # in two batches, contrast is normalized away


@pytest.mark.slow
def test_the_losses_are_the_written_ones(images):
    low, high = images
    model = srgan(rate=0, d_rate=0)
    found = model.train_on_batch(low, high, return_dict=True)
    result = model.generator(low)
    both = model.discriminator(ops.concatenate([high, result]), training=True)
    real, fake = np.split(ops.convert_to_numpy(both), 2)
    p, q = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    content = np.mean((np.array(result) - high) ** 2)
    adversarial = -np.mean(np.log(q))
    smoothed = -np.mean(0.9 * np.log(p) + 0.1 * np.log(1 - p))
    expected = {
        "content": content,
        "adversarial": adversarial,
        "loss": content + 0.5 * adversarial,
        "d_loss": (smoothed - np.mean(np.log(1 - q))) / 2,
        "real": p.mean(),
        "fake": q.mean(),
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert np.isclose(found[name], value, rtol=1e-4), name


@pytest.mark.slow
def test_images_are_judged_at_all_16_places_of_a_square(images):
    low, high = images
    seen = []

    class Spy(Nothing):
        def call(self, y_true, y_pred):
            seen.append((np.array(y_true), np.array(y_pred)))
            return super().call(y_true, y_pred)

    model = srgan(rate=0, d_rate=0)
    model.compile(*model.optimizers, Spy(), 0.5, run_eagerly=True)
    result = np.array(model.generator(low))
    for _ in range(16):
        model.reset_metrics()
        told = model.train_on_batch(low, high, return_dict=True)

    def at(place):
        return [np.roll(x, place, axis=(1, 2)) for x in (high, result)]

    places = list(itertools.product(range(4), repeat=2))
    found = [
        place
        for original, generated in seen
        for place in places
        if np.array_equal(at(place)[0], original)
        and np.allclose(at(place)[1], generated, atol=1e-6)
    ]
    assert len(found) == 16
    assert set(found) == set(places)

    def fake(place):
        both = ops.concatenate(at(place))
        logits = model.discriminator(both, training=True)
        return float(ops.mean(ops.sigmoid(logits[len(low) :])))

    assert np.isclose(told["fake"], fake(found[-1]), atol=1e-6)
    assert not np.isclose(told["fake"], fake((0, 0)), atol=1e-6)


@pytest.mark.slow
def test_metrics_do_not_leak_into_the_next_epoch(images):
    low, high = images
    model = srgan(rate=0, d_rate=0)

    def epochs():
        for shift in (0, 0, 1, 1):
            yield low, high + shift

    options = {"steps_per_epoch": 2, "epochs": 2, "shuffle": False, "verbose": 0}
    history = model.fit(epochs(), **options).history
    expected = [
        np.mean((np.array(model.generator(low)) - high - x) ** 2) for x in (0, 1)
    ]
    assert np.allclose(history["content"], expected, rtol=1e-4)


@pytest.mark.slow
def test_statistics_move_in_training_only(images):
    low, high = images
    model = srgan()
    before = weights(model)
    model.predict(low, verbose=0)
    model.evaluate(low, high, verbose=0)
    assert moved(before, weights(model)) == 0
    statistics = [
        x for x in model.discriminator.variables if x.path.endswith("moving_mean")
    ]
    kept = [np.array(x) for x in statistics]
    model.train_on_batch(low, high)
    assert (
        min(
            np.abs(a - np.array(b)).max() for a, b in zip(kept, statistics, strict=True)
        )
        > 0
    )


@pytest.mark.parametrize(("step", "kept"), [(1, 1 / 11), (10, 0.5), (10_000, 0.995)])
@pytest.mark.slow
def test_the_average_follows_slowly_and_is_what_predicts(images, step, kept):
    low, high = images
    model = srgan()
    start = weights(model.generator)
    model.optimizer.iterations.assign(step - 1)
    model.train_on_batch(low, high)
    after = weights(model.generator)
    expected = [kept * a + (1 - kept) * b for a, b in zip(start, after, strict=True)]
    assert moved(expected, weights(model.averaged)) < 1e-6
    predicted = model.predict(low, verbose=0)
    assert np.allclose(predicted, model.averaged(low), atol=1e-5)
    assert not np.allclose(predicted, model.generator(low), atol=1e-3)
    loss = model.evaluate(low, high, verbose=0, return_dict=True)["loss"]
    assert np.isclose(loss, np.mean((predicted - high) ** 2), rtol=1e-4)


@pytest.mark.slow
def test_one_file_holds_everything_but_vgg(images, tmp_path, monkeypatch):
    low, high = images
    content = PerceptualLoss(["block3_conv1"], None, 0.01)
    model = srgan(content)
    model.fit(low, high, batch_size=2, verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    own = sum(4 * x.size for x in weights(model))
    states = [x for y in model.optimizers for x in y.variables]
    own += sum(4 * int(np.prod(x.shape)) for x in states)
    assert path.stat().st_size < own + 400_000  # VGG19 has 2.2 MB up to here
    with monkeypatch.context() as patch:
        patch.setattr(vgg, "load", None)  # loading must not build VGG19
        loaded = keras.saving.load_model(path, safe_mode=True)
    assert moved(weights(model), weights(loaded)) == 0
    for ours, theirs in zip(model.optimizers, loaded.optimizers, strict=True):
        pairs = zip(ours.variables, theirs.variables, strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)
    assert np.array_equal(model.predict(low, verbose=0), loaded.predict(low, verbose=0))
    with pytest.raises(ValueError, match="Received: a loss loaded with a model"):
        loaded.train_on_batch(low, high)
    loaded.compile(*loaded.optimizers, content, 0.5, jit_compile=False)
    for network in (model, loaded):
        network.train_on_batch(low, high)
    assert moved(weights(model), weights(loaded)) == 0


@pytest.mark.slow
def test_checkpoints_are_written_and_a_loss_that_is_no_number_stops(images, tmp_path):
    low, high = images
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(path, "loss", save_best_only=True)
    srgan().fit(low, high, verbose=0, callbacks=[best])
    assert path.is_file()
    model = srgan(Invalid())
    stop = keras.callbacks.TerminateOnNaN()
    history = model.fit(low, high, epochs=5, verbose=0, callbacks=[stop]).history
    assert len(history["loss"]) == 1


@pytest.mark.slow
def test_in_half_precision_both_losses_are_scaled(images):
    with runtime.policy("mixed_float16"):
        model = srgan()
    for optimizer in model.optimizers:
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    before = trained(model.generator), trained(model.discriminator)
    for _ in range(3):
        found = model.train_on_batch(*images, return_dict=True)
    assert np.isfinite(list(found.values())).all()
    assert moved(before[0], trained(model.generator)) > 0
    assert moved(before[1], trained(model.discriminator)) > 0


def test_wrong_arguments_are_refused():
    model, one = srgan(), keras.optimizers.Adam()
    other, content = keras.optimizers.Adam(), keras.losses.MeanSquaredError()
    for arguments in [(one, one, content, 1), (one, None, content, 1)]:
        with pytest.raises(ValueError, match=r"two different .*Received: "):
            model.compile(*arguments)
    with pytest.raises(ValueError, match=r"`content` as a .*Received: 'mse'"):
        model.compile(one, other, "mse", 1)
    for weight in (-1, "1", None, float("nan"), float("inf")):
        with pytest.raises(
            ValueError, match=r"`adversarial_weight` as a number.*Received"
        ):
            model.compile(one, other, content, weight)


@pytest.mark.parametrize("name", ["loss", "metrics", "weighted_metrics"])
def test_what_would_be_ignored_is_refused(name):
    optimizers = [keras.optimizers.Adam() for _ in range(2)]
    content = keras.losses.MeanSquaredError()
    with pytest.raises(ValueError, match=f"Expected no .*Received: {name}"):
        srgan().compile(*optimizers, content, 0.5, **{name: "mse"})


def test_the_discriminator_takes_any_size(rng):
    network = models.discriminator(4)
    for size in ((1, 1), (16, 16), (40, 23)):
        assert network(rng.random((2, *size, 3), dtype="float32")).shape == (2, 1)
    with pytest.raises(ValueError, match="Received"):
        models.discriminator(0)


def test_a_patch_discriminator_gives_a_verdict_for_each_square(rng):
    network = models.patch_discriminator(4)
    for size, logits in (((1, 1), (1, 1)), ((16, 16), (4, 4)), ((40, 23), (10, 6))):
        image = rng.random((2, *size, 3), dtype="float32")
        assert network(image).shape == (2, *logits, 1)
    with pytest.raises(ValueError, match="Received"):
        models.patch_discriminator(0)


def test_a_patch_discriminator_sees_37_pixels(rng):
    network = models.patch_discriminator(4)
    image = tf.Variable(rng.random((1, 96, 96, 3), dtype="float32"))
    with tf.GradientTape() as tape:
        logit = network(image)[0, 12, 12, 0]
    rows, columns = np.nonzero(np.any(tape.gradient(logit, image)[0] != 0, axis=-1))
    assert np.ptp(rows) == np.ptp(columns) == 36


@pytest.mark.slow
def test_a_step_with_a_patch_discriminator_moves_both_networks(images):
    model = SRGAN(models.srresnet(2, 1, 4), models.patch_discriminator(4))
    optimizers = [keras.optimizers.Adam(1e-3) for _ in range(2)]
    model.compile(*optimizers, keras.losses.MeanAbsoluteError(), 0.5)
    before = trained(model.generator), trained(model.discriminator)
    logs = model.train_on_batch(*images, return_dict=True)
    assert moved(before[0], trained(model.generator)) > 0
    assert moved(before[1], trained(model.discriminator)) > 0
    assert logs["loss"] == pytest.approx(logs["content"] + 0.5 * logs["adversarial"])


@pytest.mark.slow
def test_two_devices_take_the_step_of_one():
    script = Path(__file__).with_name("two_devices.py")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "as one device: yes" in done.stdout
