# %% [markdown]
# # 3. Perceptual loss: what if we compare images the way a classifier sees them?
#
# Lesson 2 ended with a network that did exactly what its loss asked for. A loss that
# compares pixels wants the mean or the median of all plausible originals, and that is a
# blur. So ask for something else.
#
# A classifier doesn't compare pixels. It has learned from a million photographs what to
# look at: edges, fur, eyes. In this lesson its eyes become your loss. The pictures get
# sharper, the PSNR gets worse, and you need a new way to measure.

# %%
# The build writes this cell: tools/address.py.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
import textwrap

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy import linalg, ndimage

from sr_utils import architecture, datasets, metrics, models, pictures, plots
from sr_utils.layers import FlatResponse
from sr_utils.patches import Patches
from sr_utils.perceptual import PerceptualLoss, channel_rms, vgg19_features
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

# %% [markdown]
# Here is where the lesson leads. The first network was trained on pixels. The second is the
# same network, trained on for 4,000 steps with a loss that asks a classifier. Look at the
# fur: a smear in the first crop, short dark strokes in the second. They aren't the hairs of
# the original, which are longer and run together.

# %%
photographs = datasets.held_out()
cat, small_cat = datasets.pair(photographs["chelsea"], 4)
shipped = {"pixel loss": models.load_checkpoint("srresnet_x4")}
shipped["feature loss"] = models.load_checkpoint("srresnet_x4_vgg")


def decibels(original, results):
    return {x: f"{metrics.psnr(original, results[x], shave=4):.2f} dB" for x in results}


results = {name: models.upscaler(x)(small_cat) for name, x in shipped.items()}
captions = decibels(cat, results)
alt = "Fur on a cat's head: smeared, with short dark strokes, and with long hairs."
fur = (0, 51, 80, 80)
pictures.compare(results | {"original": cat}, fur, captions=captions, alt=alt)

# %% [markdown]
# **What you will learn**
#
# - what the layers of VGG19 respond to, and what they remember of an image
# - a distance in feature space, and how it differs from PSNR
# - the perceptual loss step by step, with two ways to get it wrong
# - why a perceptual loss draws a checkerboard, and how to forbid it
# - the perception-distortion plane: closer to the original, or more like a photograph?
#
# **What you need:** lesson 2. **Time:** about two hours to read and try; about three
# minutes to run on two CPU cores. With `SR_BUDGET=full` each training takes 20,000 steps,
# which is meant for a GPU.

# %% [markdown]
# ## Borrowed eyes
#
# VGG19 (Simonyan and Zisserman, 2015) is a classifier: 16 convolutions in five blocks, each
# block at half the resolution of the one before. It was trained on ImageNet, 1.3 million
# photographs of a thousand things. Hardly anybody uses it to classify today, but as a pair
# of eyes it is still the standard.
#
# Its weights are a file of 80 MB. The next cell takes it from the path in
# `SR_VGG19_WEIGHTS`, or else downloads it. Without either it goes on with
# **random** weights and says so. Then the pictures show what random eyes see, and the text
# beside them, which describes ImageNet's, won't always fit.

# %% tags=["nbval-ignore-output"]
looked_at = ["block1_conv1", "block2_conv2", "block3_conv1"]
imagenet = vgg19_features(looked_at).name == "vgg19_imagenet"
weights = "imagenet" if imagenet else None
print("weights of VGG19:", "ImageNet" if imagenet else "RANDOM")

# %% [markdown]
# `vgg19_features` returns the maps after the ReLU of the layers you name: an early one, a
# middle one, a deeper one. The deepest of all is added if your file reaches it. (The
# outputs you see were made with a small file that ends at `block3_conv1`.)

# %%
try:
    vgg19_features(["block5_conv4"], weights)
    looked_at.append("block5_conv4")
except ValueError:
    pass

# %% tags=["nbval-ignore-output"]
head = cat[20:260, 110:350]
maps = dict(zip(looked_at, vgg19_features(looked_at, weights)(head[None]), strict=True))
print({name: tuple(x.shape[1:]) for name, x in maps.items()})

# %% [markdown]
# 64, 128 and 256 channels (512 in the deepest): that many numbers for each place, none
# below 0. **Predict:** what will an early layer answer, and what a deep one? Below are
# three channels of each, from the most varied one to an average one. White is the channel's
# largest answer.


# %%
def three_maps(answers):
    answers = answers.numpy()[0]
    answers = answers / (answers.max(axis=(0, 1)) + 1e-6)
    order = np.argsort(-answers.std(axis=(0, 1)))
    chosen = order[np.linspace(0, len(order) // 2, 3).astype(int)]
    return [answers[..., i] for i in chosen]


# %% tags=["nbval-ignore-output"]
panels = {
    f"{name} ({number})": image[..., None]
    for name, x in maps.items()
    for number, image in enumerate(three_maps(x), start=1)
}
zoom = {name: 240 // image.shape[0] for name, image in panels.items()}
alt = "A cat through the layers: brightness, color, edges; strokes; whole areas."
pictures.gallery(panels, zoom=zoom, columns=3, alt=alt)

# %% [markdown]
# With ImageNet weights, the first layer answers to simple things: dark against bright, a
# color (look at the nose in the second map), edges. The second answers to strokes of fur,
# each channel to those of one direction. In the third, whole areas light up: fur on one
# side, the bridge of the nose. Its maps are coarse: it knows *what* better than *where*.

# %% [markdown]
# ## What a layer remembers
#
# How much of the picture is left in these numbers? Turn the question around: start from
# noise, and change its pixels by gradient descent until VGG19 gives the same answers as for
# the cat. What the layer forgot, the noise is free to keep.


# %%
def invert(layer, image, steps):
    features = vgg19_features([layer], weights)
    wanted, (rms,) = features(image[None]), channel_rms(features, datasets.training())
    noise = np.random.default_rng(0).normal(0.5, 0.1, image[None].shape)
    found = keras.Variable(noise.astype("float32"))
    optimizer = keras.optimizers.Adam(0.03)
    optimizer.build([found])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = ops.mean(ops.square((features(found.value) - wanted) / rms))
        optimizer.apply([tape.gradient(loss, found.value)])
        return loss

    left = [float(step()) for _ in range(steps)]
    print(f"{layer}: {left[-1] / left[0]:.1%} of the difference is left")
    return np.clip(found.numpy()[0], 0, 1)


# %% [markdown]
# **Predict:** will you recognize the eye from `block2_conv2`? From `block3_conv1`?

# %% tags=["nbval-ignore-output"]
eye = cat[90:186, 140:236]
inverted = {layer: invert(layer, eye, steps=120) for layer in looked_at}

# %% tags=["nbval-ignore-output"]
captions = decibels(eye, inverted)
alt = "The same eye: almost clean, with colored grain, with more grain; the original."
pictures.gallery(inverted | {"original": eye}, zoom=3, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
remembered = [metrics.psnr(eye, inverted[layer], shave=4) for layer in looked_at]
print(", ".join(f"{x:.1f} dB" for x in remembered))
if imagenet:
    assert remembered[0] > remembered[1] > remembered[2] > 15

# %% [markdown]
# With ImageNet weights, these three remember the *drawing*: every edge and hair is in its
# place. What comes back last is the color of single pixels. The grain is what VGG19 hardly
# sees: it gets hardly any gradient, so after 120 steps it is still there.
#
# So two images can differ a lot in their pixels and be nearly equal to VGG19. That is what
# you want from a loss. But keep the grain in mind: what the loss can't see, it can't
# prevent.

# %% [markdown]
# ## A distance between features
#
# Compare two images by their maps. First make the numbers comparable. Channels differ in
# size: some are 0 to 1, others 0 to 100, for no reason but how their weights came out. So
# divide each by its root-mean-square (**RMS**) over the training photographs. And a place
# with more contrast has larger numbers altogether. So scale the 256 numbers of each place
# to length 1.
#
# Square the differences, sum them over the channels, average over the places. That is the
# idea of LPIPS (Zhang and others, 2018), which uses five layers and learns how much each
# channel counts.

# %%
features = vgg19_features(["block3_conv1"], weights)
(rms,) = channel_rms(features, datasets.training())


def cloud(image):
    return (features(image[None].astype("float32")).numpy() / rms).reshape(-1, 256)


def feature_distance(x, y):
    units = [z / (np.linalg.norm(z, axis=1, keepdims=True) + 1e-10) for z in (x, y)]
    return np.mean(np.sum((units[0] - units[1]) ** 2, axis=1))


# %% [markdown]
# Lesson 1 made four damaged portraits with exactly the same PSNR. Here they are again.

# %%
portrait = photographs["astronaut"][0:256, 96:352]
noise = np.random.default_rng(0).normal(size=portrait.shape)
mean = portrait.mean()
damage = {
    "blur": lambda s: ndimage.gaussian_filter(portrait, (8 * s, 8 * s, 0)),
    "noise": lambda s: np.clip(portrait + s * noise, 0, 1),
    "shift": lambda s: ndimage.shift(portrait, (0, 8 * s, 0), order=1, mode="mirror"),
    "contrast": lambda s: mean + (1 - s) * (portrait - mean),
}


# %%
def tuned(change, target=24.0):
    weak, strong = 0.0, 1.0
    for _ in range(30):
        middle = (weak + strong) / 2
        better = metrics.psnr(portrait, change(middle), shave=4) > target
        weak, strong = (middle, strong) if better else (weak, middle)
    return change(strong)


# %%
damaged = {name: tuned(change) for name, change in damage.items()}
print(
    " ".join(f"{metrics.psnr(portrait, x, shave=4):.2f}" for x in damaged.values()),
    "dB",
)

# %% [markdown]
# **Predict:** PSNR calls them equal. SSIM ranked them contrast, shift, blur, noise. How
# will VGG19 rank them?

# %% tags=["nbval-ignore-output"]
known = cloud(portrait)
distances = {name: feature_distance(known, cloud(x)) for name, x in damaged.items()}
face = (slice(44, 204), slice(44, 204))
panels = {name: x[face] for name, x in ({"original": portrait} | damaged).items()}
captions = {name: f"24.00 dB\ndistance {x:.2f}" for name, x in distances.items()}
alt = "Five portraits: original, very blurred, noisy, shifted unseen, paler."
pictures.gallery(panels, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
order = sorted(distances, key=distances.get)
print(" < ".join(order))
if imagenet:
    assert order == ["contrast", "shift", "blur", "noise"]
    assert 5 * distances["shift"] < distances["blur"]

# %% [markdown]
# For PSNR all four are equal. For ImageNet features, blur and noise are more than five
# times as far away as the shift that you can't see. The loss of contrast is next to
# nothing; you asked for that by scaling each place to length 1. The order is that of SSIM,
# but SSIM put the shift just above the blur.
#
# One thing still isn't as your eye has it: the blurred face counts as no worse than the
# noisy one. A better measure comes below.

# %% [markdown]
# ## The loss, step by step: what goes in
#
# VGG19 was trained by people who loaded images as **BGR**, from 0 to **255**, minus the
# mean color of ImageNet. It expects the same of you. Our images are RGB from 0 to 1, so
# this must happen inside the loss, where gradients flow through it.


# %%
def prepare(x):
    mean = ops.convert_to_tensor([103.939, 116.779, 123.68], x.dtype)
    return ops.flip(x, axis=-1) * 255 - mean


prepared = keras.applications.vgg19.preprocess_input(255 * head)
print("as Keras does it:", np.allclose(prepare(head), prepared, atol=1e-3))

# %% [markdown]
# **Predict:** what happens if you forget it, and give VGG19 the cat from 0 to 1? No error
# appears. After the mean is subtracted, 0 stands for a gray square. So compare: how
# different are the answers to the cat from the answers to nothing but gray?

# %%
bare = features.layers[-1]  # VGG19 without our preparation


def different_from_gray(image):
    maps = [ops.convert_to_numpy(bare(x)) for x in (image, np.zeros_like(image))]
    return np.sqrt(np.mean((maps[0] - maps[1]) ** 2))


# %% tags=["nbval-ignore-output"]
right = different_from_gray(ops.convert_to_numpy(prepare(head[None])))
wrong = different_from_gray(head[None])
print(f"prepared, the answers differ {right / wrong:.0f} times as much from gray")
if imagenet:
    assert right > 20 * wrong

# %% [markdown]
# From 0 to 1 the cat is, for VGG19, an almost even gray: its contrast is one level of 255.
# A loss made of such answers compares two gray squares.

# %% [markdown]
# ## Which layer?
#
# The SRGAN paper writes φ2,2 for the second convolution of the second block, our
# `block2_conv2`, and φ5,4 for the last one of all. Early layers keep pixels and change
# little. Deep ones care less about the exact place. And the cost rises with every layer.
#
# The maps can be taken **before or after the ReLU**. Keras' layers contain it, so yours are
# from after, as in SRGAN. ESRGAN takes them from before, since most numbers after a ReLU
# are zero, and a zero has no gradient. How many are there on the cat?

# %% tags=["nbval-ignore-output"]
for name, x in maps.items():
    print(f"{name}: {np.mean(x.numpy() == 0):.0%} zeros")

# %% [markdown]
# With ImageNet weights about half, in these layers. ESRGAN's argument is about the deepest
# one, where far fewer numbers are left.
#
# This lesson uses `block3_conv1`. It is a compromise: deep enough for texture, cheap enough
# for a CPU. It is also the last layer of that small file.

# %% [markdown]
# ## Which scale?
#
# The paper multiplies all features by 1/12.75, so that the loss has about the size of a
# pixel loss. That number belongs to one file of weights. Multiply a channel by 30, divide
# what the next layer does with it by 30, and you have the *same network* with another loss.
# Try it: which loss notices?


# %%
def losses(x, y, factor):
    a, b = (features(z[None].astype("float32")).numpy() * factor for z in (x, y))
    paper = np.mean(((a - b) / 12.75) ** 2)
    calibrated = np.mean(((a - b) / (rms * factor)) ** 2)
    return paper, calibrated


apart = cloud(portrait) - cloud(damaged["blur"])
loudest = np.argmax(np.mean(apart**2, axis=0))
factor = np.ones(256)
factor[loudest] = 30

# %% tags=["nbval-ignore-output"]
for name, units in (("as stored", np.ones(256)), ("one channel × 30", factor)):
    paper, calibrated = losses(portrait, damaged["blur"], units)
    print(f"{name}: 1/12.75 gives {paper:.4g}, RMS gives {calibrated:.4g}")
unscaled, scaled = (losses(portrait, damaged["blur"], x) for x in (1, factor))
if imagenet:
    assert np.isclose(unscaled[1], scaled[1], rtol=1e-4)
    assert scaled[0] > 2 * unscaled[0]

# %% [markdown]
# Divided by its RMS, a channel counts the same whatever its units are. With one constant, a
# single channel can count as much as many others together. And a constant that suits Keras'
# weights may be far off for other files of the same VGG19, which differ by exactly such
# factors.

# %% [markdown]
# ## The loss
#
# Put together: prepared images, features, each channel divided by its RMS, mean squared
# difference. Johnson and others (2016) trained super-resolution this way first, with a
# layer of VGG16. Compared with the distance above there are two changes. Nothing is scaled
# to length 1: a loss must notice lost contrast. And a little pixel loss is added, because
# with features alone the colors drift (exercise 1).


# %%
def feature_loss(features, rms, pixel=3):
    def loss(y_true, y_pred):
        apart = ops.cast(features(y_true) - features(y_pred), "float32") / rms
        near = ops.mean(ops.abs(y_true - y_pred))
        return ops.mean(ops.square(apart)) + pixel * near

    return loss


# %%
package = PerceptualLoss(["block3_conv1"], weights, datasets.training(), pixel=3)
images = [x[None].astype("float32") for x in (portrait, damaged["blur"])]
values = [float(loss(*images)) for loss in (feature_loss(features, rms), package)]
print("equal:", np.isclose(*values, rtol=1e-4))

# %% tags=["nbval-ignore-output"]
alone = float(feature_loss(features, rms, pixel=0)(*images))
print(f"for the blurred portrait: features {alone:.2f}, pixels {values[0] - alone:.2f}")

# %% [markdown]
# `PerceptualLoss` is what you wrote, as a Keras loss that also checks its input. It holds
# its VGG19 frozen and apart from the model you train: nothing of its weights gets into your
# checkpoints, and no step changes them.

# %% [markdown]
# ## First try
#
# Start from the network that lesson 2 shipped, trained on pixels, and go on with the new
# loss. This function does that for every experiment below. It builds network and VGG19 in
# the precision in which your device trains fastest.


# %%
def tuned_network(loss, steps, flat=False):
    keras.utils.set_random_seed(0)
    with runtime.policy(runtime.precision()):
        network = models.srresnet(4, flat=flat)
    network.set_weights(shipped["pixel loss"].get_weights())
    schedule = keras.optimizers.schedules.CosineDecay(
        5e-5, steps - 20, warmup_target=5e-4, warmup_steps=20
    )
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    network.compile(optimizer, loss, jit_compile=runtime.jit_compile())
    patches = Patches(datasets.training().values(), 4, batch=4, seed=1)
    options = {"steps_per_epoch": steps, "shuffle": False, "verbose": 0}
    network.fit(patches.stream(), **options)
    return architecture.in_float32(network)


with runtime.policy(runtime.precision()):
    training_loss = PerceptualLoss(
        ["block3_conv1"], weights, datasets.training(), pixel=3
    )

# %% [markdown]
# **Predict:** 60 steps with a loss that wants texture. The network can't know *which*
# texture. What is the simplest thing it can draw?

# %% tags=["nbval-ignore-output"]
astronaut, small = datasets.pair(photographs["astronaut"], 4)
first_try = tuned_network(training_loss, steps=60)

# %% tags=["nbval-ignore-output"]
forehead = (64, 184, 64, 64)
results = {"pixel loss": models.upscaler(shipped["pixel loss"])(small)}
results["feature loss"] = models.upscaler(first_try)(small)
results["original"] = astronaut
alt = "A smooth forehead; the same covered by a fine regular grid; the original."
pictures.compare(results, forehead, zoom=5, alt=alt)

# %% [markdown]
# Look at the skin in the second crop: it is woven. The network has found a **grid**. Why
# could that pay? Squared error still asks for a mean, now of *features*. Positive and
# negative pixels cancel in a mean. Numbers after a ReLU don't, because none is negative. So
# where the network can't know the place of an edge, the mean says: a little edge,
# everywhere. Even skin has none. A grid has some everywhere, and needs no knowledge.

# %% tags=["nbval-ignore-output"]
features_alone = feature_loss(features, rms, pixel=0)
tried = {"pixel loss": shipped["pixel loss"], "feature loss": first_try}
apart = dict.fromkeys(tried, 0)
for name, network in tried.items():
    for high, low in (datasets.pair(x, 4) for x in photographs.values()):
        large = models.upscaler(network)(low)
        apart[name] += float(features_alone(high[None], large[None])) / 3
print(", ".join(f"{name}: {x:.3f}" for name, x in apart.items()))
if imagenet:
    assert apart["feature loss"] < apart["pixel loss"]

# %% [markdown]
# On the held-out photographs, the features are closer with the grid than without. You got
# what you asked for.
#
# Where does it come from? Give both networks a picture without any content, of one even
# color, and amplify the contrast of what they return by 50.

# %%
skin = photographs["astronaut"][125:135, 205:215].mean(axis=(0, 1))


def on_skin(network):
    even = np.tile(skin, (1, 56, 56, 1)).astype("float32")
    return ops.convert_to_numpy(network(even))[0, 104:120, 104:120]


def amplified(image):
    return np.clip(0.5 + 50 * (image - image.mean(axis=(0, 1))), 0, 1)


# %% tags=["nbval-ignore-output"]
before = {"pixel loss": shipped["pixel loss"], "feature loss": first_try}
grids = {name: on_skin(network) for name, network in before.items()}
ranges = {name: 255 * np.ptp(x, axis=(0, 1)).max() for name, x in grids.items()}
captions = {
    name: f"from darkest to brightest\n{x:.2f} levels" for name, x in ranges.items()
}
panels = {name: amplified(x) for name, x in grids.items()}
alt = "A nearly even color, and a pattern that repeats every four pixels."
pictures.gallery(panels, zoom=16, captions=captions, alt=alt)

# %% [markdown]
# The pattern repeats every four pixels: it is the same in every 4 × 4 square that belongs
# to one small pixel. Remember how a sub-pixel convolution enlarges: *other weights* compute
# each of the pixels of a square. On an even color they all see the same, and still answer
# differently. ICNR, in lesson 2, made them start equal. Nothing keeps them equal.

# %% [markdown]
# ## Forbidding the grid
#
# On an even color, what a pixel gets from one input channel is its value times the *sum* of
# the nine weights. So the square stays even if these sums are the same for all its pixels.
# You can enforce that: after each step, move all sums to their mean, and the weights by as
# little as possible.


# %%
def same_sums(kernel, scale=2):
    height, width, inputs, _ = kernel.shape
    squares = kernel.reshape(height, width, inputs, scale**2, -1)
    means = squares.mean(axis=(0, 1), keepdims=True)  # a ninth of the sums
    return (squares - (means - means.mean(axis=3, keepdims=True))).reshape(kernel.shape)


# %%
kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 4 * 5))
print(
    "the package's:", np.allclose(same_sums(kernel), FlatResponse(2)(kernel), atol=1e-6)
)

# %% [markdown]
# Keras calls this a *constraint*: a function that it applies to a weight after every step.
# `models.srresnet(flat=True)` has it in both sub-pixel convolutions, for their biases too.
# It takes away a little: where nothing changes in its input, a sub-pixel layer can no
# longer make the pixels of a square differ. The board below shows what that costs the pixel
# twin.

# %% [markdown]
# ## Twins
#
# Now the real experiment. Two networks, both from lesson 2's weights, both with the
# constraint, with the same batches and the same number of steps. The only difference is the
# loss.
#
# **Predict:** which one will have the higher PSNR? By how much, a tenth of a decibel or a
# whole one?

# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=300, full=20_000)
names = ["SRResNet, pixel loss", "SRResNet, feature loss"]
twins = {names[0]: tuned_network("mae", steps, flat=True)}
twins[names[1]] = tuned_network(training_loss, steps, flat=True)

# %% tags=["nbval-ignore-output"]
results = {name: models.upscaler(network)(small) for name, network in twins.items()}
results["original"] = astronaut
captions = decibels(astronaut, results) | {"original": ""}
alt = "Hair and eyes: smooth with pixel loss, with strands with feature loss."
panels = {x: pictures.crop(image, (36, 176, 80, 80)) for x, image in results.items()}
pictures.gallery(panels, zoom=4, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
results = {name: models.upscaler(network)(small_cat) for name, network in twins.items()}
results["original"] = cat
captions = decibels(cat, results) | {"original": ""}
alt = "Fur on a cat's head: smooth; with dark strokes and a faint weave; the original."
panels = {name: pictures.crop(image, fur) for name, image in results.items()}
pictures.gallery(panels, zoom=4, captions=captions, alt=alt)

# %% [markdown]
# Look at the strands above the forehead, at the rim of the eye, at the white of the eye:
# what was a smear has edges. And the PSNR has *fallen*. By the measure of the first two
# lessons, the sharper twin is the worse one.

# %%
board = Scoreboard({"held-out": photographs}, scale=4)
upscalers = {"nearest": lambda low: resize(low, 4, "nearest")}
upscalers |= {"bicubic": lambda low: resize(low, 4)}
upscalers |= {name: models.upscaler(network) for name, network in twins.items()}
for name, upscale in upscalers.items():
    board.add(name, upscale)
board.add("the start, of lesson 2", models.upscaler(shipped["pixel loss"]))

# %% tags=["nbval-ignore-output"]
board

# %% [markdown]
# The power spectrum of lesson 1 shows what was won. **Predict:** in which frequencies do
# the twins differ?

# %% tags=["nbval-ignore-output"]
compared = {"original": cat}
for name in ("nearest", "bicubic", *names):
    compared[name] = upscalers[name](small_cat)
alt = "Above 0.125 the feature loss has more power than the pixel loss, less than the cat."
plots.spectra(compared, scale=4, alt=alt)

# %% [markdown]
# Up to the Nyquist limit of the small image the twins and the cat agree: what was stored is
# kept. Above it the pixel twin is quiet, and the feature twin closer to the cat. (The hump
# near 0.4 isn't in the cat.) But look at the nearest neighbor: its curve is as high, and
# its picture is nothing but squares. Power in the right place isn't texture. So the
# spectrum explains, and doesn't judge.

# %% [markdown]
# ## Closer to the original, or more like a photograph?
#
# What about the feature distance? It is better than PSNR, and it has the same flaw: it
# compares each place with *the* original. Take two different pieces of the same lawn. Both
# are perfect photographs of grass.
#
# **Predict:** which is farther from the first piece: the second piece, or the first one
# heavily blurred?

# %%
lawn = datasets.textures()["grass"]
piece, other = lawn[:192, :192], lawn[256:448, 64:256]
blurred = ndimage.gaussian_filter(piece, (2, 2, 0))


# %% tags=["nbval-ignore-output"]
panels = {"one piece": piece, "the same, blurred": blurred, "another piece": other}
captions = {
    name: f"{metrics.psnr(piece, x, shave=4):.1f} dB\n"
    f"feature distance {metrics.feature_distance(cloud(piece), cloud(x)):.2f}"
    for name, x in panels.items()
    if x is not piece
}
alt = "Grass, the same grass blurred, other grass as sharp as the first."
pictures.gallery(panels, captions=captions, alt=alt)

# %%
psnrs = [metrics.psnr(piece, x, shave=4) for x in (blurred, other)]
apart = [metrics.feature_distance(cloud(piece), cloud(x)) for x in (blurred, other)]
assert psnrs[0] > psnrs[1]
assert not imagenet or apart[0] < apart[1]

# %% [markdown]
# Both PSNR and feature distance prefer the blur. They must: the blades of the second piece
# lie in other places. Any distance that compares *place by place* behaves like this. What
# minimizes it, when many originals are possible, is some average of them: of pixels in
# lesson 2, of features here. Blau and Michaeli (2018) call such distances **distortion**.
#
# **Perception** is another question: could this be a photograph? In theory you compare all
# results with all photographs. We have three, so the table below compares with their
# originals, and forgets the places.

# %% [markdown]
# ## The Fréchet distance
#
# Take the features at all places of an image as a cloud of points, and forget their places.
# Two pieces of lawn should make nearly the same cloud: the same edges equally often, in any
# order. Describe each cloud by its mean μ, the average answer of each channel, and its
# covariance Σ: how much each channel varies, and which vary together. The squared Fréchet
# distance of two normal distributions with them is
#
# |μ₁ - μ₂|² + trace(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½)
#
# (·)^½ is a matrix square root: times itself, it gives the matrix.


# %%
def frechet(x, y):
    a, b = (np.cov(z, rowvar=False, ddof=0) for z in (x, y))
    root = linalg.sqrtm(a @ b).real
    means = x.mean(axis=0) - y.mean(axis=0)
    return np.sum(means**2) + np.trace(a + b - 2 * root)


clouds = [np.random.default_rng(i).normal(i, 1 + i, (500, 3)) for i in (0, 1)]
print("the package's:", np.isclose(frechet(*clouds), metrics.frechet_distance(*clouds)))

# %% [markdown]
# In one dimension that is (μ₁ - μ₂)² + (σ₁ - σ₂)²: do the clouds have their center in the
# same place, and are they equally wide? The FID by which people compare generators of
# images is the same formula, on whole images and other features.

# %%
rng = np.random.default_rng(0)
x, y = rng.normal(3, 2, (100_000, 1)), rng.normal(5, 1, (100_000, 1))
print(f"{metrics.frechet_distance(x, y):.1f}, expected {(3 - 5) ** 2 + (2 - 1) ** 2}")

# %% tags=["nbval-ignore-output"]
for name, image in {"blurred": blurred, "another piece": other}.items():
    print(f"{name}: {metrics.frechet_distance(cloud(piece), cloud(image)):.0f}")
if imagenet:
    found = [metrics.frechet_distance(cloud(piece), cloud(x)) for x in (blurred, other)]
    assert found[0] > 4 * found[1]

# %% [markdown]
# Now the other piece is the close one. And the four portraits, which puzzled every measure
# so far?

# %% tags=["nbval-ignore-output"]
known = cloud(portrait)
ranking = {x: metrics.frechet_distance(known, cloud(damaged[x])) for x in damaged}
print(" < ".join(f"{x} {ranking[x]:.0f}" for x in sorted(ranking, key=ranking.get)))
if imagenet:
    assert sorted(ranking, key=ranking.get) == ["shift", "contrast", "noise", "blur"]

# %% [markdown]
# With ImageNet features: the shift that nobody sees first, then the paler face, then the
# noisy one, and last the blurred one. In lesson 1 you saw the same with your own eyes.

# %% [markdown]
# ## The verdict
#
# A `Scoreboard` with `layers=` also compares features, by both distances and with its usual
# protocol: all held-out photographs, reduced, enlarged and rounded to 8 bits. One more
# method is bicubic with a little white noise added: an attempt to cheat. **Predict:** does
# it work?


# %%
def noisy(low):
    large = resize(low, 4)
    return np.clip(large + np.random.default_rng(0).normal(0, 0.03, large.shape), 0, 1)


two_layers = ["block3_conv1", "block2_conv2"]
board = Scoreboard({"held-out": photographs}, 4, two_layers, weights)
upscalers["bicubic + noise"] = noisy
for name, upscale in upscalers.items():
    board.add(name, upscale)
verdicts = {name: board.perception(name, "held-out") for name in upscalers}
points = {
    name: (board.mean(name, "held-out").psnr, verdict.frechet)
    for name, verdict in verdicts.items()
}

# %% tags=["nbval-ignore-output"]
print(f"{'':22}  PSNR      feature distance  Fréchet distance")
for name, verdict in verdicts.items():
    distances = f"{verdict.feature_distance:.3f}             {verdict.frechet:.1f}"
    print(f"{name:22}  {points[name][0]:.2f} dB  {distances}")
protocol = board.perception_protocol("block3_conv1")
print(textwrap.fill(f"The distances: {protocol}", 88))

# %% tags=["nbval-ignore-output"]
alt = (
    "Right: pixel loss. Lower and a little left: feature loss. Upper left: the others."
)
plots.plane(points, y_label="Fréchet distance: down is more like a photograph", alt=alt)

# %% [markdown]
# This is the **perception-distortion plane**. To the right, closer to the original; down,
# more like a photograph. White noise brings bicubic down a little, by this measure though
# not for you, and stays far above the networks. From bicubic to the pixel loss, both
# measures get better. From pixel loss to feature loss, one gets worse as the other gets
# better.
#
# Blau and Michaeli proved that there is a border in this plane. On it, who wants a better
# look must give up closeness. Whether our twins lie on it, nobody knows.

# %% tags=["nbval-ignore-output"]
pixel_twin, feature_twin = (verdicts[name] for name in names)
lost = points[names[0]][0] - points[names[1]][0]
print(f"Fréchet distance {1 - feature_twin.frechet / pixel_twin.frechet:.0%} lower")
ratio = feature_twin.feature_distance / pixel_twin.feature_distance
print(f"feature distance {1 - ratio:.0%} lower")
print(f"PSNR {lost:.2f} dB lower")
if imagenet:
    assert feature_twin.frechet < 0.7 * pixel_twin.frechet
    assert ratio < 0.9
    assert 0.3 < lost < 2.5

# %% [markdown]
# This distance looks at the very layer that the loss was made of, so it favors the feature
# twin. Ask another layer. It isn't independent either, since `block3_conv1` is computed
# from it. Truly independent would be another network, or you.

# %% tags=["nbval-ignore-output"]
second = [board.perception(name, "held-out", "block2_conv2") for name in names]
others = [seen.frechet for seen in second]
print(
    f"block2_conv2: {others[0]:.1f} with pixel loss, {others[1]:.1f} with feature loss"
)
if imagenet:
    assert others[1] < others[0]

# %% [markdown]
# Is the grid gone? `metrics.checkerboard` looks at the frequencies of a 4 × 4 grid and says
# how far they stand out from their surroundings: about 1 in a photograph, and more the
# clearer you see a grid.


# %% tags=["nbval-ignore-output"]
def grid(network):
    return metrics.checkerboard(models.upscaler(network)(small), period=4)


print(f"first try, 60 steps: {grid(first_try):.1f}")
for name, network in twins.items():
    print(f"{name}: {grid(network):.1f}")
uneven = 255 * np.ptp(on_skin(twins[names[1]]), axis=(0, 1)).max()
print(f"feature twin on an even color: {uneven:.2f} levels")
assert uneven < 0.1
if imagenet:
    assert grid(first_try) > 2 * grid(twins[names[1]])

# %% [markdown]
# Not quite. On an even color it is gone. On slopes, such as the cheek and the hair, a faint
# weave is left.

# %% tags=["nbval-ignore-output"]
rated = {}
for name, network in (
    ("pixel loss", shipped["pixel loss"]),
    ("feature loss", first_try),
):
    board.add(name, models.upscaler(network))
    rated[name] = board.perception(name, "held-out").frechet
print(
    f"{rated['pixel loss']:.1f} before the first try, {rated['feature loss']:.1f} after"
)
if imagenet:
    assert rated["feature loss"] < rated["pixel loss"]

# %% [markdown]
# And the Fréchet distance? It rates the woven skin of the first try *better* than the
# network it came from. Perhaps it overlooks the grid, perhaps it takes it for texture; the
# number doesn't say. Keep looking at pictures.

# %% [markdown]
# ## Getting it wrong
#
# Two common mistakes. Nothing crashes. Each network is trained for 60 steps, like your
# first try, with which you compare it. The first mistake: images from 0 to 1, straight into
# VGG19.

# %% tags=["nbval-ignore-output"]
with runtime.policy(runtime.precision()):
    fast_features = vgg19_features(["block3_conv1"], weights)
unprepared = feature_loss(fast_features.layers[-1], rms)
wrong_range = tuned_network(unprepared, steps=60)

# %% [markdown]
# The second: the paper's 1/12.75 in place of the RMS. **Predict:** Adam divides each
# gradient by its usual size, so a factor in the loss cancels. Why does this one matter?

# %% tags=["nbval-ignore-output"]
wrong_scale = tuned_network(feature_loss(fast_features, 12.75), steps=60)
ratio = float(np.mean(rms[np.isfinite(rms)] ** 2)) / 12.75**2

# %% tags=["nbval-ignore-output"]
mistakes = {"wrong range": wrong_range, "wrong scale": wrong_scale}
for name, network in mistakes.items():
    board.add(name, models.upscaler(network))
    rated[name] = board.perception(name, "held-out").frechet
tried = {"pixel loss": shipped["pixel loss"], "feature loss": first_try} | mistakes
results = {name: models.upscaler(network)(small) for name, network in tried.items()}
captions = {name: f"Fréchet distance {x:.1f}" for name, x in rated.items()}
alt = "Four crops of a forehead: pixel loss, a grid, wrong range, wrong scale."
panels = {name: pictures.crop(image, forehead) for name, image in results.items()}
pictures.gallery(panels, zoom=4, captions=captions, alt=alt)

# %% [markdown]
# With the wrong range VGG19 sees gray, its term is next to nothing, and only the pixel loss
# is left: the picture stays smooth. You paid for VGG19 and trained without it.

# %% tags=["nbval-ignore-output"]
print(f"1/12.75 makes the features count {ratio:.2g} times as much as the RMS does")

# %% [markdown]
# The scale matters because there are *two* terms: it decides which one is heard. The file
# that made the outputs you see has channels with a mean of 1. There, 1/12.75 makes the
# features whisper, and you get half of the effect. Where a file has larger numbers, they
# shout; the ratio above says how loudly. The RMS gives every file the same balance.

# %%
if imagenet:
    assert rated["wrong range"] > 1.1 * rated["feature loss"]

# %% [markdown]
# ## On the benchmarks
#
# The checkpoint of the first picture, `srresnet_x4_vgg`, was trained like your twin, for
# 4,000 steps and on 300 more photographs. Here is how it compares with the network it
# started from.

# %% tags=["nbval-ignore-output"]
if benchmarks := datasets.available("Set5"):
    papers = Scoreboard(benchmarks, 4, two_layers, weights)
    for name, network in shipped.items():
        papers.add(name, models.upscaler(network))
    print(papers)
    set5 = [papers.mean(name, "Set5").psnr for name in shipped]
    assert 0.3 < set5[0] - set5[1] < 2.5

# %% [markdown]
# The SRGAN paper has the same pair, with a larger network and features of φ2,2: 32.05 dB on
# Set5 with pixel loss, 30.51 with feature loss (*SRResNet-VGG22*).

# %% [markdown]
# ## What you have measured
#
# - Features remember where edges are, and hardly see the color of single pixels.
# - Fine-tuned for 300 steps with feature loss instead of pixel loss, the same network gets
#   a Fréchet distance about a third lower, and loses about half a decibel.
# - Distances place by place prefer a blurred lawn to another lawn. The Fréchet distance
#   doesn't.
# - A feature loss draws a grid. Equal sums of the sub-pixel weights remove most of it.
# - With the wrong range, the features count for nothing. With the wrong scale, one term
#   drowns the other.
#
# (With ImageNet weights. Random ones give other numbers, and the cells above say so.)
#
# What is still missing: there are strands now, but not those of the original, and they
# don't run together as hair does. The loss is fixed, so a network that has found a cheap
# way to please it gets away with it. In lesson 4 the loss learns, too.

# %% [markdown]
# ## Exercises
#
# Try each in the empty cell before you unfold the solution. Every solution ends with a
# check you can run on your answer.
#
# **1. Without pixels.** Fine-tune for 60 steps with the feature loss alone. How far do the
# mean colors of the astronaut drift, in levels of 0 to 255? And with the pixel term?


# %%
# Your answer:


# %% tags=["solution"]
def drift(network):
    result = models.upscaler(network)(small)
    return 255 * abs(result.mean(axis=(0, 1)) - astronaut.mean(axis=(0, 1))).max()


drifts = [
    drift(tuned_network(feature_loss(fast_features, rms, pixel), 60, flat=True))
    for pixel in (0, 3)
]
print(f"{drifts[0]:.2f} levels; with pixels {drifts[1]:.2f}")
if imagenet:
    assert drifts[0] > drifts[1]

# %% [markdown]
# **2. More steps.** Recover the eye from `block3_conv1` with twice as many steps. Does the
# grain go away?

# %%
# Your answer:

# %% tags=["solution"]
longer = invert("block3_conv1", eye, steps=240)
gained = metrics.psnr(eye, longer, shave=4) - remembered[2]
print(f"{gained:+.1f} dB")
# Slowly: what the layer hardly sees gets hardly any gradient.
if imagenet:
    assert gained > 0

# %% [markdown]
# **3. What a step costs.** Count the multiplications of VGG19 up to `block3_conv1` for each
# pixel of its input: the layers have 64, 64, 128, 128 and 256 filters of 3 × 3, and each
# pooling leaves a quarter of the pixels. How does that compare with our SRResNet?

# %%
# Your answer:

# %% tags=["solution"]
first_block = 9 * (3 * 64 + 64 * 64)
second_block = 9 * (64 * 128 + 128 * 128) / 4
price = first_block + second_block + 9 * 128 * 256 / 16
network_price = architecture.cost(shipped["feature loss"]).multiplications
print(f"{price:,.0f} against {network_price:,} of the network")
assert round(price) == 112_320
assert 3 < price / network_price < 4
# And it runs twice in each step, for the original and for the result, and once backward.

# %% [markdown]
# **4. One dimension.** Two clouds of numbers have the means 0 and 1, and the standard
# deviations 1 and 3. What is their Fréchet distance? What if the first cloud is so small
# that it is a single point?

# %%
# Your answer:

# %% tags=["solution"]
base = np.array([[-1.0], [1.0]])  # mean 0, standard deviation 1
assert np.isclose(metrics.frechet_distance(base, 1 + 3 * base), 1 + (1 - 3) ** 2)
assert np.isclose(metrics.frechet_distance(0 * base, 1 + 3 * base), 1 + 3**2)

# %% [markdown]
# **5. Fool the distance.** Is there noise that makes bicubic better than the pixel twin in the
# Fréchet distance? Try five strengths of white noise.

# %%
# Your answer:

# %% tags=["solution"]
tries = []
for strength in (0.01, 0.02, 0.04, 0.08, 0.16):
    grain = strength * np.random.default_rng(0).normal(size=astronaut.shape)
    image = np.clip(resize(small, 4) + grain, 0, 1)
    tries.append(metrics.frechet_distance(cloud(astronaut), cloud(image)))
twin = models.upscaler(twins[names[0]])(small)
limit = metrics.frechet_distance(cloud(astronaut), cloud(twin))
print(" ".join(f"{x:.0f}" for x in tries), f"against {limit:.0f}")
if imagenet:
    assert min(tries) > limit

# %% [markdown]
# ## Papers
#
# - K. Simonyan and A. Zisserman, *Very deep convolutional networks for large-scale image
#   recognition*, 2015: VGG19.
# - A. Mahendran and A. Vedaldi, *Understanding deep image representations by inverting
#   them*, 2015: what a layer remembers.
# - J. Johnson, A. Alahi and L. Fei-Fei, *Perceptual losses for real-time style transfer and
#   super-resolution*, 2016.
# - C. Ledig and others, *Photo-realistic single image super-resolution using a generative
#   adversarial network*, 2017: φ2,2, φ5,4 and 1/12.75.
# - X. Wang and others, *ESRGAN: enhanced super-resolution generative adversarial networks*,
#   2018: features before the activation.
# - R. Zhang and others, *The unreasonable effectiveness of deep features as a perceptual
#   metric*, 2018: LPIPS.
# - Y. Blau and T. Michaeli, *The perception-distortion tradeoff*, 2018.
# - M. Heusel and others, *GANs trained by a two time-scale update rule converge to a local
#   Nash equilibrium*, 2017: the Fréchet distance of features.
# - Y. Sugawara, S. Shiota and H. Kiya, *Super-resolution using convolutional neural
#   networks without any checkerboard artifacts*, 2018: why sub-pixel layers draw grids.
