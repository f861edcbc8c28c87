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
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from PIL import Image

from sr_utils import architecture, datasets, images, metrics, models, pictures, plots
from sr_utils.checks import checking
from sr_utils.layers import ICNR, Bicubic, EdgePadding, Luma, depth_to_space
from sr_utils.losses import LumaSquaredError
from sr_utils.progress import Progress
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard
from sr_utils.tiling import back_projection
from sr_utils.widgets import explore

# %% [markdown]
# Here is where the lesson leads. The crop named SRResNet comes from a larger version of
# this lesson's last network, trained for longer and on 291 more photographs. Look at the
# rim of the cup: bicubic blurs what the network draws as one line.

# %%
photographs = datasets.held_out()
coffee, small = datasets.pair(photographs["coffee"], 4)
checkpoint = models.load_checkpoint("srresnet_x4")
shipped = models.upscaler(checkpoint)


def decibels(original, results):
    return {x: f"{metrics.psnr(original, results[x], shave=4):.2f} dB" for x in results}


results = {"nearest": resize(small, 4, "nearest"), "bicubic": resize(small, 4)}
results["SRResNet"] = shipped(small)
captions = decibels(coffee, results)
alt = "The rim of a coffee cup in squares, blurred, with a clear edge, and sharp."
rim, panels = (150, 330, 72, 72), results | {"original": coffee}
pictures.compare(panels, rim, columns=2, captions=captions, alt=alt)

# %% [markdown]
# **What you will learn**
#
# - how photographs become batches of patches, and how to prove that they are aligned
# - SRCNN: three convolutions, read as three steps
# - what a network costs, and why to enlarge at the end and not at the beginning
# - residual learning, and a small SRResNet
# - why every network of this kind blurs, however long you train it
#
# **What you need:** lesson 1, and how a network is trained: convolution, ReLU, loss, gradient,
# learning rate. **Time:** an hour and a half to read and try; two minutes to run on two
# idle CPU cores. `SR_BUDGET=full` is meant for a GPU: 200,000 steps for every training.

# %% [markdown]
# ## Patches
#
# The photographs differ in size, and a batch must be one array. A convolution doesn't
# care: weights learned on a small crop work on an image of any size. So you train on
# **patches**, small crops of equal size.
#
# Start with 16 × 16. What can be learned from so little?

# %%
training = datasets.training()
corners = {"china": (110, 250), "flower": (130, 250), "rocket": (250, 310)}
corners |= {"coins": (60, 60), "grass": (90, 40), "stereo_motorcycle": (123, 576)}
crops = {
    name.removeprefix("stereo_"): training[name][y : y + 16, x : x + 16]
    for name, (y, x) in corners.items()
}
alt = "Six crops of 16 by 16 pixels: edges, corners, stripes and smooth blobs."
pictures.gallery(crops, zoom=9, alt=alt)

# %% [markdown]
# You can't tell what these show. But you see edges, corners and stripes. The network needs no
# objects, only the knowledge of how a blurred edge looks when it is sharp.
#
# 16 × 16 is a little small, though. SRCNN looks at 13 × 13 pixels for each one it returns,
# so only 4 × 4 results would be left. Its paper uses 33 × 33, a new patch every 14 pixels:
# along a line of $n$ pixels, $\lfloor (n - 33) / 14 \rfloor + 1$ of them.

# %%
sizes = {name: np.array(image.shape[:2]) for name, image in training.items()}
counts = {name: np.prod((size - 33) // 14 + 1) for name, size in sizes.items()}
share = counts["retina"] / sum(counts.values())
print(f"{sum(counts.values()):,} patches, {share:.0%} of them from the retina")

# %% [markdown]
# One photograph of thirteen, large and mostly smooth, would be two fifths of all that the
# network sees. So draw the *photograph* first, each equally often. And instead of on a fixed
# grid, cut at random places, so that the network keeps seeing new patches.

# %% [markdown]
# ## Pairs, in `tf.data`
#
# A network learns from pairs: what it gets, and what it should return. `datasets.pair`
# makes the small image as in lesson 1.

# %%
pairs = [datasets.pair(image, 4)[::-1] for image in training.values()]
print(len(pairs), "pairs, the first:", pairs[0][0].shape, pairs[0][1].shape)

# %% [markdown]
# `tf.data` describes a stream of examples, and runs the functions you map over it beside the
# training, with `tf` operations in place of NumPy's. Whatever you do to one image of a pair,
# you must do to the other. This function cuts the *same* place out of both. `number` counts
# the patches.


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
# `sample_from_datasets` picks one at random for each patch: that is the shuffling.
# `prefetch` prepares the next batches while the network trains on this one.


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
# Are the pairs aligned? Don't trust the code, look. The upper half of each panel is the
# low-resolution patch, enlarged. The lower half is the original: aligned, then moved on
# purpose, by one pixel and by four. Between the two yellow marks runs the seam. Does every
# edge go straight through it?


# %%
def joined(number, top, left, moved):
    blurred, sharp = resize(low[number].numpy(), 4), high[number].numpy()
    both = np.concatenate([blurred[: top + 24], np.roll(sharp, moved, 1)[top + 24 :]])
    part = both[top : top + 48, left : left + 48].copy()
    part[23:25, [0, 1, -2, -1]] = (1, 0.83, 0)
    return np.clip(part, 0, 1)


# %%
seen = {"wall": (4, 24, 24), "tire": (12, 24, 44)}
panels = {
    f"{name}: {'aligned' if moved == 0 else f'moved by {moved}'}": joined(*place, moved)
    for name, place in seen.items()
    for moved in (0, 1, 4)
}
alt = "Two patches, each three times: edges cross the seam; then they jump, more and more."
pictures.gallery(panels, zoom=6, columns=3, alt=alt)

# %% [markdown]
# On the right the edges jump, and you would notice. In the middle you might not. So a number
# must prove it: reduced by four, the large patch must give the small one, up to the rounding
# to 8 bits. (Not at its border, where the reduction would need pixels from outside.)


# %%
def levels_apart(moved):
    again = resize(np.roll(high.numpy(), moved, axis=2), Fraction(1, 4))
    return 255 * abs(np.clip(again, 0, 1) - low.numpy())[:, 3:-3, 3:-3].max()


print(f"aligned: {levels_apart(0):.1f} levels, moved: {levels_apart(1):.0f} levels")
assert levels_apart(0) < 0.51 < 10 < min(levels_apart(1), levels_apart(-1))

# %% [markdown]
# One pixel is a common mistake, and a network trained on such pairs learns to shift
# images. Its pictures look fine. What would its score say?

# %%
enlarged = resize(small, 4)
moved = metrics.psnr(coffee, np.roll(enlarged, 1, axis=1), shave=4)
print(f"{metrics.psnr(coffee, enlarged, shave=4):.2f} dB, moved: {moved:.2f} dB")

# %% [markdown]
# That is more than SRCNN will gain on this photograph.

# %% [markdown]
# ## SRCNN
#
# The network of [Dong and others (2014)](https://doi.org/10.1007/978-3-319-10593-2_13) takes
# a photograph that bicubic has enlarged already, and repairs it. It sees only the luma: that
# is what PSNR measures, one channel costs a third of three in the first layer, and the eye
# hardly notices that color, left to bicubic, is blurred. Its authors read the three layers
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
# That is
#
# $$
# (9^2 \cdot 64 + 64) + (64 \cdot 32 + 32) + (5^2 \cdot 32 + 1) = 8129
# $$
#
# numbers, fewer than the 12,288 of a photograph of 64 × 64 pixels.
#
# The two `Rescaling` layers move the values around zero and back, and they matter. If all
# inputs are positive, the gradient at a place pushes all 81 weights of a filter the same way.
# One step too far, and the filter is negative everywhere: its ReLU returns zero, it gets no
# gradient, and stays **dead**. In exercise 2 you count dead filters.

# %% [markdown]
# No layer pads its input, as in the paper. The 9 × 9 filters lose 4 pixels at each border,
# the 5 × 5 one loses 2.

# %%
print("33 × 33 becomes", srcnn(np.zeros((1, 33, 33, 1))).shape)

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
# The reason is a convention. The paper's software, Caffe, *sums* the squared errors $e$ over
# the 21 × 21 pixels of each of $N$ patches, and Keras takes their *mean*:
#
# $$
# \frac{1}{2 N} \sum_{i=1}^{441 N} e_i^2 \quad \text{against} \quad
# \frac{1}{441 N} \sum_{i=1}^{441 N} e_i^2
# $$
#
# With the same learning rate, a step of gradient descent is 441 / 2 ≈ 220 times shorter in
# Keras. [Adam](https://arxiv.org/abs/1412.6980) avoids the question: it divides each gradient
# by its usual size, so a factor in the loss cancels. Its rate here rises briefly and then
# falls to zero along a cosine: large steps first, fine ones at the end. `beta_2=0.99` lets it
# forget the large gradients of the first steps sooner.


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
# isn't part of the photograph. `Bicubic` is a layer without anything to learn: lesson 1's
# weights as one fixed convolution. (How a convolution can enlarge, you see below.)


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
# **Predict:** the input of the network is bicubic's result. Where does the *untrained*
# network start?
#
# - **A** At bicubic's score: its input is nearly the answer.
# - **B** A little below, since random filters blur a little.
# - **C** Far below, with pictures in which you recognize nothing.
#
# `Progress` scores the network before the training and after every tenth of it, on strips
# of photographs kept apart for this purpose; the held-out photographs stay untouched.
# `shuffle=False` tells Keras that the pipeline has shuffled already.

# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=1200, full=200_000)
srcnn.compile(adam(2e-3, steps), loss="mse", jit_compile=runtime.jit_compile())
progress = Progress("SRCNN", 4, network=whole)
options = {"epochs": 10, "shuffle": False, "verbose": 0, "callbacks": [progress]}
_ = srcnn.fit(patches, steps_per_epoch=steps // 10, **options)

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
# <details><summary>Answer</summary>
#
# **C**. Three random layers return almost the same gray everywhere. **A** tempts because the
# answer is right there in the input, but the network first has to learn to copy it. **B**
# would need filters that begin as blurs; these have weights of both signs.
#
# </details>
#
# Now the held-out photographs. Beside SRCNN stands lesson 1's best, *back-projection*: ten
# times, shrink the result, enlarge what is missing, add it. It has learned nothing, but it
# knows how the small image was made.

# %% tags=["nbval-ignore-output"]
board = Scoreboard({"held-out": photographs}, scale=4)
board.add("bicubic", lambda low: resize(low, 4))
board.add("lanczos3", lambda low: resize(low, 4, "lanczos3"))
board.add("back-projection", back_projection(4))
board.add("SRCNN", models.upscaler(whole), architecture.cost(whole))
board

# %%
bicubic, learned = (board.scores[x]["held-out"] for x in ("bicubic", "SRCNN"))
assert all(learned[name].psnr > bicubic[name].psnr for name in photographs)
assert (
    board.mean("SRCNN", "held-out").psnr > board.mean("bicubic", "held-out").psnr + 0.3
)
assert abs(board.mean("back-projection", "held-out").psnr - 29.08) < 0.01

# %% [markdown]
# SRCNN beats bicubic on each of the three photographs, none of which it has seen. And it
# comes out level with back-projection: what it has learned in this one short training is
# worth as much as knowing how the image was reduced.

# %% [markdown]
# What does SRCNN look at? Each filter of the first layer is a picture of 9 × 9 weights:
# bright counts for, dark against, gray is zero. In the upper row are the six with the
# largest weights after your training. In the lower row are those of the checkpoint
# `srcnn_x3`, trained for 25 times as many steps, at ×3 and on other photographs.


# %%
def largest_filters(network, count=6):
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
pictures.gallery(filters, zoom=16, columns=6, alt=alt)

# %% [markdown]
# Yours still carry the noise they started from. Those that were trained for longer are
# smooth, and most can be read as a question: is there a line, an edge or a dot, and in which
# direction does it run? Nobody told them to.

# %% [markdown]
# ## What does it cost?
#
# Count multiplications. A convolution of $k \times k$ from $m$ to $n$ channels multiplies
# $k^2 \, m \, n$ times at every position. SRCNN works on the *enlarged* image, so this is its
# price for each pixel of the result:

# %%
srcnn_price = 9**2 * 1 * 64 + 1**2 * 64 * 32 + 5**2 * 32 * 1
assert srcnn_price == architecture.cost(whole).multiplications
print(f"SRCNN: {srcnn_price:,} multiplications per pixel")

# %% [markdown]
# The enlarged image has sixteen times as many values as the small one, but no more
# information. Why not work on the small image, and enlarge at the *end*?

# %% [markdown]
# ## Enlarge at the end: sub-pixel convolution
#
# Let the last convolution compute, for each small pixel, all sixteen large ones, as sixteen
# channels. Then only a rearrangement is left: channels become pixels. Here it is for ×2, where
# four channels suffice. Follow the letters: each small pixel becomes a square of its own.

# %%
from sr_utils import diagrams, published

alt = "Four channels of 2 by 2 pixels are woven into 4 by 4 pixels, square by square."
diagrams.pixel_shuffle(alt=alt)

# %% [markdown]
# Papers call this the *pixel shuffle*, Keras `depth_to_space` (from 3.14 on; `sr_utils.layers`
# has it for older ones, too). One small pixel with four channels becomes:

# %%
channels = np.array([[[[0, 1, 2, 3]]]], dtype="float32")  # (1, 1, 1, 4)
print(depth_to_space(channels, 2)[0, ..., 0].numpy())  # (2, 2)

# %% [markdown]
# Put two convolutions before it, and you have the network ESPCN ([Shi and others,
# 2016](https://arxiv.org/abs/1609.05158)). Ignore `residual` for a moment.


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
ratio = espcn.count_params() / srcnn.count_params()
print(f"ESPCN: {espcn.count_params():,} parameters, {ratio:.0f} times as many")

# %% [markdown]
# **Predict:** what does it cost, compared with SRCNN?
#
# - **A** Three times as much, like its parameters.
# - **B** A fifth.
# - **C** A sixteenth, since it works on a sixteenth of the pixels.

# %%
espcn_price = (5**2 * 1 * 64 + 3**2 * 64 * 32 + 3**2 * 32 * 16) / 16
assert espcn_price == architecture.cost(espcn).multiplications
print(
    f"{espcn_price:,.0f} per pixel, SRCNN's divided by {srcnn_price / espcn_price:.1f}"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. Each of its parameters is used once for each *small* pixel, and that price is shared
# by sixteen large ones. **A** forgets where the network works. **C** forgets that it has three
# times the weights: $3 / 16$ is about a fifth.
#
# </details>

# %% [markdown]
# ## Learn the difference only
#
# SRCNN spent its first steps learning to copy. You can give it the copy: let the network
# compute only what must be *added* to bicubic, the **residual**. How much is left to learn?

# %%
cat, low_cat = datasets.pair(photographs["chelsea"], 4)
residual = unit_luma(cat) - unit_luma(resize(low_cat, 4))
print(f"contrast (standard deviation) of the cat: {unit_luma(cat).std():.3f}")
print(f"of the residual: {residual.std():.3f}")

# %% [markdown]
# A quarter of the contrast. This is the idea of VDSR ([Kim and others,
# 2016](https://arxiv.org/abs/1511.04587)), with twenty layers. A network that returns zero is
# already as good as bicubic, so let its last layer start at zero. (In the first step only this
# layer moves; from then on the others get a gradient, too.) Train the same sub-pixel network
# twice, for the whole luma and for the residual, on the same batches.


# %%
def fit(name, network, loss, rate, steps, batch):
    network.compile(adam(rate, steps), loss, jit_compile=runtime.jit_compile())
    progress = Progress(name, 4)
    options = {"epochs": 10, "shuffle": False, "verbose": 0, "callbacks": [progress]}
    network.fit(batches(pairs, 24, batch), steps_per_epoch=steps // 10, **options)
    return progress.steps, progress.decibels


# %% [markdown]
# **Predict:** after 400 steps, which of the two ends higher?
#
# - **A** Both end level: the same layers can compute the same functions.
# - **B** The one that learns the residual.
# - **C** The one that learns everything, since it isn't bound to bicubic's mistakes.

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

# %%
found = {name: board.mean(name, "held-out").psnr for name in board.scores}
assert abs(curves["ESPCN, residual"][1][0] - line[0]) < 0.05
assert found["ESPCN, residual"] > max(found["ESPCN"] - 0.1, found["bicubic"] + 0.3)

# %% [markdown]
# One training is an anecdote. A stored table repeats it from three seeds, which decide the
# first weights and the patches:

# %%
from sr_utils import evidence

table = evidence.load("choices")
repeated = table.select("ESPCN", "ESPCN, residual")
assert min(repeated.results("ESPCN, residual")) > max(repeated.results("ESPCN"))
repeated

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, from each seed. ESPCN must learn bicubic first. After 400 steps, when its learning rate
# has fallen to zero, it has only just got there: your run ends below bicubic, the three runs
# of the table at 28.49 dB on average, and bicubic has 28.54. **A** is true of what the layers
# *can* compute, not of what 400 steps find. **C** tempts, but a residual can undo any mistake.
#
# </details>

# %% [markdown]
# ## A small SRResNet
#
# The idea works inside a network, too. A **residual block** adds what its two convolutions
# compute to its input. The input passes every block unchanged, and on the way back so does
# the gradient. So you can stack many blocks and still train them. SRResNet ([Ledig and
# others, 2017](https://arxiv.org/abs/1609.04802)) is such a stack, on the small image.

# %%
steps_of_a_block = ["3 × 3 convolution", "leaky ReLU", "3 × 3 convolution"]
alt = "Two convolutions in a row; an arrow carries the input past them to a plus sign."
diagrams.skip(steps_of_a_block, alt=alt)


# %%
def conv(x, filters, **options):
    return layers.Conv2D(filters, 3, padding="same", **options)(x)


def residual_block(x, filters):
    y = layers.LeakyReLU(0.2)(conv(x, filters))
    return x + conv(y, filters)


# %% [markdown]
# Yours is smaller than the paper's, with 4 blocks of 32 channels and not 16 of 64, and adds
# its result to bicubic. More choices need a reason.
#
# - **No batch normalization.** It divides by the contrast of the *batch*, but contrast is
#   what the network should restore. EDSR ([Lim and others,
#   2017](https://arxiv.org/abs/1707.02921)) left it out and scored higher.
# - **RGB in and out**, not luma. The later lessons compare colors, too, and a network for
#   the luma leaves blurred color beside sharp edges. It is cheap here: only the first and
#   the last convolution see colors.
# - **Zeros at the border** (`padding="same"`). Padding once, as for SRCNN, would have to
#   reach as far as the network looks, and would multiply the area of a patch. Each training
#   patch has such borders, so the network can learn to deal with them.

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
# Left, every square of 4 × 4 pixels has the same pattern: a **checkerboard**. Two remedies.
# Start all sixteen filters equal, so that the layer begins as nearest neighbor (ICNR, [Aitken
# and others, 2017](https://arxiv.org/abs/1707.02937)). And let one more convolution work at
# the *full* resolution, where the neighbors meet. SRResNet enlarges twice by two and ends
# with such a convolution. You keep that, with fewer channels.


# %%
def upsample(x, channels):
    x = conv(x, 4 * channels, kernel_initializer=ICNR(2))
    return layers.LeakyReLU(0.2)(depth_to_space(x, 2))


def tail(x):
    x = upsample(upsample(x, 32), 16)
    return conv(x, 3, kernel_initializer="zeros", dtype="float32")


# %% [markdown]
# The last convolution starts at zero: with bicubic added, the untrained network *is*
# bicubic. (A single layer that starts at zero shows no checkerboard either. It can still
# learn one.)


# %%
def srresnet(blocks, filters, end=tail):
    small = keras.Input((None, None, 3))
    x = start = conv(layers.Rescaling(1, offset=-0.5)(small), filters)
    for _ in range(blocks):
        x = residual_block(x, filters)
    x = conv(x, filters) + start
    return keras.Model(small, Bicubic(4)(small) + end(x))


# %% [markdown]
# What does this tail cost? Compare it with a single sub-pixel layer. Training runs in bfloat16
# where the processor has instructions for it: numbers with fewer digits, and up to twice as
# many of them per second. Weights, the last layer and all scores stay in float32.


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
# Now train both, from the start, on the same batches, with **absolute error** in place of
# squared error, and **small batches**, of 4 patches of 24 × 24 pixels.
#
# **Predict:** which of the two ends higher, after as many steps?
#
# - **A** The single layer: it is simpler, so it learns faster.
# - **B** Our tail.
# - **C** Neither, by more than chance: the blocks do the work.

# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=1000, full=200_000)
resnet, single = untrained(tail), untrained(single_layer)
options = {"loss": "mae", "rate": 2e-3, "steps": steps, "batch": 4}
curves = {"bicubic": ([0, steps], line)}
curves["SRResNet"] = fit("SRResNet", resnet, **options)
curves["single layer"] = fit("single layer", single, **options)

# %% tags=["nbval-ignore-output"]
assert min(curves[x][1][-1] for x in ("SRResNet", "single layer")) > line[0] + 0.5
alt = "Both networks start at bicubic and climb; SRResNet ends above the single layer."
plots.curves(curves, **axes | {"bottom": 28}, alt=alt)

# %% tags=["nbval-ignore-output"]
board.add("SRResNet", models.upscaler(resnet), architecture.cost(resnet))
board.add("single layer", models.upscaler(single), architecture.cost(single))
board

# %%
means = {name: board.mean(name, "held-out").psnr for name in board.scores}
assert means["SRResNet"] > max(means["single layer"] - 0.1, means["SRCNN"] + 0.3)

# %% [markdown]
# The table repeats both from three seeds, with 400 steps, and changes other choices, one at a
# time:

# %%
assert min(table.results("SRResNet")) > max(table.results("single layer"))
assert min(table.results("ReLU")) < means["bicubic"] + 0.01
choices = [
    "SRResNet",
    "single layer",
    "ReLU",
    "squared error",
    "100 steps of 16 patches",
]
table.select(*choices)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, by 0.2 dB, for twice the multiplications. **A** tempts, but a single layer also has less
# to learn with. **C** would be right if the seeds were as far apart as the two rows.
#
# </details>
#
# - **ReLU**: from two of the three seeds it never leaves bicubic, which is what remains when
#   filters are dead. A slope of 0.2 for negative values keeps a gradient.
# - **Squared error** scores 0.07 dB higher here; PSNR is its own measure. The course keeps the
#   absolute error, as EDSR does.
# - **Batches of 16**, with as many patches in all, score 0.3 dB lower: this early, many rough
#   steps help more than few exact ones.
#
# The tail has a second reason. In lesson 4 the loss asks for fine texture, and a single layer
# answers with a checkerboard.

# %% [markdown]
# `models.srresnet` is the function you wrote, for any scale; later lessons use it. Here are
# your networks and the shipped one.

# %%
upscalers = {"bicubic": lambda low: resize(low, 4), "SRCNN": models.upscaler(whole)}
upscalers |= {"SRResNet": models.upscaler(resnet), "SRResNet, shipped": shipped}
results = {name: upscale(small) for name, upscale in upscalers.items()}
captions = decibels(coffee, results)
alt = "The coffee cup by bicubic, SRCNN and two SRResNets: its edge gets clearer."
results = {"nearest": resize(small, 4, "nearest")} | results | {"original": coffee}
pictures.compare(results, (164, 344, 48, 48), columns=3, captions=captions, alt=alt)

# %% [markdown]
# Follow the rim of the cup from picture to picture: the staircase of bicubic becomes a
# line. Now look at the thin bright lines on the saucer, in the original. No network brings
# them back.

# %% tags=["nbval-ignore-output"]
board.add("SRResNet, shipped", shipped, architecture.cost(checkpoint))
board

# %% [markdown]
# Papers compare on Set5. SRCNN's best score there is that of a larger SRCNN (9-5-5, 57,281
# parameters) trained on 395,909 images: 30.49 dB in [its own
# paper](https://arxiv.org/abs/1501.00092), 30.48 in the tables of VDSR and EDSR. Your
# SRResNet, after a thousand steps, comes within a few tenths of a decibel. The shipped one is
# a decibel above it.

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
# ## Your own photographs
#
# Train on what you want to enlarge. `datasets.photographs` reads a folder, reduces what has
# more than 1,024 pixels a side, since cameras store more pixels than they see, and names the
# files it can't use. In place of yours, this folder holds the left halves of three textures,
# and a file that is no photograph.

# %%
folder = Path(tempfile.mkdtemp())  # the path of your folder
for name in datasets.TEXTURES:
    picture = Image.fromarray(images.to_uint8(training[name]))
    picture.save(folder / f"{name}.jpg", quality=90)
(folder / "broken.jpg").write_bytes(b"")
yours = datasets.photographs(folder, least=96)
print(", ".join(yours))

# %% [markdown]
# Train once from scratch, and once from the weights of your SRResNet, at a tenth of the
# learning rate, to keep what is good in them. Score both on the *right* halves of the
# textures, which no training saw, and on the held-out photographs.
#
# **Predict:** what becomes of their scores on the held-out photographs?
#
# - **A** Both gain on your SRResNet, since they were trained on more.
# - **B** The one that goes on stays about where it was; the one from scratch falls behind.
# - **C** Both fall below bicubic, since they see nothing but textures.


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

# %%
gained = {
    (method, name): own.mean(method, name).psnr - own.mean("SRResNet", name).psnr
    for method in ("from scratch", "trained on")
    for name in sets
}
assert gained["trained on", "textures"] > max(0, gained["trained on", "held-out"])
assert gained["from scratch", "held-out"] < gained["trained on", "held-out"]
assert own.mean("from scratch", "held-out").psnr > own.mean("bicubic", "held-out").psnr

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. The one that goes on gains on textures like yours, and next to nothing elsewhere. The
# one from scratch has seen three pictures only. **A** forgets that the score is of *other*
# photographs. **C** goes too far: edges in a texture are edges, too.
#
# </details>
#
# So your PSNR may fall for three reasons: you score on other photographs than you train on
# (keep some of yours out of the folder); you have few, and the network learns them by heart;
# they are noisy or full of JPEG blocks, and the network learns to draw these, too.
#
# For more than seconds there is a command, which can be stopped at any time and leaves a
# checkpoint with its card. With `--initial` it trains the shipped network on:
#
# `python -m sr_utils.training srresnet_x4_bundled --photographs FOLDER --initial srresnet_x4`

# %% [markdown]
# ## Three networks, and the years around them
#
# Here are the three as their papers have them, at ×4. The larger its image, the higher is a box,
# and what enlarges is orange. `published` counts their multiplications as you did.

# %%
assert published.METHODS["ESPCN"].cost == espcn_price
rows = {
    f"{name}, {published.METHODS[name].year}: "
    f"{published.METHODS[name].cost:,} multiplications per pixel": steps
    for name, steps in published.LAYERS.items()
}
alt = "SRCNN enlarges first; ESPCN last, at once; SRResNet near the end, in two steps."
diagrams.networks(rows, alt=alt)

# %% [markdown]
# Before SRCNN, *sparse coding* ([Yang and others,
# 2010](https://doi.org/10.1109/TIP.2010.2050625)) wrote each patch as a sum of few entries of
# a learned dictionary; [A+](https://doi.org/10.1007/978-3-319-16817-3_8) (Timofte and others,
# 2014) made that fast. VDSR showed that depth pays if the network learns the
# residual; EDSR, that batch normalization can go and width pays.
# [SwinIR](https://arxiv.org/abs/2108.10257) (Liang and others, 2021) puts a transformer in
# place of the blocks. [SR3](https://arxiv.org/abs/2104.07636) (Saharia and others, 2021) runs
# one network many times, from noise to a picture; it gives up on PSNR, for the reason that
# this lesson ends with.

# %%
y_label = "published PSNR on Set5 ×4 in dB"
lines = {"bicubic": published.BICUBIC, "our shipped SRResNet: 30.6 k": 31.54}
alt = "From 30.1 dB in 2014 to 32.9 in 2021, for ever more multiplications per pixel."
diagrams.timeline(published.METHODS, lines, y_label=y_label, alt=alt)

# %% [markdown]
# The numbers are thousands of multiplications per pixel of the result. It isn't a controlled
# comparison: the networks were also trained on more and more photographs.

# %% [markdown]
# ## What stays wrong
#
# More blocks, more photographs and more days raise the score, but the pictures stay soft.
# One reason lies outside the network. Take 3 × 3 small pixels from a roof, in the photograph
# `china`. In two others, of grass and of gravel, a search has found the patch most like it,
# wherever the grid of small pixels may lie. The difference is the root of the mean square.


# %%
def levels(first, second):
    return 255 * np.sqrt(np.mean((first - second) ** 2))


alike, originals = {}, {}
places = {"china": (162, 246), "grass": (152, 129), "gravel": (44, 166)}
for name, (y, x) in places.items():
    plane = unit_luma(training[name])
    low = datasets.pair(plane[y % 4 :, x % 4 :], 4)[1]
    alike[name] = low[y // 4 : y // 4 + 3, x // 4 : x // 4 + 3]
    originals[name] = plane[y : y + 12, x : x + 12]
    print(f"{name}: {levels(alike[name], alike['china']):.1f} levels of 255 apart")

# %% [markdown]
# **Predict:** the three small patches are hardly apart. How far apart are their originals?
#
# - **A** As little: the small patch holds most of the picture.
# - **B** They show the same edges, and differ in fine noise.
# - **C** They are three different pictures.

# %%
panels = {f"{name}, small": x for name, x in alike.items()}
panels |= originals
zoom = {name: 48 if name.endswith("small") else 12 for name in panels}
alt = (
    "Three plain gray small patches; the originals: stripes, blades of grass, a stone."
)
pictures.gallery(panels, zoom=zoom, alt=alt)

# %%
apart = [levels(originals[x], originals["china"]) for x in ("grass", "gravel")]
print(f"from the roof: grass {apart[0]:.0f} levels, gravel {apart[1]:.0f} levels")
assert max(levels(x, alike["china"]) for x in alike.values()) < 7 < 40 < min(apart)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. Stripes, blades and a stone: what makes them different has all but
# vanished.
# **A** is true of a whole photograph, whose contrast is mostly coarse. **B** is true of a strong
# edge, which survives.
#
# </details>
#
# Suppose a network can't tell the small ones apart either. It must give *one* answer, and its
# loss compares it with all originals $y_i$ in turn. The squared error is smallest where its
# derivative vanishes, and that is their mean:
#
# $$
# \sum_i 2 (c - y_i) = 0 \quad \text{so} \quad c = \frac{1}{n} \sum_{i=1}^{n} y_i
# $$
#
# The absolute error has the derivative $-1$ for each original above $c$ and $1$ for each
# below: it is smallest at the **median**, with as many above as below.

# %% [markdown]
# To see what that does, leave open only *where* something lies. An edge may lie at nine
# positions, one pixel from each to the next; a crop of the cat may be moved by two pixels, up
# or down and left or right. All nine are equally likely.

# %%
column = np.arange(48) < np.arange(20, 29)[:, None]  # (9, 48)
edges = np.repeat(0.15 + 0.7 * column[:, None, :, None], 48, axis=1)
moves = [(y, x) for y in (74, 76, 78) for x in (130, 132, 134)]
crops = np.stack([cat[y : y + 48, x : x + 48] for y, x in moves])

# %% [markdown]
# **Predict:** which single answer is best for the nine edges?
#
# - **A** With both losses a ramp from light to dark, since all nine count.
# - **B** With both losses a sharp edge in the middle, the average position.
# - **C** With squared error a ramp, with absolute error a sharp edge.
# - **D** With both losses any one of the nine.


# %%
panels = {"an edge": edges[2], "another": edges[7]}
panels |= {
    "squared error": edges.mean(axis=0),
    "absolute error": np.median(edges, axis=0),
}
panels |= {"the cat": crops[4], "moved": crops[8]}
panels |= {
    "cat, squared": crops.mean(axis=0),
    "cat, absolute": np.median(crops, axis=0),
}
alt = (
    "Edge and eye, moved; squared error blurs both, absolute error keeps strong edges."
)
pictures.gallery(panels, zoom=4, columns=4, alt=alt)

# %%
ramp = panels["squared error"][0, 19:29, 0]
assert np.allclose(np.diff(ramp), -0.7 / 9)  # nine equal steps
assert np.array_equal(panels["absolute error"], edges[4])

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. The mean of nine edges is a ramp. Their median is the middle one: sharp, but right in
# one case of nine. **A** forgets the median; **B** takes the mean of the positions, not of the
# gray values. **D** is what lesson 4 will want: a loss that is content with any of them.
#
# </details>
#
# The eye shows the same in a photograph. The mean is as soft as the pictures of the networks
# above. The median keeps the strong edges and loses what is thin: the hairs above the eye, the
# light in the pupil. Exercise 3 shows why.

# %% [markdown]
# A real network sees more than 3 × 3 pixels and can rule out some originals, but never all
# but one: lesson 1 built two large images with the same small one.
#
# PSNR doesn't mind. The first picture below is what the shipped network makes; its error is
# mostly blur. In the third the same squared error is noise. The second mixes both, and in a
# running notebook you can choose how. All three have the same score. Which do you prefer?

# %%
blur = shipped(low_cat) - cat
noise = np.random.default_rng(0).normal(size=(*cat.shape[:2], 1))
score = metrics.psnr(cat, shipped(low_cat), shave=4)
noise *= 10 ** (-score / 20) * 255 / 219  # the error that this score means


def mixed(share):
    return np.clip(cat + (1 - share) ** 0.5 * blur + share**0.5 * noise, 0, 1)


def look(noise):
    panels = {f"{share:.0%} noise": mixed(share) for share in (0, noise, 1)}
    captions, alt = decibels(cat, panels), f"An eye with blur and {noise:.0%} noise."
    panels |= {"original": cat}
    eye, options = (70, 120, 72, 72), {"columns": 2, "captions": captions}
    return pictures.compare(panels, eye, **options, alt=alt)


scores = [metrics.psnr(cat, mixed(share), shave=4) for share in (0, 0.5, 1)]
assert np.ptp(scores) < 0.05
explore(look, {"noise": 0.5}, noise=(0.1, 0.3, 0.5, 0.7, 0.9))

# %% [markdown]
# A loss on pixels can't prefer one of them. To get a sharp answer, you must ask for something
# other than the closest pixels. Lesson 3 does.

# %% [markdown]
# ## What you have measured
#
# - SRCNN beats bicubic on every held-out photograph after half a minute of training. In this
#   one training it is level with back-projection.
# - ESPCN, which enlarges at the end, needs a fifth of SRCNN's multiplications.
# - Learning only the difference to bicubic is better after 400 steps, from three seeds.
# - A small SRResNet gains about a decibel over bicubic.
# - Patches that are nearly equal when small are different pictures when large. The best answer
#   for squared error is the mean of what is possible, for absolute error the median.

# %%
gain = board.mean("SRResNet", "held-out").psnr - board.mean("bicubic", "held-out").psnr
assert gain > 0.8

# %% [markdown]
# ## Exercises
#
# Write your answer into the empty cell and run the check below it, which says what is wrong.
# The solution is folded beneath.
#
# **1. How far does it see?** How many small pixels away, in each direction, can a pixel still
# change the result? Give `srcnn_radius` and `srresnet_radius`, whole numbers: yours of this
# lesson, counted from pixel to pixel, from the sizes of the filters.

# %% tags=["answer"]
# Your answer:


# %% tags=["check"]
def counts(distance):  # whether a pixel that far away changes SRCNN's result
    flat = np.full((1, 17, 17, 3), 0.5, "float32")
    touched = flat.copy()
    touched[0, 8, 8 + distance] = 1
    return abs(whole(touched) - whole(flat)).numpy()[0, 32:36, 32:36].max() > 1e-7


with checking("srcnn_radius", "srresnet_radius"):
    assert srcnn_radius != 6, "SRCNN's filters lose 6 pixels of the *large* image."
    assert not counts(srcnn_radius + 1), (
        "Pixels farther away count, too. What does bicubic itself look at?"
    )
    assert counts(srcnn_radius), "A pixel as far away as this changes nothing."
    assert srresnet_radius != 10, (
        "The blocks see that far. What do the tail's layers add?"
    )
    assert srresnet_radius == architecture.receptive_radius(resnet), (
        "Count every 3 × 3 convolution, one pixel each, of the image it works on."
    )

# %% tags=["solution"]
# SRCNN: 4 + 0 + 2 = 6 large pixels are 1.5 small ones, and bicubic looks 2 far.
srcnn_radius = int((4 + 0 + 2) / 4 + 2)
# SRResNet: one for each convolution; those of the tail work on 1, 2 and 4 times the size.
srresnet_radius = int(np.ceil(1 + 4 * 2 + 1 + 1 + 1 / 2 + 1 / 4))
print(srcnn_radius, srresnet_radius)

# %% tags=["wrong"] says="*large* image"
srcnn_radius, srresnet_radius = 6, 12

# %% tags=["wrong"] says="What does bicubic itself look at?"
srcnn_radius, srresnet_radius = 2, 12

# %% tags=["wrong"] says="What do the tail's layers add?"
srcnn_radius, srresnet_radius = 3, 10

# %% [markdown]
# **2. Dead filters.** Write `count_dead(network, image)`: how many of the 64 first filters of a
# network like `srcnn` return zero everywhere in an image `(height, width, 1)`? Then train
# SRCNN for 400 steps, with and without the two `Rescaling` layers, and count.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("count_dead"):
    probe, image = keras.models.clone_model(srcnn), unit_luma(resize(low_cat, 4))
    extraction = probe.get_layer("extraction")
    kernel, bias = extraction.get_weights()
    kernel[..., :5], bias[:5] = 0, -1  # these five can't answer
    extraction.set_weights([kernel, bias])
    found = count_dead(probe, image)
    assert found < 50, (
        "Nearly every filter is zero *somewhere*. Dead is zero everywhere."
    )
    assert found == 5, "Ask what the filters return, after the ReLU, not their weights."


# %% tags=["solution", "nbval-ignore-output"]
def count_dead(network, image):
    answers = keras.Model(network.inputs[0], network.get_layer("extraction").output)
    strongest = ops.max(answers(image[None]), axis=(0, 1, 2))
    return int(ops.sum(ops.equal(strongest, 0)))


for parts, name in [(srcnn.layers, "with"), (srcnn.layers[1:-1], "without")]:
    keras.utils.set_random_seed(0)
    copies = [type(x).from_config(x.get_config()) for x in parts]
    network = keras.Sequential([keras.Input((None, None, 1)), *copies])
    network.compile(adam(2e-3, 400), loss="mse", jit_compile=runtime.jit_compile())
    network.fit(patches, steps_per_epoch=400, shuffle=False, verbose=0)
    dead = count_dead(network, unit_luma(resize(low_cat, 4)))
    print(f"{name} the two layers: {dead} of 64 are dead")


# %% tags=["wrong"] says="zero *somewhere*"
def count_dead(network, image):
    answers = keras.Model(network.inputs[0], network.get_layer("extraction").output)
    weakest = ops.min(answers(image[None]), axis=(0, 1, 2))
    return int(ops.sum(ops.equal(weakest, 0)))


# %% tags=["wrong"] says="not their weights"
def count_dead(network, image):
    kernel = network.get_layer("extraction").get_weights()[0]
    return int((kernel.sum(axis=(0, 1, 2)) < 0).sum())


# %% [markdown]
# **3. A thin line.** Nine originals are black, each with a white line, one pixel wide, one
# pixel farther to the right. How bright, from 0 to 1, is the middle line's place in the best
# answer for squared error, `line_squared`, and for absolute error, `line_absolute`?

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("line_squared", "line_absolute"):
    lines = np.eye(9)  # nine originals, a row of pixels each
    gray = np.linspace(0, 1, 1000)[:, None]
    squared = gray[((gray - lines[:, 4]) ** 2).sum(axis=1).argmin(), 0]
    absolute = gray[abs(gray - lines[:, 4]).sum(axis=1).argmin(), 0]
    assert abs(line_squared - squared) < 0.01, "How many of the nine are white there?"
    assert abs(line_absolute - absolute) < 0.01, (
        "Not like the edge: sort the nine values of that pixel, and take the fifth."
    )

# %% tags=["solution"]
column = [1] + 8 * [0]
line_squared, line_absolute = np.mean(column), np.median(column)
print(f"squared error: {line_squared:.2f}, absolute error: {line_absolute:.0f}")

# %% [markdown] tags=["solution"]
# The mean smears the line over nine pixels. The median erases it: in each place, most of the
# originals are black. Whiskers and cables suffer this way.

# %% tags=["wrong"] says="sort the nine values"
line_squared, line_absolute = 1 / 9, 1

# %% tags=["wrong"] says="How many of the nine are white"
line_squared, line_absolute = 0.5, 0

# %% [markdown]
# ## Papers
#
# - C. Dong and others, [*Learning a deep convolutional network for image
#   super-resolution*](https://doi.org/10.1007/978-3-319-10593-2_13), 2014: SRCNN, and
#   [larger ones](https://arxiv.org/abs/1501.00092), 2016.
# - D. Kingma and J. Ba, [*Adam*](https://arxiv.org/abs/1412.6980), 2015.
# - W. Shi and others, [*Real-time single image and video super-resolution using an efficient
#   sub-pixel convolutional neural network*](https://arxiv.org/abs/1609.05158), 2016: ESPCN.
# - J. Kim and others, [*Accurate image super-resolution using very deep convolutional
#   networks*](https://arxiv.org/abs/1511.04587), 2016: VDSR.
# - C. Ledig and others, [*Photo-realistic single image super-resolution using a generative
#   adversarial network*](https://arxiv.org/abs/1609.04802), 2017: SRResNet.
# - A. Aitken and others, [*Checkerboard artifact free sub-pixel
#   convolution*](https://arxiv.org/abs/1707.02937), 2017: ICNR.
# - B. Lim and others, [*Enhanced deep residual networks for single image
#   super-resolution*](https://arxiv.org/abs/1707.02921), 2017: EDSR.
# - Before and after: [sparse coding](https://doi.org/10.1109/TIP.2010.2050625),
#   [A+](https://doi.org/10.1007/978-3-319-16817-3_8),
#   [SwinIR](https://arxiv.org/abs/2108.10257), [SR3](https://arxiv.org/abs/2104.07636).
