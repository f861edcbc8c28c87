"""Image files to arrays of integers and back; well-kept libraries do the decoding.

Pillow reads most formats but silently cuts 16-bit color to 8 bits, so 16-bit PNG goes
through imagecodecs and deep TIFF through tifffile.
"""

import io

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageOps

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EXIF_ORIENTATION = 0x0112
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


def decode(path):
    """Decode a file into upright pixels.

    Args:
        path: `pathlib.Path` of an image file.

    Returns:
        uint8 or uint16 array of shape `(height, width, channels)`; 1 channel is gray,
        2 gray and alpha, 3 RGB, 4 RGB and alpha.

    Raises:
        Exception: Of any type, as the libraries do on damaged or unusual files.
    """
    with path.open("rb") as file:
        header = file.read(32)
    if header.startswith(_PNG_SIGNATURE) and header[24] == 16:
        return _upright(path, imagecodecs.png_decode(path.read_bytes()))
    if header.startswith(_TIFF_SIGNATURES):
        with tifffile.TiffFile(path) as tiff:
            if tiff.pages[0].bitspersample != 8:
                return _upright(path, _decode_deep_tiff(tiff.pages[0]))
    return _decode_8_bit(path)


def encode(path, pixels):
    """Encode uint8 pixels, `(height, width, 1 or 3)`, in the format `path` ends with.

    Raises:
        ValueError: If Pillow can't write that ending.
    """
    format_name = Image.registered_extensions().get(path.suffix.lower())
    if format_name not in Image.SAVE:
        raise ValueError(f"Expected an image ending such as .png. Received: {path}")
    options = {"quality": 95} if format_name in ("JPEG", "WEBP") else {}
    buffer = io.BytesIO()
    gray = pixels.shape[-1] == 1
    Image.fromarray(pixels[..., 0] if gray else pixels).save(
        buffer, format_name, **options
    )
    return buffer.getvalue()


def encode_deep(path, pixels):
    """Encode uint16 pixels, `(height, width, 1 or 3)`, as .png or .tif.

    Raises:
        ValueError: If `path` ends otherwise.
    """
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    if path.suffix.lower() == ".png":
        return imagecodecs.png_encode(pixels)
    if path.suffix.lower() in (".tif", ".tiff"):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, pixels)
        return buffer.getvalue()
    raise ValueError(f"Expected .png or .tif for 16 bits. Received: {path}")


def _decode_8_bit(path):
    with Image.open(path) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode in ("I", "F") or image.mode.startswith("I;"):
            raise ValueError(f"Pillow can't tell the bit depth of mode {image.mode}")
        gray = image.mode in ("1", "L", "LA", "La")
        if image.has_transparency_data:
            image = image.convert("LA" if gray else "RGBA")
        else:
            image = image.convert("L" if gray else "RGB")
        return np.atleast_3d(np.asarray(image))


def _decode_deep_tiff(page):
    pixels = page.asarray()
    if page.bitspersample == 1:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"8 or 16 bits per channel expected, not {pixels.dtype}")
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        pixels = np.iinfo(pixels.dtype).max - pixels
    elif page.photometric not in (
        tifffile.PHOTOMETRIC.MINISBLACK,
        tifffile.PHOTOMETRIC.RGB,
    ):
        raise ValueError(f"gray or RGB expected, not {page.photometric.name}")
    planar = page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and pixels.ndim == 3
    return np.moveaxis(pixels, 0, -1) if planar else pixels


def _upright(path, pixels):
    with Image.open(path) as image:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
    return np.atleast_3d(_UPRIGHT.get(orientation, _UPRIGHT[1])(pixels))
