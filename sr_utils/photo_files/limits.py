"""How large an image may be: by memory, and by the bytes that it comes in."""

import contextlib
import threading

from PIL import Image

from .. import runtime

_BYTES = 32  # of memory for a pixel: decoded, turned and as floats
# DEFLATE makes at most 8256 pixels of a byte (1032 bytes of 1 bit each). One flat color
# of 100 million pixels has 1340 for a byte as GIF, 8187 as PNG, 22 800 as AVIF, 25 800
# as WebP and 28 700 as JPEG 2000.
_PIXELS_PER_BYTE = 2**15
_ALWAYS = 2**24  # pixels, decoded in a second whatever the file says


class TooLargeError(ValueError):
    """An image that may be undamaged, but isn't decoded."""


def max_pixels():
    """The most pixels that this machine's memory has room for."""
    return runtime.memory() // _BYTES


def check(width, height, size, most=None):
    """Raise an error before an image is decoded that is too large, or a trap.

    Args:
        width: In pixels, as the header of the file says.
        height: Likewise.
        size: Bytes of the file.
        most: Pixels that are allowed; by default `max_pixels()`.

    Raises:
        TooLargeError: If the image has more pixels, or far more than its bytes hold.
    """
    pixels, most = width * height, max_pixels() if most is None else most
    if pixels > most:
        raise TooLargeError(
            f"Expected at most {most:,} pixels (max_pixels). "
            f"Received: {width:,} x {height:,}"
        )
    if pixels > max(_ALWAYS, size * _PIXELS_PER_BYTE):
        raise TooLargeError(
            f"Expected enough bytes for {width:,} x {height:,} pixels. "
            f"Received: {size:,} bytes"
        )


@contextlib.contextmanager
def left_to_check():
    """Leave the size of what Pillow opens in the block to `check`."""
    with _LOCK:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


_LOCK = threading.Lock()
