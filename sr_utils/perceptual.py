"""VGG19 features, and the loss that compares them (lesson 3).

Features are taken after the ReLU, as the SRGAN paper does, and each channel is divided
by its root-mean-square over the training photographs. So no channel counts more than
another because its weights happen to be larger, and weights that differ by such
factors only, as Keras' and the *normalized* ones do, give the same loss.
"""

import math
from pathlib import Path

import keras
import numpy as np
from keras import ops

from . import losses, runtime, vgg
from .images import check_image

_CROP, _STRIDE = 64, 200  # pixels: size and distance of the crops that calibrate


@keras.saving.register_keras_serializable(package="sr_utils")
class VGGInput(keras.layers.Layer):
    """What VGG19 was trained on: BGR from 0 to 255 minus the mean color of ImageNet.

    Input: float RGB in [0, 1], `(batch, height, width, 3)`. Output: same shape, float.

    Source: `keras.applications.vgg19.preprocess_input`; lesson 3.
    """

    def __init__(self, **options):
        super().__init__(**{"autocast": False} | options)

    def call(self, x):
        """Reverse the channels, scale, subtract."""
        mean = ops.convert_to_tensor([103.939, 116.779, 123.68], x.dtype)
        return ops.flip(x, axis=-1) * 255 - mean


def vgg19_features(layers, weights="imagenet"):
    """The part of VGG19 that computes the feature maps of some layers.

    Args:
        layers: Names of convolutions, such as `["block2_conv2"]`, the paper's 2,2.
        weights: "imagenet", taken from the file that `SR_VGG19_WEIGHTS` names, or else
            downloaded (80 MB, announced); where neither works, random weights
            with a notice. Or the path of such a file; or `None`: random weights.

    Returns:
        Frozen `keras.Model` in the current dtype policy, named "vgg19_imagenet" or
        "vgg19_random". It maps float RGB in [0, 1] of shape
        `(batch, height, width, 3)`, any size that leaves a pixel in the deepest layer,
        to the feature maps after the ReLU: one, or a list if there are several layers.
        Each call makes a new model.

    Raises:
        ValueError: If a layer is unknown, or a file isn't VGG19 or lacks a layer.

    Source: Simonyan and Zisserman 2015; lesson 3.
    """
    network, label = vgg.load(vgg.check_layers(layers), weights)
    image = keras.Input((None, None, 3))
    outputs = [network.get_layer(name).output for name in layers]
    maps = keras.Model(network.input, outputs)(VGGInput()(image))
    features = keras.Model(image, maps, name=f"vgg19_{label}")
    features.trainable = False
    return features


def channel_rms(features, photographs):
    """Root-mean-square of each channel over photographs: what calibrates it.

    Args:
        features: Model from `vgg19_features`.
        photographs: Dictionary from name to float RGB in [0, 1]. Of each, crops at even
            distances are used.

    Returns:
        For each layer a float32 array of shape `(channels,)`, positive; infinity for a
        channel that is zero on all of them, which leaves it out.
    """
    batches = [_listed(features(_crops(x))) for x in photographs.values()]
    stacked = [np.concatenate(layer) for layer in _by_layer(batches)]
    means = [np.mean(x.astype("f8") ** 2, axis=0) for x in stacked]
    return [np.sqrt(np.where(x > 0, x, np.inf)).astype("float32") for x in means]


@keras.saving.register_keras_serializable(package="sr_utils")
class PerceptualLoss(keras.losses.Loss):
    """Mean squared difference of VGG19 features, summed over layers.

    The network is frozen and no part of the model that trains with the loss: not in its
    variables, not in its file. A loss that was loaded with a model has no VGG19;
    compile the model again to train it.

    Args:
        layers: As in `vgg19_features`.
        weights: As in `vgg19_features`.
        calibration: Photographs, a dictionary from name to image: each channel is
            divided by its root-mean-square over them; the series takes
            `datasets.training()`. Or a number: all features are multiplied by it, as
            by 1/12.75 in the SRGAN paper.
        pixel: Weight of the mean absolute difference of the pixels that is added; a
            small one keeps the colors, which features see poorly.
        grid: Weight of `losses.grid`, the part of the error that repeats every 2 or 4
            pixels, which features hardly see (lesson 4).

    Input: two float RGB tensors in [0, 1] of shape `(batch, height, width, 3)`.
    Output: one float32 value for each image, 0 for equal images.

    Raises:
        ValueError: As `vgg19_features`; if an eager input is far outside [0, 1]; if
            the loss was loaded with a model.

    Source: Johnson et al. 2016, eq. 2; Ledig et al. 2017, eq. 5; lesson 3.
    """

    _OWN = ("layers", "weights", "calibration", "pixel", "grid")

    def __init__(
        self,
        layers,
        weights,
        calibration,
        pixel=0,
        grid=0,
        **options,
    ):
        super().__init__(**{"name": "perceptual_loss"} | options)
        self.layers, self.weights = list(vgg.check_layers(layers)), weights
        self.calibration = "rms" if isinstance(calibration, dict) else calibration
        self.pixel = _check_weight(pixel, "pixel")
        self.grid = _check_weight(grid, "grid")
        self.vgg = _Unsaved(vgg19_features(self.layers, weights))
        self.scales = self._scales(calibration)

    def call(self, y_true, y_pred):
        """One value for each image of the batch."""
        if self.vgg is None:
            raise ValueError(
                "Expected a loss made by PerceptualLoss(...); compile the model with "
                "one to train it again. Received: a loss loaded with a model"
            )
        for name, x in (("y_true", y_true), ("y_pred", y_pred)):
            _check_range(x, name)
        maps = [_listed(self.vgg.features(x)) for x in (y_true, y_pred)]
        apart = sum(
            ops.mean(ops.square(ops.cast(a - b, self.dtype) * scale), axis=(1, 2, 3))
            for a, b, scale in zip(*maps, self.scales, strict=True)
        )
        apart += self.pixel * ops.mean(ops.abs(y_true - y_pred), axis=(1, 2, 3))
        return apart + self.grid * losses.grid(y_true, y_pred) if self.grid else apart

    def get_config(self):
        """What a saved model needs to name the loss it was trained with."""
        return super().get_config() | {
            "layers": self.layers,
            "weights": None if self.weights is None else Path(self.weights).name,
            "calibration": self.calibration,
            "pixel": self.pixel,
            "grid": self.grid,
        }

    @classmethod
    def from_config(cls, config):
        """The loss without its VGG19, which loading a model must never rebuild."""
        loss = cls.__new__(cls)
        own = {key: config[key] for key in cls._OWN}
        rest = {key: config[key] for key in config.keys() - own.keys()}
        keras.losses.Loss.__init__(loss, **rest)
        vars(loss).update(own, vgg=None, scales=None)
        return loss

    def _scales(self, calibration):
        """For each layer what its features are multiplied by."""
        if not isinstance(calibration, dict):
            return [_check_factor(calibration) for _ in self.layers]
        scales = [1 / rms for rms in channel_rms(self.vgg.features, calibration)]
        return [ops.convert_to_tensor(scale, self.dtype) for scale in scales]


class CalibratedFeatures:
    """What VGG19 sees of single images, in float32, each channel in its own unit.

    Args:
        layers: As in `vgg19_features`.
        weights: As in `vgg19_features`.
        photographs: As in `channel_rms`.
    """

    def __init__(self, layers, weights, photographs):
        self.layers = list(vgg.check_layers(layers))
        with runtime.policy("float32"):
            self.model = vgg19_features(self.layers, weights)
        self.rms = channel_rms(self.model, photographs)

    @property
    def imagenet(self):
        """Whether the weights are those of ImageNet; otherwise they are random."""
        return self.model.name == "vgg19_imagenet"

    def __call__(self, image):
        """The features of an image.

        Args:
            image: float RGB in [0, 1], `(height, width, 3)`.

        Returns:
            For each layer a float32 array `(positions, channels)`, after the ReLU, each
            channel divided by its root-mean-square over the photographs.
        """
        maps = _listed(self.model(image[None].astype("float32")))
        return [_positions(x) / rms for x, rms in zip(maps, self.rms, strict=True)]


class _Unsaved:
    """Holds the network where Keras, which saves what a loss holds, doesn't look."""

    def __init__(self, features):
        self.features = features


def _crops(image):
    """Crops at even distances over a photograph, as one batch."""
    image = check_image(image).astype("float32")
    tops, lefts = (
        range(0, max(1, length - _CROP + 1), _STRIDE) for length in image.shape[:2]
    )
    return np.stack([image[y : y + _CROP, x : x + _CROP] for y in tops for x in lefts])


def _listed(maps):
    """A list also for one layer, of which Keras returns the map itself."""
    return maps if isinstance(maps, list) else [maps]


def _positions(maps):
    """Feature maps as a float32 array `(positions, channels)`."""
    maps = ops.convert_to_numpy(ops.cast(maps, "float32"))
    return maps.reshape(-1, maps.shape[-1])


def _by_layer(batches):
    """For each layer, its maps of all batches, as `(positions, channels)`."""
    return [[_positions(x) for x in layer] for layer in zip(*batches, strict=True)]


def _check_factor(calibration):
    if not isinstance(calibration, int | float) or not calibration > 0:
        raise ValueError(
            "Expected `calibration` as photographs in a dictionary, or as a positive "
            f"number. Received: {calibration!r}"
        )
    return calibration


def _check_weight(weight, name):
    if not isinstance(weight, int | float) or not 0 <= weight < math.inf:
        raise ValueError(
            f"Expected `{name}` as a number of at least 0. Received: {weight!r}"
        )
    return weight


def _check_range(x, name):
    """Refuse values far outside [0, 1], where they can be looked at."""
    try:
        values = ops.convert_to_numpy(x)
    except Exception:  # inside a compiled step there are no values
        return
    if values.size and not -0.5 <= values.min() <= values.max() <= 1.5:
        raise ValueError(
            f"Expected `{name}` with values in [0, 1]. "
            f"Received: values from {values.min():.4g} to {values.max():.4g}"
        )
