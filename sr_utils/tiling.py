"""Enlarge images of any size in tiles, with bounded memory and without seams.

A network is local: a pixel of its result depends on a square of the low-resolution
image, and `receptive_radius` says how far that square reaches. So a tile is enlarged
with that many pixels around it, which are cut off again, and the rest is right. At the
border of the image a tile ends where the image ends: what a network adds beyond the
border, zeros or repeated pixels, is then the same as without tiles. Lesson 5.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from typing import NamedTuple

import numpy as np

from .images import check_count, check_image, to_integers, to_rgb
from .resize import KERNELS, resize
from .runtime import graph

TILE = 192  # low-resolution pixels; larger ones take more memory and little less time
_POINTWISE = (
    "Activation",
    "Add",
    "BatchNormalization",
    "InputLayer",
    "LeakyReLU",
    "Luma",
    "ReLU",
    "Rescaling",
    "Subtract",
)


class Upscaler(NamedTuple):
    """What tiling needs to know.

    Attributes:
        function: Maps float `(height, width, channels)` to `(height * scale,
            width * scale, channels)`, each pixel from its surroundings alone.
        scale: Whole number.
        radius: How many low-resolution pixels away a pixel of the result may look.
    """

    function: Callable
    scale: int
    radius: int


class Span(NamedTuple):
    """A tile along one axis, in low-resolution pixels.

    Attributes:
        window: What is enlarged, a slice of the image.
        core: What is kept of it, a slice of the image.
    """

    window: slice
    core: slice


def tiled(model, image, tile=TILE, overlap=None, into=None):
    """Enlarge an image with a network, tile by tile.

    The result is that of `models.upscaler(model)(image)` to 1e-5; memory depends on the
    tile, except for image and result.

    Args:
        model: A network of `models`. It computes in float32.
        image: float RGB in [0, 1], `(height, width, 3)`; or gray, `(height, width, 1)`,
            which the network sees as RGB.
        tile: Width of what is kept of a tile, in low-resolution pixels.
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
    image, upscaler = check_image(image), network(model)
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


def bands(upscaler, image, tile=TILE, overlap=None, dtype="float32"):
    """Enlarge an image from top to bottom, in bands of the full width.

    A file can be written band by band, so that nothing ever holds the whole result.

    Args:
        upscaler: An `Upscaler`, such as `network(model)` or `kernel("bicubic", 4)`.
        image: Array of shape `(height, width, channels)`, parts of which go to
            `upscaler.function`.
        tile: As in `tiled`.
        overlap: As in `tiled`; by default `upscaler.radius`.
        dtype: Of the bands: float32, uint8 or uint16.

    Yields:
        Arrays of shape `(rows, width * scale, channels)`. Their number of rows varies.

    Raises:
        ValueError: If `tile`, `overlap` or `dtype` isn't as described.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.uint8, np.uint16):
        raise ValueError(
            f"Expected values of float32, uint8 or uint16. Received: {dtype}"
        )
    rows, columns = tiles(image.shape, upscaler, tile, overlap)
    for row in rows:
        cores = (_core(upscaler, image, row, column) for column in columns)
        yield np.concatenate([_converted(core, dtype) for core in cores], axis=1)


def tiles(shape, upscaler, tile=TILE, overlap=None):
    """The spans of the rows and of the columns; every pair of them is a tile.

    Args:
        shape: Of the low-resolution image; height and width come first.
        upscaler: An `Upscaler`.
        tile: As in `tiled`.
        overlap: As in `bands`.
    """
    overlap = upscaler.radius if overlap is None else overlap
    return tuple(spans(size, tile, overlap) for size in shape[:2])


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
    starts = [min(i * tile, size - width) for i in range(count)]
    edges = [0, *(start + overlap for start in starts[1:]), size]
    return [
        Span(slice(start, start + width), slice(*edges[i : i + 2]))
        for i, start in enumerate(starts)
    ]


def network(model):
    """The `Upscaler` of a network as it is now, in float32, clipped to [0, 1].

    Gray, `(height, width, 1)`, goes through the network as RGB and comes back as gray.

    Raises:
        ValueError: If the network has a layer whose reach isn't known.
    """
    from keras import ops  # needed here only: kernels do without Keras

    from .models import in_float32

    exact = in_float32(model)
    call = graph(exact)

    def enlarge(image):
        large = call(to_rgb(image)[None].astype("float32"))
        large = np.clip(ops.convert_to_numpy(large)[0], 0, 1)
        return large.mean(-1, keepdims=True) if image.shape[-1] == 1 else large

    return Upscaler(enlarge, *_scale_and_radius(exact))


def kernel(name, scale):
    """The `Upscaler` of an interpolation kernel, clipped to [0, 1].

    Args:
        name: In `resize.KERNELS`.
        scale: Whole number.
    """
    radius = ceil(KERNELS[name].radius)
    return Upscaler(lambda x: np.clip(resize(x, scale, name), 0, 1), scale, radius)


def receptive_radius(model):
    """How many low-resolution pixels around a place count for a network's result there.

    A pixel of the result lies in one low-resolution pixel. It depends on those up to
    this many rows and columns away, and on no others. A convolution of width k adds
    (k - 1) / 2 pixels of the image it works on; after enlargement by z, such a pixel is
    1 / z low-resolution pixels wide. The total is rounded up.

    Args:
        model: A network of `models` that returns an image.

    Returns:
        int. 20 for `srresnet` with 8 blocks at scale 4.

    Raises:
        ValueError: If the network has a layer whose reach isn't known.

    Source: derived in lesson 5.
    """
    from .models import in_float32

    return _scale_and_radius(in_float32(model))[1]


def _scale_and_radius(model):
    """Follow the layers from input to output; each has been called once."""
    import keras

    known = {}
    for operation in model.operations:
        before = [known[id(x)] for x in keras.tree.flatten(operation.input)]
        zoom, reach = (max(x) for x in zip(*before or [(1, Fraction(0))], strict=True))
        factor, pixels = _effect(operation)
        known[id(operation.output)] = zoom * factor, reach + Fraction(pixels, zoom)
    scale, reach = known[id(model.output)]
    return scale, ceil(reach)


def _effect(operation):
    """By which factor a layer enlarges, and how many pixels away it looks."""
    kind = type(operation).__name__
    if kind == "Conv2D" and set(operation.strides) == {1}:
        widths = zip(operation.kernel_size, operation.dilation_rate, strict=True)
        return 1, max(((size - 1) * rate + 1) // 2 for size, rate in widths)
    if kind == "EdgePadding":  # a valid convolution follows, whose reach is counted
        return 1, 0
    if kind == "Bicubic":
        return operation.scale, 2
    if kind == "DepthToSpace":
        return operation.block_size, 0
    if kind in _POINTWISE:
        return 1, 0
    raise ValueError(
        "Expected a network of convolutions with stride 1, sub-pixel stages and "
        f"operations on single pixels. Received: {kind} {operation.name!r}"
    )


def _core(upscaler, image, row, column):
    """Enlarge a window and cut off what isn't kept of it."""
    large = upscaler.function(image[row.window, column.window])
    return large[tuple(_within(span, upscaler.scale) for span in (row, column))]


def _within(span, scale):
    """The enlarged core as a slice of the enlarged window."""
    first = span.window.start
    return slice((span.core.start - first) * scale, (span.core.stop - first) * scale)


def _converted(values, dtype):
    return values.astype(dtype) if dtype == np.float32 else to_integers(values, dtype)
