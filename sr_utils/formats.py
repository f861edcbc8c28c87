"""Image files to arrays and back; well-kept libraries do the decoding.

Pillow reads the formats that hold 8 bits per channel. It silently cuts 16-bit color to
8 bits, so 16-bit PNG goes through imagecodecs and deep TIFF through tifffile.
"""

import io
import warnings

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageOps

READABLE = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")
WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION = 0x0112  # the same tag in EXIF and TIFF
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
    """Decode a file into an upright image, transparent parts laid over white.

    Args:
        path: `pathlib.Path` of an image file.

    Returns:
        float32 array in [0, 1], `(height, width, 3)`, or `(height, width, 1)` if the
        file stores gray.

    Raises:
        Exception: Of any type, as the libraries do on damaged or unusual files.
    """
    with path.open("rb") as file:
        header = file.read(32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if header.startswith(_PNG_SIGNATURE) and header[24] == 16:
            return _decode_deep_png(path)
        if header.startswith(_TIFF_SIGNATURES):
            with tifffile.TiffFile(path) as tiff:
                if _holds_more_than_8_bits(tiff.pages[0]):
                    return _decode_deep_tiff(tiff.pages[0])
        return _decode_8_bit(path)


def encode(path, pixels):
    """Encode uint8 pixels, `(height, width, 1 or 3)`, in the format `path` ends with.

    Raises:
        ValueError: If the ending isn't in `WRITABLE`, or the image doesn't fit.
    """
    format_name = WRITABLE.get(path.suffix.lower())
    if format_name is None:
        raise ValueError(f"Expected an ending of {[*WRITABLE]}. Received: {path}")
    options = {"quality": 95} if format_name in ("JPEG", "WEBP") else {}
    buffer = io.BytesIO()
    try:
        Image.fromarray(_squeezed(pixels)).save(buffer, format_name, **options)
    except OSError as error:
        raise ValueError(
            f"Expected an image that fits into {format_name} ({error}). "
            f"Received: {pixels.shape[0]} x {pixels.shape[1]} pixels"
        ) from error
    return buffer.getvalue()


def encode_deep(path, pixels):
    """Encode uint16 pixels, `(height, width, 1 or 3)`, as .png or .tif.

    Raises:
        ValueError: If `path` ends otherwise.
    """
    if path.suffix.lower() == ".png":
        return imagecodecs.png_encode(_squeezed(pixels))
    if path.suffix.lower() in (".tif", ".tiff"):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, _squeezed(pixels))
        return buffer.getvalue()
    raise ValueError(f"Expected .png or .tif for 16 bits. Received: {path}")


def _decode_8_bit(path):
    with Image.open(path, formats=READABLE) as image:
        image = ImageOps.exif_transpose(image)
        gray = image.mode in ("1", "L", "LA", "La")
        if image.has_transparency_data:
            image = image.convert("LA" if gray else "RGBA")
        else:
            image = image.convert("L" if gray else "RGB")
        return _over_white(_scaled(np.asarray(image), 8))


def _decode_deep_png(path):
    pixels = imagecodecs.png_decode(path.read_bytes())
    with Image.open(path, formats=READABLE) as image:
        orientation = image.getexif().get(_ORIENTATION, 1)
    return _over_white(_scaled(_turned(pixels, orientation), 16))


def _holds_more_than_8_bits(page):
    if page.is_reduced:
        raise ValueError("the first image in the file is only a preview")
    return np.max(page.bitspersample) > 8


def _decode_deep_tiff(page):
    if page.bitspersample > 16 or page.dtype.kind != "u":
        raise ValueError(f"8 or 16 bits per channel expected, not {page.dtype}")
    pixels = page.asarray()
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, -1)
    colors = {"MINISBLACK": 1, "MINISWHITE": 1, "RGB": 3}.get(page.photometric.name)
    if colors is None or pixels.ndim not in (2, 3):
        raise ValueError(f"gray or RGB expected, not {page.photometric.name}")
    tag = page.tags.get(_ORIENTATION)
    image = _scaled(_turned(pixels, tag.value if tag else 1), page.bitspersample)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        image[..., :1] = 1 - image[..., :1]
    return _without_extra_samples(image, colors, page.extrasamples)


def _without_extra_samples(image, colors, extra_samples):
    """Apply the alpha channel of a TIFF, if it says that it has one."""
    kind = extra_samples[0].name if extra_samples else ""
    color, alpha = image[..., :colors], image[..., colors : colors + 1]
    if kind == "UNASSALPHA":
        return _over_white(np.concatenate([color, alpha], axis=-1))
    return color + 1 - alpha if kind == "ASSOCALPHA" else color


def _turned(pixels, orientation):
    return _UPRIGHT.get(orientation, _UPRIGHT[1])(pixels)


def _scaled(pixels, bits):
    """Integers to float32 in [0, 1], shape `(height, width, channels)`."""
    return np.atleast_3d(pixels / np.float32(2**bits - 1))


def _over_white(image):
    """Lay `(height, width, 2 or 4)` with its alpha channel over a white page."""
    if image.shape[-1] in (1, 3):
        return image
    color, alpha = image[..., :-1], image[..., -1:]
    return color * alpha + (1 - alpha)


def _squeezed(pixels):
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels
