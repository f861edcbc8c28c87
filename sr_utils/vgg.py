"""VGG19 from `keras.applications`, with weights from wherever they can be had."""

import functools
import os
from pathlib import Path

import keras
import numpy as np

from . import downloads

WEIGHTS_VARIABLE = "SR_VGG19_WEIGHTS"
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
        ValueError: If a file isn't VGG19, lacks a layer, or holds no finite numbers.
    """
    network = keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(None, None, 3)
    )
    deepest = max(LAYERS.index(name) for name in layers)
    read = functools.partial(_load_file, network, LAYERS[: deepest + 1])
    if weights == "imagenet":
        found = downloads.load(_item(), read)
    else:
        found = None if weights is None else read(Path(weights))
    if found is None:
        _randomize(network)
    return network, "random" if found is None else "imagenet"


def _randomize(network):
    """Give the network the same random weights on every call."""
    rng = np.random.default_rng(0)
    for layer in network.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            spread = np.sqrt(2 / np.prod(kernel.shape[:3]))  # He et al. 2015
            kernel = rng.normal(0, spread, kernel.shape)
            layer.set_weights([kernel, np.zeros_like(bias)])


def _item():
    """Keras' file, where `keras.applications` looks for it."""
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    return downloads.Item(
        name="VGG19",
        variable=WEIGHTS_VARIABLE,
        target=home / "models" / ADDRESS.rsplit("/", maxsplit=1)[1],
        megabytes=80,
        terms="Oxford Visual Geometry Group, CC BY 4.0",
        sources=(ADDRESS,),
        get=downloads.file,
        instead="random weights take its place",
        md5=MD5,
    )


def _load_file(network, layers, path):
    """Fill `layers` of the network from a Keras .h5 or from an .npz of arrays."""
    try:
        if path.suffix == ".npz":
            _load_arrays(network, path, layers)
        else:
            network.load_weights(path)
        _check_finite(network, layers)
    except Exception as error:  # zip, HDF5 and Keras raise many types
        raise ValueError(
            "Expected the Keras no-top .h5 of VGG19, or an .npz of <layer>_kernel and "
            f"<layer>_bias up to {layers[-1]} ({error}). Received: {path}"
        ) from error
    return network


def _load_arrays(network, path, layers):
    with path.open("rb") as file, np.load(file) as stored:
        missing = [x for x in layers if f"{x}_kernel" not in stored]
        if missing:
            raise ValueError(f"{', '.join(missing)} not in it")
        for name in layers:
            arrays = [stored[f"{name}_kernel"], stored[f"{name}_bias"]]
            network.get_layer(name).set_weights(arrays)


def _check_finite(network, layers):
    for name in layers:
        if not all(np.isfinite(x).all() for x in network.get_layer(name).get_weights()):
            raise ValueError(f"not every weight of {name} is a finite number")
