# %% [markdown]
# # 4. SRGAN: can the loss itself be learned?
#
# Lesson 3 replaced pixels by features, and the network drew strokes. But a feature loss is
# fixed. Once a network has found a cheap way to please it, nothing changes its mind.
#
# In this lesson a second network looks at the results and learns to tell them from
# photographs. Whatever gives the first one away is what it must improve next. You write the
# training step of both yourself, and run it with Keras' `fit`.

# %%
# The build writes this cell: tools/address.py.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from sr_utils import (
    architecture,
    datasets,
    losses,
    metrics,
    models,
    pictures,
    plots,
    srgan,
)
from sr_utils.patches import Patches
from sr_utils.perceptual import PerceptualLoss, vgg19_features
from sr_utils.progress import Progress
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

# %% [markdown]
# Here is where the lesson leads: three networks with the same layers. The first was trained
# on pixels, the second on features, the third against a discriminator. Look at the fur. The
# third has the most of it, and its PSNR is the lowest.

# %%
photographs = datasets.held_out()
cat, small_cat = datasets.pair(photographs["chelsea"], 4)
shipped = {
    "pixel loss": models.load_checkpoint("srresnet_x4"),
    "feature loss": models.load_checkpoint("srresnet_x4_vgg"),
    "SRGAN": models.load_checkpoint("srgan_x4"),
}


def crops(upscalers, original, low, region):
    panels, captions = {}, {}
    for name, upscale in upscalers.items():
        result = upscale(low)
        panels[name] = pictures.crop(result, region)
        captions[name] = f"{metrics.psnr(original, result, shave=4):.2f} dB"
    return panels | {"original": pictures.crop(original, region)}, captions


# %%
fur = (0, 51, 80, 80)
upscalers = {name: models.upscaler(network) for name, network in shipped.items()}
panels, captions = crops(upscalers, cat, small_cat, fur)
alt = "Fur: smeared; with short dark strokes; with more, finer ones; the original."
pictures.gallery(panels, zoom=3, captions=captions, alt=alt)

# %% [markdown]
# **What you will learn**
#
# - why a discriminator asks for *one* right answer, where squared error asks for the mean
# - a discriminator, and the three losses of SRGAN with their weights
# - a Keras model with its own `train_step`: two tapes, two optimizers
# - how to read the curves of such a training, and what its failures look like
# - where all methods of the series stand between closeness and looks
#
# **What you need:** lesson 3. **Time:** about two hours to read and try; about four minutes
# to run on two CPU cores. The section *On a GPU* has the same at full size.

# %% [markdown]
# ## Two right answers
#
# Lesson 1 ended with two different images that shrink to the same small one. Here is the
# smallest such case: stripes, and the same stripes moved by one pixel. Take the mean of
# each 4 × 4 square, and both shrink to the same even gray of 2 × 2 pixels.

# %%
columns = np.indices((8, 8))[1] % 2
answers = np.stack([columns, 1 - columns]).astype("float32")
gray = np.full((1, 2, 2), 0.5, "float32")


# %%
def framed(image):
    large = np.kron(image, np.ones(2 * [128 // len(image)]))
    return np.pad(large, 4, constant_values=0.75)[..., None]


panels = {"one answer": answers[0], "another": answers[1], "what is given": gray[0]}
panels = {name: framed(image) for name, image in panels.items()}
alt = "Black and white stripes, the same exchanged, and even gray."
pictures.gallery(panels, alt=alt)

# %% [markdown]
# Now let a network learn to answer. It gets the gray and must return stripes. One of its
# teachers is squared error. The other is a small network, the **discriminator**, that sees
# answers and right answers in turn and learns to tell them apart. Together they are a
# **generative adversarial network**, a GAN; the network that answers is its **generator**.


# %%
def dense_generator():
    small = keras.initializers.RandomNormal(stddev=0.05)
    dense = layers.Dense(64, activation="sigmoid", kernel_initializer=small)
    return keras.Sequential(
        [keras.Input((2, 2)), layers.Flatten(), dense, layers.Reshape((8, 8))]
    )


def dense_discriminator(units):
    hidden = [layers.Flatten(), layers.Dense(units), layers.LeakyReLU()]
    return keras.Sequential([keras.Input((8, 8)), *hidden, layers.Dense(1)])


shapes = dense_generator().output_shape, dense_discriminator(32).output_shape
print("generator:", shapes[0][1:], "discriminator:", shapes[1][1:])


# %% [markdown]
# The discriminator returns one number for each image, a **logit**: above 0 for "right
# answer", below 0 for "generated". `BinaryCrossentropy` compares it with the truth, 1 or 0.
# The discriminator learns to be right. The generator learns to make it wrong.

# %%
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


def yes(logits):
    return cross_entropy(ops.ones_like(logits), logits)


def no(logits):
    return cross_entropy(ops.zeros_like(logits), logits)


for logit in (-3.0, 0.0, 3.0):
    logits = ops.array([[logit]])
    print(f"{logit:+.0f}: is it yes? {yes(logits):.2f}, is it no? {no(logits):.2f}")

# %% [markdown]
# The loss is small when the discriminator says the right thing, and grows with how sure it
# was of the wrong one. Now the two teachers, as functions of the answer and the
# discriminator.


# %%
def squared_error(answer, discriminator):
    return ops.mean(ops.square(answer - answers))


def adversarial(answer, discriminator):
    return yes(discriminator(answer))


# %% [markdown]
# The generator minimizes -log D, with D the probability that the discriminator gives to its
# answer. It could as well minimize log(1 - D), which asks for the same. But that has
# hardly a gradient where the discriminator is sure, which is where the generator needs one
# most.
#
# One step moves both. `tf.GradientTape` writes down what is computed, and can then tell how
# a loss changes with each weight. The generator's tape runs through the discriminator.


# %%
def learn(wish, given, rates=(0.02, 0.01), units=32, steps=400):
    generator, discriminator = dense_generator(), dense_discriminator(units)
    optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates]
    for optimizer, network in zip(optimizers, (generator, discriminator), strict=True):
        optimizer.build(network.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape, tf.GradientTape() as d_tape:
            answer = generator(given)
            loss = wish(answer, discriminator)
            d_loss = yes(discriminator(answers)) + no(discriminator(answer))
        weights = generator.trainable_variables
        optimizers[0].apply(tape.gradient(loss, weights), weights)
        weights = discriminator.trainable_variables
        optimizers[1].apply(d_tape.gradient(d_loss, weights), weights)

    for _ in range(steps):
        step()
    return generator(given).numpy()


# %% [markdown]
# **Predict:** what will each of the two teachers get?

# %% tags=["nbval-ignore-output"]
keras.utils.set_random_seed(0)
wishes = {"squared error": squared_error, "adversarial": adversarial}
learned = {name: learn(wish, gray)[0] for name, wish in wishes.items()}
panels = {name: framed(image) for name, image in learned.items()}
alt = "Squared error: even gray. Adversarial loss: clear stripes."
pictures.gallery(panels, alt=alt)


# %% tags=["nbval-ignore-output"]
def from_both(image):
    return np.sqrt(np.mean((answers - image) ** 2, axis=(1, 2)))


apart = {name: from_both(image) for name, image in learned.items()}
for name, x in apart.items():
    print(f"{name}: {x.min():.1f} from the closer answer, {x.max():.1f} from the other")
assert apart["squared error"].min() > 0.45
assert apart["adversarial"].min() < 0.1 < 0.9 < apart["adversarial"].max()

# %% [markdown]
# Squared error returns the gray it was given: halfway between two right answers, and no
# answer at all. The discriminator would spot that at once, since no right answer is gray. So the
# generator has to commit to one. Which one is chance. Even with more data it couldn't know.
#
# That is the bargain of this lesson: an image that *could* be right, in place of an average
# that never is.

# %% [markdown]
# ## The generator
#
# It is lesson 2's SRResNet with lesson 3's constraint, and it starts from the weights that
# were trained on pixels. The paper starts there, too. A discriminator is a poor first teacher:
# a blur is so easy to tell from a photograph that it says little about what to draw first.


# %%
def generator(start="srresnet_x4"):
    with runtime.policy(runtime.precision()):
        network = models.srresnet(4, flat=True)
    if start:
        network.set_weights(models.load_checkpoint(start).get_weights())
    return network


print(f"{architecture.cost(generator()).parameters:,} parameters")

# %% [markdown]
# Lesson 3 ended with a faint weave on slopes. A discriminator makes it worse, since a grid has
# contrast everywhere, just as texture has. The constraint can't see it: the squares stay
# even only where the image is even.
#
# But a grid has one property that texture doesn't have. It is *the same in every square*.
# So take the error and average all pixels that have the same place in their 4 × 4 square.
# Texture cancels in these 16 means, and a grid doesn't.


# %%
def grid(y_true, y_pred):
    error = y_true - y_pred
    places = [(y, x) for y in range(4) for x in range(4)]
    means = [ops.mean(error[:, y::4, x::4], axis=(1, 2, 3)) for y, x in places]
    return ops.var(ops.stack(means, axis=1), axis=1)


rng = np.random.default_rng(0)
texture = rng.normal(0, 0.05, (1, 96, 96, 3)).astype("float32")
weave = np.tile(0.05 * (np.indices((96, 96)).sum(axis=0) % 2)[..., None], 3)[None]
for name, x in {"texture": texture, "weave": weave.astype("float32")}.items():
    print(f"{name}: {float(grid(0 * x, x)[0]):.1e}")
    assert np.isclose(grid(0 * x, x), losses.grid(0 * x, x))

# %% [markdown]
# The variance of the 16 means becomes a term of the loss. It is tiny in these units, so its
# weight is a large number, 1,000. It treats the symptom. The cause shows once there is a
# discriminator.

# %% [markdown]
# ## The discriminator
#
# The discriminator is a classifier with one question: photograph or generated? It has pairs of 3
# × 3 convolutions, of which the second halves the resolution. Each has a leaky ReLU, and
# all but the first have batch normalization. At the end, the paper flattens the map into
# two dense layers, which fix the size of the image. Ours takes the mean over all places,
# so that any size will do.

# %%
with runtime.policy(runtime.precision()):
    discriminator = models.discriminator(filters=32)
maps = [x for x in discriminator.layers if isinstance(x, layers.Conv2D)]
sizes = keras.Model(discriminator.input, [x.output for x in maps])
shapes = sizes.compute_output_shape((1, 96, 96, 3))
print(" → ".join(f"{height}×{width}×{depth}" for _, height, width, depth in shapes))
print(f"{discriminator.count_params():,} parameters")

# %% [markdown]
# The discriminator is thrown away after the training, so its size costs only time.
#
# **Why leaky ReLU?** The generator learns through this network. What a ReLU sets to zero
# passes no gradient back.

# %% [markdown]
# ### Where grids come from
#
# A kernel of 3 × 3 that moves by 2 pixels reads one pixel twice and its neighbor once. So
# pixels don't count equally, and which ones count more repeats with every square.
# **Predict:** how strong is the discriminator's gradient at each of the 16 places of a 4
# × 4 square?

# %%
patches = Patches(datasets.training().values(), 4, batch=8, seed=0)
low, high = patches.batch(0)
made = tf.convert_to_tensor(generator()(low))


def strength(loss, image, by=(0, 0)):
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = loss(ops.roll(image, by, axis=(1, 2)))
    squares = tape.gradient(value, image).numpy() ** 2
    places = squares.reshape(len(squares), 24, 4, 24, 4, 3).mean(axis=(0, 1, 3, 5))
    return places / places.mean()


# %%
def fooled(image):
    return yes(discriminator(image, training=True))


# %%
shifts = [(y, x) for y in range(4) for x in range(4)]
fixed = strength(fooled, made)
moving = np.mean([strength(fooled, made, by) for by in shifts], axis=0)
assert fixed.max() > 1.3 * fixed.min() and moving.max() < 1.1 * moving.min()

# %% tags=["nbval-ignore-output"]
both = {"image at rest": fixed, "image moved": moving}
panels = {name: np.clip(x / 2, 0, 1)[..., None] for name, x in both.items()}
captions = {x: f"{y.min():.2f} to {y.max():.2f}" for x, y in both.items()}
alt = "Sixteen squares: a pattern of lighter and darker grays, and an even gray."
pictures.gallery(panels, zoom=40, captions=captions, alt=alt)

# %% [markdown]
# Each square is one of the 16 places, and lighter means a larger squared gradient, in
# units of the mean. On the left, the strongest place gets almost twice the weakest. The
# pattern repeats all over the image, in the very squares in which the generator makes
# four by four pixels of one. So the generator is pushed to draw it. VGG19, which halves
# by taking the largest of each 2 × 2, has such a pattern, too, a fainter one.
#
# The cure costs nothing: **move both images** by 0 to 3 pixels down and to the right before
# the discriminator sees them, and by others in each step. Over 16 steps every pixel has been at every
# place, as on the right. What leaves the image on one side enters on the other, in the
# original as in the result.


# %%
def moved(step, *images):
    by = step % 4, step // 4 % 4
    return [ops.roll(image, by, axis=(1, 2)) for image in images]


# %%
numbers = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
for step in (0, 1, 4):
    (image,) = moved(step, numbers)
    print(f"step {step}:", ops.convert_to_numpy(image)[0, 0, :, 0].astype(int))

# %% [markdown]
# ## Three losses
#
# The paper writes the generator's loss as *content loss* + 0.001 × *adversarial loss*,
# with VGG features as content, multiplied by 0.006. The 0.006 is 1/12.75², the scale of
# lesson 3, squared. As its equations are written, the paper **sums**: the features'
# squares over all channels, the adversarial loss over the images of a batch. Keras takes
# the **mean** of both. With 512 channels and 16 images, that changes the balance 32
# times. So a weight from a paper means nothing until you know what was summed, and in
# what units.
#
# What matters is who pulls how hard on the pixels. Measure it: the length of each term's
# gradient with respect to the generated image.

# %% tags=["nbval-ignore-output"]
imagenet = vgg19_features(["block1_conv1"]).name == "vgg19_imagenet"
weights = "imagenet" if imagenet else None
print("weights of VGG19:", "ImageNet" if imagenet else "RANDOM")
with runtime.policy(runtime.precision()):
    feature_loss = PerceptualLoss(["block3_conv1"], weights, datasets.training())
    content = PerceptualLoss(
        ["block3_conv1"], weights, datasets.training(), pixel=1, grid=1_000
    )

# %%
terms = {
    "features": lambda x: feature_loss(high, x),
    "pixels": lambda x: ops.mean(ops.abs(high - x)),
    "grid, times 1,000": lambda x: 1_000 * ops.mean(losses.grid(high, x)),
    "adversarial, times 0.4": lambda x: 0.4 * fooled(x),
}

# %% tags=["nbval-ignore-output"]
for name, term in terms.items():
    with tf.GradientTape() as tape:
        tape.watch(made)
        loss = term(made)
    pull = float(tf.norm(tape.gradient(loss, made)))
    print(f"{name}: loss {float(loss):.3f}, pull {1000 * pull:.1f} / 1,000")

# %% [markdown]
# The sizes of the losses say little, the pulls say more. The smallest loss, that of the
# grid, pulls harder than that of the pixels, which has little more to do than to keep the
# colors. The adversarial loss is half that of the features, and pulls harder, though it has
# learned nothing yet. That is why the learning rate will start low: for the first ten
# steps the generator hardly follows a discriminator that knows nothing.
#
# The discriminator's own loss is the mean of "yes to photographs" and "no to what was
# made", with one change: to photographs it should say 0.9, not 1. This is **one-sided
# label smoothing** (Salimans and others, 2016). It keeps the discriminator from growing
# ever surer of photographs, with ever larger logits. It must be one-sided. If it should
# say 0.1 to generated images, it would invite the generator to stay as it is.

# %% [markdown]
# ## The model
#
# Keras' `fit` does one thing over and over: it takes a batch and calls `train_step`. For
# two networks with two losses, the step must be your own. Everything else stays Keras':
# batches, callbacks, progress, saving.
#
# First the parts. A `keras.Model` that is given layers or models as attributes keeps track
# of their weights. The third network, `averaged`, is explained below.


# %%
class Networks(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.averaged = keras.models.clone_model(generator)
        self.averaged.set_weights(generator.get_weights())
        self.averaged.trainable = False
        self.built = True  # its parts are

    def call(self, low, training=False):
        return self.averaged(low, training=False)


# %% [markdown]
# `compile` takes two optimizers. A shared one would count two steps for each of ours, and
# its schedule with them, and the networks couldn't have rates of their own. Each is built
# with the weights of one network, and refuses all others.
#
# `metrics` lists what Keras sets back to zero before each epoch. Leave a metric out, and
# its mean runs on through all epochs.


# %%
class Compiled(Networks):
    def compile(self, optimizer, d_optimizer, content, adversarial_weight, **options):
        super().compile(optimizer=optimizer, **options)
        self.d_optimizer = d_optimizer
        optimizer.build(self.generator.trainable_variables)
        d_optimizer.build(self.discriminator.trainable_variables)
        self.content, self.adversarial_weight = content, adversarial_weight
        names = ("loss", "content", "adversarial", "d_loss", "real", "fake")
        self.means = {name: keras.metrics.Mean(name=name) for name in names}

    @property
    def metrics(self):
        return list(self.means.values())


# %% [markdown]
# The losses are those of the last section.


# %%
class Compared(Compiled):
    def compare(self, high, made, real, fake):
        content = self.content(high, made)
        adversarial = yes(fake)
        return {
            "loss": content + self.adversarial_weight * adversarial,
            "content": content,
            "adversarial": adversarial,
            "d_loss": (cross_entropy(0.9 * ops.ones_like(real), real) + no(fake)) / 2,
        }


# %% [markdown]
# A network in adversarial training never comes to rest: it circles around a good place. So keep a
# second copy, and move it in each step a little toward the first: an **exponential moving
# average**. After n steps it keeps n / (n + 10) of itself, and never more than 0.995. It
# isn't trained. It is what you use in the end.


# %%
class Averaging(Compared):
    def average(self):
        step = ops.cast(self.optimizer.iterations, "float32")
        keep = ops.minimum(0.995, step / (step + 10))
        pairs = zip(self.averaged.weights, self.generator.weights, strict=True)
        for average, weight in pairs:
            average.assign(keep * average + (1 - keep) * weight)


# %% [markdown]
# And now the step. Read it with these questions in mind:
#
# - Each network has a loss of its own. Where are they kept apart?
# - The generator learns *through* the discriminator. Which line must not be cut?
# - Why do originals and results go through the discriminator together?
# - Where is a grid kept from paying off?


# %%
class SRGAN(Averaging):
    def train_step(self, batch):
        low, high, _ = keras.utils.unpack_x_y_sample_weight(batch)
        with tf.GradientTape() as tape, tf.GradientTape() as d_tape:
            step = ops.cast(self.optimizer.iterations, "int32")
            high, made = moved(step, high, self.generator(low, training=True))
            both = self.discriminator(ops.concatenate([high, made]), training=True)
            real, fake = ops.split(both, 2)
            losses = self.compare(high, made, real, fake)
        weights = self.generator.trainable_variables
        self.optimizer.apply(tape.gradient(losses["loss"], weights), weights)
        weights = self.discriminator.trainable_variables
        self.d_optimizer.apply(d_tape.gradient(losses["d_loss"], weights), weights)
        self.average()
        seen = losses | {"real": ops.sigmoid(real), "fake": ops.sigmoid(fake)}
        for name, value in seen.items():
            self.means[name].update_state(value)
        return {name: self.means[name].result() for name in seen}


# %% [markdown]
# Line by line:
#
# - `unpack_x_y_sample_weight`: whatever the data yields, `fit` hands it over as one
#   `batch`.
# - `with ... as tape, ... as d_tape`: a tape can be asked for gradients once, and there are
#   two losses. Both tapes record the same pass, and all trainable variables of both
#   networks.
# - `moved`: both images go to the next of the 16 places. The step's number decides, so that
#   a training that was stopped goes on with the right one.
# - `training=True`: batch normalization uses this batch's statistics, and updates its own.
# - `concatenate` and `split`: one batch of both kinds. Batch normalization subtracts the
#   batch's mean and divides by its standard deviation. In a batch of its own, each kind
#   would come out with the same mean and contrast, and contrast is what makes them differ.
# - `compare`: inside the tapes, since the losses must be recorded, too. From the images to
#   the generator's loss nothing is cut: only so does it hear how to look more real.
# - The next two pairs of lines: a tape gives the gradient for the variables you name. The
#   generator's loss moves the generator only, the discriminator's only the discriminator.
#   Both gradients belong to the networks as they were before the step. Neither goes first.
# - `self.average()`: the copy follows, after the generator has moved.
# - `update_state` and `result`: what `fit` shows is the mean over the epoch so far. The
#   sigmoid turns logits into probabilities: `real` and `fake` are how likely the
#   discriminator finds it that photographs and generated images are photographs.

# %% [markdown]
# `sr_utils.srgan.SRGAN` takes the same step. It adds what a long training needs: saving to
# one file, loss scaling for float16, several devices, checks. One step of both, from the
# same weights and the same batch:


# %%
def one_step(kind):
    keras.utils.set_random_seed(0)
    pair = models.srresnet(4, blocks=1, filters=8, flat=True), models.discriminator(4)
    model = kind(*pair)
    optimizers = [keras.optimizers.Adam(0.001) for _ in pair]
    model.compile(*optimizers, keras.losses.MeanAbsoluteError(), 0.1, jit_compile=False)
    model.train_on_batch(low, high)
    return model.get_weights()


# %%
pairs = zip(one_step(SRGAN), one_step(srgan.SRGAN), strict=True)
furthest = max(np.abs(a - b).max() for a, b in pairs)
print("equal weights:", furthest < 1e-6)
assert furthest < 1e-6

# %% [markdown]
# ## Training
#
# Since it is a Keras model, callbacks work. This one keeps a crop of the cat after some
# of the epochs, by the generator itself: its average changes more slowly. An "epoch" is
# just 20 steps here (2,000 with `SR_BUDGET=full`), so that the history has many points.


# %%
class Film(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.chosen = [round(x) for x in np.geomspace(1, epochs, 5)]
        self.frames = {}

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 in self.chosen:
            large = models.upscaler(self.model.generator)(small_cat)
            name = f"after {int(self.model.optimizer.iterations)} steps"
            self.frames[name] = pictures.crop(large, fur)


# %% [markdown]
# Both learning rates follow the cosine of lesson 2, with a short warm-up. A GPU that
# computes in float16 needs scaled losses, which the package's class has; everywhere else it
# is your own class that trains.


# %%
per_epoch = runtime.budget(quick=20, full=2_000)


def train(network, epochs, adversarial_weight=0.4):
    keras.utils.set_random_seed(0)
    kind = srgan.SRGAN if runtime.precision() == "mixed_float16" else SRGAN
    with runtime.policy(runtime.precision()):
        model = kind(network, models.discriminator(filters=32))
    schedule = keras.optimizers.schedules.CosineDecay(
        3e-5, epochs * per_epoch - 10, warmup_target=3e-4, warmup_steps=10
    )
    optimizers = [keras.optimizers.Adam(schedule, beta_2=0.99) for _ in range(2)]
    jit_compile = runtime.jit_compile()
    model.compile(*optimizers, content, adversarial_weight, jit_compile=jit_compile)
    film, progress = Film(epochs), Progress("SRGAN", 4, model.averaged)
    history = model.fit(
        patches.stream(),
        epochs=epochs,
        steps_per_epoch=per_epoch,
        shuffle=False,
        callbacks=[film, progress],
        verbose=0,
    )
    return architecture.in_float32(model.averaged), film.frames, history.history


# %% [markdown]
# It takes one to two minutes. **Predict:** how will the discriminator's two curves move,
# apart or together?

# %% tags=["nbval-ignore-output"]
ours, frames, history = train(generator(), epochs=12)

# %% tags=["nbval-ignore-output"]
alt = "The same crop of fur at five moments: smooth at first, then with strokes."
pictures.gallery(frames, zoom=2, alt=alt)

# %% [markdown]
# Read the film from left to right. For 40 steps little happens. Then strokes appear, and
# gain contrast where they are. The color goes back and forth a little: what the network
# must satisfy changes, too.


# %%
def opinions(history):
    steps = per_epoch * np.arange(1, len(history["real"]) + 1)
    names = {"photographs": "real", "generated": "fake"}
    return {name: (steps, history[key]) for name, key in names.items()}


# %% tags=["nbval-ignore-output"]
labels = {"x_label": "step", "y_label": "probability of being a photograph"}
alt = "Two curves: photographs near one half, generated images a little lower."
plots.curves(opinions(history), **labels, alt=alt)

# %% [markdown]
# How to read these curves:
#
# - **Both near one half:** the discriminator can't tell. At the start it hasn't learned; at
#   the end this would be the ideal.
# - **Slightly apart,** as here: it sees differences, and its gradient says where.
# - **Far apart,** near 0.9 and 0: it has won. Its gradient is large, and says little about
#   how to improve.
# - **When to stop** they don't tell, and neither do the losses: in this game one's gain is
#   the other's loss. Pictures and scores do.

# %% [markdown]
# ## The result
#
# **Predict:** from the checkpoint of lesson 2, how many decibels does adversarial training cost?
# Will the cat have the same fur as in the original?

# %% tags=["nbval-ignore-output"]
names = ["SRResNet, pixel loss", "SRResNet, feature loss", "SRGAN, this notebook"]
compared = (shipped["pixel loss"], shipped["feature loss"], ours)
networks = dict(zip(names, compared, strict=True))
networks["SRGAN, checkpoint"] = shipped["SRGAN"]
upscalers = {name: models.upscaler(network) for name, network in networks.items()}
kernels = ("nearest", "bilinear", "bicubic", "lanczos3")
simple = {x: partial(resize, scale=4, kernel=x) for x in kernels}

# %% tags=["nbval-ignore-output"]
shown = {"bicubic": simple["bicubic"]} | upscalers
panels, captions = crops(shown, cat, small_cat, fur)
alt = "Fur: a blur; smooth; dark strokes; a short adversarial training; a long one; the original."
pictures.gallery(panels, zoom=4, captions=captions, columns=3, alt=alt)

# %% [markdown]
# And a face. Look at the hair and the rims of the eyes. Then look above the left eye: the
# short training draws stripes there that aren't in the photograph.

# %% tags=["nbval-ignore-output"]
astronaut, small = datasets.pair(photographs["astronaut"], 4)
panels, captions = crops(shown, astronaut, small, (36, 176, 80, 80))
alt = "Eyes and hair: blurred, smooth with pixel loss, sharper with the other three."
pictures.gallery(panels, zoom=4, captions=captions, columns=3, alt=alt)

# %% [markdown]
# Now the distances of lesson 3, with all methods of the series.

# %%
two_layers = ["block3_conv1", "block2_conv2"]
board = Scoreboard({"held-out": photographs}, 4, two_layers, weights)
points = {}
for name, upscale in (simple | upscalers).items():
    board.add(name, upscale)
    frechet, _ = board.perception(name, "held-out")
    points[name] = (board.mean(name, "held-out").psnr, frechet)

# %% tags=["nbval-ignore-output"]
board

# %% tags=["nbval-ignore-output"]
for name, (decibels, frechet) in points.items():
    print(f"{name:24} {decibels:.2f} dB   Fréchet distance {frechet:.1f}")
trained = {name: points[name] for name in networks}
alt = "Upper right: pixel loss; lower and to the left: feature loss, then SRGAN."
plots.plane(
    trained, y_label="Fréchet distance: down is more like a photograph", alt=alt
)

# %% [markdown]
# The interpolations lie far above this picture, at 127 and more. Among the three
# checkpoints, each step down goes to the left, as Blau and Michaeli's border makes you
# expect. Your own SRGAN is worse than the feature loss in both: it had 240 steps, the SRGAN
# checkpoint 3,000. And remember that `block3_conv1` is the layer of the content loss.
#
# No method of this series is both closest to the original and closest to photographs. Which
# one you want depends on what the image is for.


# %% tags=["nbval-ignore-output"]
def facts(upscale):
    pairs = [datasets.pair(x, 4) for x in photographs.values()]
    results = [(high, upscale(low)) for high, low in pairs]
    colors = [255 * abs((x - y).mean(axis=(0, 1))).max() for x, y in results]
    return max(colors), np.array([metrics.checkerboard(y, 4) for _, y in results])


before, after = points[names[0]], points[names[2]]
color, grids = facts(upscalers[names[2]])
excess = grids / facts(upscalers[names[0]])[1]
print(f"Fréchet distance {1 - after[1] / before[1]:.0%} lower")
print(f"PSNR {before[0] - after[0]:.2f} dB lower")
print(f"mean color: at most {color:.1f} levels from the original")
told = " ".join(f"{x:.1f}" for x in excess)
print(f"grid in each photograph: {told} times the pixel-loss network's")

# %%
assert before[0] - after[0] < 2.5
if imagenet:
    assert after[1] < 0.6 * before[1]
    assert before[0] > after[0]
    assert color < 2
    assert np.exp(np.mean(np.log(excess))) < 1.5

# %% [markdown]
# And the grid? We trained once more without moving the images, everything else the same:
# the three grids were 2.9, 1.3 and 1.4 times as strong as the pixel-loss network's, and
# the Fréchet distance was no better (15.6).

# %% [markdown]
# ## Invented detail
#
# Look at the fur once more. The strokes of the SRGAN are sharp, and they aren't the cat's.
# Nothing in the small image says where each hair was. The network has drawn hair as it
# usually looks. Where is it furthest from the truth?

# %% tags=["nbval-ignore-output"]
results = {name: upscalers[name](small_cat) for name in (names[0], names[2])}
errors = {x: np.abs(y - cat).mean(axis=-1) for x, y in results.items()}
panels = {x: np.clip(4 * y, 0, 1)[..., None] for x, y in errors.items()}
captions = {x: f"mean error {255 * y.mean():.1f} levels" for x, y in errors.items()}
alt = "Errors are brightest in fur and whiskers, and brighter with SRGAN."
pictures.gallery(panels, captions=captions, alt=alt)

# %% [markdown]
# White is an error of 64 levels or more. It lies in the fur and along edges: exactly where
# the SRGAN looks best. The pixel-loss network errs in the same places, a little less. But
# there a hair is missing, and here a hair is wrong.
#
# For a game, a film poster or a holiday picture, that is fine. It isn't where somebody will
# *read* the picture: the plate of a car, a face on a security camera, an X-ray, a satellite
# image, a number in a document. There a sharp wrong answer is worse than a blur, since a
# blur admits that it doesn't know. If you publish such a picture, say how it was made.

# %% [markdown]
# ## How it fails
#
# Two more trainings, of a third of the steps. The first skips the pretraining. In the
# second the adversarial loss counts 100 times as much. **Predict:** what will their fur look like?

# %% tags=["nbval-ignore-output"]
failures = {
    "no pretraining": train(generator(start=None), epochs=4),
    "adversarial × 100": train(generator(), epochs=4, adversarial_weight=40.0),
}

# %% tags=["nbval-ignore-output"]
shown = {"as above": upscalers[names[2]]}
shown |= {name: models.upscaler(network) for name, (network, *_) in failures.items()}
panels, captions = crops(shown, cat, small_cat, fur)
for name, upscale in shown.items():
    board.add(name, upscale)
    frechet, _ = board.perception(name, "held-out")
    captions[name] += f"\nFréchet distance {frechet:.1f}"
    captions[name] += f"\ncolor off by {facts(upscale)[0]:.1f} levels"
alt = "Fur: with texture; a blur; smooth and slightly greenish; the original."
pictures.gallery(panels, zoom=4, captions=captions, columns=2, alt=alt)

# %% [markdown]
# - **Without pretraining** the network starts as bicubic enlargement, and 80 steps
#   are far too few to catch up.
# - **With too heavy an adversarial loss** the content is hardly heard. After 80 steps there is
#   no texture, so PSNR is even higher than above. But the mean color has drifted eight
#   times as far: nothing holds it in place.
#
# Both had a third of the steps, so compare with care. PSNR is that of the cat, the other
# two numbers are those of all three photographs, the color that of the worst.
#
# **Predict:** which of the two would you have noticed in the curves?

# %% tags=["nbval-ignore-output"]
histories = {"as above": history} | {name: x for name, (*_, x) in failures.items()}
generated = {name: opinions(x)["generated"] for name, x in histories.items()}
labels = {"x_label": "step", "y_label": "probability given to generated images"}
alt = "Three curves of the probability that generated images are photographs."
plots.curves(generated, **labels, alt=alt)

# %% [markdown]
# Without pretraining the discriminator wins early. The heavy adversarial loss can't be told from
# the good training: the curve says who is winning, not what the pictures look like.

# %% [markdown]
# ### Collapse
#
# The failure that GANs are famous for: a generator finds *one* answer that passes, and
# gives it to every question. Back to the toy, where no content loss stands against that.
# This time it gets 16 different inputs. Both kinds of stripes are right for each of them.
# **Predict:** how many of the 16 will get the one kind, how many the other?

# %%
keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
inputs = rng.random((16, 2, 2)).astype("float32")
collapsed = learn(adversarial, inputs)
varied = answers[rng.permutation(16) % 2]


def mosaic(images):
    spaced = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=0.5)
    return spaced.reshape(2, 8, 10, 10).swapaxes(1, 2).reshape(20, 80, 1)


# %% tags=["nbval-ignore-output"]
panels = {"16 answers": mosaic(collapsed), "eight of each": mosaic(varied)}
alt = "Sixteen tiles with the same stripes, and sixteen with stripes of two kinds."
pictures.gallery(panels, zoom=6, columns=1, alt=alt)

# %% tags=["nbval-ignore-output"]
first = sum(np.argmin(from_both(image)) == 0 for image in collapsed)
print(f"{first} of one kind, {16 - first} of the other")
assert max(first, 16 - first) >= 12

# %% [markdown]
# Look at any tile alone: it is nearly perfect. A discriminator that sees one image at a time can
# only say "this kind comes too often". Then all 16 may move to the other kind together.
# It never asks for variety. You see a collapse best by looking at *many* results side by
# side: the same texture on fur, grass and brick. In super-resolution the content loss
# stands against it, one more reason to keep it.

# %% [markdown]
# ## On the benchmarks

# %% tags=["nbval-ignore-output"]
if benchmarks := datasets.available("Set5", "Set14"):
    papers = Scoreboard(benchmarks, 4, two_layers, weights)
    for name, network in shipped.items():
        papers.add(name, models.upscaler(network))
        for x in benchmarks:
            distance = papers.perception(name, x).feature_distance
            print(f"{name}, {x}: feature distance {distance:.3f}")
    print(papers)

# %% [markdown]
# The paper's figures for Set5 and Set14: SRResNet 32.05 and 28.49 dB, with the loss on
# φ2,2 30.51 and 27.19, SRGAN with φ2,2 29.84 and 26.44, SRGAN with φ5,4 29.40 and 26.02.
# Its networks are larger and were trained on 350,000 photographs; ours saw 300. The order
# is the same, and you know why. Pixel loss is best in PSNR, since PSNR is what it asks
# for. SRGAN is best in Fréchet distance, the nearest thing here to what the discriminator
# asks for. The feature loss lies between, and is best in the distance it was trained on,
# feature by feature and place by place.

# %% [markdown]
# ## On a GPU
#
# With `SR_BUDGET=full` the training above takes 24,000 steps. For the paper's scale, change
# these things and nothing else: patches of 96 × 96 (that is `size=24`, as here), batches of
# 16, 16 blocks of 64 filters, a discriminator with 64, features of `block5_conv4` (it needs
# the whole VGG19), 200,000 steps, and DIV2K's 800 photographs instead of ours. `runtime`
# switches on mixed precision and XLA where your GPU has them.
#
# How long does that take? Nobody has measured it for this course, but you can count. A step
# takes about 350 billion multiplications: half of them in VGG19, a third in the
# discriminator. A GPU that manages 5 trillion a second needs 0.07 s for a step, and four
# hours for all of them. The 24,000 steps of `SR_BUDGET=full` are about 50 billion each: 4
# minutes at the same speed.
#
# With several GPUs, build and compile the model inside a strategy's scope. `fit` then gives
# each GPU a part of every batch. Use the package's class: it knows that each GPU sees only
# a part, and its batch normalization uses the statistics of all of them. With optimizers
# and a dataset of your own:
#
# ```python
# strategy = tf.distribute.MirroredStrategy()
# with strategy.scope():
#     model = srgan.SRGAN(generator(), models.discriminator(64))
#     model.compile(optimizer, d_optimizer, content, 0.4)
# model.fit(dataset)
# ```

# %% [markdown]
# ## What you have measured
#
# - With two right answers, squared error gives neither. A discriminator picks one.
# - A training step with two networks is one pass, two tapes and two optimizers.
# - In two minutes adversarial training lowers the Fréchet distance of the pixel-loss network by more
#   than 40 percent, and costs about one decibel.
# - A grid pays off only while the squares of VGG19 and the discriminator lie on the
#   generator's. Moving the images ends that, at no cost.
# - The discriminator's curves tell who is winning, not how good the pictures are.
# - What it adds is invented: sharp where it is wrong, too.
#
# (With ImageNet weights. Random ones give other numbers.)
#
# You now have a generator worth shipping. Lesson 5 exports it, and compares it with what
# others have trained.

# %% [markdown]
# ## Exercises
#
# Try each in the empty cell before you unfold the solution. Every solution ends with a
# check you can run on your answer.
#
# **1. Too good a discriminator.** In the toy, give it 256 hidden units, and let it learn
# ten times as fast as the generator: rates 0.005 and 0.05 (all three differ from above).
# Train with five seeds. What happens to the stripes?

# %%
# Your answer:

# %% tags=["solution"]
found = []
for seed in range(5):
    keras.utils.set_random_seed(seed)
    (image,) = learn(adversarial, gray, rates=(0.005, 0.05), units=256)
    found.append(from_both(image).min())
print("from the closer answer:", " ".join(f"{x:.1f}" for x in found))
assert max(found) > 0.4
# 0.7 means that half of the pixels are wrong, and fully so. The discriminator pushes hard before it
# has found out what stripes are. The generator's sigmoids run to 0 and 1, where they are
# flat, and what is wrong stays wrong.

# %% [markdown]
# **2. Cut the wire.** In `SRGAN.train_step`, what would the adversarial loss tell the
# generator if the discriminator got `ops.stop_gradient(made)`? Compute its gradient with
# and without.

# %%
# Your answer:

# %% tags=["solution"]
images = tf.constant(low[:2])
network = models.srresnet(4, blocks=1, filters=8, flat=True)
small_discriminator = models.discriminator(4)
lengths = []
for cut in (lambda x: x, ops.stop_gradient):
    with tf.GradientTape() as tape:
        loss = yes(small_discriminator(cut(network(images)), training=True))
    found = tape.gradient(loss, network.trainable_variables)
    lengths.append(sum(float(tf.norm(x)) for x in found if x is not None))
print(f"gradient {lengths[0]:.2g}, with the wire cut {lengths[1]:.2g}")
assert lengths[0] > 0 == lengths[1]
# The content loss alone would train the generator, and nothing would warn you.

# %% [markdown]
# **3. The ideal discriminator.** If photographs and generated images become equal, what
# should the discriminator say, and what is its loss, with the target 0.9 for photographs?

# %%
# Your answer:

# %% tags=["solution"]
says = np.linspace(0.01, 0.99, 99)
loss = -(0.9 * np.log(says) + 0.1 * np.log(1 - says) + np.log(1 - says)) / 2
best = says[np.argmin(loss)]
print(f"it should say {best:.2f}; its loss is {loss.min():.2f}")
assert np.isclose(best, 0.45)
# Half of 0.9: that is why the two curves lie around 0.45, not 0.5.

# %% [markdown]
# **4. Half and half.** Mix the images of the pixel-loss network and of your SRGAN, half of
# each. Where does the mixture lie in the plane?

# %%
# Your answer:


# %% tags=["solution"]
def mixture(low):
    return (upscalers[names[0]](low) + upscalers[names[2]](low)) / 2


board.add("half and half", mixture)
between = board.mean("half and half", "held-out").psnr
frechet, _ = board.perception("half and half", "held-out")
print(f"{between:.2f} dB, Fréchet distance {frechet:.1f}")
assert between > points[names[2]][0]
if imagenet:
    assert points[names[2]][1] < frechet < points[names[0]][1]
# Between the two, without any training: a dial.

# %% [markdown]
# ## Papers
#
# - I. Goodfellow and others, *Generative adversarial nets*, 2014.
# - C. Ledig and others, *Photo-realistic single image super-resolution using a generative
#   adversarial network*, 2017: SRGAN.
# - T. Salimans and others, *Improved techniques for training GANs*, 2016: one-sided label
#   smoothing.
# - A. Odena and others, *Deconvolution and checkerboard artifacts*, 2016: also in
#   gradients.
# - Y. Blau and T. Michaeli, *The perception-distortion tradeoff*, 2018.
# - Y. Yazıcı and others, *The unusual effectiveness of averaging in GAN training*, 2019.
