"""Images as arrays: check, quantize, crop, luma.

Everywhere in this package an image is a float32 array in [0, 1] of shape
`(height, width, 3)`, RGB, or `(height, width, 1)`, gray. `photo_files` turns files into
that and back.
"""

import numpy as np

LUMA_WEIGHTS = np.array([65.481, 128.553, 24.966])  # of R, G, B; ITU-R BT.601


def check_image(image, argument="image"):
    """Return `image` as an array, or say what is wrong with it.

    Args:
        image: float32 or float64 array of shape `(height, width, 1)` or
            `(height, width, 3)`, finite, nominally in [0, 1]. Interpolation overshoots
            a little at edges, so values from -0.5 to 1.5 pass.
        argument: Name used in the error message.

    Returns:
        The same values as a NumPy array; the dtype is kept.

    Raises:
        ValueError: If the rank, dtype, size or range is another one.
    """
    image = check_values(image, argument)
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise ValueError(
            f"Expected `{argument}` of shape (height, width, 3) or (height, width, 1). "
            f"Received: shape {image.shape}"
        )
    low, high = image.min(), image.max()
    if low < -0.5 or high > 1.5:
        raise ValueError(
            f"Expected `{argument}` with values in [0, 1]. "
            f"Received: values from {low:.4g} to {high:.4g}"
        )
    return image


def check_values(values, argument="image"):
    """Return `values` as an array if it is float32 or float64, finite and not empty.

    Args:
        values: Array of any shape.
        argument: Name used in the error message.

    Raises:
        ValueError: If it is something else.
    """
    values = np.asarray(values)
    if values.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"Expected `{argument}` as float32 or float64 values in [0, 1]; divide "
            f"8-bit values by 255. Received: dtype {values.dtype}"
        )
    if values.size == 0:
        raise ValueError(
            f"Expected `{argument}` with at least one pixel. "
            f"Received: shape {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"Expected `{argument}` to be finite. Received: NaN or infinity"
        )
    return values


def check_count(value, argument, least=1):
    """Return `value` as an int if it is a whole number of at least `least`.

    Raises:
        ValueError: If it is something else.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(
            f"Expected `{argument}` as a whole number, {least} or more. "
            f"Received: {value!r}"
        )
    return int(value)


def to_rgb(image):
    """Repeat the channel of `(height, width, 1)` three times; RGB stays as it is."""
    return np.repeat(image, 3 // image.shape[-1], axis=-1)


def to_uint8(image):
    """Round an image to the 256 levels an 8-bit file can hold (lesson 1).

    Args:
        image: float32 or float64 array in [0, 1] of any shape; values outside are
            clipped.

    Returns:
        uint8 array of the same shape; halves are rounded up, never truncated.

    Raises:
        ValueError: If the dtype is another one, or a value isn't finite.
    """
    return to_integers(image, np.uint8)


def quantize(image):
    """Round an image to 8 bits and return it as float32 in [0, 1] (lesson 1)."""
    return to_uint8(image) / np.float32(255)


def crop_to_multiple(image, scale):
    """Cut rows at the bottom and columns at the right until `scale` divides both.

    Args:
        image: Array of shape `(height, width, channels)`.
        scale: Whole-number factor of the super-resolution task.

    Returns:
        A view of shape `(height - height % scale, width - width % scale, channels)`.

    Raises:
        ValueError: If `scale` isn't a positive integer or nothing would be left.
    """
    scale = check_count(scale, "scale")
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
    return 16 + image @ LUMA_WEIGHTS


def to_integers(image, dtype):
    """Round an image to all levels of an integer type, as `to_uint8` does for 8 bits.

    Args:
        image: float32 or float64 array in [0, 1] of any shape; values outside are
            clipped.
        dtype: uint8 or uint16.

    Raises:
        ValueError: As `to_uint8`.
    """
    image = check_values(image)
    top = np.iinfo(dtype).max
    return np.floor(np.clip(image, 0, 1) * image.dtype.type(top) + 0.5).astype(dtype)
