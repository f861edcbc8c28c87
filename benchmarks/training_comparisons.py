"""The speed of our training against that of the usual way, as ratios in one run.

The last comparison trains two networks for minutes and needs Set5.
"""

import itertools

import keras
import numpy as np
from keras import layers, ops

from sr_utils import datasets, models, runtime
from sr_utils.layers import depth_to_space
from sr_utils.patches import Patches
from sr_utils.scoreboard import Scoreboard
from sr_utils.training.recipes import RECIPES

from .timing import ratio, seconds

GOALS = (29.5, 30.0)  # dB on Set5 x4
LIMIT = 240  # seconds of training


def compare_step(name, steps=10, rounds=7):
    """A training step of a recipe: against Keras' defaults, and against its loader."""
    recipe = RECIPES[name]
    source = recipe.patches()

    def load():
        return [source.batch(number) for number in range(steps)]

    x, y = (np.concatenate(part) for part in zip(*load(), strict=True))
    ours = recipe.trainable()
    plain = recipe.network(recipe.scale, **recipe.options)
    plain.compile("adam", recipe.build_loss())

    def fit(network):
        return lambda: network.fit(x, y, recipe.batch, verbose=0)

    times = ratio(fit(plain), fit(ours), rounds)
    print(f"{name}: a step under Keras' defaults / our step  {times:.2f}")
    times = ratio(fit(ours), load, rounds)
    print(f"{name}: our step / loading its batch  {times:.1f}")


def compare_srgan(rounds=7):
    """A step of `srgan_x4`: against Keras' defaults, and where its time goes."""
    recipe = RECIPES["srgan_x4"]
    patches = Patches(datasets.training().values(), recipe.scale, batch=recipe.batch)
    low, high = patches.batch(0)
    ours = srgan(recipe, runtime.precision(), jit_compile=runtime.jit_compile())
    plain = srgan(recipe, "float32")
    times = ratio(
        lambda: plain.train_on_batch(low, high),
        lambda: ours.train_on_batch(low, high),
        rounds,
    )
    print(f"SRGAN: a step under Keras' defaults / our step  {times:.2f}")
    for name, part in parts(ours, low, high).items():
        share = ratio(part, lambda: ours.train_on_batch(low, high), rounds)
        print(f"SRGAN: {name} / the whole step  {share:.2f}")


def srgan(recipe, precision, **options):
    """The untrained SRGAN of a recipe; its VGG19 has random weights."""
    from sr_utils.srgan import SRGAN

    with runtime.policy(precision):
        content = recipe.loss(weights=None, calibration=1)
        generator = recipe.network(recipe.scale, **recipe.options)
        model = SRGAN(generator, models.discriminator(recipe.filters))
    optimizers = [keras.optimizers.Adam() for _ in range(2)]
    model.compile(*optimizers, content, recipe.adversarial_weight, **options)
    return model


def parts(model, low, high):
    """The three parts of a step of SRGAN, each computing the gradients it needs."""
    import tensorflow as tf

    generator, discriminator = model.generator, model.discriminator
    generated = tf.convert_to_tensor(generator(low))

    @tf.function
    def generating():
        with tf.GradientTape() as tape:
            image = generator(low, training=True)
        return tape.gradient(image, generator.trainable_variables)

    @tf.function
    def comparing():
        with tf.GradientTape() as tape:
            tape.watch(generated)
            loss = model.content(high, generated)
        return tape.gradient(loss, generated)

    @tf.function
    def discriminating():
        with tf.GradientTape() as tape, tf.GradientTape() as own_tape:
            tape.watch(generated)
            logits = discriminator(ops.concatenate([high, generated]), training=True)
        weights = discriminator.trainable_variables
        return tape.gradient(logits, generated), own_tape.gradient(logits, weights)

    return {
        "generator": generating,
        "content loss with VGG19": comparing,
        "discriminator": discriminating,
    }


def keras_io_edsr():
    """The EDSR of the keras.io example: 16 blocks, 64 filters.

    It gets values from 0 to 1; the example divides by 255 first and multiplies last.
    """
    low = keras.Input((None, None, 3))
    x = skip = layers.Conv2D(64, 3, padding="same")(low)
    for _ in range(16):
        y = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
        x = x + layers.Conv2D(64, 3, padding="same")(y)
    x = layers.Conv2D(64, 3, padding="same")(x) + skip
    for _ in range(2):
        x = depth_to_space(layers.Conv2D(256, 3, padding="same")(x), 2)
    return keras.Model(low, layers.Conv2D(3, 3, padding="same")(x))


def seconds_to_goals(network, source, every):
    """Train until `GOALS` on Set5 or `LIMIT`, whichever is first; scoring is free.

    Returns:
        Dictionary from goal to seconds, and the best score.
    """
    board = Scoreboard({"Set5": datasets.benchmark("Set5")}, 4)
    spent, reached, best = 0, {}, 0
    options = {"steps_per_epoch": every, "shuffle": False, "verbose": 0}
    for start in itertools.count(step=every):
        batches = source.stream(start)
        spent += seconds(lambda batches=batches: network.fit(batches, **options))
        board.add("network", models.upscaler(network))
        best = max(best, board.mean("network", "Set5").psnr)
        reached |= {x: spent for x in GOALS if best >= x and x not in reached}
        if spent > LIMIT or len(reached) == len(GOALS):
            return reached, best


def compare_training():
    """Seconds to reach scores: our recipe, and the keras.io EDSR on the same data."""
    if not datasets.available("Set5"):
        return
    recipe = RECIPES["srresnet_x4_bundled"]
    edsr = keras_io_edsr()
    edsr.compile(keras.optimizers.Adam(1e-4), "mae")
    for name, network, batch, every in (
        ("srresnet_x4_bundled", recipe.trainable(), recipe.batch, 50),
        ("EDSR as on keras.io", edsr, 16, 10),
    ):
        source = Patches(datasets.training().values(), 4, batch=batch)
        reached, best = seconds_to_goals(network, source, every)
        found = [
            f"{goal} dB after {reached[goal]:.0f} s"
            if goal in reached
            else f"{goal} dB not in {LIMIT} s"
            for goal in GOALS
        ]
        print(f"{name}: {', '.join(found)}; best {best:.2f} dB")
