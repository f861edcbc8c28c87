# %% [markdown]
# # Assignment 3: Perceptual loss
#
# You have worked through lesson 3. Here you take its parts to places where the lesson
# didn't go: a network that prepares its own images, the gradient behind the loss, a
# distance that is tested on people, and a Fréchet distance without any features. All
# numbers come to your functions as arrays, so VGG19 isn't needed. Plan about two hours.
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

# %% [markdown] nbgrader={"grade": false, "grade_id": "fold-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 1: a network that prepares its own images (4 points)
#
# VGG19 wants blue, green, red, from 0 to 255, minus a mean color. Lesson 3 prepares each
# image, and shows what happens if you forget it. There is a way to make forgetting
# impossible: give the *first layer* other weights, and it takes images as they are.
#
# The first layer is a convolution without padding, as Keras computes it: its answer at a
# place is `sum(window * kernel[..., f]) + bias[f]`, one number for each filter `f`. Write
# `fold(kernel, bias, mean)`, which returns a new kernel and a new bias. The new layer
# gets windows in red, green, blue from 0 to 1, and gives the same answers as the old
# layer gives for the same windows after they were prepared.
#
# - `kernel`: float array `(height, width, 3, filters)`; its axis of 3 is blue, green, red
# - `bias`: float array `(filters,)`
# - `mean`: float array `(3,)`, the mean blue, green and red, from 0 to 255. It isn't
#   always that of ImageNet
# - returns: two float arrays of the shapes of `kernel` and `bias`; the axis of 3 of the
#   new kernel is red, green, blue
# - example: a kernel of 1 × 1 pixel has two filters. The first takes 1 × blue + 2 × green
#   + 3 × red + 10, the second only red. With a mean of 100, 110, 120, the new first one
#   takes 765 × red + 510 × green + 255 × blue - 670, the new second one 255 × red - 120


# %% nbgrader={"grade": false, "grade_id": "fold", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold(kernel, bias, mean):
    ### BEGIN SOLUTION
    taken_off = np.einsum("ijcf,c->f", kernel, mean)
    return 255 * kernel[:, :, ::-1], bias - taken_off
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "fold-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
old_kernel = np.array([[[[1.0, 0], [2, 0], [3, 1]]]])
folded = fold(old_kernel, np.array([10.0, 0]), np.array([100.0, 110, 120]))
assert folded is not None, "fold returns nothing: is the `return` missing?"
assert isinstance(folded, tuple | list) and len(folded) == 2, (
    f"Expected two results, a kernel and a bias. Received: {type(folded).__name__}"
)
assert np.shape(folded[0]) == (1, 1, 3, 2), (
    f"Expected a kernel of the old shape (1, 1, 3, 2). Received: {np.shape(folded[0])}"
)
assert np.allclose(np.asarray(folded[0])[0, 0, :, 0], [765, 510, 255]), (
    "The first filter differs from the example. Which color comes first, and how much "
    "larger was a prepared image? Look again at lesson 3, `The loss, step by step: what "
    f"goes in`. Received: {np.round(np.asarray(folded[0])[0, 0, :, 0], 3)}"
)
assert np.allclose(folded[1], [-670, -120]), (
    "The bias differs from the example. What does the old layer answer to black? "
    f"Received: {np.round(folded[1], 3)}"
)
assert old_kernel[0, 0, 0, 0] == 1, (
    "The old kernel was changed in place. Leave the arguments as they are. "
    f"Received: {old_kernel[0, 0, 0, 0]} where 1 was"
)
rng = np.random.default_rng(0)
old_kernel, window = rng.normal(size=(3, 2, 3, 4)), rng.random((3, 2, 3))
old_bias, color = rng.normal(size=4), np.array([90.0, 120, 140])
answers = np.tensordot(255 * window[..., ::-1] - color, old_kernel, axes=3) + old_bias
folded = fold(old_kernel, old_bias, color)
found = np.tensordot(window, folded[0], axes=3) + folded[1]
assert np.allclose(answers, found, rtol=1e-3, atol=1e-2), (
    "For a window of 3 × 2 pixels, the new layer answers otherwise than the old one. The "
    "mean color, here another one, is subtracted from each pixel of a window. Expected: "
    f"{np.round(answers, 1)}. Received: {np.round(found, 1)}"
)
### BEGIN HIDDEN TESTS
import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task

IMAGENET = np.array([103.939, 116.779, 123.68])


def as_text_says(window, mean):
    return 255 * window[..., ::-1] - mean


def probed(prepare=as_text_says, change=lambda kernel, bias, old: (kernel, bias)):
    """A layer's answers to black and to each single bright value: all it can say."""

    def layer(kernel, bias, mean):
        kernel = np.float64(kernel)

        def answer(window):
            return np.einsum("ijc,ijcf->f", prepare(window, mean), kernel) + bias

        black = answer(np.zeros(kernel.shape[:3]))
        size = kernel[..., 0].size
        impulses = np.eye(size).reshape(size, *kernel.shape[:3])
        bright = np.reshape([answer(x) - black for x in impulses], kernel.shape)
        return list(change(bright, black, (kernel, bias, mean)))

    return layer


def mean_once(kernel, bias, old):
    return kernel, old[1] - old[2] @ old[0].mean(axis=(0, 1))


def weights(rng, height, width, filters, dtype=np.float64):
    kernel = 0.1 * rng.normal(size=(height, width, 3, filters))
    mean = rng.uniform([80, 100, 120], [100, 120, 140])
    return kernel.astype(dtype), rng.normal(size=filters).astype(dtype), mean


def cases(rng):
    filters = [int(x) for x in rng.integers(4, 9, 3)]
    yield Case("a kernel of 3 × 3 pixels", weights(rng, 3, 3, filters[0]))
    yield Case("a kernel that isn't square", weights(rng, 5, 2, filters[1]))
    yield Case("a kernel of one pixel and one filter", weights(rng, 1, 1, 1))
    small = weights(rng, 3, 3, filters[2], np.float32)
    yield Case("a kernel of type float32", small)
    imagenet = (*weights(rng, 3, 3, 64)[:2], IMAGENET)
    yield Case("the size of VGG19's first layer, with ImageNet's mean", imagenet)


TASK = Task(
    function="fold",
    example=(
        np.array([[[[1.0, 0], [2, 0], [3, 1]]]]),
        np.array([10.0, 0]),
        np.array([100.0, 110, 120]),
    ),
    cases=cases,
    expected=probed(),
    mistakes={
        "The colors of the new kernel are still blue, green, red.": probed(
            lambda window, mean: 255 * window - mean
        ),
        "The mean color meets the wrong weights: it is blue, green, red, as the old "
        "kernel is.": probed(lambda window, mean: 255 * window[..., ::-1] - mean[::-1]),
        "The new kernel suits images from 0 to 255, not from 0 to 1.": probed(
            lambda window, mean: window[..., ::-1] - mean
        ),
        "The kernel is divided by 255. A prepared image has larger numbers, so the new "
        "weights are larger.": probed(
            lambda window, mean: window[..., ::-1] / 255 - mean
        ),
        "The mean is multiplied by 255 as well. It is from 0 to 255 already.": probed(
            lambda window, mean: 255 * (window[..., ::-1] - mean)
        ),
        "The mean is divided by 255, but the old kernel takes it from 0 to 255.": probed(
            lambda window, mean: 255 * window[..., ::-1] - mean / 255
        ),
        "The mean is added, not subtracted.": probed(
            lambda window, mean: 255 * window[..., ::-1] + mean
        ),
        "The bias is the old one, so no mean is ever subtracted.": probed(
            lambda window, mean: 255 * window[..., ::-1]
        ),
        "The mean is subtracted from one pixel of the window only. It is subtracted "
        "from each.": probed(change=mean_once),
        "The mean is that of ImageNet, whatever `mean` says.": probed(
            lambda window, mean: 255 * window[..., ::-1] - IMAGENET
        ),
        "The filters change their order. The colors should: they are another axis of "
        "the kernel.": probed(
            change=lambda kernel, bias, old: (255 * old[0][..., ::-1], bias)
        ),
        "Rows and columns of the kernel are turned around, too. Only the colors "
        "change their order.": probed(
            change=lambda kernel, bias, old: (kernel[::-1, ::-1], bias)
        ),
    },
    look='lesson 3, "The loss, step by step: what goes in"',
    atol=1e-3,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "distance_and_gradient-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 2: a distance and its gradient (4 points)
#
# To train with a distance, you need its gradient: which number must change, in which
# direction? Write `distance_and_gradient(x, y)` for the feature distance of lesson 3. At
# each place, divide the features by the root of the sum of their squares, so that they
# have length 1. Take the squared differences of the two images, sum them over the
# channels, and average over the places.
#
# - `x`, `y`: float arrays `(places, channels)`, the features of a result and of its
#   original. At no place are all of them 0
# - returns: the distance, which is one number, and its gradient with respect to `x`: a
#   float array of the shape of `x`. If `x[i, c]` grows by a tiny step, and nothing else
#   changes, the distance grows by `gradient[i, c]` times that step
# - example: `x = [[3, 4], [0, 2]]` and `y = [[1, 0], [0, 5]]` are 0.4 apart, and the
#   gradient is `[[-0.128, 0.096], [0, 0]]`. At the second place both point the same way,
#   and how long they are doesn't count
#
# Derive it by hand, or let a library do so. All of `sr_utils` and TensorFlow may be used.


# %% nbgrader={"grade": false, "grade_id": "distance_and_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def distance_and_gradient(x, y):
    ### BEGIN SOLUTION
    length = np.linalg.norm(x, axis=1, keepdims=True)
    result = x / length
    original = y / np.linalg.norm(y, axis=1, keepdims=True)
    # Both have length 1, so their squared difference is 2 - 2 times their cosine.
    cosine = np.sum(result * original, axis=1, keepdims=True)
    distance = np.mean(2 - 2 * cosine)
    return distance, -2 * (original - cosine * result) / length / len(x)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "distance_and_gradient-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
two, known = np.array([[3.0, 4], [0, 2]]), np.array([[1.0, 0], [0, 5]])
pair = distance_and_gradient(two, known)
assert pair is not None, (
    "distance_and_gradient returns nothing: is the `return` missing?"
)
assert isinstance(pair, tuple | list) and len(pair) == 2, (
    f"Expected two results, distance and gradient. Received: {type(pair).__name__}"
)
assert np.ndim(pair[0]) == 0 and abs(float(pair[0]) - 0.4) < 1e-5, (
    "Expected a distance of 0.4. Look again at lesson 3, `A distance between features`. "
    f"Received: {pair[0]}"
)
assert np.shape(pair[1]) == (2, 2), (
    f"Expected a gradient of the shape of `x`, (2, 2). Received: {np.shape(pair[1])}"
)
right_angle = np.sum(np.asarray(pair[1]) * two, axis=1)
assert np.allclose(right_angle, 0, atol=1e-5), (
    "Longer features at a place give the same distance, so the gradient there must be at "
    "right angles to them: their products add up to 0. Is the length of `x` treated as a "
    f"constant? Received: sums of {np.round(right_angle, 4)}"
)
assert np.allclose(pair[1], [[-0.128, 0.096], [0, 0]], atol=1e-5), (
    "The gradient differs from the example. Move `x[0, 0]` by 0.001 and compare what the "
    f"distance does. Received: {np.round(np.asarray(pair[1]), 4).tolist()}"
)
### BEGIN HIDDEN TESTS
import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def unit(x, axis=1):
    return x / (np.linalg.norm(x, axis=axis, keepdims=True) + 1e-300)


def apart(x, y, axis=1):
    """The squared difference at each place."""
    return np.sum((unit(x, axis) - unit(y, axis)) ** 2, axis=1)


def slopes(x, y, step=1e-5):
    """How fast the difference at each place grows, by central differences."""
    found = np.empty_like(x)
    for channel, one in enumerate(np.eye(x.shape[1])):
        there, back = apart(x + step * one, y), apart(x - step * one, y)
        found[:, channel] = (there - back) / (2 * step)
    return found


def measured(x, y):
    return [np.mean(apart(x, y)), slopes(x, y) / len(x)]


def factors(distance=1, gradient=1):
    """The right result, times what a mistake makes of it."""

    def found(x, y):
        right = measured(x, y)
        many = {"places": len(x), "1 / channels": 1 / x.shape[1]}
        return [
            right[0] * many.get(distance, distance),
            right[1] * many.get(gradient, gradient),
        ]

    return found


def with_gradient(gradient):
    def found(x, y):
        return [np.mean(apart(x, y)), gradient(x, y) / len(x)]

    return found


def length_is_constant(x, y):
    return 2 * (unit(x) - unit(y)) / np.linalg.norm(x, axis=1, keepdims=True)


def of_whole_arrays(x, y):
    a, b = unit(x, None), unit(y, None)
    gradient = -2 * (b - np.sum(a * b) * a) / np.linalg.norm(x)
    return [np.sum((a - b) ** 2) / len(x), gradient / len(x)]


def of_channels(x, y):
    a, b = unit(x, 0), unit(y, 0)
    gradient = -2 * (b - np.sum(a * b, axis=0) * a) / (np.linalg.norm(x, axis=0) + 1e-9)
    return [np.mean(apart(x, y, axis=0)), gradient / len(x)]


def not_scaled(x, y):
    return [np.mean(np.sum((x - y) ** 2, axis=1)), 2 * (x - y) / len(x)]


def clouds(rng, places, channels, size=1.0):
    """Features as after a ReLU, of which some are 0, but not all at a place."""
    x, y = np.maximum(rng.normal(0.3, 1, (2, places, channels)), 0)
    x[:, 0], y[:, -1] = rng.uniform(0.2, 1, (2, places))
    return size * x, y


def cases(rng):
    many, few = (int(x) for x in rng.integers((20, 5), (40, 9)))
    yield Case("more places than channels", clouds(rng, many, few))
    yield Case("more channels than places", clouds(rng, few, many))
    yield Case("a single place", clouds(rng, 1, few))
    yield Case("larger features in `x` than in `y`", clouds(rng, many, few, 4.0))


TASK = Task(
    function="distance_and_gradient",
    example=(np.array([[3.0, 4], [0, 2]]), np.array([[1.0, 0], [0, 5]])),
    cases=cases,
    expected=measured,
    mistakes={
        "The gradient has the wrong sign: it says where the distance shrinks.": factors(
            gradient=-1
        ),
        "The gradient is half of the right one. The difference is squared.": factors(
            gradient=0.5
        ),
        "The gradient isn't divided by the number of places, but the distance is a mean "
        "over them.": factors(gradient="places"),
        "The distance is summed over the places, not averaged.": factors(
            "places", "places"
        ),
        "The distance is a sum over the places, and only the gradient is a mean.": (
            factors("places")
        ),
        "The distance is averaged over the channels, too. It is their sum.": factors(
            "1 / channels", "1 / channels"
        ),
        "The length of `x` is treated as a constant. It changes with `x`.": (
            with_gradient(length_is_constant)
        ),
        "The gradient is with respect to the features of length 1, not with respect "
        "to `x`.": with_gradient(lambda x, y: 2 * (unit(x) - unit(y))),
        "The gradient is with respect to `y`.": with_gradient(
            lambda x, y: slopes(y, x)
        ),
        "The features aren't scaled to length 1.": not_scaled,
        "All places together are scaled to length 1, not each by itself.": (
            of_whole_arrays
        ),
        "Each channel is scaled to length 1, over all places. Each place should be, "
        "over its channels.": of_channels,
    },
    look='lesson 3, "A distance between features"',
    atol=1e-5,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "shares-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 3: who is heard? (4 points)
#
# A loss sums the squared differences of many channels. Calibration sees to it that no
# channel drowns the others only because its numbers are large. With `shares(photographs,
# x, y)` you find out how much each channel has to say.
#
# Divide each channel by its root-mean-square (RMS) over *all places of all photographs*.
# Every place counts the same, so a large photograph counts more than a small one. Then
# take the squared differences of `x` and `y`, and sum them over the places. The share of
# a channel is its part of the sum over all channels. A channel that is 0 everywhere in
# the photographs is left out: its share is 0.
#
# - `photographs`: list of float arrays `(height, width, channels)`, features of the
#   photographs that calibrate. Their heights and widths differ
# - `x`, `y`: float arrays `(height, width, channels)` of one shape, features of a result
#   and of its original
# - returns: float array `(channels,)`; the shares add up to 1
# - example: in two photographs of 1 × 1 and 1 × 2 places, the first channel is 1, then 5
#   and 7; the second is always 10, the third always 0. So the RMS are 5, 10, 0. Between
#   `x` and `y`, of one place, the channels differ by 5, 30, 7. The shares are 0.1, 0.9, 0
#
# In this task `sr_utils.perceptual.channel_rms` is missing.


# %% nbgrader={"grade": false, "grade_id": "shares", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shares(photographs, x, y):
    ### BEGIN SOLUTION
    squares = sum(np.sum(z**2, axis=(0, 1)) for z in photographs)
    places = sum(z.shape[0] * z.shape[1] for z in photographs)
    mean_square = np.where(squares > 0, squares / places, np.inf)
    parts = np.sum((x - y) ** 2, axis=(0, 1)) / mean_square
    return parts / parts.sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "shares-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
known = [np.array([[[1.0, 10, 0]]]), np.array([[[5.0, 10, 0], [7, 10, 0]]])]
one, other = np.array([[[6.0, 40, 7]]]), np.array([[[1.0, 10, 0]]])
parts = shares(known, one, other)
assert parts is not None, "shares returns nothing: is the `return` missing?"
assert np.shape(parts) == (3,), (
    f"Expected a share of each of the 3 channels. Received: shape {np.shape(parts)}"
)
assert np.isfinite(parts).all() and parts[2] == 0, (
    "The third channel is 0 in all photographs, so its share is 0. "
    f"Received: {np.round(parts, 3)}"
)
assert np.allclose(np.sum(parts), 1), (
    f"Shares add up to 1. Received: {np.sum(parts):.4g}"
)
assert np.allclose(parts, [0.1, 0.9, 0]), (
    "The shares differ from the example. 0.027 and 0.973 mean that nothing is calibrated; "
    f"look again at lesson 3, `Which scale?`. Received: {np.round(parts, 3)}"
)
loud = np.array([1.0, 30, 1])
again = shares([z * loud for z in known], one * loud, other * loud)
assert np.allclose(parts, again), (
    "If a channel is 30 times as large, in the photographs and in both images, its share "
    f"stays the same. Received: {np.round(parts, 3)} before, {np.round(again, 3)} after"
)
### BEGIN HIDDEN TESTS
import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def places(maps):
    """The features of all places: `(places, channels)`."""
    return np.concatenate([np.float64(z).reshape(-1, z.shape[-1]) for z in maps])


def rms(maps):
    points = places(maps)
    return np.linalg.norm(points, axis=0) / np.sqrt(len(points))


def projected(photographs, x, y):
    units = np.linalg.pinv(np.diag(rms(photographs)), rcond=1e-12)  # 0 stays 0
    apart = places([x - y]) @ units
    return np.diag(apart.T @ apart) / np.trace(apart.T @ apart)


def divided_by(size, power=2):
    """Shares if each channel is divided by `size(photographs, x, y)`."""

    def found(photographs, x, y):
        units = size(photographs, x, y) * np.ones(x.shape[-1])
        apart = np.abs(places([x - y])) / np.where(units > 0, units, np.inf)
        parts = np.sum(apart**power, axis=0)
        return parts / parts.sum()

    return found


def instead_of_zero(value):
    def size(photographs, *_):
        units = rms(photographs)
        return np.where(units > 0, units, value)

    return divided_by(size)


def some(rng, height, width, loudness):
    """Features as after a ReLU, in a photograph of any contrast."""
    raw = rng.uniform(0.3, 2) * rng.normal(0.4, 1, (height, width, len(loudness)))
    return loudness * np.maximum(raw, 0)


def call(rng, sizes, channels, dead=(), dtype=np.float64):
    loudness = 10 ** rng.uniform(-1, 1.5, channels)
    photographs = [some(rng, *size, loudness) for size in sizes]
    x, y = (some(rng, 6, 5, loudness) for _ in range(2))
    x = y + (x - y) * rng.uniform(0.2, 1, channels)
    for photograph in photographs:
        photograph[..., list(dead)] = 0
    return [z.astype(dtype) for z in photographs], x.astype(dtype), y.astype(dtype)


def cases(rng):
    sizes = [(4, 7), (15, 9), (3, 3)]
    yield Case("three photographs of different sizes", call(rng, sizes, 5))
    yield Case("a single photograph", call(rng, [(8, 6)], 4))
    dead = tuple(int(x) for x in rng.choice(12, 2, replace=False))
    yield Case("two channels that are always 0", call(rng, sizes, 12, dead))
    small = call(rng, [(9, 5), (2, 6)], 30, dtype=np.float32)
    yield Case("30 channels of type float32", small)


TASK = Task(
    function="shares",
    example=(
        [np.array([[[1.0, 10, 0]]]), np.array([[[5.0, 10, 0], [7, 10, 0]]])],
        np.array([[[6.0, 40, 7]]]),
        np.array([[[1.0, 10, 0]]]),
    ),
    cases=cases,
    expected=projected,
    mistakes={
        "All channels are divided by the same number, or by none: the loudest "
        "is heard.": divided_by(lambda *_: 1),
        "The squared differences are divided by the RMS. Divide the differences, "
        "before they are squared.": divided_by(lambda z, *_: np.sqrt(rms(z))),
        "Channels are divided by their standard deviation, which leaves out their "
        "mean.": divided_by(lambda z, *_: places(z).std(axis=0)),
        "Channels are divided by their mean, not by their RMS.": divided_by(
            lambda z, *_: places(z).mean(axis=0)
        ),
        "Channels are divided by their largest value, not by their RMS.": divided_by(
            lambda z, *_: places(z).max(axis=0)
        ),
        "Every photograph counts the same, whatever its size. Every place should.": (
            divided_by(lambda z, *_: np.sqrt(np.mean([rms([i]) ** 2 for i in z], 0)))
        ),
        "The RMS of the photographs are averaged. Average squares, over all places, "
        "then take one root.": divided_by(
            lambda z, *_: np.mean([rms([i]) for i in z], axis=0)
        ),
        "Only the first photograph calibrates.": divided_by(lambda z, *_: rms(z[:1])),
        "Only the last photograph calibrates.": divided_by(lambda z, *_: rms(z[-1:])),
        "The calibration is taken from `x` and `y`, not from the photographs.": (
            divided_by(lambda z, x, y: rms([x, y]))
        ),
        "A channel that is 0 in all photographs still counts.": instead_of_zero(1),
        "A channel that is 0 in all photographs drowns the others: it is divided by "
        "next to nothing.": instead_of_zero(1e-8),
        "The differences aren't squared.": divided_by(lambda z, *_: rms(z), power=1),
    },
    look='lesson 3, "Which scale?"',
    blocked=("sr_utils.perceptual.channel_rms",),
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "agreement-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 4: does it rank as people do? (4 points)
#
# Lesson 3 asked whether a distance ranks damage as your eye does. Zhang and others asked
# many eyes: here is an original and two damaged versions, which one is closer? The *vote*
# of a triple is the share of people who chose the first version. A distance chooses, too,
# and is scored by the share of people who chose the same.
#
# Write `agreement(originals, firsts, seconds, votes, kernel, bias)`: the mean score of a
# feature distance. The network has one layer, whose weights you are given:
#
# - features: at each place `sum(window * kernel[..., f]) + bias[f]` for each filter `f`,
#   and 0 where that is negative. No padding, and the colors are red, green, blue in
#   images and kernel alike, from 0 to 1
# - distance: scale the features of each place to length 1 (add 1e-10 to the length before
#   you divide, since all may be 0), square the differences, sum over the filters, average
#   over the places
# - if the first version is closer by this distance, a triple scores its vote, and
#   otherwise 1 - its vote. Return the mean over the triples
#
# What you are given and return:
#
# - `originals`, `firsts`, `seconds`: float arrays `(triples, height, width, 3)` in [0, 1]
# - `votes`: float array `(triples,)` in [0, 1]
# - `kernel`: float array `(rows, columns, 3, filters)`; `bias`: float array `(filters,)`
# - returns: one number
# - example: in the cell of checks, twelve triples of noise score 0.6474. Before, it has a
#   case to follow by hand: the kernel has 1 × 1 pixel and passes on the three colors. A
#   gray original, an image half as bright, and one slightly greener: by direction the
#   first version is closer, and 3 of 10 people say so. In a second triple the second
#   version is closer, and 9 of 10 people say so. The score is (0.3 + 0.9) / 2 = 0.6
#
# All of `sr_utils`, Keras and TensorFlow may be used.


# %% nbgrader={"grade": false, "grade_id": "agreement", "locked": false, "schema_version": 3, "solution": true, "task": false}
def agreement(originals, firsts, seconds, votes, kernel, bias):
    ### BEGIN SOLUTION
    def directions(images):
        windows = np.lib.stride_tricks.sliding_window_view(
            images, kernel.shape[:2], axis=(1, 2)
        )
        answers = np.einsum("nyxcij,ijcf->nyxf", windows, kernel, optimize=True)
        features = np.maximum(answers + bias, 0)
        return features / (np.linalg.norm(features, axis=-1, keepdims=True) + 1e-10)

    x, y, z = (directions(images) for images in (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first < second, votes, 1 - votes))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "agreement-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def painted(*colors):
    return np.tile(np.array(colors)[:, None, None], (1, 4, 5, 1))


triples = (
    painted([0.5, 0.5, 0.5], [0.8, 0.2, 0.2]),
    painted([0.25, 0.25, 0.25], [0.2, 0.2, 0.8]),
    painted([0.5, 0.6, 0.5], [0.7, 0.2, 0.2]),
    np.array([0.3, 0.1]),
)
plain = np.eye(3)[None, None], np.zeros(3)
score = agreement(*triples, *plain)
assert score is not None, "agreement returns nothing: is the `return` missing?"
assert np.ndim(score) == 0, f"Expected one number. Received: shape {np.shape(score)}"
assert abs(float(score) - 0.6) < 1e-3, (
    "Expected 0.6. 0.8 means that the features of each place aren't scaled, or that one "
    "choice is made for both triples; 0.4 means that you count the others. Look again at "
    f"lesson 3, `A distance between features`. Received: {float(score):.3f}"
)
rng = np.random.default_rng(2858)
noise, people = rng.random((3, 12, 7, 8, 3)), rng.random(12)
layer = rng.normal(size=(3, 5, 3, 4)), rng.normal(size=4)
score = agreement(*noise, people, *layer)
assert abs(float(score) - 0.6474) < 1e-3, (
    "The twelve triples of noise should score 0.6474. Is the network as described: a bias, "
    "0 for what is negative, no padding, the kernel and its colors in the order they have? "
    f"Received: {float(score):.4f}"
)
### BEGIN HIDDEN TESTS
import numpy as np
from scipy import signal

from sr_utils import metrics
from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def one_by_one(originals, firsts, seconds, votes, kernel, bias):
    """With scipy's correlation, and the distance of the package."""

    def cloud(image):
        planes = [
            sum(
                signal.correlate2d(image[..., c], kernel[:, :, c, f], "valid")
                for c in range(3)
            )
            for f in range(len(bias))
        ]
        return np.maximum(np.stack(planes, axis=-1).reshape(-1, len(bias)) + bias, 0)

    scores = []
    for x, y, z, vote in zip(originals, firsts, seconds, votes, strict=True):
        known = cloud(x)
        apart = [metrics.feature_distance(known, cloud(other)) for other in (y, z)]
        scores.append(vote if apart[0] < apart[1] else 1 - vote)
    return np.mean(scores)


def as_given(kernel, bias):
    return kernel, bias


def maps(images, kernel, bias, relu, pad):
    rows, columns = kernel.shape[:2]
    if pad:
        border = (0, 0), (rows // 2,) * 2, (columns // 2,) * 2, (0, 0)
        images = np.pad(images, border)
    height, width = images.shape[1] - rows + 1, images.shape[2] - columns + 1
    answers = bias + sum(
        images[:, i : i + height, j : j + width] @ kernel[i, j]
        for i in range(rows)
        for j in range(columns)
    )
    return np.maximum(answers, 0) if relu else answers


def distances(triples, weights=as_given, relu=True, pad=False, unit=-1):
    """Of both versions, `(2, triples)`; the options make it wrong in one point each."""
    originals, *versions, _, kernel, bias = triples
    found = [
        maps(images, *weights(kernel, bias), relu, pad)
        for images in (originals, *versions)
    ]
    if unit is not None:
        found = [
            x / (np.sqrt(np.sum(x**2, axis=unit, keepdims=True)) + 1e-10) for x in found
        ]
    return np.array([np.mean((found[0] - x) ** 2, (1, 2, 3)) for x in found[1:]])


def scored(**options):
    def score(*triples):
        first, second = distances(triples, **options)
        return np.mean(np.where(first < second, triples[3], 1 - triples[3]))

    return score


def by_majority(*triples):
    first, second = distances(triples)
    return np.mean((first < second) == (triples[3] > 0.5))


def all_at_once(*triples):
    first, second = distances(triples).sum(axis=1)
    return np.mean(triples[3] if first < second else 1 - triples[3])


COLORS = {"weights": lambda *_: (np.eye(3)[None, None], 0)}
WRONG = {
    "The pixels choose, not the features.": COLORS | {"unit": None},
    "The directions of the colors choose, not the features.": COLORS,
    "The features aren't scaled to length 1, so contrast and brightness choose.": {
        "unit": None
    },
    "The features of a whole image are scaled to length 1, not those of each place.": {
        "unit": (1, 2, 3)
    },
    "Each filter is scaled to length 1 over all places, not each place over its "
    "filters.": {"unit": (1, 2)},
    "Negative answers aren't set to 0.": {"relu": False},
    "The kernel is turned around: this is a convolution of mathematics, not of "
    "Keras.": {"weights": lambda kernel, bias: (kernel[::-1, ::-1], bias)},
    "The colors are turned to blue, green, red. This network takes red, green, blue.": {
        "weights": lambda kernel, bias: (kernel[:, :, ::-1], bias)
    },
    "The bias is forgotten.": {"weights": lambda kernel, bias: (kernel, 0)},
    "The images are padded, so their black border counts, too.": {"pad": True},
}


def damaged(rng, images):
    darker, noise, tint = rng.random((3, len(images), 1, 1, 1))
    colors = rng.uniform(-0.3, 0.3, (len(images), 1, 1, 3))
    grain = 0.2 * rng.normal(size=images.shape)
    changed = images * (1 - 0.6 * darker**2) + noise**2 * grain + tint**2 * colors
    return np.clip(changed, 0, 1)


def clearly_first(triples, **options):
    """From -1 to 1: by how much the first version is closer. Near 0 it is a toss-up."""
    first, second = distances(triples, **options)
    return (second - first) / np.maximum(np.maximum(first, second), 1e-12)


def drawn(rng, size, rows, columns, filters):
    """Triples on which mistakes choose otherwise, with some others among them."""
    colors = rng.uniform(0.2, 0.8, (300, 1, 1, 3))
    originals = np.clip(colors + 0.2 * rng.normal(size=(300, *size, 3)), 0, 1)
    versions = damaged(rng, originals), damaged(rng, originals)
    kernel = rng.normal(size=(rows, columns, 3, filters)) / (rows * columns)
    bias = rng.normal(0.05, 0.1, filters)
    triples = originals, *versions, rng.uniform(0.05, 0.95, 300), kernel, bias
    right, chosen = clearly_first(triples), set()
    for options in WRONG.values():
        wrong = clearly_first(triples, **options)
        clear = np.minimum(abs(right), abs(wrong)) > 0.05
        chosen |= set(np.flatnonzero(clear & (right * wrong < 0))[:3])
    chosen |= set(np.flatnonzero(abs(right) > 0.05)[:6])
    order = rng.permutation(sorted(chosen))
    return *(x[order] for x in triples[:4]), kernel, bias


def example():
    rng = np.random.default_rng(2858)
    noise, people = rng.random((3, 12, 7, 8, 3)), rng.random(12)
    layer = rng.normal(size=(3, 5, 3, 4)), rng.normal(size=4)
    return *noise, people, *layer


def cases(rng):
    yield Case("a kernel of 3 × 3 pixels", drawn(rng, (8, 8), 3, 3, 6))
    yield Case("images and a kernel that aren't square", drawn(rng, (7, 12), 3, 5, 5))
    yield Case("a kernel of one pixel", drawn(rng, (6, 5), 1, 1, 4))


TASK = Task(
    function="agreement",
    example=example(),
    cases=cases,
    expected=one_by_one,
    mistakes={message: scored(**options) for message, options in WRONG.items()}
    | {
        "People who chose the other version are counted.": (
            lambda *triples: 1 - scored()(*triples)
        ),
        "It counts triples, not people: where 7 of 10 chose the same, that is 0.7, "
        "not 1.": by_majority,
        "The distance chooses once for all triples together. It chooses for each.": (
            all_at_once
        ),
    },
    look='lesson 3, "A distance between features"',
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "pooled_frechet-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 5: a Fréchet distance without features (4 points)
#
# The features of a large set of photographs don't fit into memory, and the photographs
# may not be given away. But the Fréchet distance needs of a cloud only its mean and
# covariance. So each photograph is summarized by three things: how many points its cloud
# has, their mean, and their covariance.
#
# Write `pooled_frechet(first, second)`: the squared Fréchet distance of lesson 3 between
# two sets. Throw all points of all photographs of a set into one cloud, find its mean and
# its covariance from the summaries, and compare the two clouds.
#
# Photographs whose means differ make the cloud wider than each of them is by itself. And
# a photograph of many points counts more than one of few.
#
# - `first`, `second`: each a tuple of three arrays, `counts` `(photographs,)`, `means`
#   `(photographs, channels)` and `covariances` `(photographs, channels, channels)`. The
#   two sets may have different numbers of photographs
# - all covariances are divided by the number of points, not by one less, as in the
#   lesson: those that you are given, and those that you compare
# - returns: one number
# - example with one channel: the first set has two photographs, of 1 and 3 points, with
#   means 0 and 4 and variances 1 and 1. Its cloud has the mean 3 and the variance 4. The
#   second set has one photograph, with mean 5 and variance 9. The distance is (3 - 5)² +
#   (2 - 3)² = 5
#
# In this task `sr_utils.metrics.frechet_distance` is missing.


# %% nbgrader={"grade": false, "grade_id": "pooled_frechet", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pooled_frechet(first, second):
    ### BEGIN SOLUTION
    from scipy import linalg

    def cloud(counts, means, covariances):
        share = counts / np.sum(counts)
        center = share @ means
        apart = means - center
        return center, np.tensordot(share, covariances, 1) + (apart.T * share) @ apart

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = linalg.sqrtm(a @ b).real
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "pooled_frechet-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
first_set = np.array([1, 3]), np.array([[0.0], [4]]), np.array([[[1.0]], [[1]]])
second_set = np.array([6]), np.array([[5.0]]), np.array([[[9.0]]])
far = pooled_frechet(first_set, second_set)
assert far is not None, "pooled_frechet returns nothing: is the `return` missing?"
assert np.ndim(far) == 0, f"Expected one number. Received: shape {np.shape(far)}"
assert abs(far - 5) < 1e-3, (
    "Expected 5. 8 means that photographs whose means differ don't widen the cloud. "
    "Otherwise, print mean and variance of the first cloud: they should be 3 and 4. "
    f"Received: {far:.4f}"
)
tilted = np.array([8]), np.array([[0.0, 0]]), np.array([[[2.0, 1], [1, 2]]])
upright = np.array([9]), np.array([[1.0, 2]]), np.array([[[1.0, 0], [0, 4]]])
far = pooled_frechet(tilted, upright)
assert abs(far - 5.7712) < 1e-3, (
    "Two clouds of two channels are 5.7712 apart: 5 by their means, 0.7712 by their "
    "covariances. Is the root that of a matrix, which times itself gives the matrix? Look "
    f"again at lesson 3, `The Fréchet distance`. Received: {far:.4f}"
)
### BEGIN HIDDEN TESTS
import numpy as np
from scipy import linalg

from sr_utils import metrics
from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def points(counts, means, covariances):
    """A cloud with just these counts, up to a factor, means and covariances."""
    clouds = []
    for count, mean, covariance in zip(counts, means, covariances, strict=True):
        channels = len(mean)
        spread = np.linalg.cholesky(channels * covariance).T
        clouds += [mean + spread, mean - spread] * int(count)
    return np.concatenate(clouds)


def of_points(first, second):
    return metrics.frechet_distance(points(*first), points(*second))


def union(counts, means, covariances):
    center = np.average(means, axis=0, weights=counts)
    apart = means[:, :, None] - center[:, None]
    squares = apart @ apart.transpose(0, 2, 1)
    return center, np.average(covariances + squares, axis=0, weights=counts)


def without_means(counts, means, covariances):
    center, _ = union(counts, means, covariances)
    return center, np.average(covariances, axis=0, weights=counts)


def means_only(counts, means, covariances):
    return union(counts, means, 0 * covariances)


def all_alike(counts, means, covariances):
    return union(np.ones(len(counts)), means, covariances)


def one_less(counts, means, covariances):
    center, covariance = union(counts, means, covariances)
    return center, covariance * np.sum(counts) / (np.sum(counts) - 1)


def samples(counts, means, covariances):
    given = covariances * ((counts - 1) / counts)[:, None, None]
    return one_less(counts, means, given)


def overlap(a, b):
    return np.sqrt(np.maximum(linalg.eigvals(a @ b).real, 0)).sum()


def of_each_number(a, b):
    return np.trace(np.sqrt(np.maximum(a @ b, 0)))


def of_roots(a, b):
    return np.trace(linalg.sqrtm(a).real @ linalg.sqrtm(b).real)


def of_variances(a, b):
    return np.sqrt(np.diag(a) * np.diag(b)).sum()


def squared(x):
    return np.sum(x**2)


def made_of(cloud=union, overlap=overlap, centers=squared, twice=2, last=float):
    """The distance; the arguments make it wrong in one point each."""

    def distance(first, second):
        (m, a), (n, b) = cloud(*first), cloud(*second)
        spread = np.trace(a) + np.trace(b) - twice * overlap(a, b)
        return last(centers(m - n) + spread)

    return distance


def one_by_one(first, second):
    """The mean distance of a photograph of one set and a photograph of the other."""
    sets = [
        [tuple(x[i : i + 1] for x in summary) for i in range(len(summary[0]))]
        for summary in (first, second)
    ]
    return np.mean([made_of()(x, y) for x in sets[0] for y in sets[1]])


def summed(clouds):
    counts = np.array([len(x) for x in clouds])
    means = np.array([x.mean(axis=0) for x in clouds])
    covariances = [np.cov(x, rowvar=False, ddof=0) for x in clouds]
    return counts, means, np.array(covariances)


def summaries(rng, photographs, channels, shift=0.0):
    mixed = rng.normal(size=(channels, channels)) + np.eye(channels)
    clouds = []
    for _ in range(photographs):
        count = int(rng.integers(channels + 3, 12 * channels))
        center = shift + 1.5 * rng.normal(size=channels)
        clouds.append(center + rng.normal(size=(count, channels)) @ mixed)
    return summed(clouds)


def cut_otherwise(rng, channels):
    """Two summaries of one and the same set."""
    cloud = rng.normal(size=(90, channels)) * np.arange(1, 1 + channels)
    cloud += np.arange(90)[:, None] / 20
    return summed(np.split(cloud, [20])), summed(np.split(cloud, [35, 60]))


def cases(rng):
    sets = summaries(rng, 3, 4), summaries(rng, 5, 4, 1.0)
    yield Case("sets of three and of five photographs", sets)
    yield Case("one photograph each", (summaries(rng, 1, 5), summaries(rng, 1, 5)))
    yield Case("16 channels", (summaries(rng, 4, 16), summaries(rng, 3, 16, 0.5)))
    yield Case("the same points, in other photographs", cut_otherwise(rng, 3))


TASK = Task(
    function="pooled_frechet",
    example=(
        (np.array([1, 3]), np.array([[0.0], [4]]), np.array([[[1.0]], [[1]]])),
        (np.array([6]), np.array([[5.0]]), np.array([[[9.0]]])),
    ),
    cases=cases,
    expected=of_points,
    mistakes={
        "The covariances are averaged, but photographs whose means differ make the "
        "cloud wider than that.": made_of(without_means),
        "Only the means of the photographs make the cloud. Their points lie around "
        "them.": made_of(means_only),
        "Every photograph counts the same, however many points it has.": made_of(
            all_alike
        ),
        "Photographs are compared one by one, and their distances averaged. Compare "
        "the two clouds.": one_by_one,
        "The covariance of the cloud is divided by one less than the number of points.": (
            made_of(one_less)
        ),
        "The given covariances are taken for ones that were divided by one less than the "
        "number of points.": made_of(samples),
        "The square root is taken of each number by itself. It is that of a matrix.": (
            made_of(overlap=of_each_number)
        ),
        "The product of two roots isn't the root of the product.": made_of(
            overlap=of_roots
        ),
        "Only variances count. What varies together is lost.": made_of(
            overlap=of_variances
        ),
        "The root of the product counts once. It is subtracted twice.": made_of(
            twice=1
        ),
        "The distance of the means isn't squared.": made_of(centers=np.linalg.norm),
        "The squared differences of the means are averaged over the channels, not "
        "summed.": made_of(centers=lambda x: np.mean(x**2)),
        "The means are left out.": made_of(centers=lambda x: 0),
        "This is the root of the squared distance.": made_of(
            last=lambda x: np.sqrt(max(x, 0))
        ),
    },
    look='lesson 3, "The Fréchet distance"',
    blocked=("sr_utils.metrics.frechet_distance",),
    atol=1e-5,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "border-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 1: where the two layers differ (3 points)
#
# VGG19 pads: before each convolution, it surrounds its input by zeros. You replace its
# first layer by the one that `fold` makes, and pad the image by zeros as well. Inside,
# the answers are the same. At the border they aren't. Why? And what would you have to put
# around the image instead of zeros, to make them the same there, too? Answer in three or
# four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "border-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# The old layer pads after the image was prepared. There, a zero is a pixel of the mean
# color: the mean has been subtracted. The new layer takes the image as it is, and there a
# zero is black, which the old layer knows as a very negative number. So each window that
# reaches beyond the border has other pixels in it. Put the mean color around the image,
# divided by 255 and in the order red, green, blue, and convolve without padding.
#
# Marks: one point each: a zero after preparing is the mean color; a zero before it is
# black, so windows at the border differ; pad with the mean color in the new units
# (divided by 255; who also turns its order needn't say so twice).
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "shuffled-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 2: a shuffled image (3 points)
#
# Someone takes the features of an image and shuffles their places: each place gets the
# features of another one. What do the distance of task 2 and the Fréchet distance between
# the features before and after say? Which of the two would you use to choose a network
# that enlarges license plates, and which for one that enlarges the grass of a game? Say
# why, in three or four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "shuffled-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# The distance of task 2 compares place by place, so it is large, unless the image is the
# same everywhere. The Fréchet distance is 0: mean and covariance of a cloud don't depend
# on the order of its points. On a license plate, what matters is which stroke is where,
# so I would ask the distance that compares with *the* original. Grass has to look like
# grass, and no player knows where its blades were, so there the Fréchet distance fits: it
# doesn't punish other blades, and it notices a blur.
#
# Marks: one point each: distance of task 2 large and Fréchet distance 0, as it forgets
# places; plate with the distance place by place, because the place (the truth) matters;
# grass with the Fréchet distance, because only the kind of texture matters.
# ### END SOLUTION
