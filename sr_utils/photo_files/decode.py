"""Image files to arrays; well-kept libraries do the decoding.

PNG goes through imagecodecs, and so do the deep files that Pillow would cut to 8 bits:
`high_depth` has them. Pillow reads the rest.
"""

import io
import warnings
from functools import partial
from typing import NamedTuple

import imagecodecs
import numpy as np
from PIL import Image, ImageCms

from . import chunks, high_depth, limits

READABLE = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")
_NO_PHOTOGRAPHS = ("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF")
_SPACES = {b"GRAY": (1, 2), b"RGB ": (3, 4)}  # of color profiles, with channels
ONLY_FIRST = "it holds several images, of which the first is read"
ONLY_8_BITS = "it holds more than 8 bits per channel, of which 8 are read"
NOW_SRGB = "CMYK became sRGB"
NO_METADATA = "its metadata are damaged and left out"
NO_PROFILE = "its color profile is left out: damaged, over 1 MiB or of other colors"
TAKEN_AS_SRGB = "its own gamma or color space is left out: values are taken as sRGB"


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


def load(path, formats=None, *, max_pixels=None):
    """Decode a file without changing its colors, except that CMYK becomes sRGB.

    Metadata that are damaged are left out, with a note; damaged pixels are an error.

    Args:
        path: `pathlib.Path` of an image file.
        formats: Those of Pillow that are allowed; by default all photographs.
        max_pixels: The most pixels to decode; by default what memory has room for,
            `limits.max_pixels()`.

    Returns:
        `Stored`.

    Raises:
        limits.TooLargeError: If the image has more pixels, or far more than its bytes
            can hold; a `ValueError`.
        Exception: Of any type, as the libraries do on damaged or unusual files.
    """
    with path.open("rb") as file:
        header = file.read(32)
    check = partial(limits.check, size=path.stat().st_size, most=max_pixels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if header.startswith(chunks.PNG_SIGNATURE):
            return _load_png(path.read_bytes(), check)
        if high_depth.is_deep_tiff(path, header):
            pixels, top, profile, count = high_depth.load_tiff(path, check)
            return _stored(pixels, top, profile, [ONLY_FIRST] * (count > 1))
        with limits.left_to_check(), _opened(path, formats) as image:
            return _load_by_pillow(path, image, check)


def decode(path, max_pixels=None):
    """Decode a file into an upright image, transparent parts laid over white.

    Args:
        path: `pathlib.Path` of an image file.
        max_pixels: As in `load`.

    Returns:
        float32 array in [0, 1], `(height, width, 3)`, or `(height, width, 1)` if the
        file stores gray.

    Raises:
        Exception: Of any type, as the libraries do on damaged or unusual files.
    """
    stored = load(path, READABLE, max_pixels=max_pixels)
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


def _stored(pixels, top, profile, notes, orientation=1):
    """`Stored`, upright, with the profile if it describes colors like the pixels'."""
    pixels = high_depth.turned(np.atleast_3d(pixels), orientation)
    fits = pixels.shape[-1] in _SPACES.get((profile or b"")[16:20], ())
    if profile and not (fits and len(profile) <= chunks.LARGEST_PROFILE):
        return Stored(pixels, top, None, (*notes, NO_PROFILE))
    return Stored(pixels, top, profile or None, tuple(notes))


def _load_png(data, check):
    """What the bytes of a PNG file hold."""
    png = chunks.png(data)
    check(*png.size)
    pixels = imagecodecs.png_decode(png.pixels)
    orientation, notes = _orientation(partial(chunks.exif_of_png, png.tags))
    notes += [NO_METADATA] * bool(png.damaged and not notes)
    notes += [TAKEN_AS_SRGB] * (not chunks.is_srgb(png.colors))
    notes += [ONLY_FIRST] * png.animated
    try:
        profile = chunks.profile(png.colors)
    except ValueError:
        profile, notes = None, [*notes, NO_PROFILE]
    return _stored(pixels, np.iinfo(pixels.dtype).max, profile, notes, orientation)


def _opened(path, formats):
    """A file opened by Pillow; a WebP with damaged metadata without them."""
    try:
        return Image.open(path, formats=formats)
    except OSError:
        data = path.read_bytes()
        if data[:4] + data[8:12] != b"RIFFWEBP":
            raise
        image = Image.open(
            io.BytesIO(chunks.webp_without_metadata(data)), formats=formats
        )
        image.info["damaged"] = True
        return image


def _load_by_pillow(path, image, check):
    """What a file holds that Pillow opened."""
    if image.format in _NO_PHOTOGRAPHS:
        raise ValueError(f"a photograph expected, not {image.format}")
    check(*image.size)
    notes, profile = _notes(path, image), image.info.get("icc_profile")
    if image.format == "JPEG2000":
        data = path.read_bytes()
        profile = high_depth.jpeg2000_profile(data)
        if high_depth.is_deep_jpeg2000(data):
            deep = high_depth.load_jpeg2000(data, image.mode)
            return _stored(*deep, profile, notes)
    image.load()
    orientation, damaged = _orientation(partial(_exif, image))
    pixels, top = _pixels(image, profile)
    kept = None if image.mode == "CMYK" else profile
    return _stored(pixels, top, kept, notes + damaged, orientation)


def _orientation(exif):
    """Which side is up, 1 to 8, and a note if the EXIF data are damaged.

    Args:
        exif: Function that returns the `PIL.Image.Exif`, or raises any error.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            orientation, failed = exif().get(high_depth.ORIENTATION, 1), False
        except Exception:  # Pillow raises every type there is on damaged ones
            orientation, failed = 1, True
    return orientation, [NO_METADATA] * bool(failed or warned)


def _exif(image):
    """The EXIF data of an image; raises any error, or warns, if they are damaged."""
    Image.Exif().load(image.info.get("exif", b""))  # what Pillow hides after opening
    return image.getexif()


def _notes(path, image):
    """What of a file that Pillow opened will be lost."""
    several = getattr(image, "is_animated", False) and image.format != "MPO"
    notes = [ONLY_FIRST] * several + [NOW_SRGB] * (image.mode == "CMYK")
    notes += [NO_METADATA] * image.info.get("damaged", False)
    return notes + [ONLY_8_BITS] * _is_cut(path, image)


def _is_cut(path, image):
    """Whether Pillow cuts the colors of a file to 8 bits, by its header."""
    if image.format == "AVIF":
        return high_depth.is_deep_avif(path)
    if image.format not in ("PPM", "SGI") or image.mode.startswith("I"):
        return False
    codec, options = image.tile[0].codec_name, image.tile[0].args
    return codec == "SGI16" or (isinstance(options, tuple) and options[-1] > 255)


def _pixels(image, profile):
    """Pixels of an image that Pillow decoded, and the value of white."""
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
