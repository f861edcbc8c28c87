"""What the layers of a network add up to: its scale, its cost, how far it looks.

Lesson 2 counts, lesson 5 derives the receptive radius.
"""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import keras
from keras import layers

from .layers import Bicubic, EdgePadding, Luma, depth_to_space

_PROBE = 32  # pixels; wide enough for padding not to count


def _operation(function):
    """The class of the bare operation that a function of `keras.ops` records."""
    image = keras.Input((1, 1, 4))
    return type(keras.Model(image, function(image)).operations[-1])


_DEPTH_TO_SPACE = _operation(lambda x: depth_to_space(x, 2))
_POINTWISE = (
    _operation(lambda x: x + x),
    _operation(lambda x: x - x),
    layers.Activation,
    layers.Add,
    layers.BatchNormalization,
    layers.LeakyReLU,
    layers.ReLU,
    layers.Rescaling,
    layers.Subtract,
    EdgePadding,  # a valid convolution follows, whose reach is counted
    Luma,
)


class Cost(NamedTuple):
    """What a network costs: its size, and its work for each pixel it computes.

    A multiplication stands for a multiply-accumulate operation, or MAC, since each is
    followed by one addition.
    """

    parameters: int
    multiplications: int


class Call(NamedTuple):
    """One use of a layer in a network, found by `calls`."""

    layer: Any
    inputs: list
    output: Any


def cost(model):
    """Count the parameters and the multiplications of a network's convolutions.

    A convolution that is used several times works several times; a network inside the
    network is counted, too.

    Args:
        model: A network that maps `(batch, height, width, 3)` to a larger image.

    Returns:
        A `Cost`: trainable parameters, and multiplications (MACs) per output pixel,
        rounded. Bicubic enlargement isn't counted.

    Source: lesson 2.
    """
    copy = in_float32(model)  # all of it trainable
    parameters = sum(math.prod(x.shape) for x in copy.trainable_weights)
    return Cost(parameters, round(_work(copy) / scale(copy) ** 2))


def scale(model):
    """How many times as high as its input a network's output is, a whole number."""
    return _zoom(model.compute_output_shape((1, _PROBE, _PROBE, 3)))


def calls(model):
    """Every use of a layer in a network, from input to output.

    Args:
        model: A functional `keras.Model`. The calls leave traces in its layers, so give
            a copy of a network that goes on to be used.

    Returns:
        List of `Call`. Its tensors are symbolic and have the shapes that an image of
        32 x 32 pixels leads to; a layer that is used twice is in it twice.
    """
    found = []

    def probe(image):
        return keras.Input(batch_shape=(1, _PROBE, _PROBE, image.shape[-1]))

    def record(layer, *inputs, **options):
        output = layer(*inputs, **options)
        found.append(Call(layer, keras.tree.flatten(inputs), output))
        return output

    keras.models.clone_model(
        model,
        input_tensors=keras.tree.map_structure(probe, model.input),
        clone_function=lambda layer: layer,
        call_function=record,
    )
    return found


def in_float32(model):
    """A copy of a network, with its weights, that computes in float32.

    Training may run in mixed precision; scores, figures and files never do.

    Args:
        model: A network of this module.

    Returns:
        `keras.Model`, not compiled, all of it trainable.
    """

    def copy(layer):
        if isinstance(layer, keras.Model):
            return in_float32(layer)
        ours = isinstance(layer, layers.Layer)  # and no bare operation
        changes = {"dtype": "float32", "trainable": True} if ours else {}
        return type(layer).from_config(layer.get_config() | changes)

    bare = keras.Model(model.input, model.output)  # not compiled
    exact = keras.models.clone_model(bare, clone_function=copy)
    exact.set_weights(model.get_weights())
    return exact


def receptive_radius(model):
    """How many low-resolution pixels around a place count for a network's result there.

    A pixel of the result lies in one low-resolution pixel. It depends on those up to
    this many rows and columns away, and on no others. A convolution of width k adds
    (k - 1) / 2 pixels of the image it works on; after enlargement by z, such a pixel is
    1 / z low-resolution pixels wide. The total is rounded up.

    Args:
        model: A network of `models` that returns an image.

    Returns:
        int. 20 for `srresnet` with 8 blocks at scale 4.

    Raises:
        ValueError: If the network has a layer whose reach isn't known.

    Source: derived in lesson 5.
    """
    return reach(in_float32(model))


def memory(copy):
    """Bytes that a network takes for each pixel of its input, about.

    Where most is needed, an operation reads and writes float32 values, and libraries
    lay out the same values once more. Measured with TensorFlow on a CPU, the networks
    of this course took 0.9 to 1.1 times as much.

    Args:
        copy: A network in whose layers `calls` may leave traces.
    """
    return 2 * max(_values(inputs) + _values([x]) for _, inputs, x in calls(copy)) * 4


def halves(network):
    """Cut a network before the layers that enlarge, which take most of its memory.

    Args:
        network: A network of `models`.

    Returns:
        Two `keras.Model` that share its layers: the first maps the low-resolution image
        to feature maps of the same size, the second maps the image and these to the
        result. Or `None`, if no sub-pixel stage enlarges, or padded images.
    """
    operations = network.operations
    stages = [x for x in operations if isinstance(x, _DEPTH_TO_SPACE)]
    if not stages:
        return None
    before = next(x for x in operations if x.output is stages[0].input)
    low, maps = network.input, before.input
    first, second = keras.Model(low, maps), keras.Model([low, maps], network.output)
    return (first, second) if _keeps_size(first) else None


def reach(copy):
    """The `receptive_radius` of a network in whose layers `calls` may leave traces."""
    return math.ceil(_effect_of_all(copy)[1])


def _effect_of_all(model):
    """By which factor a network enlarges, and how many input pixels away it looks."""
    known = {}  # from a tensor to how much it is enlarged and how far it looks
    zoom, radius = 1, Fraction(0)
    for layer, inputs, output in calls(model):
        before = [known.get(id(x), (1, Fraction(0))) for x in inputs]
        zoom, radius = (max(x) for x in zip(*before, strict=True))
        factor, pixels = _effect(layer)
        zoom, radius = zoom * factor, radius + Fraction(pixels) / zoom
        known[id(output)] = zoom, radius
    return zoom, radius


def _effect(layer):
    """By which factor a layer enlarges, and how many pixels away it looks."""
    if isinstance(layer, keras.Model):
        return _effect_of_all(layer)
    if isinstance(layer, layers.Conv2D) and set(layer.strides) == {1}:
        widths = zip(layer.kernel_size, layer.dilation_rate, strict=True)
        return 1, max(((size - 1) * rate + 1) // 2 for size, rate in widths)
    if isinstance(layer, Bicubic):
        return layer.scale, 2
    if isinstance(layer, _DEPTH_TO_SPACE):
        return layer.block_size, 0
    if isinstance(layer, _POINTWISE):
        return 1, 0
    raise ValueError(
        "Expected a network of convolutions with stride 1, sub-pixel stages and "
        "operations on single pixels. "
        f"Received: {type(layer).__name__} {layer.name!r}"
    )


def _values(tensors):
    """Values for each pixel of a probe; a number among the tensors counts as one."""
    return sum(math.prod(getattr(x, "shape", ())) for x in tensors) // _PROBE**2


def _work(model):
    """Multiplications for each pixel of a network's input."""
    work = 0
    for layer, inputs, output in calls(model):
        if isinstance(layer, layers.Conv2D):
            work += math.prod(layer.kernel.shape) * _zoom(output.shape) ** 2
        if isinstance(layer, keras.Model):
            work += _work(layer) * _zoom(inputs[0].shape) ** 2
    return work


def _keeps_size(model):
    probe = (1, _PROBE, _PROBE, model.input.shape[-1])
    return model.compute_output_shape(probe)[:3] == probe[:3]


def _zoom(shape):
    """How many times as high as the probe an image is, padding left out."""
    return round(shape[1] / _PROBE)
