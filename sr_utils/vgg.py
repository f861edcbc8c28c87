"""VGG19 from `keras.applications`, with weights from wherever they can be had."""

import os
from pathlib import Path

import keras
import numpy as np

from . import downloads

WEIGHTS_VARIABLE = "SR_VGG19_WEIGHTS"
OFF = "none"  # the value of the variable that switches the download off
ADDRESS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
MD5 = "253f8cb515780f3b799900260a226db6"
LAYERS = tuple(
    f"block{block}_conv{number}"
    for block, count in enumerate([2, 2, 4, 4, 4], start=1)
    for number in range(1, count + 1)
)
_PATIENCE = 5  # seconds without a connection


def check_layers(layers):
    """Return `layers`, names of convolutions of VGG19, or say what is wrong.

    Raises:
        ValueError: If it isn't a list of such names.
    """
    known = isinstance(layers, list | tuple) and all(x in LAYERS for x in layers)
    if not known or not layers:
        raise ValueError(
            f"Expected `layers` as a list of names from {LAYERS[0]!r} to "
            f"{LAYERS[-1]!r}. Received: {layers!r}"
        )
    return layers


def load(layers, weights):
    """VGG19 with the weights that some of its layers need.

    Args:
        layers: Names of convolutions, from `LAYERS`.
        weights: As in `perceptual.vgg19_features`.

    Returns:
        `keras.Model` for images of any size, and "imagenet" or "random".

    Raises:
        ValueError: If a file isn't VGG19 or lacks a layer.
    """
    network = keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(None, None, 3)
    )
    path = _find() if weights == "imagenet" else weights
    if path is None:
        _randomize(network)
        return network, "random"
    deepest = max(LAYERS.index(name) for name in layers)
    _load_file(network, Path(path), LAYERS[: deepest + 1])
    return network, "imagenet"


def _randomize(network):
    """Give the network the same random weights on every call."""
    rng = np.random.default_rng(0)
    for layer in network.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            spread = np.sqrt(2 / np.prod(kernel.shape[:3]))  # He et al. 2015
            layer.set_weights([rng.normal(0, spread, kernel.shape), bias])


def _find():
    """The file of `SR_VGG19_WEIGHTS`, or Keras' own, or `None` after a notice."""
    named = os.environ.get(WEIGHTS_VARIABLE)
    if named and named != OFF:
        return Path(named).expanduser()
    try:
        return _download(allowed=not named)
    except Exception as error:  # get_file raises several types, Exception among them
        print(
            "NOTICE: no ImageNet weights for VGG19, random weights take their place. "
            f"To have them, connect to the internet or set {WEIGHTS_VARIABLE} ({error})"
        )
        return None


def _download(allowed):
    """Keras' file, from its cache if it is there, else from the network."""
    name = ADDRESS.rsplit("/", maxsplit=1)[1]
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    if not (home / "models" / name).is_file():
        if not allowed:
            raise ValueError("switched off")
        if obstacle := downloads.obstacle(ADDRESS, _PATIENCE):
            raise ValueError(str(obstacle))
        print("VGG19: 80 MB, Oxford Visual Geometry Group, CC BY 4.0.")
    return keras.utils.get_file(
        name, ADDRESS, cache_dir=home, cache_subdir="models", file_hash=MD5
    )


def _load_file(network, path, layers):
    """Fill `layers` of the network from a Keras .h5 or from an .npz of arrays."""
    try:
        if path.suffix == ".npz":
            _load_arrays(network, path, layers)
        else:
            network.load_weights(path)
    except Exception as error:  # zip, HDF5 and Keras raise many types
        raise ValueError(
            "Expected the Keras no-top .h5 of VGG19, or an .npz of <layer>_kernel and "
            f"<layer>_bias up to {layers[-1]} ({error}). Received: {path}"
        ) from error


def _load_arrays(network, path, layers):
    with path.open("rb") as file, np.load(file) as stored:
        missing = [x for x in layers if f"{x}_kernel" not in stored]
        if missing:
            raise ValueError(f"{', '.join(missing)} not in it")
        for name in layers:
            arrays = [stored[f"{name}_kernel"], stored[f"{name}_bias"]]
            network.get_layer(name).set_weights(arrays)
