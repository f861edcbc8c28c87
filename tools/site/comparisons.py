"""Held-out photographs enlarged by every method, with their scores, for the dividers.

The networks are the checkpoints, and the scores follow the protocol of the scoreboard,
so pictures and numbers can't differ from what the repository holds.
"""

import json

from PIL import Image

from sr_utils import datasets, models, scoreboard, tiling
from sr_utils.images import to_uint8

SCALE = 4
METHODS = {
    "nearest": None,
    "bicubic": None,
    "SRResNet": "srresnet_x4",
    "SRResNet, feature loss": "srresnet_x4_vgg",
    "SRGAN": "srgan_x4",
}
ORIGINAL = "original"


def photographs():
    """Name to original, float in [0, 1], with sides that the scale divides.

    "portrait" is the part of astronaut that opens lesson 1: 64 x 64 pixels made 256 x
    256.
    """
    held_out = datasets.held_out()
    held_out["portrait"] = held_out.pop("astronaut")[0:256, 96:352]
    return {name: datasets.pair(image, SCALE)[0] for name, image in held_out.items()}


def upscalers():
    """Name of a method to its `tiling.Upscaler`."""
    return {
        method: models.upscaler(models.load_checkpoint(name))
        if name
        else tiling.interpolation(method, SCALE)
        for method, name in METHODS.items()
    }


def draw(folder):
    """Write each result as a file without loss, and `comparisons.json` beside them.

    The JSON maps a photograph to its `width` and `height` and to its `methods`: name to
    `file` and `score`, a text of PSNR and SSIM.

    Args:
        folder: Where they go.
    """
    folder.mkdir(parents=True)
    enlarge = upscalers()
    described = {
        name: _compared(folder, name, original, enlarge)
        for name, original in photographs().items()
    }
    text = json.dumps(described, indent=1)
    (folder / "comparisons.json").write_text(text, encoding="utf-8")


def _compared(folder, name, original, enlarge):
    small = datasets.pair(original, SCALE)[1]
    results = {method: upscale(small) for method, upscale in enlarge.items()}
    methods = {
        method: {
            "file": _stored(folder, name, method, result),
            "score": str(scoreboard.compare(original, result, SCALE)),
        }
        for method, result in results.items()
    }
    methods[ORIGINAL] = {
        "file": _stored(folder, name, ORIGINAL, original),
        "score": "what was lost",
    }
    height, width = original.shape[:2]
    return {"width": width, "height": height, "methods": methods}


def _stored(folder, name, method, image):
    file = f"{name}-{method.lower().replace(', ', '-').replace(' ', '-')}.webp"
    Image.fromarray(to_uint8(image)).save(folder / file, lossless=True, method=4)
    return file
