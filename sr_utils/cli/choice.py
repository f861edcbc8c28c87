"""Which network fits a photograph: by the file it comes in, and by its noise.

A network that knows clean images only enlarges noise and the blocks of a lossy file,
too; the one for real photographs loses a little on clean images. Lesson 7.
"""

import functools

import numpy as np
from PIL import Image

CLEAN, REAL = "srresnet_x4", "srresnet_x4_real"
_LOSSY = ("JPEG", "MPO", "AVIF")
_NOISY = 3.5  # levels of 255
_BLOCK = 8  # pairs of pixels on each side of a block
_QUIET = 0.05  # share of the blocks that are the quietest


class Choice:
    """A function from a path and what its file holds to a method and a clause on it.

    Args:
        make: Function from the name of a network to its `enlarge.Method`. It is called
            once for `CLEAN`, so that an error comes before any work.
    """

    def __init__(self, make):
        self._make = functools.cache(make)
        self._make(CLEAN)

    def __call__(self, path, stored):
        """The `enlarge.Method`, and a clause that names it and says why."""
        why = _lossy(path) or _noisy(stored)
        name = REAL if why else CLEAN
        return self._make(name), f"by {name}, {why or 'neither lossy nor noisy'}"


def noise(pixels, top):
    """How noisy the quietest parts of an image are, as a standard deviation.

    Of every square of 2 x 2 pixels, one diagonal less the other: an even slope is gone,
    noise stays as strong as it is. Its median in blocks of 16 x 16 pixels is robust
    against edges; texture is left in all but the quietest blocks. It finds too little
    where black or white cuts the noise off, and too much where texture is everywhere.

    Args:
        pixels: `(height, width, channels)`.
        top: The value of white.

    Returns:
        In levels of 255; 0 for an image smaller than a block.

    Source: Donoho and Johnstone 1994, section 4.2: the median of the finest wavelet
    coefficients, divided by 0.6745.
    """
    height, width = (side // (2 * _BLOCK) for side in pixels.shape[:2])
    if not (height and width):
        return 0.0
    inside = pixels[: height * 2 * _BLOCK, : width * 2 * _BLOCK].astype(np.float32)
    squares = inside.reshape(height, _BLOCK, 2, width, _BLOCK, 2, -1)
    diagonal, other = np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)[::-1]
    apart = np.einsum("hiywjxc,yx->hiwjc", squares, (diagonal - other) / 2)
    medians = np.median(np.abs(apart), axis=(1, 3, 4))  # (height, width)
    return float(np.quantile(medians, _QUIET) / 0.6745 * 255 / top)


def _lossy(path):
    """Such as "since JPEG is lossy", or None."""
    try:
        with Image.open(path) as image:
            kind = image.format
    except OSError:  # a format that others decode
        return None
    if kind in _LOSSY or (kind == "WEBP" and b"VP8L" not in path.read_bytes()[:4096]):
        return f"since {'JPEG' if kind == 'MPO' else kind} is lossy"
    return None


def _noisy(stored):
    """That it is noisy, as a clause, or None."""
    noisy = noise(stored.pixels, stored.top) > _NOISY
    return "since it is noisy" if noisy else None
