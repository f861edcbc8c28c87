# %% [markdown]
# # Assignment 2: SRCNN
#
# You have worked through lesson 2. Here you go a step further with each of its parts:
# pairs that somebody has pushed out of place, the network that SRCNN's authors built next,
# a price list, pixels that aren't square, and a camera to be learned in 80 steps. Plan
# about two hours.
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
import keras
import numpy as np
from keras import layers

# %% [markdown] nbgrader={"grade": false, "grade_id": "aligned_patches-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 1: patches that fit (4 points)
#
# Two cameras stand side by side. One has taken the small image, the other one the large
# image, `scale` times as high and as wide. But somebody bumped into the second camera, so
# its picture has moved: a whole number of pixels, at most 5, up or down, and a whole number
# of pixels, at most 5, to the left or to the right.
#
# Write `aligned_patches(low, high, corners, size)`. It finds out how the picture in `high`
# has moved, and cuts pairs of patches that show the same.
#
# - `low`: float array `(height, width, 3)` with values in [0, 1]. Had nothing moved,
#   `resize(high, Fraction(1, scale))` of `sr_utils.resize` would give it, up to a little
#   noise (and except at the border, where each camera sees what the other one doesn't)
# - `high`: float array `(height * scale, width * scale, 3)`; `scale` is 2, 3 or 4, and
#   you have to find it out from the shapes
# - `corners`: list of pairs, the row and the column of each patch's top left pixel in
#   `low`. All patches lie well inside, also after moving
# - `size`: rows, and columns, of a patch in `low`
# - returns: two arrays. The first, `(number, size, size, 3)`, holds what is cut from `low`
#   at the corners. The second, `(number, size * scale, size * scale, 3)`, holds the same
#   places, cut from `high` where they are now. No values are changed
# - example: in the cell of checks, the picture in `high` has moved 3 pixels down and 2 to
#   the left. So the patch at the corner (8, 9) of `low` begins in row 4 · 8 + 3 and column
#   4 · 9 - 2 of `high`
#
# All of `sr_utils` may be used.


# %% nbgrader={"grade": false, "grade_id": "aligned_patches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def aligned_patches(low, high, corners, size):
    ### BEGIN SOLUTION
    from fractions import Fraction
    from itertools import product

    from sr_utils.resize import resize

    scale = len(high) // len(low)

    def moved_back(down, right):
        return np.roll(high, (-down, -right), axis=(0, 1))

    def mismatch(move):
        again = resize(np.clip(moved_back(*move), 0, 1), Fraction(1, scale))
        return np.mean((again - low)[3:-3, 3:-3] ** 2)

    best = min(product(range(-5, 6), repeat=2), key=mismatch)
    found = []
    for image, zoom in ((low, 1), (moved_back(*best), scale)):
        side = zoom * size
        starts = [(zoom * y, zoom * x) for y, x in corners]
        found.append(np.stack([image[y : y + side, x : x + side] for y, x in starts]))
    return found
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "aligned_patches-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
from fractions import Fraction

from sr_utils import datasets
from sr_utils.resize import resize

cat = datasets.held_out()["chelsea"]
low = resize(cat[40:160, 100:220], Fraction(1, 4))
high = cat[37:157, 102:222]  # the same cat, 3 pixels lower and 2 more to the left
found = aligned_patches(low, high, [(8, 9), (13, 12)], 8)
assert found is not None, "aligned_patches returns nothing: is the `return` missing?"
assert len(found) == 2, f"Expected two arrays. Received: {len(found)}"
lows, highs = (np.array(x) for x in found)
assert np.shape(lows) == (2, 8, 8, 3), (
    f"Expected two small patches of 8 by 8 pixels. Received: shape {np.shape(lows)}"
)
assert np.shape(highs) == (2, 32, 32, 3), (
    f"Expected two large patches of 32 by 32 pixels. Received: shape {np.shape(highs)}"
)
assert np.array_equal(lows[1], low[13:21, 12:20]), (
    "The second small patch should begin in row 13 and column 12 of `low`, unchanged."
)
assert not np.array_equal(highs[0], high[32:64, 36:68]), (
    "The large patch is cut as if nothing had moved. Look again at lesson 2, `Pairs, in "
    "tf.data`: what proves that pairs are aligned?"
)
assert not np.array_equal(highs[0], high[29:61, 38:70]), (
    "The large patch is cut as if the picture had moved up and to the right. It has moved "
    "down and to the left."
)
again = resize(np.float32(highs[0]), Fraction(1, 4))
apart = 255 * abs(again - lows[0])[2:-2, 2:-2].max()
assert apart < 1, (
    "The large patch, reduced, should be the small one. Look again at lesson 2, `Pairs, in "
    f"tf.data`. Received: a difference of {apart:.1f} levels of 255"
)
### BEGIN HIDDEN TESTS
from fractions import Fraction
from itertools import product

import numpy as np
from scipy import ndimage

from sr_utils import datasets, images
from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task
from sr_utils.resize import resize

REACH = 5  # pixels that the picture may have moved
MARGIN = 12  # pixels at the border that aren't compared


def zoom_of(low, high):
    return len(high) // len(low)


def moves(step=1):
    each = [x for x in range(-REACH, REACH + 1) if x % step == 0]
    return list(product(each, repeat=2))


def matched(low, high, among=None):
    """The move after which `high` is most like the enlarged `low`."""
    template = resize(np.float64(low), zoom_of(low, high))
    template = template[MARGIN:-MARGIN, MARGIN:-MARGIN]

    def mismatch(move):
        top, left = MARGIN + np.array(move)
        window = high[top:, left:][: len(template), : template.shape[1]]
        return np.mean((window - template) ** 2)

    return min(among or moves(), key=mismatch)


def matched_without_blur(low, high):
    def mismatch(move):
        back = np.roll(high, (-move[0], -move[1]), axis=(0, 1))
        scale = zoom_of(low, high)
        return np.mean((back[::scale, ::scale] - low)[3:-3, 3:-3] ** 2)

    return min(moves(), key=mismatch)


def cut(low, high, corners, size, move, zoom=None):
    scale = zoom_of(low, high)
    zoom, side = zoom or scale, scale * size
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    places = [(zoom * y + move[0], zoom * x + move[1]) for y, x in corners]
    return [np.stack(lows), np.stack([high[y:, x:][:side, :side] for y, x in places])]


def aligned(low, high, corners, size):
    return cut(low, high, corners, size, matched(low, high))


def cut_after(change):
    """Patches after another move than the right one."""

    def mistaken(low, high, corners, size):
        return cut(low, high, corners, size, change(*matched(low, high)))

    return mistaken


def of_whole_small_pixels(low, high, corners, size):
    move = matched(low, high, moves(zoom_of(low, high)))
    return cut(low, high, corners, size, move)


def compared_without_blur(low, high, corners, size):
    return cut(low, high, corners, size, matched_without_blur(low, high))


def not_enlarged(low, high, corners, size):
    return cut(low, high, corners, size, matched(low, high), zoom=1)


def columns_first(low, high, corners, size):
    return aligned(low, high, [(y, x) for x, y in corners], size)


def example():
    cat = datasets.held_out()["chelsea"]
    low = resize(cat[40:160, 100:220], Fraction(1, 4))
    return low, cat[37:157, 102:222], [(8, 9), (13, 12)], 8


def scene(rng, height, width):
    parts = [
        sigma * ndimage.gaussian_filter(rng.normal(size=(height, width, 3)), sigmas)
        for sigma in (1, 2, 4)
        for sigmas in [(sigma, sigma, 0)]
    ]
    picture = sum(parts)
    return np.clip(0.5 + 0.2 * picture / picture.std(), 0, 1)


def drawn(rng, scale, height, width, number, size, most=False):
    high_size = scale * np.array([height, width])
    lengths = [x for x in range(1, REACH + 1) if x % scale]
    first, second = rng.choice(lengths, 2, replace=False)
    move = np.array([REACH, 1] if most else [first, second]) * rng.choice([-1, 1], 2)
    around = scene(rng, *(high_size + 2 * REACH))
    top, left = REACH - move
    high = around[top:, left:][: high_size[0], : high_size[1]]
    original = around[REACH:-REACH, REACH:-REACH]
    low = resize(original, Fraction(1, scale))
    low = images.quantize(low + 0.01 * rng.normal(size=low.shape))
    corners = rng.integers(5, min(height, width) - size - 5, (number, 2))
    corners[:, 1] += corners[:, 0] == corners[:, 1]
    return low, np.float32(high), corners.tolist(), size


def cases(rng):
    yield Case("an image that is wider than tall", drawn(rng, 4, 27, 36, 3, 7))
    yield Case("a scale of 3", drawn(rng, 3, 38, 30, 2, 9))
    yield Case("a scale of 2", drawn(rng, 2, 36, 36, 5, 8))
    yield Case("a picture that has moved by 5", drawn(rng, 3, 30, 32, 1, 6, True))


TASK = Task(
    function="aligned_patches",
    example=example(),
    cases=cases,
    expected=aligned,
    mistakes={
        "The large patches are cut as if nothing had moved.": cut_after(
            lambda down, right: (0, 0)
        ),
        "The large patches are moved the wrong way, so they are twice as far off as "
        "before.": cut_after(lambda down, right: (-down, -right)),
        "The moves of rows and columns are swapped.": cut_after(
            lambda down, right: (right, down)
        ),
        "The picture is moved by whole pixels of the small image. It may have moved by "
        "less.": of_whole_small_pixels,
        "The move is found by picking pixels of the large image. Its reduction blurs, "
        "and a picked pixel lies in the corner of its square, not in the middle.": (
            compared_without_blur
        ),
        "The corners count small pixels, but the large patches are cut where `high` has "
        "rows and columns of the same numbers.": not_enlarged,
        "The corners are taken as column and row. They are row and column.": (
            columns_first
        ),
    },
    look='lesson 2, "Pairs, in tf.data"',
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "fsrcnn-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 2: the next network of the same authors (4 points)
#
# Two years after SRCNN, its authors built [FSRCNN](https://arxiv.org/abs/1608.00367), which
# works on the small image and is narrow in the middle. Yours is a variant of it. Write
# `fsrcnn(scale, wide, narrow, depth)`, which returns a Keras network with these
# convolutions:
#
# 1. one of 5 × 5 with `wide` filters
# 2. one of 1 × 1 with `narrow` filters
# 3. `depth` of 3 × 3, each with `narrow` filters
# 4. one of 1 × 1 with `wide` filters
# 5. one of 3 × 3 with `scale * scale` filters, whose weights and biases all start at zero
#
# All of them have biases, and pad with zeros, so that an image keeps its size. After each
# but the last comes a leaky ReLU: negative values are multiplied by 0.1. Then the image
# that came in is added to every one of the `scale * scale` channels, and `depth_to_space`
# of `sr_utils.layers` makes pixels of the sums. So the network starts as nearest neighbor,
# and learns what must be added to that.
#
# - `scale`: whole number, at least 2; `wide`, `narrow`, `depth`: whole numbers, at least 1
# - returns: a `keras.Model`, not compiled. In: `(batch, height, width, 1)`, luma from 0 to
#   1, any height and width. Out: `(batch, height * scale, width * scale, 1)`
# - example: `fsrcnn(2, 8, 4, 1)` has 724 weights and biases. Untrained, it enlarges a row
#   of the values 0, 1 to two rows of 0, 0, 1, 1


# %% nbgrader={"grade": false, "grade_id": "fsrcnn", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fsrcnn(scale, wide, narrow, depth):
    ### BEGIN SOLUTION
    from sr_utils.layers import depth_to_space

    def conv(x, filters, size):
        x = layers.Conv2D(filters, size, padding="same")(x)
        return layers.LeakyReLU(0.1)(x)

    small = keras.Input((None, None, 1))
    x = conv(conv(small, wide, 5), narrow, 1)
    for _ in range(depth):
        x = conv(x, narrow, 3)
    x = conv(x, wide, 1)
    last = layers.Conv2D(scale**2, 3, padding="same", kernel_initializer="zeros")
    return keras.Model(small, depth_to_space(last(x) + small, scale))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "fsrcnn-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
network = fsrcnn(2, 8, 4, 1)
assert network is not None, "fsrcnn returns nothing: is the `return` missing?"
image = np.random.default_rng(0).random((1, 5, 7, 1), dtype="float32")
large = np.array(network(image))
assert large.shape == (1, 10, 14, 1), (
    "Expected twice the height, twice the width and one channel. Look again at lesson 2, "
    f"`Enlarge at the end: sub-pixel convolution`. Received: shape {large.shape}"
)
assert np.allclose(large, image.repeat(2, axis=1).repeat(2, axis=2), atol=1e-6), (
    "The untrained network isn't nearest neighbor. Does the last convolution start at "
    "zero? Is the image added before `depth_to_space`? Look again at lesson 2, `Learn the "
    f"difference only`. Received: values from {large.min():.2f} to {large.max():.2f}, for an "
    f"image with values from {image.min():.2f} to {image.max():.2f}"
)
assert network.count_params() == 724, (
    "Expected 724 weights and biases: 208 + 36 + 148 + 40 + 292, in the order of the "
    f"text. Received: {network.count_params()}"
)
network.set_weights([np.full_like(x, -0.2) for x in network.get_weights()])
middle = float(np.array(network(np.ones((1, 9, 9, 1), "float32")))[0, 9, 9, 0])
assert abs(middle + 1.79) < 0.01, (
    "With all weights and biases -0.2, white should become -1.79. Does a leaky ReLU with slope "
    "0.1 follow each convolution but the last? Look again at the text. "
    f"Received: {middle:.2f}"
)
### BEGIN HIDDEN TESTS
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def inside(build, scale, wide, narrow, depth, image, *weights):
    import numpy as np

    network = build(scale, wide, narrow, depth)
    if network is None:
        return None
    untrained = np.array(network(image[None]))
    shapes = [np.array(x.shape) for x in network.get_weights()]
    if [tuple(x) for x in shapes] != [x.shape for x in weights]:
        return [untrained, shapes, untrained]
    network.set_weights(weights)
    return [untrained, shapes, np.array(network(image[None]))]


def convolved(x, kernel, border):
    reach = len(kernel) // 2
    padded = np.pad(x, ((reach, reach), (reach, reach), (0, 0)), border)
    windows = sliding_window_view(padded, kernel.shape[:2], axis=(0, 1))
    return np.einsum("hwmyx,yxmn->hwn", windows, kernel)


def computed(scale, image, weights, *, slope=0.1, at_end=False, border="constant"):
    """What the network gives, and what it gives with one thing wrong."""
    x, pairs = np.float64(image), zip(weights[::2], weights[1::2], strict=True)
    for number, (kernel, bias) in enumerate(pairs):
        x = convolved(x, kernel, border) + bias
        if at_end or 2 * number + 2 < len(weights):
            x = np.where(x < 0, slope * x, x)
    height, width = image.shape[:2]
    squares = (x + image).reshape(height, width, scale, scale)
    return squares.swapaxes(1, 2).reshape(1, height * scale, width * scale, 1)


WRONG = [
    (
        "Negative values are cut off between the convolutions. A leaky ReLU keeps a "
        "tenth of them.",
        {"slope": 0},
    ),
    ("The leaky ReLU has another slope than 0.1.", {"slope": 0.2}),
    ("The leaky ReLU has another slope than 0.1.", {"slope": 0.3}),
    ("The leaky ReLU has another slope than 0.1.", {"slope": 0.01}),
    (
        "Nothing happens between the convolutions: the leaky ReLU is missing.",
        {"slope": 1},
    ),
    ("A leaky ReLU follows the last convolution, too.", {"at_end": True}),
    ("The border is padded with its own pixels, not with zeros.", {"border": "edge"}),
]


def alike(x, y):
    return np.allclose(x, y, rtol=1e-3, atol=1e-3)


def check(result, scale, wide, narrow, depth, image, *weights):
    untrained, shapes, trained = result
    height, width = image.shape[:2]
    if untrained.shape != (1, height * scale, width * scale, 1):
        return "The network returns another shape than the text describes."
    problem = of_shapes([tuple(x) for x in shapes], [x.shape for x in weights])
    if problem:
        return problem
    nearest = image.repeat(scale, axis=0).repeat(scale, axis=1)[None]
    if not alike(untrained, nearest):
        return (
            "The untrained network isn't nearest neighbor. Does the last convolution "
            "start at zero, and is the image added to it?"
        )
    return of_values(trained, scale, image, weights)


def of_shapes(found, expected):
    if found == expected[::2]:
        return "The convolutions have no biases."
    if len(found) != len(expected):
        return "The number of convolutions isn't that of the text. What is `depth`?"
    if found != expected:
        return "A convolution has another size or other filters than the text says."
    return None


def of_values(trained, scale, image, weights):
    if alike(trained, computed(scale, image, weights)):
        return None
    for message, change in WRONG:
        if alike(trained, computed(scale, image, weights, **change)):
            return message
    if alike(trained, computed(scale, image, weights) - nearest_of(image, scale)):
        return "The image isn't added to what the convolutions compute."
    return "The untrained network is right, but with other weights its result is wrong."


def nearest_of(image, scale):
    return image.repeat(scale, axis=0).repeat(scale, axis=1)[None]


def drawn(rng, height, width, scale, wide, narrow, depth):
    shapes = [(5, 5, 1, wide), (1, 1, wide, narrow)]
    shapes += depth * [(3, 3, narrow, narrow)]
    shapes += [(1, 1, narrow, wide), (3, 3, wide, scale**2)]
    weights = []
    for shape in shapes:
        spread = (2 / np.prod(shape[:3])) ** 0.5
        weights += [spread * rng.normal(size=shape), 0.2 * rng.normal(size=shape[3])]
    image = rng.random((height, width, 1))
    return scale, wide, narrow, depth, *map(np.float32, (image, *weights))


def cases(rng):
    wide, narrow = int(rng.integers(6, 12)), int(rng.integers(3, 6))
    yield Case("a scale of 3", drawn(rng, 6, 6, 3, wide, narrow, 1))
    yield Case("a deep network", drawn(rng, 7, 7, 2, wide + 1, narrow, 4))
    yield Case("an image that isn't square", drawn(rng, 5, 11, 4, wide, narrow + 3, 2))
    yield Case("a network without a waist", drawn(rng, 12, 4, 2, 5, 5, 2))


TASK = Task(
    function="fsrcnn",
    example=drawn(np.random.default_rng(0), 6, 8, 2, 8, 4, 1),
    cases=cases,
    check=check,
    inside=inside,
    look='lesson 2, "Enlarge at the end: sub-pixel convolution"',
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "multiplications-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 3: where the work is done (4 points)
#
# Lesson 2 counted what a network costs. If you want to make one cheaper, you also have to
# know which of its steps costs how much. Here a network is a list of steps, each a triple
# `(kind, size, channels)`. `channels` is how many channels come *out* of the step.
#
# - `("convolution", k, n)`: *n* filters of *k* × *k*. Each sees all the channels that come in
# - `("halve", k, n)`: a convolution that is computed at every second row and every
#   second column only. What comes out is half as high and half as wide
# - `("depthwise", k, n)`: *n* channels come in, and each has one filter of *k* × *k*,
#   which sees that channel alone
# - `("enlarge", z, n)`: what comes out is *z* times as high and *z* times as wide. It is
#   made by `depth_to_space` or by bicubic, and costs nothing here
#
# Write `multiplications(network, channels)`: for each step, how often it multiplies **per
# pixel of the network's result**. All images are padded, so that only `halve` and `enlarge`
# change their sizes. Biases and activations aren't counted.
#
# - `network`: list of triples; `channels`: how many channels the first step gets
# - returns: array (or list) of as many numbers as there are steps
# - example: `multiplications([("convolution", 5, 64), ("convolution", 3, 32),
#   ("convolution", 3, 16), ("enlarge", 4, 1)], 1)` is the network ESPCN of the lesson, and
#   returns 100, 1152, 288, 0
#
# In this task `sr_utils.architecture.cost` is missing.


# %% nbgrader={"grade": false, "grade_id": "multiplications", "locked": false, "schema_version": 3, "solution": true, "task": false}
def multiplications(network, channels):
    ### BEGIN SOLUTION
    prices, widths, width = [], [], 1.0
    for kind, size, filters in network:
        width *= {"enlarge": size, "halve": 0.5}.get(kind, 1)
        seen = {"enlarge": 0, "depthwise": 1}.get(kind, channels)
        prices.append(size**2 * seen * filters)
        widths.append(width)
        channels = filters
    return np.array(prices) * (np.array(widths) / width) ** 2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "multiplications-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
espcn = [("convolution", 5, 64), ("convolution", 3, 32), ("convolution", 3, 16)]
found = multiplications([*espcn, ("enlarge", 4, 1)], 1)
assert found is not None, "multiplications returns nothing: is the `return` missing?"
assert np.shape(found) == (4,), (
    f"Expected a number for each of 4 steps. Received: shape {np.shape(found)}"
)
assert not np.allclose(found, [1600, 18432, 4608, 0]), (
    "This is the price for a small pixel, which becomes 16 of the result. Look again at "
    "lesson 2, `What does it cost?`"
)
assert np.allclose(found, [100, 1152, 288, 0]), (
    "Expected ESPCN's 100, 1152, 288, 0. Look again at lesson 2, `Enlarge at the end: "
    f"sub-pixel convolution`. Received: {np.round(found, 2)}"
)
found = multiplications([("halve", 3, 8), ("depthwise", 5, 8), ("enlarge", 2, 2)], 1)
assert np.allclose(found, [18, 50, 0]), (
    "A 3 × 3 convolution from 1 to 8 channels at a quarter of the places, then 8 filters of "
    "5 × 5, as many places: expected 18, 50, 0 for each pixel of the result. "
    f"Received: {np.round(found, 2)}"
)
### BEGIN HIDDEN TESTS
import keras
import numpy as np
from keras import layers

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def layer_of(kind, size, filters):
    if kind == "enlarge":
        return layers.UpSampling2D(size)
    if kind == "depthwise":
        return layers.DepthwiseConv2D(size, padding="same")
    return layers.Conv2D(filters, size, 2 if kind == "halve" else 1, padding="same")


def counted(network, channels):
    """By building the network and looking at its layers."""
    x, counts = keras.Input((64, 64, channels)), []
    for kind, size, filters in network:
        layer = layer_of(kind, size, filters)
        x = layer(x)[..., :filters]
        weights = 0 if kind == "enlarge" else np.prod(layer.kernel.shape)
        counts.append(weights * x.shape[1] * x.shape[2])
    return np.array(counts) / (x.shape[1] * x.shape[2])


def price(kind, size, seen, filters):
    if kind == "enlarge":
        return 0
    return size**2 * filters * (1 if kind == "depthwise" else seen)


def of_all_channels(kind, size, seen, filters):
    return price("convolution" if kind == "depthwise" else kind, size, seen, filters)


def with_biases(kind, size, seen, filters):
    return price(kind, size, seen, filters) + (kind != "enlarge") * filters


def of_one_channel(kind, size, seen, filters):
    return price(kind, size, 1, filters)


def by_formula(price=price, places=lambda width, last, kind: (width / last) ** 2):
    def mistaken(network, channels):
        prices, widths, width = [], [], 1.0
        for kind, size, filters in network:
            width *= {"enlarge": size, "halve": 0.5}.get(kind, 1)
            prices.append(price(kind, size, channels, filters))
            widths.append(width)
            channels = filters
        kinds = [step[0] for step in network]
        shares = [places(x, width, y) for x, y in zip(widths, kinds, strict=True)]
        return np.array(prices) * shares

    return mistaken


def everywhere(width, last, kind):
    return (width * (2 if kind == "halve" else 1) / last) ** 2


def never_halved(network, channels):
    full = [(x if x != "halve" else "convolution", *rest) for x, *rest in network]
    return by_formula()(full, channels)


def channels_before(network, channels):
    """As if `enlarge` didn't change how many channels there are."""
    prices, widths, width = [], [], 1.0
    for kind, size, filters in network:
        width *= {"enlarge": size, "halve": 0.5}.get(kind, 1)
        prices.append(price(kind, size, channels, filters))
        widths.append(width)
        channels = channels if kind == "enlarge" else filters
    return np.array(prices) * (np.array(widths) / width) ** 2


def cases(rng):
    def few():
        return int(rng.integers(3, 30))

    a, b, c, d = few(), few(), few(), few()
    yield Case(
        "a network that enlarges first",
        ([("enlarge", 3, 1), ("convolution", 9, a), ("convolution", 5, 1)], 1),
    )
    yield Case(
        "a network that enlarges twice",
        (
            [
                *[("convolution", 3, 4 * a), ("convolution", 5, 4 * b)],
                *[("enlarge", 2, b), ("convolution", 3, 9 * c), ("enlarge", 3, c)],
                ("convolution", 7, 3),
            ],
            3,
        ),
    )
    yield Case(
        "a network with depthwise filters",
        (
            [
                *[
                    ("convolution", 1, a),
                    ("depthwise", 5, a),
                    ("convolution", 1, 4 * d),
                ],
                *[("enlarge", 2, d), ("depthwise", 3, d), ("convolution", 3, 2)],
            ],
            2,
        ),
    )
    yield Case(
        "a network that halves",
        (
            [
                *[("halve", 5, a), ("convolution", 3, b), ("halve", 3, 16 * c)],
                *[("enlarge", 4, c), ("depthwise", 3, c), ("convolution", 1, 4 * d)],
                ("enlarge", 2, d),
            ],
            3,
        ),
    )


TASK = Task(
    function="multiplications",
    example=(
        [
            *[("convolution", 5, 64), ("convolution", 3, 32), ("convolution", 3, 16)],
            ("enlarge", 4, 1),
        ],
        1,
    ),
    cases=cases,
    expected=counted,
    mistakes={
        "Each step is counted per pixel of the image that it works on. All should be "
        "counted per pixel of the result.": by_formula(places=lambda *_: 1),
        "The steps are counted per pixel of the image that comes in, not of the result."
        "": by_formula(places=lambda width, last, kind: width**2),
        "An image that is twice as wide is also twice as high: it has four times the "
        "places, not two.": by_formula(places=lambda width, last, kind: width / last),
        "`depthwise` is counted like a convolution. Its filters see one channel each.": (
            by_formula(of_all_channels)
        ),
        "`halve` is counted at all places. It is computed at a quarter of them.": (
            by_formula(places=everywhere)
        ),
        "`halve` doesn't make the image smaller for the steps that follow.": never_halved,
        "Biases are counted. They are added, not multiplied.": by_formula(with_biases),
        "The channels that come in are forgotten: a filter multiplies in each of them.": (
            by_formula(of_one_channel)
        ),
        "The step after `enlarge` gets the channels that come out of `enlarge`, not "
        "those that went in.": channels_before,
    },
    look='lesson 2, "What does it cost?"',
    blocked=("sr_utils.architecture.cost",),
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "weave-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 4: pixels that aren't square (4 points)
#
# Pixels of a DVD aren't square, so its pictures have to be enlarged more in one direction
# than in the other. And PyTorch, from which you may get your weights, sorts the channels in
# another order than Keras: all pixels of the first color come first.
#
# Write `weave(channels, down, across)`, which turns channels into pixels: `down` times as
# many rows and `across` times as many columns. Each small pixel becomes a rectangle of
# `down` × `across` pixels. In its row *i* and column *j*, counted from 0, color *c* is the
# channel number `(c * down + i) * across + j` of the small pixel.
#
# - `channels`: array `(batch, height, width, colors * down * across)` of floats; find out
#   `colors` from its shape. `down`, `across`: whole numbers, at least 1
# - returns: array `(batch, height * down, width * across, colors)`
# - example: two small pixels side by side, the left one with the channels 0, 1, …, 11, the
#   right one with 12, 13, …, 23. With `down` 2 and `across` 3, the first color is 0, 1, 2,
#   12, 13, 14 in the first row, and 3, 4, 5, 15, 16, 17 in the second
#
# In this task `depth_to_space` is missing in `sr_utils.layers`, `keras.ops` and `tf.nn`.


# %% nbgrader={"grade": false, "grade_id": "weave", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weave(channels, down, across):
    ### BEGIN SOLUTION
    batch, height, width, _ = channels.shape
    parts = channels.reshape(batch, height, width, -1, down, across)
    parts = parts.transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape(batch, height * down, width * across, -1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "weave-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
woven = weave(np.arange(24.0).reshape(1, 1, 2, 12), 2, 3)
assert woven is not None, "weave returns nothing: is the `return` missing?"
assert np.shape(woven) == (1, 2, 6, 2), (
    "Expected one image of 2 rows, 6 columns and 2 colors. "
    f"Received: shape {np.shape(woven)}"
)
first = np.array(woven)[0, ..., 0]
assert not np.array_equal(np.array(woven)[0, 0, 0], [0, 1]), (
    "The first pixel has the colors 0 and 1, which is the order of Keras. Here all pixels of "
    "the first color come first, so its second color is 6."
)
assert np.array_equal(first[0], [0, 1, 2, 12, 13, 14]), (
    "Expected 0, 1, 2, 12, 13, 14 in the first row: each small pixel becomes a rectangle of "
    "its own. Look again at lesson 2, `Enlarge at the end: sub-pixel convolution`. "
    f"Received: {first[0].tolist()}"
)
assert np.array_equal(first[1], [3, 4, 5, 15, 16, 17]), (
    "Expected 3, 4, 5, 15, 16, 17 in the second row, "
    f"after the right first row. Received: {first[1].tolist()}"
)
### BEGIN HIDDEN TESTS
import keras
import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def in_pytorchs_order(c, i, j, colors, down, across):
    return (c * down + i) * across + j


def in_keras_order(c, i, j, colors, down, across):
    return (i * across + j) * colors + c


def column_by_column(c, i, j, colors, down, across):
    return (c * across + j) * down + i


def picked(order=in_pytorchs_order):
    """Each pixel is looked up."""

    def weave(channels, down, across):
        _, height, width, depth = channels.shape
        colors = depth // (down * across)
        y, x, c = np.ogrid[: height * down, : width * across, :colors]
        number = order(c, y % down, x % across, colors, down, across)
        return channels[:, y // down, x // across, number]

    return weave


def side_by_side(channels, down, across):
    batch, height, width, _ = channels.shape
    parts = channels.reshape(batch, height, width, -1, down, across)
    pictures = parts.transpose(0, 4, 1, 5, 2, 3)
    return pictures.reshape(batch, height * down, width * across, -1)


def reshaped(channels, down, across):
    batch, height, width, _ = channels.shape
    return channels.reshape(batch, height * down, width * across, -1)


def colors_last(channels, down, across):
    """Rows and columns in order, but the number of the color wherever it was."""
    batch, height, width, _ = channels.shape
    parts = channels.reshape(batch, height, width, -1, down, across)
    parts = parts.transpose(0, 1, 4, 2, 3, 5)
    return parts.reshape(batch, height * down, width * across, -1)


def cases(rng):
    yield Case("an image in color", (rng.random((1, 5, 4, 3 * 6)), 3, 2))
    yield Case("a batch of three", (rng.random((3, 4, 6, 2 * 12)), 3, 4))
    yield Case("as many rows as columns", (rng.random((2, 6, 3, 4 * 4)), 2, 2))
    yield Case("more columns only", (np.float32(rng.random((1, 7, 2, 15))), 1, 5))
    yield Case("more rows only", (rng.random((2, 2, 5, 12)), 4, 1))


TASK = Task(
    function="weave",
    example=(np.arange(24.0).reshape(1, 1, 2, 12), 2, 3),
    cases=cases,
    expected=picked(),
    mistakes={
        "The channels are taken in the order of Keras, with the colors of one pixel side "
        "by side.": picked(in_keras_order),
        "Each rectangle is filled column by column. Fill it row by row.": picked(
            column_by_column
        ),
        "The channels lie side by side as small pictures. Each small pixel should become "
        "a rectangle of its own.": side_by_side,
        "The numbers stay in the order in which they lie in memory, so rows of a rectangle "
        "end up side by side.": reshaped,
        "The colors lie between the columns. They belong last.": colors_last,
    },
    look='lesson 2, "Enlarge at the end: sub-pixel convolution"',
    blocked=(
        "sr_utils.layers.depth_to_space",
        "tensorflow.nn.depth_to_space",
        *(x for x in ("keras.ops.depth_to_space",) if hasattr(keras.ops, x[10:])),
    ),
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "learner-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 5: a camera in 80 steps (4 points)
#
# Real cameras don't reduce by antialiased bicubic. Each blurs in its own way, perhaps more
# in one direction than in the other. Nobody tells your network how, but it gets 640 pairs of
# patches by one camera, in 80 batches of 8. It sees each pair once. Then it has to
# beat bicubic on two images by the same camera that it hasn't seen.
#
# Write `learner(scale)`, which returns a *compiled* Keras network. You choose its layers,
# loss, optimizer and learning rate. The grader trains it by `network.fit(lows, highs,
# batch_size=8, shuffle=False)`, for one epoch, and the cell of checks does the same.
#
# - `scale`: 2 or 3
# - returns: a compiled `keras.Model`. In: float32 `(batch, height, width, 3)` with values in
#   [0, 1]. The patches have 16 × 16 pixels, but the images are larger and not square. Out:
#   `(batch, height * scale, width * scale, 3)`
# - right if, for each camera, the mean PSNR of both images (of the luma, without `scale`
#   pixels at the border) is at least 0.7 dB higher than bicubic's
# - all three trainings together have 20 seconds of processor time. A network with about ten
#   thousand weights needs about one second for each
#
# The pictures that you are graded on are disks and stripes, drawn by the grader. All of
# `sr_utils` may be used.


# %% nbgrader={"grade": false, "grade_id": "learner", "locked": false, "schema_version": 3, "solution": true, "task": false}
def learner(scale):
    ### BEGIN SOLUTION
    from sr_utils.layers import Bicubic, depth_to_space

    small = keras.Input((None, None, 3))
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(small)
    last = layers.Conv2D(3 * scale**2, 3, padding="same", kernel_initializer="zeros")
    missing = depth_to_space(last(x), scale)
    network = keras.Model(small, Bicubic(scale)(small) + missing)
    network.compile(keras.optimizers.Adam(3e-3), "mse")
    return network
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "learner-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
from scipy import ndimage

from sr_utils import datasets, metrics
from sr_utils.resize import resize


def photographed(image):
    """A camera that blurs up and down more than sideways, and halves the size."""
    blurred = ndimage.gaussian_filter(image, (1.5, 0.6, 0))
    rows = (blurred[::2] + blurred[1::2]) / 2
    return (rows[:, ::2] + rows[:, 1::2]) / 2


rng = np.random.default_rng(0)
lows, highs = [], []
for image in datasets.training().values():
    image = image[: len(image) // 2 * 2, : image.shape[1] // 2 * 2]
    small = photographed(image)
    for y, x in rng.integers(0, np.array(small.shape[:2]) - 15, (50, 2)):
        lows.append(small[y : y + 16, x : x + 16])
        highs.append(image[2 * y : 2 * y + 32, 2 * x : 2 * x + 32])
chosen = rng.permutation(len(lows))[:640]
lows, highs = np.stack(lows)[chosen], np.stack(highs)[chosen]

keras.utils.set_random_seed(0)
network = learner(2)
assert network is not None, "learner returns nothing: is the `return` missing?"
assert network.compiled, "The network isn't compiled: call `network.compile(…)`."
assert network(lows[:1]).shape == (1, 32, 32, 3), (
    "Expected a patch of 16 × 16 pixels to become 32 × 32, in three colors. "
    f"Received: {network(lows[:1]).shape}"
)
# To compile would take longer than to train.
network.jit_compile = False
network.fit(lows, highs, batch_size=8, shuffle=False, verbose=0)
coffee = datasets.held_out()["coffee"][100:300, 150:450]
small = photographed(coffee)
results = [np.clip(resize(small, 2), 0, 1), np.clip(network(small[None])[0], 0, 1)]
bicubic, learned = (metrics.psnr(coffee, x, shave=2) for x in results)
print(f"bicubic: {bicubic:.2f} dB, your network: {learned:.2f} dB")
assert learned > bicubic - 0.05, (
    "The network is worse than bicubic. 80 steps aren't enough to learn to copy. Look "
    "again at lesson 2, `Learn the difference only`."
)
assert learned > bicubic + 0.7, (
    "The network gains less than 0.7 dB. Does it learn fast enough, and does it see enough "
    "pixels around each one? Look again at lesson 2, `The loss, and a trap in the learning "
    "rate`."
)
### BEGIN HIDDEN TESTS
import numpy as np
from scipy import ndimage

from sr_utils import images, metrics
from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task
from sr_utils.resize import resize

ORIGINALS = {}  # by the bytes of a small image; they never enter the sandbox


def inside(build, scale, lows, highs, *small):
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    network = build(scale)
    if network is None:
        return None
    if not getattr(network, "compiled", False):
        return "not compiled"
    if network(lows[:1]).shape != highs[:1].shape:
        return "another shape"
    network.jit_compile = False
    network.fit(lows, highs, batch_size=8, shuffle=False, verbose=0)
    return [np.array(network(image[None]))[0] for image in small]


def check(result, scale, lows, highs, *small):
    if result == "not compiled":
        return "The network isn't compiled."
    if result == "another shape":
        return "The network returns another shape than the text describes."
    originals = [ORIGINALS[image.tobytes()] for image in small]
    if [x.shape for x in result] != [x.shape for x in originals]:
        return "Images that are larger than a patch come out in another shape."
    if not all(np.isfinite(x).all() for x in result):
        return "The result holds NaN or infinity. Is the learning rate too high?"
    bicubic = decibels(originals, [resize(np.float64(x), scale) for x in small], scale)
    return of_gain(decibels(originals, result, scale) - bicubic)


def of_gain(gain):
    if gain > 0.7:
        return None
    if gain < -6:
        return (
            "The result has hardly anything to do with the picture. Are its values from 0 "
            "to 1, and does the network learn fast enough?"
        )
    if gain < -0.05:
        return "After 80 steps, the network is still worse than bicubic."
    if gain < 0.05:
        return "After 80 steps, the network is as good as bicubic: it hasn't learned."
    return "The network beats bicubic, but by less than 0.7 dB."


def decibels(originals, results, scale):
    found = [
        metrics.psnr(x, np.clip(y, 0, 1), shave=scale)
        for x, y in zip(originals, results, strict=True)
    ]
    return np.mean(found)


def picture(rng, height, width):
    """Disks that cover each other, each with a color and stripes of its own."""
    y, x = np.mgrid[:height, :width]
    drawn = np.full((height, width, 3), 0.5)
    for _ in range(250):
        top, left, radius = rng.random(3) * (height, width, 22)
        disk = (y - top) ** 2 + (x - left) ** 2 < (2 + radius) ** 2
        angle, period = rng.uniform(0, np.pi), rng.uniform(4, 12)
        along = y[disk] * np.cos(angle) + x[disk] * np.sin(angle)
        stripes = 0.1 * np.sin(2 * np.pi * along / period)
        drawn[disk] = rng.uniform(0.1, 0.9, 3) + stripes[:, None]
    return np.float32(np.clip(drawn, 0, 1))


def photographed(image, scale, blur):
    blurred = ndimage.gaussian_filter(image, (*blur, 0))
    height, width = np.array(image.shape[:2]) // scale
    squares = blurred.reshape(height, scale, width, scale, 3)
    return np.float32(images.quantize(squares.mean(axis=(1, 3))))


def camera(rng, scale, blur):
    pairs = []
    for _ in range(4):
        image = picture(rng, 64 * scale, 64 * scale)
        pairs.append((photographed(image, scale, blur), image))
    lows, highs = [], []
    for number in range(640):
        low, high = pairs[number % len(pairs)]
        y, x = rng.integers(0, 49, 2)
        lows.append(low[y:, x:][:16, :16])
        highs.append(high[scale * y :, scale * x :][: scale * 16, : scale * 16])
    return scale, np.stack(lows), np.stack(highs), *held_out(rng, scale, blur)


def held_out(rng, scale, blur):
    for height, width in ((40, 52), (56, 33)):
        original = picture(rng, height * scale, width * scale)
        small = photographed(original, scale, blur)
        ORIGINALS[small.tobytes()] = original
        yield small


def cases(rng):
    blur = rng.uniform(0.4, 0.6), rng.uniform(1.4, 1.6)
    yield Case("a camera that blurs rows", camera(rng, 2, blur))
    blur = rng.uniform(1.9, 2.2), rng.uniform(0.8, 1)
    yield Case("a scale of 3", camera(rng, 3, blur))


TASK = Task(
    function="learner",
    example=camera(np.random.default_rng(0), 2, (1.2, 0.8)),
    cases=cases,
    check=check,
    inside=inside,
    look='lesson 2, "Learn the difference only"',
    seconds=20,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "shaken-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 1: pairs that nobody aligned (3 points)
#
# A colleague has a thousand pairs like those of task 1, each moved by another whole number
# of pixels, from -2 to 2 in each direction, all equally likely. He trains on them with
# squared error as they are: "On average they are aligned, and the network is large. It only
# needs more steps." Which image does his network learn to return, compared with what it would
# learn from aligned pairs? Do more steps help? Answer in three or four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "shaken-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# Nothing in the small image says how its partner was moved, so the network can't know, and
# for squared error the best answer is the mean of all the moved originals. That is the
# picture it would have learned from aligned pairs, blurred by a box of 5 × 5 pixels. More
# steps and a larger network only come closer to this mean, since it is the minimum of the
# loss. What helps is to align the pairs first, as in task 1.
#
# Marks: one point each: it can't tell the moves apart, so it returns their mean; the mean is
# a blur over 5 × 5 pixels (an average over all moves); more steps don't help.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "patience-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 2: a matter of patience? (3 points)
#
# In task 5, most networks that aren't added to bicubic (or to another enlargement) stay
# below bicubic after 80 steps. "Such a sum is for people without patience", says a friend.
# "The same layers can compute the same pictures without it." In what is she right? What does
# the sum change all the same? And what would you measure, to find out whether it still pays
# after 200,000 steps? Answer in three or four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "patience-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# She is right that the sum adds hardly anything to what the layers *can* compute: they could
# learn to copy their input as well. It changes what a training finds in a given number of
# steps: it starts at bicubic, and has only the small difference left to learn. To find
# out what remains of it, train both networks for 200,000 steps on the same batches, with the
# same loss and learning rate, from several seeds, and compare their scores on images that
# neither has seen: it pays if the two differ by more than the seeds do.
#
# Marks: one point each: what can be computed is (nearly) the same; the sum starts at bicubic,
# or leaves less to learn; a fair comparison with one thing changed (same steps and batches),
# several seeds, held-out images.
# ### END SOLUTION
