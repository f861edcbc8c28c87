"""Enlarge images of any size in tiles, with bounded memory and without seams.

A network is local: a pixel of its result depends on a square of the low-resolution
image, and its receptive radius says how far that square reaches. So a tile is enlarged
with that many pixels around it, which are cut off again, and the rest is right. At the
border of the image a tile ends where the image ends: what a network adds beyond the
border, zeros or repeated pixels, is then the same as without tiles. Lesson 5.
"""

from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from functools import partial
from math import ceil, isqrt
from typing import NamedTuple

import numpy as np

from . import runtime
from .ahead import ahead
from .images import check_count, check_image, to_integers
from .resize import KERNELS, resize

_WINDOW = 3 * 2**26  # bytes that a window may take; with more, tiles are hardly faster
_SHARE = 4  # of the memory that is free, a window takes one part in so many
_ROWS = 32  # that are converted at once, within the processor's caches
_NARROWEST = 32  # low-resolution pixels of a tile, however little memory is free


class Upscaler(NamedTuple):
    """What enlarges an image: call it like a function.

    `models.upscaler` makes one of a network, `interpolation` one of a kernel,
    `back_projection` one that needs no network either.

    Attributes:
        function: Maps float `(height, width, channels)` in [0, 1] to `(height * scale,
            width * scale, channels)` in [0, 1].
        scale: Whole number.
        radius: How many low-resolution pixels away a pixel of the result may look;
            `None` if that isn't known.
        memory: Bytes that `function` takes for each pixel of an image, about.
        in_parts: Whether `function` also takes two slices of an image, rows and
            columns, and then returns the result for these only, in less time.
    """

    function: Callable
    scale: int
    radius: int | None
    memory: int
    in_parts: bool = False

    def __call__(self, low):
        """Enlarge an image."""
        return self.function(low)


class Span(NamedTuple):
    """A tile along one axis, in low-resolution pixels.

    Attributes:
        window: What is enlarged, a slice of the image.
        core: What is kept of it, a slice of the image.
    """

    window: slice
    core: slice

    def place(self, scale, start=0):
        """The core as a slice of what is enlarged from `start` on."""
        return slice(*((x - start) * scale for x in (self.core.start, self.core.stop)))

    def kept(self, scale):
        """The core as a slice of the enlarged window."""
        return self.place(scale, self.window.start)


def tiled(model, image, tile=None, overlap=None, into=None):
    """Enlarge an image with a network, tile by tile.

    The result is that of `models.upscaler(model)(image)` to 1e-5; memory depends on the
    tile, except for image and result.

    Args:
        model: A network of `models`. It computes in float32.
        image: float RGB in [0, 1], `(height, width, 3)`; or gray, `(height, width, 1)`,
            which the network sees as RGB.
        tile: Largest width of what is kept of a tile, in low-resolution pixels; by
            default as memory allows.
        overlap: Pixels that are enlarged on each side of a tile and cut off again. By
            default the receptive radius of the network; with less, seams appear.
        into: Array to write to, uint8, uint16 or float32, of the shape of the result;
            by default a new float32 array. Floats take 4 times the memory of 8 bits;
            with integers here, the whole result is never held as floats.

    Returns:
        `into`, of shape `(height * scale, width * scale, channels)`: floats in [0, 1],
        or integers up to 255 or 65535.

    Raises:
        ValueError: If an argument isn't as described, or the network isn't local.

    Source: lesson 5.
    """
    from .architecture import receptive_radius  # kernels do without Keras
    from .models import upscaler as of_network

    receptive_radius(model)  # says which layer isn't local
    image, upscaler = check_image(image), of_network(model, compiled=True)
    height, width, channels = image.shape
    shape = (height * upscaler.scale, width * upscaler.scale, channels)
    into = np.empty(shape, "float32") if into is None else into
    if into.shape != shape:
        raise ValueError(f"Expected `into` of shape {shape}. Received: {into.shape}")
    top = 0
    for band in bands(upscaler, image, tile, overlap, into.dtype):
        into[top : top + len(band)] = band
        top += len(band)
    return into


def bands(
    upscaler, image, tile=None, overlap=None, dtype="float32", done=None, compute=None
):
    """Enlarge an image from top to bottom, in bands of the full width.

    A file can be written band by band, so that nothing ever holds the whole result. The
    next tiles are enlarged, in another thread, while a band is used.

    Args:
        upscaler: An `Upscaler`.
        image: Array of shape `(height, width, channels)`, parts of which are enlarged.
        tile: As in `tiled`.
        overlap: As in `tiled`; by default `upscaler.radius`.
        dtype: Of the bands: float32, uint8 or uint16.
        done: Called with the number of pixels of each finished part of the result.
        compute: Function from an iterator of arguments of `core`, after the first, to
            an iterator of its results; by default they are computed here.

    Returns:
        Generator of arrays `(rows, width * scale, channels)`, of varying height.

    Raises:
        ValueError: If `tile`, `overlap` or `dtype` isn't as described.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.uint8, np.uint16):
        raise ValueError(
            f"Expected values of float32, uint8 or uint16. Received: {dtype}"
        )
    rows, columns = tiles(image.shape, upscaler, tile, overlap)
    windows = (
        (image[row.window, column.window], row, column)
        for row in rows
        for column in columns
    )
    compute = compute or partial(_ahead, upscaler)
    return _bands(compute(windows), image, rows, columns, upscaler.scale, dtype, done)


def tiles(shape, upscaler, tile=None, overlap=None):
    """The spans of the rows and of the columns; every pair of them is a tile.

    Args:
        shape: Of the low-resolution image; height and width come first.
        upscaler: An `Upscaler`.
        tile: As in `tiled`.
        overlap: As in `bands`.

    Raises:
        ValueError: If no overlap is given and the radius of the upscaler isn't known.
    """
    overlap = upscaler.radius if overlap is None else overlap
    if overlap is None:
        raise ValueError(
            "Expected an upscaler whose `radius` is known, or `overlap`. Received: None"
        )
    most = _fitting(upscaler.memory, overlap) if tile is None else tile
    return tuple(spans(x, _even(x, most, overlap), overlap) for x in shape[:2])


def spans(size, tile, overlap):
    """Cover a line of pixels with windows that are all equally wide.

    A new shape costs a network time to plan; so the last window is shifted inward and
    overlaps more. Cores meet without a gap; a window reaches `overlap` pixels beyond
    its core, or to the border.

    Args:
        size: Number of pixels.
        tile: Width of a core, at least 1. Windows are `tile + 2 * overlap` wide.
        overlap: At least 0.

    Returns:
        List of `Span`.
    """
    tile = check_count(tile, "tile")
    overlap = check_count(overlap, "overlap", least=0)
    width = min(tile + 2 * overlap, size)
    count = max(1, ceil((size - 2 * overlap) / tile))
    starts = [min(i * tile, size - width) for i in range(count)]  # of the windows
    edges = [0, *(start + overlap for start in starts[1:]), size]  # of the cores
    return [
        Span(slice(start, start + width), slice(*edges[i : i + 2]))
        for i, start in enumerate(starts)
    ]


def core(upscaler, window, row, column):
    """Enlarge a window of an image and cut off what isn't kept of it.

    Args:
        upscaler: An `Upscaler`.
        window: Part of an image, `(height, width, channels)`.
        row: The `Span` of its rows.
        column: Likewise.

    Returns:
        Float array `(rows * scale, columns * scale, channels)` in [0, 1].
    """
    if upscaler.in_parts:
        return upscaler.function(window, row.kept(1), column.kept(1))
    large = upscaler(window)
    return large[row.kept(upscaler.scale), column.kept(upscaler.scale)]


def interpolation(name, scale):
    """The `Upscaler` of an interpolation kernel, clipped to [0, 1].

    Args:
        name: In `resize.KERNELS`.
        scale: Whole number.
    """
    radius = ceil(KERNELS[name].radius)
    return Upscaler(
        lambda x: np.clip(resize(x, scale, name), 0, 1), scale, radius, _room(scale)
    )


def self_ensemble(upscaler):
    """The mean of what an upscaler makes of an image in all 8 positions.

    The image is mirrored and turned by quarters, enlarged, and each result is put back.
    What depends on the position cancels; it takes 8 times the time.

    Args:
        upscaler: An `Upscaler`.

    Returns:
        An `Upscaler` of the same scale and radius.

    Source: Timofte et al. 2016, section 3.5 ("enhanced prediction"); its results are
    marked with a "+" in published tables.
    """

    def function(low):
        return sum(map(partial(_in_position, upscaler, low), range(8))) / 8

    return upscaler._replace(function=function, in_parts=False)


def _in_position(upscaler, low, position):
    """Enlarge an image turned by 0 to 3 quarters, from 4 on mirrored; put it back."""
    turns, mirrored = position % 4, position > 3
    low = np.rot90(low[:, ::-1] if mirrored else low, turns)
    large = np.rot90(upscaler(np.ascontiguousarray(low)), -turns)
    return large[:, ::-1] if mirrored else large


def back_projection(scale, steps=10):
    """The `Upscaler` that corrects bicubic until it shrinks back to what it came from.

    In each step it shrinks the result, enlarges what is missing to the low-resolution
    image, and adds that.

    Args:
        scale: Whole number.
        steps: How often; after 10, nothing changes that can be seen.

    Source: Irani and Peleg 1991; lesson 1, exercise 5.
    """
    radius = ceil(KERNELS["bicubic"].radius) * (1 + 2 * steps)
    return Upscaler(
        lambda x: _back_projected(x, scale, steps), scale, radius, _room(scale)
    )


def _back_projected(low, scale, steps):
    result = resize(low, scale)
    for _ in range(steps):
        missing = low - resize(result, Fraction(1, scale))
        result = result + resize(missing, scale)
    return np.clip(result, 0, 1)


def _ahead(upscaler, windows):
    return ahead(core(upscaler, *window) for window in windows)


def _bands(cores, image, rows, columns, scale, dtype, done):
    """All tiles of each row, side by side: (rows, width * scale, channels)."""
    with closing(cores):
        for row in rows:
            height = (row.core.stop - row.core.start) * scale
            shape = height, image.shape[1] * scale, image.shape[-1]
            band = np.empty(shape, dtype)
            for column, core in zip(columns, cores, strict=False):
                _fill(band[:, column.place(scale)], core)
                if done:
                    done(core.shape[0] * core.shape[1])
            yield band


def _fitting(memory, overlap):
    """The width of a tile whose window fits well into the memory that is free."""
    most = min(_WINDOW, runtime.free_memory() // _SHARE)
    return max(_NARROWEST, isqrt(most // memory) - 2 * overlap)


def _even(size, most, overlap):
    """The width up to `most` that cuts a line into as many tiles, all nearly alike."""
    inner = max(1, size - 2 * check_count(overlap, "overlap", least=0))
    return ceil(inner / ceil(inner / check_count(most, "tile")))


def _room(scale):
    """Bytes that a resize takes for a pixel: float64, up to 4 channels, and a copy."""
    return 2 * 8 * 4 * scale**2


def _fill(place, values):
    """Write values in [0, 1], or of its own type, to a place, few rows at a time."""
    round_ = place.dtype.kind == "u" and values.dtype.kind == "f"
    for i in range(0, len(values), _ROWS):
        rows = values[i : i + _ROWS]
        place[i : i + _ROWS] = to_integers(rows, place.dtype) if round_ else rows
