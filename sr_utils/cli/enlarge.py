"""Enlarge the photograph in a file and keep what it is.

Gray stays gray, transparency stays, and so do 16 bits and the color profile, where the
format of the result can hold them; what is lost is reported.
"""

from contextlib import closing
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from .. import pretrained, runtime, tiling
from ..photo_files import decode, encode
from ..photo_files.atomic import whole
from ..photo_files.limits import TooLargeError

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3")
_LOST = {
    "alpha": "transparent parts lie over white",
    "16 bits": "of 16 bits per channel, 8 are kept",
    "profile": "the color profile is left out",
}


class Method(NamedTuple):
    """How to enlarge: its name, a `tiling.Upscaler` for color, one for transparency."""

    name: str
    color: tiling.Upscaler
    alpha: tiling.Upscaler


def names():
    """What `method` knows: the checkpoints on this machine, and interpolations."""
    return [*pretrained.names(), *INTERPOLATIONS]


def method(name, scale=None, precision="float32"):
    """The `Method` of a name. With a network, transparency is enlarged by bicubic.

    Args:
        name: One of `names()`.
        scale: Whole-number factor. A network has its own; an interpolation has 4 by
            default.
        precision: Keras dtype policy in which a network computes.

    Raises:
        ImportError: If the backend of Keras isn't installed.
        ValueError: If there is no such method, the network has another scale, or Keras
            puts channels first.
    """
    if name in INTERPOLATIONS:
        kernel = tiling.interpolation(name, 4 if scale is None else scale)
        return Method(name, kernel, kernel)
    with runtime.silence():
        runtime.check_keras()
        from ..models import load_checkpoint, upscaler

        network = load_checkpoint(name, precision)
        color = upscaler(network, compiled=True, exact=False)
    if scale not in (None, color.scale):
        raise ValueError(
            f"Expected scale {color.scale} for {name}; an interpolation takes any. "
            f"Received: {scale}"
        )
    return Method(name, color, tiling.interpolation("bicubic", color.scale))


def enlarge(
    source,
    target,
    method,
    tile=None,
    progress=None,
    *,
    replace=True,
    max_pixels=None,
    finished=None,
    compute=None,
):
    """Enlarge the photograph in a file into another file, which appears whole or not.

    Args:
        source: `pathlib.Path` of any photograph that Pillow reads.
        target: `pathlib.Path` to write, in an existing folder; its ending chooses the
            format.
        method: A `Method`, or a `choice.Choice` of one.
        tile: As in `tiling.tiled`.
        progress: Called with `total=` the number of pixels of the result, it returns a
            `tqdm` bar.
        replace: Whether a file that is at `target` when all is done is replaced.
        max_pixels: As in `decode.load`.
        finished: Called with the path of the whole file before it is at `target`.
        compute: Function of windows as in `tiling.bands`, whose further arguments are
            the method's name, the value of white, and the dtype of the result; by
            default this process computes.

    Returns:
        Shape of the result, `(height, width, channels)`, and a tuple of clauses: which
        method was chosen, and what of the photograph isn't in the result.

    Raises:
        FileExistsError: If there is a file at `target` that isn't to be replaced.
        FileNotFoundError: If there is no such photograph, or no such folder.
        ValueError: If the photograph is damaged, or its result doesn't fit.
    """
    _check_place(target)
    stored = _load(source, max_pixels)
    chosen = ()
    if not isinstance(method, Method):
        method, *chosen = method(source, stored)
    lost = _lost(stored, target)
    pixels, top = _prepared(stored, "alpha" in lost)
    upscaler = for_pixels(method, pixels.shape[-1], top)
    shape = (*(x * upscaler.scale for x in pixels.shape[:2]), pixels.shape[-1])
    encode.check_size(target, *shape[:2])
    rows, columns = tiling.tiles(pixels.shape, upscaler, tile)
    _check_memory(rows, columns, shape, upscaler)
    progress = progress or partial(tqdm, disable=True)
    dtype = np.uint16 if stored.top > 255 and "16 bits" not in lost else np.uint8
    with (
        progress(total=prod(shape[:2])) as bar,
        whole(target, replace=replace) as place,
    ):
        where = compute and partial(compute, name=method.name, top=top, dtype=dtype)
        bands = tiling.bands(
            upscaler, pixels, tile, dtype=dtype, done=bar.update, compute=where
        )
        with closing(bands):
            encode.write(place, shape, dtype, bands, stored.profile)
        if finished:
            finished(place)
    return shape, (*chosen, *stored.notes, *(_LOST[what] for what in lost))


def _check_place(target):
    encode.writable(target)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"Expected an existing folder. Received: {target.parent}"
        )


def _check_memory(rows, columns, shape, upscaler):
    """Raise an error if two bands and a window can't fit into this machine."""
    rows_of_band = max(row.core.stop - row.core.start for row in rows) * upscaler.scale
    window = prod(x.stop - x.start for x in (rows[0].window, columns[0].window))
    needed = 2 * rows_of_band * prod(shape[1:]) + window * upscaler.memory
    memory = runtime.memory()
    if needed > memory:
        raise ValueError(
            f"Expected parts of the result that fit into {memory / 1e9:.1f} GB of "
            "memory; a smaller --tile or --scale takes less. "
            f"Received: {shape[1]} x {shape[0]} pixels, {needed / 1e9:.1f} GB or more"
        )


def _load(path, max_pixels):
    """What a file holds; whatever a library says of a damaged one is a `ValueError`."""
    if not path.is_file():
        raise FileNotFoundError("Expected a photograph. Received: no such file")
    try:
        with runtime.silence():  # libtiff and others write to file descriptor 2
            return decode.load(path, max_pixels=max_pixels)
    except TooLargeError:
        raise
    except Exception as error:
        raise ValueError(
            f"Expected an undamaged photograph. Received: {error}"
        ) from error


def _lost(stored, target):
    """The keys of `_LOST` that the photograph has and the target can't hold."""
    has = {
        "alpha": stored.pixels.shape[-1] in (2, 4),
        "16 bits": stored.top > 255,
        "profile": stored.profile is not None,
    }
    return [x for x in has if has[x] and not encode.supports(target, x)]


def _prepared(stored, without_alpha):
    """Pixels to enlarge, and the value of white in them."""
    if without_alpha:
        return decode.over_white(stored.pixels / np.float32(stored.top)), 1
    if stored.pixels.shape[-1] in (2, 4):
        return _without_hidden_colors(stored.pixels), stored.top
    return stored.pixels, stored.top


def _without_hidden_colors(pixels):
    """Give invisible pixels the nearest visible color: enlarged edges mix it in."""
    color, hidden = pixels[..., :-1], pixels[..., -1] == 0
    if hidden.all() or not hidden.any():
        return pixels
    nearest = ndimage.distance_transform_edt(
        hidden, return_distances=False, return_indices=True
    )
    return np.concatenate([color[tuple(nearest)], pixels[..., -1:]], axis=-1)


def for_pixels(method, channels, top):
    """An `Upscaler` for pixels with up to 4 channels, whose white is `top`."""
    _, color, alpha = method
    top = np.float32(top)

    def opaque(window, *wanted):
        return color.function(window / top, *wanted)

    def transparent(window):
        values = window / top
        parts = color.function(values[..., :-1]), alpha.function(values[..., -1:])
        return np.concatenate(parts, axis=-1)

    if channels in (1, 3):
        return color._replace(function=opaque)
    radius = max(color.radius, alpha.radius)
    return color._replace(function=transparent, radius=radius, in_parts=False)
