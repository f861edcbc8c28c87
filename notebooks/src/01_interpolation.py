# %% [markdown]
# # 1. Interpolation: how far do you get without learning?
#
# You have a photograph of 64 × 64 pixels. You want 256 × 256. Every pixel you have must
# become sixteen, and fifteen of them were never measured. Where do they come from?
#
# This lesson answers with rules that know nothing about photographs: a pixel between
# others is a mixture of them. You will see how good that gets, learn to measure it as
# papers do, and find out exactly why it can't get better.

# %%
try:
    import sr_utils  # noqa: F401
except ModuleNotFoundError:  # on Colab, ".." becomes "git+" and the course's address
    import subprocess
    import sys

    install = [sys.executable, "-m", "pip", "install", "--quiet", ".."]
    subprocess.run(install, check=True)

# %% [markdown]
# The next cell starts TensorFlow, fixes all random seeds and says what your computer
# has. This lesson trains nothing, so a laptop is enough.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
from fractions import Fraction

import numpy as np
import tensorflow as tf
from scipy import ndimage

from sr_utils import datasets, images, metrics, pictures, plots
from sr_utils.controls import explore
from sr_utils.resize import KERNELS, resize, weight_matrix
from sr_utils.scoreboard import Scoreboard

# %% [markdown]
# Here is the task in one picture. On the left, what is stored: 64 × 64 pixels. Then the
# same pixels blown up, the best that the rules of this lesson can do, and the original.
# Look at the hair and the eyes: the third picture is smooth where the fourth has detail.

# %%
photographs = datasets.held_out()
portrait, small = datasets.pair(photographs["astronaut"][0:256, 96:352], 4)
blocks, smooth = resize(small, 4, "nearest"), resize(small, 4, "lanczos3")

panels = {"stored": small, "enlarged": blocks, "Lanczos": smooth, "original": portrait}
sizes = {"stored": "64 × 64", "original": "256 × 256"}
alt = "A tiny portrait; the same as squares; smooth but blurred; the sharp original."
pictures.gallery(panels, captions=sizes, alt=alt)

# %% [markdown]
# **What you will learn**
#
# - how a small image arises from a large one, and what goes wrong without a blur
# - nearest, bilinear, bicubic and Lanczos interpolation as one idea
# - PSNR and SSIM: what they measure, and what they miss
# - why no interpolation can bring back what was lost
#
# **What you need:** Python and a little NumPy. **Time:** about an hour to read and try,
# under a minute to run on a CPU. A GPU isn't used.

# %% [markdown]
# ## Where small images come from
#
# Before you enlarge, look at how the small image was made. The simplest way to shrink by
# four: keep every fourth pixel, forget the rest. Another way: average blocks of
# 4 × 4 pixels.

# %%
pagoda = images.crop_to_multiple(datasets.training()["china"], 4)
height, width = pagoda.shape[:2]
skipped = pagoda[2::4, 2::4]
averaged = pagoda.reshape(height // 4, 4, width // 4, 4, 3).mean(axis=(1, 3))

# %% [markdown]
# **Predict:** the roof of this pagoda is covered with thin straight rows of tiles. What
# will be left of them when three pixels of four are skipped?

# %%
roof = (slice(2, 62), slice(12, 72))
panels = {"original": pagoda[8:248, 48:288]}
panels |= {"every fourth pixel": skipped[roof], "mean of 4 × 4": averaged[roof]}
zoom = {"original": 1, "every fourth pixel": 4, "mean of 4 × 4": 4}
alt = (
    "A tiled roof. Skipping pixels makes coarse, slanted stripes; averaging makes none."
)
pictures.gallery(panels, zoom=zoom, alt=alt)

# %% [markdown]
# Look at the right half of the upper roof in the middle picture. There are stripes, but
# broad ones, and they run in another direction than the tiles. They aren't in the
# photograph: skipping pixels has *invented* them. This is **aliasing**. With a blur
# first, here the mean over 4 × 4 pixels, the roof is plain. Detail is gone, but nothing
# false is added.

# %% [markdown]
# Why does it happen? Reduce it to one line of pixels. A wave with 0.22 cycles per pixel
# goes up and down too fast for every fourth pixel to follow.

# %%
position, sampled = np.linspace(0, 40, 801), np.arange(0, 41, 4)


def wave(frequency, x):
    return np.cos(2 * np.pi * frequency * x)


# %%
waves = {f"{f} cycles per pixel": (position, wave(f, position)) for f in (0.22, 0.03)}
dots = ("every fourth pixel", sampled, wave(0.22, sampled))
alt = "A fast wave and a slow wave pass through the same dots, at every fourth pixel."
plots.curves(waves, points=dots, x_label="position in pixels", y_label="value", alt=alt)

# %%
print("equal at every dot:", np.allclose(wave(0.22, sampled), wave(0.03, sampled)))

# %% [markdown]
# At the dots the two waves are equal, and whoever has only the dots can't tell them
# apart. One sample every four pixels can follow waves of at most
# 1 / (2 · 4) = 0.125 cycles per pixel, the **Nyquist limit**. Everything faster must be
# removed *before* subsampling, or it comes back disguised as something slow.
#
# So a fair small image is made in two steps: **blur, then subsample**. Remember the
# number 0.125. You will meet it again.

# %% [markdown]
# ## One idea: a kernel slid over the grid
#
# Now enlarge. A new pixel lies between old ones, so its value is a weighted mean of its
# old neighbors, and the weight depends on the distance only. The function from distance
# to weight is called the **kernel**. Here are two.


# %%
def linear(x):
    return np.maximum(0, 1 - abs(x))


def cubic(x, a=-0.5):
    x = abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


# %%
distances = np.array([0, 0.5, 1, 1.5])
print("linear:", linear(distances), " cubic:", cubic(distances))

# %% [markdown]
# `linear` falls to 0 within one pixel: only the two nearest neighbors count. `cubic`
# reaches two pixels, and beyond one pixel it is *negative*. The methods of this lesson
# differ in nothing but this curve. `nearest` copies the closest pixel; `lanczos3` is the
# ideal low-pass filter of signal theory, faded out after three pixels.

# %%
methods = ["nearest", "bilinear", "bicubic", "lanczos3"]
alt = "Four kernels: a box, a triangle, a bump with two negative dips, one that swings."
plots.kernels({name: KERNELS[name] for name in methods}, alt=alt)

# %% [markdown]
# Next you need to know where the new pixels lie. A pixel is a small square, and its
# position is its center. Four new squares fill the width of one old square, so new pixel
# i has its center at (i + 0.5) / 4 - 0.5 on the old grid. Collect the weights of every
# new pixel (rows) for every old pixel (columns), and you have a matrix.


# %%
def line_weights(size, scale, kernel, stretch=1):
    centers = (np.arange(round(size * scale)) + 0.5) / scale - 0.5
    distances = centers[:, None] - np.arange(size)[None, :]  # (new, old)
    weights = kernel(distances / stretch)
    return weights / weights.sum(axis=1, keepdims=True)


line_weights(4, 2, linear)

# %% [markdown]
# Read the second row: the second new pixel is 0.75 of the first old pixel plus 0.25 of
# the second. Every row adds up to 1, so a flat area stays as bright as it was.
#
# Enlarging a line of pixels is now one matrix product. Try it on sixteen pixels from the
# cheek across the hair to the wall.

# %%
line = images.luma(small)[31, 32:48]
old, new = np.arange(16), (np.arange(16 * 8) + 0.5) / 8 - 0.5
lines = {name: line_weights(16, 8, KERNELS[name]) @ line for name in methods[:3]}

# %% [markdown]
# **Predict:** the cubic kernel has negative weights. What will its curve do next to a
# steep edge?

# %%
curves = {name: (new, values) for name, values in lines.items()}
dots = ("pixels of the small image", old, line)
alt = "Through the dots: stairs, straight lines, and a smooth curve that overshoots."
plots.curves(curves, points=dots, x_label="old pixel", y_label="luma", alt=alt)

# %% [markdown]
# Stairs, straight lines, a smooth curve. Beside the steep edge on the right, the bicubic
# curve dips below the darkest pixel and then rises above the brightest. This
# **overshoot** makes edges look crisp. It can leave the range of valid values, so
# results are clipped before they are stored.
#
# An image has two directions. One matrix mixes its rows, another its columns: **a resize
# is two matrix products.**


# %%
def enlarge(image, scale, kernel):
    rows = line_weights(image.shape[0], scale, kernel)  # (H, h)
    columns = line_weights(image.shape[1], scale, kernel)  # (W, w)
    tall = np.einsum("Hh,hwc->Hwc", rows, image)
    return np.einsum("Ww,Hwc->HWc", columns, tall)


ours = enlarge(small, 4, cubic)
print(small.shape, "becomes", ours.shape)

# %% [markdown]
# ## Shrinking with the same kernel
#
# To shrink, blur first. You already have the tool: *stretch* the kernel. At scale 1/4, a
# kernel four times as wide averages over four times as many pixels, which is the blur.
# Computing it only where a new pixel lies is the subsampling. Libraries call this
# **antialiasing**.

# %%
matrices = {"enlarge 8 → 32": line_weights(8, 4, cubic)}
matrices["shrink 32 → 8, stretched"] = line_weights(32, 1 / 4, cubic, stretch=4)
matrices["shrink 32 → 8, as it is"] = line_weights(32, 1 / 4, cubic)
alt = (
    "Three banded matrices: 32 by 8; 8 by 32 with wide rows; 8 by 32 with narrow rows."
)
plots.matrices(matrices, alt=alt)

# %% [markdown]
# In the middle matrix every input pixel, a column, has weight in some row. In the right
# one each output pixel is made of two inputs, minus a little of their two neighbors: half
# of all pixels hardly count. That is nearly skipping pixels again, and it aliases.

# %% [markdown]
# `sr_utils.resize` is this code with two additions: beyond the border it mirrors the
# image, as MATLAB does, and it stores only the weights that aren't zero. Away from the
# border it must agree with yours.

# %%
difference = abs(ours - resize(small, 4, "bicubic"))
inside = difference[16:-16, 16:-16]
assert np.allclose(weight_matrix(8, 4)[8:24].toarray(), line_weights(8, 4, cubic)[8:24])
print("equal inside:", inside.max() < 1e-5, " at the border:", difference.max() < 1e-5)

# %% [markdown]
# ## See the difference
#
# Four methods, one photograph. The small image has a quarter of the width and height.
#
# **Predict:** which of the four will look sharpest to you, and which smoothest?

# %%
cat, small_cat = datasets.pair(photographs["chelsea"], 4)
cats = {name: resize(small_cat, 4, name) for name in methods}
scores = {name: metrics.psnr(cat, image, shave=4) for name, image in cats.items()}

# %%
captions = {name: f"{score:.2f} dB" for name, score in scores.items()}
panels = {"original": cat} | cats
eye = (76, 132, 48, 48)  # top, left, height, width
alt = "A cat's eye: sharp, in square blocks, soft, and twice a little less soft."
pictures.compare(panels, eye, columns=3, captions=captions, alt=alt)

# %% [markdown]
# Look at the dark rim and at the light in the pupil. Nearest keeps hard edges, but they
# are the edges of its own squares. The other three are smooth, bicubic and Lanczos a
# little crisper than bilinear at the rim. In none of them is the light a sharp spot.
# The number beneath each crop is the PSNR of the whole photograph, which the next
# section explains.

# %% [markdown]
# Move the window yourself. (A web page shows only the first choice; the controls need a
# running notebook.)


# %%
def look(photograph, method, scale, left):
    high, low = datasets.pair(photographs[photograph], scale)
    result = resize(low, scale, method)
    captions = {method: f"{metrics.psnr(high, result, shave=scale):.2f} dB at ×{scale}"}
    alt = f"A crop of {photograph}, original and {method}, at scale {scale}."
    panels = {"original": high, method: result}
    return pictures.compare(panels, (90, left, 60, 60), captions=captions, alt=alt)


# %%
names, places = list(photographs), range(200, 380, 20)
explore(look, photograph=names, method=methods[::-1], scale=[4, 3, 2], left=places)

# %% [markdown]
# ## Measuring: PSNR
#
# "A little crisper" is no measurement. The oldest one is the mean squared error against
# the original, put on a logarithmic scale: the **peak signal-to-noise ratio**,
# PSNR = 10 · log10(255² / MSE), in decibels. Higher is better; an error half as large
# gives 6 dB more.
#
# Papers score the brightness only, the **luma**. Its weights come from television, and
# it runs from 16 for black to 235 for white.


# %%
def luma(image):
    return 16 + image @ np.array([65.481, 128.553, 24.966])


def psnr(reference, estimate, shave):
    error = luma(reference) - luma(estimate)
    return 10 * np.log10(255**2 / np.mean(error[shave:-shave, shave:-shave] ** 2))


# %%
for name, image in cats.items():
    print(f"{name:9}{psnr(cat, image, shave=4):6.2f} dB")
    assert np.isclose(psnr(cat, image, shave=4), metrics.psnr(cat, image, shave=4))

# %% [markdown]
# The range of the luma moves every number: stretch it to 0 to 255, and the same pictures
# score 1.32 dB less. `shave` removes a border as wide as the scale, where methods differ
# in how they guess beyond the edge. If your numbers ever disagree with a paper's, check
# such conventions first.

# %% [markdown]
# ## Measuring: SSIM
#
# PSNR looks at each pixel alone. The **structural similarity**, SSIM, compares windows of
# 11 × 11 pixels: do they agree in mean brightness, in contrast, and in pattern? A
# Gaussian weight makes the center of a window count most.


# %%
def local_mean(values):
    return ndimage.gaussian_filter(values, sigma=1.5, radius=5)[5:-5, 5:-5]


def covariance(x, y):
    return local_mean(x * y) - local_mean(x) * local_mean(y)


# %%
def ssim(x, y):
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # no division by 0 in flat areas
    a, b = local_mean(x), local_mean(y)
    brightness = (2 * a * b + c1) / (a**2 + b**2 + c1)
    pattern = (2 * covariance(x, y) + c2) / (covariance(x, x) + covariance(y, y) + c2)
    return np.mean(brightness * pattern)


# %%
for name, image in cats.items():
    print(f"{name:9}{metrics.ssim(cat, image, shave=4):6.3f}")
    assert np.isclose(ssim(luma(cat), luma(image)), metrics.ssim(cat, image, shave=0))

# %% [markdown]
# SSIM is 1 for equal images and falls towards 0 as the patterns stop agreeing. On this
# photograph both measures put the methods in the same order.
#
# Do they see what you see? Damage one portrait in four ways: blur it, add noise, shift it
# sideways, take contrast away. The strength `s` goes from 0 to 1.

# %%
noise = np.random.default_rng(0).standard_normal(portrait.shape)
mean = portrait.mean()
damage = {
    "blur": lambda s: ndimage.gaussian_filter(portrait, (8 * s, 8 * s, 0)),
    "noise": lambda s: np.clip(portrait + s * noise, 0, 1),
    "shift": lambda s: ndimage.shift(portrait, (0, 8 * s, 0), order=1, mode="mirror"),
    "contrast": lambda s: mean + (1 - s) * (portrait - mean),
}

# %% [markdown]
# Choose each strength so that **all four have the same PSNR**, 24 dB: halve an interval
# until it fits.


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
decibels = [metrics.psnr(portrait, image, shave=4) for image in damaged.values()]
assert max(decibels) - min(decibels) < 0.01
print(" ".join(f"{value:.2f}" for value in decibels), "dB")

# %% [markdown]
# **Predict:** four pictures with the same error. Will they look equally bad? Rank them in
# your head before you run the next cell, and guess how SSIM ranks them.

# %%
face = (slice(44, 204), slice(44, 204))
panels = {
    name: image[face] for name, image in ({"original": portrait} | damaged).items()
}
ssims = {name: metrics.ssim(portrait, x, shave=4) for name, x in damaged.items()}
captions = {name: f"24.00 dB\nSSIM {value:.3f}" for name, value in ssims.items()}
alt = "Five portraits: original, very blurred, noisy, shifted unseen, a little paler."
pictures.gallery(panels, captions=captions, alt=alt)

# %% [markdown]
# Few people would call these equal. The shift, of about a pixel and a half, can't be seen
# at all, and the loss of contrast hardly. The blur ruins the face.
#
# SSIM does better: it forgives the loss of contrast. But it rates the unseen shift not
# much above the blur. **Neither number is your eye.** Report both, trust neither alone,
# and always look. Lesson 3 returns to this gallery with a measure that comes closer.

# %% [markdown]
# ## A trap in TensorFlow
#
# `tf.image.resize` has an argument `antialias`, and its default is `False`. Shrink with
# the default and you use the matrix on the right of the figure above. What does that do
# to a score?


# %%
def shrink(image, antialias):
    size = (image.shape[0] // 4, image.shape[1] // 4)
    return tf.image.resize(image, size, "bicubic", antialias=antialias).numpy()


def score(method, antialias):
    originals = [images.crop_to_multiple(x, 4) for x in photographs.values()]
    smalls = [images.quantize(shrink(x, antialias)) for x in originals]
    results = [images.quantize(resize(x, 4, method)) for x in smalls]
    pairs = zip(originals, results, strict=True)
    return np.mean([metrics.psnr(x, y, shave=4) for x, y in pairs])


# %%
print("enlarged by  antialias=True  antialias=False, the default")
for name in methods:
    print(f"{name:9}{score(name, True):15.2f} dB{score(name, False):13.2f} dB")

# %% [markdown]
# Bicubic loses three quarters of a decibel to one forgotten argument. And the *ranking*
# changes: Lanczos falls from first place to third. Many tutorials make their small images
# this way and then compare with papers that didn't. The small images show the reason.

# %%
panels = {f"antialias={flag}": shrink(pagoda, flag)[roof] for flag in (False, True)}
panels["sr_utils.resize"] = resize(pagoda, Fraction(1, 4))[roof]
alt = "The roof shrunk three times: with false stripes, smooth, and smooth again."
pictures.gallery(panels, zoom=5, alt=alt)

# %%
difference = abs(shrink(pagoda, True) - resize(pagoda, Fraction(1, 4)))[4:-4, 4:-4]
print("with antialiasing, equal away from the border:", difference.max() < 1e-4)

# %% [markdown]
# ## What interpolation can't do: the power spectrum
#
# Any image is a sum of waves. The **power spectrum** says how strong they are: low
# frequencies are the large shapes, high frequencies the fine detail. The small image
# holds waves up to 0.125 cycles per pixel of the large one. What lies right of that line
# was removed.
#
# **Predict:** can the curve of any enlarged image follow the original's to the right?

# %%
astronaut, small_astronaut = datasets.pair(photographs["astronaut"], 4)
panels = {name: resize(small_astronaut, 4, name) for name in methods}
alt = "Power over frequency: beyond 0.125 all fall far below the original but nearest."
plots.spectra({"original": astronaut} | panels, scale=4, alt=alt)

# %% [markdown]
# On the left the curves agree, then sag towards the line: blur and kernel both damp what
# is close to it. On the right the smooth methods fall by factors of a hundred and more.
# But *nearest* keeps almost as much power as the original! Does it know something about
# the detail?

# %% [markdown]
# Look at the spectrum in two dimensions, low frequencies in the center. The yellow square
# holds what the small image can store.


# %%
def spectrum(image):
    plane = images.luma(image)
    window = np.outer(np.hanning(256), np.hanning(256))
    waves = np.fft.fftshift(np.fft.fft2((plane - plane.mean()) * window))
    gray = np.clip((2 * np.log10(abs(waves) + 1e-9) - 1) / 9, 0, 1)
    picture = np.repeat(gray[..., None], 3, axis=-1)
    picture[[95, 160], 95:161] = picture[95:161, [95, 160]] = (1, 0.83, 0)
    return picture


# %%
panels = {"original": portrait, "nearest": blocks, "bicubic": resize(small, 4)}
panels = {name: spectrum(image) for name, image in panels.items()}
alt = "Spectra. Nearest repeats its center all over like wallpaper; bicubic fades out."
pictures.gallery(panels, alt=alt)

# %% [markdown]
# The spectrum of *nearest* is wallpaper: the inside of the square, repeated four times in
# each direction and faded. These are **mirrored copies** of the low frequencies. They
# draw the edges of its squares, and they hold no information about the hair. You can
# check this exactly: tile the spectrum of the small image 4 × 4 and multiply it by the
# spectrum of one white 4 × 4 square.

# %%
square = np.zeros((256, 256))
square[:4, :4] = 1
copies = np.tile(np.fft.fft2(images.luma(small)), (4, 4)) * np.fft.fft2(square)
print("nothing but copies:", np.allclose(copies, np.fft.fft2(images.luma(blocks))))

# %% [markdown]
# Every interpolation is such copies times a curve, and the curve is the spectrum of its
# kernel. A good kernel suppresses the copies. It can't put the right waves in their
# place, since the small image doesn't contain them.

# %% [markdown]
# ## Many originals, one small image
#
# Perhaps a cleverer rule could *deduce* the missing waves? No, and you can prove it by
# construction. Shrinking is a matrix, so there are patterns it maps to zero: they vanish
# without a trace. Split a patch into the part that survives shrinking and the part that
# vanishes.

# %%
reduce = weight_matrix(64, Fraction(1, 4)).toarray()  # (16, 64)
keep = np.linalg.pinv(reduce) @ reduce  # removes what vanishes


def surviving(patch):
    return np.stack([keep @ patch[..., c] @ keep.T for c in range(3)], axis=-1)


# %% [markdown]
# Take a patch of grass and a patch of gravel, both with a little less contrast so that
# mixtures stay between black and white. Keep the part of the grass that survives. Replace
# the part that vanishes by the vanishing part of the *gravel*.

# %%
textures = {name: 0.5 + 0.85 * (x - 0.5) for name, x in datasets.training().items()}
grass = textures["grass"][100:164, 100:164].astype("float64")
gravel = textures["gravel"][200:264, 100:164].astype("float64")
other = surviving(grass) + (gravel - surviving(gravel))

# %% [markdown]
# **Predict:** `other` has the coarse structure of grass and the fine structure of gravel.
# Will it look like grass, like gravel, or like neither?

# %%
small_grass, small_other = (resize(patch, Fraction(1, 4)) for patch in (grass, other))
panels = {"A": grass, "gravel": gravel, "B": other}
panels |= {"A shrunk": small_grass, "B shrunk": small_other}
zoom = {name: 3 if image.shape[0] == 64 else 8 for name, image in panels.items()}
captions = {name: f"{x.shape[0]} × {x.shape[1]}" for name, x in panels.items()}
alt = "Stalks of grass; gravel; stones much like the gravel; two equal coarse patches."
pictures.gallery(panels, zoom=zoom, captions=captions, alt=alt)

# %%
print(f"A and B: {metrics.psnr(grass, other, shave=4):.1f} dB")
print("valid pixels:", other.min() >= 0 and other.max() <= 1)
print("equal when shrunk:", abs(small_grass - small_other).max() < 1e-6)

# %% [markdown]
# Stalks in A, stones in B, and the two small images on the right are equal. From the small
# image **no method on earth can tell which one it was**. Super-resolution has no single
# right answer. The problem is *ill-posed*: many large images fit one small image.
#
# What remains is to ask which of the many is *likely*. For that you must know what
# photographs look like, and that can be learned. It is the subject of lesson 2.

# %% [markdown]
# ## The scoreboard
#
# From here on every method of the series is scored in the same way, on three photographs
# that no network will ever train on. The protocol stands beneath the numbers. It is the
# one of the published tables: change any part of it and the numbers are no longer
# comparable.


# %%
def score_all(sets):
    board = Scoreboard(sets, scale=4)
    for name in methods:
        board.add(name, lambda low, name=name: resize(low, 4, name))
    return board


board = score_all({"held-out": photographs})
board

# %% [markdown]
# Two more sets are in every paper since 2014: Set5 and Set14. They come without a license
# that would let us bundle them, so the next cell uses them only if they are on your
# machine; `data/README.md` says how to get them. Published for bicubic at ×4 are 28.42 dB
# and 26.00 dB.

# %% tags=["nbval-ignore-output"]
benchmarks = datasets.available("Set5", "Set14")
published = {"Set5": 28.42, "Set14": 26.00}
if benchmarks:
    papers = score_all(benchmarks)
    for name in benchmarks:
        assert abs(papers.mean("bicubic", name).psnr - published[name]) < 0.03
    print(papers)

# %% [markdown]
# ## What you have measured
#
# - Shrinking without a blur invents patterns. TensorFlow's default costs bicubic 0.76 dB
#   and changes the ranking of the methods.
# - All four methods are one idea: weights that depend on distance. Lanczos leads with
#   28.79 dB, nearest is last with 26.89 dB.
# - Images of equal PSNR range from flawless to ruined.
# - Above 0.125 cycles per pixel interpolation holds nothing but copies.
# - Grass and stones can shrink to the same 16 × 16 pixels.

# %%
means = {name: board.mean(name, "held-out").psnr for name in methods}
assert abs(means["lanczos3"] - 28.79) < 0.01 and abs(means["nearest"] - 26.89) < 0.01
assert abs(score("bicubic", True) - score("bicubic", False) - 0.76) < 0.01
print(f"the line to beat: {means['lanczos3']:.2f} dB")

# %% [markdown]
# ## Exercises
#
# Try each before you unfold the solution. Every solution ends with a check that you can
# run on your own.
#
# **1. Where does a wave end up?** A wave of *f* cycles per pixel is sampled at every
# fourth pixel without a blur. Write `alias(f)`, the frequency from 0 to 0.125 that you
# see. Test it on 0.22 (seen above), 0.1 and 0.3.


# %% tags=["solution"]
def alias(f, step=4):
    cycles = (f * step) % 1  # whole cycles between two samples can't be seen
    return min(cycles, 1 - cycles) / step  # nor can the direction


assert np.allclose([alias(0.22), alias(0.1), alias(0.3)], [0.03, 0.1, 0.05])

# %% [markdown]
# **2. Another cubic.** OpenCV uses the cubic kernel with a = -0.75 instead of -0.5. Which
# scores better on the cat, enlarged four times? Use `enlarge` and `cubic` from this
# lesson. Why might that be?


# %% tags=["solution"]
def opencv_cubic(x):
    return cubic(x, a=-0.75)


keys = metrics.psnr(cat, enlarge(small_cat, 4, cubic), shave=4)
opencv = metrics.psnr(cat, enlarge(small_cat, 4, opencv_cubic), shave=4)
print(f"a = -0.5: {keys:.2f} dB   a = -0.75: {opencv:.2f} dB")
# Deeper dips sharpen more, which undoes a little of the blur that made the small image.
assert opencv > keys

# %% [markdown]
# **3. The price of a convention.** Score the enlarged cats with luma from 0 to 255 instead
# of 16 to 235. Show that the difference is the same for every image, and say why.


# %% tags=["solution"]
def full_range_psnr(reference, estimate):
    weights = np.array([65.481, 128.553, 24.966]) * 255 / 219
    error = ((reference - estimate) @ weights)[4:-4, 4:-4]
    return 10 * np.log10(255**2 / np.mean(error**2))


# Errors grow by 255 / 219, whatever the image: 20 log10(255 / 219) = 1.32 dB less.
for image in cats.values():
    cost = metrics.psnr(cat, image, shave=4) - full_range_psnr(cat, image)
    assert np.isclose(cost, 20 * np.log10(255 / 219))

# %% [markdown]
# **4. Average what?** Papers average the PSNR of the images. Compute instead one PSNR
# from the mean of the three squared errors of bicubic. Which is lower, and why?

# %% tags=["solution"]
bicubic_scores = board.scores["bicubic"]["held-out"].values()
decibels = np.array([score.psnr for score in bicubic_scores])
mean_error = np.mean(255**2 / 10 ** (decibels / 10))
of_mean_error = 10 * np.log10(255**2 / mean_error)
print(f"mean of PSNR: {decibels.mean():.2f} dB   PSNR of mean: {of_mean_error:.2f} dB")
# The worst image dominates a mean of errors; a mean of decibels weighs all the same.
assert of_mean_error < decibels.mean()

# %% [markdown]
# **5. Beat the board without learning.** A good enlarged image must shrink back to the
# small image. Bicubic doesn't quite. So shrink your result, enlarge what is missing, add
# it, and repeat ten times (*iterative back-projection*). How many decibels do you win?


# %% tags=["solution"]
def back_projection(low, steps=10):
    result = resize(low, 4)
    for _ in range(steps):
        missing = low - resize(result, Fraction(1, 4))
        result = result + resize(missing, 4)
    return result


board.add("back-projection", back_projection)
won = board.mean("back-projection", "held-out").psnr - means["bicubic"]
print(f"{won:.2f} dB more than bicubic")
assert won > 0.5

# %% [markdown]
# ## Papers
#
# - R. Keys, *Cubic convolution interpolation for digital image processing*, 1981: the
#   bicubic kernel, and why a = -0.5.
# - C. Duchon, *Lanczos filtering in one and two dimensions*, 1979.
# - Z. Wang and others, *Image quality assessment: from error visibility to structural
#   similarity*, 2004: SSIM, and a gallery like ours.
# - M. Irani and S. Peleg, *Improving resolution by image registration*, 1991:
#   back-projection, exercise 5.
