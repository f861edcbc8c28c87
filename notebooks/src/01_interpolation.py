# %% [markdown]
# # 1. Interpolation: how far do you get without learning?
#
# You have a photograph of 64 × 64 pixels. You want 256 × 256. Where you have one pixel
# you need sixteen, and none of the sixteen was stored. Where do they come from?
#
# This lesson answers with rules that know nothing about photographs: a pixel between
# others is a mixture of them. You will see how good that gets, learn to measure it as
# papers do, and find out exactly why it can't bring back what was lost.

# %%
# The build writes this cell: tools/address.py.

# %% [markdown]
# The next cell starts TensorFlow, fixes all random seeds and says what your computer
# has. Precision and budget matter only in lessons that train. This one trains nothing.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
from fractions import Fraction

import numpy as np
import tensorflow as tf
from scipy import ndimage

from sr_utils import datasets, images, metrics, pictures, plots
from sr_utils.resize import KERNELS, resize, weight_matrix
from sr_utils.scoreboard import Scoreboard
from sr_utils.widgets import explore

# %% [markdown]
# Here is the task in one picture. On the left, what is stored: 64 × 64 pixels. Then the
# same pixels blown up, the best of this lesson's four methods, and the original. Look at
# the hair and the eyes: the third picture is smooth where the fourth has detail.
#
# `held_out` loads three photographs. `pair` returns an original and its small version,
# made by a rule that this lesson explains.

# %%
photographs = datasets.held_out()
portrait, small = datasets.pair(photographs["astronaut"][0:256, 96:352], 4)
blocks, smooth = resize(small, 4, "nearest"), resize(small, 4, "lanczos3")

panels = {"stored": small, "nearest": blocks, "Lanczos": smooth, "original": portrait}
sizes = {name: f"{x.shape[0]} × {x.shape[1]}" for name, x in panels.items()}
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
# will be left of them when three of every four pixels are skipped?

# %%
roof = (slice(2, 62), slice(12, 72))
panels = {"original": pagoda[8:248, 48:288]}
panels |= {"every fourth pixel": skipped[roof], "mean of 4 × 4": averaged[roof]}
zoom = {"original": 1, "every fourth pixel": 4, "mean of 4 × 4": 4}
alt = "A tiled roof. Skipping pixels makes coarse, slanted stripes; a mean does not."
pictures.gallery(panels, zoom=zoom, alt=alt)

# %% [markdown]
# Look at the right half of the upper roof in the middle picture. There are stripes, but
# broad ones, and they run in another direction than the tiles. They aren't in the
# photograph: skipping pixels has *invented* them. This is **aliasing**. With a blur
# first, here the mean over 4 × 4 pixels, the roof is almost plain. Detail is gone, but
# hardly anything false is added.

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
# With only the dots, you can't tell the two waves apart. From dot to dot the fast wave
# makes 4 · 0.22 = 0.88 cycles. That looks the same as going back by 0.12 cycles, and
# 0.12 / 4 = 0.03.

# %% [markdown]
# One sample every four pixels can follow waves of at most 1 / (2 · 4) = 0.125 cycles per
# pixel, the **Nyquist limit**. What is faster must be weakened *before* subsampling, or
# it comes back disguised as something slow. So a fair small image is made in two steps:
# **blur, then subsample**. Remember the number 0.125. You will meet it again.

# %% [markdown]
# ## One idea: a kernel slid over the grid
#
# Now enlarge. A new pixel lies between old ones, so its value is a weighted sum of its
# old neighbors. Along a line of pixels, the weight depends on the distance only. The
# function from distance to weight is called the **kernel**. Here are two.


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
# differ in nothing but this curve. `nearest` copies the closest pixel; `lanczos3` comes
# from signal theory: it keeps slow waves and stops fast ones almost ideally, faded to
# zero at three pixels.

# %%
methods = ["nearest", "bilinear", "bicubic", "lanczos3"]
alt = "Four kernels: a box, a triangle, a bump with two negative dips, one that swings."
plots.kernels({name: KERNELS[name] for name in methods}, alt=alt)

# %% [markdown]
# Each kernel is 1 at distance 0 and 0 at every other whole distance. So a curve drawn
# through all positions has, at the center of an old pixel, exactly the value of that
# pixel. That is what *interpolation* means.

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
# the second. The first new pixel lies beyond the first old center and has one neighbor
# only. Dividing by the sum makes its weight 1. Every row adds up to 1, so a flat area
# stays as bright as it was. (`stretch` is for shrinking, below.)

# %% [markdown]
# Enlarging a line of pixels is now one matrix product. Try it on twenty pixels from the
# nose across cheek and hair to the wall, with 32 new pixels for each old one.

# %%
line = images.luma(small)[31, 32:52]  # brightness, explained below
old, new = np.arange(20), (np.arange(20 * 32) + 0.5) / 32 - 0.5
lines = {name: line_weights(20, 32, KERNELS[name]) @ line for name in methods}

# %% [markdown]
# **Predict:** two of the kernels have negative weights. What will their curves do next to
# a steep edge?

# %%
curves = {name: (new, values) for name, values in lines.items()}
dots = ("pixels of the small image", old, line)
alt = "Through the dots: stairs, straight lines, two smooth curves that overshoot."
plots.curves(curves, points=dots, x_label="old pixel", y_label="luma", alt=alt)

# %% [markdown]
# Stairs, straight lines, smooth curves. The shallow dip on the left is the shadow beside
# the nose. Look at the steep edge near pixel 14. The smooth
# curves dip below the darkest pixel before it and rise above the brightest after it, and
# Lanczos swings on once more. This **overshoot**, or **ringing**, makes edges look crisp.
# The price is a halo: the light rim around the hair in the Lanczos portrait above.
# Overshoot can leave the range of valid values, so results are clipped before they are
# stored.

# %% [markdown]
# An image has two directions. One matrix mixes its rows, another its columns: **a resize
# is two matrix products.** `einsum` writes a product with its indices named:
# `Hh,hwc->Hwc` sums over the old rows h, for each column w and each color c.


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
# **antialiasing**. Below, blue weights are positive and pale red ones negative.

# %%
matrices = {"enlarge 8 → 32": line_weights(8, 4, cubic)}
matrices["shrink 32 → 8, stretched"] = line_weights(32, 1 / 4, cubic, stretch=4)
matrices["shrink 32 → 8, not stretched"] = line_weights(32, 1 / 4, cubic)
alt = "Three banded matrices: 32 by 8, then 8 by 32 with wide and with narrow rows."
plots.matrices(matrices, alt=alt)

# %% [markdown]
# In the middle matrix every input pixel, a column, has weight in some row. In the right
# one each output pixel is made of two inputs, minus a little of their two neighbors: half
# of all pixels hardly count. That is nearly skipping pixels again, and it aliases.

# %% [markdown]
# `sr_utils.resize` is this code with two additions: it stores only the weights that aren't
# zero, and beyond the border it mirrors the image, as MATLAB does. Your code leaves
# missing neighbors out and rescales the other weights. Away from the border the two must
# agree.

# %%
difference = abs(ours - resize(small, 4, "bicubic"))
inside = difference[16:-16, 16:-16]
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
panels = {name: cats[name] for name in methods[1:] + methods[:1]} | {"original": cat}
eye = (76, 132, 48, 48)  # top, left, height, width
alt = "A cat's eye: soft, twice a little less soft, in square blocks, and sharp."
pictures.compare(panels, eye, columns=3, captions=captions, alt=alt)

# %% [markdown]
# Look at the dark rim and at the light in the pupil. Bilinear is the smoothest; bicubic
# and Lanczos are a little crisper at the rim. Nearest may look sharpest, but its hard
# edges are those of its own squares, and its score is the lowest. In none of the four is the light the
# sharp spot of the original. The number is the PSNR of the whole photograph; the next section explains
# it.

# %% [markdown]
# Move the window yourself. Start with ×2: which details survive at ×2 but not at ×4? Does
# the order of the methods ever change? (It doesn't, for these photographs and scales. A
# web page shows only the first choice; the
# controls need a running notebook.)


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
# "A little crisper" is no measurement. The most common one is the mean squared error,
# MSE, against the original, on a logarithmic scale: the **peak signal-to-noise ratio**,
# PSNR = 10 · log10(255² / MSE), in decibels (dB). Higher is better. Halve the error of
# every pixel and it rises by 6 dB; 1 dB less means 26 % more squared error.

# %% [markdown]
# Super-resolution papers usually score the brightness only, the **luma**. Its weights come
# from television: they bring values from 0 to 1 to the 8-bit scale, and black is 16, white
# is 235. The 255 in the formula is a convention all the same.


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
# Gaussian weight makes the center of a window count most. In the code, contrast and
# pattern share the second factor.


# %%
def local_mean(values):
    return ndimage.gaussian_filter(values, sigma=1.5, radius=5)[5:-5, 5:-5]


def covariance(x, y):
    return local_mean(x * y) - local_mean(x) * local_mean(y)


# %%
def ssim(reference, estimate, shave):
    x, y = (luma(i)[shave:-shave, shave:-shave] for i in (reference, estimate))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # no division by 0 in flat areas
    a, b = local_mean(x), local_mean(y)
    brightness = (2 * a * b + c1) / (a**2 + b**2 + c1)
    pattern = (2 * covariance(x, y) + c2) / (covariance(x, x) + covariance(y, y) + c2)
    return np.mean(brightness * pattern)


# %%
for name, image in cats.items():
    print(f"{name:9}{ssim(cat, image, shave=4):6.3f}")
    assert np.isclose(ssim(cat, image, shave=4), metrics.ssim(cat, image, shave=4))

# %% [markdown]
# SSIM is 1 for equal images and falls toward 0, or even below, as the patterns stop
# agreeing. On this photograph both measures put the methods in the same order.
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
alt = "Five portraits: original, very blurred, noisy, shifted unseen, paler."
pictures.gallery(panels, captions=captions, alt=alt)

# %% [markdown]
# Few people would call these equal. The shift, of about a pixel and a half, can't be seen
# at all. The loss of contrast shows (the black collar is gray) but does no harm. The blur
# ruins the face.

# %% [markdown]
# SSIM ranks them contrast, shift, blur, noise. It forgives the contrast. But it ranks the
# noisy face, with every feature visible, far below the blurred one, and the invisible
# shift only slightly above the blurred one. **Neither number is your eye.** Report both, trust neither alone, and
# always look. Lesson 3 returns to this gallery with a measure that comes closer.

# %% [markdown]
# ## A trap in TensorFlow
#
# `tf.image.resize` has an argument `antialias`, and its default is `False`. Shrink with
# the default and you use the right-hand matrix of *Shrinking with the same kernel*.
#
# **Predict:** what does that do to the scores? Which method suffers most?


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
# Bicubic loses three quarters of a decibel to one forgotten argument. Lanczos suffers
# most, and bilinear least: of the three smooth kernels, the crisper keeps more of what is
# false. So even the *ranking* changes, and Lanczos falls from first place to third. Make
# your small images this way, and you can't compare with papers that didn't.

# %% [markdown]
# Look at the right half of the upper roof: the default makes false stripes, much like
# skipping pixels.

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
# holds waves up to 0.125 cycles per pixel of the large one. The blur weakens what lies
# near that line and removes what lies far to its right.
#
# **Predict:** which of the four curves, if any, can follow the original to the right of
# the line?

# %%
astronaut, small_astronaut = datasets.pair(photographs["astronaut"], 4)
panels = {name: resize(small_astronaut, 4, name) for name in methods}
alt = "Power over frequency: by 0.25 all but nearest lie far below the original."
plots.spectra({"original": astronaut} | panels, scale=4, alt=alt)

# %% [markdown]
# On the left the curves agree, then sag toward the line: blur and kernel both damp what is
# close to it. Just right of it the smooth methods have about a tenth of the original's
# power; beyond 0.25 it is about a hundredth, or far less. Three can't follow. But
# *nearest* seems to: from 0.18 on it stays within a factor of three. Does it know
# something about the detail?

# %%
frequency, power = metrics.power_spectrum(astronaut)
weaker = {name: power / metrics.power_spectrum(x)[1] for name, x in panels.items()}
assert all(weaker[name][frequency > 0.25].min() > 80 for name in methods[1:])
assert weaker["nearest"][frequency > 0.18].max() < 3

# %% [markdown]
# Look at the spectrum of the portrait in two dimensions, low frequencies in the center, on
# a logarithmic gray scale. The yellow square holds what the small image can store.
# (`hanning` fades the image out toward its borders, which would add waves of their own.)


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
alt = "Spectra. Nearest repeats its center in a 4 by 4 pattern; bicubic fades out."
pictures.gallery(panels, alt=alt)

# %% [markdown]
# The spectrum of *nearest* is wallpaper: the inside of the square again and again, four
# times in each direction, faded. These are copies of the low frequencies, shifted. Along
# an axis they look **mirrored** at the edge of the square: what lies just outside repeats
# what lies just inside, in reverse. They draw the edges of its squares, and they hold no
# information about the hair. All that *bicubic* has outside the
# square, the gray rim around it and the faint lobes, is what it leaves of them.

# %% [markdown]
# You can check this exactly: tile the spectrum of the small image 4 × 4 and multiply it by
# the spectrum of one white square of 4 × 4 pixels. (That spectrum is zero along the dark
# lines. They run through the middle of the copies.)

# %%
square = np.zeros((256, 256))
square[:4, :4] = 1
copies = np.tile(np.fft.fft2(images.luma(small)), (4, 4)) * np.fft.fft2(square)
print("nothing but copies:", np.allclose(copies, np.fft.fft2(images.luma(blocks))))

# %% [markdown]
# The same holds for every method of this lesson, away from the border: copies, times the
# spectrum of its kernel. A good kernel suppresses the copies. It can't put the right waves
# in their place, since the small image doesn't contain them.

# %% [markdown]
# ## Many originals, one small image
#
# Perhaps a cleverer rule could *deduce* the missing waves? No, and you can prove it by
# construction. Shrinking is a matrix with fewer rows than columns: 16 numbers can't hold
# 64. So there are patterns that it maps to zero, and they vanish without a trace.

# %% [markdown]
# Split a patch into what survives shrinking and what vanishes. `pinv`, the pseudo-inverse,
# goes back from a small image to the simplest large one that shrinks to it: what vanished
# doesn't return.

# %%
reduce = weight_matrix(64, Fraction(1, 4)).toarray()  # (16, 64)
keep = np.linalg.pinv(reduce) @ reduce  # there and back


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
alt = "Grass; gravel; the gravel's outlines over the grass; two equal coarse patches."
pictures.gallery(panels, zoom=zoom, captions=captions, alt=alt)

# %%
for name, patch in {"A, grass": grass, "gravel": gravel}.items():
    print(f"B against {name}: {metrics.psnr(patch, other, shave=4):.1f} dB")
print("valid pixels:", other.min() >= 0 and other.max() <= 1)
print("equal when shrunk:", abs(small_grass - small_other).max() < 1e-6)

# %% [markdown]
# To most eyes B looks more like gravel: many outlines of stones are clear, over the light
# and dark of the grass. (PSNR disagrees once more.) A and B differ more than any enlarged
# version of the three held-out photographs differs from its original. Yet the two small
# images on the right are equal, and **nothing in them tells you which one it was**.

# %% [markdown]
# Super-resolution has no single right answer. The problem is *ill-posed*: many large
# images fit one small image.
#
# What remains is to ask which of the many is *likely*. For that you must know what
# photographs look like, and that can be learned. It is the subject of lesson 2.

# %% [markdown]
# ## The scoreboard
#
# From here on every method of the series is scored in the same way, on three photographs
# that no network of this course trains on. The protocol is printed below the numbers. The
# published tables use the same one: change any part of it and the numbers are no longer
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
# Two more sets are in nearly every super-resolution paper: Set5 and Set14. They come
# without a license that would let us bundle them, so the next cell uses them only if they
# are on your machine; `data/README.md` says how to get them. The published bicubic scores
# at ×4 are 28.42 dB and 26.00 dB.

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
# - Images of equal PSNR range from nearly perfect to ruined.
# - What nearest holds above 0.125 cycles per pixel is nothing but copies of what lies
#   below.
# - Grass, and a mixture of grass and gravel that looks quite different, shrink to the same
#   16 × 16 pixels.

# %%
means = {name: board.mean(name, "held-out").psnr for name in methods}
assert abs(means["lanczos3"] - 28.79) < 0.01 and abs(means["nearest"] - 26.89) < 0.01
assert abs(score("bicubic", True) - score("bicubic", False) - 0.76) < 0.01
worst = min(x.psnr for x in board.scores["nearest"]["held-out"].values())
assert metrics.psnr(grass, other, shave=4) < worst
print(f"the line to beat, before exercise 5 moves it: {means['lanczos3']:.2f} dB")

# %% [markdown]
# ## Exercises
#
# Try each in the empty cell before you unfold the solution. Every solution ends with a
# check you can run on your answer.
#
# **1. Where does a wave end up?** A wave of *f* cycles per pixel is sampled at every
# fourth pixel without a blur. Write `alias(f)`, the frequency from 0 to 0.125 that you
# see. Test it on 0.22 (seen above), 0.1 and 0.3.


# %%
# Your answer:


# %% tags=["solution"]
def alias(f, step=4):
    cycles = (f * step) % 1  # whole cycles between two samples can't be seen
    return min(cycles, 1 - cycles) / step  # nor can the direction


assert np.allclose([alias(0.22), alias(0.1), alias(0.3)], [0.03, 0.1, 0.05])

# %% [markdown]
# **2. Another cubic.** Keys chose a = -0.5 for images that weren't blurred before they were
# sampled. Ours were. Which a of -0.5, -0.75 (OpenCV's), -1 and -1.25 scores best on the
# cat, enlarged four times? Use `enlarge` and `cubic` from this lesson. Why isn't it -0.5?


# %%
# Your answer:


# %% tags=["solution"]
def score_of(a):
    return metrics.psnr(cat, enlarge(small_cat, 4, lambda x: cubic(x, a)), shave=4)


by_a = {a: score_of(a) for a in (-0.5, -0.75, -1, -1.25)}
print(" ".join(f"a = {a}: {value:.2f} dB  " for a, value in by_a.items()))
# Deeper dips sharpen, which undoes a part of the blur; too deep, and halos cost more.
assert max(by_a, key=by_a.get) == -1

# %% [markdown]
# **3. The price of a convention.** Score the enlarged cats with luma from 0 to 255 instead
# of 16 to 235. Show that the difference is the same for every image, and say why.


# %%
# Your answer:


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

# %%
# Your answer:

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
# it, and repeat ten times (*iterative back-projection*). How many decibels do you gain,
# and what do you use that interpolation didn't?


# %%
# Your answer:


# %% tags=["solution"]
def back_projection(low, steps=10):
    result = resize(low, 4)
    for _ in range(steps):
        missing = low - resize(result, Fraction(1, 4))
        result = result + resize(missing, 4)
    return result


board.add("back-projection", back_projection)
gain = board.mean("back-projection", "held-out").psnr - means["bicubic"]
print(f"{gain:.2f} dB more than bicubic")
# It uses knowledge of how the small image was made. A real camera doesn't tell you.
assert gain > 0.5

# %% [markdown]
# ## Papers
#
# - R. Keys, *Cubic convolution interpolation for digital image processing*, 1981: the
#   bicubic kernel, and why a = -0.5.
# - C. Duchon, *Lanczos filtering in one and two dimensions*, 1979.
# - Z. Wang and others, *Image quality assessment: from error visibility to structural
#   similarity*, 2004: SSIM, and a gallery like ours.
# - M. Bevilacqua and others, *Low-complexity single-image super-resolution*, 2012: Set5.
#   R. Zeyde and others, *On single image scale-up using sparse representations*, 2010:
#   Set14.
# - M. Irani and S. Peleg, *Improving resolution by image registration*, 1991:
#   back-projection, exercise 5.
