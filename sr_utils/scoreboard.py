"""Score upscalers by the one protocol of the series, and show the scores as a table.

The protocol is the one of the published tables: crop to a multiple of the scale, reduce
with antialiased bicubic, round to 8 bits; score the studio-range luma with a border of
`scale` pixels removed; average the scores of the images, not their errors. Lesson 1.
"""

from html import escape
from typing import NamedTuple

import numpy as np

from .datasets import pair
from .images import check_image, quantize, to_rgb
from .metrics import psnr, ssim


class Score(NamedTuple):
    """PSNR in dB and SSIM, at most 1; higher is better for both."""

    psnr: float
    ssim: float

    def __str__(self):
        return f"{self.psnr:.2f} dB / {self.ssim:.4f}"


def evaluate(upscaler, image, scale):
    """Score an upscaler on one image by the protocol.

    Args:
        upscaler: Callable from low to high resolution: float32 RGB in [0, 1] of shape
            `(height, width, 3)` to `(height * scale, width * scale, 3)`.
        image: The original, float in [0, 1], `(height, width, 3)`. A gray original,
            `(height, width, 1)`, reaches the upscaler as RGB and is scored as gray.
        scale: Whole-number factor of the task.

    Returns:
        A `Score` of the result rounded to 8 bits, `scale` pixels of border removed.

    Raises:
        ValueError: If the image or the scale isn't as described, or the upscaler
            returns another shape, or values far outside [0, 1].
    """
    original, small = pair(image, scale)
    large = check_image(upscaler(to_rgb(small)), "the result of the upscaler")
    if original.shape[-1] == 1:
        large = large.mean(axis=-1, keepdims=True)
    large = quantize(large)
    return Score(
        psnr(original, large, shave=scale),
        ssim(original, large, shave=scale),
    )


class Scoreboard:
    """A table of upscalers against sets of images; print it or let Jupyter show it.

    `scores[method][set][image]` holds every single `Score`.

    Args:
        sets: Dictionary from the name of a set to its images, themselves a dictionary
            from name to float array in [0, 1].
        scale: Whole-number factor of the task.

    Raises:
        ValueError: If there is no set, or a set has no images.

    Example:
        ```
        board = Scoreboard({"held-out": datasets.held_out()}, scale=4)
        board.add("bicubic", lambda small: resize(small, 4))
        print(board)
        ```
    """

    def __init__(self, sets, scale):
        if not sets or not all(isinstance(x, dict) and x for x in sets.values()):
            raise ValueError(
                "Expected a dictionary from set to a dictionary from name to image, "
                f"none of them empty. Received: sets {list(sets)}"
            )
        self.sets = sets
        self.scale = scale
        self.scores = {}
        self.costs = {}

    @property
    def protocol(self):
        """One sentence that says how the numbers were made."""
        return (
            f"PSNR in dB / SSIM at x{self.scale}, mean over the images of a set. "
            f"Cropped to a multiple of {self.scale}, reduced with antialiased bicubic, "
            f"8 bits; BT.601 studio-range luma, {self.scale} pixels of border removed."
        )

    def add(self, method, upscaler, cost=None):
        """Score `upscaler` on every image, as `evaluate` does.

        Args:
            method: Its name in the table.
            upscaler: As in `evaluate`.
            cost: The `models.Cost` of a network; it adds two columns to the table.
        """
        self.costs[method] = cost
        self.scores[method] = {
            name: {key: evaluate(upscaler, x, self.scale) for key, x in images.items()}
            for name, images in self.sets.items()
        }

    def mean(self, method, name):
        """The `Score` of a method averaged over the images of the set `name`."""
        return Score(*np.mean(list(self.scores[method][name].values()), axis=0))

    def __repr__(self):
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        return "\n".join([*lines, self.protocol])

    def _repr_html_(self):
        head, *body = self._cells()
        rows = [_html_row("th", head), *(_html_row("td", row) for row in body)]
        return f"<table>{''.join(rows)}</table><p>{self.protocol}</p>"

    def _cells(self):
        head = ["method", *(f"{name} ({len(x)})" for name, x in self.sets.items())]
        rows = [
            [method, *(_short(self.mean(method, name)) for name in self.sets)]
            for method in self.scores
        ]
        if any(self.costs.values()):
            head += ["parameters", "multiplications per pixel"]
            for row in rows:
                row += [f"{x:,}" for x in self.costs[row[0]] or ()] or ["", ""]
        return [head, *rows]


def _short(score):
    return f"{score.psnr:.2f} / {score.ssim:.3f}"


def _html_row(tag, cells):
    return "<tr>" + "".join(f"<{tag}>{escape(x)}</{tag}>" for x in cells) + "</tr>"
