"""Write large images band by band, so that memory never holds the whole of them.

PNG and TIFF go to the file as they come, at 8 or 16 bits. JPEG, WebP and BMP can't:
Pillow collects their 8-bit pixels first.
"""

import math
import struct
import zlib

import numpy as np
import tifffile
from isal import isal_zlib
from PIL import Image

from .chunks import PNG_SIGNATURE, chunk

WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
_PNG_COLORS = {1: 0, 2: 4, 3: 2, 4: 6}  # by channels
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # of Pillow
# Limits of libjpeg and libpng, below those of the formats; that of WebP is its own.
_WIDEST = {"JPEG": 65_500, "WEBP": 16_383, "PNG": 1_000_000}
_LARGEST = {"JPEG": 300e6, "BMP": 300e6, "WEBP": 100e6}  # pixels in 2 GiB of memory
_LARGEST_CHUNK = 2**30  # bytes; PNG ends below 2**31
_CLASSIC_TIFF = 2**32 - 2**20  # bytes that its 32-bit offsets reach, less the tags
_ROWS = 64  # that are compressed at once
_LEVEL = 2  # of compression, 0 to 3: zlib makes 5 percent less in 7 times the time


def writable(path):
    """The format that the ending of `path` chooses.

    Raises:
        ValueError: If the ending isn't in `WRITABLE`.
    """
    format_name = WRITABLE.get(path.suffix.lower())
    if format_name is None:
        raise ValueError(f"Expected an ending of {[*WRITABLE]}. Received: {path}")
    return format_name


def supports(path, what):
    """Whether the format that `path` ends with keeps "alpha", "16 bits", "profile".

    Raises:
        ValueError: If nothing can be written with this ending.
    """
    streamed = writable(path) in ("PNG", "TIFF")
    lossy = {"alpha": "WEBP", "profile": ("WEBP", "JPEG")}.get(what, ())
    return streamed or writable(path) in lossy


def check_size(path, height, width):
    """Raise an error if an image doesn't fit into the format that `path` ends with.

    Raises:
        ValueError: Then, or if nothing can be written with this ending.
    """
    name, endless = writable(path), 2**31
    widest, largest = _WIDEST.get(name, endless), _LARGEST.get(name, endless**2)
    if max(height, width) > widest or height * width > largest:
        others = ".tif holds" if name == "PNG" else ".png and .tif hold"
        raise ValueError(
            f"Expected a result that fits into {name}; {others} larger ones. "
            f"Received: {width} x {height} pixels"
        )


def write(path, shape, dtype, bands, profile=None):
    """Write an image that comes in bands; the ending of `path` chooses the format.

    Args:
        path: `pathlib.Path`.
        shape: `(height, width, channels)`; 1 for gray, 3 for RGB, one more for alpha.
        dtype: uint8, or uint16 where `supports(path, "16 bits")`.
        bands: Iterable of arrays `(rows, width, channels)`, from top to bottom.
        profile: The ICC profile, bytes, or `None`.
    """
    name = writable(path)
    writer = {"PNG": _write_png, "TIFF": _write_tiff}.get(name, _write_by_pillow)
    writer(path, shape, np.dtype(dtype), bands, profile)


def _write_png(path, shape, dtype, bands, profile):
    """Source: the PNG specification, third edition, sections 5 and 11."""
    height, width, channels = shape
    head = (width, height, 8 * dtype.itemsize, _PNG_COLORS[channels], 0, 0, 0)
    with path.open("wb") as file:
        file.write(PNG_SIGNATURE)
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", *head)))
        if profile:
            named = b"ICC profile\0\0" + zlib.compress(profile)
            file.write(chunk(b"iCCP", named))
        for data in _packed(bands):
            for start in range(0, len(data), _LARGEST_CHUNK):
                file.write(chunk(b"IDAT", data[start : start + _LARGEST_CHUNK]))
        file.write(chunk(b"IEND", b""))


def _packed(bands):
    """Compress rows as differences from the row above, the filter "Up" of PNG."""
    packer, above = isal_zlib.compressobj(_LEVEL), 0
    parts = (x[i : i + _ROWS] for x in bands for i in range(0, len(x), _ROWS))
    for part in parts:  # (rows, width, channels)
        ordered = part.astype(part.dtype.newbyteorder(">"), order="C")
        rows = ordered.reshape(len(part), -1).view(np.uint8)  # (rows, bytes)
        filtered = np.empty(
            (len(rows), rows.shape[1] + 1), np.uint8
        )  # (rows, 1 + bytes)
        filtered[:, 0] = 2
        filtered[0, 1:] = rows[0] - above
        np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
        above = rows[-1]  # (bytes,)
        yield packer.compress(filtered)
    yield packer.flush()


def _write_tiff(path, shape, dtype, bands, profile):
    *size, channels = shape
    tifffile.imwrite(
        path,
        # one strip for each row: (1, width) or (1, width, channels)
        (_squeezed(row[None]) for band in bands for row in band),
        shape=shape if channels > 1 else size,
        dtype=dtype,
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        rowsperstrip=1,
        iccprofile=profile,
        metadata=None,
        bigtiff=_needs_bigtiff(shape, dtype, profile),
    )


def _needs_bigtiff(shape, dtype, profile):
    """Whether pixels, profile, and place and length of each row pass 4 GiB."""
    pixels, rows = math.prod(shape) * dtype.itemsize, 2 * 4 * shape[0]
    return pixels + rows + len(profile or b"") > _CLASSIC_TIFF


def _write_by_pillow(path, shape, dtype, bands, profile):
    height, width, channels = shape
    image, top = Image.new(_MODES[channels], (width, height)), 0
    for band in bands:  # (rows, width, channels)
        image.paste(Image.fromarray(_squeezed(band)), (0, top))
        top += len(band)
    options = {"quality": 95, "icc_profile": profile}
    image.save(path, writable(path), **options)


def _squeezed(pixels):
    """`(height, width)` for one channel; others stay as they are."""
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels
