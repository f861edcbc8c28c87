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
import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy import linalg, ndimage

from sr_utils import architecture, datasets, diagrams, metrics, models, pictures, plots
from sr_utils.checks import checking
from sr_utils.layers import FlatResponse
from sr_utils.patches import Patches
from sr_utils.perceptual import PerceptualLoss, channel_rms, vgg19_features
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard
from sr_utils.tiling import back_projection
from sr_utils.widgets import explore

# %% [markdown]
# Here is where the lesson leads. The first network was trained on pixels. The second is the
# same network, trained on for 4,000 steps with a loss that asks a classifier. Look at the
# fur: the first crop shows a smear, the second short dark strokes. They aren't the hairs of
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
# - what the layers of VGG19 respond to, what they remember of an image and what they miss
# - a distance in feature space, and how it differs from PSNR
# - the perceptual loss step by step, with three ways to get it wrong
# - why a perceptual loss draws a checkerboard, and how far you can forbid it
# - the perception-distortion plane: closer to the original, or more like a photograph?
#
# **What you need:** lesson 2. **Time:** an hour and a half to read and try; about three
# minutes to run on two idle CPU cores. With `SR_BUDGET=full` the twins train for 20,000
# steps each, which is meant for a GPU.

# %% [markdown]
# ## Borrowed eyes
#
# VGG19 ([Simonyan and Zisserman, 2015](https://arxiv.org/abs/1409.1556)) is a classifier: 16
# convolutions in five blocks, each at half the resolution of the one before. It was trained
# on ImageNet, 1.3 million photographs of a thousand things. Hardly anybody classifies with
# it today, but as a pair of eyes it is still the standard. You will use the dark layers.

# %%
blocks = {"block1": (2, 64), "block2": (2, 128), "block3": (4, 256)}
blocks |= {"block4": (4, 512), "block5": (4, 512)}
looked_at = ["block1_conv1", "block2_conv2", "block3_conv1"]
alt = "Five blocks of convolutions get smaller; one layer in each of the first three is dark."
diagrams.classifier(blocks, looked_at, alt=alt)

# %% [markdown]
# Its weights are a file of 80 MB. The next cell takes it from the path in
# `SR_VGG19_WEIGHTS`, or else downloads it. Without either it goes on with
# **random** weights and says so. Then the pictures show what random eyes see, and the text
# beside them, which describes ImageNet's, won't always fit.

# %% tags=["nbval-ignore-output"]
imagenet = vgg19_features(looked_at).name == "vgg19_imagenet"
weights = "imagenet" if imagenet else None
print("weights of VGG19:", "ImageNet" if imagenet else "RANDOM")

# %% [markdown]
# `vgg19_features` returns the maps after the ReLU of the layers you name: an early one, a
# middle one, a deeper one. (The outputs you see were made with a small file that ends at
# `block3_conv1`.)

# %%
head = cat[20:260, 110:350]
maps = dict(zip(looked_at, vgg19_features(looked_at, weights)(head[None]), strict=True))
print({name: tuple(x.shape[1:]) for name, x in maps.items()})
assert all(np.min(x) >= 0 for x in maps.values())

# %% [markdown]
# 64, 128 and 256 channels: that many numbers for each place, none below 0. Below are three
# channels of each layer, from the most varied one to an average one. White is the
# channel's largest answer.
#
# **Predict:** what does an early layer answer to, and what a deeper one?
#
# - **A** The early one to things such as an eye or a nose, the deeper one to single hairs.
# - **B** The early one to brightness, colors and edges, the deeper one to whole areas.
# - **C** Both to the same; the deeper one is only coarser.


# %%
def three_maps(answers):
    answers = answers.numpy()[0]
    answers = answers / (answers.max(axis=(0, 1)) + 1e-6)
    order = np.argsort(-answers.std(axis=(0, 1)))
    chosen = order[np.linspace(0, len(order) // 2, 3).astype(int)]
    return [answers[..., i] for i in chosen]


# %%
panels = {
    f"{name} ({number})": image[..., None]
    for name, x in maps.items()
    for number, image in enumerate(three_maps(x), start=1)
}
zoom = {name: 240 // image.shape[0] for name, image in panels.items()}
alt = "A cat through the layers: brightness, color, edges; strokes; whole areas."
pictures.gallery(panels, zoom=zoom, columns=3, alt=alt)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. The first layer answers to dark against bright, to a color (look at the nose in the
# second map) and to edges. The second answers to strokes of fur, each channel to those of
# one direction. In the third, whole areas light up: fur on one side, the bridge of the nose.
# **A** has the order reversed: one answer of an early layer depends on a few pixels only.
# **C** is half right, its maps are coarser, but the three rows show different things.
#
# </details>

# %% [markdown]
# ## What a layer remembers
#
# How much of the picture is left in these numbers? [Mahendran and Vedaldi
# (2015)](https://arxiv.org/abs/1412.0035) turn the question around: start from noise, and
# change its pixels by gradient descent until VGG19 gives the same answers as for the cat.
# What the layer doesn't see may stay as it was.


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
# **Predict:** from which layers will you recognize the cat's eye?
#
# - **A** From the first only: the others have thrown the pixels away.
# - **B** From the first two. The third knows that there is an eye, but not how it looks.
# - **C** From all three, with every edge in its place.

# %% tags=["nbval-ignore-output"]
eye = cat[90:186, 140:236]
inverted = {layer: invert(layer, eye, steps=120) for layer in looked_at}

# %%
captions = decibels(eye, inverted)
alt = "The same eye: almost clean, with colored grain, paler with more grain; the original."
pictures.gallery(inverted | {"original": eye}, zoom=3, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
remembered = [metrics.psnr(eye, inverted[layer], shave=4) for layer in looked_at]
print(", ".join(f"{x:.1f} dB" for x in remembered))
if imagenet:
    assert remembered[0] > remembered[1] > remembered[2] > 15

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. These three remember the *drawing*: every edge and every hair is in its place.
# **A** and **B** fit much deeper layers. `block3_conv1` has a sixteenth of the places, but
# 256 numbers in each.
#
# </details>

# %% [markdown]
# The third picture is too bright, and colored grain of the noise that it started from is
# still there after 120 steps. Does VGG19 not see noise? Measure it: add waves of one width
# at a time to the eye, always with the same energy, once gray and once colored with the gray
# taken out. How much do the calibrated features of `block3_conv1` change?

# %%
features = vgg19_features(["block3_conv1"], weights)
(rms,) = channel_rms(features, datasets.training())
luma = np.array([0.299, 0.587, 0.114])


def change(error):
    seen = [features(x[None].astype("float32")) for x in (eye, eye + error)]
    return float(np.mean(((seen[0] - seen[1]) / rms) ** 2))


def part(error, color, low, high):
    gray = (error @ luma)[..., None] * np.ones(3)
    spectrum = np.fft.fft2(error - gray if color else gray, axes=(0, 1))
    lines = np.fft.fftfreq(96)
    radius = np.hypot(lines[:, None], lines[None])
    spectrum[(radius < low) | (radius >= high)] = 0
    return np.fft.ifft2(spectrum, axes=(0, 1)).real


# %%
def seen(color):
    white = np.random.default_rng(0).normal(size=eye.shape)
    waves = [part(white, color, *band) for band in itertools.pairwise(edges)]
    return [change(0.05 * x / np.sqrt(np.mean(x**2))) for x in waves]


edges = np.array([0.02, 0.06, 0.12, 0.18, 0.25, 0.31, 0.37, 0.43, 0.5])
middles = (edges[1:] + edges[:-1]) / 2
curves = {"gray waves": (middles, seen(0)), "colored waves": (middles, seen(1))}
labels = {"x_label": "spatial frequency in cycles per pixel", "log": True}
labels |= {"y_label": "change of the features"}
alt = "Gray waves of middle width change the features most; fine colored ones hardly."
plots.curves(curves, **labels, alt=alt)

# %% tags=["nbval-ignore-output"]
error = inverted["block3_conv1"] - eye
energy = np.mean(error**2)
even = np.mean(error @ luma) ** 2 / energy
fine = np.mean(part(error, 1, 0.125, 1) ** 2) / energy
white = np.random.default_rng(0).normal(0, np.sqrt(energy), eye.shape)
print(f"{even:.0%} even brightness, {fine:.0%} color finer than 8 pixels")
print(f"features change by {change(error):.3f}; by white noise: {change(white):.2f}")
if imagenet:
    assert even + fine > 0.7
    assert change(white) > 20 * change(error)
    assert min(curves["gray waves"][1][3:6]) > 5 * max(curves["colored waves"][1][3:6])

# %% [markdown]
# So the layer does see noise: white noise with the energy of that error changes its answers
# about 75 times as much. It holds waves of every width, gray and colored, and the layer sees
# most of them. What the inversion has left over is the rest: a brightness that is the same
# everywhere, and the **color of single pixels**. These get hardly any gradient.
#
# Two images can differ a lot in their pixels and be nearly equal to VGG19. That is what you
# want from a loss. But keep it in mind: what the loss can't see, it can't prevent.

# %% [markdown]
# ## A distance between features
#
# Compare two images by their maps. First make the numbers comparable, for a file of weights
# decides how large a channel's answers are. In a *normalized* file of VGG19 ([Gatys and
# others, 2015](https://arxiv.org/abs/1505.07376)), such as the one that made these outputs,
# every channel has the mean 1 over photographs of ImageNet. In the file that Keras downloads,
# channels have other sizes. It is the same network: what one layer multiplies by 30, the
# next divides by 30. So divide each channel by its root-mean-square (**RMS**) $r_c$
# over the training photographs, and it no longer matters which file you have.
#
# A place with more contrast has larger numbers altogether. So scale the answers
# $x_p / r$ of each place $p$ to length 1. Call that $\hat{x}_p$. The distance is the mean over the
# $n$ places:
#
# $$
# d(x, y) = \frac{1}{n} \sum_p \left| \hat{x}_p - \hat{y}_p \right|^2
# $$

# %% [markdown]
# That is the idea of LPIPS ([Zhang and others, 2018](https://arxiv.org/abs/1801.03924)), which
# uses five layers and has learned from people's judgments how much each channel counts. This
# course doesn't use the trained LPIPS: the packages that have it need PyTorch or JAX.
#
# One layer is one opinion. From here on you ask two: `block3_conv1`, from which the loss
# will be made, and `block2_conv2`.

# %%
judges = ["block3_conv1", "block2_conv2"]
both = vgg19_features(judges, weights)
units = channel_rms(both, datasets.training())


# %%
def clouds(image):
    maps = both(image[None].astype("float32"))
    return [x.numpy().reshape(-1, len(r)) / r for x, r in zip(maps, units, strict=True)]


def feature_distance(x, y):
    units = [z / (np.linalg.norm(z, axis=1, keepdims=True) + 1e-10) for z in (x, y)]
    return np.mean(np.sum((units[0] - units[1]) ** 2, axis=1))


def by_layer(measure, x, y):
    return [measure(*pair) for pair in zip(clouds(x), clouds(y), strict=True)]


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


damaged = {name: tuned(change) for name, change in damage.items()}
scores = [metrics.psnr(portrait, x, shave=4) for x in damaged.values()]
print(" ".join(f"{x:.2f}" for x in scores), "dB")

# %% [markdown]
# **Predict:** PSNR calls them equal. How does VGG19 rank them, the nearest first?
#
# - **A** As you would: shift, contrast, noise, blur.
# - **B** Contrast, shift, blur, noise, as SSIM did in lesson 1.
# - **C** Noise first, since the layer hardly sees single pixels.

# %% tags=["nbval-ignore-output"]
distances = {x: by_layer(feature_distance, portrait, damaged[x]) for x in damaged}
face = (slice(44, 204), slice(44, 204))
panels = {name: x[face] for name, x in ({"original": portrait} | damaged).items()}
captions = {x: f"24.00 dB\n{a:.2f}\n{b:.2f}" for x, (a, b) in distances.items()}
captions["original"] = "PSNR\nblock3_conv1\nblock2_conv2"
alt = "Five portraits: original, very blurred, noisy, shifted unseen, paler."
pictures.gallery(panels, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
for number, layer in enumerate(judges):
    order = sorted(distances, key=lambda name: distances[name][number])
    print(f"{layer}: {' < '.join(order)}")
    assert not imagenet or order == ["contrast", "shift", "blur", "noise"]
if imagenet:
    assert 5 * distances["shift"][0] < distances["blur"][0]

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, for both layers. In `block3_conv1`, blur and noise are more than five times as far away
# as the shift that you can't see. The loss of contrast is next to nothing: you asked for that
# by scaling each place to length 1. **C** mistakes noise for what was left in the eye: this noise is
# gray and colored, fine and coarse, and most of it is seen. **A** is what a better measure
# below will say.
#
# </details>

# %% [markdown]
# One thing isn't as your eye has it: the blurred face counts as no worse than the noisy one.

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


# %%
prepared = keras.applications.vgg19.preprocess_input(255 * head)
print("as Keras does it:", np.allclose(prepare(head), prepared, atol=1e-3))

# %% [markdown]
# **Predict:** you forget it, and give VGG19 the cat from 0 to 1. What does it see?
#
# - **A** The same cat: a ReLU network doesn't mind a factor.
# - **B** A cat in wrong colors, red and blue exchanged.
# - **C** An even gray.

# %%
bare = features.layers[-1]  # VGG19 without our preparation


def different_from_gray(image):
    maps = [ops.convert_to_numpy(bare(x)) for x in (image, np.zeros_like(image))]
    return np.sqrt(np.mean(((maps[0] - maps[1]) / rms) ** 2))


# %% tags=["nbval-ignore-output"]
right = different_from_gray(ops.convert_to_numpy(prepare(head[None])))
wrong = different_from_gray(head[None])
print(f"prepared, the answers differ {right / wrong:.0f} times as much from gray")
if imagenet:
    assert right > 20 * wrong

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. After the mean is subtracted, 0 stands for a gray. From 0 to 1 the cat is an almost
# even gray, whose contrast is one level of 255. **A** would be true without biases: they stay
# as large as they were, and drown the rest. **B** is the smaller half of the mistake.
#
# </details>

# %% [markdown]
# No error appears, and a loss made of such answers compares two gray squares.

# %% [markdown]
# ## Which layer?
#
# The SRGAN paper ([Ledig and others, 2017](https://arxiv.org/abs/1609.04802)) writes φ2,2 for
# the second convolution of the second block, our `block2_conv2`, and φ5,4 for the last one of
# all. Early layers keep pixels and change little. Deep ones care less about the exact place.
# And the cost rises with every layer (exercise 2).
#
# The maps can be taken **before or after the ReLU**. Keras' layers contain it, so yours are
# from after, as in SRGAN. ESRGAN ([Wang and others, 2018](https://arxiv.org/abs/1809.00219))
# takes them from before, since most numbers after a ReLU are zero, and a zero has no
# gradient. How many are there on the cat?

# %% tags=["nbval-ignore-output"]
zeros = {name: np.mean(x.numpy() == 0) for name, x in maps.items()}
print(", ".join(f"{name}: {share:.0%}" for name, share in zeros.items()))
assert all(0.3 < share < 0.8 for share in zeros.values())

# %% [markdown]
# That is a little more than half, in these layers. ESRGAN's argument is about the deepest
# one. This lesson uses `block3_conv1`, a compromise: deep enough for texture, cheap enough
# for a CPU.

# %% [markdown]
# ## Which scale?
#
# The SRGAN paper multiplies all features by 1/12.75, so that the loss has about the size of a
# pixel loss. That number belongs to one file of weights. Try another file: multiply each
# channel by its own factor, from 1 to 100, as if the next layer divided by it. Which
# loss notices?


# %%
def losses(x, y, factors):
    a, b = (features(z[None].astype("float32")).numpy() * factors for z in (x, y))
    its_rms = rms * factors  # what `channel_rms` would measure with this file
    return np.mean(((a - b) / 12.75) ** 2), np.mean(((a - b) / its_rms) ** 2)


files = {"as stored": np.ones(256), "in other units": np.logspace(0, 2, 256)}
sizes = {x: losses(portrait, damaged["blur"], files[x]) for x in files}

# %% tags=["nbval-ignore-output"]
for name, (paper, calibrated) in sizes.items():
    print(f"{name}: 1/12.75 gives {paper:.3g}, RMS gives {calibrated:.3g}")
(stored, ours), (other, theirs) = sizes.values()
assert np.isclose(ours, theirs, rtol=1e-4)
assert not imagenet or other > 100 * stored

# %% [markdown]
# Divided by its RMS, a channel counts the same whatever its units are. A constant that
# suits one file may be far off for another one of the same VGG19. So calibrate first. Then a
# weight in your loss means the same with every file, and so do the experiments below.

# %% [markdown]
# ## The loss
#
# Put together: prepared images, features $\phi_c$ with $c$ for the channel, each divided by its
# RMS $r_c$, and the mean of the squared differences. And a little pixel loss is added, because
# features see brightness and fine color poorly:
#
# $$
# L(x, y) = \text{mean} \left( \frac{\phi_c(x) - \phi_c(y)}{r_c} \right)^2
# + 3 \; \text{mean} \, | x - y |
# $$
#
# Nothing is scaled to length 1 here, for a loss must notice lost contrast. [Bruna and others
# (2015)](https://arxiv.org/abs/1511.05666) were the first to use features of VGG for
# super-resolution; [Johnson and others (2016)](https://arxiv.org/abs/1603.08155) made it
# popular, as a loss for a network that answers in one pass.


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
assert not imagenet or alone > 3 * (values[0] - alone) > 0

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
    fast_features = vgg19_features(["block3_conv1"], weights)
training_loss = feature_loss(fast_features, rms)

# %% [markdown]
# **Predict:** you train for 60 steps with a loss that wants texture. The network can't know
# *which* texture. What will it draw on the even skin of a forehead?
#
# - **A** Nothing: where the original is even, so is the best answer.
# - **B** Irregular grain, like that of a film.
# - **C** A pattern that repeats.

# %% tags=["nbval-ignore-output"]
astronaut, small = datasets.pair(photographs["astronaut"], 4)
first_try = tuned_network(training_loss, steps=60)
grids = {"pixel loss": shipped["pixel loss"], "feature loss": first_try}
results = {name: models.upscaler(network)(small) for name, network in grids.items()}
drawn = [metrics.checkerboard(x, period=4) for x in results.values()]
assert not imagenet or drawn[1] > 3 * drawn[0]

# %%
forehead = (64, 184, 64, 64)
alt = "A smooth forehead; the same covered by a fine regular grid; the original."
results["original"] = astronaut
pictures.compare(results, forehead, zoom=5, alt=alt)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. The skin in the second crop is woven: the network has found a **grid**. **A** would
# hold if the network could tell even skin from fine texture in the small image. **B** would be
# better, but a convolution answers equal neighborhoods equally: without noise in its input
# it has nothing to draw grain from.
#
# </details>

# %% [markdown]
# Where does it come from? Give both networks a picture without any content, of one even
# color, and amplify the contrast of what they return by 50.

# %%
skin = photographs["astronaut"][125:135, 205:215].mean(axis=(0, 1))


def on_skin(network):
    even = np.tile(skin, (1, 56, 56, 1)).astype("float32")
    return ops.convert_to_numpy(network(even))[0, 104:120, 104:120]


def levels(image):
    return 255 * np.ptp(image, axis=(0, 1)).max()


# %% tags=["nbval-ignore-output"]
answers = {name: on_skin(network) for name, network in grids.items()}
captions = {x: f"range: {levels(image):.2f} levels" for x, image in answers.items()}
panels = {
    name: np.clip(0.5 + 50 * (x - x.mean(axis=(0, 1))), 0, 1)
    for name, x in answers.items()
}
alt = "A nearly even color, and a pattern that repeats every four pixels."
pictures.gallery(panels, zoom=16, captions=captions, alt=alt)

# %%
even, woven = (levels(x) for x in answers.values())
assert not imagenet or woven > 2 * even

# %% [markdown]
# The pattern repeats every four pixels: it is the same in every 4 × 4 square that belongs
# to one small pixel. Remember how a sub-pixel convolution enlarges: *other weights* compute
# each of the pixels of a square. On an even color they all see the same, and still answer
# differently. ICNR, in lesson 2, made them start equal. Nothing keeps them equal.
#
# That says how a grid *can* arise. Why does it pay? Here is a hypothesis. Squared error asks
# for the mean of what is possible, now of features. Positive and negative pixels cancel in a
# mean; numbers after a ReLU don't, because none is negative. So where the place of an edge is
# unknown, the mean of the features says: a little edge, everywhere. A grid has that.
# Exercise 1 shows the first half of the argument in a single number. The second half we haven't
# tested, but one of its consequences you can: the grid should bring the features closer.

# %% tags=["nbval-ignore-output"]
features_alone = feature_loss(features, rms, pixel=0)
apart = dict.fromkeys(grids, 0)
for name, network in grids.items():
    for high, low in (datasets.pair(x, 4) for x in photographs.values()):
        large = models.upscaler(network)(low)
        apart[name] += float(features_alone(high[None], large[None])) / 3
print(", ".join(f"{name}: {x:.3f}" for name, x in apart.items()))
assert not imagenet or apart["feature loss"] < apart["pixel loss"]

# %% [markdown]
# On the held-out photographs, the features are closer with the grid than they were before.
# You got what you asked for.

# %% [markdown]
# ## Forbidding the grid
#
# On an even color, what a pixel gets from one input channel is its value times the *sum* of
# the nine weights. So the square stays even if these sums are the same for all its pixels
# ([Sugawara and others, 2018](https://arxiv.org/abs/1806.02658)). You can enforce that: after
# each step, move all sums to their mean, and the weights by as little as possible.


# %%
def same_sums(kernel, scale=2):
    height, width, inputs, _ = kernel.shape
    squares = kernel.reshape(height, width, inputs, scale**2, -1)
    means = squares.mean(axis=(0, 1), keepdims=True)  # a ninth of the sums
    return (squares - (means - means.mean(axis=3, keepdims=True))).reshape(kernel.shape)


# %%
kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 4 * 5))
equal = np.allclose(same_sums(kernel), FlatResponse(2)(kernel), atol=1e-6)
print("the package's:", equal)

# %% [markdown]
# Keras calls this a *constraint*: a function that it applies to a weight after every step.
# `models.srresnet(flat=True)` has it in both sub-pixel convolutions, for their biases too.
#
# **Predict:** you train with the constraint for 60 steps, and for 300. What becomes of the grid?
#
# - **A** It is gone, since the constraint forbids it.
# - **B** It is much fainter, but not gone.
# - **C** The constraint isn't needed: with more steps the grid fades by itself, since no
#   photograph has one.
#
# Steps and constraint are two changes, so that makes four trainings, each from three seeds.
# A stored table has how far the frequencies of a 4 × 4 grid stand out in the results.
# `metrics.checkerboard` says about 1 for a photograph, and more the clearer you see a grid.

# %%
from sr_utils import evidence

table = evidence.load("twins")
trainings = ["60 steps", "60 steps, constraint", "300 steps", "300 steps, constraint"]
strength = [f"{name}: grid" for name in trainings]
free, bound, longer, longer_bound = (table.results(name) for name in strength)
assert min(free) > 2 * max(bound)
assert min(longer) > 2 * max(longer_bound)
table.select(*strength, "pixel loss, 300 steps: grid")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. After 60 steps the constraint leaves 2 of 13 to 25, after 300 steps 2 to 3 of more than
# 130. **A** forgets that the constraint speaks of even colors only. On a slope, such as a cheek,
# the pixels of a square still get different weights. **C** is the opposite of what happens: the
# loss rewards a grid, so more steps draw more of it. The pixel loss hardly draws one at all.
#
# </details>

# %% [markdown]
# ## Twins
#
# Now the real experiment. Two networks, both from lesson 2's weights, both with the
# constraint, with the same batches and the same number of steps. The only difference is the
# loss.
#
# **Predict:** which one will have the higher PSNR?
#
# - **A** The feature twin: its pictures are sharper, so they are closer to the original.
# - **B** The pixel twin, by half a decibel or so.
# - **C** The pixel twin, by several decibels: the other one doesn't look at pixels.

# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=300, full=20_000)
names = ["SRResNet, pixel loss", "SRResNet, feature loss"]
twins = {names[0]: tuned_network("mae", steps, flat=True)}
twins[names[1]] = tuned_network(training_loss, steps, flat=True)

# %%
upscalers = {name: models.upscaler(network) for name, network in twins.items()}
results = {x: upscale(small) for x, upscale in upscalers.items()}
results["original"] = astronaut
captions = decibels(astronaut, results) | {"original": ""}
alt = "Hair and forehead: smooth with pixel loss, sharper and woven with feature loss."
panels = {x: pictures.crop(image, (36, 176, 80, 80)) for x, image in results.items()}
pictures.gallery(panels, zoom=4, captions=captions, alt=alt)

# %%
board = Scoreboard({"held-out": photographs}, 4, judges, weights)
start = "the start, of lesson 2"
upscalers |= {start: models.upscaler(shipped["pixel loss"])}
for name, upscale in upscalers.items():
    board.add(name, upscale)
pixel_twin, feature_twin = (board.mean(name, "held-out").psnr for name in names)
assert 0.1 < pixel_twin - feature_twin < 2.5
assert levels(on_skin(twins[names[1]])) < 0.1  # no grid on an even color

# %% tags=["nbval-ignore-output"]
board

# %% [markdown]
# The two columns on the right you will meet below. One pair of twins is an anecdote; here is
# the PSNR from three seeds, which decide the batches.

# %%
pair = ["pixel loss, 300 steps, constraint", "300 steps, constraint"]
scores = [f"{name}: PSNR" for name in pair]
assert min(table.results(scores[0])) > max(table.results(scores[1])) + 0.2
table.select(*scores)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. **A** confuses sharp with close: a sharp edge in the wrong place is farther from the
# original than a blur. **C** forgets that features remember every edge, as the inverted eye
# showed, and that the loss has a pixel term.
#
# </details>

# %% [markdown]
# Look at the hair and at the rims of the eyes: with feature loss, what was a smear has edges and
# strokes. Look again, and you see the weave between them, on the forehead too. Nobody would
# take it for skin.

# %% [markdown]
# ## Closer to the original, or more like a photograph?
#
# What about the feature distance? It has the flaw of PSNR: it compares each place with *the*
# original. Take two different pieces of the same lawn. Both are perfect photographs of grass.
#
# **Predict:** which is farther from the first piece, for the feature distance?
#
# - **A** The first piece blurred: VGG19 looks at texture, and the blur has none.
# - **B** The second piece.
# - **C** Both are equally far.

# %%
lawn = datasets.textures()["grass"]
piece, other = lawn[:192, :192], lawn[256:448, 64:256]
blurred = ndimage.gaussian_filter(piece, (2, 2, 0))


# %% tags=["nbval-ignore-output"]
panels = {"one piece": piece, "the same, blurred": blurred, "another piece": other}
apart = {x: by_layer(feature_distance, piece, image) for x, image in panels.items()}
captions = {
    name: f"{metrics.psnr(piece, panels[name], shave=4):.1f} dB\n{a:.2f}\n{b:.2f}"
    for name, (a, b) in [*apart.items()][1:]
}
captions["one piece"] = "PSNR\nblock3_conv1\nblock2_conv2"
alt = "Grass, the same grass blurred, other grass as sharp as the first."
pictures.gallery(panels, captions=captions, alt=alt)

# %%
psnrs = [metrics.psnr(piece, x, shave=4) for x in (blurred, other)]
assert psnrs[0] > psnrs[1]
assert not imagenet or apart["the same, blurred"][0] < apart["another piece"][0]

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, by PSNR and by the feature distance. The blades of the second piece lie in other
# places. **A** is what you would like it to do; the next distance does. **C** would need a
# measure that doesn't ask *where*.
#
# </details>

# %% [markdown]
# Any distance that compares *place by place* behaves like this. What minimizes it, when many
# originals are possible, is some average of them: of pixels in lesson 2, of features here.
# [Blau and Michaeli (2018)](https://arxiv.org/abs/1711.06077) call such distances
# **distortion**.
#
# **Perception** is another question: could this be a photograph? In theory you compare all
# results with all photographs. We have three, so the board above compares with their
# originals, and forgets the places.

# %% [markdown]
# ## The Fréchet distance
#
# Take the features at all places of an image as a cloud of points, and forget their places.
# Two pieces of lawn should make nearly the same cloud: the same edges equally often, in any
# order. Describe each cloud by its mean $\mu$, the average answer of each channel, and its
# covariance $\Sigma$: how much each channel varies, and which vary together. The squared
# [Fréchet distance](https://doi.org/10.1016/0047-259X%2882%2990077-X) of two normal
# distributions with them is
#
# $$
# | \mu_1 - \mu_2 |^2 + \text{trace} \left( \Sigma_1 + \Sigma_2
# - 2 \left( \Sigma_1 \Sigma_2 \right)^{1/2} \right)
# $$
#
# The power ½ is a matrix square root: times itself, it gives the matrix.


# %%
def frechet(x, y):
    a, b = (np.cov(z, rowvar=False, ddof=0) for z in (x, y))
    root = linalg.sqrtm(a @ b).real
    means = x.mean(axis=0) - y.mean(axis=0)
    return np.sum(means**2) + np.trace(a + b - 2 * root)


points = [np.random.default_rng(i).normal(i, 1 + i, (500, 3)) for i in (0, 1)]
print("the package's:", np.isclose(frechet(*points), metrics.frechet_distance(*points)))

# %% [markdown]
# In one dimension that is $(\mu_1 - \mu_2)^2 + (\sigma_1 - \sigma_2)^2$: do the clouds have
# their center in the same place, and are they equally wide?
#
# The *FID* ([Heusel and others, 2017](https://arxiv.org/abs/1706.08500)), by which people
# compare generators of images, is the same formula on other features: one point for each
# whole image, of thousands.

# %% tags=["nbval-ignore-output"]
lawns = {"blurred": blurred, "another piece": other}
found = {x: by_layer(metrics.frechet_distance, piece, lawns[x]) for x in lawns}
print(f"{'':14}{judges[0]}  {judges[1]}")
for name, (a, b) in found.items():
    print(f"{name:14}{a:12.0f}  {b:12.0f}")
if imagenet:
    assert found["blurred"][0] > 4 * found["another piece"][0]
    assert found["blurred"][1] > found["another piece"][1]

# %% [markdown]
# Now the other piece is the close one. And the four portraits, which puzzled every measure
# so far?

# %% tags=["nbval-ignore-output"]
ranking = {x: by_layer(metrics.frechet_distance, portrait, damaged[x]) for x in damaged}
for number, layer in enumerate(judges):
    order = sorted(ranking, key=lambda name: ranking[name][number])
    print(f"{layer}:", " < ".join(f"{x} {ranking[x][number]:.0f}" for x in order))
    assert not imagenet or order == ["shift", "contrast", "noise", "blur"]

# %% [markdown]
# Both layers say: the shift that nobody sees first, then the paler face, then the noisy one, and
# last the blurred one. In lesson 1 you saw the same with your own eyes.
#
# The **style loss** of [Gatys and others (2015)](https://arxiv.org/abs/1508.06576) forgets the
# places, too. It compares *Gram matrices*: for each two channels, the mean over all places of
# their product. That is what mean and covariance hold together. As a loss, it asks for the
# texture of one picture wherever it may lie; for super-resolution, [EnhanceNet (Sajjadi and
# others, 2017)](https://arxiv.org/abs/1612.07919) applies it to small patches, so that
# texture stays about where it belongs. You write it in exercise 3.

# %% [markdown]
# ## The verdict
#
# The board above scored features, too, by its usual protocol: all held-out photographs,
# reduced, enlarged and rounded to 8 bits. Add interpolation and the shipped networks. One
# more method is bicubic with a little white noise added: an attempt to cheat.
#
# **Predict:** by the Fréchet distance of `block3_conv1`, bicubic with noise comes out …
#
# - **A** … worse than bicubic: noise was farthest of all among the portraits.
# - **B** … a little better than bicubic.
# - **C** … better than the networks: fine detail is what they lack.


# %%
def noisy(low):
    large = resize(low, 4)
    return np.clip(large + np.random.default_rng(0).normal(0, 0.03, large.shape), 0, 1)


more = {"bicubic": lambda low: resize(low, 4), "bicubic + noise": noisy}
more |= {"lanczos3": lambda low: resize(low, 4, "lanczos3")}
more |= {"back-projection": back_projection(4)}
wide = models.load_checkpoint("srresnet_x4_wide")
more |= {"shipped, wider": models.upscaler(wide)}
more |= {"shipped, feature loss": models.upscaler(shipped["feature loss"])}
for name, upscale in more.items():
    board.add(name, upscale)

# %% tags=["nbval-ignore-output"]
board

# %%
found = {
    name: [board.perception(name, "held-out", layer).frechet for layer in judges]
    for name in board.scores
}
if imagenet:
    assert found[names[0]][0] < found["bicubic + noise"][0] < found["bicubic"][0]
    assert found["shipped, feature loss"] < found[names[1]] < found[names[0]]

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**: by this measure, though hardly for you. **A** mixes up the two distances: place by
# place, noise is far away from everything, but as a cloud it has edges in all directions, which
# bicubic lacks. **C** overrates it: the networks are more than three times as close.
#
# </details>

# %% [markdown]
# For the feature loss, the second layer agrees with the first. That matters: `block3_conv1`
# is the very layer that the loss was made of, so it favors the feature twin.
# (`block2_conv2` isn't independent either, since the other is computed from it. Another
# network would be, or you.) And three seeds agree, in both layers:

# %%
fids = {layer: [f"{name}: {layer}" for name in pair] for layer in judges}
for pixels, feature in fids.values():
    assert max(table.results(feature)) < min(table.results(pixels))
table.select(*fids[judges[0]], *fids[judges[1]])

# %% [markdown]
# ## The plane
#
# Draw closeness to the right, and the Fréchet distance upward, on a logarithmic axis. This is
# the **perception-distortion plane**. The gray line joins what nothing else here surpasses in
# both measures.
#
# The dotted row are *blends*: every weight is a mixture of two networks', the start of this
# lesson and the shipped one with feature loss. ESRGAN's authors proposed that, as *network
# interpolation*. It moves the balance of the two losses without another training.


# %%
def blend(share):
    network = models.srresnet(4)
    both = [shipped[x].get_weights() for x in ("pixel loss", "feature loss")]
    mixed = [(1 - share) * a + share * b for a, b in zip(*both, strict=True)]
    network.set_weights(mixed)
    return network


shares = (0, 0.25, 0.5, 0.75, 1)
blends = {share: models.upscaler(blend(share)) for share in shares}


def place(name):
    psnr = board.mean(name, "held-out").psnr
    return psnr, board.perception(name, "held-out").frechet


# %% tags=["nbval-ignore-output"]
points = {name: place(name) for name in board.scores}
for share in shares[1:-1]:
    board.add(share, blends[share])
row = [place(x) for x in (start, *shares[1:-1], "shipped, feature loss")]
path = ("blends of start and shipped", row)
y_label = "Fréchet distance of block3_conv1"
alt = (
    "Interpolation is far up and left; twins, start and shipped networks at the right."
)
plots.plane(points, y_label=y_label, path=path, alt=alt)

# %%
(pixel_psnr, pixel_fid), (start_psnr, start_fid) = points[names[0]], points[start]
assert pixel_psnr < start_psnr
if imagenet:
    assert pixel_fid > start_fid
    assert points[names[1]][1] < start_fid

# %% [markdown]
# From interpolation to the networks, both measures get better. Among the networks at the
# lower right, it is one or the other. The
# blends pass the feature twin on the right and below: the shipped network had the same loss,
# but more steps and more photographs.
#
# Blau and Michaeli proved that the plane has a border that no method can cross, however it
# was made, and that along it, less distortion costs perception. Nobody knows where it lies for
# photographs. The gray line is only what is drawn here; the border lies somewhere to its right
# and below.

# %%
tried = [f"pixel loss, 300 steps{end}: {judges[0]}" for end in ("", ", constraint")]
assert max(table.results(scores[0])) < start_psnr
assert not imagenet or min(x for name in tried for x in table.results(name)) > start_fid
table.select(*tried)

# %% [markdown]
# The pixel twin isn't on the border, that much is certain: its start is better in *both*
# measures, from each of three seeds. The Fréchet distance rises without the constraint,
# too. A hypothesis: thirteen photographs are fewer than the start was trained on, and the learning
# rate begins anew. So part of what lies between the twins is that the one went back. The
# fairer comparison for the feature twin is the start: it has a Fréchet distance lower by a
# fifth or more, for half a decibel.

# %% [markdown]
# Here you can touch the balance, as if you changed the weight of the pixel loss. At 0 the
# network is the one with pixel loss, at 1 the one with feature loss. Where do the
# strokes begin, and what do you pay in decibels?


# %%
def look(share):
    name = f"share {share}"
    panels = {"0: pixel loss": blends[0](small_cat), name: blends[share](small_cat)}
    captions = decibels(cat, panels)
    panels["original"], alt = cat, f"Fur, with a share of {share} of the feature loss."
    return pictures.compare(panels, fur, captions=captions, alt=alt)


balance = [psnr for psnr, _ in row]
assert sorted(balance, reverse=True) == balance
explore(look, {"share": 0.75}, share=shares)

# %% [markdown]
# ## Getting it wrong
#
# Three mistakes, in which nothing crashes. Each network is trained for 60 steps, like your
# first try. The first mistake: images from 0 to 1, straight into VGG19.
#
# The other two are weights. Adam divides each gradient by its usual size, so a factor on the
# *whole* loss changes nothing. But there are two terms, and a weight decides which one is
# heard. The features are calibrated, so you can make them 50 times too loud or 50 times too
# quiet, and know that you did, whatever file your weights came from. Dividing the weight
# of the pixel loss by 50 is the same as multiplying the features by 50.
#
# **Predict:** which of the three looks cleanest on the forehead?
#
# - **A** None: each is worse than the first try, for each is a mistake.
# - **B** The features 50 times too loud: they are what sharpens.
# - **C** The features 50 times too quiet, and the wrong range.

# %% tags=["nbval-ignore-output"]
unprepared = feature_loss(fast_features.layers[-1], rms)
tried = {"wrong range": unprepared}
tried["50 times too loud"] = feature_loss(fast_features, rms, pixel=3 / 50)
tried["50 times too quiet"] = feature_loss(fast_features, rms, pixel=3 * 50)
mistakes = {name: tuned_network(loss, steps=60) for name, loss in tried.items()}

# %% tags=["nbval-ignore-output"]
results = {start: upscalers[start](small)}
for name, network in ({"first try": first_try} | mistakes).items():
    results[name] = models.upscaler(network)(small)
rated = {x: by_layer(metrics.frechet_distance, astronaut, results[x]) for x in results}
grids = {x: metrics.checkerboard(results[x], period=4) for x in results}
captions = {
    name: f"Fréchet distance {a:.1f} / {b:.1f}\ngrid {grids[name]:.1f}"
    for name, (a, b) in rated.items()
}
alt = "A forehead five times: smooth, with a grid, smooth, with a grid, smooth."
panels = {name: pictures.crop(image, forehead) for name, image in results.items()}
pictures.gallery(panels, zoom=5, columns=3, captions=captions, alt=alt)

# %%
clean = ["wrong range", "50 times too quiet"]
if imagenet:
    assert max(rated["first try"], rated["50 times too loud"]) < rated[start]
    assert min(rated[name] for name in clean) > rated["first try"]
    assert max(grids[name] for name in clean) < grids["first try"] / 3

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. With the wrong range VGG19 sees gray, with a weight 50 times too small it
# whispers. In both cases hardly anything but the pixel loss is left: you paid for VGG19, and
# trained without it. That is *why* they look clean. The grid comes with the features, and so do
# the strokes; less of the one is less of the other. **A** takes a clean picture for a good
# one. **B** is half of the truth: they sharpen, and they draw the grid. And 50 times too loud
# looks much like the first try: at the right weight, too, the features are the louder term.
#
# </details>

# %% [markdown]
# One thing should worry you: the Fréchet distance, here of this one photograph, rates the woven
# skin of the first try *better* than the smooth one of its start, in both layers. Perhaps it
# overlooks the grid, perhaps it takes it for texture; the number doesn't say. Keep looking at
# pictures.

# %% [markdown]
# ## On the benchmarks
#
# The checkpoint `srresnet_x4_vgg` was trained like your twin, but for 4,000 steps of 8
# patches, and on 291 more photographs. Here is how it compares with the network it started from.

# %% tags=["nbval-ignore-output"]
if benchmarks := datasets.available("Set5"):
    papers = Scoreboard(benchmarks, 4, judges, weights)
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
# - The features of `block3_conv1` remember where edges are. They hardly see an even brightness
#   and the color of single pixels; most other noise they do see.
# - Divided by its RMS, a channel counts the same with every file of weights.
# - Trained on for 300 steps with feature loss instead of pixel loss, the same network gets a
#   Fréchet distance about a third lower, and loses half a decibel, from three seeds.
# - Distances place by place prefer a blurred lawn to another lawn. The Fréchet distance
#   doesn't.
# - A feature loss draws a grid, more of it the longer it trains, from three seeds. Equal sums of
#   the sub-pixel weights forbid it on even colors; on slopes a weave is left.
# - With the wrong range or too small a weight, the features count for nothing, and the picture
#   is clean.
#
# (With ImageNet weights. Random ones give other numbers, and a cell above says which you have.)
#
# What is still missing: there are strokes now, but not those of the original, and they
# don't run together as hair does. The loss is fixed, so a network that has found a cheap
# way to please it gets away with it. In lesson 4 the loss learns, too.

# %% [markdown]
# ## Exercises
#
# Write your answer into the empty cell and run the check below it, which says what is wrong.
# The solution is folded beneath.
#
# **1. Light or dark?** An image has one pixel $d$, measured from the gray around it. The
# original is a light dot, $d = 1$, or a dark one, $d = {-1}$, equally often, and the small
# image doesn't say which. Which $d$ is the best answer for the squared error of pixels,
# `best_pixel`? And for the squared error of two features after a ReLU, $\max(0, d)$ and
# $\max(0, {-d})$: `best_feature`? (There are two of these; give the light one.)

# %% tags=["answer"]
# Your answer:


# %% tags=["check"]
def best_light(features):
    tried = np.linspace(0, 1.5, 1501)
    truths = [features(np.array([x])) for x in (1.0, -1.0)]
    errors = [np.sum((features(tried) - x) ** 2, axis=0) for x in truths]
    return tried[np.mean(errors, axis=0).argmin()]


with checking("best_pixel", "best_feature"):
    assert abs(best_pixel - best_light(lambda d: np.array([d]))) < 0.01, (
        "For pixels the best answer is the mean of what is possible."
    )
    relu = best_light(lambda d: np.maximum(0, np.array([d, -d])))
    assert best_feature != 0, "Light and dark cancel in a mean of pixels. After a ReLU?"
    assert best_feature != 1, (
        "As often the original is dark. What does 1 cost you then?"
    )
    assert abs(best_feature - relu) < 0.01, (
        "Write the mean of both errors for a positive d, and set its derivative to 0."
    )

# %% tags=["solution"]
best_pixel = np.mean([1, -1])
# For d > 0 the mean error is ((d - 1)² + (d² + 1)) / 2, with the derivative 2 d - 1.
best_feature = 1 / 2
print(f"pixels: {best_pixel:.0f}, features: {best_feature} or {-best_feature}")

# %% [markdown] tags=["solution"]
# With pixels the dot vanishes. With features, a dot of half the contrast is better than none,
# no matter of which sign. So a feature loss draws *something*, and for the same reason a
# wrong something costs it less than a pixel loss.

# %% tags=["wrong"] says="Light and dark cancel"
best_pixel, best_feature = 0, 0

# %% tags=["wrong"] says="As often the original is dark"
best_pixel, best_feature = 0, 1

# %% tags=["wrong"] says="the mean of what is possible"
best_pixel, best_feature = 1, 0.5

# %% [markdown]
# **2. What a step costs.** How many multiplications does VGG19 take up to `block3_conv1`, for
# each pixel of its input, `vgg_price`? Its layers up to there have 64, 64, 128, 128 and 256
# filters of 3 × 3; behind the second and the fourth, a pooling leaves a quarter of the pixels. And how many
# times as much as our SRResNet is that, `times_dearer`? (`architecture.cost(network)` has
# its `multiplications` per pixel.)

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("vgg_price", "times_dearer"):
    convolutions = [x for x in bare.layers if "conv" in x.name]
    shapes = [x.kernel.shape for x in convolutions]
    sizes = [4 ** (int(x.name[5]) - 1) for x in convolutions]
    full = sum(np.prod(shape) for shape in shapes)
    price = sum(
        np.prod(shape) / size for shape, size in zip(shapes, sizes, strict=True)
    )
    assert vgg_price != full, "Each pooling leaves a quarter of the pixels to work on."
    assert vgg_price != price / 9, "Each filter has 3 × 3 weights for each channel."
    assert vgg_price == price, "Each filter looks at all channels of the layer before."
    network_price = architecture.cost(shipped["pixel loss"]).multiplications
    assert abs(times_dearer - price / network_price) < 0.01, (
        "Divide by what SRResNet takes for each pixel of its result, which VGG19 gets."
    )

# %% tags=["solution"]
first_block = 9 * (3 * 64 + 64 * 64)
second_block = 9 * (64 * 128 + 128 * 128) / 4
vgg_price = first_block + second_block + 9 * 128 * 256 / 16
times_dearer = vgg_price / architecture.cost(shipped["pixel loss"]).multiplications
print(f"{vgg_price:,.0f} per pixel, {times_dearer:.1f} times as much as SRResNet")

# %% [markdown] tags=["solution"]
# And VGG19 runs twice in each step, for the original and for the result, and once backward.
# Most of the price is in the first two blocks, at high resolution.

# %% tags=["wrong"] says="a quarter of the pixels"
vgg_price = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256)
times_dearer = vgg_price / architecture.cost(shipped["pixel loss"]).multiplications

# %% tags=["wrong"] says="3 × 3 weights"
vgg_price = 3 * 64 + 64 * 64 + (64 * 128 + 128 * 128) / 4 + 128 * 256 / 16
times_dearer = vgg_price / architecture.cost(shipped["pixel loss"]).multiplications

# %% tags=["wrong"] says="which VGG19 gets"
vgg_price = 9 * (3 * 64 + 64 * 64 + (64 * 128 + 128 * 128) / 4 + 128 * 256 / 16)
times_dearer = vgg_price / (16 * 30_609)

# %% [markdown]
# **3. Style.** Write `style_distance(x, y)` of two clouds of features, arrays `(places,
# channels)` that may have different numbers of places: the mean squared difference of their
# Gram matrices. An entry of a Gram matrix is the mean, over all places, of the product of two
# channels. Which lawn is nearer to the first piece now?

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("style_distance"):
    rng = np.random.default_rng(0)
    cloud, pair_of = rng.random((60, 4)), np.array([[1.0, 1.0], [1.0, -1.0]])
    shuffled = rng.permutation(cloud)
    assert np.isclose(style_distance(cloud, shuffled), 0), (
        "In another order, the same places have the same style. Compare two matrices "
        "of channels by channels, and only those."
    )
    assert np.isclose(style_distance(cloud, np.tile(cloud, (2, 1))), 0), (
        "Twice the same lawn has the same style: take the mean over places, not the sum."
    )
    assert style_distance(pair_of, np.ones((2, 2))) > 0, (
        "Which channels answer together counts, too, not only how strong each is."
    )
    assert np.isclose(style_distance(pair_of, np.ones((2, 2))), 0.5), (
        "Take the mean of the squared differences over all entries of the matrix."
    )


# %% tags=["solution", "nbval-ignore-output"]
def style_distance(x, y):
    grams = [z.T @ z / len(z) for z in (x, y)]  # (channels, channels)
    return np.mean((grams[0] - grams[1]) ** 2)


lawns = {"blurred": blurred, "another piece": other}
styles = {name: by_layer(style_distance, piece, x) for name, x in lawns.items()}
for name, (a, b) in styles.items():
    print(f"{name}: {a:.3f} in block3_conv1, {b:.3f} in block2_conv2")
if imagenet:
    assert styles["another piece"][0] < styles["blurred"][0]

# %% [markdown] tags=["solution"]
# The other piece, as with the Fréchet distance. Both forget the places.


# %% tags=["wrong"] says="In another order"
def style_distance(x, y):
    apart = x[: len(y)] - y[: len(x)]  # the difference first, then its matrix
    return np.mean((apart.T @ apart / len(apart)) ** 2)


# %% tags=["wrong"] says="the mean over places, not the sum"
def style_distance(x, y):
    return np.mean((x.T @ x - y.T @ y) ** 2)


# %% tags=["wrong"] says="not only how strong each is"
def style_distance(x, y):
    return np.mean((np.mean(x**2, axis=0) - np.mean(y**2, axis=0)) ** 2)


# %% [markdown]
# ## Papers
#
# - K. Simonyan and A. Zisserman, [*Very deep convolutional networks for large-scale image
#   recognition*](https://arxiv.org/abs/1409.1556), 2015: VGG19.
# - A. Mahendran and A. Vedaldi, [*Understanding deep image representations by inverting
#   them*](https://arxiv.org/abs/1412.0035), 2015: what a layer remembers.
# - L. Gatys, A. Ecker and M. Bethge, [*Texture synthesis using convolutional neural
#   networks*](https://arxiv.org/abs/1505.07376), 2015: normalized weights, Gram matrices; and
#   [*A neural algorithm of artistic style*](https://arxiv.org/abs/1508.06576), 2015.
# - J. Bruna, P. Sprechmann and Y. LeCun, [*Super-resolution with deep convolutional sufficient
#   statistics*](https://arxiv.org/abs/1511.05666), 2015 (ICLR 2016): features of VGG.
# - J. Johnson, A. Alahi and L. Fei-Fei, [*Perceptual losses for real-time style transfer and
#   super-resolution*](https://arxiv.org/abs/1603.08155), 2016.
# - C. Ledig and others, [*Photo-realistic single image super-resolution using a generative
#   adversarial network*](https://arxiv.org/abs/1609.04802), 2017: φ2,2, φ5,4 and 1/12.75.
# - M. Sajjadi, B. Schölkopf and M. Hirsch, [*EnhanceNet: single image super-resolution through
#   automated texture synthesis*](https://arxiv.org/abs/1612.07919), 2017.
# - M. Heusel and others, [*GANs trained by a two time-scale update rule converge to a local
#   Nash equilibrium*](https://arxiv.org/abs/1706.08500), 2017: FID; the formula is by
#   [Dowson and Landau](https://doi.org/10.1016/0047-259X%2882%2990077-X), 1982.
# - R. Zhang and others, [*The unreasonable effectiveness of deep features as a perceptual
#   metric*](https://arxiv.org/abs/1801.03924), 2018: LPIPS.
# - Y. Blau and T. Michaeli, [*The perception-distortion
#   tradeoff*](https://arxiv.org/abs/1711.06077), 2018.
# - Y. Sugawara, S. Shiota and H. Kiya, [*Super-resolution using convolutional neural
#   networks without any checkerboard artifacts*](https://arxiv.org/abs/1806.02658), 2018.
# - X. Wang and others, [*ESRGAN: enhanced super-resolution generative adversarial
#   networks*](https://arxiv.org/abs/1809.00219), 2018: features before the activation, network
#   interpolation.
