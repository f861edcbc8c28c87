# %% [markdown]
# # 2. SRCNN: can a network learn the missing detail?
#
# Lesson 1 ended with a proof: many large images fit one small image, and nothing in the
# small image says which one it was. But they aren't equally *likely*. Whoever has seen
# many photographs knows that edges are mostly straight and fur mostly runs in strands.
#
# In this lesson a network looks at photographs and learns what is likely. You build the
# convolutional network that began this, count what it costs, and replace it with better
# ones.

# %%
# The build writes this cell: tools/address.py.

# %% [markdown]
# The next cell starts TensorFlow, fixes all random seeds and says what your computer has.
# The precision it names will matter below.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from sr_utils import architecture, datasets, images, metrics, models, pictures, plots
from sr_utils.layers import ICNR, Bicubic, EdgePadding, Luma, depth_to_space
from sr_utils.losses import LumaSquaredError
from sr_utils.progress import Progress
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

# %% [markdown]
# Here is where the lesson leads. The crop named SRResNet comes from a larger version of
# this lesson's last network, trained for longer and on 300 more photographs. Look at the
# rim of the cup and at the spoon: bicubic blurs what the network draws as one line.

# %%
photographs = datasets.held_out()
coffee, small = datasets.pair(photographs["coffee"], 4)
checkpoint = models.load_checkpoint("srresnet_x4")
shipped = models.upscaler(checkpoint)


def decibels(original, results):
    return {x: f"{metrics.psnr(original, results[x], shave=4):.2f} dB" for x in results}


results = {"bicubic": resize(small, 4), "SRResNet": shipped(small)}
captions = decibels(coffee, results)
alt = "A crop of a coffee cup three times: blurred, with clear edges, and sharp."
rim = (150, 330, 72, 72)
pictures.compare(results | {"original": coffee}, rim, captions=captions, alt=alt)

# %% [markdown]
# **What you will learn**
#
# - how photographs become batches of patches, and how to prove that they are aligned
# - SRCNN: three convolutions, read as three steps
# - what a network costs, and why to enlarge at the end and not at the beginning
# - residual learning, and a small SRResNet
# - why every network of this kind blurs, however long you train it
#
# **What you need:** lesson 1, and how a small network is trained: convolution, ReLU, loss,
# gradient, learning rate. **Time:** about two hours to read and try; about three minutes to
# run on two CPU cores. With `SR_BUDGET=full` every training takes 200,000 steps, which is
# meant for a GPU.

# %% [markdown]
# ## Patches
#
# The photographs differ in size, and a batch must be one array. A convolution doesn't
# care: the weights learned on a small crop work on an image of any size. So you train on
# **patches**, small crops of equal size. One batch then mixes places from many
# photographs, and each step costs little.
#
# Start with 16 × 16. What can be learned from so little?

# %%
training = datasets.training()
corners = {"china": (110, 250), "flower": (130, 250), "rocket": (250, 310)}
corners |= {"coins": (60, 60), "grass": (90, 40), "stereo_motorcycle": (123, 576)}
crops = {
    name: training[name][y : y + 16, x : x + 16] for name, (y, x) in corners.items()
}
alt = "Six crops of 16 by 16 pixels: edges, corners, stripes and smooth blobs."
pictures.gallery(crops, zoom=9, alt=alt)

# %% [markdown]
# You can't tell what these show. But you see edges, corners and stripes, and nearly every
# photograph consists of those. The network needs no objects, only the knowledge of how a
# blurred edge looks when it is sharp.
#
# 16 × 16 is a little small, though. SRCNN looks at 13 × 13 pixels for each one it returns,
# so only 4 × 4 results would be left. Its paper uses 33 × 33, a new patch every 14 pixels.


# %%
def grid_of_patches(image, size=33, stride=14):
    height, width = image.shape[:2]
    rows = range(0, height - size + 1, stride)
    columns = range(0, width - size + 1, stride)
    return [image[y : y + size, x : x + size] for y in rows for x in columns]


counts = {name: len(grid_of_patches(image)) for name, image in training.items()}
counts

# %% [markdown]
# The count follows from size and stride: along a line of n pixels there are
# (n - 33) // 14 + 1 patches. One photograph is far ahead: the retina, most of it smooth.

# %%
share = counts["retina"] / sum(counts.values())
print(f"{sum(counts.values())} patches, {share:.0%} of them from the retina")
assert (sum(counts.values()), counts["retina"]) == (24_220, 9_801)

# %% [markdown]
# **Predict:** would you draw every *patch* equally often, or every *photograph*?
#
# Every photograph, or the network spends its time on a retina. And instead of a fixed grid
# you cut at random places, so the network keeps seeing new patches.

# %% [markdown]
# ## Pairs, in `tf.data`
#
# A network learns from pairs: what it gets, and what it should return. `datasets.pair`
# makes the small image as in lesson 1.

# %%
pairs = [datasets.pair(image, 4)[::-1] for image in training.values()]
print(len(pairs), "pairs, the first:", pairs[0][0].shape, pairs[0][1].shape)

# %% [markdown]
# `tf.data` describes a stream of examples. TensorFlow compiles the functions you map over
# it and runs them beside the training, so they use `tf` operations in place of NumPy's.
#
# Whatever you do to one image of a pair, you must do to the other. This function cuts the
# *same* place out of both. `number` counts the patches.


# %%
def cut(low, high, number, size):
    zoom = tf.shape(high)[0] // tf.shape(low)[0]
    room = tf.cast(tf.shape(low)[:2] - size + 1, tf.float32)  # places that fit
    place = tf.random.stateless_uniform([2], seed=(0, number)) * room
    y, x = tf.unstack(tf.cast(place, tf.int32))
    small = low[y : y + size, x : x + size]
    return small, high[zoom * y : zoom * (y + size), zoom * x : zoom * (x + size)]


print([part.shape for part in cut(*pairs[0], number=0, size=24)])

# %% [markdown]
# `stateless_uniform` draws the same place for the same `number`, whenever it is asked. So
# the patches don't depend on how many threads prepare them. Then both patches are turned
# by 0 to 3 quarters and perhaps mirrored: eight patches for the price of one, since a
# turned edge is an edge.


# %%
def turn(low, high, number):
    turns = tf.random.stateless_uniform([], (1, number), 0, 4, tf.int32)
    mirrored = tf.random.stateless_uniform([], (2, number)) < 0.5
    low, high = tf.image.rot90(low, turns), tf.image.rot90(high, turns)
    return tuple(tf.where(mirrored, x[:, ::-1], x) for x in (low, high))


# %% [markdown]
# Now the pipeline. Each photograph becomes an endless stream of itself, and
# `sample_from_datasets` picks a stream at random for each patch: that is the shuffling,
# and it gives every photograph an equal share. `prefetch` prepares the next batches while
# the network trains on this one.


# %%
def batches(pairs, size, batch=16):
    streams = [tf.data.Dataset.from_tensors(pair).repeat() for pair in pairs]
    mixed = tf.data.Dataset.sample_from_datasets(streams, seed=0)
    numbered = tf.data.Dataset.zip(mixed, tf.data.Dataset.counter())

    def sample(pair, number):
        return turn(*cut(*pair, number, size), number)

    return numbered.map(sample, tf.data.AUTOTUNE).batch(batch).prefetch(2)


# %%
low, high = next(iter(batches(pairs, size=24)))
print(low.shape, high.shape)

# %% [markdown]
# Are the pairs aligned? Don't trust the code, look. Enlarge a low-resolution patch and
# replace its lower half with that of the original. Every edge must go straight through the
# seam.

# %%
joined = {}
for number in range(4):
    large = resize(low[number].numpy(), 4)
    large[48:] = high[number, 48:]
    joined[f"pair {number + 1}"] = large
alt = "Four patches, upper half blurred, lower half sharp; all edges meet at the seam."
pictures.gallery(joined, zoom=2, alt=alt)

# %% [markdown]
# They do. The second proof is a number: reduced by four, the large patch must give the
# small one, up to the rounding to 8 bits. (Not at its border, where the reduction would
# need pixels from outside.) Move the large patch by one pixel, and it doesn't.


# %%
def levels_apart(moved):
    again = resize(np.roll(high.numpy(), moved, axis=2), Fraction(1, 4))
    return 255 * abs(np.clip(again, 0, 1) - low.numpy())[:, 3:-3, 3:-3].max()


print(f"aligned: {levels_apart(0):.1f} levels, moved: {levels_apart(1):.0f} levels")
assert levels_apart(0) < 0.51 < 10 < min(levels_apart(1), levels_apart(-1))

# %% [markdown]
# One pixel is a common mistake, and a network trained on such pairs learns to shift
# images. Its pictures look fine. Exercise 4 shows what one pixel costs.

# %% [markdown]
# ## SRCNN
#
# The network of Dong and others (2014) takes a photograph that bicubic has enlarged
# already, and repairs it. Like PSNR in lesson 1, it sees only the luma; color is left to
# bicubic, because the eye hardly notices blurred color. Its authors read the three layers
# as three steps:
#
# 1. **patch extraction**: 64 filters of 9 × 9 ask 64 questions about each neighborhood, such
#    as "is there an edge from left to right?"
# 2. **mapping**: 32 filters of 1 × 1 turn the answers for a blurred patch into the
#    description of a sharp one
# 3. **reconstruction**: one filter of 5 × 5 draws the pixel from the descriptions around it

# %%
srcnn = keras.Sequential(
    [
        keras.Input((None, None, 1)),
        layers.Rescaling(1, offset=-0.5),
        layers.Conv2D(64, 9, activation="relu", name="extraction"),
        layers.Conv2D(32, 1, activation="relu", name="mapping"),
        layers.Conv2D(1, 5, name="reconstruction"),
        layers.Rescaling(1, offset=0.5),
    ]
)
print(f"{srcnn.count_params():,} parameters")

# %% [markdown]
# 9² · 64 + 64, then 64 · 32 + 32, then 5² · 32 + 1: that is 8,129 numbers, fewer than
# the 12,288 of a photograph of 64 × 64 pixels.

# %% [markdown]
# The two `Rescaling` layers move the values around zero and back. They look harmless, and
# they matter. If all inputs are positive, a gradient pushes all 81 weights of a filter the
# same way. One step too far, and the filter's sum is negative everywhere: its ReLU returns
# zero, it gets no gradient, and stays **dead**. In exercise 5 you count dead filters.

# %% [markdown]
# No layer pads its input, as in the paper. The 9 × 9 filters lose 4 pixels at each border,
# the 5 × 5 one loses 2. So 33 × 33 pixels go in and 21 × 21 come out.

# %%
srcnn(np.zeros((1, 33, 33, 1))).shape

# %% [markdown]
# The luma here is that of lesson 1, scaled to 0 to 1. Enlarge every small photograph once,
# before the training, and the pipeline from above works unchanged: now both images of a
# pair have the same size. The target loses 6 pixels at each border, like the result.


# %%
def unit_luma(image):
    return ((images.luma(image)[..., None] - 16) / 219).astype("float32")


luma_pairs = [(unit_luma(resize(low, 4)), unit_luma(high)) for low, high in pairs]
patches = batches(luma_pairs, 33, batch=8)
patches = patches.map(lambda low, high: (low, high[:, 6:-6, 6:-6]))

# %% [markdown]
# ## The loss, and a trap in the learning rate
#
# The loss is the mean squared error per pixel, the error inside PSNR: for one image, the
# lower it is, the higher is the PSNR. The paper trains with a learning rate of 0.0001 (a
# tenth of it in the last layer), and many who copy that number report that nothing happens.
#
# The reason is a convention. The paper's software, Caffe, *sums* the squared errors of the
# 21 × 21 pixels of a patch and halves the sum. Keras takes the *mean*.

# %%
patch_error = np.random.default_rng(0).normal(size=(16, 21, 21, 1)) / 10
caffe = np.sum(patch_error**2) / (2 * 16)
keras_mean = np.mean(patch_error**2)
print(f"{caffe / keras_mean:.1f} times")

# %% [markdown]
# With the same learning rate, plain gradient descent takes steps 220 times smaller in
# Keras. It would need 220 times as many. Adam avoids the question: it divides each gradient
# by its usual size, so a factor in the loss cancels. You use Adam, and let its rate rise
# briefly and then fall to zero along a cosine: large steps first, fine ones at the end.
# `beta_2=0.99` lets it forget the large gradients of the first steps sooner.


# %%
def adam(rate, steps):
    schedule = keras.optimizers.schedules.CosineDecay(
        0.1 * rate, steps - 20, warmup_target=rate, warmup_steps=20
    )
    return keras.optimizers.Adam(schedule, beta_2=0.99)


# %% [markdown]
# To enlarge a photograph, the network must take the small RGB image. This wraps it: enlarge
# by bicubic, take the luma, *replace* it by the network's. The luma weights add up to 1, so
# adding the same change to all three colors changes the luma by just that, and leaves the
# differences between colors alone.
#
# `EdgePadding` repeats the outermost pixels six times, so that what the convolutions cut off
# isn't part of the photograph.


# %%
def on_photographs(network):
    small = keras.Input((None, None, 3))
    large = Bicubic(4)(small)
    before = Luma()(large)
    x = EdgePadding(6)(before)
    for layer in network.layers:
        x = layer(x)
    return keras.Model(small, large + (x - before))


whole = on_photographs(srcnn)

# %% [markdown]
# `Bicubic` is a layer without anything to learn: lesson 1's weights as one fixed
# convolution (how a convolution can enlarge, you see below). Away from the border it gives
# the same result.

# %%
difference = Bicubic(4)(small[None])[0].numpy() - resize(small, 4)
print("equal inside:", abs(difference[8:-8, 8:-8]).max() < 1e-5)

# %% [markdown]
# **Predict:** bicubic is the input of the network. Where does an untrained network start: at
# bicubic's score, above it, or far below?
#
# `Progress` scores the network before the training and after every tenth of it, on strips
# of photographs kept apart for this purpose, and rewrites one line. The held-out
# photographs stay untouched until the end. `shuffle=False` tells Keras that the pipeline
# has shuffled already; `runtime` knows what is fast on your device.

# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=1200, full=200_000)
srcnn.compile(adam(2e-3, steps), loss="mse", jit_compile=runtime.jit_compile())
progress = Progress("SRCNN", 4, network=whole)
options = {"epochs": 10, "shuffle": False, "verbose": 0, "callbacks": [progress]}
_ = srcnn.fit(patches, steps_per_epoch=steps // 10, **options)

# %% [markdown]
# On two CPU cores that took less than half a minute. The curve shows when it overtakes
# bicubic; it starts far below what is shown.

# %% tags=["nbval-ignore-output"]
strips = Scoreboard({"validation": datasets.validation()}, scale=4)
strips.add("bicubic", lambda low: resize(low, 4))
line = [strips.mean("bicubic", "validation").psnr] * 2
axes = {"x_label": "training step", "y_label": "validation PSNR in dB", "bottom": 26.5}
curves = {"SRCNN": (progress.steps, progress.decibels), "bicubic": ([0, steps], line)}
alt = "The score of SRCNN climbs steeply from below, crosses bicubic and levels off."
plots.curves(curves, **axes, alt=alt)

# %% tags=["nbval-ignore-output"]
print(f"untrained: {progress.decibels[0]:.1f} dB, bicubic: {line[0]:.1f} dB")
assert progress.decibels[0] < 20 < line[0] < max(progress.decibels)

# %% [markdown]
# An untrained network returns almost the same gray everywhere. It doesn't know that its
# input is almost the answer. First it has to learn to copy it through three layers; then it
# learns to repair it. Remember this waste: you will remove it soon.

# %% tags=["nbval-ignore-output"]
board = Scoreboard({"held-out": photographs}, scale=4)
board.add("bicubic", lambda low: resize(low, 4))
board.add("lanczos3", lambda low: resize(low, 4, "lanczos3"))
board.add("SRCNN", models.upscaler(whole), architecture.cost(whole))
board

# %% tags=["nbval-ignore-output"]
gains = {
    name: score.psnr - board.scores["bicubic"]["held-out"][name].psnr
    for name, score in board.scores["SRCNN"]["held-out"].items()
}
print("gain in dB:", ", ".join(f"{name} {gain:.2f}" for name, gain in gains.items()))
assert min(gains.values()) > 0 and np.mean(list(gains.values())) > 0.3
assert board.mean("SRCNN", "held-out").psnr > board.mean("lanczos3", "held-out").psnr

# %% [markdown]
# Better than bicubic on each photograph, though it never saw them, and on average better
# than Lanczos. Part of this is sharpening: the last exercise of lesson 1 gained as much
# without learning. The networks below gain more.

# %% [markdown]
# What does SRCNN look at? Each filter of the first layer is a picture of 9 × 9 weights:
# bright counts for, dark against, gray is zero. In the upper row are the eight with the
# largest weights after your training. In the lower row are those of the checkpoint
# `srcnn_x3`, trained for 25 times as many steps, at ×3 and on other photographs.


# %%
def largest_filters(network, count=8):
    first = next(x for x in network.layers if isinstance(x, layers.Conv2D))
    kernel = first.get_weights()[0][:, :, 0]  # (9, 9, 64)
    order = np.argsort(-np.linalg.norm(kernel, axis=(0, 1)))[:count]
    filters = np.moveaxis(kernel[..., order], -1, 0)[..., None]
    return 0.5 + 0.5 * filters / abs(filters).max(axis=(1, 2, 3), keepdims=True)


# %%
longer = models.load_checkpoint("srcnn_x3")
filters = {f"yours {i + 1}": x for i, x in enumerate(largest_filters(srcnn))}
filters |= {f"longer {i + 1}": x for i, x in enumerate(largest_filters(longer))}
alt = "Two rows of 9 by 9 filters: noisy ones; below smooth lines, edges and dots."
pictures.gallery(filters, zoom=8, columns=8, alt=alt)

# %% [markdown]
# Yours still carry the noise they started from. After longer training the filters are
# smooth, and each asks a clear question: is there a line, an edge or a dot, and in which
# direction does it run? Nobody told them to.

# %%
cat, low_cat = datasets.pair(photographs["chelsea"], 4)
results = {"bicubic": resize(low_cat, 4), "SRCNN": models.upscaler(whole)(low_cat)}
captions = decibels(cat, results)
alt = "A cat's eye by bicubic, by SRCNN, a little crisper, and the original."
eye = (76, 132, 60, 60)
pictures.compare(results | {"original": cat}, eye, captions=captions, alt=alt)

# %% [markdown]
# Look at the dark rim of the eye: SRCNN draws it darker and narrower. That is worth a few
# tenths of a decibel. The fur is as soft as before.

# %% [markdown]
# ## What does it cost?
#
# Count multiplications. A convolution of k × k from m to n channels multiplies k² · m · n
# times at every position. SRCNN works on the *enlarged* image, so this is its price for
# each pixel of the result:

# %%
srcnn_price = 9**2 * 1 * 64 + 1**2 * 64 * 32 + 5**2 * 32 * 1
assert srcnn_price == architecture.cost(whole).multiplications
print(f"SRCNN: {srcnn_price:,} multiplications per pixel")

# %% [markdown]
# And the enlarged image has sixteen times as many values as the small one, but no more
# information. Why not work on the small image, and enlarge at the *end*?

# %% [markdown]
# ## Enlarge at the end: sub-pixel convolution
#
# Let the last convolution compute, for each small pixel, all sixteen large ones, as sixteen
# channels. Then only a rearrangement is left: channels become pixels. Keras calls it
# `depth_to_space` (and has it from 3.14 on; `sr_utils.layers` has it for older ones). Here
# is one small pixel with four channels, and what becomes of it.

# %%
channels = np.array([[[[1, 2, 3, 4]]]], dtype="float32")  # (1, 1, 1, 4)
print(depth_to_space(channels, 2)[0, ..., 0].numpy())  # (2, 2)

# %% [markdown]
# Put two convolutions before it, and you have the network ESPCN (Shi and others, 2016). Its
# price is paid per *small* pixel, and shared by the sixteen pixels it becomes. Ignore
# `residual` for a moment.
#
# **Predict:** it has three times as many parameters as SRCNN. Is it faster or slower?


# %%
def sub_pixel_network(residual):
    keras.utils.set_random_seed(0)
    small = keras.Input((None, None, 3))
    large = Bicubic(4)(small)
    x = layers.Rescaling(1, offset=-0.5)(EdgePadding(4)(Luma()(small)))
    x = layers.Conv2D(64, 5, activation="tanh")(x)
    x = layers.Conv2D(32, 3, activation="tanh")(x)
    start = "zeros" if residual else "glorot_uniform"
    x = depth_to_space(layers.Conv2D(16, 3, kernel_initializer=start)(x), 4)
    return keras.Model(small, large + (x if residual else x + 0.5 - Luma()(large)))


# %%
espcn = sub_pixel_network(residual=False)
espcn_price = (5**2 * 1 * 64 + 3**2 * 64 * 32 + 3**2 * 32 * 16) / 16
assert espcn_price == architecture.cost(espcn).multiplications
print(f"ESPCN: {espcn.count_params():,} parameters, {espcn_price:,.0f} per pixel")

# %% [markdown]
# Five times fewer multiplications. Does the clock agree? Time both on the same image, in
# turn, and take the median.


# %% tags=["nbval-ignore-output"]
def seconds(network, image):
    start = time.perf_counter()
    network(image).numpy()
    return time.perf_counter() - start


image = np.zeros((1, 128, 128, 3), "float32")
ratios = [seconds(whole, image) / seconds(espcn, image) for _ in range(9)]
print(f"SRCNN takes {np.median(ratios):.1f} times as long as ESPCN")
assert np.median(ratios) > 1

# %% [markdown]
# ## Learn the difference only
#
# SRCNN spent its first steps learning to copy. You can give it the copy: let the network
# compute only what must be *added* to bicubic, the **residual**. How much is left to learn?

# %%
residual = unit_luma(cat) - unit_luma(resize(low_cat, 4))
print(f"contrast (standard deviation) of the cat: {unit_luma(cat).std():.3f}")
print(f"of the residual: {residual.std():.3f}")

# %% [markdown]
# A quarter of the contrast. A network that returns zero is already as good as bicubic, so
# let its last layer start at zero. In the first step only this layer moves; from then on
# the others get a gradient too. Train the same sub-pixel network twice, for the whole luma
# and for the residual, on the same batches.
#
# **Predict:** where does each curve start, and which ends higher?


# %%
def fit(name, network, loss, rate, steps, batch):
    network.compile(adam(rate, steps), loss, jit_compile=runtime.jit_compile())
    progress = Progress(name, 4)
    options = {"epochs": 10, "shuffle": False, "verbose": 0, "callbacks": [progress]}
    network.fit(batches(pairs, 24, batch), steps_per_epoch=steps // 10, **options)
    return progress.steps, progress.decibels


# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=400, full=200_000)
added = sub_pixel_network(residual=True)
options = {"loss": LumaSquaredError(), "rate": 1e-3, "steps": steps, "batch": 8}
curves = {
    "bicubic": ([0, steps], line),
    "ESPCN": fit("ESPCN", espcn, **options),
    "ESPCN, residual": fit("ESPCN, residual", added, **options),
}
alt = (
    "The residual network starts at bicubic and rises; the other climbs up to bicubic."
)
plots.curves(curves, **axes | {"bottom": 20}, alt=alt)

# %% tags=["nbval-ignore-output"]
board.add("ESPCN", models.upscaler(espcn), architecture.cost(espcn))
board.add("ESPCN, residual", models.upscaler(added), architecture.cost(added))
board

# %% tags=["nbval-ignore-output"]
found = {name: board.mean(name, "held-out").psnr for name in board.scores}
for name in ("ESPCN", "ESPCN, residual"):
    print(f"{name}: from {curves[name][1][0]:.1f} to {curves[name][1][-1]:.1f} dB")
assert abs(curves["ESPCN, residual"][1][0] - line[0]) < 0.05
assert found["ESPCN, residual"] > max(found["ESPCN"] - 0.1, found["bicubic"] + 0.3)

# %% [markdown]
# The same layers, the same batches, the same number of steps. Adding the input back
# decides whether a network has to learn bicubic first. ESPCN is still catching up.

# %% [markdown]
# ## A small SRResNet
#
# The idea works inside a network, too. A **residual block** adds what its two convolutions
# compute to its input. The input passes every block unchanged, and on the way back so does
# the gradient. So you can stack many blocks and still train them. SRResNet (Ledig and
# others, 2017) is such a stack, on the small image.


# %%
def conv(x, filters, **options):
    return layers.Conv2D(filters, 3, padding="same", **options)(x)


def residual_block(x, filters):
    y = layers.LeakyReLU(0.2)(conv(x, filters))
    return x + conv(y, filters)


# %% [markdown]
# Yours is smaller than the paper's, with 4 blocks of 32 channels and not 16 of 64, and adds
# its result to bicubic. Two more choices need a reason.
#
# - **No batch normalization.** It divides by the contrast of the *batch*, but contrast is
#   what the network should restore; and a batch of patches isn't a photograph. Networks
#   without it score higher (Lim and others, 2017).
# - **Leaky ReLU.** The paper learns the slope for negative values; here it is 0.2. A slope of
#   zero, the plain ReLU, failed in trials: all filters died, and bicubic was left.

# %% [markdown]
# How should the end look? The cheapest way is ESPCN's: one convolution to 48 channels, three
# colors for each of 16 pixels. But then neighbors inside a square are computed by different
# weights and never meet again. Look at such a layer before any training, with one gray
# channel, on a smooth ramp.

# %%
ramp = np.linspace(0, 1, 16, dtype="float32")[:, None]
ramp = np.broadcast_to(ramp, (1, 16, 16, 1))


def fresh_sub_pixel(initializer):
    keras.utils.set_random_seed(1)
    weights = initializer((3, 3, 1, 16))
    rearranged = depth_to_space(ops.conv(ramp, weights, padding="same"), 4)
    return rearranged[0, 8:-8, 8:-8].numpy()


# %%
panels = {
    "random": fresh_sub_pixel(keras.initializers.GlorotUniform()),
    "ICNR": fresh_sub_pixel(ICNR(4)),
}
panels = {name: 0.1 + 0.8 * (x - x.min()) / np.ptp(x) for name, x in panels.items()}
alt = "Left a regular pattern of squares on the ramp, right flat blocks of four pixels."
pictures.gallery(panels, zoom=8, alt=alt)

# %% [markdown]
# The same pattern in every square of 4 × 4 pixels: a **checkerboard**. Two remedies. Start
# all sixteen filters equal, so that the layer begins as nearest neighbor (ICNR, Aitken and
# others, 2017). And let one more convolution work at the *full* resolution, where the
# neighbors meet. SRResNet enlarges twice by two and ends with such a convolution. You keep
# that, with fewer channels.


# %%
def upsample(x, channels):
    x = conv(x, 4 * channels, kernel_initializer=ICNR(2))
    return layers.LeakyReLU(0.2)(depth_to_space(x, 2))


def tail(x):
    x = upsample(upsample(x, 32), 16)
    return conv(x, 3, kernel_initializer="zeros", dtype="float32")


# %% [markdown]
# The last convolution starts at zero. With bicubic added, the untrained network *is*
# bicubic, and its training starts at that score, not far below. (A single layer that starts
# at zero shows no checkerboard either. It can still learn one.)


# %%
def srresnet(blocks, filters, end=tail):
    small = keras.Input((None, None, 3))
    x = start = conv(layers.Rescaling(1, offset=-0.5)(small), filters)
    for _ in range(blocks):
        x = residual_block(x, filters)
    x = conv(x, filters) + start
    return keras.Model(small, Bicubic(4)(small) + end(x))


# %% [markdown]
# What does this tail cost? Count, and time a training step, against the same network with a
# single sub-pixel layer. Training runs in bfloat16 where the processor has instructions
# for it: numbers with fewer digits, and up to twice as many of them per second. Weights,
# the last layer and all scores stay in float32.


# %%
def single_layer(x):
    x = conv(x, 48, kernel_initializer="zeros", dtype="float32")
    return depth_to_space(x, 4)


def untrained(end):
    keras.utils.set_random_seed(0)
    with runtime.policy(runtime.precision()):
        return srresnet(4, 32, end)


# %%
ours, single = untrained(tail), untrained(single_layer)
for name, network in {"our tail": ours, "single layer": single}.items():
    parameters, per_pixel = architecture.cost(network)
    print(f"{name}: {parameters:,} parameters, {per_pixel:,} multiplications per pixel")

# %% [markdown]
# **Predict:** twice the multiplications. Does a training step take twice as long?


# %% tags=["nbval-ignore-output"]
def step_seconds(network):
    start = time.perf_counter()
    network.train_on_batch(low, high)
    return time.perf_counter() - start


low, high = next(iter(batches(pairs, 24, batch=4)))
for network in (ours, single):
    network.compile("sgd", "mae", jit_compile=runtime.jit_compile())
    step_seconds(network)
ratios = [step_seconds(ours) / step_seconds(single) for _ in range(9)]
print(f"with our tail a step takes {np.median(ratios):.1f} times as long")

# %% [markdown]
# Now train both, from the start, on the same batches. The rest of the recipe:
#
# - **Absolute error** instead of squared error. Its gradient doesn't fade for small errors.
# - **Small batches**, of 4 patches of 24 × 24 pixels: early in training many rough steps
#   help more than few exact ones.
#
# **Predict:** which of the two ends higher?

# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=1000, full=200_000)
resnet, single = untrained(tail), untrained(single_layer)
options = {"loss": "mae", "rate": 2e-3, "steps": steps, "batch": 4}
curves = {"bicubic": ([0, steps], line), "ESPCN, residual": curves["ESPCN, residual"]}
curves["SRResNet"] = fit("SRResNet", resnet, **options)
curves["single layer"] = fit("single layer", single, **options)

# %% tags=["nbval-ignore-output"]
alt = "SRResNet ends highest, then the single layer; both far above ESPCN and bicubic."
plots.curves(curves, **axes | {"bottom": 28}, alt=alt)

# %% tags=["nbval-ignore-output"]
board.add("SRResNet", models.upscaler(resnet), architecture.cost(resnet))
board.add("single layer", models.upscaler(single), architecture.cost(single))
board

# %% tags=["nbval-ignore-output"]
means = {name: board.mean(name, "held-out").psnr for name in board.scores}
assert means["SRResNet"] > max(means["single layer"] - 0.1, means["SRCNN"] + 0.3)

# %% [markdown]
# Step for step, our tail is better. Per *second* it isn't: in a trial with 1,900 steps, in
# about the same time, the single layer drew level. What decides is something no score
# shows. In lesson 4 the loss asks for fine texture, and a single layer answers with a
# checkerboard. So every checkpoint of this course has this tail.

# %% [markdown]
# `models.srresnet` is the function you wrote, for any scale. With your weights it gives your
# result:

# %%
package = models.srresnet(4, blocks=4, filters=32)
package.set_weights(resnet.get_weights())
outputs = [models.upscaler(network)(small) for network in (package, resnet)]
print("equal:", np.allclose(*outputs, atol=1e-5))

# %%
upscalers = {"bicubic": lambda low: resize(low, 4), "SRCNN": models.upscaler(whole)}
upscalers |= {"SRResNet": models.upscaler(resnet), "SRResNet, shipped": shipped}
results = {name: upscale(small) for name, upscale in upscalers.items()}
captions = decibels(coffee, results)
alt = "The coffee cup by bicubic, SRCNN and two SRResNets: its edge gets clearer."
results["original"] = coffee
pictures.compare(results, rim, columns=3, captions=captions, alt=alt)

# %% [markdown]
# Follow the rim of the cup from picture to picture: the staircase of bicubic becomes a
# line. Now look at the dots in the foam, in the original. No network brings them back.

# %% tags=["nbval-ignore-output"]
board.add("SRResNet, shipped", shipped, architecture.cost(checkpoint))
board

# %% [markdown]
# And on Set5, where papers compare. SRCNN's best published score there is 30.48 dB, from a
# larger SRCNN (9-5-5, 57,281 parameters) trained on 395,909 images. Your SRResNet, after a
# thousand steps, comes within a few tenths of a decibel. The shipped one is far above.

# %% tags=["nbval-ignore-output"]
benchmarks = datasets.available("Set5", "Set14")
if benchmarks:
    papers = Scoreboard(benchmarks, scale=4)
    for name, upscale in upscalers.items():
        papers.add(name, upscale)
    print(papers)
if "Set5" in benchmarks:
    assert papers.mean("SRResNet", "Set5").psnr > 30
    assert papers.mean("SRResNet, shipped", "Set5").psnr > 30.48

# %% [markdown]
# ## What stays wrong
#
# More blocks, more photographs and more days raise the score, but the pictures stay soft.
# The reason isn't the network. Take 3 × 3 small pixels from the eaves of the pagoda, and
# search three of the training photographs for others that are *nearly equal*. There are
# sixteen ways to lay the grid of small pixels over a photograph; use them all.


# %%
def small_patches(number, image):
    plane = unit_luma(image)
    for dy, dx in np.ndindex(4, 4):
        low = datasets.pair(plane[dy:, dx:], 4)[1][..., 0]
        windows = sliding_window_view(low, (3, 3))
        y, x = np.indices(windows.shape[:2]).reshape(2, -1)
        places = np.stack([np.full_like(y, number), 4 * y + dy, 4 * x + dx], axis=1)
        yield windows.reshape(-1, 9), places


# %%
searched = [training[name] for name in ("china", "stereo_motorcycle", "rocket")]
parts = [part for n, image in enumerate(searched) for part in small_patches(n, image)]
lows, places = (np.concatenate(column) for column in zip(*parts, strict=True))
print(f"{len(lows):,} patches")

# %% [markdown]
# The distance is the root of the mean squared difference, in levels of 0 to 255. Take the
# patch itself and the eight nearest. Each large patch has 12 × 12 pixels; let them lie 12
# apart, so that no two show the same thing.


# %%
def apart(place, other):
    return place[0] != other[0] or abs(place[1:] - other[1:]).max() >= 12


chosen = np.flatnonzero((places == (0, 268, 274)).all(axis=1))[0]
distance = 255 * np.sqrt(np.mean((lows - lows[chosen]) ** 2, axis=1))
nearest = []
for index in np.argsort(distance, kind="stable"):
    if all(apart(places[index], places[other]) for other in nearest):
        nearest.append(index)
    if len(nearest) == 9:
        break

# %%
alike = lows[nearest]
cuts = [(unit_luma(searched[n]), y, x) for n, y, x in places[nearest]]
partners = np.stack([plane[y : y + 12, x : x + 12] for plane, y, x in cuts])
print("distances in levels:", " ".join(f"{x:.1f}" for x in distance[nearest]))
print(f"contrast within the small patch: {255 * alike[0].std():.0f} levels")
assert distance[nearest].max() < 4

# %% [markdown]
# **Predict:** nine small patches, about 3 levels of 255 apart. How alike are the nine
# originals?

# %%
panels = {f"small {i + 1}": x.reshape(3, 3, 1) for i, x in enumerate(alike)}
panels |= {f"large {i + 1}": x for i, x in enumerate(partners)}
zoom = {name: 24 if name.startswith("small") else 6 for name in panels}
alt = "Nine nearly equal small patches; below, eight with stripes and a smooth one."
pictures.gallery(panels, zoom=zoom, columns=9, alt=alt)

# %%
spread = 255 * np.sqrt(np.mean((partners - partners.mean(axis=0)) ** 2))
print(f"the originals are {spread:.0f} levels from their mean")
assert spread > 35

# %% [markdown]
# You can't tell the small ones apart. The large ones are stripes, each time in other places,
# and once no stripes at all. Suppose a network can't tell the small ones apart either: give
# it the *first* one nine times, each time with another original. Which single answer has
# the smallest loss?
#
# With **squared error** it is the *mean* of the nine. With **absolute error** it is, in each
# pixel, their *median*, with as many originals above it as below. Let a network find out.


# %%
def learn(loss):
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((9,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(144),
            layers.Reshape((12, 12, 1)),
        ]
    )
    network.compile(adam(3e-3, 1000), loss, jit_compile=runtime.jit_compile())
    same = np.repeat(alike[:1], 9, axis=0)
    repeated = tf.data.Dataset.from_tensors((same, partners)).repeat()
    network.fit(repeated, steps_per_epoch=1000, shuffle=False, verbose=0)
    return network(alike[:1]).numpy()[0]


# %%
learned = {"squared error": learn("mse"), "absolute error": learn("mae")}
answers = {"mean": partners.mean(axis=0), "median": np.median(partners, axis=0)}


def away(loss, name):
    return 255 * np.sqrt(np.mean((learned[loss] - answers[name]) ** 2))


# %% tags=["nbval-ignore-output"]
for loss in learned:
    found = [f"{away(loss, name):.1f} levels from the {name}" for name in answers]
    print(f"{loss}: {', '.join(found)}")
assert away("squared error", "mean") < 4 < away("squared error", "median")
assert away("absolute error", "median") < 4 < away("absolute error", "mean")

# %%
panels = {"an original": partners[0], "another": partners[4]}
panels |= {"mean": answers["mean"], "squared error": learned["squared error"]}
panels |= {"median": answers["median"], "absolute error": learned["absolute error"]}
panels = {name: np.clip(x, 0, 1) for name, x in panels.items()}
alt = "Two sharp originals; mean, median and what both networks learned are blurs."
pictures.gallery(panels, zoom=12, alt=alt)

# %% [markdown]
# The network with squared error returns the mean, and the one with absolute error the
# median: two blurs that look like *none* of the originals. Nothing is broken. They return
# what their loss asks for.
#
# A real network sees more than 3 × 3 pixels and can rule out some originals. But never all
# but one: lesson 1 built two large images with the same small one. A larger network blurs
# less; it can't stop.

# %% [markdown]
# To get a sharp answer, you must ask for something other than the closest pixels. Lesson 3
# does.

# %% [markdown]
# ## Your own photographs
#
# Train on what you want to enlarge. `datasets.photographs` reads a folder. It reduces
# photographs of more than 1,024 pixels to that, since cameras store more pixels than they
# see, and names the files it can't use. In place of yours, this folder holds the left
# halves of three textures as JPEG, and a file that is none.

# %%
folder = Path(tempfile.mkdtemp())  # the path of your folder
for name in datasets.TEXTURES:
    picture = Image.fromarray(images.to_uint8(training[name]))
    picture.save(folder / f"{name}.jpg", quality=90)
(folder / "broken.jpg").write_bytes(b"")
yours = datasets.photographs(folder, least=96)
print(", ".join(yours))

# %% [markdown]
# Start from scratch, or from weights that know photographs already. The second way takes a
# tenth of the learning rate, to keep what is good. Score both on the *right* halves of the
# textures, which no training saw, and on the held-out photographs.
#
# **Predict:** both see nothing but three textures from here on. What becomes of their
# scores on the held-out photographs?


# %%
def train_on(photographs, network, rate):
    own_pairs = [datasets.pair(image, 4)[::-1] for image in photographs.values()]
    steps = runtime.budget(quick=200, full=20_000)
    network.compile(adam(rate, steps), "mae", jit_compile=runtime.jit_compile())
    stream = batches(own_pairs, 24, batch=4)
    network.fit(stream, steps_per_epoch=steps, shuffle=False, verbose=0)
    return models.upscaler(network)


# %% tags=["nbval-ignore-output"]
continued = untrained(tail)
continued.set_weights(resnet.get_weights())
sets = {"textures": datasets.textures(), "held-out": photographs}
own = Scoreboard(sets, scale=4)
own.add("bicubic", upscalers["bicubic"])
own.add("SRResNet", upscalers["SRResNet"])
own.add("from scratch", train_on(yours, untrained(tail), rate=2e-3))
own.add("trained on", train_on(yours, continued, rate=2e-4))
own

# %% tags=["nbval-ignore-output"]
gained = {}
for method in ("from scratch", "trained on"):
    for name in sets:
        change = own.mean(method, name).psnr - own.mean("SRResNet", name).psnr
        gained[method, name] = change
        print(f"{method}, {name}: {change:+.2f} dB")
assert gained["trained on", "textures"] > max(0, gained["trained on", "held-out"])
assert gained["from scratch", "held-out"] < gained["trained on", "held-out"]

# %% [markdown]
# The network that was trained on gains on textures like yours, and nothing on other
# photographs. The one from scratch has seen three pictures only, and falls half a decibel
# behind on everything else. So your PSNR may fall for three reasons:
#
# - You score on other photographs than you train on. Keep some of yours out of the folder.
# - You have few. The network learns them by heart instead of what they have in common.
# - They are noisy, blurred or full of JPEG blocks. The network learns to draw these, too.

# %% [markdown]
# For more than seconds there is a command. It can be stopped at any time, goes on where it
# was, and leaves a checkpoint with its card:
#
# `python -m sr_utils.training srresnet_x4_bundled --photographs FOLDER`
#
# Add `--initial srresnet_x4` to train the shipped network on, at a tenth of the rate.

# %% [markdown]
# ## What you have measured
#
# - SRCNN, 8,129 parameters, beats bicubic on every held-out photograph after less than a
#   minute of training.
# - ESPCN, which enlarges at the end, needs a fifth of SRCNN's multiplications.
# - Learning only the difference to bicubic makes a network better after the same steps.
# - A small SRResNet gains about a decibel over bicubic on the held-out photographs.
# - Nine patches, at most 4 levels apart when small, are 38 levels from their mean when large.
#   Squared error learns the mean, absolute error the median.

# %%
assert (
    5 * architecture.cost(espcn).multiplications
    < architecture.cost(whole).multiplications
)
gain = board.mean("SRResNet", "held-out").psnr - board.mean("bicubic", "held-out").psnr
assert gain > 0.8

# %% [markdown]
# ## Exercises
#
# Try each in the empty cell before you unfold the solution. Every solution ends with a
# check you can run on your answer.
#
# **1. How far does it see?** How many small pixels can change one pixel of SRCNN's result,
# in each direction? And of your SRResNet's? Compute it from the sizes of the filters, then
# check SRCNN's by changing single pixels.

# %%
# Your answer:

# %% tags=["solution"]
# SRCNN: 4 + 0 + 2 = 6 large pixels are 1.5 small ones, and bicubic adds 2. Counted from
# pixel to pixel, that is 3 away in each direction.
# SRResNet: 1 + 4 * 2 + 1 at low resolution; the tail adds 1, 1/2 and 1/4: 12 away.
flat = np.full((1, 17, 17, 3), 0.5, "float32")
changed = []
for offset in range(8):
    image = flat.copy()
    image[0, 8, 8 + offset] = 1
    difference = abs(whole(image) - whole(flat)).numpy()[0, 32:36, 32:36]
    changed.append(bool(difference.max() > 1e-7))
assert changed.index(False) == 4

# %% [markdown]
# **2. Eight opinions.** A network treats a turned photograph a little differently. Enlarge
# all eight turned and mirrored versions, turn the results back and average them (*geometric
# self-ensemble*). What does it gain for SRCNN, and what does it cost?


# %%
# Your answer:


# %% tags=["solution"]
def eight_opinions(upscale, low):
    results = []
    for turns in range(4):
        for mirrored in (1, -1):
            large = upscale(np.rot90(low, turns)[:, ::mirrored].copy())
            results.append(np.rot90(large[:, ::mirrored], -turns))
    return np.mean(results, axis=0)


board.add("SRCNN, eight opinions", lambda low: eight_opinions(upscalers["SRCNN"], low))
means = {name: board.mean(name, "held-out").psnr for name in board.scores}
print(
    f"{means['SRCNN, eight opinions'] - means['SRCNN']:.2f} dB, for eight times the work"
)
assert means["SRCNN, eight opinions"] > means["SRCNN"]

# %% [markdown]
# **3. Another scale.** What does ESPCN cost per pixel at ×2 and ×3, what does SRCNN? Why does
# one of them depend on the scale?

# %%
# Your answer:

# %% tags=["solution"]
for scale in (2, 3, 4):
    price = (5**2 * 64 + 3**2 * 64 * 32 + 3**2 * 32 * scale**2) / scale**2
    assert architecture.cost(models.espcn(scale)).multiplications == round(price)
    assert architecture.cost(models.srcnn(scale)).multiplications == srcnn_price
# SRCNN works on large pixels. ESPCN works on small ones: fewer of them at larger scales.

# %% [markdown]
# **4. One pixel off.** What would it cost to train on pairs that are shifted by one pixel?
# Without training: shift the enlarged cat by one large pixel to the right and score it.
# Is the damage larger or smaller than everything SRCNN gained?

# %%
# Your answer:

# %% tags=["solution"]
result = upscalers["SRCNN"](low_cat)
right = metrics.psnr(cat, result, shave=4)
shifted = metrics.psnr(cat, np.roll(result, 1, axis=1), shave=4)
print(f"{right:.2f} dB, shifted {shifted:.2f} dB")
# A network that learned this shift would be worse than bicubic, and look fine.
assert shifted < metrics.psnr(cat, resize(low_cat, 4), shave=4) < right

# %% [markdown]
# **5. Dead filters.** Train SRCNN for 400 steps twice, from the same weights, with and
# without the two `Rescaling` layers. How many of the 64 first filters return zero
# everywhere in the enlarged cat?


# %%
# Your answer:


# %% tags=["solution"]
def dead_filters(centered):
    keras.utils.set_random_seed(0)
    parts = [type(x).from_config(x.get_config()) for x in srcnn.layers]
    parts = parts if centered else parts[1:-1]
    network = keras.Sequential([keras.Input((None, None, 1)), *parts])
    network.compile(adam(2e-3, 400), loss="mse", jit_compile=runtime.jit_compile())
    network.fit(patches, steps_per_epoch=400, shuffle=False, verbose=0)
    answers = keras.Model(network.inputs[0], network.get_layer("extraction").output)
    strongest = ops.max(answers(unit_luma(resize(low_cat, 4))[None]), axis=(0, 1, 2))
    return int(ops.sum(ops.equal(strongest, 0)))


dead = {centered: dead_filters(centered) for centered in (True, False)}
print(f"dead filters: {dead[True]} with the two layers, {dead[False]} without")
assert dead[True] < dead[False]

# %% [markdown]
# ## Papers
#
# - C. Dong and others, *Learning a deep convolutional network for image super-resolution*,
#   2014: SRCNN; *Image super-resolution using deep convolutional networks*, 2016: larger ones.
# - W. Shi and others, *Real-time single image and video super-resolution using an efficient
#   sub-pixel convolutional neural network*, 2016: ESPCN.
# - J. Kim and others, *Accurate image super-resolution using very deep convolutional
#   networks*, 2016: learning the residual.
# - C. Ledig and others, *Photo-realistic single image super-resolution using a generative
#   adversarial network*, 2017: SRResNet, and the SRGAN of lesson 4.
# - A. Aitken and others, *Checkerboard artifact free sub-pixel convolution*, 2017: ICNR.
# - B. Lim and others, *Enhanced deep residual networks for single image super-resolution*,
#   2017: why there is no batch normalization.
