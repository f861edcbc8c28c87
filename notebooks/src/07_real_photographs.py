# %% [markdown]
# # 7. Real photographs: why does it fail on mine?
#
# "It makes my photo worse." That is what users of every network of this kind say first, and
# they are right. The networks of lessons 2 to 4 know one way in which an image gets small:
# it is sharp and clean, and is reduced by antialiased bicubic. Your phone does something
# else.
#
# In this lesson nobody tells the network how the image got small. You take a bad photograph
# apart, one thing at a time, learn to make bad photographs yourself, and train on them.

# %%
# The build writes this cell: tools/address.py.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
import io
import tempfile
from fractions import Fraction
from functools import partial
from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage, special
from skimage.measure import blur_effect

from sr_utils import (
    datasets,
    degradations,
    evidence,
    images,
    metrics,
    models,
    photo_files,
    pictures,
    plots,
)
from sr_utils.checks import checking
from sr_utils.patches import Patches
from sr_utils.perceptual import CalibratedFeatures, vgg19_features
from sr_utils.resize import resize
from sr_utils.widgets import explore

# %% [markdown]
# Here is where the lesson leads. The first picture is what a phone might send: 64 × 64
# pixels, a little out of focus, with noise, stored as a JPEG of quality 60. It is simulated,
# so that there is an original to compare with. The other two were made from it, by lesson
# 4's SRGAN, and by a network with the same task that was trained on bad photographs.

# %%
photographs = datasets.held_out()
portrait = photographs["astronaut"][0:256, 96:352]


def stored(quality):
    fixed = {"qualities": (quality, quality), "webp_share": 0}
    return partial(degradations.random_compressed, **fixed)


def blurred(width):
    fixed = {"widths": (width, width), "round_share": 1}
    return partial(degradations.random_blur, **fixed)


noisy = partial(degradations.gaussian_noise, sigma=4)
phone = partial(
    degradations.degrade, blur=blurred(1.2), noise=noisy, compress=stored(60)
)


# %%
def upscaler(name):
    return models.upscaler(models.load_checkpoint(name))


methods = {"bicubic": lambda low: np.clip(resize(low, 4), 0, 1)}
methods["SRResNet"] = upscaler("srresnet_x4")
methods["SRGAN"] = upscaler("srgan_x4")
real = {"SRResNet, real": upscaler("srresnet_x4_real")}
real["SRGAN, real"] = upscaler("srgan_x4_real")

# %%
sent = phone(portrait, 4, seed=0)
results = {name: (methods | real)[name](sent) for name in ("SRGAN", "SRResNet, real")}
squares = np.kron(sent, np.ones((4, 4, 1)))
alt = "A portrait in large squares; with scratches and blocks; smooth and clean."
pictures.gallery({"what was sent": squares} | results, alt=alt)

# %% [markdown]
# Look at the skin and at the background. SRGAN turned noise into scratches and the 8 × 8
# squares of the JPEG into walls. Below are crops of the same pictures.

# %%
face = (86, 90, 80, 80)
views = {"what was sent": squares} | results | {"original": portrait}
panels = {name: pictures.crop(x, face) for name, x in views.items()}
captions = {x: f"{metrics.psnr(portrait, views[x], shave=4):.2f} dB" for x in results}
alt = "Eyes, nose and mouth: squares; scratched; smooth, without detail; the original."
pictures.gallery(panels, zoom=3, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
scores = {x: metrics.psnr(portrait, y, shave=4) for x, y in results.items()}
print(", ".join(f"{name}: {x:.2f} dB" for name, x in scores.items()))
assert scores["SRResNet, real"] > scores["SRGAN"] + 0.3

# %% [markdown]
# **What you will learn**
#
# - what blur, noise, JPEG and another way of resizing do to a network that doesn't know them
# - a model of bad photographs, written out and run part by part
# - training on degraded pairs: what you win, and what you pay on clean images
# - measuring the blur of a photograph that you have
# - judging without an original, and why that fails
# - trying it on your own photograph, and what not to use it for
#
# **What you need:** lessons 2 and 3; lesson 4 for the last network. **Time:** an hour and a
# half to read and try; about three minutes to run on two idle CPU cores. With
# `SR_BUDGET=full` the training takes 20,000 steps, which is meant for a GPU.

# %% [markdown]
# ## A model of bad photographs
#
# Light falls through a lens that isn't quite in focus, onto a sensor that counts photons
# with errors, and the result is stored in a lossy file. As a formula, with $x$ for the
# original and $y$ for what you get:
#
# $$
# y = \left( (x * k)\downarrow + \; n \right)_{\text{JPEG}}
# $$
#
# The image is convolved with a kernel $k$, reduced, gets noise $n$, and is stored. Four parts,
# four functions. First the kernel, a round Gaussian of a given width, its standard deviation
# in pixels of the original.


# %%
def gaussian(width):
    reach = int(np.ceil(4 * width))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    weights = np.exp(-(x**2 + y**2) / (2 * width**2))
    return weights / weights.sum()


# %%
def blur(image, kernel):
    return ndimage.convolve(image, kernel[..., None], mode="reflect")


soft = blur(portrait, gaussian(2))
print(f"{gaussian(2).shape} weights, luma varies by {images.luma(soft).std():.1f}")

# %% [markdown]
# Then the reduction, of which you know everything from lesson 1.


# %%
def reduce(image, scale):
    return np.clip(resize(image, Fraction(1, scale)), 0, 1)


small = reduce(soft, 4)
print(f"{soft.shape} became {small.shape}")


# %% [markdown]
# The noise is a number of its own for each pixel and channel, `sigma` in levels of 255.


# %%
def add_noise(image, sigma, seed):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(image.shape, dtype="float32")
    return np.clip(image + sigma / 255 * noise, 0, 1)


grainy = add_noise(small, 5, seed=0)
print(f"off by {255 * (grainy - small).std():.1f} levels")

# %% [markdown]
# Last the file. A JPEG cuts the image into squares of 8 × 8 pixels, writes each as a sum of
# waves, and rounds their strengths, the more coarsely the lower the quality. Colors are
# stored at half the size before that.


# %%
def as_jpeg(image, quality):
    file = io.BytesIO()
    Image.fromarray(images.to_uint8(image)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)) / np.float32(255), file.tell()


for quality in (95, 75, 30):
    loaded, size = as_jpeg(grainy, quality)
    error = 255 * np.sqrt(np.mean((loaded - grainy) ** 2))
    print(f"quality {quality}: {size:,} bytes, off by {error:.1f} levels")

# %% [markdown]
# Together they are one function. `degradations.degrade` is the same with parts that can be
# exchanged; the lesson uses that one from here on, and the tests hold the two equal.


# %%
def photographed(image, width, sigma, quality, seed=0):
    small = reduce(blur(image, gaussian(width)), 4)
    return as_jpeg(add_noise(small, sigma, seed), quality)[0]


# %%
parts = {"reduced": reduce(portrait, 4), "blurred, too": small, "and noise": grainy}
parts["and JPEG"] = photographed(portrait, 2, 5, 75)
alt = "Four small portraits: clean, softer, with grain, with grain and squares."
pictures.gallery(parts, zoom=3, alt=alt)

# %% [markdown]
# At this size the four look much alike, and so they do on a phone. The differences are in
# single pixels. A network looks at single pixels.

# %% [markdown]
# ## One thing at a time
#
# Now let each part act alone, on the three held-out photographs, and ask the networks that
# know none of them. Closeness is PSNR, averaged over the photographs. Likeness to
# photographs is the Fréchet distance of lesson 3, in two layers, and lower is better.

# %% tags=["nbval-ignore-output"]
judges = ["block3_conv1", "block2_conv2"]
imagenet = vgg19_features(judges).name == "vgg19_imagenet"
weights = "imagenet" if imagenet else None
print("weights of VGG19:", "ImageNet" if imagenet else "RANDOM")
features = CalibratedFeatures(judges, weights, datasets.training())
originals = [datasets.pair(x, 4)[0] for x in photographs.values()]


# %%
def cloud(image):
    return features(images.quantize(image)[4:-4, 4:-4])  # without the border, as PSNR


clouds = [cloud(x) for x in originals]
assert len(clouds) == 3


# %%
def frechet(results):
    seen = [cloud(x) for x in results]
    return [
        metrics.frechet_distance(np.concatenate(x), np.concatenate(y))
        for x, y in zip(zip(*clouds, strict=True), zip(*seen, strict=True), strict=True)
    ]


def psnrs(results):
    pairs = zip(originals, results, strict=True)
    return [metrics.psnr(x, images.quantize(y), shave=4) for x, y in pairs]


# %%
def judged(upscale, degrade):
    lows = [degrade(x, 4, seed) for seed, x in enumerate(originals)]
    results = [upscale(low) for low in lows]
    return np.mean(psnrs(results)), *frechet(results)


# %%
def look_at(condition, compared):
    for name, upscale in compared.items():
        found[condition, name] = judged(upscale, conditions[condition])
        psnr, deep, early = found[condition, name]
        print(f"{condition}, {name}: {psnr:.2f} dB, Fréchet {deep:.1f} / {early:.1f}")


def lost(condition, name):
    return found["clean", name][0] - found[condition, name][0]


found, conditions = {}, {"clean": degradations.CONDITIONS["clean"]}

# %% tags=["nbval-ignore-output"]
look_at("clean", methods)
assert found["clean", "SRResNet"][0] > found["clean", "bicubic"][0] + 1

# %% [markdown]
# That is where lesson 4 ended. And this function shows one eye of the cat: what the network
# gets, and what two of them make of it.

# %%
cat = originals[2]


def eyes(condition, names=("SRResNet", "SRGAN"), region=(92, 144, 72, 72)):
    low = conditions[condition](cat, 4, seed=2)
    enlarged = {name: (methods | real)[name](low) for name in names}
    panels = {name: pictures.crop(x, region) for name, x in enlarged.items()}
    given = pictures.crop(low, [side // 4 for side in region])
    zoom = {"given": 12} | dict.fromkeys(names, 3)
    captions = {
        name: f"{metrics.psnr(cat, x, shave=4):.2f} dB" for name, x in enlarged.items()
    }
    alt = f"A cat's eye, {condition}: what is given, and enlarged twice."
    return pictures.gallery(
        {"given": given} | panels, zoom=zoom, captions=captions, alt=alt
    )


eyes("clean")

# %% [markdown]
# ### Blur
#
# **Predict:** the original is blurred by a Gaussian of 2 pixels before it is reduced. That
# is half a pixel of the small image. What do the networks return?
#
# - **A** The same as before: they have learned to draw sharp edges.
# - **B** A picture about as soft as what they were given.
# - **C** Wrong texture all over: they know no such images.

# %% tags=["nbval-ignore-output"]
blur_of_two = partial(degradations.degrade, blur=blurred(2))
conditions["blur"] = blur_of_two
look_at("blur", methods)
assert lost("blur", "SRResNet") > lost("blur", "bicubic") + 0.5

# %%
eyes("blur")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. In training, a soft edge in the small image always came from a soft edge in the
# original. So the network keeps it soft, and is right by all it knows. The advantage of
# SRResNet over bicubic shrinks from 1.7 dB to less than 1. **A** takes learning for
# sharpening. **C** is what happens next, but not with blur: a soft image is one that the
# networks know well.
#
# </details>

# %% [markdown]
# ### Noise
#
# **Predict:** now noise of 5 levels of 255, which you hardly see in the small image. What
# becomes of it?
#
# - **A** It averages out, since each result depends on a thousand small pixels.
# - **B** It stays as strong as it is, only larger.
# - **C** It becomes texture, more of it with SRGAN, which then falls behind bicubic.

# %% tags=["nbval-ignore-output"]
conditions["noise"] = partial(
    degradations.degrade, noise=partial(degradations.gaussian_noise, sigma=5)
)
look_at("noise", methods)
assert found["noise", "SRGAN"][0] < found["noise", "bicubic"][0] - 0.5
assert lost("noise", "SRGAN") > lost("noise", "SRResNet") > lost("noise", "bicubic")

# %%
eyes("noise")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. In a clean small image a pixel that differs from its neighbors means detail: a hair, a
# glint. The networks amplify such differences, since that is what was right in training, and
# SRGAN makes hairs of them. **A** would be true of a network that knows noise. **B** is what
# bicubic does, and that loses least.
#
# </details>

# %% [markdown]
# How much do they amplify? Compare each result with that for the clean image: what differs
# is what became of the noise.

# %% tags=["nbval-ignore-output"]
lows = [conditions[x](cat, 4, seed=2) for x in ("clean", "noise")]
became = {name: np.std(up(lows[1]) - up(lows[0])) for name, up in methods.items()}
for name, strength in became.items():
    print(f"{name}: 5 levels of noise became {255 * strength:.1f}")
assert became["SRGAN"] > became["SRResNet"] > became["bicubic"]

# %% [markdown]
# ### JPEG
#
# **Predict:** the small image is stored as a JPEG of quality 75, Pillow's default, and then of
# quality 30. What do the networks do with that?
#
# - **A** With 75 nothing changes, since nobody sees the loss. With 30 they blur the squares.
# - **B** Both draw the squares' borders as edges, and with 30 they are no better than bicubic.
# - **C** SRResNet draws squares. SRGAN doesn't, since no photograph has them.

# %% tags=["nbval-ignore-output"]
for quality in (75, 30):
    name = f"JPEG {quality}"
    conditions[name] = partial(degradations.degrade, compress=stored(quality))
    look_at(name, methods)
assert lost("JPEG 75", "SRResNet") > 1.5
assert found["JPEG 30", "SRGAN"][0] < found["JPEG 30", "bicubic"][0]
assert found["JPEG 30", "SRResNet"][0] < found["JPEG 30", "bicubic"][0] + 0.2

# %%
eyes("JPEG 75")

# %% [markdown]
# And quality 30. Look at the right, where one square of color ends and the next begins.

# %%
eyes("JPEG 30")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. A border between two squares is a step, and a step in a clean image is an edge. At 30,
# SRResNet has lost all that it had won over bicubic. **A** is true of large photographs: there a square is 8
# pixels of thousands. Here it becomes 32 × 32 pixels of the result. **C** is what a
# discriminator would ask for, had it seen such results in training. It never did.
#
# </details>

# %% [markdown]
# ### Another kernel
#
# **Predict:** this time nothing is damaged. The image is reduced by averaging squares of 4 × 4
# pixels ("box"), as many programs do, instead of antialiased bicubic. What changes?
#
# - **A** Next to nothing: both kernels blur before they sample, and bicubic enlargement, too,
#   gives the same score.
# - **B** The result is softer, as a mean is softer than bicubic.
# - **C** The result is too sharp, and SRGAN loses more than a decibel.

# %% tags=["nbval-ignore-output"]
boxed = partial(degradations.random_resized, kernels=["box"])
conditions["box"] = partial(degradations.degrade, shrink=boxed)
look_at("box", methods)
assert abs(lost("box", "bicubic")) < 0.2
assert lost("box", "SRGAN") > 1 > lost("box", "SRResNet") > 0.3

# %%
eyes("box")

# %%
lows = {name: conditions[name](cat, 4, seed=2) for name in ("clean", "box")}
powers = {name: metrics.power_spectrum(low)[1][-16:] for name, low in lows.items()}
ratio = np.median(powers["box"] / powers["clean"])
print(f"box leaves {ratio:.1f} times the power in the finest quarter")
assert ratio > 1.1

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. The box lets more of the finest waves through than bicubic does, some of them folded
# down. The networks take that for more contrast than there was, and overdo it. **A** is true of
# bicubic enlargement only: it amplifies less. **B** judges the kernel by its shape and
# not by its spectrum. The Fréchet distance hardly minds, or even likes it: sharp results have
# edges as photographs have them. PSNR asks whether they are the right ones.
#
# </details>

# %% [markdown]
# A downloaded small image was made by a program that you don't know. This is the mildest thing
# that can happen to it, and a network that has seen one kernel notices.

# %% [markdown]
# ### All together
#
# **Predict:** now blur of 2, noise of 5 and quality 75 at once. Alone they cost SRResNet 2.3,
# 1.1 and 2.4 dB. What do they cost together?
#
# - **A** About the sum, 6 dB.
# - **B** Less than the sum, but the methods end within half a decibel of each other.
# - **C** More than the sum, for each makes the next one worse.

# %% tags=["nbval-ignore-output"]
damages = {"blur": blurred(2), "noise": partial(noisy, sigma=5), "compress": stored(75)}
conditions["together"] = partial(degradations.degrade, **damages)
look_at("together", methods)
alone = sum(lost(name, "SRResNet") for name in ("blur", "noise", "JPEG 75"))
assert lost("together", "SRResNet") < alone - 1
assert np.ptp([found["together", name][0] for name in methods]) < 0.5

# %%
eyes("together")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**. After all the work of lessons 2 to 4, you could as well have taken bicubic. **A** counts
# the same loss several times: what the blur has taken, JPEG can't take again, and JPEG removes
# part of the noise. **C** fits the looks, not the numbers.
#
# </details>

# %% [markdown]
# Turn the knobs yourself. At which noise does SRGAN begin to draw hairs? Does a blur make
# JPEG's squares better or worse? (A web page shows only the start.)


# %%
def turn(blur, noise, quality):
    steps = {"blur": blurred(blur), "noise": partial(noisy, sigma=noise)}
    low = degradations.degrade(cat, 4, 2, **steps, compress=stored(quality))
    both = {name: (methods | real)[name](low) for name in ("SRGAN", "SRResNet, real")}
    panels = {name: pictures.crop(x, (92, 144, 72, 72)) for name, x in both.items()}
    captions = {x: f"{metrics.psnr(cat, y, shave=4):.2f} dB" for x, y in both.items()}
    alt = f"A cat's eye, twice, after blur {blur}, noise {noise} and quality {quality}."
    return pictures.gallery(panels, zoom=4, captions=captions, alt=alt)


knobs = {"blur": (0.2, 1, 2, 3), "noise": (0, 2, 5, 10, 20)}
explore(turn, {"blur": 1, "noise": 5, "quality": 95}, **knobs, quality=(30, 60, 75, 95))

# %% [markdown]
# ## At random, and twice
#
# You can't know what happened to the next photograph. So draw everything at random: the width
# of the blur and its direction, one of several kernels, noise that counts photons or doesn't,
# in color or gray, JPEG or WebP of any quality. [BSRGAN](https://arxiv.org/abs/2103.14006)
# (Zhang and others, 2021) also shuffles the order.
#
# And once isn't enough. A photograph on the web was taken and stored by a camera, then reduced
# and stored again by an app. [Real-ESRGAN](https://arxiv.org/abs/2107.10833) (Wang and others,
# 2021) calls this **second order**: the whole formula runs twice, with a resizing between,
# and the squares of the first JPEG end up at another size and place.

# %%
head = photographs["chelsea"][20:276, 100:356]
orders = {"once": degradations.first_order, "twice": degradations.second_order}
panels = {
    f"{name}, seed {seed}": order(head, 4, seed)
    for name, order in orders.items()
    for seed in (1, 2, 3)
}
alt = "A cat's head six times: soft, noisy or with squares, and one nearly clean."
pictures.gallery(panels, zoom=3, columns=3, alt=alt)


# %%
def bicubic_psnr(order, seed):
    return metrics.psnr(head, methods["bicubic"](order(head, 4, seed)), shave=4)


means = [np.mean([bicubic_psnr(x, i) for i in range(40)]) for x in orders.values()]
print(f"bicubic, 40 seeds: once {means[0]:.1f} dB, twice {means[1]:.1f} dB")
assert means[0] > means[1] + 0.3


# %% [markdown]
# No two are alike, and one of those that went through it twice is nearly clean: weak steps are
# drawn, too. On the mean twice is worse.

# %% [markdown]
# It still isn't a camera. A sensor sees one color per pixel, and the other two are guessed, so
# real noise hangs together over several pixels. Phones remove noise and sharpen after that,
# which leaves smears and bright rims. Shaking hands blur along a line, not as a Gaussian does.
# Noise is added to light, before the curve that turns light into levels. Real-ESRGAN adds
# rims by a sinc filter; our version doesn't.

# %% [markdown]
# ## Training on bad photographs
#
# The pairs are new, and nothing else is: the same network, loss and photographs. Start from the
# weights of lesson 2. A quarter of the patches stay clean, so that the network doesn't forget
# what it knew; the others go through the random formula twice. Here are four pairs, of a
# photograph that isn't trained on. The second is a clean one.

# %%
partly = degradations.partly_clean
tried = Patches([portrait], 4, size=24, batch=4, seed=3, degrade=partly)
low, high = tried.batch(0)
panels = {f"pair {i}": np.kron(low[i], np.ones((4, 4, 1))) for i in range(4)}
panels |= {f"its original {i}": high[i] for i in range(4)}
alt = "Four patches in large squares, and the four sharp originals beneath."
pictures.gallery(panels, zoom=2, columns=4, alt=alt)


# %%
def trained_on(degrade, steps, seed=0):
    keras.utils.set_random_seed(seed)
    with runtime.policy(runtime.precision()):
        network = models.srresnet(4)
    network.set_weights(models.load_checkpoint("srresnet_x4").get_weights())
    schedule = keras.optimizers.schedules.CosineDecay(
        5e-5, steps - 20, warmup_target=5e-4, warmup_steps=20
    )
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    network.compile(optimizer, "mae", jit_compile=runtime.jit_compile())
    source = datasets.training().values()
    patches = Patches(source, 4, batch=8, seed=seed, degrade=degrade)
    options = {"steps_per_epoch": steps, "shuffle": False, "verbose": 0}
    network.fit(patches.stream(), **options)
    return models.upscaler(network)


# %% [markdown]
# **Predict:** 300 steps take less than two minutes. What do they change, on photographs that
# the network doesn't train on?
#
# - **A** It wins on bad photographs and stays as good on clean ones, which are a quarter of
#   its training.
# - **B** It wins on both: more variety makes a better network.
# - **C** It wins more than a decibel on bad photographs, and loses about as much on clean ones.

# %% tags=["nbval-ignore-output"]
steps = runtime.budget(quick=300, full=20_000)
conditions["mixture"] = degradations.CONDITIONS["mixture"]
own = {"SRResNet": methods["SRResNet"]}
own["yours"] = methods["yours"] = trained_on(degradations.partly_clean, steps)
for name in ("mixture", "together", "clean"):
    look_at(name, own)
assert found["mixture", "yours"][0] > found["mixture", "SRResNet"][0] + 0.5
assert found["clean", "yours"][0] < found["clean", "SRResNet"][0] - 0.3

# %%
eyes("together", ["SRResNet", "yours"])

# %% [markdown]
# The squares are gone, and so is some detail. By PSNR this eye is no better than before;
# the mean of the photographs is, a little. One training is an anecdote. Here are three, which
# differ in their batches, measured on four random degradations of each photograph, beside three
# that took as many steps on clean pairs only.

# %%
table = evidence.load("clean_share")
pairs = ["a quarter clean", "all clean"]
bad, control = (table.results(f"{name}: mixture") for name in pairs)
good = table.results("a quarter clean: clean")
assert min(bad) > max(control) + 0.3
table.select(*[f"{name}: {x}" for x in ("mixture", "clean") for name in pairs])

# %% tags=["nbval-ignore-output"]
first = degradations.second_order
start = [
    metrics.psnr(x, images.quantize(methods["SRResNet"](first(x, 4, seed))), shave=4)
    for x in originals
    for seed in range(4)
]
won = np.array(bad) - np.mean(start)
paid = found["clean", "SRResNet"][0] - np.array(good)
print("won under the mixture:", " ".join(f"{x:.2f}" for x in won), "dB")
print("paid on clean images:", " ".join(f"{x:.2f}" for x in paid), "dB")
assert min(won) >= 0.3 and min(paid) > 0.3

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. The network has the same 355,000 weights, and now two tasks that contradict each other:
# a pixel that differs from its neighbors is to be kept if it is a hair, and removed if it is
# noise. **A** forgets that it must first find out which of the two it sees, and it errs on clean
# images, too. **B** may be true of variety *within* the old task, which isn't tested here. The
# control shows that the pairs do it, and not more steps.
#
# </details>

# %% [markdown]
# The Fréchet distance isn't of one mind, seen once: with all three together your network's is lower
# than its start's, under the mixture it is higher. The results are smooth. Where a pixel loss can't
# know, it asks for the mean, as in lesson 2, and on bad images there is more that it can't know.

# %% [markdown]
# ### How much should stay clean?
#
# The share of clean pairs trades the one for the other. Each point below is the mean of three
# seeds.

# %%
shares = ["none clean", "a quarter clean", "half clean", "three quarters clean"]
shares.append("all clean")
trade = {
    x: [table.mean(f"{name}: {x}") for name in shares] for x in ("mixture", "clean")
}
percent = [0, 25, 50, 75, 100]
named = {"on bad images": trade["mixture"], "on clean images": trade["clean"]}
curves = {name: (percent, values) for name, values in named.items()}
labels = {"x_label": "share of clean pairs in percent", "y_label": "PSNR in dB"}
alt = (
    "With more clean pairs the score rises on clean images; on bad ones it falls late."
)
plots.curves(curves, **labels, alt=alt)

# %%
for name, values in trade.items():
    print(f"{name}:", " ".join(f"{x:.2f}" for x in values))
assert trade["clean"][0] < trade["clean"][2] < trade["clean"][4]
assert trade["mixture"][4] < min(trade["mixture"][:3]) - 0.2

# %% [markdown]
# The trade is lopsided. On clean images every share counts: without clean pairs the network loses
# 2.9 dB, with three quarters 0.2. On bad ones it hardly matters, as long as there *are* bad pairs:
# from none to three quarters the means lie within 0.2 dB of each other. Here is a hypothesis, which
# this table doesn't test: what the network has to learn about bad images is simple, to be
# careful, and a few pairs teach it, while each clean detail must be kept alive by examples.
# So, after 300 steps, half clean is a good choice if you don't know what you will get.

# %% [markdown]
# ## The shipped networks
#
# `srresnet_x4_real` is trained in the same way, for longer, so "SRResNet, real" is a fairer
# comparison to yours than to "SRResNet": it has 64 channels, not 48; it started from the weights
# of `srresnet_x4_wide`, which had seen more photographs; and its pairs are drawn otherwise. One in
# eight is clean, one in eight went through the formula twice, and the others went through it once,
# with each of the four parts drawn one time in three. So the network also meets noise alone, and
# JPEG alone. It took 24,000 steps. `srgan_x4_real` went on from there for 4,000 steps on the same
# pairs, with the losses of lesson 4 and a discriminator that judges each patch by itself.
#
# Here they are beside the others, under everything that you have tried.

# %% tags=["nbval-ignore-output"]
for name in conditions:
    look_at(name, real)
look_at("mixture", {name: methods[name] for name in ("bicubic", "SRGAN")})
assert found["mixture", "SRResNet, real"][0] > found["mixture", "SRResNet"][0]


# %%
def told(number):
    print(f"{'':9}", *(f"{name:>14}" for name in names))
    for condition in conditions:
        row = [found[condition, name][number] for name in names]
        print(f"{condition:9}", *(f"{x:14.1f}" for x in row))


names = ["bicubic", "SRResNet", "SRGAN", *real]

# %% tags=["nbval-ignore-output"]
print("PSNR in dB, higher is better")
told(0)
assert found["mixture", "bicubic"][0] > found["mixture", "SRResNet"][0]

# %% [markdown]
# Under every damage "SRResNet, real" is the closest, and closer than yours: by almost 2 dB over
# SRResNet under the mixture, by 0.3 dB with a little noise. On clean images it pays 0.2 dB, and 0.3
# measured from `srresnet_x4_wide`, where it started. A network that knows bad photographs doesn't
# have to be bad at good ones, if it is large enough, trained long enough, and most of what it sees is
# only a little bad.

# %% tags=["nbval-ignore-output"]
for number, layer in enumerate(judges, start=1):
    print(f"Fréchet distance of {layer}, lower is better")
    told(number)
assert not imagenet or found["mixture", "SRGAN, real"][1] < found["mixture", "SRGAN"][1]

# %% [markdown]
# "SRGAN, real" has the lowest distance in the first layer under every damage, and in the second,
# which no loss was trained on, under all but the mixture. It pays more than a decibel for that, as
# lesson 4's SRGAN does.

# %%
eyes("together", [*real])

# %% [markdown]
# Look at the skin beside the eye before you call "SRGAN, real" the winner. It covers skin and iris
# with a fine weave, like a canvas. No photograph has that, and you see it at once; in the features it
# is still nearer to photographs than smooth skin is. So the picture at the top of this lesson is the
# other network's.

# %% [markdown]
# ## How blurred is your photograph?
#
# A network that is ready for everything is best at nothing. If you know what happened to your
# photographs, you can train on that. The blur is the part that you can measure, wherever a
# picture has a straight edge: the rim of a table, the frame of a door, a sheet of paper on a
# dark desk. Here is such a sheet, drawn, slightly turned.

# %%
rows, columns = np.mgrid[:256, :256] - 127.5
away = (columns - 0.1 * rows) / np.hypot(1, 0.1)
sheet = np.repeat(0.15 + 0.7 * np.clip(away + 0.5, 0, 1)[..., None], 3, axis=-1)
sheet = sheet.astype("float32")


def edge_of(width):
    steps = {"noise": partial(noisy, sigma=3), "compress": stored(90)}
    steps |= {"blur": blurred(width)} if width else {}
    return degradations.degrade(sheet, 4, 0, **steps)[16:48, 16:48]


edges = {f"blur {width}": edge_of(width) for width in (0, 2, 4)}
alt = "A dark and a light half, with a sharp, a softer and a soft edge between."
pictures.gallery(edges, zoom=6, alt=alt)

# %% [markdown]
# The turn is useful. In each row the edge lies at another part of a pixel, so together the rows
# sample it much more finely than the pixels do. Find where it crosses each row, lay a line
# through these points, and sort all pixels by their distance from the line.


# %%
def distances(edge):
    values = images.luma(edge) / 255
    steps = np.abs(np.diff(values, axis=1))
    steps[steps < 0.25 * steps.max(axis=1, keepdims=True)] = 0  # noise
    crossings = steps @ (np.arange(steps.shape[1]) + 0.5) / steps.sum(axis=1)
    rows, columns = np.indices(values.shape)
    slope, start = np.polyfit(rows[:, 0], crossings, 1)
    return (columns - start - slope * rows) / np.hypot(1, slope), values


# %%
profiles = {}
for name, edge in edges.items():
    away, values = (x.ravel() for x in distances(edge))
    near = np.argsort(away)[np.abs(np.sort(away)) < 4]
    profiles[name] = away[near], ndimage.uniform_filter1d(values[near], 9)
labels = {"x_label": "distance from the edge in small pixels", "y_label": "luma"}
alt = "Three steps from dark to light, one steeper than the next."
plots.curves(profiles, **labels, alt=alt)

# %% [markdown]
# A Gaussian blur turns a step into the curve $\Phi(d / s)$, the integral of the Gaussian, with
# $s$ its width. So try widths, and take the one that fits best.


# %%
def edge_width(edge):
    away, values = (x.ravel() for x in distances(edge))
    tried = np.geomspace(0.2, 5, 200)
    fits = [np.polyfit(special.ndtr(away / s), values, 1, full=True) for s in tried]
    return tried[np.argmin([fit[1][0] for fit in fits])]


base = edge_width(edge_of(0))
print(f"without blur the edge is {base:.2f} small pixels wide")

# %% [markdown]
# Not 0: the reduction itself blurs, and a pixel is a square. Squares of widths add up (exercise
# 1), so subtract that one's, and multiply by 4 for pixels of the original.


# %%
def blur_width(edge, base):
    return 4 * np.sqrt(max(0, edge_width(edge) ** 2 - base**2))


for width in (1, 2, 3):
    print(f"blur {width}: measured {blur_width(edge_of(width), base):.1f}")
    assert abs(blur_width(edge_of(width), base) - width) < 0.4

# %% [markdown]
# On a photograph you take the edge that you find. The astronaut stands before a flag, whose
# border is straight for a few pixels.

# %%
border = (slice(8, 24), slice(12, 28))
flag = {x: conditions[x](originals[0], 4, seed=0)[border] for x in ("clean", "blur")}
own_base = edge_width(flag["clean"])
print(f"from the sheet's edge: {blur_width(flag['blur'], base):.1f}")
print(f"from its own sharp edge: {blur_width(flag['blur'], own_base):.1f}, truly 2")
assert 1.4 < blur_width(flag["blur"], own_base) < 2.6

# %%
alt = "A dark flag before a light background, twice, the second time softer."
pictures.gallery(flag, zoom=12, alt=alt)

# %% [markdown]
# The first number is too large: a flag's border isn't as sharp as paper, and the method can't tell
# a soft thing from a soft picture. So the sharpest edge you find counts. Without any edge there
# are methods that look for the kernel under which the image resembles itself at another size,
# such as [KernelGAN](https://arxiv.org/abs/1909.06581) (Bell-Kligler and others, 2019).
#
# **Predict:** the measured width is about 2. You train on blur from 1.7 to 2.3 pixels, or on the
# whole range from 0.2 to 3, for 300 steps each. Which is better on images blurred by 2?
#
# - **A** The narrow range, by some tenths of a decibel or more, and it is worse on clean images.
# - **B** The whole range: a network needs variety.
# - **C** Both are equal, since 2 lies in both ranges.

# %%
ranges = ["blur of 0.2 to 3 pixels", "blur of 1.7 to 2.3 pixels"]
(wide, narrow), (wide_clean, narrow_clean) = (
    [table.results(f"{name}: {x}") for name in ranges] for x in ("blur", "clean")
)
assert min(narrow) > max(wide) + 0.5
assert max(narrow_clean) < min(wide_clean) - 3
table.select(*[f"{name}: {x}" for x in ("blur", "clean") for name in ranges])

# %% [markdown]
# <details><summary>Answer</summary>
#
# **A**. The narrow range wins 0.6 dB over the whole one, and 2 dB over a network that knows no
# blur: on its own blur it does nearly as well as the first network does on sharp images. On
# those it loses more than 4 dB. **B** is right as long as you don't know. **C** forgets that with the
# whole range the network must guess the width first, and guesses carefully.
#
# </details>

# %% [markdown]
# So measure several edges, and choose a range that holds them all with some room. A range that
# misses the truth is worse than a wide one: on clean images the narrow network sharpens what
# is sharp already.

# %% [markdown]
# ## A judge without an original
#
# Every score so far needs the original. Of your own photograph there is none, which is why you
# want to enlarge it. PSNR and SSIM compare with the original, and the Fréchet distance with a set
# of originals of the same scenes. What is left are scores that look at one picture.
#
# [NIQE](https://doi.org/10.1109/LSP.2012.2227726) (Mittal and others, 2013) compares statistics
# of small pieces with those of good photographs. Learned ones such as
# [MUSIQ](https://arxiv.org/abs/2108.05997) (Ke and others, 2021) predict what people would say.
# The smallest measures one thing: `blur_effect` of scikit-image ([Crété and others,
# 2007](https://doi.org/10.1117/12.702790)) blurs the picture once more, and asks how much that
# changes. A sharp picture changes much. 0 means sharp, 1 blurred.

# %% tags=["nbval-ignore-output"]
for width in (0.5, 1, 2, 3):
    soft = blur(cat, gaussian(width))
    print(f"blur {width}: {blur_effect(soft, channel_axis=-1):.2f}")
sharp = blur_effect(cat, channel_axis=-1)
assert sharp < blur_effect(soft, channel_axis=-1)

# %% [markdown]
# It orders blurs as you do. **Predict:** which of these does it call the sharpest?
#
# - **A** The original photograph.
# - **B** What SRGAN makes of the clean small image.
# - **C** What SRGAN makes of the noisy one.
# - **D** What SRGAN makes of the JPEG of quality 30.

# %% tags=["nbval-ignore-output"]
shown = {"original": cat}
for name in ("clean", "noise", "JPEG 30"):
    shown[f"SRGAN, {name}"] = methods["SRGAN"](conditions[name](cat, 4, seed=2))
called = {name: blur_effect(x, channel_axis=-1) for name, x in shown.items()}
truth = {name: metrics.psnr(cat, x, shave=4) for name, x in shown.items()}
captions = {name: f"blur effect {called[name]:.2f}" for name in shown}
for name in [*shown][1:]:
    captions[name] += f"\n{truth[name]:.2f} dB"
panels = {name: pictures.crop(x, (92, 144, 72, 72)) for name, x in shown.items()}
assert min(called, key=called.get) == "SRGAN, noise"
alt = "An eye: the original, sharp, scratched, and with blocks."
pictures.gallery(panels, zoom=3, captions=captions, alt=alt)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**. Scratches change a lot when they are blurred. **A** is what it was made to say. **B** is
# sharp, but noise is sharper than anything. **D** has the hardest borders, but even areas between
# them.
#
# </details>

# %% [markdown]
# Better scores aren't fooled by noise so easily. But one thing no such score can do, since it doesn't
# see the original: it says whether a picture looks like *a* photograph, never whether it is *this*
# one. Use them to find broken results among many, not to choose a network, and look.

# %% [markdown]
# ## Your own photograph
#
# Set `path` to a file of yours, such as `"holiday.jpg"`. In Colab, write two lines in its place:
# `from google.colab import files` and `path = next(iter(files.upload()))`. Without a path the cell
# takes the phone's portrait, from a file. It cuts 48 × 48 pixels out of the middle, or at the
# `place` you give, `(top, left)`, since that fits on this page at four times its size.

# %%
path = None


def mine(path, place=None, side=48):
    image = photo_files.read(path)
    top, left = place or [max(0, (length - side) // 2) for length in image.shape[:2]]
    return image[top : top + side, left : left + side]


folder = tempfile.TemporaryDirectory()
example = Path(folder.name) / "phone.png"
Image.fromarray(images.to_uint8(sent)).save(example)
piece = mine(path or example)
print("your photograph" if path else "the portrait of the phone")

# %%
everything = methods | real
panels = {name: upscale(piece) for name, upscale in everything.items()}
alt = "A piece of a photograph, enlarged by all methods of the lesson, side by side."
assert all(x.shape[0] == 4 * piece.shape[0] for x in panels.values())
pictures.gallery(panels, columns=3, alt=alt)

# %% [markdown]
# A phone's photograph has 12 million pixels, but not as much detail: lens, noise removal and
# JPEG blur it over two or three of them. If it looks soft at full size, reduce it by 2 first
# and enlarge that, and compare. For whole files, use the package's command:
#
# ```
# sr-upscale holiday.jpg -o large.png --model srresnet_x4_real
# ```

# %% [markdown]
# ## What it can't do
#
# Two number plates, 5 small pixels high, photographed by our phone. You know what they say.


# %%
def plate(text):
    page = Image.new("RGB", (128, 48), "white")
    font = ImageFont.load_default(28)
    ImageDraw.Draw(page).text((64, 24), text, "black", font=font, anchor="mm")
    return np.asarray(page) / np.float32(255)


# %%
texts = ["B8 03", "BB 08"]
sent_plates = {text: phone(plate(text), 4, seed=0) for text in texts}
panels = {}
for text, low in sent_plates.items():
    panels[text] = plate(text)
    panels[f"{text}, sent"] = np.kron(low, np.ones((4, 4, 1)))
    panels |= {f"{text}, {x}": everything[x](low) for x in ("SRGAN", "SRGAN, real")}
alt = "Two plates: sharp, in large squares, and twice in strokes that are hard to read."
pictures.gallery(panels, zoom=2, columns=4, alt=alt)

# %%
one, other = sent_plates.values()
again = phone(plate(texts[0]), 4, seed=1)
apart = [255 * np.abs(one - x).mean() for x in (other, again)]
print(f"another text: {apart[0]:.1f} levels; the same text again: {apart[1]:.1f}")
assert apart[0] > apart[1]

# %% [markdown]
# The small images do differ by more than the noise, so a machine that knows the font and has
# only these two to choose from could tell them apart. In the enlarged pictures 8 and B have become
# one shape, and so have 3 and 8. What is dark in them was drawn by a network, which draws what is
# *likely*. For one plate, one face or one tumor, likely isn't evidence.
#
# - **Faces.** Eyes of four pixels come back as somebody's eyes: compare those of the portrait above. PULSE ([Menon and others,
#   2020](https://arxiv.org/abs/2003.03808)) became known for turning a small picture of Barack
#   Obama into a white man; its authors added a section on this bias.
# - **Text and plates.** A sharp wrong digit is worse than a blurred one.
# - **Evidence, medicine, satellites.** "Enhance!" doesn't recover what isn't there. If such a
#   picture is published at all, the small one belongs beside it.

# %% [markdown]
# ## Beyond this lesson
#
# [SwinIR](https://arxiv.org/abs/2108.10257) (Liang and others, 2021) exchanges the network for a
# transformer and keeps BSRGAN's degradations. [StableSR](https://arxiv.org/abs/2305.07015) (Wang
# and others, 2023) lets a large diffusion model that was trained to draw pictures from text
# guess the detail. It draws far better, and invents far more. The question of this lesson
# stays the same for all of them: what did the pairs look like that it was trained on?

# %% [markdown]
# ## What you have measured
#
# - A network trained on one way of getting small is right about nothing else: noise becomes
#   texture, JPEG's squares become edges, blur stays, and a sharper kernel is overdone.
# - With blur, noise and JPEG together, bicubic, SRResNet and SRGAN are within half a decibel.
# - 300 steps on degraded pairs win at least 0.3 dB on bad photographs, from three seeds, and cost
#   more than that on clean ones. The share of clean pairs trades the one for the other.
# - A straight edge tells the width of a blur to within 0.4 pixels, and a range chosen by it beats the
#   whole range.
# - A score without an original called the noisiest result the sharpest.
#
# (The Fréchet distances with ImageNet weights. Random ones give other numbers.)

# %% [markdown]
# ## Exercises
#
# Write your answer into the empty cell and run the check below it, which says what is wrong.
# The solution is folded beneath.
#
# **1. Two blurs.** A lens blurs the original by a Gaussian of the width `first`. It is reduced
# by `scale`, and then an app blurs the *small* image by a Gaussian of the width `second`, in
# small pixels. Write `total_blur(first, second, scale)`: the width of both together, in
# pixels of the original.

# %% tags=["answer"]
# Your answer:


# %% tags=["check"]
def measured_blur(first, second, scale):
    places = np.arange(-300, 301)
    lens = np.exp(-(places**2) / (2 * first**2))
    app = np.exp(-((places / scale) ** 2) / (2 * second**2)) * (places % scale == 0)
    both = np.convolve(lens, app, "same")
    return np.sqrt(np.sum(both * places**2) / both.sum())


with checking("total_blur"):
    assert total_blur(3, 2, 1) != 5, "Widths don't add. What of two Gaussians does?"
    assert abs(total_blur(3, 4, 1) - 5) < 1e-6, "Look at what adds: not the widths."
    assert abs(total_blur(2, 1, 4) - measured_blur(2, 1, 4)) < 0.01, (
        "How many pixels of the original is one small pixel wide?"
    )


# %% tags=["solution"]
def total_blur(first, second, scale):
    return np.hypot(first, scale * second)


print(f"{total_blur(2, 1, 4):.2f} pixels")

# %% [markdown] tags=["solution"]
# The squares of the widths, their variances, add. And a small pixel is `scale` pixels wide, so
# the second blur counts most: a little blur after the reduction is a large one before it.


# %% tags=["wrong"] says="Widths don't add"
def total_blur(first, second, scale):
    return first + scale * second


# %% tags=["wrong"] says="one small pixel wide"
def total_blur(first, second, scale):
    return np.hypot(first, second)


# %% [markdown]
# **2. Noise before the reduction.** Each pixel of a photograph has noise of its own with the
# standard deviation `sigma`. The photograph is reduced by averaging squares of `scale` × `scale`
# pixels. Write `noise_left(sigma, scale)`, the standard deviation that is left. It says what
# shrinking a noisy photograph is good for.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("noise_left"):
    noise = np.random.default_rng(0).normal(0, 8, (100, 4, 100, 4))
    left = noise.mean(axis=(1, 3)).std()
    assert noise_left(8, 1) == 8, "Without a reduction, all of the noise is left."
    assert noise_left(8, 4) < 8, "A mean of independent numbers varies less."
    assert noise_left(8, 4) > 0.6, (
        "The variance falls by the number of pixels, the standard deviation by less."
    )
    assert abs(noise_left(8, 4) - left) < 0.1, "How many pixels are in a square?"


# %% tags=["solution"]
def noise_left(sigma, scale):
    return sigma / scale  # the variance is divided by scale²


print(f"{noise_left(8, 4):.0f} of 8 levels")

# %% [markdown] tags=["solution"]
# So noise before the reduction hardly matters to us, and noise after it does. A photograph of a
# phone at full size has all of its noise.


# %% tags=["wrong"] says="varies less"
def noise_left(sigma, scale):
    return sigma


# %% tags=["wrong"] says="The variance falls"
def noise_left(sigma, scale):
    return sigma / scale**2


# %% tags=["wrong"] says="in a square"
def noise_left(sigma, scale):
    return sigma / scale**0.5


# %% [markdown]
# **3. How blocky is it?** Write `blockiness(values)` for luma, an array `(height, width)` whose
# left border is the border of a JPEG's square: the mean absolute difference of neighbors in a
# row *across* the borders of squares, divided by that of all other neighbors in a row. About 1
# means that no squares are to be seen.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("blockiness"):
    stairs = np.tile(np.arange(32) // 8 * 10.0 + np.arange(32), (16, 1))
    plain = np.random.default_rng(0).normal(size=(64, 512))
    assert blockiness(stairs) > 1, (
        "A step from pixel 7 to pixel 8 isn't found. Which differences cross a border?"
    )
    assert abs(blockiness(plain) - 1) < 0.1, (
        "Noise has no squares: divide the two means."
    )
    assert abs(blockiness(stairs) - 11) < 1e-6, (
        "The differences across borders don't belong to the others."
    )


# %% tags=["solution", "nbval-ignore-output"]
def blockiness(values):
    steps = np.abs(np.diff(values, axis=1))
    across = np.arange(steps.shape[1]) % 8 == 7  # from pixel 7 to 8, 15 to 16, ...
    return steps[:, across].mean() / steps[:, ~across].mean()


for name in ("clean", "JPEG 75", "JPEG 30"):
    values = images.luma(conditions[name](cat, 4, seed=2))
    print(f"{name}: {blockiness(values):.2f}")
assert blockiness(values) > 1.2

# %% [markdown] tags=["solution"]
# That is a score without an original, too, and an honest one: it measures one thing and says so.


# %% tags=["wrong"] says="Which differences cross a border"
def blockiness(values):
    steps = np.abs(np.diff(values, axis=1))
    across = np.arange(steps.shape[1]) % 8 == 0
    return steps[:, across].mean() / steps[:, ~across].mean()


# %% tags=["wrong"] says="divide the two means"
def blockiness(values):
    return np.abs(np.diff(values, axis=1))[:, 7::8].mean()


# %% tags=["wrong"] says="don't belong to the others"
def blockiness(values):
    steps = np.abs(np.diff(values, axis=1))
    return steps[:, 7::8].mean() / steps.mean()


# %% [markdown]
# ## Papers
#
# - K. Zhang, J. Liang, L. Van Gool and R. Timofte, [*Designing a practical degradation model for
#   deep blind image super-resolution*](https://arxiv.org/abs/2103.14006), 2021: BSRGAN.
# - X. Wang, L. Xie, C. Dong and Y. Shan, [*Real-ESRGAN: training real-world blind
#   super-resolution with pure synthetic data*](https://arxiv.org/abs/2107.10833), 2021.
# - S. Bell-Kligler, A. Shocher and M. Irani, [*Blind super-resolution kernel estimation using an
#   internal-GAN*](https://arxiv.org/abs/1909.06581), 2019: KernelGAN.
# - J. Liang and others, [*SwinIR: image restoration using Swin
#   transformer*](https://arxiv.org/abs/2108.10257), 2021.
# - J. Wang and others, [*Exploiting diffusion prior for real-world image
#   super-resolution*](https://arxiv.org/abs/2305.07015), 2023: StableSR.
# - A. Mittal, R. Soundararajan and A. Bovik, [*Making a "completely blind" image quality
#   analyzer*](https://doi.org/10.1109/LSP.2012.2227726), 2013: NIQE.
# - J. Ke and others, [*MUSIQ: multi-scale image quality
#   transformer*](https://arxiv.org/abs/2108.05997), 2021.
# - F. Crété and others, [*The blur effect: perception and estimation with a new no-reference
#   perceptual blur metric*](https://doi.org/10.1117/12.702790), 2007.
# - S. Menon and others, [*PULSE: self-supervised photo upsampling via latent space exploration
#   of generative models*](https://arxiv.org/abs/2003.03808), 2020.
