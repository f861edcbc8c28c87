"""Run by test_srgan in a process of its own: devices are fixed before the first use."""

import os
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

from sr_utils import models
from sr_utils.srgan import SRGAN

BATCH = 8


class Undivided(keras.losses.MeanSquaredError):
    """A loss that forgets to divide by the number of devices."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss of one device times the number of devices."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return super().__call__(y_true, y_pred) * replicas


def unsynchronized(filters):
    """The discriminator with statistics of each device by itself."""

    def copy(layer):
        config = layer.get_config()
        if isinstance(layer, keras.layers.BatchNormalization):
            config["synchronized"] = False
        return type(layer).from_config(config)

    network = models.discriminator(filters)
    return keras.models.clone_model(network, clone_function=copy)


def made(discriminator=models.discriminator, loss=keras.losses.MeanSquaredError):
    """A small SRGAN with plain gradient descent, its weights always the same."""
    keras.utils.set_random_seed(0)
    model = SRGAN(models.srresnet(2, blocks=1, filters=8), discriminator(4))
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable + 0.05 * rng.normal(size=variable.shape))
    optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
    model.compile(*optimizers, loss(), 0.5, jit_compile=False)
    return model


def data():
    """One batch of noise."""
    rng = np.random.default_rng(1)
    pair = rng.random((BATCH, 8, 8, 3)), rng.random((BATCH, 16, 16, 3))
    pair = tuple(x.astype("float32") for x in pair)
    return tf.data.Dataset.from_tensor_slices(pair).batch(BATCH)


def step(strategy, *arguments):
    """The weights after one step."""
    with strategy.scope():
        model = made(*arguments)
    model.fit(data(), verbose=0, shuffle=False)
    return model.get_weights()


def difference(first, second):
    """The largest difference of two lists of weights."""
    return max(np.abs(a - b).max() for a, b in zip(first, second, strict=True))


def main():
    """Compare one device with two, and with two mistakes."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)
    one = step(tf.distribute.get_strategy())
    both = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    distances = {
        "right": difference(one, step(both)),
        "undivided": difference(one, step(both, models.discriminator, Undivided)),
        "unsynchronized": difference(one, step(both, unsynchronized)),
    }
    print(distances)
    equal = distances["right"] < 1e-6
    noticed = min(distances["undivided"], distances["unsynchronized"]) > 1e-4
    print("as one device:", "yes" if equal and noticed else "no")
    with both.scope():
        model = made()
    model.fit(data().repeat(3), verbose=0, shuffle=False)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "model.keras"))


if __name__ == "__main__":
    main()
