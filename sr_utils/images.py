"""Photographs as arrays: read, write, check, quantize, crop, luma.

Everywhere in this package an image is a float32 array in [0, 1] of shape
`(height, width, 3)`, RGB, or `(height, width, 1)`, gray. This module is the edge where
files and 8-bit values are turned into that and back.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from . import formats


def check_image(image, argument="image"):
    """Return `image` as an array, or say what is wrong with it.

    Args:
        image: Array of shape `(height, width, 1)` or `(height, width, 3)`, of a
            floating dtype, finite, nominally in [0, 1]. Interpolation overshoots a
            little at edges, so values from -0.5 to 1.5 pass.
        argument: Name used in the error message.

    Returns:
        The same values as a NumPy array; the dtype is kept.

    Raises:
        ValueError: If the rank, dtype, size or range is another one.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise ValueError(
            f"Expected `{argument}` of shape (height, width, 3) or (height, width, 1). "
            f"Received: shape {image.shape}"
        )
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(
            f"Expected `{argument}` as float values in [0, 1]; divide 8-bit values by "
            f"255. Received: dtype {image.dtype}"
        )
    if image.size == 0:
        raise ValueError(
            f"Expected `{argument}` with at least one pixel. "
            f"Received: shape {image.shape}"
        )
    low, high = float(image.min()), float(image.max())
    if not (low >= -0.5 and high <= 1.5):
        raise ValueError(
            f"Expected `{argument}` with finite values in [0, 1]. "
            f"Received: values from {low:.4g} to {high:.4g}"
        )
    return image


def read(path, *, keep_gray=False):
    """Read any photograph as float32 RGB.

    8- and 16-bit files keep their precision, gray and palette images become RGB, CMYK
    is converted, transparent parts are laid over white, and the EXIF orientation is
    applied. Color profiles are ignored: values are taken as sRGB.

    Args:
        path: Image file in any format that Pillow, tifffile or imagecodecs decodes.
        keep_gray: If `True`, a file that stores one gray channel gives one channel.

    Returns:
        float32 array in [0, 1] of shape `(height, width, 3)`, or `(height, width, 1)`
        for a gray file with `keep_gray=True`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file isn't an image, is damaged, or has neither 8 nor 16
            bits per channel.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected an image file. Received: {path}")
    try:
        pixels = formats.decode(path)
    except Exception as error:  # decoders raise every type there is on damaged files
        raise ValueError(
            f"Expected an undamaged image file ({error}). Received: {path}"
        ) from error
    image = _over_white(pixels / np.float32(np.iinfo(pixels.dtype).max))
    return image if keep_gray else np.broadcast_to(image, (*image.shape[:2], 3)).copy()


def write(path, image, *, bits=8):
    """Write an image; the ending of `path` chooses the format.

    The file appears whole or not at all: it is written beside its place and renamed.

    Args:
        path: Where to write, ending in .png, .jpg, .webp, .tif or another ending that
            Pillow writes. Its folder must exist.
        image: float array in [0, 1], shape `(height, width, 3)` or
            `(height, width, 1)`. Values outside [0, 1] are clipped.
        bits: 8, or 16 for .png and .tif.

    Raises:
        FileNotFoundError: If the folder doesn't exist.
        ValueError: If the image, the ending or `bits` can't be written.
    """
    path = Path(path)
    image = check_image(image)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"Expected an existing folder. Received: {path.parent}")
    if bits == 8:
        data = formats.encode(path, to_uint8(image))
    elif bits == 16:
        data = formats.encode_deep(path, _to_integers(image, np.uint16))
    else:
        raise ValueError(f"Expected `bits` to be 8 or 16. Received: {bits!r}")
    _write_whole(path, data)


def to_uint8(image):
    """Round an image to the 256 levels an 8-bit file can hold (lesson 1).

    Args:
        image: float array with values in [0, 1]; values outside are clipped.

    Returns:
        uint8 array of the same shape; halves are rounded up, never truncated.
    """
    return _to_integers(image, np.uint8)


def quantize(image):
    """Round an image to 8 bits and return it as float32 in [0, 1] (lesson 1)."""
    return to_uint8(image) / np.float32(255)


def crop_to_multiple(image, scale):
    """Cut rows at the bottom and columns at the right until `scale` divides both.

    Args:
        image: Array of shape `(height, width, channels)`.
        scale: Integer factor of the super-resolution task.

    Returns:
        A view of shape `(height - height % scale, width - width % scale, channels)`.

    Raises:
        ValueError: If `scale` isn't a positive integer or nothing would be left.
    """
    if not isinstance(scale, int) or scale < 1:
        raise ValueError(f"Expected `scale` as a positive integer. Received: {scale!r}")
    height, width = image.shape[0], image.shape[1]
    if min(height, width) < scale:
        raise ValueError(
            f"Expected an image of at least {scale} x {scale} pixels for scale "
            f"{scale}. Received: {height} x {width}"
        )
    return image[: height - height % scale, : width - width % scale]


def luma(image):
    """Brightness as super-resolution papers score it: ITU-R BT.601, studio range.

    Args:
        image: float array in [0, 1]. RGB of shape `(height, width, 3)`, or
            `(height, width, 1)`, which is luma already and only scaled by 255.

    Returns:
        float64 array of shape `(height, width)`: black RGB is 16, white RGB is 235.

    Source: MATLAB's `rgb2ycbcr`; derived in lesson 1.
    """
    image = check_image(image).astype(np.float64)
    if image.shape[-1] == 1:
        return 255 * image[..., 0]
    return 16 + image @ np.array([65.481, 128.553, 24.966])


def _over_white(image):
    """Lay `(height, width, 2 or 4)` with its alpha channel over a white page."""
    if image.shape[-1] in (1, 3):
        return image
    color, alpha = image[..., :-1], image[..., -1:]
    return color * alpha + (1 - alpha)


def _to_integers(image, dtype):
    image = np.asarray(image)
    top = np.iinfo(dtype).max
    return np.floor(np.clip(image, 0, 1) * image.dtype.type(top) + 0.5).astype(dtype)


def _write_whole(path, data):
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
