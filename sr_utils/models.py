"""The networks of lesson 2: SRCNN, ESPCN and a small SRResNet.

Every network maps a low-resolution image of any size, float32 RGB in [0, 1] of shape
`(batch, height, width, 3)`, to `(batch, height * scale, width * scale, 3)`. Its output
is float32 and may leave [0, 1] a little.
"""

import hashlib
import json
from functools import partial

import keras
import numpy as np
from keras import layers, ops

from . import pretrained, runtime, tiling
from .architecture import halves, in_float32, memory, reach, scale
from .halves import Halves
from .images import check_count, check_image, to_rgb
from .layers import (
    ICNR,
    Bicubic,
    EdgePadding,
    FlatResponse,
    Luma,
    depth_to_space,
)

CHECKPOINTS = pretrained.FOLDER
_FINE = 16  # channels at the full resolution; twice as many before each enlargement
_SLOPE = 0.2  # of LeakyReLU, for negative values


def srcnn(scale):
    """SRCNN 9-1-5: bicubic enlargement, then three convolutions on the luma.

    Patch extraction (64 filters of 9 x 9), non-linear mapping (32 of 1 x 1),
    reconstruction (one of 5 x 5); 8 129 weights. Color is enlarged by bicubic alone.

    Args:
        scale: Whole-number factor, at least 2.

    Returns:
        `keras.Model`.

    Source: Dong et al. 2014, section 3.1 and 4.1; lesson 2.
    """
    low = keras.Input((None, None, 3))
    large = Bicubic(scale)(low)
    before = Luma()(large)
    x = _center(EdgePadding(6)(before))
    x = layers.Conv2D(64, 9, activation="relu")(x)
    x = layers.Conv2D(32, 1, activation="relu")(x)
    after = _restore(layers.Conv2D(1, 5, dtype="float32")(x))
    return keras.Model(low, large + (after - before), name=f"srcnn_x{scale}")


def espcn(scale):
    """The sub-pixel network: three convolutions on the small luma, then rearrangement.

    The last convolution computes all `scale * scale` pixels of a square as channels.
    Color is enlarged by bicubic alone.

    Args:
        scale: Whole-number factor, at least 2.

    Returns:
        `keras.Model`.

    Source: Shi et al. 2016 (ESPCN), section 3.1 and 4; lesson 2.
    """
    low = keras.Input((None, None, 3))
    large = Bicubic(scale)(low)
    x = _center(EdgePadding(4)(Luma()(low)))
    x = layers.Conv2D(64, 5, activation="tanh")(x)
    x = layers.Conv2D(32, 3, activation="tanh")(x)
    x = layers.Conv2D(scale**2, 3, dtype="float32")(x)
    after = _restore(depth_to_space(x, scale))
    return keras.Model(low, large + (after - Luma()(large)), name=f"espcn_x{scale}")


def srresnet(scale, blocks=8, filters=48, flat=False, direct=False):
    """A small SRResNet: residual blocks at low resolution, added to bicubic.

    Upsampling follows the blocks: a sub-pixel convolution for each prime factor of
    `scale`, then one convolution at the full resolution. The last convolution starts at
    zero, so an untrained network is bicubic enlargement. Nothing is normalized inside
    the blocks: that would take away the range of values that contrast needs (Lim et al.
    2017, section 3.1).

    Args:
        scale: Whole-number factor, at least 2.
        blocks: Number of residual blocks.
        filters: Channels of the convolutions at low resolution.
        flat: Whether training keeps flat areas flat (`layers.FlatResponse`), which a
            perceptual or adversarial loss needs and a pixel loss doesn't (lesson 3).
        direct: Whether one convolution at low resolution computes the pixels
            themselves, which leaves more multiplications for the blocks.

    Returns:
        `keras.Model`.

    Source: Ledig et al. 2017, figure 4, smaller, with leaky ReLU, 3 x 3 convolutions at
    both ends, and bicubic added; lesson 2.
    """
    low = keras.Input((None, None, 3))
    x = _center(low)
    x = skip = layers.Conv2D(filters, 3, padding="same")(x)
    for _ in range(check_count(blocks, "blocks")):
        x = _residual_block(x, filters)
    x = layers.Conv2D(filters, 3, padding="same")(x) + skip
    upsample = _pixels_at_once if direct else _pixels_by_stages
    detail = upsample(x, scale, flat)
    return keras.Model(low, Bicubic(scale)(low) + detail, name=f"srresnet_x{scale}")


def discriminator(filters=32):
    """The discriminator of SRGAN, which tells photographs from what networks make.

    Pairs of convolutions, the second of each with stride 2; the mean over all places
    takes images of any size.

    Args:
        filters: Channels of the first convolution, doubled with each halving; the paper
            has 64.

    Returns:
        `keras.Model` from float RGB in [0, 1] of shape `(batch, height, width, 3)` to
        logits `(batch, 1)`, float32, positive for photographs.

    Source: Ledig et al. 2017, figure 4, with a mean in place of the dense layer that
    fixes the size; lesson 4.
    """
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(check_count(filters, "filters"), 3, padding="same")(
        _center(image)
    )
    x = _normalized_conv(layers.LeakyReLU(_SLOPE)(x), filters, stride=2)
    for level in (1, 2, 3):
        for stride in (1, 2):
            x = _normalized_conv(x, filters * 2**level, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(1, dtype="float32")(x), name="discriminator")


def patch_discriminator(filters=32):
    """A discriminator that judges every patch of an image by itself.

    Two halvings instead of four, and a last convolution in place of the mean: each
    logit sees 37 x 37 pixels. So an image gets a verdict in every place, and the
    generator learns where it was found out, not only that it was.

    Args:
        filters: Channels of the first convolution, doubled with each halving.

    Returns:
        `keras.Model` from float RGB in [0, 1] of shape `(batch, height, width, 3)` to
        logits `(batch, height / 4, width / 4, 1)`, rounded up, float32, positive for
        photographs.

    Source: Isola et al. 2017 (pix2pix), section 3.2.2; lesson 4.
    """
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(check_count(filters, "filters"), 3, padding="same")(
        _center(image)
    )
    x = _normalized_conv(layers.LeakyReLU(_SLOPE)(x), filters, stride=2)
    for channels, stride in ((2, 1), (2, 2), (4, 1), (4, 1)):
        x = _normalized_conv(x, filters * channels, stride)
    x = layers.Conv2D(1, 3, padding="same", dtype="float32")(x)
    return keras.Model(image, x, name="patch_discriminator")


def load_checkpoint(name, precision="float32"):
    """A trained network of this course, from `data/checkpoints`.

    The card says which network of this module it is; of the file only the weights are
    read. So an older Keras than the one that wrote the file reads it, too.

    Args:
        name: Of the checkpoint, such as "srresnet_x4". Its model card,
            `data/checkpoints/NAME.json`, says how it was made and how it scores.
        precision: Keras dtype policy that it computes in, such as "mixed_bfloat16".

    Returns:
        `keras.Model`, not compiled.

    Raises:
        ValueError: If there is no such checkpoint, its file isn't, byte for byte, the
            one its card describes, or the weights don't fit the card's network.
    """
    build, checksum = _described(name)
    path = CHECKPOINTS / f"{name}.keras"
    _verify(path, checksum)
    with runtime.policy(precision):
        network = build()
    network.load_weights(path)
    return network


def builder(name):
    """What builds the network of a checkpoint, without its weights, by its model card.

    Args:
        name: Of the checkpoint.

    Returns:
        `functools.partial` of `srcnn`, `espcn` or `srresnet`: its argument is the
        scale, its keywords are the options.

    Raises:
        ValueError: If there is no such checkpoint, or its card is damaged.
    """
    return _described(name)[0]


def upscaler(model, *, compiled=False, exact=True):
    """What enlarges images with a network as it is now.

    Args:
        model: A network of this module.
        compiled: Whether to build a graph first. It takes a second, and less time and
            memory for each image after that; results may differ in the last digit.
        exact: Whether to compute in float32, as scores and figures need it, whatever
            the network does; otherwise in its own precision.

    Returns:
        A `tiling.Upscaler`: call it with float RGB in [0, 1], `(height, width, 3)`, for
        a float32 array `(height * scale, width * scale, 3)` in [0, 1]. Gray,
        `(height, width, 1)`, goes through the network as RGB and comes back as gray.
    """
    copy = in_float32(model)
    network, radius = copy if exact else model, _radius(copy)
    in_parts = compiled and radius is not None and halves(copy) is not None
    call = runtime.graph(network) if compiled else network
    call = Halves(network) if in_parts else _clipped(call)
    room = call.memory if in_parts else memory(copy)

    def upscale(low, *wanted):
        batch = to_rgb(check_image(low))[None].astype("float32")  # (1, h, w, 3)
        large = call(batch, *wanted)[0]
        return large.mean(-1, keepdims=True) if low.shape[-1] == 1 else large

    return tiling.Upscaler(upscale, scale(copy), radius, room, in_parts)


def _clipped(call):
    """A function as `call`, whose result is an array in [0, 1]."""
    return lambda batch: np.clip(ops.convert_to_numpy(call(batch)), 0, 1)


def _radius(network):
    """The receptive radius of a network, or `None` where it isn't known."""
    try:
        return reach(network)
    except ValueError:
        return None


def _described(name):
    """What builds the network of a checkpoint, and its checksum, by its model card."""
    known = pretrained.names(CHECKPOINTS)
    if name not in known:
        raise ValueError(f"Expected `name` in {known}. Received: {name!r}")
    card = CHECKPOINTS / f"{name}.json"
    try:
        about = json.loads(card.read_text(encoding="utf-8"))
        recipe, checksum = about["recipe"], about["sha256"]
        network = {x.__name__: x for x in (srcnn, espcn, srresnet)}[recipe["network"]]
        return partial(network, recipe["scale"], **recipe["options"]), checksum
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "Expected a model card with a checksum and the recipe of a network of this "
            f"course ({error!r}). Received: {card.name}"
        ) from error


def _verify(path, expected):
    """Raise an error unless a file has the checksum that its card gives."""
    data = path.read_bytes() if path.is_file() else b""
    received = hashlib.sha256(data).hexdigest()
    if received != expected:
        raise ValueError(
            f"Expected {path.name} with the checksum of its card, {expected}; "
            "it is missing, damaged or another file. Take it from the repository. "
            f"Received: {len(data)} bytes with checksum {received}"
        )


def _center(x):
    """Values around zero: with all inputs positive, SRCNN's filters die (lesson 2)."""
    return layers.Rescaling(1, offset=-0.5)(x)


def _restore(x):
    """The inverse of `_center`, in float32."""
    return layers.Rescaling(1, offset=0.5, dtype="float32")(x)


def _residual_block(x, filters):
    """Two convolutions whose result is added to their input."""
    y = layers.LeakyReLU(_SLOPE)(layers.Conv2D(filters, 3, padding="same")(x))
    return x + layers.Conv2D(filters, 3, padding="same")(y)


def _normalized_conv(x, filters, stride):
    """Convolution, batch normalization over all devices, leaky ReLU."""
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    together = keras.backend.backend() == "tensorflow"  # Keras has it there only
    x = layers.BatchNormalization(momentum=0.9, synchronized=together)(x)
    return layers.LeakyReLU(_SLOPE)(x)


def _pixels_at_once(x, scale, flat):
    """One convolution at low resolution that computes all pixels of a square."""
    constraint = FlatResponse(scale) if flat else None
    x = layers.Conv2D(
        3 * scale**2,
        3,
        padding="same",
        kernel_initializer="zeros",
        kernel_constraint=constraint,
        bias_constraint=constraint,
        dtype="float32",
    )(x)
    return depth_to_space(x, scale)


def _pixels_by_stages(x, scale, flat):
    """A sub-pixel convolution for each prime factor, then one at full resolution."""
    stages = _prime_factors(scale)
    channels = _FINE * 2 ** len(stages)
    for factor in stages:
        channels //= 2
        x = _sub_pixel(x, factor, channels, flat)
    return layers.Conv2D(
        3, 3, padding="same", kernel_initializer="zeros", dtype="float32"
    )(x)


def _sub_pixel(x, factor, channels, flat):
    """A convolution at low resolution whose channels become pixels, leaky ReLU."""
    constraint = FlatResponse(factor) if flat else None
    x = layers.Conv2D(
        channels * factor**2,
        3,
        padding="same",
        kernel_initializer=ICNR(factor),
        kernel_constraint=constraint,
        bias_constraint=constraint,
    )(x)
    return layers.LeakyReLU(_SLOPE)(depth_to_space(x, factor))


def _prime_factors(scale):
    """The factors whose sub-pixel convolutions enlarge by `scale`: 4 gives [2, 2]."""
    scale = check_count(scale, "scale", least=2)
    least = next(x for x in range(2, scale + 1) if scale % x == 0)
    return [least] + (_prime_factors(scale // least) if scale > least else [])
