"""Resizing as lesson 1 derives it: kernel, weight matrix, two matrix products.

The rules are those of MATLAB's `imresize`, which made the low-resolution images of the
published benchmarks: pixel centers lie at half-integers, a reduction widens the kernel
(antialiasing), and beyond the border the image is reflected.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, isclose

import numpy as np
import scipy.sparse

from .images import check_count, check_values

_DENOMINATOR = 1000  # of the fractions that floats may stand for


@dataclass(frozen=True)
class Kernel:
    """A one-dimensional interpolation kernel, as drawn in lesson 1.

    Attributes:
        function: Maps distances in pixels, a float array, to weights.
        radius: The weight is 0 at greater distances, in pixels.
    """

    function: Callable
    radius: float

    def __call__(self, distance):
        """Weights at `distance`, an array of distances in pixels."""
        return self.function(np.asarray(distance, dtype=np.float64))


def box(x):
    """One inside [-0.5, 0.5), zero outside: every pixel is a flat square."""
    return ((x >= -0.5) & (x < 0.5)).astype(np.float64)


def triangle(x):
    """Falls linearly from 1 to 0 within one pixel: straight lines between pixels."""
    return np.maximum(0, 1 - np.abs(x))


def cubic(x):
    """Two cubic pieces with slope continuity, a = -0.5 (Keys 1981, eq. 15)."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


def lanczos3(x):
    """The ideal low-pass filter sinc(x), faded out by sinc(x / 3) (Duchon 1979)."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


KERNELS = {
    "nearest": Kernel(box, 0.5),
    "box": Kernel(box, 0.5),
    "bilinear": Kernel(triangle, 1),
    "bicubic": Kernel(cubic, 2),
    "lanczos3": Kernel(lanczos3, 3),
}


def weight_matrix(size, scale, kernel="bicubic", antialias=None):
    """The matrix that resizes a line of `size` pixels.

    Row i holds the weights with which output pixel i is mixed from the input pixels.
    Every row sums to 1.

    Args:
        size: Number of input pixels, a positive integer.
        scale: Number; 4 enlarges four times, 0.5 and `Fraction(1, 4)` reduce. A float
            stands for the simplest fraction next to it, of a denominator up to 1000.
        kernel: A name in `KERNELS`.
        antialias: Whether a reduction widens the kernel by 1 / scale. By default it
            does, except for "nearest".

    Returns:
        Sparse float64 array (`scipy.sparse.csr_array`) of shape
        `(ceil(size * scale), size)`; `.toarray()` shows it.

    Raises:
        ValueError: If `size`, `scale` or `kernel` is not as described.

    Source: derived in lesson 1.
    """
    scale = _check_scale(scale)
    shape = _check_kernel(kernel)
    size = check_count(size, "size")
    if antialias is None:
        antialias = kernel != "nearest"
    stretch = float(max(1, 1 / scale)) if antialias else 1.0
    centers = _centers(ceil(size * scale), scale)  # (outputs,)
    first = np.floor(centers - shape.radius * stretch).astype(int)
    taps = first[:, None] + np.arange(ceil(2 * shape.radius * stretch) + 2)
    weights = shape((centers[:, None] - taps) / stretch)  # (outputs, taps)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.broadcast_to(np.arange(len(centers))[:, None], taps.shape)
    matrix = scipy.sparse.coo_array(
        (weights.ravel(), (rows.ravel(), _reflect(taps, size).ravel())),
        shape=(len(centers), size),
    ).tocsr()
    matrix.eliminate_zeros()
    return matrix


def resize(image, scale, kernel="bicubic", antialias=None):
    """Resize an image or a batch as MATLAB's `imresize` does in double precision.

    The result is linear in the image: nothing is clipped or rounded, so bicubic and
    Lanczos overshoot [0, 1] a little beside strong edges.

    Args:
        image: float32 or float64 array of shape `(height, width, channels)` or
            `(batch, height, width, channels)`, finite.
        scale: Number; 4 enlarges four times, 0.5 and `Fraction(1, 4)` reduce. A float
            stands for the simplest fraction next to it, of a denominator up to 1000.
        kernel: "nearest", "box", "bilinear", "bicubic" (a = -0.5) or "lanczos3".
        antialias: Whether a reduction widens the kernel by 1 / scale. By default it
            does, except for "nearest".

    Returns:
        Array of the same dtype, height and width each `ceil(size * scale)`.

    Raises:
        ValueError: If an argument is not as described.

    Source: derived in lesson 1; the reference is MATLAB's `imresize`.
    """
    image = _check_pixels(image)
    height, width = image.shape[-3:-1]
    rows = weight_matrix(height, scale, kernel, antialias).astype(image.dtype)
    columns = weight_matrix(width, scale, kernel, antialias).astype(image.dtype)
    return _along_axis(columns, _along_axis(rows, image, -3), -2)


def _along_axis(matrix, image, axis):
    """Multiply every line of `image` along `axis` by `matrix`."""
    lines = np.moveaxis(image, axis, 0)  # (size, ...)
    mixed = matrix @ lines.reshape(lines.shape[0], -1)  # (outputs, all other axes)
    return np.moveaxis(mixed.reshape(-1, *lines.shape[1:]), 0, axis)


def _centers(count, scale):
    """Where the output pixel centers lie, in input pixels; center i is at i."""
    odd = 2.0 * np.arange(count) + 1  # floats: exact here, and no integer overflow
    doubled = odd * float(scale.denominator) / float(scale.numerator)
    return (doubled - 1) / 2


def _reflect(index, size):
    """Mirror indices beyond the border back inside: ... 2 1 0 | 0 1 2 ..."""
    index = index % (2 * size)
    return np.minimum(index, 2 * size - 1 - index)


def _check_scale(scale):
    number = isinstance(scale, int | float | Fraction) and not isinstance(scale, bool)
    if not number or not 0 < scale < inf:
        raise ValueError(
            "Expected `scale` as a positive number, such as 4, 0.5 or Fraction(1, 4). "
            f"Received: {scale!r}"
        )
    return _simple_fraction(scale) if isinstance(scale, float) else Fraction(scale)


def _simple_fraction(scale):
    """The simplest fraction that a float stands for: 0.1 isn't exactly 1 / 10."""
    fraction = Fraction(scale).limit_denominator(_DENOMINATOR)
    if not isclose(fraction, scale, rel_tol=1e-9):
        raise ValueError(
            f"Expected `scale` as a fraction of a denominator up to {_DENOMINATOR}, or "
            f"as fractions.Fraction. Received: {scale!r}"
        )
    return fraction


def _check_kernel(kernel):
    if not isinstance(kernel, str) or kernel not in KERNELS:
        raise ValueError(f"Expected `kernel` in {list(KERNELS)}. Received: {kernel!r}")
    return KERNELS[kernel]


def _check_pixels(image):
    image = check_values(image)
    if image.ndim not in (3, 4):
        raise ValueError(
            "Expected `image` of shape (height, width, channels) or (batch, height, "
            f"width, channels). Received: shape {image.shape}"
        )
    return image
