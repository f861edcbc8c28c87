"""The chunks of PNG and WebP files: pixels are taken apart from metadata.

Damaged metadata then spoil no pixels. Sources: the PNG specification, third edition,
sections 5 and 11; RFC 9649, section 2, for WebP.
"""

import io
import struct
import zlib
from typing import NamedTuple

from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST_PROFILE = 2**20  # bytes; Pillow, among others, reads no larger one from PNG
_OF_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_OF_COLORS = (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP")
_OF_ORIENTATION = {
    b"eXIf": b"",
    b"iTXt": b"XML:com.adobe.xmp\0",
    b"tEXt": b"Raw profile type exif\0",
    b"zTXt": b"Raw profile type exif\0",
}
# What the chunks say of sRGB, in the units of the specification.
_SRGB = {
    b"gAMA": (45455,),
    b"cHRM": (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
}
_SRGB_CODES = bytes([1, 13, 0, 1])  # primaries, transfer, matrix, full range: cICP
_OF_WEBP = (b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
_EXIF_AND_XMP = 0b1100  # flags in the first byte of VP8X


class Png(NamedTuple):
    """A PNG file in parts.

    Attributes:
        size: `(width, height)` as the header says.
        pixels: bytes of a PNG file with the chunks that make pixels, and no others.
        tags: bytes of a PNG file of one pixel with the EXIF data of this one.
        colors: Contents of the undamaged chunks about colors, by name.
        damaged: Names of the chunks about colors and orientation that are damaged.
        animated: Whether it holds further images.
    """

    size: tuple
    pixels: bytes
    tags: bytes
    colors: dict
    damaged: set
    animated: bool


def png(data):
    """Take the bytes of a PNG file apart: a `Png`.

    Raises:
        ValueError: If it doesn't begin as a PNG file does.
    """
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise ValueError("the header of PNG is missing")
    pixels, tags, colors, damaged = [data[:8]], [data[:8], _BEGIN], {}, set()
    animated = False
    for kind, whole in _png_chunks(data):
        oriented = _is_oriented(kind, whole)
        if kind in _OF_PIXELS or kind[:1].isupper():
            pixels.append(whole)
        elif (oriented or kind in _OF_COLORS) and not _is_sound(whole):
            damaged.add(kind)
        elif oriented:
            tags.append(whole)
        elif kind in _OF_COLORS:
            colors[kind] = bytes(whole[8:-4])
        animated |= kind == b"fdAT"
    size = struct.unpack(">II", data[16:24])
    tags.append(_END)
    return Png(size, b"".join(pixels), b"".join(tags), colors, damaged, animated)


def chunk(kind, data):
    """A chunk of PNG: length, kind, data and checksum, as bytes."""
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return b"".join([_number(len(data)), kind, data, _number(checksum)])


def profile(colors):
    """The color profile in `Png.colors`, or `None`.

    Raises:
        ValueError: If it is damaged or larger than `LARGEST_PROFILE`.
    """
    if b"iCCP" not in colors:
        return None
    _, _, packed = colors[b"iCCP"].partition(b"\0")
    try:
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(packed[1:], LARGEST_PROFILE + 1)
    except zlib.error as error:
        raise ValueError("a damaged color profile") from error
    if len(unpacked) > LARGEST_PROFILE or not unpacker.eof:
        raise ValueError("a color profile that is too large or damaged")
    return unpacked


def is_srgb(colors):
    """Whether `Png.colors`, apart from a profile, say sRGB or nothing.

    cICP counts before iCCP and sRGB, these before gAMA and cHRM.
    """
    if b"cICP" in colors:
        return colors[b"cICP"] == _SRGB_CODES
    if b"iCCP" in colors or b"sRGB" in colors:
        return True
    return all(_is_near(colors[kind], _SRGB[kind]) for kind in _SRGB if kind in colors)


def exif_of_png(tags):
    """The EXIF data of `Png.tags`, a `PIL.Image.Exif`."""
    with Image.open(io.BytesIO(tags), formats=["PNG"]) as image:
        return image.getexif()


def webp_without_metadata(data):
    """The bytes of a WebP file up to its first broken chunk, without EXIF and XMP."""
    kept, start = [], 12
    while start + 8 <= len(data):
        kind, (size,) = (
            data[start : start + 4],
            struct.unpack_from("<I", data, start + 4),
        )
        end = start + 8 + size + size % 2
        whole = bytearray(data[start:end])
        if kind == b"VP8X" and len(whole) > 8:
            whole[8] &= ~_EXIF_AND_XMP
        if kind in _OF_WEBP:
            kept.append(bytes(whole))
        start = end
    body = b"".join([b"WEBP", *kept])
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _png_chunks(data):
    """Kind and whole bytes of each chunk; the last one may be cut off."""
    view, start, kind = memoryview(data), len(PNG_SIGNATURE), b""
    while start < len(data) and kind != b"IEND":
        end = start + 12 + int.from_bytes(data[start : start + 4])
        kind = data[start + 4 : start + 8]
        yield kind, view[start:end]
        start = end


def _is_oriented(kind, whole):
    """Whether a chunk may say how the camera was held."""
    start = _OF_ORIENTATION.get(kind)
    return start is not None and bytes(whole[8 : 8 + len(start)]) == start


def _is_sound(whole):
    """Whether the checksum of a whole chunk is right."""
    return whole[-4:] == _number(zlib.crc32(whole[4:-4]))


def _is_near(content, numbers):
    """Whether a chunk holds these numbers, but for the last digits."""
    if len(content) != 4 * len(numbers):
        return False
    stored = struct.unpack(f">{len(numbers)}I", content)
    return all(abs(a - b) <= 50 for a, b in zip(stored, numbers, strict=True))


def _number(value):
    return struct.pack(">I", value)


# Of a PNG file of one gray pixel.
_BEGIN = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
_END = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
