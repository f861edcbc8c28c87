"""The layers that lesson 2 adds to those of Keras, and an initializer.

None of them learns. They use slices, concatenation, convolution and `depth_to_space`,
which give the same result on every Keras backend and for images of any size.
`keras.ops.image.resize` doesn't.
"""

import keras
import numpy as np
from keras import ops

from .images import LUMA_WEIGHTS, check_count
from .resize import weight_matrix

_REACH = 2  # old pixels on each side that a bicubic mixture may use


@keras.saving.register_keras_serializable(package="sr_utils")
class EdgePadding(keras.layers.Layer):
    """Repeat the outermost pixels, so that a convolution sees no black frame.

    Args:
        width: Pixels added at each border, at least 1.

    Input: float, `(batch, height, width, channels)`.
    Output: the same with `2 * width` more rows and columns.
    """

    def __init__(self, width, **options):
        super().__init__(**options)
        self.width = check_count(width, "width")

    def call(self, x):
        """Repeat the outermost rows, then the outermost columns."""
        return repeat_edges(x, self.width)

    def get_config(self):
        """What a saved model needs to rebuild the layer."""
        return super().get_config() | {"width": self.width}


@keras.saving.register_keras_serializable(package="sr_utils")
class Bicubic(keras.layers.Layer):
    """Bicubic enlargement of RGB as one convolution and a rearrangement.

    Away from the border it equals `resize(image, scale)`. Beyond the border it repeats
    the outermost pixels, where `resize` mirrors the image.

    Args:
        scale: Whole-number factor, at least 2.

    Input: float RGB in [0, 1], `(batch, height, width, 3)`.
    Output: float32, `(batch, height * scale, width * scale, 3)`.

    Source: lesson 2, from the weight matrix of lesson 1.
    """

    def __init__(self, scale, **options):
        super().__init__(**{"dtype": "float32"} | options)
        self.scale = check_count(scale, "scale", least=2)
        self.kernel = bicubic_kernel(self.scale)

    def call(self, x):
        """Compute all pixels of each square as channels, then rearrange them."""
        squares = ops.conv(repeat_edges(x, _REACH), self.kernel, padding="valid")
        return depth_to_space(squares, self.scale)

    def get_config(self):
        """What a saved model needs to rebuild the layer."""
        return super().get_config() | {"scale": self.scale}


@keras.saving.register_keras_serializable(package="sr_utils")
class Luma(keras.layers.Layer):
    """Brightness of RGB by the weights of ITU-R BT.601, in the range of the input.

    Input: float RGB in [0, 1], `(batch, height, width, 3)`.
    Output: float32 in [0, 1], `(batch, height, width, 1)`. `images.luma` is the same,
    stretched to 16 to 235.
    """

    def __init__(self, **options):
        super().__init__(**{"dtype": "float32"} | options)

    def call(self, x):
        """Weighted sum of the three channels."""
        return relative_luma(x)


def relative_luma(x):
    """The function of the layer `Luma`: `(..., 3)` becomes `(..., 1)`."""
    weights = LUMA_WEIGHTS / LUMA_WEIGHTS.sum()
    return ops.matmul(x, weights.astype("float32")[:, None])


@keras.saving.register_keras_serializable(package="sr_utils")
class ICNR(keras.initializers.Initializer):
    """Start a sub-pixel convolution as nearest-neighbor enlargement.

    Equal weights for all pixels of a square: without it they start different, and the
    difference repeats in every square as a checkerboard.

    Args:
        scale: Width of the square.

    Source: Aitken et al. 2017, section 3; lesson 2.
    """

    def __init__(self, scale):
        self.scale = check_count(scale, "scale")

    def __call__(self, shape, dtype=None):
        """Glorot-uniform weights for one pixel of the square, repeated for the others.

        Raises:
            ValueError: If the last of `shape` isn't a multiple of `scale * scale`.
        """
        *kernel, channels = shape
        if channels % self.scale**2:
            raise ValueError(
                f"Expected a multiple of {self.scale**2} channels. Received: {channels}"
            )
        one = (*kernel, channels // self.scale**2)
        weights = keras.initializers.GlorotUniform()(one, dtype)
        return ops.tile(weights, (1,) * len(kernel) + (self.scale**2,))

    def get_config(self):
        """What a saved model needs to rebuild the initializer."""
        return {"scale": self.scale}


@keras.saving.register_keras_serializable(package="sr_utils")
class FlatResponse(keras.constraints.Constraint):
    """Keep a sub-pixel convolution from drawing a grid on a flat image.

    On a flat image, a pixel of the result is the bias plus the input channels times the
    sums of their weights. If sums and biases are equal for all pixels of a square, flat
    stays flat, whatever the weights learn. The constraint moves them to their mean.

    Args:
        scale: Width of the square.

    Source: Sugawara et al. 2018, section 3, as a constraint on the weights; lesson 3.
    """

    def __init__(self, scale):
        self.scale = check_count(scale, "scale")

    def __call__(self, weights):
        """Kernels `(height, width, inputs, channels)`, or biases `(channels,)`."""
        *kernel, channels = weights.shape
        one = channels // self.scale**2
        squares = ops.reshape(weights, (*kernel, self.scale**2, one))
        taps = tuple(range(len(kernel) - 1))
        responses = ops.mean(squares, axis=taps, keepdims=True) if taps else squares
        uneven = responses - ops.mean(responses, axis=-2, keepdims=True)
        return ops.reshape(squares - uneven, weights.shape)

    def get_config(self):
        """What a saved model needs to rebuild the constraint."""
        return {"scale": self.scale}


@keras.saving.register_keras_serializable(package="sr_utils")
class DepthToSpace(keras.Operation):
    """What `keras.ops.depth_to_space` records in a network, for Keras 3.13.

    Args:
        block_size: Width of the square.

    Input: `(batch, height, width, channels)`.
    Output: `(batch, height * block_size, width * block_size, channels / block_size²)`,
    in the same dtype.
    """

    def __init__(self, block_size, **options):
        super().__init__(**options)
        self.block_size = check_count(block_size, "block_size")

    def call(self, x):
        """Part the channels into rows and columns of the square, and sort them in."""
        batch, height, width, channels = ops.shape(x)
        size, colors = self.block_size, channels // self.block_size**2
        squares = ops.reshape(x, (batch, height, width, size, size, colors))
        rows = ops.transpose(squares, (0, 1, 3, 2, 4, 5))
        return ops.reshape(rows, (batch, height * size, width * size, colors))

    def compute_output_spec(self, x):
        """Shape and dtype of the result; sizes that aren't known stay unknown."""
        batch, *sizes, channels = x.shape
        height, width = (size and size * self.block_size for size in sizes)
        shape = (batch, height, width, channels // self.block_size**2)
        return keras.KerasTensor(shape, x.dtype)


def _depth_to_space(x, block_size):
    return DepthToSpace(block_size)(x)


# Keras has it from 3.14 on; Colab has Keras 3.13.
depth_to_space = getattr(ops, "depth_to_space", _depth_to_space)


def repeat_edges(x, width):
    """Add `width` copies of the outermost pixels at every border.

    Args:
        x: Tensor of shape `(batch, height, width, channels)`.
        width: Pixels added at each border, at least 1.
    """
    x = ops.concatenate([x[:, :1]] * width + [x] + [x[:, -1:]] * width, axis=1)
    sides = [x[:, :, :1]] * width, [x[:, :, -1:]] * width
    return ops.concatenate([*sides[0], x, *sides[1]], axis=2)


def bicubic_kernel(scale):
    """The convolution kernel with which `Bicubic` computes `scale` x `scale` pixels.

    Args:
        scale: Whole-number factor, at least 2.

    Returns:
        float32 array of shape `(5, 5, 3, scale * scale * 3)`, its last axis in the
        order of `depth_to_space`: row, column, color.
    """
    size = 4 * _REACH + 1
    rows = slice(scale * 2 * _REACH, scale * (2 * _REACH + 1))
    columns = slice(_REACH, size - _REACH)
    line = weight_matrix(size, scale).toarray()[rows, columns]  # (scale, 5)
    kernel = np.einsum("ry,cx,ij->yxircj", line, line, np.eye(3))
    taps = 2 * _REACH + 1
    return kernel.reshape(taps, taps, 3, -1).astype("float32")
