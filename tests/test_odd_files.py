"""A sweep over kinds of image files: format x mode x depth x defect.

What a file shows follows from the values that went into it: PNG, PPM and the defects
are made here by the definition of the format, the others by libraries that
`photo_files` doesn't read them with, or without loss from arrays.
"""

import functools
import io
import itertools
import struct
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from sr_utils import photo_files
from sr_utils.photo_files import decode, encode, limits

HEIGHT, WIDTH = 9, 13
ORIENTATION = 0x0112
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FORMATS = Path(__file__).parents[1] / "docs" / "formats.md"


class Shown(NamedTuple):
    """What a file must be read as.

    `pixels` are `(height, width, channels)`; `near` is how far a lossy format may be
    from them, in units of `top`.
    """

    pixels: np.ndarray
    top: int = 255
    notes: tuple = ()
    near: float = 0
    profile: bytes | None = None


SHOWN, REFUSED = {}, {}  # name of a kind: function that makes the file


def shown(*name):
    """Register a function that returns the bytes of a file and its `Shown`."""
    return functools.partial(register, SHOWN, " ".join(map(str, name)))


def refused(*name):
    """Register a function that returns the bytes of a file, and part of the error."""
    return functools.partial(register, REFUSED, " ".join(map(str, name)))


def register(kinds, name, make):
    assert name not in kinds, name
    kinds[name] = make


def noise(channels, top=255, seed=0):
    """Random values `(HEIGHT, WIDTH, channels)` that reach 0 and `top`."""
    shape = (HEIGHT, WIDTH, channels)
    values = np.random.default_rng(seed).integers(0, top + 1, shape)
    values[0, 0], values[0, 1] = 0, top
    return values.astype(np.uint8 if top < 256 else np.uint16)


def smooth(channels):
    """Slopes that lossy formats keep nearly as they are."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    layers = [60 + 8 * rows + 4 * columns, 200 - 9 * columns, 90 + 12 * rows]
    layers = [*layers, 255 - 10 * rows]
    return np.stack(layers[:channels], axis=-1).astype(np.uint8)


# PNG, made by its definition ----

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
DEPTHS = {
    GRAY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GRAY_ALPHA: (8, 16),
    RGB_ALPHA: (8, 16),
}
PNG_MODES = [(color, depth) for color in DEPTHS for depth in DEPTHS[color]]
ADAM7 = [  # first column and row, steps
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]


def chunk(kind, data, damage=0):
    checksum = zlib.crc32(kind + data) ^ damage
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def scanlines(values, depth):
    """Rows of a PNG image without a filter: a zero, then the bits of the row."""
    bits = values.reshape(len(values), -1, 1) >> np.arange(depth)[::-1] & 1
    rows = np.packbits(bits.reshape(len(values), -1).astype(np.uint8), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def png(values, color, depth, *, before=b"", after=b"", interlaced=False, rows=None):
    """A PNG file; `before` and `after` are chunks around the pixels."""
    head = struct.pack(
        ">IIBBBBB", values.shape[1], len(values), depth, color, 0, 0, interlaced
    )
    if rows is None:
        passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
        parts = [values[y::down, x::right] for x, y, right, down in passes]
        rows = b"".join(scanlines(x, depth) for x in parts if x.size)
    palette = chunk(b"PLTE", colors_of_palette(depth).tobytes())
    before += palette if color == PALETTE else b""
    ends = after + chunk(b"IEND", b"")
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + data + ends


def colors_of_palette(depth):
    return np.random.default_rng(5).integers(0, 256, (2**depth, 3), dtype=np.uint8)


def values_of(color, depth):
    return noise(CHANNELS[color], 2**depth - 1)


def png_shows(values, color, depth, transparent=None, **more):
    """The definition of PNG: palettes are looked up, few bits stretched to 8.

    `transparent` is the one color that tRNS names, or the alphas of the first colors.
    """
    top = 65535 if depth == 16 else 255
    pixels = values
    if color == PALETTE:
        pixels = colors_of_palette(depth)[values[..., 0]]
    elif depth < 8:
        pixels = values * (255 // (2**depth - 1))
    if transparent is not None:
        if color == PALETTE:
            alphas = np.full(2**depth, 255)
            alphas[: len(transparent)] = transparent
            alpha = alphas[values]
        else:
            alpha = top * (values != transparent).any(axis=-1, keepdims=True)
        pixels = np.concatenate([pixels, alpha], axis=-1)
    return Shown(pixels, top, **more)


for (color, depth), interlaced in itertools.product(PNG_MODES, (False, True)):

    @shown("png", color, depth, "interlaced" if interlaced else "plain")
    def _(color=color, depth=depth, interlaced=interlaced):
        values = values_of(color, depth)
        data = png(values, color, depth, interlaced=interlaced)
        return data, png_shows(values, color, depth)

    if color in (GRAY, RGB, PALETTE):

        @shown("png", color, depth, "interlaced" if interlaced else "plain", "tRNS")
        def _(color=color, depth=depth, interlaced=interlaced):
            values = values_of(color, depth)
            one = bytes([7, 130]) if color == PALETTE else values[0, 1]
            data = one if color == PALETTE else one.astype(">u2").tobytes()
            whole = png(values, color, depth, interlaced=interlaced)
            at = whole.index(b"IDAT") - 4  # after the palette
            whole = whole[:at] + chunk(b"tRNS", data) + whole[at:]
            alphas = list(one) if color == PALETTE else one
            return whole, png_shows(values, color, depth, alphas)


def exif(orientation):
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags.tobytes().removeprefix(b"Exif\0\0")


def packed(data):
    return b"name\0\0" + zlib.compress(data)


LARGE_PROFILE = bytes(16) + b"RGB " + bytes(2**20)
CHROMATICITIES = struct.pack(
    ">8I", *[31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000]
)
SRGB_SAYS = struct.pack(">8I", *[31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000])
# Chunks that spoil no pixel, and the note that must stand in for them.
METADATA = {
    "EXIF of a wrong checksum": (chunk(b"eXIf", exif(6), damage=1), decode.NO_METADATA),
    "EXIF of garbage": (chunk(b"eXIf", b"garbage"), decode.NO_METADATA),
    "EXIF of no bytes": (chunk(b"eXIf", b""), None),
    "EXIF cut off": (chunk(b"eXIf", exif(6)[:12]), decode.NO_METADATA),
    "profile too large": (chunk(b"iCCP", packed(LARGE_PROFILE)), decode.NO_PROFILE),
    "profile of garbage": (chunk(b"iCCP", packed(b"garbage")), decode.NO_PROFILE),
    "profile that is not packed": (chunk(b"iCCP", b"x\0\0garbage"), decode.NO_PROFILE),
    "profile of a wrong checksum": (
        chunk(b"iCCP", packed(SRGB), damage=1),
        decode.NO_METADATA,
    ),
    "text of a wrong checksum": (chunk(b"tEXt", b"Comment\0x", damage=1), None),
    "text that is a bomb": (chunk(b"zTXt", packed(bytes(3 * 10**6))), None),
    "sRGB of no bytes": (chunk(b"sRGB", b""), None),
    "gamma of 1": (chunk(b"gAMA", struct.pack(">I", 100_000)), decode.TAKEN_AS_SRGB),
    "gamma of no bytes": (chunk(b"gAMA", b""), decode.TAKEN_AS_SRGB),
    "gamma of sRGB": (chunk(b"gAMA", struct.pack(">I", 45_455)), None),
    "primaries of P3": (chunk(b"cHRM", CHROMATICITIES), decode.TAKEN_AS_SRGB),
    "primaries of sRGB": (chunk(b"cHRM", SRGB_SAYS), None),
    "cICP of PQ": (chunk(b"cICP", bytes([9, 16, 0, 1])), decode.TAKEN_AS_SRGB),
    "cICP of sRGB": (chunk(b"cICP", bytes([1, 13, 0, 1])), None),
    "unknown chunk": (chunk(b"abCd", b"anything", damage=1), None),
}

for (color, depth), name in itertools.product(PNG_MODES, METADATA):

    @shown("png", color, depth, name)
    def _(color=color, depth=depth, name=name):
        before, note = METADATA[name]
        values = values_of(color, depth)
        notes = () if note is None else (note,)
        data = png(values, color, depth, before=before)
        return data, png_shows(values, color, depth, notes=notes)


def png_defects(color, depth):
    """Files with damaged pixels, by name."""
    values = values_of(color, depth)
    whole = png(values, color, depth)
    data = whole.index(b"IDAT")
    flipped = bytearray(whole)
    flipped[data + 9] ^= 255
    head = bytearray(whole)
    head[20] ^= 1
    few = png(values, color, depth, rows=b"\0" * 9)
    return {
        "half": whole[: len(whole) // 2],
        "cut in the pixels": whole[: data + 12],
        "cut in the header": whole[:24],
        "damaged pixels": bytes(flipped),
        "damaged header": bytes(head),
        "too few pixels": few,
        "no pixels": whole[: data - 4] + chunk(b"IEND", b""),
        "impossible depth": whole.replace(
            whole[12:33], chunk(b"IHDR", whole[16:24] + bytes([3, color, 0, 0, 0]))[4:]
        ),
        "unknown critical chunk": whole[:33] + chunk(b"ABCD", b"") + whole[33:],
    }


for color, depth in PNG_MODES:
    for defect in png_defects(color, depth):

        @refused("png", color, depth, defect)
        def _(color=color, depth=depth, defect=defect):
            return png_defects(color, depth)[defect], ""


@shown("png", "without an end")
def _():
    values = noise(3)
    return png(values, RGB, 8)[:-12], Shown(values)


@shown("png", "with bytes after its end")
def _():
    values = noise(3)
    return png(values, RGB, 8) + b"more", Shown(values)


@shown("png", "gray with the profile of RGB")
def _():
    values = noise(1)
    data = png(values, GRAY, 8, before=chunk(b"iCCP", packed(SRGB)))
    return data, Shown(values, notes=(decode.NO_PROFILE,))


@shown("png", "with a profile and a gamma")
def _():
    values = noise(3)
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    data = png(values, RGB, 8, before=chunk(b"iCCP", packed(SRGB)) + gamma)
    return data, Shown(values, profile=SRGB)


@shown("png", "animated")
def _():
    values = noise(3)
    control = struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 1, 0, 0)
    after = chunk(b"fcTL", control) + chunk(b"fdAT", b"\0\0\0\2")
    data = png(values, RGB, 8, after=after)
    return data, Shown(values, notes=(decode.ONLY_FIRST,))


# Orientation ----

# What lies where in the stored image, by EXIF 2.32, tag Orientation: its row 0 and its
# column 0 are these sides of the picture.
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


def as_held(upright, orientation):
    """What a camera stores of a picture."""
    row, column = SIDES[orientation]
    stored = upright[::-1] if "bottom" in (row, column) else upright
    stored = stored[:, ::-1] if "right" in (row, column) else stored
    return stored.swapaxes(0, 1) if row in ("left", "right") else stored


def with_orientation(kind, values, orientation):
    """A file of this kind that says how it was held."""
    stored = np.ascontiguousarray(as_held(values, orientation))
    if kind == "png eXIf at the end":
        return png(stored, RGB, 8, after=chunk(b"eXIf", exif(orientation)))
    if kind == "png raw profile":
        raw = exif(orientation)
        text = b"\nexif\n%8d\n%s\n" % (len(raw) + 6, (b"Exif\0\0" + raw).hex().encode())
        data = b"Raw profile type exif\0\0" + zlib.compress(text)
        return png(stored, RGB, 8, before=chunk(b"zTXt", data))
    if kind == "png XMP":
        data = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="%d"/>' % orientation
        return png(stored, RGB, 8, before=chunk(b"iTXt", data))
    if kind.startswith("tif"):
        tag = (ORIENTATION, "H", 1, orientation, True)
        more = {"photometric": "rgb", "extratags": [tag]}
        return tiff(stored.astype(np.uint16) * 257 if "16" in kind else stored, **more)
    options = {"lossless": True, "quality": 100, "exif": exif(orientation)}
    if kind in ("jpg", "avif"):
        tags = b"Exif\0\0" + exif(orientation)
        options = {"quality": 100, "subsampling": "4:4:4", "exif": tags}
    return by_pillow(stored, kind, **options)


def tiff(values, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, values, **{"metadata": None, **options})
    return file.getvalue()


def by_pillow(values, kind, mode=None, **options):
    image = Image.fromarray(
        np.squeeze(values, axis=-1) if values.shape[-1] == 1 else values
    )
    return saved(image if mode is None else image.convert(mode), kind, **options)


def saved(image, kind, **options):
    file = io.BytesIO()
    names = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000"}
    image.save(file, names.get(kind, kind.upper()), **options)
    return file.getvalue()


HELD = ["png eXIf at the end", "png raw profile", "png XMP", "tif", "tif 16", "webp"]
for kind, orientation in itertools.product([*HELD, "jpg", "avif"], SIDES):

    @shown(kind, "orientation", orientation)
    def _(kind=kind, orientation=orientation):
        values = smooth(3)
        data = with_orientation(kind, values, orientation)
        if "16" in kind:
            return data, Shown(values.astype(np.uint16) * 257, 65535)
        return data, Shown(values, near=4 if kind in ("jpg", "avif") else 0)


# TIFF, made by tifffile ----

TIFF_MODES = {
    "gray": (1, {"photometric": "minisblack"}),
    "white is zero": (1, {"photometric": "miniswhite"}),
    "gray and alpha": (
        2,
        {"photometric": "minisblack", "extrasamples": ["unassalpha"]},
    ),
    "rgb": (3, {"photometric": "rgb"}),
    "rgb and alpha": (4, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
}
for mode, top, packing, order in itertools.product(
    TIFF_MODES, (255, 65535), (None, "lzw", "zlib", "packbits"), "<>"
):

    @shown("tif", mode, top, packing, {"<": "little", ">": "big"}[order])
    def _(mode=mode, top=top, packing=packing, order=order):
        channels, options = TIFF_MODES[mode]
        values = noise(channels, top)
        stored = values[..., 0] if channels == 1 else values
        planar = {"planarconfig": "contig"} if channels > 1 else {}
        data = tiff(stored, compression=packing, byteorder=order, **options, **planar)
        return data, Shown(top - values if mode == "white is zero" else values, top)


for bits in (9, 10, 12, 14):

    @shown("tif", bits, "bits")
    def _(bits=bits):
        values = noise(1, 2**bits - 1)
        return tiff(values[..., 0], bitspersample=bits), Shown(values, 2**bits - 1)


for top in (255, 65535):

    @shown("tif", "color planes", top)
    def _(top=top):
        values, more = noise(3, top), {"photometric": "rgb", "planarconfig": "separate"}
        return tiff(np.moveaxis(values, -1, 0), **more), Shown(values, top)

    @shown("tif", "pages", top)
    def _(top=top):
        values = noise(3, top)
        data = tiff(np.stack([values, top - values]), photometric="rgb")
        return data, Shown(values, top, (decode.ONLY_FIRST,))

    @shown("tif", "bigtiff", top)
    def _(top=top):
        values = noise(3, top)
        return tiff(values, photometric="rgb", bigtiff=True), Shown(values, top)

    @shown("tif", "profile", top)
    def _(top=top):
        values = noise(3, top)
        data = tiff(values, photometric="rgb", iccprofile=SRGB)
        return data, Shown(values, top, profile=SRGB)

    @shown("tif", "gray with the profile of RGB", top)
    def _(top=top):
        values = noise(1, top)
        data = tiff(values[..., 0], iccprofile=SRGB)
        return data, Shown(values, top, (decode.NO_PROFILE,))

    @shown("tif", "profile too large", top)
    def _(top=top):
        values = noise(3, top)
        data = tiff(values, photometric="rgb", iccprofile=LARGE_PROFILE)
        return data, Shown(values, top, (decode.NO_PROFILE,))

    @refused("tif", "half", top)
    def _(top=top):
        data = tiff(noise(3, top), photometric="rgb")
        return data[: len(data) // 2], ""

    @refused("tif", "a volume", top)
    def _(top=top):
        values = np.moveaxis(noise(3, top), -1, 0)
        data = tiff(values, photometric="minisblack", volumetric=True)
        return data, "a flat image expected, not 3 slices"

    @refused("tif", "preview", top)
    def _(top=top):
        return tiff(noise(3, top), photometric="rgb", subfiletype=1), "only a preview"


for dtype in ("int8", "int16", "int32"):

    @refused("tif", dtype)
    def _(dtype=dtype):
        return tiff(noise(1)[..., 0].astype(dtype)), f"unsigned.*not {dtype}"


for dtype in ("uint32", "uint64", "float16", "float32", "float64", "complex64"):

    @refused("tif", dtype)
    def _(dtype=dtype):
        return tiff(noise(1)[..., 0].astype(dtype)), f"8 or 16 bits.*not {dtype}"


# Formats that Pillow writes ----

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
EXACT = [("webp", (3, 4)), ("bmp", (1, 3)), ("gif", (1,)), ("tga", (1, 2, 3, 4))]
EXACT += [("pcx", (1, 3)), ("ppm", (1, 3)), ("sgi", (1, 3, 4)), ("qoi", (3, 4))]
EXACT += [("jp2", (1, 2, 3, 4)), ("dds", (1, 2, 3, 4))]
for kind, channels in [(kind, n) for kind, counts in EXACT for n in counts]:

    @shown(kind, MODES[channels])
    def _(kind=kind, channels=channels):
        values = noise(channels)
        options = {"lossless": True, "exact": True} if kind == "webp" else {}
        pixels = values.repeat(3, axis=-1) if kind == "gif" else values
        return by_pillow(values, kind, **options), Shown(pixels)

    @refused(kind, MODES[channels], "half")
    def _(kind=kind, channels=channels):
        data = by_pillow(noise(channels), kind)
        return data[: len(data) // 2], ""


LOSSY = [("jpg", (1, 3)), ("webp", (3, 4)), ("avif", (1, 3, 4))]
for kind, channels in [(kind, n) for kind, counts in LOSSY for n in counts]:

    @shown(kind, MODES[channels], "lossy")
    def _(kind=kind, channels=channels):
        values = smooth(channels)
        return by_pillow(values, kind, quality=100), Shown(values, near=8)

    @refused(kind, MODES[channels], "lossy", "half")
    def _(kind=kind, channels=channels):
        data = by_pillow(smooth(channels), kind, quality=100)
        return data[: len(data) // 2], ""


for progressive, channels in itertools.product((False, True), (1, 3)):

    @shown("jpg", MODES[channels], "progressive" if progressive else "baseline")
    def _(progressive=progressive, channels=channels):
        values = smooth(channels)
        options = {"subsampling": "4:4:4", "progressive": progressive}
        return by_pillow(values, "jpg", quality=100, **options), Shown(values, near=4)


@shown("jpg", "CMYK")
def _():
    ink = Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 255, 0))
    pixels = np.full((HEIGHT, WIDTH, 3), (255, 0, 0))
    return saved(ink, "jpg", quality=100), Shown(
        pixels, notes=(decode.NOW_SRGB,), near=6
    )


for name, content in {
    "garbage": b"Exif\0\0garbage",
    "cut off": b"Exif\0\0" + exif(6)[:12],
}.items():
    for kind in ("jpg", "webp"):

        @shown(kind, "EXIF of", name)
        def _(kind=kind, content=content):
            values = smooth(3)
            data = by_pillow(values, kind, quality=100, exif=content)
            return data, Shown(values, notes=(decode.NO_METADATA,), near=8)


for name, size in {
    "no bytes": 0,
    "three": 3,
    "a million": 10**6,
    "all": 2**32 - 1,
}.items():

    @shown("webp", "EXIF whose size says", name)
    def _(size=size):
        values = noise(4)
        data = by_pillow(values, "webp", lossless=True, exact=True, exif=exif(6))
        at = data.index(b"EXIF") + 4
        data = data[:at] + struct.pack("<I", size) + data[at + 4 :]
        return data, Shown(values, notes=(decode.NO_METADATA,))


@shown("webp", "profile")
def _():
    values = noise(3)
    data = by_pillow(values, "webp", lossless=True, icc_profile=SRGB)
    return data, Shown(values, profile=SRGB)


@shown("jpg", "profile too large")
def _():
    values = smooth(3)
    data = by_pillow(values, "jpg", quality=100, icc_profile=LARGE_PROFILE)
    return data, Shown(values, notes=(decode.NO_PROFILE,), near=8)


@shown("jpg", "gray with the profile of RGB")
def _():
    values = smooth(1)
    data = by_pillow(values, "jpg", quality=100, icc_profile=SRGB)
    return data, Shown(values, notes=(decode.NO_PROFILE,), near=4)


for kind in ("webp", "gif", "tif"):

    @shown(kind, "animated")
    def _(kind=kind):
        first = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        more = [Image.new("RGB", (WIDTH, HEIGHT), "white")]
        options = {"lossless": True, "save_all": True, "append_images": more}
        return by_pillow(first, kind, **options), Shown(
            first, notes=(decode.ONLY_FIRST,)
        )


# More than 8 bits ----

for bits, channels, codec in itertools.product((9, 10, 12, 16), MODES, ("jp2", "j2k")):

    @shown(codec, MODES[channels], bits, "bits")
    def _(bits=bits, channels=channels, codec=codec):
        top = 2**bits - 1
        values = noise(channels, top)
        options = {"level": 0, "bitspersample": bits, "codecformat": codec}
        data = imagecodecs.jpeg2k_encode(values.squeeze(), reversible=True, **options)
        return data, Shown(values, top)

    @refused(codec, MODES[channels], bits, "bits", "half")
    def _(bits=bits, channels=channels, codec=codec):
        values = noise(channels, 2**bits - 1).squeeze()
        data = imagecodecs.jpeg2k_encode(values, bitspersample=bits, codecformat=codec)
        return data[: len(data) // 2], ""


def box(kind, data):
    return struct.pack(">I", 8 + len(data)) + kind + data


def with_profile(data, profile):
    """A JP2 file whose color space is given by a profile, ITU-T T.800, annex I."""
    start = data.index(b"jp2h") - 4
    size = struct.unpack_from(">I", data, start)[0]
    header, at = data[start + 8 : start + size], data.index(b"colr") - 4
    length = struct.unpack_from(">I", data, at)[0]
    color = data[at : at + length]
    header = header.replace(color, box(b"colr", b"\2\0\0" + profile))
    return data[:start] + box(b"jp2h", header) + data[start + size :]


for top, channels in itertools.product((255, 65535), (1, 3)):

    @shown("jp2", MODES[channels], top, "profile of RGB")
    def _(top=top, channels=channels):
        values = noise(channels, top)
        data = imagecodecs.jpeg2k_encode(
            values.squeeze(), level=0, codecformat="jp2", reversible=True
        )
        notes = (decode.NO_PROFILE,) if channels == 1 else ()
        profile = SRGB if channels == 3 else None
        return with_profile(data, SRGB), Shown(values, top, notes, profile=profile)


for bits, channels in itertools.product((10, 12), (3, 4)):

    @shown("avif", MODES[channels], bits, "bits")
    def _(bits=bits, channels=channels):
        values = smooth(channels)
        deep = np.round(values / 255 * (2**bits - 1)).astype(np.uint16)
        data = imagecodecs.avif_encode(deep, level=100, bitspersample=bits)
        return data, Shown(values, notes=(decode.ONLY_8_BITS,), near=2)


for channels, letter in ((1, b"5"), (3, b"6")):

    @shown("ppm", MODES[channels], "16 bits")
    def _(channels=channels, letter=letter):
        values = noise(channels, 65535)
        head = b"P%s %d %d 65535\n" % (letter, WIDTH, HEIGHT)
        data = head + values.astype(">u2").tobytes()
        if channels == 1:
            return data, Shown(values, 65535)
        return data, Shown(values / 257, notes=(decode.ONLY_8_BITS,), near=1)


@shown("sgi", "RGB", "16 bits")
def _():
    values = noise(3, 65535)
    head = struct.pack(">hBBHHHHii", 474, 0, 2, 3, WIDTH, HEIGHT, 3, 0, 65535)
    planes = np.moveaxis(values[::-1], -1, 0).astype(">u2").tobytes()
    data = head.ljust(512, b"\0") + planes
    return data, Shown(values / 257, notes=(decode.ONLY_8_BITS,), near=1)


# Small files that promise a lot ----


def lying(data, *places):
    """The same bytes with other numbers: (position, format, number)."""
    data = bytearray(data)
    for at, code, number in places:
        struct.pack_into(code, data, at, number)
    return bytes(data)


BOMBS = {}
for side in (9_000, 60_000):

    def bomb(name, make, side=side):
        BOMBS[f"{name} {side}"] = functools.partial(make, side)

    for color, depth in PNG_MODES:

        def make(side, color=color, depth=depth):
            whole = png(values_of(color, depth), color, depth, rows=bytes(10**5))
            head = struct.pack(">II", side, side) + whole[24:29]
            return whole[:8] + chunk(b"IHDR", head) + whole[33:]

        bomb(f"png {color} {depth}", make)

    def make(side):
        return lying(by_pillow(noise(3), "bmp"), (18, "<i", side), (22, "<i", side))

    bomb("bmp", make)

    def make(side):
        return lying(by_pillow(noise(1), "gif"), (6, "<H", side), (8, "<H", side))

    bomb("gif", make)

    def make(side):
        data = by_pillow(smooth(3), "jpg")
        at = data.index(b"\xff\xc0") + 5
        return lying(data, (at, ">H", side), (at + 2, ">H", side))

    bomb("jpg", make)

    def make(side):
        return lying(by_pillow(noise(3), "tga"), (12, "<H", side), (14, "<H", side))

    bomb("tga", make)

    def make(side):
        return b"P6 %d %d 255\n" % (side, side) + bytes(999)

    bomb("ppm", make)

    for top in (255, 65535):

        def make(side, top=top):
            file = io.BytesIO(tiff(noise(3, top), photometric="rgb"))
            with tifffile.TiffFile(file) as opened:
                for tag in (256, 257):
                    opened.pages[0].tags[tag].overwrite(side)
            return file.getvalue()

        bomb(f"tif {top}", make)

        def make(side, top=top):
            data = imagecodecs.jpeg2k_encode(noise(3, top), level=0)
            at, box = data.index(b"\xff\x4f\xff\x51"), data.index(b"ihdr") + 4
            places = [(at + 8, ">I"), (at + 12, ">I"), (box, ">I"), (box + 4, ">I")]
            places += [(at + 24, ">I"), (at + 28, ">I")]
            return lying(data, *((*place, side) for place in places))

        bomb(f"jp2 {top}", make)


# The tests ----


def stored(folder, data, name="a.image"):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", SHOWN)
def test_a_file_is_read_as_what_it_shows(tmp_path, kind):
    data, right = SHOWN[kind]()
    read = decode.load(stored(tmp_path, data))
    assert read.pixels.shape == right.pixels.shape
    assert read.top == right.top
    far = np.abs(read.pixels - right.pixels.astype(np.float64)).max()
    assert far <= right.near
    assert read.notes == right.notes
    assert read.profile == right.profile


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_is_refused(tmp_path, kind):
    data, message = REFUSED[kind]()
    with pytest.raises(Exception, match=message or None):
        decode.load(stored(tmp_path, data))


@pytest.mark.parametrize("kind", BOMBS)
def test_a_file_that_promises_too_much_is_refused_before_decoding(tmp_path, kind):
    path = stored(tmp_path, BOMBS[kind]())
    with pytest.raises(ValueError, match=r"enough bytes for .*Received: .* bytes"):
        decode.load(path, max_pixels=10**12)


@pytest.mark.parametrize("kind", ["png", "gif", "jpg", "bmp", "webp"])
def test_large_flat_photographs_are_no_bombs(tmp_path, kind):
    flat = Image.new("L" if kind == "gif" else "RGB", (6000, 4000), 90)
    options = {"lossless": True, "method": 6} if kind == "webp" else {}
    path = stored(tmp_path, saved(flat, kind, **options))
    assert decode.load(path).pixels.shape[:2] == (4000, 6000)


def test_the_densest_png_is_no_bomb(tmp_path):
    side = 8000
    packer = zlib.compressobj(9)
    data = packer.compress(bytes(side * (1 + side // 8))) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, GRAY, 0, 0, 0)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    path = stored(tmp_path, b"\x89PNG\r\n\x1a\n" + chunks)
    assert side**2 / path.stat().st_size > 7500
    assert decode.load(path).pixels.shape == (side, side, 1)


@pytest.mark.parametrize("kind", ["png", "bmp", "jpg", "tif", "webp", "jp2"])
@pytest.mark.parametrize("top", [255, 65535])
def test_max_pixels(tmp_path, kind, top):
    values = noise(3, top if kind in ("png", "tif", "jp2") else 255)
    if kind == "png":
        data = png(values, RGB, 16 if top > 255 else 8)
    elif kind == "tif":
        data = tiff(values, photometric="rgb")
    elif kind == "jp2":
        data = imagecodecs.jpeg2k_encode(values, level=0)
    else:
        data = by_pillow(values, kind)
    path = stored(tmp_path, data)
    assert decode.load(path, max_pixels=HEIGHT * WIDTH).pixels.shape == values.shape
    message = f"at most {HEIGHT * WIDTH - 1} pixels.*Received: {WIDTH} x {HEIGHT}"
    with pytest.raises(ValueError, match=message):
        decode.load(path, max_pixels=HEIGHT * WIDTH - 1)
    if kind != "jp2":  # which the lessons don't read
        with pytest.raises(ValueError, match=f"^Expected {message} in .*{path.name}"):
            photo_files.read(path, max_pixels=HEIGHT * WIDTH - 1)


@pytest.mark.parametrize("kind", ["png", "tif", "bmp"])
def test_pillows_limit_is_not_ours_and_stays(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)  # fewer than half of the pixels
    values = noise(3)
    path = stored(tmp_path, by_pillow(values, kind))
    np.testing.assert_array_equal(decode.load(path).pixels, values)
    path.write_bytes(b"no image")
    with pytest.raises(OSError):
        decode.load(path)
    assert Image.MAX_IMAGE_PIXELS == 50


def test_the_limit_leaves_room_in_memory():
    with_floats = 4 * 3 + 3  # bytes of a pixel as floats, and as integers
    psutil = pytest.importorskip("psutil")
    assert 0 < limits.max_pixels() * with_floats < psutil.virtual_memory().total


def test_there_are_many_kinds():
    assert len({*SHOWN, *REFUSED, *BOMBS}) == len(SHOWN) + len(REFUSED) + len(BOMBS)
    assert len(SHOWN) >= 200
    assert len(REFUSED) >= 100


# The table of what is kept ----


def yes(kept):
    return "yes" if kept else "no"


def readable(kind):
    """Bytes of a file of each format that is read, by what it holds."""
    options = {
        "jpg": {"quality": 100, "subsampling": "4:4:4"},
        "webp": {"lossless": True, "exact": True},
        "avif": {"quality": 100, "subsampling": "4:4:4"},
    }
    return functools.partial(by_pillow, kind=kind, **options.get(kind, {}))


HEAD = ["Format", "Gray", "Transparency"]
READ = {
    "PNG": "png",
    "JPEG": "jpg",
    "TIFF": "tif",
    "WebP": "webp",
    "AVIF": "avif",
    "JPEG 2000": "jp2",
    "GIF": "gif",
    "BMP": "bmp",
    "PPM": "ppm",
}


def deep_file(kind, values):
    """Bytes of a 16-bit file (12 bits in AVIF), or `None` if the format has none."""
    if kind == "png":
        return png(values, RGB, 16)
    if kind == "tif":
        return tiff(values, photometric="rgb")
    if kind == "jp2":
        return imagecodecs.jpeg2k_encode(values, level=0)
    if kind == "avif":
        return imagecodecs.avif_encode(values >> 4, level=100, bitspersample=12)
    if kind == "ppm":
        return b"P6 %d %d 65535\n" % (WIDTH, HEIGHT) + values.astype(">u2").tobytes()
    return None


def profiled_file(kind):
    """Bytes of a file with the profile of sRGB, where the format holds one."""
    data = readable(kind)(smooth(3), icc_profile=SRGB)
    return with_profile(data, SRGB) if kind == "jp2" else data


def loaded(folder, make):
    """What `decode` reads of a file; `None` if the format can't hold such a one."""
    try:
        data = make()
    except (OSError, KeyError):  # Pillow can't write the mode
        return None
    return None if data is None else decode.load(stored(folder, data))


def is_turned(folder, kind):
    """Whether a picture held sideways comes out upright."""
    values, tags = smooth(3), {"exif": b"Exif\0\0" + exif(6)}
    held = np.ascontiguousarray(as_held(values, 6))
    if kind == "tif":
        tags = {"tiffinfo": {ORIENTATION: 6}}
    return (
        loaded(folder, lambda: readable(kind)(held, **tags)).pixels.shape[0] == HEIGHT
    )


def read_row(folder, kind):
    """What is kept of files of a format: the cells of its row."""
    gray = loaded(folder, lambda: readable(kind)(smooth(1)))
    alpha = loaded(folder, lambda: readable(kind)(smooth(4)))
    deep = loaded(folder, lambda: deep_file(kind, noise(3, 65535)))
    color = loaded(folder, lambda: profiled_file(kind))
    return [
        "gray" if gray.pixels.shape[-1] == 1 else "as color",
        "none in it" if alpha is None else yes(alpha.pixels.shape[-1] == 4),
        "none in it"
        if deep is None
        else "yes"
        if deep.top > 255
        else "8 of them, noted",
        yes(color.profile == SRGB),
        yes(is_turned(folder, kind)),
    ]


def back(folder, ending, values, profile=None):
    """What `decode` reads of what `encode` wrote."""
    path = folder / f"a{ending}"
    encode.write(path, values.shape, values.dtype, [values], profile)
    return decode.load(path)


def written_row(folder, ending):
    """What a format keeps of an image that is written to it: the cells of its row."""
    path, gray, color = folder / f"a{ending}", noise(1), noise(3)
    alpha, deep = noise(4), noise(3, 65535)
    supports = functools.partial(encode.supports, path)
    once = back(folder, ending, color)
    return [
        yes(back(folder, ending, gray).pixels.shape[-1] == 1),
        yes(supports("alpha") and back(folder, ending, alpha).pixels.shape[-1] == 4),
        yes(supports("16 bits") and (back(folder, ending, deep).pixels == deep).all()),
        yes(back(folder, ending, color, SRGB).profile == SRGB),
        yes((once.pixels == color).all()),
    ]


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def document(folder):
    """The text of `docs/formats.md`, from files that are written and read."""
    endings = {name: x for x, name in reversed(encode.WRITABLE.items())}
    names = {"WEBP": "WebP"}
    read = [[name, *read_row(folder, kind)] for name, kind in READ.items()]
    written = [
        [names.get(name, name), *written_row(folder, ending)]
        for name, ending in endings.items()
    ]
    return TEXT.format(
        read=markdown(
            [*HEAD, "More than 8 bits", "Color profile", "Turned upright"],
            read,
        ),
        written=markdown(
            [*HEAD, "16 bits", "Color profile", "Every pixel exact"],
            sorted(written),
        ),
    )


TEXT = """\
# What is kept of a photograph

Made from measurements by `python tests/test_odd_files.py`, which writes and reads a
file for each cell; a test compares.

## Reading

{read}

Transparency isn't mixed into the colors. The orientation in the EXIF data is applied,
and no EXIF data are carried over. CMYK becomes sRGB. Damaged metadata, color profiles
over 1 MiB and those that don't fit the colors are left out, as are gamma, primaries and
cICP of PNG, each with a note. Of several images, the first is read.

## Writing

{written}

WebP, JPEG and BMP hold 8 bits; JPEG and BMP no transparency. JPEG ends at 65,500 pixels
a side, WebP at 16,383, PNG at 1,000,000. TIFF above 4 GiB is written as BigTIFF.
"""


def test_the_table_of_formats_is_as_measured(tmp_path):
    assert FORMATS.read_text() == document(tmp_path)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        FORMATS.write_text(document(Path(name)))
