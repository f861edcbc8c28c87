"""Losses that Keras doesn't have."""

import math

import keras
from keras import ops

from .images import check_count
from .layers import relative_luma

_PERIOD = 4  # pixels; grids that repeat every 2 repeat every 4, too


@keras.saving.register_keras_serializable(package="sr_utils")
class LumaSquaredError(keras.losses.Loss):
    """Mean squared error of the luma, for networks that leave the color to bicubic.

    Args:
        border: Pixels left out at each border, where a network sees repeated pixels
            and not the photograph.

    Input: two float RGB tensors in [0, 1] of shape `(batch, height, width, 3)`.
    Output: one mean over pixels for each image, in units of [0, 1] squared.

    Raises:
        ValueError: If the border leaves nothing of the images.

    Source: Dong et al. 2014, eq. 4, with a mean in place of their sum; lesson 2.
    """

    def __init__(self, border=0, **options):
        super().__init__(**{"name": "luma_squared_error"} | options)
        self.border = check_count(border, "border", least=0)

    def call(self, y_true, y_pred):
        """One value for each image of the batch."""
        height, width = y_true.shape[1:3]
        if 2 * self.border >= min(height or math.inf, width or math.inf):
            raise ValueError(
                f"Expected images of more than {2 * self.border} pixels, the two "
                f"borders. Received: {height} x {width}"
            )
        inside = slice(self.border, -self.border or None)
        error = (relative_luma(y_true) - relative_luma(y_pred))[:, inside, inside]
        return ops.mean(ops.square(error), axis=(1, 2, 3))

    def get_config(self):
        """What a saved model needs to rebuild the loss."""
        return super().get_config() | {"border": self.border}


def grid(y_true, y_pred):
    """How much of the error repeats every 2 or 4 pixels, as a checkerboard does.

    The error is averaged over all pixels with the same place in their 4 x 4 square.
    Other errors cancel in these 16 means; a grid is what makes them differ. A network
    can be trained to lower it; `metrics.spectral_lines` judges what it then draws.

    Args:
        y_true: Float tensor in [0, 1] of shape `(batch, height, width, channels)`, at
            least 4 pixels high and wide.
        y_pred: The same.

    Returns:
        The variance of the 16 means, of shape `(batch,)`.

    Raises:
        ValueError: If an image is smaller than a square.

    Source: lesson 4.
    """
    height, width = y_true.shape[1:3]
    if min(height or math.inf, width or math.inf) < _PERIOD:
        raise ValueError(
            f"Expected images of at least {_PERIOD} x {_PERIOD} pixels. "
            f"Received: {height} x {width}"
        )
    error = y_true - y_pred
    means = [
        ops.mean(error[:, y::_PERIOD, x::_PERIOD], axis=(1, 2, 3))
        for y in range(_PERIOD)
        for x in range(_PERIOD)
    ]
    return ops.var(ops.stack(means, axis=1), axis=1)
