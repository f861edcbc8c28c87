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

from sr_utils import datasets, images, metrics, pictures, plots, tiling
from sr_utils.checks import checking
from sr_utils.resize import KERNELS, resize, weight_matrix
from sr_utils.scoreboard import Scoreboard
from sr_utils.widgets import explore

# %% [markdown]
# Here is the task in one picture. On the left, what is stored: 64 × 64 pixels. Then the
# same pixels as large squares, the best of this lesson's four kernels, and the original.
# Look at the hair and the eyes: the third picture is smooth where the fourth has detail.
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
# **What you need:** Python and a little NumPy. **Time:** a good hour to read and try,
# another for the exercises, under a minute to run on a CPU. A GPU isn't used.
#
# Before each result you are asked what you expect. Choose an answer before you go on; what
# was right, and why the others tempt, is folded beneath the result.

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
#
# - **A** The same rows, only coarser.
# - **B** A plain roof: rows that thin disappear.
# - **C** Stripes, but not the rows of the tiles.

# %%
roof = (slice(2, 62), slice(12, 72))
panels = {"original": pagoda[8:248, 48:288]}
panels |= {"every fourth pixel": skipped[roof], "mean of 4 × 4": averaged[roof]}
zoom = {"original": 1, "every fourth pixel": 4, "mean of 4 × 4": 4}
alt = "A tiled roof. Skipping pixels makes coarse, slanted stripes; a mean does not."
pictures.gallery(panels, zoom=zoom, alt=alt)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C.** Look at the right half of the upper roof in the middle picture: there are stripes,
# but broad ones, and they run in another direction than the tiles. **A** would need at
# least two kept pixels for each row of tiles. **B** is what a blur does, as on the right.
#
# </details>

# %% [markdown]
# The broad stripes aren't in the photograph: skipping pixels has *invented* them. This is
# **aliasing**. With a blur first, here the mean over 4 × 4 pixels, the roof is almost
# plain. Detail is gone, but hardly anything false is added.
#
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
# makes $4 \cdot 0.22 = 0.88$ cycles. That looks the same as going back by 0.12 cycles, and
# $0.12 / 4 = 0.03$.

# %% [markdown]
# One sample every four pixels can follow waves of at most $1 / (2 \cdot 4) = 0.125$ cycles
# per pixel, the **Nyquist limit**. What is faster must be weakened *before* subsampling, or
# it comes back disguised as something slow. So a fair small image is made in two steps:
# **blur, then subsample**. Remember the number 0.125. You will meet it again.

# %% [markdown]
# ## One idea: a kernel slid over the grid
#
# Now enlarge. A new pixel lies between old ones, so its value is a weighted sum of its
# old neighbors. Along a line of pixels $p_j$, the weight depends on the distance only:
#
# $$
# v(x) = \sum_j k(x - j) \, p_j
# $$
#
# The function $k$ from distance to weight is called the **kernel**. The simplest that
# mixes is a triangle, $k(x) = \max(0, 1 - |x|)$: *linear* interpolation.

# %% [markdown]
# The usual *cubic* kernel is the one of
# [Keys (1981)](https://doi.org/10.1109/TASSP.1981.1163711): two cubic polynomials that meet
# without a kink, and one free number $a$.
#
# $$
# k_a(x) = \begin{cases}
# (a + 2)|x|^3 - (a + 3)|x|^2 + 1 & \text{if } |x| \le 1 \\
# a \left( |x|^3 - 5|x|^2 + 8|x| - 4 \right) & \text{if } 1 < |x| < 2 \\
# 0 & \text{otherwise}
# \end{cases}
# $$
#
# Keys chose $a = {-1/2}$. Only then is a parabola through the pixels reproduced exactly,
# and only then does the error on a smooth function fall with the third power of the
# distance between samples. Exercise 2 lets you check the first half.


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
# reaches two pixels, and beyond one pixel it is *negative*.

# %% [markdown]
# The third kernel comes from signal theory. One kernel keeps every wave that the pixels can
# hold and lets nothing else through:
# $\text{sinc}(x) = \sin(\pi x) / (\pi x)$. But it never ends, and falls only like
# $1 / |x|$. Lanczos' kernel fades it out to zero at three pixels, with the middle part of
# a wider sinc:
#
# $$
# L(x) = \text{sinc}(x) \; \text{sinc}(x / 3) \quad \text{for } |x| < 3
# $$
#
# [Duchon (1979)](https://doi.org/10.1175/1520-0450%281979%29018%3C1016:LFIOAT%3E2.0.CO;2)
# studied such filters. How well the fading works, you will measure.


# %%
def lanczos(x):
    return np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


print("sinc:", np.sinc(distances).round(3), " lanczos:", lanczos(distances).round(3))

# %% [markdown]
# The methods of this lesson differ in nothing but this curve; `nearest`, a box, copies the
# closest pixel. Along the two directions of an image, linear and cubic become *bilinear*
# and *bicubic*.

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
# $i$ has its center at $(i + 0.5) / 4 - 0.5$ on the old grid. Collect the weights of every
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
#
# - **A** Leave it softer than a straight line would: a negative weight takes away.
# - **B** Go beyond it: darker than the dark side, brighter than the bright side.
# - **C** Miss the pixels on both sides of it.

# %%
curves = {name: (new, values) for name, values in lines.items()}
dots = ("pixels of the small image", old, line)
rim = ((0.8, 0.08, 0.19, 0.62), (14.2, 17.2), (186, 203))  # place, x, y
labels = {"x_label": "old pixel", "y_label": "luma"}
alt = "Stairs, straight lines, two smooth curves; enlarged, both rise above the dots."
plots.curves(curves, points=dots, inset=rim, alt=alt, **labels)

# %%
for name, values in lines.items():
    above = max(0, values.max() - line.max())
    below = max(0, line.min() - values.min())
    print(
        f"{name:9}{above:5.1f} above the brightest pixel,{below:5.1f} below the darkest"
    )

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B.** Near pixel 14 the smooth curves dip below the darkest pixel and rise above the
# brightest, Lanczos farther than bicubic, and then it swings back. **A** forgets that the
# weights add up to 1: what a negative weight takes from the dark side makes the bright side
# count for more than 1. **C** can't happen to these kernels, which are 1 at distance 0 and
# 0 at all other pixels.
#
# </details>

# %% [markdown]
# Stairs, straight lines, smooth curves. Bicubic and Lanczos lie so close together that only
# the enlarged part tells them apart. This **overshoot**, or **ringing**, makes edges look
# crisp. The price is a halo: the light rim around the hair in the Lanczos portrait above.
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
# **antialiasing**. Below, blue weights are positive and red ones negative, all on one scale.
# (It spreads the small weights.)

# %%
matrices = {"enlarge 8 → 32": line_weights(8, 4, cubic)}
matrices["shrink 32 → 8, stretched"] = line_weights(32, 1 / 4, cubic, stretch=4)
matrices["shrink 32 → 8, not stretched"] = line_weights(32, 1 / 4, cubic)
alt = "Three banded matrices: 32 by 8, then 8 by 32 with wide and with narrow rows."
plots.matrices(matrices, alt=alt)

# %% [markdown]
# In the middle matrix every input pixel, a column, has weight in some row; the colors are
# paler because four times as many weights share a sum of 1. In the right one each output pixel is
# made of two inputs, minus a little of their two neighbors: half of all pixels hardly
# count. That is nearly skipping pixels again, and it aliases.

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

# %%
astronaut, small_astronaut = datasets.pair(photographs["astronaut"], 4)
enlarged = {name: resize(small_astronaut, 4, name) for name in methods}
scores = {name: metrics.psnr(astronaut, x, shave=4) for name, x in enlarged.items()}

# %% [markdown]
# **Predict:** which of the four will look sharpest to you, and which smoothest?
#
# - **A** Lanczos, with the widest kernel, the sharpest; nearest the smoothest.
# - **B** Nearest the sharpest, bilinear the smoothest.
# - **C** Bicubic and Lanczos show lines that the other two don't have.

# %%
strap = (322, 252, 36, 36)  # top, left, height, width
captions = {name: f"{score:.2f} dB" for name, score in scores.items()}
panels = enlarged | {"original": astronaut}
alt = "White cloth beside a dark edge: squares, soft, twice with dark rims, and sharp."
pictures.compare(panels, strap, zoom=5, columns=3, captions=captions, alt=alt)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, to most eyes: nearest has the hardest edges, but they are those of its own squares.
# **A** takes the score for sharpness. The numbers, explained in the next section, say how
# close each whole photograph is to its original, and nearest is the farthest away. **C**
# is what the crisp edges suggest. But all four have the same pixels to work with, and the
# thin lines of the original are in none of them.
#
# </details>

# %% [markdown]
# Look at the edge of the white cloth and at the frame of the blue patch. Bilinear leaves
# both soft. Bicubic and Lanczos make them crisper, and draw dark rims around the white: the
# overshoot of the curves above.
#
# Move the window yourself: which details survive at ×2 but not at ×4? (A web page shows
# only the first choice; the controls need a running notebook.)


# %%
def look(photograph, method, scale, left):
    high, low = datasets.pair(photographs[photograph], scale)
    result = resize(low, scale, method)
    captions = {method: f"{metrics.psnr(high, result, shave=scale):.2f} dB at ×{scale}"}
    alt = f"A crop of {photograph}, {method} and original, at scale {scale}."
    panels = {method: result, "original": high}
    return pictures.compare(panels, (90, left, 60, 60), captions=captions, alt=alt)


# %%
choices = {"photograph": list(photographs), "method": methods, "scale": [2, 3, 4]}
start = {"method": "lanczos3", "scale": 4}
explore(look, start, **choices, left=range(200, 380, 20))

# %% [markdown]
# **Predict:** on the astronaut, at ×4, Lanczos beats bicubic, bicubic bilinear, and all of
# them beat nearest. What about the other photographs, and ×2 and ×3?
#
# - **A** The order is the same everywhere.
# - **B** At ×2 nearest overtakes bilinear: so little is missing that blurring does harm.
# - **C** It depends on the photograph: the more fine texture, the better nearest does.


# %%
def order(photograph, scale):
    high, low = datasets.pair(photograph, scale)
    results = {name: resize(low, scale, name) for name in methods}
    decibels = {name: metrics.psnr(high, x, shave=scale) for name, x in results.items()}
    return tuple(sorted(decibels, key=decibels.get))


orders = {order(x, scale) for x in photographs.values() for scale in (2, 3, 4)}
for found in orders:
    print(*found, sep=" < ")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **A.** Three photographs and three scales give one order. **B** and **C** share an idea:
# that hard squares are a kind of detail. But the squares are in the wrong places.
#
# </details>

# %% [markdown]
# ## Measuring: PSNR
#
# "A little crisper" is no measurement. The most common one is the mean squared error,
# MSE, against the original, on a logarithmic scale: the **peak signal-to-noise ratio**.
# With $n$ pixels $x_i$ of the original and $y_i$ of the estimate, in decibels (dB):
#
# $$
# \text{PSNR} = 10 \, \log_{10} \frac{255^2}{\text{MSE}}, \qquad
# \text{MSE} = \frac{1}{n} \sum_i (x_i - y_i)^2
# $$
#
# Higher is better. Halve the error of every pixel and it rises by 6 dB; 1 dB less means
# 26 % more squared error.

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
for name, image in enlarged.items():
    decibels = psnr(astronaut, image, shave=4)
    print(f"{name:9}{decibels:6.2f} dB")
    assert np.isclose(decibels, metrics.psnr(astronaut, image, shave=4))

# %% [markdown]
# The range of the luma moves every number: stretch it to 0 to 255, and the same pictures
# score 1.32 dB less. `shave` removes a border as wide as the scale, where methods differ
# in how they guess beyond the edge. If your numbers ever disagree with a paper's, check
# such conventions first.

# %% [markdown]
# ## Turn one knob
#
# Now that you can measure, turn the knob that Keys left: $a$. It sets how deep the cubic
# kernel dips. The next cell enlarges with any $a$ and draws kernel, result and original.


# %%
def with_a(low, a):
    return np.clip(enlarge(low, 4, lambda x: cubic(x, a)), 0, 1)


def turn(a):
    result = with_a(small_astronaut, a)
    crops = {f"a = {a}": result, "original": astronaut}
    crops = {name: pictures.crop(image, strap) for name, image in crops.items()}
    score = {f"a = {a}": f"{metrics.psnr(astronaut, result, shave=4):.2f} dB"}
    alt = f"The cubic kernel with a = {a}, and a crop enlarged with it beside the original."
    curve = plots.kernels({f"a = {a}": lambda x: cubic(x, a)}, alt=alt)
    shown = pictures.gallery(crops, zoom=7, captions=score, alt=alt)
    return pictures.row(curve, shown, alt=alt)


# %% [markdown]
# **Predict:** which $a$ gives the highest PSNR for our small images, which were blurred
# before they were sampled?
#
# - **A** $-0.5$: Keys proved that it is the best.
# - **B** Something below $-0.5$, with deeper dips.
# - **C** $0$: without negative weights there is no ringing.
#
# Then take hold of the slider. (A web page shows only its start.)

# %%
steps = (-1.5, -1.25, -1.0, -0.75, -0.5, -0.25, 0.0)
explore(turn, {"a": -0.5}, a=steps)

# %% [markdown]
# The same for all three photographs, in the mean. As a control, the second column leaves
# the blur out when it shrinks them; nothing else is changed.


# %%
def mean_psnr(a, antialias):
    originals = [images.crop_to_multiple(x, 4) for x in photographs.values()]
    smalls = [resize(x, Fraction(1, 4), antialias=antialias) for x in originals]
    pairs = zip(originals, smalls, strict=True)
    return np.mean([metrics.psnr(x, with_a(low, a), shave=4) for x, low in pairs])


# %%
by_a = {a: (mean_psnr(a, True), mean_psnr(a, False)) for a in steps}
print("    a   with blur   without")
for a, (blurred, aliased) in by_a.items():
    print(f"{a:5}{blurred:9.2f} dB{aliased:7.2f} dB")
assert max(steps, key=lambda a: by_a[a][0]) == -1
assert max(steps, key=lambda a: by_a[a][1]) in (-0.25, -0.5)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B.** With the blur, $a = {-1}$ is best. Without it, $-0.25$ and $-0.5$ are, and every step
# below costs. So it is the blur that asks for deeper dips: they sharpen, and undo a part of
# it.
# **A** takes Keys' proof for more than it says: his is about samples of a smooth function,
# and our pixels are means. **C** counts only the price of negative weights.
#
# </details>

# %% [markdown]
# Move the slider to $-1.5$ and look at the rims: beyond $-1$ the halos cost more than the
# sharper edges win. OpenCV has $-0.75$; MATLAB, Pillow and this course have $-0.5$.

# %% [markdown]
# ## Measuring: SSIM
#
# PSNR looks at each pixel alone. The **structural similarity**, SSIM, of
# [Wang and others (2004)](https://doi.org/10.1109/TIP.2003.819861) compares windows of
# 11 × 11 pixels: do they agree in mean brightness, in contrast, and in pattern? A
# Gaussian weight makes the center of a window count most.

# %% [markdown]
# With the means $\mu_x$ and $\mu_y$ of two windows, their variances $\sigma_x^2$ and
# $\sigma_y^2$, and their covariance $\sigma_{xy}$:
#
# $$
# \text{SSIM} = \frac{2 \mu_x \mu_y + c_1}{\mu_x^2 + \mu_y^2 + c_1} \cdot
# \frac{2 \sigma_{xy} + c_2}{\sigma_x^2 + \sigma_y^2 + c_2}
# $$
#
# The first factor compares brightness, the second contrast and pattern. The small numbers
# $c_1 = (0.01 \cdot 255)^2$ and $c_2 = (0.03 \cdot 255)^2$ keep it from dividing by zero in
# flat areas. An image's SSIM is the mean over all windows.


# %%
def local_mean(values):
    return ndimage.gaussian_filter(values, sigma=1.5, radius=5)[5:-5, 5:-5]


def covariance(x, y):
    return local_mean(x * y) - local_mean(x) * local_mean(y)


# %%
def ssim(reference, estimate, shave):
    x, y = (luma(i)[shave:-shave, shave:-shave] for i in (reference, estimate))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = local_mean(x), local_mean(y)
    brightness = (2 * a * b + c1) / (a**2 + b**2 + c1)
    pattern = (2 * covariance(x, y) + c2) / (covariance(x, x) + covariance(y, y) + c2)
    return np.mean(brightness * pattern)


# %%
for name, image in enlarged.items():
    similarity = ssim(astronaut, image, shave=4)
    print(f"{name:9}{similarity:6.3f}")
    assert np.isclose(similarity, metrics.ssim(astronaut, image, shave=4))

# %% [markdown]
# SSIM is 1 for equal images and falls toward 0, or even below, as the patterns stop
# agreeing. On this photograph both measures put the methods in the same order.
#
# Do they see what you see? Damage one portrait in four ways: blur it, add noise, shift it
# sideways, take contrast away. The strength `s` goes from 0 to 1. (The paper on SSIM has
# such a gallery, too.)

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
# Choose each strength so that **all four have the same PSNR**, 24 dB. `tuned` keeps the
# half of an interval that holds the right strength, and halves it again, thirty times.


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
# **Predict:** four pictures with the same squared error. Which will look worst to you, and
# which will SSIM put last?
#
# - **A** None: equal errors look equally bad, and SSIM says so.
# - **B** The shifted one, to you and to SSIM: every single pixel is in the wrong place.
# - **C** The blurred one, to you and to SSIM.
# - **D** The blurred one to you, another one to SSIM.

# %%
face = (58, 80, 88, 88)
crops = {"original": portrait} | damaged
panels = {name: pictures.crop(image, face) for name, image in crops.items()}
ssims = {name: metrics.ssim(portrait, x, shave=4) for name, x in damaged.items()}
captions = {name: f"24.00 dB\nSSIM {value:.3f}" for name, value in ssims.items()}
alt = "Five faces: original, very blurred, noisy, shifted unseen, paler."
print("SSIM, best to worst:", *sorted(ssims, key=ssims.get, reverse=True))
pictures.gallery(panels, zoom=2, captions=captions, alt=alt)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **D**, to most eyes: the blur ruins the face, and SSIM puts the noise last. **A** is what
# the number promises. **B** is how PSNR reckons: the shift, of about a pixel and a half,
# can't be seen, but at every edge it costs. **C** is what one would wish of a measure of
# structure.
#
# </details>

# %% [markdown]
# The loss of contrast shows (the black collar is gray) but does no harm, and SSIM forgives
# it. But SSIM ranks the noisy face, with every feature visible, far below the blurred one,
# and the invisible shift only slightly above it. **Neither number is your eye.** Report
# both, trust neither alone, and always look. Lesson 3 returns to this gallery with a
# measure that comes closer.

# %% [markdown]
# ## A trap in TensorFlow
#
# `tf.image.resize` has an argument `antialias`, and its default is `False`. Shrink with
# the default and you use the right-hand matrix of *Shrinking with the same kernel*.
#
# The next cell scores the four methods twice, with small images made either way.


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


# %% [markdown]
# **Predict:** what does the default do to the scores of the four methods?
#
# - **A** All lose about the same, and their order stays.
# - **B** All gain: without the blur, the small image is sharper.
# - **C** The softest lose most: they blur what is blurred already.
# - **D** The crispest smooth ones lose most, and the order changes.

# %%
print("enlarged by  antialias=True  antialias=False, the default")
for name in methods:
    print(f"{name:9}{score(name, True):15.2f} dB{score(name, False):13.2f} dB")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **D.** Lanczos loses most and bilinear least: the crisper a kernel, the more it keeps of
# what is false. You saw the same when you turned $a$ without the blur. **A** would let you
# compare with papers in spite of the default. **B** takes the false stripes for
# sharpness. **C** overlooks that here nothing has been blurred.
#
# </details>

# %% [markdown]
# Bicubic loses three quarters of a decibel to one forgotten argument, and Lanczos falls
# from first place to third. Make your small images this way, and you can't compare with
# papers that didn't. With `antialias=True`, TensorFlow's small image is the same as
# `sr_utils`', away from the border.

# %%
difference = abs(shrink(pagoda, True) - resize(pagoda, Fraction(1, 4)))[4:-4, 4:-4]
print("with antialiasing, equal away from the border:", difference.max() < 1e-4)

# %% [markdown]
# ## What interpolation can't do: the power spectrum
#
# Any image is a sum of waves. The **power spectrum** says how strong they are: low
# frequencies are the large shapes, high frequencies the fine detail. The small image
# holds waves of up to 0.125 cycles per pixel of the large one along its rows, and as much
# along its columns: a *square* of frequencies. Its corners reach farther,
# $\sqrt{2} \cdot 0.125 = 0.177$ along a diagonal.

# %% [markdown]
# A curve needs one number for each frequency. So the next picture shows the *mean over all
# directions*, with two lines: left of 0.125 all of a ring lies in the square, right of
# 0.177 none of it does.
#
# **Predict:** which of the four methods can follow the original to the right of both lines?
#
# - **A** None of them: no curve comes near the original's.
# - **B** Lanczos, since it has the best score.
# - **C** Nearest.
# - **D** All four: they fall with it, only somewhat lower.

# %%
alt = "Power over frequency: by 0.25 all but nearest lie far below the original."
plots.spectra({"original": astronaut} | enlarged, scale=4, alt=alt)

# %%
frequency, power = metrics.power_spectrum(astronaut)
weaker = {name: power / metrics.power_spectrum(x)[1] for name, x in enlarged.items()}
fine = frequency > 0.25
for name, ratio in weaker.items():
    tens = np.log10(np.median(ratio[fine]))
    print(f"{name:9} beyond 0.25: the power of the original, divided by 10^{tens:.1f}")
assert weaker["nearest"][frequency > 0.18].max() < 3
assert all(weaker[name][fine].min() > 80 for name in methods[1:])

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**, so it seems: from 0.18 on, *nearest* stays within a factor of three of the original.
# **A** is true of the other three. **B** expects the score to come from here; *Why Lanczos
# leads*, below, shows where it comes from. **D** holds on the left only: there the curves
# agree, then sag toward the first line, since blur and kernel both damp what is close to
# it.
#
# </details>

# %% [markdown]
# Does nearest know something about the detail that the others don't? Look at the spectrum of the portrait in two dimensions, low frequencies in the center, on
# a logarithmic gray scale. The yellow square is the one above: what the small image holds.
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
# information about the hair. All that *bicubic* has outside the square, the gray rim
# around it and the faint lobes, is what it leaves of them.

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
# ## Why Lanczos leads
#
# A kernel multiplies each wave by a factor: its own spectrum. Here are the four, over the
# frequency in cycles per pixel of the large image, and what the endless sinc would do.


# %%
def factor(kernel, frequency, scale=4):
    x = np.linspace(-4, 4, 4001)  # old pixels
    waves = np.cos(2 * np.pi * scale * np.asarray(frequency)[:, None] * x)
    return np.trapezoid(waves * kernel(x), x, axis=1)


cycles = np.linspace(0, 0.3, 301)
curves = {name: (cycles, factor(KERNELS[name], cycles)) for name in methods}
curves["sinc"] = (cycles, np.where(cycles < 0.125, 1.0, 0.0))
labels = {"x_label": "cycles per pixel of the large image", "y_label": "factor"}
alt = "Four curves fall from 1 to 0 around 0.125; that of Lanczos is the steepest."
plots.curves(curves, alt=alt, **labels)

# %%
for name in methods:
    kept, let_in = factor(KERNELS[name], [0.1, 0.15])
    print(
        f"{name:9} keeps {kept:.2f} of a wave of 0.10, lets in {let_in:.2f} of its copy"
    )

# %% [markdown]
# Left of 0.125, 1 is ideal: what is stored is kept. Right of it, 0 is: no copies get in.
# (The copy of a wave of 0.10 has $0.25 - 0.10 = 0.15$.) Lanczos comes closest on both sides. That is a reason why it should win; to see whether it
# *does* for this reason, split the squared error into the part inside the square of the
# stored frequencies and the part outside.


# %%
def split_error(original, result):
    error = images.luma(original) - images.luma(result)
    energy = abs(np.fft.fft2(error, norm="forward")) ** 2  # adds up to the MSE
    rows, columns = (abs(np.fft.fftfreq(n)) < 0.125 for n in error.shape)
    inside = energy[np.ix_(rows, columns)].sum()
    return inside, energy.sum() - inside


# %%
pairs = {name: datasets.pair(x, 4) for name, x in photographs.items()}
errors = {
    method: [split_error(high, resize(low, 4, method)) for high, low in pairs.values()]
    for method in methods
}
for name, parts in errors.items():
    inside, outside = np.mean(parts, axis=0)
    print(f"{name:9} squared error inside {inside:5.1f}, outside {outside:6.1f}")

# %%
gains = np.subtract(errors["bicubic"], errors["lanczos3"])  # (photograph, in or out)
shares = gains[:, 0] / gains.sum(axis=1)
print("of what Lanczos gains on bicubic, inside:", *(f"{x:.0%}" for x in shares))
blank = np.mean([split_error(high, 0 * high)[1] for high, _ in pairs.values()])
print(f"squared error outside if nothing were there: {blank:.1f}")
assert shares.min() > 0.8 and np.mean(errors["nearest"], axis=0)[1] > blank

# %% [markdown]
# On each of the three photographs, more than four fifths of what Lanczos gains lies
# *inside*: it damps the stored waves less. Outside, all smooth methods have nearly the same
# error, and it is most of their error: the waves that are missing. And nearest shows what
# copies cost: it would have a smaller error outside if it had nothing there.

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
# What will it look like?
#
# - **A** Like the grass: both shrink to the same small image.
# - **B** Like the gravel.
# - **C** Like neither: gray noise, since the parts don't belong together.

# %%
small_grass, small_other = (resize(patch, Fraction(1, 4)) for patch in (grass, other))
panels = {"grass": grass, "gravel": gravel, "mixture": other}
panels |= {"grass, shrunk": small_grass, "mixture, shrunk": small_other}
zoom = {name: 3 if image.shape[0] == 64 else 8 for name, image in panels.items()}
captions = {name: f"{x.shape[0]} × {x.shape[1]}" for name, x in panels.items()}
alt = "Grass; gravel; the gravel's outlines over the grass; two equal coarse patches."
pictures.gallery(panels, zoom=zoom, captions=captions, alt=alt)

# %%
for name, patch in {"grass": grass, "gravel": gravel}.items():
    print(f"mixture against {name}: {metrics.psnr(patch, other, shave=4):.1f} dB")
print("valid pixels:", other.min() >= 0 and other.max() <= 1)
print("equal when shrunk:", abs(small_grass - small_other).max() < 1e-6)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, to most eyes: many outlines of stones are clear, over the light and dark of the
# grass. **A** expects equal small images to mean similar large ones, and PSNR agrees: it
# finds the mixture closer to the grass. **C** forgets that edges, which an eye goes by, are
# in the part that vanishes, and all of that part is gravel's.
#
# </details>

# %% [markdown]
# Grass and mixture differ more than any enlarged version of the three held-out photographs
# differs from its original. Yet the two small images on the right are equal, and **nothing in them
# tells you which one it was**.
#
# Super-resolution has no single right answer. The problem is *ill-posed*: many large
# images fit one small image.
#
# What remains is to ask which of the many is *likely*. For that you must know what
# photographs look like, and that can be learned. It is the subject of lesson 2.

# %% [markdown]
# ## A result that fits
#
# A good result should at least be *one* of the many: shrunk, it should give back the small
# image. Does it?

# %%
for name in methods:
    again = resize(resize(small_astronaut, 4, name), Fraction(1, 4))
    off = abs(again - small_astronaut).mean() * 255
    print(f"{name:9} shrunk again, differs by {off:.2f} of 255 levels in the mean")

# %% [markdown]
# None of the four does. *Iterative back-projection*, after
# [Irani and Peleg (1991)](https://doi.org/10.1016/1049-9652%2891%2990045-L), mends that
# without learning anything: shrink the result, enlarge what is missing, add it, and repeat.
# `sr_utils` has it as `tiling.back_projection`. You will write it yourself in exercise 5.
# (Its last step clips the result to valid values, which costs a little of the fit.)

# %%
project = tiling.back_projection(4)
again = resize(project(small_astronaut), Fraction(1, 4))
off = abs(again - small_astronaut).mean() * 255
print(f"back-projection, shrunk again, differs by {off:.2f} levels")
assert off < 0.25

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
        board.add(name, tiling.interpolation(name, 4))
    board.add("back-projection", project)
    return board


board = score_all({"held-out": photographs})
board

# %% [markdown]
# Back-projection leads. All it has that interpolation hasn't is knowledge of *how* the small
# image was made, and photographs from a camera come without that.

# %% [markdown]
# Two more sets are in nearly every super-resolution paper:
# [Set5](https://doi.org/10.5244/C.26.135) and
# [Set14](https://doi.org/10.1007/978-3-642-27413-8_47). They come without a license that
# would let us bundle them, so the next cell uses them only if they are on your machine;
# `data/README.md` says how to get them. The published bicubic scores
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
#   and changes the order of the methods.
# - All four methods are one idea: weights that depend on distance. Lanczos leads with
#   28.79 dB, nearest is last with 26.89 dB. Lanczos leads because it damps the stored waves
#   least.
# - Images of equal PSNR range from nearly perfect to ruined.
# - Outside the square of stored frequencies, an enlarged image holds nothing but copies of
#   what lies inside.
# - Grass, and a mixture of grass and gravel that looks quite different, shrink to the same
#   16 × 16 pixels.
# - A result that shrinks back to the small image scores 29.08 dB, without learning.

# %%
means = {name: board.mean(name, "held-out").psnr for name in board.scores}
assert abs(means["lanczos3"] - 28.79) < 0.01 and abs(means["nearest"] - 26.89) < 0.01
assert abs(score("bicubic", True) - score("bicubic", False) - 0.76) < 0.01
worst = min(x.psnr for x in board.scores["nearest"]["held-out"].values())
assert metrics.psnr(grass, other, shave=4) < worst
print(f"the line to beat: {means['back-projection']:.2f} dB")

# %% [markdown]
# ## Exercises
#
# Write your answer into the empty cell and run it, then run the cell beneath, which checks
# it. It says what is wrong, and you can try again as often as you like, before you unfold
# the solution.

# %% [markdown]
# **1. Where does a wave end up?** A wave of $f$ cycles per pixel is sampled at every fourth
# pixel without a blur. Write `alias(f)`, which returns the frequency from 0 to 0.125 that
# you see. For 0.22 you have seen that it is 0.03.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("alias"):
    assert np.ndim(alias(0.1)) == 0, "alias(f) takes one number and returns one."
    seen = {f: alias(f) for f in (0.1, 0.13, 0.22, 0.25, 0.3)}
    assert np.isclose(seen[0.1], 0.1), "0.1 is below the limit and comes through."
    assert max(seen.values()) <= 0.125, (
        "A result is above the limit of 0.125. More than half a cycle from sample to "
        "sample looks like going back."
    )
    assert np.isclose(seen[0.25], 0), (
        "A wave of 0.25 makes one whole cycle between two samples. What do they show?"
    )
    assert np.isclose(seen[0.13], 0.12), (
        "0.13, just above the limit, isn't seen near 0: from sample to sample it makes "
        "0.52 cycles, or 0.48 backward."
    )
    assert np.allclose([seen[0.22], seen[0.3]], [0.03, 0.05]), "Look at 0.22 and 0.3."


# %% tags=["solution"]
def alias(f, step=4):
    cycles = (f * step) % 1  # whole cycles between two samples can't be seen
    return min(cycles, 1 - cycles) / step  # nor can the direction


print({f: round(alias(f), 3) for f in (0.1, 0.13, 0.22, 0.25, 0.3)})


# %% [markdown] tags=["solution"]
# The frequencies fold like a strip of paper, at every multiple of 0.125. What lies just
# above the limit comes out just below it: the mirrored copies of the spectra above.


# %% tags=["wrong"] says="0.13, just above the limit, isn't seen near 0"
def alias(f):  # begins again at 0, like a clock
    return f % 0.125


# %% tags=["wrong"] says="A result is above the limit"
def alias(f):  # whole cycles are dropped, going back is forgotten
    return (4 * f) % 1 / 4


# %% tags=["wrong"] says="A wave of 0.25 makes one whole cycle"
def alias(f):  # what is too fast is seen as the fastest there is
    return min(f, 0.125)


# %% [markdown]
# **2. Keys' choice.** Let the pixels lie on a parabola: pixel $j$ has the value $j^2$. Write
# `parabola_error(a)`, the largest difference between $x^2$ and what `cubic` with this $a$
# makes of the pixels, for $x$ = 0.1, 0.2, … 0.9. Then name `keys` the one of
# $-0.25$, $-0.5$, $-0.75$ and $-1$ with the smallest error. The formula for $v(x)$ is at the
# beginning of *One idea*.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("parabola_error", "keys"):
    tested = parabola_error(-1)
    assert np.ndim(tested) == 0, "parabola_error(a) returns one number, the largest."
    assert abs(tested) > 1e-6, (
        "With a = -1 there is an error between the pixels. At the pixels there is none, "
        "with any kernel that interpolates: don't look there."
    )
    assert not np.isclose(tested, 0.384), (
        "The kernel reaches two pixels to each side: four of them have a weight."
    )
    assert np.isclose(tested, 0.294), (
        "With a = -1 the error is largest at x = 0.7, and there its size is 0.294."
    )
    assert keys != -1, (
        "-1 had the best score on photographs that were blurred. Here you ask for the "
        "smallest error on a parabola."
    )
    assert np.isclose(parabola_error(keys), 0), "For one of the four there is no error."


# %% tags=["solution"]
def parabola_error(a):
    pixels = np.arange(-1, 3)  # all that reach a place between 0 and 1
    places = np.arange(0.1, 0.95, 0.1)
    weights = cubic(places[:, None] - pixels, a)  # (places, pixels)
    return abs(weights @ pixels**2 - places**2).max()


errors_by_a = {a: parabola_error(a) for a in (-0.25, -0.5, -0.75, -1)}
keys = min(errors_by_a, key=errors_by_a.get)
print(*(f"{a}: {error:.3f}" for a, error in errors_by_a.items()), sep=", ")
print("keys =", keys)

# %% [markdown] tags=["solution"]
# Any smooth function is, close by, nearly a parabola. A kernel that reproduces parabolas
# exactly leaves an error that falls with the third power of the distance between samples.


# %% tags=["wrong"] says="At the pixels there is none"
def parabola_error(a):  # looks at the pixels only
    places, pixels = np.arange(0, 2), np.arange(-2, 4)
    return abs(cubic(places[:, None] - pixels, a) @ pixels**2 - places**2).max()


keys = -0.5


# %% tags=["wrong"] says="The kernel reaches two pixels to each side"
def parabola_error(a):  # takes the two nearest pixels, as linear does
    places, pixels = np.arange(0.1, 0.95, 0.1), np.arange(0, 2)
    return abs(cubic(places[:, None] - pixels, a) @ pixels**2 - places**2).max()


keys = -0.25


# %% tags=["wrong"] says="-1 had the best score on photographs"
def parabola_error(a):
    places, pixels = np.arange(0.1, 0.95, 0.1), np.arange(-1, 3)
    return abs(cubic(places[:, None] - pixels, a) @ pixels**2 - places**2).max()


keys = -1  # the best score is taken for the best kernel

# %% [markdown]
# **3. The price of a convention.** Stretch the luma from 16 to 235 to 0 to 255, as many
# libraries do. Write `full_range_psnr(reference, estimate)`, with 4 pixels of border removed
# and 255 in the formula as before. By how many decibels does it score the enlarged
# astronauts lower than `psnr`? Name that number `cost`.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("full_range_psnr", "cost"):
    lost = [
        psnr(astronaut, image, shave=4) - full_range_psnr(astronaut, image)
        for image in enlarged.values()
    ]
    assert np.ptp(lost) < 1e-6, (
        "What you lose differs from image to image. Is the border removed, and is it the "
        "luma that you score?"
    )
    assert not np.isclose(lost[0], 0), (
        "Nothing has changed. An offset cancels in a difference, and the 255 in the formula "
        "stays: it is the errors that are stretched."
    )
    assert np.isclose(lost[0], 1.3218, atol=1e-3), (
        "255 / 219 is the stretch, of errors."
    )
    assert np.isclose(cost, lost[0], atol=0.01), (
        "`cost` isn't what your function loses."
    )


# %% tags=["solution"]
def full_range_psnr(reference, estimate):
    weights = np.array([65.481, 128.553, 24.966]) * 255 / 219
    error = ((reference - estimate) @ weights)[4:-4, 4:-4]
    return 10 * np.log10(255**2 / np.mean(error**2))


cost = psnr(astronaut, enlarged["bicubic"], 4) - full_range_psnr(
    astronaut, enlarged["bicubic"]
)
print(f"{cost:.2f} dB")

# %% [markdown] tags=["solution"]
# All errors grow by the same factor, $255 / 219$, whatever the image:
# $20 \log_{10}(255 / 219) = 1.32$ dB.


# %% tags=["wrong"] says="What you lose differs from image to image"
def full_range_psnr(reference, estimate):  # the border is left on
    error = (luma(reference) - luma(estimate)) * 255 / 219
    return 10 * np.log10(255**2 / np.mean(error**2))


cost = 1.32


# %% tags=["wrong"] says="An offset cancels in a difference"
def full_range_psnr(reference, estimate):  # black goes to 0, the stretch is forgotten
    error = ((luma(reference) - 16) - (luma(estimate) - 16))[4:-4, 4:-4]
    return 10 * np.log10(255**2 / np.mean(error**2))


cost = 0.0


# %% tags=["wrong"] says="the 255 in the formula stays"
def full_range_psnr(reference, estimate):  # stretches the peak with the errors
    error = ((luma(reference) - luma(estimate)) * 255 / 219)[4:-4, 4:-4]
    return 10 * np.log10((255 * 255 / 219) ** 2 / np.mean(error**2))


cost = 0.0

# %% [markdown]
# **4. Average what?** Papers average the PSNR of the images. Compute instead
# `psnr_of_mean`, one PSNR from the mean of the three squared errors of bicubic. Which is
# lower, and why? The scores of the single images are in
# `board.scores["bicubic"]["held-out"]`.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("psnr_of_mean"):
    assert np.ndim(psnr_of_mean) == 0, "One number is asked for."
    singles = [x.psnr for x in board.scores["bicubic"]["held-out"].values()]
    assert not np.isclose(psnr_of_mean, np.mean(singles), atol=1e-3), (
        "That is the mean of the decibels. Solve the formula of PSNR for the MSE, and "
        "average that."
    )
    assert psnr_of_mean < np.mean(singles), "It should be lower than the mean of PSNR."
    mean_error = np.mean([255**2 * 10 ** (-x / 10) for x in singles])
    assert np.isclose(255**2 / 10 ** (psnr_of_mean / 10), mean_error), (
        "Each photograph counts once, whatever its size."
    )

# %% tags=["solution"]
decibels = np.array([x.psnr for x in board.scores["bicubic"]["held-out"].values()])
squared_errors = 255**2 / 10 ** (decibels / 10)
psnr_of_mean = 10 * np.log10(255**2 / squared_errors.mean())
print(f"mean of PSNR: {decibels.mean():.2f} dB   PSNR of mean: {psnr_of_mean:.2f} dB")

# %% [markdown] tags=["solution"]
# The worst image dominates a mean of errors; a mean of decibels weighs all alike. The
# logarithm is concave, so the PSNR of the mean is never higher (Jensen's inequality).

# %% tags=["wrong"] says="That is the mean of the decibels"
psnr_of_mean = np.mean([x.psnr for x in board.scores["bicubic"]["held-out"].values()])

# %% tags=["wrong"] says="Each photograph counts once"
pixels = [luma(photographs[x]).size for x in board.scores["bicubic"]["held-out"]]
decibels = [x.psnr for x in board.scores["bicubic"]["held-out"].values()]
squared_errors = [10 ** (-x / 10) for x in decibels]
psnr_of_mean = -10 * np.log10(np.average(squared_errors, weights=pixels))

# %% [markdown]
# **5. Make it fit.** Write `back_projection(low, steps=10)` for scale 4: begin with bicubic,
# shrink the result with `resize(result, Fraction(1, 4))`, enlarge what is missing to `low`,
# add it, and repeat. How many decibels do you gain on bicubic, and what do you use that
# interpolation didn't?

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("back_projection"):
    once, result = back_projection(small, steps=1), back_projection(small)
    assert result.shape == portrait.shape, (
        "256 × 256 pixels should come back, in color."
    )
    assert not np.allclose(result, once), (
        "Ten steps give the same as one. Do they add up?"
    )
    start = resize(small, 4)
    before, after = (
        abs(resize(x, Fraction(1, 4)) - small).mean() for x in (start, result)
    )
    assert after < 2 * before, (
        "Each step leads farther away. What is missing is `low` minus what you have."
    )
    assert after < 1e-3, (
        "After ten steps, the result still doesn't shrink back to `low`. Do you shrink it "
        "as `low` was shrunk, with antialiasing?"
    )
    gain = metrics.psnr(portrait, result, shave=4)
    gain -= metrics.psnr(portrait, start, shave=4)
    assert gain > 0.5, f"The gain should be above 0.5 dB. It is {gain:.2f} dB."


# %% tags=["solution"]
def back_projection(low, steps=10):
    result = resize(low, 4)
    for _ in range(steps):
        missing = low - resize(result, Fraction(1, 4))
        result = result + resize(missing, 4)
    return np.clip(result, 0, 1)


for name in ("bicubic", "back-projection"):
    print(f"{name:16}{board.mean(name, 'held-out').psnr:.2f} dB")
ours, stored = back_projection(small), project(small)
print("equal to tiling.back_projection:", np.allclose(ours, stored, atol=1e-6))

# %% [markdown] tags=["solution"]
# It gains half a decibel. It uses knowledge of how the small image was made, which a real
# camera doesn't tell you; with another blur in `resize` it would fit the wrong thing.


# %% tags=["wrong"] says="Each step leads farther away"
def back_projection(low, steps=10):  # subtracts the wrong way round
    result = resize(low, 4)
    for _ in range(steps):
        result = np.clip(result - resize(low - resize(result, Fraction(1, 4)), 4), 0, 1)
    return result


# %% tags=["wrong"] says="Ten steps give the same as one"
def back_projection(low, steps=10):  # each step begins with bicubic again
    start = resize(low, 4)
    for _ in range(steps):
        result = start + resize(low - resize(start, Fraction(1, 4)), 4)
    return np.clip(result, 0, 1)


# %% tags=["wrong"] says="Do you shrink it as `low` was shrunk"
def back_projection(low, steps=10):  # fits every fourth pixel, not the blurred image
    result = resize(low, 4)
    for _ in range(steps):
        skipped = resize(result, Fraction(1, 4), antialias=False)
        result = result + resize(low - skipped, 4)
    return np.clip(result, 0, 1)


# %% [markdown]
# ## Papers
#
# - R. Keys,
#   [*Cubic convolution interpolation for digital image processing*](https://doi.org/10.1109/TASSP.1981.1163711),
#   1981: the bicubic kernel, and why $a = {-1/2}$.
# - C. Duchon,
#   [*Lanczos filtering in one and two dimensions*](https://doi.org/10.1175/1520-0450%281979%29018%3C1016:LFIOAT%3E2.0.CO;2),
#   1979.
# - Z. Wang and others,
#   [*Image quality assessment: from error visibility to structural similarity*](https://doi.org/10.1109/TIP.2003.819861),
#   2004: SSIM, and a gallery like ours.
# - M. Bevilacqua and others,
#   [*Low-complexity single-image super-resolution*](https://doi.org/10.5244/C.26.135),
#   2012: Set5.
# - R. Zeyde and others,
#   [*On single image scale-up using sparse representations*](https://doi.org/10.1007/978-3-642-27413-8_47),
#   2010: Set14.
# - M. Irani and S. Peleg,
#   [*Improving resolution by image registration*](https://doi.org/10.1016/1049-9652%2891%2990045-L),
#   1991: back-projection.
