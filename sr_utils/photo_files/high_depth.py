"""TIFF and JPEG 2000 files of more than 8 bits per channel.

Pillow cuts deep color to 8 bits, and in JPEG 2000 makes white black, so deep TIFF goes
through tifffile and deep JPEG 2000 through imagecodecs.
"""

import imagecodecs
import numpy as np
import tifffile

_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 0x0112  # the same tag in EXIF and TIFF
_PROFILE = 34675  # tag of TIFF
_SIZE_MARKER = b"\xff\x4f\xff\x51"  # begins the codestream of JPEG 2000
_UPRIGHT = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels),
}


def is_deep_tiff(path, header):
    """Whether a file is a TIFF whose first image has more than 8 bits per channel.

    Raises:
        ValueError: If that image is only a preview, a volume or of signed numbers.
    """
    if not header.startswith(_TIFF_SIGNATURES):
        return False
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        if page.is_reduced:
            raise ValueError("the first image in the file is only a preview")
        if page.imagedepth > 1:
            raise ValueError(f"a flat image expected, not {page.imagedepth} slices")
        if page.sampleformat == tifffile.SAMPLEFORMAT.INT:
            raise ValueError(f"unsigned numbers expected, not int{page.bitspersample}")
        return np.max(page.bitspersample) > 8


def load_tiff(path, check):
    """The first image of a deep TIFF.

    Args:
        path: `pathlib.Path` of the file.
        check: Function of width and height that raises an error if they are too large.

    Returns:
        Upright uint16 pixels, `(height, width, channels)`, alpha last and not
        multiplied into the colors; the value of white; the color profile or `None`; the
        number of images in the file.

    Raises:
        ValueError: If it isn't gray or RGB, too large, or of more than 16 bits.
    """
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        check(page.imagewidth, page.imagelength)
        pixels, top = _tiff_pixels(page), 2**page.bitspersample - 1
        orientation, profile = (page.tags.get(x) for x in (ORIENTATION, _PROFILE))
        pixels = turned(pixels, orientation.value if orientation else 1)
        pixels = _with_straight_alpha(page, np.atleast_3d(pixels), top)
        return pixels, top, profile and bytes(profile.value), len(tiff.pages)


def is_deep_avif(path):
    """Whether an AVIF file says that it has 10 or 12 bits per channel.

    Source: the property "av1C" of the AV1 specification for ISO media files, section 2.
    """
    _, found, configuration = path.read_bytes().partition(b"av1C")
    return bool(found and configuration[2] & 0x40)


def is_deep_jpeg2000(data):
    """Whether the bytes of a JPEG 2000 file have more than 8 bits per channel."""
    return _jpeg2000_bits(data) > 8


def load_jpeg2000(data, mode):
    """Pixels of a deep JPEG 2000 file.

    Args:
        data: The bytes of the file.
        mode: What Pillow makes of them, such as "RGB".

    Returns:
        uint16 pixels, `(height, width)` or `(height, width, channels)`, alpha last; the
        value of white.

    Raises:
        ValueError: If it isn't gray or RGB, or of more than 16 bits.
    """
    if mode not in ("L", "I;16", "LA", "RGB", "RGBA"):
        raise ValueError(f"gray or RGB expected, not {mode}")
    bits = _jpeg2000_bits(data)
    if bits > 16:
        raise ValueError("8 to 16 unsigned bits per channel expected")
    if jpeg2000_profile(data):  # which the decoder would apply
        data = data[data.index(_SIZE_MARKER) :]
    return imagecodecs.jpeg2k_decode(data), 2**bits - 1


def jpeg2000_profile(data):
    """The color profile in the bytes of a JPEG 2000 file, or `None`.

    Source: the box "colr" of ITU-T T.800, section I.5.3.3; Pillow passes over it.
    """
    boxes, _, _ = data.partition(_SIZE_MARKER)
    _, found, profile = boxes.partition(b"colr\2")  # then precedence, approximation
    return profile[2:][: int.from_bytes(profile[2:6])] if found else None


def turned(pixels, orientation):
    """Turn pixels `(height, width, …)` upright; EXIF's `orientation` is 1 to 8."""
    return _UPRIGHT.get(orientation, _UPRIGHT[1])(pixels)


def _jpeg2000_bits(data):
    """Bits of the first channel, with 128 more if its numbers are signed.

    Source: the marker "SIZ" of ITU-T T.800, section A.5.1.
    """
    _, found, size = data.partition(_SIZE_MARKER)
    if not found:
        raise ValueError("the size of the JPEG 2000 image is missing")
    return size[38] + 1


def _tiff_pixels(page):
    """Integers of a page, channels last."""
    if page.bitspersample > 16 or page.dtype.kind != "u":
        raise ValueError(f"8 or 16 bits per channel expected, not {page.dtype}")
    if page.photometric.name not in ("MINISBLACK", "MINISWHITE", "RGB"):
        raise ValueError(f"gray or RGB expected, not {page.photometric.name}")
    pixels = page.asarray()
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim not in (2, 3):
        raise ValueError(f"one flat image expected, not {pixels.shape}")
    return pixels


def _with_straight_alpha(page, pixels, top):
    """Color, and the alpha channel of a TIFF if it says that it has one."""
    colors = 3 if page.photometric == tifffile.PHOTOMETRIC.RGB else 1
    color, alpha = pixels[..., :colors], pixels[..., colors : colors + 1]
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        color = top - color
    kind = page.extrasamples[0].name if page.extrasamples else ""
    if kind == "ASSOCALPHA":
        straight = np.float32(top) * color / np.maximum(alpha, 1)
        color = np.round(np.minimum(straight, top)).astype(pixels.dtype)
    with_alpha = kind in ("ASSOCALPHA", "UNASSALPHA")
    return np.concatenate([color, alpha], axis=-1) if with_alpha else color
