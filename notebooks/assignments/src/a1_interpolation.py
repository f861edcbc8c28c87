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
except ModuleNotFoundError:  # on Colab, replace "../.." with "git+" and our address
    import subprocess
    import sys

    install = [sys.executable, "-m", "pip", "install", "--quiet", "../.."]
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
    look="lesson 1, One idea: a kernel slid over the grid",
    blocked=("sr_utils.resize.resize", "sr_utils.resize.weight_matrix"),
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS
