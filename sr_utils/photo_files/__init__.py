"""Photographs as files: reading and writing every format, depth and color.

`decode` reads, with `high_depth` for more than 8 bits, `chunks` for the metadata of PNG
and WebP, and `limits` on the size; `encode` writes, in bands; `atomic` lets a file
appear whole or not at all.
"""

from pathlib import Path

from ..images import to_rgb
from . import decode, limits


def read(path, *, keep_gray=False, max_pixels=None):
    """Read any photograph as float32 RGB.

    8- and 16-bit files keep their precision, gray and palette images become RGB, CMYK
    is converted, transparent parts are laid over white, and the EXIF orientation is
    applied. Color profiles are ignored: values are taken as sRGB. Of an animation or a
    file of several pages, the first is read.

    Args:
        path: JPEG, PNG, TIFF, WebP, BMP or GIF file.
        keep_gray: If `True`, a file that stores one gray channel gives one channel.
        max_pixels: The most pixels to decode; by default what memory has room for.

    Returns:
        float32 array in [0, 1] of shape `(height, width, 3)`, or `(height, width, 1)`
        for a gray file with `keep_gray=True`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file isn't such an image, is damaged or too large, or has
            more than 16 bits per channel.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected an image file. Received: {path}")
    try:
        image = decode.decode(path, max_pixels)
    except limits.TooLargeError as error:
        raise limits.TooLargeError(f"{error} in {path}") from error
    except Exception as error:  # decoders raise every type there is on damaged files
        raise ValueError(
            "Expected an undamaged JPEG, PNG, TIFF, WebP, BMP or GIF file of 8 or 16 "
            f"bits ({error}). Received: {path}"
        ) from error
    return image if keep_gray else to_rgb(image)
