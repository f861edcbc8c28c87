"""Our speed against that of the usual way, as ratios in one run.

Training is compared in `training_comparisons`.
"""

import statistics
import subprocess
import sys
import tempfile
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
from keras import ops
from PIL import Image

from sr_utils import architecture, datasets, export, images, models, runtime
from sr_utils.cli import enlarge, process
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


def compare_upscaling(name="srresnet_x4", width=1632, height=1224, rounds=3):
    """Megapixels a second: `sr-upscale` after its start, and the network alone."""
    low = np.random.default_rng(0).random((256, 256, 3), dtype=np.float32)
    process.keep_freed_memory()  # as the command does
    network = models.load_checkpoint(name)
    scale, alone = architecture.scale(network), runtime.graph(network)
    methods = {
        "sr-upscale": enlarge.method(name),
        "sr-upscale --fast": enlarge.method(name, precision=runtime.precision()),
    }
    count = width * height // low[..., 0].size  # so that both work equally long

    def network_alone():
        for _ in range(count):
            alone(low[None]).numpy()

    rate = {"network alone, 256 x 256": count * (256 * scale) ** 2 / 1e6}
    rate |= dict.fromkeys(methods, width * height * scale**2 / 1e6)
    with tempfile.TemporaryDirectory() as folder:
        photo, large = Path(folder, "photo.png"), Path(folder, "large.png")
        _mosaic(width, height).save(photo)
        ways = {"network alone, 256 x 256": network_alone}
        ways |= {
            way: lambda method=method: enlarge.enlarge(photo, large, method)
            for way, method in methods.items()
        }
        times = in_turn(ways, rounds)
    print(
        f"{name}, a PNG file of {width} x {height}: megapixels of the result a second"
    )
    rates = {way: rate[way] / statistics.median(times[way]) for way in ways}
    for way, found in rates.items():
        share = found / rates["network alone, 256 x 256"]
        print(f"  {way:24} {found:5.2f}, {share:.2f} of the network alone")


def compare_workers(count=12, width=300, height=225):
    """`sr-upscale` in one process and with two Dask workers, from start to end."""
    if not find_spec("distributed"):
        return
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        photos.mkdir()
        for number in range(count):
            _mosaic(width, height).save(photos / f"{number}.png")
        ways = {
            f"{name}, {where}": partial(_command, source, Path(folder, "large"), more)
            for name, source in (("one", photos / "0.png"), ("all", photos))
            for where, more in (("alone", ()), ("2 workers", ("--workers", "2")))
        }
        times = {way: seconds(function) for way, function in ways.items()}
    print(f"sr-upscale, {count} photographs of {width} x {height}, start included")
    for where in ("alone", "2 workers"):
        rate = 60 * count / times[f"all, {where}"]
        single = times[f"one, {where}"]
        print(f"  {where:9} {rate:5.1f} a minute; a single one takes {single:.1f} s")


def _command(source, folder, options):
    """Run `sr-upscale` in a process of its own."""
    folder.mkdir(exist_ok=True)
    target = folder if source.is_dir() else folder / source.name
    line = [source, "-o", target, "--overwrite", "--model", "srresnet_x4", *options]
    subprocess.run(
        [sys.executable, "-m", "sr_utils", *line],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _mosaic(width, height):
    """A `PIL.Image` of this size, filled with the held-out photographs."""
    tiles = [images.to_uint8(x) for x in datasets.held_out().values()]
    page = Image.new("RGB", (width, height))
    places = [(x, y) for y in range(0, height, 300) for x in range(0, width, 400)]
    for number, place in enumerate(places):
        page.paste(Image.fromarray(tiles[number % len(tiles)][:300, :400]), place)
    return page
