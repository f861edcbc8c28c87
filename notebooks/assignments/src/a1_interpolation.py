# %% [markdown]
# # Assignment 1: Interpolation
#
# You have worked through lesson 1. Here you build its tools in a new form: another
# kernel, another border, a score by the full protocol, and a picture that proves why no
# tool can be perfect. Plan about two hours.
#
# - Write your code where it says `YOUR CODE HERE`, and delete the line below it. Keep the
#   names and the arguments of the functions. They must work for other inputs than the
#   ones you see.
# - Run the cell of checks after each task. Its message says what is wrong. Passing it is
#   a good sign and no proof: your marks come from other inputs.
# - Each task is graded alone, in a fresh process: with the cells that you add *before*
#   it, but without the cells of other tasks. A helper that two tasks share goes into a
#   cell of its own, above both.
# - Return results, don't print them; leave the arguments as they are.
# - Keep the file name, and hand in this notebook.

# %%
try:
    import sr_utils  # noqa: F401
except ModuleNotFoundError:  # on Kaggle, switch the internet on first
    import subprocess
    import sys

    source = "../.."
    print("The course has no address yet; installing it from the folder above.")
    install = [sys.executable, "-m", "pip", "install", "--quiet", source]
    subprocess.run(install, check=True)

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% [markdown] nbgrader={"grade": false, "grade_id": "line_weights-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 1: another kernel, another border (4 points)
#
# Don Mitchell and Arun Netravali asked people which cubic kernel they like best. The
# answer is still the default of many programs. At a distance of $x$ pixels its weight is
#
# - $(7|x|^3 - 12|x|^2 + 16/3) / 6$ up to 1 pixel
# - $(-\frac{7}{3}|x|^3 + 12|x|^2 - 20|x| + 32/3) / 6$ from 1 to 2 pixels
# - 0 farther away
#
# Write `line_weights(size, scale)`: the matrix that enlarges a line of `size` pixels with
# this kernel. Row *i* holds the weights of new pixel *i*, whose center lies where lesson 1
# puts it. Where the kernel reaches beyond the border, the line is **mirrored**: left of
# pixel 0 comes pixel 0 again, then pixel 1; right of the last pixel comes the last pixel
# again, and so on. So the weight of a pixel that is missing is added to that of its
# mirror image.
#
# - `size`: whole number, at least 2. `scale`: whole number, at least 1.
# - returns: float array of shape `(size * scale, size)`; every row adds up to 1
# - example: the first row of `line_weights(4, 2)` is about `[1.0382, -0.0382, 0, 0]`
#
# In this task `sr_utils.resize` has neither `resize` nor `weight_matrix`.


# %% nbgrader={"grade": false, "grade_id": "line_weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def line_weights(size, scale):
    ### BEGIN SOLUTION
    centers = (np.arange(size * scale) + 0.5) / scale - 0.5
    weights = np.zeros((size * scale, size))
    for tap in range(-2, size + 2):
        x = abs(centers - tap)
        near = (7 * x**3 - 12 * x**2 + 16 / 3) / 6
        far = (-7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3) / 6
        mirrored = -1 - tap if tap < 0 else tap
        mirrored = 2 * size - 1 - mirrored if mirrored >= size else mirrored
        weights[:, mirrored] += np.where(x < 1, near, np.where(x < 2, far, 0))
    return weights
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "line_weights-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
weights = line_weights(4, 2)
assert weights is not None, "line_weights returns nothing: is the `return` missing?"
assert np.shape(weights) == (8, 4), (
    "Expected 8 rows, one for each new pixel, and 4 columns, one for each old pixel. "
    f"Received: shape {np.shape(weights)}"
)
assert np.allclose(np.sum(weights, axis=1), 1), (
    "Expected rows that add up to 1. If only the first and last rows don't, look at the "
    f"border again. Received: {np.round(np.sum(weights, axis=1), 3)}"
)
assert np.allclose(weights[0], [1.0382, -0.0382, 0, 0], atol=1e-3), (
    "The first row differs from the example. Compare your centers with lesson 1, `One "
    f"idea: a kernel slid over the grid`. Received: {np.round(weights[0], 4)}"
)
### BEGIN HIDDEN TESTS
import numpy as np
from scipy.interpolate import BSpline

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task
from sr_utils.resize import cubic


def spline(x):
    return np.nan_to_num(BSpline.basis_element(np.arange(-2, 3), False)(x))


def mitchell(x):
    return spline(x) / 3 + cubic(x) * 2 / 3


def half_pixels(size, scale):
    return (np.arange(size * scale) + 0.5) / scale - 0.5


def matrix(size, scale, kernel=mitchell, border="symmetric", centers=half_pixels):
    beyond = np.pad(np.eye(size), ((2, 2), (0, 0)), border)
    taps = np.arange(-2, size + 2)
    return kernel(centers(size, scale)[:, None] - taps) @ beyond


def rescaled(size, scale):
    inside = matrix(size, scale, border="constant")
    return inside / inside.sum(axis=1, keepdims=True)


def cases(rng):
    yield Case("another scale", (int(rng.integers(6, 12)), 3))
    yield Case("a scale of 1", (int(rng.integers(5, 9)), 1))
    yield Case("a large line", (int(rng.integers(40, 60)), int(rng.integers(4, 8))))
    yield Case("a line of two pixels", (2, int(rng.integers(2, 6))))


TASK = Task(
    function="line_weights",
    example=(4, 2),
    cases=cases,
    expected=matrix,
    mistakes={
        "At the border, neighbors that don't exist are left out and the others "
        "rescaled, as in the lesson. This task mirrors the line.": rescaled,
        "At the border, weights of neighbors that don't exist are lost, so the first "
        "and last rows don't add up to 1.": lambda *x: matrix(*x, border="constant"),
        "At the border, the outermost pixel is repeated. Mirroring goes on with the "
        "one before it.": lambda *x: matrix(*x, border="edge"),
        "The line is mirrored at the center of the outermost pixel. Mirror it at the "
        "pixel's outer edge: pixel 0 comes twice.": lambda *x: matrix(
            *x, border="reflect"
        ),
        "The new pixels lie at i / scale. Their centers are half a new pixel and half "
        "an old one off.": lambda *x: matrix(
            *x, centers=lambda size, scale: np.arange(size * scale) / scale
        ),
        "The first and last new pixels lie on the first and last old ones. They lie "
        "farther out.": lambda *x: matrix(
            *x, centers=lambda size, scale: np.linspace(0, size - 1, size * scale)
        ),
        "This is the lesson's cubic kernel, not Mitchell and Netravali's.": (
            lambda *x: matrix(*x, kernel=cubic)
        ),
    },
    look='lesson 1, "One idea: a kernel slid over the grid"',
    blocked=("sr_utils.resize.resize", "sr_utils.resize.weight_matrix"),
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "shrink-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 2: shrinking without aliasing (4 points)
#
# Write `shrink(image, scale)`: an image `scale` times smaller in each direction, blurred
# and subsampled in one step, by a kernel. This time it is the triangle,
# $\max(0, 1 - |x|)$, stretched as lesson 1 does for shrinking. New pixel *i* has its
# center at `(i + 0.5) * scale - 0.5` on the old grid. Beyond the border there is nothing:
# missing neighbors are left out, and the weights of the others are divided by their sum.
#
# - `image`: float array `(height, width, 3)` with values in [0, 1]; `scale`: whole number,
#   at least 1, that divides height and width
# - returns: float array `(height / scale, width / scale, 3)`, not rounded
# - example: a row of the values 0, 0, 1, 1, 1, 1, 0, 0, 0, repeated in all rows and colors,
#   shrinks by 3 to 0.375, 0.8889, 0.125
#
# In this task `sr_utils.resize` has neither `resize` nor `weight_matrix`.


# %% nbgrader={"grade": false, "grade_id": "shrink", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shrink(image, scale):
    ### BEGIN SOLUTION
    def weights(size):
        centers = (np.arange(size // scale) + 0.5) * scale - 0.5
        distances = centers[:, None] - np.arange(size)
        triangle = np.maximum(0, 1 - abs(distances) / scale)
        return triangle / triangle.sum(axis=1, keepdims=True)

    rows, columns = weights(image.shape[0]), weights(image.shape[1])
    return np.einsum("Hh,Ww,hwc->HWc", rows, columns, image)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "shrink-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
row = np.array([0, 0, 1, 1, 1, 1, 0, 0, 0.0])
image = np.tile(row[None, :, None], (6, 1, 3))
small = shrink(image, 3)
assert small is not None, "shrink returns nothing: is the `return` missing?"
assert np.shape(small) == (2, 3, 3), (
    "Expected a third of the height, a third of the width and 3 colors. "
    f"Received: shape {np.shape(small)}"
)
assert np.allclose(small[0, 1], 0.8889, atol=1e-3), (
    "The middle differs from the example. How far does the kernel reach on the old grid? "
    "Look again at lesson 1, `Shrinking with the same kernel`. "
    f"Received: {np.round(small[0, 1], 4)}"
)
assert np.allclose(small[0, 0], 0.375, atol=1e-3), (
    "The border differs from the example. Do the weights that are left add up to 1? "
    f"Received: {np.round(small[0, 0], 4)}"
)
### BEGIN HIDDEN TESTS
from fractions import Fraction

import numpy as np
from PIL import Image

from sr_utils import resize
from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def by_pillow(image, scale):
    size = (image.shape[1] // scale, image.shape[0] // scale)
    planes = [Image.fromarray(np.float32(image[..., c])) for c in range(3)]
    small = [plane.resize(size, Image.Resampling.BILINEAR) for plane in planes]
    return np.stack([np.asarray(plane) for plane in small], axis=-1)


def ours(kernel="bilinear", antialias=None):
    def shrunk(image, scale):
        return resize.resize(np.float64(image), Fraction(1, scale), kernel, antialias)

    return shrunk


def with_centers(centers):
    def shrunk(image, scale):
        weights = []
        for size in image.shape[:2]:
            distances = centers(size // scale, scale)[:, None] - np.arange(size)
            triangle = np.maximum(0, 1 - abs(distances) / scale)
            weights.append(triangle / triangle.sum(axis=1, keepdims=True))
        return np.einsum("Hh,Ww,hwc->HWc", *weights, image)

    return shrunk


def bars():
    row = np.array([0, 0, 1, 1, 1, 1, 0, 0, 0.0])
    return np.tile(row[None, :, None], (6, 1, 3))


def cases(rng):
    yield Case("an image that isn't square, at scale 2", (rng.random((14, 24, 3)), 2))
    yield Case("a scale of 4", (rng.random((24, 20, 3)), 4))
    yield Case("an image of type float32", (np.float32(rng.random((15, 9, 3))), 3))
    yield Case("a scale of 1", (rng.random((5, 6, 3)), 1))
    yield Case("a large image", (rng.random((120, 90, 3)), 6))


TASK = Task(
    function="shrink",
    example=(bars(), 3),
    cases=cases,
    expected=by_pillow,
    mistakes={
        "The kernel isn't stretched, so most pixels don't count, and the result "
        "aliases.": ours(antialias=False),
        "Each new pixel is the mean of its own block. The stretched triangle reaches "
        "into the neighboring blocks.": ours("box"),
        "The image is mirrored at its border. In this task missing neighbors are left "
        "out.": ours(),
        "This is the stretched cubic kernel, not the triangle.": ours("bicubic"),
        "The new pixels lie at i * scale, half a block too far to the top left.": (
            with_centers(lambda n, scale: np.arange(n) * scale)
        ),
    },
    look='lesson 1, "Shrinking with the same kernel"',
    blocked=("sr_utils.resize.resize", "sr_utils.resize.weight_matrix"),
    atol=1e-5,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "mean_psnr-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 3: a score by the protocol (4 points)
#
# Write `mean_psnr(originals, results, scale)`: the number that a published table holds for
# a set of images. For each pair of an original and a result,
#
# - cut rows at the bottom and columns at the right of the *original*, until `scale` divides
#   its height and width
# - clip the *result* to [0, 1] and round it to 8 bits, that is to whole numbers of 255ths
# - take the studio-range luma of both, 16 + 65.481 R + 128.553 G + 24.966 B
# - remove `scale` pixels at each border, and take the PSNR with a peak of 255
#
# Return the mean of these numbers in decibels.
#
# - `originals`: list of float arrays `(height, width, 3)` in [0, 1], of different sizes
# - `results`: list of float arrays, of the sizes that are left; interpolation overshoots, so
#   some values are below 0 or above 1
# - returns: one number
# - example: an original of 13 × 12 pixels that are all 0.5, and a result of 12 × 12 pixels
#   that are all 0.6, at scale 2, score 21.32 dB
#
# In this task `sr_utils.metrics.psnr` and `sr_utils.scoreboard.Scoreboard` are missing.


# %% nbgrader={"grade": false, "grade_id": "mean_psnr", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_psnr(originals, results, scale):
    ### BEGIN SOLUTION
    decibels = []
    for original, result in zip(originals, results, strict=True):
        height, width = result.shape[:2]
        rounded = np.floor(np.clip(result, 0, 1) * 255 + 0.5) / 255
        error = (original[:height, :width] - rounded) @ [65.481, 128.553, 24.966]
        error = error[scale:-scale, scale:-scale]
        decibels.append(10 * np.log10(255**2 / np.mean(error**2)))
    return np.mean(decibels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "mean_psnr-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
flat = mean_psnr([np.full((13, 12, 3), 0.5)], [np.full((12, 12, 3), 0.6)], 2)
assert flat is not None, "mean_psnr returns nothing: is the `return` missing?"
assert np.ndim(flat) == 0, f"Expected one number. Received: shape {np.shape(flat)}"
assert abs(flat - 21.32) < 0.01, (
    "The example should score 21.32 dB. 20.00 means luma from 0 to 255; look again at "
    f"lesson 1, `Measuring: PSNR`. Received: {flat:.2f}"
)
bright = mean_psnr([np.full((12, 12, 3), 254 / 255)], [np.full((12, 12, 3), 1.2)], 2)
assert bright > 40, (
    f"A value above 1 should count as 1, which is nearly right. Received: {bright:.2f} dB"
)
### BEGIN HIDDEN TESTS
import numpy as np

from sr_utils import images, metrics
from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def scored(shave=1, ready=images.quantize, gain=1.0, order=(0, 1, 2)):
    """The protocol, or one that differs in one point."""

    def mean(originals, results, scale):
        cropped = [images.crop_to_multiple(x, scale)[..., order] for x in originals]
        found = [
            metrics.psnr(x, ready(y)[..., order], shave=shave * scale)
            for x, y in zip(cropped, results, strict=True)
        ]
        return np.mean(found) - 20 * np.log10(gain)

    return mean


def errors(originals, results, scale, plane=images.luma):
    for original, result in zip(originals, results, strict=True):
        cropped = images.crop_to_multiple(original, scale)
        error = plane(cropped) - plane(images.quantize(result))
        yield error[scale:-scale, scale:-scale]


def pooled(*arguments):
    means = [np.mean(error**2) for error in errors(*arguments)]
    return 10 * np.log10(255**2 / np.mean(means))


def of_rgb(*arguments):
    found = list(errors(*arguments, plane=lambda image: 255 * np.float64(image)))
    return np.mean([10 * np.log10(255**2 / np.mean(error**2)) for error in found])


def pairs(rng, scale, sizes, noise=0.01):
    originals = [images.quantize(rng.random((*size, 3))) for size in sizes]
    cropped = [images.crop_to_multiple(x, scale) for x in originals]
    levels = noise * np.arange(1, len(sizes) + 1)
    results = [
        x + level * rng.normal(size=x.shape)
        for x, level in zip(cropped, levels, strict=True)
    ]
    for result in results:
        result[: scale + 1] += 0.2 * rng.random(
            result[: scale + 1].shape
        )  # a bad border
    return originals, results, scale


def cases(rng):
    yield Case("two images at scale 2", pairs(rng, 2, [(21, 31), (40, 26)]))
    yield Case("three images at scale 3", pairs(rng, 3, [(31, 40), (38, 29), (44, 45)]))
    yield Case("one image at scale 4", pairs(rng, 4, [(50, 43)], noise=0.003))


TASK = Task(
    function="mean_psnr",
    example=([np.full((13, 12, 3), 0.5)], [np.full((12, 12, 3), 0.6)], 2),
    cases=cases,
    expected=scored(),
    mistakes={
        "No border is removed before the error is measured.": scored(shave=0),
        "The luma goes from 0 to 255 instead of 16 to 235, which costs 1.32 dB.": (
            scored(gain=255 / 219)
        ),
        "The squared errors of the images are averaged before the logarithm. The "
        "protocol averages decibels.": pooled,
        "The results aren't rounded to 8 bits.": scored(
            ready=lambda image: np.clip(image, 0, 1)
        ),
        "The results aren't clipped to [0, 1].": scored(
            ready=lambda image: np.floor(image * 255 + 0.5) / 255
        ),
        "The error is measured on the three colors, not on the luma.": of_rgb,
        "The weights of red and blue are swapped.": scored(order=(2, 1, 0)),
        "The results are rounded down instead of to the nearest of 255ths.": scored(
            ready=lambda image: np.floor(np.clip(image, 0, 1) * 255) / 255
        ),
    },
    look='lesson 1, "Measuring: PSNR"',
    blocked=("sr_utils.metrics.psnr", "sr_utils.scoreboard.Scoreboard"),
    rtol=2e-5,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "worst_window-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 4: where is it worst? (4 points)
#
# The SSIM of two images is a mean over windows of 11 × 11 pixels. A mean doesn't say
# *where* an estimate fails. Write `worst_window(reference, estimate, shave)`, which does.
#
# Take the luma of both images, remove `shave` pixels at each border, and compute the SSIM
# of every window that lies wholly inside of what is left, as in lesson 1: Gaussian
# weights with sigma 1.5, constants $(0.01 \cdot 255)^2$ and $(0.03 \cdot 255)^2$.
#
# - `reference`, `estimate`: float arrays `(height, width, 3)` in [0, 1]; `shave`: whole
#   number, at least 0
# - returns: three numbers, the row and the column of the *center* of the window with the
#   lowest SSIM, counted in the whole image from 0, and this SSIM
# - example: in the cell of checks, a gray square is painted into noise. The worst window
#   is the one with its center at row 22, column 33
#
# In this task `sr_utils.metrics.ssim` and `sr_utils.scoreboard.Scoreboard` are missing.


# %% nbgrader={"grade": false, "grade_id": "worst_window", "locked": false, "schema_version": 3, "solution": true, "task": false}
def worst_window(reference, estimate, shave):
    ### BEGIN SOLUTION
    from scipy import ndimage

    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, radius=5)

    x, y = (16 + i @ [65.481, 128.553, 24.966] for i in (reference, estimate))
    a, b = mean(x), mean(y)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    variances = mean(x * x) - a**2 + mean(y * y) - b**2
    brightness = (2 * a * b + c1) / (a**2 + b**2 + c1)
    values = brightness * (2 * (mean(x * y) - a * b) + c2) / (variances + c2)
    border = shave + 5
    inside = values[border : len(values) - border, border : values.shape[1] - border]
    row, column = np.unravel_index(inside.argmin(), inside.shape)
    return row + border, column + border, inside.min()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "worst_window-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
noise = np.random.default_rng(0).random((40, 60, 3))
painted = noise.copy()
painted[19:26, 30:37] = 0.5
found = worst_window(noise, painted, 2)
assert found is not None, "worst_window returns nothing: is the `return` missing?"
assert np.shape(found) == (3,), f"Expected three numbers. Received: {found}"
assert abs(found[2]) <= 1, f"An SSIM is at most 1. Received: {found[2]}"
assert tuple(found[:2]) == (22, 33), (
    "Expected row 22, column 33. 7 less means that you count from the first window; the "
    "border and half a window are missing. Look again at lesson 1, `Measuring: SSIM`. "
    f"Received: row {found[0]}, column {found[1]}"
)
### BEGIN HIDDEN TESTS
import numpy as np
from skimage.metrics import structural_similarity

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task
from sr_utils.images import luma


def example():
    reference = np.random.default_rng(0).random((40, 60, 3))
    estimate = reference.copy()
    estimate[19:26, 30:37] = 0.5
    return reference, estimate, 2


def lowest(offset=0, border=5, pick=np.argmin, peak=255, uniform=False, plane=luma):
    """By scikit-image; the arguments make it wrong in one point each."""

    def found(reference, estimate, shave):
        shave = 0 if offset == 1 else shave
        x, y = (plane(i) for i in (reference, estimate))
        x, y = (i[shave : len(i) - shave, shave : i.shape[1] - shave] for i in (x, y))
        window = {"win_size": 11} if uniform else {"gaussian_weights": True}
        _, values = structural_similarity(
            x,
            y,
            data_range=peak,
            full=True,
            sigma=1.5,
            use_sample_covariance=False,
            **window,
        )
        inside = values[border : len(x) - border, border : x.shape[1] - border]
        row, column = np.unravel_index(pick(inside), inside.shape)
        start = 0 if offset == 2 else shave + border
        return row + start, column + start, inside[row, column]

    return found


def swapped(*arguments):
    row, column, value = lowest()(*arguments)
    return column, row, value


def damaged(rng, height, width, shave, place):
    reference = np.clip(0.5 + 0.15 * rng.normal(size=(height, width, 3)), 0, 1)
    estimate = reference + 0.02 * rng.normal(size=reference.shape)
    row, column = place
    estimate[row - 2 : row + 3, column - 2 : column + 3] = 0.5
    estimate[:shave] = 0.5 - 3 * (reference[:shave] - 0.5)  # worse, but removed
    estimate[shave : shave + 2, 20:30] = 0.5  # worse, but only beyond the border
    return reference, np.clip(estimate, 0, 1), shave


def cases(rng):
    place = rng.integers(20, 44), rng.integers(17, 28)
    yield Case("an image that is taller than wide", damaged(rng, 60, 45, 6, place))
    place = rng.integers(18, 22), rng.integers(60, 80)
    yield Case("an image that is wider than tall", damaged(rng, 36, 95, 5, place))
    reference, estimate, _ = damaged(rng, 40, 41, 0, (23, 21))
    yield Case("no border to remove", (reference, estimate, 0))


TASK = Task(
    function="worst_window",
    example=example(),
    cases=cases,
    expected=lowest(),
    mistakes={
        "Row and column are swapped.": swapped,
        "The place is counted from the first window, not from the corner of the image."
        "": lowest(offset=2),
        "Windows in the border count, too: nothing is shaved off.": lowest(offset=1),
        "Windows that reach beyond the border count, too.": lowest(border=0),
        "This is the place of the best window, not of the worst.": lowest(
            pick=np.argmax
        ),
        "All pixels of a window have the same weight; the middle ones should count "
        "most.": lowest(uniform=True),
        "The constants fit images from 0 to 1, but the luma goes up to 255.": lowest(
            peak=1
        ),
        "The colors are averaged, which isn't the luma.": lowest(
            plane=lambda image: 255 * image.mean(axis=-1)
        ),
    },
    look='lesson 1, "Measuring: SSIM"',
    blocked=("sr_utils.metrics.ssim", "sr_utils.scoreboard.Scoreboard"),
    rtol=1e-3,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "second_patch-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 5: another original (4 points)
#
# Lesson 1 mixed grass and gravel. You need only one patch: write `second_patch(patch)`, which
# returns *another* patch with the same small image.
#
# - `patch`: float array `(height, width, 3)` with values from 0.25 to 0.75; 4 divides
#   height and width, which are at least 16
# - returns: float array of the same shape, with values in [0, 1]. Shrunk by
#   `resize(…, Fraction(1, 4))` of `sr_utils.resize`, it differs from the shrunk `patch` by at
#   most 0.00001 in any value. The root of the mean squared difference between
#   both patches is at least 0.03
#
# There are many right answers. All of `sr_utils` may be used.


# %% nbgrader={"grade": false, "grade_id": "second_patch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def second_patch(patch):
    ### BEGIN SOLUTION
    from fractions import Fraction

    from sr_utils.resize import weight_matrix

    noise = np.random.default_rng(0).normal(size=patch.shape)
    for axis in (0, 1):
        shrink = weight_matrix(patch.shape[axis], Fraction(1, 4)).toarray()
        keep = np.linalg.pinv(shrink) @ shrink
        if axis == 0:
            survives = np.einsum("Hh,hwc->Hwc", keep, noise)
        else:
            survives = np.einsum("Ww,hwc->hWc", keep, survives)
    vanishes = noise - survives
    return patch + 0.25 * vanishes / abs(vanishes).max()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "second_patch-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
from fractions import Fraction

from sr_utils.resize import resize

patch = 0.25 + 0.5 * np.random.default_rng(0).random((32, 24, 3))
other = second_patch(patch)
assert other is not None, "second_patch returns nothing: is the `return` missing?"
assert np.shape(other) == patch.shape, (
    f"Expected shape {patch.shape}. Received: {np.shape(other)}"
)
assert np.sqrt(np.mean((other - patch) ** 2)) >= 0.03, (
    "The two patches hardly differ: add more of what vanishes. Received: a difference of "
    f"{np.sqrt(np.mean((other - patch) ** 2)):.4f}"
)
assert np.min(other) >= 0 and np.max(other) <= 1, (
    "Expected values in [0, 1]. Clipping would spoil the small image: add less. "
    f"Received: values from {np.min(other):.3f} to {np.max(other):.3f}"
)
small, small_other = (resize(np.float64(x), Fraction(1, 4)) for x in (patch, other))
assert abs(small - small_other).max() <= 1e-5, (
    "The small images differ. Look again at lesson 1, `Many originals, one small image`. "
    f"Received: a difference of {abs(small - small_other).max():.6f}"
)
### BEGIN HIDDEN TESTS
from fractions import Fraction

import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task
from sr_utils.resize import resize


def same_when_shrunk(x, y, kernel):
    small = [resize(np.float64(image), Fraction(1, 4), kernel) for image in (x, y)]
    return abs(small[0] - small[1]).max() <= 1e-5


def check(other, patch):
    if np.shape(other) != patch.shape:
        return "The result has another shape than the patch."
    if not np.isfinite(other).all():
        return "The result holds NaN or infinity."
    if np.sqrt(np.mean((other - patch) ** 2)) < 0.03:
        return "It is the same patch, or nearly so."
    if not same_when_shrunk(patch, other, "bicubic"):
        return small_differs(other, patch)
    if np.min(other) < -1e-6 or np.max(other) > 1 + 1e-6:
        return "Values are below 0 or above 1. Add less of what vanishes."
    return None


def small_differs(other, patch):
    if same_when_shrunk(patch, other, "nearest"):
        return (
            "Every fourth pixel is the same, but the small image isn't: it is made "
            "with a blur."
        )
    if same_when_shrunk(patch, other, "box"):
        return (
            "The mean of each block of 4 × 4 pixels is the same, but the small image "
            "isn't: its kernel reaches over several blocks."
        )
    if np.isclose([np.min(other), np.max(other)], [0, 1], atol=1e-9).any():
        return "The small image differs. Was the result clipped after adding?"
    return "The small image differs from that of the patch."


def cases(rng):
    yield Case("a square patch", (rng.uniform(0.25, 0.75, (64, 64, 3)),))
    yield Case("a patch that is wider than tall", (rng.uniform(0.3, 0.7, (16, 48, 3)),))
    yield Case("a patch of one gray", (np.full((40, 36, 3), rng.uniform(0.4, 0.6)),))
    patch = np.float32(rng.choice([0.25, 0.75], (28, 20, 3)))
    yield Case("a patch of type float32 with much contrast", (patch,))


TASK = Task(
    function="second_patch",
    example=(0.25 + 0.5 * np.random.default_rng(0).random((32, 24, 3)),),
    cases=cases,
    check=check,
    look='lesson 1, "Many originals, one small image"',
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "kernel-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 1: a kernel that doesn't interpolate (3 points)
#
# At distance 0, Mitchell and Netravali's kernel is 8/9, and at distance 1 it is 1/18. What
# does that mean for a new pixel that lies exactly on an old one? Which fault of the
# lesson's cubic kernel does it soften, and what does it cost? Answer in three or four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "kernel-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# On an old pixel the new one isn't its value but 8/9 of it plus 1/18 of each neighbor (in
# one direction): the curve passes near the old values, not through them. The negative
# dips are shallower than those of the lesson's kernel, so edges overshoot less, and there
# is less of a halo. The price is a slight blur everywhere, even where nothing had to be
# enlarged.
#
# Marks: one point each: the value is mixed with its neighbors; less overshoot or ringing; the
# result is blurrier.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "proof-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 2: what a test can prove (3 points)
#
# A friend enlarges a license plate with a new network. "The result is right", she says: "I
# shrunk it, and it is exactly the small photograph." Use task 5 to say what her test
# proves and what it doesn't, and name one thing that you could *rule out* with it. Answer in
# three or four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "proof-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# The test is necessary, not sufficient: it proves that the result is one of the many
# originals that fit. `second_patch` gives another that passes the same test, and the
# letters on the plate may be different in the two. A result that fails the test can be ruled out, as can any plate
# whose small image would look different. What was invented, the photograph can't tell.
#
# Marks: one point each: the result is consistent, one of many; another with other detail passes as
# well (task 5); what doesn't shrink to the small image is ruled out.
# ### END SOLUTION
