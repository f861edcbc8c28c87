# %% [markdown]
# # 1. Interpolation: how far do you get without learning?
#
# You have a photograph of 64 × 64 pixels. You want 256 × 256. Every pixel you have must
# become sixteen, and fifteen of them were never measured. Where do they come from?
#
# This lesson answers with rules that know nothing about photographs: a pixel between two
# others is a mixture of them. You will see how good that gets, learn to measure it the
# way research papers do, and find out exactly why it can't get better. Every later
# lesson has to beat the numbers you write down here.

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
# Here is the task in one picture. On the left, the 64 × 64 pixels that are stored. Then
# the same pixels blown up, the best you can do with the rules of this lesson, and the
# original. Look at the hair and the eyes: the third picture is smooth where the fourth
# has detail.

# %%
photographs = datasets.held_out()
portrait = photographs["astronaut"][0:256, 96:352]
portrait, small = datasets.pair(portrait, 4)
pictures.gallery(
    {
        "stored": small,
        "its pixels, enlarged": resize(small, 4, "nearest"),
        "Lanczos interpolation": resize(small, 4, "lanczos3"),
        "original": portrait,
    },
    captions={"stored": "64 × 64", "original": "256 × 256"},
    alt="A portrait at 64 by 64 pixels, enlarged as squares, enlarged smoothly but "
    "blurred, and the sharp original of 256 by 256 pixels.",
)

# %% [markdown]
# **What you will learn**
#
# - how a small image arises from a large one, and what goes wrong without a blur
# - nearest, bilinear, bicubic and Lanczos interpolation as one idea
# - PSNR and SSIM: what they measure, and what they miss
# - why no interpolation can bring back what was lost
#
# **What you need:** Python and a little NumPy. **Time:** reading, about an hour;
# running, under a minute on a CPU. A GPU isn't used.

# %% [markdown]
# ## Where small images come from
#
# Before you enlarge, look at how the small image was made. The simplest way to shrink by
# four: keep every fourth pixel, forget the rest.
#
# **Predict:** the roof below is covered with thin straight rows of tiles. What will be
# left of them when three pixels of four are skipped?

# %%
pagoda = images.crop_to_multiple(datasets.training()["china"], 4)
skipped = pagoda[2::4, 2::4]
averaged = pagoda.reshape(pagoda.shape[0] // 4, 4, -1, 4, 3).mean(axis=(1, 3))
pictures.gallery(
    {
        "original": pagoda[8:248, 48:288],
        "every fourth pixel": skipped[2:62, 12:72],
        "mean of 4 × 4 pixels": averaged[2:62, 12:72],
    },
    zoom={"original": 1, "every fourth pixel": 4, "mean of 4 × 4 pixels": 4},
    alt="A pagoda roof with fine rows of tiles. Keeping every fourth pixel turns them "
    "into coarse stripes that run in a wrong direction; averaging gives a plain roof.",
)

# %% [markdown]
# Look at the right half of the roof in the middle picture. There are stripes, but broad
# ones, and they run in another direction than the tiles. They aren't in the photograph:
# skipping pixels has *invented* them. This is **aliasing**. With a blur first, here a
# mean over 4 × 4 pixels, the roof is plain. Detail is gone, but nothing false is added.
#
# Why does it happen? Reduce it to one line of pixels. A wave with 0.22 cycles per pixel
# goes up and down faster than every fourth pixel can follow.

# %%
position = np.linspace(0, 40, 801)
sampled = np.arange(0, 41, 4)
fast, slow = 0.22, 0.25 - 0.22
plots.curves(
    {
        "wave in the image: 0.22": (position, np.cos(2 * np.pi * fast * position)),
        "wave you see: 0.03": (position, np.cos(2 * np.pi * slow * position)),
    },
    points=("every fourth pixel", sampled, np.cos(2 * np.pi * fast * sampled)),
    x_label="position in pixels",
    y_label="value",
    alt="A fast wave and a slow wave that pass through the same points, those at every "
    "fourth pixel.",
)

# %%
values_fast = np.cos(2 * np.pi * fast * sampled)
values_slow = np.cos(2 * np.pi * slow * sampled)
print("equal at every sample:", np.allclose(values_fast, values_slow))
assert np.allclose(values_fast, values_slow)

# %% [markdown]
# At the dots the two waves are equal to the last digit. Whoever has only the dots can't
# tell them apart. One sample every four pixels can follow waves of at most
# 1 / (2 · 4) = 0.125 cycles per pixel, the **Nyquist limit**. Everything faster must be
# removed *before* subsampling, or it comes back disguised as something slow.
#
# So a fair small image is made in two steps: **blur, then subsample**. Remember the
# number 0.125. You will meet it again.

# %% [markdown]
# ## One idea: a kernel slid over the grid
#
# Now enlarge. The new pixels lie between the old ones, so a new value is a weighted mean
# of its old neighbors, and the weight depends on the distance only. The function from
# distance to weight is called the **kernel**. Here are two of them.


# %%
def linear(x):
    return np.maximum(0, 1 - abs(x))


def cubic(x, a=-0.5):
    x = abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


print("linear at 0, 0.5, 1:", linear(np.array([0, 0.5, 1])))
print("cubic at 0, 0.5, 1.5:", cubic(np.array([0, 0.5, 1.5])))

# %% [markdown]
# `linear` falls to 0 within one pixel: only the two nearest neighbors count. `cubic`
# reaches two pixels, and beyond one pixel it is *negative*. All methods of this lesson
# differ in nothing but this curve. `nearest` copies the closest pixel, `lanczos3` is the
# ideal low-pass filter of signal theory, cut off after three pixels.

# %%
shown = {name: KERNELS[name] for name in ("nearest", "bilinear", "bicubic", "lanczos3")}
plots.kernels(
    shown,
    alt="Four kernels over distance: a box of width 1, a triangle of width 2, a smooth "
    "bump with one negative dip on each side, and one that swings three times.",
)

# %% [markdown]
# Next you need to know where the new pixels lie. A pixel is a small square with a center.
# Four new squares fill one old square, so new pixel number i has its center at
# (i + 0.5) / 4 - 0.5 on the old grid. Collect the weights of every new pixel (rows)
# for every old pixel (columns) and you have a matrix.


# %%
def line_weights(size, scale, kernel, stretch=1):
    centers = (np.arange(round(size * scale)) + 0.5) / scale - 0.5
    distances = centers[:, None] - np.arange(size)[None, :]  # (new, old)
    weights = kernel(distances / stretch)
    return weights / weights.sum(axis=1, keepdims=True)


print(line_weights(4, 2, linear))

# %% [markdown]
# Read the second row: the second new pixel is 0.75 of the first old pixel and 0.25 of
# the second. Every row adds up to 1, so a flat area stays as bright as it was.
#
# Enlarging a line of pixels is now one matrix product. Try it on sixteen pixels
# from the cheek across the hair to the wall.
#
# **Predict:** the cubic kernel has negative weights. What will its curve do beside a
# steep edge?

# %%
line = images.luma(small)[31, 32:48]
old, new = np.arange(16), (np.arange(16 * 8) + 0.5) / 8 - 0.5
enlarged = {
    name: line_weights(16, 8, KERNELS[name]) @ line
    for name in ("nearest", "bilinear", "bicubic")
}
plots.curves(
    {name: (new, values) for name, values in enlarged.items()},
    points=("pixels of the small image", old, line),
    x_label="position in pixels of the small image",
    y_label="luma",
    alt="One line of sixteen pixels as dots. Nearest makes stairs through them, bilinear "
    "straight lines, bicubic a smooth curve that overshoots at edges.",
)

# %% [markdown]
# Stairs, straight lines, a smooth curve. The bicubic curve swings above the highest and
# below the lowest pixels next to an edge. That **overshoot** makes edges look crisp, and
# it leaves the range of valid values, so results are clipped before they are stored.
#
# An image has two directions. Apply one matrix to the columns and another to the rows:
# a resize is two matrix products.


# %%
def enlarge(image, scale, kernel):
    rows = line_weights(image.shape[0], scale, kernel)  # (H, h)
    columns = line_weights(image.shape[1], scale, kernel)  # (W, w)
    tall = np.einsum("Hh,hwc->Hwc", rows, image)
    return np.einsum("Ww,Hwc->HWc", columns, tall)


ours = enlarge(small, 4, cubic)
print("small:", small.shape, " enlarged:", ours.shape)

# %% [markdown]
# ## Shrinking with the same kernel
#
# To shrink, blur first. You already have the tool: *stretch* the kernel. At scale 1/4, a
# kernel four times as wide averages over four times as many pixels, which is the blur,
# and evaluates it only where a new pixel lies, which is the subsampling. This is what
# libraries call **antialiasing**.

# %%
plots.matrices(
    {
        "enlarge 8 → 32": line_weights(8, 4, cubic),
        "shrink 32 → 8, stretched": line_weights(32, 1 / 4, cubic, stretch=4),
        "shrink 32 → 8, not stretched": line_weights(32, 1 / 4, cubic),
    },
    alt="Three weight matrices with a diagonal band. Enlarging: 32 rows, 8 columns. "
    "Shrinking with a stretched kernel: each row covers 16 pixels; without: only 4.",
)

# %% [markdown]
# In the middle matrix every input pixel (column) has its place in some row. On the right,
# each output pixel looks at four inputs only, weights them hard, and gives the others
# almost nothing. That is skipping pixels again, and it aliases.
#
# `sr_utils.resize` is this code with two additions: beyond the border it mirrors the
# image, as MATLAB does, and it stores the matrices sparsely. Away from the border it must
# agree with yours.

# %%
inside = slice(16, -16)
difference = abs(ours - resize(small, 4, "bicubic"))
print("equal inside:", difference[inside, inside].max() < 1e-5)
print("equal at the border:", difference.max() < 1e-5)
assert difference[inside, inside].max() < 1e-5
assert np.allclose(weight_matrix(8, 4)[8:24].toarray(), line_weights(8, 4, cubic)[8:24])

# %% [markdown]
# ## See the difference
#
# Four methods, one photograph. The small image has a quarter of the width and height.
#
# **Predict:** which of the four will look sharpest to you, and which smoothest?

# %%
cat, small_cat = datasets.pair(photographs["chelsea"], 4)
upscaled = {name: resize(small_cat, 4, name) for name in shown}
pictures.compare(
    {"original": cat, **upscaled},
    region=(76, 132, 48, 48),
    columns=3,
    captions={
        name: f"{metrics.psnr(cat, image, shave=4):.2f} dB"
        for name, image in upscaled.items()
    },
    alt="The eye of a cat, five times. The original has a sharp reflection; nearest shows "
    "square blocks, bilinear is soft, bicubic and Lanczos are a little sharper.",
)

# %% [markdown]
# Look at the dark rim and at the light in the pupil. Nearest keeps hard edges, but they
# are the edges of its own squares. The other three are smooth, bicubic and Lanczos a
# little crisper than bilinear at the rim. In none of them is the reflection still a sharp
# spot. The number beneath each crop is the PSNR of the whole photograph, which the next
# section explains.
#
# Move the window yourself. (On a web page you see only the first choice; the controls
# need a running notebook.)


# %%
def look(photograph, method, scale, left):
    high, low = datasets.pair(photographs[photograph], scale)
    result = resize(low, scale, method)
    score = f"{metrics.psnr(high, result, shave=scale):.2f} dB at ×{scale}"
    return pictures.compare(
        {"original": high, method: result},
        region=(90, left, 60, 60),
        captions={method: score},
        alt=f"A crop of {photograph} and its {method} version at scale {scale}.",
    )


explore(
    look,
    photograph=list(photographs),
    method=["lanczos3", "bicubic", "bilinear", "nearest"],
    scale=[4, 3, 2],
    left=range(200, 380, 20),
)

# %% [markdown]
# ## Measuring: PSNR
#
# "A little crisper" is no measurement. The oldest one is the mean squared error against
# the original, put on a logarithmic scale: the **peak signal-to-noise ratio**,
# PSNR = 10 · log10(255² / MSE), in decibels. Higher is better; an error half as large
# gives 6 dB more.
#
# Papers don't score the colors but the brightness, the **luma**, since the eye sees
# detail there. Its weights come from television, and it runs from 16 to 235.


# %%
def luma(image):
    return 16 + image @ np.array([65.481, 128.553, 24.966])


def psnr(reference, estimate, shave):
    inner = slice(shave, -shave)
    error = (luma(reference) - luma(estimate))[inner, inner]
    return 10 * np.log10(255**2 / np.mean(error**2))


for name, image in upscaled.items():
    print(f"{name:9} {psnr(cat, image, shave=4):.2f} dB")
    assert np.isclose(psnr(cat, image, 4), metrics.psnr(cat, image, shave=4))

# %% [markdown]
# Black is 16 and white is 235 here. That detail moves every number: with luma from 0 to
# 255, the same pictures score 1.32 dB less. `shave` removes a border as wide as the
# scale, where methods differ in how they guess beyond the edge. If your numbers ever
# disagree with a paper's, such conventions are the first thing to check.
#
# ## Measuring: SSIM
#
# PSNR looks at each pixel alone. The **structural similarity**, SSIM, compares windows of
# 11 × 11 pixels: do they agree in mean brightness, in contrast, and in pattern?


# %%
def local_mean(values):
    return ndimage.gaussian_filter(values, sigma=1.5, radius=5)[5:-5, 5:-5]


def ssim(x, y):
    mean_x, mean_y = local_mean(x), local_mean(y)
    variance_x = local_mean(x * x) - mean_x**2
    variance_y = local_mean(y * y) - mean_y**2
    covariance = local_mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # keep flat areas from dividing by 0
    brightness = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return np.mean(brightness * structure)


for name, image in upscaled.items():
    print(f"{name:9} {metrics.ssim(cat, image, shave=4):.3f}")
    assert np.isclose(ssim(luma(cat), luma(image)), metrics.ssim(cat, image, shave=0))

# %% [markdown]
# SSIM is 1 for equal images and falls towards 0 as the patterns stop agreeing. On this
# photograph both measures put the methods in the same order.
#
# Do they see what you see? Damage one portrait in four ways: blur it, add noise, shift it
# sideways, take contrast away. Choose each strength so that **all four have the same
# PSNR**, by halving an interval until it fits.

# %%
noise = np.random.default_rng(0).standard_normal(portrait.shape).astype("float32")
damage = {
    "blur": lambda s: ndimage.gaussian_filter(portrait, (8 * s, 8 * s, 0)),
    "noise": lambda s: np.clip(portrait + s * noise, 0, 1),
    "shift": lambda s: ndimage.shift(portrait, (0, 8 * s, 0), order=1, mode="mirror"),
    "contrast": lambda s: portrait.mean() + (1 - s) * (portrait - portrait.mean()),
}


def tuned(change, target=24.0):
    weak, strong = 0.0, 1.0
    for _ in range(30):
        middle = (weak + strong) / 2
        better = metrics.psnr(portrait, change(middle), shave=4) > target
        weak, strong = (middle, strong) if better else (weak, middle)
    return change(strong)


damaged = {name: tuned(change) for name, change in damage.items()}
decibels = [metrics.psnr(portrait, image, shave=4) for image in damaged.values()]
assert max(decibels) - min(decibels) < 0.01
print("PSNR of all four:", f"{np.mean(decibels):.2f} dB")

# %% [markdown]
# **Predict:** four pictures with the same error, 24 dB. Will they look equally bad? Rank
# them in your head before you run the next cell, and guess how SSIM ranks them.

# %%
window = (slice(44, 204), slice(44, 204))
pictures.gallery(
    {name: image[window] for name, image in ({"original": portrait} | damaged).items()},
    captions={
        name: f"{metrics.psnr(portrait, image, shave=4):.2f} dB\n"
        f"SSIM {metrics.ssim(portrait, image, shave=4):.3f}"
        for name, image in damaged.items()
    },
    alt="A portrait and four damaged versions, all of 24 dB: heavily blurred, noisy, "
    "shifted by less than two pixels, and paler. The last two look almost perfect.",
)

# %% [markdown]
# Few people would call these equal. The shift, of about a pixel and a half, can't be
# seen at all, and the loss of contrast hardly. The blur ruins the face.
#
# SSIM does better: it forgives the contrast. But it rates the invisible shift not much
# above the blur, and the noise far below. **Neither number is your eye.** Keep both,
# trust neither alone, and always look. Lesson 3 returns to this gallery with a measure
# that comes closer.

# %% [markdown]
# ## A trap in TensorFlow
#
# `tf.image.resize` has an argument `antialias`, and its default is `False`. Shrink with
# the default and you get the matrix on the right of the figure above. What does that do
# to a score?


# %%
def score(kernel, antialias):
    scores = []
    for photograph in photographs.values():
        high = images.crop_to_multiple(photograph, 4)
        size = (high.shape[0] // 4, high.shape[1] // 4)
        low = tf.image.resize(high, size, "bicubic", antialias=antialias).numpy()
        result = images.quantize(resize(images.quantize(low), 4, kernel))
        scores.append(metrics.psnr(high, result, shave=4))
    return np.mean(scores)


print("upscaled by  antialias=True  antialias=False (default)")
for kernel in shown:
    print(f"{kernel:9} {score(kernel, True):12.2f} dB {score(kernel, False):12.2f} dB")

# %% [markdown]
# Three quarters of a decibel for bicubic, as much as years of research on upscalers, from
# one forgotten argument. And the *ranking* changes: Lanczos falls from first place to
# third. Many tutorials make their small images this way and then compare with papers that
# didn't. The small images themselves show the reason.

# %%
size = (pagoda.shape[0] // 4, pagoda.shape[1] // 4)
pictures.gallery(
    {
        title: tf.image.resize(pagoda, size, "bicubic", antialias=antialias).numpy()[
            2:62, 12:72
        ]
        for title, antialias in {
            "antialias=False": False,
            "antialias=True": True,
        }.items()
    }
    | {"sr_utils.resize": resize(pagoda, Fraction(1, 4))[2:62, 12:72]},
    zoom=5,
    alt="The pagoda roof reduced three times. Without antialiasing it has false stripes; "
    "with antialiasing, and with sr_utils.resize, it is smooth.",
)

# %%
by_tensorflow = tf.image.resize(pagoda, size, "bicubic", antialias=True).numpy()
difference = abs(by_tensorflow - resize(pagoda, Fraction(1, 4)))[4:-4, 4:-4]
print("equal inside, to 4 digits:", difference.max() < 1e-4)
assert difference.max() < 1e-4

# %% [markdown]
# ## What interpolation can't do: the power spectrum
#
# Any image is a sum of waves. The **power spectrum** says how strong they are: low
# frequencies are the large shapes, high frequencies the fine detail. The small image holds
# waves up to 0.125 cycles per pixel of the large one. Everything right of that line was
# removed.
#
# **Predict:** where will the curves of the upscaled images leave the curve of the
# original? Can any of them follow it to the right of the line?

# %%
astronaut, small_astronaut = datasets.pair(photographs["astronaut"], 4)
enlarged = {name: resize(small_astronaut, 4, name) for name in shown}
plots.spectra(
    {"original": astronaut, **enlarged},
    scale=4,
    alt="Power over frequency. Well below 0.125 cycles per pixel all curves agree; beyond "
    "it bilinear, bicubic and Lanczos fall off, nearest stays near the original.",
)

# %% [markdown]
# On the left the curves agree, then sag towards the line: blur and kernel both damp what
# is close to it. On the right the smooth methods fall by factors of a hundred and more.
# But *nearest* keeps almost as much power as the original! Does it know something about
# the detail? Look at the spectrum in two dimensions, low frequencies in the center. The
# yellow square holds what the small image can store.


# %%
def spectrum_picture(image):
    plane = images.luma(image)
    window = np.hanning(256)[:, None] * np.hanning(256)
    power = abs(np.fft.fftshift(np.fft.fft2((plane - plane.mean()) * window))) ** 2
    gray = np.clip((np.log10(power + 1e-9) - 1) / 9, 0, 1)
    picture = np.repeat(gray[..., None], 3, axis=-1).astype("float32")
    picture[[95, 160], 95:161] = picture[95:161, [95, 160]] = 1, 0.83, 0
    return picture


nearest, smooth = resize(small, 4, "nearest"), resize(small, 4, "bicubic")
pictures.gallery(
    {
        "original": spectrum_picture(portrait),
        "nearest": spectrum_picture(nearest),
        "bicubic": spectrum_picture(smooth),
    },
    alt="Three spectra with the stored square marked. Nearest: the pattern inside the "
    "square repeats all over the plane like wallpaper. Bicubic: faded, then black.",
)

# %% [markdown]
# The spectrum of *nearest* is wallpaper: the inside of the square, repeated four times in
# each direction and faded. These are **mirrored copies** of the low frequencies, and they
# draw the edges of its squares. It holds no information about the hair. This can be
# checked to the last digit: take the spectrum of the small image, tile it 4 × 4, multiply
# by the spectrum of one 4 × 4 square.

# %%
plane, plane_nearest = images.luma(small), images.luma(nearest)
square = np.zeros((256, 256))
square[:4, :4] = 1
copies = np.tile(np.fft.fft2(plane), (4, 4)) * np.fft.fft2(square)
assert np.allclose(copies, np.fft.fft2(plane_nearest))
print("the spectrum of nearest is nothing but copies")

# %% [markdown]
# Every interpolation is such copies times a curve, and the curve is the spectrum of its
# kernel. A good kernel suppresses the copies. It can't put the right waves in their
# place, since the small image doesn't contain them.

# %% [markdown]
# ## Many originals, one small image
#
# Perhaps a cleverer rule could *deduce* the missing waves? No, and you can prove it by
# construction. Shrinking is a matrix, so some patterns it maps to zero: they vanish
# completely. Take a patch of grass. Keep the part of it that survives shrinking, and
# replace the part that vanishes by the vanishing part of a patch of gravel. (Both get a
# little less contrast first, so that the mixture stays between black and white.)

# %%
shrink = weight_matrix(64, Fraction(1, 4)).toarray()  # (16, 64)
survives = np.linalg.pinv(shrink) @ shrink  # what can be told from the small image


def surviving(patch):
    return np.stack([survives @ patch[..., c] @ survives.T for c in range(3)], axis=-1)


textures = datasets.training()
grass = 0.5 + 0.85 * (textures["grass"][100:164, 100:164].astype("float64") - 0.5)
gravel = 0.5 + 0.85 * (textures["gravel"][200:264, 100:164].astype("float64") - 0.5)
other = surviving(grass) + (gravel - surviving(gravel))
assert other.min() >= 0 and other.max() <= 1

# %% [markdown]
# **Predict:** `other` has the coarse structure of grass and the fine structure of gravel.
# Will it look like grass, like gravel, or like neither?

# %%
small_grass, small_other = (resize(patch, Fraction(1, 4)) for patch in (grass, other))
pictures.gallery(
    {"A: grass": grass, "gravel": gravel, "B: other": other}
    | {"A shrunk": small_grass, "B shrunk": small_other},
    zoom={"A: grass": 3, "gravel": 3, "B: other": 3, "A shrunk": 8, "B shrunk": 8},
    captions={"A: grass": "64 × 64", "B: other": "64 × 64"}
    | dict.fromkeys(["A shrunk", "B shrunk"], "16 × 16"),
    alt="Patch A shows stalks of grass, patch B shows stones much like the gravel beside "
    "it. Their versions shrunk to 16 by 16 pixels are the same.",
)

# %%
print("PSNR between A and B:", f"{metrics.psnr(grass, other, shave=4):.1f} dB")
assert abs(small_grass - small_other).max() < 1e-6
assert metrics.psnr(grass, other, shave=4) < 25
print("shrunk, they are equal to 6 digits")

# %% [markdown]
# Stalks in A, stones in B, and the two small images on the right are equal. Both are
# valid pixels, both might be photographs, and from the small image **no method on earth
# can tell which one it was**. Super-resolution has no single right answer. The problem is
# *ill-posed*: many large images fit one small image.
#
# What remains is to ask which of the many is *likely*. For that you must know what
# photographs look like, and that can be learned. It is the subject of lesson 2.

# %% [markdown]
# ## The scoreboard
#
# From here on every method of the series is scored in the same way, on three photographs
# that no network will ever train on. The protocol is printed beneath the numbers. It is
# the one of the published tables: change any part of it and the numbers are no longer
# comparable.

# %%
board = Scoreboard({"held-out": photographs}, scale=4)
for name in shown:
    board.add(name, lambda low, name=name: resize(low, 4, name))
board

# %% [markdown]
# Two more sets are in every paper since 2014: Set5 and Set14. Their license doesn't allow
# us to bundle them, so this cell uses them only if they are on your machine; the README
# says how to get them. The published scores of bicubic at ×4 are 28.42 dB and 26.00 dB.

# %% tags=["nbval-ignore-output"]
benchmarks = datasets.available("Set5", "Set14")
published = {"Set5": 28.42, "Set14": 26.00}
if benchmarks:
    papers = Scoreboard(benchmarks, scale=4)
    for name in shown:
        papers.add(name, lambda low, name=name: resize(low, 4, name))
    for name in benchmarks:
        assert abs(papers.mean("bicubic", name).psnr - published[name]) < 0.03
    print(papers)

# %% [markdown]
# ## What you have measured
#
# - Shrinking without a blur invents patterns. With TensorFlow's default it costs bicubic
#   0.76 dB and changes the ranking of methods.
# - All four methods are one idea: weights that depend on distance. Lanczos leads the
#   board with 28.79 dB, nearest ends it with 26.89 dB.
# - Images of equal PSNR, 24 dB, range from flawless to ruined.
# - Interpolation adds no information above 0.125 cycles per pixel. What appears there is
#   copies of low frequencies.
# - Grass and gravel can shrink to the same 16 × 16 pixels.

# %%
bicubic, lanczos = board.mean("bicubic", "held-out"), board.mean("lanczos3", "held-out")
assert abs(score("bicubic", True) - score("bicubic", False) - 0.76) < 0.01
assert abs(bicubic.psnr - 28.54) < 0.01 and abs(lanczos.psnr - 28.79) < 0.01
print("line to beat:", f"{lanczos.psnr:.2f} dB")

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
# lesson, and plot both kernels to see why.


# %% tags=["solution"]
def opencv_cubic(x):
    return cubic(x, a=-0.75)


keys = metrics.psnr(cat, enlarge(small_cat, 4, cubic), shave=4)
opencv = metrics.psnr(cat, enlarge(small_cat, 4, opencv_cubic), shave=4)
print(f"a = -0.5: {keys:.2f} dB   a = -0.75: {opencv:.2f} dB")
assert opencv > keys  # deeper dips sharpen more, which undoes some of the blur

# %% [markdown]
# **3. The price of a convention.** Score the bicubic cat with luma from 0 to 255 instead
# of 16 to 235. Show that the difference is the same for every image, and say why.


# %% tags=["solution"]
def full_range_psnr(reference, estimate):
    weights = np.array([65.481, 128.553, 24.966]) * 255 / 219
    error = ((reference - estimate) @ weights)[4:-4, 4:-4]
    return 10 * np.log10(255**2 / np.mean(error**2))


# Errors grow by 255 / 219, whatever the image: 20 log10(255 / 219) = 1.32 dB less.
for image in upscaled.values():
    cost = metrics.psnr(cat, image, shave=4) - full_range_psnr(cat, image)
    assert np.isclose(cost, 20 * np.log10(255 / 219))

# %% [markdown]
# **4. Average what?** Papers average the PSNR of the images. Compute instead one PSNR
# from the mean of the three squared errors of bicubic. Which is lower, and why?

# %% tags=["solution"]
decibels = np.array(
    [score.psnr for score in board.scores["bicubic"]["held-out"].values()]
)
mean_error = np.mean(255**2 / 10 ** (decibels / 10))
of_mean_error = 10 * np.log10(255**2 / mean_error)
print(f"mean of PSNR: {decibels.mean():.2f} dB   PSNR of mean: {of_mean_error:.2f} dB")
assert of_mean_error < decibels.mean()  # the worst image dominates a mean of errors

# %% [markdown]
# **5. Beat the board without learning.** A good upscaled image must shrink back to the
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
assert board.mean("back-projection", "held-out").psnr > bicubic.psnr + 0.4
print(board)

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
