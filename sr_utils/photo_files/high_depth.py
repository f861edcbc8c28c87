"""PNG and TIFF files of more than 8 bits per channel.

Pillow silently cuts 16-bit color to 8 bits, so 16-bit PNG goes through imagecodecs and
deep TIFF through tifffile.
"""

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 0x0112  # the same tag in EXIF and TIFF
_PROFILE = 34675  # tag of TIFF
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


def is_deep_png(header):
    """Whether the first 32 bytes of a file are those of a 16-bit PNG."""
    return header.startswith(PNG_SIGNATURE) and header[24:25] == b"\x10"


def is_deep_tiff(path, header):
    """Whether a file is a TIFF whose first image has more than 8 bits per channel.

    Raises:
        ValueError: If that image is only a preview.
    """
    if not header.startswith(_TIFF_SIGNATURES):
        return False
    with tifffile.TiffFile(path) as tiff:
        if tiff.pages[0].is_reduced:
            raise ValueError("the first image in the file is only a preview")
        return np.max(tiff.pages[0].bitspersample) > 8


def load_png(path, image):
    """Upright uint16 pixels of a 16-bit PNG, `(height, width)` or with 2 to 4 channels.

    Args:
        path: `pathlib.Path` of the file.
        image: The same file, opened by Pillow.
    """
    pixels = imagecodecs.png_decode(path.read_bytes())
    return _turned(pixels, image.getexif().get(ORIENTATION, 1))


def load_tiff(path):
    """The first image of a deep TIFF.

    Returns:
        Upright uint16 pixels, `(height, width, channels)`, alpha last and not
        multiplied into the colors; the value of white; the color profile or `None`; the
        number of images in the file.

    Raises:
        ValueError: If it isn't gray or RGB, too large, or of more than 16 bits.
    """
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        pixels, top = _tiff_pixels(page), 2**page.bitspersample - 1
        orientation, profile = (page.tags.get(x) for x in (ORIENTATION, _PROFILE))
        pixels = _turned(pixels, orientation.value if orientation else 1)
        pixels = _with_straight_alpha(page, np.atleast_3d(pixels), top)
        return pixels, top, profile and bytes(profile.value), len(tiff.pages)


def _tiff_pixels(page):
    """Integers of a page, channels last."""
    if page.bitspersample > 16 or page.dtype.kind != "u":
        raise ValueError(f"8 or 16 bits per channel expected, not {page.dtype}")
    if page.imagewidth * page.imagelength > Image.MAX_IMAGE_PIXELS:
        raise ValueError(f"{page.imagewidth} x {page.imagelength} pixels are too many")
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


def _turned(pixels, orientation):
    return _UPRIGHT.get(orientation, _UPRIGHT[1])(pixels)
