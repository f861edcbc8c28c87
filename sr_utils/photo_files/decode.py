"""Image files to arrays and back; well-kept libraries do the decoding.

Pillow reads the formats that hold 8 bits per channel, `high_depth` the others.
"""

import io
import warnings
from typing import NamedTuple

import imagecodecs
import numpy as np
from PIL import Image, ImageCms, ImageOps

from . import high_depth

READABLE = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")
_NO_PHOTOGRAPHS = ("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF")
_SPACES = {b"GRAY": (1, 2), b"RGB ": (3, 4)}  # of color profiles, with channels
_DECODERS = {"JPEG2000": imagecodecs.jpeg2k_decode, "AVIF": imagecodecs.avif_decode}
ONLY_FIRST = "it holds several images, of which the first is read"
ONLY_8_BITS = "it holds more than 8 bits per channel, of which 8 are read"
NOW_SRGB = "CMYK became sRGB"


class Stored(NamedTuple):
    """What a file holds, upright.

    Attributes:
        pixels: uint8 or uint16 of shape `(height, width, channels)`: 1 for gray, 3 for
            RGB, one more for alpha, which isn't multiplied into the colors.
        top: The value of white and of opaque, such as 255 or 65535.
        profile: The ICC color profile, bytes; `None` for sRGB.
        notes: What of the file isn't in `pixels`, clauses for the user.
    """

    pixels: np.ndarray
    top: int
    profile: bytes | None = None
    notes: tuple = ()


def load(path, formats=None):
    """Decode a file without changing its colors, except that CMYK becomes sRGB.

    Args:
        path: `pathlib.Path` of an image file.
        formats: Those of Pillow that are allowed; by default all photographs.

    Returns:
        `Stored`.

    Raises:
        Exception: Of any type, as the libraries do on damaged or unusual files.
    """
    with path.open("rb") as file:
        header = file.read(32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        if high_depth.is_deep_tiff(path, header):
            pixels, top, profile, count = high_depth.load_tiff(path)
            return _stored(pixels, top, profile, [ONLY_FIRST] * (count > 1))
        with Image.open(path, formats=formats) as image:
            profile, notes = image.info.get("icc_profile"), _notes(path, image)
            if high_depth.is_deep_png(header):
                return _stored(high_depth.load_png(path, image), 65535, profile, notes)
            pixels, top = _pixels(image, profile)
            kept = None if image.mode == "CMYK" else profile
            return _stored(pixels, top, kept, notes)


def decode(path):
    """Decode a file into an upright image, transparent parts laid over white.

    Args:
        path: `pathlib.Path` of an image file.

    Returns:
        float32 array in [0, 1], `(height, width, 3)`, or `(height, width, 1)` if the
        file stores gray.

    Raises:
        Exception: Of any type, as the libraries do on damaged or unusual files.
    """
    stored = load(path, READABLE)
    return over_white(stored.pixels / np.float32(stored.top))


def over_white(image):
    """Lay floats `(height, width, 2 or 4)` with their alpha over a white page."""
    if image.shape[-1] in (1, 3):
        return image
    color, alpha = image[..., :-1], image[..., -1:]
    return color * alpha + (1 - alpha)


def photograph_endings():
    """The endings, such as ".jpg", of the photographs that Pillow reads."""
    endings = Image.registered_extensions().items()
    readable = set(Image.OPEN).difference(_NO_PHOTOGRAPHS)
    return {ending for ending, name in endings if name in readable}


def _stored(pixels, top, profile, notes):
    """`Stored`, with the profile if it describes colors like those of the pixels."""
    pixels = np.atleast_3d(pixels)
    fits = pixels.shape[-1] in _SPACES.get((profile or b"")[16:20], ())
    return Stored(pixels, top, profile if fits else None, tuple(notes))


def _notes(path, image):
    """What of a file that Pillow opened will be lost."""
    if image.format in _NO_PHOTOGRAPHS:
        raise ValueError(f"a photograph expected, not {image.format}")
    several = getattr(image, "n_frames", 1) > 1 and image.format != "MPO"
    notes = [ONLY_FIRST] * several + [NOW_SRGB] * (image.mode == "CMYK")
    return notes + [ONLY_8_BITS] * (image.mode == "RGB" and _holds_more(path, image))


def _holds_more(path, image):
    """Whether Pillow cuts the colors of a file to 8 bits."""
    if image.format == "PPM":
        options = image.tile[0].args
        return isinstance(options, tuple) and options[-1] > 255
    decoder = _DECODERS.get(image.format)
    return decoder is not None and decoder(path.read_bytes()).dtype != np.uint8


def _pixels(image, profile):
    """Upright pixels of an image that Pillow opened, and the value of white."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        raise ValueError("8 or 16 bits per channel expected, not floats")
    if image.mode.startswith("I"):
        return _deep_gray(np.asarray(image)), 65535
    if image.mode == "CMYK":
        return np.asarray(_from_cmyk(image, profile)), 255
    gray = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        return np.asarray(image.convert("LA" if gray else "RGBA")), 255
    return np.asarray(image.convert("L" if gray else "RGB")), 255


def _deep_gray(values):
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("8 or 16 bits per channel expected")
    return values.astype(np.uint16)


def _from_cmyk(image, profile):
    """Convert to sRGB by the profile of the file, or without one by a formula."""
    try:
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(
            image, io.BytesIO(profile or b""), srgb, outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):
        return image.convert("RGB")
