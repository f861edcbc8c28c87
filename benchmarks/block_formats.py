"""What lesson 6 says of memory: `python -m benchmarks.block_formats` stores it.

Images in memory in ASTC, a block format that graphics processors read, and in RGBA8: at
full size, and smaller with what enlarges them. Nothing depends on a seed. The encoder
isn't among the course's packages: `pip install astc-encoder-py`. All took five minutes
on two cores that had other work, too.
"""

from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from sr_utils import datasets, evidence, models, runtime, tiling
from sr_utils.images import quantize, to_rgb, to_uint8
from sr_utils.scoreboard import Scoreboard

NAME = "block_formats"
MEASURED = (
    "Bits in memory per pixel of the full-size image, PSNR in dB, SSIM, and Fréchet "
    "distance at two layers of VGG19 with ImageNet weights; 4 pixels of border "
    "removed, gray textures scored as gray. Encoder: astcenc, thorough."
)
COLUMNS = ["bits", "PSNR", "SSIM", "Fréchet block3_conv1", "block2_conv2"]
BLOCKS = (12, 8, 6, 4)
"""Sides of ASTC's square blocks in pixels; a block of any size has 128 bits."""

UNCOMPRESSED = "RGBA8"
THOROUGH = 98.0  # of 100: the encoder's search


class Way(NamedTuple):
    """How a texture is kept and enlarged.

    Attributes:
        scale: The stored image is 1 / scale as high and as wide.
        upscaler: What enlarges it, a kernel or a checkpoint; None at full size.
    """

    scale: int
    upscaler: str | None = None


WAYS = {
    "full size": Way(1),
    "half, lanczos3": Way(2, "lanczos3"),
    "half, SRResNet": Way(2, "srresnet_x2"),
    "quarter, lanczos3": Way(4, "lanczos3"),
    "quarter, SRResNet": Way(4, "srresnet_x4"),
    "quarter, SRGAN": Way(4, "srgan_x4"),
}


def sets():
    """The held-out photographs and textures; these are gray, `(height, width, 1)`."""
    gray = {name: image[..., :1] for name, image in datasets.textures().items()}
    return {"photographs": datasets.held_out(), "textures": gray}


def formats(way):
    """What a way is stored in: sides of ASTC's blocks, and uncompressed if smaller."""
    return BLOCKS if way.scale == 1 else (*BLOCKS, UNCOMPRESSED)


def row_name(name, kept, kind):
    """The name of a row: of a set, one of `WAYS` and one of `formats`."""
    told = kind if kind == UNCOMPRESSED else f"ASTC {kind} x {kind}"
    return f"{name}: {kept}, {told}"


def in_astc(image, side):
    """An image through the memory of a graphics processor.

    Args:
        image: float in [0, 1], `(height, width, 3)`.
        side: Of a block, one of `BLOCKS`.

    Returns:
        The number of bits, and the image as float32 RGB in [0, 1].
    """
    import astc_encoder as astc

    config = astc.ASTCConfig(astc.ASTCProfile.LDR_SRGB, side, side, 1, THOROUGH)
    context, swizzle = astc.ASTCContext(config), astc.ASTCSwizzle.from_str("RGBA")
    height, width = image.shape[:2]
    opaque = np.dstack([to_uint8(image), np.full((height, width), 255, np.uint8)])
    pixels = astc.ASTCImage(astc.ASTCType.U8, width, height, data=opaque.tobytes())
    data = context.compress(pixels, swizzle)
    decoded = astc.ASTCImage(astc.ASTCType.U8, width, height)
    context.decompress(data, decoded, swizzle)
    shown = np.frombuffer(decoded.data, np.uint8).reshape(height, width, 4)
    return 8 * len(data), shown[..., :3] / np.float32(255)


def in_memory(image, kind):
    """The bits of an image in one of `formats`, and what can be read from there."""
    if kind == UNCOMPRESSED:
        return 32 * image[..., 0].size, image
    return in_astc(image, kind)


def upscaler(way):
    """What enlarges, or None."""
    if way.upscaler in ("lanczos3", None):
        return way.upscaler and tiling.interpolation("lanczos3", way.scale)
    return models.upscaler(models.load_checkpoint(way.upscaler))


def measure(board, name, way, kind):
    """The results of a row, in the order of `COLUMNS`.

    Args:
        board: A `Scoreboard` of `sets()` with two layers.
        name: Of the set.
        way: One of `WAYS`.
        kind: One of `formats(way)`.
    """
    enlarge, bits, area, results = upscaler(way), 0, 0, {}
    for key, image in board.sets[name].items():
        original, _ = datasets.pair(image, board.scale)
        kept = datasets.pair(original, way.scale)[1] if enlarge else original
        used, shown = in_memory(to_rgb(kept), kind)
        bits, area = bits + used, area + original[..., 0].size
        results[key] = quantize(enlarge(shown)) if enlarge else shown
    board.add_results("this row", {name: results})
    seen = [board.perception("this row", name, x).frechet for x in board.layers]
    found = (bits / area, *board.mean("this row", name), *seen)
    return [round(float(x), 4) for x in found]


def scoreboard():
    """The scoreboard that judges all rows."""
    return Scoreboard(sets(), 4, ["block3_conv1", "block2_conv2"])


def main():
    """Measure all rows, and store them.

    Raises:
        SystemExit: If the weights of VGG19 aren't those of ImageNet.
    """
    runtime.start()
    board = scoreboard()
    if not board.imagenet:
        raise SystemExit("Expected ImageNet weights of VGG19. Received: random ones")
    cells = [
        (name, kept, kind)
        for name in board.sets
        for kept, way in WAYS.items()
        for kind in formats(way)
    ]
    rows = {
        row_name(*cell): {"results": measure(board, cell[0], WAYS[cell[1]], cell[2])}
        for cell in tqdm(cells, unit="row")
    }
    command = "python -m benchmarks.block_formats"
    about = {"measured": MEASURED, "command": command, "columns": COLUMNS}
    print(evidence.write(NAME, rows, **about))


if __name__ == "__main__":
    main()
