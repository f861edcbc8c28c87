"""Our speed against that of the usual way, as ratios in one run.

Training is compared in `training_comparisons`.
"""

import statistics
import tempfile
from fractions import Fraction

import keras
import numpy as np
from keras import ops

from sr_utils import datasets, export, models, runtime, tiling
from sr_utils.patches import Patches
from sr_utils.perceptual import PerceptualLoss
from sr_utils.resize import resize

from .timing import in_turn, ratio, seconds


def compare_resize():
    """Our resize against TensorFlow's, in both directions."""
    import tensorflow as tf

    image = np.random.default_rng(0).random((512, 512, 3), dtype=np.float32)
    print("512 x 512 x 3, bicubic: time of sr_utils.resize / time of tf.image.resize")
    for scale in (4, Fraction(1, 4)):
        size = (int(512 * scale), int(512 * scale))
        for antialias in (True, False):
            times = ratio(
                lambda scale=scale, antialias=antialias: resize(
                    image, scale, antialias=antialias
                ),
                lambda size=size, antialias=antialias: tf.image.resize(
                    image, size, "bicubic", antialias=antialias
                ).numpy(),
            )
            print(f"  x{scale!s:4} antialias={antialias!s:6} {times:.2f}")


def compare_features(layer="block3_conv1"):
    """Our feature loss with its gradient, against a plain `keras.Model` of VGG19."""
    import tensorflow as tf

    with runtime.policy(runtime.precision()):
        ours = PerceptualLoss([layer], weights=None, calibration=1)
    network = keras.applications.VGG19(include_top=False, weights=None)
    features = keras.Model(network.input, network.get_layer(layer).output)
    prepare = keras.applications.vgg19.preprocess_input

    def plain(x, y):
        apart = features(prepare(255 * x)) - features(prepare(255 * y))
        return ops.mean(ops.square(apart))

    def step(loss):
        @tf.function
        def gradient(x, y):
            with tf.GradientTape() as tape:
                tape.watch(y)
                value = loss(x, y)
            return tape.gradient(value, y)

        images = tf.random.stateless_uniform((2, 8, 96, 96, 3), (0, 0))
        return lambda: gradient(*images).numpy()

    times = ratio(step(plain), step(ours), rounds=9)
    print(f"{layer}: loss and gradient by a plain keras.Model / by ours  {times:.2f}")


def compare_litert(name):
    """A checkpoint as a LiteRT file in int8, against a plain `model.predict`."""
    network = models.load_checkpoint(name)
    photographs = datasets.training()
    examples = Patches(photographs.values(), 4, size=32, batch=32).batch(0)[0]
    with tempfile.TemporaryDirectory() as folder:
        export.save(network, folder)
        data = export.to_litert(folder, "int8", examples)
    litert, low = export.litert_upscaler(data), photographs["china"][:128, :128]
    spent = []

    def upscale():
        spent.append(seconds(lambda: litert(low)))

    times = ratio(lambda: network.predict(low[None], verbose=0), upscale, rounds=9)
    speed = 16 * low.shape[0] * low.shape[1] / statistics.median(spent) / 1e6
    print(f"{name}, 128 x 128 pixels: LiteRT int8 {speed:.2f} megapixels/s")
    print(f"  time of model.predict in float32 / time of LiteRT int8  {times:.1f}")


def compare_upscaling(name="srresnet_x4", size=384, rounds=5):
    """Megapixels a second: tiles in two precisions, and a plain `model.predict`."""
    model, image = models.load_checkpoint(name), datasets.held_out()["astronaut"]
    image = image[:size, :size]
    exact = models.upscaler(model, compiled=True)
    with runtime.policy("mixed_bfloat16"):
        twin = models.srresnet(exact.scale)
    twin.set_weights(model.get_weights())
    call = runtime.graph(twin)
    rough = exact._replace(function=lambda x: ops.convert_to_numpy(call(x[None]))[0])
    ways = {
        "model.predict of the whole": lambda: model.predict(image[None], verbose=0),
        "in tiles, float32": lambda: list(tiling.bands(exact, image)),
        "in tiles, bfloat16": lambda: list(tiling.bands(rough, image)),
    }
    print(f"{name}, {size} x {size}: megapixels of the result a second")
    for way, times in in_turn(ways, rounds).items():
        rate = (size * exact.scale) ** 2 / 1e6 / statistics.median(times)
        print(f"  {way:27} {rate:.2f}")
