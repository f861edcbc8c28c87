"""Checkpoints as ONNX files, and what the page says about them."""

import tempfile
import warnings
from pathlib import Path

import numpy as np

from sr_utils import models, pretrained, runtime
from sr_utils.architecture import in_float32, receptive_radius, scale

SCALE = 4
_ALWAYS = ("srresnet_x4", "srgan_x4")
_REAL = "_real"
_KINDS = {"srresnet": "SRResNet", "srgan": "SRGAN"}
_NOTES = {
    "srresnet": "closest to the original on average, a little smooth",
    "srgan": "sharp, with detail that is invented",
    "real": "for photographs that are blurred, noisy or strongly compressed",
}


def names(folder=pretrained.FOLDER):
    """The checkpoints to export, in the order in which the page lists them.

    They are `srresnet_x4`, `srgan_x4`, and all whose name ends in "_real", which were
    trained for real photographs.
    """
    found = pretrained.names(folder)
    real = [name for name in found if name.endswith(_REAL)]
    return [*(name for name in _ALWAYS if name in found), *real]


def export(name):
    """Export a checkpoint.

    Args:
        name: In `names()`.

    Returns:
        bytes of an ONNX file. The network in it maps float32 RGB in [0, 1] of shape
        `(batch, height, width, 3)` to four times the size, not clipped.

    Raises:
        ValueError: If the checkpoint isn't one for scale 4.
    """
    model = in_float32(models.load_checkpoint(name))
    if scale(model) != SCALE:
        raise ValueError(
            f"Expected {name} to have the scale {SCALE}. Received: {scale(model)}"
        )
    model(np.zeros((1, 8, 8, 3), "float32"))  # Keras exports what was called
    with tempfile.TemporaryDirectory() as folder, runtime.silence():
        path = Path(folder, f"{name}.onnx")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.export(path, format="onnx", verbose=False)
        return path.read_bytes()


def described(name):
    """What the page needs to know of a checkpoint: how far it looks, and texts."""
    kind, real = name.split("_")[0], name.endswith(_REAL)
    label = _KINDS.get(kind, kind)
    return {
        "name": name,
        "label": f"{label} for real photographs" if real else label,
        "note": _NOTES["real" if real else kind],
        "radius": receptive_radius(models.load_checkpoint(name)),
    }
